"""Human units to exact integers and back: the one module that knows 10**18.

Input is text as it stands in a market file ("82.5%", "5_000_000 USDC", "$1,000", "3 days"). Results are
integers; floats are refused, because 0.1 as a float is not 0.1. What an integer cannot hold exactly is an
error, never rounded. Each parser takes the name of the field it reads, for its errors.
"""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from fractions import Fraction

from scripts.common.errors import KeelError

WAD = 10**18
WAD_DECIMALS = 18
SECONDS_PER_YEAR = 365 * 86_400

_NUMBER = r"[+-]?\d+(?:[_,]\d+)*(?:\.\d+(?:_\d+)*)?"
_AMOUNT = re.compile(rf"({_NUMBER})\s*([A-Za-z][\w.\-]*)")
_DOLLARS = re.compile(rf"([+-]?)\$\s*({_NUMBER})|({_NUMBER})\s*USD")
_SHARE = re.compile(rf"({_NUMBER})\s*(%|bps|x)")
_YEARLY_RATE = re.compile(rf"({_NUMBER}\s*(?:%|bps))\s*(?:per year|a year|/\s*year|APR)")
_DURATION_PART = re.compile(rf"({_NUMBER})\s*([a-z]+)\.?(?:\s*,\s*|\s+and\s+|\s*)")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")

_SHARE_EXPONENT = {"x": WAD_DECIMALS, "%": WAD_DECIMALS - 2, "bps": WAD_DECIMALS - 4}
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("w", "week", "weeks"), 7 * 86_400),
    **dict.fromkeys(("y", "year", "years"), SECONDS_PER_YEAR),
}
_LONG_UNITS = (("week", 7 * 86_400), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class UnitError(KeelError, ValueError):
    """A value that is not in the form its field needs.

    Also a ValueError, so that pydantic reports it by field.
    """

    def __init__(self, field: str, value: object, problem: str, right: str) -> None:
        super().__init__(f"{field}: {value!r} {problem}; write {right}")
        self.field, self.value = field, value


# --- shares, amounts, dollars, durations ---


def parse_share(text: object, field: str) -> int:
    """ "82.5%", "36 bps" or "1.05x" as a WAD. Raises UnitError, also for more than 18 decimals."""
    right = 'a share such as "82.5%", "36 bps" or "1.05x"'
    match = _match(_SHARE, text, field, "is not a share", right)
    return _exact(match[1], _SHARE_EXPONENT[match[2]], text, field, right)


def parse_amount(text: object, symbol: str, decimals: int, field: str) -> int:
    """ "5_000_000 USDC" in the token's smallest units.

    Raises UnitError for another symbol or too many decimals.
    """
    right = f'an amount such as "5_000_000 {symbol}" with at most {decimals} decimals'
    match = _match(_AMOUNT, text, field, "is not an amount", right)
    if match[2] != symbol:
        raise UnitError(field, text, f"is in {match[2]}, not in {symbol}", right)
    return _exact(match[1], decimals, text, field, right)


def parse_usd(text: object, field: str) -> int:
    """ "$1,000" or "1_000 USD" as a WAD. Raises UnitError."""
    right = 'dollars such as "$1,000" or "1_000 USD"'
    match = _match(_DOLLARS, text, field, "is not an amount of dollars", right)
    number = match[3] or match[1] + match[2]
    return _exact(number, WAD_DECIMALS, text, field, right)


def parse_duration(text: object, field: str) -> int:
    """ "3 days", "1 hour 30 minutes" or "90s" in seconds.

    Raises UnitError; a whole number of seconds is needed.
    """
    right = 'a duration such as "3 days", "1 hour 30 minutes" or "90s"'
    rest, total = _text(text, field, "is not a duration", right), Fraction(0)
    while rest:
        match = _DURATION_PART.match(rest)
        unit = _SECONDS.get(match[2]) if match else None
        if match is None or unit is None:
            raise UnitError(field, text, "is not a duration", right)
        total += Fraction(_number(match[1], text, field, right)) * unit
        rest = rest[match.end() :]
    if total.denominator != 1 or total < 0:
        raise UnitError(field, text, "is not a whole number of seconds from 0 up", right)
    return int(total)


def parse_rate(text: object, field: str) -> int:
    """ "5% per year" as a WAD per second, rounded down: no integer holds it exactly. Raises UnitError."""
    right = 'a rate such as "5% per year" or "36 bps / year"'
    match = _match(_YEARLY_RATE, text, field, "is not a yearly rate", right)
    return parse_share(match[1], field) // SECONDS_PER_YEAR


def parse_decimal(text: object, decimals: int, field: str) -> int:
    """A bare number such as "1234.56" (a price in a CSV, a fixed rate) in units of 10**-decimals.

    Raises UnitError.
    """
    right = f'a number such as "1234.56" with at most {decimals} decimals'
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    match = _match(re.compile(f"({_NUMBER})"), text, field, "is not a number", right)
    return _exact(match[1], decimals, text, field, right)


# --- back to text ---


def format_share(wad: int) -> str:
    """A WAD as "82.5%"; `parse_share` gives the same integer back."""
    return f"{_plain(wad, WAD_DECIMALS - 2)}%"


def format_amount(units: int, symbol: str, decimals: int, places: int | None = None) -> str:
    """Smallest units as "5,000,000 USDC"; exact, or cut towards zero after `places` decimals."""
    return f"{_plain(units, decimals, places)} {symbol}"


def format_usd(wad: int, places: int | None = 2) -> str:
    """A WAD as "$1,000.00", cut towards zero after `places` decimals; None is exact."""
    text = _plain(abs(wad), WAD_DECIMALS, places)
    if places:
        whole, _, decimals = text.partition(".")
        text = f"{whole}.{decimals:0<{places}}"
    return f"{'-' if wad < 0 and text.strip('0.') else ''}${text}"


def format_duration(seconds: int) -> str:
    """Seconds as "1 hour 30 minutes"; `parse_duration` gives the same integer back."""
    parts, rest = [], seconds
    for name, size in _LONG_UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {name}{'s' if count != 1 else ''}")
    return " ".join(parts) or "0 seconds"


def format_rate(wad_per_second: int) -> str:
    """A WAD per second as a yearly share with two decimals: "5.00% per year" (simple interest)."""
    hundredths = (wad_per_second * SECONDS_PER_YEAR * 10_000 + WAD // 2) // WAD
    return f"{hundredths // 100:,}.{hundredths % 100:02} % per year".replace(" %", "%")


def to_decimal(units: int, decimals: int = WAD_DECIMALS) -> Decimal:
    """An integer in units of 10**-decimals as an exact Decimal, for tables and files."""
    with localcontext() as context:
        context.prec = max(len(str(units)), 1) + 1
        return Decimal(units).scaleb(-decimals)


def from_decimal(value: Decimal, decimals: int, field: str) -> int:
    """A Decimal in units of 10**-decimals. Raises UnitError if it has more decimals than that."""
    return parse_decimal(format(value, "f"), decimals, field)


# --- internal ---


def _text(value: object, field: str, problem: str, right: str) -> str:
    if isinstance(value, float):
        raise UnitError(
            field, value, "is a bare floating-point number", f"it in quotes with its unit: {right}"
        )
    if not isinstance(value, str):
        raise UnitError(field, value, "has no unit", f"it in quotes with its unit: {right}")
    stripped = value.strip()
    if not stripped:
        raise UnitError(field, value, problem, right)
    return stripped


def _match(pattern: re.Pattern[str], value: object, field: str, problem: str, right: str) -> re.Match[str]:
    match = pattern.fullmatch(_text(value, field, problem, right))
    if match is None:
        raise UnitError(field, value, problem, right)
    return match


def _number(text: str, value: object, field: str, right: str) -> Decimal:
    # "1,5" is one and a half to some and a typing error to others: commas must stand between thousands.
    if "," in text and ("_" in text or not _GROUPED.fullmatch(text)):
        raise UnitError(field, value, "has a comma that does not separate thousands", right)
    return Decimal(text.replace(",", "").replace("_", ""))


def _exact(number: str, exponent: int, value: object, field: str, right: str) -> int:
    with localcontext() as context:
        context.prec = len(number) + exponent + 2
        scaled = _number(number, value, field, right).scaleb(exponent)
        if scaled != scaled.to_integral_value():
            raise UnitError(field, value, f"has more decimals than the {exponent} that can be kept", right)
        return int(scaled)


def _plain(units: int, decimals: int, places: int | None = None) -> str:
    sign = "-" if units < 0 else ""
    whole, rest = divmod(abs(units), 10**decimals)
    text = f"{rest:0{decimals}d}" if decimals else ""
    text = (text if places is None else text[:places]).rstrip("0")
    if not whole and not text:
        sign = ""
    return f"{sign}{whole:,}" + (f".{text}" if text else "")
