"""Accounts by the prices at which they can become liquidatable, so that a tick looks only at those it crosses.

How far an account is from its liquidation is its slack S = equity + uncertainty - requirement. With x_u the
price of underlying u relative to what it was when the account was read, each holding's part of S is a function of
its x_u alone. Its slope lies within bounds [a, b] that are known for x_u within 1 - REACH to 1 + REACH: linear
but for concentration, which bends it. Slopes of one underlying add up, uncertainty included. So S loses at most
b * m when the price falls by m and -a * m when it rises by m, and

    sum over u of m_u * steepness_u < S,    steepness_u = max(b, -a, 0)

keeps S above zero. Budgets are shared by shocks, the risk engine's own measure of how far prices move:
m_u = shock_u * S / sum(steepness * shock). Each account so has a lower and an upper threshold per underlying, and
cannot be liquidatable while all prices are between them.

What else moves S:
- Rates and debt indices. Each may drift by DRIFT before the account is looked at again: they have thresholds
  like prices, and S is lessened by the most that such drifts take.
- Ramps. Parameters count at the worst until the ramp's end (scripts/keeper/parameters.py).
- Stale, missing and disputed prices. Judged by the same middle price they only add to S: half-widths grow, and
  a dispute counts the edge that favours the account. So S of an account that was read at such a price is
  computed here, as if it were fresh.

Perpetual positions add to this: the mark of each market is a variable of its own, and what one of its positions adds to
S changes by no more than a multiple of its notional when the mark moves (docs/perpetuals.md, Risk). Loss and credit have
the mark's slope, never both; requirement and uncertainty have it times shock, half-width, unwinding and concentration.
All of it moves with the settlement asset's price. Funding drifts like a debt index. S itself is the chain's. Positions
are read once; events of the market that touch the account have them read again. While its prices are not fresh or its
terms or the risk book walk, all accounts of a market are looked at.

What this does not understand is always looked at: other instruments, accounts that could not be judged, and those
whose S on chain is not what is computed here. A tick compares all thresholds with the prices at once (numpy):
well under a millisecond for 50,000 accounts, and no sorted lists to keep up; `make bench-keeper` times the tick.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from scripts.keeper.parameters import Risk
from scripts.keeper.perps import MarketState, Perp, Position
from scripts.keeper.scan import Market
from scripts.keeper.types import Snapshot, Status

REACH = 0.5
DRIFT = 1e-3
# Both a rate and an index may drift; a little less than half each keeps their product within.
DRIFT_EACH = 0.49 * DRIFT
TOLERANCE = 1e-6
MAX_CONCENTRATION = 100.0
WAD = 1e18
FIRST_SLOTS = 1_024
UNKNOWN = (np.nan, np.nan)

Thresholds = list[tuple[int, float, float]]


@dataclass(slots=True)
class _Net:
    """What one account has in one underlying: value, value that only adds uncertainty, bounds of the slope."""

    value: float = 0.0
    gross: float = 0.0
    band: float = 0.0
    least: float = 0.0
    most: float = 0.0


class Index:
    """The accounts of one domain. Rows of its tables are variables: prices, then rates, then debt indices, then marks and
    funding of `perps`."""

    def __init__(self, risk: Risk, perps: Mapping[str, Perp] | None = None) -> None:
        self._assets = len(risk.assets)
        self._underlyings = len(risk.underlyings)
        self.risk = risk
        self._slots: dict[bytes, int] = {}
        self._accounts: list[bytes] = []
        self._holders: defaultdict[str, set[bytes]] = defaultdict(set)
        self._perps = perps or {}
        self._markets = {address: number for number, address in enumerate(self._perps)}
        self._first_mark = self._underlyings + 2 * self._assets
        rows = self._first_mark + 2 * len(self._perps)
        self._below = np.full((rows, FIRST_SLOTS), -np.inf)
        self._above = np.full((rows, FIRST_SLOTS), np.inf)
        self._always = np.zeros(FIRST_SLOTS, dtype=bool)

    def __len__(self) -> int:
        return len(self._accounts)

    def __contains__(self, account: bytes) -> bool:
        return account in self._slots

    @property
    def accounts(self) -> list[bytes]:
        """All of them, in the order in which they came."""
        return self._accounts

    @property
    def watched(self) -> int:
        """Number of accounts that every step looks at."""
        return int(self._always[: len(self._accounts)].sum())

    def add(self, accounts: Iterable[bytes]) -> None:
        """Accounts of which nothing is known (any more): looked at until they are `put`."""
        for account in accounts:
            slot = self._slot(account)  # may replace the tables
            self._always[slot] = True

    def holders(self, instrument: str) -> set[bytes]:
        """Accounts that held something in an instrument when they were last read."""
        return self._holders[instrument]

    def add_holders(self, instruments: Iterable[str]) -> None:
        """As `add` for all accounts that hold something in one of the instruments."""
        for instrument in instruments:
            self.add(self._holders[instrument])

    def put(
        self, snapshot: Snapshot, market: Market, positions: Mapping[str, Position] | None = None
    ) -> None:
        """Files an account as it stands in `market`, that of its block; `positions` are its perpetual ones by market."""
        slot = self._slot(snapshot.account)
        for instrument, holders in self._holders.items():
            if instrument not in snapshot.instruments:
                holders.discard(snapshot.account)
        for instrument in snapshot.instruments:
            self._holders[instrument].add(snapshot.account)
        thresholds = self._thresholds(snapshot, market, positions or {})
        self._below[:, slot], self._above[:, slot] = -np.inf, np.inf
        self._always[slot] = thresholds is None
        for variable, below, above in thresholds or ():
            self._below[variable, slot], self._above[variable, slot] = below, above

    def crossed(self, market: Market) -> list[bytes]:
        """Accounts that may be liquidatable in `market`: all others are not."""
        count = len(self._accounts)
        rates, indices = market.rates[: self._assets], market.indices[: self._assets]
        # A market that cannot be read crosses nothing: its accounts are `add_holders`' to look at.
        states = [market.perps.get(address) for address in self._perps]
        marks = [value for state in states for value in ((state.mark, state.funding) if state else UNKNOWN)]
        now = np.array([*map(float, market.prices), *rates, *indices, *marks])[:, None]
        looked = self._always[:count] | (self._below[:, :count] >= now).any(axis=0)
        looked |= (self._above[:, :count] <= now).any(axis=0)
        return [self._accounts[slot] for slot in np.flatnonzero(looked)]

    # Internal

    def _slot(self, account: bytes) -> int:
        slot = self._slots.get(account)
        if slot is None:
            slot = self._slots[account] = len(self._accounts)
            self._accounts.append(account)
            if slot == len(self._always):
                self._grow()
        return slot

    def _grow(self) -> None:
        size = len(self._always)
        self._below = np.pad(self._below, ((0, 0), (0, size)), constant_values=-np.inf)
        self._above = np.pad(self._above, ((0, 0), (0, size)), constant_values=np.inf)
        self._always = np.pad(self._always, (0, size))

    def _thresholds(
        self, snapshot: Snapshot, market: Market, positions: Mapping[str, Position]
    ) -> Thresholds | None:
        """(variable, below, above) of each variable that can take the account's slack; None: look always."""
        if not snapshot.has_risk:
            return []
        if snapshot.instruments:
            held = snapshot.instruments
            if any(address not in positions or address not in market.perps for address in held):
                return None
            return self._with_positions(snapshot, market, positions)
        nets: dict[int, _Net] = {}
        drifting: Thresholds = []
        slack, drift = self._add_up(snapshot, market, nets, drifting)
        if slack is None:
            return None
        for number, net in nets.items():
            width = self.risk.underlyings[number].half_width
            uncertainty = abs(net.value) * width + net.band
            slack += uncertainty
            net.least += uncertainty
            net.most += uncertainty
            drift += net.gross * width + net.band
        gross = sum(net.gross for net in nets.values())
        if snapshot.status is Status.FRESH and market.clock >= self.risk.settled_at:
            told = snapshot.slack / WAD
            if abs(told - slack) > TOLERANCE * (gross + 1):
                return None
            slack = min(slack, told)
        slack -= DRIFT * (1 + REACH) * drift + TOLERANCE * gross + 1e-9
        if slack <= 0:
            return None
        return self._shared(slack, nets, market) + drifting

    def _with_positions(
        self, snapshot: Snapshot, market: Market, positions: Mapping[str, Position]
    ) -> Thresholds | None:
        """Thresholds of an account with perpetual positions: those of all variables at once, in both directions."""
        if snapshot.status is not Status.FRESH or market.clock < self.risk.settled_at:
            return None
        rows, nets, drifting = self.risk.underlyings, {}, []  # type: ignore[var-annotated]
        ours, drift = self._add_up(snapshot, market, nets, drifting)
        if ours is None:
            return None
        # By variable: its value now, the slope of S by its relative move, its share of the budget.
        slopes: dict[int, list[float]] = {}

        def add(variable: int, value: float, slope: float, weight: float) -> None:
            slopes.setdefault(variable, [value, 0.0, max(weight, 1e-6)])[1] += slope

        gross, slack = 0.0, snapshot.slack / WAD
        for number, net in nets.items():
            row = rows[number]
            shock = max(row.shock_down, row.shock_up)
            uncertain = net.gross * row.half_width + net.band
            # Should shocks of legs net, a leg may count with the other sign.
            slope = max(net.most, -net.least, 0.0) + 2 * net.gross * shock + uncertain
            add(number, float(market.prices[number]), slope, shock)
            gross += net.gross
            drift += net.gross * (2 * shock) + uncertain
        settlement = self.risk.assets[0].underlying
        dollars = rows[settlement]
        s_shock = max(dollars.shock_down, dollars.shock_up)
        price = market.prices[settlement] / WAD
        for address, position in positions.items():
            state: MarketState = market.perps[address]
            row = rows[self._perps[address].underlying]
            shock = max(row.shock_down, row.shock_up)
            notional = abs(position.size) * state.mark * price
            if state.depth <= 0 or notional * (1 + REACH) ** 2 / state.depth > MAX_CONCENTRATION:
                return None
            charge = state.unwinding + 2 * (1 + REACH) ** 2 * notional / state.depth + row.half_width
            own = notional * (2 + shock + charge + s_shock + dollars.half_width) * (1 + REACH)
            profit = position.profit(state)
            loss, credit = max(-profit, 0.0) * price, (max(profit, 0.0) + position.claims) * price
            # While the mark moves within REACH loss and credit grow by as much of the notional.
            most = loss + credit + REACH * notional
            others = (most * (2 + s_shock + dollars.half_width) + notional * (shock + charge)) * (1 + REACH)
            first = self._first_mark + 2 * self._markets[address]
            add(first, state.mark, own, shock)
            add(settlement, float(market.prices[settlement]), others, s_shock)
            drifting.append(
                (first + 1, state.funding - DRIFT * state.mark, state.funding + DRIFT * state.mark)
            )
            slack -= DRIFT * notional * (2 + s_shock) * (1 + REACH) ** 2
            gross += notional + most
        slack -= DRIFT * (1 + REACH) * drift + TOLERANCE * gross + 1e-9
        if slack <= 0:
            return None
        total = sum(slope * weight for _, slope, weight in slopes.values())
        share = slack / total if total else np.inf
        for variable, (value, _, weight) in slopes.items():
            move = min(weight * share, REACH)
            drifting.append((variable, value * (1 - move), value * (1 + move)))
        return drifting

    def _add_up(
        self, snapshot: Snapshot, market: Market, nets: dict[int, _Net], drifting: Thresholds
    ) -> tuple[float | None, float]:
        """Slack without uncertainty, and its slope by drifts; fills in `nets` and `drifting`."""
        risk = self.risk
        slack = drift = 0.0
        for asset_id, amount in snapshot.holdings:
            if amount == 0:
                continue
            if asset_id >= self._assets:
                if amount > 0:
                    continue  # counts for nothing before it is in the book
                return None, 0.0
            asset = risk.assets[asset_id]
            row = risk.underlyings[asset.underlying]
            if asset.band > min(row.shock_down, row.shock_up) + asset.shock:
                return None, 0.0  # a dispute could then take more uncertainty than requirement
            value = abs(amount) / asset.unit * market.rates[asset_id] * market.prices[asset.underlying] / WAD
            if amount > 0:
                part, least, most = _held(value, row.shock_down + asset.shock, asset.depth)
            else:
                part, least, most = _owed(value, row.shock_up + asset.shock, asset.depth)
            slack += part
            drift += max(abs(least), abs(most))
            net = nets.setdefault(asset.underlying, _Net())
            net.value += value if amount > 0 else -value
            net.gross += value
            net.band += value * asset.band
            net.least += least
            net.most += most
            if asset.has_rate:
                rate = market.rates[asset_id]
                variable = self._underlyings + asset_id
                drifting.append((variable, rate * (1 - DRIFT_EACH), rate * (1 + DRIFT_EACH)))
            if amount < 0:
                variable = self._underlyings + self._assets + asset_id
                drifting.append((variable, -np.inf, market.indices[asset_id] * (1 + DRIFT_EACH)))
        return slack, drift

    def _shared(self, slack: float, nets: dict[int, _Net], market: Market) -> Thresholds:
        rows = self.risk.underlyings
        weights = {
            number: max(rows[number].shock_down, rows[number].shock_up, rows[number].half_width, 1e-6)
            for number in nets
        }
        total = sum(max(net.most, -net.least, 0.0) * weights[number] for number, net in nets.items())
        share = slack / total if total else np.inf
        thresholds: Thresholds = []
        for number, net in nets.items():
            price = float(market.prices[number])
            move = min(weights[number] * share, REACH)
            thresholds.append(
                (
                    number,
                    price * (1 - move if net.most > 0 else 1 - REACH),
                    price * (1 + move if net.least < 0 else 1 + REACH),
                )
            )
        return thresholds


def _held(value: float, shock: float, depth: float) -> tuple[float, float, float]:
    """Value less requirement of what is owned, and bounds of its slope by the relative price within REACH.

    With s the shock and c = value / depth: value * x * (1 - s - c x) while that is positive, else zero.
    """
    kept = 1 - shock
    if kept <= 0:
        return 0.0, 0.0, 0.0
    if not depth:
        return value * kept, value * kept, value * kept
    concentration = value / depth
    part = value * max(kept - concentration, 0.0)
    lowest, highest = (1 - REACH) * (1 - DRIFT), (1 + REACH) * (1 + DRIFT)
    capped_from = kept / concentration if concentration else np.inf
    if lowest >= capped_from:
        return part, 0.0, 0.0
    most = value * (kept - 2 * concentration * lowest)
    least = value * (kept - 2 * concentration * min(highest, capped_from))
    if highest >= capped_from:
        least, most = min(least, 0.0), max(most, 0.0)
    return part, least, most


def _owed(value: float, shock: float, depth: float) -> tuple[float, float, float]:
    """As `_held` for a debt: -value * x * (1 + s + c x), c x at most 100."""
    concentration = value / depth if depth else 0.0
    steep = 1 + shock
    part = -value * (steep + min(concentration, MAX_CONCENTRATION))
    lowest, highest = (1 - REACH) * (1 - DRIFT), (1 + REACH) * (1 + DRIFT)
    least = -value * (steep + min(2 * concentration * highest, 2 * MAX_CONCENTRATION))
    most = -value * (steep + min(2 * concentration * lowest, MAX_CONCENTRATION))
    return part, least, most
