"""A perpetual market in exact integers: positions, funding, claims, deleveraging. The contract equals it to the wei.

Sizes, prices and rates are WADs; quote has 36 decimals; tokens are the settlement asset's smallest units. Who may borrow what
is the vault's business: a loser's payment is told to the model, which says what he owes (`due`).

    market = Market(parameters, token=10**30, now=0)
    market.refresh(now=60, index=2_000 * WAD)
    market.trade("long", "short", 2 * WAD, 2_000 * WAD)
    market.settle("long", mark=..., paid=0)
    market.check()                                                  # PERP-1
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, replace

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
    clamp,
    div_up,
    toward_zero,
)

EIGHT_HOURS = 8 * 3_600
BUCKETS_AT_ONCE = 8


@dataclass(frozen=True)
class Parameters:
    """As `IPerpMarket.Parameters`: WADs, and seconds for `premium_time`."""

    unwinding: int
    depth: int
    haircut: int
    open_interest_cap: int
    max_premium: int
    premium_time: int
    interest: int
    interest_band: int
    max_rate: int
    max_price_move: int
    taker_fee: int
    maker_fee: int
    backstop_share: int

    def words(self) -> tuple[int, ...]:
        """In the contract's order."""
        return tuple(astuple(self))


def tick_of(price: int) -> int:
    """Bucket of an entry price: 64 steps of equal width between a power of two and the next."""
    if price == 0:
        return 0
    exponent = price.bit_length() - 1
    step = price >> (exponent - 6) if exponent >= 6 else price << (6 - exponent)
    return exponent << 6 | step & 63


@dataclass(frozen=True)
class Position:
    """Signed size, cost without funding, entry price."""

    size: int = 0
    base: int = 0
    entry: int = 0
    round: int = 0
    mark: Mark = field(default_factory=Mark)


@dataclass
class Market(Books):
    """The books of one market."""

    parameters: Parameters
    token: int  # quote in a smallest unit of the settlement asset
    now: int
    premium: int = 0
    sample: int = 0
    updated_at: int = -1
    index: int = 0  # that funding grows by; zero: it stands still
    funding: int = 0
    open_interest: int = 0
    cash: int = 0
    fees: int = 0
    waiting: int = 0
    allotted: int = 0
    claimants: int = 0
    receiver_size: int = 0
    receiver_base: int = 0
    unborne: int = 0
    positions: dict[Account, Position] = field(default_factory=dict)
    claims: dict[Account, Claim] = field(default_factory=dict)
    graces: dict[Account, int] = field(default_factory=dict)
    buckets: dict[tuple[bool, int], Bucket] = field(default_factory=dict)
    pool: Pool = field(default_factory=Pool)

    def __post_init__(self) -> None:
        if self.updated_at < 0:
            self.updated_at = self.now

    # --- prices ---

    def rate(self, premium: int) -> int:
        """Funding rate per eight hours."""
        p = self.parameters
        pull = clamp(p.interest - premium, -p.interest_band, p.interest_band)
        return clamp(premium + pull, -p.max_rate, p.max_rate)

    def grown(self, now: int) -> tuple[int, int, int]:
        """Premium at a time, the rate since the last refresh, funding of a unit for it."""
        passed = now - self.updated_at
        premium = self.premium + toward_zero(
            (self.sample - self.premium) * passed, passed + self.parameters.premium_time
        )
        rate = self.rate(toward_zero(self.premium + premium, 2))
        return premium, rate, toward_zero(self.index * rate * passed, EIGHT_HOURS * WAD)

    def refresh(self, now: int, index: int) -> None:
        """Brings premium and funding up to now; `index` is zero where it is not fresh."""
        if now != self.updated_at:
            self.premium, _, funding = self.grown(now)
            self.funding += funding
        self.now = self.updated_at = now
        self.index = index

    def take_sample(self, sample: int) -> None:
        """What the premium goes to from now on."""
        self.sample = clamp(sample, -self.parameters.max_premium, self.parameters.max_premium)

    def mark(self, index: int) -> int:
        """The mark at an index."""
        return index * (WAD + self.premium) // WAD

    # --- positions ---

    def load(self, account: Account) -> Position:
        """A position with what was taken from its bucket."""
        stored = self.positions.get(account, Position())
        if not stored.size:
            return stored
        bucket = self._bucket(stored)
        if not bucket.round:
            return stored
        size, given = bucket.live(stored.size, stored.round, stored.mark)
        return replace(stored, size=size, base=stored.base + given)

    def _bucket(self, position: Position) -> Bucket:
        return self.buckets.setdefault((position.size > 0, tick_of(position.entry)), Bucket())

    def save(self, account: Account, position: Position) -> None:
        """Writes a position, and its bucket and the open interest."""
        old, before = self.positions.get(account, Position()), self.load(account)
        if before.size != old.size:
            since, is_new = self._grace(account)
            if is_new:
                self.graces[account] = since
        if not position.size:
            position = replace(position, entry=0)
        if old.size:
            bucket = self._bucket(old)
            bucket.pending -= before.base - old.base
            bucket.total -= abs(before.size)
            bucket.count -= 1
        if position.size:
            bucket = self._bucket(position)
            bucket.total += abs(position.size)
            bucket.count += 1
            position = replace(position, round=bucket.round, mark=bucket.pool.now)
        else:
            position = replace(position, round=0, mark=Mark())
        self.positions[account] = position
        self.open_interest += max(position.size, 0) - max(before.size, 0)

    def _grace(self, account: Account) -> tuple[int, bool]:
        since = self.graces.get(account, 0)
        old = self.positions.get(account, Position())
        taken = abs(old.size) - abs(self.load(account).size)
        if taken <= 0 or taken * GRACE_PART < abs(old.size):
            return since, False
        at = self._bucket(old).at
        if since and at < since + GRACE_INTERVAL:
            return since, False
        return at, True

    def grace_until(self, account: Account) -> int:
        """Until when the account is left alone."""
        since, _ = self._grace(account)
        return since + GRACE if since else 0

    def added(self, position: Position, size: int, cost: int, price: int) -> Position:
        """A position after a trade."""
        now, entry = position.size + size, position.entry
        if not position.size or (position.size > 0) != (now > 0):
            entry = price if now else 0
        elif abs(now) > abs(position.size):
            entry = (abs(position.size) * entry + abs(size) * price) // abs(now)
        return replace(position, size=now, base=position.base + cost - size * self.funding, entry=entry)

    def cost(self, account: Account) -> int:
        """Cost with funding {quote}."""
        position = self.load(account)
        return position.base + position.size * self.funding

    def pnl(self, account: Account, mark: int) -> int:
        """Size at the mark less cost {quote}."""
        return self.load(account).size * mark - self.cost(account)

    def holds(self, account: Account) -> bool:
        """Whether the vault has the account as a holder."""
        position, claim = self.positions.get(account, Position()), self.claims.get(account, Claim())
        return bool(position.size or position.base or claim.waiting or claim.allotted)

    # --- trades ---

    def trade(self, taker: Account, maker: Account, size: int, price: int) -> None:
        """With a maker contract, which pays no fee: the taker buys `size`, or sells where it is negative."""
        self.fill(taker, [(maker, size, price, True)])

    def fill(self, taker: Account, fills: Sequence[tuple[Account, int, int, bool]]) -> None:
        """One match: maker, signed size of the taker, price, and whether the maker is a contract. Each maker is written
        when his fill is done, the taker once at the end."""
        fees = 0
        for maker, size, price, is_contract in fills:
            fee = 0 if is_contract else div_up(abs(size) * price * self.parameters.maker_fee, WAD)
            self.save(maker, self.added(self.load(maker), -size, fee - size * price, price))
            fees += fee
        position = self.load(taker)
        for _, size, price, _ in fills:
            fee = div_up(abs(size) * price * self.parameters.taker_fee, WAD)
            position = self.added(position, size, size * price + fee, price)
            fees += fee
        self.save(taker, position)
        self.fees += fees

    def tip(self, payer: Account, earner: Account, tokens: int) -> None:
        """A cost of one that another has less."""
        self._cost(payer, tokens)
        self._cost(earner, -tokens)

    def _cost(self, account: Account, tokens: int) -> None:
        position = self.load(account)
        self.save(account, replace(position, base=position.base + tokens * self.token))

    # --- settlement ---

    def due(self, account: Account, mark: int) -> int:
        """Tokens that a settlement asks of the account beyond its own claims."""
        pnl = self.pnl(account, mark)
        if pnl >= 0:
            return 0
        tokens = -pnl // self.token if self.load(account).size else div_up(-pnl, self.token)
        return max(0, tokens - sum(self.claim(account)))

    def settle(self, account: Account, mark: int, paid: int) -> int:
        """Settles at a mark; `paid` is what the account paid of what was due. Returns what it is paid, or minus `paid`.

        A mark of zero is one that is not fresh: only what was allotted before is paid.
        """
        if not self.holds(account):
            return 0
        out = self._realise(account, mark, paid) if mark else 0
        waiting, allotted = self.claim(account)
        stored = self.claims.get(account, Claim())
        if allotted or (not waiting and (stored.waiting or stored.allotted)):
            self.set_claim(account, waiting, 0)
            self.cash -= allotted
        return out + allotted

    def _realise(self, account: Account, mark: int, paid: int) -> int:
        pnl, out = self.pnl(account, mark), 0
        if pnl < 0:
            due = self.due(account, mark)
            tokens = due + min(sum(self.claim(account)), self._whole(account, -pnl))
            netted = self.net_claim(account, tokens)
            if netted:
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
        position = self.load(account)
        if not position.size and -self.token < position.base < 0:
            self.fees -= position.base
            self.save(account, replace(position, base=0))
        return out

    def _whole(self, account: Account, loss: int) -> int:
        return loss // self.token if self.load(account).size else div_up(loss, self.token)

    # --- takeovers ---

    def move(self, source: Account, target: Account, fraction: int, mark: int) -> None:
        """Moves a part of a position; its profit becomes a claim that stays."""
        self.pay_with_claim(source, mark)
        pnl = self.pnl(source, mark)
        if pnl // self.token > 0:
            self._cost(source, pnl // self.token)
            waiting, allotted = self.claim(source)
            self.set_claim(source, waiting + pnl // self.token, allotted)
            self.bear_losses()
            self.allot()
        size = toward_zero(self.load(source).size * fraction, WAD)
        cost = size * mark + (div_up(-pnl * fraction, WAD) if pnl < 0 else 0)
        self._put(source, target, size, self.cost(source) if fraction == WAD else cost)

    def pay_with_claim(self, account: Account, mark: int) -> None:
        """The account's own claim pays its loss."""
        loss = -self.pnl(account, mark)
        if loss > 0:
            self._cost(account, -self.net_claim(account, loss // self.token))

    def _put(self, source: Account, target: Account, size: int, cost: int) -> None:
        position = self.load(source)
        entry = position.entry
        self.save(source, self.added(position, -size, -cost, entry))
        self.save(target, self.added(self.load(target), size, cost, entry))

    def absorb(self, account: Account, deficit_usd: int, mark: int, settlement_price: int) -> int:
        """The other side takes a deficit; returns what it took {USD}."""
        deficit = self.bear(account, deficit_usd * SCALE // settlement_price, mark)
        return min(deficit_usd, deficit * settlement_price // SCALE)

    def bear(self, account: Account, deficit: int, mark: int) -> int:
        """As `absorb`, in quote."""
        self.pay_with_claim(account, mark)
        loss = -self.pnl(account, mark)
        if loss <= 0:
            return 0
        deficit = min(deficit, loss)
        tokens = min(deficit // self.token, self.waiting)
        self.reduce_claims(tokens)
        left = deficit - tokens * self.token
        position = self.load(account)
        position = replace(position, base=position.base - tokens * self.token)
        moved = position.size if left else 0
        if moved:
            position, left = self._to_receiver(account, position, left, mark)
        self.unborne += left
        self.save(account, replace(position, base=position.base - left))
        if moved:
            self._deleverage(BUCKETS_AT_ONCE)
        self.bear_losses()
        return deficit

    def _to_receiver(
        self, account: Account, position: Position, deficit: int, mark: int
    ) -> tuple[Position, int]:
        size, held = position.size, self.receiver_size
        move = min(deficit // abs(size), mark // 2)
        price = mark + move if size > 0 else mark - move
        base = size * (price - self.funding)
        position = replace(position, size=0, base=position.base - base)
        if held and (held > 0) != (size > 0):
            met = held if abs(held) < abs(size) else -size
            met_base = _signed_quotient(self.receiver_base * met, held)
            other_base = _signed_quotient(base * -met, size)
            self.unborne += met_base + other_base
            self.receiver_base -= met_base
            base -= other_base
        self.receiver_size += size
        self.receiver_base += base
        self.open_interest += max(held + size, 0) - max(held, 0)
        return position, deficit - move * abs(size)

    def deleverage(self, most: int) -> None:
        """Goes on with what the receiver holds."""
        self.bear_losses()
        self._deleverage(most)
        self.bear_losses()

    def _deleverage(self, most: int) -> None:
        for _ in range(most):
            size = self.receiver_size
            if not size:
                break
            long = size < 0
            ticks = [tick for (side, tick), bucket in self.buckets.items() if side == long and bucket.total]
            if not ticks:
                break
            bucket = self.buckets[long, min(ticks) if long else max(ticks)]
            closed = min(bucket.total, abs(size))
            price = max(0, _signed_quotient(self.receiver_base, size) + self.funding)
            worth = self.funding - price
            self.receiver_base += (closed if size > 0 else -closed) * worth
            bucket.close(long, closed, worth, self.now)
            self.receiver_size -= closed if size > 0 else -closed
            self.open_interest -= closed
        if not self.receiver_size:
            self.unborne += self.receiver_base
            self.receiver_base = 0

    # --- what always holds ---

    def accounts(self) -> Iterator[Account]:
        """All that ever had a position."""
        return iter(self.positions)

    def dust(self) -> tuple[int, int]:
        """Signed size and cost without funding that stand in buckets and not in a position."""
        size = sum(bucket.total if long else -bucket.total for (long, _), bucket in self.buckets.items())
        base = sum(bucket.pending for bucket in self.buckets.values())
        for account in self.positions:
            stored, position = self.positions[account], self.load(account)
            size -= position.size
            base -= position.base - stored.base
        return size, base

    def check(self) -> None:
        """PERP-1, and that claims are what the pile says."""
        dust, dust_base = self.dust()
        sizes = sum(self.load(a).size for a in self.positions) + dust + self.receiver_size
        assert sizes == 0, f"PERP-1: sizes sum to {sizes}"
        costs = sum(self.cost(a) for a in self.positions) + dust_base + dust * self.funding
        costs += self.receiver_base + self.receiver_size * self.funding + self.unborne
        owed = (self.waiting + self.allotted) * self.token + self.fees
        assert costs + self.cash * self.token == owed, (
            f"PERP-1: costs {costs} + cash {self.cash} != claims and fees {owed}"
        )
        assert self.allotted <= self.cash
        assert not self.waiting or self.cash == self.allotted, "free cash beside a queue"
        assert not self.waiting or self.unborne < self.token, (
            "PERP-4: a queue beside a loss that nobody bears"
        )
        longs = sum(bucket.total for (long, _), bucket in self.buckets.items() if long)
        assert self.open_interest == longs + max(self.receiver_size, 0)


def _signed_quotient(numerator: int, denominator: int) -> int:
    """Quotient of signed numbers, towards zero."""
    quotient = abs(numerator) // abs(denominator)
    return quotient if (numerator >= 0) == (denominator >= 0) else -quotient
