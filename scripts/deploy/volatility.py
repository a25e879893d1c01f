"""Volatility: the surface of signed smiles, the estimate from prices, and shocks that follow it."""

from __future__ import annotations

from functools import partial
from typing import Any

from scripts.common.units import format_duration, format_share
from scripts.deploy.core import Core, VolatilityContracts, role
from scripts.deploy.deployer import Deployer
from scripts.deploy.verifier import Show, Verifier
from scripts.markets import Market, Markets, values

KEYS = ("volatility_surface", "realised_volatility", "dynamic_shocks")


def build_volatility(deployer: Deployer, markets: Markets, core: Core, local: bool) -> None:
    """Deploys what is missing and sets what has never been set; the first estimate is taken at the price of now."""
    followed = _followed(markets)
    if not followed:
        return
    owner, guardian = deployer.record.deployer, deployer.record["vault"].arguments["guardian"]
    surface = deployer.create("volatility_surface", "VolatilitySurface", owner, guardian)
    realised = deployer.create("realised_volatility", "RealisedVolatility", owner, core.risk)
    shocks = deployer.create("dynamic_shocks", "DynamicShocks", owner, core.parameters, realised)
    core.volatility = VolatilityContracts(surface, realised, shocks)
    sender = deployer.sender
    if not deployer.record.complete:
        signer = role(deployer, markets.domain.governance.surface_signer.value)
        deployer.ensure(
            f"let {signer} sign smiles of volatility",
            surface.isSigner(signer),
            partial(surface.addSigner, signer, sender=sender),
        )
        deployer.ensure(
            "let shocks follow volatility",
            core.parameters.shockSetter() == shocks.address,
            partial(core.parameters.setShockSetter, shocks, sender=sender),
        )
    for name, market in followed.items():
        _follow(deployer, core.volatility, name, market, core.underlying_ids[name], local)


def verify_volatility(
    verifier: Verifier, deployer: Deployer, markets: Markets, core: Core, local: bool
) -> None:
    """What the three contracts should answer."""
    if core.volatility is None:
        return
    of, expect = core.volatility, verifier.expect
    signer = role(deployer, markets.domain.governance.surface_signer.value)
    file = markets.files[markets.domain.name].name
    expect(f"{file}: governance.surface_signer", of.surface.isSigner.prepare(signer), True)
    expect("risk parameters' shock setter", core.parameters.shockSetter.prepare(), of.shocks)
    expect("realised volatility's engine", of.realised.engine.prepare(), core.risk)
    expect("dynamic shocks' risk parameters", of.shocks.riskParameters.prepare(), core.parameters)
    expect("dynamic shocks' volatility", of.shocks.realisedVolatility.prepare(), of.realised)
    for name, market in _followed(markets).items():
        _verify_one(verifier, markets, of, market, core.underlying_ids[name], local)


def owned(deployer: Deployer) -> dict[str, Any]:
    """Contracts with an owner alone, by key."""
    return {key: deployer.at(key, "Ownable2Step") for key in KEYS[1:] if key in deployer.record}


def _followed(markets: Markets) -> dict[str, Market]:
    return {name: market for name, market in markets.underlyings.items() if market.volatility}


def _follow(
    deployer: Deployer, of: VolatilityContracts, name: str, market: Market, number: int, local: bool
) -> None:
    assert market.volatility
    sender = deployer.sender
    first = values.variance(market.volatility.realised.first.value)
    deployer.ensure(
        f"set what smiles of {name} must keep to",
        of.surface.parameters(number).heartbeat != 0,
        partial(of.surface.setParameters, number, values.surface(market, local), sender=sender),
    )
    deployer.ensure(
        f"began to estimate the volatility of {name}",
        of.realised.estimate(number).observedAt != 0,
        partial(of.realised.addUnderlying, number, values.realised(market), first, sender=sender),
    )
    deployer.ensure(
        f"set how shocks of {name} follow",
        deployer.record.complete or of.shocks.rule(number).ramp != 0,
        partial(of.shocks.setRule, number, values.shock_rule(market), sender=sender),
    )


def _verify_one(
    verifier: Verifier, markets: Markets, of: VolatilityContracts, market: Market, number: int, local: bool
) -> None:
    assert market.volatility
    file, settings = markets.files[market.symbol].name, market.volatility

    def fields(section: str, names: Any, wanted: tuple[Any, ...], shows: tuple[Show, ...]) -> list[Any]:
        return [
            (f"{file}: volatility.{section}.{field}", position, value, show)
            for position, (field, value, show) in enumerate(zip(names, wanted, shows, strict=True))
        ]

    time, part = format_duration, format_share
    verifier.expect_fields(
        of.surface.parameters.prepare(number),
        fields(
            "surface",
            type(settings.surface).model_fields,
            values.surface(market, local),
            (time, time, part, part, part),
        ),
    )
    names = [name for name in type(settings.realised).model_fields if name != "first"]
    verifier.expect_fields(
        of.realised.parameters.prepare(number),
        fields("realised", names, values.realised(market), (time, time, part, part)),
    )
    verifier.expect_fields(
        of.shocks.rule.prepare(number),
        fields(
            "shocks",
            type(settings.shocks).model_fields,
            values.shock_rule(market),
            (str, str, time, str, time),
        ),
    )
