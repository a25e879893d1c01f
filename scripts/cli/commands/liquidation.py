"""`keel liquidatable` and `keel liquidate`: who may be taken over, and doing it from an account of one's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.discovery import accounts_of, healths
from scripts.cli.frame import command
from scripts.cli.hypothesis import balances
from scripts.cli.output import table
from scripts.cli.session import Session, identified, index_of, owner_of
from scripts.cli.state import State, read_state
from scripts.cli.transaction import Facts, Step, carry_out
from scripts.cli.values import UNBOUNDED, brief, percent, share, short_usd, times, whole_tokens
from scripts.client.routes import swap_call
from scripts.client.sentences import account_name
from scripts.common.errors import KeelError
from scripts.common.units import WAD, to_decimal

# Debt grows between the simulation and the block.
GROWTH = 10**6
MOST_SLIPPAGE = WAD // 2


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @command(app)
    def liquidatable(session: Session) -> dict[str, Any]:
        """Accounts whose health is below 1, the least healthy first."""
        rows = [row for row in healths(session, accounts_of(session)) if row.health is not None]
        due = [row for row in rows if row.health is not None and row.health < WAD]
        if due:
            premiums = session.chain.read_all(
                [session.domain.liquidation.premiumWad.prepare(row.health) for row in due]
            )
            made = table("owner", "number", "health", "equity", "premium")
            for row, premium in zip(due, premiums, strict=True):
                account = row.account
                made.add_row(
                    *(owner_of(account), str(index_of(account)), times(row.health)),
                    *(short_usd(row.equity), percent(premium)),
                )
            session.out.show(made)
        else:
            premiums = []
            nearest = f"; the least healthy is at {times(rows[0].health)}" if rows else ""
            session.out.show(f"None of {len(rows)} accounts with requirements may be taken over{nearest}.")
        return {
            "checked": len(rows),
            "accounts": [
                {
                    **identified(row.account),
                    "health": to_decimal(row.health or 0),
                    "equity_usd": to_decimal(row.equity),
                    "premium": to_decimal(premium),
                }
                for row, premium in zip(due, premiums, strict=True)
            ],
        }

    @command(app, sends=True)
    def liquidate(
        session: Session,
        target: Annotated[
            str, typer.Argument(metavar="ACCOUNT", help="Address of the owner, address#number, or full id")
        ],
        fraction: Annotated[
            str, typer.Option(help="The most to take over; never more than makes the account healthy")
        ] = "100%",
        slippage: Annotated[
            str, typer.Option(help="How much more than foreseen the takeover may cost")
        ] = "0.5%",
        sell: Annotated[
            bool, typer.Option("--sell", help="Sell and repay at once what is taken over: needs no capital")
        ] = False,
    ) -> dict[str, Any]:
        """Takes over a part of an unhealthy account into yours, which pays for it and must remain healthy."""
        domain, taker = session.domain, session.account
        account = session.account_of(target, "account")
        part, most_more = share(fraction, "--fraction"), share(slippage, "--slippage", MOST_SLIPPAGE, 0)
        state = read_state(domain, account)
        if state.is_empty:
            raise KeelError(f"the account {account_name(account)} is empty; there is nothing to take over")
        if state.debt and not any(position.amount > 0 for position in state.positions):
            step = Step("write off", domain.liquidation.writeOff.prepare(account, sender=session.sender))
            return _carry_out(session, "Write off", [step], account, state, None)
        arguments = (account, taker, part, 0, 0)
        session.subject.is_about(domain.settlement)
        me, vault = session.sender, domain.vault
        holdings, instruments, _ = vault.holdings(account)
        plan = domain.liquidation.plan((account, holdings, instruments, 0, part, 0, 0))
        payment = plan.payment + plan.backstopFee - plan.topUp
        limit = payment + abs(payment) * most_more // WAD + 1
        if not sell:
            step = Step("liquidate", vault.liquidate.prepare(*arguments, limit, sender=me))
            return _carry_out(session, "Take over", [step], account, state, taker)
        calls = [
            vault.liquidate.encode(*arguments, limit),
            *_sales(session, taker, balances(plan.moved), most_more),
        ]
        step = Step("liquidate and sell", vault.execute.prepare(calls, sender=me))
        return _carry_out(session, "Take over", [step], account, state, taker)


def _sales(session: Session, taker: bytes, moved: dict[int, int], slippage: int) -> list[bytes]:
    """Swaps that turn what came into the account, assets first, into settlement tokens."""
    domain = session.domain
    settlement, calls = domain.settlement, []
    for asset_id, amount in sorted(moved.items(), key=lambda item: item[1] < 0):
        asset = domain.by_id[asset_id]
        if not amount or asset.id == settlement.id:
            continue
        if amount > 0:
            quote = session.router.best(asset, settlement, amount)
            limit = quote.amount_out * (WAD - slippage) // WAD
            calls.append(swap_call(domain, taker, quote.route, amount, limit=limit))
        else:
            bought = -amount - amount // GROWTH + 1
            quote = session.router.best(settlement, asset, bought, exact_out=True)
            limit = quote.amount_in * (WAD + slippage) // WAD
            calls.append(swap_call(domain, taker, quote.route, bought, limit=limit, exact_out=True))
    return calls


def _taken(result: Any) -> tuple[int, int]:
    """Share taken over and payment, from `liquidate` alone or as the first call of a batch."""
    if isinstance(result, list):
        return int.from_bytes(result[0][:32], "big"), int.from_bytes(result[0][32:64], "big", signed=True)
    taken, payment = result
    return taken, payment


def _carry_out(
    session: Session, title: str, steps: list[Step], account: bytes, state: State, taker: bytes | None
) -> dict[str, Any]:
    lens, settlement = session.domain.lens, session.domain.settlement

    def tell(results: list[Any], _: State | None) -> Facts:
        lines = [("account", account_name(account)), ("its health", times(state.health))]
        lines.append(("its equity", short_usd(state.equity)))
        data: dict[str, Any] = {"target": identified(account), "taken": None, "payment": None}
        if results:
            health = results[-1] if results[-1] < UNBOUNDED else None
            lines[1] = ("its health", f"{times(state.health)}, then {times(health)}")
            data["target_health_after"] = None if health is None else to_decimal(health)
            if taker is not None:
                taken, payment = _taken(results[0])
                lines += [
                    ("taken over", percent(taken)),
                    ("you pay" if payment >= 0 else "you get", brief(abs(payment), settlement)),
                ]
                data |= {"taken": to_decimal(taken), "payment": whole_tokens(payment, settlement)}
        data["target_health"] = None if state.health is None else to_decimal(state.health)
        return Facts(lines, data)

    return carry_out(
        session,
        f"{title} {account_name(account)}",
        steps,
        taker,
        tell,
        [lens.health.prepare(account)],
    )
