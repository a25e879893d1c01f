"""The table of docs/gas.md, written from the snapshot: `python -m tests.gas.measure --accept` renews it."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gas.md"
BEGIN, END = "<!-- figures of the snapshot -->\n", "<!-- end of figures -->\n"

# Operations of a row, what is said of them, and the aims.
ROWS: tuple[tuple[tuple[str, ...], str, tuple[int, ...]], ...] = (
    (("lender_deposit",), "", (72_000,)),
    (("lender_withdraw",), "", (70_000,)),
    (("collateral_deposit_first",), "", ()),
    (("collateral_deposit",), "", (58_000,)),
    (("collateral_withdraw_with_debt",), "", (86_000,)),
    (("borrow_1",), "", (100_000,)),
    (("further_collateral",), "each: borrow_8 less borrow_1, by 7", (9_000,)),
    (("repay_partial",), "", (76_000,)),
    (("repay_full",), "", ()),
    (("liquidate_partial",), "the taker owes the settlement asset", (110_000,)),
    (("liquidate_custody",), "he pays from his balance", (150_000,)),
    (("open_4x_first", "open_4x"), "two-transfer mock swap", (180_000,)),
    (("close_4x",), "", (160_000,)),
    (("health_view_1", "health_view_8"), "as transactions", ()),
    (("perp_open",), "with the virtual AMM; both accounts checked", (260_000,)),
    (("perp_increase",), "", (200_000,)),
    (("perp_close",), "", (180_000,)),
    (("perp_settle",), "a loss, from the balance", (90_000,)),
    (("perp_liquidate",), "a part of an account with one position", ()),
    (("order_match_1",), "", ()),
    (("order_match_10",), "a fill of ten", (110_000,)),
    (("pm_view_1",), "a portfolio of one option, the grid of 23 points", (70_000,)),
    (("pm_view_8", "pm_view_64"), "two expiries", (220_000, 1_500_000)),
    (("pm_view_mixed",), "two underlyings: spot, debt, two perpetuals", ()),
    (("pm_view_mixed_8",), "and eight options", ()),
    (("pm_mode_switch",), "", ()),
    (("pm_liquidate_one_scenario",), "spot, debt and perpetuals, judged by named points", ()),
    (("pm_liquidate_one_scenario_8",), "and eight options", ()),
    (("option_trade",), "eight legs, both accounts checked, standard margin", ()),
    (("option_trade_portfolio",), "both accounts portfolios", ()),
    (("option_liquidate_64", "option_insolvent_64"), "64 positions", (10_000_000,)),
    (("option_expire_64",), "", (10_000_000,)),
    (("black76_eval",), "", (2_600,)),
    (("black76_grid_8", "black76_grid_64"), "a value in the grid of 23 points, and adding it up", (800, 700)),
    (("vol_poke",), "", ()),
    (("surface_update_8",), "", ()),
    (
        ("variance_single", "variance_64", "smile_64"),
        "volatility surface: one value, one of 64, a smile of 64",
        (),
    ),
)


def table(snapshot: dict[str, int]) -> str:
    """The rows in Markdown. Raises KeyError for an operation that the snapshot lacks."""
    known = snapshot | {"further_collateral": (snapshot["borrow_8"] - snapshot["borrow_1"]) // 7}
    lines = ["| operation | gas | aim |", "|---|---|---|"]
    for keys, remark, aims in ROWS:
        name = ", ".join(keys) + (f" ({remark})" if remark else "")
        figures = ", ".join(f"{known[key]:,}" for key in keys)
        lines.append(f"| {name} | {figures} | {', '.join(f'{aim:,}' for aim in aims)} |")
    return "\n".join(lines) + "\n"


def write(snapshot: dict[str, int]) -> None:
    """Puts the table into the page."""
    text = PAGE.read_text()
    PAGE.write_text(re.sub(f"{BEGIN}.*{END}", f"{BEGIN}{table(snapshot)}{END}", text, flags=re.DOTALL))


def shown() -> str:
    """The table that the page has."""
    text = PAGE.read_text()
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]
