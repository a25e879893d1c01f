"""The command's own decisions: exit code, choice of traders, contradictory options."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from scripts.demo import __main__ as command
from scripts.demo.actors import TRADERS
from scripts.demo.prices import path_of
from scripts.demo.shapes import SHAPES, named_path


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRICES", raising=False)
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)


def exit_code(
    monkeypatch: pytest.MonkeyPatch, whole: bool, *arguments: str, books_add_up: bool = True
) -> int:
    def run(*_: Any, **__: Any) -> Any:
        return SimpleNamespace(lenders_whole=whole, books_add_up=books_add_up)

    monkeypatch.setattr(command, "run", run)
    return CliRunner().invoke(command.app, list(arguments)).exit_code


@pytest.mark.parametrize("crash", SHAPES)
def test_lost_money_in_a_named_crash_is_a_failure(monkeypatch: pytest.MonkeyPatch, crash: str) -> None:
    assert exit_code(monkeypatch, False, "--crash", crash) == 1
    assert exit_code(monkeypatch, True, "--crash", crash) == 0


@pytest.mark.parametrize("arguments", [(), ("--no-keeper",)])
def test_books_that_do_not_add_up_are_a_failure_in_any_case(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    assert exit_code(monkeypatch, True, *arguments, books_add_up=False) == 1


def test_nobody_promises_anything_without_a_keeper(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exit_code(monkeypatch, False, "--no-keeper") == 0


def test_nor_for_a_step_that_no_keeper_can_follow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gap.csv"
    for last, code in ((1_900, 1), (1_700, 0)):
        rows = "".join(f"{number * 60},2000\n" for number in range(600))
        file.write_text(f"timestamp,close\n{rows}36000,{last}\n")
        assert exit_code(monkeypatch, False, "--prices", str(file)) == code


def test_two_sources_of_prices_are_one_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exit_code(monkeypatch, True, "--prices", "a.csv", "--crash", "calm") == 1


def test_an_empty_variable_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRICES", "")
    assert exit_code(monkeypatch, True) == 0
    monkeypatch.setenv("PRICES", "missing.csv")
    assert exit_code(monkeypatch, True) == 1


def test_fewer_traders_come_from_all_over_the_list() -> None:
    assert command.chosen(len(TRADERS)) == TRADERS
    few = command.chosen(4)
    assert len({trader.position for trader in few}) == 4
    assert {trader.side for trader in few} == {"long", "short"}


def test_what_should_hold_depends_on_the_largest_step() -> None:
    assert command.should_hold(named_path("may-2021"), keeper_on=True)
    gap = path_of("gap", [(0, Decimal(100)), (60, Decimal(93))], least=2)
    assert not command.should_hold(gap, keeper_on=True)
