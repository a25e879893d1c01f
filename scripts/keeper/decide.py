"""What to do about an account: a pure function of what was read about it and of the settings.

`decide` weighs the sizes at which the takeover was planned and quoted, takes the one that leaves most after gas,
and refuses below the minimum. `bound` sets the limits of the chosen one after its simulation: at the worst that
they let through it still earns the minimum. Amounts are in the settlement asset's smallest units unless said
otherwise, all of them exact integers, rounded against the keeper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from scripts.common.units import WAD, format_amount, format_share
from scripts.keeper.options import Kept
from scripts.keeper.perps import Closing
from scripts.keeper.types import Snapshot

SETTLEMENT = 0
# Debt grows between the quote and the block: this part of it, and a unit, is bought on top.
GROWTH = 100_000
# What the first estimate of a transaction's gas is made of; before sending the node's own is asked.
TAKEOVER_GAS, HOP_GAS, HOLDING_GAS, CLEANING_GAS = 220_000, 120_000, 30_000, 250_000
CLOSING_GAS = 500_000
# What judging a portfolio at its whole grid takes more than at two points.
GRID_GAS = 200_000


class Mode(StrEnum):
    """What the keeper does with what it takes over."""

    CAPITAL_FREE = "capital-free"  # sells and repays all of it in the same transaction
    INVENTORY = "inventory"  # keeps it in its own account, whose collateral secures it
    BOTH = "both"  # whichever earns more


class Kind(StrEnum):
    """What is done; the value is the metrics' label."""

    TAKE = "take over"
    FLAG = "flag"
    WRITE_OFF = "write off"
    UNFLAG = "unflag"
    POKE = "poke"
    GROW = "grow observations"
    FUND = "record funding"
    SETTLE = "settle"
    DELEVERAGE = "deleverage"
    TRIGGER = "trigger"
    OBSERVE = "observe volatility"
    REFRESH = "refresh shocks"
    EXPIRE = "settle expiry"


@dataclass(frozen=True)
class Settings:
    """When to act.

    `min_profit` is what must be left after gas, `most_for_cleaning` the gas that may be spent on flags and
    write-offs, which earn nothing. `tolerance` is a WAD: how far a swap or payment may be off its simulation.
    `unwinding` is a WAD: what selling costs later of what inventory mode takes over. `keeps_positions`: inventory mode
    does not close perpetual positions that it takes; options it always keeps.
    """

    mode: Mode = Mode.CAPITAL_FREE
    min_profit: int = 0
    most_for_cleaning: int = 0
    tolerance: int = WAD // 200
    unwinding: int = WAD // 200
    max_gas_price: int = 2**255
    keeps_positions: bool = False


@dataclass(frozen=True)
class Price:
    """What a whole unit (`unit` smallest ones) of an asset is worth, as a WAD of dollars."""

    value: int
    unit: int


@dataclass(frozen=True)
class Trade:
    """A quote: `amount` of an asset sold (or bought, where it is owed) for `settlement` tokens, on `route`."""

    asset: int
    amount: int
    settlement: int
    is_buy: bool
    route: Any
    hops: int = 1


@dataclass(frozen=True)
class Offer:
    """What a takeover of `fraction` moves and costs, and what the market gives for it.

    `moved` are (asset id, signed amount). `excluded` and `excluded_instruments` are bitmaps of what stays behind.
    `trades` are those that were found; an asset that is moved and is in none cannot be traded. `tried` are the modes
    in which it has been simulated in vain. `closings` are positions that can be closed, those with the best outcome
    first; `instruments` is the number of what is moved and cannot. `options` are among these: what comes over of them.
    `scenario` names the points of the grid by which a portfolio is judged, zero: the whole of it (`on_grid`).
    """

    fraction: int
    moved: tuple[tuple[int, int], ...]
    payment: int
    fee: int
    top_up: int
    trades: tuple[Trade, ...] = ()
    excluded: int = 0
    excluded_instruments: int = 0
    instruments: int = 0
    tried: frozenset[Mode] = frozenset()
    closings: tuple[Closing, ...] = ()
    options: tuple[Kept, ...] = ()
    scenario: int = 0
    on_grid: bool = False

    @property
    def paid(self) -> int:
        """What the taker pays, net; below zero he is paid."""
        return self.payment + self.fee - self.top_up

    @property
    def settlement_moved(self) -> int:
        """Settlement tokens (or debt) that come over."""
        return sum(amount for asset, amount in self.moved if asset == SETTLEMENT)


@dataclass(frozen=True)
class Refusal:
    """Why nothing is done: `why` is short and for counting, `text` one line with the numbers. `names` are accounts and
    orders that a contract's refusal names."""

    why: str
    text: str
    names: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Situation:
    """All that a decision is made from.

    `prices` by asset id, `native` of the chain's token. `gas_price` in wei, as a transaction would pay now.
    `problem` is why there are no offers. `flag_due` is whether a flag would tell lenders anything new; `tried`
    is what has been simulated in vain.
    """

    snapshot: Snapshot
    offers: Sequence[Offer]
    prices: Mapping[int, Price]
    native: Price | None
    gas_price: int
    symbol: str = "tokens"
    decimals: int = 0
    problem: Refusal | None = None
    flag_due: bool = True
    tried: frozenset[Kind] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What to do. `gross` is what is earned before gas, `gas` an estimate, `gas_cost` what that costs. `is_rescue`: it is
    done though it earns nothing, out of the budget for cleaning."""

    kind: Kind
    account: bytes
    seen_block: int
    gas: int
    gas_cost: int
    mode: Mode = Mode.CAPITAL_FREE
    gross: int = 0
    offer: Offer | None = None
    is_rescue: bool = False

    @property
    def net(self) -> int:
        """What is left after gas."""
        return self.gross - self.gas_cost


@dataclass(frozen=True)
class Bounds:
    """Limits of a takeover: the most it pays, and per trade the least bought or the most spent.

    `gross` is what it earned when it was simulated, `worst_gross` at the limits. `most_for_gas` is what may be
    spent on gas so that even at the limits the minimum is left.
    """

    max_payment: int
    limits: tuple[int, ...]
    gross: int
    worst_gross: int
    most_for_gas: int


@dataclass(frozen=True)
class Simulation:
    """What a simulated takeover paid, moved of the settlement asset, traded (settlement tokens, in order), and was paid
    by the markets in which it closed positions (in all; below zero it paid)."""

    payment: int
    settlement_moved: int
    traded: tuple[int, ...]
    settled: int = 0


def decide(situation: Situation, settings: Settings) -> Plan | Refusal:
    """The plan that earns most, or why there is none."""
    snapshot = situation.snapshot
    if not snapshot.is_liquidatable:
        return Refusal(
            "healthy",
            f"equity at the favourable edges is {snapshot.favourable}, the requirement {snapshot.requirement}",
        )
    if situation.gas_price > settings.max_gas_price:
        return Refusal(
            "gas price",
            f"gas costs {situation.gas_price} wei, above the cap of {settings.max_gas_price} wei",
        )
    refusal = _best_takeover(situation, settings)
    if isinstance(refusal, Plan):
        return refusal
    if not snapshot.is_insolvent:
        return refusal
    if snapshot.instruments:
        # Its loss is the other side's, and grows: it is taken over though nobody pays the premium.
        rescue = _best_takeover(situation, for_rescue(settings), is_rescue=True)
        if isinstance(rescue, Plan):
            return replace(rescue, is_rescue=True)
    return _clean(situation, settings, refusal)


def for_rescue(settings: Settings) -> Settings:
    """Settings of a takeover that may cost as much as cleaning, in capital-free mode alone."""
    return replace(settings, mode=Mode.CAPITAL_FREE, min_profit=-settings.most_for_cleaning)


def bound(plan: Plan, simulation: Simulation, gas_cost: int, settings: Settings) -> Bounds | Refusal:
    """Limits for a takeover as it was simulated, or why it is not worth sending after all.

    Half of what it earns above the minimum may go to a rise of the gas price, half is spread over payment and
    trades by their size, each at most `tolerance`.
    """
    offer = plan.offer
    if offer is None:
        return Refusal("no takeover", f"a plan to {plan.kind} has no limits")
    if len(simulation.traded) != len(offer.trades):
        return Refusal(
            "simulation", f"{len(simulation.traded)} trades were simulated, {len(offer.trades)} planned"
        )
    closings = closed(plan.mode, offer, settings)
    if plan.mode is Mode.INVENTORY:
        # Nothing is sold: what comes over is worth what the offer says.
        gross = plan.gross + offer.paid - simulation.payment
        gross += simulation.settled - sum(closing.gain for closing in closings)
    else:
        gross = simulation.settlement_moved - simulation.payment + simulation.settled
        for trade, amount in zip(offer.trades, simulation.traded, strict=True):
            gross += -amount if trade.is_buy else amount
    least = -settings.most_for_cleaning if plan.is_rescue else settings.min_profit
    spare = gross - gas_cost - least
    if gross < (0 if plan.is_rescue else 1) or spare < 0:
        return Refusal(
            "simulated profit",
            f"simulated, it earns {gross} and costs {gas_cost} of gas; at least {least} must be left",
        )
    sizes = [abs(simulation.payment), *simulation.traded, sum(closing.notional for closing in closings)]
    total = sum(sizes)
    slack = [
        min(size * settings.tolerance // WAD, spare // 2 * size // total) if total and size > 0 else 0
        for size in sizes
    ]
    limits = tuple(
        amount + more if trade.is_buy else max(amount - more, 0)
        for trade, amount, more in zip(offer.trades, simulation.traded, slack[1:-1], strict=True)
    )
    worst = gross - sum(slack)
    return Bounds(simulation.payment + slack[0], limits, gross, worst, worst - least)


def gas_cost(gas: int, situation: Situation) -> int | None:
    """What gas costs in settlement tokens, rounded up; None if a price that it takes is missing."""
    settlement, native = situation.prices.get(SETTLEMENT), situation.native
    wei = max(gas, 0) * max(situation.gas_price, 0)
    if wei == 0:
        return 0
    if settlement is None or settlement.value <= 0 or native is None or native.value <= 0:
        return None
    return -(-wei * native.value * settlement.unit // (native.unit * settlement.value))


def closed(mode: Mode, offer: Offer, settings: Settings) -> tuple[Closing, ...]:
    """The positions of an offer that are closed when it is taken."""
    return () if mode is Mode.INVENTORY and settings.keeps_positions else offer.closings


def options_text(options: Sequence[Kept]) -> str:
    """Why options are not taken over in capital-free mode."""
    names = ", ".join(one.option.name for one in options)
    return f"it holds options ({names}), which nobody buys at once; inventory mode keeps them"


def grown(debt: int) -> int:
    """What is bought to repay a debt some blocks later."""
    return debt + debt // GROWTH + 1


def gas_of(offer: Offer, mode: Mode) -> int:
    """A first estimate of a takeover's gas."""
    gas = TAKEOVER_GAS + HOLDING_GAS * (len(offer.moved) + 2 * offer.instruments)
    gas += CLOSING_GAS * len(offer.closings) + GRID_GAS * offer.on_grid
    if mode is not Mode.INVENTORY:
        gas += HOP_GAS * sum(trade.hops for trade in offer.trades)
    return gas


def _best_takeover(situation: Situation, settings: Settings, is_rescue: bool = False) -> Plan | Refusal:
    modes = [mode for mode in (Mode.CAPITAL_FREE, Mode.INVENTORY) if settings.mode in (mode, Mode.BOTH)]
    plans: list[Plan] = []
    problems: list[Refusal] = []
    for mode in modes:
        for offer in situation.offers:
            if mode in offer.tried:
                continue
            plan = _valued(offer, mode, situation, settings)
            if isinstance(plan, Plan):
                plans.append(plan)
            else:
                problems.append(plan)
    if not plans:
        otherwise = situation.problem or Refusal("no offer", "no size of it was planned and quoted")
        return problems[0] if problems else otherwise
    best = max(plans, key=lambda plan: (plan.net, _fraction(plan)))
    # A rescue's positions are valued a unit too low each; its simulation is exact.
    least = -len(best.offer.closings) if is_rescue and best.offer else 1
    if best.net < settings.min_profit or best.gross < least:
        show = _Shown(situation)
        return Refusal(
            "profit",
            f"the best of {len(plans)} sizes, {format_share(_fraction(best))} {best.mode}, leaves {show(best.net)}"
            f" ({show(best.gross)} less {show(best.gas_cost)} of gas); at least {show(settings.min_profit)} is"
            " wanted, and something before gas",
        )
    return best


def _valued(offer: Offer, mode: Mode, situation: Situation, settings: Settings) -> Plan | Refusal:
    """The plan that an offer makes, whatever it earns; why it makes none."""
    if not 0 < offer.fraction <= WAD:
        return Refusal("bad offer", f"a fraction of {offer.fraction} is none; expected 1 to {WAD}")
    gross = _sold(offer) if mode is Mode.CAPITAL_FREE else _kept(offer, situation, settings)
    if isinstance(gross, Refusal):
        return gross
    gas = gas_of(offer, mode)
    cost = gas_cost(gas, situation)
    if cost is None:
        return Refusal("no price", "gas cannot be valued: the native or the settlement token has no price")
    snapshot = situation.snapshot
    return Plan(Kind.TAKE, snapshot.account, snapshot.block, gas, cost, mode, gross, offer)


def _sold(offer: Offer) -> int | Refusal:
    """What is left when all that moves is sold and all debt repaid."""
    if offer.options:
        return Refusal("options", options_text(offer.options))
    if offer.instruments:
        return Refusal(
            "instruments", "it holds instruments that cannot be closed now; inventory mode takes them"
        )
    by_asset = {trade.asset: trade for trade in offer.trades}
    gross = offer.settlement_moved - offer.paid + sum(closing.gain for closing in offer.closings)
    for asset, amount in offer.moved:
        if asset == SETTLEMENT or amount == 0:
            continue
        trade = by_asset.get(asset)
        if trade is None or trade.is_buy != (amount < 0) or trade.settlement < 0:
            return Refusal(
                "unsellable",
                f"{abs(amount)} units of asset {asset} cannot be traded for the settlement asset",
            )
        if trade.is_buy and trade.amount < -amount:
            return Refusal("bad offer", f"{-amount} units of asset {asset} are owed, {trade.amount} quoted")
        if not trade.is_buy and trade.amount > amount:
            return Refusal("bad offer", f"{amount} units of asset {asset} move, {trade.amount} are quoted")
        gross += -trade.settlement if trade.is_buy else trade.settlement
    return gross


def _kept(offer: Offer, situation: Situation, settings: Settings) -> int | Refusal:
    """What it is worth to take it over and sell it later."""
    settlement = situation.prices.get(SETTLEMENT)
    if settlement is None or settlement.value <= 0:
        return Refusal("no price", "the settlement asset has no price")
    gross = offer.settlement_moved - offer.paid
    for closing in offer.closings:
        if settings.keeps_positions:
            gross += closing.at_mark - (-(-closing.notional * settings.unwinding // WAD))
        else:
            gross += closing.gain
    gross += sum(one.worth(settings.unwinding) for one in offer.options)
    for asset, amount in offer.moved:
        if asset == SETTLEMENT or amount == 0:
            continue
        price = situation.prices.get(asset)
        if price is None or price.value <= 0:
            return Refusal("no price", f"asset {asset} has no price")
        # Rounded down with its sign: less for what is held, more for what is owed.
        worth = amount * price.value * settlement.unit // (price.unit * settlement.value)
        gross += worth - (-(-abs(worth) * settings.unwinding // WAD))
    return gross


def _clean(situation: Situation, settings: Settings, otherwise: Refusal) -> Plan | Refusal:
    """Nobody takes an insolvent account: write it off if it is nothing but debt, else have lenders warned."""
    snapshot = situation.snapshot
    holds = bool(snapshot.instruments) or any(amount > 0 for _, amount in snapshot.holdings)
    kind = Kind.FLAG if holds or Kind.WRITE_OFF in situation.tried else Kind.WRITE_OFF
    if kind in situation.tried:
        return otherwise
    if kind is Kind.FLAG and not situation.flag_due:
        return Refusal("flagged", f"flagged already; no takeover: {otherwise.text}")
    cost = gas_cost(CLEANING_GAS, situation)
    if cost is None or cost > settings.most_for_cleaning:
        show = _Shown(situation)
        price = "has no price" if cost is None else f"costs {show(cost)}"
        return Refusal(
            "cleaning cost",
            f"gas of a {kind} {price}; at most {show(settings.most_for_cleaning)} may be spent on it;"
            f" no takeover: {otherwise.text}",
        )
    return Plan(kind, snapshot.account, snapshot.block, CLEANING_GAS, cost)


def _fraction(plan: Plan) -> int:
    return plan.offer.fraction if plan.offer else 0


class _Shown:
    def __init__(self, situation: Situation) -> None:
        self._symbol, self._decimals = situation.symbol, situation.decimals

    def __call__(self, amount: int) -> str:
        return format_amount(amount, self._symbol, self._decimals)
