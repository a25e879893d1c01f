"""Calldata of plans, and what their simulation says."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.client.domain import Domain
from scripts.client.routes import swap_call
from scripts.common.contract import Call
from scripts.common.units import WAD
from scripts.keeper.decide import Bounds, Kind, Mode, Offer, Plan, Refusal, Settings, Simulation, closed
from scripts.keeper.perps import Closing

NO_LIMIT = 2**255 - 1
ALL = 2**256 - 1
# What a purchase may spend is sent along and comes back, so its simulation too has a bound: a hundredth more.
ROOM = 100
MINIMUM_RESULTS = 1


class Batch:
    """Transactions of one keeper: `into` is its account, `receiver` sends and gets the profit."""

    def __init__(self, domain: Domain, into: bytes, receiver: str, settings: Settings) -> None:
        self.domain, self.into, self.receiver, self.settings = domain, into, receiver, settings

    def call(self, plan: Plan, bounds: Bounds | None = None, held: int = 0) -> Call:
        """The transaction; without bounds one to simulate. `held` are settlement tokens that its account has."""
        engine, sender = self.domain.liquidation, self.receiver
        if plan.kind is Kind.FLAG:
            return engine.flag.prepare(plan.account, sender=sender)  # type: ignore[no-any-return]
        if plan.kind is Kind.WRITE_OFF:
            return engine.writeOff.prepare(plan.account, sender=sender)  # type: ignore[no-any-return]
        assert plan.offer is not None
        calls = self._calls(plan, plan.offer, bounds, held)
        return self.domain.vault.execute.prepare(calls, sender=sender)  # type: ignore[no-any-return]

    def simulation(self, plan: Plan, results: Sequence[bytes]) -> Simulation | Refusal:
        """What the simulated batch did; a refusal where it took another size than planned."""
        offer = plan.offer
        assert offer is not None
        if len(results) < MINIMUM_RESULTS or len(results[0]) < 64:
            return Refusal("simulation", f"{len(results)} results of a batch; expected those of its calls")
        taken = int.from_bytes(results[0][:32])
        payment = int.from_bytes(results[0][32:64], signed=True)
        if taken != offer.fraction:
            return Refusal("size changed", f"it would take {taken}, planned was {offer.fraction} (of {WAD})")
        closings = closed(plan.mode, offer, self.settings)
        traded = [trade.settlement for trade in offer.trades]
        first = 1 + sum(closing.size != 0 for closing in closings)
        last = first + (len(traded) if plan.mode is Mode.CAPITAL_FREE else 0)
        for number, (trade, result) in enumerate(zip(offer.trades, results[first:last], strict=False)):
            amounts = int.from_bytes(result[:32]), int.from_bytes(result[32:64])
            traded[number] = amounts[0] if trade.is_buy else amounts[1]
        settled = sum(_word(result) for result in results[last : last + len(closings)])
        return Simulation(payment, offer.settlement_moved, tuple(traded), settled)

    def _calls(self, plan: Plan, offer: Offer, bounds: Bounds | None, held: int) -> list[bytes]:
        domain, vault = self.domain, self.domain.vault
        most = bounds.max_payment if bounds else NO_LIMIT
        left = (offer.excluded, offer.excluded_instruments)
        if offer.scenario:
            takeover = vault.liquidateByScenario.encode(
                plan.account, self.into, offer.fraction, offer.scenario, most
            )
        else:
            takeover = vault.liquidate.encode(plan.account, self.into, offer.fraction, *left, most)
        calls = [takeover]
        closings = closed(plan.mode, offer, self.settings)
        for closing in closings:
            if closing.size:
                calls.append(self._act(closing, closing.trade))
        # Losses are paid from what there is: after the sales, and after profits.
        settling = [self._act(closing, closing.of.settle_data) for closing in closings]
        if plan.mode is Mode.INVENTORY:
            return calls + settling
        for number, trade in enumerate(offer.trades):
            loose = trade.settlement + trade.settlement // ROOM if trade.is_buy else 0
            calls.append(
                swap_call(
                    domain,
                    self.into,
                    trade.route,
                    trade.amount,
                    limit=bounds.limits[number] if bounds else loose,
                    exact_out=trade.is_buy,
                )
            )
        calls += settling
        if closings and bounds and held + bounds.worst_gross > 1:
            # Whatever the mark has done: no less than what the limits leave, and something for the last call.
            least = held + bounds.worst_gross - 1
            calls.append(vault.withdraw.encode(self.into, domain.settlement.token, least, self.receiver))
        if plan.is_rescue and held + (bounds.gross if bounds else 0) == 0:
            return calls  # there is nothing to withdraw
        bought = [domain.by_id[trade.asset] for trade in offer.trades if trade.is_buy]
        # Who withdraws all of it fails where there is nothing: no profit, no transaction.
        for asset in (domain.settlement, *bought):
            calls.append(vault.withdraw.encode(self.into, asset.token, ALL, self.receiver))
        return calls

    def _act(self, closing: Closing, data: bytes) -> bytes:
        encoded: bytes = self.domain.vault.callInstrument.encode(self.into, closing.of.market, data)
        return encoded


def _word(result: bytes) -> int:
    """The one signed number that an instrument returned, within the bytes that the vault returned."""
    return int.from_bytes(result[64:96], signed=True)
