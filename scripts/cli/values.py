"""What people type: amounts, assets, addresses, accounts; and numbers as people read them.

Everything raises UsageError with one line: what was wrong, with which value, and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

from scripts.cli.failures import UsageError
from scripts.client.domain import INDEX_BYTES, Asset, Domain
from scripts.common import abi as codec
from scripts.common.units import (
    WAD,
    UnitError,
    format_amount,
    format_usd,
    parse_decimal,
    parse_share,
    to_decimal,
)

ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
ACCOUNT = re.compile(r"0x[0-9a-fA-F]{64}")
ALL = "all"
NATIVE = "ETH"
UNBOUNDED = 2**128
SIGNIFICANT = 6
# Longer numbers of anything are none, and Python reads no integer of thousands of digits.
WHOLE = re.compile(r"\d{1,40}")


def close_to(text: str, known: Iterable[str]) -> str:
    """ " - did you mean X?", or nothing."""
    lower = {name.lower(): name for name in known}
    matches = get_close_matches(text.lower(), lower, n=1, cutoff=0.5)
    return f'; did you mean "{lower[matches[0]]}"?' if matches else ""


def find_asset(domain: Domain, text: str) -> Asset:
    """A listed asset by its symbol in any case, or by its token's address."""
    for asset in domain.assets:
        if text.lower() in (asset.symbol.lower(), asset.token.address.lower()):
            return asset
    known = ", ".join(domain.by_symbol)
    raise UsageError(f'no asset "{text}" is listed; there are {known}{close_to(text, domain.by_symbol)}')


def find_underlying(domain: Domain, text: str) -> int:
    """The number of a price by its name (ETH), or by the symbol of an asset that moves with it (WETH)."""
    for name, number in domain.underlyings.items():
        if text.lower() == name.lower():
            return number
    for asset in domain.assets:
        if text.lower() == asset.symbol.lower():
            return asset.underlying
    names = list(domain.underlyings)
    raise UsageError(f'there is no price of "{text}"; there are {", ".join(names)}{close_to(text, names)}')


def split_amount(amount: str, symbol: str | None) -> tuple[str, str]:
    """Number (or "all") and asset from `1.5 WETH` as one word or as two."""
    words = amount.split()
    if symbol is not None:
        words.append(symbol)
    if len(words) == 2 and words[1][:1].isdigit() and not words[1].startswith("0x"):
        words.reverse()  # `WETH 1.5`
    if len(words) != 2:
        raise UsageError(
            f'"{" ".join(words)}" is no amount of an asset; write one such as "1.5 WETH" or "all WETH"'
        )
    return words[0], words[1]


def units(number: str, asset: Asset) -> int:
    """A positive number of whole tokens in smallest units."""
    try:
        amount = parse_decimal(number, asset.decimals, "amount")
    except UnitError as error:
        raise UsageError(str(error)) from None
    if amount <= 0:
        raise UsageError(
            f"amount: {number} {asset.symbol} is not above zero; write one such as 1.5 {asset.symbol}"
        )
    if amount >= UNBOUNDED:
        raise UsageError(f"amount: {number} {asset.symbol} is more than any token has")
    return amount


def checked_address(text: str, field: str) -> str:
    """An address; with capitals in it they must be those of EIP-55."""
    if not ADDRESS.fullmatch(text):
        raise UsageError(f'{field}: "{text}" is no address; write 0x and 40 hex digits')
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and codec.checksum(text.lower()) != text:
        raise UsageError(
            f"{field}: {text} has a wrong checksum, so a character of it is wrong; copy the address again"
        )
    return codec.checksum(text.lower())


def number_within(text: str, least: int, most: int, field: str) -> int:
    """A whole number."""
    if not WHOLE.fullmatch(text) or not least <= int(text) <= most:
        raise UsageError(f'{field}: "{text}" is not a whole number from {least} to {most}')
    return int(text)


def account_index(text: str) -> int:
    """The number of one of an owner's accounts."""
    if not WHOLE.fullmatch(text) or int(text) >= 2 ** (8 * INDEX_BYTES):
        raise UsageError(
            f'--index: "{text}" is no number of an account; write a whole number from 0 to 2**96 - 1'
        )
    return int(text)


def share(text: str, field: str, most: int = WAD, least: int = 1) -> int:
    """A share such as "1%" as a WAD."""
    try:
        wad = parse_share(text, field)
    except UnitError as error:
        raise UsageError(str(error)) from None
    if not least <= wad <= most:
        raise UsageError(
            f'{field}: "{text}" is out of range; write at most {most * 100 // WAD}% and more than 0%'
        )
    return wad


def leverage(text: str) -> Fraction:
    """ "4" or "2.5x"."""
    right = "write a number above 0 such as 4 or 2.5"
    match = re.fullmatch(r"(\d{1,40}(?:\.\d{1,40})?)\s*[xX×]?", text.strip())
    if not match or not 0 < Fraction(match[1]) <= 100:
        raise UsageError(f'--leverage: "{text}" is no leverage; {right}')
    return Fraction(match[1])


# --- for people ---


def brief(amount: int, asset: Asset, symbol: bool = True) -> str:
    """An amount with about six significant digits."""
    whole = abs(amount) // 10**asset.decimals
    places = max(2, SIGNIFICANT - len(str(whole))) if whole else 8
    text = format_amount(amount, "", asset.decimals, min(places, asset.decimals)).strip()
    if text == "0" and amount:
        text = "<0.00000001" if amount > 0 else ">-0.00000001"
    return f"{text} {asset.symbol}" if symbol else text


def short_usd(wad: int) -> str:
    """Rounded dollars: without cents from ten thousand on, with four decimals below one."""
    places = 0 if abs(wad) >= 10_000 * WAD else 2 if abs(wad) >= WAD or not wad else 4
    half = WAD // 10**places // 2
    return format_usd(wad + half if wad >= 0 else wad - half, places)


def price(wad: int) -> str:
    """A price in dollars."""
    return format_usd(wad, 2 if wad >= 10 * WAD else 4)


def percent(wad: int, places: int = 2) -> str:
    """A WAD in per cent, rounded."""
    unit = 10 ** (16 - places)
    scaled = (abs(wad) + unit // 2) // unit
    whole, rest = divmod(scaled, 10**places)
    sign = "-" if wad < 0 and scaled else ""
    return f"{sign}{whole:,}.{rest:0{places}}%" if places else f"{sign}{whole:,}%"


def times(wad: int | None) -> str:
    """A WAD as a plain number with two decimals, cut; None is unlimited."""
    if wad is None:
        return "∞"
    return f"{wad // 10**16 / 100:,.2f}" if wad < UNBOUNDED else "∞"


def whole_tokens(amount: int, asset: Asset) -> Decimal:
    """An exact amount, for JSON."""
    return to_decimal(amount, asset.decimals)
