"""A network that fails: a proxy on loopback that delays, drops, truncates and corrupts what passes through it.

    with FaultyNetwork(url, seed=7) as network:         # in front of a node, or of the matcher
        network.trouble = 0.5                           # half of all answers suffer something
        ...
        network.trouble = 0.0                           # and now none does
        assert network.counts["drop"] > 10

Bytes pass as they are; a fault befalls one answer (what the server sends between two of the client's requests). Faults come
from the seed and the order of the answers alone, as far as threads keep that order.
"""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections import Counter
from typing import Self
from urllib.parse import urlsplit

FAULTS = ("delay", "drop", "truncate", "corrupt")
DELAY_SECONDS = (0.02, 0.6)
CHUNK = 1 << 16


class FaultyNetwork:
    """Listens on a port of its own; `url` leads through it."""

    def __init__(self, target: str, seed: int) -> None:
        place = urlsplit(target)
        self._target = (place.hostname or "127.0.0.1", place.port or 80)
        self._draw, self._lock = random.Random(seed), threading.Lock()
        self.trouble = 0.0
        self.counts: Counter[str] = Counter()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"{place.scheme}://127.0.0.1:{self._listening.getsockname()[1]}{place.path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Passes on both ways until one side ends."""
        try:
            server = socket.create_connection(self._target, timeout=10)
        except OSError:
            client.close()
            return
        with client, server:
            fault = ""
            while True:
                readable, _, _ = select.select([client, server], [], [], 60)
                if not readable:
                    return
                for end in readable:
                    try:
                        data = end.recv(CHUNK)
                        if not data:
                            return
                        if end is client:
                            fault = self._fault()
                            server.sendall(data)
                        elif not self._answer(client, data, fault):
                            return
                        else:
                            fault = fault if fault == "corrupt" else ""
                    except OSError:
                        return

    def _fault(self) -> str:
        with self._lock:
            fault = self._draw.choice(FAULTS) if self._draw.random() < self.trouble else ""
            self.counts[fault or "none"] += 1
            return fault

    def _answer(self, client: socket.socket, data: bytes, fault: str) -> bool:
        """Sends a server's bytes on with what befalls them; whether the connection still stands."""
        if fault == "drop":
            return False
        if fault == "delay":
            with self._lock:
                seconds = self._draw.uniform(*DELAY_SECONDS)
            time.sleep(seconds)
        if fault == "truncate":
            client.sendall(data[: len(data) // 2])
            return False
        client.sendall(self._corrupted(data) if fault == "corrupt" else data)
        return True

    def _corrupted(self, data: bytes) -> bytes:
        """One byte in about two hundred is another one; heads of HTTP answers too."""
        changed = bytearray(data)
        with self._lock:
            for _ in range(1 + len(data) // 200):
                changed[self._draw.randrange(len(data))] = self._draw.randrange(256)
        return bytes(changed)
