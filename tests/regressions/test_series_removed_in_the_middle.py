"""A series could be removed in the middle of an operation, and took what the account began with along.

Who leaves a batch below his initial requirement is judged against what he entered it with, which the market remembers as
series and sizes. An expired option that he settled in the batch left its series without holders; whoever got control
in the middle (a receiver of unwrapped ether is enough) had the series removed, and of an option without series the
market knew no value: its cost alone was left, as if the account had owed all that it once paid. Against that beginning
anything was an improvement, and an account left with all of its collateral. Now series end between operations.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers.evm import Backend
from tests.helpers.option_market import OptionBench
from tests.helpers.system import WAD, System


@pytest.fixture
def options(evm: Backend) -> OptionBench:
    return OptionBench.deploy(System.deploy(evm))


def test_an_expired_series_outlasts_the_operation(options: OptionBench) -> None:
    """SOLV-1: a debtor below his initial requirement settles an option, has its series removed, and withdraws all."""
    system, evm, vault = options.system, options.evm, options.system.vault
    debtor, writer = options.trader(7), options.trader(8)
    call = options.series(1, 500)
    options.fill(debtor, writer, 100 * WAD, {call: 1})
    options.expire(1, 2_000, [writer])

    owner = options.owner(debtor)
    system.deposit(owner, "WETH", 10)
    system.borrow(owner, "USDC", 115_000)
    evm.mine()
    options.set_index(1_800)
    evm.mine()
    equity, _, requirement, *_ = system.assess(debtor, 0)
    assert 0 < equity < requirement

    wallet = evm.deploy("MockWallet")
    wallet.callOnReceipt((options.market.address, 0, options.market.removeSeries.encode([call])))
    legs: list[Any] = [
        vault.callInstrument.encode(debtor, options.market.address, options.settle_data()),
        vault.withdrawNative.encode(debtor, 1, wallet.address),
        vault.withdraw.encode(debtor, system["WETH"], 9 * WAD, owner),
    ]
    with evm.reverts("Vault_BelowInitialRequirement"):
        vault.execute(legs, sender=owner)
    # What he may do, he may: settle, and the series goes afterwards.
    vault.execute(legs[:1], sender=owner)
    options.market.removeSeries([call])
    assert list(options.market.aliveSeries()) == []
