"""The WebSocket interface: many orders over one connection, and the feed of book and trades.

A client sends `{"id": 1, "op": "place", "orders": [...]}` and gets `{"id": 1, "results": [...]}` when they are on
disk; it need not wait for that to send more. Orders of one connection are taken in the order in which they come.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

import orjson
from fastapi import FastAPI
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from scripts.common.errors import KeelError
from scripts.matcher.orders import Rejected
from scripts.matcher.service import DEPTH, Matcher, Results

UNANSWERED = 64
CLOSE_SECONDS = 1
POLICY, TOO_SLOW, TOO_MANY = 1008, 1013, 1013
OPERATIONS = ("place", "cancel", "subscribe", "unsubscribe", "ping")


def add_socket(app: FastAPI, matcher: Matcher, origins: str) -> None:
    """Serves `/ws`; a browser's page must be of this machine."""
    connected: set[Connection] = set()

    @app.websocket("/ws")
    async def serve(socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        if origin is not None and not re.fullmatch(origins, origin):
            await socket.close(POLICY, f"pages of {origin[:60]} may not connect")
            return
        if len(connected) >= matcher.options.limits.connections:
            await socket.close(TOO_MANY, "too many connections; try again later")
            return
        await socket.accept()
        connection = Connection(matcher, socket)
        connected.add(connection)
        try:
            await connection.run()
        finally:
            connected.discard(connection)


class Connection:
    """One client."""

    def __init__(self, matcher: Matcher, socket: WebSocket) -> None:
        self._matcher, self._socket = matcher, socket
        self._out: asyncio.Queue[bytes] = asyncio.Queue(matcher.options.limits.unsent_messages_per_connection)
        self._room = asyncio.Semaphore(UNANSWERED)
        self._answering: set[asyncio.Task[None]] = set()
        self._broken = asyncio.Event()

    async def run(self) -> None:
        """Until the client leaves, or does not read what it is sent."""
        writing = asyncio.ensure_future(self._write())
        reading = asyncio.ensure_future(self._read())
        breaking = asyncio.ensure_future(self._broken.wait())
        try:
            await asyncio.wait([reading, writing, breaking], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._matcher.feed.unsubscribe(self.send)
            tasks = (reading, writing, breaking, *self._answering)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self._broken.is_set() and self._socket.application_state is WebSocketState.CONNECTED:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._socket.close(TOO_SLOW, "messages were not read fast enough; connect again"),
                    CLOSE_SECONDS,
                )

    def send(self, message: bytes) -> None:
        """Puts a message behind those that wait."""
        try:
            self._out.put_nowait(message)
        except asyncio.QueueFull:
            self._broken.set()
            self._matcher.feed.unsubscribe(self.send)

    # --- internal ---

    async def _write(self) -> None:
        while True:
            await self._socket.send_text((await self._out.get()).decode())

    async def _read(self) -> None:
        while True:
            try:
                received = await self._socket.receive()
            except WebSocketDisconnect:
                return
            if received["type"] == "websocket.disconnect":
                return
            data = received.get("bytes") or (received.get("text") or "").encode()
            await self._room.acquire()
            identifier: object = None
            try:
                identifier, request = self._parsed(data)
                await self._handle(identifier, request)
            except Rejected as error:
                self._answer({"id": identifier, "error": error.shown()})
                self._room.release()
            except KeelError:
                self._answer(
                    {"id": identifier, "error": {"code": "stopping", "message": "the matcher stops"}}
                )
                return

    def _parsed(self, data: bytes) -> tuple[object, dict[str, Any]]:
        limits = self._matcher.options.limits
        self._matcher.intake.requests.require(self)
        if len(data) > limits.body_bytes:
            raise Rejected(
                "too_large", f"the message has {len(data)} bytes; expected at most {limits.body_bytes}"
            )
        try:
            request = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            raise Rejected("malformed", f"the message is no JSON: {error}") from None
        if not isinstance(request, dict) or request.get("op") not in OPERATIONS:
            op = request.get("op") if isinstance(request, dict) else request
            raise Rejected(
                "malformed", f"op is {str(op)[:60]!r}; expected one of {', '.join(OPERATIONS)}", "op", op
            )
        identifier = request.get("id")
        return identifier if isinstance(identifier, str | int) else None, request

    async def _handle(self, identifier: object, request: dict[str, Any]) -> None:
        matcher = self._matcher
        match request["op"]:
            case "place":
                most = matcher.options.limits.orders_per_request
                listed = request.get("orders")
                if not isinstance(listed, list) or not 0 < len(listed) <= most:
                    size = f"{len(listed)} of them" if isinstance(listed, list) else type(listed).__name__
                    raise Rejected(
                        "malformed",
                        f"orders is {size}; expected a list of 1 to {most} orders",
                        "orders",
                        size,
                    )
                results = await matcher.enter(listed, self)
                answering = asyncio.ensure_future(self._acknowledge(identifier, results))
                self._answering.add(answering)
                answering.add_done_callback(self._answered)
                return
            case "cancel":
                self._answer(
                    {"id": identifier, "cancelled": await matcher.cancel(request.get("request"), self)}
                )
            case "subscribe":
                market = matcher.market(request.get("market")).address
                depth = request.get("depth", DEPTH)
                if not isinstance(depth, int) or not 0 < depth <= DEPTH:
                    raise Rejected(
                        "out_of_range", f"depth is {depth!r}; expected 1 to {DEPTH}", "depth", depth
                    )
                self._answer({"id": identifier, "book": matcher.feed.subscribe(market, self.send, depth)})
            case "unsubscribe":
                matcher.feed.unsubscribe(self.send, matcher.market(request.get("market")).address)
                self._answer({"id": identifier, "unsubscribed": True})
            case "ping":
                self._answer({"id": identifier, "pong": True})
        self._room.release()

    async def _acknowledge(self, identifier: object, results: Results) -> None:
        self._answer({"id": identifier, "results": await self._matcher.acknowledge(results)})

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self._room.release()
        if not task.cancelled() and task.exception() is not None:
            self._broken.set()  # it cannot be told whether the orders are there: end the connection

    def _answer(self, message: dict[str, Any]) -> None:
        self.send(orjson.dumps(message))
