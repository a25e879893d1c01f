"""The protocol: the five contracts that know each other, then each asset with its pool and parameters."""

from __future__ import annotations

from functools import partial
from typing import Any

from scripts.common.contract import Contract
from scripts.common.create_address import created_address
from scripts.common.uniswap import NOBODY, POOL_INIT_CODE_HASH
from scripts.deploy.core import Core, role
from scripts.deploy.deployer import Deployer, DeployError
from scripts.deploy.options import build_options
from scripts.deploy.perps import build_perps
from scripts.deploy.volatility import build_volatility, owned
from scripts.deploy.world import World
from scripts.markets import Market, Markets, values

# Their constructors name each other, so their addresses are computed before the first one is sent.
CORE = ("parameters", "risk", "vault", "liquidation", "backstop", "portfolio_mode")


def build(deployer: Deployer, markets: Markets, world: World, local: bool) -> Core:
    """Deploys what is missing, lists assets that are not listed, sets what has never been set."""
    core = _core(deployer, markets, world)
    _configure_backstop(deployer, markets, core)
    deployer.ensure(
        "allowed swaps through Uniswap v3",
        deployer.record.complete or core.vault.swapAdapterAllowed(core.adapter),
        lambda: core.vault.setSwapAdapter(core.adapter, True, sender=deployer.sender),
    )
    deployer.ensure(
        "listed portfolio margin",
        # The first instrument that is listed.
        core.vault.instrumentCount() != 0,
        lambda: core.vault.listInstrument(core.portfolio_mode, sender=deployer.sender),
    )
    core.asset_ids = listed_assets(core, markets, world)
    for market in markets.assets:
        _list_asset(deployer, markets, world, core, market, local)
    core.asset_ids = listed_assets(core, markets, world)
    _set_parameters(deployer, markets, world, core, local)
    core.underlying_ids = known_underlyings(core, world)
    build_volatility(deployer, markets, core, local)
    build_perps(deployer, markets, world, core)
    build_options(deployer, markets, core)
    _hand_over(deployer, markets, core)
    return core


def listed_assets(core: Core, markets: Markets, world: World) -> dict[str, int]:
    """The vault's number of each asset that it lists. Raises DeployError for one that no file knows."""
    by_address = {token.address: symbol for symbol, token in world.tokens.items()}
    ids: dict[str, int] = {}
    for asset_id in range(core.vault.assetCount()):
        token = core.vault.assetAt(asset_id)[0]
        if token not in by_address:
            raise DeployError(f"the vault lists {token} as asset {asset_id}, and no market file has it")
        ids[by_address[token]] = asset_id
    first = next(iter(ids), markets.domain.settlement)
    if first != markets.domain.settlement:
        raise DeployError(
            f"{markets.files[markets.domain.name].name}: settlement: is {markets.domain.settlement}, and the"
            f" vault settles in {first}; it cannot be changed"
        )
    return ids


def known_underlyings(core: Core, world: World) -> dict[str, int]:
    """The number of each underlying in the risk book, found by its feed."""
    by_address = {aggregator.address: name for name, aggregator in world.aggregators.items()}
    ids: dict[str, int] = {}
    for number in range(core.parameters.underlyingCount()):
        aggregator = core.parameters.feedTarget(number).aggregator
        if aggregator not in by_address:
            raise DeployError(
                f"underlying {number} has the feed {aggregator}, and no market file has that aggregator"
            )
        ids[by_address[aggregator]] = number
    return ids


# --- contracts ---


def _core(deployer: Deployer, markets: Markets, world: World) -> Core:
    domain = markets.domain
    # The deployer configures and then hands over.
    owner = deployer.record.deployer
    guardian = role(deployer, domain.governance.guardian.value)
    at = _predict(deployer)
    arguments: dict[str, tuple[str, tuple[Any, ...]]] = {
        "parameters": ("RiskParameters", (owner, guardian, at["vault"], at["risk"])),
        "risk": ("RiskEngine", (at["parameters"], at["portfolio_mode"], world.sequencer_feed)),
        "vault": (
            "Vault",
            (owner, guardian, at["risk"], at["liquidation"], at["backstop"], world.wrapped_native),
        ),
        "liquidation": ("LiquidationEngine", (at["vault"], at["risk"], at["backstop"])),
        "backstop": (
            "Backstop",
            (
                *(at["vault"], world.tokens[domain.settlement], domain.backstop.name, domain.backstop.symbol),
                *(owner, guardian, domain.backstop.cooldown.value, domain.backstop.window.value),
            ),
        ),
        "portfolio_mode": ("PortfolioMode", (at["vault"],)),
    }
    contracts = {key: deployer.create(key, name, *args) for key, (name, args) in arguments.items()}
    vault = deployer.at("vault", "IVault")
    option_lens = deployer.create("option_lens", "OptionLens", vault)
    return Core(
        parameters=contracts["parameters"],
        risk=contracts["risk"],
        vault=vault,
        liquidation=contracts["liquidation"],
        backstop=contracts["backstop"],
        portfolio_mode=contracts["portfolio_mode"],
        lens=deployer.create("lens", "AccountLens", vault),
        option_lens=option_lens,
        helper=deployer.create("helper", "MarginHelper", vault),
        adapter=deployer.create("adapter", "UniswapV3Adapter", world.factory, POOL_INIT_CODE_HASH),
    )


def _predict(deployer: Deployer) -> dict[str, str]:
    """Addresses of the six, which are deployed one after the other by one account.

    If the account has sent something else between two of them, those that are there cannot be completed.
    """
    record = deployer.record
    present = [key for key in CORE if key in record]
    if len(present) == len(CORE):
        return {key: record[key].address for key in CORE}
    deployer.require_begun_by_sender(CORE[len(present)])
    nonce = deployer.nonce()
    start = max(nonce - len(present), 0)
    at = {key: created_address(deployer.sender, start + step) for step, key in enumerate(CORE)}
    if any(record[key].address != at[key] for key in present):
        record.drop(*present)
        at = {key: created_address(deployer.sender, nonce + step) for step, key in enumerate(CORE)}
    return at


def _configure_backstop(deployer: Deployer, markets: Markets, core: Core) -> None:
    discount = markets.domain.backstop.sale_discount.value
    if deployer.record.complete:
        return
    deployer.ensure(
        "set the backstop's sale discount",
        core.backstop.saleDiscountWad() == discount,
        lambda: core.backstop.setSaleDiscount(discount, sender=deployer.sender),
    )


def _list_asset(
    deployer: Deployer, markets: Markets, world: World, core: Core, market: Market, local: bool
) -> None:
    symbol, sender, token = market.symbol, deployer.sender, world.tokens[market.symbol]
    if market.price and market.price.second_source:
        _second_source(deployer, markets, world, market, local)
    if market.rate_source:
        _rate_source(deployer, world, market)
    pool: Contract | str = NOBODY
    new = symbol not in core.asset_ids
    if market.pool:
        pool = _pool(deployer, world, core, market, new)
    deployer.ensure(
        f"listed {symbol}",
        not new,
        lambda: core.vault.listAsset(
            token, pool, market.caps.supply.value, market.caps.debt.value, sender=sender
        ),
    )


def _pool(deployer: Deployer, world: World, core: Core, market: Market, new: bool) -> Contract:
    assert market.pool
    settings, symbol, sender = market.pool, market.symbol, deployer.sender
    name, arguments = values.rate_model(settings.rate_model)
    rate_model = deployer.create(f"{symbol}.rate_model", name, *arguments)
    owner = deployer.record.deployer
    guardian = deployer.record["vault"].arguments["guardian"]
    pool = deployer.create(
        f"{symbol}.pool",
        "LendingPool",
        *(world.tokens[symbol], f"Keel {market.name}", f"k{symbol}", owner, guardian),
        *(rate_model, core.backstop, settings.reserve_share.value),
    )
    if new:
        deployer.ensure(
            f"gave the domain a credit line of the {symbol} pool",
            pool.domainOf(core.vault).line == settings.line.value,
            lambda: pool.setLine(core.vault, settings.line.value, sender=sender),
        )
        deployer.ensure(
            f"set the flash fee of the {symbol} pool",
            pool.flashFeeWad() == settings.flash_fee.value,
            lambda: pool.setFlashFee(settings.flash_fee.value, sender=sender),
        )
    return pool


def _second_source(deployer: Deployer, markets: Markets, world: World, market: Market, local: bool) -> None:
    assert market.price and market.price.second_source and world.factory
    twap = market.price.second_source
    quote = markets[twap.quote]
    base_token, quote_token = world.tokens[market.symbol], world.tokens[twap.quote]
    pool = world.factory.getPool(base_token, quote_token, twap.fee.value)
    if pool == NOBODY:
        raise DeployError(
            f"{markets.files[market.symbol].name}: price.second_source: Uniswap has no pool of"
            f" {market.symbol} and {twap.quote} with that fee"
        )
    deployer.create(
        f"{market.underlying}.second_source",
        "UniswapV3TwapSource",
        *(pool, base_token, twap.window.value, world.aggregators[quote.underlying]),
        *(values.heartbeat(markets, quote, local), values.min_liquidity(market, quote)),
    )


def _rate_source(deployer: Deployer, world: World, market: Market) -> None:
    assert market.rate_source
    token, source = world.tokens[market.symbol], market.rate_source
    query, unit = values.rate_query(market, deployer.chain.at("MockShareToken", token.address))
    deployer.create(
        f"{market.symbol}.rate_source", "GrowthCappedRate", token, query, unit, source.max_growth.value
    )


# --- risk parameters ---


def _set_parameters(deployer: Deployer, markets: Markets, world: World, core: Core, local: bool) -> None:
    """Everything that the risk book lacks, in one publication."""
    parameters = core.parameters
    calls: list[bytes] = []
    if parameters.domainTarget().targetHealthPpm == 0:
        calls.append(parameters.setDomain.encode(values.domain(markets.domain), 0))
    ids = known_underlyings(core, world)
    for name, market in markets.underlyings.items():
        if name not in ids:
            ids[name] = len(ids)
            feed = values.feed(markets, market, *sources(deployer, world, market), local)
            calls.append(parameters.addUnderlying.encode(feed, values.shocks(market)))
        if market.grid and (
            ids[name] >= parameters.underlyingCount()
            or not parameters.gridTarget(ids[name]).volatilityShockPpm
        ):
            calls.append(parameters.setGrid.encode(ids[name], values.grid(market), 0))
    ordered = sorted(markets.assets, key=lambda market: core.asset_ids[market.symbol])
    known = parameters.assetCount()
    for market in ordered[known:]:
        asset = values.asset(market, ids[market.underlying], rate_source(deployer, market))
        calls.append(parameters.addAsset.encode(core.asset_ids[market.symbol], asset))
    deployer.ensure(
        "set the risk parameters of "
        + (", ".join(market.symbol for market in ordered[known:]) or "the domain"),
        not calls,
        lambda: parameters.configure(calls, sender=deployer.sender),
    )


def sources(deployer: Deployer, world: World, market: Market) -> tuple[str, str]:
    """Addresses of an underlying's feed and second source."""
    key = f"{market.underlying}.second_source"
    second = deployer.record[key].address if key in deployer.record else NOBODY
    return world.aggregators[market.underlying].address, second


def rate_source(deployer: Deployer, market: Market) -> str:
    """Address of an asset's rate source, zero for none."""
    key = f"{market.symbol}.rate_source"
    return deployer.record[key].address if key in deployer.record else NOBODY


# --- ownership ---


def governed(deployer: Deployer, markets: Markets) -> dict[str, Contract]:
    """Contracts with an owner and a guardian, by key."""
    keys = ["parameters", "vault", "backstop"]
    keys += [key for key in ("volatility_surface",) if key in deployer.record]
    keys += [f"{market.symbol}.pool" for market in markets.assets if market.pool]
    keys += [f"{perp.symbol}.{part}" for perp in markets.perps for part in ("market", "amm")]
    keys += [f"{option.symbol}.market" for option in markets.options]
    return {key: deployer.at(key, "Governed") for key in keys}


def _hand_over(deployer: Deployer, markets: Markets, core: Core) -> None:
    """Offers ownership to whom the file names; he accepts it himself."""
    owner = role(deployer, markets.domain.governance.owner.value)
    for key, contract in {**governed(deployer, markets), **owned(deployer)}.items():
        offer = partial(contract.transferOwnership, owner, sender=deployer.sender)
        there = owner in (contract.owner(), contract.pendingOwner())
        deployer.ensure(f"offered {key} to {owner}", there, offer)
