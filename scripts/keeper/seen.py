"""How a keeper is seen: structured logs, metrics and health on loopback, notifications."""

from __future__ import annotations

import json
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TextIO

import apprise
import structlog
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from scripts.common.errors import KeelError
from scripts.keeper.types import Alarm

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
LOOPBACK = "127.0.0.1"
REPEAT_SECONDS = 300.0
QUEUE = 100
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def make_log(style: str, level: str, stream: TextIO | None = None) -> Any:
    """A logger of events with fields, as lines of JSON or for a console."""
    target = stream or sys.stderr
    last: Any = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=target.isatty())
    )
    return structlog.wrap_logger(
        structlog.PrintLogger(target),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
    )


class Metrics:
    """What Prometheus reads; names begin with keel_keeper_."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.block = self._gauge("block", "Latest block that was judged")
        self.accounts = self._gauge("accounts", "Known accounts")
        self.liquidatable = self._gauge("liquidatable", "Accounts that may be taken over now")
        self.unjudged = self._gauge("unjudged", "Accounts that could not be judged in the last step")
        self.pending = self._gauge("open_transactions", "Transactions that have not ended")
        self.balance = self._gauge("balance_native", "Native tokens of the keeper's key, for gas")
        self.stale_surfaces = self._gauge(
            "stale_surfaces", "Underlyings with a smile of living options that is stale"
        )
        self.last_step = self._gauge("last_step_seconds", "Unix time of the last step that succeeded")
        self.seconds = self._histogram("step_seconds", "From seeing a block to having judged it")
        self.to_send = self._histogram("tick_to_send_seconds", "From seeing a block to the first transaction")
        self.actions = self._counter("actions", "Actions that ended, by kind and how", "kind", "status")
        self.refusals = self._counter("refusals", "Why nothing was done about accounts", "why")
        self.alarms = self._counter("alarms", "Alarms by kind", "kind")
        self.profit = self._counter("profit", "Realised profit before gas, in settlement tokens")
        self.gas = self._counter("gas_native", "Native tokens spent on gas")
        self.unnotified = self._counter("notifications_failed", "Notifications that nobody took")

    def text(self) -> bytes:
        """As Prometheus wants it."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, help_: str) -> Gauge:
        return Gauge(f"keel_keeper_{name}", help_, registry=self.registry)

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(f"keel_keeper_{name}", help_, labels, registry=self.registry)

    def _histogram(self, name: str, help_: str) -> Histogram:
        return Histogram(f"keel_keeper_{name}", help_, buckets=BUCKETS, registry=self.registry)


class Endpoint:
    """`/metrics` and `/health` on loopback; health is 200 or 503 with the reasons as JSON."""

    def __init__(self, port: int, metrics: Metrics, health: Callable[[], dict[str, Any]]) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE_LATEST, metrics.text())
                elif self.path == "/health":
                    state = health()
                    self._answer(
                        200 if state["healthy"] else 503, "application/json", json.dumps(state).encode()
                    )
                else:
                    self._answer(404, "text/plain", b"there are /metrics and /health\n")

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Requests are not logged."""

        try:
            self._server = ThreadingHTTPServer((LOOPBACK, port), Handler)
        except OSError as error:
            raise KeelError(
                f"metrics cannot be served on {LOOPBACK}:{port}: {error.strerror}; choose another metrics_port"
            ) from None
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()

    def close(self) -> None:
        """Serves no more."""
        self._server.shutdown()
        self._server.server_close()


class Notifier:
    """Sends messages to webhooks from a thread of its own: no slow or failing one stops the keeper."""

    def __init__(self, urls: Sequence[str], failed: Callable[[str], None]) -> None:
        self._failed = failed
        logging.getLogger("apprise").disabled = True  # it would write addresses, and those hold secrets
        self._apprise = apprise.Apprise()
        for url in urls:
            if not self._apprise.add(url):
                raise KeelError(
                    f'the webhook "{url.split(":", 1)[0]}://..." is none that apprise knows; expected one like'
                    " json://host/path or slack://..."
                )
        self._queue: queue.Queue[tuple[str, str]] = queue.Queue(QUEUE)
        if urls:
            threading.Thread(target=self._send, name="notifications", daemon=True).start()
        self._active = bool(urls)

    def notify(self, title: str, text: str) -> None:
        """Queues a message; a full queue drops it, and says so."""
        if not self._active:
            return
        try:
            self._queue.put_nowait((title, text))
        except queue.Full:
            self._failed("too many notifications wait; one was dropped")

    def drain(self, seconds: float) -> None:
        """Waits until all are sent, at most so long."""
        deadline = time.monotonic() + seconds
        while self._active and self._queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)

    def _send(self) -> None:
        while True:
            title, text = self._queue.get()
            try:
                if not self._apprise.notify(title=title, body=text):
                    self._failed("a webhook did not take a notification")
            except Exception as error:
                self._failed(f"a webhook failed: {type(error).__name__}")
            finally:
                self._queue.task_done()


class Alarms:
    """Logs, counts and sends alarms; one that goes on is told again every five minutes."""

    def __init__(self, log: Any, metrics: Metrics, notifier: Notifier) -> None:
        self._log, self._metrics, self._notifier = log, metrics, notifier
        self._told: dict[tuple[str, str], float] = {}

    def raise_(self, alarm: Alarm) -> None:
        """Makes an alarm seen."""
        self._metrics.alarms.labels(kind=str(alarm.kind)).inc()
        now = time.monotonic()
        key = (str(alarm.kind), alarm.text)
        if now - self._told.get(key, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return
        self._told = {known: at for known, at in self._told.items() if now - at < REPEAT_SECONDS}
        self._told[key] = now
        self._log.error("alarm", kind=str(alarm.kind), text=alarm.text)
        self._notifier.notify(f"Keel keeper: {alarm.kind}", alarm.text)
