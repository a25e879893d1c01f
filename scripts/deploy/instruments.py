"""What perpetual and option markets have in common while they are deployed and verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scripts.common.contract import Call, Contract
from scripts.deploy.core import Core, role
from scripts.deploy.deployer import Deployer, DeployError
from scripts.deploy.verifier import Show, Verifier
from scripts.markets import Markets

NO_ACCOUNT = bytes(32)


def listed_instruments(deployer: Deployer, markets: Markets, core: Core) -> list[str]:
    """The vault's instruments, in order. Raises DeployError for one that no file knows."""
    symbols = [perp.symbol for perp in markets.perps] + [option.symbol for option in markets.options]
    keys = [key for key in (f"{symbol}.market" for symbol in symbols) if key in deployer.record]
    known = {deployer.record[key].address for key in keys}
    known.add(core.portfolio_mode.address)
    listed = [core.vault.instrumentAt(number) for number in range(core.vault.instrumentCount())]
    for number, address in enumerate(listed):
        if address not in known:
            raise DeployError(f"the vault lists {address} as instrument {number}, and no market file has it")
    return listed


def at_creation(deployer: Deployer, key: str, name: str, value: Any) -> Any:
    """A constructor's argument: `value`, or what was given if `key` is there, since governance may change it."""
    if key not in deployer.record:
        return value
    given = deployer.record[key].arguments[name]
    return tuple(int(part) for part in given) if isinstance(given, list) else int(given)


def fee_account(deployer: Deployer, markets: Markets, fees: Any) -> bytes:
    """Account that gets what the backstop does not, by the `account` of the fees; zero where the backstop gets all."""
    name = fees.account.value
    if name == "backstop":
        return NO_ACCOUNT
    owner = role(deployer, markets.domain.governance.owner.value) if name == "owner" else name
    return bytes.fromhex(owner[2:]) + bytes(12)


def expect_place(
    verifier: Verifier, core: Core, file: str, symbol: str, market: Contract, listed: Sequence[str]
) -> None:
    """That the market is among the vault's instruments."""
    number = listed.index(market.address) if market.address in listed else len(listed)
    verifier.expect(f"{file}: {symbol} in the vault", core.vault.instrumentAt.prepare(number), market)


def target_of(
    deployer: Deployer, key: str, contract: Contract, find: Callable[[Any, Contract, int], Any]
) -> Any:
    """Where parameters walk to; None if nothing walks, or on a chain without logs."""
    if not hasattr(deployer.chain, "rpc"):
        return None
    return find(deployer.chain, contract, deployer.record[key].block or 0)


def expect_targets(
    verifier: Verifier,
    call: Call,
    target: Any,
    file: str,
    fields: Sequence[tuple[str, Show]],
    wanted: Sequence[int],
) -> None:
    """Compares what a call answers, or what it walks to, with the file's numbers."""
    parts = [
        (f"{file}: {field}", position, value, show)
        for position, ((field, show), value) in enumerate(zip(fields, wanted, strict=True))
    ]
    if target is None:
        verifier.expect_fields(call, parts)
        return
    for parameter, position, value, show in parts:
        verifier.compare(parameter, target[position], value, show)
