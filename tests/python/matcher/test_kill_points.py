"""A matcher that loses power before or after anything it writes or sends ends where one does that never loses it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.matcher.live import Status
from scripts.matcher.orders import Reader
from tests.helpers.matcher_kills import Run, Step, cuts, settled
from tests.helpers.perp_matcher import DOMAIN, WAD, Trader
from tests.helpers.postgres import Postgres, running

pytestmark = pytest.mark.slow

READER = Reader(DOMAIN)
STRANGER = "ee" * 32
POOR = Trader(16)


def signed(trader: Trader, size: float, price: int) -> dict[str, Any]:
    """An order of its own for each trader, size and price."""
    return trader.order(sizeWad=str(int(size * WAD)), limitPriceWad=str(price * WAD), nonce=price)


def hash_of(order: dict[str, Any]) -> str:
    return READER.order(order).hash.hex()


FIRST, SECOND = signed(Trader(11), -3, 2_000), signed(Trader(12), -2, 2_001)
TAKER = signed(Trader(13), 4, 2_001)
RESTING = signed(Trader(11), -2, 2_010)
CALLED_OFF = signed(Trader(14), -1, 2_020)
BELOW = signed(Trader(15), -1, 2_030)
BELOW_LATER = signed(Trader(19), -1, 2_031)
REFUSED = signed(POOR, -1, 1_990)
BUYER, SELLER = signed(Trader(17), 1, 1_990), signed(Trader(18), -1, 1_990)
LATE = signed(Trader(13), 1.5, 2_011)
ALL = (FIRST, SECOND, TAKER, RESTING, CALLED_OFF, BELOW, BELOW_LATER, REFUSED, BUYER, SELLER, LATE)


def placed(*orders: dict[str, Any]) -> Step:
    return Step(lambda run: run.place(orders))


def on_chain(do: Callable[[Run], None]) -> Step:
    async def step(run: Run) -> None:
        do(run)

    return Step(step, on_chain=True)


def below(order: dict[str, Any]) -> list[Any]:
    """The owner calls off all orders up to this one."""
    return ["cancelled", order["account"][2:], order["nonce"] + 1]


def filled(order: dict[str, Any], size: float) -> list[Any]:
    """Somebody else submits the order."""
    return ["filled", hash_of(order), STRANGER, int(size * WAD)]


QUIET = Step(Run.quiet)
STEPS = [
    placed(FIRST, SECOND, TAKER),
    placed(RESTING, CALLED_OFF, BELOW, BELOW_LATER),
    QUIET,
    Step(lambda run: run.cancel(Trader(14).cancel(["0x" + hash_of(CALLED_OFF)]))),
    on_chain(lambda run: run.chain.mine([filled(CALLED_OFF, 1), filled(RESTING, 0.5)])),
    QUIET,
    on_chain(lambda run: run.chain.mine([filled(RESTING, 1.5), below(BELOW)])),
    QUIET,
    # The last settlement, and what others did after it, give way; the settlement comes again.
    on_chain(lambda run: run.chain.reorganise(3)),
    QUIET,
    on_chain(lambda run: run.chain.mine([filled(CALLED_OFF, 0.25), below(BELOW_LATER)])),
    placed(REFUSED, BUYER),
    QUIET,
    placed(SELLER, LATE),
    QUIET,
    on_chain(lambda run: run.chain.mine(blocks=6)),
    QUIET,
]
EXPECTED = {
    hash_of(order): (quarters * WAD // 4, status)
    for order, quarters, status in (
        (FIRST, 12, Status.FILLED),
        (SECOND, 8, Status.FILLED),
        (TAKER, 16, Status.FILLED),
        (RESTING, 2, Status.OPEN),
        (CALLED_OFF, 1, Status.CANCELLED),
        (BELOW, 0, Status.CANCELLED),
        (BELOW_LATER, 0, Status.CANCELLED),
        (REFUSED, 0, Status.DROPPED),
        (BUYER, 4, Status.FILLED),
        (SELLER, 4, Status.FILLED),
        (LATE, 6, Status.FILLED),
    )
}


async def check(run: Run) -> None:
    """What is acknowledged is there, what is filled is what the chain says, and nothing was settled twice."""
    matcher = run.matcher
    assert matcher is not None
    shown = {}
    for order in ALL:
        hash_ = hash_of(order)
        found = await matcher.order(bytes.fromhex(hash_))
        if found is None:
            assert "0x" + hash_ not in run.acknowledged
            continue
        amount = int(str(found["filled"]))
        assert amount == run.chain.filled([READER.order(order)])[0][0] <= abs(int(order["sizeWad"]))
        assert found["pending"] == "0"
        shown[hash_] = (amount, found["status"])
    assert all(shown[hash_[2:]][1] == Status.CANCELLED for hash_ in run.cancelled)
    assert settled(matcher.store.database) == settled_on_chain(run)
    if run.chain_goes_on:
        assert shown.get(hash_of(BELOW_LATER), (0, Status.CANCELLED)) == (0, Status.CANCELLED)
        assert set(run.refused) <= {"nonce_too_low"}  # called off on chain before it came
    else:
        assert shown == EXPECTED and not run.refused


def settled_on_chain(run: Run) -> Counter[tuple[str, str, int]]:
    """Fills of the matcher's own transactions."""
    with sqlite3.connect(run.folder / "chain.db") as chain:
        rows = chain.execute("SELECT logs FROM mined WHERE nonce IS NOT NULL").fetchall()
    logs = [log for (text,) in rows for log in json.loads(text)]
    made = Counter(tuple(values) for kind, *values in logs if kind == "filled")
    return made + Counter(("00" * 32, values[0], abs(values[1])) for kind, *values in logs if kind == "rest")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    yield from running()


@pytest.fixture(params=["sqlite", "postgresql"])
def new_run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Run]:
    """Makes a run with a chain and an empty database of its own."""
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    numbers = iter(range(10_000))

    def make(amm: bool = False, **how: Any) -> Run:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        url = server.database() if server else f"sqlite:///{folder / 'matcher.db'}"
        return Run(folder, url, paper={"refused": [POOR.account.hex()], "amm": amm}, **how)

    return make


@pytest.mark.parametrize("chain_goes_on", [False, True], ids=["chain waits", "chain goes on"])
def test_a_kill_at_any_moment_loses_and_repeats_nothing(
    new_run: Callable[..., Run], chain_goes_on: bool
) -> None:
    whole = new_run().go(STEPS, check)
    assert whole.counts["write"] > 5 and whole.counts["send"] > 2
    for cut in cuts(whole.counts):
        run = new_run(cut=cut, chain_goes_on=chain_goes_on)
        try:
            run.go(STEPS, check)
        except Exception as error:
            error.add_note(f"killed {cut}")
            raise


MARKETABLE, RESTS = signed(Trader(21), 3, 2_004), signed(Trader(22), -2, 1_999)
MADE = signed(Trader(23), -1, 2_001)
WITH_AMM = [
    placed(MADE, MARKETABLE),
    placed(RESTS),
    QUIET,
    # Somebody buys so much that what rests is within the AMM's price; the last settlements lose their blocks.
    on_chain(lambda run: run.chain.mine([["rest", STRANGER, 100 * WAD]])),
    QUIET,
    on_chain(lambda run: run.chain.reorganise(2)),
    QUIET,
    on_chain(lambda run: run.chain.mine([["rest", STRANGER, 100 * WAD]], blocks=6)),
    QUIET,
]


async def check_with_amm(run: Run) -> None:
    """What was signed is filled once, and the AMM has sold what the chain says."""
    assert run.matcher is not None
    for order in (MADE, MARKETABLE, RESTS):
        found = await run.matcher.order(bytes.fromhex(hash_of(order)))
        if found is None:
            assert "0x" + hash_of(order) not in run.acknowledged
            continue
        amount = int(str(found["filled"]))
        assert amount == run.chain.filled([READER.order(order)])[0][0] <= abs(int(order["sizeWad"]))
        # Where the AMM moved meanwhile, an order may wait for it.
        assert found["status"] == Status.FILLED or (run.chain_goes_on and found["status"] == Status.OPEN)
    assert settled(run.matcher.store.database) == settled_on_chain(run)
    amms = run.matcher.engine.amms
    assert all(amms.of(market) == amm and amm for market, amm in amms.now.items())


@pytest.mark.parametrize("chain_goes_on", [False, True], ids=["chain waits", "chain goes on"])
def test_a_kill_at_any_moment_beside_an_amm(new_run: Callable[..., Run], chain_goes_on: bool) -> None:
    whole = new_run(amm=True).go(WITH_AMM, check_with_amm)
    assert whole.counts["write"] > 3 and whole.counts["send"] > 1
    for cut in cuts(whole.counts):
        run = new_run(amm=True, cut=cut, chain_goes_on=chain_goes_on)
        try:
            run.go(WITH_AMM, check_with_amm)
        except Exception as error:
            error.add_note(f"killed {cut}")
            raise
