"""The matcher's HTTP API (docs/matcher.md), asked and answered in KeelErrors."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from scripts.cli.failures import ExitCode, UsageError
from scripts.cli.session import Session
from scripts.common.errors import KeelError

DEFAULT_URL = "http://127.0.0.1:8550"
START_HINT = "start one with `keel matcher`, or name another with --matcher"
LONGEST = 300

Url = Annotated[
    str,
    typer.Option(
        "--matcher",
        envvar="KEEL_MATCHER",
        metavar="URL",
        help="Address of the matcher",
        rich_help_panel="Matcher",
    ),
]


class MatcherUnreachable(KeelError):
    """Nobody answers there, or something that is no matcher does."""

    exit_code = ExitCode.UNREACHABLE


class Matcher:
    """One matcher, of this domain: one that settles elsewhere is refused."""

    def __init__(self, session: Session, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f'--matcher: "{url[:200]}" is no address; write one such as {DEFAULT_URL}')
        self._session, self._url = session, url.rstrip("/")
        self._timeout = session.options.timeout
        self._checked = False

    def place(self, order: dict[str, Any]) -> dict[str, Any]:
        """Places a signed order; what became of it. Raises KeelError with the matcher's reason."""
        return self._ask("POST", "/orders", order)

    def cancel(self, request: dict[str, Any]) -> list[str]:
        """Has orders forgotten; the hashes of those that were."""
        return list(self._ask("POST", "/cancel", request)["cancelled"])

    def orders(self, account: bytes) -> list[dict[str, Any]]:
        """The account's orders, youngest first."""
        return list(self._ask("GET", f"/orders?account=0x{account.hex()}&limit=100")["orders"])

    def order(self, hash_: str) -> dict[str, Any]:
        """One order."""
        return self._ask("GET", f"/orders/{hash_}")

    def book(self, market: str, depth: int) -> dict[str, Any]:
        """Both sides of a market's book, by its address: [price, size] in text."""
        return self._ask("GET", f"/book?market={market}&depth={depth}")

    def _ask(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        if not self._checked:
            self._checked = True
            self._require_same_domain()
        try:
            answer = httpx.request(method, self._url + path, json=content, timeout=self._timeout)
            body = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) or type(error).__name__
            raise MatcherUnreachable(f"no matcher answers at {self._url} ({why}); {START_HINT}") from None
        except ValueError:
            raise MatcherUnreachable(f"what answers at {self._url} is no matcher; {START_HINT}") from None
        if not isinstance(body, dict):
            raise MatcherUnreachable(f"what answers at {self._url} is no matcher; {START_HINT}")
        if answer.status_code >= 400:
            refusal = body.get("error")
            if not isinstance(refusal, dict):
                raise MatcherUnreachable(f"what answers at {self._url} is no matcher; {START_HINT}")
            raise KeelError(f"the matcher refused: {str(refusal.get('message'))[:LONGEST]}")
        return body

    def _require_same_domain(self) -> None:
        status, orders = self._ask("GET", "/status"), self._session.domain.orders
        there = status.get("chainId"), str(status.get("contract")).lower()
        here = self._session.chain.chain_id, orders.address.lower() if orders else None
        if there != here:
            raise KeelError(
                f"the matcher at {self._url} settles at {status.get('contract')} on chain {there[0]}, and this"
                f" domain at {orders and orders.address} on chain {here[0]}; name its own with --matcher"
            )
