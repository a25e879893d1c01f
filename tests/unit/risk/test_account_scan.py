"""AccountScan: many accounts in one call, each as vault and engine have it, failures as failures."""

import pytest

from scripts.common import abi as codec
from scripts.keeper.scan import GAS_EACH, _records
from scripts.keeper.types import Failure, Snapshot, Status
from tests.helpers.instruments import accept, offer
from tests.helpers.system import STRANGER, TRADER, WAD, System

NOBODY = b"\x77" * 32


@pytest.fixture(scope="module")
def shared(session_evm):
    """A domain and a scanner, deployed once."""
    system = System.deploy(session_evm)
    return system, session_evm.deploy("AccountScan")


@pytest.fixture
def system(shared, evm):
    return shared[0]


@pytest.fixture
def scan(shared, system):
    def scan(accounts, gas_each=GAS_EACH, gas=None):
        packed = shared[1].accounts.call(
            system.vault, system.risk, accounts, gas_each, **({"gas": gas} if gas else {})
        )
        answer = "0x" + codec.encode([{"type": "bytes"}], [packed]).hex()
        return _records(answer, accounts, 7)

    return scan


def expected(system, account):
    holdings, instruments, raised = system.vault.holdings(account)
    equity, uncertainty, requirement, debt, _, status = system.assess(account)
    mask = (1 << 248) - 1
    signed = [(word >> 248, word & mask) for word in holdings]
    return Snapshot(
        account,
        7,
        tuple((asset, amount - (1 << 248) if amount >> 247 else amount) for asset, amount in signed),
        tuple(instruments),
        equity,
        uncertainty,
        requirement,
        debt,
        Status(status),
        raised,
    )


def test_accounts_are_as_vault_and_engine_have_them(system, scan):
    trader, other = system.evm.accounts[TRADER], system.evm.accounts[STRANGER]
    first = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    system.deposit(trader, "wstETH", 1)
    system.deposit(trader, "DAI", 500)
    second = system.leveraged(other, "WBTC", 1, "WETH", 5)
    found = scan([first, NOBODY, second])
    assert found == [expected(system, account) for account in (first, NOBODY, second)]
    assert found[0].debt_value > 0 and found[0].risk_raised_at > 0
    assert found[1] == Snapshot(NOBODY, 7, (), (), 0, 0, 0, 0, Status.FRESH, 0)


def test_underwater_accounts_have_negative_equity(system, scan):
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    system.set_price("WETH", 1_000)
    (found,) = scan([account])
    assert found == expected(system, account)
    assert found.equity < 0 and found.is_insolvent and found.is_liquidatable


def test_a_stale_price_is_told(system, scan):
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    system.evm.warp(2 * 86_400)
    (found,) = scan([account])
    assert found == expected(system, account)
    assert found.status is Status.STALE


def test_instruments_are_told(system, scan):
    trader, other = system.evm.accounts[TRADER], system.evm.accounts[STRANGER]
    long, short = system.deposit(trader, "USDC", 10_000), system.deposit(other, "USDC", 10_000)
    future = system.evm.deploy("MockLinearInstrument", system.vault.address, [1], 1_000)
    system.vault.listInstrument(future.address)
    system.vault.callInstrument(long, future.address, offer([4 * WAD], 8_000 * WAD), sender=trader)
    system.vault.callInstrument(short, future.address, accept(long), sender=other)
    found = scan([long, short])
    assert found == [expected(system, long), expected(system, short)]
    assert found[0].instruments == (future.address,) and found[0].has_risk


def test_a_failed_judgement_is_a_failure_and_spares_the_others(system, scan):
    """An account whose judgement reverts is neither zero nor the end of the others."""
    trader = system.evm.accounts[TRADER]
    account = system.leveraged(trader, "WETH", 10, "USDC", 12_000)
    healthy = system.deposit(system.evm.accounts[STRANGER], "DAI", 100)
    # The pool of its debt does not answer.
    system.evm.set_code(system.pool("USDC").address, bytes.fromhex("60016000526020600060ffd5fd"))
    found = scan([healthy, account, healthy])
    assert found[0] == found[2] == expected(system, healthy)
    assert isinstance(found[1], Failure) and found[1].account == account


def test_revert_data_is_told_and_cut(system, scan):
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    # Reverts with 0xee...: 40 bytes, then 1,000.
    for size, told in ((40, 40), (1_000, 256)):
        code = f"60ee60005361{size:04x}6000fd"
        system.evm.set_code(system.pool("USDC").address, bytes.fromhex(code))
        assert scan([account]) == [Failure(account, 7, b"\xee" + bytes(told - 1))]


def test_it_ends_where_the_gas_does(system, scan):
    accounts = [
        system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000, index=number)
        for number in range(8)
    ]
    whole = scan(accounts)
    assert len(whole) == 8
    part = scan(accounts, gas_each=500_000, gas=1_300_000)
    assert 1 <= len(part) < 8
    assert part == whole[: len(part)]


def test_an_account_that_wants_more_gas_fails_alone(system, scan):
    account = system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    assert scan([account, NOBODY], gas_each=4_500) == [Failure(account, 7, b""), scan([NOBODY])[0]]


def test_the_market_is_as_engine_and_pools_have_it(shared, system):
    system.leveraged(system.evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    system.warp(86_400)
    amounts = [10**asset.spec.decimals for asset in system.assets.values()]
    market = shared[1].market(system.vault, system.risk, 4, amounts)
    assert (market.time, market.clock, market.book) == (
        system.evm.now,
        system.risk.clock(),
        system.risk.book(),
    )
    bands = [system.risk.band(number) for number in range(4)]
    assert [tuple(price) for price in market.prices] == [
        (band.priceWad, band.halfWidthWad, band.status) for band in bands
    ]
    assert [listing.valueWad for listing in market.assets] == [
        system.risk.valueOf(number, amount)[0] for number, amount in enumerate(amounts)
    ]
    assert [listing.debtIndexWad for listing in market.assets] == [
        asset.pool.debtIndexNow() for asset in system.assets.values()
    ]
    assert market.assets[0].debtIndexWad > WAD
