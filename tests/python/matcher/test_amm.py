"""A market's virtual AMM beside the book: who comes first, what is routed to it, what a refusal does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scripts.matcher.amm import LEAST_PART, Amm
from scripts.matcher.engine import NOT_ALL, Engine
from scripts.matcher.live import BUY, SELL, LiveOrder, Status
from scripts.matcher.orders import Flag, Trigger
from scripts.model.perp_amm import Curve
from tests.helpers.perp_matcher import MARKET, WAD, unsigned

NOW = 1_000
INDEX = 2_000 * WAD
CURVE = Curve(10_000 * WAD, WAD // 1_000, WAD // 100)
MOST = 2_000 * WAD
AMM = Amm(bytes.fromhex("44" * 20), CURVE, INDEX, 0, MOST)


class Market:
    """An engine whose only market has an AMM; owners are numbers, sizes and prices whole."""

    def __init__(self, amm: Amm | None = AMM) -> None:
        self.engine, self.nonce = Engine([MARKET], 3), 0
        self.engine.amms.now[MARKET] = amm

    def place(self, owner: int, size: float, price: int, flags: int = 0) -> LiveOrder:
        self.nonce += 1
        signed = unsigned(owner, int(size * WAD), price * WAD, nonce=self.nonce, flags=flags)
        return self.engine.place(signed, NOW)

    def fills(self) -> list[tuple[int | None, int]]:
        """(maker's owner, None: the AMM; size) of all that waits for settlement."""
        return [
            (int.from_bytes(leg.maker.owner) if leg.maker else None, leg.size)
            for match in self.engine.matches.values()
            for leg in match.legs
        ]


@given(
    side=st.sampled_from([BUY, SELL]),
    sold=st.integers(-MOST, MOST),
    left=st.integers(1, 3_000 * WAD),
    away=st.integers(-400 * WAD, 400 * WAD),
)
def test_what_is_taken_is_the_most_within_the_price(side: int, sold: int, left: int, away: int) -> None:
    amm = AMM.after(sold)
    limit = amm.edge(side) + side * away
    part, fill = amm.part(side, limit, left), amm.fill(side, limit, left)
    assert part <= fill <= left and side * amm.sold + fill <= max(MOST, side * amm.sold)
    for size in (part, fill):
        assert size == 0 or side * (limit - amm.price(side * size)) >= 0
    if 0 < part < left and side * amm.sold + part < MOST:
        # The next unit alone costs more than the price.
        more = WAD
        assert side * (amm.after(side * part).price(side * more) - limit) > 0
    if away >= 0 and fill == 0:
        assert amm.after(side * (left // LEAST_PART + 1)).edge(side) * side > limit * side or (
            side * amm.sold + left // LEAST_PART + 1 > MOST
        )


def test_makers_at_the_same_or_a_better_price_come_first_and_at_a_worse_one_last() -> None:
    market = Market()
    edge = -(-AMM.edge(BUY) // WAD)
    market.place(1, -1, edge + 30)
    market.place(2, -1, edge - 1)
    taker = market.place(3, 200, edge + 30)
    fills = market.fills()
    assert [maker for maker, _ in fills] == [2, 1, None]
    assert fills[0][1] == fills[1][1] == WAD
    market = Market()
    market.place(1, -1, edge + 30)
    taker = market.place(3, 20, edge + 30)
    assert market.fills() == [(None, 20 * WAD)] and taker.status is Status.MATCHED
    # At the AMM's own price a maker is before it.
    market = Market(Amm(AMM.address, Curve(10_000 * WAD), INDEX, 0, MOST))
    market.place(1, -1, 2_000)
    market.place(3, 1, 2_001)
    assert market.fills() == [(1, WAD)]


def test_the_rest_of_a_taker_is_what_the_amm_sells_within_its_limit() -> None:
    market = Market()
    market.place(1, -1, 2_001)
    taker = market.place(2, 100, 2_010)
    (made, rest) = market.fills()
    assert made == (1, WAD) and rest[0] is None and 0 < rest[1] < 99 * WAD
    assert taker.open == 99 * WAD - rest[1] and taker.hash in market.engine.books[MARKET]
    amm = market.engine.amms.of(MARKET)
    assert amm is not None and amm.sold == rest[1] and amm.edge(BUY) > 2_010 * WAD - WAD // 10**6
    # Whoever comes next gets the price behind it.
    assert market.place(3, 1, 2_010).open == WAD


def test_post_only_never_takes_from_the_amm() -> None:
    market = Market()
    order = market.place(1, 1, 2_050, Flag.POST_ONLY)
    market.engine.meet_amm(MARKET, NOW)
    assert order.status is Status.OPEN and not market.fills()


def test_all_or_nothing_counts_the_amm_in_one_settlement() -> None:
    market = Market()
    market.place(1, -1, 2_001)
    order = market.place(2, 20, 2_010, Flag.FILL_OR_KILL)
    (match,) = market.engine.matches.values()
    assert order.status is Status.MATCHED and match.size == 20 * WAD and match.rest is not None
    refused = market.place(3, 2_000, 2_010, Flag.FILL_OR_KILL)
    assert (refused.status, refused.reason) == (Status.DROPPED, NOT_ALL)
    assert len(market.engine.matches) == 1


def test_a_resting_order_meets_the_amm_when_its_price_comes() -> None:
    market = Market()
    order = market.place(1, 10, 1_990)
    assert order.status is Status.OPEN
    market.engine.amms.now[MARKET] = Amm(AMM.address, CURVE, 1_980 * WAD, 0, MOST)
    market.engine.meet_amm(MARKET, NOW)
    assert market.fills() == [(None, 10 * WAD)] and order.status is Status.MATCHED


def test_a_stop_order_that_wakes_takes_from_the_amm() -> None:
    market = Market()
    limit = unsigned(1, -WAD, 1_850 * WAD)
    stop = market.engine.place(replace(limit, trigger_price=1_900 * WAD, trigger=Trigger.AT_OR_BELOW), NOW)
    assert stop.status is Status.WAITING and not market.fills()
    market.engine.amms.now[MARKET] = Amm(AMM.address, CURVE, 1_890 * WAD, 0, MOST)
    market.engine.trigger(MARKET, 1_890 * WAD, NOW)
    assert market.fills() == [(None, WAD)] and stop.status is Status.MATCHED


def test_who_was_refused_waits_longer_each_time_and_loses_no_place() -> None:
    market = Market()
    order = market.place(1, 10, 2_010)
    now = NOW
    for wait in (1, 2, 4, 8):
        (match,) = market.engine.matches.values()
        market.engine.amms.bar(order, now)
        market.engine.unwind(match, {}, now)
        assert order.status is Status.OPEN and order.hash in market.engine.books[MARKET]
        market.engine.meet_amm(MARKET, now + wait - 1)
        assert not market.fills()
        now += wait
        market.engine.meet_amm(MARKET, now)
        assert market.fills() == [(None, 10 * WAD)]
    amm = market.engine.amms.of(MARKET)
    assert amm is not None and amm.sold == 10 * WAD


def test_without_an_amm_or_while_it_does_not_trade_the_book_is_alone() -> None:
    market = Market(None)
    order = market.place(1, 10, 3_000)
    market.engine.meet_amm(MARKET, NOW)
    assert order.status is Status.OPEN and not market.fills()
