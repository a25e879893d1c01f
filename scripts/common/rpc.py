"""JSON-RPC to any node: one kept connection, a deadline for each answer, errors in one line.

Nodes on this machine are spoken to over a bare HTTP connection (a third of the time that `requests` takes),
others through `requests`, which knows proxies and certificates.
"""

from __future__ import annotations

import http.client
import json
import time
from typing import Any, Protocol
from urllib.parse import SplitResult, urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from scripts.common.answers import ChainUnreachable, HalfAnswer, excerpt, keeps_promise
from scripts.common.errors import KeelError

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
__all__ = ["ChainTimeout", "ChainUnreachable", "HalfAnswer", "Rpc", "RpcError"]

START_HINT = "start a local chain with `make up`, or name another one (NETWORK=https://...)"
IDLE_SECONDS = 5
BATCH_SIZE = 200


class ChainTimeout(ChainUnreachable):
    """The node did not answer in time; whether it did what it was asked is unknown."""


class RpcError(KeelError):
    """The node answered with an error; `code`, `text` and `data` are the node's."""

    def __init__(self, method: str, error: Any) -> None:
        known = error if isinstance(error, dict) else {"message": str(error)}
        self.method = method
        self.code = known.get("code", 0)
        self.text = str(known.get("message", ""))
        self.data = known.get("data")
        super().__init__(f"{method}: {self.text} (code {self.code})")


class _Transport(Protocol):
    def post(self, body: bytes, deadline: float) -> tuple[int, bytes]: ...
    def close(self) -> None: ...


class Rpc:
    """A node's JSON-RPC at an http or https address; not for several threads at once.

    `timeout` is for a whole answer, in seconds. Raises ChainUnreachable, ChainTimeout or RpcError, whose
    messages leave out the path of the address: it often holds a key.
    """

    def __init__(self, url: str, timeout: float = 30) -> None:
        parts = _parse(url)
        self.url, self.timeout = url, timeout
        self.is_local = parts.hostname in LOCAL_HOSTS
        self.shown = f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")
        self._transport: _Transport = (
            _Loopback(parts) if self.is_local and parts.scheme == "http" else _Web(url)
        )
        self._next_id = 0

    def __call__(self, method: str, *params: Any) -> Any:
        """The result of one call."""
        request = self._request(method, params)
        answer = self._post(request, method)
        if not _answers(request, answer):
            raise self._garbage(method, 200, json.dumps(answer).encode())
        return self._result(method, params, answer)

    def batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        """The results of several calls sent together, in order; an RpcError in place of a failed one's."""
        results: list[Any] = []
        for start in range(0, len(calls), BATCH_SIZE):
            results += self._batch(calls[start : start + BATCH_SIZE])
        return results

    def close(self) -> None:
        """Closes the connection; a later call opens a new one."""
        self._transport.close()

    def _batch(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        requests_ = [self._request(method, params) for method, params in calls]
        methods = ", ".join(dict.fromkeys(method for method, _ in calls))
        answers = self._post(requests_, methods)
        known = answers if isinstance(answers, list) else []
        by_id = {str(answer.get("id")): answer for answer in known if isinstance(answer, dict)}
        results: list[Any] = []
        for request, (method, params) in zip(requests_, calls, strict=True):
            answer = by_id.get(str(request["id"]))
            if answer is None or not _answers(request, answer):
                raise self._garbage(methods, 200, json.dumps(answers).encode())
            try:
                results.append(self._result(method, params, answer))
            except RpcError as error:
                results.append(error)
        return results

    def _result(self, method: str, params: Any, answer: dict[str, Any]) -> Any:
        if answer.get("error") is not None:
            raise RpcError(method, answer["error"])
        result = answer.get("result")
        if not keeps_promise(method, params, result):
            self.close()
            raise HalfAnswer(
                f"{self.shown} answered {method} with {excerpt(json.dumps(result))}, which is no such answer"
            )
        return result

    def _request(self, method: str, params: Any) -> dict[str, Any]:
        self._next_id += 1
        return {"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": list(params)}

    def _post(self, body: Any, method: str) -> Any:
        try:
            status, content = self._transport.post(json.dumps(body).encode(), time.monotonic() + self.timeout)
        except (TimeoutError, requests.Timeout) as error:
            self.close()
            raise ChainTimeout(f"{self.shown} did not answer {method} within {self.timeout:g} s") from error
        except (ConnectionRefusedError, requests.ConnectionError) as error:
            self.close()
            raise ChainUnreachable(
                f"no chain answers at {self.shown} ({_reason(error)}); {START_HINT}"
            ) from error
        except (OSError, http.client.HTTPException, requests.RequestException) as error:
            self.close()
            raise ChainUnreachable(
                f"{self.shown} broke off while answering {method} ({_reason(error)})"
            ) from error
        try:
            return json.loads(content)
        except (ValueError, RecursionError):
            raise self._garbage(method, status, content) from None

    def _garbage(self, method: str, status: int, content: bytes) -> ChainUnreachable:
        # What is left of such an answer must not be read as the next one.
        self.close()
        return ChainUnreachable(
            f'{self.shown} answered {method} with HTTP {status} and "{excerpt(content.decode(errors="replace"))}",'
            " which is no JSON-RPC; is it the address of an Ethereum node?"
        )


class _Loopback:
    def __init__(self, parts: SplitResult) -> None:
        assert parts.hostname is not None
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._used = 0.0

    def post(self, body: bytes, deadline: float) -> tuple[int, bytes]:
        connection = self._connection
        # A node may have closed an idle connection. Sending again after a failure could send a transaction
        # twice, so a connection that may be stale is not used at all.
        if time.monotonic() - self._used > IDLE_SECONDS:
            connection.close()
        self._set_timeout(deadline)
        connection.request("POST", self._path, body, {"Content-Type": "application/json"})
        self._set_timeout(deadline)
        response = connection.getresponse()
        chunks = []
        while True:
            self._set_timeout(deadline)
            chunk = response.read1(1 << 20)
            if not chunk:
                break
            chunks.append(chunk)
        if response.length:
            raise http.client.IncompleteRead(b"".join(chunks), response.length)
        response.close()
        self._used = time.monotonic()
        return response.status, b"".join(chunks)

    def close(self) -> None:
        self._connection.close()

    def _set_timeout(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.timeout = left
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)


class _Web:
    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def post(self, body: bytes, deadline: float) -> tuple[int, bytes]:
        left = max(deadline - time.monotonic(), 0.001)
        headers = {"Content-Type": "application/json"}
        with self._session.post(self._url, body, headers=headers, timeout=left, stream=True) as response:
            chunks = []
            try:
                # `timeout` is for each read; a node that drips must not outlast the deadline.
                while chunk := response.raw.read1(1 << 16, decode_content=True):
                    if time.monotonic() > deadline:
                        raise TimeoutError
                    chunks.append(chunk)
            except ReadTimeoutError:
                raise TimeoutError from None
            except HTTPError as error:
                raise OSError(str(error)) from None
            return response.status_code, b"".join(chunks)

    def close(self) -> None:
        self._session.close()


def _parse(url: str) -> SplitResult:
    right = "expected one like http://127.0.0.1:8545 or https://..."
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises ValueError for a port that is none
    except ValueError:
        raise KeelError(f'"{_without_path(url)}" is no RPC address; {right}') from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise KeelError(f'"{_without_path(url)}" is no RPC address; {right}')
    return parts


def _without_path(url: str) -> str:
    """As far as it holds no key or password, of what may be no address at all."""
    scheme, colon, rest = url.rpartition("://")
    return scheme + colon + rest.replace("?", "/").split("/")[0].rpartition("@")[2]


def _answers(request: dict[str, Any], answer: Any) -> bool:
    """Whether it is an answer to this request. An error may lack the number: who cannot read does not know it."""
    if not isinstance(answer, dict) or not ("result" in answer or "error" in answer):
        return False
    is_error = answer.get("error") is not None
    return answer.get("id") == request["id"] or (is_error and answer.get("id") is None)


def _reason(error: Exception) -> str:
    cause: Any = error
    while isinstance(cause, requests.RequestException) and cause.args:
        cause = getattr(cause.args[0], "reason", cause.args[0])
    cause = cause if isinstance(cause, Exception) else error
    if "refused" in str(cause):
        return "connection refused"
    text = str(cause).rsplit(": ", 1)[-1].strip("<>()'\" ")
    return text or type(cause).__name__
