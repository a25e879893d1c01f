"""A local chain's exchange follows a price: mock tokens are made and traded until its pools are there."""

from __future__ import annotations

from fractions import Fraction

from scripts.cli.session import Session
from scripts.cli.transaction import Step
from scripts.client.domain import Asset
from scripts.common.errors import KeelError
from scripts.common.sending import NOBODY
from scripts.common.uniswap import UNLIMITED, Uniswap

SHARE_TOKEN = "MockShareToken"


def following(session: Session, number: int, wad: int) -> list[Step]:
    """The trades after which each pool is at the oracle's prices, with the price `number` at `wad` dollars.

    The node's first account, which deployed, trades: wallets keep what they have.
    """
    domain, sender = session.domain, session.held[0]
    uniswap = _uniswap(session)
    prices = {}
    for asset in domain.assets:
        value = domain.risk.valueOf(asset.id, 10**asset.decimals)[0]
        if asset.underlying == number:
            value = value * wad // domain.risk.band(number).priceWad
        prices[asset.id] = value
    steps: list[Step] = []
    for base, quote, fee in _pools(session):
        if (base.underlying == number) == (quote.underlying == number):
            continue
        pool = uniswap.pool(base.token, quote.token, fee)
        target = Fraction(prices[base.id], prices[quote.id])
        token, amount = pool.input_to_move_to(target)
        if not amount:
            continue
        sold = domain.by_address[token.address]
        steps += _made(session, sold, amount, sender)
        if token.allowance(sender, uniswap.router) < amount:
            call = token.approve.prepare(uniswap.router, UNLIMITED, sender=sender)
            steps.append(Step(f"approve {sold.symbol}", call))
        move = pool.prepare_move_to(target, sender=sender)
        if move:
            steps.append(Step(f"trade {base.symbol}/{quote.symbol}", move))
    return steps


def window(session: Session, number: int) -> int:
    """Seconds over which the second source of a price takes its mean; zero without one."""
    source = session.domain.parameters.feed(number).secondary
    if source == NOBODY:
        return 0
    return int(session.chain.at("UniswapV3TwapSource", source).window())


def _pools(session: Session) -> list[tuple[Asset, Asset, int]]:
    assets = session.domain.assets
    return [
        (base, quote, route.fees[0])
        for place, quote in enumerate(assets)
        for base in assets[place + 1 :]
        for route in session.router.routes(base, quote)
        if route.hops == 1
    ]


def _made(session: Session, asset: Asset, amount: int, sender: str) -> list[Step]:
    """The sender is given what it lacks of a mock token; one that wraps another is paid for in it."""
    token = asset.token
    lacks = amount - token.balanceOf(sender)
    if lacks <= 0:
        return []
    key = f"{asset.symbol}.token"
    if session.domain.record[key].contract != SHARE_TOKEN:
        return [Step(f"make {asset.symbol}", token.mint.prepare(sender, lacks, sender=sender))]
    shares = session.chain.at(SHARE_TOKEN, token)
    base = session.domain.by_address[shares.asset()]
    needed = shares.previewMint(lacks)
    return [
        *_made(session, base, needed, sender),
        Step(f"approve {base.symbol}", base.token.approve.prepare(shares, needed, sender=sender)),
        Step(f"wrap {base.symbol}", shares.mint.prepare(lacks, sender, sender=sender)),
    ]


def _uniswap(session: Session) -> Uniswap:
    record = session.domain.record
    parts: list[str] = []
    for name in ("factory", "router", "quoter", "positions"):
        if f"uniswap.{name}" not in record:
            raise KeelError(f"{record.path} names no uniswap.{name}; its exchange cannot be moved from here")
        parts.append(record[f"uniswap.{name}"].address)
    return Uniswap(session.chain, *parts)
