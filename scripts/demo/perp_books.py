"""What is read from the chain about a perpetual market: worth of accounts, funding, and whether its books add up."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from scripts.common.contract import Call
from scripts.common.logs import events_of
from scripts.common.units import WAD
from scripts.demo.perp_result import PerpBooks
from scripts.demo.stage import Stage
from scripts.keeper.perps import QUOTE_DECIMALS, Perp

QUOTE = 10**QUOTE_DECIMALS
_MASK_248 = (1 << 248) - 1


def worth_calls(stage: Stage, perp: Perp, account: bytes) -> list[Call]:
    """Calls whose answers `worth` takes."""
    return [stage.vault.holdings.prepare(account), perp.market.position.prepare(account)]


def worth(stage: Stage, answers: Sequence[Any]) -> tuple[int, int]:
    """What an account holds, its position at the mark and its claims; and the claims alone, both WADs of dollars."""
    (holdings, _, _), position = answers
    total = Decimal(0)
    for holding in holdings:
        amount = holding & _MASK_248
        amount -= (1 << 248) if amount >> 247 else 0
        total += stage.dollars(stage.by_id[holding >> 248].symbol, amount)
    claims = stage.settlement_value(position.waiting + position.allotted)
    settlement = stage.prices[stage.settlement]
    profit = int(Decimal(position.pnl) / QUOTE * settlement * WAD)
    return int(total * WAD) + profit + claims, claims


def funding_paid(stage: Stage, perp: Perp, accounts: Sequence[bytes], first: int) -> list[int]:
    """What each account was paid in funding since block `first`, negative what it paid {quote}.

    From the market's events: a size times what the index moved while it stood, funding of now included.
    """
    chain, market = stage.chain, perp.market
    last = chain.block_number
    accrued = events_of(chain, market, "FundingAccrued", (), first, last)
    blocks = [event["block"] for event in accrued]

    def index_at(block: int) -> int:
        number = bisect_right(blocks, block)
        return int(accrued[number - 1]["fundingWad"]) if number else 0

    now = int(market.state().fundingWad)
    paid = []
    for account in accounts:
        total, size, since = 0, 0, 0
        for event in events_of(chain, market, "PositionChanged", (account,), first, last):
            index = index_at(event["block"])
            total -= size * (index - since)
            size, since = event["sizeWad"], index
        paid.append(total - size * (now - since))
    return paid


def read_books(stage: Stage, perp: Perp, accounts: Sequence[bytes], first: int) -> PerpBooks:
    """The market's books; `accounts` are all that may have something in it, `first` is a block before they had."""
    market = perp.market
    own = stage.account_id(market.address)
    *positions, totals, state, held = stage.chain.read_all(
        [
            *(market.position.prepare(account) for account in accounts),
            market.totals.prepare(),
            market.state.prepare(),
            stage.vault.balanceOf.prepare(own, stage[stage.settlement].token),
        ]
    )
    claims = totals.waiting + totals.allotted
    costs = sum(position.cost for position in positions) + totals.receiverCost
    value = stage.settlement_value
    buckets = events_of(stage.chain, market, "BucketDeleveraged", (), first, stage.chain.block_number)
    # A position that shares in a bucket's deleveraging is rounded to the wei, once, until it is written.
    loose = len(accounts) if buckets else 0
    dearest = max([state.markWad, *(event["priceWad"] for event in buckets)])
    return PerpBooks(
        sizes=sum(position.sizeWad for position in positions) + totals.receiverSizeWad,
        difference=costs + (totals.cash - claims) * perp.token - totals.fees,
        cash=value(totals.cash),
        held=value(held),
        claims=value(claims),
        allotted=value(totals.allotted),
        fees=value(totals.fees // perp.token),
        unborne=value(max(totals.receiverCost, 0) // perp.token) if not totals.receiverSizeWad else 0,
        open_interest=totals.openInterestWad,
        deleveraged=len(buckets),
        loose_sizes=loose,
        loose_costs=loose * dearest,
    )
