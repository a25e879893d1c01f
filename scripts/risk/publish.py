"""Signs smiles and brings them to the surface, as often as there are new quotes.

An update is as old as its oldest quote: what is signed is when prices were seen, and not when the service ran. So no
new quotes means no update, and the surface goes stale as it should. Nothing is kept but the chain's own state: who starts
again goes on from there.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from rich.console import Console

from scripts.client.sentences import sentence
from scripts.common.accounts import NO_ACCOUNT, account_from_environment
from scripts.common.chain import Chain, connect
from scripts.common.contract import Contract, Reverted
from scripts.common.errors import KeelError
from scripts.common.units import format_duration
from scripts.deploy.record import FOLDER, Record
from scripts.model.volatility import Smile
from scripts.risk.smiles import Fitted, Request, day, fitted, way
from scripts.risk.surface import Limits, State, step

RECORD_KEY = "volatility_surface"
CONTRACT = "VolatilitySurface"
STATUSES = ("fresh", "in dispute", "stale", "missing")
TYPES = {
    "Update": [
        {"name": "underlying", "type": "uint256"},
        {"name": "timestamp", "type": "uint256"},
        {"name": "slices", "type": "Slice[]"},
    ],
    "Slice": [
        {"name": "expiry", "type": "uint32"},
        {"name": "level", "type": "int40"},
        {"name": "slope", "type": "int40"},
        {"name": "curvature", "type": "uint40"},
        {"name": "centre", "type": "int40"},
        {"name": "width", "type": "uint40"},
    ],
}


@dataclass(frozen=True)
class Target:
    """Where a surface is: the node, the contract's address (None: of the deployments file), the underlying's number."""

    url: str
    address: str | None = None
    underlying: int = 0
    deployments: Path = FOLDER


class NothingNew(KeelError):
    """There is no update to make now, and nothing is wrong with the surface or the quotes."""


@dataclass(frozen=True)
class Surface:
    """The contract, for one underlying; `signer` is None for who only reads."""

    chain: Chain
    contract: Contract
    underlying: int
    signer: LocalAccount | None

    @property
    def now(self) -> int:
        """Time of the latest block."""
        return self.chain.now

    def state(self) -> State:
        """As it stands. Raises KeelError for an underlying that it does not know."""
        number, read = self.underlying, self.contract
        parameters, expiries, last = self.chain.read_all(
            [call.prepare(number) for call in (read.parameters, read.expiries, read.lastUpdate)]
        )
        if not parameters[0]:
            raise KeelError(
                f"the surface at {read.address} has no underlying number {number}; its owner sets parameters for it first"
            )
        slices = self.chain.read_all([read.slice.prepare(number, expiry) for expiry in expiries])
        smiles = {int(one[0][0]): Smile(*one[0][1:]) for one in slices}
        return State(Limits(*parameters), smiles, last[0], last[1], number)

    def signed(self, smiles: Mapping[int, Smile], made_at: int) -> tuple[tuple[Any, ...], bytes]:
        """IVolatilitySurface.Update, and the signer's signature over it (EIP-712)."""
        if self.signer is None:
            raise KeelError(NO_ACCOUNT)
        names = [field["name"] for field in TYPES["Slice"]]
        slices = [
            (expiry, smile.level, smile.slope, smile.curvature, smile.centre, smile.width)
            for expiry, smile in sorted(smiles.items())
        ]
        domain = {
            "name": "Keel Volatility Surface",
            "version": "1",
            "chainId": self.chain.chain_id,
            "verifyingContract": self.contract.address,
        }
        message = {
            "underlying": self.underlying,
            "timestamp": made_at,
            "slices": [dict(zip(names, one, strict=True)) for one in slices],
        }
        signature = self.signer.sign_message(encode_typed_data(domain, TYPES, message)).signature
        return (self.underlying, made_at, slices), bytes(signature)

    def ages(self) -> str:
        """How the expiries stand, in a few words."""
        expiries = self.contract.expiries(self.underlying)
        found = self.chain.read_all(
            [self.contract.statusOf.prepare(self.underlying, one) for one in expiries]
        )
        old = [
            f"{day(expiry)} {STATUSES[status]}"
            for expiry, status in zip(expiries, found, strict=True)
            if status
        ]
        if not expiries:
            return "no expiries"
        return ", ".join(old) if old else f"all {len(expiries)} expiries fresh"


def open_surface(target: Target, signs: bool = True) -> Surface:
    """The surface, and the environment's key, which must be one of its signers. Raises KeelError."""
    signer = account_from_environment() if signs else None
    if signs and signer is None:
        raise KeelError(NO_ACCOUNT)
    chain = connect(target.url, account=signer, signs=signs)
    address = target.address
    if address is None:
        path = target.deployments / f"{chain.chain_id}.json"
        record = Record.open(path, chain.chain_id)
        if record is None or RECORD_KEY not in record:
            raise KeelError(f"{path} has no {RECORD_KEY}; deploy one, or name its address with --surface")
        address = record[RECORD_KEY].address
    contract = chain.at(CONTRACT, address)
    if not chain.code(address):
        raise KeelError(
            f"there is no contract at {address} on chain {chain.chain_id}; name the surface's address"
        )
    if signer is not None and not contract.isSigner(signer.address):
        raise KeelError(
            f"{signer.address} may not sign for the surface at {address}; its owner adds it with addSigner"
        )
    return Surface(chain, contract, target.underlying, signer)


def publish_once(surface: Surface, request: Request, max_age: int, dry_run: bool, console: Console) -> Fitted:
    """One update, as far towards the quotes as the surface allows. Raises NothingNew, KeelError with the reason why not."""
    state, now = surface.state(), surface.now
    found = fitted(request, state, max_age, now)
    for line in found.left_out:
        console.print(f"left out: {line}", style="yellow")
    for fit in found.fits:
        if fit.density < 0:
            console.print(
                f"warning: {day(fit.expiry)}: butterfly arbitrage, least g is {fit.density:.4f}",
                style="yellow",
            )
    if found.made_at <= state.last:
        raise NothingNew(
            f"no quotes newer than the update in force, which is {format_duration(now - state.last)} old;"
            f" {surface.ages()}"
        )
    smiles = step(state, found.target, found.made_at, now)
    update, signature = surface.signed(smiles, found.made_at)
    try:
        surface.contract.update.call(update, signature)
        if dry_run:
            console.print(f"would publish {len(smiles)} expiries; {way(state_at(state), found, smiles, now)}")
            return found
        tx = surface.contract.update(update, signature)
    except Reverted as error:
        raise KeelError(f"the surface refuses: {sentence(error, None)}") from None
    console.print(
        f"published {len(smiles)} expiries, quotes of {format_duration(max(now - found.made_at, 0))} ago, gas"
        f" {tx.gas_used:,}; {way(state_at(state), found, smiles, now)}"
    )
    return found


def publish_quotes(
    target: Target,
    request: Request,
    pause: int,
    max_age: int,
    once: bool,
    dry_run: bool,
    console: Console,
    stop: threading.Event | None = None,
) -> int:
    """Publishes once, or every `pause` seconds until told to end (SIGINT, SIGTERM, or `stop`); exit code.

    What goes wrong in a round is told and tried again in the next; with `once` it is raised. What no round can put right
    (key, signer, address) is raised at the start.
    """
    surface = open_surface(target)
    if once:
        publish_once(surface, request, max_age, dry_run, console)
        return 0
    stop = stop or threading.Event()
    with _told_to_end(stop):
        while not stop.is_set():
            try:
                publish_once(surface, request, max_age, dry_run, console)
            except NothingNew as reason:
                console.print(f"nothing published: {reason}")
            except KeelError as error:
                console.print(f"nothing published: {error}", style="yellow")
            stop.wait(pause)
    console.print("ended: told to")
    return 0


@contextmanager
def _told_to_end(stop: threading.Event) -> Iterator[None]:
    """Has SIGTERM and SIGINT set the event, in the main thread, which alone hears them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def state_at(state: State) -> State:
    """The same without its clock, for how many updates lead somewhere."""
    return State(state.limits, state.smiles, underlying=state.underlying)
