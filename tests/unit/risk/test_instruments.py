"""How the risk engine weighs what is no token: scenario values, credit, exposures, add-on, status."""

import pytest

from scripts.model.risk import Status
from scripts.model.scenarios import linear_points
from tests.helpers.book import WAD
from tests.helpers.instruments import Curve, LinearPosition, Scripted, accept, offer, slopes, trade
from tests.helpers.risk_bench import ACCOUNT, RiskBench, account_id, holding

USDC, WETH = 0, 1
DOLLAR, ETHER, BITCOIN = range(3)
BOTH = 0b11


@pytest.fixture
def bench(evm):
    bench = RiskBench(evm)
    bench.underlying(1, half_width=0, initial_down=0, initial_up=0, down=0, up=0)
    bench.underlying(2_000, second=2_000, half_width=5_000, down=100_000, up=200_000)
    bench.underlying(40_000, half_width=4_000, down=150_000, up=150_000)
    bench.asset(DOLLAR, decimals=6, unwinding=0)
    bench.asset(ETHER, unwinding=0)
    bench.publish()
    return bench


@pytest.fixture
def scripted(evm):
    return evm.deploy("MockScenarioInstrument", [ETHER, BITCOIN], 0)


def say(contract, said, before=None):
    contract.setAnswers(said.answers(), (before or Scripted(said.ids)).answers())
    return contract, said


def said(**answers):
    values = {"exposure": [0, 0], **answers}
    return Scripted([ETHER, BITCOIN], **values)


def test_each_underlying_counts_at_its_worse_end(bench, scripted):
    """Long 1 ether (10% down), short 1 bitcoin (15% up): no netting between them."""
    position = say(scripted, said(positions=[slopes(WAD, -WAD)]))
    answer = bench.check([], maintenance=True, instruments=[position])
    assert answer.requirement == 200 * WAD + 6_000 * WAD


def test_new_risk_has_the_initial_shocks(bench, scripted):
    position = say(scripted, said(positions=[slopes(WAD, 0)]))
    assert bench.check([], instruments=[position]).requirement == 360 * WAD


def test_positions_of_one_instrument_do_not_net_either(bench, scripted):
    position = say(scripted, said(positions=[slopes(WAD, 0), slopes(-WAD, 0)]))
    answer = bench.check([], maintenance=True, instruments=[position])
    assert answer.requirement == 200 * WAD + 400 * WAD


def test_what_is_curved_gets_the_whole_grid(bench, evm):
    """A straddle loses most in the middle, as volatility falls; a short one at the tail, of which half counts."""
    curved = evm.deploy("MockScenarioInstrument", [ETHER, BITCOIN], BOTH)
    long = Curve([0, 0], [10_000 * WAD, 0], [1_000 * WAD, 0])
    short = Curve([0, 0], [-10_000 * WAD, 0], [-1_000 * WAD, 0])
    for held, expected in (
        ([long], 250 * WAD),
        # Up by two fifths: (10,000 * 16% + 1,000 * 25%) / 2.
        ([short], 925 * WAD),
        ([long, short], 1_175 * WAD),
    ):
        position = say(curved, said(positions=held, curved=BOTH))
        answer = bench.check([], maintenance=True, instruments=[position])
        assert answer.requirement == expected


def test_a_linear_position_loses_no_more_on_the_grid_than_at_its_end_points(bench, scripted, evm):
    curved = evm.deploy("MockScenarioInstrument", [ETHER, BITCOIN], BOTH)
    for held in ([slopes(WAD, -WAD)], [slopes(-WAD, WAD)]):
        at_ends = bench.check([], instruments=[say(scripted, said(positions=held))])
        on_grid = bench.check([], instruments=[say(curved, said(positions=held, curved=BOTH))])
        assert on_grid.requirement == at_ends.requirement > 0


def test_a_price_does_not_fall_below_nothing(bench, evm):
    """The lower tail of a shock above one half."""
    bench.underlying(100, down=700_000, up=700_000)
    bench.publish()
    curved = evm.deploy("MockScenarioInstrument", [3], 1)
    held = Curve([0], [-1_000 * WAD], [0])
    position = say(curved, Scripted([3], positions=[held], exposure=[0], curved=1))
    answer = bench.check([], maintenance=True, instruments=[position])
    # The upper tail: 1.4 squared, half of it; the lower one would be as far below.
    assert answer.requirement == 980 * WAD
    falling = Curve([10 * WAD], [-500 * WAD], [0])
    position = say(curved, Scripted([3], positions=[falling], exposure=[0], curved=1))
    answer = bench.check([], maintenance=True, instruments=[position])
    # At the end point 700 + 245, at nothing (1,000 + 500) / 2.
    assert answer.requirement == 945 * WAD


def test_an_add_on_comes_on_top(bench, scripted):
    position = say(scripted, said(positions=[slopes(WAD, 0)], add_on=7 * WAD))
    answer = bench.check([], maintenance=True, instruments=[position])
    assert answer.requirement == 207 * WAD


def test_credit_covers_the_instruments_own_requirement_and_no_more(bench, scripted):
    position = say(scripted, said(positions=[slopes(WAD, 0)], add_on=7 * WAD, credit=50 * WAD))
    answer = bench.check([(WETH, WAD)], maintenance=True, instruments=[position])
    assert (answer.equity, answer.requirement) == (2_000 * WAD, 157 * WAD + 200 * WAD)
    position = say(scripted, said(positions=[slopes(WAD, 0)], credit=10**6 * WAD))
    answer = bench.check([(WETH, WAD)], maintenance=True, instruments=[position])
    assert (answer.equity, answer.requirement) == (2_000 * WAD, 200 * WAD)


def test_credit_covers_the_instruments_own_loss_first(bench, scripted):
    position = say(scripted, said(value=-100 * WAD, credit=130 * WAD, add_on=50 * WAD))
    answer = bench.check([], maintenance=True, instruments=[position])
    assert (answer.equity, answer.requirement) == (0, 20 * WAD)
    position = say(scripted, said(value=-100 * WAD, credit=30 * WAD, add_on=50 * WAD))
    answer = bench.check([], maintenance=True, instruments=[position])
    assert (answer.equity, answer.requirement) == (-70 * WAD, 50 * WAD)


def test_a_settled_value_is_equity(bench, scripted):
    position = say(scripted, said(value=100 * WAD))
    assert bench.check([], instruments=[position]).equity == 100 * WAD


def test_exposures_net_with_tokens_in_the_uncertainty(bench, scripted):
    """A hedge by an instrument makes an account as certain as one by a token."""
    position = say(scripted, said(exposure=[-2_000 * WAD, 0]))
    answer = bench.check([(WETH, WAD)], maintenance=True, instruments=[position])
    assert (answer.equity, answer.uncertainty) == (2_000 * WAD, 0)
    position = say(scripted, said(exposure=[1_000 * WAD, -3_000 * WAD]))
    answer = bench.check([(WETH, WAD)], maintenance=True, instruments=[position])
    assert answer.uncertainty == (3_000 * 5 + 3_000 * 4) * WAD // 1_000


@pytest.mark.parametrize("status", Status)
def test_the_instruments_own_status_counts(bench, scripted, status):
    position = say(scripted, said(status=status))
    assert bench.check([], instruments=[position]).status == status


def test_the_status_of_its_underlyings_counts(bench, scripted, evm):
    position = say(scripted, said())
    evm.warp(3_601)
    bench.set_price(ETHER, 2_000)
    assert bench.check([], instruments=[position]).status == Status.STALE
    bench.kill(BITCOIN)
    assert bench.check([], instruments=[position]).status == Status.NONE


def test_before_the_batch_it_answers_for_that_state(bench, scripted):
    say(scripted, said(value=5 * WAD), before=said(value=3 * WAD, add_on=WAD))
    now, before = (
        bench.engine.assess(ACCOUNT, [], [scripted.address], 0, at_start) for at_start in (False, True)
    )
    assert (now.equity, before.equity, before.requirement) == (5 * WAD, 3 * WAD, WAD)


def test_several_instruments_add_up_without_sharing_credit(bench, scripted, evm):
    first = say(scripted, said(positions=[slopes(WAD, 0)], credit=10**6 * WAD))
    other = evm.deploy("MockScenarioInstrument", [ETHER], 0)
    second = (other, Scripted([ETHER], positions=[slopes(WAD)], exposure=[0]))
    other.setAnswers(second[1].answers(), second[1].answers())
    answer = bench.check([], maintenance=True, instruments=[first, second])
    assert answer.instrument_weights == [(0, 0), (0, 200 * WAD)]


def test_while_sources_disagree_requirements_count_at_a_price_of_their_own(bench, scripted):
    """ORA-1: the scenarios start at the lower price for liquidation, at the upper for new risk."""
    bench.set_second(ETHER, 3_010)
    position = say(scripted, said(positions=[slopes(WAD, 0)]))
    assert bench.check([], maintenance=True, instruments=[position]).requirement == 200 * WAD
    assert bench.check([], instruments=[position]).requirement == 3_000 * WAD * 18 // 100


def test_an_unknown_underlying_is_refused(bench, evm):
    instrument = evm.deploy("MockScenarioInstrument", [9], 0)
    silent = Scripted([9], exposure=[0]).answers()
    instrument.setAnswers(silent, silent)
    with evm.reverts("RiskEngine_UnknownUnderlying", 9):
        bench.engine.assess(ACCOUNT, [], [instrument.address], 0, False)


# The linear instrument


@pytest.fixture
def host(bench, evm):
    return evm.deploy("MockInstrumentHost", bench.engine)


@pytest.fixture
def future(bench, evm, host):
    """Ether futures, and two accounts that have traded one at 2,000."""
    instrument = evm.deploy("MockLinearInstrument", host, [ETHER], 1_000)
    trade(host, instrument, LONG, SHORT, [WAD], 2_000 * WAD)
    return instrument


LONG, SHORT, THIRD = (account_id(f"0x{number:040x}") for number in (0x101, 0x202, 0x303))


def position(sign, cost=2_000 * WAD):
    return LinearPosition([ETHER], [sign * WAD], sign * cost, 1_000)


def test_a_trade_marks_both_sides(host, future):
    assert host.held(LONG)
    assert host.held(SHORT)
    assert host.touched(LONG)
    assert tuple(future.positionOf(LONG)) == ([WAD, 0], 2_000 * WAD)
    assert tuple(future.positionOf(SHORT)) == ([-WAD, 0], -2_000 * WAD)


def test_nobody_is_given_a_position_without_an_offer(evm, host, future):
    with evm.reverts("MockLinearInstrument_NoOffer"):
        host.execute(future.address, LONG, accept(SHORT))


@pytest.mark.parametrize("price", [1_500, 2_000, 2_700])
def test_a_loss_counts_at_once_and_a_profit_as_credit(bench, future, price):
    bench.set_price(ETHER, price)
    bench.set_second(ETHER, price)
    for account, sign in ((LONG, 1), (SHORT, -1)):
        for maintenance in (False, True):
            answer = bench.check([(USDC, 10**9)], maintenance, [(future, position(sign))], account=account)
            pnl = sign * (price - 2_000) * WAD
            assert answer.equity == 1_000 * WAD + min(0, pnl)


def test_a_future_hedges_tokens(bench, future):
    answer = bench.check([(WETH, WAD)], True, [(future, position(-1))], account=SHORT)
    assert answer.uncertainty == 0
    assert answer.requirement == 200 * WAD + 400 * WAD + 2 * WAD


def test_settling_moves_profit_and_loss_as_far_as_there_is_cash(bench, host, future):
    bench.set_price(ETHER, 2_300)
    bench.set_second(ETHER, 2_300)
    assert future.settle(LONG).value == 0
    assert future.settle(SHORT).value == -300 * 10**6
    assert (host.paid(SHORT), future.cash()) == (-300 * 10**6, 300 * 10**6)
    assert future.settle(LONG).value == 300 * 10**6
    assert future.cash() == 0
    assert tuple(future.positionOf(LONG)) == ([WAD, 0], 2_300 * WAD)
    assert future.settle(LONG).value == 0


def test_a_fraction_moves_with_its_cost(host, future):
    host.transferFraction(future.address, LONG, THIRD, WAD // 3)
    kept, taken = future.positionOf(LONG), future.positionOf(THIRD)
    assert kept.sizesWad[0] + taken.sizesWad[0] == WAD
    assert kept.costWad + taken.costWad == 2_000 * WAD
    assert taken.sizesWad[0] == WAD // 3
    assert taken.costWad == 2_000 * (WAD // 3)
    host.transferFraction(future.address, LONG, THIRD, WAD)
    assert not host.held(LONG)
    assert host.held(THIRD)
    assert tuple(future.total()) == ([0, 0], 0)


@pytest.mark.parametrize("cost", [7, -7])
def test_a_fraction_of_a_cost_is_rounded_against_the_taker(evm, host, cost):
    instrument = evm.deploy("MockLinearInstrument", host, [ETHER], 0)
    trade(host, instrument, LONG, SHORT, [WAD], cost)
    host.transferFraction(instrument.address, LONG, THIRD, WAD // 2)
    assert instrument.positionOf(THIRD).costWad == (4 if cost > 0 else -3)
    assert instrument.positionOf(LONG).costWad == (3 if cost > 0 else -4)


def test_a_deficit_is_borne_by_unsettled_profits(bench, host, future):
    trade(host, future, THIRD, SHORT, [WAD], 2_100 * WAD)
    bench.set_price(ETHER, 2_400)
    bench.set_second(ETHER, 2_400)
    assert host.absorb(future.address, SHORT, 140 * WAD).value == 140 * WAD
    assert future.positionOf(LONG).costWad == 2_080 * WAD  # 80 of 400
    assert future.positionOf(THIRD).costWad == 2_160 * WAD  # 60 of 300
    assert tuple(future.total()) == ([0, 0], 0)
    assert host.absorb(future.address, SHORT, 10**6 * WAD).value == 560 * WAD
    assert host.absorb(future.address, SHORT, WAD).value == 0


def test_only_the_vault_acts(evm, future):
    for call in (
        lambda: future.execute(LONG, evm.accounts[0], b""),
        lambda: future.transferFraction(LONG, THIRD, WAD),
        lambda: future.absorb(LONG, WAD),
    ):
        with evm.reverts("Instrument_NotVault"):
            call()


def test_originals_are_those_of_the_operation(bench, evm, host, future):
    """Within an operation `atBatchStart` is what it began with; the next operation starts clean."""
    points = [point.word() for point in linear_points(WAD // 10, WAD // 5)]
    question = (LONG, points, [2_000 * WAD], [2_000 * WAD])
    read = future.report.prepare(*question, True)
    deal = [offer([WAD], 2_000 * WAD), accept(LONG)]
    result = host.executeAndRead(future.address, [LONG, SHORT], deal, read.data).value
    assert list(read.decode(result).exposuresWad) == [2_000 * WAD]
    assert list(future.report(*question, False).exposuresWad) == [4_000 * WAD]
    assert list(future.report(*question, True).exposuresWad) == [4_000 * WAD]


def test_two_underlyings_in_one_position(bench, evm, host):
    spread = evm.deploy("MockLinearInstrument", host, [ETHER, BITCOIN], 0)
    trade(host, spread, LONG, SHORT, [20 * WAD, -WAD], 0)
    bench.set_price(BITCOIN, 41_000)
    model = LinearPosition([ETHER, BITCOIN], [20 * WAD, -WAD], 0)
    answer = bench.check([(USDC, 10**10)], True, [(spread, model)], account=LONG)
    assert answer.equity == 10_000 * WAD - 1_000 * WAD
    assert answer.requirement == 40_000 * WAD // 10 + 41_000 * WAD * 15 // 100
    assert answer.uncertainty == 40_000 * WAD * 5 // 1_000 + 41_000 * WAD * 4 // 1_000


def test_the_engine_takes_nothing_for_granted_of_the_order_of_holdings(bench, future):
    words = [holding(WETH, WAD), holding(USDC, 10**9)]
    one = bench.engine.assess(LONG, words, [future.address], 1, False)
    other = bench.engine.assess(LONG, words[::-1], [future.address], 1, False)
    assert tuple(one) == tuple(other)


REPORT = [0x20, 0, 0, 0, 0, 7 * WAD, 0, 0x100, 0x140, 1, 0, 0]
"""A report in words: its place, six figures (7 dollars of requirement), places of two lists, one exposure, no changes."""


def answering(words):
    """Code of an instrument on ether that answers every question for a report with these words."""
    underlyings = b"".join(word.to_bytes(32, "big") for word in (0x40, 0, 1, ETHER))
    answer = b"".join(word.to_bytes(32, "big") for word in words)

    def give(offset, blob):
        length = len(blob).to_bytes(2, "big")
        # PUSH2 length, PUSH2 offset, PUSH0, CODECOPY, PUSH2 length, PUSH0, RETURN
        return b"\x61" + length + b"\x61" + offset.to_bytes(2, "big") + b"\x5f\x39\x61" + length + b"\x5f\xf3"

    # A call without arguments asks for underlyings: CALLDATASIZE, PUSH1 4, EQ, PUSH1 20, JUMPI
    code = b"\x36\x60\x04\x14\x60\x14\x57" + give(34, answer) + b"\x5b" + give(34 + len(answer), underlyings)
    return code + answer + underlyings


def test_a_report_is_read_where_it_lies(bench, scripted):
    bench.evm.set_code(scripted, answering(REPORT))
    assert bench.engine.assess(ACCOUNT, [], [scripted], 1, False).requirement == 7 * WAD
    # Lists in the other order, and something between.
    bench.evm.set_code(scripted, answering([*REPORT[:7], 0x140, 0x100, 0, 99, 1, 0]))
    assert bench.engine.assess(ACCOUNT, [], [scripted], 1, False).requirement == 7 * WAD


@pytest.mark.parametrize(
    ("place", "word"),
    [
        (0, 0x40),  # the report begins too late
        (0, 2**256 - 32),
        (1, 4),  # no status
        (7, 0x180),  # a list behind the end
        (7, 2**256 - 32),
        (8, 0x160),
        (9, 3),  # longer than what is there
        (9, 2**251),
        (11, 1),
        (9, 0),  # an exposure is missing
    ],
)
def test_what_is_no_report_reverts(bench, scripted, place, word):
    words = list(REPORT)
    words[place] = word
    bench.evm.set_code(scripted, answering(words))
    with bench.evm.reverts():
        bench.engine.assess(ACCOUNT, [], [scripted], 1, False)


@pytest.mark.parametrize(("exposures", "changes"), [(0xE0, 0), (0xE0, 1), (0x100, 0xC0), (0xA0, 0x140)])
def test_a_list_among_the_figures_reverts(bench, scripted, exposures, changes):
    """Where a list is gets written over where it was said to be: a list there would take that for its length."""
    bench.evm.set_code(scripted, answering([*REPORT[:7], exposures, changes, *REPORT[9:]]))
    with bench.evm.reverts():
        bench.engine.assess(ACCOUNT, [], [scripted], 1, False)


@pytest.mark.parametrize("length", [0, 1, 8, 11])
def test_half_a_report_reverts(bench, scripted, length):
    bench.evm.set_code(scripted, answering(REPORT[:length]))
    with bench.evm.reverts():
        bench.engine.assess(ACCOUNT, [], [scripted], 1, False)
