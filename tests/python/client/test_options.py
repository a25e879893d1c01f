"""Option markets of a deployed domain: by name, what belongs to them, and the orders that they settle."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eth_account import Account

from scripts.chain.options import expiries_from, open_options, smile_around
from scripts.chain.people import account_key
from scripts.client.domain import account_id
from scripts.client.option_orders import OptionOrder
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.model.logarithm import ln_wad
from tests.helpers.crash import CrashChain

pytestmark = pytest.mark.anvil
DAY, EIGHT = 86_400, 8 * 3_600


@pytest.fixture(scope="module")
def world() -> Iterator[CrashChain]:
    with CrashChain() as made:
        open_options(made.deployment)
        yield made


def test_the_client_knows_markets_by_name(world: CrashChain) -> None:
    domain = world.domain
    assert list(domain.options) == ["ETH-OPTION", "BTC-OPTION"]
    assert domain.option("btc-option") == domain.option("BTC") == domain.options["BTC-OPTION"]
    option = domain.option("ETH")
    assert domain.vault.instrumentAt(option.instrument) == option.market.address
    assert option.underlying == domain.underlyings["ETH"] == option.market.underlying()
    assert option.market.orders() == option.orders.address
    assert domain.instruments[option.market.address] == option
    with pytest.raises(
        KeelError, match='no option market "DOGE" is listed; there are ETH-OPTION, BTC-OPTION'
    ):
        domain.option("DOGE")


def test_volatility_and_the_mode_belong_to_the_domain(world: CrashChain) -> None:
    domain = world.domain
    assert domain.volatility is not None
    assert domain.volatility.surface.address == domain.option("ETH").market.surface()
    assert domain.volatility.shocks.realisedVolatility() == domain.volatility.realised.address
    assert domain.portfolio_mode.address == domain.risk.portfolioMode() == domain.vault.instrumentAt(0)


def test_a_local_chain_has_smiles_where_options_are(world: CrashChain) -> None:
    domain = world.domain
    assert domain.volatility is not None
    for option in domain.options.values():
        local = next(one.local for one in world.deployment.configuration.options if one.symbol == option.name)
        expiries = domain.volatility.surface.expiries(option.underlying)
        assert len(expiries) == len(local.expiries)
        assert all(expiry % DAY == EIGHT for expiry in expiries)
        price = domain.risk.band(option.underlying).priceWad
        variance, status = domain.volatility.surface.varianceAt(option.underlying, expiries[0], ln_wad(price))
        assert status == 0 and variance == pytest.approx(local.volatility**2 / WAD, rel=1e-6)
        longs = [option.market.sidesOf(one)[0] for one in option.market.aliveSeries()]
        assert sum(longs) == 2 * local.straddle


def test_an_order_is_signed_as_the_contract_hashes_it(world: CrashChain) -> None:
    option, key = world.domain.option("ETH"), Account.from_key(account_key(3))
    order = OptionOrder(
        account=account_id(key.address),
        market=option.market.address,
        signer=key.address,
        legs=((1, 2), (4, -1)),
        units=-3 * WAD,
        premium=-5 * WAD,
        expiry=2**40,
        nonce=7,
        max_fee=WAD // 1_000,
        flags=1,
    )
    fields, signature = order.signed(key, world.chain.chain_id, option.orders.address)
    hash_ = bytes(option.orders.hashOf(fields))
    assert Account._recover_hash(hash_, signature=signature) == key.address


@pytest.mark.parametrize(
    ("hour", "wanted"), [(7, [8, 32]), (8, [32, 56]), (9, [32, 56])], ids=["before", "at", "after"]
)
def test_expiries_are_at_eight_and_up_to_a_day_less_away(hour: int, wanted: list[int]) -> None:
    midnight = 20_000 * DAY
    found = expiries_from(midnight + hour * 3_600, [DAY, 2 * DAY])
    assert found == [midnight + hours * 3_600 for hours in wanted]


def test_smiles_are_dearer_below_the_price() -> None:
    smile = smile_around(WAD * 3 // 4, 2_000 * WAD)
    below, at, above = (smile.variance(ln_wad(price * WAD)) for price in (1_000, 2_000, 4_000))
    assert below > at and above > at and below > above
    assert at == pytest.approx((WAD * 9 // 16), rel=1e-8)
    assert (below / at) ** 0.5 == pytest.approx(10 / 9, abs=0.01)
