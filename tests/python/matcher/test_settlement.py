"""Orders that the matcher takes are settled by the real contracts, on Anvil."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from scripts.matcher.effects import Stage
from scripts.matcher.live import Status
from tests.helpers.evm import AnvilBackend
from tests.helpers.matcher_place import Place, market_place
from tests.helpers.perp_orders import AT_OR_BELOW, FILL_OR_KILL, REDUCE_ONLY
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import WAD, System

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

TAKER, MAKER, OTHER_MAKER, THIRD_MAKER, SETTLER = range(10, 15)

Run = Callable[[Callable[[Place], Awaitable[None]]], None]


@pytest.fixture(scope="module")
def deployed(session_anvil: AnvilBackend) -> PerpTrading:
    """A market with orders, and dollars for those who trade."""
    perps = PerpTrading.deploy(System.deploy(session_anvil))
    for role in (TAKER, MAKER, OTHER_MAKER, THIRD_MAKER):
        perps.funded(session_anvil.accounts[role])
    return perps


@pytest.fixture
def run(deployed: PerpTrading, anvil: AnvilBackend, tmp_path: Path) -> Run:
    """Runs a test's steps beside a matcher; again on the same database if it is called again."""

    async def steps(test: Callable[[Place], Awaitable[None]]) -> None:
        async with market_place(deployed, tmp_path, SETTLER) as place:
            await test(place)

    return lambda test: asyncio.run(steps(test))


@pytest.fixture
def taker(deployed: PerpTrading, anvil: AnvilBackend) -> bytes:
    return deployed.system.account(anvil.accounts[TAKER])


@pytest.fixture
def makers(deployed: PerpTrading, anvil: AnvilBackend) -> list[bytes]:
    return [deployed.system.account(anvil.accounts[role]) for role in (MAKER, OTHER_MAKER, THIRD_MAKER)]


def test_a_taker_is_settled_against_several_makers_at_their_prices(
    run: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        first = await place.post(makers[0], -1, 2_001)
        second = await place.post(makers[1], -2, 2_000)
        taken = await place.post(taker, 2.5, 2_010)
        assert taken["status"] == "matched", taken
        await place.settled()
        assert [place.filled(order) for order in (first, second, taken)] == [WAD // 2, 2 * WAD, 5 * WAD // 2]
        assert place.perps.size(taker) == 5 * WAD // 2
        assert place.end_of(taken) == place.end_of(second) == (Status.FILLED, "")
        assert place.matcher.feed.book(next(iter(place.matcher.markets)), 5)["asks"] == [
            [str(2_001 * WAD), str(WAD // 2)]
        ]

    run(test)


def test_a_maker_whose_margin_has_gone_is_dropped_and_the_taker_meets_the_next_one(
    run: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        poor, rich = makers[:2]
        bad = await place.post(poor, -1, 2_000)
        good = await place.post(rich, -1, 2_001)
        system, owner = place.perps.system, place.perps.checksum("0x" + poor[:20].hex())
        system.vault.withdraw(poor, system["USDC"], 2**256 - 1, owner, sender=owner)
        taken = await place.post(taker, 1, 2_010)
        await place.until(lambda: place.filled(taken), "the second maker's fill")
        await place.settled()
        status, reason = place.end_of(bad) or ("", "")
        assert status is Status.DROPPED and "add margin or borrow less" in reason
        assert (place.filled(bad), place.filled(good)) == (0, WAD)

    run(test)


def test_what_others_fill_and_cancel_on_chain_leaves_the_book(
    run: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        order = place.order(makers[0], -2, 2_000)
        (resting,) = await place.matcher.place([place.json(order)], "test")
        cancelled = place.order(makers[1], -1, 2_001)
        (gone,) = await place.matcher.place([place.json(cancelled)], "test")
        below = await place.post(makers[2], -1, 2_002, nonce=5)
        place.perps.match(place.order(taker, 0.5, 2_000), [order])
        place.perps.orders.cancel(cancelled.fields(), sender=cancelled.signer)
        third = place.perps.checksum("0x" + makers[2][:20].hex())
        place.perps.orders.cancelBelow(makers[2], 6, sender=third)
        live = place.matcher.engine.live[bytes.fromhex(resting["hash"][2:])]
        await place.until(lambda: live.filled == WAD // 2 and place.end_of(below), "what the chain did")
        assert live.open == 3 * WAD // 2
        assert place.end_of(gone) == place.end_of(below) == (Status.CANCELLED, "cancelled on chain")
        late = await place.post(makers[2], -1, 2_002, nonce=4)
        assert late["error"]["code"] == "nonce_too_low"

    run(test)


def test_an_order_that_ended_here_shows_what_others_fill_of_it(
    run: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        order = place.order(makers[0], -2, 2_000)
        (resting,) = await place.matcher.place([place.json(order)], "test")
        hash_ = bytes.fromhex(resting["hash"][2:])
        place.matcher.engine.cancel(hash_, "by its owner")
        place.perps.match(place.order(taker, 0.5, 2_000), [order])

        shown: dict[str, Any] = {}
        while shown.get("filled") != str(WAD // 2):
            shown = await place.matcher.order(hash_) or {}
            await asyncio.sleep(0.01)
        assert (shown["status"], shown["open"]) == (Status.CANCELLED, "0")

    run(test)


def test_an_order_beyond_the_accounts_margin_is_refused_before_it_is_taken(run: Run, taker: bytes) -> None:
    async def test(place: Place) -> None:
        refused = await place.post(taker, 1_000, 2_000)
        assert refused["error"]["code"] == "insufficient_margin"
        # Each alone would do.
        sizes = [await place.post(taker, 100, 2_000) for _ in range(5)]
        assert sizes[0]["accepted"] and sizes[-1]["error"]["code"] == "insufficient_margin"
        nothing = await place.post(taker, 1, 2_000, flags=REDUCE_ONLY)
        assert nothing["error"]["code"] == "nothing_to_reduce"

    run(test)


def test_a_settlement_that_loses_its_block_is_settled_again_and_filled_once(
    run: Run, anvil: AnvilBackend, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        maker = await place.post(makers[0], -2, 2_000)
        before = anvil.snapshot()
        taken = await place.post(taker, 0.5, 2_000)
        await place.settled()
        assert place.filled(taken) == WAD // 2
        (batch,) = place.matcher.pending.batches.values()
        hashes = list(batch.hashes)
        anvil.revert(before)
        assert place.filled(taken) == 0
        anvil.mine(2)
        await place.until(lambda: place.filled(taken) == WAD // 2, "the second settlement")
        await place.settled()
        assert place.matcher.follower.reorganisations >= 1
        assert (
            batch.hashes[0] == hashes[0]
            and place.matcher.venue.nonce(place.matcher.venue.sender) == batch.nonce + 1
        )
        live = place.matcher.engine.live[bytes.fromhex(maker["hash"][2:])]
        assert (live.filled, live.pending, live.open) == (WAD // 2, 0, 3 * WAD // 2)

    run(test)


def test_after_a_restart_it_goes_on_where_it_was(
    run: Run, anvil: AnvilBackend, taker: bytes, makers: list[bytes]
) -> None:
    told: dict[str, Any] = {}

    async def first(place: Place) -> None:
        told["maker"] = await place.post(makers[0], -2, 2_000)
        told["taker"] = await place.post(taker, 1, 1_999)

    async def second(place: Place) -> None:
        bids = place.matcher.feed.book(next(iter(place.matcher.markets)), 5)["bids"]
        assert bids == [[str(1_999 * WAD), str(WAD)]]
        await place.post(makers[1], 2, 2_000)
        await place.settled()
        assert place.filled(told["maker"]) == 2 * WAD

    run(first)
    run(second)


def test_a_stop_order_waits_for_the_index_and_then_takes(run: Run, taker: bytes, makers: list[bytes]) -> None:
    async def test(place: Place) -> None:
        await place.post(makers[0], 1, 1_850)
        await place.post(taker, 1, 2_000)
        await place.post(makers[1], -1, 2_000)
        await place.settled()
        stop = await place.post(
            taker, -1, 1_800, trigger=AT_OR_BELOW, trigger_price=1_900 * WAD, flags=REDUCE_ONLY
        )
        assert stop["status"] == "waiting"
        place.perps.system.set_price("WETH", 1_880)
        place.perps.evm.mine()
        await place.until(lambda: place.filled(stop) == WAD, "the stop order's fill")
        assert place.perps.size(taker) == 0

    run(test)


def test_a_contract_wallet_signs_by_saying_so(
    run: Run, anvil: AnvilBackend, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        wallet = anvil.deploy("MockSigningWallet")
        owner = anvil.accounts[TAKER]
        approved = place.order(taker, 1, 1_990, signer=wallet.address)
        refused = await place.matcher.place([place.json(approved, b"\x01")], "test")
        assert refused[0]["error"]["code"] == "not_authorised"
        place.perps.system.vault.setOperator(taker, wallet.address, 2**64, sender=owner)
        await place.matcher.accounts.read([(taker, bytes.fromhex(wallet.address[2:]))])
        (taken,) = await place.matcher.place([place.json(approved, b"\x01")], "test")
        assert taken["accepted"], taken
        wallet.set(1, "0x" + "00" * 20, b"", True)
        other = place.order(taker, 1, 1_991, signer=wallet.address)
        (no,) = await place.matcher.place([place.json(other, b"\x01")], "test")
        assert no["error"]["code"] == "bad_signature"
        # The wallet changed its mind after the order was taken: the chain's answer counts.
        await place.post(makers[0], -1, 1_990)
        await place.until(lambda: place.end_of(taken), "the wallet's order's end")
        assert place.end_of(taken)[0] is Status.DROPPED and place.filled(taken) == 0

    run(test)


def test_matches_of_one_transaction_fail_alone(run: Run, taker: bytes, makers: list[bytes]) -> None:
    async def test(place: Place) -> None:
        for maker in makers:
            await place.post(maker, -1, 2_000)
        results = await place.matcher.place(
            [place.json(place.order(taker, 0.5, 2_000)) for _ in range(6)], "test"
        )
        await place.settled()
        assert [place.filled(result) for result in results] == [WAD // 2] * 6
        stages = {
            trade["stage"] for trade in place.matcher.store.trades(next(iter(place.matcher.markets)), 50)
        }
        assert stages == {Stage.SETTLED}
        assert place.matcher.settler.sent <= 3

    run(test)


@pytest.fixture
def run_with_amm(deployed: PerpTrading, anvil: AnvilBackend, tmp_path: Path) -> Run:
    """As `run`, with a matcher that knows the virtual AMM."""

    async def steps(test: Callable[[Place], Awaitable[None]]) -> None:
        async with market_place(deployed, tmp_path, SETTLER, with_amm=True) as place:
            await test(place)

    return lambda test: asyncio.run(steps(test))


def test_the_amm_fills_what_the_book_leaves(run_with_amm: Run, taker: bytes, makers: list[bytes]) -> None:
    async def test(place: Place) -> None:
        asked = place.perps.amm.quote(2 * WAD)
        maker = await place.post(makers[0], -1, 2_001)
        taken = await place.post(taker, 3, 2_010)
        assert taken["status"] == "matched", taken
        await place.settled()
        assert (place.filled(maker), place.filled(taken)) == (WAD, 3 * WAD)
        assert place.perps.size(place.perps.amm_account) == -2 * WAD
        assert place.end_of(taken) == (Status.FILLED, "")
        market = next(iter(place.matcher.markets))
        youngest = place.matcher.store.trades(market, 2)[0]
        assert int(youngest["maker"], 16) == 0 and youngest["filledWad"] == str(2 * WAD)
        assert int(youngest["priceWad"]) == asked

    run_with_amm(test)


def test_a_stop_order_is_closed_by_the_amm_alone(
    run_with_amm: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        place.perps.trade(taker, WAD)
        stop = await place.post(
            taker, -1, 1_800, trigger=AT_OR_BELOW, trigger_price=1_900 * WAD, flags=REDUCE_ONLY
        )
        assert stop["status"] == "waiting"
        place.perps.system.set_price("WETH", 1_880)
        place.perps.evm.mine()
        await place.until(lambda: place.filled(stop) == WAD, "the stop order's fill")
        await place.settled()
        assert place.perps.size(taker) == place.perps.size(place.perps.amm_account) == 0

    run_with_amm(test)


@pytest.mark.parametrize("after", ["the simulation", "it was sent"])
def test_who_moves_the_amm_before_settlement_costs_the_taker_nothing_but_time(
    run_with_amm: Run, anvil: AnvilBackend, taker: bytes, makers: list[bytes], after: str
) -> None:
    """A stranger buys ahead so that the AMM asks more than the taker's limit, and sells again later."""

    async def test(place: Place) -> None:
        perps, venue, engine = place.perps, place.matcher.venue, place.matcher.engine
        asked = perps.amm.quote(WAD)
        limit = asked // WAD + 1
        moved: list[int] = []
        name = "sign" if after == "the simulation" else "send"
        whole = getattr(venue, name)

        def ahead(*arguments: Any) -> Any:
            if not moved:
                moved.append(1)
                perps.trade(makers[2], 30 * WAD)
            return whole(*arguments)

        setattr(venue, name, ahead)
        taken = await place.post(taker, 1, limit)
        assert taken["status"] == "matched"
        await place.until(lambda: moved and not engine.matches, "the refusal")
        live = engine.live[bytes.fromhex(taken["hash"][2:])]
        assert (live.filled, live.open, live.end) == (0, WAD, None)
        assert perps.amm.quote(WAD) > limit * WAD
        unwound = place.matcher.settler.unwound
        for _ in range(5):
            anvil.mine()
            await asyncio.sleep(0.1)
        assert place.matcher.settler.unwound == unwound, "it is not tried while the price is beyond the limit"
        perps.trade(makers[2], -30 * WAD)
        for _ in range(20):
            anvil.warp(2)
            await asyncio.sleep(0.1)
            if place.filled(taken):
                break
        await place.settled()
        assert place.filled(taken) == WAD == perps.size(taker)

    run_with_amm(test)


def test_an_order_that_must_be_filled_at_once_ends_when_the_amm_has_moved(
    run_with_amm: Run, taker: bytes, makers: list[bytes]
) -> None:
    async def test(place: Place) -> None:
        perps, venue = place.perps, place.matcher.venue
        limit, whole, moved = perps.amm.quote(WAD) // WAD + 1, venue.sign, []

        def ahead(*arguments: Any) -> Any:
            if not moved:
                moved.append(perps.trade(makers[2], 30 * WAD))
            return whole(*arguments)

        venue.sign = ahead  # type: ignore[method-assign]
        taken = await place.post(taker, 1, limit, flags=FILL_OR_KILL)
        assert taken["status"] == "matched"
        await place.until(lambda: place.end_of(taken), "its end")
        status, reason = place.end_of(taken) or ("", "")
        assert status is Status.DROPPED and "limit" in reason and place.filled(taken) == 0

    run_with_amm(test)
