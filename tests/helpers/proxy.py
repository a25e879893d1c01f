"""Servers that misbehave as told: a node behind a proxy, a webhook, a socket that never answers."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server:
    """An HTTP server on loopback whose answers `respond` makes; None closes the connection."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 16  # head and body in one packet: the second would wait for an acknowledgement

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                answer = outer.respond(body)
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, content = answer
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def respond(self, body: bytes) -> tuple[int, bytes] | None:
        """Status and content."""
        raise NotImplementedError

    def close(self) -> None:
        """Serves no more."""
        self._server.shutdown()
        self._server.server_close()


class Proxy(Server):
    """A node as it is, until `mode` is set.

    "empty": answers have neither result nor error; "cut": half of the JSON; "gone": the connection ends;
    "error": every call fails; "blind": it neither knows what waits for a block, as if that had come elsewhere, nor
    traces.
    """

    def __init__(self, target: str) -> None:
        self.target, self.mode, self.asked = target, "", 0
        super().__init__()

    def respond(self, body: bytes) -> tuple[int, bytes] | None:
        self.asked += 1
        if self.mode == "gone":
            return None
        refused = self.mode == "blind" and b"debug_traceTransaction" in body
        if self.mode in ("empty", "error") or refused:
            failure = {"error": {"code": -32000, "message": "out of order"}} if self.mode != "empty" else {}
            asked = json.loads(body)
            answers = [
                {"jsonrpc": "2.0", "id": one["id"], **failure}
                for one in (asked if isinstance(asked, list) else [asked])
            ]
            return 200, json.dumps(answers if isinstance(asked, list) else answers[0]).encode()
        if self.mode == "blind":
            body = body.replace(b'"pending"', b'"latest"')
        request = urllib.request.Request(self.target, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            content = response.read()
        return 200, content[: len(content) // 2] if self.mode == "cut" else content


class Webhook(Server):
    """Remembers what it was sent, and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.received: list[dict[str, Any]] = []
        super().__init__()

    def respond(self, body: bytes) -> tuple[int, bytes] | None:
        self.received.append(json.loads(body))
        return self.status, b"{}"


class Hanging:
    """A socket that takes connections and never answers."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def close(self) -> None:
        """Frees the port."""
        self._socket.close()
