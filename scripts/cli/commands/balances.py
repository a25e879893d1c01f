"""`keel deposit`, `withdraw`, `borrow`, `repay` and `transfer`: one balance of an account at a time."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.session import Session, owner_of
from scripts.cli.state import State
from scripts.cli.transaction import Facts, Step, approvals, carry_out, require_in_wallet
from scripts.cli.values import ALL, NATIVE, brief, find_asset, split_amount, units, whole_tokens
from scripts.client.domain import Asset
from scripts.client.sentences import account_name
from scripts.common.errors import KeelError

EVERYTHING = 2**256 - 1
# Debt grows until the block that repays it; what is not owed is not taken.
GROWTH = 10**6

Amount = Annotated[str, typer.Argument(metavar="AMOUNT", help='Such as 1.5, "1.5 WETH" or all')]
Symbol = Annotated[str | None, typer.Argument(metavar="[ASSET]", help="Such as WETH", show_default=False)]
Receiver = Annotated[
    str | None, typer.Option("--to", metavar="ADDRESS", help="Who receives it; without, the sender")
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @command(app, sends=True)
    def deposit(session: Session, amount: Amount, asset: Symbol = None) -> dict[str, Any]:
        """Puts tokens from the wallet into the account; a debt in them is repaid first. ETH is wrapped."""
        number, symbol = split_amount(amount, asset)
        if symbol.upper() == NATIVE and NATIVE not in session.domain.by_symbol:
            return _deposit_native(session, number)
        found = find_asset(session.domain, symbol)
        session.subject.is_about(found)
        wanted = found.token.balanceOf(session.sender) if number == ALL else units(number, found)
        if not wanted:
            raise KeelError(
                f"the wallet {session.sender} holds no {found.symbol}; there is nothing to deposit"
            )
        require_in_wallet(session, found, wanted)
        vault = session.domain.vault
        steps = [
            *approvals(session, found.token, found.symbol, vault, wanted),
            Step(
                "deposit", vault.deposit.prepare(session.account, found.token, wanted, sender=session.sender)
            ),
        ]
        return _carry_out(session, f"Deposit {brief(wanted, found)}", steps, found, wanted)

    @command(app, sends=True)
    def withdraw(
        session: Session, amount: Amount, asset: Symbol = None, to: Receiver = None
    ) -> dict[str, Any]:
        """Sends tokens that the account holds to the wallet. Never borrows."""
        found, wanted = _asset_and_units(session, amount, asset)
        held = max(session.domain.vault.balanceOf(session.account, found.token), 0)
        if not held:
            raise KeelError(f"the account holds no {found.symbol}; `keel account show` tells what it holds")
        receiver = session.address(to, "--to") if to else session.sender
        call = session.domain.vault.withdraw.prepare(
            *(session.account, found.token, EVERYTHING if wanted is None else wanted, receiver),
            sender=session.sender,
        )
        title = f"Withdraw {brief(held if wanted is None else wanted, found)}"
        return _carry_out(
            session, title, [Step("withdraw", call)], found, held if wanted is None else wanted, receiver
        )

    @command(app, sends=True)
    def borrow(session: Session, amount: Amount, asset: Symbol = None, to: Receiver = None) -> dict[str, Any]:
        """Sends tokens to the wallet: the account's own first, the rest borrowed from the pool."""
        found, wanted = _asset_and_units(session, amount, asset)
        if wanted is None:
            wanted = session.domain.lens.maxBorrowable(session.account, found.token)
            if not wanted:
                raise KeelError(f"the account can borrow no {found.symbol} now; deposit margin first")
        receiver = session.address(to, "--to") if to else session.sender
        call = session.domain.vault.borrow.prepare(
            session.account, found.token, wanted, receiver, sender=session.sender
        )
        return _carry_out(
            session, f"Borrow {brief(wanted, found)}", [Step("borrow", call)], found, wanted, receiver
        )

    @command(app, sends=True)
    def repay(session: Session, amount: Amount, asset: Symbol = None) -> dict[str, Any]:
        """Pays an account's debt from the wallet; at most what is owed is taken."""
        found, wanted = _asset_and_units(session, amount, asset)
        vault = session.domain.vault
        owed = max(-vault.balanceOf(session.account, found.token), 0)
        if not owed:
            raise KeelError(f"the account owes no {found.symbol}; there is nothing to repay")
        shown = owed if wanted is None else min(wanted, owed)
        require_in_wallet(session, found, shown if wanted is None else wanted)
        most = wanted
        if most is None:
            most = min(owed + owed // GROWTH + 1, found.token.balanceOf(session.sender))
        steps = [
            *approvals(session, found.token, found.symbol, vault, most),
            Step("repay", vault.repay.prepare(session.account, found.token, most, sender=session.sender)),
        ]
        return _carry_out(session, f"Repay {brief(shown, found)}", steps, found, shown)

    @command(app, sends=True)
    def transfer(
        session: Session,
        amount: Amount,
        asset: Symbol = None,
        to: Annotated[
            str | None, typer.Option("--to", metavar="ACCOUNT", help="Account: address, address#number or id")
        ] = None,
    ) -> dict[str, Any]:
        """Moves a balance to another account of the vault."""
        if to is None:
            raise UsageError("--to is missing; write the account that receives, such as --to 0x…#1")
        found, wanted = _asset_and_units(session, amount, asset)
        vault, receiver = session.domain.vault, session.account_of(to, "--to")
        if wanted is None:
            wanted = max(vault.balanceOf(session.account, found.token), 0)
            if not wanted:
                raise KeelError(f"the account holds no {found.symbol}; there is nothing to transfer")
        call = vault.transfer.prepare(session.account, receiver, found.token, wanted, sender=session.sender)
        title = f"Transfer {brief(wanted, found)} to {account_name(receiver)}"
        return _carry_out(session, title, [Step("transfer", call)], found, wanted)


def _deposit_native(session: Session, number: str) -> dict[str, Any]:
    asset = session.domain.wrapped_native
    if asset is None:
        raise UsageError(f'no asset "{NATIVE}" is listed; there are {", ".join(session.domain.by_symbol)}')
    if number == ALL:
        raise UsageError("all ETH cannot be deposited, its gas is paid in it; write an amount")
    wanted, held = units(number, asset), session.chain.balance(session.sender)
    if held < wanted:
        raise KeelError(f"the wallet {session.sender} holds {brief(held, asset, False)} ETH; name less")
    call = session.domain.vault.depositNative.prepare(session.account, sender=session.sender, value=wanted)
    title = f"Deposit {brief(wanted, asset, False)} ETH as {asset.symbol}"
    return _carry_out(session, title, [Step("deposit", call)], asset, wanted)


def _asset_and_units(session: Session, amount: str, symbol: str | None) -> tuple[Asset, int | None]:
    """What was typed; None for "all"."""
    number, name = split_amount(amount, symbol)
    found = find_asset(session.domain, name)
    session.subject.is_about(found)
    return found, None if number == ALL else units(number, found)


def _carry_out(
    session: Session, title: str, steps: list[Step], asset: Asset, amount: int, receiver: str | None = None
) -> dict[str, Any]:
    def tell(_: list[Any], after: State | None) -> Facts:
        lines = [("account", account_name(session.account))]
        data: dict[str, Any] = {"asset": asset.symbol, "amount": whole_tokens(amount, asset)}
        if receiver:
            lines.append(("to", receiver))
            data["to"] = receiver
        elif owner_of(session.account) != session.sender:
            lines.append(("from", session.sender))
        return Facts(lines, data)

    return carry_out(session, title, steps, session.account, tell)
