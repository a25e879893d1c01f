"""What attackers own at true prices, and what of it came to them rightfully.

An account is worth its equity, or nothing: who owes more than he has walks away. Dollars are integers with 36 decimals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from scripts.common.contract import Tx
from tests.economic.world import JUDGE, World
from tests.helpers.evm import Backend
from tests.helpers.system import NO_LIMIT, WAD
from tests.helpers.takeover import unpack

DOLLAR = 10**36
# ORA-1: while sources disagree a taker may gain a half-width of the price on what he takes over, and what that moves the
# premium by (tests/integration/attacks/test_lying_source.py).
SLACK = (1 + Fraction(400 - 150, 1_000 - 600)) * Fraction(11, 10)


@dataclass
class Income:
    """What came to attackers as it would to anybody, by kind; a kind that cost them on the whole counts as zero."""

    interest: int = 0
    paid_interest: int = 0  # by honest borrowers: more cannot be rightful
    funding: int = 0
    time_value: int = 0
    takeovers: int = 0
    tips: int = 0
    fees: int = 0
    discounts: int = 0

    def rightful(self) -> dict[str, int]:
        """By kind, none below zero."""
        parts = {
            "interest": min(self.interest, self.paid_interest),
            "funding": self.funding,
            "time value of options": self.time_value,
            "takeovers of accounts that are unhealthy at true prices": self.takeovers,
            "tips": self.tips,
            "fees of stakers": self.fees,
            "the backstop's sale discount": self.discounts,
        }
        return {kind: max(0, amount) for kind, amount in parts.items()}


@dataclass
class Standing:
    """What an account has: tokens, and in markets."""

    tokens: int = 0
    perps: int = 0
    options: int = 0
    waiting: list[int] = field(default_factory=lambda: [0, 0])
    losses: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def equity(self) -> int:
        """Without claims that nothing has come in for."""
        return self.tokens + self.perps + self.options


class Ledger:
    """Reads a world's books."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._symbols = list(world.system.assets)

    # Values

    def value(self, symbol: str, amount: int) -> int:
        """Smallest units at the true price."""
        decimals = self.world.system.assets[symbol].spec.decimals
        unit: int = 10 ** (36 - decimals)
        return amount * self.world.dollars(symbol) * unit

    def standing(self, account: bytes) -> Standing:
        """By the books, positions at the true index."""
        world, result = self.world, Standing()
        holdings, instruments, _ = world.system.vault.holdings(account)
        for word in holdings:
            result.tokens += self.value(self._symbols[word >> 248], unpack(word))
        unit = self.value("USDC", 1)
        if world.perps.market.address in instruments:
            size, cost, _, _, waiting, allotted = world.perps.market.position(account)
            gain = size * self.world.price * WAD - cost
            result.perps = gain + allotted * unit
            result.waiting[0], result.losses[0] = waiting * unit, max(0, -gain)
        if world.options.market.address in instruments:
            cost, pnl, waiting, allotted = world.options.market.balanceOf(account)
            result.options = pnl + allotted * unit
            result.waiting[1], result.losses[1] = waiting * unit, max(0, -pnl)
        return result

    def outside(self) -> int:
        """Tokens, and shares at what they could leave with."""
        world, system, total = self.world, self.world.system, 0
        for symbol, asset in system.assets.items():
            amount = asset.token.balanceOf(system.adapter.address)
            for owner in world.owners:
                amount += asset.token.balanceOf(owner)
                shares = asset.pool.balanceOf(owner)
                amount += asset.pool.convertToAssets(shares) if shares else 0
            total += self.value(symbol, amount)
        native = sum(system.evm.balance(owner) for owner in world.owners)
        return total + self.value("WETH", native) + self.stakes() + self.liquidity()

    def stakes(self) -> int:
        """Shares of the backstop."""
        return self._exits(self.world.system.backstop)

    def liquidity(self) -> int:
        """Shares of the virtual AMM."""
        return self._exits(self.world.perps.amm)

    def _exits(self, shares: Any) -> int:
        held = sum(shares.balanceOf(owner) for owner in self.world.owners)
        return self.value("USDC", shares.convertToAssets(held)) if held else 0

    def wealth(self) -> int:
        """All that attackers own at true prices, after positions are closed as far as they can be; changes nothing."""
        with self.world.truth():
            self._close_out()
            total = self.outside()
            backed, waiting = [0, 0], [0, 0]
            mine = self.world.accounts
            for account in mine + self.world.honest:
                standing = self.standing(account)
                for market in range(2):
                    if standing.equity > 0:
                        backed[market] += standing.losses[market]
                    if account in mine:
                        waiting[market] += standing.waiting[market]
                if account in mine:
                    total += max(0, standing.equity)
            return total + sum(min(one, most) for one, most in zip(waiting, backed, strict=True))

    def _close_out(self) -> None:
        """Attackers close at the virtual AMM, and everybody settles."""
        world = self.world
        vault, market = world.system.vault, world.perps.market
        busy = False
        for owner, index in world.attackers:
            account = world.system.account(owner, index)
            size = int(market.position(account)[0])
            if size:
                busy = True
                call = vault.callInstrument
                self._try(call, account, market.address, world.perps.trade_data(-size), sender=owner)
        everybody = world.accounts + world.honest
        expired = [one for one in world.options.expiries.values() if one <= world.evm.now]
        held = [one for one in world.accounts if world.options.market.positions(one)]
        for expiry in expired if held else []:
            last = world.options.last_round(expiry)
            self._try(world.options.market.settleExpired, expiry, last, everybody)
        claims = any(len(vault.holdings(one)[1]) for one in world.accounts)
        for contract in (market, world.options.market) if busy or claims else ():
            for account in everybody + world.accounts:
                self._try(contract.settle, account)

    @staticmethod
    def _try(function: Any, *args: Any, **how: Any) -> None:
        try:
            function(*args, **how)
        except Backend.Reverted:
            return

    # Income

    def over_time(self, seconds: int, income: Income) -> None:
        """Lets time pass and books what it brought."""
        before = self._parts()
        self.world.wait(seconds)
        after = self._parts()
        income.interest += after[0] - before[0]
        income.paid_interest += before[1] - after[1]
        income.funding += after[2] - before[2]
        income.time_value += after[3] - before[3]

    def _parts(self) -> tuple[int, int, int, int]:
        """What grows by interest, honest debts (negative), what changes by funding, what options are worth."""
        world = self.world
        with world.truth():
            shares = sum(
                self.value(symbol, asset.pool.convertToAssets(held))
                for symbol, asset in world.system.assets.items()
                if (held := sum(asset.pool.balanceOf(owner) for owner in world.owners))
            )
            mine = [self._books(account) for account in world.accounts]
            debts = sum(self._books(account)[1] for account in world.honest[:4])
            tokens, _, perps, options = (sum(column) for column in zip(*mine, strict=True))
            return shares + tokens, debts, perps + self.liquidity(), options

    def _books(self, account: bytes) -> tuple[int, int, int, int]:
        """Tokens, debts among them, minus the cost of perpetuals, value of options."""
        world = self.world
        holdings, instruments, _ = world.system.vault.holdings(account)
        values = [self.value(self._symbols[word >> 248], unpack(word)) for word in holdings]
        perps = options = 0
        if world.perps.market.address in instruments:
            perps = -world.perps.market.position(account)[1]
        if world.options.market.address in instruments:
            cost, pnl, _, _ = world.options.market.balanceOf(account)
            options = pnl + cost
        return sum(values), sum(min(0, one) for one in values), perps, options

    def premium(self, account: bytes, fraction: int) -> int:
        """What an honest taker would earn by that fraction of an account at true prices; nothing of a healthy one."""
        world, system = self.world, self.world.system
        judge = system.account(system.evm.accounts[JUDGE])
        with world.truth():
            before = self.standing(judge).equity
            try:
                system.vault.liquidate(
                    account, judge, fraction, 0, 0, NO_LIMIT, sender=system.evm.accounts[JUDGE]
                )
            except Backend.Reverted:
                return 0
            return max(0, self.standing(judge).equity - before)

    def half_width(self, account: bytes, fraction: int) -> int:
        """What a lie may move the price of a takeover by (ORA-1)."""
        holdings, _, _ = self.world.system.vault.holdings(account)
        gross = 0
        for word in holdings:
            symbol = self._symbols[word >> 248]
            width = self.world.system.assets[symbol].spec.half_width
            gross += abs(self.value(symbol, unpack(word))) * width // 10**6
        size = int(self.world.perps.market.position(account)[0])
        gross += abs(size) * self.world.price * WAD * 5_000 // 10**6
        return int(gross * SLACK) * fraction // WAD

    def discount(self, token: str, amount: int) -> int:
        """What governance grants to who buys the backstop's other tokens."""
        symbol = next(one for one in self._symbols if self.world.system[one].lower() == token.lower())
        return self.value(symbol, amount) * int(self.world.system.backstop.saleDiscountWad()) // WAD

    def takeovers(self, tx: Tx) -> dict[bytes, int]:
        """Fractions of honest accounts that a transaction took over, all its takeovers together."""
        left: dict[bytes, int] = {}
        for event in tx.events("Liquidated", self.world.system.vault):
            account = bytes(event["account"])
            if account in self.world.honest:
                left[account] = left.get(account, WAD) * (WAD - event["fractionWad"]) // WAD
        return {account: WAD - rest for account, rest in left.items()}
