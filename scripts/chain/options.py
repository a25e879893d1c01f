"""Options on a local chain: smiles, series, and a straddle between two traders."""

from __future__ import annotations

from collections.abc import Sequence

from eth_account import Account

from scripts.chain.people import account_key, fund
from scripts.client.domain import account_id
from scripts.client.option_orders import OptionOrder, match, next_nonce
from scripts.common.units import WAD
from scripts.deploy import Deployment
from scripts.deploy.core import OptionContracts
from scripts.markets import Option
from scripts.model.logarithm import ln_wad
from scripts.model.volatility import ONE, TO_WAD, Smile
from scripts.risk.publish import Surface

DAY, EXPIRY_HOUR = 86_400, 8 * 3_600
LONG = 2**32


def open_options(deployment: Deployment) -> None:
    """Publishes smiles, creates series around the money, and opens a straddle, where there is nothing yet."""
    for option in deployment.configuration.options:
        contracts = deployment.options[option.symbol]
        if contracts.market.aliveSeries() or not option.local.expiries:
            continue
        expiries = expiries_from(deployment.chain.now, option.local.expiries)
        number = deployment.underlyings[option.underlying]
        price = deployment.risk.band(number).priceWad
        publish(deployment, number, expiries, option.local.volatility, price)
        tick = contracts.market.tickAt(price)
        strikes = [price * share // WAD // tick * tick for share in option.local.strikes]
        for expiry in expiries:
            for strike in strikes:
                for call in (True, False):
                    contracts.market.createSeries(expiry, strike, call)
        if option.local.straddle:
            at_the_money = min(strikes, key=lambda strike: abs(strike - price))
            series = [contracts.market.idOf(expiries[-1], at_the_money, call) for call in (True, False)]
            _open_straddle(deployment, option, contracts, series)


def expiries_from(now: int, away: Sequence[int]) -> list[int]:
    """The first hour of expiry, 08:00 UTC, that is so many seconds away or up to a day less."""
    return [(now + seconds - EXPIRY_HOUR) // DAY * DAY + EXPIRY_HOUR for seconds in away]


def smile_around(volatility: int, price: int) -> Smile:
    """A smile with that volatility at that price (WADs), dearer below it: at half of it by a ninth."""
    variance = volatility * volatility // WAD // TO_WAD
    width = ONE // 2
    curvature = variance * 2 // 5
    return Smile(
        level=variance - curvature * width // ONE,
        slope=-variance * 3 // 20,
        curvature=curvature,
        centre=ln_wad(price) // TO_WAD,
        width=width,
    )


def publish(
    deployment: Deployment, underlying: int, expiries: Sequence[int], volatility: int, price: int
) -> None:
    """Signs a smile for each expiry with the deployer's key, who is the surface's signer on a local chain."""
    assert deployment.volatility
    chain, contract = deployment.chain, deployment.volatility.surface
    surface = Surface(chain, contract, underlying, Account.from_key(account_key(0)))
    smiles = dict.fromkeys(expiries, smile_around(volatility, price))
    contract.update(*surface.signed(smiles, chain.now))


def _open_straddle(
    deployment: Deployment, option: Option, contracts: OptionContracts, series: Sequence[int]
) -> None:
    """One trader buys it of another, at its value."""
    orders, market = deployment.option_orders, contracts.market
    assert orders and option.local.straddle
    premium = sum(market.valuesOf(series))
    first = deployment.configuration.domain.local.wallets + 1
    signed = []
    for number, side in ((first, 1), (first + 1, -1)):
        key = Account.from_key(account_key(number))
        fund(deployment, key.address, option.local.margin)
        order = OptionOrder(
            account=account_id(key.address),
            market=market.address,
            signer=key.address,
            legs=tuple((one, 1) for one in sorted(series)),
            units=side * option.local.straddle,
            premium=premium * (WAD + side * WAD // 100) // WAD,
            expiry=LONG,
            nonce=next_nonce(orders, account_id(key.address)),
            max_fee=WAD,
        )
        signed.append(order.signed(key, deployment.chain.chain_id, orders.address))
    orders.matchOrders(match(signed[0], signed[1:], [option.local.straddle]))
