"""The interfaces: what is refused and how it is said, what is taken, what subscribers are told."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from scripts.matcher.api import create_app
from scripts.matcher.options import Options
from scripts.matcher.orders import Domain
from scripts.matcher.paper import PaperVenue
from scripts.matcher.service import Matcher
from tests.helpers.matcher_process import MatcherProcess
from tests.helpers.perp_matcher import FOREVER, OTHER_MARKET, WAD, Trader
from tests.helpers.perp_orders import malleated

POOR = Trader(99)
LIMITS = {"body_bytes": 20_000, "orders_per_request": 10, "open_orders_per_account": 5}


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MatcherProcess]:
    """One matcher for all tests here; each test has traders of its own."""
    with MatcherProcess(tmp_path_factory.mktemp("matcher"), limits=LIMITS) as process:
        yield process


@pytest.fixture
def client(matcher: MatcherProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=matcher.url) as opened:
        yield opened


@pytest.fixture
def socket(matcher: MatcherProcess) -> Iterator[ClientConnection]:
    with connect(matcher.socket) as opened:
        yield opened


_traders = iter(range(100, 10_000))


@pytest.fixture
def trader() -> Trader:
    """Somebody whom no other test knows."""
    return Trader(next(_traders))


def ask(socket: ClientConnection, request: Any) -> dict[str, Any]:
    """The answer to one request."""
    socket.send(request if isinstance(request, str | bytes) else json.dumps(request))
    return json.loads(socket.recv(timeout=10))


def without(order: dict[str, Any], name: str) -> dict[str, Any]:
    """An order that lacks a field."""
    return {key: value for key, value in order.items() if key != name}


# What is wrong with an order, the error's code and field, and words that the message must have.
BAD: list[tuple[str, Callable[[Trader], Any], str, str, tuple[str, ...]]] = [
    ("no object", lambda t: [1], "malformed", "", ("expected an object", "sizeWad")),
    ("no size", lambda t: without(t.order(), "sizeWad"), "missing_field", "sizeWad", ("missing", "2^96")),
    ("no signature", lambda t: without(t.order(), "signature"), "missing_field", "signature", ("65 bytes",)),
    ("unknown field", lambda t: t.order() | {"leverage": 5}, "unknown_field", "", ("leverage",)),
    (
        "text as size",
        lambda t: t.order() | {"sizeWad": "lots"},
        "bad_field",
        "sizeWad",
        ("'lots'", "integer"),
    ),
    ("a fraction", lambda t: t.order() | {"sizeWad": 1.5}, "bad_field", "sizeWad", ("1.5", "integer")),
    ("truth as size", lambda t: t.order() | {"sizeWad": True}, "bad_field", "sizeWad", ("True",)),
    ("size zero", lambda t: t.order() | {"sizeWad": 0}, "out_of_range", "sizeWad", ("0", "more")),
    ("dust", lambda t: t.order(sizeWad="5"), "out_of_range", "sizeWad", ("at least",)),
    (
        "size too large",
        lambda t: t.order() | {"sizeWad": str(2**96 + 1)},
        "out_of_range",
        "sizeWad",
        ("2^96",),
    ),
    ("price zero", lambda t: t.order() | {"limitPriceWad": 0}, "out_of_range", "limitPriceWad", ("2^97",)),
    ("price far away", lambda t: t.order(limitPriceWad=str(WAD)), "out_of_range", "limitPriceWad", ("mark",)),
    ("short account", lambda t: t.order() | {"account": "0x12"}, "bad_field", "account", ("64 hex digits",)),
    ("odd hex", lambda t: t.order() | {"signature": "0x123"}, "bad_field", "signature", ("hex",)),
    ("unknown flag", lambda t: t.order() | {"flags": 8}, "out_of_range", "flags", ("0 to 7",)),
    ("flags at odds", lambda t: t.order(flags=6), "out_of_range", "flags", ("exclude",)),
    ("unknown trigger", lambda t: t.order() | {"trigger": 3}, "out_of_range", "trigger", ("0 to 2",)),
    ("trigger at nothing", lambda t: t.order(trigger=1), "out_of_range", "triggerPriceWad", ("above 0",)),
    (
        "other market",
        lambda t: t.order(market="0x" + OTHER_MARKET.hex()),
        "unknown_market",
        "market",
        ("M0",),
    ),
    ("expired", lambda t: t.order(expiry=int(time.time()) - 9), "expired", "expiry", ("s ago",)),
    ("too long", lambda t: t.order(expiry=2**40), "out_of_range", "expiry", ("from now",)),
    ("no fee", lambda t: t.order(maxFeeWad="0"), "fee_too_low", "maxFeeWad", ("at least", "0.05%")),
    (
        "another's signature",
        lambda t: t.order() | {"signature": POOR.order()["signature"]},
        "bad_signature",
        "signature",
        ("low s", "chain"),
    ),
    (
        "a field changed",
        lambda t: t.order() | {"limitPriceWad": str(1_999 * WAD)},
        "bad_signature",
        "signature",
        ("EIP-712",),
    ),
    (
        "another chain's",
        lambda t: Trader(7, Domain(1, "0x" + "11" * 20)).order(),
        "bad_signature",
        "signature",
        ("this chain",),
    ),
    (
        "the signature's twin",
        lambda t: (o := t.order()) | {"signature": "0x" + malleated(bytes.fromhex(o["signature"][2:])).hex()},
        "bad_signature",
        "signature",
        ("low s",),
    ),
    (
        "a stranger's",
        lambda t: t.order(account="0x" + POOR.account.hex()),
        "not_authorised",
        "signer",
        ("operator",),
    ),
]


@pytest.mark.parametrize(
    ("make", "code", "field", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_a_bad_order_is_refused_with_what_is_wrong_and_what_would_be_right(
    client: httpx.Client,
    socket: ClientConnection,
    trader: Trader,
    make: Callable[[Trader], Any],
    code: str,
    field: str,
    words: tuple[str, ...],
) -> None:
    order = make(trader)
    answer = client.post("/orders", json=order)
    assert 400 <= answer.status_code < 500
    error = answer.json()["error"]
    assert (error["code"], error.get("field", "")) == (code, field)
    assert all(word in error["message"] for word in words), error["message"]
    (result,) = ask(socket, {"id": 1, "op": "place", "orders": [order]})["results"]
    assert not result["accepted"] and result["error"]["code"] == code


def test_one_bad_order_of_a_batch_leaves_the_others(client: httpx.Client, trader: Trader) -> None:
    orders = [trader.order(nonce=1), {}, trader.order(nonce=2)]
    results = client.post("/orders", json={"orders": orders}).json()["results"]
    assert [result["accepted"] for result in results] == [True, False, True]


def test_the_same_order_again_is_the_same_order(client: httpx.Client, trader: Trader) -> None:
    order = trader.order()
    first = client.post("/orders", json=order).json()
    batch = client.post("/orders", json={"orders": [order, order]}).json()["results"]
    assert first["accepted"] and batch == [first, first]
    client.post("/cancel", json=trader.cancel([first["hash"]]))
    again = client.post("/orders", json=order).json()
    assert (again["hash"], again["status"]) == (first["hash"], "cancelled")


def test_what_is_too_large_is_refused_before_it_is_read(
    client: httpx.Client, matcher: MatcherProcess
) -> None:
    answer = client.post("/orders", content=b"x" * 20_001)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")

    def unannounced() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 1_000

    with httpx.Client(base_url=matcher.url) as other:
        answer = other.post("/orders", content=unannounced())
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
    with connect(matcher.socket) as socket:
        assert ask(socket, b"x" * 20_001)["error"]["code"] == "too_large"
        assert ask(socket, {"op": "ping", "id": 2}) == {"id": 2, "pong": True}
        socket.send(b"x" * 100_000)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[" * 5_000, b'{"orders": {}}', b'{"orders": []}', b"null", b"1e999"],
)
def test_what_is_no_request_is_refused(client: httpx.Client, content: bytes) -> None:
    answer = client.post("/orders", content=content)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert client.post("/cancel", content=content).status_code == 400


def test_beside_a_list_of_orders_stands_nothing(client: httpx.Client, trader: Trader) -> None:
    """Regression, found by schemathesis: what stood there was taken no notice of."""
    answer = client.post("/orders", json={"orders": [trader.order()], "replace": True})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_field")
    assert "replace" in answer.json()["error"]["message"]


def test_the_document_names_every_path_and_method(client: httpx.Client, tmp_path: Path) -> None:
    """Regression, found by schemathesis: a method that is none was refused without the list of those there are."""
    paths = client.get("/openapi.json").json()["paths"]
    unstarted = Matcher(
        Options(database=f"sqlite:///{tmp_path / 'matcher.db'}"), PaperVenue(tmp_path / "chain.db")
    )
    routes = {
        (route.path.replace("hash_", "hash"), method)
        for route in create_app(unstarted).routes
        for method in getattr(route, "methods", ())
    }
    documented = {(path, method.upper()) for path, methods in paths.items() for method in methods}
    assert documented == {one for one in routes if one[0] != "/openapi.json"}
    for path, methods in paths.items():
        refused = client.request("TRACE", path.replace("{hash}", "0x" + "00" * 32))
        assert refused.status_code == 405
        assert refused.headers["allow"] == ", ".join(sorted(method.upper() for method in methods))


def test_an_order_is_what_the_document_says(client: httpx.Client, trader: Trader) -> None:
    answers = client.get("/openapi.json").json()["paths"]
    described = answers["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0]
    assert set(described["required"]) == set(described["properties"]) == set(trader.order())
    for name, schema in described["properties"].items():
        (pattern,) = (one["pattern"] for one in schema.get("anyOf", [schema]) if "pattern" in one)
        assert re.search(pattern, str(trader.order()[name])), name
    bounds = described["properties"]["sizeWad"]["anyOf"][1]
    assert (bounds["minimum"], bounds["maximum"]) == (-(2**96), 2**96)


def test_too_many_orders_at_once_are_refused(client: httpx.Client, trader: Trader) -> None:
    answer = client.post("/orders", json={"orders": [trader.order(nonce=n) for n in range(11)]})
    assert answer.status_code == 400 and "1 to 10" in answer.json()["error"]["message"]


def test_an_account_has_so_many_open_orders_and_no_more(client: httpx.Client, trader: Trader) -> None:
    results = client.post("/orders", json={"orders": [trader.order(nonce=n) for n in range(6)]}).json()[
        "results"
    ]
    assert [result["accepted"] for result in results] == [True] * 5 + [False]
    assert results[-1]["error"]["code"] == "too_many_orders"


def test_requests_that_no_page_may_make(client: httpx.Client, matcher: MatcherProcess) -> None:
    assert client.get("/status", headers={"host": "keel.example"}).status_code == 400
    with pytest.raises(InvalidStatus), connect(matcher.socket, origin="https://keel.example") as socket:
        socket.recv(timeout=10)
    allowed = client.get("/status", headers={"origin": "http://127.0.0.1:5173"})
    assert allowed.headers["access-control-allow-origin"] == "http://127.0.0.1:5173"
    assert (
        "access-control-allow-origin"
        not in client.get("/status", headers={"origin": "https://keel.example"}).headers
    )


def test_only_the_owner_cancels(client: httpx.Client, trader: Trader) -> None:
    order = client.post("/orders", json=trader.order()).json()
    assert client.post("/cancel", json=POOR.cancel([order["hash"]])).json() == {"cancelled": []}
    forged = trader.cancel([order["hash"]]) | {"signature": POOR.cancel([order["hash"]])["signature"]}
    assert client.post("/cancel", json=forged).json()["error"]["code"] == "bad_signature"
    late = trader.cancel([order["hash"]], deadline=int(time.time()) - 5)
    assert client.post("/cancel", json=late).json()["error"]["code"] == "expired"
    assert client.post("/cancel", json=trader.cancel([order["hash"]])).json() == {
        "cancelled": [order["hash"]]
    }
    assert client.get(f"/orders/{order['hash']}").json()["status"] == "cancelled"


def test_two_open_orders_do_not_share_a_nonce(client: httpx.Client, trader: Trader) -> None:
    placed = client.post("/orders", json=trader.order(nonce=7)).json()
    refused = client.post("/orders", json=trader.order(nonce=7, sizeWad=str(2 * WAD))).json()["error"]
    assert (refused["code"], refused["field"], refused["value"]) == ("nonce_in_use", "nonce", "7")
    assert client.post("/orders", json=trader.order(nonce=7)).json()["hash"] == placed["hash"], (
        "the same again"
    )
    client.post("/cancel", json=trader.cancel([placed["hash"]]))
    assert client.post("/orders", json=trader.order(nonce=7, sizeWad=str(2 * WAD))).json()["status"] == "open"


def test_all_below_a_nonce_are_cancelled_and_stay_so(client: httpx.Client, trader: Trader) -> None:
    client.post("/orders", json={"orders": [trader.order(nonce=n) for n in (1, 2, 7)]})
    assert len(client.post("/cancel", json=trader.cancel_below(5)).json()["cancelled"]) == 2
    refused = client.post("/orders", json=trader.order(nonce=4)).json()["error"]
    assert refused["code"] == "nonce_too_low" and "at least 5" in refused["message"]
    found = client.get("/orders", params={"account": "0x" + trader.account.hex()}).json()["orders"]
    assert [(order["nonce"], order["status"]) for order in found] == [
        ("7", "open"),
        ("2", "cancelled"),
        ("1", "cancelled"),
    ]


def test_who_sends_too_fast_is_told_so(matcher: MatcherProcess, trader: Trader) -> None:
    order = trader.order(expiry=FOREVER - 1)
    with connect(matcher.socket) as socket:
        for start in range(30):
            socket.send(
                json.dumps(
                    {
                        "id": start,
                        "op": "place",
                        "orders": [order | {"nonce": str(100 + start * 10 + n)} for n in range(10)],
                    }
                )
            )
        codes = [
            result["error"]["code"]
            for _ in range(30)
            for result in json.loads(socket.recv(timeout=10))["results"]
        ]
    # Badly signed orders count as well: 200 pass at once, then 100 a second.
    assert codes[:10] == ["bad_signature"] * 10 and codes[-1] == "rate_limited"


def test_subscribers_see_the_book_change_by_change(
    matcher: MatcherProcess, client: httpx.Client, trader: Trader
) -> None:
    other = Trader(next(_traders))
    with connect(matcher.socket) as socket:
        book = ask(socket, {"id": 1, "op": "subscribe", "market": "M0"})["book"]
        sides = {side: dict(map(tuple, book[f"{side}s"])) for side in ("bid", "ask")}
        client.post("/orders", json=trader.order(limitPriceWad=str(2_100 * WAD)))
        client.post("/orders", json=other.order(sizeWad=str(-WAD // 4), limitPriceWad=str(2_050 * WAD)))
        sequence, stages = book["sequence"], set()
        deadline = time.monotonic() + 10
        while "settled" not in stages and time.monotonic() < deadline:
            message = json.loads(socket.recv(timeout=10))
            assert message["sequence"] == sequence + 1
            sequence += 1
            if message["type"] == "book":
                for side, price, size in message["changes"]:
                    sides["bid" if side == "buy" else "ask"][price] = size
            stages.add(message.get("stage", message["type"]))
        assert {"book", "trade", "settled"} <= stages
    shown = client.get("/book", params={"market": "M0", "depth": 1_000}).json()
    for side in ("bid", "ask"):
        assert {price: size for price, size in sides[side].items() if size != "0"} == dict(
            map(tuple, shown[f"{side}s"])
        )
    trades = client.get("/trades", params={"market": "m0", "limit": 1}).json()["trades"]
    assert (trades[0]["sizeWad"], trades[0]["stage"]) == (str(WAD // 4), "settled")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/book?market=DOGE", 404),
        ("/book", 400),
        ("/book?market=M0&depth=0", 400),
        ("/orders?account=0x12", 400),
        ("/orders/0x12", 400),
        ("/orders/0x" + "00" * 32, 404),
        ("/trades?market=M0&limit=99999", 400),
        # Regression, found by schemathesis: no database has such a number, and the answer was a 500.
        (f"/orders?account=0x{'00' * 32}&before={2**63}", 400),
        (f"/orders?account=0x{'00' * 32}&before={10**300}", 400),
        ("/nothing", 404),
    ],
)
def test_a_question_that_has_no_answer_says_why(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)


@pytest.mark.parametrize(
    "request_",
    [
        "{",
        "[]",
        '{"op": "rob"}',
        '{"op": "place"}',
        '{"op": "place", "orders": []}',
        '{"op": "subscribe"}',
        '{"op": "cancel"}',
    ],
)
def test_a_bad_message_gets_an_error_and_the_connection_lives(
    socket: ClientConnection, request_: str
) -> None:
    assert ask(socket, request_)["error"]["message"]
    assert ask(socket, {"op": "ping"})["pong"]


def test_numbers_for_who_watches(client: httpx.Client, trader: Trader) -> None:
    client.post("/orders", json=trader.order())
    text = client.get("/metrics").text
    assert "matcher_orders_accepted_total" in text and 'matcher_match_seconds{quantile="0.99"}' in text
