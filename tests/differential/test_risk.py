"""The risk engine against `scripts/model/risk.py`, to the wei: any book, any account, any state of feeds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.model.risk import Status
from tests.helpers.book import ISOLATED, NONE, Domain
from tests.helpers.instruments import Curve, LinearPosition, Scripted, trade
from tests.helpers.risk_bench import RiskBench, account_id

EXAMPLES = 400
HOUR, DAY = 3_600, 86_400
MAX_BALANCE = 2**111 - 1

shares = st.sampled_from([0, 1, 999, 5_000, 120_000, 999_999]) | st.integers(0, 1_000_000)
small = st.integers(0, 50_000)
prices = st.decimals("0.000001", 1_000_000, places=6)


def maybe(strategy, one_in=4):
    """Mostly None, sometimes what the strategy gives."""
    return st.integers(1, one_in).flatmap(lambda n: strategy if n == 1 else st.none())


@st.composite
def underlyings(draw, now):
    """Arguments of `RiskBench.underlying`."""
    price = draw(prices)
    row = {
        "price": price,
        "decimals": draw(st.sampled_from([8, 18, 6, 20, 27])),
        "heartbeat": draw(st.sampled_from([60, HOUR, DAY])),
        "half_width": draw(small),
        "volatility": draw(small),
        "initial_down": draw(shares),
        "initial_up": draw(st.integers(0, 3_000_000)),
        "down": draw(shares),
        "up": draw(st.integers(0, 3_000_000)),
    }
    if draw(st.booleans()):
        row["second"] = draw(st.just(0) | st.builds(lambda share: price * share / 100, st.integers(1, 400)))
        row["tolerance"] = draw(small)
    if draw(st.integers(1, 3)) == 1:
        row |= {
            "ramp_start": now + draw(st.integers(-DAY, DAY)),
            "half_width_from": draw(small),
            "down_from": draw(shares),
            "up_from": draw(shares),
            "tolerance_from": draw(small),
            "volatility_from": draw(small),
        }
        row["ramp_end"] = row["ramp_start"] + draw(st.integers(0, 2 * DAY))
    if draw(st.integers(1, 5)) == 1:
        # Bounds that may or may not hold the price.
        row["min_price"] = draw(st.integers(1, 2 * 10**18))
        row["max_price"] = row["min_price"] + draw(st.integers(0, 10**24))
    return row


@st.composite
def assets(draw, now, underlying_count):
    """Arguments of `RiskBench.asset`."""
    row = {
        "underlying": draw(st.integers(0, underlying_count - 1)),
        "tier": draw(st.sampled_from([2, 2, 2, ISOLATED, NONE])),
        "decimals": draw(st.sampled_from([18, 6, 8, 0, 27])),
        "basis_shock": draw(small),
        "unwinding": draw(small),
        "basis_band": draw(small),
        "depth": draw(st.just(0) | st.integers(1, 10**9)),
        "rate": draw(maybe(st.sampled_from([0, "0.000000001", "1.17", "1000000000"]))),
    }
    if draw(st.integers(1, 3)) == 1:
        row |= {
            "ramp_start": now + draw(st.integers(-DAY, DAY)),
            "basis_shock_from": draw(small),
            "unwinding_from": draw(small),
            "basis_band_from": draw(small),
            "depth_from": draw(st.just(0) | st.integers(1, 2**48 - 1)),
        }
        row["ramp_end"] = row["ramp_start"] + draw(st.integers(0, 2 * DAY))
    return row


@st.composite
def accounts(draw, asset_rows):
    """Holdings of some of the assets, mostly of a size that means something."""
    holdings = []
    for number, row in enumerate(asset_rows):
        if draw(st.integers(1, 4)) == 1:
            continue
        whole = 10 ** row["decimals"]
        size = draw(st.sampled_from([1, whole, 10**6 * whole]))
        amount = draw(st.integers(-size, size) | st.just(0) | st.sampled_from([MAX_BALANCE, -MAX_BALANCE]))
        holdings.append((number, max(min(amount, MAX_BALANCE), -MAX_BALANCE)))
    return holdings


@pytest.mark.slow
@settings(max_examples=EXAMPLES)
@given(data=st.data())
def test_any_account_in_any_state(evm, data):
    with evm.isolation():
        bench = RiskBench(evm, domain=Domain(min_debt=data.draw(st.integers(0, 10**6))))
        rows = data.draw(st.lists(underlyings(evm.now), min_size=1, max_size=4))
        for row in rows:
            bench.underlying(**row)
        asset_rows = data.draw(st.lists(assets(evm.now, len(rows)), min_size=1, max_size=6))
        for row in asset_rows:
            bench.asset(**row)
        bench.publish()
        for number in range(len(rows)):
            bench.check_record(number)
        holdings = data.draw(accounts(asset_rows))
        _compare(bench, holdings)

        for _ in range(data.draw(st.integers(0, 4))):
            _happen(bench, data, asset_rows)
        _compare(bench, holdings)


def _compare(bench, holdings):
    for maintenance in (False, True):
        bench.check(holdings, maintenance)


def _happen(bench, data, asset_rows):
    """One thing of those that change an account's judgement."""
    underlying = data.draw(st.integers(0, len(bench.underlyings) - 1))
    what = data.draw(
        st.sampled_from(["wait", "price", "second", "poke", "pokes", "kill", "revive", "rate", "nothing"])
    )
    if what == "wait":
        bench.evm.warp(data.draw(st.sampled_from([1, 59, 61, 299, 300, 301, 600, 601, DAY, 400 * DAY])))
    elif what == "price":
        bench.set_price(underlying, data.draw(prices))
    elif what == "second" and bench.seconds[underlying] is not None:
        bench.set_second(underlying, data.draw(prices | st.just(0)))
    elif what == "poke":
        bench.poke(underlying)
    elif what == "pokes":
        bench.poke(underlying)
        bench.evm.warp(data.draw(st.integers(55, 310)))
        bench.poke(underlying)
    elif what == "kill":
        bench.kill(underlying)
    elif what == "revive":
        bench.kill(underlying, dead=False)
    elif what == "rate":
        asset = data.draw(st.integers(0, len(asset_rows) - 1))
        if bench.rate_sources[asset] is not None:
            bench.set_rate(asset, data.draw(st.sampled_from([0, 1, "1.5", "1000000001"])))


dollars = st.integers(-(10**24), 10**24)
units = st.integers(-(10**20), 10**20)


@settings(max_examples=EXAMPLES)
@given(
    value=dollars,
    credit=st.integers(0, 10**24),
    positions=st.lists(
        st.tuples(*[st.tuples(signed, signed) for signed in (units, dollars, dollars)]), max_size=3
    ),
    exposure=st.tuples(dollars, dollars),
    add_on=st.integers(0, 10**22),
    second=prices,
    status=st.sampled_from(Status),
    tokens=units,
    curved=st.integers(0, 3),
    haircut=st.integers(0, 10**18),
)
def test_any_instrument(
    evm, value, credit, positions, exposure, add_on, second, status, tokens, curved, haircut
):
    with evm.isolation():
        bench = RiskBench(evm)
        ids = [bench.underlying(2_000, second=2_000), bench.underlying(40_000)]
        bench.asset(bench.underlying(1), decimals=6)
        bench.asset(ids[0])
        bench.asset(ids[1], tier=ISOLATED)
        bench.publish()
        bench.set_second(ids[0], second)
        instrument = evm.deploy("MockScenarioInstrument", ids, curved)
        held = [Curve(*(list(one) for one in position)) for position in positions]
        said = Scripted(ids, value, credit, held, list(exposure), add_on, status, curved, haircut)
        instrument.setAnswers(said.answers(), Scripted(ids).answers())
        for maintenance in (False, True):
            bench.check([(0, 10**9), (1, tokens), (2, 10**18)], maintenance, [(instrument, said)])


@settings(max_examples=EXAMPLES)
@given(
    sizes=st.tuples(st.integers(-(10**22), 10**22), st.integers(-(10**22), 10**22)),
    cost=st.integers(1, 10**25) | st.integers(-(10**25), -1),
    move=st.tuples(prices, prices),
    second=prices,
    add_on=small,
    tokens=st.integers(-(10**22), 10**22),
    two=st.booleans(),
)
def test_instruments_beside_tokens(evm, sizes, cost, move, second, add_on, tokens, two):
    with evm.isolation():
        bench = RiskBench(evm)
        first = bench.underlying(1)
        traded = [bench.underlying(2_000), bench.underlying(40_000, second=40_000)][: 2 if two else 1]
        bench.asset(first, decimals=6)
        bench.asset(traded[0])
        bench.publish()
        host = evm.deploy("MockInstrumentHost", bench.engine)
        instrument = evm.deploy("MockLinearInstrument", host, traded, add_on)
        maker, taker = account_id(evm.accounts[1]), account_id(evm.accounts[2])
        sizes = sizes[: len(traded)]
        trade(host, instrument, maker, taker, sizes, cost)
        for underlying, price in zip(traded, move, strict=False):
            bench.set_price(underlying, price)
        if two:
            bench.set_second(traded[1], second)
        for account, sign in ((maker, 1), (taker, -1)):
            position = LinearPosition(traded, [sign * size for size in sizes], sign * cost, add_on)
            for maintenance in (False, True):
                bench.check(
                    [(0, 10**12), (1, tokens)], maintenance, [(instrument, position)], account=account
                )
