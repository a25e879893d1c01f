"""scripts/common/units.py: exact both ways, and errors that say what would be right."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, field_validator

from scripts.common import units
from scripts.common.errors import KeelError
from scripts.common.units import UnitError

NUMBERS = st.integers(min_value=-(10**40), max_value=10**40)


@pytest.mark.parametrize(
    ("text", "wad"),
    [
        ("82.5%", 825 * 10**15),
        ("36 bps", 36 * 10**14),
        ("0.5bps", 5 * 10**13),
        ("1.05x", 105 * 10**16),
        ("-3 %", -3 * 10**16),
        ("+1_000%", 10**19),
        ("0.0000000000000001%", 1),
        (" 100% ", 10**18),
    ],
)
def test_shares(text: str, wad: int) -> None:
    assert units.parse_share(text, "f") == wad


@pytest.mark.parametrize(
    ("text", "symbol", "decimals", "amount"),
    [
        ("5_000_000 USDC", "USDC", 6, 5 * 10**12),
        ("5,000,000.25 USDC", "USDC", 6, 5 * 10**12 + 250_000),
        ("0.1 WETH", "WETH", 18, 10**17),
        ("0.00000001WBTC", "WBTC", 8, 1),
        ("7 POINTS", "POINTS", 0, 7),
        ("1 USDC.e", "USDC.e", 6, 10**6),
    ],
)
def test_amounts(text: str, symbol: str, decimals: int, amount: int) -> None:
    assert units.parse_amount(text, symbol, decimals, "f") == amount


@pytest.mark.parametrize(
    ("text", "wad"),
    [
        ("$1,000", 10**21),
        ("1_000 USD", 10**21),
        ("-$0.5", -(10**18) // 2),
        ("$ 2", 2 * 10**18),
        ("$-2", -2 * 10**18),
    ],
)
def test_dollars(text: str, wad: int) -> None:
    assert units.parse_usd(text, "f") == wad


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3 days", 259_200),
        ("1 hour 30 minutes", 5_400),
        ("1 h, 30 min and 5s", 5_405),
        ("90s", 90),
        ("1.5 hours", 5_400),
        ("2 weeks", 1_209_600),
        ("1 year", 31_536_000),
        ("0 s", 0),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert units.parse_duration(text, "f") == seconds


def test_yearly_rates_are_rounded_down_to_the_second() -> None:
    expected = 5 * 10**16 // units.SECONDS_PER_YEAR
    for text in ("5% per year", "500 bps / year", "5 % APR", "5% a year"):
        assert units.parse_rate(text, "f") == expected
    assert units.format_rate(expected) == "5.00% per year"


def test_bare_numbers() -> None:
    assert units.parse_decimal("1234.56", 8, "f") == 123_456_000_000
    assert units.parse_decimal(7, 2, "f") == 700
    assert units.from_decimal(Decimal("1E+3"), 2, "f") == 100_000


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (units.parse_share, 0.825, "f: 0.825 is a bare floating-point number; write it in quotes"),
        (units.parse_share, 82, "f: 82 has no unit; write it in quotes"),
        (units.parse_share, True, "f: True has no unit"),
        (units.parse_share, None, "f: None has no unit"),
        (units.parse_share, "82.5", "f: '82.5' is not a share; write a share such as \"82.5%\""),
        (units.parse_share, "", "f: '' is not a share"),
        (units.parse_share, "1e3%", "is not a share"),
        (units.parse_share, "%", "is not a share"),
        (units.parse_share, "nan%", "is not a share"),
        (units.parse_share, "1__0%", "is not a share"),
        (units.parse_share, "0.00000000000000001%", "has more decimals than the 16 that can be kept"),
        (units.parse_share, "1,5%", "has a comma that does not separate thousands"),
        (units.parse_share, "1,000_000%", "has a comma that does not separate thousands"),
        (units.parse_usd, "5 USDC", "is not an amount of dollars"),
        (units.parse_usd, "1000", "is not an amount of dollars; write dollars such as"),
        (units.parse_duration, "3 fortnights", "is not a duration"),
        (units.parse_duration, "3", "is not a duration"),
        (units.parse_duration, "1.5 s", "is not a whole number of seconds from 0 up"),
        (units.parse_duration, "-1 day", "is not a whole number of seconds from 0 up"),
        (units.parse_rate, "5%", 'is not a yearly rate; write a rate such as "5% per year"'),
    ],
)
def test_wrong_values_are_explained(parse: Any, value: object, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        parse(value, "f")


def test_wrong_amounts_are_explained() -> None:
    with pytest.raises(UnitError, match=r"cap: '5 WETH' is in WETH, not in USDC; write .*5_000_000 USDC"):
        units.parse_amount("5 WETH", "USDC", 6, "cap")
    with pytest.raises(UnitError, match="has more decimals than the 6 that can be kept"):
        units.parse_amount("0.0000001 USDC", "USDC", 6, "f")
    with pytest.raises(UnitError, match="is not an amount"):
        units.parse_amount("5", "USDC", 6, "f")
    with pytest.raises(UnitError, match=r"0.1 is a bare floating-point number"):
        units.parse_decimal(0.1, 18, "f")


def test_errors_are_the_projects_and_pydantics() -> None:
    class Market(BaseModel):
        shock: int

        @field_validator("shock", mode="before")
        @classmethod
        def _parse(cls, value: object) -> int:
            return units.parse_share(value, "shock")

    assert issubclass(UnitError, KeelError)
    assert Market.model_validate({"shock": "10%"}).shock == 10**17
    with pytest.raises(ValidationError, match="shock: '10' is not a share"):
        Market.model_validate({"shock": "10"})


@given(NUMBERS)
def test_shares_come_back(wad: int) -> None:
    assert units.parse_share(units.format_share(wad), "f") == wad


@given(NUMBERS, st.integers(min_value=0, max_value=27))
def test_amounts_come_back(amount: int, decimals: int) -> None:
    assert units.parse_amount(units.format_amount(amount, "TOK", decimals), "TOK", decimals, "f") == amount


@given(NUMBERS)
def test_dollars_come_back(wad: int) -> None:
    assert units.parse_usd(units.format_usd(wad, places=None), "f") == wad


@given(st.integers(min_value=0, max_value=10**12))
def test_durations_come_back(seconds: int) -> None:
    assert units.parse_duration(units.format_duration(seconds), "f") == seconds


@given(NUMBERS, st.integers(min_value=0, max_value=27))
def test_decimals_are_exact_and_come_back(amount: int, decimals: int) -> None:
    decimal = units.to_decimal(amount, decimals)
    assert Fraction(decimal) == Fraction(amount, 10**decimals)
    assert units.from_decimal(decimal, decimals, "f") == amount


def test_formats() -> None:
    assert units.format_share(825 * 10**15) == "82.5%"
    assert units.format_amount(5 * 10**12 + 1, "USDC", 6) == "5,000,000.000001 USDC"
    assert units.format_amount(1_999_999, "USDC", 6, places=2) == "1.99 USDC"
    assert units.format_amount(-1, "USDC", 6, places=2) == "0 USDC"
    assert units.format_usd(10**21) == "$1,000.00"
    assert units.format_usd(-(15 * 10**17)) == "-$1.50"
    assert units.format_usd(-1) == "$0.00"
    assert units.format_duration(5_400) == "1 hour 30 minutes"
    assert units.format_duration(0) == "0 seconds"
