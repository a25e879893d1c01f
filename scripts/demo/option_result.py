"""What the act with options leaves behind. Dollars are WADs; samples are floats, for they are only drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.common.units import WAD
from scripts.demo.perp_result import dollars


@dataclass
class OptionSample:
    """One price point of the delta-neutral book, in dollars; requirements are those of maintenance."""

    seconds: int
    equity: float
    portfolio: float
    standard: float
    volatility: float


@dataclass
class OptionOutcome:
    """One account. Equity is what the risk engine counts; `claims` is what waits to be paid, `from_backstop` what the
    fund added to takeovers less what it got of them."""

    name: str
    position: str
    start_equity: int = 0
    end_equity: int = 0
    claims: int = 0
    lowest_health: float | None = None
    taken_over: int = 0
    premiums: int = 0
    from_backstop: int = 0


@dataclass
class OptionBooks:
    """What OPT-1 says of a market: `sizes` {units}, the sum of what each series is off, and `difference` {quote} are
    zero, and the vault holds the market's `cash`. `loose` is what deleveraged series may be off by roundings."""

    sizes: int
    difference: int
    cash: int
    held: int
    loose: int = 0

    @property
    def add_up(self) -> bool:
        """Sizes and costs do, and cash is there."""
        return abs(self.sizes) <= self.loose and self.difference == 0 and self.held >= self.cash


@dataclass
class OptionsOutcome:
    """The act. `initial` and `maintenance` are what the book requires at the start, as a portfolio and by itself;
    `greeks` are those of all that it holds: delta and gamma {ether}, vega {dollars a point of volatility}, theta {dollars
    a day}. `funding` is what its perpetual was paid {quote, a WAD}, `smiles` how often they were published."""

    market: str
    accounts: list[OptionOutcome]
    initial: tuple[int, int]
    maintenance: tuple[int, int]
    greeks: dict[str, float]
    books: OptionBooks
    funding: int
    hedges: int
    smiles: int
    samples: list[OptionSample] = field(default_factory=list)

    @property
    def book(self) -> OptionOutcome:
        """The delta-neutral book."""
        return self.accounts[0]

    @property
    def seller(self) -> OptionOutcome:
        """The naked short."""
        return self.accounts[1]

    @property
    def share(self) -> float:
        """Of the standard requirement that the book needs as a portfolio, at the start."""
        return self.initial[0] / self.initial[1]

    def content(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "market": self.market,
            "accounts": [
                {
                    "name": account.name,
                    "position": account.position,
                    "start_equity": dollars(account.start_equity),
                    "end_equity": dollars(account.end_equity),
                    "claims": dollars(account.claims),
                    "lowest_health": account.lowest_health,
                    "taken_over": account.taken_over,
                    "premiums": dollars(account.premiums),
                    "from_backstop": dollars(account.from_backstop),
                }
                for account in self.accounts
            ],
            "requirement": {
                name: {"portfolio": dollars(of[0]), "standard": dollars(of[1])}
                for name, of in (("initial", self.initial), ("maintenance", self.maintenance))
            },
            "greeks": {name: round(value, 6) for name, value in self.greeks.items()},
            "funding": self.funding / WAD,
            "hedges": self.hedges,
            "smiles": self.smiles,
            "books": {
                "add_up": self.books.add_up,
                "sizes": str(self.books.sizes),
                "difference": str(self.books.difference),
                "cash": dollars(self.books.cash),
                "held": dollars(self.books.held),
            },
            "samples": {
                "seconds": [sample.seconds for sample in self.samples],
                **{
                    name: [round(getattr(sample, name), 4) for sample in self.samples]
                    for name in ("equity", "portfolio", "standard", "volatility")
                },
            },
        }
