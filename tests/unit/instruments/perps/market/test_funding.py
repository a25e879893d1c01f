"""Premium and funding: a mean over time that a block cannot move, and what longs pay shorts."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from scripts.model.perps import EIGHT_HOURS, Market
from tests.helpers.perp_market import PLAIN, TOKEN, USUAL, PerpBench
from tests.helpers.system import TAKER, TRADER, WAD

PREMIUM = WAD // 100


def test_a_sample_counts_from_the_second_after_it(perps: PerpBench) -> None:
    """A round trip within a block moves nothing."""
    trader = perps.trader(TRADER)
    perps.maker.setPremium(0, PREMIUM)
    perps.trade(trader, WAD)
    assert perps.market.state()[1] == 0
    perps.maker.setPremium(0, 0)
    perps.trade(trader, -WAD)
    perps.system.warp(3_600)
    assert perps.market.state()[1] == 0


def test_one_block_moves_the_premium_by_its_part_of_the_time(perps: PerpBench) -> None:
    perps.maker.setPremium(0, PREMIUM)
    perps.market.poke()
    perps.system.warp(12)
    perps.maker.setPremium(0, 0)
    perps.market.poke()
    assert perps.market.state()[1] == PREMIUM * 12 // 912


def test_the_sample_is_clamped(perps: PerpBench) -> None:
    perps.maker.setPremium(0, 5 * WAD)
    perps.market.poke()
    perps.system.warp(900)
    assert perps.market.state()[1] == PLAIN.max_premium // 2
    assert perps.mark == 2_000 * WAD + 20 * WAD


def test_a_maker_that_does_not_answer_has_no_premium(perps: PerpBench) -> None:
    perps.maker.setPremium(0, PREMIUM)
    perps.market.poke()
    perps.maker.setSilent(True)
    perps.market.poke()
    perps.system.warp(900)
    assert perps.market.state()[1] == 0


def test_longs_pay_shorts_at_a_premium(perps: PerpBench) -> None:
    perps.market.setParameters(replace(PLAIN, interest=WAD // 1_000, interest_band=WAD // 100).words(), 0)
    long, short = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(long, short, 10 * WAD)
    perps.system.warp(EIGHT_HOURS)
    assert perps.market.state()[3] == WAD // 1_000
    assert perps.position(long)["cost"] == (20_000 + 20) * 10**36
    assert perps.position(short)["cost"] == -(20_000 + 20) * 10**36
    assert perps.settle(long) == -20 * 10**6 and perps.settle(short) == 20 * 10**6


def test_funding_stands_still_while_the_index_is_not_fresh(perps: PerpBench) -> None:
    perps.market.setParameters(replace(PLAIN, interest=WAD // 1_000, interest_band=WAD // 100).words(), 0)
    long, short = perps.trader(TRADER), perps.trader(TAKER)
    perps.fill(long, short, 10 * WAD)
    perps.evm.warp(3 * 86_400)
    perps.market.poke()
    before = perps.market.state()[4]
    perps.evm.warp(86_400)
    perps.market.poke()
    assert perps.market.state()[4] == before
    perps.system.refresh()
    perps.market.poke()
    perps.system.warp(60)
    assert perps.market.state()[4] > before


@given(
    samples=st.lists(st.tuples(st.integers(-(WAD // 20), WAD // 20), st.integers(1, 30_000)), max_size=6),
    interest=st.integers(0, WAD // 200),
    band=st.integers(0, WAD // 200),
)
def test_premium_rate_and_funding_are_those_of_the_model(
    perps: PerpBench, samples: list[tuple[int, int]], interest: int, band: int
) -> None:
    with perps.evm.isolation():
        parameters = replace(USUAL, interest=interest, interest_band=band)
        perps.market.setParameters(parameters.words(), 0)
        perps.market.poke()
        state = perps.market.state()
        model = Market(parameters, TOKEN, perps.evm.now, funding=state[4], index=2_000 * WAD)
        for sample, seconds in samples:
            perps.maker.setPremium(0, sample)
            perps.market.poke()
            model.take_sample(sample)
            perps.system.warp(seconds)
            premium, rate, grown = model.grown(perps.evm.now)
            assert tuple(perps.market.state()[1:5]) == (
                *(premium, model.parameters.max_premium and 2_000 * (WAD + premium)),
                *(rate, model.funding + grown),
            )
            perps.market.poke()
            model.refresh(perps.evm.now, 2_000 * WAD)
