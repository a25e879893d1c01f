"""The keeper's decisions, on a stage that answers as told: what is tried, in which order, what is noted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from scripts.client.perps import settle_data, trade_data
from scripts.common.contract import Reverted
from scripts.demo.keeper import Keeper, Takeover
from scripts.keeper.offers import CLOSING_MARGIN
from scripts.keeper.perps import Perp

WAD = 10**18
USDC, WETH = 0, 1
ALL = 2**256 - 1


def holding(asset: int, amount: int) -> int:
    return asset << 248 | amount & (1 << 248) - 1


MARKET, MAKER = "0x" + "11" * 20, "0x" + "22" * 20


class Market:
    """A perpetual market that is asked for its books."""

    address = MARKET

    def __getattr__(self, name: str) -> Any:
        return SimpleNamespace(prepare=lambda *_: name)


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
    """Accounts hold what they are told to; a batch that takes more than `most` reverts, and where there is no `profit`
    one that withdraws it."""

    def __init__(self, holdings: list[int], most: int, instruments: list[str], profit: bool) -> None:
        self.most, self.profit = most, profit
        self.tried: list[int] = []
        self.sent: list[list[Any]] = []
        self.holdings = Function("holdings", lambda _: (holdings, instruments, 0))
        self.callInstrument = Function("callInstrument")
        self.liquidate, self.withdraw = Function("liquidate"), Function("withdraw")
        self.execute = self

    def call(self, calls: list[Any], sender: str) -> list[bytes]:
        fraction = calls[0][3]
        self.tried.append(fraction)
        if fraction > self.most:
            raise Reverted("Vault_SwapLimit", (), b"")
        if not self.profit and calls[-1][0] == "withdraw":
            raise Reverted("Vault_InsufficientBalance", (), b"")
        words = (1_000).to_bytes(32) * 3
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
    symbol: SimpleNamespace(symbol=symbol, decimals=6, token=SimpleNamespace(address=symbol.lower()))
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
    profit: bool = True,
    position: int = 0,
    absorbed: int = 0,
) -> Any:
    """`position` is a signed size of a perpetual with a loss of 10 dollars, of which the market bears `absorbed`."""
    perp = Perp("ETH-PERP", 0, Market(), SimpleNamespace(address=MAKER), 1, 10**30)  # type: ignore[arg-type]
    books = [
        SimpleNamespace(sizeWad=position, waiting=0, allotted=0, pnl=-10 * 10**36),
        *(SimpleNamespace() for _ in range(3)),
    ]
    flagged: list[bytes] = []
    written_off: list[bytes] = []

    def plan(takeover: tuple[Any, ...]) -> Any:
        taken = WAD if dust else min(takeover[4], fraction)
        moved = [holding(entry >> 248, _signed(entry) * taken // WAD) for entry in takeover[1]]
        absorbs = [absorbed] if insolvent else []
        return SimpleNamespace(fractionWad=taken, moved=moved, insolvent=insolvent, absorbs=absorbs)

    def flag(account: bytes) -> Any:
        flagged.append(account)
        return SimpleNamespace(gas_used=1)

    def write_off(account: bytes) -> Any:
        written_off.append(account)
        return SimpleNamespace(gas_used=1, events=lambda *_: [])

    def swap_call(account: bytes, sell: str, buy: str, amount: int, **bounds: Any) -> tuple[Any, ...]:
        return ("swap", sell, buy, amount, bounds)

    return Stage(
        vault=Vault(holdings, most, [MARKET] if position else [], profit),
        chain=SimpleNamespace(read_all=lambda calls: books),
        domain=SimpleNamespace(),
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
        perps={MARKET: perp} if position else {},
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


DOLLARS = [holding(USDC, 20_000 * 10**6)]


@pytest.mark.parametrize("position", [7 * WAD + 1, -7 * WAD - 1])
def test_a_position_that_comes_over_is_closed_before_it_is_settled_and_the_rest_withdrawn(
    position: int,
) -> None:
    stage = stage_with(DOLLARS, position=position)
    visit(stage)
    [[liquidate, closing, settlement, withdrawal]] = stage.vault.sent
    # The engine's most changes with every second: a little less than that stays as it is.
    fraction = WAD // 2 - WAD // 2 // CLOSING_MARGIN
    assert liquidate[3] == fraction
    # Towards zero, as the market does; a simulation at 1,000 allows 0.2% on either side.
    moved = abs(position) * fraction // WAD
    size, limit = (-moved, 998) if position > 0 else (moved, 1_002)
    market = stage.perps[MARKET].market
    assert closing == ("callInstrument", b"keeper", market, trade_data(MAKER, size, limit))
    assert settlement == ("callInstrument", b"keeper", market, settle_data())
    assert withdrawal[0] == "withdraw"


def test_an_insolvent_account_with_a_position_is_taken_over_whole_though_nobody_pays() -> None:
    stage = stage_with(DOLLARS, position=WAD, insolvent=True, fraction=WAD, profit=False)
    keeper, takeover = visit(stage)
    [calls] = stage.vault.sent
    assert calls[0][3] == WAD
    assert [call[0] for call in calls] == ["liquidate", "callInstrument", "callInstrument"]
    assert takeover is not None and not keeper.refused and not stage.flagged


def test_a_position_that_goes_to_the_markets_receiver_is_not_closed_again() -> None:
    stage = stage_with(DOLLARS, position=WAD, insolvent=True, fraction=WAD, absorbed=3 * WAD)
    visit(stage)
    [calls] = stage.vault.sent
    assert [call[0] for call in calls] == ["liquidate", "callInstrument", "withdraw"]
    assert calls[1][3] == settle_data()


def test_without_a_position_nobody_works_for_nothing() -> None:
    stage = stage_with(LONG, insolvent=True, profit=False)
    keeper, takeover = visit(stage)
    assert takeover is None and stage.flagged == [b"sick"]
    assert keeper.refused == {"no profit": 1}


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
