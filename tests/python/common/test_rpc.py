"""scripts/common/rpc.py: whatever a node does wrong is one line, in time."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from scripts.common.chain import connect
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainTimeout, ChainUnreachable, Rpc, RpcError

Answer = Callable[[socket.socket], None]

# The first is spoken to over a bare connection, the second, no known name of this machine, through requests.
HOSTS = ["127.0.0.1", "0.0.0.0"]


@contextlib.contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A socket on this machine that treats every connection with `answer`; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_connections: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_connections.append(connection)
            threading.Thread(target=_quietly, args=(answer, connection), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for connection in open_connections:
            connection.close()


def _quietly(answer: Answer, connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client hung up
        answer(connection)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


def read_request(connection: socket.socket) -> dict:
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65_536)
    head, body = data.split(b"\r\n\r\n", 1)
    headers = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(headers[b"content-length"]):
        body += connection.recv(65_536)
    return json.loads(body)


def http(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def says(body: bytes, status: str = "200 OK") -> Answer:
    def answer(connection: socket.socket) -> None:
        while True:
            read_request(connection)
            connection.sendall(http(body, status))

    return answer


def hangs(connection: socket.socket) -> None:
    read_request(connection)


def drips(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        connection.sendall(b"{")
        time.sleep(0.05)


def breaks_off(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
    connection.close()


@pytest.mark.parametrize("behaviour", [hangs, drips])
@pytest.mark.parametrize("host", HOSTS)
def test_a_node_that_does_not_finish_is_given_up_in_time(behaviour: Answer, host: str) -> None:
    with server(behaviour) as url:
        started = time.monotonic()
        with pytest.raises(ChainTimeout, match=r"http://[\d.]+:\d+ did not answer eth_chainId within 0.3 s"):
            connect(url.replace("127.0.0.1", host), timeout=0.3)
        assert time.monotonic() - started < 2


@pytest.mark.parametrize("host", HOSTS)
def test_nobody_listens(host: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    message = rf"no chain answers at http://{host}:{port} \(connection refused\); start .* `make up`"
    with pytest.raises(ChainUnreachable, match=message):
        connect(f"http://{host}:{port}")


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(ChainUnreachable, match=r"no chain answers at http://no-such-host.invalid"):
        connect("http://no-such-host.invalid", timeout=5)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>hello</html>", "200 OK"),
        (b"", "200 OK"),
        (b"Bad Gateway", "502 Bad Gateway"),
        (b"[]", "200 OK"),
        (b'{"hello": 1}', "200 OK"),
        (b"\xff\xfe\x00", "200 OK"),
    ],
)
def test_garbage_is_quoted(body: bytes, status: str) -> None:
    with server(says(body, status)) as url:
        with pytest.raises(ChainUnreachable, match=r"answered eth_chainId with .*is it the address"):
            connect(url, timeout=5)


def test_a_chain_id_that_is_none() -> None:
    with server(says(b'{"jsonrpc": "2.0", "id": 1, "result": "mainnet"}')) as url:
        with pytest.raises(ChainUnreachable, match='eth_chainId with "mainnet", which is no such answer'):
            connect(url, timeout=5)


@pytest.mark.parametrize("host", HOSTS)
def test_a_connection_that_breaks(host: str) -> None:
    with server(breaks_off) as url:
        with pytest.raises(ChainUnreachable, match="broke off while answering eth_chainId"):
            connect(url.replace("127.0.0.1", host), timeout=5)


@pytest.mark.parametrize("host", HOSTS)
def test_an_answer_in_chunks(host: str) -> None:
    def chunked(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in (b'{"id": 1, ', b'"result": 7}', b""):
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    with server(chunked) as url:
        assert Rpc(url.replace("127.0.0.1", host), timeout=5)("echo") == 7


def test_errors_of_the_node_keep_their_parts() -> None:
    body = b'{"id": 1, "error": {"code": -32601, "message": "no such\\nmethod", "data": "0x12"}}'
    with server(says(body)) as url:
        with pytest.raises(RpcError, match=r"^eth_chainId: no such method \(code -32601\)$") as caught:
            Rpc(url)("eth_chainId")
    assert (caught.value.code, caught.value.data) == (-32601, "0x12")


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:8545", "ws://node.example/KEY", "http://", "http://h:notaport/KEY", "", "file:///KEY"),
        *("node.example/v3/KEY", "https://me:KEY@host:port", "http://[KEY"),
    ],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(KeelError, match=r"is no RPC address; expected one like http://127") as caught:
        connect(url)
    assert "[" in url or "KEY" not in str(caught.value)


def test_messages_leave_out_keys_in_addresses() -> None:
    with server(hangs) as url:
        with pytest.raises(ChainTimeout) as caught:
            connect(f"{url}/v3/SECRET?key=SECRET", timeout=0.1)
    assert "SECRET" not in str(caught.value)


def test_batches_keep_their_order_whatever_the_nodes() -> None:
    def reversing(connection: socket.socket) -> None:
        while True:
            calls = read_request(connection)
            answers = [{"id": call["id"], "result": call["params"][0]} for call in reversed(calls)]
            answers[0] = {"id": answers[0]["id"], "error": {"code": 3, "message": "reverted"}}
            connection.sendall(http(json.dumps(answers).encode()))

    with server(reversing) as url:
        results = Rpc(url).batch([("echo", [number]) for number in range(450)])
    failed = [number for number, result in enumerate(results) if isinstance(result, RpcError)]
    assert failed == [199, 399, 449]
    assert [result for result in results if not isinstance(result, RpcError)] == [
        number for number in range(450) if number not in failed
    ]


@pytest.mark.parametrize(
    "answers",
    [
        b'[{"id": 1, "result": 1}]',
        b'[{"id": 1, "result": 1}, {"id": 2}]',
        b'[{"id": 1, "result": 1}, {"id": 7, "result": 1}]',
        b'[{"id": 1, "result": 1}, {"id": [], "result": 1}]',
        b'[{"id": 1, "result": 1}, 5]',
        b'{"id": 1, "result": 1}',
    ],
)
def test_batches_with_missing_answers_are_refused(answers: bytes) -> None:
    with server(says(answers)) as url:
        with pytest.raises(ChainUnreachable, match="answered echo with"):
            Rpc(url).batch([("echo", []), ("echo", [])])


@pytest.mark.parametrize(
    "answer", [b'{"id": 7, "result": 1}', b'{"result": 1}', b'{"id": 1}', b"[" * 100_000, b"5"]
)
def test_an_answer_to_something_else_is_none(answer: bytes) -> None:
    with server(says(answer)) as url, pytest.raises(ChainUnreachable, match="answered echo with"):
        Rpc(url)("echo")


def test_an_error_may_lack_its_number() -> None:
    body = b'{"id": null, "error": {"code": -32700, "message": "too many requests"}}'
    with server(says(body)) as url, pytest.raises(RpcError, match="too many"):
        Rpc(url)("echo")


def test_a_connection_is_kept_and_reopened() -> None:
    connections = 0

    def counting(connection: socket.socket) -> None:
        nonlocal connections
        connections += 1
        while True:
            number = read_request(connection)["id"]
            connection.sendall(http(b'{"id": %d, "result": 7}' % number))

    with server(counting) as url:
        rpc = Rpc(url)
        assert [rpc("echo") for _ in range(3)] == [7, 7, 7]
        assert connections == 1
        rpc.close()
        assert rpc("echo") == 7
        assert connections == 2
