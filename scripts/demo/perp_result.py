"""What the act with perpetuals leaves behind. Dollars are WADs, rates and premiums floats, for they are only drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.common.units import WAD


@dataclass
class PerpSample:
    """One price point: funding rate {per 8 hours}, mark over index, and how the arbitrageur stands.

    `gained` is his equity less what he brought in and what his ether has gained; `funding` what he has been
    paid, both in dollars.
    """

    seconds: int
    rate: float
    premium: float
    gained: float
    funding: float


@dataclass
class PerpOutcome:
    """One account with perpetuals. Equity is what it holds, its position at the mark, and its claims.

    `funding` is what it was paid, negative what it paid; `claims` is the part of its equity that waits to be
    paid; `size` is what is left of its position, in ether.
    """

    name: str
    position: str
    start_equity: int
    end_equity: int = 0
    funding: int = 0
    claims: int = 0
    size: int = 0
    lowest_health: float | None = None


@dataclass
class PerpBooks:
    """What PERP-1 says of a market, read from the chain: `sizes` and `difference` must be zero, or no more than
    `loose_sizes` and `loose_costs`, what roundings leave of positions that were deleveraged and not written since.

    `sizes` is the sum over all accounts {units}, `difference` that of costs and cash less claims and fees {quote}.
    `cash`, `claims` and `allotted`, the part of them that cash is kept for, are dollars, as are what the vault
    has `held` for the market, and losses that are `unborne` yet. `deleveraged` is how often a bucket was.
    """

    sizes: int
    difference: int
    cash: int
    held: int
    claims: int
    allotted: int
    fees: int
    unborne: int
    open_interest: int
    deleveraged: int = 0
    loose_sizes: int = 0
    loose_costs: int = 0

    @property
    def add_up(self) -> bool:
        """Sizes and costs do, and cash is there and covers what is kept for claims."""
        adds_up = abs(self.sizes) <= self.loose_sizes and abs(self.difference) <= self.loose_costs
        return adds_up and self.held >= self.cash >= self.allotted


@dataclass
class PerpsOutcome:
    """The act. `lp_start` and `lp_end` are dollars that the shares of all LPs are worth at the mark, `lp_exit` what they
    would leave with at the end, `lp_funding` what their account was paid."""

    market: str
    accounts: list[PerpOutcome]
    arbitrageur: str
    books: PerpBooks
    lp_start: int
    lp_end: int
    lp_exit: int
    lp_funding: int
    samples: list[PerpSample] = field(default_factory=list)

    @property
    def arbitrage(self) -> PerpOutcome:
        """The arbitrageur's account."""
        return next(account for account in self.accounts if account.name == self.arbitrageur)

    @property
    def lp_traded(self) -> int:
        """What LPs gained beside funding: what traders lost to the virtual AMM, spread included."""
        return self.lp_end - self.lp_start - self.lp_funding

    @property
    def lp_change(self) -> float:
        """Relative change of what an LP's share is worth."""
        return (self.lp_end - self.lp_start) / self.lp_start

    def content(self, taken: Sequence[tuple[int, int]]) -> dict[str, Any]:
        """For JSON; `taken` says of each account how often it was taken over and what premiums it paid."""
        return {
            "market": self.market,
            "accounts": [
                {
                    "name": account.name,
                    "position": account.position,
                    "start_equity": dollars(account.start_equity),
                    "end_equity": dollars(account.end_equity),
                    "claims": dollars(account.claims),
                    "funding": dollars(account.funding),
                    "premiums": dollars(premiums),
                    "taken_over": times,
                    "end_size": str(account.size),
                    "lowest_health": account.lowest_health,
                }
                for account, (times, premiums) in zip(self.accounts, taken, strict=True)
            ],
            "arbitrageur": self.arbitrageur,
            "lps": {
                "start": dollars(self.lp_start),
                "end": dollars(self.lp_end),
                "exit": dollars(self.lp_exit),
                "funding": dollars(self.lp_funding),
                "change": self.lp_change,
            },
            "books": {
                "add_up": self.books.add_up,
                "sizes": str(self.books.sizes),
                "difference": str(self.books.difference),
                **{
                    name: dollars(getattr(self.books, name))
                    for name in ("cash", "held", "claims", "allotted", "fees", "unborne")
                },
                "deleveraged": self.books.deleveraged,
                "open_interest": str(self.books.open_interest),
            },
            "samples": {
                "seconds": [sample.seconds for sample in self.samples],
                **{
                    name: [round(getattr(sample, name), digits) for sample in self.samples]
                    for name, digits in (("rate", 8), ("premium", 8), ("gained", 2), ("funding", 2))
                },
            },
        }


def dollars(wad: int) -> float:
    """A WAD of dollars to the cent."""
    return round(wad / WAD, 2)
