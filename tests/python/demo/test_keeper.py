"""The keeper's decisions, on a stage that answers as told: what is tried, in which order, what is noted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.common.contract import Reverted
from scripts.demo.keeper import Keeper, Takeover

WAD = 10**18
USDC, WETH = 0, 1
ALL = 2**256 - 1


def holding(asset: int, amount: int) -> int:
    return asset << 248 | amount & (1 << 248) - 1


class Function:
    """A contract's function: encodes to its name and arguments, and does what it is given."""

    def __init__(self, name: str, act: Callable[..., Any] = lambda *_: None) -> None:
        self.name, self.act = name, act

    def __call__(self, *args: Any, sender: str = "") -> Any:
        return self.act(*args)

    call = __call__

    def encode(self, *args: Any) -> tuple[Any, ...]:
        return (self.name, *args)


class Vault:
    """Accounts hold what they are told to; a batch that takes more than `most` reverts."""

    def __init__(self, holdings: list[int], most: int) -> None:
        self.most = most
        self.tried: list[int] = []
        self.sent: list[list[Any]] = []
        self.holdings = Function("holdings", lambda _: (holdings, [], 0))
        self.liquidate, self.withdraw = Function("liquidate"), Function("withdraw")
        self.execute = self

    def call(self, calls: list[Any], sender: str) -> list[bytes]:
        fraction = calls[0][3]
        self.tried.append(fraction)
        if fraction > self.most:
            raise Reverted("Vault_SwapLimit", (), b"")
        words = (1_000).to_bytes(32) * 2
        return [words for _ in calls]

    def __call__(self, calls: list[Any], sender: str) -> Any:
        self.sent.append(calls)
        event = {
            "fractionWad": calls[0][3],
            "payment": 700 * 10**6,
            "backstopFee": 10 * 10**6,
            "topUp": 0,
            "equity": 1_500 * WAD,
        }
        profit = {"token": "usdc", "amount": 50 * 10**6}
        events = {"Liquidated": [event], "Withdrawn": [profit], "DebtWrittenOff": []}
        return SimpleNamespace(gas_used=1, events=lambda name, _: events[name])


ASSETS = {
    symbol: SimpleNamespace(symbol=symbol, token=SimpleNamespace(address=symbol.lower()))
    for symbol in ("USDC", "WETH")
}


class Stage(SimpleNamespace):
    """What the keeper asks of a stage."""

    def __getitem__(self, symbol: str) -> Any:
        return ASSETS[symbol]


def stage_with(
    holdings: list[int],
    *,
    fraction: int = WAD // 2,
    most: int = WAD,
    dust: bool = False,
    insolvent: bool = False,
) -> Any:
    flagged: list[bytes] = []
    written_off: list[bytes] = []

    def plan(takeover: tuple[Any, ...]) -> Any:
        taken = WAD if dust else min(takeover[3], fraction)
        moved = [holding(entry >> 248, _signed(entry) * taken // WAD) for entry in takeover[1]]
        return SimpleNamespace(fractionWad=taken, moved=moved, insolvent=insolvent)

    def flag(account: bytes) -> Any:
        flagged.append(account)
        return SimpleNamespace(gas_used=1)

    def write_off(account: bytes) -> Any:
        written_off.append(account)
        return SimpleNamespace(gas_used=1, events=lambda *_: [])

    def swap_call(account: bytes, sell: str, buy: str, amount: int, **bounds: Any) -> tuple[Any, ...]:
        return ("swap", sell, buy, amount, bounds)

    return Stage(
        vault=Vault(holdings, most),
        liquidation=SimpleNamespace(
            plan=Function("plan", plan),
            flag=Function("flag", flag),
            writeOff=Function("writeOff", write_off),
        ),
        by_id={USDC: ASSETS["USDC"], WETH: ASSETS["WETH"]},
        settlement="USDC",
        account_id=lambda owner: owner.encode(),
        swap_call=swap_call,
        quote_exact_out=lambda sell, buy, amount: 2_000,
        settlement_value=lambda amount: amount * 10**12,
        record=lambda kind, tx: tx,
        flagged=flagged,
        written_off=written_off,
    )


LONG = [holding(USDC, -20_000 * 10**6), holding(WETH, 10 * WAD)]
SHORT = [holding(USDC, 30_000 * 10**6), holding(WETH, -10 * WAD)]
SICK: Any = SimpleNamespace(id=b"sick", name="trader 1")


def visit(stage: Any) -> tuple[Keeper, Takeover | None]:
    keeper = Keeper(stage, "keeper")
    return keeper, keeper.visit(SICK)


def test_a_long_is_sold_and_the_profit_withdrawn() -> None:
    stage = stage_with(LONG)
    _, takeover = visit(stage)
    [[liquidate, sale, withdrawal]] = stage.vault.sent
    assert liquidate[:4] == ("liquidate", b"sick", b"keeper", WAD // 2)
    # Exactly what moves; a simulation that bought 1,000 allows 0.2% less.
    assert sale == ("swap", "WETH", "USDC", 5 * WAD, {"limit": 998})
    assert withdrawal == ("withdraw", b"keeper", stage["USDC"].token, ALL, "keeper")
    assert takeover is not None
    assert (takeover.fraction, takeover.profit, takeover.fee) == (0.5, 50 * WAD, 10 * WAD)
    # Half of 1,500 dollars changed hands for 690: the rest is what it cost the account.
    assert takeover.premium == 60 * WAD


def test_the_debt_of_a_short_is_bought_back_with_a_little_more_than_is_owed() -> None:
    stage = stage_with(SHORT)
    visit(stage)
    [[_, purchase, *withdrawals]] = stage.vault.sent
    debt = 5 * WAD
    assert purchase == (
        "swap",
        "USDC",
        "WETH",
        debt + debt // 10**6 + 1,
        {"limit": 2_004, "exact_out": True},
    )
    assert [call[2].address for call in withdrawals] == ["usdc", "weth"]


def test_what_does_not_work_whole_is_tried_in_smaller_parts() -> None:
    stage = stage_with(LONG, most=WAD // 7)
    _, takeover = visit(stage)
    assert stage.vault.tried == [WAD // 2, WAD // 4, WAD // 8]
    assert takeover is not None and takeover.fraction == 0.125


def test_where_the_engine_gives_all_or_nothing_smaller_parts_are_not_tried() -> None:
    stage = stage_with(LONG, most=0, dust=True)
    keeper, takeover = visit(stage)
    assert takeover is None
    assert stage.vault.tried == [WAD]
    assert keeper.refused == {"Vault_SwapLimit": 1}


@pytest.mark.parametrize("insolvent", [False, True])
def test_only_an_insolvent_account_that_cannot_be_taken_is_flagged(insolvent: bool) -> None:
    stage = stage_with(LONG, most=0, insolvent=insolvent)
    keeper, takeover = visit(stage)
    assert takeover is None
    assert stage.flagged == ([b"sick"] if insolvent else [])
    assert keeper.refused == {"Vault_SwapLimit": 1}


def test_an_account_with_nothing_but_debt_is_written_off() -> None:
    stage = stage_with([holding(USDC, -5)])
    _, takeover = visit(stage)
    assert stage.written_off == [b"sick"]
    assert takeover is not None and takeover.insolvent
    assert not stage.vault.tried


def test_an_account_that_is_healthy_after_all_is_left_alone() -> None:
    stage = stage_with(LONG)

    def refuse(_: Any) -> Any:
        raise Reverted("LiquidationEngine_Healthy", (), b"")

    stage.liquidation.plan.act = refuse
    keeper, takeover = visit(stage)
    assert takeover is None
    assert keeper.refused == {"healthy after all": 1}
    assert not stage.vault.tried and not stage.vault.sent


def _signed(entry: int) -> int:
    amount = entry & (1 << 248) - 1
    return amount - (1 << 248) if amount >> 247 else amount
