"""Quotes brought to a surface on an Anvil: signed, held to the surface's rules, and never fresher than they are."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scripts.common.accounts import NO_ACCOUNT
from scripts.common.errors import KeelError
from scripts.model.volatility import Smile
from scripts.risk.commands import app
from scripts.risk.publish import NothingNew, Surface, Target, open_surface, publish_once, publish_quotes
from scripts.risk.smiles import Request
from scripts.setup.environment import ROOT
from tests.helpers.evm import AnvilBackend
from tests.helpers.volatility import SIGNER, UNDERLYING, Desk
from tests.python.risk.conftest import DAY, NOW, TRUTH, WriteQuotes, true_smile

pytestmark = pytest.mark.anvil

HOUR = 3_600
AGE = 300
FRESH, _, STALE, _ = range(4)
EXPIRIES = list(TRUTH)


@pytest.fixture
def desk(anvil: AnvilBackend, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A surface on Anvil at NOW, and its signer's key in the environment."""
    monkeypatch.setenv("KEEL_PRIVATE_KEY", anvil.keys[SIGNER])
    monkeypatch.delenv("KEEL_ACCOUNT", raising=False)
    desk = Desk(anvil)
    anvil.warp(NOW - anvil.now)
    return desk


@pytest.fixture
def target(desk: Desk) -> Target:
    return Target(desk.evm.url, desk.surface.address, UNDERLYING)  # type: ignore[attr-defined]


@pytest.fixture
def surface(target: Target) -> Surface:
    return open_surface(target)


def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def told(where: Console) -> str:
    return " ".join(where.file.getvalue().split())  # type: ignore[attr-defined]


def publish(surface: Surface, file: Path, dry_run: bool = False) -> str:
    where = console()
    publish_once(surface, Request(file), AGE, dry_run, where)
    return told(where)


def on_chain(desk: Desk, expiry: int) -> Smile:
    return Smile(*desk.surface.slice(UNDERLYING, expiry)[0][1:])


def test_a_first_update_brings_every_expiry_as_it_was_fitted(
    desk: Desk, surface: Surface, write_quotes: WriteQuotes
) -> None:
    assert "published 3 expiries" in publish(surface, write_quotes())
    assert desk.surface.expiries(UNDERLYING) == EXPIRIES
    assert desk.surface.lastUpdate(UNDERLYING)[0] == NOW
    for expiry in EXPIRIES:
        assert desk.surface.statusOf(UNDERLYING, expiry) == FRESH
        for ln_strike in (7.3, 7.6, 7.9):
            wanted = true_smile(expiry).variance(round(ln_strike * 10**18))
            found = desk.surface.varianceAt(UNDERLYING, expiry, round(ln_strike * 10**18))[0]
            assert found == pytest.approx(wanted, rel=2e-3)


def test_a_long_way_is_gone_in_as_many_updates_as_told(
    desk: Desk, surface: Surface, write_quotes: WriteQuotes
) -> None:
    publish(surface, write_quotes())
    first = "updates in all lead there"
    counts = []
    while not counts or counts[-1]:
        desk.evm.warp(70)
        text = publish(surface, write_quotes(made_at=desk.evm.now, shift=0.12))
        counts.append(int(text.split(first)[0].split()[-1]) if first in text else 0)
        assert len(counts) < 20
    # Volatility up by 12 points at 71% to 86%: a variance of 0.19 to 0.22 more, and 0.05 at a time at most.
    assert 4 <= counts[0] <= 8
    assert counts == [*range(counts[0], 1, -1), 0]


def test_old_quotes_keep_nothing_fresh(desk: Desk, surface: Surface, write_quotes: WriteQuotes) -> None:
    file = write_quotes()
    publish(surface, file)
    desk.evm.warp(HOUR + 1)
    with pytest.raises(
        NothingNew, match=r"no quotes newer than the update in force, which is 1 hour .* stale"
    ):
        publish(surface, file)
    assert desk.surface.statusOf(UNDERLYING, EXPIRIES[0]) == STALE
    with pytest.raises(KeelError, match="longer ago than the 1 hour"):
        publish(surface, write_quotes(made_at=NOW + 1))
    publish(surface, write_quotes(made_at=desk.evm.now))
    assert desk.surface.statusOf(UNDERLYING, EXPIRIES[0]) == FRESH


def test_an_update_is_as_old_as_its_oldest_quote(
    desk: Desk, surface: Surface, write_quotes: WriteQuotes
) -> None:
    def one_older(lines: list[str]) -> list[str]:
        return [*lines[:-1], lines[-1].replace(f",{NOW - 100},", f",{NOW - 250},")]

    assert "quotes of 4 minutes 1" in publish(surface, write_quotes(made_at=NOW - 100, edit=one_older))
    assert desk.surface.lastUpdate(UNDERLYING)[0] == NOW - 250
    desk.evm.warp(HOUR - 200)
    assert desk.surface.statusOf(UNDERLYING, EXPIRIES[0]) == STALE


def test_an_expiry_whose_quotes_end_goes_stale_beside_the_others(
    desk: Desk, surface: Surface, write_quotes: WriteQuotes
) -> None:
    publish(surface, write_quotes())
    desk.evm.warp(HOUR + 1)

    def first_of_old(lines: list[str]) -> list[str]:
        return [
            line.replace(f",{desk.evm.now},", f",{NOW},") if str(EXPIRIES[0]) in line else line
            for line in lines
        ]

    text = publish(surface, write_quotes(made_at=desk.evm.now, edit=first_of_old))
    assert "published 2 expiries" in text and "s before the newest" in text
    states = [desk.surface.statusOf(UNDERLYING, expiry) for expiry in EXPIRIES]
    assert states == [STALE, FRESH, FRESH]


def test_who_starts_again_goes_on_from_the_chain(
    desk: Desk, target: Target, surface: Surface, write_quotes: WriteQuotes
) -> None:
    file = write_quotes()
    publish(surface, file)
    again = open_surface(target)
    with pytest.raises(NothingNew):
        publish(again, file)
    desk.evm.warp(30)
    with pytest.raises(KeelError, match="the next surface may come at 2030-03-17 17:4"):
        publish(again, write_quotes(made_at=desk.evm.now))
    desk.evm.warp(60)
    assert "published 3 expiries" in publish(again, write_quotes(made_at=desk.evm.now))


def test_quotes_from_the_future_are_refused(desk: Desk, surface: Surface, write_quotes: WriteQuotes) -> None:
    with pytest.raises(KeelError, match="said to be made at"):
        publish(surface, write_quotes(made_at=NOW + 1_000))


def test_a_dry_run_sends_nothing(desk: Desk, surface: Surface, write_quotes: WriteQuotes) -> None:
    assert "would publish 3 expiries" in publish(surface, write_quotes(), dry_run=True)
    assert desk.surface.lastUpdate(UNDERLYING) == (0, 0)


def test_the_contract_has_the_last_word(
    desk: Desk, surface: Surface, write_quotes: WriteQuotes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that this service did not know of: asked before anything is sent, and told in its words."""
    publish(surface, write_quotes())
    monkeypatch.setattr("scripts.risk.publish.step", lambda _state, target, *_: target)
    desk.evm.warp(70)
    nonce = desk.evm.nonce(desk.evm.accounts[SIGNER])
    for dry_run in (True, False):
        with pytest.raises(KeelError, match=r"the surface refuses: the smile of 2030-03-24 .* might move by"):
            publish(surface, write_quotes(made_at=desk.evm.now, shift=0.2), dry_run)
    assert desk.evm.nonce(desk.evm.accounts[SIGNER]) == nonce


def test_a_service_goes_on_after_what_went_wrong(
    desk: Desk, target: Target, write_quotes: WriteQuotes, tmp_path: Path
) -> None:
    stop, where, path = threading.Event(), console(), tmp_path / "quotes.csv"

    def run() -> None:
        publish_quotes(target, Request(path), 1, AGE, False, False, where, stop)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        _until(lambda: "nothing published" in told(where))
        assert "cannot be read" in told(where)
        write_quotes()
        _until(lambda: "published 3 expiries" in told(where))
        _until(lambda: "no quotes newer" in told(where))
        assert desk.surface.lastUpdate(UNDERLYING)[0] == NOW
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive() and told(where).endswith("ended: told to")


def _until(holds) -> None:  # type: ignore[no-untyped-def]
    patience = threading.Event()
    for _ in range(200):
        if holds():
            return
        patience.wait(0.1)
    raise AssertionError("it did not happen within 20 s")


def test_what_no_round_can_put_right_is_told_at_the_start(
    desk: Desk, target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = target.url
    with pytest.raises(KeelError, match="there is no contract at 0x0000000000000000000000000000000000000009"):
        open_surface(Target(url, "0x" + "00" * 19 + "09", UNDERLYING))
    with pytest.raises(KeelError, match="has no volatility_surface; deploy one, or name its address"):
        open_surface(Target(url, None, UNDERLYING, tmp_path))
    with pytest.raises(KeelError, match="has no underlying number 7"):
        open_surface(Target(url, target.address, 7)).state()
    monkeypatch.setenv("KEEL_PRIVATE_KEY", desk.evm.keys[SIGNER + 1])
    with pytest.raises(KeelError, match=f"{desk.evm.accounts[SIGNER + 1]} may not sign for the surface"):
        open_surface(target)
    monkeypatch.delenv("KEEL_PRIVATE_KEY")
    with pytest.raises(KeelError, match=NO_ACCOUNT.split(":")[0]):
        open_surface(target)


def test_a_service_ends_when_told(desk: Desk, target: Target, write_quotes: WriteQuotes) -> None:
    """As a process of its own, by SIGTERM."""
    command = [sys.executable, "-m", "scripts.risk", "publish", str(write_quotes()), "--every", "1 hour"]
    where = ["--chain", target.url, "--surface", desk.surface.address, "--underlying", str(UNDERLYING)]
    process = subprocess.Popen([*command, *where], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "published 3 expiries" in process.stdout.readline()
        process.terminate()
        rest, _ = process.communicate(timeout=20)
        assert rest.splitlines()[-1] == "ended: told to" and process.returncode == 0
    finally:
        process.kill()


def test_the_address_comes_from_the_deployments_file(desk: Desk, target: Target, tmp_path: Path) -> None:
    entry = {"contract": "VolatilitySurface", "address": desk.surface.address}
    content = {"chain_id": 31337, "genesis": "0x0", "domain": "main", "deployer": "0x0", "complete": True}
    (tmp_path / "31337.json").write_text(json.dumps({**content, "contracts": {"volatility_surface": entry}}))
    opened = open_surface(Target(target.url, None, UNDERLYING, tmp_path), signs=False)
    assert opened.contract.address == desk.surface.address and opened.signer is None


def test_the_commands(desk: Desk, target: Target, write_quotes: WriteQuotes, tmp_path: Path) -> None:
    runner, plot = CliRunner(), tmp_path / "fit.png"
    where = ["--chain", target.url, "--surface", desk.surface.address, "--underlying", str(UNDERLYING)]
    done = runner.invoke(app, ["publish", str(write_quotes()), *where, "--once"])
    assert done.exit_code == 0, done.output
    assert "published 3 expiries" in done.output
    again = runner.invoke(app, ["publish", str(tmp_path / "quotes.csv"), *where, "--once"])
    assert again.exit_code == 1
    assert "keel risk publish: no quotes newer than the update in force" in again.stderr
    file = write_quotes(shift=0.1, made_at=NOW + 5 * DAY)
    fit = runner.invoke(app, ["fit", str(file), *where, "--plot", str(plot)])
    assert fit.exit_code == 0, fit.output
    assert "updates in all lead there: one may move a variance by 5.00%" in fit.output
    assert plot.read_bytes().startswith(b"\x89PNG")
