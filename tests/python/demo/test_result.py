"""What the demonstration says at its end, from figures written by hand."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib.image
import pytest
from rich.console import Console

from scripts.demo import chart, report
from scripts.demo.option_result import OptionBooks, OptionOutcome, OptionSample, OptionsOutcome
from scripts.demo.perp_books import funding_paid, worth
from scripts.demo.perp_result import PerpBooks, PerpOutcome, PerpSample, PerpsOutcome
from scripts.demo.play import Moment
from scripts.demo.result import (
    SHARES,
    AccountOutcome,
    DemoResult,
    Liquidation,
    PoolOutcome,
    Sample,
    gas_summary,
)
from scripts.demo.screen import Screen

WAD = 10**18
QUOTE = 10**36
HOUR = 3_600


def pool(symbol: str, worth: int = SHARES) -> PoolOutcome:
    return PoolOutcome(symbol, SHARES, worth, 5_000_000, 6, 0, 0, 0.5)


@pytest.fixture
def result() -> DemoResult:
    accounts = [
        AccountOutcome("trader 1", "long WETH 4×", 20_000 * WAD, 1.8, 4_000 * WAD, 1.4, 0.93),
        AccountOutcome("trader 2", "short WETH 2×", 10_000 * WAD, 2.5, 12_000 * WAD, None, 2.4, 500 * WAD),
    ]
    samples = [
        Sample(point * HOUR, 3_000 - 100 * point, [1.2 - point / 5, None], [0.5]) for point in range(3)
    ]
    event = Liquidation(HOUR, "trader 1", 0.25, 0.98, 300 * WAD, 20 * WAD, 0, 270 * WAD, 0, insolvent=False)
    return DemoResult(
        path="made up",
        points=3,
        fall=0.07,
        largest_step=0.04,
        keeper_on=True,
        pools=[pool("USDC", SHARES + SHARES // 10_000)],
        accounts=accounts,
        samples=samples,
        liquidations=[event, replace(event, premium=200 * WAD)],
        refused={"Vault_SwapLimit": 2},
        gas={"lend": [100, 300, 200]},
        backstop_start=1_000 * WAD,
        backstop_end=1_040 * WAD,
        set_up_seconds=1.23,
        seconds=4.56,
    )


def perps() -> PerpsOutcome:
    accounts = [
        PerpOutcome("perp trader 1", "long 4×", 1_000 * WAD, 400 * WAD, -30 * WAD, 0, 2 * WAD, 0.9),
        PerpOutcome("perp trader 2", "holds ether, short 1×", 3_000 * WAD, 3_047 * WAD, 61 * WAD, 5 * WAD),
    ]
    books = PerpBooks(0, 0, 80 * WAD, 80 * WAD, 70 * WAD, 60 * WAD, 9 * WAD, 0, 2 * WAD)
    samples = [
        PerpSample(point * HOUR, 0.001 * point, 0.002 * point, 10.0 * point, 5.0) for point in range(3)
    ]
    return PerpsOutcome(
        *("ETH-PERP", accounts, "perp trader 2", books, 9_000 * WAD, 9_900 * WAD, 9_800 * WAD, 33 * WAD),
        samples,
    )


def options() -> OptionsOutcome:
    accounts = [
        OptionOutcome("options: book", "delta-neutral book", 30_000 * WAD, 27_654 * WAD, 0, 2.13),
        OptionOutcome("options: seller", "naked puts sold", 16_000 * WAD, 4_321 * WAD, 0, 0.84, 5, 839 * WAD),
    ]
    samples = [OptionSample(point * HOUR, 30_000.0, 12_000.0, 47_000.0, 0.75) for point in range(3)]
    greeks = {"delta": 0.001, "gamma": -0.0125, "vega": -94.04, "theta": 110.45}
    requirements = ((14_700 * WAD, 70_000 * WAD), (11_910 * WAD, 47_329 * WAD))
    books = OptionBooks(0, 0, 70 * WAD, 70 * WAD)
    return OptionsOutcome("ETH-OPTION", accounts, *requirements, greeks, books, 5 * WAD, 13, 144, samples)


def printed(result: DemoResult) -> str:
    text = StringIO()
    report.show(result, Console(file=text, width=80))
    assert "…" not in text.getvalue(), "nothing is cut off in a terminal of 80 columns"
    return text.getvalue()


def test_lenders_are_whole_when_no_share_fell(result: DemoResult) -> None:
    assert result.lenders_whole
    assert result.verdict == "lenders whole: yes, worst pool USDC +0.0100%"
    result.pools.append(pool("DAI"))
    assert result.lenders_whole
    assert result.worst_pool.symbol == "DAI"


def test_one_unit_less_in_one_pool_is_a_loss(result: DemoResult) -> None:
    result.pools.append(pool("DAI", SHARES - 1))
    assert not result.lenders_whole
    assert result.verdict.startswith("lenders whole: no, worst pool DAI -0.0000%")


def test_a_loss_that_nobody_has_taken_yet_counts(result: DemoResult) -> None:
    result.accounts[0].end_equity = -1_234 * WAD
    assert not result.lenders_whole
    assert result.verdict.endswith("1 accounts owe $1,234.00 more than they hold")
    result.accounts[0].end_equity = 0
    assert result.lenders_whole
    result.pools[0].flagged = 1
    assert not result.lenders_whole


def test_premiums_are_added_up_by_account(result: DemoResult) -> None:
    assert result.premiums("trader 1") == 500 * WAD
    assert result.premiums("trader 2") == 0


def test_gas_is_summed_up_by_count_and_middle() -> None:
    assert gas_summary([100, 300, 200]) == {"count": 3, "least": 100, "median": 200, "most": 300}


def test_tables_show_every_account_pool_and_figure(result: DemoResult) -> None:
    text = printed(result)
    for expected in (
        *("long WETH 4×", "$20,000", "$4,000", "0.93", "1.40", "$500"),
        *("short WETH 2×", "no debt", "$12,000"),
        *("USDC", "1.00010000", "+0.0100%", "50.0%"),
        *("Vault_SwapLimit", "$540", "$1,040", "lend", "300"),
    ):
        assert expected in text, expected


def test_an_account_that_never_opened_says_so(result: DemoResult) -> None:
    result.accounts.append(AccountOutcome("trader 3", "long wstETH / WETH 1.8×", 0, 0.0))
    assert "stayed out" in printed(result)


def test_json_holds_what_the_tables_show(result: DemoResult, tmp_path: Path) -> None:
    file = tmp_path / "reports" / "demo.json"
    result.write_json(file)
    content = json.loads(file.read_text())
    assert content["verdict"] == result.verdict
    assert content["pools"][0]["share_price_end"] == str(SHARES + SHARES // 10_000)
    assert content["accounts"][0]["premiums"] == 500.0
    assert content["liquidations"][0]["profit"] == 270.0
    assert content["samples"]["health"] == {"trader 1": [1.2, 1.0, 0.8], "trader 2": [None, None, None]}
    assert content["samples"]["price"] == [3_000, 2_900, 2_800]
    assert content["gas"]["lend"]["median"] == 200


# --- perpetuals ---


def test_books_add_up_when_nothing_is_missing_and_cash_covers_what_is_kept(result: DemoResult) -> None:
    assert result.books_add_up, "there is no market"
    result.perps = perps()
    assert result.books_add_up
    good = result.perps.books
    for wrong in ({"sizes": 1}, {"sizes": -1}, {"difference": 1}, {"cash": 81 * WAD}, {"allotted": 81 * WAD}):
        result.perps.books = replace(good, **wrong)
        assert not result.books_add_up, wrong
    loose = replace(good, deleveraged=1, loose_sizes=2, loose_costs=10)
    for small in ({"sizes": -2}, {"difference": 10}):
        result.perps.books = replace(loose, **small)
        assert result.books_add_up, "what roundings of deleveraging leave"
    result.perps.books = replace(loose, sizes=3)
    assert not result.books_add_up


def test_what_lps_gain_beside_funding_is_what_traders_lost_to_them() -> None:
    assert perps().lp_traded == 867 * WAD
    assert perps().lp_change == pytest.approx(0.1)


def test_tables_show_perpetuals(result: DemoResult) -> None:
    result.perps = perps()
    result.liquidations.append(replace(result.liquidations[0], account="perp trader 1", premium=77 * WAD))
    text = printed(result)
    for expected in (
        *("long 4×", "$1,000", "$400", "-$30", "1×", "$77"),
        *("holds ether, short 1×", "$3,047", "$61", "+1.57%", "-$14", "$5"),
        *("+10.00%", "$9,900", "$867", "$33", "$9,800"),
        *("ETH-PERP", "$80", "$60", "$70", "yes"),
    ):
        assert expected in text, expected
    result.perps.books.difference = QUOTE
    assert "1e+00" in printed(result) and "no\n" in printed(result).replace(" ", "")


def test_json_holds_perpetuals(result: DemoResult, tmp_path: Path) -> None:
    result.perps = perps()
    result.liquidations.append(replace(result.liquidations[0], account="perp trader 1"))
    result.write_json(tmp_path / "demo.json")
    content = json.loads((tmp_path / "demo.json").read_text())["perps"]
    assert content["accounts"][0]["taken_over"] == 1
    assert content["accounts"][0]["premiums"] == 300.0
    assert content["accounts"][1]["funding"] == 61.0
    assert content["lps"] == {"start": 9_000, "end": 9_900, "exit": 9_800, "funding": 33, "change": 0.1}
    assert content["books"]["add_up"] and content["books"]["difference"] == "0"
    assert content["samples"]["rate"] == [0, 0.001, 0.002]


@pytest.mark.parametrize(
    "books",
    [
        OptionBooks(1, 0, 70 * WAD, 70 * WAD),
        OptionBooks(0, -1, 70 * WAD, 70 * WAD),
        OptionBooks(0, 0, 70 * WAD, 70 * WAD - 1),
        OptionBooks(3, 0, 70 * WAD, 70 * WAD, loose=2),
    ],
)
def test_books_of_options_that_do_not_add_up_are_told(result: DemoResult, books: OptionBooks) -> None:
    result.options = options()
    assert result.books_add_up
    result.options.books = books
    assert not result.books_add_up, "OPT-1"
    assert re.search(r"books add up \(OPT-1\) +no", printed(result))


def test_books_of_options_may_be_off_by_what_deleveraging_rounds() -> None:
    assert OptionBooks(2, 0, 0, 0, loose=2).add_up


def test_tables_show_options(result: DemoResult) -> None:
    result.options = options()
    text = printed(result)
    for line in (
        r"delta-neutral book +\$30,000 +\$27,654 +2\.13",
        r"naked puts sold +\$16,000 +\$4,321 +0\.84 +5× +\$839",
        r"to open: required as a portfolio +\$14,700",
        r"by standard margin +\$70,000",
        r"share of it +21\.0%",
        r"theta at start, dollars a day +\+110\.45",
        r"hedged with the perpetual +13×",
        r"books add up \(OPT-1\) +yes",
    ):
        assert re.search(line, text), line


def test_json_holds_options(result: DemoResult, tmp_path: Path) -> None:
    result.options = options()
    result.write_json(tmp_path / "demo.json")
    content = json.loads((tmp_path / "demo.json").read_text())["options"]
    assert content["requirement"]["initial"] == {"portfolio": 14_700, "standard": 70_000}
    assert content["accounts"][1]["taken_over"] == 5
    assert content["books"]["add_up"] is True
    assert content["samples"]["standard"] == [47_000] * 3


def test_the_picture_has_a_panel_for_portfolio_margin(result: DemoResult, tmp_path: Path) -> None:
    chart.draw(result, tmp_path / "without.png")
    result.options = options()
    chart.draw(result, tmp_path / "with.png")
    without, with_options = (
        matplotlib.image.imread(tmp_path / f"{name}.png").shape for name in ("without", "with")
    )
    assert with_options[0] > without[0] + 200 and with_options[1] == without[1]


def test_worth_is_tokens_less_debt_the_position_at_the_mark_and_claims() -> None:
    def dollars(symbol: str, amount: int) -> Decimal:
        return Decimal(amount) / 10**6 if symbol == "USDC" else Decimal(amount) / WAD * 2_000

    stage: Any = SimpleNamespace(
        by_id={0: SimpleNamespace(symbol="USDC"), 1: SimpleNamespace(symbol="WETH")},
        dollars=dollars,
        prices={"USDC": Decimal(1)},
        settlement="USDC",
        settlement_value=lambda amount: amount * 10**12,
    )
    debt = -300 * 10**6 & (1 << 248) - 1
    position = SimpleNamespace(pnl=-50 * QUOTE, waiting=4 * 10**6, allotted=3 * 10**6)
    answers = ((([debt, 1 << 248 | WAD], [], 0)), position)
    assert worth(stage, answers) == (1_657 * WAD, 7 * WAD)


def test_funding_is_the_size_times_what_the_index_moved_while_it_stood(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events = {
        "FundingAccrued": [{"block": 3, "fundingWad": 2}, {"block": 5, "fundingWad": 7}],
        # Opened before anything had accrued, halved in the block of the first, closed and reversed later.
        "PositionChanged": [
            {"block": 2, "sizeWad": 10},
            {"block": 3, "sizeWad": 4},
            {"block": 6, "sizeWad": -3},
        ],
    }
    monkeypatch.setattr("scripts.demo.perp_books.events_of", lambda chain, market, name, *_: events[name])
    market = SimpleNamespace(state=lambda: SimpleNamespace(fundingWad=11))
    stage: Any = SimpleNamespace(chain=SimpleNamespace(block_number=9))
    perp: Any = SimpleNamespace(market=market)
    # A long of 10 pays 2, one of 4 pays 5 a unit, a short of 3 earns 4.
    assert funding_paid(stage, perp, [b"account"], 1) == [-10 * 2 - 4 * 5 + 3 * 4]


def test_the_picture_has_panels_for_perpetuals(result: DemoResult, tmp_path: Path) -> None:
    chart.draw(result, tmp_path / "without.png")
    result.perps = perps()
    result.liquidations.append(replace(result.liquidations[0], account="perp trader 1"))
    chart.draw(result, tmp_path / "with.png")
    without, with_perps = (
        matplotlib.image.imread(tmp_path / f"{name}.png").shape for name in ("without", "with")
    )
    assert with_perps[0] > without[0] + 400 and with_perps[1] == without[1]


def test_the_picture_is_drawn_with_and_without_liquidations(result: DemoResult, tmp_path: Path) -> None:
    sizes = []
    for number, events in enumerate((result.liquidations, [])):
        file = tmp_path / f"{number}.png"
        result.liquidations = events
        chart.draw(result, file)
        pixels = matplotlib.image.imread(file)
        sizes.append(pixels.shape)
        # The alarm's red is in the line at 1 either way; a picture of one colour would show nothing.
        assert pixels[..., :3].std() > 0.05
    assert sizes[0] == sizes[1]
    assert sizes[0][1] >= 1_200


def test_without_a_terminal_a_line_comes_every_tenth(result: DemoResult) -> None:
    text = StringIO()
    screen = Screen(Console(file=text, width=120))
    with screen.playing(40):
        for number in range(1, 41):
            screen.watch(Moment(number, Decimal("1999.5"), number / 2, 0.97, number // 20))
    lines = text.getvalue().splitlines()
    assert len(lines) == 10
    assert " ".join(lines[-1].split()) == ("40 / 40 20.0 h ether 1,999.50 lowest health 0.97 2 liquidations")


def test_in_a_terminal_the_line_is_live() -> None:
    text = StringIO()
    screen = Screen(Console(file=text, width=120, force_terminal=True))
    with screen.playing(2):
        screen.watch(Moment(1, Decimal(2_000), 0.5, None, 1))
        screen.watch(Moment(2, Decimal(1_900), 1.0, 0.5, 1))
    assert "1,900.00  lowest health  0.50  1 liquidation" in text.getvalue()
