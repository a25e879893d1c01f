"""What holds of every account: concentration, subadditivity, homogeneity, and ORA-1 against any liar."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.helpers.book import WAD
from tests.helpers.risk_bench import RiskBench

EXAMPLES = 200
WEI = 10**4  # of roundings, in every sum below
DOLLAR, ETHER, BITCOIN = range(3)


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm)
    bench.underlying(1, half_width=1_000, initial_down=20_000, initial_up=20_000, down=15_000, up=15_000)
    bench.underlying(2_000, second=2_000, tolerance=20_000)
    bench.underlying(40_000, second=40_000, tolerance=15_000)
    bench.asset(DOLLAR, decimals=6)
    bench.asset(ETHER)
    bench.asset(ETHER, rate="1.2", basis_shock=15_000, basis_band=2_000)
    bench.asset(BITCOIN, decimals=8)
    bench.publish()
    return bench


UNITS = [10**6, WAD, WAD, 10**8]
WORTH = [1, 2_000, 2_400, 40_000]
dollars = st.integers(-(10**6), 10**6)
accounts = st.tuples(dollars, dollars, dollars, dollars).map(
    lambda values: [
        (asset, value * unit // worth)
        for asset, (value, unit, worth) in enumerate(zip(values, UNITS, WORTH, strict=True))
    ]
)


def plus(one, other):
    return [(asset, first + second) for (asset, first), (_, second) in zip(one, other, strict=True)]


def slack(answer):
    """By how much an account passes new risk."""
    return answer.equity - answer.uncertainty - answer.requirement


def is_healthy(answer):
    return answer.equity + answer.uncertainty >= answer.requirement


@settings(max_examples=EXAMPLES)
@given(one=accounts, other=accounts, maintenance=st.booleans())
def test_a_requirement_is_subadditive(bench, one, other, maintenance):
    """R(A + B) <= R(A) + R(B): to put accounts together never needs more."""
    first, second, both = (bench.assess(holdings, maintenance) for holdings in (one, other, plus(one, other)))
    assert both.requirement <= first.requirement + second.requirement + WEI
    assert both.uncertainty <= first.uncertainty + second.uncertainty + WEI
    assert abs(both.equity - first.equity - second.equity) <= WEI


@settings(max_examples=EXAMPLES)
@given(account=accounts, share=st.integers(0, 100), maintenance=st.booleans())
def test_an_assessment_is_homogeneous(bench, account, share, maintenance):
    """A tenth of an account has a tenth of everything, which takeovers rely on."""
    whole = bench.assess(account, maintenance)
    part = bench.assess([(asset, amount * share // 100) for asset, amount in account], maintenance)
    units = sum(WAD * WORTH[asset] // UNITS[asset] for asset, _ in account) + WEI
    for name in ("equity", "uncertainty", "requirement"):
        assert abs(getattr(part, name) * 100 - getattr(whole, name) * share) <= 100 * units


@settings(max_examples=EXAMPLES)
@given(
    value=st.integers(1, 10**9),
    more=st.integers(0, 10**9),
    depth=st.integers(1, 10**9),
    sign=st.sampled_from([1, -1]),
)
def test_concentration_raises_the_requirement_with_the_size(evm, value, more, depth, sign):
    """A larger position needs a larger share of itself, and never less in all."""
    with evm.isolation():
        bench = RiskBench(evm)
        bench.underlying(1)
        bench.asset(0, depth=depth)
        bench.publish()
        small = bench.check([(0, sign * value * WAD)], maintenance=True)
        large = bench.check([(0, sign * (value + more) * WAD)], maintenance=True)
        assert large.requirement >= small.requirement
        assert large.requirement * value >= small.requirement * (value + more) - WEI * (value + more)


@settings(max_examples=EXAMPLES)
@given(account=accounts, down=st.integers(0, 500_000), more=st.integers(0, 500_000))
def test_a_larger_shock_never_needs_less(evm, account, down, more):
    with evm.isolation():
        requirements = []
        for shock in (down, down + more):
            bench = RiskBench(evm)
            for price in (1, 2_000, 40_000):
                bench.underlying(price, down=shock, up=shock, initial_down=shock, initial_up=shock)
            for underlying, decimals in ((0, 6), (1, 18), (1, 18), (2, 8)):
                bench.asset(underlying, decimals=decimals)
            bench.publish()
            requirements.append(bench.assess(account, True).requirement)
        assert requirements[0] <= requirements[1]


lies = st.sampled_from([1, 500, 900, 970, 985, 1_015, 1_030, 1_100, 2_000, 10_000, 10**6])


@settings(max_examples=EXAMPLES)
@given(account=accounts, ether=lies, bitcoin=lies)
def test_no_second_source_forces_a_takeover(bench, evm, account, ether, bitcoin):
    """ORA-1: whatever the second sources say, who was healthy still is."""
    assume(is_healthy(bench.assess(account, True)))
    with evm.isolation():
        sources = list(bench.sources)
        bench.set_second(ETHER, 2_000 * ether / 1_000)
        bench.set_second(BITCOIN, 40_000 * bitcoin / 1_000)
        lied = bench.check(account, maintenance=True)
        bench.sources = sources
        assert lied.favourable + WEI >= lied.requirement


@settings(max_examples=EXAMPLES)
@given(account=accounts, ether=lies, bitcoin=lies)
def test_no_primary_forces_a_takeover(bench, evm, account, ether, bitcoin):
    """ORA-1: whatever the primaries say beyond the tolerance, who was healthy still is.

    Within the tolerance a primary is believed; validation keeps shocks larger than that.
    """
    assume(all(abs(share - 1_000) > 20 for share in (ether, bitcoin)))
    assume(is_healthy(bench.assess(account, True)))
    with evm.isolation():
        sources = list(bench.sources)
        bench.set_price(ETHER, 2_000 * ether / 1_000)
        bench.set_price(BITCOIN, 40_000 * bitcoin / 1_000)
        lied = bench.check(account, maintenance=True)
        bench.sources = sources
        assert lied.favourable + WEI >= lied.requirement


@settings(max_examples=EXAMPLES)
@given(account=accounts, ether=lies, bitcoin=lies)
def test_no_second_source_opens_debt(bench, evm, account, ether, bitcoin):
    """ORA-1: whatever the second sources say, an account passes by no more than at the truth."""
    with evm.isolation():
        sources = list(bench.sources)
        honest = slack(bench.assess(account))
        bench.set_second(ETHER, 2_000 * ether / 1_000)
        bench.set_second(BITCOIN, 40_000 * bitcoin / 1_000)
        lied = bench.check(account)
        bench.sources = sources
        assert slack(lied) <= honest + WEI


@settings(max_examples=EXAMPLES)
@given(account=accounts, ether=lies, bitcoin=lies)
def test_no_primary_opens_debt(bench, evm, account, ether, bitcoin):
    """ORA-1: judged at a disputed price, an account passes by no more than at the honest second price."""
    assume(all(abs(share - 1_000) > 20 for share in (ether, bitcoin)))
    with evm.isolation():
        sources = list(bench.sources)
        honest = bench.assess(account)
        bench.set_price(ETHER, 2_000 * ether / 1_000)
        bench.set_price(BITCOIN, 40_000 * bitcoin / 1_000)
        lied = bench.check(account)
        bench.sources = sources
        # The lying primary's half-width is a share of its lie; the honest one's is what may be missing.
        allowed = honest.uncertainty + honest.requirement // 100 + WEI
        assert slack(lied) <= slack(honest) + allowed
