"""LIQ-5, PERP-4: a debt in ether, over-hedged by calls or a perpetual whose profit its owner had not asked for. An unpaid
profit is no equity, so a trade far from value (5% of the notional), or a tip of any size, that gave it to another account of
his cost nothing and passed for a reduction of risk, though the account was insolvent without it: the profit was his, the
deficit was lenders'."""

import pytest

from tests.helpers.evm import Backend
from tests.helpers.option_market import DOLLAR, PLAIN, OptionBench
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import TRADER, WAD, System

PRICE = 3_700
MOVE = WAD // 20
SIZE = 20 * WAD


def hedged(
    bench: OptionBench | PerpBench, legs: dict[int, int], size: int = SIZE
) -> tuple[bytes, bytes, bytes]:
    """29,000 dollars, 8 ether owed, long 20 from a rich short; another account of the same owner."""
    account, short = bench.trader(TRADER, 29_000), bench.trader(5, 500_000)
    other = bench.trader(TRADER, 500_000, 1)
    if isinstance(bench, OptionBench):
        bench.fill(account, short, size, legs)
    else:
        bench.fill(account, short, size)
    bench.system.borrow(bench.owner(account), "WETH", 8)
    bench.set_index(PRICE)
    bench.evm.mine()
    equity, uncertainty, *_ = bench.system.assess(account)
    assert equity + uncertainty < 0, "without the profit"
    return account, short, other


@pytest.fixture
def options(evm: Backend) -> OptionBench:
    return OptionBench.deploy(System.deploy(evm, stake=0), PLAIN.but(max_price_move=MOVE))


@pytest.fixture
def perps(evm: Backend) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, stake=0))


def test_options_are_not_sold_far_below_their_value(options: OptionBench) -> None:
    legs = {options.series(7, 2_000): 1}
    account, short, other = hedged(options, legs)
    low = options.value(legs) - MOVE * PRICE
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fill(account, other, -SIZE, legs, low)
    # Nor after it was settled and waits for the short to pay.
    with options.evm.isolation():
        assert options.settle(account) == 0 < options.claim(account)[0]
        with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            options.fill(account, other, -SIZE, legs, low)
    # Nobody is kept from closing at a price near the value.
    options.fill(account, other, -SIZE, legs, options.value(legs) - PRICE * WAD // 1_000)
    options.settle(short)
    assert options.settle(account) > 30_000 * DOLLAR


def test_nor_as_a_maker(options: OptionBench) -> None:
    legs = {options.series(7, 2_000): 1}
    account, _, other = hedged(options, legs)
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fill(other, account, SIZE, legs, options.value(legs) - MOVE * PRICE)


def test_a_perpetuals_profit_is_not_given_as_a_tip(perps: PerpBench) -> None:
    account, short, other = hedged(perps, {})
    sells = [(other, -SIZE, perps.mark, 0)]
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fills(account, sells, 33_000 * DOLLAR, other)
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fills(other, [(account, SIZE, perps.mark, 33_000 * DOLLAR)], 0, other)
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fill(account, other, -SIZE, perps.mark * 98 // 100)
    perps.fills(account, sells, 10 * DOLLAR, other)
    perps.settle(short)
    assert perps.settle(account) > 30_000 * DOLLAR


def in_bitcoin(bench: OptionBench | PerpBench) -> tuple[bytes, bytes, bytes]:
    """A bitcoin and 22,000 dollars of debt, a rich account, and another of the same owner."""
    account, short = bench.trader(TRADER, 0), bench.trader(5, 500_000)
    bench.system.deposit(bench.owner(account), "WBTC", 1)
    bench.system.borrow(bench.owner(account), "USDC", 22_000)
    return account, short, bench.trader(TRADER, 500_000, 1)


def bitcoin_falls(bench: OptionBench | PerpBench, account: bytes) -> None:
    """Ether has risen; the account is insolvent but for what it gained by that."""
    bench.set_index(PRICE)
    bench.system.set_price("WBTC", 20_000)
    bench.evm.mine()
    equity, uncertainty, *_ = bench.system.assess(account, 0)
    assert equity + uncertainty < 0, "without the profit"


def test_to_and_fro_a_perpetual_gives_nothing(perps: PerpBench) -> None:
    """A thousandth of what is traded was let go each time, so turning a position round again and again gave all of it."""
    account, short, other = in_bitcoin(perps)
    perps.fill(account, short, SIZE)
    bitcoin_falls(perps, account)
    low, high = perps.mark * 9_992 // 10_000, perps.mark * 10_008 // 10_000
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fill(account, other, -2 * SIZE, low)
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fill(other, account, 2 * SIZE, low)
    # Nor by halves, of which the first closes and the second opens.
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fills(other, [(account, SIZE, low, 0), (account, SIZE, low, 0)])
    perps.fill(account, other, -2 * SIZE)
    with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        perps.fill(account, other, 2 * SIZE, high)
    perps.fill(account, other, SIZE, high)


def test_nor_does_turning_an_option_round(options: OptionBench) -> None:
    """From short to long, though less is required; nor exchanging one that is worth nothing for another."""
    account, short, other = in_bitcoin(options)
    far = {options.series(7, 9_000): 1}
    options.fill(account, short, SIZE, {options.series(7, 2_000): 1})
    options.fill(account, other, -SIZE // 10, far)
    bitcoin_falls(options, account)
    dear = options.value(far) + PRICE * WAD * 8 // 10_000
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fill(account, other, SIZE // 5, far, dear)
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fill(other, account, -SIZE // 5, far, dear)
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fills(other, far, [(account, -SIZE // 10, dear), (account, -SIZE // 10, dear)])
    exchange = {**far, options.series(7, 9_500): -1}
    with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
        options.fill(account, other, SIZE // 10, exchange, options.value(exchange) + PRICE * WAD // 1_000)
    options.fill(account, other, SIZE // 10, far, dear)


def test_nor_does_opening_and_closing_an_option(options: OptionBench) -> None:
    """A profit beyond what is required pays for what opening requires: no requirement rises by it."""
    account, short, other = in_bitcoin(options)
    far = {options.series(7, 9_000): 1}
    options.fill(account, short, SIZE, {options.series(7, 2_000): 1})
    bitcoin_falls(options, account)
    value = options.value(far)
    for premium in (value, value + PRICE * WAD // 1_000):
        with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            options.fill(account, other, SIZE, far, premium)
        with options.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            options.fill(other, account, -SIZE, far, premium)


def test_nor_does_opening_and_closing_a_perpetual(perps: PerpBench) -> None:
    """From two ether short, debt and hedge together, to two long: as uncertain, and the profit pays for what is required."""
    account, _, other = hedged(perps, {}, 6 * WAD)
    for price in (perps.mark, perps.mark * 10_009 // 10_000):
        with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            perps.fill(account, other, 4 * WAD, price)
        with perps.evm.reverts("Vault_BelowInitialRequirement", account, None, None):
            perps.fill(other, account, -4 * WAD, price)
    perps.system.deposit(perps.owner(account), "USDC", 20_000)
    perps.fill(account, other, 4 * WAD, perps.mark * 10_009 // 10_000)
