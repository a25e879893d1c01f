"""What every command that sends does: simulate, show before and after, ask, send, read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.cli.failures import exit_code, message
from scripts.cli.output import facts
from scripts.cli.session import Session
from scripts.cli.state import State, comparison, read_state, reading, state_data, state_of
from scripts.client.domain import Asset
from scripts.common.chain import Simulated
from scripts.common.contract import Call, Contract, Tx
from scripts.common.errors import KeelError
from scripts.common.rpc import RpcError
from scripts.common.units import format_amount

# Nodes do not agree on how to say that they lack a method.
METHOD_NOT_FOUND = (-32601, -32600, -32004)


@dataclass(frozen=True)
class Step:
    """One transaction, and what it does in a few words."""

    what: str
    call: Call


@dataclass(frozen=True)
class Facts:
    """What a preview says beside the account's state: lines for people, data for programs."""

    lines: Sequence[tuple[str, str]] = ()
    data: dict[str, Any] = field(default_factory=dict)


def carry_out(
    session: Session,
    title: str,
    steps: Sequence[Step],
    account: bytes | None = None,
    tell: Callable[[list[Any], State | None], Facts] = lambda results, after: Facts(),
    reads: Sequence[Call] = (),
) -> dict[str, Any]:
    """Previews the steps, asks, sends them one after another, and answers with what is then.

    `account` is the margin account that is shown before and after. `tell` adds to the preview, from the steps'
    simulated results, the values of `reads` after them (none of either where the node cannot simulate), and the
    account's state after them. Raises Reverted, KeelError; nothing is sent unless all
    steps succeed when simulated.
    """
    out, options = session.out, session.options
    with out.waiting("looking ahead"):
        before = read_state(session.domain, account) if account else None
        results, gas, after = simulate(session, [step.call for step in steps], reads, account)
    told = tell(results, after)
    out.show(f"[bold]{title}[/bold]")
    lines = [*told.lines, ("sends", _summary(steps)), ("gas", f"about {gas:,}" if gas else "unknown")]
    out.show(facts(lines))
    if before is not None:
        out.show(comparison(before, after))
        if after is None:
            out.show("The node does not simulate several calls in a row; what will be is not known.")
    data: dict[str, Any] = {
        "steps": [step.what for step in steps],
        "gas": gas,
        **told.data,
        "before": state_data(before) if before else None,
        "preview": state_data(after) if after else None,
        "sent": False,
        "transactions": [],
    }
    if options.dry_run:
        out.show("Nothing was sent (--dry-run).")
        return data
    out.confirm(f"Send from {session.sender}?", options.yes)
    data["transactions"] = _send(session, steps)
    data["sent"] = True
    if account:
        state = read_state(session.domain, account)
        data["after"] = state_data(state)
    return data


def approvals(session: Session, token: Contract, symbol: str, spender: Contract, amount: int) -> list[Step]:
    """The approval that `spender` needs to take `amount`, unless it has it."""
    if token.allowance(session.sender, spender) >= amount:
        return []
    call = token.approve.prepare(spender, amount, sender=session.sender)
    return [Step(f"approve {symbol}", call)]


def require_in_wallet(session: Session, asset: Asset, amount: int) -> None:
    """Raises KeelError unless the sender's wallet holds the amount."""
    held = asset.token.balanceOf(session.sender)
    if held < amount:
        raise KeelError(
            f"the wallet {session.sender} holds {format_amount(held, asset.symbol, asset.decimals)}, and"
            f" {format_amount(amount, asset.symbol, asset.decimals)} are wanted; name less, or another wallet"
            " with --from"
        )


def simulate(
    session: Session, calls: Sequence[Call], more: Sequence[Call], account: bytes | None
) -> tuple[list[Any], int | None, State | None]:
    """Results of both, gas of `calls`, and the account after them; None for what the node cannot tell.

    Raises Reverted for the first that fails.
    """
    reads = reading(session.domain, account) if account else []
    try:
        answers: list[Simulated] = session.chain.simulate_all([*calls, *more, *reads])
    except RpcError as error:
        if error.code not in METHOD_NOT_FOUND:
            raise
        return [], None, None
    told = len(calls) + len(more)
    done, read = answers[:told], answers[told:]
    after = state_of(session.domain, account, [answer.value for answer in read]) if account else None
    return [answer.value for answer in done], sum(answer.gas_used for answer in done[: len(calls)]), after


def _send(session: Session, steps: Sequence[Step]) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    for step in steps:
        try:
            with session.out.waiting(f"{step.what}: waiting for its block"):
                tx = _transact(session, step.call)
        except KeelError as error:
            if not sent:
                raise
            done = ", ".join(entry["step"] for entry in sent)
            why = message(error, session.subject)
            raise KeelError(f"{step.what} failed after {done}: {why}", exit_code=exit_code(error)) from None
        sent.append({"step": step.what, "hash": tx.hash, "block": tx.block_number, "gas_used": tx.gas_used})
        session.out.show(f"[green]done[/green] {step.what}: block {tx.block_number}, {tx.gas_used:,} gas")
        session.out.show(f"     [dim]{tx.hash}[/dim]")
    return sent


def _transact(session: Session, call: Call) -> Tx:
    return session.chain.transact(call.sender, call.to, call.data, call.value, None, call.decode)


def _summary(steps: Sequence[Step]) -> str:
    count = len(steps)
    return f"{count} transaction{'s' if count != 1 else ''}: {', '.join(step.what for step in steps)}"
