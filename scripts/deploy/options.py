"""Option markets: each with its two parts, and the one contract that settles signed orders for all of them."""

from __future__ import annotations

from functools import partial

from scripts.client.perps import parameters_target
from scripts.common.units import format_share, format_usd
from scripts.deploy.core import Core, OptionContracts
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
from scripts.markets import Markets, Option


def build_options(deployer: Deployer, markets: Markets, core: Core) -> None:
    """Deploys what is missing; a market is listed last, when orders and fees are set."""
    if not markets.options:
        return
    core.option_orders = deployer.create("option_orders", "OptionOrders", core.vault)
    for option in markets.options:
        core.options[option.symbol] = _create(deployer, markets, core, option)
    listed = listed_instruments(deployer, markets, core)
    for option in markets.options:
        market = core.options[option.symbol].market
        if market.address not in listed:
            _configure(deployer, markets, core, option)
        deployer.ensure(
            f"listed {option.symbol}",
            market.address in listed,
            partial(core.vault.listInstrument, market, sender=deployer.sender),
        )


def verify_options(verifier: Verifier, deployer: Deployer, markets: Markets, core: Core) -> None:
    """What each market should answer."""
    if core.option_orders is None:
        return
    assert core.volatility
    expect, listed = verifier.expect, listed_instruments(deployer, markets, core)
    for option in markets.options:
        file, market = markets.files[option.symbol].name, core.options[option.symbol].market
        expect_place(verifier, core, file, option.symbol, market, listed)
        expect(f"{file}: underlying", market.underlying.prepare(), core.underlying_ids[option.underlying])
        expect(f"{option.symbol}'s surface", market.surface.prepare(), core.volatility.surface)
        expect(f"{option.symbol}'s orders", market.orders.prepare(), core.option_orders)
        account = fee_account(deployer, markets, option.fees)
        expect(f"{file}: fees.account", market.feeAccount.prepare(), account, bytes.hex)
        fields: list[tuple[str, Show]] = [
            ("margin.unwinding", format_share),
            ("margin.depth", format_usd),
            ("margin.haircut", format_share),
            ("margin.naked_short", format_share),
            ("margin.open_interest", format_usd),
            ("max_price_move", format_share),
            ("fees.taker", format_share),
            ("fees.maker", format_share),
            ("fees.cap", format_share),
            ("fees.backstop_share", format_share),
            ("min_position", format_usd),
        ]
        target = target_of(deployer, f"{option.symbol}.market", market, parameters_target)
        expect_targets(verifier, market.parameters.prepare(), target, file, fields, option.parameters)


def _create(deployer: Deployer, markets: Markets, core: Core, option: Option) -> OptionContracts:
    assert core.volatility
    settlement, symbol = markets[markets.domain.settlement], option.symbol
    setup = (
        core.underlying_ids[option.underlying],
        core.underlying_ids[settlement.underlying],
        settlement.decimals,
        core.volatility.surface.address,
        core.parameters.address,
    )
    admin = deployer.create(f"{symbol}.admin", "OptionMarketAdmin", core.vault.address, setup)
    risk = deployer.create(f"{symbol}.risk", "OptionMarketRisk", core.vault.address, setup)
    market = deployer.create(
        f"{symbol}.market",
        "OptionMarket",
        *(core.vault.address, setup, admin.address, risk.address),
        *(deployer.record.deployer, deployer.record["vault"].arguments["guardian"]),
        at_creation(deployer, f"{symbol}.market", "initial", option.parameters),
    )
    return OptionContracts(market, admin, risk)


def _configure(deployer: Deployer, markets: Markets, core: Core, option: Option) -> None:
    assert core.option_orders
    market, sender = core.options[option.symbol].market, deployer.sender
    account = fee_account(deployer, markets, option.fees)
    deployer.ensure(
        f"let signed orders be settled in {option.symbol}",
        market.orders() == core.option_orders.address,
        partial(market.setOrders, core.option_orders, sender=sender),
    )
    deployer.ensure(
        f"set the account that gets fees of {option.symbol}",
        market.feeAccount() == account,
        partial(market.setFeeAccount, account, sender=sender),
    )
