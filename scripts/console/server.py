"""Serves the built console on loopback: static files, /config.json and /deployment.json, nothing else.

Pages may load from here and talk to here, to the chosen RPC and to the matcher of this machine; the
content-security policy says so, and a request whose Host is not this machine (DNS rebinding) is refused.
"""

from __future__ import annotations

import json
import mimetypes
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from scripts.common.errors import KeelError
from scripts.console.settings import DEFAULT_MATCHER, Settings
from scripts.deploy.record import FOLDER
from scripts.setup.environment import ROOT

PORT = 8680
HOST = "127.0.0.1"
DEFAULT_RPC = "http://127.0.0.1:8545"
PAGES = ROOT / "build" / "web"
REQUEST_SECONDS = 30
POLL_SECONDS = 0.05
YEAR_SECONDS = 31_536_000
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".svg": "image/svg+xml",
}


class ConsoleServer(ThreadingHTTPServer):
    """The console at `url`; use it in a `with`, or call `start` and `close`. Port 0 takes a free one."""

    daemon_threads = True

    def __init__(self, settings: Settings, port: int = PORT, pages: Path = PAGES) -> None:
        if not (pages / "index.html").is_file():
            raise KeelError(f"the console is not built: there is no {pages / 'index.html'}; run `make web`")
        self.settings, self.pages = settings, pages.resolve()
        self.policy = _policy(settings.origins)
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise KeelError(
                f"port {port} of this machine is taken ({error.strerror}); choose another one with --port"
            ) from None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Address for a browser."""
        return f"http://{HOST}:{self.port}/"

    def start(self) -> None:
        """Serves in a thread of its own."""
        self._thread = threading.Thread(
            target=self.serve_forever, args=(POLL_SECONDS,), name="console", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Ends the thread and frees the port."""
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()

    def __enter__(self) -> ConsoleServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(
    port: int = PORT,
    rpc_url: str = DEFAULT_RPC,
    folder: Path = FOLDER,
    *,
    websocket: str | None = None,
    matcher: str | None = DEFAULT_MATCHER,
    pages: Path = PAGES,
) -> None:
    """Serves the console until interrupted.

    `folder` holds the deployments files. Raises KeelError: not built, port taken, RPC unreachable.
    """
    settings = Settings.ask(rpc_url, websocket, folder, matcher)
    server = ConsoleServer(settings, port, pages)
    print(f"Keel console at {server.url} for chain {settings.chain_id}; Ctrl-C ends it", flush=True)
    try:
        server.serve_forever()
    finally:
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ConsoleServer
    timeout = REQUEST_SECONDS
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "keel", ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: whoever looks at pages does not read a log of them."""

    def _answer(self, with_body: bool) -> None:
        status, kind, body, seconds = self._find()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", f"public, max-age={seconds}, immutable" if seconds else "no-store")
        self.send_header("Content-Security-Policy", self.server.policy)
        for name, value in _HEADERS:
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _find(self) -> tuple[HTTPStatus, str, bytes, int]:
        """Status, type, body, and for how many seconds it may be kept."""
        if not self._is_for_us():
            return _text(HTTPStatus.FORBIDDEN, f"this console answers to {self.server.url} alone")
        path = unquote(urlsplit(self.path).path)
        if path == "/config.json":
            return _json(HTTPStatus.OK, self.server.settings.config())
        if path == "/deployment.json":
            try:
                return _json(HTTPStatus.OK, self.server.settings.deployment())
            except KeelError as error:
                return _json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": str(error)})
        return self._file("index.html" if path == "/" else path.lstrip("/"))

    def _file(self, name: str) -> tuple[HTTPStatus, str, bytes, int]:
        missing = _text(HTTPStatus.NOT_FOUND, "no such page")
        if "\0" in name:
            return missing
        file = (self.server.pages / name).resolve()
        if not file.is_relative_to(self.server.pages) or not file.is_file():
            return missing
        kind = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        # Names of built assets carry a hash of their content.
        keep = YEAR_SECONDS if file.parent.name == "assets" else 0
        return HTTPStatus.OK, kind, file.read_bytes(), keep

    def _is_for_us(self) -> bool:
        host = self.headers.get("Host", "")
        return host in (f"{HOST}:{self.server.port}", f"localhost:{self.server.port}")


_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)


def _policy(origins: list[str]) -> str:
    connections = " ".join(("'self'", *origins))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src {connections}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _text(status: HTTPStatus, text: str) -> tuple[HTTPStatus, str, bytes, int]:
    return status, "text/plain; charset=utf-8", f"{text}\n".encode(), 0


def _json(status: HTTPStatus, content: Any) -> tuple[HTTPStatus, str, bytes, int]:
    return status, TYPES[".json"], json.dumps(content).encode(), 0
