"""The demonstration end to end on a chain of its own: short, with and without a keeper, and as a program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest

from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.demo.__main__ import run
from scripts.demo.option_result import OptionsOutcome
from scripts.demo.perp_result import PerpsOutcome
from scripts.demo.prices import PricePath, path_of
from scripts.demo.result import DemoResult
from scripts.demo.shapes import named_path
from scripts.setup.environment import ROOT

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

# Falls far, and stays there: who is not liquidated is insolvent at the end. Steps of 0.6%.
CRASH = named_path("crash-45")
POINTS = 160


def falling() -> PricePath:
    """The steepest hours of the 45% fall."""
    first = next(number for number, at in enumerate(CRASH.times) if at - CRASH.times[0] >= 10 * 3_600)
    points = list(zip(CRASH.times, CRASH.closes, strict=True))[first : first + POINTS]
    return path_of("steepest hours", points, least=POINTS)


@pytest.fixture(scope="module")
def kept() -> DemoResult:
    return run(falling())


@pytest.fixture(scope="module")
def neglected() -> DemoResult:
    return run(falling(), keeper_on=False)


def test_lenders_are_whole_after_a_crash_with_a_keeper(kept: DemoResult) -> None:
    assert kept.lenders_whole
    assert kept.verdict.startswith("lenders whole: yes")
    assert all(pool.end > pool.start for pool in kept.pools), "every pool has earned interest"
    assert all(pool.written_off == 0 for pool in kept.pools)
    assert kept.points == len(kept.samples) == POINTS


def test_liquidations_keep_every_account_from_owing_more_than_it_holds(kept: DemoResult) -> None:
    assert len(kept.liquidations) >= 5
    assert not any(event.insolvent for event in kept.liquidations)
    for event in kept.liquidations:
        assert event.health < 1
        assert 0 < event.fraction <= 1
        assert event.profit > 0, "takers are paid for what they do, after fees and slippage"
        assert event.premium > event.fee >= 0
    assert all(account.end_equity >= 0 for account in kept.accounts)
    assert all(account.end_health is None or account.end_health >= 0.99 for account in kept.accounts)


def test_premiums_are_what_the_keeper_and_the_backstop_get_less_the_cost_of_selling(kept: DemoResult) -> None:
    premiums = sum(event.premium for event in kept.liquidations)
    received = sum(event.profit + event.fee for event in kept.liquidations)
    assert 0.6 * premiums < received <= premiums
    fees = sum(event.fee for event in kept.liquidations)
    fees -= sum(account.from_backstop for account in _options(kept).accounts)
    # Settlement tokens are worth a dollar in the demonstration; the fund is counted in whole units.
    assert abs(kept.backstop_end - kept.backstop_start - fees) < 10**15


def test_owners_who_act_are_not_liquidated_as_far_as_those_who_do_not(kept: DemoResult) -> None:
    saved = [account for account in kept.accounts if account.added]
    assert saved, "somebody added margin or repaid"
    for account in saved:
        assert account.acts
        assert account.end_equity > account.added


def test_without_a_keeper_accounts_end_under_water(neglected: DemoResult, kept: DemoResult) -> None:
    assert not neglected.liquidations
    assert not neglected.lenders_whole
    assert "owe" in neglected.verdict
    worst = min(account.lowest_health for account in neglected.accounts if account.lowest_health is not None)
    assert worst < 0.5
    assert min(health for health in _healths(kept)) > 0.9


def test_after_a_gap_the_backstop_pays_and_lenders_do_not() -> None:
    """Ether falls by two fifths between two answers of its feed: nobody could have been faster."""
    before = [(number * 300, Decimal(3_000)) for number in range(5)]
    after = [(1_500 + number * 300, Decimal(1_800)) for number in range(5)]
    result = run(path_of("gap", before + after, least=10))
    insolvent = [event for event in result.liquidations if event.insolvent]
    borrowers = [event for event in insolvent if not event.account.startswith("perp")]
    assert len(borrowers) >= 3
    assert all(event.top_up > 0 and event.profit > 0 for event in borrowers)
    paid = sum(event.top_up - event.fee for event in result.liquidations)
    paid += sum(account.from_backstop for account in _options(result).accounts)
    assert abs(result.backstop_start - result.backstop_end - paid) < 10**15
    assert result.lenders_whole
    assert all(pool.written_off == 0 for pool in result.pools)
    # Insolvent accounts with perpetuals go whole; what they cannot pay the other side bears, and nobody else.
    perps = result.perps
    assert perps is not None
    gone = {event.account for event in insolvent if event.account.startswith("perp")}
    assert len(gone) >= 2
    for account in perps.accounts:
        if account.name in gone:
            assert (account.size, account.claims) == (0, 0)
            assert 0 <= account.end_equity < WAD
            assert [event.fraction for event in insolvent if event.account == account.name] == [1]
    assert perps.books.deleveraged > 0
    assert perps.books.add_up and perps.books.unborne == 0


# --- perpetuals ---


def _perps(result: DemoResult) -> PerpsOutcome:
    assert result.perps is not None
    return result.perps


def test_the_arbitrageur_earns_funding_through_the_crash(kept: DemoResult) -> None:
    perps = _perps(kept)
    arbitrage = perps.arbitrage
    assert arbitrage.funding > 1_000 * WAD
    assert arbitrage.end_equity > arbitrage.start_equity
    # In dollars that are paid: nothing is open, nothing waits.
    assert (arbitrage.size, arbitrage.claims) == (0, 0)
    # Whatever ether does: a fall by a fifth moves him by less than a tenth of that.
    assert kept.fall > 0.2
    assert max(abs(sample.gained) for sample in perps.samples) < 0.02 * arbitrage.start_equity / WAD
    assert all(sample.rate > 0 for sample in perps.samples)


def test_naked_longs_are_taken_over_the_more_often_the_higher_their_leverage(kept: DemoResult) -> None:
    longs = [account for account in _perps(kept).accounts if account.position.startswith("long")]
    times = [kept.takeovers(account.name) for account in longs]
    assert times[0] == 0 and times == sorted(times) and times[-1] >= 5
    for account, count in zip(longs, times, strict=True):
        assert account.funding < 0
        assert 0 < account.end_equity < account.start_equity
        assert (kept.premiums(account.name) > 0) == (count > 0)
        assert account.lowest_health is not None
        assert (account.lowest_health < 1) == (count > 0)
    assert not any(kept.takeovers(account.name) for account in _perps(kept).accounts if account.funding > 0)


def test_the_books_of_perpetuals_add_up_and_funding_is_one_persons_gain_and_anothers_loss(
    kept: DemoResult, neglected: DemoResult
) -> None:
    for result in (kept, neglected):
        perps, books = _perps(result), _perps(result).books
        assert (books.sizes, books.difference) == (0, 0), "PERP-1"
        assert books.held == books.cash >= books.allotted, "PERP-4"
        total = perps.lp_funding + sum(account.funding for account in perps.accounts)
        total += _options(result).funding
        assert abs(total) <= len(perps.accounts) + 2, "to the wei, but for each account's rounding to one"
        assert perps.samples[-1].funding * WAD == pytest.approx(perps.arbitrage.funding, rel=0.01)


def test_lps_gain_what_longs_lose_and_can_leave_with_it(kept: DemoResult) -> None:
    perps = _perps(kept)
    assert perps.lp_change > 0.05
    assert perps.lp_start < perps.lp_exit <= perps.lp_end
    assert perps.lp_traded > perps.lp_funding > 0


def test_without_a_keeper_losers_do_not_pay_and_winners_wait(neglected: DemoResult, kept: DemoResult) -> None:
    perps = _perps(neglected)
    assert perps.books.claims > 100_000 * WAD and perps.books.cash == 0
    assert perps.arbitrage.claims > 10_000 * WAD
    assert any(account.end_equity < 0 for account in perps.accounts), "a loss that grows"
    # What waits counts for nothing for who leaves.
    assert perps.lp_exit <= perps.lp_start < perps.lp_end
    assert _perps(kept).books.claims == 0
    assert not any(neglected.takeovers(account.name) for account in perps.accounts)


# --- options ---


def _options(result: DemoResult) -> OptionsOutcome:
    assert result.options is not None
    return result.options


def test_the_book_runs_on_a_fraction_of_standard_margin_through_the_crash(kept: DemoResult) -> None:
    options = _options(kept)
    assert options.share < 0.3
    # Standard margin would not have let it open, nor stay.
    assert options.initial[0] < options.book.start_equity < options.maintenance[1]
    assert all(0 < sample.portfolio <= sample.standard for sample in options.samples), "PM-1"
    assert options.book.lowest_health is not None and options.book.lowest_health > 1
    assert options.book.taken_over == 0
    assert options.book.end_equity > options.book.start_equity * 3 // 5
    assert abs(options.greeks["delta"]) < 0.01 and options.greeks["gamma"] < 0 < options.greeks["theta"]
    assert options.hedges >= 2
    assert max(sample.volatility for sample in options.samples) > options.samples[0].volatility


def test_the_naked_seller_is_taken_over_by_the_market_maker_and_nobody_without_one(
    kept: DemoResult, neglected: DemoResult
) -> None:
    seller = _options(kept).seller
    assert seller.taken_over >= 1 and seller.premiums > 0
    assert seller.lowest_health is not None and seller.lowest_health < 1
    assert 0 <= seller.end_equity < seller.start_equity
    alone = _options(neglected).seller
    assert alone.taken_over == 0
    assert alone.lowest_health is not None and alone.lowest_health < seller.lowest_health


def test_the_books_of_options_add_up(kept: DemoResult, neglected: DemoResult) -> None:
    for result in (kept, neglected):
        books = _options(result).books
        assert (books.sizes, books.difference) == (0, 0), "OPT-1"
        assert books.held == books.cash, "OPT-1"
        assert result.books_add_up


def test_the_same_path_gives_the_same_figures(tmp_path: Path) -> None:
    path = named_path("crash-45", points=30)

    def figures(name: str) -> dict[str, Any]:
        run(path).write_json(tmp_path / name)
        content: dict[str, Any] = json.loads((tmp_path / name).read_text())
        return {key: value for key, value in content.items() if key not in ("seconds", "set_up_seconds")}

    assert figures("first.json") == figures("second.json")


def test_a_price_that_no_feed_would_give_is_refused_before_anything_is_played() -> None:
    points = [(number * 60, Decimal(2_000 if number < 9 else 2_000_000)) for number in range(10)]
    with pytest.raises(KeelError) as caught:
        run(path_of("absurd.csv", points, least=10))
    assert str(caught.value) == (
        "absurd.csv: close 2000000 at 540 is outside of what the market's feed accepts, $50 to $100,000"
    )


# --- as a program ---


def program(*arguments: str, prices: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "scripts.demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "PRICES": prices, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_program_plays_a_csv_and_leaves_picture_and_figures(tmp_path: Path) -> None:
    file = tmp_path / "calm.csv"
    file.write_text(
        "timestamp,close\n" + "".join(f"{hour * 3600},{2_000 + hour % 3}\n" for hour in range(30))
    )
    demo = program("--accounts", "4", "--out", str(tmp_path), prices=str(file))
    output, errors = demo.communicate(timeout=240)
    assert demo.returncode == 0, errors
    assert errors == ""
    lines = output.strip().splitlines()
    assert f"{file}: " in lines[0] and "from 30 rows" in lines[0]
    assert re.fullmatch(r"lenders whole: yes, worst pool \w+ \+\d+\.\d{4}%", lines[-1])
    content = json.loads((tmp_path / "demo.json").read_text())
    assert content["verdict"] == lines[-1]
    assert content["points"] >= 500
    assert len(content["accounts"]) == 4
    assert content["perps"]["books"]["add_up"]
    assert content["perps"]["accounts"][-1]["funding"] > 0
    assert content["options"]["books"]["add_up"]
    assert (tmp_path / "demo.png").stat().st_size > 20_000


def test_a_bad_csv_is_one_line_and_starts_no_chain(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("timestamp,close\n1,2000\n2,never\n")
    demo = program("--prices", str(file))
    output, errors = demo.communicate(timeout=60)
    assert demo.returncode == 1
    assert output == ""
    assert errors == f"keel demo: {file}, row 3: close 'never' is not a number such as \"1850.25\"\n"


@pytest.mark.parametrize(("ending", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_demonstration_ends_its_chain(
    ending: signal.Signals, code: int, tmp_path: Path
) -> None:
    demo = program("--accounts", "2", "--out", str(tmp_path))
    assert demo.stdout is not None
    for line in demo.stdout:
        if "deployed" in line:
            break
    chains = [child for child in psutil.Process(demo.pid).children() if child.name() == "anvil"]
    assert len(chains) == 1
    demo.send_signal(ending)
    _, errors = demo.communicate(timeout=30)
    assert demo.returncode == code
    assert "Traceback" not in errors
    deadline = time.monotonic() + 5
    while chains[0].is_running() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not chains[0].is_running()


def _healths(result: DemoResult) -> list[float]:
    return [health for sample in result.samples for health in sample.health if health is not None]
