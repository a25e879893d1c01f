"""The HTTP interface as an OpenAPI document, which the matcher serves at /openapi.json.

Fields and bounds of orders come from their reader's own table (scripts/matcher/orders.py). What a schema cannot say,
such as whether a signature is its signer's, is refused with 400 all the same.
"""

from __future__ import annotations

from typing import Any

from scripts.matcher.effects import Stage
from scripts.matcher.live import Status
from scripts.matcher.options import Limits
from scripts.matcher.orders import (
    ACCOUNT_BYTES,
    ADDRESS_BYTES,
    FIELDS,
    MAX_CANCELS,
    MAX_SIGNATURE_BYTES,
    MAX_UINT,
    WORD,
)

Schema = dict[str, Any]

VERSION = "1"
DIGITS = 78
MOST_ROWS, MOST_LEVELS = 500, 1_000
MOST_SEQUENCE = 2**63 - 1

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "string", "pattern": "^-?[0-9]+$"}
REASONS = {
    400: "the request, a field or a signature is not right; the message says what would be",
    404: "no such order, market or page",
    413: "the body is too large",
    429: "too many requests",
    503: "the matcher is full, or its chain does not answer",
}


def document(limits: Limits) -> Schema:
    """The document of a matcher with these limits."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Keel matcher", "version": VERSION},
        "paths": {
            "/orders": {"post": _place(limits), "get": _orders()},
            "/orders/{hash}": {"get": _order()},
            "/cancel": {"post": _cancel()},
            "/book": {"get": _book()},
            "/trades": {"get": _trades()},
            "/markets": {"get": _operation("Markets and their prices", _object(markets=_list(MARKET)))},
            "/status": {"get": _operation("What the matcher is doing", STATUS)},
            "/metrics": {"get": _metrics()},
        },
        "components": {"schemas": {"Error": ERROR}},
    }


def _place(limits: Limits) -> Schema:
    batch = _object(orders={"type": "array", "minItems": 1, "maxItems": limits.orders_per_request})
    many = _object(results=_list({"anyOf": [PLACED, _object(accepted={"const": False}, error=ERROR)]}))
    return _operation(
        "Place one signed order, or several below `orders`, each of which is taken or refused by itself",
        {"anyOf": [PLACED, many]},
        (400, 404, 413, 429, 503),
        body={"anyOf": [SIGNED, batch]},
    )


def _cancel() -> Schema:
    common = {
        "account": _hex(ACCOUNT_BYTES),
        "signer": _hex(ADDRESS_BYTES),
        "deadline": _integer(0, MAX_UINT),
        "signature": SIGNATURE,
    }
    hashes = {"type": "array", "items": _hex(WORD), "minItems": 1, "maxItems": MAX_CANCELS}
    return _operation(
        "Cancel orders by their hashes, or all with a nonce below `lowest`",
        _object(cancelled=_list(_hex(WORD))),
        (400, 413, 429, 503),
        body={"anyOf": [_object(**common, orders=hashes), _object(**common, lowest=_integer(0, MAX_UINT))]},
    )


def _orders() -> Schema:
    return _operation(
        "An account's orders, youngest first",
        _object(orders=_list(ORDER)),
        (400,),
        parameters=[
            _query("account", _hex(ACCOUNT_BYTES), required=True),
            _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100}),
            _query("before", {**COUNT, "maximum": MOST_SEQUENCE}),
        ],
    )


def _order() -> Schema:
    parameter = {"name": "hash", "in": "path", "required": True, "schema": _hex(WORD)}
    return _operation("One order", ORDER, (400, 404), parameters=[parameter])


def _book() -> Schema:
    levels = _list({"type": "array", "items": WHOLE, "minItems": 2, "maxItems": 2})
    book = _object(
        market=TEXT, address=_hex(ADDRESS_BYTES), session=TEXT, sequence=COUNT, bids=levels, asks=levels
    )
    depth = _query("depth", {"type": "integer", "minimum": 1, "maximum": MOST_LEVELS, "default": 50})
    return _operation("The best levels: price and size", book, (400, 404), parameters=[_market(), depth])


def _trades() -> Schema:
    trade = _object(
        match=COUNT,
        position=COUNT,
        taker=_hex(WORD),
        maker=_hex(WORD),
        sizeWad=WHOLE,
        priceWad=WHOLE,
        at=COUNT,
        stage={"enum": list(Stage)},
        filledWad={"anyOf": [WHOLE, {"type": "null"}]},
        reason=TEXT,
    )
    limit = _query("limit", {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": 100})
    return _operation(
        "A market's latest fills, youngest first",
        _object(trades=_list(trade)),
        (400, 404),
        parameters=[_market(), limit],
    )


def _metrics() -> Schema:
    answer = {"description": "Prometheus' text", "content": {"text/plain": {"schema": TEXT}}}
    return {"summary": "Numbers for who watches", "responses": {"200": answer}}


def _operation(
    summary: str,
    answer: Schema,
    refusals: tuple[int, ...] = (),
    *,
    body: Schema | None = None,
    parameters: list[Schema] | None = None,
) -> Schema:
    error = {"$ref": "#/components/schemas/Error"}
    found: Schema = {
        "summary": summary,
        "responses": {
            "200": {"description": "done", "content": _json(answer)},
            **{
                str(status): {"description": REASONS[status], "content": _json(_object(error=error))}
                for status in refusals
            },
        },
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": _json(body)}
    if parameters:
        found["parameters"] = parameters
    return found


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _query(name: str, schema: Schema, *, required: bool = False) -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _market() -> Schema:
    return _query("market", TEXT, required=True)


def _object(**fields: Schema) -> Schema:
    """All of these fields and no others."""
    return {
        "type": "object",
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _hex(length: int) -> Schema:
    return {"type": "string", "pattern": f"^0x[0-9a-fA-F]{{{2 * length}}}$"}


def _integer(least: int, most: int) -> Schema:
    """A JSON integer or, since most readers lose digits of those, a decimal string."""
    return {
        "anyOf": [
            {"type": "string", "pattern": f"^{'-?' if least < 0 else ''}[0-9]{{1,{DIGITS}}}$"},
            {"type": "integer", "minimum": least, "maximum": most},
        ]
    }


def _field(kind: str, least: int, most: int) -> Schema:
    if kind == "bytes32":
        return _hex(ACCOUNT_BYTES)
    return _hex(ADDRESS_BYTES) if kind == "address" else _integer(least, most)


SIGNATURE: Schema = {"type": "string", "pattern": f"^0x([0-9a-fA-F]{{2}}){{1,{MAX_SIGNATURE_BYTES}}}$"}
SIGNED = _object(
    **{name: _field(kind, least, most) for name, kind, least, most in FIELDS}, signature=SIGNATURE
)
ORDER = _object(
    **SIGNED["properties"],
    hash=_hex(WORD),
    status={"enum": list(Status)},
    reason=TEXT,
    filled=WHOLE,
    pending=WHOLE,
    open=WHOLE,
    sequence=COUNT,
)
PLACED = _object(
    accepted={"const": True},
    hash=_hex(WORD),
    status={"enum": list(Status)},
    reason=TEXT,
    sequence=COUNT,
    matchedWad=WHOLE,
    openWad=WHOLE,
)
MARKET = _object(
    name=TEXT,
    address=_hex(ADDRESS_BYTES),
    indexWad=WHOLE,
    markWad=WHOLE,
    fresh={"type": "boolean"},
    takerFeeWad=WHOLE,
    makerFeeWad=WHOLE,
    marginShareWad=WHOLE,
)
STATUS = _object(
    chainId=COUNT,
    contract=_hex(ADDRESS_BYTES),
    sender=_hex(ADDRESS_BYTES),
    block={"anyOf": [COUNT, {"type": "null"}]},
    time=COUNT,
    trouble=TEXT,
    session=TEXT,
    openOrders=COUNT,
    unsettledMatches=COUNT,
    transactionsUnderWay=COUNT,
    accepted=COUNT,
    limits={"type": "object"},
)
ERROR: Schema = {
    "type": "object",
    "properties": {"code": TEXT, "message": TEXT, "field": TEXT, "value": {}},
    "required": ["code", "message"],
    "additionalProperties": False,
}
