"""LendingPool: what the owner may set, within which bounds, and that nobody else may."""

import copy
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.model.pool import MAX_RATE, WAD, YEAR
from tests.helpers.pool_bench import ANSWER, LINE, REVERT, UNIT, PoolBench

ZERO = "0x" + 40 * "0"


@pytest.mark.parametrize("caller", ["guardian", "stranger", "domain", "engine"])
def test_owner_only(bench: PoolBench, caller: str) -> None:
    sender = getattr(bench, caller)
    settings: list[tuple[Any, tuple[Any, ...]]] = [
        (bench.pool.setLine, (bench.domain, 1)),
        (bench.pool.setRateModel, (bench.model,)),
        (bench.pool.setReserveShare, (1,)),
        (bench.pool.setReserveRecipient, (bench.stranger,)),
        (bench.pool.setFlashFee, (1,)),
        (bench.pool.setGuardian, (bench.stranger,)),
        (bench.pool.transferOwnership, (bench.stranger,)),
        (bench.pool.renounceOwnership, ()),
    ]
    for setter, args in settings:
        with bench.evm.reverts("OwnableUnauthorizedAccount"):
            setter(*args, sender=sender)


def test_owner_is_handed_over_in_two_steps(bench: PoolBench) -> None:
    bench.pool.transferOwnership(bench.stranger)
    assert bench.pool.owner() == bench.owner
    with bench.evm.reverts("OwnableUnauthorizedAccount"):
        bench.pool.acceptOwnership(sender=bench.lender)
    bench.pool.acceptOwnership(sender=bench.stranger)
    assert bench.pool.owner() == bench.stranger


def test_guardian_is_replaceable(bench: PoolBench) -> None:
    assert bench.pool.guardian() == bench.guardian
    tx = bench.pool.setGuardian(bench.stranger)
    assert tx.events("GuardianSet") == [{"oldGuardian": bench.guardian, "newGuardian": bench.stranger}]


def test_line(bench: PoolBench) -> None:
    tx = bench.pool.setLine(bench.domain, 5)
    assert tx.events("LineSet") == [{"domain": bench.domain.address, "oldLine": LINE, "newLine": 5}]
    assert bench.pool.domainOf(bench.domain) == (5, 0, 0)
    bench.pool.setLine(bench.domain, 2**128 - 1)
    with bench.evm.reverts("LendingPool_OutOfRange", None, 2**128, 0, 2**128 - 1):
        bench.pool.setLine(bench.domain, 2**128)
    for nobody in (ZERO, bench.pool):
        with bench.evm.reverts("LendingPool_NotDomain"):
            bench.pool.setLine(nobody, 1)


def test_line_keeps_what_is_owed(bench: PoolBench) -> None:
    bench.ready()
    bench.pool.setLine(bench.domain, 7)
    assert bench.pool.domainOf(bench.domain) == (7, 400 * UNIT, 0)


def test_rate_model(bench: PoolBench) -> None:
    """Interest until now is by the old model's rate, from now on by the new one's."""
    bench.ready(rate=10**9)
    bench.evm.warp(1_000)
    index = bench.pool.debtIndexNow()
    calls = bench.model.calls()
    other = bench.evm.deploy("MockRateModel")
    other.set(ANSWER, 5 * 10**9)
    tx = bench.pool.setRateModel(other)
    assert tx.events("RateModelSet") == [{"oldModel": bench.model.address, "newModel": other.address}]
    assert tx.events("Accrued")[0]["ratePerSecond"] == 5 * 10**9
    assert bench.pool.rateModel() == other.address
    assert bench.pool.debtIndexNow() == index
    assert bench.pool.ratePerSecond() == 5 * 10**9
    assert bench.model.calls() == calls, "the old model is not asked: it may be why there is a new one"


def test_rate_model_that_does_not_answer_is_refused(bench: PoolBench) -> None:
    other = bench.evm.deploy("MockRateModel")
    other.set(REVERT, 0)
    for silent in (other, bench.stranger, ZERO, bench.token):
        with bench.evm.reverts("LendingPool_RateModelSilent", silent):
            bench.pool.setRateModel(silent)
    with bench.evm.reverts("LendingPool_RateModelSilent", other):
        bench.new_pool(model=other)


def test_no_model_is_refused_also_where_nothing_goes_to_the_reserve(bench: PoolBench) -> None:
    """Zero model and zero share together are the word that stands for the settings the pool was made with."""
    kinked = bench.evm.deploy("KinkRateModel", 8 * WAD // 10, WAD // 100, 5 * WAD // 100, 90 * WAD // 100)
    for model in (bench.model, kinked):
        pool = bench.new_pool(model, reserve_share=0)
        with bench.evm.reverts("LendingPool_RateModelSilent", ZERO):
            pool.setRateModel(ZERO)
        assert pool.rateModel() == model.address
        with bench.evm.reverts("LendingPool_RateModelSilent", ZERO):
            bench.new_pool(model=ZERO, reserve_share=0)


def test_reserve_share_splits_interest_from_now_on(bench: PoolBench) -> None:
    bench.ready(rate=10**10)
    bench.evm.warp(1_000)
    reserve = bench.pool.reserve()
    tx = bench.pool.setReserveShare(WAD // 2)
    assert tx.events("ReserveShareSet") == [{"oldShareWad": WAD // 10, "newShareWad": WAD // 2}]
    assert bench.pool.reserve() == reserve
    assert bench.pool.reserveShareWad() == WAD // 2
    debt = bench.pool.totalDebt()
    bench.evm.warp(1_000)
    assert bench.pool.reserve() - reserve == pytest.approx((bench.pool.totalDebt() - debt) / 2)
    with bench.evm.reverts("LendingPool_OutOfRange", None, WAD // 2 + 1, 0, WAD // 2):
        bench.pool.setReserveShare(WAD // 2 + 1)
    with bench.evm.reverts("LendingPool_OutOfRange"):
        bench.new_pool(reserve_share=WAD // 2 + 1)


def test_reserve_recipient(bench: PoolBench) -> None:
    tx = bench.pool.setReserveRecipient(bench.stranger)
    assert tx.events("ReserveRecipientSet") == [
        {"oldRecipient": bench.recipient, "newRecipient": bench.stranger}
    ]
    assert bench.pool.reserveRecipient() == bench.stranger
    for nobody in (ZERO, bench.pool):
        with bench.evm.reverts("LendingPool_BadRecipient"):
            bench.pool.setReserveRecipient(nobody)


def test_flash_fee(bench: PoolBench) -> None:
    assert bench.pool.flashFeeWad() == 0
    tx = bench.pool.setFlashFee(WAD // 100)
    assert tx.events("FlashFeeSet") == [{"oldFeeWad": 0, "newFeeWad": WAD // 100}]
    assert bench.pool.flashFeeWad() == WAD // 100
    with bench.evm.reverts("LendingPool_OutOfRange", None, WAD // 100 + 1, 0, WAD // 100):
        bench.pool.setFlashFee(WAD // 100 + 1)


def test_asset_must_be_a_token(bench: PoolBench) -> None:
    with bench.evm.reverts("LendingPool_WrongToken", bench.stranger):
        bench.new_pool(token=bench.stranger)
    odd = bench.evm.deploy("MockERC20", "Odd", "ODD", 37)
    with bench.evm.reverts("LendingPool_WrongToken", odd):
        bench.new_pool(token=odd)


@given(lent=st.integers(1, 10**24), part=st.integers(0, 1000), seconds=st.integers(0, 10**8))
def test_a_curve_in_the_code_says_what_the_model_would(
    bench: PoolBench, lent: int, part: int, seconds: int
) -> None:
    """Of two pools alike, one is told its model again: from then on it reads its settings and asks."""
    with bench.evm.isolation():
        model = bench.evm.deploy("KinkRateModel", 8 * WAD // 10, WAD // 100, 5 * WAD // 100, 90 * WAD // 100)
        pools = [bench.new_pool(model) for _ in range(2)]
        pools[1].setRateModel(model)
        assert pools[0].rateModel() == pools[1].rateModel() == model.address
        looks = []
        for pool in pools:
            with bench.evm.isolation():
                pool.setLine(bench.domain, 2**128 - 1)
                bench.token.approve(pool, 2**256 - 1, sender=bench.lender)
                pool.deposit(lent, bench.lender, sender=bench.lender)
                bench.domain.borrowFor(pool, lent * part // 1000, bench.borrower)
                bench.evm.warp(seconds)
                pool.accrue()
                looks.append((pool.ratePerSecond(), pool.debtIndexNow(), pool.reserve(), pool.totalAssets()))
        assert looks[0] == looks[1]
        assert looks[0][0] > 0


def curve(kink: int, at_zero: int, at_kink: int, at_full: int) -> int:
    """A curve's word."""
    return (kink << 192) | (at_zero << 128) | (at_kink << 64) | at_full


@pytest.mark.parametrize(
    "word",
    [
        pytest.param(curve(0, 0, 0, WAD), id="no kink"),
        pytest.param(curve(WAD, 0, WAD, WAD), id="division by zero at full utilisation"),
        pytest.param(curve(WAD // 2, 2, 1, WAD), id="falls before the kink"),
        pytest.param(curve(WAD // 2, 1, 2, 1), id="falls behind the kink"),
        pytest.param(curve(WAD // 2, 0, 1, 10 * WAD + 1), id="more than 1000% a year"),
        pytest.param(2**256 - 1, id="anything"),
    ],
)
def test_a_word_that_is_no_curve_leaves_the_model_to_be_asked(bench: PoolBench, word: int) -> None:
    """Reckoned with, it would stop the pool or spill over into the index."""
    bench.model.set(ANSWER, 7 * 10**9)
    bench.model.setCurve(word)
    pool = bench.new_pool()
    pool.setLine(bench.domain, LINE)
    bench.token.approve(pool, 2**256 - 1, sender=bench.lender)
    pool.deposit(1_000 * UNIT, bench.lender, sender=bench.lender)
    bench.domain.borrowFor(pool, 1_000 * UNIT, bench.borrower)
    assert pool.utilisationWad() == WAD
    assert pool.ratePerSecond() == 7 * 10**9
    assert pool.debtIndexNow() == WAD


def test_a_curve_to_the_highest_rate_is_reckoned_with(bench: PoolBench) -> None:
    bench.model.setCurve(curve(WAD - 1, 0, 0, 10 * WAD))
    pool = bench.new_pool()
    calls = bench.model.calls()
    pool.setLine(bench.domain, LINE)
    bench.token.approve(pool, 2**256 - 1, sender=bench.lender)
    pool.deposit(1_000 * UNIT, bench.lender, sender=bench.lender)
    bench.domain.borrowFor(pool, 1_000 * UNIT, bench.borrower)
    assert pool.ratePerSecond() == MAX_RATE
    bench.evm.warp(YEAR)
    assert pool.debtIndexNow() == WAD + MAX_RATE * YEAR
    assert bench.model.calls() == calls


def test_a_model_that_says_nothing_of_a_curve_is_asked(bench: PoolBench) -> None:
    """It was made before anybody asked for curves, and answers what it does not know with nothing."""
    for answer in (b"", b"\xff" * 31):
        model = bench.evm.deploy("MockMuteModel", 7 * 10**9, answer)
        pool = bench.new_pool(model)
        assert pool.rateModel() == model.address
        assert pool.ratePerSecond() == 7 * 10**9
        assert pool.reserveShareWad() == WAD // 10


def test_a_changed_setting_holds_where_the_pool_was_made_with_a_curve(bench: PoolBench) -> None:
    model = bench.evm.deploy("KinkRateModel", 8 * WAD // 10, WAD // 100, 5 * WAD // 100, 90 * WAD // 100)
    pool = bench.new_pool(model)
    pool.setLine(bench.domain, LINE)
    bench.token.approve(pool, 2**256 - 1, sender=bench.lender)
    pool.deposit(1_000 * UNIT, bench.lender, sender=bench.lender)
    bench.domain.borrowFor(pool, 400 * UNIT, bench.borrower)
    bench.evm.warp(10**6)
    reserve, debt = pool.reserve(), pool.totalDebt()
    assert reserve == pytest.approx((debt - 400 * UNIT) / 10)
    pool.setReserveShare(WAD // 2)
    assert pool.reserveShareWad() == WAD // 2
    bench.evm.warp(10**6)
    assert pool.reserve() - reserve == pytest.approx((pool.totalDebt() - debt) / 2)
    bench.model.set(ANSWER, 7 * 10**9)
    pool.setRateModel(bench.model)
    calls = bench.model.calls()
    pool.accrue()
    assert pool.ratePerSecond() == 7 * 10**9
    assert bench.model.calls() == calls + 1


KINKED = (8 * WAD // 10, WAD // 100, 5 * WAD // 100, 10 * WAD)
operations = st.one_of(
    st.tuples(st.just("borrow"), st.integers(0, 10**24)),
    st.tuples(st.just("repay"), st.integers(0, 10**24)),
    st.tuples(st.just("wait"), st.integers(0, 10**8)),
    st.tuples(st.just("share"), st.integers(0, WAD // 2)),
    st.tuples(st.just("model"), st.integers(0, 2)),
)


def kinked_rate(utilisation: int) -> int:
    """What the curve says a second, in exact fractions but for the two roundings down."""
    kink, at_zero, at_kink, at_full = KINKED
    if utilisation < kink:
        year = at_zero + Fraction((at_kink - at_zero) * utilisation, kink)
    else:
        year = at_kink + Fraction((at_full - at_kink) * (utilisation - kink), WAD - kink)
    return floor(Fraction(floor(year), YEAR))


@given(lent=st.integers(1, 10**24), steps=st.lists(operations, max_size=8))
def test_the_books_equal_the_reference_through_changes_of_settings_and_back(
    bench: PoolBench, lent: int, steps: list[tuple[str, int]]
) -> None:
    """SOLV-3, to the wei: made with a curve, told another model or share, told the first again."""
    with bench.evm.isolation():
        models = [bench.evm.deploy("KinkRateModel", *KINKED), bench.evm.deploy("KinkRateModel", *KINKED)]
        other = bench.evm.deploy("MockRateModel")
        other.set(ANSWER, 7 * 10**9)
        kinked = copy.copy(bench)
        pool = kinked.pool = bench.new_pool(models[0])
        for domain in (bench.domain, bench.other_domain):
            pool.setLine(domain, LINE)
        bench.token.approve(pool, 2**256 - 1, sender=bench.lender)
        pool.deposit(lent, bench.lender, sender=bench.lender)
        told, reference = models[0], kinked.reference()
        for name, value in steps:
            owed = reference.domains[bench.domain.address].principal
            if name == "wait":
                bench.evm.warp(value)
                reference.advance(bench.evm.now)
                kinked.assert_matches(reference)
                continue
            reference.advance(bench.evm.now)
            if name == "borrow":
                amount = min(value, reference.cash)
                principal = -(-amount * WAD // reference.index)
                if reference.debt_of(owed + principal) > LINE:
                    continue
                reference.borrow(bench.domain.address, principal, amount)
                answer = bench.domain.borrowFor(pool, amount, bench.borrower).value
                assert tuple(answer[:2]) == (principal, reference.index)
            elif name == "repay":
                amount = min(value, reference.debt_of(owed))
                reference.repay(bench.domain.address, amount * WAD // reference.index, amount)
                bench.domain.repayAmount(pool, bench.token, amount, amount)
            elif name == "share":
                pool.setReserveShare(value)
                reference.reserve_share = value
            else:
                told = [*models, other][value]
                pool.setRateModel(told)
            reference.settle()
            reference.rate = 7 * 10**9 if told is other else kinked_rate(reference.utilisation)
            assert pool.ratePerSecond() == reference.rate
            kinked.assert_matches(reference)
