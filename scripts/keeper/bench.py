"""How fast the keeper is, on a local chain of its own: `make bench-keeper`.

Opens accounts by real deposits and borrowing, many in a batch of one owner: a quarter each with one to four
assets. Some fifties of them are as leveraged as can be; each tick of ether crosses exactly one of these fifties.
A whole keeper then watches, decides and sends, in a process of its own.

- tick_to_send_ms: from seeing the block with the price to having sent the first liquidation (median of the ticks)
- sweep_s: reading and filing every account once (the best of three)
- rss_mb: memory of the keeper's process after all that

With `--perps` the accounts hold perpetual positions instead, half of them long:

- first_s: reading and filing all of them for the first time
- tick_ms, looked: a step after ether moved by a thousandth, and how many accounts it read
- crash_looked: how many it read after ether fell by 13%, of which `fallen` may be taken over

Written to reports/keeper.json by number of accounts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from scripts.anvil import AnvilProcess
from scripts.chain.people import move_in
from scripts.client.domain import account_id, open_domain
from scripts.client.perps import trade_data
from scripts.common.chain import Chain, connect
from scripts.common.errors import KeelError, run_script
from scripts.common.units import WAD
from scripts.deploy import Deployment, deploy
from scripts.keeper.config import Config
from scripts.keeper.keeper import Keeper
from scripts.keeper.nodes import Nodes
from scripts.keeper.run import signer_of
from scripts.keeper.seen import Alarms, Metrics, Notifier, make_log
from scripts.keeper.store import Identity, Store
from scripts.keeper.types import Block
from scripts.keeper.watch import Watch
from scripts.setup.environment import ROOT

SIZES = (1_000, 10_000, 50_000)
AIMS = {"tick_to_send_ms": 300.0, "sweep_s": 5.0, "rss_mb": 300.0}
AIMED_AT = 10_000
REPORT = ROOT / "reports" / "keeper.json"
CROSSED = 50
BATCH = 50
BLOCK = 10
SECONDS = 600.0
# Ether in dollars: at opening, just above where the first fifty fall, and at the ticks. Steps are within the 2% by
# which feed and pool may differ, and the pool's mean takes minutes.
OPENING, ABOVE = 2_000, 1_825
TICKS = (1_800, 1_788, 1_776)
TWAP_SECONDS = 400
COLLATERAL = WAD  # WETH of each account
# Thousandths of the collateral's value that the fifties owe: each falls between two ticks.
UTMOST = (789, 781, 776)
RISKY = CROSSED * len(TICKS)
PERPS, PERP, PERP_BATCH = "perps", "ETH-PERP", 10


@dataclass(frozen=True)
class Figures:
    """What was measured for one number of accounts."""

    tick_to_send_ms: float
    sweep_s: float
    rss_mb: float
    crossed: int


def main() -> int:
    """Measures, writes and prints."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--accounts", type=int, nargs="*", default=list(SIZES))
    arguments.add_argument("--perps", type=int, help="measure so many accounts with perpetual positions")
    arguments.add_argument("--report", type=Path, default=REPORT)
    chosen = arguments.parse_args()
    known = json.loads(chosen.report.read_text()) if chosen.report.exists() else {}
    if chosen.perps:
        known[PERPS] = {**known.get(PERPS, {}), str(chosen.perps): asdict(measure_perps(chosen.perps))}
    else:
        for size in chosen.accounts:
            known[str(size)] = asdict(measure(size))
    chosen.report.parent.mkdir(exist_ok=True)
    chosen.report.write_text(
        json.dumps({size: known[size] for size in sorted(known, key=_order)}, indent=2) + "\n"
    )
    if chosen.perps:
        print(json.dumps(known[PERPS][str(chosen.perps)]))
    else:
        _print({size: Figures(**figures) for size, figures in known.items() if size != PERPS})
    return 0


@dataclass(frozen=True)
class PerpFigures:
    """What was measured for accounts with perpetual positions."""

    first_s: float
    tick_ms: float
    looked: int
    crash_looked: int
    fallen: int


def measure_perps(size: int) -> PerpFigures:
    """Figures for `size` accounts that hold a position on ether each."""
    with AnvilProcess() as anvil, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = connect(anvil.url, timeout=SECONDS)
        deployment = deploy(chain, folder=folder)
        move_in(deployment)
        _open_positions(deployment, folder, size)
        market = _Ether(deployment)
        nodes = Nodes([anvil.url], timeout=SECONDS)
        nodes.head()
        assert nodes.genesis is not None
        domain = open_domain(Chain(nodes, chain.chain_id), folder)  # type: ignore[arg-type]
        identity = Identity(chain.chain_id, nodes.genesis, domain.vault.address)
        with Store(f"sqlite:///{folder / 'keeper.db'}", identity) as store:
            watch = Watch(nodes, domain, store, step_seconds=SECONDS)
            first = watch.step().seconds
            watch.step()
            market.answer(OPENING * 999 // 1_000)
            tick = watch.step()
            market.lead(OPENING * 87 // 100)
            crash = watch.step()
        return PerpFigures(
            round(first, 2),
            round(tick.seconds * 1_000, 1),
            tick.looked,
            crash.looked,
            len(crash.liquidatable),
        )


def _open_positions(deployment: Deployment, folder: Path, size: int) -> None:
    """Accounts with an ether each, long and short in turn, at leverages from two to four and a half."""
    chain, owner = deployment.chain, deployment.chain.account
    domain = open_domain(chain, folder)
    perp, usdc = domain.perps[PERP], domain.settlement
    deployment.mint(usdc.symbol, owner, size * OPENING * 10**usdc.decimals)
    usdc.token.approve(domain.vault, 2**256 - 1)
    batches = []
    for start in range(0, size, PERP_BATCH):
        calls = []
        for number in range(start, min(start + PERP_BATCH, size)):
            account = account_id(owner, number)
            margin = OPENING * 10**usdc.decimals * 10 // (20 + number % 26)
            data = trade_data(perp.amm.address, WAD if number % 2 else -WAD)
            calls.append(domain.vault.deposit.encode(account, usdc.token, margin))
            calls.append(domain.vault.callInstrument.encode(account, perp.market, data))
        batches.append(domain.vault.execute.prepare(calls))
    for batch in batches:
        chain.send_all([batch])


def measure(size: int) -> Figures:
    """Figures for a domain of `size` accounts. Raises KeelError if a tick crosses other accounts than its fifty."""
    with AnvilProcess() as anvil, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = connect(anvil.url, timeout=SECONDS)
        deployment = deploy(chain, folder=folder)
        move_in(deployment)
        began = time.monotonic()
        accounts = open_accounts(deployment, size)
        print(f"{size} accounts opened in {time.monotonic() - began:.0f} s", file=sys.stderr)
        market = _Ether(deployment)
        market.lead(ABOVE)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        keeper = context.Process(target=_keep, args=(anvil.url, folder, theirs))
        keeper.start()
        theirs.close()  # so that the end of the process ends the wait for its answers
        try:
            return _measure(ours, market, accounts)
        finally:
            keeper.kill()
            keeper.join()


def open_accounts(deployment: Deployment, size: int) -> list[bytes]:
    """Opens `size` accounts, the first RISKY of them as leveraged as can be; their ids."""
    chain = deployment.chain
    owner = chain.account
    tokens = {asset.symbol: asset.token for asset in deployment.assets}
    pool = deployment.assets[0].pool
    assert pool is not None
    lent = size * 1_000 * 10**6
    deployment.mint("USDC", owner, lent)
    tokens["USDC"].approve(pool, lent)
    pool.deposit(lent, owner)
    for symbol, amount in (("WETH", COLLATERAL), ("DAI", 100 * WAD), ("wstETH", WAD // 10)):
        deployment.mint(symbol, owner, size * amount)
        tokens[symbol].approve(deployment.vault, 2**256 - 1)
    accounts = [account_id(owner, number) for number in range(size)]
    batches = [
        deployment.vault.execute.prepare(
            [
                call
                for number in range(start, min(start + BATCH, size))
                for call in _opening(deployment, tokens, accounts[number], number)
            ]
        )
        for start in range(0, size, BATCH)
    ]
    for start in range(0, len(batches), BLOCK):
        chain.send_all(batches[start : start + BLOCK])
    return accounts


def _opening(deployment: Deployment, tokens: dict[str, Any], account: bytes, number: int) -> list[bytes]:
    vault, owner = deployment.vault, deployment.chain.account
    calls = [vault.deposit.encode(account, tokens["WETH"], COLLATERAL)]
    kind = 1 if number < RISKY else number % 4
    if kind >= 2:
        calls.append(vault.deposit.encode(account, tokens["DAI"], 100 * WAD))
    if kind == 3:
        calls.append(vault.deposit.encode(account, tokens["wstETH"], WAD // 10))
    if kind:
        # The others could lose from a quarter to two thirds of their collateral.
        thousandths = UTMOST[number // CROSSED] if number < RISKY else 300 + number * 7 % 300
        debt = OPENING * 10**6 * thousandths // 1_000
        calls.append(vault.borrow.encode(account, tokens["USDC"], debt, owner))
    return calls


class _Ether:
    """Moves ether's price: the pool leads, the feed follows when its mean is there."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.chain = deployment, deployment.chain
        weth = next(asset for asset in deployment.assets if asset.symbol == "WETH")
        self.feed = weth.feed
        usdc = deployment.assets[0].token
        self.pool = next(pool for pool in deployment.markets if {pool.base, pool.quote} == {weth.token, usdc})
        for token, symbol, amount in ((weth.token, "WETH", 10**6 * WAD), (usdc, "USDC", 10**15)):
            deployment.mint(symbol, self.chain.account, amount)
            token.approve(self.pool.uniswap.router, 2**256 - 1)

    def lead(self, dollars: int) -> None:
        """Feed and pool step by step to near `dollars`."""
        now = self.feed.latestRoundData()[1] // 10**8
        while now != dollars:
            now = max(dollars, now * 985 // 1_000) if dollars < now else dollars
            self.push(now)
            self.answer(now)

    def push(self, dollars: int) -> None:
        """The pool goes there and stays until its mean is there too; the feeds stay fresh."""
        self.pool.move_to(dollars)
        self.chain.warp(TWAP_SECONDS)

    def answer(self, dollars: int) -> None:
        """The feed's next answer, in a block of its own."""
        self.feed.setAnswer(dollars * 10**8)


def _measure(keeper: Any, market: _Ether, accounts: list[bytes]) -> Figures:
    def ask(what: str) -> Any:
        keeper.send(what)
        try:
            answer = keeper.recv()
        except EOFError:
            raise KeelError("the keeper's process has ended; what it said is above") from None
        if isinstance(answer, str):
            raise KeelError(answer)
        return answer

    lens = market.deployment.lens
    ask("settle")
    sweep = min(ask("sweep") for _ in range(3))
    times = []
    for dollars in TICKS:
        market.push(dollars)
        ask("settle")
        market.answer(dollars)
        unhealthy = sum(health < WAD for health in lens.healthMany(accounts[:RISKY]))
        if unhealthy != CROSSED:
            raise KeelError(f"{unhealthy} accounts may be taken over after a tick; expected {CROSSED}")
        times.append(ask("tick"))
        ask("settle")
    return Figures(
        round(statistics.median(times), 1), round(sweep, 2), round(ask("memory") / 2**20, 1), CROSSED
    )


class _TimedNodes(Nodes):
    """Notes when a block was seen and when the first transaction after it was sent."""

    seen = 0.0
    sent: float | None = None

    def head(self) -> Block:
        """As Nodes.head."""
        block = super().head()
        self.seen, self.sent = time.monotonic(), None
        return block

    def __call__(self, method: str, *params: Any) -> Any:
        """As Nodes.__call__."""
        answer = super().__call__(method, *params)
        if method == "eth_sendRawTransaction" and self.sent is None:
            self.sent = time.monotonic()
        return answer


def _keep(url: str, folder: Path, orders: Any) -> None:
    """The keeper's process: does what it is told until it is killed."""
    try:
        nodes = _TimedNodes([url], timeout=SECONDS)
        nodes.head()
        assert nodes.chain_id is not None and nodes.genesis is not None
        domain = open_domain(Chain(nodes, nodes.chain_id), folder)  # type: ignore[arg-type]
        identity = Identity(nodes.chain_id, nodes.genesis, domain.vault.address)
        store = Store(f"sqlite:///{folder / 'keeper.db'}", identity)
        config = Config(rpc=(url,), deployments=folder, log_level="error")
        log, metrics = make_log(config.log, config.log_level), Metrics()
        notifier = Notifier((), lambda text: None)
        alarms = Alarms(log, metrics, notifier)
        signer = signer_of(nodes, nodes.chain_id)
        keeper = Keeper(config, nodes, domain, store, signer, None, log, metrics, alarms, notifier)
        while True:
            orders.send(_obey(orders.recv(), keeper, nodes))
    except KeelError as error:
        orders.send(str(error))


def _obey(order: str, keeper: Keeper, nodes: _TimedNodes) -> float:
    if order == "memory":
        return float(psutil.Process().memory_info().rss)
    if order == "sweep":
        return keeper.watch.sweep().seconds
    if order == "tick":
        keeper.round()
        if nodes.sent is None:
            raise KeelError("nothing was sent after a tick")
        return (nodes.sent - nodes.seen) * 1_000
    while keeper.round() or keeper.is_waiting:
        pass
    return 0.0


def _order(name: str) -> int:
    """Numbers of accounts ascending, what is none behind them."""
    return int(name) if name.isdigit() else 2**63


def _print(figures: dict[str, Figures]) -> None:
    table = Table("accounts", "tick to send (ms)", "sweep (s)", "memory (MB)")
    for size in sorted(figures, key=int):
        found = figures[size]
        values = (found.tick_to_send_ms, found.sweep_s, found.rss_mb)
        table.add_row(f"{int(size):,}", *map(str, values))
    table.add_section()
    table.add_row(f"aim at {AIMED_AT:,}", *(f"< {aim:g}" for aim in AIMS.values()))
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    sys.exit(run_script("bench-keeper", main))
