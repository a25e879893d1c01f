"""Serves the interfaces by uvicorn, in the event loop of the matcher."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import structlog
import uvicorn

from scripts.common.errors import KeelError
from scripts.matcher.api import create_app
from scripts.matcher.service import Matcher

# Larger messages end the connection; those in between get an error that says how large they may be.
SPARE = 4
LONGEST_QUEUE = 16

log = structlog.get_logger("matcher")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):  # type: ignore[no-untyped-def]
        """Signals are the matcher's own."""
        yield


@contextlib.asynccontextmanager
async def serve(matcher: Matcher) -> AsyncIterator[int]:
    """Serves while the block runs; the port. Raises KeelError if it is taken."""
    options = matcher.options
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    # With the protocol named asyncio sends what is small at once (TCP_NODELAY); else every answer waits for 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
    except OSError as error:
        listening.close()
        raise KeelError(
            f"cannot listen on {options.host} port {options.port}: {error.strerror}; name another port"
        ) from None
    port = int(listening.getsockname()[1])
    config = uvicorn.Config(
        create_app(matcher),
        loop="asyncio",
        ws="websockets-sansio",
        ws_max_size=SPARE * options.limits.body_bytes,
        ws_per_message_deflate=False,
        ws_max_queue=LONGEST_QUEUE,
        limit_concurrency=4 * options.limits.connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        access_log=False,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # or a client could name any address as its own
    )
    server = _Server(config)
    task = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    log.info("listening", host=options.host, port=port)
    try:
        yield port
    finally:
        server.should_exit = True
        await task
        listening.close()
