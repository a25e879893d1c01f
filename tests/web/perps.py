"""What the journeys of perpetuals ask for: a matcher in a process of its own, and traders who use it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from scripts.chain import people
from scripts.cli.signing import typed_data
from scripts.client.domain import account_id
from scripts.client.perps import trade_data
from scripts.common.anvil import free_port
from scripts.common.units import WAD
from scripts.matcher.orders import ORDER_TYPE
from scripts.setup.environment import ROOT
from tests.web.test_trading import TradingStack

PERP = "ETH-PERP"
SETTLER = 9
START_SECONDS = 40
MATCHER_SECONDS = 5.0
LIFE_SECONDS = 86_400
Account.enable_unaudited_hdwallet_features()


def key_of(number: int) -> LocalAccount:
    """The key of an account of the node."""
    key: LocalAccount = Account.from_mnemonic(people.MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}")
    return key


class PerpStack(TradingStack):
    """A stack whose virtual AMM has deposits, with a matcher at an address of its own."""

    def __init__(self, folder: Path) -> None:
        self.matcher = f"http://127.0.0.1:{free_port()}"
        self._folder = folder
        self._matching: subprocess.Popen[bytes] | None = None
        super().__init__(folder)
        people.open_perps(self.deployment)

    def close(self) -> None:
        self.do_stop_matcher()
        super().close()

    @property
    def market(self) -> Any:
        """The market's contract."""
        return self.deployment.perps[PERP].market

    @property
    def amm(self) -> Any:
        """Its virtual AMM."""
        return self.deployment.perps[PERP].amm

    # What journeys ask for

    def do_start_matcher(self) -> None:
        """Starts it and waits until it answers."""
        assert self.matcher
        settings = {
            "chain": self.anvil.url,
            "deployments": str(self._folder),
            "database": f"sqlite:///{self._folder / 'matcher.db'}",
            "port": int(self.matcher.rsplit(":", 1)[1]),
            "settlement": {"poll_seconds": 0.2, "rest_seconds": 0.05},
        }
        config, log = self._folder / "matcher.yaml", self._folder / "matcher.log"
        config.write_text(json.dumps(settings))
        environment = {**os.environ, "KEEL_PRIVATE_KEY": key_of(SETTLER).key.hex()}
        with log.open("ab") as output:
            self._matching = subprocess.Popen(
                [sys.executable, "-m", "scripts.matcher", "--config", str(config)],
                cwd=ROOT,
                env=environment,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._matching.poll() is None:
            try:
                httpx.get(f"{self.matcher}/status", timeout=2)
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the matcher did not start: {log.read_text()[-2000:]}")

    def do_stop_matcher(self) -> None:
        """Ends it, if it runs."""
        if self._matching is not None and self._matching.poll() is None:
            self._matching.terminate()
            self._matching.wait(START_SECONDS)

    def do_refresh_feeds(self) -> None:
        """Has every feed say again what it said, now."""
        for feed in self.deployment.feeds.values():
            feed.setAnswer(feed.latestRoundData()[1])

    def do_fund(self, number: int, dollars: int) -> None:
        """Gives an account of the node margin."""
        self.pay_in(self.chain.accounts[number], "USDC", dollars)

    def do_order(self, number: int, size: str, price: str, trigger: int = 0, trigger_price: str = "0") -> str:
        """Signs an order of an account of the node and hands it to the matcher; its hash. Decimals as text."""
        signer = key_of(number)
        fields = {
            "account": "0x" + account_id(signer.address).hex(),
            "market": self.market.address,
            "signer": signer.address,
            "sizeWad": str(wad(size)),
            "limitPriceWad": str(wad(price)),
            "triggerPriceWad": str(wad(trigger_price)),
            "trigger": str(trigger),
            "expiry": str(self.chain.now + LIFE_SECONDS),
            "nonce": str(time.time_ns() // 1_000),
            "flags": "0",
            "maxFeeWad": str(WAD // 100),
            "tip": "0",
        }
        assert self.deployment.orders is not None
        document = typed_data(self.chain.chain_id, self.deployment.orders.address, ORDER_TYPE, fields)
        numbers = {
            name: int(value) if value.lstrip("-").isdigit() else value for name, value in fields.items()
        }
        signed = signer.sign_message(encode_typed_data(full_message={**document, "message": numbers}))
        body = {**fields, "signature": "0x" + signed.signature.hex()}
        deadline = time.monotonic() + MATCHER_SECONDS
        while True:
            answer = httpx.post(f"{self.matcher}/orders", json=body, timeout=10)
            if not answer.is_error:
                return str(answer.json()["hash"])
            # Each journey begins on a chain that was set back: the matcher follows it a moment later.
            if "insufficient_margin" not in answer.text or time.monotonic() > deadline:
                raise RuntimeError(answer.text)
            time.sleep(0.2)

    def do_perp_position(self, owner: str) -> dict[str, str]:
        """An owner's size, and what his account has to be taken over at, as the contracts say."""
        account = account_id(owner)
        held = self.market.position(account)
        below, above = self.deployment.lens.liquidationPriceIn(account, self.market.underlying())
        return {
            "size": str(held.sizeWad),
            "entry": str(held.entryWad),
            "below": str(below),
            "above": str(above),
        }

    def do_trade(self, number: int, size: str) -> None:
        """Has an account of the node trade with the virtual AMM."""
        who = self.chain.accounts[number]
        data = trade_data(self.amm.address, wad(size))
        self.deployment.vault.callInstrument(account_id(who), self.market, data, sender=who)

    def do_lp_shares(self, owner: str) -> dict[str, str]:
        """An owner's shares of the virtual AMM, and those that he asked to leave with."""
        return {
            "shares": str(self.amm.balanceOf(owner)),
            "leaving": str(self.amm.exitOf(owner).shares),
        }


def wad(text: str) -> int:
    """A decimal as a WAD."""
    whole, _, fraction = text.lstrip("-").partition(".")
    value = int(whole) * WAD + int(fraction.ljust(18, "0") or 0)
    return -value if text.startswith("-") else value
