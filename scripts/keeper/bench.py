"""How fast the keeper is, on a local chain of its own: `make bench-keeper`.

Opens accounts by real deposits and borrowing, many in a batch of one owner: a quarter each with one to four
assets. Fifty of them are as leveraged as can be; then ether falls until exactly those may be taken over.

- tick_to_send_ms: from seeing the block with the price to having sent the first liquidation (median of TICKS)
- sweep_s: reading and filing every account once
- rss_mb: memory of the process that watches, which is one of its own

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
from scripts.common.chain import Chain, connect
from scripts.common.contract import Call
from scripts.common.errors import KeelError, run_script
from scripts.common.units import WAD
from scripts.deploy import Deployment, deploy
from scripts.keeper.nodes import Nodes
from scripts.keeper.store import Identity, Store
from scripts.keeper.watch import Watch
from scripts.setup.environment import ROOT

SIZES = (1_000, 10_000, 50_000)
AIMS = {"tick_to_send_ms": 300.0, "sweep_s": 5.0, "rss_mb": 300.0}
AIMED_AT = 10_000
REPORT = ROOT / "reports" / "keeper.json"
CROSSED = 50
TICKS = 5
BATCH = 50
BLOCK = 10
SECONDS = 600.0
# Ether in dollars: at opening, just above where the fifty fall, and below it. Steps are within the 2% by which feed
# and pool may differ, and the pool's mean takes minutes.
OPENING, ABOVE, BELOW = 2_000, 1_825, 1_792
TWAP_SECONDS = 400
COLLATERAL = WAD  # WETH of each account
UTMOST = 790  # thousandths of the collateral's value that the fifty owe
NO_LIMIT = 2**255 - 1


@dataclass(frozen=True)
class Figures:
    """What was measured for one number of accounts."""

    tick_to_send_ms: float
    sweep_s: float
    rss_mb: float
    crossed: int
    looked: int


def main() -> int:
    """Measures, writes and prints."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--accounts", type=int, nargs="*", default=list(SIZES))
    arguments.add_argument("--report", type=Path, default=REPORT)
    chosen = arguments.parse_args()
    known = json.loads(chosen.report.read_text()) if chosen.report.exists() else {}
    for size in chosen.accounts:
        known[str(size)] = asdict(measure(size))
    chosen.report.parent.mkdir(exist_ok=True)
    chosen.report.write_text(
        json.dumps({size: known[size] for size in sorted(known, key=int)}, indent=2) + "\n"
    )
    _print({size: Figures(**figures) for size, figures in known.items()})
    return 0


def measure(size: int) -> Figures:
    """Figures for a domain of `size` accounts. Raises KeelError if not exactly the fifty can be taken over."""
    with AnvilProcess() as anvil, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        chain = connect(anvil.url, timeout=SECONDS)
        deployment = deploy(chain, folder=folder)
        move_in(deployment)
        began = time.monotonic()
        open_accounts(deployment, size)
        print(f"{size} accounts opened in {time.monotonic() - began:.0f} s", file=sys.stderr)
        market = _Ether(deployment)
        market.lead(ABOVE)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        keeper = context.Process(target=_keep, args=(anvil.url, folder, theirs))
        keeper.start()
        theirs.close()  # so that the end of the process ends the wait for its answers
        try:
            return _measure(ours, market, size)
        finally:
            keeper.kill()
            keeper.join()


def open_accounts(deployment: Deployment, size: int) -> list[bytes]:
    """Opens `size` accounts, the first CROSSED of them as leveraged as can be; their ids."""
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
    kind = 1 if number < CROSSED else number % 4
    if kind >= 2:
        calls.append(vault.deposit.encode(account, tokens["DAI"], 100 * WAD))
    if kind == 3:
        calls.append(vault.deposit.encode(account, tokens["wstETH"], WAD // 10))
    if kind:
        # The others could lose from a quarter to two thirds of their collateral.
        thousandths = UTMOST if number < CROSSED else 300 + number * 7 % 300
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


def _measure(keeper: Any, market: _Ether, size: int) -> Figures:
    def ask(what: str) -> Any:
        keeper.send(what)
        try:
            answer = keeper.recv()
        except EOFError:
            raise KeelError("the process that watches has ended; what it said is above") from None
        if isinstance(answer, str):
            raise KeelError(answer)
        return answer

    ask("step")
    sweep = min(ask("sweep") for _ in range(3))
    market.push(BELOW)
    times, looked = [], 0
    for _ in range(TICKS):
        ask("step")
        snapshot = market.chain.rpc("evm_snapshot")
        market.answer(BELOW)
        milliseconds, crossed, looked, rss = ask("tick")
        if crossed != CROSSED:
            raise KeelError(f"{crossed} accounts may be taken over after the tick; expected {CROSSED}")
        times.append(milliseconds)
        market.chain.rpc("evm_revert", snapshot)
    return Figures(
        round(statistics.median(times), 1), round(sweep, 2), round(rss / 2**20, 1), CROSSED, looked
    )


def _keep(url: str, folder: Path, orders: Any) -> None:
    """The keeper's process: does what it is told until it is killed."""
    try:
        nodes = Nodes([url], timeout=SECONDS)
        nodes.head()
        assert nodes.chain_id is not None and nodes.genesis is not None
        domain = open_domain(Chain(nodes, nodes.chain_id), folder)
        identity = Identity(nodes.chain_id, nodes.genesis, domain.vault.address)
        store = Store(f"sqlite:///{folder / 'keeper.db'}", identity)
        watch = Watch(nodes, domain, store, step_seconds=SECONDS)
        send = _Sender(domain)
        while True:
            order = orders.recv()
            if order == "sweep":
                orders.send(watch.sweep().seconds)
                continue
            seen = watch.step()
            began = time.monotonic()
            if order == "step":
                orders.send(len(seen.liquidatable))
                continue
            send(seen.liquidatable[0].account)
            elapsed = seen.seconds + time.monotonic() - began
            rss = psutil.Process().memory_info().rss
            orders.send((elapsed * 1_000, len(seen.liquidatable), seen.looked, rss))
    except KeelError as error:
        orders.send(str(error))


class _Sender:
    """Simulates and sends a takeover."""

    def __init__(self, domain: Any) -> None:
        self._domain, self._chain = domain, domain.chain
        self._into = account_id(self._chain.accounts[1])
        self._domain.settlement.token.approve(domain.vault, 2**256 - 1, sender=self._chain.accounts[1])
        domain.vault.deposit(
            self._into, domain.settlement.token, 50_000 * 10**6, sender=self._chain.accounts[1]
        )

    def __call__(self, account: bytes) -> None:
        sender = self._chain.accounts[1]
        arguments = (account, self._into, WAD, 0, 0, NO_LIMIT)
        self._domain.vault.liquidate.call(*arguments, sender=sender)
        call: Call = self._domain.vault.liquidate.prepare(*arguments, sender=sender)
        self._chain.rpc(
            "eth_sendTransaction",
            {
                "from": sender,
                "to": call.to,
                "data": "0x" + call.data.hex(),
                "gas": hex(3_000_000),
                "gasPrice": "0x0",
            },
        )


def _print(figures: dict[str, Figures]) -> None:
    table = Table("accounts", "tick to send (ms)", "sweep (s)", "memory (MB)", "looked at by the tick")
    for size in sorted(figures, key=int):
        found = figures[size]
        table.add_row(
            f"{int(size):,}",
            *(str(value) for value in (found.tick_to_send_ms, found.sweep_s, found.rss_mb, found.looked)),
        )
    table.add_section()
    table.add_row(f"aim at {AIMED_AT:,}", *(f"< {aim:g}" for aim in AIMS.values()), "")
    Console(file=sys.stdout).print(table)


if __name__ == "__main__":
    sys.exit(run_script("bench-keeper", main))
