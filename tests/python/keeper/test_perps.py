"""Keepers and perpetual markets: takeovers that close positions, deleveraging, upkeep, stop orders."""

from __future__ import annotations

import io
import json
import random
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from scripts.client.domain import account_id, open_domain
from scripts.client.perps import trade_data
from scripts.common.chain import Chain, connect
from scripts.common.contract import Reverted
from scripts.common.units import WAD
from scripts.keeper.config import load_config
from scripts.keeper.discover import InstrumentUnknown
from scripts.keeper.nodes import Nodes
from scripts.keeper.run import run_keeper
from scripts.keeper.store import Identity, Store
from scripts.keeper.watch import DomainChanged, Watch
from tests.helpers.keepers import (
    KeeperProcess,
    blocks,
    is_takeover,
    transactions,
    wait_until,
    wait_until_begun,
)
from tests.helpers.perp_crash import PerpCrash
from tests.helpers.perp_orders import AT_OR_BELOW, REDUCE_ONLY

pytestmark = pytest.mark.anvil

DOLLAR = 10**6
PATIENCE = 30.0


@pytest.fixture
def world() -> Iterator[PerpCrash]:
    with PerpCrash() as world:
        yield world


def keep(world: PerpCrash, number: int = 0, **options: Any) -> tuple[str, list[dict[str, Any]]]:
    """A keeper until nothing is left to do: its log and its actions, oldest first."""
    database = f"sqlite:///{world.folder / f'keeper-{number}.db'}"
    settings = {"upkeep_budget": "0", "funding_seconds": 0, **options}
    stream = io.StringIO()
    config = load_config(
        environment={},
        rpc=(world.url,),
        deployments=world.folder,
        database=database,
        tip_gwei="1",
        **{"once": True, "log_level": "debug", **settings},
    )
    assert run_keeper(config, signer=world.key(number), stream=stream) == 0, stream.getvalue()
    with Store(database, identity(world)) as store:
        return stream.getvalue(), store.actions()[::-1]


def identity(world: PerpCrash) -> Identity:
    return Identity(31337, world.domain.record.genesis, world.domain.vault.address)


def kinds(rows: list[dict[str, Any]], status: str = "done") -> list[str]:
    return [json.loads(row["plan"])["kind"] for row in rows if row["status"] == status]


def keeper_account(world: PerpCrash, number: int = 0) -> bytes:
    return account_id(world.key(number).address)


# Who is there


@pytest.fixture
def watch(world: PerpCrash) -> Iterator[Watch]:
    nodes = Nodes([world.url])
    nodes.head()
    with Store(f"sqlite:///{world.folder / 'watch.db'}", identity(world)) as store:
        yield Watch(nodes, world.domain, store)


def test_a_fill_is_an_event_of_both_its_accounts(world: PerpCrash, watch: Watch) -> None:
    account = world.fund(10_000)
    watch.step()
    world.trade(account, 1)
    found = watch.discovery.catch_up(watch._nodes.head())
    assert found.touched == {account, account_id(world.amm.address)}


def test_who_acted_in_an_instrument_alone_is_known(world: PerpCrash, watch: Watch) -> None:
    watch.step()
    events = {codec_topic(watch, name) for name in ("PositionMoved", "Settled", "Traded", "Tipped")}
    assert events <= set(watch.discovery._of_instruments)
    # A settlement that pays nothing is no event of the vault.
    account = world.longs(1, leverage=Decimal(3))[0]
    watch.step()
    world.market.settle(account)
    assert account in watch.discovery.catch_up(watch._nodes.head()).touched


def codec_topic(watch: Watch, name: str) -> bytes:
    from scripts.artifacts import artifacts
    from scripts.common.abi import topic

    return topic(next(entry for entry in artifacts().get("PerpMarket").abi if entry.get("name") == name))


def test_what_changes_all_accounts_of_a_market_has_all_of_them_read_again(
    world: PerpCrash, watch: Watch
) -> None:
    longs = world.longs(2, leverage=Decimal(3))
    watch.step()
    assert watch.index is not None
    assert set(longs) <= watch.holders(world.market.address)
    assert world.market.address in watch.discovery.instruments.values()
    watch.index._always[:] = False
    assert not set(longs) & set(watch.index.crossed(watch.market))  # type: ignore[arg-type]
    watch.index.add_holders([world.market.address])
    assert set(longs) <= set(watch.index.crossed(watch.market))  # type: ignore[arg-type]


def test_an_instrument_that_is_listed_later_is_followed_from_its_first_event(
    world: PerpCrash, watch: Watch
) -> None:
    watch.step()
    instrument = world.chain.deploy("MockInstrument", world.domain.vault)
    world.domain.vault.listInstrument(instrument)
    before = watch.discovery.at
    with pytest.raises(DomainChanged, match="has listed the instrument"):
        watch.step()
    assert watch.discovery.at == before  # its block is read again by who knows it
    with pytest.raises(InstrumentUnknown):
        watch.discovery.catch_up(watch._nodes.head())


# The index


def test_no_account_with_positions_is_missed_and_few_are_looked_at(world: PerpCrash, watch: Watch) -> None:
    """Prices, marks, funding and time move at random: who may be taken over on chain is always among those looked at."""
    chance = random.Random(11)
    weth = world.domain["WETH"].underlying
    world.chain.rpc("anvil_setCode", world.domain.parameters.feed(weth).secondary, "0x")
    accounts = []
    for number in range(24):
        leverage = Decimal(25 if number % 4 == 0 else chance.randint(20, 45)) / 10
        account = world.fund(2_000 / leverage * 10)
        world.trade(account, chance.choice((-10, 10)))
        accounts.append(account)
        if number % 4 == 0:
            world.domain.vault.borrow(
                account, world.domain["DAI"].token, 600 * WAD, world.trader, sender=world.trader
            )
    for _ in range(2):
        watch.step()  # the first one reads them, the second one those that prices have reached
    assert watch.index is not None
    price, missed, looked, steps, fallen = 2_000.0, 0, 0, 0, 0
    for step in range(40):
        price *= 1 + (-0.008 if step < 20 else 0.014) + chance.uniform(-0.008, 0.008)
        if step % 7 == 3:
            world.trade(accounts[0], Decimal(chance.choice((-1, 1))) * chance.randint(1, 3) / 10)
        if step % 5 == 4:
            world.chain.warp(chance.randint(10, 3_000))
        world.feed(Decimal(int(price * 100)) / 100)
        market = watch.scanner.market(watch._nodes.head())
        crossed = set(watch.index.crossed(market))
        if step % 7 == 3:
            crossed.add(accounts[0])  # an event has touched it
        unhealthy = set(world.unhealthy(accounts))
        missed += len(unhealthy - crossed)
        fallen += len(unhealthy)
        looked += len(crossed & set(accounts))
        steps += 1
        watch.step()
    assert missed == 0
    assert fallen > 0, "nobody fell: nothing was tried"
    assert looked < 0.5 * steps * len(accounts)


def test_a_market_that_cannot_be_read_is_an_alarm_and_its_accounts_are_all_looked_at(
    world: PerpCrash, monkeypatch: pytest.MonkeyPatch
) -> None:
    longs = world.longs(2)
    read_all = Chain.read_all

    def without_state(self: Chain, calls: Any, **options: Any) -> Any:
        answers = read_all(self, calls, **options)
        broken = world.market.state.prepare().data
        reverted = Reverted("Panic", (0x11,), b"")
        return [
            reverted if call.data == broken and call.to == world.market.address else answer
            for call, answer in zip(calls, answers, strict=True)
        ]

    world.crash(Decimal("0.89"))
    monkeypatch.setattr(Chain, "read_all", without_state)
    database = f"sqlite:///{world.folder / 'keeper.db'}"
    with Store(database, identity(world)) as store:
        nodes = Nodes([world.url])
        nodes.head()
        domain = open_domain(Chain(nodes, 31337), world.folder)  # type: ignore[arg-type]
        watch = Watch(nodes, domain, store)
        seen = watch.step()
        assert {snapshot.account for snapshot in seen.liquidatable} == set(longs)
        assert any("ETH-PERP cannot be read" in alarm.text for alarm in seen.alarms)
        world.chain.rpc("evm_mine")
        assert watch.step().looked >= len(longs)


# Takeovers


def test_in_a_crash_longs_are_taken_over_and_closed(world: PerpCrash) -> None:
    longs = world.longs(4)
    assert world.unhealthy(longs) == []
    sizes = [world.size(account) for account in longs]
    world.crash(Decimal("0.89"))
    assert world.unhealthy(longs) == longs
    _, rows = keep(world)
    assert world.unhealthy(longs) == []
    assert kinds(rows) == ["take over"] * len(longs)
    for account, size in zip(longs, sizes, strict=True):
        assert 0 < world.size(account) < size
    # What was taken is closed at the AMM, and the profit is in the wallet.
    key = world.key(0).address
    assert world.domain.vault.holdings(keeper_account(world))[:2] == ([], [])
    held = world.domain["USDC"].token.balanceOf(key)
    assert held == sum(int(row["profit"]) for row in rows) > 0
    assert all(int(row["profit"]) >= DOLLAR for row in rows)


def test_spot_debt_and_positions_in_two_markets_are_taken_and_closed_together(world: PerpCrash) -> None:
    vault, other = world.domain.vault, world.domain.perps["BTC-PERP"]
    account = world.open_with("WETH", 10 * WAD, "USDC", 8_000 * DOLLAR)
    world.trade(account, 15)
    data = trade_data(other.amm.address, -WAD // 10)
    vault.callInstrument(account, other.market, data, sender=world.trader)
    world.crash(Decimal("0.82"))
    assert world.unhealthy([account]) and len(vault.holdings(account)[1]) == 2
    before = world.size(account), other.market.position(account).sizeWad
    _, rows = keep(world)
    assert set(kinds(rows)) == {"take over"} and not world.unhealthy([account])
    after = world.size(account), other.market.position(account).sizeWad
    assert after[0] < before[0] and after[1] > before[1]
    assert vault.holdings(keeper_account(world))[:2] == ([], [])
    held = world.domain["USDC"].token.balanceOf(world.key(0).address)
    assert held == sum(int(row["profit"]) for row in rows) > 0


def test_what_leaves_less_than_the_minimum_is_not_taken(world: PerpCrash) -> None:
    (account,) = world.longs(1)
    world.crash(Decimal("0.89"))
    log, rows = keep(world, min_profit="1_000_000 USDC")
    assert kinds(rows) == [] and "at least" in log
    assert world.unhealthy([account])


def test_a_keeper_may_keep_positions(world: PerpCrash) -> None:
    (account,) = world.longs(1)
    signer = world.key(0)
    amount = 100_000 * DOLLAR
    world.deployment.mint("USDC", signer.address, amount)
    own = open_domain(connect(world.url, account=signer), world.folder)
    own["USDC"].token.approve(own.vault, amount)
    own.vault.deposit(keeper_account(world), own["USDC"].token, amount)
    world.crash(Decimal("0.89"))
    before = world.size(account)
    _, rows = keep(world, mode="inventory", positions="keep")
    assert kinds(rows) == ["take over"]
    assert world.size(keeper_account(world)) == before - world.size(account) > 0
    assert int(rows[0]["profit"]) > 0


def test_in_inventory_mode_positions_are_closed_by_default(world: PerpCrash) -> None:
    (account,) = world.longs(1)
    world.crash(Decimal("0.89"))
    _, rows = keep(world, mode="inventory")
    assert kinds(rows) == ["take over"]
    assert world.size(keeper_account(world)) == 0 and not world.unhealthy([account])
    # Its profit is reckoned at the mark of the simulation.
    assert abs(world.balance(keeper_account(world)) - int(rows[0]["profit"])) < DOLLAR // 100
    assert int(rows[0]["profit"]) > DOLLAR


def test_where_the_amm_refuses_nothing_is_taken(world: PerpCrash) -> None:
    (account,) = world.longs(1)
    world.crash(Decimal("0.89"))
    world.market.setMaker(world.amm, False)
    log, rows = keep(world)
    assert rows == [] and world.unhealthy([account])
    assert "refused" in log


@pytest.mark.parametrize("staked", [True, False])
def test_an_insolvent_account_is_taken_over_and_deleveraged_to_the_end(
    world: PerpCrash, staked: bool
) -> None:
    """With a backstop that pays the premium alone, and with an empty one: then for nothing, within the budget."""
    (long,) = world.longs(1, ether=2_000, leverage=Decimal("3.5"))
    for number in range(12):  # the other side in more buckets than a takeover closes itself
        world.trade(world.fund(20_000), -5)
        if number < 11:
            world.crash(Decimal("1.02"))
    backstop = world.domain.backstop
    world.take_away(account_id(backstop.address), "USDC")
    if staked:
        amount = world.give(world.trader, 30_000)
        world.domain["USDC"].token.approve(backstop, amount, sender=world.trader)
        backstop.deposit(amount, world.trader, sender=world.trader)
    world.crash(Decimal("0.55"))
    assert world.domain.lens.health(long) == 0
    _, rows = keep(world, upkeep_budget="1000", settle_loss="1000000000")
    assert "take over" in kinds(rows) and world.size(long) == 0
    assert "deleverage" in kinds(rows) and world.market.totals().receiverSizeWad == 0
    assert world.domain.vault.holdings(keeper_account(world))[:2] == ([], [])
    profit = sum(int(row["profit"] or 0) for row in rows)
    assert world.domain["USDC"].token.balanceOf(world.key(0).address) == profit
    assert profit > 1_000 * DOLLAR if staked else profit == 0


def test_who_lost_a_hedge_is_left_alone_while_he_is_solvent(world: PerpCrash) -> None:
    (account,) = world.longs(1)
    world.crash(Decimal("0.89"))
    until = give_grace(world, account)
    log, rows = keep(world)
    assert rows == [] and "LiquidationEngine_HedgeGrace" in log
    world.chain.warp(until - world.chain.now)
    world.crash(Decimal(1))
    _, rows = keep(world)
    assert kinds(rows) == ["take over"] and not world.unhealthy([account])


def give_grace(world: PerpCrash, account: bytes) -> int:
    """Writes the market's storage so that the account's grace begins now; when it ends."""
    call = world.market.graceUntil.prepare(account)
    request = {"to": call.to, "data": "0x" + call.data.hex()}
    touched = world.chain.rpc("debug_traceCall", request, "latest", {"tracer": "prestateTracer"})
    state = next(one for address, one in touched.items() if address.lower() == call.to.lower())
    now = world.chain.now
    for slot in state.get("storage", {}):
        before = world.chain.rpc("eth_getStorageAt", call.to, slot, "latest")
        world.chain.rpc("anvil_setStorageAt", call.to, slot, f"0x{now:064x}")
        (until,) = world.chain.read_all([call], allow_revert=True)
        if isinstance(until, int) and until > now:
            return until
        world.chain.rpc("anvil_setStorageAt", call.to, slot, before)
    raise AssertionError("no slot of the market is the account's grace")


# Upkeep


def test_funding_is_recorded_when_it_is_old_and_matters(world: PerpCrash) -> None:
    settings = {"upkeep_budget": "100", "funding_seconds": 3_600}
    world.chain.warp(3_700)
    world.crash(Decimal(1))
    if world.market.totals().openInterestWad == 0:
        assert kinds(keep(world, **settings)[1]) == []
    world.longs(1, leverage=Decimal(3))
    assert kinds(keep(world, 1, **settings)[1]).count("record funding") == 0  # recorded by the trade
    world.chain.warp(3_700)
    world.crash(Decimal(1))
    before = world.chain.block_number
    _, rows = keep(world, 2, **settings)
    assert kinds(rows).count("record funding") >= 1
    logs = world.chain.rpc("eth_getLogs", {"address": world.market.address, "fromBlock": hex(before + 1)})
    assert logs
    assert kinds(keep(world, 2, **settings)[1]) == kinds(rows)  # and not again


def test_losers_pay_when_winners_wait_and_winners_are_paid(world: PerpCrash) -> None:
    winner = world.fund(50_000)
    world.trade(winner, -20)
    (loser,) = world.longs(1, ether=20, leverage=Decimal(3))
    world.crash(Decimal("0.95"))
    world.market.settle(winner)
    waiting = world.market.position(winner).waiting
    assert waiting > 1_000 * DOLLAR
    before = world.balance(winner)
    assert kinds(keep(world, upkeep_budget="0")[1]) == []
    _, rows = keep(world, upkeep_budget="1000", settle_loss="1000", settle_claim="100")
    assert kinds(rows).count("settle") >= 2
    assert world.balance(winner) > before
    assert world.market.position(loser).pnl > -DOLLAR * 10**30


def test_upkeep_costs_no_more_than_its_budget_also_after_a_restart(world: PerpCrash) -> None:
    winner = world.fund(100_000)
    world.trade(winner, -60)
    world.longs(6, leverage=Decimal(3))
    world.crash(Decimal("0.95"))
    world.market.settle(winner)
    budget = Decimal("2.5")
    for _ in range(3):
        _, rows = keep(world, upkeep_budget=str(budget), settle_loss="100", settle_claim="1000000")
    wei = sum(int(row["gas_used"]) * int(row["gas_price"]) for row in rows if row["status"] == "done")
    assert kinds(rows)
    assert Decimal(wei) / WAD * 2_000 <= budget
    _, more = keep(world, upkeep_budget="1000", settle_loss="100", settle_claim="1000000")
    assert len(more) > len(rows)


# Stop orders


def stopped(world: PerpCrash, tip: int = 20, ether: int = 10) -> tuple[bytes, Any]:
    """A long with an order that closes it when ether falls to 1,900."""
    (account,) = world.longs(1, ether=ether, leverage=Decimal(2))
    order = world.order(
        account,
        -ether,
        1_700,
        trigger=AT_OR_BELOW,
        trigger_price=1_900 * WAD,
        flags=REDUCE_ONLY,
        tip=tip * DOLLAR,
    )
    return account, order


def test_a_stop_order_sleeps_until_its_price_and_is_triggered_for_its_tip(world: PerpCrash) -> None:
    account, order = stopped(world)
    folder = world.place(order)
    assert kinds(keep(world, orders=folder)[1]) == []
    world.crash(Decimal("0.94"))
    _, rows = keep(world, orders=folder)
    assert kinds(rows) == ["trigger"] and world.size(account) == 0
    assert int(rows[0]["profit"]) == 20 * DOLLAR
    assert world.market.position(keeper_account(world)).pnl == 20 * DOLLAR * 10**30
    # It is not tried again, and the tip is paid once the loser has been settled.
    world.crash(Decimal("0.99"))
    for _ in range(2):
        _, rows = keep(world, orders=folder, upkeep_budget="100", settle_loss="100")
        world.chain.warp(20)
        world.crash(Decimal(1))
    assert kinds(rows).count("trigger") == 1
    assert world.balance(keeper_account(world)) == 20 * DOLLAR


def test_resting_makers_fill_a_stop_order_before_the_amm(world: PerpCrash) -> None:
    account, order = stopped(world)
    maker = world.fund(20_000, owner=world.chain.accounts[8])
    poor = world.fund(1, owner=world.chain.accounts[9])
    bids = [world.order(poor, 10, 1_879), world.order(maker, 4, 1_878)]
    folder = world.place(order, *bids)
    world.crash(Decimal("0.94"))
    _, rows = keep(world, orders=folder)
    assert kinds(rows) == ["trigger"] and world.size(account) == 0
    assert world.size(maker) == 4 * WAD and world.size(poor) == 0


def test_a_tip_that_does_not_pay_for_the_gas_triggers_nothing(world: PerpCrash) -> None:
    account, order = stopped(world, tip=1)
    folder = world.place(order)
    world.crash(Decimal("0.94"))
    log, rows = keep(world, orders=folder)
    assert rows == [] and world.size(account) == 10 * WAD
    assert "triggering it earns" in log


def test_what_cannot_be_read_is_an_alarm_and_the_rest_goes_on(world: PerpCrash) -> None:
    account, order = stopped(world)
    folder = world.place(order)
    (world.folder / "orders" / "broken.json").write_text("{")
    world.crash(Decimal("0.94"))
    log, rows = keep(world, orders=folder)
    assert kinds(rows) == ["trigger"] and world.size(account) == 0
    assert "broken.json: not JSON" in log


@pytest.mark.slow
def test_two_keepers_race_for_stop_orders_and_each_is_triggered_once(world: PerpCrash) -> None:
    orders = [stopped(world, ether=2) for _ in range(6)]
    folder = world.place(*(order for _, order in orders))
    world.move_pool(Decimal(1_880))
    world.chain.warp(400)
    keepers = [KeeperProcess(world, world.key(n), f"keeper-{n}", orders=folder) for n in range(2)]
    wait_until_begun(keepers)
    with blocks(world, 0.3):
        world.feed(Decimal(1_880), one_block=False)
        wait_until(lambda: all(world.size(account) == 0 for account, _ in orders), PATIENCE)
        time.sleep(1)
        assert [keeper.end() for keeper in keepers] == [0, 0]
    rows = [row for keeper in keepers for row in keeper.actions()]
    assert kinds(rows).count("trigger") == len(orders)
    assert {row["status"] for row in rows} <= {"done", "lost", "dropped"}
    for _, order in orders:
        assert world.orders.statusOf(order.fields()).filledWad == 2 * WAD
    earned = sum(world.market.position(keeper_account(world, n)).pnl for n in range(2))
    assert earned == len(orders) * 20 * DOLLAR * 10**30


@pytest.mark.slow
def test_killed_at_any_moment_it_takes_over_and_triggers_all_and_nothing_twice(world: PerpCrash) -> None:
    chance = random.Random(7)
    longs = world.longs(8)
    orders = [stopped(world, ether=2) for _ in range(4)]
    folder = world.place(*(order for _, order in orders))
    world.crash(Decimal("0.89"))
    signer = world.key(0)
    with blocks(world, 0.05):
        for _ in range(8):
            keeper = KeeperProcess(world, signer, "keeper", orders=folder, settle_loss="1000000")
            time.sleep(chance.uniform(0.05, 0.5))
            keeper.kill()
        last = KeeperProcess(world, signer, "keeper", orders=folder, settle_loss="1000000", once=True)
        assert last.wait(PATIENCE) == 0, last.log.read_text()[-2_000:]
    assert world.unhealthy(longs) == []
    assert all(world.size(account) == 0 for account, _ in orders)
    rows = last.actions()
    done = {row["tx_hash"] for row in rows if row["status"] == "done"}
    receipts = transactions(world, signer.address)
    assert {one["transactionHash"] for one in receipts if one["status"] == "0x1"} == done
    assert kinds(rows).count("trigger") == len(orders)
    taken = [row for row in rows if row["status"] == "done" and is_takeover(row)]
    assert len(world.takeovers()) == len(taken) >= len(longs)
    assert world.size(keeper_account(world)) == 0
