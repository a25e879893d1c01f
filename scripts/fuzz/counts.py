"""What the handlers of tests/forge counted: how often each was called, tried something and succeeded, why not, and which
functions of the contracts were reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak

from scripts.artifacts import artifacts

# Contracts by the names that tests/forge/ gives them.
CONTRACTS = {
    "Vault": "Vault",
    "Pool": "LendingPool",
    "RiskEngine": "RiskEngine",
    "RiskParams": "RiskParameters",
    "Liquidation": "LiquidationEngine",
    "Backstop": "Backstop",
    "Portfolio": "PortfolioMode",
    "PerpMarket": "PerpMarket",
    "VirtualAmm": "VirtualAmm",
    "PerpOrders": "PerpOrders",
    "OptionMarket": "OptionMarket",
    "OptionOrders": "OptionOrders",
    "Surface": "VolatilitySurface",
}
# Functions that no handler is about: of standards, of the deployment, and those that contracts call of each other, which
# are reached through others.
STANDARD = {"approve", "permit", "transfer", "transferFrom", "setGuardian"} | {
    f"{verb}Ownership" for verb in ("accept", "renounce", "transfer")
}
DEPLOYMENT = {
    "initialise",
    "listAsset",
    "listInstrument",
    "setSwapAdapter",
    "configure",
    "addUnderlying",
    "addAsset",
} | {
    *("setMaker", "setSampler", "setOrders", "addSigner", "setShockSetter", "setReserveRecipient"),
    "VolatilitySurface.setParameters",
}
BETWEEN = {
    "absorb",
    "forfeit",
    "payProfit",
    "payLoss",
    "transferFraction",
    "matchFor",
    "flagShortfall",
    "resolved",
} | {
    *("publish", "cover", "instrumentPay", "requireCovered", "setHeld", "touch"),
    *("PerpMarket.execute", "OptionMarket.execute", "PortfolioMode.execute", "Vault.writeOff"),
    *("LendingPool.borrow", "LendingPool.repay", "LendingPool.writeOff", "PortfolioMode.settle"),
}
PANIC = "4e487b71"
NAME = slice(1, 25)
SELECTOR = slice(25, 29)


@dataclass
class Handler:
    """One thing that can happen: how often it was called, had something to try, and succeeded; refusals by error."""

    called: int = 0
    tried: int = 0
    succeeded: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def ratio(self) -> float:
        """Of what was tried, what succeeded."""
        return self.succeeded / self.tried if self.tried else 0.0


@dataclass
class Counts:
    """Counts of one or more runs; `reached` by `Contract.function`."""

    sequences: int = 0
    handlers: dict[str, Handler] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        """Handlers called."""
        return sum(handler.called for handler in self.handlers.values())

    def handler(self, name: str) -> Handler:
        """The handler of that name, new where it is not known."""
        return self.handlers.setdefault(name, Handler())

    def unreached(self) -> list[str]:
        """Functions that change something and never succeeded, as `Contract.function`."""
        return sorted(set(functions()) - set(self.reached))


def parse(encoded: str) -> Counter[bytes]:
    """The file that a run leaves: `abi.encode(bytes32[] keys, uint256[] counts)` as hex."""
    keys, numbers = decode(["bytes32[]", "uint256[]"], bytes.fromhex(encoded.strip().removeprefix("0x")))
    return Counter(dict(zip(keys, numbers, strict=True)))


def read(raw: Counter[bytes]) -> Counts:
    """Keys (see tests/forge/Record.sol) by their names."""
    counts, known = Counts(), selectors()
    for key, number in raw.items():
        kind, name = chr(key[0]), key[NAME].rstrip(b"\0").decode()
        text = known.get(key[SELECTOR].hex(), f"0x{key[SELECTOR].hex()}")
        if kind == "n":
            counts.sequences += number
        elif kind == "c":
            counts.handler(name).called += number
        elif kind == "t":
            counts.handler(name).tried += number
        elif kind == "s":
            counts.handler(name).succeeded += number
        elif kind == "r":
            counts.handler(name).refused[text] += number
        elif kind == "f":
            counts.reached[f"{CONTRACTS[name]}.{text}"] += number
    return counts


def functions() -> list[str]:
    """Every function by which users, keepers, owner or guardian change something, as `Contract.function`."""
    store = artifacts()
    left_out = STANDARD | DEPLOYMENT | BETWEEN
    return sorted(
        {
            f"{name}.{entry['name']}"
            for name in CONTRACTS.values()
            for entry in store.get(name).abi
            if entry["type"] == "function"
            and entry["stateMutability"] in ("nonpayable", "payable")
            and not left_out & {entry["name"], f"{name}.{entry['name']}"}
        }
    )


def selectors() -> dict[str, str]:
    """Names of functions and errors by selector, of everything that is compiled."""
    names = {PANIC: "Panic"}
    for artifact in artifacts():
        for entry in artifact.abi:
            if entry["type"] in ("function", "error"):
                signature = f"{entry['name']}({','.join(_kinds(entry['inputs']))})"
                names[keccak(text=signature)[:4].hex()] = entry["name"]
    return names


def _kinds(inputs: Iterable[dict[str, Any]]) -> list[str]:
    return [
        f"({','.join(_kinds(one['components']))}){one['type'].removeprefix('tuple')}"
        if one["type"].startswith("tuple")
        else one["type"]
        for one in inputs
    ]
