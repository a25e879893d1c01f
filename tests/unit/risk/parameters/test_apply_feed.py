"""RiskParameters.proposeFeed, applyFeed, cancelFeed: after a delay, at a price that agrees (GOV-1)."""

import pytest

from tests.helpers.risk_parameters import DAY, GUARDIAN, HOUR, STRANGER, WAD, ZERO, Stage

PRICE = 2_000
AGREES = 0.0275  # half-width and tolerance


@pytest.fixture
def other(stage):
    return stage.new_feed(PRICE, decimals=18)


@pytest.fixture
def second(evm):
    return evm.deploy("MockAggregator", 8, "second", PRICE * 10**8)


def due(stage):
    stage.warp(DAY)


def test_takes_a_day(evm, stage, parameters, other):
    start = evm.now
    tx = parameters.proposeFeed(1, other, ZERO)
    proposal = {"underlying": 1, "aggregator": other.address, "secondary": ZERO, "activeFrom": start + DAY}
    assert tx.events("FeedProposed") == [proposal]
    assert tuple(parameters.feedProposal(1)) == (other.address, ZERO, start + DAY)
    evm.warp(DAY - 1)
    stage.refresh()
    with evm.reverts("RiskParameters_TooEarly", start + DAY):
        parameters.applyFeed(1)
    evm.warp(1)
    tx = parameters.applyFeed(1)
    changed = stage.feed(1, aggregator=other.address)
    assert tx.events("FeedSet") == [
        {"underlying": 1, "oldFeed": stage.feed(1), "newFeed": changed, "rampEnd": 0}
    ]
    assert tuple(parameters.feed(1)) == changed
    other.setAnswer(2_100 * WAD)
    assert stage.engine.band(1).priceWad == 2_100 * WAD
    with evm.reverts("RiskParameters_NotProposed", 1):
        parameters.applyFeed(1)


def test_a_new_proposal_starts_the_delay_anew(evm, stage, parameters, other):
    parameters.proposeFeed(1, stage.feeds[0], ZERO)
    due(stage)
    parameters.proposeFeed(1, other, ZERO)
    with evm.reverts("RiskParameters_TooEarly", None):
        parameters.applyFeed(1)


@pytest.mark.parametrize("sign", [-1, 1])
def test_both_feeds_must_agree(evm, stage, parameters, other, sign):
    parameters.proposeFeed(1, other, ZERO)
    due(stage)
    limit = int(PRICE * AGREES) * WAD
    other.setAnswer(PRICE * WAD + sign * (limit + 1))
    with evm.reverts("RiskParameters_SourcesDisagree", stage.feeds[1], PRICE * WAD, other, None):
        parameters.applyFeed(1)
    other.setAnswer(PRICE * WAD + sign * limit)
    parameters.applyFeed(1)


@pytest.mark.parametrize("how", ["dead", "stale", "out of bounds"])
def test_a_dead_feed_is_replaced_at_any_price(evm, stage, parameters, other, how):
    old = stage.feeds[1]
    parameters.proposeFeed(1, other, ZERO)
    due(stage)
    other.setAnswer(1_000 * WAD)
    with evm.reverts("RiskParameters_SourcesDisagree"):
        parameters.applyFeed(1)
    if how == "dead":
        old.setDead(True)
    elif how == "stale":
        evm.warp(HOUR + 1)
    else:
        old.setAnswer(1)
    other.setAnswer(1_000 * WAD)
    parameters.applyFeed(1)
    assert stage.engine.band(1).priceWad == 1_000 * WAD


def test_a_new_feed_must_answer(evm, stage, parameters, other):
    parameters.proposeFeed(1, other, ZERO)
    due(stage)
    other.setDead(True)
    with evm.reverts("RiskParameters_FeedNotAnswering", other):
        parameters.applyFeed(1)
    other.setDead(False)
    evm.warp(HOUR + 1)
    stage.feeds[1].setDead(True)
    with evm.reverts("RiskParameters_FeedStale", other, HOUR + 1, HOUR):
        parameters.applyFeed(1)


def test_a_second_source_must_answer_and_agree_with_the_primary(evm, stage, parameters, second):
    source = evm.deploy("FeedPriceSource", second, 7 * DAY)
    parameters.proposeFeed(1, stage.feeds[1], source)
    due(stage)
    second.setDead(True)
    with evm.reverts("RiskParameters_FeedNotAnswering", source):
        parameters.applyFeed(1)
    second.setDead(False)
    second.setAnswer(2_056 * 10**8)
    with evm.reverts("RiskParameters_SourcesDisagree", stage.feeds[1], PRICE * WAD, source, 2_056 * WAD):
        parameters.applyFeed(1)
    second.setAnswer(2_055 * 10**8)
    parameters.applyFeed(1)
    assert parameters.feed(1).secondary == source.address


def test_a_second_source_can_go(evm, stage, parameters, second):
    source = evm.deploy("FeedPriceSource", second, 7 * DAY)
    for secondary in (source.address, ZERO):
        parameters.proposeFeed(1, stage.feeds[1], secondary)
        due(stage)
        parameters.applyFeed(1)
        assert parameters.feed(1).secondary == secondary
        second.setAnswer(1)


def test_a_second_source_needs_a_tolerance(evm, stage, parameters, second):
    source = evm.deploy("FeedPriceSource", second, 7 * DAY)
    parameters.proposeFeed(0, stage.feeds[0], source)
    due(stage)
    with evm.reverts("RiskParameters_OutOfRange", None, 0, 1_000, 200_000):
        parameters.applyFeed(0)


def test_a_walk_goes_on(evm, stage, parameters, other):
    start = evm.now
    parameters.setFeed(1, stage.feed(1, half_width=5_000), 4 * DAY)
    parameters.proposeFeed(1, other, ZERO)
    due(stage)
    parameters.applyFeed(1)
    assert parameters.underlyingRamp(1) == (start, start + 4 * DAY)
    assert parameters.feed(1).halfWidthPpm == 6_875
    assert parameters.feedTarget(1).halfWidthPpm == 5_000


@pytest.mark.parametrize("role", [0, GUARDIAN])
def test_guardian_and_owner_can_cancel(evm, stage, parameters, other, role):
    parameters.proposeFeed(1, other, ZERO)
    tx = parameters.cancelFeed(1, sender=evm.accounts[role])
    assert tx.events("FeedProposalCancelled") == [{"underlying": 1}]
    due(stage)
    with evm.reverts("RiskParameters_NotProposed", 1):
        parameters.applyFeed(1)
    with evm.reverts("RiskParameters_NotProposed", 1):
        parameters.cancelFeed(1)


def test_nobody_else(evm, stage, parameters, other):
    stranger, guardian = evm.accounts[STRANGER], evm.accounts[GUARDIAN]
    parameters.proposeFeed(1, other, ZERO)
    due(stage)
    with evm.reverts("Governed_NotGuardian", stranger):
        parameters.cancelFeed(1, sender=stranger)
    for sender in (stranger, guardian):
        with evm.reverts("OwnableUnauthorizedAccount", sender):
            parameters.proposeFeed(1, other, ZERO, sender=sender)
        with evm.reverts("OwnableUnauthorizedAccount", sender):
            parameters.applyFeed(1, sender=sender)
    with evm.reverts("RiskParameters_UnknownUnderlying", 2):
        parameters.proposeFeed(2, other, ZERO)


def test_the_delay_stands_still_while_the_sequencer_is_down(evm):
    uptime = evm.deploy("MockSequencerFeed")
    evm.warp(DAY)
    stage = Stage(evm, sequencer=uptime.address)
    stage.parameters.proposeFeed(1, stage.feeds[1], ZERO)
    evm.warp(HOUR)
    stage.engine.poke(1)
    uptime.setUp(False)
    evm.warp(2 * DAY)
    uptime.setUp(True)
    stage.refresh()
    with evm.reverts("RiskParameters_TooEarly", None):
        stage.parameters.applyFeed(1)
    evm.warp(DAY - HOUR)
    stage.refresh()
    stage.parameters.applyFeed(1)
