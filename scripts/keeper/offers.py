"""What decisions are made from, read from the chain: planned sizes, quotes, prices.

All of it is read at the pending block, so that what this keeper has sent already is taken into account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scripts.client.domain import Asset, Domain
from scripts.client.routes import Quote, Router, Wanted
from scripts.common.contract import Reverted
from scripts.common.units import WAD
from scripts.keeper import options as keeping
from scripts.keeper import perps as closing
from scripts.keeper import scenarios
from scripts.keeper.decide import SETTLEMENT, Mode, Offer, Price, Refusal, Situation, Trade, grown
from scripts.keeper.options import Kept, Option, listed_options
from scripts.keeper.perps import Books, Closing, Perp, listed_perps
from scripts.keeper.types import Snapshot

# Sizes in eighths of what the engine clamps to: small ones earn more where a pool is thin.
EIGHTHS = (8, 6, 4, 2, 1)
CLOSING_MARGIN = 500
PENDING = "pending"
# Thirds of the shock that are named where the worst scenario cannot be taken over by.
MILDER = (2, 1)
# Types.sol: Requirement
MAINTENANCE = 1
_MASK_248 = (1 << 248) - 1


class Reader:
    """Reads situations of accounts. `mode` says whether what cannot be sold is left behind."""

    def __init__(
        self,
        domain: Domain,
        router: Router,
        mode: Mode,
        perps: Mapping[str, Perp] | None = None,
        options: Mapping[str, Option] | None = None,
    ) -> None:
        self.domain, self.router, self.mode = domain, router, mode
        self._perps = listed_perps(domain) if perps is None else perps
        self._options = listed_options(domain) if options is None else options
        self._portfolio_mode = domain.portfolio_mode.address
        self._instruments = (1 << domain.vault.instrumentCount()) - 1
        # What has an AMM can be closed at it, and is not left behind.
        self._closable = {address: perp for address, perp in self._perps.items() if perp.amm}

    def prices(self) -> dict[int, Price]:
        """Price of each asset now; those without one are missing."""
        domain = self.domain
        units = {asset.id: 10**asset.decimals for asset in domain.assets}
        answers = domain.chain.read_all(
            [domain.risk.valueOf.prepare(id_, unit) for id_, unit in units.items()], block=PENDING
        )
        return {
            id_: Price(answer.valueWad, unit)
            for (id_, unit), answer in zip(units.items(), answers, strict=True)
            if answer.valueWad > 0
        }

    def situations(
        self,
        snapshots: Sequence[Snapshot],
        prices: Mapping[int, Price],
        native: Price | None,
        gas_price: int,
        flag_due: Iterable[bytes] = (),
    ) -> list[Situation]:
        """A situation for each account, in order, in three round trips. Raises KeelError for no answer."""
        settlement, due = self.domain.settlement, set(flag_due)
        found = self._offers(snapshots, prices)
        return [
            Situation(
                snapshot,
                offers,
                prices,
                native,
                gas_price,
                settlement.symbol,
                settlement.decimals,
                problem,
                snapshot.account in due,
            )
            for snapshot, (offers, problem) in zip(snapshots, found, strict=True)
        ]

    def native(self, prices: Mapping[int, Price]) -> Price | None:
        """The price of the chain's own token; None where it has none."""
        wrapped = self.domain.wrapped_native
        return prices.get(wrapped.id) if wrapped else None

    def last_native(self) -> Price | None:
        """The last good price of the chain's own token, for what has to be done while it has none."""
        wrapped = self.domain.wrapped_native
        if wrapped is None:
            return None
        record = self.domain.risk.priceRecord(wrapped.underlying)
        return Price(record.priceWad, 10**wrapped.decimals) if record.priceWad else None

    def takeover(
        self, snapshot: Snapshot, fraction: int, excluded: int, instruments: int, scenario: int = 0
    ) -> tuple[Any, ...]:
        """The liquidation engine's argument for an account as it was seen; a `scenario` is a word that names points."""
        packed, addresses = _packed(snapshot), list(snapshot.instruments)
        return (snapshot.account, packed, addresses, scenario, fraction, excluded, instruments)

    # Internal

    def _offers(
        self, snapshots: Sequence[Snapshot], prices: Mapping[int, Price]
    ) -> list[tuple[list[Offer], Refusal | None]]:
        excluded = [self._excluded(snapshot) for snapshot in snapshots]
        # A portfolio is judged by its worst scenario, and by the whole grid, which costs more.
        ways = [(number, 0) for number in range(len(snapshots))]
        ways += self._worst_scenarios(snapshots, None)
        whole = self._whole(ways, snapshots, excluded)
        possible = {number for (number, _), plan in zip(ways, whole, strict=True) if _is_plan(plan)}
        hopeless = set(range(len(snapshots))) - possible
        if any(self._is_portfolio(snapshots[number]) for number in hopeless):
            # Credit that stays behind may leave too little for the premium of the worst scenario: a milder one, which
            # proves it unhealthy too, has a smaller one.
            milder = [way for thirds in MILDER for way in self._worst_scenarios(snapshots, thirds)]
            milder = [way for way in milder if way[0] in hopeless]
            whole += self._whole(milder, snapshots, excluded)
            ways += milder
        asked = [
            (number, fraction, way)
            for (number, way), plan in zip(ways, whole, strict=True)
            if _is_plan(plan)
            for fraction in dict.fromkeys(self._sizes(snapshots[number], plan.fractionWad))
            if fraction > 0
        ]
        plans = self._plans(
            [(snapshots[number], fraction, *excluded[number], way) for number, fraction, way in asked]
        )
        results: list[tuple[list[Offer], Refusal | None]] = [
            ([], self._problem(snapshot, left[1], plan) if isinstance(plan, Reverted) else None)
            for snapshot, left, plan in zip(snapshots, excluded, whole, strict=False)
        ]
        found = []
        for (number, fraction, way), plan in zip(asked, plans, strict=True):
            # Where less would leave dust the engine takes all: that size is among the others.
            if _is_plan(plan) and plan.fractionWad == fraction:
                found.append((number, way, plan, _moved(plan)))
        quotes = iter(self._quotes([moved for _, _, _, moved in found]))
        taken = [(snapshots[number], plan, excluded[number][1]) for number, _, plan, _ in found]
        closings, kept = self._closings(taken, prices), self._kept(taken, prices)
        for one, (closable, open_), (options, losses) in zip(found, closings, kept, strict=True):
            number, way, plan, moved = one
            left_assets, left_instruments = excluded[number]
            results[number][0].append(
                Offer(
                    plan.fractionWad,
                    moved,
                    plan.payment,
                    plan.backstopFee,
                    plan.topUp,
                    next(quotes),
                    left_assets,
                    left_instruments,
                    open_ + self._unclosable(snapshots[number], left_instruments) - len(losses),
                    closings=closable + losses,
                    options=options,
                    scenario=way,
                    on_grid=not way and self._is_portfolio(snapshots[number]),
                )
            )
        return results

    def _is_portfolio(self, snapshot: Snapshot) -> bool:
        return self._portfolio_mode in snapshot.instruments

    def _whole(
        self,
        ways: Sequence[tuple[int, int]],
        snapshots: Sequence[Snapshot],
        excluded: Sequence[tuple[int, int]],
    ) -> list[Any]:
        """Plans of all that may be taken, by snapshots and scenarios."""
        return self._plans([(snapshots[number], WAD, *excluded[number], way) for number, way in ways])

    def _worst_scenarios(self, snapshots: Sequence[Snapshot], thirds: int | None) -> list[tuple[int, int]]:
        """By number of a snapshot that is a portfolio, the word that names the points at which it loses most; with
        `thirds` within so many thirds of the shock."""
        numbers = [number for number, snapshot in enumerate(snapshots) if self._is_portfolio(snapshot)]
        calls = [
            self.domain.risk.scenarios.prepare(
                snapshots[number].account,
                _packed(snapshots[number]),
                list(snapshots[number].instruments),
                MAINTENANCE,
            )
            for number in numbers
        ]
        answers = self.domain.chain.read_all(calls, allow_revert=True, block=PENDING)
        named = [
            0 if isinstance(answer, Reverted) else scenarios.worst(answer.netted, thirds)
            for answer in answers
        ]
        return [(number, word) for number, word in zip(numbers, named, strict=True) if word]

    def _problem(self, snapshot: Snapshot, left_behind: int, why: Reverted) -> Refusal:
        """Why no size of an account can be planned."""
        held = keeping.of_snapshot(self._options, snapshot.instruments)
        if left_behind and held:
            names = ", ".join(option.name for option in held)
            return Refusal(
                "options",
                f"it holds options ({names}), which nobody buys at once; inventory mode keeps them. Without them: {why}",
            )
        return Refusal(why.name or "no reason given", str(why))

    def _kept(
        self, taken: Sequence[tuple[Snapshot, Any, int]], prices: Mapping[int, Price]
    ) -> list[tuple[tuple[Kept, ...], tuple[Closing, ...]]]:
        """By offer what comes over of options unless they are left behind, and losses of those that their market closes."""
        held = {
            (snapshot.account, option.address): option
            for snapshot, _, left_behind in taken
            if not left_behind
            for option in keeping.of_snapshot(self._options, snapshot.instruments)
        }
        read = keeping.read_holdings(
            self.domain, [(account, option) for (account, _), option in held.items()], PENDING
        )
        settlement = prices.get(SETTLEMENT)
        price = settlement.value if settlement else 0
        found = []
        for snapshot, plan, _ in taken:
            parts: list[Kept] = []
            losses: list[Closing] = []
            for position, address in enumerate(snapshot.instruments):
                holdings = read.get((snapshot.account, address))
                if holdings is None:
                    continue
                absorbed = plan.absorbs[position] if plan.absorbs else 0
                option = self._options[address]
                if absorbed:
                    losses.append(keeping.loss_alone(option, holdings, absorbed, price))
                else:
                    parts.append(keeping.kept(option, holdings, plan.fractionWad))
            found.append((tuple(parts), tuple(losses)))
        return found

    def _sizes(self, snapshot: Snapshot, most: int) -> list[int]:
        """Sizes to plan. What closes positions trades exactly what it takes, and the engine's most changes with every
        second's funding and every move of the mark: a little less than that stays as it is."""
        if most < WAD and any(address in self._closable for address in snapshot.instruments):
            most -= most // CLOSING_MARGIN
        return [most * eighths // 8 for eighths in EIGHTHS]

    def _closings(
        self, taken: Sequence[tuple[Snapshot, Any, int]], prices: Mapping[int, Price]
    ) -> list[tuple[tuple[Closing, ...], int]]:
        """By offer what can be closed of the positions that it brings, and how many the AMM does not take."""
        held = {
            (snapshot.account, perp.address): perp
            for snapshot, _, _ in taken
            for perp in closing.of_snapshot(self._closable, snapshot.instruments)
        }
        if not held:
            return [((), 0)] * len(taken)
        calls = [call for (account, _), perp in held.items() for call in closing.books_of(perp, account)]
        answers = iter(self.domain.chain.read_all(calls, block=PENDING))
        books = {key: Books(*(next(answers) for _ in range(4))) for key in held}
        wanted: list[tuple[int, Perp, Books, int, int]] = []
        found: list[list[Closing]] = [[] for _ in taken]
        for number, (snapshot, plan, _) in enumerate(taken):
            for position, address in enumerate(snapshot.instruments):
                perp = self._closable.get(address)
                if perp is None:
                    continue
                of = books[snapshot.account, address]
                absorbed = plan.absorbs[position] if plan.absorbs else 0
                size = closing.moved_size(of, plan.fractionWad, absorbed, perp.token)
                if size:
                    wanted.append((number, perp, of, plan.fractionWad, size))
                elif absorbed:
                    settlement = prices.get(SETTLEMENT)
                    found[number].append(
                        closing.loss_alone(perp, of, absorbed, settlement.value if settlement else 0)
                    )
        quotes = self.domain.chain.read_all(
            [perp.amm.quote.prepare(-size) for _, perp, _, _, size in wanted if perp.amm],
            allow_revert=True,
            block=PENDING,
        )
        refused = [0] * len(taken)
        for (number, perp, of, fraction, size), price in zip(wanted, quotes, strict=True):
            if isinstance(price, Reverted):
                refused[number] += 1
            else:
                found[number].append(closing.close(perp, of, fraction, size, price))
        return [
            (tuple(sorted(one, key=lambda part: -part.gain)), left)
            for one, left in zip(found, refused, strict=True)
        ]

    def _unclosable(self, snapshot: Snapshot, left_behind: int) -> int:
        """Instruments that move and that no AMM takes."""
        if left_behind:
            return 0
        return len(self._not_closable(snapshot))

    def _not_closable(self, snapshot: Snapshot) -> list[str]:
        """How an account is margined is an instrument that does not move."""
        there = {*self._closable, self._portfolio_mode}
        return [address for address in snapshot.instruments if address not in there]

    def _plans(self, asked: Sequence[tuple[Snapshot, int, int, int, int]]) -> list[Any]:
        """The engine's plans; a Reverted where it refuses."""
        plan = self.domain.liquidation.plan
        calls = [plan.prepare(self.takeover(*one)) for one in asked]
        return self.domain.chain.read_all(calls, allow_revert=True, block=PENDING)

    def _excluded(self, snapshot: Snapshot) -> tuple[int, int]:
        """Bitmaps of assets and instruments that nobody would buy."""
        # Of a portfolio every holding hedges another: the engine leaves nothing out.
        if self.mode is Mode.INVENTORY or self._is_portfolio(snapshot):
            return 0, 0
        assets = 0
        for id_, amount in snapshot.holdings:
            if id_ != SETTLEMENT and amount and not self._routes(id_, amount):
                assets |= 1 << id_
        # An account that loses everything may not leave instruments behind; a mode that can hold them takes them.
        if self.mode is not Mode.CAPITAL_FREE or snapshot.is_insolvent:
            return assets, 0
        left = 0
        if self._not_closable(snapshot):
            left = self._instruments
            for address in snapshot.instruments:
                if address in self._closable:
                    left &= ~(1 << self._closable[address].id)
        return assets, left

    def _routes(self, id_: int, amount: int) -> Sequence[Any]:
        asset, settlement = self.domain.by_id[id_], self.domain.settlement
        return self.router.routes(asset, settlement) if amount > 0 else self.router.routes(settlement, asset)

    def _quotes(self, moves: Sequence[tuple[tuple[int, int], ...]]) -> list[tuple[Trade, ...]]:
        settlement = self.domain.settlement
        wanted = [
            self._wanted(self.domain.by_id[id_], amount, settlement)
            for moved in moves
            for id_, amount in _traded(moved)
        ]
        answers = iter(self.router.quotes(wanted, block=PENDING) if wanted else ())
        return [
            tuple(
                _trade(id_, quote)
                for id_, quote in ((id_, next(answers)) for id_, _ in _traded(moved))
                if quote is not None
            )
            for moved in moves
        ]

    @staticmethod
    def _wanted(asset: Asset, amount: int, settlement: Asset) -> Wanted:
        if amount > 0:
            return Wanted(asset, settlement, amount)
        return Wanted(settlement, asset, grown(-amount), exact_out=True)


def _packed(snapshot: Snapshot) -> list[int]:
    """Holdings as the engines take them."""
    return [asset << 248 | amount & _MASK_248 for asset, amount in snapshot.holdings]


def _is_plan(answer: Any) -> bool:
    return not isinstance(answer, Reverted)


def _moved(plan: Any) -> tuple[tuple[int, int], ...]:
    """(asset id, signed amount) of a plan; a settlement debt grown, as it will be in the block."""
    moved = []
    for holding in plan.moved:
        amount = holding & _MASK_248
        amount -= (1 << 248) if amount >> 247 else 0
        id_ = holding >> 248
        if amount:
            moved.append((id_, -grown(-amount) if id_ == SETTLEMENT and amount < 0 else amount))
    return tuple(moved)


def _traded(moved: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """What has to be traded, sales first: they pay for what is bought."""
    return sorted((one for one in moved if one[0] != SETTLEMENT), key=lambda one: one[1] < 0)


def _trade(id_: int, quote: Quote) -> Trade:
    if quote.exact_out:
        return Trade(id_, quote.amount_out, quote.amount_in, True, quote.route, quote.route.hops)
    return Trade(id_, quote.amount_in, quote.amount_out, False, quote.route, quote.route.hops)
