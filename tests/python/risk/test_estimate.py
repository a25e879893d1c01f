"""Estimates from prices whose truth is known: walks with a volatility, correlated walks, and GARCH."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
import yaml
from scipy.stats import norm
from typer.testing import CliRunner

from scripts.common.errors import KeelError
from scripts.model.volatility import YEAR
from scripts.risk.commands import app
from scripts.risk.estimate import Aim, Settings, breaches_of, estimate_shock
from scripts.risk.netting import estimate_netting
from scripts.risk.prices import Memory, Prices, aligned, read_prices, realised_volatility
from scripts.risk.windows import Bootstrap, effective_size, rate_interval, windows_of
from tests.python.risk.conftest import DAY, HOUR, walk

# Every hour counts, and no return is cut: the estimate of a plain walk has no bias.
EVERY = Memory(seconds=30 * DAY, longest=HOUR, least_return=0.0001, max_return=0.5)
QUICK = Settings(draws=200)
YEARS = 4


def series(closes, name="ETH"):
    closes = np.asarray(closes, dtype=float)
    times = HOUR * np.arange(1, len(closes) + 1, dtype=np.int64) + 1_600_000_000 // HOUR * HOUR
    return Prices(name, times, HOUR, closes, closes, closes, False)


def garch(hours, seed):
    """GARCH(1, 1) with normal innovations around 80% a year, persistence 0.99."""
    random, mean = np.random.default_rng(seed), 0.8**2 * HOUR / YEAR
    variance, logs = mean, [0.0]
    for shock in random.standard_normal(hours):
        step = sqrt(variance) * shock
        logs.append(logs[-1] + step)
        variance = 0.01 * mean + 0.09 * step * step + 0.90 * variance
    return 2_000 * np.exp(np.array(logs))


# --- realised volatility ---


def test_realised_volatility_of_a_walk_is_its_own():
    found = realised_volatility(series(walk(0.8, 365 * 24, 3)), EVERY)
    known = found[~np.isnan(found)]
    # A memory of 720 hours: about 1,440 squares count, a standard error of 1 / sqrt(2 * 1440) = 2% at a time.
    assert known.mean() == pytest.approx(0.8, rel=0.02)
    assert known.std() == pytest.approx(0.8 * 0.0186, rel=0.5)
    assert np.isnan(found[: 3 * 720]).all()


def test_realised_volatility_is_the_stated_recursion():
    """Written out in floats: v' = (memory v + r^2 year) / (memory + dt), r cut, small returns waiting."""
    memory = Memory(seconds=12 * HOUR, longest=3 * HOUR, least_return=0.008, max_return=0.02)
    prices = series(walk(0.9, 600, 5))
    closes = prices.closes
    first = 12
    variance = np.sum(np.diff(np.log(closes[: first + 1])) ** 2) / (first * HOUR) * YEAR
    seen, at, expected = log(closes[0]), 0, {}
    for place in range(1, len(closes)):
        elapsed, change = (place - at) * HOUR, log(closes[place]) - seen
        if abs(change) >= memory.least_return or elapsed >= memory.longest:
            square = min(abs(change), memory.max_return) ** 2
            variance = (memory.seconds * variance + square * YEAR) / (memory.seconds + elapsed)
            seen, at = log(closes[place]), place
        expected[place] = sqrt(variance)
    found = realised_volatility(prices, memory)
    for place in range(3 * first, len(closes)):
        assert found[place] == pytest.approx(expected[place], rel=1e-9)


def test_gaps_leave_no_volatility_and_no_window():
    prices = series(walk(0.8, 2_000, 3))
    prices.closes[1_000:1_003] = np.nan
    prices.lows[1_000:1_003] = prices.highs[1_000:1_003] = np.nan
    found = realised_volatility(prices, Memory())
    assert np.isnan(found[1_000:1_003]).all() and not np.isnan(found[1_003])
    windows = windows_of(prices, found, 4 * HOUR, YEAR)
    assert not set(range(996, 1_003)) & set(windows.starts.tolist())
    assert {995, 1_003} <= set(windows.starts.tolist())


# --- windows ---


def test_windows_hold_the_worst_moves_of_what_follows():
    closes = np.full(600, 100.0)
    closes[501:506] = (100, 90, 120, 80, 100)
    prices = series(closes)
    windows = windows_of(prices, np.full(600, 0.8), 3 * HOUR, YEAR)
    place = int(np.flatnonzero(windows.starts == 500)[0])
    assert windows.falls[place] == pytest.approx(0.1) and windows.rises[place] == pytest.approx(0.2)
    place = int(np.flatnonzero(windows.starts == 501)[0])
    assert windows.falls[place] == pytest.approx(0.2)
    assert windows.falls[: place - 4].max() == 0
    assert windows.deviations[0] == pytest.approx(0.8 * sqrt(3 * HOUR / YEAR))


def test_lows_and_highs_count_where_a_file_has_them(write_prices):
    closes = walk(0.8, 600, 1)
    lows = closes.copy()
    lows[300] *= 0.7
    prices = read_prices(write_prices(closes, extremes={"high": closes, "low": lows}), "ETH")
    windows = windows_of(prices, np.full(601, 0.8), HOUR, YEAR)
    assert windows.falls.max() == pytest.approx(1 - lows[300] / closes[299])


def test_the_parts_of_a_split_share_no_hour():
    prices = series(walk(0.8, 3_000, 1))
    windows = windows_of(prices, np.full(3_001, 0.8), DAY, YEAR)
    first, rest = windows.split(0.6)
    assert first.starts[-1] + windows.steps < rest.starts[0] + 1
    assert len(first) + len(rest) >= len(windows) - windows.steps


def test_overlapping_windows_count_as_fewer():
    """Means over 24 hours, each hour, of independent noise: as good as one a day."""
    noise = np.random.default_rng(1).standard_normal(24 * 400)
    hits = (np.convolve(noise, np.ones(24), "valid") > 0).astype(float)
    found = effective_size(hits, Bootstrap(len(hits), 24 * 7, 500, 1), float(len(hits)))
    assert 0.6 * len(hits) / 24 < found < 2.5 * len(hits) / 24
    single = (noise > 0).astype(float)
    assert effective_size(single, Bootstrap(len(single), 1, 500, 1), 1e9) == pytest.approx(
        len(single), rel=0.2
    )


def test_an_interval_says_something_where_nothing_happened():
    hits = np.zeros(1_000)
    found = rate_interval(hits, Bootstrap(1_000, 24, 100, 1), 1_000)
    assert (found.value, found.low) == (0, 0)
    # The rule of three, for 97.5%: -ln(0.025) / n.
    assert found.high == pytest.approx(3.69 / 1_000, rel=0.01)


def test_intervals_cover_the_truth():
    covered = 0
    for seed in range(40):
        hits = (np.random.default_rng(seed).random(2_000) < 0.02).astype(float)
        found = rate_interval(hits, Bootstrap(2_000, 1, 200, seed), 2_000)
        covered += found.low <= 0.02 <= found.high
    assert covered >= 35


# --- shocks ---


def test_the_multiple_of_a_walk_is_the_normal_quantile():
    prices = series(walk(0.8, YEARS * 365 * 24, 11))
    windows = windows_of(prices, np.full(len(prices.closes), 0.8), HOUR, YEAR)
    shock = estimate_shock(windows, Aim("maintenance", HOUR, 0.01), QUICK, HOUR)
    deviation = 0.8 * sqrt(HOUR / YEAR)
    truth = {
        "down": (1 - exp(-norm.isf(0.01) * deviation)) / deviation,
        "up": (exp(norm.isf(0.01) * deviation) - 1) / deviation,
    }
    for side, found in shock.by_side.items():
        assert found.low <= truth[side] <= found.high
        assert found.value == pytest.approx(truth[side], rel=0.05)
    assert shock.multiple.value == max(found.value for found in shock.by_side.values())
    outside = [one for one in shock.breaches if one.part == "out of sample"]
    assert {one.side for one in outside} == {"down", "up"}
    for one in outside:
        assert one.rate.low <= 0.01 <= one.rate.high
        # Of a normal variable beyond z: pdf / tail - z standard deviations.
        z = norm.isf(0.01)
        assert one.shortfall.value == pytest.approx((norm.pdf(z) / 0.01 - z) * deviation, rel=0.2)
    assert not shock.warnings


def test_worst_moves_within_a_horizon_follow_the_reflection_principle():
    prices = series(walk(0.8, YEARS * 365 * 24, 12))
    windows = windows_of(prices, np.full(len(prices.closes), 0.8), DAY, YEAR)
    shock = estimate_shock(windows, Aim("initial", DAY, 0.05), QUICK, HOUR)
    # Seen each hour and not always: Broadie, Glasserman and Kou's correction, 0.5826 of a step.
    barrier = norm.isf(0.025) - 0.5826 / sqrt(24)
    deviation = 0.8 * sqrt(DAY / YEAR)
    assert shock.by_side["up"].value == pytest.approx((exp(barrier * deviation) - 1) / deviation, rel=0.08)
    assert shock.by_side["down"].value == pytest.approx((1 - exp(-barrier * deviation)) / deviation, rel=0.08)


def test_shocks_follow_a_volatility_that_changes():
    """GARCH: at the same breach rate a shock that follows is breached less in clusters than one that stands still."""
    prices = series(garch(YEARS * 365 * 24, 4))
    volatility = realised_volatility(
        prices, Memory(seconds=DAY, longest=HOUR, least_return=0.0001, max_return=0.5)
    )
    windows = windows_of(prices, volatility, HOUR, YEAR)
    shock = estimate_shock(
        windows, Aim("maintenance", HOUR, 0.01), Settings(draws=100, cap_quantile=0.9999), HOUR
    )
    outside = {one.side: one for one in shock.breaches if one.part == "out of sample"}
    assert 0.006 < outside["down"].rate.value < 0.014
    _, rest = windows.split(0.6)
    level = np.quantile(rest.falls, 0.99)
    still = breaches_of(np.full(len(rest), level), rest, "down", "rest", Settings(draws=100), HOUR)
    assert outside["down"].effective > 1.5 * still.effective


def test_floor_and_cap_hold():
    prices = series(garch(YEARS * 365 * 24, 4))
    windows = windows_of(prices, realised_volatility(prices, Memory()), HOUR, YEAR)
    shock = estimate_shock(windows, Aim("maintenance", HOUR, 0.01), Settings(draws=100), HOUR)
    shocks = shock.at(windows.deviations)
    assert shocks.min() >= shock.floor.value and shocks.max() <= shock.cap.value <= 0.5
    assert shock.floor.value < np.median(shocks) < shock.cap.value
    assert 0.002 < shock.binds["cap"] < 0.03


def test_too_little_and_another_regime_are_told():
    quiet, wild = walk(0.3, 2_000, 1), walk(1.5, 1_500, 2)
    prices = series(np.concatenate([quiet, wild * quiet[-1] / wild[0]]))
    volatility = np.where(np.arange(len(prices.closes)) < 2_001, 0.3, 0.5)
    windows = windows_of(prices, volatility, HOUR, YEAR)
    shock = estimate_shock(windows, Aim("maintenance", HOUR, 0.001), QUICK, HOUR)
    text = " ".join(shock.warnings)
    assert "rest on a handful of moves" in text
    assert "out of sample" in text and "are aimed at" in text


# --- netting ---


@pytest.mark.parametrize(("correlation", "truth"), [(-0.5, 0.268), (0.0, 0.586), (0.3, 0.817), (0.9, 1.0)])
def test_netting_of_correlated_walks(correlation, truth):
    """Equal and opposite sizes: loss sqrt(2 - 2 c) quantiles, requirement 2 - rho of them: rho = 2 - sqrt(2 - 2 c)."""
    assert truth == pytest.approx(min(2 - sqrt(2 - 2 * correlation), 1), abs=1e-3)
    count, random = YEARS * 365 * 24, np.random.default_rng(5)
    noise = random.standard_normal((2, count))
    steps = np.array([noise[0], correlation * noise[0] + sqrt(1 - correlation**2) * noise[1]])
    closes = 2_000 * np.exp(np.cumsum(0.5 * sqrt(HOUR / YEAR) * steps, axis=1))
    both = [series(closes[0], "ETH"), series(closes[1], "BTC")]
    known = [np.full(count, 0.5)] * 2
    found = estimate_netting(both, known, [norm.isf(0.01)] * 2, HOUR, 0.01, Settings(draws=300), YEAR)
    assert found.rho.value == pytest.approx(truth, abs=0.06)
    assert found.rho.low <= truth + 0.02
    assert found.correlation[0, 1] == pytest.approx(correlation, abs=0.02)
    assert found.breaches < 0.014


def test_netting_of_three_is_no_more_than_that_of_the_worst_pair():
    count, random = 365 * 24, np.random.default_rng(6)
    closes = 2_000 * np.exp(np.cumsum(0.5 * sqrt(HOUR / YEAR) * random.standard_normal((3, count)), axis=1))
    three = [series(each, name) for each, name in zip(closes, ("A", "B", "C"), strict=True)]
    known = [np.full(count, 0.5)] * 3
    found = estimate_netting(three, known, [norm.isf(0.01)] * 3, HOUR, 0.01, Settings(draws=250), YEAR)
    assert 0.3 < found.rho.value <= 0.75
    assert len(found.book) == 3 and min(found.book) < 0 < max(found.book)


def test_series_are_aligned_or_refused():
    one, other = series(walk(0.8, 3_000, 1), "ETH"), series(walk(0.8, 3_000, 2), "BTC")
    late = Prices("BTC", other.times + 1_000 * HOUR, HOUR, other.closes, other.highs, other.lows, False)
    cut = aligned([one, late])
    assert (cut[0].times == cut[1].times).all() and len(cut[0].times) == 2_001
    with pytest.raises(KeelError, match="fewer than 500 times in common"):
        aligned([one, Prices("BTC", other.times + 2_900 * HOUR, HOUR, *[other.closes] * 3, False)])
    with pytest.raises(KeelError, match="BTC comes every 7200 s, ETH every 3600 s"):
        aligned([one, Prices("BTC", other.times, 2 * HOUR, *[other.closes] * 3, False)])


# --- the command ---


def test_a_proposal_with_two_underlyings(write_prices, tmp_path):
    closes = garch(200 * 24, 9)
    other = closes * walk(0.3, 200 * 24, 10) / 2_000
    files = [f"ETH={write_prices(closes, 'eth.csv')}", f"BTC={write_prices(other, 'btc.csv')}"]
    out = tmp_path / "out"
    done = CliRunner().invoke(
        app, ["estimate", *files, "--out", str(out), "--draws", "100", "--initial-horizon", "8 hours"]
    )
    assert done.exit_code == 0, done.output
    proposal = yaml.safe_load((out / "proposal.yaml").read_text())
    assert set(proposal["underlyings"]) == {"ETH", "BTC"}
    for underlying in proposal["underlyings"].values():
        for name in ("maintenance", "initial"):
            shock = underlying["dynamic_shocks"][name]
            for field in ("horizon", "multiple", "floor", "cap"):
                assert len(shock[field]["reason"]) > 20
            assert shock["multiple"]["value"].endswith("x") and shock["floor"]["value"].endswith("%")
            assert len(shock["breaches"]) == 4
    netting = proposal["domain"]["netting"]
    assert 0 < float(netting["value"].rstrip("%")) <= 100
    names = {file.name for file in out.glob("*.png")}
    kinds = {f"risk-{kind}-{name}.png" for kind in ("shocks", "breaches", "tails") for name in ("eth", "btc")}
    assert names == kinds | {"risk-netting.png"}
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in out.glob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--maintenance-horizon", "90 minutes"], "is no multiple of the 1 hour between prices"),
        (["--initial-horizon", "7 days"], "too few for two parts of 20 at least"),
        (["--maintenance-probability", "50%"], "maintenance-probability: 50% is out of range"),
        (["--memory", "1 minute"], "memory: 1 minute is out of range"),
        (["--in-sample", "100%"], "in-sample: 100% is out of range"),
        (["--block", "two"], "block: 'two' is not a duration"),
    ],
)
def test_arguments_that_do_not_fit(write_prices, arguments, told):
    file = write_prices(walk(0.8, 2_000, 1))
    done = CliRunner().invoke(app, ["estimate", f"ETH={file}", *arguments])
    assert done.exit_code == 1
    assert f"keel risk estimate: {told}" in done.stderr or told in done.stderr


def test_two_files_of_one_name(write_prices):
    file = write_prices(walk(0.8, 600, 1), "eth_hourly.csv")
    done = CliRunner().invoke(app, ["estimate", str(file), f"ETH={file}"])
    assert done.exit_code == 1 and "write a name before each, as ETH=prices.csv" in done.stderr
