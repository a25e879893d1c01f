"""`keel lend`, `unlend`, `stake` and `unstake`: the lenders' pools and the backstop."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.commands.balances import Amount, Symbol
from scripts.cli.frame import command
from scripts.cli.market import read_pool
from scripts.cli.session import Session
from scripts.cli.transaction import Facts, Step, approvals, carry_out, require_in_wallet
from scripts.cli.values import ALL, brief, find_asset, percent, split_amount, units, whole_tokens
from scripts.client.domain import Asset
from scripts.client.sentences import render
from scripts.common.contract import Contract
from scripts.common.errors import KeelError
from scripts.common.units import format_duration, to_decimal


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @command(app, sends=True)
    def lend(session: Session, amount: Amount, asset: Symbol = None) -> dict[str, Any]:
        """Lends tokens of the wallet to the asset's pool, for interest."""
        found, wanted = _lendable(session, amount, asset)
        wanted = found.token.balanceOf(session.sender) if wanted is None else wanted
        if not wanted:
            raise KeelError(f"the wallet {session.sender} holds no {found.symbol}; there is nothing to lend")
        require_in_wallet(session, found, wanted)
        pool = _pool(found)
        steps = [
            *approvals(session, found.token, found.symbol, pool, wanted),
            Step("lend", pool.deposit.prepare(wanted, session.sender, sender=session.sender)),
        ]
        return _carry_out(session, f"Lend {brief(wanted, found)}", steps, found, wanted)

    @command(app, sends=True)
    def unlend(session: Session, amount: Amount, asset: Symbol = None) -> dict[str, Any]:
        """Takes lent tokens and their interest back from the pool."""
        found, wanted = _lendable(session, amount, asset)
        pool, me = _pool(found), session.sender
        shares = pool.balanceOf(me)
        owned = pool.convertToAssets(shares)
        if not shares:
            raise KeelError(f"{me} has lent no {found.symbol}; there is nothing to take back")
        if wanted is not None and wanted > owned:
            raise KeelError(f"{me} has lent {brief(owned, found)}, and {brief(wanted, found)} are wanted")
        if wanted is None:
            call = pool.redeem.prepare(shares, me, me, sender=me)
        else:
            call = pool.withdraw.prepare(wanted, me, me, sender=me)
        amount_shown = owned if wanted is None else wanted
        title = f"Take back {brief(amount_shown, found)}"
        return _carry_out(session, title, [Step("unlend", call)], found, amount_shown)

    @command(app, sends=True)
    def stake(session: Session, amount: Amount, asset: Symbol = None) -> dict[str, Any]:
        """Puts settlement tokens into the backstop, which earns fees and pays for insolvent accounts."""
        settlement, wanted = _settlement(session, amount, asset)
        wanted = settlement.token.balanceOf(session.sender) if wanted is None else wanted
        if not wanted:
            raise KeelError(f"the wallet {session.sender} holds no {settlement.symbol}")
        require_in_wallet(session, settlement, wanted)
        backstop = session.domain.backstop
        steps = [
            *approvals(session, settlement.token, settlement.symbol, backstop, wanted),
            Step("stake", backstop.deposit.prepare(wanted, session.sender, sender=session.sender)),
        ]
        lines = [("leaving takes", format_duration(backstop.cooldown()) + " from its request")]
        return _staked(session, f"Stake {brief(wanted, settlement)}", steps, wanted, lines)

    @command(app, sends=True)
    def unstake(
        session: Session,
        amount: Annotated[str, typer.Argument(metavar="AMOUNT", help='Such as "1000 USDC" or all')] = ALL,
        asset: Symbol = None,
        cancel: Annotated[bool, typer.Option("--cancel", help="End a request to leave")] = False,
    ) -> dict[str, Any]:
        """Requests an exit from the backstop; once it is open, the same command leaves."""
        backstop, me = session.domain.backstop, session.sender
        if cancel:
            call = backstop.cancelExit.prepare(sender=me)
            return _staked(session, "Cancel the exit", [Step("cancel the exit", call)], 0, [])
        settlement, wanted = _settlement(session, amount, asset)
        owned = backstop.balanceOf(me)
        if not owned:
            raise KeelError(f"{me} has staked nothing; there is nothing to take back")
        exit_, now = backstop.exitOf(me), session.chain.now
        worth = backstop.convertToAssets(owned)
        if wanted is not None and wanted > worth:
            raise KeelError(
                f"{me} has staked {brief(worth, settlement)}, and {brief(wanted, settlement)} are wanted"
            )
        shares = owned if wanted is None else min(backstop.convertToShares(wanted), owned)
        shown = worth if wanted is None else wanted
        if exit_.shares and exit_.opensAt <= now <= exit_.closesAt:
            shares = min(shares, exit_.shares)
            call = backstop.redeem.prepare(shares, me, me, sender=me)
            return _staked(
                session, f"Take back {brief(shown, settlement)}", [Step("unstake", call)], shown, []
            )
        if exit_.shares and now < exit_.opensAt:
            opens = render("{at time}", {"at": exit_.opensAt})
            raise KeelError(
                f"an exit is requested and opens at {opens}; come back then, or end it with --cancel"
            )
        call = backstop.requestExit.prepare(shares, sender=me)
        lines = [
            ("opens in", format_duration(backstop.cooldown())),
            ("stays open for", format_duration(backstop.window())),
        ]
        title = f"Request to take back {brief(shown, settlement)}"
        return _staked(session, title, [Step("request an exit", call)], shown, lines)


def _lendable(session: Session, amount: str, symbol: str | None) -> tuple[Asset, int | None]:
    number, name = split_amount(amount, symbol)
    found = find_asset(session.domain, name)
    session.subject.is_about(found)
    if found.pool is None:
        names = ", ".join(asset.symbol for asset in session.domain.assets if asset.pool)
        raise KeelError(f"{found.symbol} has no lending pool; there are pools of {names}")
    return found, None if number == ALL else units(number, found)


def _settlement(session: Session, amount: str, symbol: str | None) -> tuple[Asset, int | None]:
    settlement = session.domain.settlement
    if symbol is None and len(amount.split()) == 1:
        symbol = settlement.symbol
    number, name = split_amount(amount, symbol)
    found = find_asset(session.domain, name)
    if found.id != settlement.id:
        raise KeelError(
            f"the backstop holds {settlement.symbol}, not {found.symbol}; name {settlement.symbol}"
        )
    return found, None if number == ALL else units(number, found)


def _pool(asset: Asset) -> Contract:
    assert asset.pool is not None
    return asset.pool


def _carry_out(session: Session, title: str, steps: list[Step], asset: Asset, amount: int) -> dict[str, Any]:
    """A step at a pool, with what is lent before and after, and the rates before."""
    pool, me = _pool(asset), session.sender
    rates, lent = read_pool(session.domain, asset), pool.convertToAssets(pool.balanceOf(me))

    def tell(results: list[Any], _: Any) -> Facts:
        shares = results[-1] if results else None
        after = None if shares is None else pool.convertToAssets(shares)
        lines = [
            ("wallet", me),
            ("lent", brief(lent, asset) + ("" if after is None else f", then {brief(after, asset)}")),
            (
                "lenders get",
                f"{percent(rates.supply_rate)} a year now, {percent(rates.utilisation, 1)} is lent out",
            ),
        ]
        data = {
            "asset": asset.symbol,
            "amount": whole_tokens(amount, asset),
            "lent_before": whole_tokens(lent, asset),
            "lent_after": None if after is None else whole_tokens(after, asset),
            "supply_rate_per_year": to_decimal(rates.supply_rate),
            "utilisation": to_decimal(rates.utilisation),
        }
        return Facts(lines, data)

    return carry_out(session, title, steps, None, tell, [pool.balanceOf.prepare(me)])


def _staked(
    session: Session, title: str, steps: list[Step], amount: int, lines: list[tuple[str, str]]
) -> dict[str, Any]:
    """A step at the backstop, with what is staked before and after."""
    backstop, me, settlement = session.domain.backstop, session.sender, session.domain.settlement
    staked = backstop.convertToAssets(backstop.balanceOf(me))

    def tell(results: list[Any], _: Any) -> Facts:
        after = backstop.convertToAssets(results[-1]) if results else None
        text = brief(staked, settlement) + ("" if after is None else f", then {brief(after, settlement)}")
        data = {
            "asset": settlement.symbol,
            "amount": whole_tokens(amount, settlement),
            "staked_before": whole_tokens(staked, settlement),
            "staked_after": None if after is None else whole_tokens(after, settlement),
        }
        return Facts([("wallet", me), ("staked", text), *lines], data)

    return carry_out(session, title, steps, None, tell, [backstop.balanceOf.prepare(me)])
