"""Greeks of a whole account, beside Black-76 in floats, the model in exact integers, and differences of its worth."""

from __future__ import annotations

from math import exp, log, pi, sqrt

import pytest
from scipy.stats import norm

from scripts.common.contract import Contract
from scripts.model import black76
from tests.helpers.evm import Backend
from tests.helpers.option_market import OptionBench
from tests.helpers.perp_market import PerpBench
from tests.helpers.system import DAY, WAD, System
from tests.helpers.volatility import SMILE

TRADER, OTHER = 3, 4
YEAR = 365 * DAY
PRICE = 2_000.0
# Options by (days, strike, call).
SIZES = {(7, 2_000, True): 2, (30, 2_200, True): -3, (30, 1_800, False): 1}


@pytest.fixture
def system(evm: Backend) -> System:
    return System.deploy(evm)


@pytest.fixture
def options(system: System) -> OptionBench:
    return OptionBench.deploy(system)


@pytest.fixture
def lens(options: OptionBench) -> Contract:
    system = options.system
    own = options.evm.deploy("OptionLens", system.vault.address)
    return options.evm.deploy("GreeksLens", system.vault.address, system.parameters.address, own.address)


def by_underlying(lens: Contract, account: bytes) -> dict[int, tuple[float, ...]]:
    """Price, delta, gamma, vega, theta by underlying."""
    return {row[0]: tuple(value / WAD for value in row[1:]) for row in lens.accountGreeks(account)}


def book(options: OptionBench, trader: int = TRADER) -> bytes:
    """An account with options of two expiries."""
    account = options.trader(trader)
    legs = {options.series(*terms): size for terms, size in SIZES.items()}
    options.fill(account, options.trader(OTHER), WAD, legs)
    return account


def volatility_at(strike: float) -> float:
    """Of the surface's smile, in floats."""
    x = log(strike) - SMILE.centre / 1e10
    level, slope, curvature, width = (
        number / 1e10 for number in (SMILE.level, SMILE.slope, SMILE.curvature, SMILE.width)
    )
    return sqrt(level + slope * x + curvature * sqrt(x * x + width * width))


def test_an_account_without_anything_has_none(lens: Contract, system: System, evm: Backend) -> None:
    assert list(lens.accountGreeks(system.account(evm.accounts[TRADER]))) == []


def test_tokens_and_debts_have_delta_alone(lens: Contract, system: System, evm: Backend) -> None:
    account = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 12_000)
    usd, eth = (system.assets[symbol].underlying for symbol in ("USDC", "WETH"))
    found = by_underlying(lens, account)
    assert set(found) == {usd, eth}
    assert found[eth][1] == system.balance(account, "WETH") / WAD
    assert found[usd][1] == pytest.approx(system.balance(account, "USDC") / 10**6, abs=1e-5)
    assert found[eth][2:] == found[usd][2:] == (0, 0, 0)
    assert found[eth][0] == PRICE


def test_options_are_black_76(lens: Contract, options: OptionBench) -> None:
    account = book(options)
    found = by_underlying(lens, account)[options.system.assets["WETH"].underlying]
    delta = gamma = vega = theta = 0.0
    for (days, strike, call), size in SIZES.items():
        left = (options.expiries[days] - options.evm.now) / YEAR
        sigma = volatility_at(strike)
        d1 = log(PRICE / strike) / (sigma * sqrt(left)) + sigma * sqrt(left) / 2
        density = exp(-d1 * d1 / 2) / sqrt(2 * pi)
        delta += size * (norm.cdf(d1) - (0 if call else 1))
        gamma += size * density / (PRICE * sigma * sqrt(left))
        vega += size * PRICE * density * sqrt(left)
        theta -= size * PRICE * density * sigma / (2 * sqrt(left)) / 365
    assert found[1:] == pytest.approx((delta, gamma, vega, theta), rel=1e-5)


def test_options_are_the_model_to_the_wei_of_each(lens: Contract, options: OptionBench) -> None:
    account = book(options)
    wanted = [0, 0, 0]
    for (days, strike, call), size in SIZES.items():
        expiry = options.expiries[days]
        series = options.market.seriesOf(options.series(days, strike, call))
        sigma = black76.isqrt(SMILE.variance(series[2]) * WAD)
        greeks = black76.greeks(2_000 * WAD, strike * WAD, sigma, expiry - options.evm.now, call)
        for number, value in enumerate(greeks[1:]):
            wanted[number] += size * value
    (row,) = (
        one for one in lens.accountGreeks(account) if one[0] == options.system.assets["WETH"].underlying
    )
    assert list(row[3:]) == wanted


def test_all_that_an_account_holds_adds_up(lens: Contract, options: OptionBench) -> None:
    system = options.system
    perps = PerpBench.deploy(system)
    account = book(options)
    owner = options.owner(account)
    system.deposit(owner, "WETH", 3)
    system.borrow(owner, "WETH", 5)
    perps.fill(account, perps.trader(OTHER, 200_000, index=1), 7 * WAD)
    options.evm.mine()
    eth, usd = (system.assets[symbol].underlying for symbol in ("WETH", "USDC"))

    def worth(dollars: float) -> float:
        """Net worth, what is not settled included."""
        with options.evm.isolation():
            system.set_price("WETH", dollars)
            holdings, _, _ = system.vault.holdings(account)
            total = 0.0
            for word in holdings:
                asset, amount = word >> 248, word & 2**248 - 1
                signed = amount - 2**248 if amount >> 247 else amount
                total += (1 if signed > 0 else -1) * system.risk.valueOf(asset, abs(signed))[0] / WAD
            return total + options.pnl(account) / 10**36 + perps.position(account)["pnl"] / 10**36

    found = by_underlying(lens, account)
    step = 2.0
    up, middle, down = worth(PRICE + step), worth(PRICE), worth(PRICE - step)
    assert found[eth][1] == pytest.approx((up - down) / (2 * step), rel=1e-4)
    assert found[eth][2] == pytest.approx((up - 2 * middle + down) / step**2, rel=5e-3)
    assert found[eth][1] == pytest.approx(3 - 5 + 7 + by_underlying(lens, book(options, 5))[eth][1], rel=1e-4)
    # A loss that is not settled yet is owed in dollars.
    owed = min(0.0, options.pnl(account) / 10**36) + min(0.0, perps.position(account)["pnl"] / 10**36)
    assert found[usd][1] == pytest.approx(system.balance(account, "USDC") / 10**6 + owed, abs=1e-4)


def test_the_margin_model_changes_nothing(lens: Contract, options: OptionBench) -> None:
    account = book(options)
    system = options.system
    before = list(lens.accountGreeks(account))
    mode = system.risk.portfolioMode()
    system.vault.callInstrument(account, mode, (1).to_bytes(32, "big"), sender=options.owner(account))
    after = list(lens.accountGreeks(account))
    assert [row[:3] for row in after] == [row[:3] for row in before]
    assert mode in system.vault.holdings(account)[1]


def test_what_has_expired_has_delta_until_its_price_is_fixed(lens: Contract, options: OptionBench) -> None:
    account = options.trader(TRADER)
    options.fill(account, options.trader(OTHER), 2 * WAD, {options.series(1, 1_900): 1})
    eth = options.system.assets["WETH"].underlying
    options.evm.warp(options.expiries[1] - options.evm.now)
    options.system.refresh()
    assert by_underlying(lens, account)[eth][1:] == pytest.approx((2, 0, 0, 0), rel=1e-12)
    options.market.fixPrice(options.expiries[1], options.last_round(options.expiries[1]))
    assert by_underlying(lens, account)[eth][1:] == (0, 0, 0, 0)
