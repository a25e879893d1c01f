"""VolatilitySurface: who may push smiles, how far one update moves them (VOL-1), and what is arbitrage."""

from dataclasses import replace
from math import log, sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scripts.model import volatility as model
from scripts.model.volatility import ONE, RANGE_WAD, TO_WAD, YEAR, Smile
from tests.helpers.risk_parameters import DAY, HOUR, WAD, named
from tests.helpers.volatility import OWNER, PARAMETERS, SIGNER, SMILE, UNDERLYING, Desk, parameters, slice_of

FRESH, _, STALE, NONE = range(4)
STRANGER = 8
LN_2000 = 76_009_024_595 * TO_WAD
WIDE = {"min_variance": WAD // 10_000, "max_variance": 16 * WAD, "max_move": WAD}


@pytest.fixture
def desk(evm):
    return Desk(evm)


@pytest.fixture
def surface(desk):
    return desk.surface


def raised(smile: Smile, by: int) -> Smile:
    """With `by` / 1e10 more variance everywhere."""
    return replace(smile, level=smile.level + by)


# --- what views answer ---


def test_an_accepted_smile_is_what_it_was_and_answers_raw_svi(evm, desk, surface):
    expiry = desk.expiry(30)
    tx = desk.push({expiry: SMILE})
    assert tx.events("SliceSet") == [
        {
            "underlying": 1,
            "expiry": expiry,
            "oldSlice": (expiry, 0, 0, 0, 0, 0),
            "newSlice": slice_of(expiry, SMILE),
        }
    ]
    assert tuple(surface.slice(1, expiry)[0]) == slice_of(expiry, SMILE)
    assert surface.slice(1, expiry)[1] == evm.now
    assert surface.expiries(1) == [expiry]
    assert surface.lastUpdate(1) == (evm.now, evm.now)
    for strike in (300, 1_000, 1_999, 2_000, 2_500, 9_000, 50_000):
        x = min(max(log(strike) - 7.6009024595, -2), 2)
        expected = 0.3 - 0.03 * x + 0.1 * sqrt(x * x + 0.36)
        variance, status = surface.varianceAt(1, expiry, int(log(strike) * WAD))
        assert status == FRESH
        assert variance / WAD == pytest.approx(expected, abs=1e-12)


def test_lists_answer_what_single_calls_do(evm, desk, surface):
    near, far = desk.expiry(7), desk.expiry(90)
    desk.push({near: SMILE, far: raised(SMILE, 10**7)})
    expiries = [near, near, far, near, far, far]
    strikes = [LN_2000 + step * WAD // 10 for step in (-4, 0, 3, 30, -30, 1)]
    variances, status = surface.variancesAt(1, expiries, strikes)
    assert variances == [surface.varianceAt(1, *each)[0] for each in zip(expiries, strikes, strict=True)]
    assert status == FRESH
    words, status = surface.smiles(1, [near, far, far + 1])
    assert words[0] >> 200 == evm.now and words[2] == 0
    assert words[0] % 2**200 == _word(SMILE)
    assert status == NONE
    with evm.reverts("VolatilitySurface_Lengths", 1, 2):
        surface.variancesAt(1, [near], [0, 0])


def _word(smile):
    fields = (smile.level, smile.slope, smile.curvature, smile.centre, smile.width)
    return sum(value % 2**40 << 40 * place for place, value in enumerate(fields))


def test_a_surface_goes_stale_and_keeps_answering(evm, desk, surface):
    expiry = desk.expiry(30)
    desk.push({expiry: SMILE})
    before = surface.varianceAt(1, expiry, LN_2000)[0]
    evm.warp(HOUR)
    assert surface.statusOf(1, expiry) == FRESH
    evm.warp(1)
    assert surface.varianceAt(1, expiry, LN_2000) == (before, STALE)
    assert surface.variancesAt(1, [expiry], [LN_2000])[1] == STALE
    assert surface.smiles(1, [expiry])[1] == STALE
    assert surface.statusOf(1, expiry + DAY) == NONE
    desk.push({expiry: SMILE})
    assert surface.statusOf(1, expiry) == FRESH


def test_expiries_keep_their_age_when_others_are_renewed(evm, desk, surface):
    near, far = desk.expiry(7), desk.expiry(90)
    desk.push({near: SMILE, far: SMILE})
    evm.warp(HOUR + 1)
    desk.push({far: SMILE})
    assert (surface.statusOf(1, near), surface.statusOf(1, far)) == (STALE, FRESH)


def test_expiries_that_passed_leave_the_list(evm, desk, surface):
    near, middle, far = (desk.expiry(days) for days in (1, 2, 30))
    desk.push({near: SMILE, far: SMILE})
    evm.warp(DAY)
    assert surface.expiries(1) == [far]
    tx = desk.push({middle: SMILE})
    assert tx.events("SliceExpired") == [{"underlying": 1, "expiry": near}]
    assert surface.expiries(1) == [middle, far]
    assert surface.statusOf(1, near) == STALE


# --- who, and when ---


def test_only_a_signer_counts_whoever_brings_it(evm, desk, surface):
    expiry = desk.expiry(30)
    wrong = evm.accounts[STRANGER]
    with evm.reverts("VolatilitySurface_NotSigner", wrong):
        desk.push({expiry: SMILE}, signer=STRANGER)
    surface.removeSigner(evm.accounts[SIGNER])
    with evm.reverts("VolatilitySurface_NotSigner", evm.accounts[SIGNER]):
        desk.push({expiry: SMILE})
    surface.addSigner(wrong)
    tx = desk.push({expiry: SMILE}, signer=STRANGER)
    assert tx.events("SurfaceUpdated") == [{"underlying": 1, "timestamp": evm.now, "signer": wrong}]


def test_a_signature_that_is_none_is_refused(evm, desk, surface):
    update, signature = desk.signed({desk.expiry(30): SMILE})
    for bad in (b"", signature[:64], bytes(65), signature[:-1] + b"\x05"):
        with evm.reverts("VolatilitySurface_NotSigner"):
            surface.update(update, bad)
    with evm.reverts("VolatilitySurface_NotSigner", "0x" + "00" * 20):
        surface.addSigner("0x" + "00" * 20)


def test_nothing_that_was_signed_can_be_changed(evm, desk, surface):
    expiry = desk.expiry(30)
    (underlying, made, slices), signature = desk.signed({expiry: SMILE})
    surface.setParameters(2, parameters())
    changed = [(*slices[0][:place], slices[0][place] + 1, *slices[0][place + 1 :]) for place in range(6)]
    for update in [(2, made, slices), (underlying, made - 1, slices), (underlying, made, [])] + [
        (underlying, made, [one]) for one in changed
    ]:
        with evm.reverts("VolatilitySurface_NotSigner"):
            surface.update(update, signature)


def test_an_update_for_another_chain_or_contract_is_not_replayed(evm, desk, surface):
    expiry = desk.expiry(30)
    other = Desk(evm).surface
    for elsewhere in ({"chain_id": 1}, {"contract": other}):
        with evm.reverts("VolatilitySurface_NotSigner"):
            desk.push({expiry: SMILE}, **elsewhere)


def test_an_older_update_is_not_replayed(evm, desk, surface):
    expiry = desk.expiry(30)
    first = desk.signed({expiry: SMILE})
    surface.update(*first)
    with evm.reverts("VolatilitySurface_NotNewer", evm.now, evm.now):
        surface.update(*first)
    start = evm.now
    evm.warp(200)
    late = desk.signed({expiry: raised(SMILE, 10**7)}, at=start + 90)
    desk.push({expiry: SMILE})
    evm.warp(200)
    with evm.reverts("VolatilitySurface_NotNewer", start + 90, start + 200):
        surface.update(*late)


def test_timestamps_are_neither_of_the_future_nor_of_long_ago(evm, desk):
    expiry = desk.expiry(30)
    with evm.reverts("VolatilitySurface_FromTheFuture", evm.now + 1, evm.now):
        desk.push({expiry: SMILE}, at=evm.now + 1)
    with evm.reverts("VolatilitySurface_TooOld", evm.now - HOUR - 1, HOUR):
        desk.push({expiry: SMILE}, at=evm.now - HOUR - 1)
    desk.push({expiry: SMILE}, at=evm.now - HOUR)


def test_updates_that_were_kept_back_do_not_come_in_one_block(evm, desk, surface):
    expiry, start = desk.expiry(30), evm.now
    desk.push({expiry: SMILE}, at=start - 200)
    # VOL-1 bounds the move over time too.
    with evm.reverts("VolatilitySurface_TooEarly", start + 60):
        desk.push({expiry: raised(SMILE, 10**8)}, at=start - 100)
    evm.warp(60)
    desk.push({expiry: raised(SMILE, 10**8)}, at=start - 100)
    evm.warp(60)
    with evm.reverts("VolatilitySurface_TooEarly"):
        desk.push({expiry: SMILE}, at=start - 41)


def test_who_governs(evm, desk, surface):
    stranger = evm.accounts[STRANGER]
    for call in (
        lambda: surface.setParameters(1, parameters(), sender=stranger),
        lambda: surface.addSigner(stranger, sender=stranger),
        lambda: surface.addSigner(stranger, sender=evm.accounts[1]),
    ):
        with evm.reverts("OwnableUnauthorizedAccount"):
            call()
    with evm.reverts("Governed_NotGuardian", stranger):
        surface.removeSigner(evm.accounts[SIGNER], sender=stranger)
    surface.removeSigner(evm.accounts[SIGNER], sender=evm.accounts[1])
    assert not surface.isSigner(evm.accounts[SIGNER])


@pytest.mark.parametrize(
    ("field", "name", "least", "most"),
    [
        ("heartbeat", "heartbeat", 60, 7 * DAY),
        ("min_interval", "minInterval", 10, HOUR),
        ("min_variance", "minVariance", WAD // 10_000, 16 * WAD),
        ("max_variance", "maxVariance", WAD // 100, 16 * WAD),
        ("max_move", "maxMove", WAD // 10_000, WAD),
    ],
)
def test_parameters_are_bounded(evm, surface, field, name, least, most):
    for bad in (least - 1, most + 1):
        with evm.reverts("VolatilitySurface_OutOfRange", named(name), bad, least, most):
            surface.setParameters(1, parameters(**{field: bad}))
    tx = surface.setParameters(
        1, parameters(**{field: max(least, PARAMETERS[field])}), sender=evm.accounts[OWNER]
    )
    assert tx.events("ParametersSet")[0]["oldParameters"] == parameters()


# --- what smiles may be ---


@pytest.mark.parametrize(
    ("error", "smile", "days"),
    [
        ("BadShape", replace(SMILE, slope=-SMILE.curvature), 30),
        ("BadShape", replace(SMILE, width=0), 30),
        ("BadShape", Smile(10**9, 1, 0, SMILE.centre, 1), 30),
        ("VarianceTooLow", replace(SMILE, level=-500_000_000), 30),
        ("VarianceTooHigh", raised(SMILE, 9 * ONE), 30),
        ("WingsTooSteep", replace(SMILE, curvature=ONE, slope=-ONE // 4, level=-ONE // 5), 700),
    ],
)
def test_a_smile_that_is_none_or_has_arbitrage_is_refused(evm, desk, error, smile, days):
    with evm.reverts(f"VolatilitySurface_{error}"):
        desk.push({desk.expiry(days): smile})


def test_the_least_and_the_most_are_those_of_the_smile(evm, desk):
    low = round((0.3 + 0.6 * sqrt(0.1**2 - 0.03**2)) * 1e18)
    high = round((0.3 + 0.06 + 0.1 * sqrt(4.36)) * 1e18)
    desk.surface.setParameters(1, parameters(min_variance=low + 10**7))
    with evm.reverts("VolatilitySurface_VarianceTooLow"):
        desk.push({desk.expiry(30): SMILE})
    desk.surface.setParameters(1, parameters(min_variance=low - 10**7, max_variance=high - 10**7))
    with evm.reverts("VolatilitySurface_VarianceTooHigh"):
        desk.push({desk.expiry(30): SMILE})
    desk.surface.setParameters(1, parameters(min_variance=low - 10**7, max_variance=high + 10**7))
    desk.push({desk.expiry(30): SMILE})


@pytest.mark.parametrize(
    "later",
    [
        raised(SMILE, -(10**9)),  # less everywhere
        replace(SMILE, level=SMILE.level - 1_500_000_000, slope=400_000_000),  # less at low strikes
        replace(SMILE, level=SMILE.level - 1_500_000_000, slope=-900_000_000),  # less at high strikes
        replace(SMILE, level=SMILE.level - 10**9, centre=SMILE.centre + 25 * ONE // 10),  # at the centre only
    ],
)
def test_total_variance_does_not_fall_with_expiry(evm, desk, later):
    near, far = desk.expiry(100), desk.expiry(105)
    desk.push({near: SMILE, far: SMILE})
    arbitrage = model.has_calendar_arbitrage([(100 * DAY, SMILE), (105 * DAY, later)])
    assert arbitrage
    desk.surface.setParameters(1, parameters(**WIDE))
    evm.warp(60)
    with evm.reverts("VolatilitySurface_CalendarArbitrage"):
        desk.push({far: later})
    # Beside a neighbour that is not in the update, and beside one that is.
    with evm.reverts("VolatilitySurface_CalendarArbitrage"):
        desk.push({near: SMILE, far: later})
    assert tuple(desk.surface.slice(1, far)[0]) == slice_of(far, SMILE)


def test_expiries_ascend_lie_ahead_and_are_sixteen_at_most(evm, desk, surface):
    with evm.reverts("VolatilitySurface_Empty"):
        desk.push({})
    with evm.reverts("VolatilitySurface_BadExpiry", evm.now, evm.now, evm.now + 1_100 * DAY):
        desk.push({evm.now: SMILE})
    with evm.reverts("VolatilitySurface_BadExpiry"):
        desk.push({desk.expiry(1_101): SMILE})
    with evm.reverts("VolatilitySurface_BadExpiry"):
        desk.push({desk.expiry(2): SMILE, desk.expiry(1): SMILE})
    with evm.reverts("VolatilitySurface_UnknownUnderlying", 7):
        desk.push({desk.expiry(2): SMILE}, underlying=7)
    with evm.reverts("VolatilitySurface_TooManyExpiries", 17, 16):
        desk.push({desk.expiry(days): SMILE for days in range(1, 18)})
    desk.push({desk.expiry(days): SMILE for days in range(1, 17)})
    evm.warp(60)
    with evm.reverts("VolatilitySurface_TooManyExpiries", 17, 16):
        desk.push({desk.expiry(40): SMILE})


# --- VOL-1 ---

smiles = st.builds(
    Smile,
    level=st.integers(ONE // 10, 8 * ONE // 10),
    slope=st.integers(-(10**10), 10**10),
    curvature=st.integers(10**8, 2 * 10**9),
    centre=st.integers(7 * ONE, 8 * ONE),
    width=st.integers(10**7, 10**10),
).map(lambda smile: replace(smile, slope=smile.slope * smile.curvature // (ONE + 10**6)))
FIELDS = ("level", "slope", "curvature", "centre", "width")
DENSE = 400


def dense_strikes(*all_smiles: Smile) -> list[int]:
    """Logarithms of strikes over and beyond the ranges, and where something bends."""
    low = min(smile.centre for smile in all_smiles) * TO_WAD - 3 * WAD
    high = max(smile.centre for smile in all_smiles) * TO_WAD + 3 * WAD
    even = [low + (high - low) * step // DENSE for step in range(DENSE + 1)]
    kinks = [smile.centre * TO_WAD + edge for smile in all_smiles for edge in (-RANGE_WAD, 0, RANGE_WAD)]
    return even + kinks


def largest_move(before: Smile, after: Smile) -> int:
    strikes = dense_strikes(before, after)
    return max(abs(after.variance(strike) - before.variance(strike)) for strike in strikes)


@given(before=smiles, after=smiles, only=st.sampled_from((*FIELDS, None)))
@settings(max_examples=150)
def test_no_accepted_update_moves_a_strike_by_more_than_the_bound(evm, before, after, only):
    if only:
        after = replace(before, **{only: getattr(after, only)})
    assume(after.is_shaped and before.is_shaped)
    moved = largest_move(before, after)
    assume(WAD // 10_000 < moved * 99 // 100 < WAD)
    with evm.isolation():
        desk = Desk(evm, **WIDE | {"max_move": moved * 99 // 100})
        expiry = desk.expiry(5)
        desk.push({expiry: before})
        evm.warp(60)
        # VOL-1: some strike would move by more than is allowed, so it is refused.
        with evm.reverts("VolatilitySurface_MoveTooLarge") as refused:
            desk.push({expiry: after})
        assert refused.error.args[1] == model.move(before, after) >= moved


@given(before=smiles, step=st.tuples(*[st.integers(-(10**8), 10**8)] * 5), most=st.integers(10**6, 10**9))
@settings(max_examples=100)
def test_what_is_accepted_stays_within_the_bound_and_within_that_of_sigma(evm, before, step, most):
    after = Smile(*(getattr(before, name) + by for name, by in zip(FIELDS, step, strict=True)))
    assume(after.curvature >= 0 and after.width > 0 and after.is_shaped and before.is_shaped)
    assume(min(before.least, after.least) >= WAD // 100)
    with evm.isolation():
        desk = Desk(evm, **WIDE | {"max_move": most * TO_WAD, "min_variance": WAD // 100})
        expiry = desk.expiry(5)
        desk.push({expiry: before})
        strikes = dense_strikes(before, after)
        old, _ = desk.surface.variancesAt(1, [expiry] * len(strikes), strikes)
        assert old == [before.variance(strike) for strike in strikes]
        evm.warp(60)
        if model.move(before, after) > most * TO_WAD:
            with evm.reverts("VolatilitySurface_MoveTooLarge"):
                desk.push({expiry: after})
            return
        desk.push({expiry: after})
        new, _ = desk.surface.variancesAt(1, [expiry] * len(strikes), strikes)
        assert max(abs(one - two) for one, two in zip(old, new, strict=True)) <= most * TO_WAD
        bound = desk.surface.volatilityMove(UNDERLYING)
        assert bound == model.volatility_move(WAD // 100, most * TO_WAD)
        for one, two in zip(old, new, strict=True):
            assert abs(sqrt(one / WAD) - sqrt(two / WAD)) <= bound / WAD + 1e-12


def test_an_option_is_worth_no_more_than_the_bound_apart(evm, desk, surface):
    """VOL-1 for values: forward * sqrt(years / 2 pi) * the move of sigma, by Black-76 in floats."""
    from scipy.stats import norm

    expiry, strikes = desk.expiry(90), [500 * step for step in range(1, 20)]
    desk.push({expiry: SMILE})
    evm.warp(60)
    before = SMILE
    after = Smile(3_100_000_000, -250_000_000, 1_100_000_000, 76_209_024_595, 55 * 10**8)
    assert model.move(before, after) <= PARAMETERS["max_move"]
    desk.push({expiry: after})

    def call(smile, strike):
        years = 90 * DAY / YEAR
        deviation = sqrt(smile.variance(int(log(strike) * WAD)) / WAD * years)
        d1 = log(2_000 / strike) / deviation + deviation / 2
        return 2_000 * norm.cdf(d1) - strike * norm.cdf(d1 - deviation)

    bound = 2_000 * sqrt(90 * DAY / YEAR / 6.283185307) * surface.volatilityMove(1) / WAD
    moves = [abs(call(after, strike) - call(before, strike)) for strike in strikes]
    assert 0 < max(moves) <= bound
