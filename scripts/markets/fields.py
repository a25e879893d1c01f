"""Types of the fields of market files: text in human units in, exact integers out.

A parameter is a pair `{value: "82.5%", reason: "..."}`; the reason is not optional.
"""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from eth_utils import is_checksum_address
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationInfo

from scripts.common import units
from scripts.common.units import WAD

PPM = 10**6
ZERO_ADDRESS = "0x" + "00" * 20
# Parsers want a field's name for their errors; load.py puts the path through the file in its place.
HERE = "<here>"

T = TypeVar("T")


class Section(BaseModel):
    """A part of a file: nothing in it may be misspelt or left over."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Setting(Section, Generic[T]):
    """A parameter and why it has this value."""

    value: T
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=8)]


def share(least: str, most: str) -> BeforeValidator:
    """A share as a whole number of parts per million, such as "12.5%"."""
    low, high = (units.parse_share(text, "bound") for text in (least, most))

    def parse(text: object) -> int:
        wad = _between(units.parse_share(text, HERE), low, high, text, f"a share from {least} to {most}")
        ppm, rest = divmod(wad, WAD // PPM)
        if rest:
            raise units.UnitError(
                HERE, text, "is finer than 0.0001%", "a share of at most four decimals in percent"
            )
        return ppm

    return BeforeValidator(parse)


def thousandths(least: str, most: str) -> BeforeValidator:
    """A share as a whole number of thousandths, such as "30%" or "2.5x"."""
    low, high = (units.parse_share(text, "bound") for text in (least, most))

    def parse(text: object) -> int:
        wad = _between(units.parse_share(text, HERE), low, high, text, f"a share from {least} to {most}")
        thousandth, rest = divmod(wad, WAD // 1_000)
        if rest:
            raise units.UnitError(
                HERE, text, "is finer than 0.1%", "a share of at most one decimal in percent"
            )
        return thousandth

    return BeforeValidator(parse)


def wad_share(least: str, most: str) -> BeforeValidator:
    """A share as a WAD."""
    low, high = (units.parse_share(text, "bound") for text in (least, most))
    right = f"a share from {least} to {most}"
    return BeforeValidator(lambda text: _between(units.parse_share(text, HERE), low, high, text, right))


def yearly(least: str, most: str) -> BeforeValidator:
    """A rate such as "5% per year" as a WAD per year."""
    return _rate(least, most, " per year", "a yearly rate")


def per_8_hours(least: str, most: str) -> BeforeValidator:
    """A rate such as "0.01% per 8 hours" as a WAD per 8 hours."""
    return _rate(least, most, " per 8 hours", "a rate for 8 hours")


def duration(least: str, most: str) -> BeforeValidator:
    """A duration in seconds."""
    low, high = (units.parse_duration(text, "bound") for text in (least, most))
    right = f'a duration from "{least}" to "{most}"'
    return BeforeValidator(lambda text: _between(units.parse_duration(text, HERE), low, high, text, right))


def whole_dollars(least: int, most: int) -> BeforeValidator:
    """Dollars without cents."""
    right = f'whole dollars from "{least:_} USD" to "{most:_} USD"'

    def parse(text: object) -> int:
        dollars, cents = divmod(units.parse_usd(text, HERE), WAD)
        if cents:
            raise units.UnitError(HERE, text, "is not a whole number of dollars", right)
        return _between(dollars, least, most, text, right)

    return BeforeValidator(parse)


def _rate(least: str, most: str, period: str, what: str) -> BeforeValidator:
    low, high = (units.parse_share(text, "bound") for text in (least, most))
    right = f'a rate from "{least}{period}" to "{most}{period}"'

    def parse(text: object) -> int:
        if not isinstance(text, str) or not text.strip().endswith(period):
            raise units.UnitError(HERE, text, f"is not {what}", right)
        return _between(units.parse_share(text.strip().removesuffix(period), HERE), low, high, text, right)

    return BeforeValidator(parse)


def _dollars(text: object) -> int:
    right = 'a price above zero such as "2_000 USD"'
    return _between(units.parse_usd(text, HERE), 1, 2**96 - 1, text, right)


def _amount(text: object, info: ValidationInfo) -> int:
    """In the smallest units of the token that the file is about."""
    context = info.context or {}
    return units.parse_amount(text, context["symbol"], context["decimals"], HERE)


def _size(text: object, info: ValidationInfo) -> int:
    """Units of the underlying that the file is about, as a WAD: as much as a depth may be."""
    context = info.context or {}
    symbol = context["underlying"]
    right = f'a size such as "1_000 {symbol}", above zero'
    return _between(units.parse_amount(text, symbol, units.WAD_DECIMALS, HERE), 10**9, 2**96 - 1, text, right)


def _address(text: object) -> str:
    if not isinstance(text, str) or not is_checksum_address(text):
        raise units.UnitError(HERE, text, "is no address", "0x and 40 hex digits in their checksum's case")
    return str(text)


def _between(value: int, low: int, high: int, text: object, right: str) -> int:
    if not low <= value <= high:
        raise units.UnitError(HERE, text, "is out of range", right)
    return value


Dollars = Annotated[int, BeforeValidator(_dollars)]
Amount = Annotated[int, BeforeValidator(_amount)]
Size = Annotated[int, BeforeValidator(_size)]
Address = Annotated[str, BeforeValidator(_address)]
Symbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9.\-]{0,15}$")]
