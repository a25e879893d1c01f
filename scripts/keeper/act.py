"""Carries plans out: simulated first, bounded by what the simulation said, then sent and followed to their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.client.domain import Domain
from scripts.client.perps import COLLECTING_GAS, SETTLEMENT_GAS
from scripts.common.contract import Call, Reverted, Tx
from scripts.common.reverts import RevertReader
from scripts.common.rpc import RpcError
from scripts.common.units import WAD
from scripts.keeper import fees as pricing
from scripts.keeper.batch import Batch
from scripts.keeper.decide import (
    SETTLEMENT,
    Bounds,
    Kind,
    Mode,
    Plan,
    Price,
    Refusal,
    Settings,
    Situation,
    bound,
    closed,
    gas_cost,
)
from scripts.keeper.fees import Market
from scripts.keeper.outbox import DONE, FAILED, LOST, Entry, Outbox
from scripts.keeper.types import Block
from scripts.keeper.wire import Receipt, Rejected, Wire

GAS_MARGIN_PERCENT = 30
WORD = 32
# What a transaction fails with when somebody else was there first, or the market has moved.
RACES = {
    "LiquidationEngine_Healthy",
    "LiquidationEngine_NothingToTake",
    "LiquidationEngine_HealthWouldFall",
    "LiquidationEngine_Solvent",
    "LiquidationEngine_HoldsAssets",
    "LiquidationEngine_HedgeGrace",
    "LiquidationEngine_MustTakeAll",
    "Vault_PaymentAboveLimit",
    "Vault_SwapLimit",
    "Vault_InsufficientBalance",
    "Vault_BelowInitialRequirement",
    "Vault_BelowMinimumDebt",
    "Vault_RiskRaisedThisBlock",
    "SwapAdapter_OutputTooSmall",
    "SwapAdapter_InputTooLarge",
    "VirtualAmm_SkewLimit",
    "PerpMarket_PriceOutOfBand",
    "PerpMarket_IndexNotFresh",
    "PerpMarket_NothingToDeleverage",
    "PerpOrders_Asleep",
    "SignedOrders_Cancelled",
    "SignedOrders_Expired",
    "SignedOrders_NonceBelow",
    "SignedOrders_NotFilled",
    "SignedOrders_NothingFilled",
    "RealisedVolatility_TooEarly",
    "RealisedVolatility_TooSmall",
    "RealisedVolatility_PriceNotFresh",
    "DynamicShocks_NothingToDo",
    "DynamicShocks_TooEarly",
    "DynamicShocks_VolatilityNotFresh",
    "OptionMarket_PriceFixed",
}
# Owner of no account: under it and a number the database has what was done for no account.
CLOCK_OWNER = b"\x00" * 20
CLOCKS = (Kind.POKE, Kind.GROW, Kind.FUND, Kind.DELEVERAGE, Kind.OBSERVE, Kind.REFRESH, Kind.EXPIRE)


@dataclass(frozen=True)
class Sent:
    """A transaction on its way (or, in a dry run, one that would be). `status` is the outbox's, `refusal` the
    node's."""

    plan: Plan
    status: str
    reason: str = ""
    bounds: Bounds | None = None
    refusal: Rejected | None = None


class Actor:
    """Acts for one key. `into` is its margin account; with `dry_run` nothing is written down or sent."""

    def __init__(
        self,
        domain: Domain,
        wire: Wire,
        batch: Batch,
        settings: Settings,
        dry_run: bool = False,
    ) -> None:
        self.domain, self.wire, self.batch = domain, wire, batch
        self.settings, self.dry_run = settings, dry_run
        self._reverts = RevertReader(domain.chain.rpc, lambda: domain.chain.dictionary)

    def act(
        self, plan: Plan, situation: Situation, seen: Block, market: Market, outbox: Outbox
    ) -> Sent | Refusal:
        """Simulates a plan and sends it, or says why not. Raises KeelError where nodes or database fail."""
        call = self.batch.call(plan, held=self._held() if plan.is_rescue else 0)
        simulated = self._simulate(call)
        if isinstance(simulated, Refusal):
            return simulated
        values, gas, held = simulated
        cost = gas_cost(gas, situation)
        if cost is None:
            return Refusal("no price", "gas cannot be valued")
        bounds: Bounds | None = None
        most_fee = self.settings.max_gas_price
        if plan.kind is Kind.TAKE:
            simulation = self.batch.simulation(plan, values)
            result = (
                simulation
                if isinstance(simulation, Refusal)
                else bound(plan, simulation, cost, self.settings)
            )
            if isinstance(result, Refusal):
                return result
            bounds = result
            call = self.batch.call(plan, bounds, held)
            most_fee = min(most_fee, _fee_for(bounds.most_for_gas, gas, situation))
        elif cost > self.settings.most_for_cleaning:
            return Refusal(
                "cleaning cost", f"gas of it costs {cost}, more than {self.settings.most_for_cleaning}"
            )
        fees = pricing.first(market, most_fee)
        if fees is None:
            return Refusal(
                "gas price", f"gas costs {market.price} wei; at most {most_fee} may be paid for it"
            )
        if self.dry_run:
            return Sent(plan, "dry run", "", bounds)
        entry = self._entry(plan, call, gas, most_fee, bounds, situation, held)
        outcome = outbox.send(plan.account, seen, entry, fees)
        return Sent(plan, outcome.status, outcome.reason, bounds, outcome.refusal)

    def keep(
        self,
        kind: Kind,
        account: bytes,
        call: Call,
        seen: Block,
        market: Market,
        outbox: Outbox,
        most_wei: int | None = None,
        settles: int = 0,
    ) -> Sent | Refusal:
        """Sends a call that keeps the protocol in order, such as a poke, at no more than the gas cap, and for no more
        than `most_wei` in all if that is given.

        `account` is whom it is about, or what `clock_account` says. `settles` is how many accounts pay what they owe.
        """
        simulated = self._simulate(call)
        if isinstance(simulated, Refusal):
            return simulated
        # An account that owes nothing now may owe when it is mined.
        gas = simulated[1] + COLLECTING_GAS * settles
        spare = SETTLEMENT_GAS * settles
        return self._dispatch(kind, account, call, gas, most_wei, seen, market, outbox, {}, spare)

    def trigger(
        self,
        order: bytes,
        call: Call,
        tip: int,
        size: int,
        prices: Mapping[int, Price],
        native: Price | None,
        seen: Block,
        market: Market,
        outbox: Outbox,
    ) -> Sent | Refusal:
        """Sends the match of a stop order with this hash, whose `tip` is for all of its `size`, if the part of the tip that
        the simulation earns leaves the minimum after gas."""
        simulated = self._simulate(call)
        if isinstance(simulated, Refusal):
            return simulated
        filled, gas, _ = simulated
        earned = tip * int(filled) // abs(size)
        most_wei = wei_for(earned - self.settings.min_profit, prices, native)
        if most_wei is None:
            return Refusal("no price", "gas cannot be valued")
        if earned < self.settings.min_profit or most_wei < gas * market.price:
            return Refusal(
                "tip",
                f"triggering it earns {earned} and takes {gas} of gas; at least {self.settings.min_profit} must be left",
            )
        about = {"tip": str(earned)}
        return self._dispatch(Kind.TRIGGER, order, call, gas, most_wei, seen, market, outbox, about)

    def settle(self, entry: Entry, receipt: Receipt) -> tuple[str, str, dict[str, Any]]:
        """What became of a mined transaction: status, reason, and its realised profit in settlement tokens."""
        if not receipt.succeeded:
            error = self._why(entry, receipt)
            status = LOST if error.name in RACES else FAILED
            return status, str(error), {"profit": 0}
        if entry.kind == Kind.TRIGGER:
            return DONE, "", {"profit": self._tips(receipt)}
        if entry.kind != Kind.TAKE:
            return DONE, "", {"profit": 0}
        return DONE, "", {"profit": self._profit(entry, receipt)}

    # Internal

    def _dispatch(
        self,
        kind: Kind,
        account: bytes,
        call: Call,
        gas: int,
        most_wei: int | None,
        seen: Block,
        market: Market,
        outbox: Outbox,
        about: dict[str, Any],
        spare: int = 0,
    ) -> Sent | Refusal:
        """Sends what was simulated, for no more than `most_wei` in all (None: the gas cap alone), with `spare` gas."""
        most_fee = self.settings.max_gas_price
        if most_wei is not None:
            most_fee = min(most_fee, max(most_wei, 0) // max(gas, 1))
        fees = pricing.first(market, most_fee)
        if fees is None:
            return Refusal(
                "gas price", f"gas costs {market.price} wei; at most {most_fee} may be paid for it"
            )
        plan = Plan(kind, account, seen.number, gas, 0)
        # A settlement tries to pay and goes on where that fails: with the gas that is just enough not to fail it
        # would succeed and pay nothing.
        limit = _with_margin(gas) + spare
        if self.dry_run:
            return Sent(plan, "dry run")
        entry = Entry(str(kind), call.to, call.data.hex(), limit, most_fee, about)
        outcome = outbox.send(plan.account, seen, entry, fees)
        return Sent(plan, outcome.status, outcome.reason, None, outcome.refusal)

    def _held(self) -> int:
        """Settlement tokens that the keeper's account has."""
        domain = self.domain
        held = domain.vault.balanceOf.prepare(self.batch.into, domain.settlement.token)
        (balance,) = domain.chain.read_all([held], block="pending")
        return max(int(balance), 0)

    def _simulate(self, call: Call) -> tuple[Any, int, int] | Refusal:
        """What it returns, its gas, and the settlement tokens that the keeper's account held before."""
        domain = self.domain
        held = domain.vault.balanceOf.prepare(self.batch.into, domain.settlement.token)
        values, balance = domain.chain.read_all([call, held], allow_revert=True, block="pending")
        for value in (values, balance):
            if isinstance(value, Reverted):
                names = tuple(one for one in value.args if isinstance(one, bytes) and len(one) == WORD)
                return Refusal(value.name or "no reason given", str(value), names)
        try:
            gas = self.wire.estimate(call.to, call.data)
        except RpcError as error:
            reason = self._reverts.of_error(error)
            return Refusal(getattr(reason, "name", "") or "no gas estimate", str(reason))
        return values, gas, max(int(balance), 0)

    def _entry(
        self,
        plan: Plan,
        call: Call,
        gas: int,
        most_fee: int,
        bounds: Bounds | None,
        situation: Situation,
        held: int,
    ) -> Entry:
        about: dict[str, Any] = {"mode": str(plan.mode)}
        if plan.offer and bounds:
            about |= {
                "fraction": str(plan.offer.fraction),
                "expected": str(bounds.gross),
                "worst": str(bounds.worst_gross),
                "held": str(held),
                "routes": [str(trade.route) for trade in plan.offer.trades],
                "reckoned": bool(plan.offer.scenario or plan.offer.on_grid),
                "at_mark": str(sum(one.at_mark for one in closed(plan.mode, plan.offer, self.settings))),
                "price": [str(part) for part in _parts(situation.prices.get(SETTLEMENT))],
            }
        return Entry(str(plan.kind), call.to, call.data.hex(), _with_margin(gas), most_fee, about)

    def _why(self, entry: Entry, receipt: Receipt) -> Reverted:
        """Why a mined transaction reverted."""
        error = self._reverts.of_transaction(receipt.hash)
        if error.name != "Halt":
            return error
        # A node that does not trace has called it again before its block, where who lost a race succeeds. After the
        # block it fails for the same reason.
        request = {"from": self.wire.address, "to": entry.to, "data": "0x" + entry.data}
        try:
            self.domain.chain.rpc("eth_call", request, hex(receipt.block))
        except RpcError as failure:
            later = self._reverts.of_error(failure)
            if isinstance(later, Reverted):
                return later
        return error

    def _tips(self, receipt: Receipt) -> int:
        """What triggered orders pay to the keeper's account."""
        tx = Tx(self.domain.chain, receipt.gas_used, receipt.logs, lambda: None)
        tips = tx.events("OrderTipped", self.domain.orders)
        return sum(int(event["tip"]) for event in tips if event["tipTo"] == self.batch.into)

    def _profit(self, entry: Entry, receipt: Receipt) -> int:
        """Capital-free: what was withdrawn beyond what was there. Inventory: the premium, at the price then."""
        tx, vault = Tx(self.domain.chain, receipt.gas_used, receipt.logs, lambda: None), self.domain.vault
        if entry.about.get("mode") == Mode.CAPITAL_FREE:
            token = self.domain.settlement.token.address
            withdrawn = sum(
                event["amount"] for event in tx.events("Withdrawn", vault) if event["token"] == token
            )
            return int(withdrawn) - int(entry.about.get("held", 0))
        if entry.about.get("reckoned"):
            # A portfolio's equity has credit in it that stays behind: what the simulation earned counts.
            return int(entry.about["expected"])
        value, unit = (int(part) for part in entry.about["price"])
        profit = 0
        for event in tx.events("Liquidated", vault):
            given = event["equity"] * event["fractionWad"] // WAD
            profit += given * unit // value - event["payment"]
        # What closing the positions gave, in place of what they were worth at the mark.
        paid = sum(event["paid"] for event in tx.events("Settled") if event["account"] == self.batch.into)
        return profit + int(paid) - int(entry.about.get("at_mark", 0))


def clock_account(number: int, kind: Kind) -> bytes:
    """What stands for an underlying in the database; a pool, where observations grow; a perpetual market, by its number
    among instruments; an expiry, by what `scripts.keeper.expiries` gives it."""
    return CLOCK_OWNER + bytes([CLOCKS.index(kind)]) + number.to_bytes(11, "big")


def wei_for(tokens: int, prices: Mapping[int, Price], native: Price | None) -> int | None:
    """The wei that so many settlement tokens are worth, rounded down; None where a price is missing."""
    settlement = prices.get(SETTLEMENT)
    if settlement is None or native is None or native.value <= 0:
        return None
    return max(tokens, 0) * settlement.value * native.unit // (native.value * settlement.unit)


def _with_margin(gas: int) -> int:
    return gas + gas * GAS_MARGIN_PERCENT // 100


def _parts(price: Price | None) -> tuple[int, int]:
    return (price.value, price.unit) if price else (0, 1)


def _fee_for(most: int, gas: int, situation: Situation) -> int:
    """The wei per gas at which so much gas costs `most` settlement tokens, rounded down."""
    wei = wei_for(most, situation.prices, situation.native)
    return 2**255 if wei is None or gas <= 0 else wei // gas
