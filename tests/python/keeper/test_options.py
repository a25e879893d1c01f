"""Keepers and options: volatility and shocks, expiries, takeovers by scenario, stale surfaces."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.request import urlopen

import pytest

from scripts.client.domain import account_id, open_domain
from scripts.common.abi import selector, topic
from scripts.common.chain import connect
from scripts.common.contract import Contract
from scripts.common.units import WAD
from scripts.keeper import scenarios
from scripts.keeper.expiries import last_round
from scripts.keeper.offers import Reader
from scripts.keeper.options import Holdings, Option, kept, loss_alone
from tests.helpers.keepers import KeeperProcess, blocks, wait_until, wait_until_begun
from tests.helpers.option_crash import OptionCrash
from tests.python.keeper.test_perps import keep, keeper_account, kinds

pytestmark = pytest.mark.anvil

DOLLAR = 10**6
PATIENCE = 30.0
BUDGET: dict[str, Any] = {"upkeep_budget": "1000"}


@pytest.fixture
def world() -> Iterator[OptionCrash]:
    with OptionCrash() as world:
        assert isinstance(world, OptionCrash)
        yield world


def events(world: OptionCrash, contract: Contract, name: str, since: int) -> int:
    """How many events of a name a contract has had after a block."""
    entry = next(one for one in contract.abi if one.get("name") == name and one["type"] == "event")
    asked = {"address": contract.address, "fromBlock": hex(since + 1), "topics": ["0x" + topic(entry).hex()]}
    return len(world.chain.rpc("eth_getLogs", asked))


# Volatility


def test_two_keepers_observe_and_refresh_once(world: OptionCrash) -> None:
    assert world.domain.volatility
    realised, shocks = world.domain.volatility.realised, world.domain.volatility.shocks
    number = world.option.underlying
    world.move_pool(Decimal(1_700))
    world.chain.warp(4 * 3_600)
    keepers = [KeeperProcess(world, world.key(n), f"keeper-{n}", **BUDGET) for n in range(2)]
    wait_until_begun(keepers)
    since = world.chain.block_number
    with blocks(world, 0.3):
        world.feed(Decimal(1_700), one_block=False)
        wait_until(lambda: events(world, shocks, "ShocksRefreshed", since) > 0, PATIENCE)
        time.sleep(1.5)
        assert [keeper.end() for keeper in keepers] == [0, 0]
    assert not realised.isDue(number) and not shocks.preview(number).due
    # Once for each underlying that has an estimate.
    assert events(world, realised, "Observed", since) == sum(
        bool(shocks.rule(one).ramp) for one in world.domain.feeds
    )
    refreshed = events(world, shocks, "ShocksRefreshed", since)
    rows = [row for keeper in keepers for row in keeper.actions()]
    assert kinds(rows).count("refresh shocks") == refreshed >= 1
    assert {row["status"] for row in rows} <= {"done", "lost", "dropped"}


def test_nothing_is_observed_beyond_the_budget(world: OptionCrash) -> None:
    world.chain.warp(4 * 3_600)
    world.crash(Decimal("0.9"))
    log, rows = keep(world, upkeep_budget="0.00001")
    assert rows == [] and "observe volatility" in log
    log, rows = keep(world, upkeep_budget="0")
    assert rows == [] and "observe volatility" not in log
    assert {"observe volatility"} <= set(kinds(keep(world, **BUDGET)[1]))


# Expiries


def straddled(world: OptionCrash, count: int) -> tuple[int, list[bytes], list[bytes]]:
    """Accounts that hold a call of the first expiry, and those that sold it."""
    call = world.series(0, 2_000)
    longs = [world.fund(10_000) for _ in range(count)]
    shorts = [world.fund(10_000, owner=world.chain.accounts[5]) for _ in range(count)]
    for long, short in zip(longs, shorts, strict=True):
        world.fill(long, short, 2, {call: 1})
    return call, longs, shorts


def test_the_round_is_the_last_one_not_later(world: OptionCrash) -> None:
    feed = world.domain.feeds[world.option.underlying]
    times = []
    for _ in range(11):
        world.chain.warp(100)
        world.feed(Decimal(2_000))
        times.append(int(feed.latestRoundData().updatedAt))
    newest = int(feed.latestRoundData().roundId)
    for back, at in enumerate(reversed(times)):
        assert last_round(world.chain, feed, at) == newest - back
        assert last_round(world.chain, feed, at + 50) == newest - back
    assert last_round(world.chain, feed, 1) == 0
    feed.startPhase(2_000 * 10**8)
    assert last_round(world.chain, feed, times[3]) == newest - 7
    feed.setDead(True)
    assert last_round(world.chain, feed, times[3]) == 0


def mined(world: OptionCrash) -> bool:
    """Mines a block."""
    world.chain.rpc("evm_mine")
    return True


def test_killed_between_chunks_an_expiry_is_settled_to_the_end(world: OptionCrash) -> None:
    _, longs, shorts = straddled(world, 4)  # eight accounts: two chunks
    before = {account: world.balance(account) for account in longs + shorts}
    expiry = world.expire(0, Decimal(2_200))
    assert not world.book.settlementPrice(expiry).known
    signer = world.key(0)
    world.chain.rpc("evm_setAutomine", False)
    first = KeeperProcess(world, signer, "keeper", **BUDGET)
    wait_until(lambda: mined(world) and world.book.settlementPrice(expiry).known, PATIENCE)
    first.kill()
    left = [account for account in longs + shorts if world.sizes(account)]
    assert left, "one chunk was all: nothing was interrupted"
    with blocks(world, 0.1):
        last = KeeperProcess(world, signer, "keeper", once=True, **BUDGET)
        assert last.wait(PATIENCE) == 0, last.log.read_text()[-2_000:]
    assert world.book.settlementPrice(expiry).priceWad == 2_200 * WAD
    assert not any(world.sizes(account) for account in longs + shorts)
    # What losers paid, winners have: nobody waits.
    paid = sum(before[account] - world.balance(account) for account in shorts)
    got = sum(world.balance(account) - before[account] for account in longs)
    totals = world.book.totals()
    assert totals.waiting == 0 and totals.expiredCost == 0
    assert 0 < got <= paid
    assert all(world.balance(account) > before[account] for account in longs)
    assert {row["status"] for row in last.actions()} <= {"done", "dropped", "lost"}
    assert kinds(last.actions()).count("settle expiry") >= 2


def test_without_rounds_the_last_good_price_counts_a_day_later(world: OptionCrash) -> None:
    _, longs, shorts = straddled(world, 1)
    world.domain.risk.poke(world.option.underlying)
    world.domain.feeds[world.option.underlying].setDead(True)
    expiry = world.expire(0, Decimal(2_000), fed=False)
    log, rows = keep(world, **BUDGET)
    assert "settle expiry" not in kinds(rows) and "no rounds in its last half hour" in log
    world.chain.warp(86_400)
    _, rows = keep(world, 1, **BUDGET)
    assert "settle expiry" in kinds(rows)
    assert world.book.settlementPrice(expiry).known
    assert not world.sizes(longs[0]) and not world.sizes(shorts[0])


# Takeovers


def shorted(world: OptionCrash, dollars: int) -> tuple[bytes, int]:
    """An account that sold ten calls, which a rise of a sixth makes unhealthy."""
    call = world.series(2, 2_000)
    account, other = world.fund(dollars), world.fund(50_000, owner=world.chain.accounts[5])
    world.fill(other, account, 10, {call: 1})
    return account, call


def collateral(world: OptionCrash, dollars: int) -> None:
    """The keeper's own account gets dollars."""
    signer = world.key(0)
    world.deployment.mint("USDC", signer.address, dollars * DOLLAR)
    own = open_domain(connect(world.url, account=signer), world.folder)
    own["USDC"].token.approve(own.vault, dollars * DOLLAR)
    own.vault.deposit(account_id(signer.address), own["USDC"].token, dollars * DOLLAR)


def test_short_options_are_taken_over_with_collateral_alone(world: OptionCrash) -> None:
    account, call = shorted(world, 5_500)
    world.crash(Decimal("1.2"))
    world.publish()
    assert world.unhealthy([account])
    log, rows = keep(world)
    assert "take over" not in kinds(rows) and "it holds options (ETH-OPTION)" in log
    log, rows = keep(world, 1, mode="inventory")
    assert "take over" not in kinds(rows) and "BelowInitialRequirement" in log
    collateral(world, 100_000)
    before = world.sizes(account)[call]
    _, rows = keep(world, mode="inventory")
    assert "take over" in kinds(rows) and not world.unhealthy([account])
    assert before < world.sizes(account).get(call, 0) <= 0
    assert world.sizes(keeper_account(world))[call] == before - world.sizes(account).get(call, 0)
    taken = [row for row in rows if int(row["profit"] or 0)]
    assert taken and all(int(row["profit"]) > DOLLAR for row in taken)


@pytest.mark.parametrize("staked", [True, False])
def test_an_insolvent_seller_is_kept_or_closed_by_the_market(world: OptionCrash, staked: bool) -> None:
    """Where the backstop pays, inventory mode keeps its options, and capital-free mode warns lenders."""
    account, call = shorted(world, 5_000)
    backstop = account_id(world.domain.backstop.address)
    if not staked:
        world.take_away(backstop, "USDC")
    assert (world.balance(backstop) > 0) == staked
    collateral(world, 200_000)
    world.crash(Decimal("1.5"))
    world.publish()
    assert world.domain.lens.health(account) == 0
    log, rows = keep(world, 1)
    if not staked:
        # Its options are closed against the other side, what it has goes there too: taken over for nothing.
        assert kinds(rows) == ["take over"] and not world.sizes(account)
        assert not world.sizes(keeper_account(world, 1)) and int(rows[0]["profit"]) == 0
        assert world.domain.vault.holdings(keeper_account(world, 1))[:2] == ([], [])
        assert world.balance(account) == 0
        return
    assert kinds(rows) == ["flag"] and "options" in log
    _, rows = keep(world, mode="inventory")
    assert kinds(rows) == ["take over"] and not world.sizes(account)
    assert world.sizes(keeper_account(world)) == {call: -10 * WAD}
    assert int(rows[0]["profit"]) > DOLLAR


def test_a_portfolio_is_taken_over_by_its_worst_scenario(
    world: OptionCrash, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, call = shorted(world, 5_000)
    world.trade(account, 1)
    world.as_portfolio(account)
    collateral(world, 100_000)
    world.crash(Decimal("1.2"))
    world.publish()
    assert world.unhealthy([account])
    before = world.sizes(account)[call], world.size(account)
    start = world.chain.rpc("evm_snapshot")
    log, rows = keep(world, mode="inventory")
    assert kinds(rows) == ["take over"] and not world.unhealthy([account])
    assert "scenario=0x8" in log, log
    row = rows[0]
    call_data = world.chain.rpc("eth_getTransactionByHash", row["tx_hash"])["input"]
    vault = world.domain.vault
    selectors = [
        selector(next(one for one in vault.abi if one.get("name") == name)).hex()
        for name in ("liquidateByScenario", "liquidate")
    ]
    assert selectors[0] in call_data and selectors[1] not in call_data
    # The perpetual position was closed, the options are the keeper's.
    after = world.sizes(account)[call], world.size(account)
    assert before[0] < after[0] < 0 and 0 < after[1] < before[1]
    assert world.sizes(keeper_account(world)) == {call: before[0] - after[0]}
    assert world.size(keeper_account(world)) == 0
    assert int(row["profit"]) > DOLLAR
    # With the whole grid the same takes more gas.
    gas = int(row["gas_used"])
    world.chain.rpc("evm_revert", start)
    monkeypatch.setattr(Reader, "_worst_scenarios", lambda *_: [])
    (world.folder / "keeper-0.db").unlink()
    _, rows = keep(world, mode="inventory")
    assert kinds(rows) == ["take over"] and int(rows[0]["gas_used"]) > gas + 50_000, (
        gas,
        rows[0]["gas_used"],
    )


def test_a_portfolio_whose_credit_stays_behind_is_taken_over_for_what_changes_hands(
    world: OptionCrash,
) -> None:
    account, call = shorted(world, 5_000)
    world.trade(account, 2)
    world.as_portfolio(account)
    collateral(world, 100_000)
    world.crash(Decimal("1.28"))
    world.publish()
    # Its equity has the profit of the perpetual position in it, of which no premium can be paid: what changes hands pays.
    holdings, instruments, _ = world.domain.vault.holdings(account)
    plan = world.domain.liquidation.plan((account, holdings, instruments, 0, WAD, 0, 0))
    assert plan.payment <= 1 and not plan.insolvent
    before = world.sizes(account)[call]
    _, rows = keep(world, mode="inventory")
    assert "take over" in kinds(rows)
    assert before < world.sizes(account).get(call, 0)
    assert all(int(row["profit"]) > DOLLAR for row in rows)


def test_what_comes_over_of_options_is_rounded_against_the_keeper() -> None:
    """A quarter of 2 calls held at 150 and 3 sold at 90, with a loss of 100 dollars and a unit of quote, index 2,000."""
    option = Option("ETH-OPTION", 3, None, 1, 10**30)  # type: ignore[arg-type]
    balance = SimpleNamespace(pnl=-100 * 10**36 - 1, waiting=0, allotted=0)
    held = Holdings(balance, [(2 * WAD, 150 * WAD), (-3 * WAD, 90 * WAD)], 2_000 * WAD)
    part = kept(option, held, WAD // 4)
    assert part.loss == -25 * DOLLAR - 1
    assert (part.longs, part.long_notional, part.short_notional) == (
        75 * DOLLAR,
        1_000 * DOLLAR,
        1_500 * DOLLAR,
    )
    assert part.worth(WAD // 200) == part.loss - 5 * DOLLAR - 75 * DOLLAR // 10
    # Unwinding a long costs no more than its value.
    assert part.worth(WAD // 10) == part.loss - 75 * DOLLAR - 150 * DOLLAR
    # A profit stays with the account; of a deficit that the market bears nothing comes over.
    balance.pnl = 40 * 10**36
    assert kept(option, held, WAD).loss == 0
    balance.pnl = -100 * 10**36
    assert loss_alone(option, held, 60 * WAD, WAD).gain == -40 * DOLLAR
    assert loss_alone(option, held, 100 * WAD, WAD).gain == 0


def test_the_points_that_are_named() -> None:
    """Where the account loses most when prices rise, the lower half of what loses then is free: its far end is named."""

    def of(underlying: int, changes: list[int]) -> SimpleNamespace:
        lower, upper = (-min(0, *half) for half in (changes[:13], changes[10:]))
        return SimpleNamespace(
            underlying=underlying, changesWad=changes, lowerLossWad=lower, upperLossWad=upper
        )

    rising = of(0, [100 - 9 * point for point in range(23)])
    falling = of(2, [-50 + 4 * point for point in range(23)])
    both = scenarios.worst_points([rising, falling])
    # In the second both halves count: it loses more when prices fall, while all in all more is lost when they rise.
    assert both == {0: (3, 22), 2: (0, 10)}
    assert scenarios.worst_points([falling]) == {2: (0, 19)}
    assert scenarios.worst_points([rising], thirds=1) == {0: (3, 15)}
    assert scenarios.worst([rising, falling]) == 1 << 255 | (0 | 10 << 5) << 20 | (3 | 22 << 5)
    assert scenarios.worst([]) == 0 and scenarios.worst([of(25, [0] * 23)]) == 0


# Stale smiles


def test_a_stale_surface_is_an_alarm_and_nothing_is_done(world: OptionCrash) -> None:
    world.series(2, 2_000)
    assert world.domain.volatility
    surface = world.domain.volatility.surface
    world.chain.warp(surface.parameters(world.option.underlying).heartbeat + 60)
    world.crash(Decimal(1))
    log, rows = keep(world)
    assert "the volatility surface of ETH is stale: 1 of 1 expiries" in log and rows == []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keeper = KeeperProcess(world, world.key(1), "watching", metrics_port=port)
    wait_until_begun([keeper])
    wait_until(lambda: "keel_keeper_stale_surfaces 1.0" in get(port, "metrics"), PATIENCE)
    health = json.loads(get(port, "health"))
    assert health["healthy"] and "volatility surface of ETH" in health["warnings"][0]
    world.publish()
    wait_until(lambda: "keel_keeper_stale_surfaces 0.0" in get(port, "metrics"), PATIENCE)
    assert json.loads(get(port, "health"))["warnings"] == []
    assert keeper.end() == 0 and keeper.actions() == []


def get(port: int, page: str) -> str:
    """What the keeper's endpoint answers."""
    with urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5) as answer:
        return str(answer.read(), "utf-8")
