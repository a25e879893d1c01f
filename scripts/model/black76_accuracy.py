"""How far Black76.sol is from the formula: `python -m scripts.model.black76_accuracy` writes the table in docs/black76.md.

Prices of the exact model, which the contract equals to the wei, against mpmath with 40 digits. Half of the strikes lie evenly
over 0.2 to 5 forwards by their logarithm, half of them where the option is undecided, within 7 deviations of the forward.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import NamedTuple

import mpmath as mp

from scripts.common.errors import run_script
from scripts.common.units import WAD
from scripts.model import black76
from scripts.setup.environment import write_atomically

PATH = Path(__file__).resolve().parents[2] / "docs" / "black76.md"
BEGIN, END = "<!-- accuracy: begin -->\n", "<!-- accuracy: end -->\n"
SAMPLES = 5_000
YEAR = black76.DAYS_A_YEAR * 86_400
HOUR, DAY = 3_600, 86_400
TIMES = {
    "1 minute to 1 hour": (60, HOUR),
    "1 hour to 1 day": (HOUR, DAY),
    "1 to 30 days": (DAY, 30 * DAY),
    "30 days to 2 years": (30 * DAY, 2 * YEAR),
}
STRIKES = {"0.2 to 0.8": (0.2, 0.8), "0.8 to 1.25": (0.8, 1.25), "1.25 to 5": (1.25, 5.0)}
VOLATILITIES = (0.05, 3.0)


class Option(NamedTuple):
    """Prices {USD} and volatility with 18 decimals, time in seconds."""

    forward: int
    strike: int
    volatility: int
    seconds: int
    is_call: bool


class Reference(NamedTuple):
    """Value {USD with 18 decimals} and Greeks in units of one, theta per day."""

    value: mp.mpf
    delta: mp.mpf
    gamma: mp.mpf
    vega: mp.mpf
    theta_per_day: mp.mpf


def reference(option: Option) -> Reference:
    """Black's formula with the working precision of mpmath; time and volatility above zero."""
    forward, strike = mp.mpf(option.forward), mp.mpf(option.strike)
    volatility, years = mp.mpf(option.volatility) / WAD, mp.mpf(option.seconds) / YEAR
    v = volatility * mp.sqrt(years)
    upper = mp.log(forward / strike) / v + v / 2
    value = forward * mp.ncdf(upper) - strike * mp.ncdf(upper - v)
    density = mp.npdf(upper)
    parity = 0 if option.is_call else 1
    return Reference(
        value - parity * (forward - strike),
        mp.ncdf(upper) - parity,
        density / (forward / WAD * v),
        forward / WAD * density * mp.sqrt(years),
        -forward / WAD * density * volatility / (2 * mp.sqrt(years)) / black76.DAYS_A_YEAR,
    )


def value_error(option: Option) -> float:
    """Difference of the model's price from the formula, as a share of the forward."""
    return float(black76.price(*option) - reference(option).value) / float(option.forward)


def draw(rng: random.Random, times: tuple[float, float], strikes: tuple[float, float]) -> Option:
    """An option with a time and a strike (in forwards) within the given bounds."""

    def between(low: float, high: float) -> float:
        return float(low * (high / low) ** rng.random())

    forward, volatility = int(between(0.01, 1e6) * WAD), between(*VOLATILITIES)
    seconds = int(between(*times))
    ratio = between(*strikes)
    if rng.random() < 0.5:
        near = mp.exp(volatility * (seconds / YEAR) ** 0.5 * rng.uniform(-7, 7))
        ratio = float(min(max(near, strikes[0]), strikes[1]))
    return Option(forward, int(forward * ratio), int(volatility * WAD), seconds, rng.random() < 0.5)


def errors(samples: int = SAMPLES) -> dict[str, dict[str, float]]:
    """Largest errors by time and strike, as shares of the forward."""
    mp.mp.dps = 40
    rng = random.Random(76)
    return {
        time: {
            strike: max(abs(value_error(draw(rng, seconds, ratios))) for _ in range(samples))
            for strike, ratios in STRIKES.items()
        }
        for time, seconds in TIMES.items()
    }


def greek_errors(samples: int = SAMPLES) -> dict[str, float]:
    """Largest errors of the Greeks: of delta, and of the others as the density in them."""
    mp.mp.dps = 40
    rng = random.Random(67)
    largest = {"delta": 0.0, "gamma": 0.0, "vega": 0.0, "theta": 0.0}
    for _ in range(samples):
        option = draw(rng, (60, 2 * YEAR), (0.2, 5.0))
        found, exact = black76.greeks(*option), reference(option)
        forward, volatility = option.forward / WAD, option.volatility / WAD
        root = (option.seconds / YEAR) ** 0.5
        theta = forward * volatility / (2 * root * black76.DAYS_A_YEAR)
        for name, got, want, unit in (
            ("delta", found.delta, exact.delta, 1.0),
            ("gamma", found.gamma, exact.gamma, 1 / (forward * volatility * root)),
            ("vega", found.vega, exact.vega, forward * root),
            ("theta", found.theta_per_day, exact.theta_per_day, theta),
        ):
            largest[name] = max(largest[name], abs(float((mp.mpf(got) / WAD - want) / unit)))
    return largest


def document(values: dict[str, dict[str, float]], greeks: dict[str, float]) -> str:
    """The table as it stands in the document."""
    head = "| time left | " + " | ".join(f"strike {strike}" for strike in STRIKES) + " |\n"
    lines = [head, "|---" * (len(STRIKES) + 1) + "|\n"]
    for time, row in values.items():
        lines.append(f"| {time} | " + " | ".join(f"{error:.1e}" for error in row.values()) + " |\n")
    listed = ", ".join(f"{name} {error:.0e}" for name, error in greeks.items())
    return "".join(lines) + f"\nGreeks, over all of it: {listed}.\n"


def main() -> int:
    """Measures and writes."""
    text = PATH.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    table = document(errors(), greek_errors())
    write_atomically(PATH, before + BEGIN + "\n" + table + "\n" + END + after)
    print(table, end="")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("black76-accuracy", main))
