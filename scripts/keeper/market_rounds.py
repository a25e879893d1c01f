"""What a keeper does for markets in each round, beside takeovers: stop orders and upkeep."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from scripts.client.domain import Domain
from scripts.client.sentences import account_name
from scripts.common.database import DatabaseError
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable
from scripts.keeper.act import Sent, clock_account, wei_for
from scripts.keeper.chores import Chore
from scripts.keeper.config import Config
from scripts.keeper.decide import Price, Refusal
from scripts.keeper.expiries import Expiries
from scripts.keeper.fees import Market
from scripts.keeper.offers import Reader
from scripts.keeper.outbox import DROPPED, Entry
from scripts.keeper.stops import open_source, tip_of
from scripts.keeper.store import Store
from scripts.keeper.triggers import Triggers
from scripts.keeper.types import Alarm, AlarmKind, Block
from scripts.keeper.upkeep import HOUR, Upkeep, spent
from scripts.keeper.volatility import VolatilityUpkeep
from scripts.matcher.orders import Domain as OrderDomain
from scripts.matcher.orders import Reader as OrderReader
from scripts.matcher.orders import SignedOrder

if TYPE_CHECKING:
    from scripts.keeper.keeper import Keeper

# Stop orders that one round looks at; others that are awake come in the next ones.
MOST_TRIGGERED = 50
# Actions of an hour that the budget is counted from.
MOST_ACTIONS = 10_000


class MarketRounds:
    """Stop orders and upkeep for one keeper, with its key, reader and outbox. `into` is its account."""

    def __init__(
        self, keeper: Keeper, config: Config, domain: Domain, store: Store, sender: str, into: bytes
    ) -> None:
        self._keeper, self._config, self._store = keeper, config, store
        settlement = domain.settlement
        settings = config.upkeep(settlement.symbol, settlement.decimals)
        self._budget = settings.budget
        holders = keeper.watch.holders
        self._upkeep = Upkeep(domain, keeper.perps, keeper.options, sender, into, settings, holders)
        self._volatility = VolatilityUpkeep(domain, sender)
        self._expiries = Expiries(domain, keeper.options, sender, holders)
        source = None
        if config.orders is not None and domain.orders is not None:
            reader = OrderReader(OrderDomain(domain.chain.chain_id, domain.orders.address))
            source = open_source(config.orders, reader)
        self._triggers = Triggers(domain, keeper.perps, source, sender, into)

    def read_orders(self) -> bool:
        """Whether there are new stop orders; what cannot be read is an alarm, and not the end of the rest."""
        try:
            changed = self._triggers.refresh()
        except KeelError as error:
            self._keeper.alarms.raise_(Alarm(AlarmKind.ORDERS, str(error)))
            return False
        for problem in self._triggers.problems:
            self._keeper.alarms.raise_(Alarm(AlarmKind.ORDERS, problem))
        return changed

    def trigger(self, seen: Block, market: Market) -> int:
        """Matches stop orders that are awake; the number of transactions sent."""
        if self._keeper.watch.market is None:
            return 0
        busy = self._keeper.outbox.accounts()
        stops = [stop for stop in self._triggers.awake(self._keeper.watch.market) if stop.hash not in busy]
        stops.sort(key=lambda stop: self._keeper.refused_at.get(stop.hash, -1))
        if not stops:
            return 0
        prices = self._keeper.reader.prices()
        sent = 0
        for stop in self._triggers.open(stops[:MOST_TRIGGERED]):
            try:
                sent += self._trigger_one(stop, prices, seen, market)
            except (ChainUnreachable, DatabaseError):
                raise
            except Exception as error:
                self._keeper.doubt(stop.hash, error)
            if self._keeper.poor_at == seen.hash:
                break
        return sent

    def _trigger_one(self, stop: SignedOrder, prices: dict[int, Price], seen: Block, market: Market) -> bool:
        if not self._config.dry_run and not self._keeper.lease(stop.hash):
            self._keeper.refused(stop.hash, Refusal("leased", "another keeper is at it"), seen)
            return False
        without: set[bytes] = set()
        while True:
            makers = self._triggers.makers(stop, without)
            call = self._triggers.call(stop, makers)
            native = self._keeper.reader.native(prices)
            result = self._keeper.actor.trigger(
                stop.hash, call, tip_of(stop), stop.size, prices, native, seen, market, self._keeper.outbox
            )
            if isinstance(result, Sent):
                return self._keeper.sent(result, seen)
            # A maker who cannot be filled is left out, whoever it is; what he leaves others fill.
            named = {
                name
                for maker in makers
                for name in (maker.order.hash, maker.order.account)
                if name in result.names
            }
            if not named:
                self._keeper.refused(stop.hash, result, seen)
                self._store.release(stop.hash)
                return False
            without |= named

    @property
    def warnings(self) -> list[str]:
        """What somebody else has to put right, as of the last look."""
        return self._expiries.warnings

    def keep_up(self, seen: Block, market: Market) -> int:
        """What markets and shocks need, for no more than the budget of an hour; the number of transactions sent. What fails
        there is an alarm, and not the end of the rest."""
        keeper = self._keeper
        parts: dict[str, Callable[[], Iterable[Chore]]] = {
            "expiries of options": lambda: self._expiries.due(seen),
            "volatility and shocks": lambda: self._volatility.due(seen),
            "upkeep of markets": lambda: self._upkeep.due(seen, keeper.watch.discovery.funded),
        }
        sent, purse = 0, _Purse(self._budget, keeper.reader, self._spent)
        for name, due in parts.items():
            try:
                for chore in due():
                    sent += self._do(chore, purse, seen, market)
            except (ChainUnreachable, DatabaseError):
                raise
            except KeelError as error:
                keeper.alarms.raise_(Alarm(AlarmKind.JUDGEMENT, f"{name}: {error}"))
        for text in self._expiries.warnings:
            keeper.alarms.raise_(Alarm(AlarmKind.PRICES, text))
        keeper.metrics.stale_surfaces.set(len(self._expiries.stale))
        return sent

    def _do(self, chore: Chore, purse: _Purse, seen: Block, market: Market) -> bool:
        """Sends what is due, or less of it where all costs too much; whether it went out."""
        keeper = self._keeper
        account = chore.account or clock_account(chore.number, chore.kind)
        if account in keeper.outbox.accounts():
            return False
        if not self._budget and not chore.gain:
            return False
        name = f"{chore.name} {account_name(account)}" if chore.account else chore.name
        while True:
            most, settles = purse.left(chore.gain), chore.settles
            result = keeper.actor.keep(
                chore.kind, account, chore.call, seen, market, keeper.outbox, most, settles
            )
            if isinstance(result, Sent):
                break
            if result.why == "gas price" and chore.fewer:
                chore = chore.fewer()
                continue
            keeper.metrics.refusals.labels(why=result.why).inc()
            keeper.log.info("refused", kind=str(chore.kind), market=name, why=result.why, text=result.text)
            return False
        keeper.log.info(result.status, kind=str(chore.kind), market=name)
        if result.status in (DROPPED, "dry run"):
            return False
        purse.pay(result.plan.gas * market.price)
        return True

    def _spent(self) -> int:
        """Wei that upkeep has cost in the last hour."""
        rows = []
        for row in self._store.actions(limit=MOST_ACTIONS, since=time.time() - HOUR):
            entry = Entry.load(row["plan"])
            most = entry.gas * (entry.attempts[-1].max_fee if entry.attempts else entry.most_fee)
            rows.append({**row, "kind": entry.kind, "most": most})
        return spent(rows, time.time())


class _Purse:
    """What is left of the budget of an hour, in wei; reckoned once something is due. `spent` says what is gone."""

    def __init__(self, budget: int, reader: Reader, spent: Callable[[], int]) -> None:
        self._budget, self._reader, self._spent = budget, reader, spent
        self._prices: dict[int, Price] = {}
        self._native: Price | None = None
        self._left: int | None = None

    def left(self, gain: int) -> int:
        """What may be spent on what brings a `gain` in settlement tokens, if that is more."""
        if self._left is None:
            self._prices = self._reader.prices()
            self._native = self._reader.native(self._prices) or self._reader.last_native()
            self._left = self._wei(self._budget) - self._spent()
        return max(self._left, self._wei(gain))

    def pay(self, wei: int) -> None:
        """So much is gone."""
        assert self._left is not None
        self._left -= wei

    def _wei(self, tokens: int) -> int:
        return wei_for(tokens, self._prices, self._native) or 0
