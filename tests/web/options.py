"""What the journeys of options ask for: smiles and series, and what contracts say of positions, margin and scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scripts.chain.options import open_options
from scripts.client.domain import account_id
from scripts.client.option_orders import OptionOrder, match, next_nonce
from scripts.client.perps import trade_data
from scripts.common.units import WAD
from tests.web.perps import PERP, PerpStack, key_of, wad

MARKET = "ETH-OPTION"
INITIAL, MAINTENANCE = range(2)
NEVER = 2**32
# Seconds before an expiry: the mean of its price is over the last 1,800.
BEFORE_WINDOW, LAST_ROUND = 1_860, 600


class OptionStack(PerpStack):
    """A stack with smiles, series, and a straddle between two others."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        open_options(self.deployment)

    @property
    def options(self) -> Any:
        """The market's contract."""
        return self.deployment.options[MARKET].market

    # What journeys ask for

    def do_series(self, expiry: int, share: str, call: bool) -> dict[str, str]:
        """Number, strike and value of a series: `expiry` is a place in the list, `share` of the index its strike."""
        alive = {series: self.options.seriesOf(series) for series in self.options.aliveSeries()}
        expiries = sorted({terms.expiry for terms in alive.values()})
        index = self.deployment.risk.band(self.options.underlying()).priceWad
        wanted = index * wad(share) // WAD
        series = min(
            (one for one, terms in alive.items() if (terms.expiry, terms.call) == (expiries[expiry], call)),
            key=lambda one: abs(alive[one].strikeWad - wanted),
        )
        return {
            "series": str(series),
            "expiry": str(expiries[expiry]),
            "strike": str(alive[series].strikeWad),
            "value": str(self.options.valuesOf([series])[0]),
        }

    def do_option_sizes(self, owner: str) -> dict[str, str]:
        """An owner's sizes by series."""
        held = self.options.positions(account_id(owner))
        return {str(position.series): str(position.sizeWad) for position in held}

    def do_requirements(self, owner: str) -> dict[str, Any]:
        """Whether an owner's account is a portfolio, and its requirements."""
        account = account_id(owner)
        initial, maintenance = self.deployment.lens.requirements(account)
        instruments = self.deployment.vault.holdings(account)[1]
        portfolio = self.deployment.portfolio_mode.address in instruments
        return {"portfolio": portfolio, "initial": str(initial), "maintenance": str(maintenance)}

    def do_worst(self, owner: str, underlying: str) -> dict[str, str]:
        """The worst point of the maintenance grid, as the engine says it of the account as a portfolio."""
        account, mode = account_id(owner), self.deployment.portfolio_mode.address
        holdings, instruments, _ = self.deployment.vault.holdings(account)
        others = [one for one in instruments if one != mode]
        netted, _, _ = self.deployment.risk.scenarios(account, holdings, [mode, *others], MAINTENANCE)
        number = self.deployment.underlyings[underlying]
        changes = next(one for one in netted if one.underlying == number).changesWad
        return {"point": str(changes.index(min(changes))), "change": str(min(changes))}

    def do_greeks(self, owner: str) -> list[list[str]]:
        """Delta, gamma, vega and theta of an owner's account by underlying, as the chain's lens says them."""
        rows = self.deployment.greeks_lens.accountGreeks(account_id(owner))
        return [
            [str(value) for value in (row.deltaWad, row.gammaWad, row.vegaWad, row.thetaPerDayWad)]
            for row in rows
        ]

    def do_trade_options(self, buyer: int, seller: int, series: str, units: str) -> None:
        """Has one account of the node buy options of another, at their value."""
        orders = self.deployment.option_orders
        value = self.options.valuesOf([int(series)])[0]
        signed = []
        for number, side in ((buyer, 1), (seller, -1)):
            key = key_of(number)
            order = OptionOrder(
                account=account_id(key.address),
                market=self.options.address,
                signer=key.address,
                legs=((int(series), 1),),
                units=side * wad(units),
                premium=value,
                expiry=NEVER,
                nonce=next_nonce(orders, account_id(key.address)),
                max_fee=WAD,
            )
            signed.append(order.signed(key, self.chain.chain_id, orders.address))
        orders.matchOrders(match(signed[0], signed[1:], [wad(units)]))

    def do_expire(self, expiry: str, first: int, last: int) -> None:
        """Lets an expiry pass, ether at `first` dollars until ten minutes before, then at `last`; all feeds answer later."""
        for seconds, price in ((-BEFORE_WINDOW, first), (-LAST_ROUND, last)):
            self.chain.set_next_time(int(expiry) + seconds)
            self.do_set_price("ETH", price)
        self.chain.set_next_time(int(expiry) + LAST_ROUND)
        self.do_refresh_feeds()

    def do_settlement_price(self, expiry: str) -> str | None:
        """The price that an expiry is settled at, none before it is fixed."""
        price, is_fixed = self.options.settlementPrice(int(expiry))
        return str(price) if is_fixed else None

    def do_hedge(self, number: int, size: str) -> None:
        """Has an account of the node hold ether and be short as much by the perpetual."""
        who = self.chain.accounts[number]
        self.pay_in(who, "WETH", int(size))
        data = trade_data(self.amm.address, -wad(size))
        market = self.deployment.perps[PERP].market
        self.deployment.vault.callInstrument(account_id(who), market, data, sender=who)

    def do_borrow(self, number: int, dollars: int) -> None:
        """Has an account of the node borrow and take away settlement tokens."""
        who, settlement = self.chain.accounts[number], self.deployment.assets[0]
        units = dollars * 10**settlement.decimals
        self.deployment.vault.borrow(account_id(who), settlement.token, units, who, sender=who)
