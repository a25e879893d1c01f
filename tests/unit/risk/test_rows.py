"""Rows of the risk book: packed, unpacked and walked as an independent layout says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model import risk
from tests.helpers.book import WAD, Asset, Book, Domain, Underlying

ppm = st.integers(0, 2**24 - 1)
milli = st.integers(0, 2**16 - 1)
times = st.integers(0, 2**32 - 1)
addresses = st.integers(1, 2**160 - 1).map(lambda number: f"0x{number:040x}")

underlyings = st.builds(
    Underlying,
    aggregator=addresses,
    heartbeat=ppm,
    half_width=ppm,
    half_width_from=ppm,
    exponent=st.integers(-18, 18),
    secondary=addresses | st.just("0x" + "00" * 20),
    tolerance=ppm,
    tolerance_from=ppm,
    volatility=ppm,
    volatility_from=ppm,
    min_price=st.integers(1, 2**96 - 1),
    max_price=st.integers(1, 2**96 - 1),
    ramp_start=times,
    ramp_end=times,
    initial_down=ppm,
    initial_up=ppm,
    down=ppm,
    down_from=ppm,
    up=ppm,
    up_from=ppm,
    volatility_shock=ppm,
    volatility_shock_from=ppm,
    tail_multiple=milli,
    tail_multiple_from=milli,
    tail_damping=milli,
    tail_damping_from=milli,
)
assets = st.builds(
    Asset,
    underlying=st.integers(0, 255),
    tier=st.integers(0, 2),
    decimals=st.integers(0, 27),
    basis_shock=ppm,
    basis_shock_from=ppm,
    unwinding=ppm,
    unwinding_from=ppm,
    basis_band=ppm,
    basis_band_from=ppm,
    ramp_start=times,
    ramp_end=times,
    rate_source=addresses,
    depth=st.integers(0, 2**48 - 1),
    depth_from=st.integers(0, 2**48 - 1),
)
domains = st.builds(
    Domain,
    ramp_start=times,
    ramp_end=times,
    backstop_share=ppm,
    swap_loss=ppm,
    grace_period=ppm,
    min_debt=times,
    min_debt_from=times,
    target=ppm,
    target_from=ppm,
    premium_min=ppm,
    premium_min_from=ppm,
    premium_start=ppm,
    premium_start_from=ppm,
    premium_max=ppm,
    premium_max_from=ppm,
    premium_full_health=ppm,
    premium_full_health_from=ppm,
    netting=st.integers(0, 10**6),
    netting_from=st.integers(0, 10**6),
)


@pytest.fixture
def rows(evm):
    return evm.deploy("RiskRows")


def underlying_fields(row):
    """In the order of UnderlyingFields."""
    return (
        row.aggregator,
        row.heartbeat,
        row.half_width,
        row.half_width_from,
        row.exponent,
        row.secondary,
        row.tolerance,
        row.tolerance_from,
        row.volatility,
        row.volatility_from,
        row.min_price,
        row.max_price,
        row.ramp_start,
        row.ramp_end,
        row.initial_down,
        row.initial_up,
        row.down,
        row.down_from,
        row.up,
        row.up_from,
        row.volatility_shock,
        row.volatility_shock_from,
        row.tail_multiple,
        row.tail_multiple_from,
        row.tail_damping,
        row.tail_damping_from,
    )


def asset_fields(row):
    """In the order of AssetFields."""
    return (
        row.underlying,
        row.tier,
        row.decimals,
        row.basis_shock,
        row.basis_shock_from,
        row.unwinding,
        row.unwinding_from,
        row.basis_band,
        row.basis_band_from,
        row.ramp_start,
        row.ramp_end,
        row.rate_source,
        row.depth,
        row.depth_from,
    )


def domain_fields(row, underlying_count, asset_count):
    """In the order of DomainFields."""
    return (
        underlying_count,
        asset_count,
        row.ramp_start,
        row.ramp_end,
        row.backstop_share,
        row.swap_loss,
        row.grace_period,
        row.min_debt,
        row.min_debt_from,
        row.target,
        row.target_from,
        row.premium_min,
        row.premium_min_from,
        row.premium_start,
        row.premium_start_from,
        row.premium_max,
        row.premium_max_from,
        row.premium_full_health,
        row.premium_full_health_from,
        row.netting,
        row.netting_from,
    )


def lower(fields):
    return tuple(field.lower() if isinstance(field, str) else field for field in fields)


@given(underlying=underlyings, asset=assets, domain=domains)
def test_packing_is_the_layout(rows, underlying, asset, domain):
    assert list(rows.packUnderlying(underlying_fields(underlying))) == underlying.words()
    assert list(rows.packAsset(asset_fields(asset))) == asset.words()
    assert list(rows.packDomain(domain_fields(domain, 3, 7))) == domain.words(3, 7)


@given(book=st.builds(Book, st.lists(underlyings, max_size=3), st.lists(assets, max_size=3), domains))
def test_a_book_is_its_rows_in_order(rows, book):
    data = rows.encode(
        book.domain.words(len(book.underlyings), len(book.assets)),
        [row.words() for row in book.underlyings],
        [row.words() for row in book.assets],
    )
    assert data == book.data()


@given(
    book=st.builds(
        Book, st.lists(underlyings, min_size=1, max_size=3), st.lists(assets, min_size=1, max_size=3), domains
    ),
    clock=times,
    data=st.data(),
)
def test_rows_stand_where_their_ramps_do(evm, rows, book, clock, data):
    with evm.isolation():
        address = book.deploy(evm)
        number = data.draw(st.integers(0, len(book.underlyings) - 1))
        row = book.underlyings[number]
        got = rows.underlying(address, number, clock)
        ramp = risk.Ramp(row.ramp_start, row.ramp_end)
        assert lower(got) == lower(underlying_fields(_walked(row, ramp, clock, UNDERLYING_WALKS)))

        number = data.draw(st.integers(0, len(book.assets) - 1))
        row = book.assets[number]
        got = rows.asset(address, len(book.underlyings), number, clock)
        ramp = risk.Ramp(row.ramp_start, row.ramp_end)
        walked = _walked(row, ramp, clock, ASSET_WALKS)
        walked.depth = ramp.depth(risk.Walk(row.depth_from, row.depth), clock)
        assert lower(got) == lower(asset_fields(walked))

        row = book.domain
        ramp = risk.Ramp(row.ramp_start, row.ramp_end)
        walked = _walked(row, ramp, clock, DOMAIN_WALKS)
        counts = len(book.underlyings), len(book.assets)
        assert tuple(rows.domain(address, clock)) == domain_fields(walked, *counts)


UNDERLYING_WALKS = (
    "half_width",
    "tolerance",
    "volatility",
    "down",
    "up",
    "volatility_shock",
    "tail_multiple",
    "tail_damping",
)
ASSET_WALKS = ("basis_shock", "unwinding", "basis_band")
DOMAIN_WALKS = (
    "min_debt",
    "target",
    "premium_min",
    "premium_start",
    "premium_max",
    "premium_full_health",
    "netting",
)


def _walked(row, ramp, clock, names):
    changes = {
        name: ramp.value(risk.Walk(getattr(row, f"{name}_from"), getattr(row, name)), clock) for name in names
    }
    return type(row)(**{**vars(row), **changes})


@pytest.mark.parametrize(
    ("field", "value"),
    [(1, 2**24), (4, 128), (4, -129), (10, 2**96), (12, 2**32), (17, 2**24)],
)
def test_what_does_not_fit_is_refused(evm, rows, field, value):
    fields = list(underlying_fields(Underlying("0x" + "11" * 20, half_width_from=0, tolerance_from=0)))
    fields = [0 if each is None else each for each in fields]
    fields[field] = value
    with evm.reverts("Bits_TooWide"):
        rows.packUnderlying(fields)


def test_progress_of_a_ramp(rows):
    assert [rows.progressWad(100, 200, clock) for clock in (0, 100, 101, 150, 199, 200, 201)] == [
        0,
        0,
        WAD // 100,
        WAD // 2,
        99 * WAD // 100,
        WAD,
        WAD,
    ]
    assert rows.progressWad(0, 0, 0) == WAD
    assert rows.progressWad(300, 200, 250) == WAD


@given(start=ppm, end=ppm, steps=st.lists(st.integers(0, WAD), min_size=2, max_size=8).map(sorted))
def test_a_ramp_never_overtakes_its_progress(rows, start, end, steps):
    """GOV-1: the value is never further on the way than the time is."""
    values = [rows.valueDown(start, end, step) for step in steps]
    distances = [abs(value - start) for value in values]
    assert distances == sorted(distances)
    for value, step in zip(values, steps, strict=True):
        assert abs(value - start) * WAD <= abs(end - start) * step
        assert min(start, end) <= value <= max(start, end)


@given(
    start=st.integers(0, 2**48 - 1),
    end=st.integers(1, 2**48 - 1),
    value=st.integers(1, 10**15),
    elapsed=st.integers(0, 1_000),
)
def test_the_concentration_shock_walks_evenly(evm, rows, start, end, value, elapsed):
    """GOV-1: a falling depth raises `value / depth` no faster than the ramp, from no depth (0) as well."""
    if start and end > start:
        return
    with evm.isolation():
        asset = Asset(0, depth=end, depth_from=start, ramp_start=5_000, ramp_end=6_000)
        book = Book([], [asset], Domain()).deploy(evm)
        depth = rows.asset(book, 0, 0, 5_000 + elapsed).depthTo
        shock = value / depth if depth else 0
        first = value / start if start else 0
        allowed = first + (value / end - first) * elapsed / 1_000
        # A walk from no depth begins at the deepest that the field can say.
        floor = value / (2**48 - 1)
        assert shock <= allowed * (1 + 1e-12) + floor
