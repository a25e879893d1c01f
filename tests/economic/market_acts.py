"""What attackers can do at the markets: signed orders, settlement, expiry. The honest maker signs what is near fair."""

from __future__ import annotations

from typing import Any

from tests.economic.draw import Draw, Step, act, named, step
from tests.economic.world import MAKER, TRADER, World
from tests.helpers.evm import Backend
from tests.helpers.option_orders import Order as CombinationOrder
from tests.helpers.perp_orders import AT_OR_BELOW, REDUCE_ONLY, Order
from tests.helpers.perp_trading import NO_CONTRACT
from tests.helpers.system import WAD

# What the honest maker asks above fair, or bids below it, as a share: of an option's value, and of the index.
OPTION_SPREAD = 20
PERP_SPREAD = 200
STOP, STOP_LIMIT, TIP = 1_900, 1_890, 5 * 10**6


# Perpetuals


@act("PerpMarket.poke")
def poke_market(draw: Draw) -> Step:
    return step(draw.world.perps.market, "poke")


@act("PerpMarket.deleverage")
def deleverage(draw: Draw) -> Step:
    return step(draw.world.perps.market, "deleverage", draw.pick((1, 100)))


def _maker_price(world: World, size: int) -> float:
    """What the honest maker deals at, for the taker's signed size."""
    return world.price * (1 + (1 if size > 0 else -1) / PERP_SPREAD)


def _signer(draw: Draw, account: bytes) -> str:
    """An attacker with a key signs: the flash borrower's account has the first of them as operator."""
    owner = draw.owner_of[account]
    return owner if owner != draw.world.flash.address else draw.world.owners[0]


def _perp_order(draw: Draw, account: bytes, size: int, limit: float, signer: str, **fields: Any) -> Order:
    perps = draw.world.perps
    perps.nonces += 1
    values = {"nonce": perps.nonces, **fields}
    return Order(account, perps.market.address, signer, size, int(limit * WAD), **values)


def _perp_pair(draw: Draw) -> tuple[tuple[Any, ...], str]:
    perps, size = draw.world.perps, draw.size
    kind = draw.pick(("maker", "own", "AMM", "stop", "maker"))
    contract, rest, makers, tip_to = NO_CONTRACT, 0, [], draw.account
    if kind == "stop":
        trader = draw.world.honest[2]
        name = draw.world.evm.accounts[TRADER]
        fields = {"flags": REDUCE_ONLY, "trigger": AT_OR_BELOW, "trigger_price": STOP * WAD, "tip": TIP}
        taker = _perp_order(draw, trader, -40 * WAD, STOP_LIMIT, name, nonce=7, **fields)
        if draw.pick((True, False)):
            contract, rest = perps.amm.address, 40 * WAD
        else:
            limit = draw.pick((STOP_LIMIT, draw.world.price))
            makers = [_perp_order(draw, draw.account, 40 * WAD, limit, _signer(draw, draw.account))]
    else:
        far = draw.pick((1.0, 1.0, 1.05, 0.95, 1.2))
        limit = 10**6 if size > 0 else 0
        price = draw.world.price * far
        signer = _signer(draw, draw.account)
        taker = _perp_order(draw, draw.account, size, price if kind == "own" else limit, signer)
        if kind == "maker":
            name = draw.world.evm.accounts[MAKER]
            size = max(-100 * WAD, min(100 * WAD, size))
            price = _maker_price(draw.world, size)
            makers = [_perp_order(draw, draw.world.honest[3], -size, price, name)]
        elif kind == "own":
            other = draw.pick(draw.world.accounts)
            makers = [_perp_order(draw, other, -size, price, _signer(draw, other))]
        else:
            contract, rest = perps.amm.address, abs(size)
    words = f"{kind} {taker.size / WAD:g} by {named(draw, taker.account)}"
    return perps.pair(taker, makers, tip_to=tip_to, rest=rest, contract=contract), words


@act("PerpOrders.matchOrders", "match perpetuals")
def match_perps(draw: Draw) -> Step:
    pair, words = _perp_pair(draw)
    return step(draw.world.perps.orders, "matchOrders", pair, words=words)


@act("PerpOrders.matchMany")
def match_many_perps(draw: Draw) -> Step:
    pair, words = _perp_pair(draw)
    return step(draw.world.perps.orders, "matchMany", [pair, pair], words=words)


@act("PerpOrders.cancel")
def cancel_perp(draw: Draw) -> Step:
    order = _perp_order(draw, draw.account, WAD, 1, _signer(draw, draw.account))
    return step(draw.world.perps.orders, "cancel", order.fields())


@act("PerpOrders.cancelBelow")
def cancel_perps(draw: Draw) -> Step:
    return step(draw.world.perps.orders, "cancelBelow", draw.account, draw.pick((1, 50)))


# Options


def _fair(world: World, legs: dict[int, int]) -> int:
    """Value of a combination at the true index; zero where there is none."""
    with world.truth():
        try:
            return world.options.value(legs)
        except Backend.Reverted:
            return 0


def _option_pair(draw: Draw) -> tuple[tuple[Any, ...], str]:
    world, desk = draw.world, draw.world.desk
    kind, size = draw.pick(("maker", "maker", "own")), draw.size
    size = max(-200 * WAD, min(200 * WAD, size))
    first, second = draw.pick(world.series), draw.pick(world.series)
    legs = {first: 1} if first == second or draw.pick((True, False)) else {first: 1, second: -1}
    fair = _fair(world, legs)
    edge = max(abs(fair), WAD) // OPTION_SPREAD * (1 if size > 0 else -1)
    maker, name = world.honest[3], world.evm.accounts[MAKER]
    premium = fair + edge
    if kind == "own":
        maker = draw.pick(world.accounts)
        name = _signer(draw, maker)
        premium = fair * draw.pick((100, 150, 50, 1_000)) // 100
    signer = _signer(draw, draw.account)
    taker = _option_order(draw, draw.account, size, premium, legs, signer)
    pair = desk.pair(taker, [_option_order(draw, maker, -size, premium, legs, name)])
    return pair, f"{kind} {size / WAD:g} of {legs} by {named(draw, draw.account)}"


def _option_order(
    draw: Draw, account: bytes, units: int, premium: int, legs: dict[int, int], signer: str
) -> CombinationOrder:
    desk = draw.world.desk
    desk.nonces += 1
    return CombinationOrder(
        account, market=draw.world.options.market.address, signer=signer, legs=tuple(sorted(legs.items())),
        units=units, limit=premium, nonce=desk.nonces,
    )  # fmt: skip


@act("OptionOrders.matchOrders", "match options")
def match_options(draw: Draw) -> Step:
    pair, words = _option_pair(draw)
    return step(draw.world.desk.orders, "matchOrders", pair, words=words)


@act("OptionOrders.matchMany")
def match_many_options(draw: Draw) -> Step:
    pair, words = _option_pair(draw)
    return step(draw.world.desk.orders, "matchMany", [pair], words=words)


@act("OptionOrders.cancel")
def cancel_option(draw: Draw) -> Step:
    signer = _signer(draw, draw.account)
    order = _option_order(draw, draw.account, WAD, WAD, {draw.world.series[0]: 1}, signer)
    return step(draw.world.desk.orders, "cancel", order.fields())


@act("OptionOrders.cancelBelow")
def cancel_options(draw: Draw) -> Step:
    return step(draw.world.desk.orders, "cancelBelow", draw.account, draw.pick((1, 50)))


@act("OptionMarket.createSeries")
def create_series(draw: Draw) -> Step:
    expiry = draw.pick(list(draw.world.options.expiries.values()))
    strike = draw.pick((1_000, 1_500, 2_200, 3_000, 5_000)) * WAD
    return step(draw.world.options.market, "createSeries", expiry, strike, draw.pick((True, False)))


@act("OptionMarket.removeSeries")
def remove_series(draw: Draw) -> Step:
    return step(draw.world.options.market, "removeSeries", [draw.pick(draw.world.series)])


def _expired(draw: Draw) -> tuple[int, int]:
    options = draw.world.options
    expiry = draw.pick(sorted(options.expiries.values())[:2])
    try:
        return expiry, options.last_round(expiry) - draw.pick((0, 0, 0, 1))
    except Backend.Reverted:
        return expiry, 0


@act("OptionMarket.settleExpired")
def settle_expired(draw: Draw) -> Step:
    expiry, last = _expired(draw)
    return step(
        draw.world.options.market, "settleExpired", expiry, last, [draw.account, draw.world.honest[3]]
    )


@act("OptionMarket.fixPrice")
def fix_price(draw: Draw) -> Step:
    return step(draw.world.options.market, "fixPrice", *_expired(draw))
