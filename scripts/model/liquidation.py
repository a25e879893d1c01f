"""Takeovers in exact integers: what `LiquidationEngine.plan` answers, to the last unit.

Values are dollars times 10^18, shares and health times 10^18, amounts the token's smallest units; what an
account owes is negative. Weights of positions (value and requirement) come from a risk model and are inputs
here. The derivations are in docs/liquidation.md. Nothing here knows a chain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from scripts.common.units import WAD

SETTLEMENT = 0
PRICED_AMOUNT = 10**33
PRICING_VALUE = 10**15
REPAYMENT_ROUNDING = 2
NEVER_DOWN = 2**256 - 1


class Refused(Exception):
    """The account may not be taken over like this; the text is the name of the contract's error."""


@dataclass(frozen=True)
class Position:
    """One asset of an account: signed amount, signed value, part of the requirement."""

    asset: int
    amount: int
    value: int
    requirement: int


@dataclass(frozen=True)
class Instrument:
    """One instrument of an account: signed value, part of the requirement."""

    value: int
    requirement: int


@dataclass(frozen=True)
class Domain:
    """Parameters of a takeover, as WADs; `minimum_debt` in dollars, `grace_period` in seconds."""

    target: int
    premium_min: int
    premium_start: int
    premium_max: int
    premium_full_health: int
    minimum_debt: int
    backstop_share: int = 0
    grace_period: int = 0


@dataclass(frozen=True)
class Price:
    """`amount` settlement tokens are worth `value`."""

    amount: int
    value: int

    def tokens_up(self, value: int) -> int:
        """Tokens worth strictly more than `value`: what a taker pays."""
        return value * self.amount // (self.value - 1) + 1

    def tokens_down(self, value: int) -> int:
        """Tokens worth at most `value`: what a taker is paid."""
        return value * self.amount // (self.value + 1)

    def covered_by(self, amount: int) -> int:
        """Value that `amount` tokens cover, rounded up."""
        return _div_up(amount * (self.value + 1), self.amount)


@dataclass(frozen=True)
class Account:
    """An account as it is weighed, and what surrounds it.

    `sample_price(taker_pays)` is the value of `PRICED_AMOUNT` settlement tokens, asked where the account's
    own balance does not tell it, or prices are not fresh; `settlement_requirement(balance)` the requirement
    of a settlement balance; `cover` the settlement tokens that the backstop has for this account.
    """

    positions: Sequence[Position]
    instruments: Sequence[Instrument] = ()
    uncertainty: int = 0
    cover: int = 0
    sequencer_up_for: int = NEVER_DOWN
    fresh: bool = True
    sample_price: Callable[[bool], int] = lambda taker_pays: WAD * 10**27
    settlement_requirement: Callable[[int], int] = lambda balance: 0

    @property
    def equity(self) -> int:
        return sum(p.value for p in self.positions) + sum(i.value for i in self.instruments)

    @property
    def requirement(self) -> int:
        return sum(p.requirement for p in self.positions) + sum(i.requirement for i in self.instruments)

    @property
    def debt(self) -> int:
        return sum(-p.value for p in self.positions if p.value < 0)

    @property
    def settlement(self) -> Position | None:
        """The position in the settlement asset, if there is one."""
        return next((p for p in self.positions if p.asset == SETTLEMENT), None)

    def settlement_price(self, taker_pays: bool) -> Price:
        """Price at which the account's own balance was weighed while prices are fresh, or the engine's."""
        own = self.settlement
        if self.fresh and own is not None and own.amount != 0 and abs(own.value) >= PRICING_VALUE:
            return Price(abs(own.amount), abs(own.value))
        value = self.sample_price(taker_pays)
        if value < PRICING_VALUE:
            raise Refused("LiquidationEngine_SettlementUnpriced")
        return Price(PRICED_AMOUNT, value)


@dataclass
class Plan:
    """What a takeover moves and pays; fields as in `ILiquidationEngine.Plan`."""

    fraction: int
    moved: list[int]
    salvaged: bool = False
    write_offs: list[int] = field(default_factory=list)
    absorbs: list[int] = field(default_factory=list)
    payment: int = 0
    backstop_fee: int = 0
    top_up: int = 0
    insolvent: bool = False
    equity: int = 0
    requirement: int = 0


def premium(health: int, domain: Domain) -> int:
    """Premium of an account of this health, as a share of the requirement of what is taken over."""
    if health >= WAD:
        line = domain.premium_start
    elif health <= domain.premium_full_health:
        line = domain.premium_max
    else:
        rise = domain.premium_max - domain.premium_start
        line = domain.premium_start + rise * (WAD - health) // (WAD - domain.premium_full_health)
    return max(min(line, health), domain.premium_min)


def plan(
    account: Account,
    domain: Domain,
    fraction: int = WAD,
    excluded_assets: frozenset[int] = frozenset(),
    excluded_instruments: frozenset[int] = frozenset(),
) -> Plan:
    """The takeover of at most `fraction` of the account, without what is excluded.

    Assets are excluded by id, instruments by position. Raises `Refused` with the
    name of the contract's error.
    """
    equity, requirement = account.equity, account.requirement
    if equity + account.uncertainty >= requirement or (account.debt == 0 and not account.instruments):
        raise Refused("LiquidationEngine_Healthy")
    if account.sequencer_up_for == 0 or account.sequencer_up_for < domain.grace_period:
        raise Refused("LiquidationEngine_SequencerGrace")

    taken = [p for p in account.positions if p.asset not in excluded_assets]
    left = [p for p in account.positions if p.asset in excluded_assets]
    held_taken = [i for n, i in enumerate(account.instruments) if n not in excluded_instruments]
    held_left = [i for n, i in enumerate(account.instruments) if n in excluded_instruments]

    base = requirement - sum(p.requirement for p in account.positions if _is_cash(p))
    health = 0 if equity < 0 else WAD if equity >= base else equity * WAD // base
    result = Plan(0, [], equity=equity, requirement=requirement)
    result.insolvent = equity + account.uncertainty < 0
    if equity < 0 or health < domain.premium_min:
        if held_left or any(p.amount < 0 for p in left):
            raise Refused("LiquidationEngine_MustTakeAll")
        _plan_whole(account, domain, taken, held_taken, left, result)
    else:
        rate = premium(health, domain)
        _plan_part(account, domain, taken, held_taken, bool(left or held_left), rate, fraction, result)
    return result


def _plan_part(
    account: Account,
    domain: Domain,
    taken: list[Position],
    held: list[Instrument],
    something_left: bool,
    rate: int,
    fraction: int,
    result: Plan,
) -> None:
    slice_equity = sum(p.value for p in taken) + sum(i.value for i in held)
    slice_requirement = sum(p.requirement for p in taken) + sum(i.requirement for i in held)
    slice_base = slice_requirement - sum(p.requirement for p in taken if _is_cash(p))
    full_payment = slice_equity - slice_base * rate // WAD
    fraction = min(fraction, WAD)
    if slice_requirement == 0 or fraction == 0 or full_payment < 0:
        raise Refused("LiquidationEngine_NothingToTake")

    missing = account.requirement * domain.target // WAD - account.equity
    restored = slice_requirement * domain.target // WAD - slice_base * rate // WAD
    most = WAD if missing >= restored else missing * WAD // restored
    fraction = min(fraction, most)

    def is_dust(f: int) -> bool:
        size = account.debt + sum(i.requirement for i in account.instruments)
        size -= (sum(-p.value for p in taken if p.value < 0) + sum(i.requirement for i in held)) * f // WAD
        own = account.settlement
        if own is not None and own.amount < 0:
            owed = -own.value * (WAD - f) // WAD if own in taken else -own.value
            size -= min(owed, full_payment * f // WAD)
        return 0 < size < domain.minimum_debt

    if is_dust(fraction):
        fraction = WAD if is_dust(most) else most

    result.fraction = fraction
    value = taken_requirement = taken_base = 0
    for position in account.positions:
        if position not in taken:
            result.moved.append(0)
            continue
        whole = abs(position.amount)
        owed = position.amount < 0
        part = _div_up(whole * fraction, WAD) if owed else whole * fraction // WAD
        requirement = position.requirement * part // whole
        taken_requirement += requirement
        if not _is_cash(position):
            taken_base += requirement
        if owed:
            value -= -position.value * part // whole
            result.moved.append(-part)
        else:
            value += _div_up(position.value * part, whole)
            result.moved.append(part)
    for instrument in held:
        requirement = instrument.requirement * fraction // WAD
        taken_requirement += requirement
        taken_base += requirement
        # Floor division of the negated value rounds a gain up and a loss towards zero.
        value -= -instrument.value * fraction // WAD

    earned = taken_base * rate // WAD
    price = account.settlement_price(taker_pays=True)
    margin = 4 + 2 * (len(account.positions) + len(account.instruments))
    result.payment = price.tokens_up(max(0, value + margin - earned))
    share = min(rate * domain.backstop_share // WAD, rate - domain.premium_min)
    if share != 0:
        result.backstop_fee = price.tokens_up(taken_base * share // WAD)
    if something_left:
        own = account.settlement
        if own is not None and own.value < 0:
            earned += price.covered_by(REPAYMENT_ROUNDING)
        _require_health_kept(account, result, taken_requirement, earned)


def _require_health_kept(account: Account, result: Plan, taken_requirement: int, equity_down: int) -> None:
    """LIQ-1 where something stays behind."""
    own = account.settlement
    balance, requirement = result.payment, account.requirement - taken_requirement
    if own is not None:
        moved = result.moved[list(account.positions).index(own)]
        balance += own.amount - moved
        requirement -= own.requirement - own.requirement * abs(moved) // abs(own.amount)
    requirement = max(0, requirement) + account.settlement_requirement(balance)
    equity = max(0, account.equity - equity_down)
    if equity == 0 or equity * account.requirement < account.equity * requirement:
        raise Refused("LiquidationEngine_HealthWouldFall")


def _plan_whole(
    account: Account,
    domain: Domain,
    taken: list[Position],
    held: list[Instrument],
    left: list[Position],
    result: Plan,
) -> None:
    result.fraction = WAD
    result.salvaged = bool(left)
    result.moved = [p.amount if p in taken else 0 for p in account.positions]
    base = sum(p.requirement for p in taken if not _is_cash(p)) + sum(i.requirement for i in held)
    salvage = sum(max(0, p.value - p.requirement) for p in left)
    earned = base * domain.premium_min // WAD
    claim = earned + (salvage if account.fresh else 0) - account.equity
    price = account.settlement_price(taker_pays=claim < 0)
    if claim < 0:
        result.payment = price.tokens_up(-claim)
        return
    result.top_up = min(price.tokens_down(claim), account.cover)
    if not result.insolvent:
        return
    for_deficit = max(0, account.cover - price.tokens_down(earned))
    rest = max(0, -account.equity - price.covered_by(for_deficit))
    losses = account.debt + sum(-i.value for i in account.instruments if i.value < 0)
    for n, position in enumerate(account.positions):
        part = 0
        if position.amount < 0 and position.value != 0 and rest:
            part = min(rest * -position.amount // losses, -position.amount)
            result.moved[n] += part
        result.write_offs.append(part)
    for instrument in account.instruments:
        result.absorbs.append(rest * -instrument.value // losses if instrument.value < 0 and rest else 0)


def _is_cash(position: Position) -> bool:
    """Settlement tokens held: a taker need not be paid for taking what he pays with."""
    return position.asset == SETTLEMENT and position.amount > 0


def _div_up(a: int, b: int) -> int:
    return -(-a // b)
