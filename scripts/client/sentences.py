"""Why a contract refused, as a sentence with the numbers in it and what would be right.

    try: ...
    except Reverted as error: print(sentence(error, domain))

A template stands for each custom error. `{worstEquity usd}` in it is the error's argument `worstEquity`, written
as dollars; `{wanted amount token}` writes `wanted` in units of the asset whose address is the argument `token`.
The kinds are the methods of `_Terms`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.client.domain import INDEX_BYTES, Asset, Domain
from scripts.client.templates import TEMPLATES
from scripts.common import abi as codec
from scripts.common.contract import Reverted
from scripts.common.units import WAD, WAD_DECIMALS, format_amount, format_duration, format_share, format_usd

FIELD = re.compile(r"\{(\w+)(?: (\w+))?(?: (\w+))?\}")
STATUSES = ("fresh", "in dispute between its sources", "out of date", "missing")
PPM = 10**6
FOREVER = 2**64
PLACES = 6


def sentence(error: Reverted, domain: Domain | None, asset: Asset | None = None) -> str:
    """The sentence for a revert; name and values of an error that has none.

    `asset` is what amounts are in where the error does not say. Without a domain assets are addresses.
    """
    if error.name == "Error" and error.args:
        return f"a contract refused: {error.args[0]}"
    if error.name == "Halt" and error.args:
        return f"the call broke off: {error.args[0]}"
    template = TEMPLATES.get(error.name)
    if template is None or (FIELD.search(template) and not error.labels):
        return str(error)
    return render(template, dict(zip(error.labels, error.args, strict=True)), domain, asset)


def render(
    template: str, values: Mapping[str, Any], domain: Domain | None = None, asset: Asset | None = None
) -> str:
    """The template with `values` written in."""
    terms = _Terms(values, domain, asset)

    def written(match: re.Match[str]) -> str:
        name, kind, other = match.groups()
        if kind is None:
            value = values[name]
            return "0x" + value.hex() if isinstance(value, bytes) else str(value)
        argument = () if other is None else (values[other],)
        return str(getattr(terms, kind)(values[name], *argument))

    return FIELD.sub(written, template)


class _Terms:
    """How arguments are written."""

    def __init__(self, values: Mapping[str, Any], domain: Domain | None, asset: Asset | None) -> None:
        self._values, self._domain, self._asset = values, domain, asset

    def usd(self, value: int) -> str:
        return format_usd(value)

    def dollars(self, value: int) -> str:
        """Whole dollars."""
        return format_usd(value * WAD)

    def share(self, value: int) -> str:
        """A WAD in per cent, with two places or, below a hundredth of a per cent, exact."""
        hundredths = value * 10_000 // WAD
        return format_share(hundredths * WAD // 10_000 if hundredths else value)

    def ppm(self, value: int) -> str:
        return format_share(value * WAD // PPM)

    def units(self, value: int) -> str:
        """A size in units of an underlying."""
        return format_amount(value, "units", WAD_DECIMALS, PLACES)

    def number(self, value: int) -> str:
        return f"{value:,}"

    def asset(self, token: str) -> str:
        """The symbol of a token's address."""
        known = self._by_address(token)
        return known.symbol if known else token

    def asset_id(self, number: int) -> str:
        known = self._domain.by_id.get(number) if self._domain else None
        return known.symbol if known else f"asset {number}"

    def underlying(self, number: int) -> str:
        return self._domain.underlying_name(number) if self._domain else f"underlying {number}"

    def amount(self, value: int, token: str | None = None) -> str:
        """An amount of a token, or of the asset that the caller named."""
        asset = self._by_address(token) if token else self._asset
        if asset is None:
            return f"{value:,} smallest units" + (f" of {token}" if token else "")
        return format_amount(value, asset.symbol, asset.decimals, min(PLACES, asset.decimals))

    def settlement(self, value: int) -> str:
        """An amount of the settlement asset."""
        if self._domain is None:
            return f"{value:,} smallest units of the settlement asset"
        return self.amount(value, self._domain.settlement.token.address)

    def shares(self, value: int) -> str:
        """Shares of the backstop, which have the decimals of the settlement asset."""
        if self._domain is None:
            return f"{value:,} smallest units of shares"
        return format_amount(value, "shares", self._domain.settlement.decimals, PLACES)

    def account(self, value: bytes) -> str:
        return account_name(value)

    def time(self, value: int) -> str:
        if value >= FOREVER:
            return "an unknown time"
        return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

    def duration(self, value: int) -> str:
        return format_duration(value) if value < FOREVER else "an unlimited time"

    def name(self, value: bytes) -> str:
        """A parameter's name."""
        return value.rstrip(b"\0").decode(errors="replace")

    def status(self, value: int) -> str:
        return STATUSES[value] if value < len(STATUSES) else f"of status {value}"

    def state(self, paused: bool) -> str:
        return "; the vault is paused" if paused else ""

    def fee(self, value: int) -> str:
        """A fee in hundredths of a basis point."""
        return self.ppm(value)

    def _by_address(self, token: str) -> Asset | None:
        return self._domain.by_address.get(codec.checksum(token)) if self._domain else None


def account_name(account: bytes) -> str:
    """The owner's address, and the account's number unless it is the first."""
    index = int.from_bytes(account[-INDEX_BYTES:], "big")
    return codec.checksum("0x" + account[:-INDEX_BYTES].hex()) + (f" #{index}" if index else "")
