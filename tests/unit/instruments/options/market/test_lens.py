"""Chains and Greeks, beside finite differences of the market's own values."""

from __future__ import annotations

import pytest

from scripts.common.contract import Contract
from tests.helpers.option_market import OptionBench
from tests.helpers.system import DAY, WAD


@pytest.fixture
def lens(options: OptionBench) -> Contract:
    return options.evm.deploy("OptionLens", options.system.vault.address)


def book(options: OptionBench) -> tuple[bytes, dict[int, int]]:
    legs = {
        options.series(7, 2_000): 2,
        options.series(30, 2_200): -3,
        options.series(30, 1_800, False): 1,
    }
    account = options.trader(3)
    options.fill(account, options.trader(4), WAD, legs)
    return account, legs


def test_the_chain(options: OptionBench, lens: Contract) -> None:
    _, legs = book(options)
    ids = list(options.market.aliveSeries())
    rows = lens.chain(options.market.address, ids)
    values = options.market.valuesOf(ids)
    for number, value, row in zip(ids, values, rows, strict=True):
        series = options.market.seriesOf(number)
        assert (row.series, row.expiry, row.strikeWad, row.call) == (number, series[0], series[1], series[3])
        assert (row.valueWad, row.openInterestWad, row.status) == (value, abs(legs[number]) * WAD, 0)
        assert WAD // 4 < row.volatilityWad < WAD
        assert (row.deltaWad > 0) == row.call


def test_greeks_are_differences_of_value(options: OptionBench, lens: Contract) -> None:
    account, legs = book(options)
    found = lens.accountGreeks(options.market.address, account)

    def value(dollars: float) -> float:
        with options.evm.isolation():
            options.set_index(dollars)
            return options.value(legs) / WAD

    up, middle, down = value(2_001), value(2_000), value(1_999)
    assert found.deltaWad / WAD == pytest.approx((up - down) / 2, rel=1e-4)
    assert found.gammaWad / WAD == pytest.approx(up - 2 * middle + down, rel=2e-3)
    with options.evm.isolation():
        options.evm.warp(DAY // 24)
        assert found.thetaPerDayWad / WAD == pytest.approx((value(2_000) - middle) * 24, rel=2e-2)
    assert found.vegaWad < 0, "the month's calls that are sold weigh more"


def test_an_expired_option_has_delta_until_its_price_is_fixed(options: OptionBench, lens: Contract) -> None:
    call, out = options.series(1, 1_900), options.series(1, 2_400)
    account = options.trader(3)
    options.fill(account, options.trader(4), 2 * WAD, {call: 1, out: 1})
    options.evm.warp(options.expiries[1] - options.evm.now)
    delta, *rest = lens.accountGreeks(options.market.address, account)
    assert delta == pytest.approx(2 * WAD, rel=1e-16)
    assert rest == [0, 0, 0]
    (row, _) = lens.chain(options.market.address, [call, out])
    assert (row.valueWad, row.volatilityWad) == (100 * WAD, 0)
    options.system.refresh()
    options.market.fixPrice(options.expiries[1], options.last_round(options.expiries[1]))
    assert tuple(lens.accountGreeks(options.market.address, account)) == (0, 0, 0, 0)
