"""What the pages are told: which chain, which node, what is deployed there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scripts.common.chain import connect
from scripts.common.errors import KeelError
from scripts.common.rpc import RpcError
from scripts.deploy.record import FOLDER, Record

CONNECT_SECONDS = 10
WEBSOCKET_SCHEMES = ("ws", "wss")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEFAULT_MATCHER = "http://127.0.0.1:8550"


@dataclass(frozen=True)
class Settings:
    """One console's chain. `accounts` are those that the node holds and signs for, on a local chain alone.

    `matcher` is the order book that pages may ask, on this machine; None: they ask none.
    """

    chain_id: int
    rpc: str
    websocket: str | None
    accounts: tuple[str, ...]
    folder: Path = FOLDER
    matcher: str | None = None

    @classmethod
    def ask(
        cls,
        rpc: str,
        websocket: str | None = None,
        folder: Path = FOLDER,
        matcher: str | None = None,
    ) -> Settings:
        """Settings for a node that answers; nobody asks whether a matcher does.

        Raises ChainUnreachable, or KeelError for an address that is none.
        """
        if websocket is not None and urlsplit(websocket).scheme not in WEBSOCKET_SCHEMES:
            raise KeelError(f'"{websocket}" is no websocket address; expected one like ws://127.0.0.1:8545')
        matcher = matcher_origin(matcher) if matcher else None
        chain = connect(rpc, timeout=CONNECT_SECONDS)
        try:
            held = chain.rpc("eth_accounts") if chain.is_local else []
        except RpcError:
            held = []  # a node without accounts of its own may not know the method
        finally:
            chain.close()
        return cls(chain.chain_id, rpc, websocket, tuple(held), folder, matcher)

    @property
    def origins(self) -> list[str]:
        """Origins that pages may connect to beside their own."""
        feed = self.matcher and self.matcher.replace("http", "ws", 1)
        return [_origin(url) for url in (self.rpc, self.websocket, self.matcher, feed) if url]

    def config(self) -> dict[str, Any]:
        """Contents of /config.json."""
        return {
            "chainId": self.chain_id,
            "rpc": self.rpc,
            "websocket": self.websocket,
            "accounts": list(self.accounts),
            "matcher": self.matcher,
        }

    def deployment(self) -> dict[str, Any]:
        """Contents of /deployment.json, read anew each time. Raises KeelError or RecordError."""
        path = self.folder / f"{self.chain_id}.json"
        record = Record.open(path, self.chain_id)
        if record is None:
            raise KeelError(
                f"nothing is deployed on chain {self.chain_id}; deploy with `make deploy`, or start a local chain"
                " with `make up`"
            )
        if not record.complete:
            raise KeelError(
                f"the deployment on chain {self.chain_id} has not ended; go on with `make deploy`"
            )
        return {
            "chainId": record.chain_id,
            "genesis": record.genesis,
            "domain": record.domain,
            "deployedAt": record["vault"].block or 0,
            "wrappedNative": record["vault"].arguments.get("wrappedNative"),
            "contracts": {key: entry.address for key, entry in record.entries.items()},
        }


def matcher_origin(url: str) -> str:
    """The origin of a matcher's address. Raises KeelError for one that is not of this machine."""
    parts = urlsplit(url)
    try:
        is_right = parts.scheme == "http" and parts.hostname in LOOPBACK and parts.port is not None
    except ValueError:  # a port that is no number
        is_right = False
    if not is_right or parts.path not in ("", "/") or parts.query or parts.username:
        raise KeelError(f'"{url}" is no matcher of this machine; expected one like {DEFAULT_MATCHER}')
    return _origin(url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
