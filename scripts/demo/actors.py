"""Who takes part: lenders, a staker, and traders with their positions and their manners.

A trader opens in one `vault.execute`: the margin goes in and the trade goes through Uniswap, which borrows
what the account lacks. Most traders watch and do nothing, as most people do; some act once or twice when
their health falls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.common.contract import Call, Reverted, Tx
from scripts.common.units import WAD
from scripts.demo.acts import Watched
from scripts.demo.stage import Stage

SLIPPAGE = WAD * 2 // 100
WORRIED_BELOW = 1.3
MOST_ACTS = 2

# What lenders supply and a staker puts into the backstop, in dollars.
LENT = {"USDC": 1_500_000, "DAI": 300_000, "WETH": 800_000, "WBTC": 160_000, "wstETH": 240_000}
STAKED = 150_000


@dataclass(frozen=True)
class Trader:
    """What a trader opens.

    `margin` is in dollars by asset; `borrow` is sold for `buy` until the position is `leverage` times the
    margin. `act` is what the owner does when health falls below WORRIED_BELOW: "adds margin", "repays",
    "sells" or nothing. `opens_at` lets him come late: when the price first is at that share of its start.
    """

    side: str
    leverage: str
    buy: str
    borrow: str
    margin: Mapping[str, int]
    act: str = ""
    opens_at: str | None = None

    @property
    def position(self) -> str:
        """For table and legend."""
        asset, against = (self.buy, self.borrow) if self.side == "long" else (self.borrow, self.buy)
        other = "" if against == "USDC" else f" / {against}"
        mixed = ", mixed" if len(self.margin) > 1 else ""
        late = ", late" if self.opens_at else ""
        return f"{self.side} {asset}{other} {self.leverage}×{mixed}{late}"

    @property
    def dollars(self) -> int:
        """All margin together."""
        return sum(self.margin.values())

    @property
    def spends(self) -> Decimal:
        """Dollars of `borrow` that are sold: own and borrowed.

        Margin in other assets than the one spent is exposure already.
        """
        leverage = Decimal(self.leverage)
        if self.side == "long" and self.borrow not in self.margin:
            leverage -= 1
        return leverage * self.dollars


def _long(leverage: str, asset: str, dollars: int, **manners: Any) -> Trader:
    return Trader("long", leverage, asset, "USDC", {"USDC": dollars}, **manners)


def _short(leverage: str, asset: str, dollars: int, against: str = "USDC", **manners: Any) -> Trader:
    return Trader("short", leverage, against, asset, {against: dollars}, **manners)


TRADERS = (
    _long("1.5", "WETH", 60_000),
    _long("2", "WETH", 50_000),
    _long("2.5", "WETH", 40_000, act="adds margin"),
    _long("3", "WETH", 40_000),
    _long("3.5", "WETH", 30_000, act="sells"),
    _long("4", "WETH", 25_000),
    _long("4.5", "WETH", 20_000),
    Trader("long", "3", "WETH", "DAI", {"WETH": 30_000}),
    _long("2", "WBTC", 60_000),
    _long("3.5", "WBTC", 30_000, act="repays"),
    _long("2.5", "wstETH", 40_000),
    Trader("long", "1.8", "wstETH", "WETH", {"wstETH": 50_000}),
    Trader("long", "2.5", "WETH", "USDC", {"WETH": 20_000, "WBTC": 20_000, "wstETH": 10_000, "DAI": 10_000}),
    _short("1.5", "WETH", 40_000),
    _short("3", "WETH", 30_000),
    _short("2", "WETH", 30_000, against="DAI"),
    _short("2", "WBTC", 30_000),
    _short("1.5", "wstETH", 40_000),
    _long("3", "WETH", 25_000, opens_at="0.75"),
    _short("3.5", "WETH", 25_000, opens_at="0.65"),
)


class Account:
    """A trader on the stage: owner, account and what he has done so far."""

    def __init__(self, stage: Stage, trader: Trader, owner: str, number: int) -> None:
        self.stage, self.trader, self.owner = stage, trader, owner
        self.id = stage.account_id(owner)
        self.name = f"trader {number}"
        self.is_open = False
        self.health: float | None = None
        self.acts: list[str] = []
        self.added = 0

    def open(self) -> Tx:
        """Deposits and trades in one batch. Raises Reverted."""
        stage, trader = self.stage, self.trader
        calls = []
        for symbol, dollars in trader.margin.items():
            amount = stage.units(symbol, Decimal(dollars))
            stage.give(symbol, self.owner, amount)
            calls.append(stage.vault.deposit.encode(self.id, stage[symbol].token, amount))
        spent = stage.units(trader.borrow, trader.spends)
        calls.append(stage.swap_call(self.id, trader.borrow, trader.buy, spent, max_loss=SLIPPAGE))
        tx: Tx = stage.vault.execute(calls, sender=self.owner)
        stage.record(f"open a {trader.side}", tx)
        self.is_open = True
        return tx

    @property
    def is_worried(self) -> bool:
        """Whether the owner would still do something."""
        return bool(self.trader.act) and len(self.acts) < MOST_ACTS

    def react(self, hour: float) -> None:
        """The owner does what he does when health falls."""
        act = {"adds margin": self._add_margin, "repays": self._repay, "sells": self._sell}[self.trader.act]
        try:
            done = f"{self.trader.act} ${act():,.0f}"
        except Reverted as error:
            done = f"in vain {self.trader.act} ({error.name})"
        self.acts.append(f"{done} at {hour:.1f} h")

    def _add_margin(self) -> Decimal:
        dollars = Decimal(self.trader.dollars) / 4
        symbol = next(iter(self.trader.margin))
        amount = self.stage.units(symbol, dollars)
        self.stage.give(symbol, self.owner, amount)
        tx = self.stage.vault.deposit(self.id, self.stage[symbol].token, amount, sender=self.owner)
        self.stage.record("add margin", tx)
        self.added += int(dollars * WAD)
        return dollars

    def _repay(self) -> Decimal:
        symbol = self.trader.borrow
        debt = -self.stage.vault.balanceOf(self.id, self.stage[symbol].token)
        amount = debt // 5
        self.stage.give(symbol, self.owner, amount)
        tx = self.stage.vault.repay(self.id, self.stage[symbol].token, amount, sender=self.owner)
        self.stage.record("repay", tx)
        dollars = self.stage.dollars(symbol, amount)
        self.added += int(dollars * WAD)
        return dollars

    def _sell(self) -> Decimal:
        symbol = self.trader.buy
        held = self.stage.vault.balanceOf(self.id, self.stage[symbol].token)
        amount = held // 3
        call = self.stage.swap_call(self.id, symbol, self.trader.borrow, amount, max_loss=SLIPPAGE)
        tx = self.stage.vault.execute([call], sender=self.owner)
        self.stage.record("deleverage", tx)
        return self.stage.dollars(symbol, amount)


def supply(stage: Stage, lender: str, staker: str) -> None:
    """Lenders fill the pools, a staker the backstop."""
    for symbol, dollars in LENT.items():
        asset = stage[symbol]
        amount = stage.units(symbol, Decimal(dollars))
        stage.give(symbol, lender, amount, spender=asset.pool)
        stage.record("lend", asset.pool.deposit(amount, lender, sender=lender))
    settlement = stage.settlement
    amount = stage.units(settlement, Decimal(STAKED))
    stage.give(settlement, staker, amount, spender=stage.backstop)
    stage.record("stake", stage.backstop.deposit(amount, staker, sender=staker))


def health_call(stage: Stage, accounts: Iterable[Watched]) -> Call:
    """One call that reads the health of all accounts."""
    call: Call = stage.lens.healthMany.prepare([account.id for account in accounts])
    return call
