"""Traders of the perpetual market on ether in a crash, on an Anvil of their own.

with PerpCrash() as world:
    longs = world.longs(5)              # accounts with dollars that are long from the virtual AMM
    world.crash(Decimal("0.9"))
    world.size(longs[0])
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from eth_account import Account

from scripts.chain.people import MNEMONIC
from scripts.client.domain import Perp, account_id
from scripts.common.contract import Contract
from scripts.common.units import WAD
from scripts.keeper.perps import Perp as Closable
from scripts.keeper.perps import listed_perps
from tests.helpers.crash import CrashChain
from tests.helpers.perp_orders import FIELDS, Order

NAME = "ETH-PERP"
LIQUIDITY = 5_000_000
CENT = 10_000


class PerpCrash(CrashChain):
    """A crash chain whose AMMs have depositors; sizes are in ether unless they say otherwise."""

    def __init__(self, *options: str, liquidity: int = LIQUIDITY) -> None:
        super().__init__(*options)
        self.perp: Perp = self.domain.perps[NAME]
        self.market, self.amm = self.perp.market, self.perp.amm
        self.closable: Closable = listed_perps(self.domain)[self.market.address]
        assert self.domain.orders is not None
        self.orders: Contract = self.domain.orders
        self._nonce = 0
        lp = self.chain.accounts[6]
        for perp in self.domain.perps.values():
            self.give(lp, liquidity)
            self.domain["USDC"].token.approve(perp.amm, 2**256 - 1, sender=lp)
            perp.amm.deposit(liquidity * 10**6, lp, sender=lp)

    def give(self, owner: str, dollars: Decimal | int) -> int:
        """Dollars in an owner's wallet, approved to the vault; their smallest units."""
        amount = int(dollars * 10**6)
        self.deployment.mint("USDC", owner, amount)
        self.domain["USDC"].token.approve(self.domain.vault, 2**256 - 1, sender=owner)
        return amount

    def fund(self, dollars: Decimal | int, owner: str | None = None) -> bytes:
        """A new account with dollars in it."""
        owner = owner or self.trader
        account = account_id(owner, self._number)
        self._number += 1
        amount = self.give(owner, dollars)
        self.domain.vault.deposit(account, self.domain["USDC"].token, amount, sender=owner)
        return account

    def trade(self, account: bytes, ether: Decimal | int | str, sender: str | None = None) -> Any:
        """The account trades with the AMM."""
        data = self.closable.trade_data(int(Decimal(ether) * WAD))
        owner = sender or self._owner(account)
        return self.domain.vault.callInstrument(account, self.market, data, sender=owner)

    def longs(
        self, count: int, *, ether: Decimal | int = 10, leverage: Decimal = Decimal("4.6")
    ) -> list[bytes]:
        """Accounts that are long, each with a dollar to `leverage` dollars of notional."""
        accounts = []
        for _ in range(count):
            account = self.fund(ether * self._price / leverage)
            self.trade(account, ether)
            accounts.append(account)
        return accounts

    def size(self, account: bytes) -> int:
        """Signed size of an account, a WAD."""
        return int(self.market.position(account).sizeWad)

    def balance(self, account: bytes) -> int:
        """Its settlement tokens."""
        return int(self.domain.vault.balanceOf(account, self.domain["USDC"].token))

    def order(self, account: bytes, ether: Decimal | int | str, limit: Decimal | int, **fields: Any) -> Order:
        """A new order of an account's owner; `limit` in dollars."""
        self._nonce += 1
        values = {
            "market": self.market.address,
            "signer": self._owner(account),
            "nonce": self._nonce,
            "expiry": self.chain.now + 10**6,
            **fields,
        }
        return Order(account, size=int(Decimal(ether) * WAD), limit=int(Decimal(limit) * WAD), **values)

    def signed(self, order: Order) -> dict[str, str]:
        """An order with its signer's signature, as the matcher takes it."""
        path = f"m/44'/60'/0'/0/{self.chain.accounts.index(order.signer)}"
        Account.enable_unaudited_hdwallet_features()
        key = "0x" + bytes(Account.from_mnemonic(MNEMONIC, account_path=path).key).hex()
        shown = {
            name: "0x" + value.hex() if isinstance(value, bytes) else str(value)
            for (name, _), value in zip(FIELDS, order.fields(), strict=True)
        }
        return shown | {"signature": "0x" + order.signature(key, self.orders).hex()}

    def place(self, *orders: Order) -> str:
        """Writes signed orders into the folder that it returns."""
        folder = self.folder / "orders"
        folder.mkdir(exist_ok=True)
        for order in orders:
            path = folder / f"{order.hash(self.orders).hex()}.json"
            path.write_text(json.dumps(self.signed(order)))
        return str(folder)

    def _owner(self, account: bytes) -> str:
        return next(one for one in self.chain.accounts if bytes.fromhex(one[2:]) == account[:20])
