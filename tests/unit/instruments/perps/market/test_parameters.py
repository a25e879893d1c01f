"""Governance of a market: bounds, ramps (GOV-1), roles."""

from dataclasses import fields, replace

import pytest

from scripts.model.perps import Parameters
from scripts.model.scenarios import linear_points
from tests.helpers.perp_market import PLAIN, PerpBench
from tests.helpers.system import DAY, TAKER, TRADER, WAD

TOO_MUCH = {
    "unwinding": WAD // 5 + 1,
    "depth": 10_000 * WAD - 1,
    "haircut": WAD + 1,
    "open_interest_cap": 2**128,
    "max_premium": WAD // 10 + 1,
    "premium_time": 59,
    "interest": WAD // 100 + 1,
    "interest_band": WAD // 100 + 1,
    "max_rate": WAD // 20 + 1,
    "max_price_move": WAD // 2 + 1,
    "taker_fee": WAD // 100 + 1,
    "maker_fee": WAD // 100 + 1,
    "backstop_share": WAD + 1,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Parameters)])
def test_every_parameter_has_a_bound(perps: PerpBench, name: str) -> None:
    with perps.evm.reverts("Market_OutOfRange", None, TOO_MUCH[name], None, None):
        perps.market.setParameters(replace(PLAIN, **{name: TOO_MUCH[name]}).words(), DAY)


def test_what_raises_a_requirement_walks(perps: PerpBench) -> None:
    """GOV-1: half of the way after half of the time; what lowers one holds at once."""
    tighter = replace(PLAIN, unwinding=WAD // 20, depth=PLAIN.depth // 2, haircut=WAD // 2)
    with perps.evm.reverts("Market_OutOfRange", None, DAY - 1, DAY, 180 * DAY):
        perps.market.setParameters(tighter.words(), DAY - 1)
    perps.market.setParameters(tighter.words(), 2 * DAY)
    assert tuple(perps.market.parameters()[:3]) == (PLAIN.unwinding, PLAIN.depth, PLAIN.haircut)
    perps.system.warp(DAY)
    assert tuple(perps.market.parameters()[:3]) == (
        (PLAIN.unwinding + tighter.unwinding) // 2,
        (PLAIN.depth + tighter.depth) // 2,
        (PLAIN.haircut + tighter.haircut) // 2,
    )
    perps.system.warp(DAY)
    assert tuple(perps.market.parameters()[:3]) == (tighter.unwinding, tighter.depth, tighter.haircut)
    perps.market.setParameters(PLAIN.words(), 0)
    assert tuple(perps.market.parameters()[:3]) == (PLAIN.unwinding, PLAIN.depth, PLAIN.haircut)


def test_the_requirement_is_notional_times_shock_unwinding_and_concentration(perps: PerpBench) -> None:
    perps.market.setParameters(replace(PLAIN, depth=10**6 * WAD).words(), DAY)
    perps.system.warp(DAY)
    long, short = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(long, short, 10 * WAD)
    ids, _ = perps.market.underlyings()
    prices = [WAD if one == perps.system.assets["USDC"].underlying else 2_000 * WAD for one in ids]
    scenarios = [point.word() for _ in ids for point in linear_points(WAD // 10, WAD // 5)]
    reports = [perps.market.report(one, scenarios, prices, prices, False) for one in (long, short)]
    # 20,000 * (1% + 20,000 / 1,000,000)
    assert [one.addOnWad for one in reports] == [600 * WAD, 600 * WAD]
    assert [one.standaloneWad for one in reports] == [2_000 * WAD, 4_000 * WAD]
    own = ids.index(perps.market.underlying())
    assert [one.exposuresWad[own] for one in reports] == [20_000 * WAD, -20_000 * WAD]


def test_only_the_owner(perps: PerpBench) -> None:
    stranger = perps.evm.accounts[TAKER]
    market = perps.market
    for call in (
        lambda: market.setMaker(stranger, True, sender=stranger),
        lambda: market.setSampler(stranger, sender=stranger),
        lambda: market.setOrders(stranger, sender=stranger),
        lambda: market.setFeeAccount(bytes(32), sender=stranger),
        lambda: market.setParameters(PLAIN.words(), 0, sender=stranger),
    ):
        with perps.evm.reverts("OwnableUnauthorizedAccount", stranger):
            call()
    with perps.evm.reverts("Governed_NotGuardian", stranger):
        market.setReduceOnly(True, sender=stranger)
    with perps.evm.reverts("PerpMarketAdmin_Initialised"):
        market.initialise(stranger, stranger, PLAIN.words(), sender=stranger)
    with perps.evm.reverts("PerpMarket_UnknownMaker", stranger):
        market.setSampler(stranger)


def test_views_do_not_answer_in_the_middle(perps: PerpBench) -> None:
    """Through a listed instrument that acts and reads the market of another."""
    puppet = perps.evm.deploy("MockInstrument", perps.system.vault.address)
    perps.system.vault.listInstrument(puppet.address)
    account = perps.trader(TRADER)
    owner = perps.owner(account)
    from scripts.common import abi as codec

    calls = {
        "type": "tuple[]",
        "components": [{"type": "address", "name": "target"}, {"type": "bytes", "name": "data"}],
    }
    for call in (
        perps.market.position.encode(account),
        perps.market.totals.encode(),
        perps.market.settle.encode(account),
        perps.market.poke.encode(),
        perps.market.collectFees.encode(),
    ):
        data = codec.encode([calls], ([(perps.market.address, call)],))
        with perps.evm.reverts("Market_Locked"):
            perps.system.vault.callInstrument(account, puppet.address, data, sender=owner)
