"""An account judged with other balances, or at another price, than it has: by the risk engine's own views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.common.contract import Call
from scripts.common.units import WAD

INITIAL, MAINTENANCE = 0, 1
FRESH = 0
ID_SHIFT = 248
MASK = (1 << ID_SHIFT) - 1
# Prices are looked for down to a thousandth and up to a thousand times the price, in steps that shrink.
REACH, STEPS, ROUNDS = 1_000, 24, 5


@dataclass(frozen=True)
class Hypothesis:
    """As scripts.cli.state.State, without positions. `passes`: the vault would let an operation end so."""

    health: int | None
    equity: int
    worst: int
    initial: int
    maintenance: int
    passes: bool
    liquidation: dict[str, tuple[int | None, int | None]]


def judge(
    domain: Domain, account: bytes, changes: Mapping[int, int], moved: tuple[int, int] | None
) -> Hypothesis:
    """The account after `changes` (amounts by asset id) at the price `moved` (number of the price, WAD)."""
    holdings, instruments, _ = domain.vault.holdings(account)
    amounts = balances(holdings)
    for asset_id, change in changes.items():
        amounts[asset_id] = amounts.get(asset_id, 0) + change
    amounts = {asset_id: amount for asset_id, amount in sorted(amounts.items()) if amount}
    held = [(asset_id << ID_SHIFT) | (amount & MASK) for asset_id, amount in amounts.items()]
    judged = _Judged(domain, account, held, instruments)
    initial, maintenance = domain.chain.read_all(
        [judged.call(INITIAL, moved), judged.call(MAINTENANCE, moved)]
    )
    favourable, worst = maintenance.equity + maintenance.uncertainty, initial.equity - initial.uncertainty
    owes = bool(instruments) or any(amount < 0 for amount in amounts.values())
    numbers = [domain.by_id[asset_id].underlying for asset_id in amounts]
    numbers += [one.underlying for address, one in domain.instruments.items() if address in instruments]
    underlyings = dict.fromkeys(numbers)
    return Hypothesis(
        health=max(favourable, 0) * WAD // maintenance.requirement if maintenance.requirement else None,
        equity=maintenance.equity,
        worst=worst,
        initial=initial.requirement,
        maintenance=maintenance.requirement,
        passes=not owes
        or (
            worst >= initial.requirement
            and initial.status == FRESH
            and initial.debtValue >= initial.minimumDebt * (initial.debtValue > 0)
        ),
        liquidation={
            domain.underlying_name(number): found
            for number in underlyings
            if owes
            and number != domain.settlement.underlying
            and any(found := judged.liquidation_prices(number))
        },
    )


class _Judged:
    """One set of holdings at any price."""

    def __init__(
        self, domain: Domain, account: bytes, held: Sequence[int], instruments: Sequence[str]
    ) -> None:
        self._domain = domain
        self._arguments = (account, held, instruments)

    def call(self, requirement: int, moved: tuple[int, int] | None) -> Call:
        """The assessment, at another price if one is given."""
        risk = self._domain.risk
        if moved is None:
            return risk.assess.prepare(*self._arguments, requirement, False)  # type: ignore[no-any-return]
        return risk.assessAt.prepare(*self._arguments, requirement, *moved)  # type: ignore[no-any-return]

    def liquidation_prices(self, number: int) -> tuple[int | None, int | None]:
        """The nearest prices below and above the price of now at which the account may be taken over."""
        now = self._domain.risk.band(number).priceWad
        if not now:
            return None, None
        if not self._healthy(number, [now])[0]:
            return now, now
        return self._edge(number, now, now // REACH), self._edge(number, now, now * REACH)

    def _edge(self, number: int, good: int, far: int) -> int | None:
        """The first price on the way from `good` to `far` at which the account is not healthy."""
        bad = None
        for round_ in range(ROUNDS):
            if round_ == 0:
                ratio = (far / good) ** (1 / STEPS)
                prices = [int(good * ratio**step) for step in range(1, STEPS + 1)]
            else:
                assert bad is not None
                prices = [good + (bad - good) * step // STEPS for step in range(1, STEPS)]
            healthy = [*self._healthy(number, prices), False][: len(prices) + (round_ > 0)]
            first = next((place for place, fine in enumerate(healthy) if not fine), None)
            if first is None:
                return None
            if first < len(prices):
                bad = prices[first]
            good = prices[first - 1] if first else good
        return bad

    def _healthy(self, number: int, prices: Sequence[int]) -> list[bool]:
        answers: list[Any] = self._domain.chain.read_all(
            [self.call(MAINTENANCE, (number, wad)) for wad in prices]
        )
        return [answer.equity + answer.uncertainty >= answer.requirement for answer in answers]


def balances(holdings: Sequence[int]) -> dict[int, int]:
    """Amounts by asset id, as the vault packs them."""
    return {holding >> ID_SHIFT: _amount(holding) for holding in holdings}


def _amount(holding: int) -> int:
    amount = holding & MASK
    return amount - (1 << ID_SHIFT) if amount >> (ID_SHIFT - 1) else amount
