"""A domain on an Anvil of its own, with many leveraged accounts and a price of ether that falls.

    with CrashChain() as world:
        accounts = world.open(20)           # ether held, dollars owed, as much as they may, or a little less
        world.crash(Decimal("0.9"))         # feed and Uniswap go there, and have agreed on it for a while
        world.unhealthy(accounts)

Keepers get a key each that has ether and nothing else: `world.key(0)`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from scripts.anvil import AnvilProcess
from scripts.chain.people import move_in
from scripts.client.domain import Domain, account_id, open_domain
from scripts.common.chain import connect
from scripts.common.units import WAD
from scripts.deploy import deploy

ETHER = "ETH"
PRICE = 2_000
FEED_DECIMALS = 8
TWAP_SECONDS = 400
LARGE = 10**9


class CrashChain:
    """The chain; `url` and `folder` (of its deployments file) are what a keeper needs."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="keel-crash-")
        self.folder = Path(self._folder.name)
        self.anvil = AnvilProcess(*options)
        self.url = self.anvil.url
        self.chain = connect(self.url, signs=False)
        self.deployment = deploy(self.chain, folder=self.folder)
        move_in(self.deployment)
        self.domain: Domain = open_domain(self.chain, self.folder)
        self.trader, self.arbitrageur = self.chain.accounts[7], self.chain.accounts[8]
        self._number = 0
        self._price = Decimal(PRICE)

    def close(self) -> None:
        """Ends the chain and removes its files."""
        self.anvil.stop()
        self._folder.cleanup()

    def __enter__(self) -> CrashChain:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> tuple[int, Decimal]:
        """What this helper knows of the chain; to be set when the chain has gone back."""
        return self._number, self._price

    @state.setter
    def state(self, state: tuple[int, Decimal]) -> None:
        self._number, self._price = state

    def key(self, number: int) -> LocalAccount:
        """A key of a keeper's own, with ether for gas."""
        signer: LocalAccount = Account.from_key((0xBEEF + number).to_bytes(32, "big"))
        self.chain.set_balance(signer.address, 100 * WAD)
        return signer

    def open(
        self, count: int, *, ether: int = 10 * WAD, least: str = "0.76", most: str = "0.785"
    ) -> list[bytes]:
        """Accounts that hold ether and owe dollars, from `least` to `most` of what they hold."""
        domain, vault = self.domain, self.domain.vault
        weth, usdc = domain["WETH"], domain["USDC"]
        self.deployment.mint("WETH", self.trader, ether * count)
        weth.token.approve(vault, 2**256 - 1, sender=self.trader)
        accounts, calls = [], []
        for number in range(count):
            account = account_id(self.trader, self._number)
            self._number += 1
            share = Decimal(least) + (Decimal(most) - Decimal(least)) * number / max(count - 1, 1)
            owed = int(share * self._price * ether / WAD * 10**usdc.decimals)
            batch = [
                vault.deposit.encode(account, weth.token, ether),
                vault.borrow.encode(account, usdc.token, owed, self.trader),
            ]
            calls.append(vault.execute.prepare(batch, sender=self.trader))
            accounts.append(account)
        self.chain.send_all(calls)
        return accounts

    def open_with(self, held: str, held_amount: int, owed: str, owed_amount: int) -> bytes:
        """One account that holds and owes what it is told to."""
        domain, vault = self.domain, self.domain.vault
        account = account_id(self.trader, self._number)
        self._number += 1
        self.deployment.mint(held, self.trader, held_amount)
        domain[held].token.approve(vault, 2**256 - 1, sender=self.trader)
        batch = [
            vault.deposit.encode(account, domain[held].token, held_amount),
            vault.borrow.encode(account, domain[owed].token, owed_amount, self.trader),
        ]
        vault.execute(batch, sender=self.trader)
        return account

    def take_away(self, account: bytes, symbol: str) -> None:
        """Leaves an account nothing of an asset, by writing the vault's storage."""
        vault, token = self.domain.vault, self.domain[symbol].token
        call = vault.balanceOf.prepare(account, token)
        request = {"to": call.to, "data": "0x" + call.data.hex()}
        touched = self.chain.rpc("debug_traceCall", request, "latest", {"tracer": "prestateTracer"})
        slots = next(
            state["storage"] for address, state in touched.items() if address.lower() == call.to.lower()
        )
        info, count = vault.assetInfo(token), vault.assetCount()
        for slot, word in slots.items():
            self.chain.rpc("anvil_setStorageAt", call.to, slot, "0x" + "00" * 32)
            answers = self.chain.read_all(
                [vault.assetCount.prepare(), vault.assetInfo.prepare(token), call], allow_revert=True
            )
            if answers == [count, info, 0]:
                return
            self.chain.rpc("anvil_setStorageAt", call.to, slot, word)
        raise AssertionError(f"no slot of the vault is the account's {symbol}")

    def crash(self, factor: Decimal, *, agree: bool = True) -> None:
        """Ether goes to `factor` of what it cost; without `agree` Uniswap's average has not followed yet."""
        self._price *= factor
        self.move_pool(self._price)
        if agree:
            self.chain.warp(TWAP_SECONDS)
        self.feed(self._price)

    def move_pool(self, price: Decimal) -> None:
        """Trades on Uniswap until ether costs `price`."""
        pool = next(pool for pool in self.deployment.markets if self._is_ether(pool))
        for token, asset in ((pool.base, "WETH"), (pool.quote, "USDC")):
            if token.balanceOf(self.arbitrageur) < LARGE:
                self.deployment.mint(asset, self.arbitrageur, LARGE * 10 ** self.domain[asset].decimals)
        pool.move_to(str(price.normalize().quantize(Decimal("0.01"))), sender=self.arbitrageur)

    def feed(self, price: Decimal, *, one_block: bool = True) -> None:
        """All feeds answer now, ether's with `price`; in blocks that others mine without `one_block`."""
        domain, calls = self.domain, []
        for number, feed in domain.feeds.items():
            answer = int(feed.latestRoundData()[1])
            if domain.underlying_name(number) == ETHER:
                answer = int(price * 10**FEED_DECIMALS)
            calls.append(feed.setAnswer.prepare(answer, sender=self.chain.account))
        self.chain.send_all(calls, one_block=one_block)

    def health(self, accounts: Iterable[bytes]) -> list[int]:
        """Healths as the account lens tells them, WADs."""
        return [
            int(health)
            for health in self.chain.read_all([self.domain.lens.health.prepare(id_) for id_ in accounts])
        ]

    def unhealthy(self, accounts: Sequence[bytes]) -> list[bytes]:
        """Those of the accounts that may be taken over."""
        found = []
        for account, health in zip(accounts, self.health(accounts), strict=True):
            if health < WAD:
                found.append(account)
        return found

    def takeovers(self, since: int = 0) -> list[dict[str, Any]]:
        """Liquidated events after block `since`."""
        from scripts.common.abi import topic

        event = next(entry for entry in self.domain.vault.abi if entry.get("name") == "Liquidated")
        logs = self.chain.rpc(
            "eth_getLogs",
            {
                "address": self.domain.vault.address,
                "topics": ["0x" + topic(event).hex()],
                "fromBlock": hex(since + 1),
            },
        )
        return [
            self.chain.dictionary.event(
                [bytes.fromhex(word[2:]) for word in log["topics"]], bytes.fromhex(log["data"][2:])
            )[1]
            for log in logs
        ]

    def _is_ether(self, pool: Any) -> bool:
        return pool.base == self.domain["WETH"].token and pool.quote == self.domain["USDC"].token
