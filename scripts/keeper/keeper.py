"""One keeper: a round looks at the latest block, follows what is on its way, and acts on what it has seen."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from eth_account.signers.local import LocalAccount

from scripts.client.domain import Domain, account_id
from scripts.client.routes import Router
from scripts.client.sentences import account_name
from scripts.common.database import DatabaseError
from scripts.common.errors import KeelError
from scripts.common.rpc import ChainUnreachable, Rpc
from scripts.common.units import WAD, format_amount, format_share
from scripts.keeper import decide as deciding
from scripts.keeper.act import CLOCKS, Actor, Sent, clock_account
from scripts.keeper.batch import Batch
from scripts.keeper.chores import KINDS
from scripts.keeper.clocks import Clocks
from scripts.keeper.config import Config
from scripts.keeper.decide import Kind, Mode, Plan, Price, Refusal, Situation
from scripts.keeper.fees import Market
from scripts.keeper.market_rounds import MarketRounds
from scripts.keeper.nodes import Nodes
from scripts.keeper.offers import Reader
from scripts.keeper.options import listed_options
from scripts.keeper.outbox import DONE, DROPPED, FAILED, LOST, Ended, Outbox
from scripts.keeper.perps import listed_perps
from scripts.keeper.seen import Alarms, Metrics, Notifier
from scripts.keeper.store import Store
from scripts.keeper.types import Alarm, AlarmKind, Block, Seen, Snapshot
from scripts.keeper.watch import Watch
from scripts.keeper.wire import Wire

# The first account is decided on alone, so that its transaction leaves at once.
FIRST_CHUNK, CHUNK = 1, 8
# After so many seconds it is read again which Uniswap pools there are.
POOLS_SECONDS = 600.0
# A round decides for no longer than this before it looks at the chain again.
VISIT_SECONDS = 5.0
BALANCE_SECONDS = 30.0
SHOWN_WAD = WAD // 10_000
UNFLAG_SECONDS = 60.0
KNOWN_ACTIONS = 1_000
MOST_REFUSED = 100_000


class Keeper:
    """Watches, decides and acts for one key and one domain; `round` again and again is all there is to it.

    What is public beside that is for `MarketRounds`. `refused_at` says by account or order in which block nothing was
    done about it, `poor_at` in which one a node said that the key cannot pay.
    """

    def __init__(
        self,
        config: Config,
        nodes: Nodes,
        domain: Domain,
        store: Store,
        signer: LocalAccount,
        relay: Rpc | None,
        log: Any,
        metrics: Metrics,
        alarms: Alarms,
        notifier: Notifier,
    ) -> None:
        self._config, self._nodes, self._domain, self._store = config, nodes, domain, store
        self.log, self.metrics, self.alarms, self._notifier = log, metrics, alarms, notifier
        settlement = domain.settlement
        self._settings = config.settings(settlement.symbol, settlement.decimals)
        self._wire = Wire(nodes, domain.chain.chain_id, signer, relay, config.tip)
        self._into = account_id(signer.address, config.account_index)
        self._router = Router(domain)
        self.perps = listed_perps(domain)
        self.options = listed_options(domain)
        self.reader = Reader(domain, self._router, self._settings.mode, self.perps, self.options)
        batch = Batch(domain, self._into, signer.address, self._settings)
        self.actor = Actor(domain, self._wire, batch, self._settings, config.dry_run)
        self.outbox = Outbox(
            store,
            self._wire,
            self.actor.settle,
            replace_after=config.replace_after_blocks,
            private_for=config.private_blocks,
            confirmations=config.confirmations,
            most_to_cancel=self._settings.max_gas_price,
        )
        self._clocks = Clocks(
            domain, signer.address, config.poke_seconds, config.record_seconds, config.observations
        )
        self.watch = Watch(nodes, domain, store)
        self._markets = MarketRounds(self, config, domain, store, signer.address, self._into)
        self._last = ""
        self._swept = False
        self._visited: set[bytes] = set()
        self._pools_at = self._balance_at = time.monotonic()
        self._flagged = self._known_flags()
        self._unflag_at = 0.0
        self.refused_at: dict[bytes, int] = {}
        # The block at which a node said that the key cannot pay.
        self.poor_at = ""
        self.accounts = 0
        self._begin(signer.address)

    @property
    def is_waiting(self) -> bool:
        """Whether a transaction has not ended."""
        return bool(self.outbox.open())

    @property
    def warnings(self) -> list[str]:
        """What the keeper itself can do nothing about: stale smiles, prices that cannot be fixed."""
        return self._markets.warnings

    def round(self) -> bool:
        """One look at the chain, and what follows from it; whether there is more to do at once.

        Raises KeelError where chain or database fail: then nothing was seen, and nothing is healthy.
        """
        seen = self.watch.step()
        began = time.monotonic() - seen.seconds
        for alarm in seen.alarms:
            self.alarms.raise_(alarm)
        self._note(seen)
        again = self._follow(seen.block)
        again |= self._markets.read_orders()
        if seen.block.hash == self._last and not again:
            return self._sweep()
        market = self._wire.market(seen.block)
        self._visited.clear()
        sent = self._visit(seen.liquidatable, seen.block, market, began)
        sent += self._markets.trigger(seen.block, market)
        sent += self._keep_clocks(seen, market)
        sent += self._markets.keep_up(seen.block, market)
        self._last = seen.block.hash
        self.metrics.last_step.set_to_current_time()
        return bool(sent) or (self._sweep() if not self._swept else False)

    # Watching

    def _begin(self, address: str) -> None:
        held = self._domain.vault.holdings(self._into)[0]
        self.log.info(
            "keeper",
            node=self._nodes.shown,
            key=address,
            account=account_name(self._into),
            mode=str(self._settings.mode),
            dry_run=self._config.dry_run,
        )
        if held and self._settings.mode is Mode.CAPITAL_FREE:
            self.log.warning(
                "account not empty",
                text=f"{account_name(self._into)} holds assets; a capital-free takeover withdraws its"
                f" {self._domain.settlement.symbol} with the profit",
            )
        self._look_at_balance(force=True)

    def _note(self, seen: Seen) -> None:
        metrics = self.metrics
        self.accounts = seen.accounts
        metrics.block.set(seen.block.number)
        metrics.accounts.set(seen.accounts)
        metrics.liquidatable.set(len(seen.liquidatable))
        metrics.unjudged.set(len(seen.failed))
        metrics.seconds.observe(seen.seconds)
        if seen.block.hash != self._last:
            self.log.debug(
                "block", number=seen.block.number, looked=seen.looked, liquidatable=len(seen.liquidatable)
            )
        self._look_at_balance()

    def _sweep(self) -> bool:
        """Some of all accounts again (all of them in a keeper that looks once); whether transactions were sent."""
        whole = self._config.once and not self._swept
        swept = self.watch.sweep(seconds=None if whole else self._config.sweep_seconds)
        self._swept = True
        if not swept.liquidatable:
            return False
        # What is unhealthy was visited at this block already, unless the sweep has found it.
        unknown = [snapshot for snapshot in swept.liquidatable if snapshot.account not in self._visited]
        if not unknown:
            return False
        market = self._wire.market(swept.block)
        return bool(self._visit(unknown, swept.block, market, time.monotonic() - swept.seconds))

    def _look_at_balance(self, force: bool = False) -> None:
        if not force and time.monotonic() - self._balance_at < BALANCE_SECONDS:
            return
        self._balance_at = time.monotonic()
        balance = self._wire.balance()
        self.metrics.balance.set(balance / WAD)
        if balance == 0 and not self._config.dry_run:
            self.alarms.raise_(
                Alarm(AlarmKind.SENDING, f"{self._wire.address} holds nothing to pay gas with; send it some")
            )

    # Following

    def _follow(self, head: Block) -> bool:
        """What has become of transactions; whether accounts must be looked at again for it."""
        again = False
        for ended in self.outbox.track(head):
            self._tell(ended)
            again |= ended.status != DONE
            self._store.release(bytes(ended.row["account"]))
        for alarm in self.outbox.alarms:
            self.alarms.raise_(alarm)
        self.outbox.alarms.clear()
        self.metrics.pending.set(len(self.outbox.open()))
        return again

    def _tell(self, ended: Ended) -> None:
        row, entry = ended.row, ended.entry
        self.metrics.actions.labels(kind=entry.kind, status=ended.status).inc()
        fields: dict[str, Any] = {"kind": entry.kind, "account": self._name(entry.kind, row["account"])}
        if ended.receipt:
            gas = int(row.get("gas_used") or 0) * int(row.get("gas_price") or 0)
            self.metrics.gas.inc(gas / WAD)
            fields |= {"block": row["block"], "gas": row["gas_used"], "tx": row["tx_hash"]}
        profit = row.get("profit") or 0
        if entry.kind in (Kind.TAKE, Kind.TRIGGER) and ended.status == DONE:
            fields["profit"] = self._amount(int(profit))
            self.metrics.profit.inc(max(int(profit), 0) / 10**self._domain.settlement.decimals)
        if ended.reason:
            fields["reason"] = ended.reason
        if ended.status == DONE:
            self.log.info("done", **fields)
            if entry.kind not in (Kind.POKE, Kind.GROW, *KINDS):
                text = ", ".join(f"{name} {value}" for name, value in fields.items())
                self._notifier.notify(f"Keel keeper: {entry.kind}", text)
        elif ended.status in (LOST, DROPPED):
            self.log.warning(ended.status, **fields)
        else:
            self.alarms.raise_(Alarm(AlarmKind.SENDING, f"{entry.kind} failed: {ended.reason}"))
            self.log.error(FAILED, **fields)

    # Acting

    def _visit(self, snapshots: Sequence[Snapshot], seen: Block, market: Market, began: float) -> int:
        """Decides on accounts and acts; the number of transactions sent."""
        self._visited |= {snapshot.account for snapshot in snapshots}
        busy = self.outbox.accounts()
        left_out = busy | {self._into}
        # Who was refused comes last, the longest ago first, so that what is hopeless delays nobody.
        todo = sorted(
            (snapshot for snapshot in snapshots if snapshot.account not in left_out),
            key=lambda snapshot: self.refused_at.get(snapshot.account, -1),
        )
        if not todo:
            return 0
        if time.monotonic() - self._pools_at > POOLS_SECONDS:
            self._router.refresh()
            self._pools_at = time.monotonic()
        prices = self.reader.prices()
        native = self.reader.native(prices)
        sent, size, until = 0, FIRST_CHUNK, time.monotonic() + VISIT_SECONDS
        while todo:
            if size == CHUNK and time.monotonic() > until:
                self._last = ""  # the rest in the next round, at the prices of then
                return sent
            chunk, todo, size = todo[:size], todo[size:], CHUNK
            for situation in self._situations(chunk, prices, native, market, seen):
                if self._act_on(situation, seen, market):
                    if not sent:
                        self.metrics.to_send.observe(time.monotonic() - began)
                    sent += 1
                if self.poor_at == seen.hash:
                    return sent  # nobody else can be paid for either, until the next block
        return sent

    def _situations(
        self,
        chunk: Sequence[Snapshot],
        prices: dict[int, Price],
        native: Price | None,
        market: Market,
        seen: Block,
    ) -> list[Situation]:
        """Situations of accounts; where one of them cannot be read it alone is left out, with an alarm."""
        due = [
            snapshot.account
            for snapshot in chunk
            if time.time() - self._flagged.get(snapshot.account, 0.0) >= self._config.flag_seconds
        ]
        try:
            return self.reader.situations(chunk, prices, native, market.price, due)
        except (ChainUnreachable, DatabaseError):
            raise
        except Exception as error:
            if len(chunk) > 1:
                return [
                    situation
                    for snapshot in chunk
                    for situation in self._situations([snapshot], prices, native, market, seen)
                ]
            self.doubt(chunk[0].account, error)
            return []

    def _act_on(self, situation: Situation, seen: Block, market: Market) -> bool:
        """Tries plans for one account until one is sent or none is left."""
        account, leased = situation.snapshot.account, False
        try:
            while True:
                plan = deciding.decide(situation, self._settings)
                if isinstance(plan, Refusal):
                    self.refused(account, plan, seen)
                    if leased:
                        self._store.release(account)
                    return False
                leased = leased or self.lease(account)
                if not leased and not self._config.dry_run:
                    self.refused(account, Refusal("leased", "another keeper is at it"), seen)
                    return False
                result = self.actor.act(plan, situation, seen, market, self.outbox)
                if isinstance(result, Sent):
                    return self.sent(result, seen)
                situation = _without(situation, plan, result)
        except (ChainUnreachable, DatabaseError):
            raise
        except Exception as error:
            self.doubt(account, error)
            return False

    def sent(self, sent: Sent, seen: Block) -> bool:
        """Tells of a transaction; whether it went out."""
        plan = sent.plan
        fields: dict[str, Any] = {"kind": str(plan.kind), "account": self._name(plan.kind, plan.account)}
        if plan.offer and sent.bounds:
            fields |= {
                "fraction": format_share(plan.offer.fraction // SHOWN_WAD * SHOWN_WAD),
                "expected": self._amount(sent.bounds.gross),
                "at_least": self._amount(sent.bounds.worst_gross),
                "gas": plan.gas,
                "mode": str(plan.mode),
            }
            if plan.offer.scenario:
                fields["scenario"] = f"{plan.offer.scenario:#x}"
        if sent.reason:
            fields["reason"] = sent.reason
        if plan.kind is Kind.FLAG:
            self._flagged[plan.account] = time.time()
        self.log.info(sent.status, **fields)
        if sent.refusal and sent.refusal.nonce_taken:
            self._last = ""  # at once again, with the next nonce
        if sent.refusal and sent.refusal.is_poor:
            self.poor_at = seen.hash
        return sent.status not in (DROPPED, "dry run")

    def _keep_clocks(self, seen: Seen, market: Market) -> int:
        sent = 0
        busy = self.outbox.accounts()
        for due in self._clocks.due(seen.block, seen.statuses):
            account = clock_account(due.number, due.kind)
            if account in busy:
                continue
            result = self.actor.keep(due.kind, account, due.call, seen.block, market, self.outbox)
            if isinstance(result, Refusal):
                self.log.warning("clock", kind=str(due.kind), number=due.number, text=result.text)
                continue
            self.log.info(result.status, kind=str(due.kind), number=due.number)
            sent += result.status not in (DROPPED, "dry run")
        return sent + self._unflag(seen.block, market)

    def _unflag(self, seen: Block, market: Market) -> int:
        """Takes the flags off that this keeper has set, where the account has recovered."""
        if not self._flagged or time.monotonic() < self._unflag_at:
            return 0
        self._unflag_at = time.monotonic() + min(self._config.flag_seconds, UNFLAG_SECONDS)
        engine, sent = self._domain.liquidation, 0
        accounts = list(self._flagged)
        flags = self._domain.chain.read_all([engine.isFlagged.prepare(account) for account in accounts])
        busy = self.outbox.accounts()
        for account, flagged in zip(accounts, flags, strict=True):
            if account in busy:
                continue
            if not flagged:
                del self._flagged[account]
                continue
            call = engine.unflag.prepare(account, sender=self._wire.address)
            result = self.actor.keep(Kind.UNFLAG, account, call, seen, market, self.outbox)
            if isinstance(result, Sent):  # a refusal says that it is insolvent still
                self.log.info(result.status, kind=str(Kind.UNFLAG), account=account_name(account))
                sent += result.status not in (DROPPED, "dry run")
        return sent

    def lease(self, account: bytes) -> bool:
        """Whether this keeper alone may send for an account or order now."""
        return not self._config.dry_run and self._store.lease(account, self._config.lease_seconds)

    def _known_flags(self) -> dict[bytes, float]:
        """Accounts that were flagged before this keeper began, and when (unix time)."""
        return {
            bytes(row["account"]): float(row["updated_at"])
            for row in reversed(self._store.actions(limit=KNOWN_ACTIONS))
            if json.loads(row["plan"])["kind"] == Kind.FLAG and row["status"] == DONE
        }

    # Telling

    def refused(self, account: bytes, refusal: Refusal, seen: Block) -> None:
        """Tells why nothing is done about an account or order."""
        if len(self.refused_at) > MOST_REFUSED:
            self.refused_at.clear()
        self.refused_at[account] = seen.number
        self.metrics.refusals.labels(why=refusal.why).inc()
        self.log.info("refused", account=account_name(account), why=refusal.why, text=refusal.text)

    def doubt(self, account: bytes, error: Exception) -> None:
        """One account's failure is an alarm, and not the end of the others."""
        if not isinstance(error, KeelError):
            self.log.exception("defect", account=account_name(account))
        self.alarms.raise_(
            Alarm(AlarmKind.JUDGEMENT, f"{account_name(account)}: {type(error).__name__}: {error}")
        )

    def _name(self, kind: str, account: bytes) -> str:
        if kind == Kind.TRIGGER:
            return "0x" + bytes(account).hex()
        if kind in CLOCKS:
            return f"#{int.from_bytes(bytes(account)[-2:], 'big')}"
        return account_name(bytes(account))

    def _amount(self, units: int) -> str:
        settlement = self._domain.settlement
        return format_amount(units, settlement.symbol, settlement.decimals)


def _without(situation: Situation, plan: Plan, refusal: Refusal) -> Situation:
    """The situation when a plan has been simulated in vain."""
    if plan.offer is None:
        return replace(situation, tried=situation.tried | {plan.kind})
    offers = [
        replace(offer, tried=offer.tried | {plan.mode}) if offer is plan.offer else offer
        for offer in situation.offers
    ]
    return replace(situation, offers=offers, problem=refusal)
