"""A simple keeper that needs no capital: take over, sell, repay and withdraw the profit in one transaction.

For every account below 1 it asks the liquidation engine for a plan, writes the batch that carries it out,
simulates it, and sends it with the simulated amounts as limits. What does not work whole is tried with
smaller fractions. An insolvent account that it cannot take over now is flagged, so that nobody leaves ahead
of its loss; one that holds nothing but debt is written off. While price sources disagree it pokes the oracle,
which starts the clock after which the primary decides alone.

Of perpetuals that come over it trades the opposite with the virtual AMM in the same batch, and settles. What
is computed for that, and what markets need beside (funding recorded, losers settled while winners wait), is
the real keeper's own code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from scripts.client.perps import settle_data, trade_data
from scripts.common.contract import Reverted, Tx
from scripts.common.units import WAD
from scripts.demo.acts import HOUR, Watched
from scripts.demo.stage import Stage
from scripts.keeper.decide import Kind
from scripts.keeper.offers import CLOSING_MARGIN
from scripts.keeper.perps import Books, Perp, books_of, moved_size
from scripts.keeper.types import Block
from scripts.keeper.upkeep import Upkeep, UpkeepSettings

SHARES = (1, 2, 4, 8)  # of the fraction that reaches the target: all, a half, a quarter, an eighth
TOLERANCE = WAD * 2 // 1_000  # between simulation and block
NO_LIMIT = 2**255 - 1
ALL = 2**256 - 1
DIVERGED = 1
# The batch ends by withdrawing the profit, so it reverts where there is none.
REASONS = {"Vault_InsufficientBalance": "no profit", "LiquidationEngine_Healthy": "healthy after all"}
# Debt grows between the plan and the block that carries it out.
GROWTH = 10**6
LEAST_SETTLED = 10  # settlement tokens
FUNDING_SECONDS = HOUR // 2  # between two records of funding
PRICE = slice(64, 96)  # of what an instrument returned, within the bytes that the vault returned


@dataclass(frozen=True)
class Takeover:
    """What one takeover did, from the events of its transaction; dollars are WADs."""

    account: Watched
    fraction: float
    premium: int
    fee: int
    top_up: int
    profit: int
    written_off: int
    insolvent: bool


class Keeper:
    """Liquidates from an account that is empty before and after every batch."""

    def __init__(self, stage: Stage, owner: str) -> None:
        self.stage, self.owner = stage, owner
        self.id = stage.account_id(owner)
        self.refused: Counter[str] = Counter()
        self._kept_up_at = 0
        self._funded: dict[str, int] = {}
        self._holders: set[bytes] = set()
        self._upkeep = self._upkeep_of(stage) if stage.perps else None

    def visit(self, account: Watched) -> Takeover | None:
        """Does what can be done about an account whose health is below 1; None if that is nothing.

        Why not is counted in `refused`.
        """
        try:
            return self._take(account)
        except Reverted as error:
            self.refused[REASONS.get(error.name, error.name or "no reason given")] += 1
        return None

    def poke(self) -> bool:
        """Records for every underlying whose sources disagree that they do; whether any does."""
        stage = self.stage
        bands = stage.chain.read_all([stage.risk.band.prepare(number) for number in stage.underlyings])
        disputed = [
            number for number, band in zip(stage.underlyings, bands, strict=True) if band.status == DIVERGED
        ]
        for number in disputed:
            stage.record("poke", stage.risk.poke(number, sender=self.owner))
        return bool(disputed)

    def keep_up(self, accounts: Iterable[bytes], every: int = 0) -> None:
        """What perpetual markets need beside takeovers, if the last time was `every` seconds ago.

        `accounts` are those that may hold positions in them.
        """
        chain = self.stage.chain
        now = chain.now
        if self._upkeep is None or now - self._kept_up_at < every:
            return
        self._kept_up_at = now
        self._holders = {*accounts, self.id}
        block = Block(chain.block_number, "", "", now, None)
        for chore in self._upkeep.due(block, self._funded):
            try:
                [tx] = chain.send_all([chore.call])
            except Reverted as error:
                self.refused[error.name or "no reason given"] += 1
                continue
            self.stage.record(str(chore.kind), tx)
            if chore.kind is Kind.FUND:
                self._funded[chore.call.to] = block.timestamp

    def _upkeep_of(self, stage: Stage) -> Upkeep:
        assert stage.domain is not None
        least = LEAST_SETTLED * 10 ** stage[stage.settlement].decimals
        settings = UpkeepSettings(loss=least, claim=least, funding_seconds=FUNDING_SECONDS)
        return Upkeep(stage.domain, stage.perps, {}, self.owner, self.id, settings, lambda _: self._holders)

    def _take(self, account: Watched) -> Takeover:
        """One takeover, or a write-off. Raises Reverted if nothing works."""
        stage = self.stage
        holdings, instruments, _ = stage.vault.holdings(account.id)
        if not instruments and not any(_amount(holding) > 0 for holding in holdings):
            return self._write_off(account)
        wanted, tried, insolvent, failure = WAD, 0, False, None
        for share in SHARES:
            plan = self._plan(account, holdings, instruments, wanted // share)
            if share == 1:
                wanted, insolvent = plan.fractionWad, plan.insolvent
                if instruments and wanted < WAD:
                    # What is closed is exactly what comes over, and the engine's most changes with every second.
                    plan = self._plan(account, holdings, instruments, wanted - wanted // CLOSING_MARGIN)
            if plan.fractionWad == tried:
                break  # dust: the engine gives all or nothing
            tried = plan.fractionWad
            batch = partial(self._batch, account, plan, self._positions(account, instruments, plan))
            # Whose loss is the other side's is taken over though nobody pays for it: it grows.
            for profits in (True, False) if instruments and plan.insolvent else (True,):
                try:
                    results = stage.vault.execute.call(batch((), profits), sender=self.owner)
                    tx = stage.vault.execute(batch(results, profits), sender=self.owner)
                except Reverted as error:
                    failure = failure if failure and not profits else error
                    continue
                stage.record("liquidate, sell, repay, withdraw", tx)
                return self._outcome(account, tx)
        assert failure is not None
        if insolvent:
            # Again each time: what it owes beyond all that it holds changes with prices.
            stage.record("flag", stage.liquidation.flag(account.id, sender=self.owner))
        raise failure

    def _plan(self, account: Watched, holdings: Any, instruments: Any, fraction: int) -> Any:
        takeover = (account.id, holdings, instruments, 0, fraction, 0, 0)
        return self.stage.liquidation.plan.call(takeover, sender=self.owner)

    def _positions(self, account: Watched, instruments: Sequence[str], plan: Any) -> list[tuple[Perp, int]]:
        """The markets whose positions come over, each with the size that comes."""
        found = []
        for number, address in enumerate(instruments):
            perp = self.stage.perps[address]
            books = Books(*self.stage.chain.read_all(books_of(perp, account.id)))
            absorbed = plan.absorbs[number] if plan.absorbs else 0
            found.append((perp, moved_size(books, plan.fractionWad, absorbed, perp.token)))
        return found

    def _batch(
        self,
        account: Watched,
        plan: Any,
        positions: Sequence[tuple[Perp, int]] = (),
        results: Sequence[bytes] = (),
        profits: bool = True,
    ) -> list[bytes]:
        """The calls; `results` of a simulation bound what is sold and what is bought. Where it `profits` the last ones
        withdraw that."""
        stage = self.stage
        limit = NO_LIMIT
        if results:
            payment = _signed(results[0][32:64])
            limit = payment + abs(payment) // 1_000
        calls = [stage.vault.liquidate.encode(account.id, self.id, plan.fractionWad, 0, 0, limit)]
        for perp, size in positions:
            if size:
                assert perp.amm is not None
                price = None
                if results:
                    price = int.from_bytes(results[len(calls)][PRICE])
                    price += price * TOLERANCE // WAD * (-1 if size > 0 else 1)
                data = trade_data(perp.amm.address, -size, price)
                calls.append(stage.vault.callInstrument.encode(self.id, perp.market, data))
        moved = [(stage.by_id[holding >> 248], _amount(holding)) for holding in plan.moved]
        settlement = stage.settlement
        for asset, amount in moved:
            if amount > 0 and asset.symbol != settlement:
                least = 0
                if results:
                    bought = int.from_bytes(results[len(calls)][32:64])
                    least = bought - bought * TOLERANCE // WAD
                calls.append(stage.swap_call(self.id, asset.symbol, settlement, amount, limit=least))
        owed = [(asset, -amount) for asset, amount in moved if amount < 0 and asset.symbol != settlement]
        for asset, amount in owed:
            bought = amount + amount // GROWTH + 1
            most = stage.quote_exact_out(settlement, asset.symbol, bought)
            most += most * TOLERANCE // WAD
            calls.append(
                stage.swap_call(self.id, settlement, asset.symbol, bought, limit=most, exact_out=True)
            )
        for perp, _ in positions:
            calls.append(stage.vault.callInstrument.encode(self.id, perp.market, settle_data()))
        if not profits:
            return calls
        for symbol in (settlement, *(asset.symbol for asset, _ in owed)):
            calls.append(stage.vault.withdraw.encode(self.id, stage[symbol].token, ALL, self.owner))
        return calls

    def _outcome(self, account: Watched, tx: Tx) -> Takeover:
        stage = self.stage
        event = tx.events("Liquidated", stage.vault)[0]
        token = stage[stage.settlement].token.address
        fee, top_up = event["backstopFee"], event["topUp"]
        received = event["payment"] - fee + top_up  # by the account
        given = event["equity"] * event["fractionWad"] // WAD
        profit = sum(
            withdrawn["amount"]
            for withdrawn in tx.events("Withdrawn", stage.vault)
            if withdrawn["token"] == token
        )
        value = stage.settlement_value
        return Takeover(
            account,
            event["fractionWad"] / WAD,
            max(given - value(received), 0),
            value(fee),
            value(top_up),
            value(profit),
            self._written_off(tx),
            event["equity"] < 0,
        )

    def _write_off(self, account: Watched) -> Takeover:
        tx = self.stage.liquidation.writeOff(account.id, sender=self.owner)
        self.stage.record("write off", tx)
        return Takeover(account, 1.0, 0, 0, 0, 0, self._written_off(tx), True)

    def _written_off(self, tx: Tx) -> int:
        stage = self.stage
        return sum(
            int(stage.dollars(stage.by_address[event["token"]].symbol, event["amount"]) * WAD)
            for event in tx.events("DebtWrittenOff", stage.vault)
        )


def _amount(holding: int) -> int:
    """The signed lower 248 bits of a holding."""
    amount = holding & ((1 << 248) - 1)
    return amount - (1 << 248) if amount >> 247 else amount


def _signed(word: bytes) -> int:
    return int.from_bytes(word, signed=True)
