"""Portfolio margin against `scripts/model/portfolio.py`, to the wei, and against the formula in floating point."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.model.risk import WAD
from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named
from tests.helpers.book import Domain
from tests.helpers.instruments import Curve, Scripted
from tests.helpers.risk_bench import ACCOUNT, PORTFOLIO_MODE, RiskBench, holding

EXAMPLES = 150
PRICES = (2_000, 40_000, 150)

dollars = st.integers(-(10**24), 10**24)
few = st.integers(0, 3)
names = st.tuples(st.integers(0, LOWER_END), st.integers(UPPER_BEGIN, GRID_POINTS - 1))


@st.composite
def books(draw):
    """Arguments of `RiskBench.underlying` for one to three underlyings."""
    rows = []
    for number in range(draw(st.integers(1, 3))):
        down, up = draw(st.integers(0, 800_000)), draw(st.integers(0, 2_000_000))
        multiple = draw(st.integers(1_000, 4_000))
        row = {
            "price": PRICES[number],
            "down": down,
            "up": up,
            "initial_down": min(10**6, down * draw(st.integers(8, 15)) // 10),
            "initial_up": up * draw(st.integers(8, 15)) // 10,
            "volatility_shock": draw(st.integers(10_000, 900_000)),
            "tail_multiple": multiple,
            "tail_damping": draw(st.integers(1, 10**6 // multiple)),
        }
        if draw(st.integers(1, 3)) == 1:
            row["second"] = PRICES[number] * draw(st.integers(60, 160)) / 100
        rows.append(row)
    return rows


@st.composite
def instruments(draw, count):
    """A mock that says anything of what it holds in some of the underlyings."""
    ids = sorted(draw(st.sets(st.integers(0, count - 1), min_size=1)))
    each = st.lists(dollars, min_size=len(ids), max_size=len(ids))
    units = st.lists(st.integers(-(10**21), 10**21), min_size=len(ids), max_size=len(ids))
    held = [Curve(draw(units), draw(each), draw(each)) for _ in range(draw(few))]
    return Scripted(
        ids,
        draw(dollars),
        draw(st.integers(0, 10**24) | st.just(0)),
        held,
        draw(each),
        draw(st.integers(0, 10**22)),
        curved=draw(st.integers(0, 2 ** len(ids) - 1)),
        haircut=draw(st.integers(0, WAD)),
    )


@settings(max_examples=EXAMPLES)
@given(data=st.data(), rows=books(), rho=st.integers(0, 10**6))
def test_any_portfolio(evm, data, rows, rho):
    with evm.isolation():
        bench = RiskBench(evm, domain=Domain(netting=rho))
        for row in rows:
            bench.underlying(**row)
        holdings = []
        for number in range(len(rows)):
            row = {"unwinding": data.draw(st.integers(0, 50_000)), "basis_shock": data.draw(few) * 10_000}
            row |= {"depth": data.draw(st.sampled_from([0, 0, 10**6])), "basis_band": data.draw(few) * 1_000}
            asset = bench.asset(number, **row)
            if data.draw(st.booleans()):
                holdings.append((asset, data.draw(st.integers(-(10**22), 10**22))))
        bench.publish()
        held = [data.draw(instruments(len(rows))) for _ in range(data.draw(few))]
        contracts = [evm.deploy("MockScenarioInstrument", said.ids, said.curved) for said in held]
        for contract, said in zip(contracts, held, strict=True):
            contract.setAnswers(said.answers(), Scripted(said.ids).answers())
        both = list(zip(contracts, held, strict=True))
        for maintenance in (False, True):
            answer = bench.check_portfolio(holdings, maintenance, both)
            close_to_the_formula(answer)
        pairs = {number: data.draw(names) for number in range(len(rows))}
        named = bench.check_portfolio(holdings, True, both, Named(pairs))
        # What named points prove, the whole grid proves.
        assert named.equity - named.requirement >= answer.equity - answer.requirement
        assert named.equity >= answer.equity


def close_to_the_formula(answer):
    """R = rho max_d sum_u L_u(d) + (1 - rho) sum_u max_d L_u(d) + apart, in floating point."""
    portfolio = answer.portfolio
    rho = portfolio.terms.rho / WAD
    losses = np.zeros((2, 1))
    for netting in portfolio.sets.values():
        moves = np.array([point.spot_shock / WAD * point.weight / WAD for point in netting.points])
        loss = -(np.array(netting.changes, dtype=float) + netting.linear * moves)
        halves = [max(0.0, loss[:13].max()), max(0.0, loss[10:].max())]
        losses = np.hstack([losses, np.array(halves)[:, None]])
    expected = rho * losses.sum(axis=1).max() + (1 - rho) * losses.max(axis=0).sum() + portfolio.apart
    assert portfolio.requirement() == pytest.approx(expected, rel=1e-9, abs=10**3)


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (1 << 255 | 13 | 10 << 5, (0, 13, 0, 12)),
        (1 << 255 | 0 | 9 << 5, (0, 9, 10, 22)),
        (1 << 255 | 0 | 23 << 5, (0, 23, 10, 22)),
        (1 << 255, (0, 0, 10, 22)),
    ],
)
def test_a_point_that_is_in_no_half_is_refused(evm, word, told):
    bench = RiskBench(evm)
    bench.asset(bench.underlying(2_000))
    bench.publish()
    with evm.reverts("RiskEngine_BadScenario", *told):
        bench.engine.weigh(ACCOUNT, [holding(0, WAD)], [PORTFOLIO_MODE], word)
    # Under standard margin the word means nothing.
    bench.engine.weigh(ACCOUNT, [holding(0, WAD)], [], word)


def test_the_grids_and_netting_walk(evm):
    """GOV-1: netting falls and volatility shocks and tails rise along their ramps."""
    ramp = {"ramp_start": evm.now, "ramp_end": evm.now + 1_000}
    bench = RiskBench(evm, domain=Domain(netting=0, netting_from=800_000, **ramp))
    row = {
        "volatility_shock": 500_000,
        "volatility_shock_from": 100_000,
        "tail_multiple": 3_000,
        "tail_multiple_from": 2_000,
        "tail_damping": 300,
        "tail_damping_from": 200,
    }
    ids = [bench.underlying(2_000, **row, **ramp), bench.underlying(40_000)]
    for number in ids:
        bench.asset(number)
    bench.publish()
    held = Scripted(ids, positions=[Curve([0, 0], [-(10**24), 0], [-(10**24), 0])], exposure=[0, 0], curved=1)
    contract = evm.deploy("MockScenarioInstrument", ids, 1)
    contract.setAnswers(held.answers(), held.answers())
    required = []
    for _ in range(5):
        answer = bench.check_portfolio([(0, 10**21), (1, -(10**20))], True, [(contract, held)])
        required.append(answer.requirement)
        bench.evm.warp(250)
        for number in ids:
            bench.set_price(number, PRICES[number])
    assert required == sorted(set(required)), "rises from step to step"
