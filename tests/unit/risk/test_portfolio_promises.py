"""Promises of portfolio margin, on the engine itself: PM-1, PM-2, PM-3."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scripts.model.risk import WAD
from scripts.model.scenarios import GRID_POINTS, LOWER_END, UPPER_BEGIN, Named
from tests.helpers.book import Domain
from tests.helpers.instruments import Curve, Scripted, trade
from tests.helpers.risk_bench import ACCOUNT, PORTFOLIO_MODE, RiskBench, account_id, holding

EXAMPLES = 60
ROUNDING = 10**6
"""Wei of dollars: an asset, an instrument and an underlying round by one each, at most scaled by a dispute."""
USDC, WETH, WBTC = range(3)
DOLLAR, ETHER, BITCOIN = range(3)
TRADED = [ETHER, BITCOIN]
BASE = {ETHER: 2_000, BITCOIN: 40_000}

tokens = st.integers(-(10**21), 10**21)
dollars = st.integers(-(10**23), 10**23)
# Linear in ether, curved in bitcoin.
curves = st.lists(
    st.builds(
        lambda slopes, curvature, vega: Curve(list(slopes), [0, curvature], [0, vega]),
        st.tuples(tokens, tokens),
        dollars,
        dollars,
    ),
    max_size=3,
)
portfolios = st.fixed_dictionaries(
    {"weth": tokens, "wbtc": tokens, "curves": curves, "exposure": st.tuples(dollars, dollars)}
)

# Ten ether and a sale of as many in the instrument; a purchase there, by which both together are long as before.
HEDGED = {"weth": 10 * WAD, "wbtc": 0, "curves": [Curve([-10 * WAD, 0], [0, 0], [0, 0])], "exposure": (0, 0)}
BOUGHT = {"weth": 0, "wbtc": 0, "curves": [Curve([10 * WAD, 0], [0, 0], [0, 0])], "exposure": (0, 0)}


def bench_of(evm, rho: int = 0, **rows) -> RiskBench:
    """Dollars that nothing shocks, ether and bitcoin."""
    bench = RiskBench(evm, domain=Domain(netting=rho))
    bench.underlying(1, half_width=0, initial_down=0, initial_up=0, down=0, up=0)
    for price in BASE.values():
        bench.underlying(price, **{"half_width": 0, **rows})
    bench.asset(DOLLAR, unwinding=0)
    for underlying in TRADED:
        bench.asset(underlying)
    bench.publish()
    return bench


class Held:
    """One instrument that is linear in ether and curved in bitcoin, and tokens, for any account."""

    def __init__(self, bench: RiskBench, evm, haircut: int = 0) -> None:
        self.bench, self.haircut = bench, haircut
        self.contract = evm.deploy("MockScenarioInstrument", TRADED, 0b10)

    def said(self, portfolio, credit: int = 0, add_on: int = 0) -> Scripted:
        """What the instrument says of a portfolio; in ether it is as long as its slopes say."""
        exposure = [sum(one.slopes[0] for one in portfolio["curves"]) * BASE[ETHER], portfolio["exposure"][1]]
        said = Scripted(TRADED, 0, credit, portfolio["curves"], exposure, add_on, haircut=self.haircut)
        said.curved = 0b10
        return said

    def require(self, portfolio, maintenance: bool, mode: bool = True, credit: int = 0, add_on: int = 0):
        said = self.said(portfolio, credit, add_on)
        self.contract.setAnswers(said.answers(), said.answers())
        words = [holding(WETH, portfolio["weth"]), holding(WBTC, portfolio["wbtc"])]
        instruments = [PORTFOLIO_MODE, self.contract.address] if mode else [self.contract.address]
        return self.bench.engine.assess(ACCOUNT, words, instruments, int(maintenance), False)


def mirrored(portfolio):
    """Everything with the other sign."""
    curves = [
        Curve(*([-value for value in part] for part in (one.slopes, one.curvatures, one.vegas)))
        for one in portfolio["curves"]
    ]
    return {
        "weth": -portfolio["weth"],
        "wbtc": -portfolio["wbtc"],
        "curves": curves,
        "exposure": tuple(-value for value in portfolio["exposure"]),
    }


def joined(a, b):
    """Both in one account."""
    return {
        "weth": a["weth"] + b["weth"],
        "wbtc": a["wbtc"] + b["wbtc"],
        "curves": a["curves"] + b["curves"],
        "exposure": tuple(x + y for x, y in zip(a["exposure"], b["exposure"], strict=True)),
    }


@settings(max_examples=EXAMPLES)
@given(
    portfolio=portfolios,
    rho=st.integers(0, 10**6),
    haircut=st.integers(0, WAD),
    credit=st.just(0) | st.integers(0, 10**23),
    add_on=st.integers(0, 10**21),
)
def test_a_portfolio_never_needs_more_than_standard_margin(evm, portfolio, rho, haircut, credit, add_on):
    """PM-1, and what is left of equity after the requirement is no less either."""
    with evm.isolation():
        held = Held(bench_of(evm, rho), evm, haircut)
        for maintenance in (False, True):
            standard = held.require(portfolio, maintenance, False, credit, add_on)
            answer = held.require(portfolio, maintenance, True, credit, add_on)
            assert answer.requirement <= standard.requirement + ROUNDING, "PM-1"
            assert answer.equity - answer.requirement >= standard.equity - standard.requirement - ROUNDING, (
                "PM-1"
            )
            # No borrowing power: new risk is judged by the same equity.
            if not maintenance:
                assert answer.equity == standard.equity


@settings(max_examples=EXAMPLES)
@given(portfolio=portfolios, haircut=st.integers(0, WAD), maintenance=st.booleans())
def test_without_rho_there_is_no_credit_across_underlyings(evm, portfolio, haircut, maintenance):
    """PM-1: each underlying alone needs what it needs together; with `rho` above zero no more."""
    with evm.isolation():
        required = []
        for rho in (0, 500_000, 10**6):
            bench = bench_of(evm, rho)
            held = Held(bench, evm, haircut)
            required.append(held.require(portfolio, maintenance).requirement)
            if rho == 0:
                words = [holding(WETH, portfolio["weth"]), holding(WBTC, portfolio["wbtc"])]
                instruments = [PORTFOLIO_MODE, held.contract.address]
                netted, apart, _ = bench.engine.scenarios(ACCOUNT, words, instruments, int(maintenance))
                alone = sum(max(one.lowerLossWad, one.upperLossWad) for one in netted) + apart
                assert abs(required[0] - alone) <= ROUNDING, "PM-1"
        assert required == sorted(required, reverse=True), "PM-1"


@settings(max_examples=EXAMPLES)
@given(
    a=portfolios,
    b=portfolios,
    rho=st.integers(0, 10**6),
    haircut=st.integers(0, WAD),
    maintenance=st.booleans(),
)
@example(a=HEDGED, b=BOUGHT, rho=0, haircut=WAD // 5, maintenance=True)
def test_splitting_never_needs_less(evm, a, b, rho, haircut, maintenance):
    """PM-2, and the mirror position."""
    with evm.isolation():
        held = Held(bench_of(evm, rho), evm, haircut)

        def required(portfolio):
            return held.require(portfolio, maintenance).requirement

        together = required(joined(a, b))
        assert together <= required(a) + required(b) + ROUNDING, "PM-2"
        assert required(a) - together <= required(mirrored(b)) + ROUNDING, "PM-2"


@settings(max_examples=EXAMPLES)
@given(
    portfolio=portfolios,
    rho=st.integers(0, 10**6),
    pair=st.tuples(st.integers(0, LOWER_END), st.integers(UPPER_BEGIN, GRID_POINTS - 1)),
)
def test_named_points_need_no_more_than_the_grid_and_the_worst_as_much(evm, portfolio, rho, pair):
    with evm.isolation():
        bench = bench_of(evm, rho)
        held = Held(bench, evm)
        whole = held.require(portfolio, True).requirement
        words = [holding(WETH, portfolio["weth"]), holding(WBTC, portfolio["wbtc"])]
        instruments = [PORTFOLIO_MODE, held.contract.address]

        def named(pairs):
            return bench.engine.weigh(ACCOUNT, words, instruments, Named(pairs).word())[0].requirement

        assert named(dict.fromkeys(TRADED, pair)) <= whole
        netted, _, _ = bench.engine.scenarios(ACCOUNT, words, instruments, 1)
        worst = {}
        for one in netted:
            changes = list(one.changesWad)
            lower = min(range(LOWER_END + 1), key=changes.__getitem__)
            upper = min(range(UPPER_BEGIN, GRID_POINTS), key=changes.__getitem__)
            worst[one.underlying] = (lower, upper)
        assert named(worst) == whole


# Point of the grid, spot move in thirds of the shock.
SPOTS = (-3, -2, -1, 0, 1, 2, 3)


@settings(max_examples=EXAMPLES)
@given(
    held=st.tuples(tokens, tokens),
    sizes=st.tuples(tokens, tokens),
    rho=st.integers(0, 10**6),
    shock=st.tuples(st.integers(1, 900_000), st.integers(1, 2_000_000)),
    moves=st.lists(st.sampled_from(SPOTS), min_size=2, max_size=2),
    one=st.sampled_from(TRADED),
)
def test_who_is_at_his_requirement_is_solvent_where_prices_go(evm, held, sizes, rho, shock, moves, one):
    """PM-3: every undampened scenario of one underlying, and every joint move in one direction; feeds are moved."""
    with evm.isolation():
        bench = bench_of(evm, rho, down=shock[0], up=shock[1])
        host = evm.deploy("MockInstrumentHost", bench.engine)
        perps = [evm.deploy("MockLinearInstrument", host, [underlying], 0) for underlying in TRADED]
        account, other = account_id(evm.accounts[1]), account_id(evm.accounts[2])
        for underlying, perp, size in zip(TRADED, perps, sizes, strict=True):
            if size:
                trade(host, perp, account, other, [size], size * BASE[underlying])
        instruments = [PORTFOLIO_MODE, *(perp.address for perp in perps)]

        def judged(cash: int):
            words = [holding(USDC, cash), holding(WETH, held[0]), holding(WBTC, held[1])]
            return bench.engine.assess(account, words, instruments, 1, False)

        bare = judged(0)
        cash = bare.requirement - bare.equity
        at = judged(cash)
        assert (at.equity, at.requirement) == (bare.requirement, bare.requirement)

        def solvent(thirds: dict[int, int]) -> None:
            for underlying in TRADED:
                third = thirds.get(underlying, 0)
                share = third * shock[third > 0]
                bench.set_price(underlying, BASE[underlying] * (3_000_000 + share) / 3_000_000)
            assert judged(cash).equity >= -(10**16), "PM-3"  # feeds have eight decimals

        for third in SPOTS:
            solvent({one: third})
        joint = [abs(third) for third in moves]
        solvent(dict(zip(TRADED, joint, strict=True)))
        solvent({underlying: -third for underlying, third in zip(TRADED, joint, strict=True)})


def test_a_hedge_that_has_gained_keeps_its_account_solvent(evm):
    """PM-3: long ten ether, short ten by an instrument, with little margin; the price halves.

    The instrument's profit waits. It counts for liquidation in full, and is no borrowing power.
    """
    bench = bench_of(evm, down=500_000, up=500_000)
    host = evm.deploy("MockInstrumentHost", bench.engine)
    perp = evm.deploy("MockLinearInstrument", host, [ETHER], 0)
    account, other = account_id(evm.accounts[1]), account_id(evm.accounts[2])
    trade(host, perp, account, other, [-10 * WAD], -20_000 * WAD)
    words = [holding(USDC, -19_900 * WAD), holding(WETH, 10 * WAD)]
    for price in (2_000, 1_000, 3_000):
        bench.set_price(ETHER, price)
        now = bench.engine.assess(account, words, [PORTFOLIO_MODE, perp.address], 1, False)
        assert now.equity == 100 * WAD
        assert now.requirement == price * 10 * WAD * 2 // 1_000, "unwinding alone"
    bench.set_price(ETHER, 1_000)
    new = bench.engine.assess(account, words, [PORTFOLIO_MODE, perp.address], 0, False)
    assert new.equity == -9_900 * WAD
    standard = bench.engine.assess(account, words, [perp.address], 1, False)
    assert standard.equity == -9_900 * WAD and standard.requirement >= 5_000 * WAD


@pytest.mark.parametrize("maintenance", [False, True])
def test_credit_covers_its_own_instrument_before_new_risk_and_counts_for_liquidation(evm, maintenance):
    bench = bench_of(evm)
    held = Held(bench, evm)
    long = {"weth": 0, "wbtc": 0, "curves": [Curve([WAD, 0], [0, 0], [0, 0])], "exposure": (0, 0)}
    answer = held.require(long, maintenance, credit=100 * WAD, add_on=10 * WAD)
    loss = 2_000 * WAD * (12 if maintenance else 18) // 100
    if maintenance:
        # No more than standard margin asks for: part of the credit covers the difference.
        assert answer.requirement == loss + 10 * WAD - 100 * WAD
        assert answer.equity == 0
    else:
        assert (answer.equity, answer.requirement) == (0, loss + 10 * WAD - 100 * WAD)
