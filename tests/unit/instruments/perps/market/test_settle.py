"""PerpMarket.settle: winners are paid from what losers paid in, and from nothing else."""

from scripts.common import abi as codec
from tests.helpers.perp_market import DOLLAR, TOKEN, PerpBench
from tests.helpers.system import TAKER, TRADER, WAD


def opened(perps: PerpBench, size: int = 10 * WAD, dollars: float = 10_000) -> tuple[bytes, bytes]:
    """A long and a short of the same size at 2,000."""
    long, short = perps.trader(TRADER, dollars), perps.trader(TAKER, dollars)
    perps.fill(long, short, size)
    return long, short


def test_a_winner_is_paid_what_a_loser_paid(perps: PerpBench) -> None:
    long, short = opened(perps)
    perps.set_index(2_100)
    assert perps.settle(short) == -1_000 * DOLLAR
    assert perps.settle(long) == 1_000 * DOLLAR
    assert perps.balance(long) == 11_000 * DOLLAR and perps.balance(short) == 9_000 * DOLLAR
    assert perps.position(long)["pnl"] == perps.position(short)["pnl"] == 0
    assert perps.market.totals()[1] == 0


def test_a_profit_waits_until_a_loser_pays(perps: PerpBench) -> None:
    """PERP-4: it becomes a claim, and is paid as soon as something comes in."""
    long, short = opened(perps)
    perps.set_index(2_100)
    assert perps.settle(long) == 0
    assert perps.position(long)["waiting"] == 1_000 * DOLLAR and perps.balance(long) == 10_000 * DOLLAR
    perps.settle(short)
    assert perps.position(long)["allotted"] == 1_000 * DOLLAR
    assert perps.settle(long) == 1_000 * DOLLAR


def test_what_comes_in_is_shared_by_all_who_wait(perps: PerpBench) -> None:
    first, second = perps.trader(TRADER), perps.trader(TRADER, index=1)
    poor, rich = perps.trader(TAKER), perps.trader(TAKER, index=1)
    perps.fill(first, poor, 30 * WAD)
    perps.fill(second, rich, 10 * WAD)
    perps.set_index(2_100)
    perps.settle(first), perps.settle(second)
    perps.settle(rich)
    assert perps.position(first)["allotted"] == 750 * DOLLAR
    assert perps.position(second)["allotted"] == 250 * DOLLAR
    assert perps.position(second)["waiting"] == 750 * DOLLAR


def test_a_loser_without_dollars_borrows_where_his_account_allows_it(perps: PerpBench) -> None:
    long, _ = opened(perps)
    other = perps.system.deposit(perps.evm.accounts[5], "WETH", 10)
    perps.fill(other, long, 5 * WAD)
    perps.set_index(1_900)
    assert perps.settle(other) == -500 * DOLLAR
    assert -500 * DOLLAR - 1 <= perps.balance(other) <= -500 * DOLLAR


def test_below_the_initial_requirement_no_loss_becomes_a_lenders(perps: PerpBench) -> None:
    """As much is paid as is held; the vault's own check would let the debt in as a fall of risk."""
    short = perps.trader(TAKER)
    long = perps.system.deposit(perps.evm.accounts[5], "WETH", 2)
    perps.system.deposit(perps.evm.accounts[5], "USDC", 1_000)
    perps.fill(long, short, 5 * WAD)
    perps.set_index(1_560)
    equity, uncertainty, requirement, *_ = perps.system.assess(long, 0)
    assert 0 < equity - uncertainty < requirement
    assert perps.settle(long) == -1_000 * DOLLAR
    assert perps.balance(long) == 0 and perps.position(long)["pnl"] == -1_200 * 10**36
    assert perps.settle(long) == 0


def test_an_insolvent_account_pays_at_its_takeover(perps: PerpBench) -> None:
    """Its dollars are for all of its creditors."""
    long, short = perps.trader(TRADER, 100_000), perps.trader(TAKER, 4_500)
    perps.fill(long, short, 10 * WAD)
    perps.set_index(2_480)
    assert perps.settle(short) == 0
    assert perps.balance(short) == 4_500 * DOLLAR


def test_inside_a_batch_nothing_is_borrowed(perps: PerpBench) -> None:
    long, _ = opened(perps)
    other = perps.system.deposit(perps.evm.accounts[5], "WETH", 10)
    perps.fill(other, long, 5 * WAD)
    perps.set_index(1_900)
    assert int.from_bytes(perps.call(other, perps.settle_data()).value, "big") == 0
    assert perps.position(other)["pnl"] == -500 * 10**36
    tx = perps.call(long, perps.settle_data())
    assert codec.decode([{"type": "int256"}], tx.value)[0] == -500 * DOLLAR


def test_less_than_a_token_stays_in_the_cost_and_goes_to_the_fees_in_the_end(perps: PerpBench) -> None:
    long, short = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(long, short, WAD // 3)
    perps.set_index(2_000.5)
    perps.settle(short), perps.settle(long)
    assert 0 < perps.position(long)["pnl"] < TOKEN
    perps.fill(short, long, WAD // 3)
    perps.settle(short), perps.settle(long)
    market = perps.market.address
    for account in (long, short):
        assert perps.position(account)["cost"] == 0
        assert market not in perps.system.vault.holdings(account)[1]
    cash, fees = perps.market.totals()[1], perps.market.totals()[4]
    assert cash * TOKEN == fees


def test_ones_own_claim_pays_ones_own_loss(perps: PerpBench) -> None:
    long, short = opened(perps)
    perps.set_index(2_100)
    perps.settle(long)
    perps.set_index(2_040)
    assert perps.settle(long) == 0
    assert perps.position(long)["waiting"] == 400 * DOLLAR
    assert perps.settle(short) == -400 * DOLLAR


def test_at_a_stale_index_only_what_was_allotted_is_paid(perps: PerpBench) -> None:
    long, short = opened(perps)
    perps.set_index(2_100)
    perps.settle(long), perps.settle(short)
    perps.evm.warp(3 * 86_400)
    assert perps.settle(short) == 0
    assert perps.settle(long) == 1_000 * DOLLAR


def test_is_refused_in_the_middle_of_an_operation(perps: PerpBench) -> None:
    with perps.evm.reverts("Market_NotSelf", perps.evm.accounts[0]):
        perps.market.payLoss(perps.trader(TRADER), 1, False)
