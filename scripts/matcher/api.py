"""The HTTP interface: signed orders in, book and trades out. docs/matcher.md shows every request.

Bodies are read by the byte before anything is parsed. Errors are `{"error": {"code", "message", "field", "value"}}`.
"""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Match, Route

from scripts.matcher.metrics import exposition
from scripts.matcher.openapi import MOST_ROWS, MOST_SEQUENCE, document
from scripts.matcher.orders import WORD, Rejected, parse_bytes
from scripts.matcher.service import DEPTH, Matcher
from scripts.matcher.socket import add_socket

HOSTS = ["127.0.0.1", "localhost", "[::1]", "::1"]
LOCAL_ORIGIN = r"https?://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?"
NO_SUCH_METHOD = 405
STATUSES = {
    "rate_limited": 429,
    "too_large": 413,
    "unknown_order": 404,
    "unknown_market": 404,
    "chain_unreachable": 503,
    "matcher_full": 503,
}


class Json(Response):
    """JSON by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def refused(error: Rejected) -> Json:
    """A refusal as a response."""
    return Json({"error": error.shown()}, STATUSES.get(error.code, 400))


def parse_body(body: bytes) -> Any:
    """Decoded JSON. Raises Rejected."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Rejected("malformed", f"the request is no JSON: {error}") from None


def listed_orders(decoded: Any, most: int) -> list[Any]:
    """The orders of a request: one, or a list below "orders". Raises Rejected."""
    if isinstance(decoded, dict) and "orders" in decoded:
        listed = decoded["orders"]
        extra = next((name for name in decoded if name != "orders"), None)
        if extra is not None:
            raise Rejected("unknown_field", f"{extra[:80]!r} is nothing that belongs beside orders")
        if not isinstance(listed, list) or not 0 < len(listed) <= most:
            size = f"{len(listed)} of them" if isinstance(listed, list) else type(listed).__name__
            raise Rejected(
                "malformed", f"orders is {size}; expected a list of 1 to {most} orders", "orders", size
            )
        return listed
    return [decoded]


def create_app(matcher: Matcher) -> FastAPI:
    """The application of one matcher."""
    app = FastAPI(title="Keel matcher", docs_url=None, redoc_url=None, default_response_class=Json)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=HOSTS)
    app.add_middleware(CORSMiddleware, allow_origin_regex=LOCAL_ORIGIN, allow_methods=["GET", "POST"])
    limits = matcher.options.limits
    requests = matcher.intake.requests

    async def body_of(request: Request) -> Any:
        requests.require(_peer(request))
        chunks, size = [], 0
        declared = request.headers.get("content-length", "0")
        if declared.isdigit():
            size_error(int(declared))
        async for chunk in request.stream():
            size += len(chunk)
            size_error(size)
            chunks.append(chunk)
        return parse_body(b"".join(chunks))

    def size_error(size: int) -> None:
        if size > limits.body_bytes:
            raise Rejected(
                "too_large",
                f"the request has {size} bytes or more; expected at most {limits.body_bytes}: send fewer orders at once",
            )

    @app.exception_handler(Rejected)
    async def on_rejected(_: Request, error: Rejected) -> Json:
        return refused(error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Json:
        first = error.errors()[0]
        field = str(first["loc"][-1])
        return refused(
            Rejected(
                "bad_field", f"{field} is {first.get('input')!r}: {first['msg']}", field, first.get("input")
            )
        )

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Json:
        message = f"{request.method} {request.url.path}: {error.detail}"
        headers = None
        if error.status_code == NO_SUCH_METHOD:
            headers = {"Allow": ", ".join(sorted(_methods(app, request)))}
        return Json({"error": {"code": "not_found", "message": message}}, error.status_code, headers)

    @app.post("/orders")
    async def place(request: Request) -> Json:
        decoded = await body_of(request)
        raws = listed_orders(decoded, limits.orders_per_request)
        results = await matcher.place(raws, _peer(request))
        if isinstance(decoded, dict) and "orders" in decoded:
            return Json({"results": results})
        (result,) = results
        if result["accepted"]:
            return Json(result)
        error: Any = result["error"]
        return Json({"error": error}, STATUSES.get(error["code"], 400))

    @app.post("/cancel")
    async def cancel(request: Request) -> Json:
        return Json({"cancelled": await matcher.cancel(await body_of(request), _peer(request))})

    @app.get("/orders")
    async def orders(
        account: str,
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100,
        before: Annotated[int | None, Query(ge=0, le=MOST_SEQUENCE)] = None,
    ) -> Json:
        of = parse_bytes(account, "account", WORD)
        return Json({"orders": await matcher.orders_of(of, limit, before)})

    @app.get("/orders/{hash_}")
    async def order(hash_: str) -> Json:
        wanted = parse_bytes(hash_, "hash", WORD)
        found = await matcher.order(wanted)
        if found is None:
            raise Rejected(
                "unknown_order",
                f"no order {hash_} was accepted here; expected the hash of one",
                "hash",
                hash_,
            )
        return Json(found)

    @app.get("/book")
    async def book(market: str, depth: Annotated[int, Query(ge=1, le=DEPTH)] = 50) -> Json:
        return Json(matcher.feed.book(matcher.market(market).address, depth))

    @app.get("/trades")
    async def trades(market: str, limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100) -> Json:
        address = matcher.market(market).address
        await matcher.durable()
        rows = await matcher.read(matcher.store.trades, address, limit)
        return Json({"trades": rows})

    @app.get("/markets")
    async def markets() -> Json:
        return Json({"markets": [_market(matcher, market) for market in matcher.markets.values()]})

    @app.get("/status")
    async def status() -> Json:
        head = matcher.follower.head
        found = {
            "chainId": matcher.venue.domain.chain_id,
            "contract": matcher.venue.domain.contract,
            "sender": matcher.venue.sender,
            "block": head.number if head else None,
            "time": matcher.clock.now(),
            "trouble": matcher.trouble,
            "session": matcher.feed.session,
            "openOrders": len(matcher.engine.live),
            "unsettledMatches": len(matcher.engine.matches),
            "transactionsUnderWay": len(matcher.pending.unmined()),
            "accepted": matcher.intake.accepted,
            "limits": limits.model_dump(),
        }
        await matcher.durable()
        return Json(found)

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(exposition(matcher), media_type="text/plain; version=0.0.4")

    described = document(limits)
    app.openapi = lambda: described  # type: ignore[method-assign]
    add_socket(app, matcher, LOCAL_ORIGIN)
    return app


def _methods(app: FastAPI, request: Request) -> set[str]:
    """Those that there are at a request's path: routes know their own alone."""
    found: set[str] = set()
    for route in app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return found


def _peer(request: Request) -> object:
    client = request.client
    return (client.host, client.port) if client else "unknown"


def _market(matcher: Matcher, market: Any) -> dict[str, object]:
    return {
        "name": market.name,
        "address": "0x" + market.address.hex(),
        "indexWad": str(market.index),
        "markWad": str(market.mark),
        "fresh": market.fresh,
        "takerFeeWad": str(market.taker_fee),
        "makerFeeWad": str(market.maker_fee),
        "marginShareWad": str(market.margin_share),
    }
