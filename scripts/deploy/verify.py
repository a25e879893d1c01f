"""Reads everything back and holds it against the files.

A difference names the parameter, the chain's value and the file's. What a ramp still walks to counts as set.
"""

from __future__ import annotations

from scripts.common.uniswap import NOBODY, POOL_INIT_CODE_HASH
from scripts.common.units import WAD, format_amount, format_duration, format_share, format_usd
from scripts.deploy.core import Core, role
from scripts.deploy.deployer import Deployer, DeployError, find_artifact, is_compiled
from scripts.deploy.domain import governed, rate_source, sources
from scripts.deploy.options import verify_options
from scripts.deploy.perps import verify_perps
from scripts.deploy.verifier import Difference, Show, Verifier
from scripts.deploy.volatility import owned, verify_volatility
from scripts.deploy.world import World
from scripts.markets import Market, Markets, Tier, values
from scripts.markets.fields import PPM


def verify(
    deployer: Deployer, markets: Markets, world: World, core: Core, local: bool
) -> tuple[int, list[Difference]]:
    """Number of values compared, and the differences."""
    verifier = Verifier(deployer.chain)
    _domain(verifier, deployer, markets, world, core)
    for name, market in markets.underlyings.items():
        _underlying(verifier, deployer, markets, world, core, name, market, local)
    for market in markets.assets:
        _asset(verifier, deployer, markets, world, core, market)
    verify_volatility(verifier, deployer, markets, core, local)
    verify_perps(verifier, deployer, markets, world, core)
    verify_options(verifier, deployer, markets, core)
    differences = _code(deployer) + verifier.differences()
    return verifier.compared + len(deployer.record.entries), differences


def require_same(differences: list[Difference]) -> None:
    """Raises DeployError naming the first difference."""
    if differences:
        others = len(differences) - 1
        more = f" (and {others} more difference{'s' if others > 1 else ''})" if others else ""
        raise DeployError(f"{differences[0]}{more}; change the file, or the chain by governance")


# --- code ---


def _code(deployer: Deployer) -> list[Difference]:
    """Every contract that was deployed here has the code that is compiled now, immutables aside."""
    found = []
    for key, entry in deployer.record.entries.items():
        code = deployer.chain.code(entry.address)
        if not entry.deployed:
            if not code:
                found.append(Difference(key, f"no contract at {entry.address}", entry.contract))
            continue
        if not is_compiled(code, find_artifact(entry)):
            what = (
                f"another code than compiled, at {entry.address}"
                if code
                else f"no contract at {entry.address}"
            )
            found.append(Difference(key, what, entry.contract))
    return found


# --- contracts ---


def _domain(verifier: Verifier, deployer: Deployer, markets: Markets, world: World, core: Core) -> None:
    domain, expect = markets.domain, verifier.expect
    file = markets.files[domain.name].name
    vault, risk, backstop = core.vault, core.risk, core.backstop
    guardian = role(deployer, domain.governance.guardian.value)
    owner = role(deployer, domain.governance.owner.value)
    for key, contract in governed(deployer, markets).items():
        expect(f"{file}: governance.guardian of {key}", contract.guardian.prepare(), guardian)
    for key, contract in {**governed(deployer, markets), **owned(deployer)}.items():
        # Until the new owner accepts, the deployer remains.
        if owner not in (contract.owner(), contract.pendingOwner()):
            expect(f"{file}: governance.owner of {key}", contract.owner.prepare(), owner)
    expect(f"{file}: settlement", vault.settlementAsset.prepare(), world.tokens[domain.settlement])
    expect("risk.portfolioMode", risk.portfolioMode.prepare(), core.portfolio_mode)
    expect("vault.riskEngine", vault.riskEngine.prepare(), risk)
    expect("vault.liquidationEngine", vault.liquidationEngine.prepare(), core.liquidation)
    expect("vault.backstop", vault.backstop.prepare(), backstop)
    expect("number of assets in the vault", vault.assetCount.prepare(), len(markets.assets))
    expect("number of assets in the risk book", core.parameters.assetCount.prepare(), len(markets.assets))
    instruments = 1 + len(markets.perps) + len(markets.options)
    expect("number of instruments in the vault", vault.instrumentCount.prepare(), instruments)
    expect("first instrument in the vault", vault.instrumentAt.prepare(0), core.portfolio_mode)
    expect("Uniswap adapter allowed", vault.swapAdapterAllowed.prepare(core.adapter), True)
    expect("Uniswap adapter's factory", core.adapter.factory.prepare(), world.factory)
    expect("Uniswap adapter's code hash", core.adapter.poolInitCodeHash.prepare(), POOL_INIT_CODE_HASH)
    expect("risk engine's parameters", risk.riskParameters.prepare(), core.parameters)
    expect(f"{file}: sequencer_feed", risk.sequencerFeed.prepare(), world.sequencer_feed)
    expect("risk parameters' engine", core.parameters.engine.prepare(), risk)
    expect("risk parameters' vault", core.parameters.vault.prepare(), vault)
    expect("lens's vault", core.lens.vault.prepare(), vault)
    settings = domain.backstop
    expect(f"{file}: backstop.name", backstop.name.prepare(), settings.name)
    expect(f"{file}: backstop.symbol", backstop.symbol.prepare(), settings.symbol)
    expect("backstop's asset", backstop.asset.prepare(), world.tokens[domain.settlement])
    expect(
        f"{file}: backstop.cooldown", backstop.cooldown.prepare(), settings.cooldown.value, format_duration
    )
    expect(f"{file}: backstop.window", backstop.window.prepare(), settings.window.value, format_duration)
    expect(
        f"{file}: backstop.sale_discount",
        backstop.saleDiscountWad.prepare(),
        settings.sale_discount.value,
        format_share,
    )
    names = list(type(domain.liquidation).model_fields)
    shows = {"min_debt": _dollars, "grace_period": format_duration}
    verifier.expect_fields(
        core.parameters.domainTarget.prepare(),
        [
            (f"{file}: liquidation.{name}", position, value, shows.get(name, _ppm))
            for position, (name, value) in enumerate(zip(names, values.domain(domain), strict=True))
        ],
    )


def _underlying(
    verifier: Verifier,
    deployer: Deployer,
    markets: Markets,
    world: World,
    core: Core,
    name: str,
    market: Market,
    local: bool,
) -> None:
    file, number = markets.files[market.symbol].name, core.underlying_ids[name]
    feed = values.feed(markets, market, *sources(deployer, world, market), local)
    fields: list[tuple[str, Show]] = [
        (f"networks.{deployer.record.chain_id}.aggregator", str),
        ("local.heartbeat" if local and market.local.heartbeat else "price.heartbeat", format_duration),
        ("price.half_width", _ppm),
        ("price.volatility", _ppm),
        ("price.second_source", str),
        ("price.tolerance", _ppm),
        ("price.least", format_usd),
        ("price.most", format_usd),
    ]
    verifier.expect_fields(
        core.parameters.feedTarget.prepare(number),
        [
            (f"{file}: {field}", position, value, show)
            for position, ((field, show), value) in enumerate(zip(fields, feed, strict=True))
        ],
    )
    assert market.shocks
    verifier.expect_fields(
        core.parameters.shocksTarget.prepare(number),
        [
            (f"{file}: shocks.{side}", position, value, _ppm)
            for position, (side, value) in enumerate(
                zip(type(market.shocks).model_fields, values.shocks(market), strict=True)
            )
        ],
    )
    if market.grid:
        verifier.expect_fields(
            core.parameters.gridTarget.prepare(number),
            [
                (f"{file}: grid.{field}", position, value, _ppm if position == 0 else _thousandths)
                for position, (field, value) in enumerate(
                    zip(type(market.grid).model_fields, values.grid(market), strict=True)
                )
            ],
        )
    twap = market.price.second_source if market.price else None
    if twap:
        source = deployer.at(f"{name}.second_source", "UniswapV3TwapSource")
        quote = markets[twap.quote]
        where, expect = f"{file}: price.second_source", verifier.expect
        assert world.factory
        pool = world.factory.getPool(world.tokens[market.symbol], world.tokens[twap.quote], twap.fee.value)
        expect(f"{where}.fee", source.pool.prepare(), pool)
        expect(f"{where}'s base token", source.baseToken.prepare(), world.tokens[market.symbol])
        expect(f"{where}.window", source.window.prepare(), twap.window.value, format_duration)
        expect(f"{where}.quote", source.quoteAggregator.prepare(), world.aggregators[quote.underlying])
        beat = values.heartbeat(markets, quote, local)
        expect(f"{where}'s quote heartbeat", source.quoteHeartbeat.prepare(), beat, format_duration)
        expect(f"{where}.min_liquidity", source.minLiquidity.prepare(), values.min_liquidity(market, quote))


def _asset(
    verifier: Verifier, deployer: Deployer, markets: Markets, world: World, core: Core, market: Market
) -> None:
    file, symbol, expect = markets.files[market.symbol].name, market.symbol, verifier.expect
    number, token = core.asset_ids[symbol], world.tokens[symbol]
    pool = deployer.record[f"{symbol}.pool"].address if market.pool else NOBODY

    def amount(units: int) -> str:
        return format_amount(units, symbol, market.decimals)

    expect(f"{file}: decimals", token.decimals.prepare(), market.decimals)
    expect(f"{file}: symbol", token.symbol.prepare(), symbol)
    verifier.expect_fields(
        core.vault.assetAt.prepare(number),
        [(f"{file}: token", 0, token.address, str), (f"{file}: pool", 1, pool, str)],
    )
    verifier.expect_fields(
        core.vault.assetInfo.prepare(token),
        [
            (f"{file}: caps.supply", "supplyCap", market.caps.supply.value, amount),
            (f"{file}: caps.debt", "debtCap", market.caps.debt.value, amount),
        ],
    )
    fields: list[tuple[str, Show]] = [
        ("underlying", str),
        ("collateral.tier", lambda tier: Tier(tier).name.lower()),
        ("rate_source", str),
        ("collateral.basis_shock", _ppm),
        ("collateral.basis_band", _ppm),
        ("collateral.unwinding", _ppm),
        ("collateral.depth", _dollars),
    ]
    underlying = core.underlying_ids[market.underlying]
    wanted = values.asset(market, underlying, rate_source(deployer, market))
    verifier.expect_fields(
        core.parameters.assetTarget.prepare(number),
        [
            (f"{file}: {field}", position, value, show)
            for position, ((field, show), value) in enumerate(zip(fields, wanted, strict=True))
        ],
    )
    if market.rate_source:
        source = deployer.at(f"{symbol}.rate_source", "GrowthCappedRate")
        query, unit = values.rate_query(market, deployer.chain.at("MockShareToken", token.address))
        expect(f"{file}: rate_source's token", source.target.prepare(), token)
        expect(f"{file}: rate_source.function", source.query.prepare(), query)
        expect(f"{file}: rate_source's unit", source.answerUnit.prepare(), unit)
        growth = market.rate_source.max_growth.value
        expect(f"{file}: rate_source.max_growth", source.maxGrowthPerYearWad.prepare(), growth, format_share)
    if market.pool:
        _pool(verifier, deployer, market, core, file, amount)


def _pool(
    verifier: Verifier, deployer: Deployer, market: Market, core: Core, file: str, amount: Show
) -> None:
    assert market.pool
    settings, symbol, expect = market.pool, market.symbol, verifier.expect
    pool = deployer.at(f"{symbol}.pool", "LendingPool")
    model = deployer.record[f"{symbol}.rate_model"]
    expect(f"{file}: pool's asset", pool.asset.prepare(), deployer.record[f"{symbol}.token"].address)
    verifier.expect_fields(
        pool.domainOf.prepare(core.vault), [(f"{file}: pool.line", "line", settings.line.value, amount)]
    )
    share = settings.reserve_share.value
    expect(f"{file}: pool.reserve_share", pool.reserveShareWad.prepare(), share, format_share)
    expect(f"{file}: pool.flash_fee", pool.flashFeeWad.prepare(), settings.flash_fee.value, format_share)
    expect(f"{file}: pool's reserve recipient", pool.reserveRecipient.prepare(), core.backstop)
    expect(f"{file}: pool.rate_model", pool.rateModel.prepare(), model.address)
    name, wanted = values.rate_model(settings.rate_model)
    contract = deployer.chain.at(name, model.address)
    getters = (
        ("KINK_WAD", "RATE_AT_ZERO", "RATE_AT_KINK", "RATE_AT_FULL")
        if name == "KinkRateModel"
        else (
            *("TARGET_UTILISATION", "INITIAL_RATE_AT_TARGET", "MIN_RATE_AT_TARGET"),
            *("MAX_RATE_AT_TARGET", "SPEED", "STEEPNESS"),
        )
    )
    fields = [field for field in type(settings.rate_model).model_fields if field != "kind"]
    for field, getter, value in zip(fields, getters, wanted, strict=True):
        expect(f"{file}: pool.rate_model.{field}", getattr(contract, getter).prepare(), value, format_share)


def _ppm(value: int) -> str:
    return format_share(value * WAD // PPM)


def _thousandths(value: int) -> str:
    return format_share(value * WAD // 1_000)


def _dollars(value: int) -> str:
    return format_usd(value * WAD, None)
