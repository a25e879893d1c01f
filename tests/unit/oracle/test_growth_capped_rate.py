"""GrowthCappedRate: rises only so fast, falls at once, and nobody can make it forget growth by a dip."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

WAD = 10**18
DAY, YEAR = 86_400, 365 * 86_400
DIP_PERIOD, MAX_ELAPSED = 7 * DAY, 90 * DAY
GROWTH = WAD // 10
LOWEST, HIGHEST = 10**9, 10**27
CALL_GAS_NEEDED = 512_000
BURN, BOMB, REVERT_BOMB, REVERT_RAW = 1, 2, 3, 6
ST_ETH_PER_TOKEN = "0x035faf82"


def word(value):
    return value.to_bytes(32, "big")


def name(parameter):
    return parameter.encode().ljust(32, b"\0")


def log_growth(growth):
    with localcontext() as context:
        context.prec = 50
        return (1 + Decimal(growth) / WAD).ln()


def exact_cap(anchor, growth, elapsed):
    """anchor * (1 + ln(1 + g) * elapsed / year), in 50 digits."""
    with localcontext() as context:
        context.prec = 50
        return anchor * (1 + log_growth(growth) * min(elapsed, MAX_ELAPSED) / YEAR)


def exact_growth(anchor, growth, elapsed):
    """anchor * (1 + g) ** years: what no pattern of pokes may beat."""
    with localcontext() as context:
        context.prec = 50
        return anchor * (log_growth(growth) * elapsed / YEAR).exp()


class Target:
    """A target whose answer is set, and the rate on it."""

    def __init__(self, evm, live=WAD, growth=GROWTH, unit=WAD):
        self.evm = evm
        self.feed = evm.deploy("HostileFeed")
        self.set(live)
        self.rate = evm.deploy("GrowthCappedRate", self.feed, ST_ETH_PER_TOKEN, unit, growth)

    def set(self, live):
        self.feed.setRaw(word(live))


@pytest.fixture
def target(evm):
    return Target(evm)


# What is read


@pytest.mark.parametrize("decimals", [0, 6, 8, 18])
def test_reads_erc4626_and_wsteth_alike(evm, decimals):
    token = evm.deploy("MockERC20", "Token", "T", decimals)
    share = evm.deploy("MockShareToken", token, "Share", "S")
    amount = 1_000_000 * 10**decimals
    token.mint(evm.accounts[0], 2 * amount)
    token.approve(share, 2 * amount)
    share.deposit(amount, evm.accounts[0])
    share.donate(amount // 4)
    as_vault = evm.deploy(
        "GrowthCappedRate", share, share.convertToAssets.encode(10**decimals), 10**decimals, GROWTH
    )
    as_wsteth = evm.deploy("GrowthCappedRate", share, ST_ETH_PER_TOKEN, 10**decimals, GROWTH)
    wanted = share.convertToAssets(10**decimals) * WAD // 10**decimals
    if decimals > 0:
        assert wanted == pytest.approx(125 * WAD // 100, rel=10 ** -(decimals - 1))
    assert as_vault.rateWad() == as_wsteth.rateWad() == as_vault.liveRateWad() == wanted
    assert as_vault.query() == share.convertToAssets.encode(10**decimals)
    assert as_wsteth.query() == bytes.fromhex(ST_ETH_PER_TOKEN[2:])


def test_starts_at_the_live_rate(evm):
    target = Target(evm, 1_234 * 10**15)
    assert target.rate.rateWad() == target.rate.capWad() == 1_234 * 10**15
    assert target.rate.anchor() == (1_234 * 10**15, evm.now)
    assert target.rate.dip() == (0, 0)
    assert (target.rate.target(), target.rate.answerUnit()) == (target.feed.address, WAD)
    assert target.rate.maxGrowthPerYearWad() == GROWTH


@given(answer=st.integers(1, 2**127), unit=st.integers(1, 10**36))
def test_answers_are_brought_to_a_wad_rounded_down(evm, answer, unit):
    with evm.isolation():
        target = Target(evm, unit, unit=unit)
        target.set(answer)
        exact = answer * WAD // unit
        assert target.rate.liveRateWad() == (exact if LOWEST <= exact <= HIGHEST else 0)


@pytest.mark.parametrize(
    "answer",
    [b"", word(WAD)[:31], word(WAD)[:20], *map(word, (0, 2**127 + 1, 2**256 - 1, LOWEST - 1, HIGHEST + 1))],
)
def test_bad_answers_are_an_unknown_rate(evm, target, answer):
    target.feed.setRaw(answer)
    assert target.rate.rateWad() == target.rate.liveRateWad() == 0
    with evm.reverts("GrowthCappedRate_TargetNotAnswering", target.feed):
        target.rate.poke()
    target.set(WAD)
    assert target.rate.rateWad() == WAD


@pytest.mark.parametrize("mode", [BURN, BOMB, REVERT_BOMB, REVERT_RAW])
def test_hostile_targets_are_an_unknown_rate(evm, target, mode):
    target.feed.setMode(mode)
    assert target.rate.rateWad() == 0


@pytest.mark.parametrize("swallows", [False, True])
def test_too_little_gas_never_makes_a_rate_unknown(evm, swallows):
    reader, inner, proxy, outer = (
        evm.deploy(kind) for kind in ("FeedReader", "HostileFeed", "HostileFeed", "HostileFeed")
    )
    inner.setRaw(word(WAD))
    proxy.setFeed(inner, swallows)
    proxy.setWork(200_000)
    outer.setFeed(proxy, swallows)
    rate = evm.deploy("GrowthCappedRate", outer, ST_ETH_PER_TOKEN, WAD, GROWTH)
    answered = refused = 0
    for gas in range(500, 300_000, 997):
        done, result = reader.callWithGas(rate, rate.rateWad.encode(), gas)
        if done:
            assert result == word(WAD), f"{gas} gas"
        answered += done
        refused += bool(not done and result)
    assert answered and refused


def test_a_failing_target_is_unknown_only_with_its_full_gas(evm, target):
    reader = evm.deploy("FeedReader")
    target.feed.setMode(BURN)
    with evm.reverts("GrowthCappedRate_OutOfGas"):
        target.rate.rateWad(gas=CALL_GAS_NEEDED + 21_000)
    data = target.rate.rateWad.encode()
    done, result = reader.callWithGas(target.rate, data, CALL_GAS_NEEDED + 1_000)
    assert done and result == word(0)


# The cap


@given(
    live=st.integers(LOWEST, HIGHEST),
    growth=st.integers(WAD // 1_000, WAD // 2),
    elapsed=st.integers(0, 3 * YEAR),
)
def test_cap_is_the_formula(evm, live, growth, elapsed):
    with evm.isolation():
        target = Target(evm, live, growth)
        evm.warp(elapsed)
        target.set(HIGHEST)
        wanted = min(exact_cap(live, growth, elapsed), Decimal(HIGHEST))
        # lnWad is right to the last digit or so of its eighteen.
        assert abs(target.rate.rateWad() - wanted) <= 2 + wanted / 10**17
        assert target.rate.rateWad() == min(target.rate.capWad(), HIGHEST)


def test_growth_within_the_cap_passes(evm, target):
    evm.warp(30 * DAY)
    live = WAD + WAD * 5 // 1_000
    target.set(live)
    assert target.rate.rateWad() == live


def test_a_jump_is_worth_the_slack_and_no_more(evm, target):
    evm.warp(30 * DAY)
    target.set(3 * WAD)
    slack = exact_cap(WAD, GROWTH, 30 * DAY)
    assert target.rate.rateWad() == pytest.approx(int(slack), rel=1e-15)
    assert WAD < target.rate.rateWad() < WAD + WAD // 100


@pytest.mark.parametrize("years", [1, 10])
def test_the_slack_ends_after_90_days_without_a_poke(evm, target, years):
    """A forgotten anchor does not let the rate jump by the growth of years."""
    evm.warp(years * YEAR)
    target.set(100 * WAD)
    assert target.rate.rateWad() == pytest.approx(int(exact_cap(WAD, GROWTH, MAX_ELAPSED)), rel=1e-15)
    assert target.rate.rateWad() < WAD * 1024 // 1000


def test_growth_that_waited_for_a_poke_is_caught_up_by_several(evm, target):
    evm.warp(3 * YEAR)
    target.set(13 * WAD // 10)
    for _ in range(20):
        evm.warp(90 * DAY)
        target.rate.poke()
    assert target.rate.rateWad() == 13 * WAD // 10


@given(
    growth=st.integers(WAD // 1_000, WAD // 2),
    pauses=st.lists(st.integers(DAY, 120 * DAY), min_size=1, max_size=40),
)
@settings(max_examples=50)
def test_no_pattern_of_pokes_beats_the_growth_a_year(evm, growth, pauses):
    """The live rate is as high as it can be all the time; compounding comes to (1 + g) ** years at most."""
    with evm.isolation():
        target = Target(evm, WAD, growth)
        target.set(HIGHEST)
        began = evm.now
        for pause in pauses:
            evm.warp(pause)
            target.rate.poke()
            anchor, since = target.rate.anchor()
            assert since == evm.now
            assert anchor <= exact_growth(WAD, growth, evm.now - began)
        evm.warp(YEAR)
        assert target.rate.rateWad() <= exact_growth(WAD, growth, evm.now - began)


def test_a_poke_in_every_interval_comes_close_to_the_growth_a_year_and_not_above(evm, target):
    target.set(HIGHEST)
    for _ in range(365):
        evm.warp(DAY)
        target.rate.poke()
    ratio = Decimal(target.rate.rateWad()) / exact_growth(WAD, GROWTH, YEAR)
    assert Decimal("0.9999") < ratio <= 1


@given(data=st.data())
@settings(max_examples=60)
def test_whatever_happens_the_rate_is_at_most_live_cap_and_growth(evm, data):
    """Time, jumps, dips and pokes in any order. The start is the highest anchor there was."""
    with evm.isolation():
        growth = data.draw(st.integers(WAD // 1_000, WAD // 2))
        target = Target(evm, WAD, growth)
        began, live = evm.now, WAD
        for _ in range(data.draw(st.integers(1, 25))):
            action = data.draw(st.sampled_from(["wait", "live", "poke"]))
            if action == "wait":
                evm.warp(data.draw(st.integers(0, 100 * DAY)))
            elif action == "live":
                live = data.draw(st.integers(WAD // 2, 2 * WAD) | st.integers(LOWEST, HIGHEST))
                target.set(live)
            else:
                try:
                    target.rate.poke()
                except evm.Reverted as error:
                    assert error.name == "GrowthCappedRate_TooEarly"
                    assert error.args[0] > evm.now
            rate = target.rate.rateWad()
            assert rate == min(live, target.rate.capWad())
            assert rate <= exact_growth(WAD, growth, evm.now - began)
            highest, since = target.rate.dip()
            assert highest < target.rate.anchor()[0]
            assert (highest == 0) == (since == 0)


# Poking


def test_a_poke_moves_the_anchor_to_the_live_rate(evm, target):
    evm.warp(DAY)
    target.set(WAD + 10**14)
    tx = target.rate.poke(sender=evm.accounts[9])
    assert tx.events("AnchorMoved") == [{"oldAnchorWad": WAD, "newAnchorWad": WAD + 10**14}]
    assert target.rate.anchor() == (WAD + 10**14, evm.now)


def test_a_poke_moves_the_anchor_to_the_cap_at_most(evm, target):
    evm.warp(DAY)
    target.set(2 * WAD)
    cap = target.rate.capWad()
    target.rate.poke()
    assert target.rate.anchor()[0] == cap
    assert target.rate.rateWad() == cap


def test_a_second_poke_within_a_day_is_refused(evm, target):
    began = evm.now
    with evm.reverts("GrowthCappedRate_TooEarly", began + DAY):
        target.rate.poke()
    evm.warp(DAY - 1)
    with evm.reverts("GrowthCappedRate_TooEarly", began + DAY):
        target.rate.poke()
    evm.warp(1)
    target.rate.poke()
    with evm.reverts("GrowthCappedRate_TooEarly", began + 2 * DAY):
        target.rate.poke()


# Losses and dips


def test_a_loss_passes_at_once_and_so_does_its_recovery_up_to_the_cap(evm, target):
    target.set(WAD // 2)
    assert target.rate.rateWad() == WAD // 2
    target.set(WAD * 99 // 100)
    assert target.rate.rateWad() == WAD * 99 // 100
    target.set(2 * WAD)
    assert target.rate.rateWad() == WAD


def test_a_dip_in_one_poke_does_not_lower_the_anchor(evm, target):
    target.set(WAD // 2)
    tx = target.rate.poke()
    assert tx.events("DipSeen") == [{"since": evm.now, "highestWad": WAD // 2}]
    assert target.rate.dip() == (WAD // 2, evm.now)
    assert target.rate.anchor()[0] == WAD
    target.set(WAD)
    assert target.rate.rateWad() == WAD


@pytest.mark.parametrize("honest_after", [0, 1, 3 * DAY, DIP_PERIOD - 1])
def test_one_honest_poke_undoes_a_manipulated_dip(evm, target, honest_after):
    """The attacker dips the live rate, pokes and restores it, in one transaction, as often as he likes."""
    evm.warp(DAY)

    def attack():
        target.set(WAD // 2)
        try:
            target.rate.poke()
        except evm.Reverted as error:
            assert error.name == "GrowthCappedRate_TooEarly"
        target.set(WAD)

    attack()
    began = evm.now
    evm.warp(honest_after)
    attack()
    tx = target.rate.poke()
    assert tx.events("DipEnded") == [{"since": began}]
    assert target.rate.dip() == (0, 0)
    attack()
    evm.warp(DIP_PERIOD - 1)
    attack()
    assert target.rate.anchor()[0] == WAD
    assert target.rate.rateWad() == WAD


def test_an_honest_poke_below_the_anchor_limits_what_a_dip_can_do(evm, target):
    """A true loss of 1% and a manipulated one of 50%: the anchor falls by the true one."""
    target.set(WAD // 2)
    target.rate.poke()
    evm.warp(3 * DAY)
    target.set(WAD * 99 // 100)
    assert target.rate.poke().events("DipSeen")[0]["highestWad"] == WAD * 99 // 100
    evm.warp(4 * DAY)
    target.set(WAD // 2)
    target.rate.poke()
    assert target.rate.anchor()[0] == WAD * 99 // 100


def test_a_lasting_loss_lowers_the_anchor_after_a_week(evm, target):
    began = evm.now
    target.set(WAD * 7 // 10)
    target.rate.poke()
    evm.warp(DIP_PERIOD - 1)
    with evm.reverts("GrowthCappedRate_TooEarly", began + DIP_PERIOD):
        target.rate.poke()
    assert target.rate.anchor()[0] == WAD
    evm.warp(1)
    tx = target.rate.poke()
    assert tx.events("AnchorMoved") == [{"oldAnchorWad": WAD, "newAnchorWad": WAD * 7 // 10}]
    assert tx.events("DipEnded") == [{"since": began}]
    assert target.rate.dip() == (0, 0)
    # From here on the cap starts at the loss.
    target.set(WAD)
    assert target.rate.rateWad() == WAD * 7 // 10


def test_a_dip_does_not_hold_up_the_next_move_of_the_anchor(evm, target):
    evm.warp(2 * DAY)
    target.set(WAD - 1)
    target.rate.poke()
    target.set(WAD + 10**14)
    tx = target.rate.poke()
    assert tx.events("AnchorMoved") == [{"oldAnchorWad": WAD, "newAnchorWad": WAD + 10**14}]
    assert target.rate.dip() == (0, 0)


# Donations


def test_a_donation_is_worth_the_slack_at_most(evm):
    """An attacker with all of a vault's shares lifts their rate by a donation, and pokes whenever he can."""
    token = evm.deploy("MockERC20", "Token", "T", 18)
    share = evm.deploy("MockShareToken", token, "Share", "S")
    token.mint(evm.accounts[0], 10**30)
    token.approve(share, 10**30)
    share.deposit(1_000 * WAD, evm.accounts[0])
    rate = evm.deploy("GrowthCappedRate", share, share.convertToAssets.encode(WAD), WAD, GROWTH)
    evm.warp(DAY)
    before = rate.rateWad()
    share.donate(1_000_000 * WAD)
    assert rate.liveRateWad() > 900 * WAD
    slack = exact_cap(before, GROWTH, DAY)
    assert before < rate.rateWad() <= slack < before * Decimal("1.0003")
    for day in range(1, 31):
        rate.poke()
        assert rate.rateWad() <= exact_growth(before, GROWTH, day * DAY)
        evm.warp(DAY)


def test_an_inflated_empty_vault_cannot_set_an_absurd_rate(evm):
    """First-depositor inflation before the source is deployed leaves a rate out of bounds, and no source."""
    feed = evm.deploy("HostileFeed")
    feed.setRaw(word(HIGHEST + 1))
    with evm.reverts("GrowthCappedRate_TargetNotAnswering", feed):
        evm.deploy("GrowthCappedRate", feed, ST_ETH_PER_TOKEN, WAD, GROWTH)


# Construction


@pytest.mark.parametrize("growth", [0, WAD // 1_000 - 1, WAD // 2 + 1, 2**255])
def test_refuses_growth_out_of_range(evm, target, growth):
    bounds = (WAD // 1_000, WAD // 2)
    with evm.reverts("GrowthCappedRate_OutOfRange", name("maxGrowthPerYearWad"), growth, *bounds):
        evm.deploy("GrowthCappedRate", target.feed, ST_ETH_PER_TOKEN, WAD, growth)


@pytest.mark.parametrize("unit", [0, 10**36 + 1])
def test_refuses_a_unit_out_of_range(evm, target, unit):
    with evm.reverts("GrowthCappedRate_OutOfRange", name("answerUnit"), unit, 1, 10**36):
        evm.deploy("GrowthCappedRate", target.feed, ST_ETH_PER_TOKEN, unit, GROWTH)


@pytest.mark.parametrize("length", [0, 3, 5, 35, 37, 68])
def test_refuses_a_query_of_another_length(evm, target, length):
    with evm.reverts("GrowthCappedRate_OutOfRange", name("queryBytes"), length, 4, 36):
        evm.deploy("GrowthCappedRate", target.feed, b"\x01" * length, WAD, GROWTH)


@pytest.mark.parametrize("place", ["account", "dead"])
def test_refuses_a_target_that_does_not_answer(evm, place):
    target = evm.accounts[1]
    if place == "dead":
        target = evm.deploy("MockAggregator", 18, "dead", WAD)
        target.setDead(True)
    with evm.reverts("GrowthCappedRate_TargetNotAnswering", target):
        evm.deploy("GrowthCappedRate", target, ST_ETH_PER_TOKEN, WAD, GROWTH)


@pytest.mark.anvil
def test_gas_of_a_cold_read(anvil):
    """A cold account and slot of its own and of the target's, and little besides."""
    feed = anvil.deploy("HostileFeed")
    feed.setRaw(word(WAD))
    rate = anvil.deploy("GrowthCappedRate", feed, ST_ETH_PER_TOKEN, WAD, GROWTH)
    reader = anvil.deploy("FeedReader")
    bare = reader.gasOfView(feed, ST_ETH_PER_TOKEN)
    assert reader.gasOfView(rate, rate.rateWad.encode()) < bare + 2_600 + 2_100 + 1_500
