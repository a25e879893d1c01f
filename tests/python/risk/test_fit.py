"""Smiles from quotes: the truth is found again, and no rule of the surface is broken on the way."""

from __future__ import annotations

from dataclasses import replace
from math import log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from typer.testing import CliRunner

from scripts.common.errors import KeelError
from scripts.model.volatility import ONE, YEAR, has_calendar_arbitrage, move
from scripts.risk.black import implied_volatility, price
from scripts.risk.commands import app
from scripts.risk.fitting import Rules, density, fit_surface, volatility
from scripts.risk.quotes import Quote, read_quotes
from tests.python.risk.conftest import DAY, FORWARD, NOW, STRIKES, TRUTH, true_smile, true_volatility

RULES = Rules(0.01, 9.0)


def quotes_of(smile, days, strikes=STRIKES, error=0.005):
    """Quotes that are a function of the strike."""
    return [
        Quote(NOW + days * DAY, strike, strike >= FORWARD, smile(strike), error, FORWARD, NOW)
        for strike in strikes
    ]


def test_black_76_and_its_inverse():
    # Reference: forward 100, strike 110, half a year, 30%: by Black's formula with Python's own normal distribution.
    normal, deviation = NormalDist(), 0.3 * sqrt(0.5)
    d1 = log(100 / 110) / deviation + deviation / 2
    call = 100 * normal.cdf(d1) - 110 * normal.cdf(d1 - deviation)
    assert price(100, 110, 0.5, 0.3, True) == pytest.approx(call, abs=1e-12)
    assert price(100, 110, 0.5, 0.3, False) == pytest.approx(call + 10, abs=1e-12)
    for is_call in (True, False):
        value = price(100, 110, 0.5, 0.3, is_call)
        assert implied_volatility(value, 100, 110, 0.5, is_call) == pytest.approx(0.3, abs=1e-8)
    assert implied_volatility(101, 100, 110, 0.5, True) is None
    assert implied_volatility(9.99, 100, 110, 0.5, False) is None


def test_quotes_without_noise_give_the_parameters_back(write_quotes):
    fits = fit_surface(read_quotes(write_quotes(spread=0.002)).by_expiry(), RULES)
    assert [fit.expiry for fit in fits] == list(TRUTH)
    for fit in fits:
        truth = true_smile(fit.expiry)
        found = [fit.smile.level, fit.smile.slope, fit.smile.curvature, fit.smile.centre, fit.smile.width]
        wanted = [truth.level, truth.slope, truth.curvature, truth.centre, truth.width]
        assert np.array(found) / ONE == pytest.approx(np.array(wanted) / ONE, abs=2e-3)
        assert fit.root_mean_square < 1e-5


def test_noise_is_averaged_out(write_quotes):
    errors = []
    for seed in range(4):
        quotes = read_quotes(write_quotes(noise=0.01, spread=0.02, seed=seed)).by_expiry()
        for fit in fit_surface(quotes, RULES):
            strikes = np.array([strike for strike in STRIKES if 0.6 < strike / FORWARD < 1.7])
            truth = np.array([true_volatility(fit.expiry, strike) for strike in strikes])
            errors.append(volatility(fit.smile, np.log(strikes)) - truth)
            assert 0.004 < fit.root_mean_square < 0.016
    # Five parameters from 17 quotes: an error of 0.01 becomes about 0.01 * sqrt(5 / 17).
    assert np.sqrt(np.mean(np.square(errors))) < 0.008


def test_one_quote_far_off_does_not_pull_the_smile_along():
    def smile(strike):
        return true_volatility(NOW + 30 * DAY, strike)

    quotes = quotes_of(smile, 30)
    bad = quotes[8]
    quotes[8] = Quote(bad.expiry, bad.strike, bad.is_call, bad.volatility + 0.3, bad.error, FORWARD, NOW)
    (fit,) = fit_surface({bad.expiry: quotes}, RULES)
    assert volatility(fit.smile, np.array([log(bad.strike)]))[0] == pytest.approx(bad.volatility, abs=0.01)


def test_a_smile_with_a_negative_density_is_held_or_told():
    # The example of Axel Vogt (Gatheral and Jacquier 2014, section 2.2): its g is negative around k = 0.8.
    level, curvature, rho, centre, width = -0.0410, 0.1331, 0.3060, 0.3586, 0.4153

    def vogt(strike):
        x = log(strike / FORWARD) - centre
        return sqrt(level + curvature * (rho * x + sqrt(x * x + width * width)))

    strikes = [FORWARD * np.exp(k) for k in np.linspace(-1.3, 1.3, 40)]
    quotes = {NOW + 365 * DAY: quotes_of(vogt, 365, strikes)}
    (free,) = fit_surface(quotes, Rules(0.0001, 9.0), hold_density=False)
    assert free.density < -0.01
    (held,) = fit_surface(quotes, Rules(0.0001, 9.0))
    assert held.density >= 0
    assert held.root_mean_square < 0.03
    ks = np.linspace(0.6, 1.1, 50) + log(FORWARD)
    assert density(free.smile, FORWARD, 1.0, ks).min() < 0 <= density(held.smile, FORWARD, 1.0, ks).min()


def test_density_is_the_second_derivative_of_prices():
    """g times a positive factor: Breeden and Litzenberger by finite differences."""
    expiry = NOW + 30 * DAY
    years, smile = 30 * DAY / YEAR, true_smile(expiry)
    for strike in (1_200.0, 1_800.0, 2_000.0, 2_600.0):
        step = strike * 1e-3
        values = [
            price(FORWARD, at, years, float(volatility(smile, np.array([log(at)]))[0]), True)
            for at in (strike - step, strike, strike + step)
        ]
        second = (values[0] - 2 * values[1] + values[2]) / step**2
        deviation = true_volatility(expiry, strike) * sqrt(years)
        d2 = log(FORWARD / strike) / deviation - deviation / 2
        expected = NormalDist().pdf(d2) / (strike * deviation)
        g = float(density(smile, FORWARD, years, np.array([log(strike)]))[0])
        assert g == pytest.approx(second / expected, rel=1e-3)


def test_a_later_expiry_is_lifted_where_its_total_variance_would_fall():
    quotes = {
        NOW + 30 * DAY: quotes_of(lambda _: 0.8, 30),
        NOW + 32 * DAY: quotes_of(lambda _: 0.6, 32),
    }
    fits = fit_surface(quotes, RULES)
    terms = [(fit.expiry - NOW, fit.smile) for fit in fits]
    assert not has_calendar_arbitrage(terms)
    # The least that is allowed: 0.8 * sqrt(30 / 32).
    middle = float(volatility(fits[1].smile, np.array([log(FORWARD)]))[0])
    assert middle == pytest.approx(0.8 * sqrt(30 / 32), abs=2e-3)


def test_the_least_and_the_most_variance_are_kept():
    (low,) = fit_surface({NOW + 30 * DAY: quotes_of(lambda _: 0.05, 30)}, RULES)
    assert low.smile.least >= 10**16
    (high,) = fit_surface({NOW + 30 * DAY: quotes_of(lambda _: 3.5, 30)}, RULES)
    assert high.smile.most <= 9 * 10**18
    assert high.residuals[8] == pytest.approx(-0.5, abs=0.01)


def test_centre_and_width_in_force_are_kept_where_that_fits_as_well(write_quotes):
    quotes = read_quotes(write_quotes(noise=0.003)).by_expiry()
    near = {expiry: true_smile(expiry) for expiry in TRUTH}
    for free, kept in zip(fit_surface(quotes, RULES), fit_surface(quotes, RULES, near=near), strict=True):
        truth = near[kept.expiry]
        assert (kept.smile.centre, kept.smile.width) == (truth.centre, truth.width)
        assert free.smile.centre != truth.centre
        assert kept.root_mean_square < 1.3 * free.root_mean_square + 0.0005
        # Quotes moved by noise alone.
        assert move(truth, kept.smile) < 0.7 * move(truth, free.smile)
    far = {
        expiry: replace(smile, centre=smile.centre + ONE // 2, width=ONE // 50)
        for expiry, smile in near.items()
    }
    for fit in fit_surface(quotes, RULES, near=far):
        assert fit.smile.centre != far[fit.expiry].centre and fit.root_mean_square < 0.005


def test_too_few_strikes_are_told():
    with pytest.raises(KeelError, match="has quotes at 4 strikes; a smile has five parameters"):
        fit_surface({NOW + 30 * DAY: quotes_of(lambda _: 0.6, 30, STRIKES[:4])}, RULES)


def test_the_command_without_a_chain(write_quotes, tmp_path):
    plot = tmp_path / "fit.png"
    done = CliRunner().invoke(app, ["fit", str(write_quotes(noise=0.005)), "--plot", str(plot)])
    assert done.exit_code == 0, done.output
    assert "2030-03-24 17:46" in done.output and "updates" not in done.output
    assert plot.read_bytes().startswith(b"\x89PNG")
    high = CliRunner().invoke(app, ["fit", str(tmp_path / "quotes.csv"), "--least", "90%"])
    # All quotes are below: the smile lies where it may, and residuals tell.
    assert high.exit_code == 0 and "90.0" in high.output
    none = CliRunner().invoke(app, ["fit", str(write_quotes(strikes=STRIKES[:4]))])
    assert none.exit_code == 1 and "no expiry has quotes at 5 strikes" in none.stderr
