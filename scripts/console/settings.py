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


@dataclass(frozen=True)
class Settings:
    """One console's chain. `accounts` are those that the node holds and signs for, on a local chain alone."""

    chain_id: int
    rpc: str
    websocket: str | None
    accounts: tuple[str, ...]
    folder: Path = FOLDER

    @classmethod
    def ask(cls, rpc: str, websocket: str | None = None, folder: Path = FOLDER) -> Settings:
        """Settings for a node that answers. Raises ChainUnreachable, or KeelError for an address that is none."""
        if websocket is not None and urlsplit(websocket).scheme not in WEBSOCKET_SCHEMES:
            raise KeelError(f'"{websocket}" is no websocket address; expected one like ws://127.0.0.1:8545')
        chain = connect(rpc, timeout=CONNECT_SECONDS)
        try:
            held = chain.rpc("eth_accounts") if chain.is_local else []
        except RpcError:
            held = []  # a node without accounts of its own may not know the method
        finally:
            chain.close()
        return cls(chain.chain_id, rpc, websocket, tuple(held), folder)

    @property
    def origins(self) -> list[str]:
        """Origins that pages may connect to beside their own."""
        return [_origin(url) for url in (self.rpc, self.websocket) if url]

    def config(self) -> dict[str, Any]:
        """Contents of /config.json."""
        return {
            "chainId": self.chain_id,
            "rpc": self.rpc,
            "websocket": self.websocket,
            "accounts": list(self.accounts),
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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
