"""The console's server: what it serves, to whom, and what it allows pages to do."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable
from scripts.console.server import ConsoleServer, serve
from scripts.console.settings import Settings

RPC = "https://node.example:8443/v2/secret-key"
MATCHER = "http://127.0.0.1:8550"
ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A built console, and a secret beside it."""
    folder = tmp_path / "web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Keel</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("keys")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def deployments(tmp_path: Path) -> Path:
    """A folder for deployments files."""
    folder = tmp_path / "deployments"
    folder.mkdir()
    return folder


@pytest.fixture
def server(pages: Path, deployments: Path) -> Iterator[ConsoleServer]:
    """A console for a chain that nobody asks."""
    settings = Settings(31337, RPC, "wss://node.example/ws", (ADDRESS,), deployments, MATCHER)
    with ConsoleServer(settings, 0, pages) as running:
        yield running


def ask(
    server: ConsoleServer, path: str, *, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body; the path goes out as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.port}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def write_record(folder: Path, **changes: object) -> None:
    """A deployments file of the least that one holds."""
    entry = {"contract": "Vault", "address": ADDRESS, "block": 47, "arguments": {"wrappedNative": ADDRESS}}
    content = {
        "chain_id": 31337,
        "genesis": "0x12",
        "domain": "main",
        "deployer": ADDRESS,
        "complete": True,
        "contracts": {"vault": entry, "lens": {"contract": "AccountLens", "address": ADDRESS}},
        **changes,
    }
    (folder / "31337.json").write_text(json.dumps(content))


def test_serves_the_page_and_its_assets(server: ConsoleServer) -> None:
    """The page is asked for each time, assets whose names carry a hash are kept."""
    status, headers, body = ask(server, "/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert b"Keel" in body and headers["Cache-Control"] == "no-store"
    status, headers, _ = ask(server, "/assets/main-1a2b.js?x=1")
    assert (status, headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert "immutable" in headers["Cache-Control"]
    status, headers, body = ask(server, "/", method="HEAD")
    assert (status, body) == (200, b"") and int(headers["Content-Length"]) > 0


def test_policy_allows_this_origin_node_and_matcher_alone(server: ConsoleServer) -> None:
    """Every answer carries it; of the node's address it holds the origin, not the key in its path."""
    for path in ("/", "/config.json", "/deployment.json", "/missing"):
        policy = ask(server, path)[1]["Content-Security-Policy"]
        rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
        assert rules == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self'",
            "connect-src": "'self' https://node.example:8443 wss://node.example http://127.0.0.1:8550"
            " ws://127.0.0.1:8550",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
    headers = ask(server, "/")[1]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link",
        "/assets",
        "/%00",
        "/nothing.js",
    ],
)
def test_nothing_outside_of_the_folder(server: ConsoleServer, path: str) -> None:
    """Whatever is written in the path, and whatever a link leads to."""
    status, _, body = ask(server, path)
    assert (status, body) == (404, b"no such page\n")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "0.0.0.0:{port}"]
)
def test_refuses_other_hosts(server: ConsoleServer, host: str) -> None:
    """A name that somebody else points to this machine reads nothing."""
    for path in ("/", "/config.json", "/deployment.json"):
        status, _, body = ask(server, path, host=host.format(port=server.port))
        assert status == 403
        assert b"secret-key" not in body


def test_answers_to_localhost(server: ConsoleServer) -> None:
    """By name as by number."""
    assert ask(server, "/config.json", host=f"localhost:{server.port}")[0] == 200


def test_listens_on_loopback_alone(server: ConsoleServer) -> None:
    """No other interface of this machine answers."""
    assert server.server_address[0] == "127.0.0.1"
    with socket.socket() as probe:
        probe.settimeout(1)
        assert probe.connect_ex(("127.0.0.2", server.port)) != 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_takes_in_nothing(server: ConsoleServer, method: str) -> None:
    """It is there to be read."""
    assert ask(server, "/config.json", method=method)[0] == 501


def test_config(server: ConsoleServer) -> None:
    """What pages need to begin."""
    status, headers, body = ask(server, "/config.json")
    assert status == 200 and headers["Cache-Control"] == "no-store"
    assert json.loads(body) == {
        "chainId": 31337,
        "rpc": RPC,
        "websocket": "wss://node.example/ws",
        "accounts": [ADDRESS],
        "matcher": MATCHER,
    }


def test_deployment_is_read_anew(server: ConsoleServer, deployments: Path) -> None:
    """A deployment that appears or changes needs no new start."""
    status, _, body = ask(server, "/deployment.json")
    assert status == 503 and "nothing is deployed on chain 31337" in json.loads(body)["error"]
    write_record(deployments)
    status, _, body = ask(server, "/deployment.json")
    assert status == 200
    assert json.loads(body) == {
        "chainId": 31337,
        "genesis": "0x12",
        "domain": "main",
        "deployedAt": 47,
        "wrappedNative": ADDRESS,
        "contracts": {"vault": ADDRESS, "lens": ADDRESS},
    }


def test_corrupt_deployments_file_is_told_in_one_line(server: ConsoleServer, deployments: Path) -> None:
    """Not JSON, JSON of something else, another chain's, not complete, without a vault."""
    (deployments / "31337.json").write_text("{ half")
    wanted = [(None, "is not JSON")]
    wanted += [({"contracts": [1]}, "no deployments file"), ({"chain_id": 1}, "is of chain 1")]
    wanted += [({"complete": False}, "has not ended"), ({"contracts": {}}, "has no vault")]
    for changes, words in wanted:
        if changes is not None:
            write_record(deployments, **changes)
        status, _, body = ask(server, "/deployment.json")
        error = json.loads(body)["error"]
        assert status == 503 and words in error and "\n" not in error


def test_not_built(tmp_path: Path, deployments: Path) -> None:
    """Says how it is built."""
    with pytest.raises(KeelError, match=r"the console is not built.*run `make web`"):
        ConsoleServer(Settings(1, RPC, None, (), deployments), 0, tmp_path)


def test_port_taken(server: ConsoleServer, pages: Path) -> None:
    """Says which, and what would help."""
    with pytest.raises(KeelError, match=f"port {server.port} of this machine is taken.*--port"):
        ConsoleServer(server.settings, server.port, pages)


def test_bad_addresses_of_nodes(pages: Path, deployments: Path) -> None:
    """One line each, before anything is served."""
    with pytest.raises(ChainUnreachable, match=r"no chain answers at http://127.0.0.1:1 "):
        serve(0, "http://127.0.0.1:1", deployments, pages=pages)
    with pytest.raises(KeelError, match=r"is no RPC address"):
        serve(0, "file:///etc", deployments, pages=pages)
    with pytest.raises(KeelError, match="is no websocket address"):
        serve(0, "http://127.0.0.1:1", deployments, websocket="http://127.0.0.1:1", pages=pages)


@pytest.mark.parametrize(
    "matcher",
    [
        "http://matcher.example:8550",
        "https://127.0.0.1:8550",
        "http://127.0.0.1",
        "http://127.0.0.1:x",
        "http://127.0.0.1:8550/path",
        "http://127.0.0.1.evil.example:8550",
        "http://127.0.0.1:80; script-src *",
    ],
)
def test_a_matcher_is_of_this_machine(pages: Path, deployments: Path, matcher: str) -> None:
    """Nothing else gets into the policy, whatever is named."""
    with pytest.raises(KeelError, match="is no matcher of this machine"):
        serve(0, "http://127.0.0.1:1", deployments, matcher=matcher, pages=pages)


def test_without_a_matcher_none_is_allowed(pages: Path, deployments: Path) -> None:
    """The policy holds the node alone."""
    with ConsoleServer(Settings(31337, RPC, None, (), deployments), 0, pages) as running:
        policy = ask(running, "/")[1]["Content-Security-Policy"]
        assert "connect-src 'self' https://node.example:8443;" in policy
