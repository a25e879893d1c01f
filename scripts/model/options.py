"""An option market in exact integers: series, positions, expiry, claims, deleveraging. The contract equals it to the wei.

Sizes and prices are WADs; quote has 36 decimals; tokens are the settlement asset's smallest units. Who may borrow what is the
vault's business: a loser's payment is told to the model, which says what he owes (`due`).

    market = Market(parameters, token=10**30, now=0)
    market.series[1] = Series(expiry, 2_000 * WAD, True)
    market.smiles[expiry] = smile
    market.fill("long", "short", {1: 1}, 2 * WAD, premium, index)
    market.settle("long", index, paid=0)
    market.check()                                                  # OPT-1
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from math import isqrt
from typing import Any

from scripts.model import black76
from scripts.model.books import (
    GRACE,
    GRACE_INTERVAL,
    GRACE_PART,
    SCALE,
    WAD,
    Account,
    Books,
    Bucket,
    Claim,
    Mark,
    Pool,
    div_up,
    toward_zero,
)
from scripts.model.logarithm import ln_wad
from scripts.model.volatility import Smile

DAY, WINDOW = 86_400, 1_800
MAX_ROUNDS = 256


@dataclass(frozen=True)
class Parameters:
    """As `IOptionMarket.Parameters`: WADs."""

    unwinding: int
    depth: int
    haircut: int
    naked_short: int
    open_interest_cap: int
    max_price_move: int
    taker_fee: int
    maker_fee: int
    fee_cap: int
    backstop_share: int
    min_position: int

    def words(self) -> tuple[int, ...]:
        """In the contract's order."""
        return tuple(astuple(self))

    def but(self, **changes: int) -> Parameters:
        """The same with other values."""
        return replace(self, **changes)


class TooSmall(ValueError):
    """A trade would leave less of a position than the market allows, and not nothing."""


@dataclass(frozen=True)
class Series:
    """Expiry {s}, strike {USD}, call or put."""

    expiry: int
    strike: int
    call: bool

    def payoff(self, price: int) -> int:
        """What exercise pays."""
        return max(price - self.strike if self.call else self.strike - price, 0)


@dataclass(frozen=True)
class Position:
    """A position as it was written."""

    size: int
    round: int = 0
    mark: Mark = field(default_factory=Mark)


@dataclass
class Live:
    """A position with what deleveraging took from it; `size` changes, the others say how it was."""

    size: int
    original: int
    stored: int
    given: int


@dataclass
class Market(Books):
    """The books of one market."""

    parameters: Parameters
    token: int  # quote in a smallest unit of the settlement asset
    now: int
    series: dict[int, Series] = field(default_factory=dict)
    smiles: dict[int, Smile] = field(default_factory=dict)
    fixed: dict[int, int] = field(default_factory=dict)
    open_interest: int = 0
    expired_cost: int = 0
    unborne: int = 0
    cash: int = 0
    fees: int = 0
    waiting: int = 0
    allotted: int = 0
    claimants: int = 0
    costs: dict[Account, int] = field(default_factory=dict)
    positions: dict[Account, dict[int, Position]] = field(default_factory=dict)
    claims: dict[Account, Claim] = field(default_factory=dict)
    graces: dict[Account, int] = field(default_factory=dict)
    sides: dict[tuple[int, bool], Bucket] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)

    # --- values ---

    def volatility(self, series: Series) -> int:
        """Implied volatility at the strike."""
        return isqrt(self.smiles[series.expiry].variance(ln_wad(series.strike)) * WAD)

    def value(self, number: int, index: int, spot_shock: int = 0, volatility_shock: int = 0) -> int:
        """Value of one unit at an index after relative moves of it and of the volatility."""
        series = self.series[number]
        forward = max(index * (WAD + spot_shock) // WAD, 1)
        if self.now >= series.expiry:
            return series.payoff(self.fixed.get(series.expiry, forward))
        volatility = self.volatility(series) * (WAD + volatility_shock) // WAD
        deviation = black76.deviation_of(volatility, black76.root_of(series.expiry - self.now))
        log = ln_wad(forward) - ln_wad(series.strike)
        return black76.value(forward, series.strike, log, deviation, series.call)

    def delta(self, number: int, index: int) -> int:
        """Change of value per dollar of the index."""
        series = self.series[number]
        if self.now >= series.expiry:
            if series.expiry in self.fixed or not series.payoff(index):
                return 0
            return WAD if series.call else -WAD
        deviation = black76.deviation_of(self.volatility(series), black76.root_of(series.expiry - self.now))
        place = black76.upper_place(ln_wad(index) - ln_wad(series.strike), deviation)
        return (black76.cdf(place) * WAD >> 128) - (0 if series.call else WAD)

    def combined(self, legs: Mapping[int, int], index: int) -> int:
        """Value of one unit of a combination."""
        return sum(ratio * self.value(number, index) for number, ratio in legs.items())

    # --- accounts ---

    def side(self, number: int, long: bool) -> Bucket:
        """One side of a series."""
        return self.sides.setdefault((number, long), Bucket())

    def load(self, account: Account) -> tuple[int, dict[int, Live]]:
        """Cost and positions with what deleveraging took."""
        cost, found = self.costs.get(account, 0), {}
        for number, stored in self.positions.get(account, {}).items():
            size, given = stored.size, 0
            if self.side(number, True).round or self.side(number, False).round:
                bucket = self.side(number, stored.size > 0)
                size, given = bucket.live(stored.size, stored.round, stored.mark)
            cost += given
            found[number] = Live(size, size, stored.size, given)
        return cost, found

    def sizes(self, account: Account) -> dict[int, int]:
        """Signed sizes by series."""
        return {number: live.size for number, live in self.load(account)[1].items()}

    def cost(self, account: Account) -> int:
        """Cost with what deleveraging gave {quote}."""
        return self.load(account)[0]

    def pnl(self, account: Account, index: int) -> int:
        """Value less cost {quote}."""
        cost, positions = self.load(account)
        return sum(live.size * self.value(number, index) for number, live in positions.items()) - cost

    def holds(self, account: Account) -> bool:
        """Whether the vault lists the market for the account."""
        claim = self.claims.get(account, Claim())
        claims = claim.waiting or claim.allotted
        return bool(self.positions.get(account) or self.costs.get(account) or claims)

    def save(self, account: Account, cost: int, positions: Mapping[int, Live]) -> None:
        """Writes an account, and the sides of its series."""
        stored = self.positions.setdefault(account, {})
        for number, live in positions.items():
            if live.size == live.stored and not live.given:
                continue
            if live.stored:
                if live.original != live.stored:
                    since, is_new = self._grace(account, number, live)
                    if is_new:
                        self.graces[account] = since
                bucket = self.side(number, live.stored > 0)
                bucket.pending -= live.given
                bucket.total -= abs(live.original)
                bucket.count -= 1
            stored.pop(number, None)
            if live.size:
                bucket = self.side(number, live.size > 0)
                bucket.total += abs(live.size)
                bucket.count += 1
                stored[number] = Position(live.size, bucket.round, bucket.pool.now)
            self.open_interest += max(live.size, 0) - max(live.original, 0)
        self.costs[account] = cost

    def _grace(self, account: Account, number: int, live: Live) -> tuple[int, bool]:
        since = self.graces.get(account, 0)
        taken = abs(live.stored) - abs(live.original)
        if taken <= 0 or taken * GRACE_PART < abs(live.stored):
            return since, False
        last = self.side(number, live.stored > 0).at
        if since and last < since + GRACE_INTERVAL:
            return since, False
        return last, True

    def grace_until(self, account: Account) -> int:
        """Until when the account is left alone."""
        since = self.graces.get(account, 0)
        for number, live in self.load(account)[1].items():
            own, is_new = self._grace(account, number, live)
            if is_new:
                since = max(since, own)
        return since + GRACE if since else 0

    def opened(self, account: Account) -> tuple[int, dict[int, Live]]:
        """As `load`, without what has expired and has a price: the market takes it at its payoff."""
        cost, positions = self.load(account)
        for number, live in positions.items():
            series = self.series[number]
            if self.now >= series.expiry and series.expiry in self.fixed:
                paid = live.size * series.payoff(self.fixed[series.expiry])
                cost -= paid
                self.expired_cost += paid
                live.size = 0
        return cost, positions

    def _cost(self, account: Account, tokens: int) -> None:
        self.costs[account] = self.costs.get(account, 0) + tokens * self.token

    # --- trades ---

    def fee(self, legs: Mapping[int, int], units: int, index: int, share: int) -> int:
        """Fee of one side {quote}."""
        notional = sum(abs(ratio) for ratio in legs.values()) * index
        gross = sum(abs(ratio) * self.value(number, index) for number, ratio in legs.items())
        most = abs(units) * gross * self.parameters.fee_cap // WAD
        return min(div_up(abs(units) * notional * share, WAD), most)

    def fill(
        self, taker: Account, maker: Account, legs: Mapping[int, int], units: int, premium: int, index: int
    ) -> None:
        """The taker buys units of a combination, or sells them where they are negative."""
        for account, signed, share in (
            (maker, -units, self.parameters.maker_fee),
            (taker, units, self.parameters.taker_fee),
        ):
            cost, positions = self.opened(account)
            for number, ratio in legs.items():
                live = positions.setdefault(number, Live(0, 0, 0, 0))
                live.size += ratio * signed
                if 0 < abs(live.size) * index < self.parameters.min_position * WAD:
                    raise TooSmall(f"{account}'s position in {number} would be {live.size}")
            fee = self.fee(legs, units, index, share)
            self.fees += fee
            self.save(account, cost + signed * premium + fee, positions)

    # --- settlement ---

    def clear(self, account: Account) -> None:
        """Takes out what has expired and has a price."""
        cost, positions = self.opened(account)
        if any(not live.size for live in positions.values()):
            self.save(account, cost, positions)

    def due(self, account: Account, index: int) -> int:
        """Tokens that a settlement asks of the account beyond its own claims; nothing has expired."""
        pnl = self.pnl(account, index)
        return max(0, self._whole(account, -pnl) - sum(self.claim(account))) if pnl < 0 else 0

    def settle(self, account: Account, index: int, paid: int) -> int:
        """Settles at an index; `paid` is what the account paid of what was due. Returns what it is paid, or minus `paid`.

        An index of zero is one that is not fresh: of who has positions only what was allotted before is paid.
        """
        self.clear(account)
        if not self.holds(account):
            return 0
        out = self._realise(account, index, paid) if index or not self.positions.get(account) else 0
        waiting, allotted = self.claim(account)
        stored = self.claims.get(account, Claim())
        if allotted or (not waiting and (stored.waiting or stored.allotted)):
            self.set_claim(account, waiting, 0)
            self.cash -= allotted
        return out + allotted

    def _realise(self, account: Account, index: int, paid: int) -> int:
        pnl, out = self.pnl(account, index), 0
        if pnl < 0:
            netted = self.net_claim(account, self._whole(account, -pnl))
            self._cost(account, -netted)
            if paid:
                self._cost(account, -paid)
                self.cash += paid
                self.allot()
                out = -paid
        elif pnl // self.token:
            tokens = pnl // self.token
            self._cost(account, tokens)
            queued = self.waiting or self.unborne >= self.token
            out = 0 if queued else min(tokens, self.cash - self.allotted)
            self.cash -= out
            if tokens != out:
                waiting, allotted = self.claim(account)
                self.set_claim(account, waiting + tokens - out, allotted)
                self.bear_losses()
                self.allot()
        cost = self.costs.get(account, 0)
        if not self.positions.get(account) and -self.token < cost < 0:
            self.fees -= cost
            self.costs[account] = 0
        return out

    def _whole(self, account: Account, loss: int) -> int:
        return loss // self.token if self.positions.get(account) else div_up(loss, self.token)

    # --- takeovers ---

    def move(self, source: Account, target: Account, fraction: int, index: int) -> None:
        """Moves a part of every position; the profit on it becomes a claim that stays."""
        cost, positions = self.opened(source)
        pnl = sum(live.size * self.value(number, index) for number, live in positions.items()) - cost
        netted = self.net_claim(source, -pnl // self.token) * self.token if pnl < 0 else 0
        cost, pnl = cost - netted, pnl + netted
        tokens = max(pnl, 0) * fraction // WAD // self.token
        if tokens:
            cost += tokens * self.token
            waiting, allotted = self.claim(source)
            self.set_claim(source, waiting + tokens, allotted)
            self.bear_losses()
            self.allot()
        sizes = {number: toward_zero(live.size * fraction, WAD) for number, live in positions.items()}
        moved = sum(size * self.value(number, index) for number, size in sizes.items())
        moved += div_up(-pnl * fraction, WAD) if pnl < 0 else 0
        if fraction == WAD:
            moved = cost
        for number, size in sizes.items():
            positions[number].size -= size
        self.save(source, cost - moved, positions)
        self._put(target, sizes, moved)

    def _put(self, target: Account, sizes: Mapping[int, int], cost: int) -> None:
        own, positions = self.opened(target)
        for number, size in sizes.items():
            if size:
                positions.setdefault(number, Live(0, 0, 0, 0)).size += size
        self.save(target, own + cost, positions)

    def absorb(self, account: Account, deficit_usd: int, index: int, settlement_price: int) -> int:
        """The other sides take a deficit; returns what they took {USD}."""
        deficit = self.bear(account, deficit_usd * SCALE // settlement_price, index)
        return min(deficit_usd, deficit * settlement_price // SCALE)

    def bear(self, account: Account, deficit: int, index: int) -> int:
        """As `absorb`, in quote."""
        cost, positions = self.opened(account)
        pnl = sum(live.size * self.value(number, index) for number, live in positions.items()) - cost
        netted = self.net_claim(account, -pnl // self.token) * self.token if pnl < 0 else 0
        cost -= netted
        deficit = min(deficit, max(-pnl - netted, 0))
        if deficit:
            tokens = min(deficit // self.token, self.waiting)
            self.reduce_claims(tokens)
            left = deficit - tokens * self.token
            cost -= deficit - left
            if left:
                cost, left = self._close_all(positions, cost, left, index)
            cost -= left
            self.unborne += left
            self.bear_losses()
        self.save(account, cost, positions)
        return deficit

    def _close_all(
        self, positions: Mapping[int, Live], cost: int, deficit: int, index: int
    ) -> tuple[int, int]:
        living = {
            number: live
            for number, live in positions.items()
            if live.size and self.now < self.series[number].expiry
        }
        values = {number: self.value(number, index) for number in living}
        gross = sum(abs(live.size) * values[number] for number, live in living.items())
        left, most = deficit, min(deficit, gross // 2)
        for number, live in living.items():
            move = values[number] * most // gross if gross else 0
            price = values[number] + (move if live.size > 0 else -move)
            left -= abs(live.size) * move
            cost -= live.size * price
            self.side(number, live.size < 0).close(live.size < 0, abs(live.size), -price, self.now)
            if live.size < 0:
                self.open_interest -= abs(live.size)
            live.size = 0
        return cost, left

    # --- risk ---

    def report(
        self, account: Account, scenarios: Sequence[tuple[int, int, int]], index: int
    ) -> dict[str, Any]:
        """What the contract reports for an index, a settlement price of one dollar and scenarios of the own underlying."""
        p = self.parameters
        cost, positions = self.load(account)
        totals = [0] * len(scenarios)
        worth = exposure = standalone = notional = unwinding = 0
        nets = {True: 0, False: 0}
        for number, live in positions.items():
            series, size = self.series[number], live.size
            value = self.value(number, index)
            worth += size * value
            exposure += toward_zero(size * self.delta(number, index), WAD)
            if self.now >= series.expiry and series.expiry in self.fixed:
                continue
            changes = []
            for spot, volatility, weight in scenarios:
                change = size * (self.value(number, index, spot, volatility) - value)
                changes.append(change if weight == WAD else change // WAD * weight)
            totals = [total + change for total, change in zip(totals, changes, strict=True)]
            standalone += max(0, -min(changes, default=0))
            own = abs(size) * index
            notional += own
            share = div_up(own * p.unwinding, WAD)
            unwinding += min(share, size * value) if size > 0 else share
            nets[series.call] += size
        pnl = worth - cost
        credit = sum(self.claim(account)) * self.token + max(pnl, 0)
        dollars = div_up(notional, WAD)
        naked = max(-nets[True], 0) + max(-nets[False], 0)
        add_on = div_up(unwinding, WAD) + div_up(
            dollars * min(div_up(dollars * WAD, p.depth), 100 * WAD), WAD
        )
        return {
            "value": -div_up(max(-pnl, 0), WAD),
            "credit": credit * (WAD - p.haircut) // WAD // WAD,
            "standalone": div_up(standalone, WAD),
            "addOn": add_on + div_up(div_up(naked * index, WAD) * p.naked_short, WAD) if notional else 0,
            "exposure": exposure * index // WAD,
            "changes": [total // WAD for total in totals],
        }

    # --- what always holds ---

    def check(self) -> None:
        """OPT-1, and that claims are what the pile says."""
        accounts = list({*self.costs, *self.positions})
        costs = sum(self.cost(account) for account in accounts)
        sums: dict[tuple[int, bool], tuple[int, int]] = {}
        for account in accounts:
            for number, live in self.load(account)[1].items():
                size, given = sums.get((number, live.stored > 0), (0, 0))
                sums[number, live.stored > 0] = size + abs(live.size), given + live.given
        for key, bucket in self.sides.items():
            size, given = sums.get(key, (0, 0))
            assert 0 <= bucket.total - size <= max(bucket.count, 1) * 2, f"OPT-1: sizes of {key}"
            costs += bucket.pending - given
        owed = (self.waiting + self.allotted) * self.token + self.fees
        paid = costs + self.unborne + self.expired_cost + self.cash * self.token
        assert paid == owed, f"OPT-1: costs and cash {paid} != claims and fees {owed}"
        for number, series in self.series.items():
            long, short = self.side(number, True).total, self.side(number, False).total
            assert long == short or self.now >= series.expiry, f"OPT-1: series {number}: {long} and {short}"
        assert self.open_interest == sum(bucket.total for (_, long), bucket in self.sides.items() if long)
        assert self.allotted <= self.cash
        assert not self.waiting or self.cash == self.allotted, "free cash beside a queue"
        assert not self.waiting or self.unborne < self.token, "a queue beside a loss that nobody bears"


def settlement_price(
    rounds: Sequence[tuple[int, int]], expiry: int, heartbeat: int, window: int = WINDOW
) -> tuple[int, int]:
    """Mean of rounds {price, time} over the window before an expiry, weighted by time, and the seconds that are covered."""
    start, end = expiry - window, expiry
    total = covered = 0
    for price, time in sorted((one for one in rounds if one[1] <= expiry), key=lambda one: -one[1])[
        :MAX_ROUNDS
    ]:
        seconds = max(0, min(end, time + heartbeat) - max(time, start))
        total += price * seconds
        covered += seconds
        end = time
        if time <= start:
            break
    return (total // covered if covered else 0), covered
