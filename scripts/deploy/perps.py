"""Perpetual markets: each with its virtual AMM, and the one contract that settles signed orders for all of them."""

from __future__ import annotations

from functools import partial
from typing import Any

from scripts.client.perps import parameters_target, shape_target
from scripts.common.units import WAD, format_amount, format_duration, format_share, format_usd
from scripts.deploy.core import Core, PerpContracts
from scripts.deploy.deployer import Deployer
from scripts.deploy.instruments import (
    at_creation,
    expect_place,
    expect_targets,
    fee_account,
    listed_instruments,
    target_of,
)
from scripts.deploy.verifier import Show, Verifier
from scripts.deploy.world import World
from scripts.markets import Markets, Perp
from scripts.markets.fields import PPM


def build_perps(deployer: Deployer, markets: Markets, world: World, core: Core) -> None:
    """Deploys what is missing; a market is listed last, when makers, orders and fees are set."""
    if not markets.perps:
        return
    core.orders = deployer.create("orders", "PerpOrders", core.vault)
    settlement = markets[markets.domain.settlement]
    core.perp_lens = deployer.create("perp_lens", "PerpLens", core.lens, settlement.decimals)
    for perp in markets.perps:
        core.perps[perp.symbol] = _create(deployer, markets, world, core, perp)
    listed = listed_instruments(deployer, markets, core)
    for perp in markets.perps:
        contracts = core.perps[perp.symbol]
        if contracts.market.address not in listed:
            _configure(deployer, markets, core, perp, contracts)
        deployer.ensure(
            f"listed {perp.symbol}",
            contracts.market.address in listed,
            partial(core.vault.listInstrument, contracts.market, sender=deployer.sender),
        )


def verify_perps(verifier: Verifier, deployer: Deployer, markets: Markets, world: World, core: Core) -> None:
    """What each market and its AMM should answer."""
    if core.orders is None:
        return
    for perp in markets.perps:
        file, contracts = markets.files[perp.symbol].name, core.perps[perp.symbol]
        _verify_market(verifier, deployer, markets, core, perp, contracts, file)
        _verify_amm(verifier, deployer, world, markets, core, perp, contracts, file)


def _create(deployer: Deployer, markets: Markets, world: World, core: Core, perp: Perp) -> PerpContracts:
    settlement = markets[markets.domain.settlement]
    on = (
        core.vault.address,
        core.underlying_ids[perp.underlying],
        core.underlying_ids[settlement.underlying],
        settlement.decimals,
    )
    roles = deployer.record.deployer, deployer.record["vault"].arguments["guardian"]

    def first(key: str, name: str, value: Any) -> Any:
        return at_creation(deployer, f"{perp.symbol}.{key}", name, value)

    initial = first("market", "initial", perp.parameters)
    market = deployer.create(f"{perp.symbol}.market", "PerpMarket", *on, *roles, initial)
    deployer.created_by(f"{perp.symbol}.market", f"{perp.symbol}.admin", "PerpMarketAdmin", *on)
    amm = deployer.create(
        f"{perp.symbol}.amm",
        "VirtualAmm",
        *(core.vault, market, world.tokens[settlement.symbol], perp.amm.name, perp.amm.symbol, *roles),
        *(first("amm", name, getattr(perp.amm, name).value) for name in ("cooldown", "window")),
        first("amm", "shape", perp.shape),
    )
    return PerpContracts(market, amm)


def _configure(
    deployer: Deployer, markets: Markets, core: Core, perp: Perp, contracts: PerpContracts
) -> None:
    assert core.orders
    market, amm, sender = contracts.market, contracts.amm, deployer.sender
    account = fee_account(deployer, markets, perp.fees)
    deployer.ensure(
        f"let {perp.amm.name} take the other side in {perp.symbol}",
        market.makerAllowed(amm),
        partial(market.setMaker, amm, True, sender=sender),
    )
    deployer.ensure(
        f"took the premium of {perp.symbol} from its AMM",
        market.sampler() == amm.address,
        partial(market.setSampler, amm, sender=sender),
    )
    deployer.ensure(
        f"let signed orders be settled in {perp.symbol}",
        market.orders() == core.orders.address,
        partial(market.setOrders, core.orders, sender=sender),
    )
    deployer.ensure(
        f"set the account that gets fees of {perp.symbol}",
        market.feeAccount() == account,
        partial(market.setFeeAccount, account, sender=sender),
    )


# --- reading back ---


def _verify_market(
    verifier: Verifier,
    deployer: Deployer,
    markets: Markets,
    core: Core,
    perp: Perp,
    contracts: PerpContracts,
    file: str,
) -> None:
    assert core.orders
    market, expect = contracts.market, verifier.expect
    listed = listed_instruments(deployer, markets, core)
    expect_place(verifier, core, file, perp.symbol, market, listed)
    expect(f"{file}: underlying", market.underlying.prepare(), core.underlying_ids[perp.underlying])
    expect(f"{perp.symbol}'s AMM is a maker", market.makerAllowed.prepare(contracts.amm), True)
    expect(f"{perp.symbol}'s sampler", market.sampler.prepare(), contracts.amm)
    expect(f"{perp.symbol}'s orders", market.orders.prepare(), core.orders)
    account = fee_account(deployer, markets, perp.fees)
    expect(f"{file}: fees.account", market.feeAccount.prepare(), account, bytes.hex)
    fields: list[tuple[str, Show]] = [
        ("margin.unwinding", format_share),
        ("margin.depth", format_usd),
        ("margin.haircut", format_share),
        ("margin.open_interest", format_usd),
        ("mark.max_premium", format_share),
        ("mark.premium_time", format_duration),
        ("funding.interest", format_share),
        ("funding.interest_band", format_share),
        ("funding.max_rate", format_share),
        ("mark.max_price_move", format_share),
        ("fees.taker", format_share),
        ("fees.maker", format_share),
        ("fees.backstop_share", format_share),
    ]
    target = target_of(deployer, f"{perp.symbol}.market", market, parameters_target)
    expect_targets(verifier, market.parameters.prepare(), target, file, fields, perp.parameters)


def _verify_amm(
    verifier: Verifier,
    deployer: Deployer,
    world: World,
    markets: Markets,
    core: Core,
    perp: Perp,
    contracts: PerpContracts,
    file: str,
) -> None:
    amm, settings, expect = contracts.amm, perp.amm, verifier.expect
    expect(f"{file}: amm.name", amm.name.prepare(), settings.name)
    expect(f"{file}: amm.symbol", amm.symbol.prepare(), settings.symbol)
    expect(f"{file}: amm's market", amm.market.prepare(), contracts.market)
    expect(f"{file}: amm's asset", amm.asset.prepare(), world.tokens[markets.domain.settlement])
    expect(f"{file}: amm.cooldown", amm.cooldown.prepare(), settings.cooldown.value, format_duration)
    expect(f"{file}: amm.window", amm.window.prepare(), settings.window.value, format_duration)

    def size(units: int) -> str:
        return format_amount(units, perp.underlying, 18)

    fields: list[tuple[str, Show]] = [
        ("amm.depth", size),
        ("amm.spread", _ppm),
        ("amm.skew_spread", _ppm),
        ("amm.max_skew", _ppm),
    ]
    target = target_of(deployer, f"{perp.symbol}.amm", amm, shape_target)
    expect_targets(verifier, amm.shape.prepare(), target, file, fields, perp.shape)


def _ppm(value: int) -> str:
    return format_share(value * WAD // PPM)
