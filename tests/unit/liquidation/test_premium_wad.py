"""LiquidationEngine.premiumWad: 15% just below health 1, 40% at 60%, never above health, at least 10%."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend
from tests.helpers.takeover import DOMAIN, Bench

PERCENT = WAD // 100


@pytest.fixture(scope="module")
def bench(session_evm: Backend) -> Bench:
    return Bench.deploy(session_evm)


@pytest.mark.parametrize(
    ("health", "premium"),
    [
        (200, "15"),
        (100, "15"),
        (90, "21.25"),
        (80, "27.5"),
        (60, "40"),
        (50, "40"),
        (40, "40"),
        (30, "30"),
        (10, "10"),
        (9, "10"),
        (0, "10"),
    ],
)
def test_premium_at(bench: Bench, health: int, premium: str) -> None:
    assert bench.engine.premiumWad(health * PERCENT) == int(float(premium) * 10**16)


@given(st.integers(0, 2 * WAD), st.integers(0, WAD))
def test_premium_never_rises_with_health_where_less_than_all_of_it_is_taken(
    bench: Bench, health: int, more: int
) -> None:
    """LIQ-2 rests on it."""
    low, high = bench.engine.premiumWad(health), bench.engine.premiumWad(health + more)
    assert high <= low or low == health or health < DOMAIN.premium_min


@given(st.integers(0, 2 * WAD))
def test_premium_is_at_most_health_from_the_smallest_premium_on(bench: Bench, health: int) -> None:
    """LIQ-1 rests on it."""
    premium = bench.engine.premiumWad(health)
    assert premium >= DOMAIN.premium_min
    assert premium <= health or health < DOMAIN.premium_min


@given(st.integers(0, 2 * WAD))
def test_premium_is_the_reference_models(bench: Bench, health: int) -> None:
    assert bench.engine.premiumWad(health) == model.premium(health, DOMAIN)
