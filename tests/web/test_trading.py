"""Trading in the console, in headless Chromium: leverage, liquidation seen live, rejection, accounts and operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scripts.client.domain import account_id
from scripts.common.units import WAD
from scripts.markets.schema import Tier
from tests.web.conftest import Stack

pytestmark = [pytest.mark.anvil, pytest.mark.slow]

TAKER = 8
NO_LIMIT = 2**255 - 1


class TradingStack(Stack):
    """What these journeys ask for beside the rest."""

    def do_standing(self, owner: str, index: int = 0) -> dict[str, Any]:
        """Health as a WAD, balances by symbol in smallest units, and where ether and bitcoin liquidate."""
        account, lens = account_id(owner, index), self.deployment.lens
        overview = lens.overview(account)
        symbols = {asset.token.address: asset.symbol for asset in self.deployment.assets}
        prices = {
            name: [str(price) for price in lens.liquidationPrice(account, self.asset(symbol).token)]
            for name, symbol in (("ETH", "WETH"), ("BTC", "WBTC"))
        }
        balances = {symbols[position.token]: str(position.amount) for position in overview.assets}
        return {"health": str(overview.healthWad), "balances": balances, "prices": prices}

    def do_wallet(self, owner: str, symbol: str) -> dict[str, str]:
        """What a wallet holds of an asset, and how much of it the vault may take, in smallest units."""
        token = self.asset(symbol).token
        allowance = token.allowance(owner, self.deployment.vault)
        return {"balance": str(token.balanceOf(owner)), "allowance": str(allowance)}

    def do_operator_expiry(self, owner: str, operator: str) -> int:
        """Until when an operator may act for an owner's first account; zero for never."""
        return int(self.deployment.vault.operatorExpiry(account_id(owner), operator))

    def do_indebt(self, number: int, held: str, amount: int, owed: str, debt: int) -> None:
        """Has an account of the node deposit whole tokens and borrow others."""
        who, vault = self.chain.accounts[number], self.deployment.vault
        self.pay_in(who, held, amount)
        vault.borrow(account_id(who), self.asset(owed).token, debt * self.unit(owed), who, sender=who)

    def do_take_over(self, number: int, margin: int = 50_000) -> str:
        """Takes over as much as may be of an account of the node, after paying in dollars; returns the fraction as a WAD."""
        taker, vault = self.chain.accounts[TAKER], self.deployment.vault
        self.pay_in(taker, "USDC", margin)
        account = account_id(self.chain.accounts[number])
        tx = vault.liquidate(account, account_id(taker), WAD, 0, 0, NO_LIMIT, sender=taker)
        return str(tx.events("Liquidated", vault)[0]["fractionWad"])

    def do_flag(self, number: int) -> None:
        """Earmarks what an insolvent account of the node will cost."""
        self.deployment.liquidation.flag(account_id(self.chain.accounts[number]))

    def do_written_off(self, symbol: str) -> str:
        """What lenders of an asset have borne, in smallest units."""
        pool = self.asset(symbol).pool
        return str(pool.domainOf(self.deployment.vault).writtenOff)

    def do_isolate(self, symbol: str) -> None:
        """Has an asset count as collateral only beside the settlement asset."""
        number = next(place for place, one in enumerate(self.deployment.assets) if one.symbol == symbol)
        self.deployment.parameters.lowerTier(number, Tier.ISOLATED)

    def asset(self, symbol: str) -> Any:
        """A listed asset."""
        return self.deployment[symbol]

    def unit(self, symbol: str) -> int:
        """Smallest units of one whole token."""
        return int(10 ** self.asset(symbol).decimals)

    def pay_in(self, who: str, symbol: str, amount: int) -> None:
        """Mints whole tokens to an account of the node and deposits them into its margin account."""
        units, token, vault = amount * self.unit(symbol), self.asset(symbol).token, self.deployment.vault
        self.deployment.mint(symbol, who, units)
        token.approve(vault, units, sender=who)
        vault.deposit(account_id(who), token, units, sender=who)


STACK = TradingStack


@pytest.mark.parametrize(
    "name",
    ["trader", "short", "trade_rejected", "accounts", "trade_look", "isolated", "liquidation", "insolvency"],
)
def test_journey(journey: Callable[[str], None], name: str) -> None:
    """Each in a browser of its own, all on one chain, in this order: the last two move a price."""
    journey(name)
