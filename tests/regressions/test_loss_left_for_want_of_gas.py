"""PERP-4: a market that settles tries to collect a loss, and goes on where the vault refuses. Too little gas looked like a
refusal, so whoever settled an account could choose that its loss was not paid; and a node's estimate was the gas of
collecting nothing."""

import pytest

from tests.helpers.evm import AnvilBackend, Backend, Reverted
from tests.helpers.option_market import DOLLAR, PLAIN, OptionBench
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import TRADER, WAD, System

STEP = 4_000
PLENTY = 3_000_000


@pytest.fixture(params=["perps", "options"])
def bench(request: pytest.FixtureRequest, evm: Backend) -> PerpBench | OptionBench:
    system = System.deploy(evm)
    return PerpBench.deploy(system) if request.param == "perps" else OptionBench.deploy(system, PLAIN)


def lost(bench: PerpBench | OptionBench, dollars: int, ether: int) -> bytes:
    """An account that owes what it lost in ten units."""
    account, other = bench.trader(TRADER, dollars), bench.trader(5)
    if ether:
        bench.system.deposit(bench.owner(account), "WETH", ether)
    if isinstance(bench, PerpBench):
        bench.fill(account, other, 10 * WAD)
    else:
        bench.fill(account, other, 10 * WAD, {bench.series(7, 1_000): 1})
    bench.set_index(1_900)
    bench.evm.mine()
    return account


@pytest.mark.parametrize("dollars, ether", [(15_000, 0), (0, 30)], ids=["paid", "borrowed"])
def test_no_gas_limit_leaves_a_loss(bench: PerpBench | OptionBench, dollars: int, ether: int) -> None:
    account = lost(bench, dollars, ether)

    def settled(gas: int) -> int | None:
        try:
            return int(bench.market.settle.call(account, gas=gas))
        except Reverted:
            return None

    owed = settled(PLENTY)
    assert owed is not None and owed < -900 * DOLLAR
    found = [settled(gas) for gas in range(100_000, 1_200_000, STEP)]
    first = found.index(owed)
    assert first > 0 and set(found[:first]) == {None} and set(found[first:]) == {owed}


def test_it_says_so(bench: PerpBench | OptionBench) -> None:
    account = lost(bench, 15_000, 0)
    refusals = set()
    for gas in range(100_000, 1_200_000, STEP):
        try:
            bench.market.settle.call(account, gas=gas)
        except Reverted as refusal:
            refusals.add(refusal.name)
    assert "Market_GasShort" in refusals


@pytest.mark.parametrize("dollars, ether", [(15_000, 0), (0, 30)], ids=["paid", "borrowed"])
def test_a_nodes_estimate_collects(anvil: AnvilBackend, dollars: int, ether: int) -> None:
    bench = PerpBench.deploy(System.deploy(anvil))
    account = lost(bench, dollars, ether)
    call = bench.market.settle.prepare(account)
    estimate = int(anvil.rpc("eth_estimateGas", {"to": call.to, "data": "0x" + call.data.hex()}), 16)
    assert bench.market.settle(account, gas=estimate).value == -1_000 * DOLLAR
