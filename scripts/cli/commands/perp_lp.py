"""`keel perp lp`: shares of a virtual AMM, which takes the other side of trades."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.commands.balances import Amount, Symbol
from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.output import facts
from scripts.cli.perps import find_perp, read_rows, size_text
from scripts.cli.session import Session
from scripts.cli.transaction import Facts, Step, approvals, carry_out, require_in_wallet
from scripts.cli.values import ALL, brief, find_asset, percent, share, split_amount, units, whole_tokens
from scripts.client.domain import Asset, Perp
from scripts.client.sentences import render, sentence
from scripts.common.contract import Contract, Reverted
from scripts.common.errors import KeelError
from scripts.common.units import WAD, format_duration, to_decimal

Name = Annotated[str, typer.Argument(metavar="MARKET", help="Such as ETH-PERP, or ETH")]
Slippage = Annotated[str, typer.Option(help="How much less than the preview's it may be")]
SLIPPAGE = "0.5%"


def register(group: typer.Typer) -> None:
    """Adds the commands."""
    lp = typer.Typer(help="Shares of a market's virtual AMM: deposit, leave.", no_args_is_help=True)
    group.add_typer(lp, name="lp")

    @command(lp)
    def show(session: Session, market: Name) -> dict[str, Any]:
        """The AMM: what its shares are worth, its position, and the sender's part of it."""
        perp, settlement, me = find_perp(session.domain, market), session.domain.settlement, session.sender
        amm = perp.amm
        (row,) = read_rows(session.domain, [perp])
        supply, shares, (entry, exit_), request = session.chain.read_all(
            [
                amm.totalSupply.prepare(),
                amm.balanceOf.prepare(me),
                amm.edges.prepare(),
                amm.exitOf.prepare(me),
            ]
        )
        leaves = _leaving(amm)
        mine = amm.convertToAssets(shares)
        unit = session.domain.underlying_name(perp.underlying)
        lines = [
            ("worth to who enters", brief(entry, settlement)),
            ("worth to who leaves", brief(exit_, settlement)),
            ("has sold", size_text(row.depth.soldWad, unit)),
            (
                "yours",
                f"{brief(mine, settlement)}, {percent(shares * WAD // supply) if supply else '0%'} of all",
            ),
            ("leaving", leaves or "open to who has asked"),
        ]
        if request.shares:
            times = {"opens": request.opensAt, "closes": request.closesAt}
            lines.append(("your request", render("from {opens time} to {closes time}", times)))
        session.out.show(f"[bold]{amm.name()}[/bold] {amm.address}")
        session.out.show(facts(lines))
        return {
            "market": perp.name,
            "amm": amm.address,
            "entry_assets": whole_tokens(entry, settlement),
            "exit_assets": whole_tokens(exit_, settlement),
            "sold": to_decimal(row.depth.soldWad),
            "shares": str(shares),
            "assets": whole_tokens(mine, settlement),
            "leaving_refused": leaves,
            "request": {
                "shares": str(request.shares),
                "opens_at": request.opensAt,
                "closes_at": request.closesAt,
            }
            if request.shares
            else None,
        }

    @command(lp, sends=True)
    def deposit(
        session: Session, market: Name, amount: Amount, asset: Symbol = None, slippage: Slippage = SLIPPAGE
    ) -> dict[str, Any]:
        """Puts settlement tokens of the wallet into the AMM."""
        perp, me, settlement = find_perp(session.domain, market), session.sender, session.domain.settlement
        wanted = _amount(session, amount, asset)
        wanted = settlement.token.balanceOf(me) if wanted is None else wanted
        if not wanted:
            raise KeelError(f"the wallet {me} holds no {settlement.symbol}")
        require_in_wallet(session, settlement, wanted)
        least = perp.amm.previewDeposit(wanted) * (WAD - share(slippage, "--slippage", WAD // 2, 0)) // WAD
        steps = [
            *approvals(session, settlement.token, settlement.symbol, perp.amm, wanted),
            Step("deposit", perp.amm.depositFor.prepare(wanted, me, least, sender=me)),
        ]
        lines = [("leaving takes", format_duration(perp.amm.cooldown()) + " from its request")]
        title = f"Deposit {brief(wanted, settlement)} in the AMM of {perp.name}"
        return _carry_out(session, perp, title, steps, wanted, lines)

    @command(lp, sends=True)
    def request(
        session: Session,
        market: Name,
        amount: Annotated[str, typer.Argument(metavar="AMOUNT", help='Such as "1000 USDC" or all')] = ALL,
        asset: Symbol = None,
        cancel: Annotated[bool, typer.Option("--cancel", help="End the request")] = False,
    ) -> dict[str, Any]:
        """Asks to leave; after a cooldown `keel perp lp redeem` does, within a window."""
        perp, me, settlement = find_perp(session.domain, market), session.sender, session.domain.settlement
        if cancel:
            steps = [Step("cancel the request", perp.amm.cancelExit.prepare(sender=me))]
            return _carry_out(session, perp, f"End the request to leave {perp.name}", steps, 0, [])
        shares, shown = _shares(session, perp, amount, asset)
        steps = [Step("request an exit", perp.amm.requestExit.prepare(shares, sender=me))]
        lines = [
            ("opens in", format_duration(perp.amm.cooldown())),
            ("stays open for", format_duration(perp.amm.window())),
        ]
        title = f"Ask to take {brief(shown, settlement)} out of the AMM of {perp.name}"
        return _carry_out(session, perp, title, steps, shown, lines)

    @command(lp, sends=True)
    def redeem(
        session: Session,
        market: Name,
        amount: Annotated[str, typer.Argument(metavar="AMOUNT", help='Such as "1000 USDC" or all')] = ALL,
        asset: Symbol = None,
        slippage: Slippage = SLIPPAGE,
    ) -> dict[str, Any]:
        """Takes settlement tokens out of the AMM, within the window of a request."""
        perp, me, settlement = find_perp(session.domain, market), session.sender, session.domain.settlement
        exit_, now = perp.amm.exitOf(me), session.chain.now
        if not exit_.shares:
            raise KeelError(f"{me} has not asked to leave; ask with `keel perp lp request {perp.name}`")
        if now < exit_.opensAt:
            opens = render("{at time}", {"at": exit_.opensAt})
            raise KeelError(
                f"the request opens at {opens}; come back then, or end it with `keel perp lp request --cancel`"
            )
        if now > exit_.closesAt:
            raise KeelError(f"the request has passed; ask again with `keel perp lp request {perp.name}`")
        shares, _ = _shares(session, perp, amount, asset)
        shares = min(shares, exit_.shares)
        worth = perp.amm.previewRedeem(shares)
        least = worth * (WAD - share(slippage, "--slippage", WAD // 2, 0)) // WAD
        steps = [Step("redeem", perp.amm.redeemFor.prepare(shares, me, me, least, sender=me))]
        title = f"Take {brief(worth, settlement)} out of the AMM of {perp.name}"
        return _carry_out(session, perp, title, steps, worth, [])


def _amount(session: Session, amount: str, symbol: str | None) -> int | None:
    settlement = session.domain.settlement
    if symbol is None and len(amount.split()) == 1:
        symbol = settlement.symbol
    number, name = split_amount(amount, symbol)
    found: Asset = find_asset(session.domain, name)
    if found.id != settlement.id:
        raise UsageError(f"the AMM holds {settlement.symbol}, not {found.symbol}; name {settlement.symbol}")
    return None if number == ALL else units(number, found)


def _shares(session: Session, perp: Perp, amount: str, symbol: str | None) -> tuple[int, int]:
    """Shares for an amount, and what they are worth to who leaves."""
    me, settlement = session.sender, session.domain.settlement
    wanted, owned = _amount(session, amount, symbol), perp.amm.balanceOf(me)
    if not owned:
        raise KeelError(f"{me} has no shares of the AMM of {perp.name}; there is nothing to take back")
    worth = perp.amm.convertToAssets(owned)
    if wanted is None:
        return owned, worth
    if wanted > worth:
        raise KeelError(
            f"{me} has {brief(worth, settlement)} in the AMM of {perp.name}, and {brief(wanted, settlement)} are wanted"
        )
    return min(perp.amm.convertToShares(wanted), owned), wanted


def _leaving(amm: Contract) -> str | None:
    """Why nobody may leave now; None if one may."""
    try:
        amm.checkExit()
    except Reverted as error:
        return sentence(error, None)
    return None


def _carry_out(
    session: Session, perp: Perp, title: str, steps: list[Step], amount: int, lines: list[tuple[str, str]]
) -> dict[str, Any]:
    """A step at the AMM, with the sender's shares before and after."""
    me, settlement, amm = session.sender, session.domain.settlement, perp.amm
    session.subject.is_about(settlement)
    before = amm.convertToAssets(amm.balanceOf(me))

    def tell(results: list[Any], _: Any) -> Facts:
        after = amm.convertToAssets(results[-1]) if results else None
        text = brief(before, settlement) + ("" if after is None else f", then {brief(after, settlement)}")
        data = {
            "market": perp.name,
            "amount": whole_tokens(amount, settlement),
            "assets_before": whole_tokens(before, settlement),
            "assets_after": None if after is None else whole_tokens(after, settlement),
        }
        return Facts([("wallet", me), ("in the AMM", text), *lines], data)

    return carry_out(session, title, steps, None, tell, [amm.balanceOf.prepare(me)])
