"""`keel perp open`, `close` and `settle`: trades with the virtual AMM, or with a signed order, and settlement."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

import typer

from scripts.cli.commands.trade import MOST_SLIPPAGE, margin_of
from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.matcher import DEFAULT_URL, Url
from scripts.cli.perp_order import Ticket, place
from scripts.cli.perps import (
    FUNDING_HOURS,
    PerpPosition,
    Row,
    find_perp,
    leverage_text,
    parse_size,
    position_of,
    quote_to_usd,
    read_positions,
    read_row,
    size_text,
)
from scripts.cli.session import Session
from scripts.cli.state import State, read_state
from scripts.cli.transaction import Facts, Step, approvals, carry_out, require_in_wallet
from scripts.cli.values import (
    brief,
    close_to,
    leverage,
    percent,
    price,
    share,
    short_usd,
    times,
    whole_tokens,
)
from scripts.client.domain import Asset
from scripts.client.perps import trade_data
from scripts.client.sentences import account_name
from scripts.common.errors import KeelError
from scripts.common.units import WAD, to_decimal
from scripts.matcher.orders import Flag

SLIPPAGE = "0.5%"
AMM, MATCHER = "amm", "matcher"
# Seconds that an order lives which is filled at once or not at all.
AT_ONCE = 120

Via = Annotated[str, typer.Option(help='Who is on the other side: "amm", or "matcher" for signed orders')]
Slippage = Annotated[
    str,
    typer.Option(help="How much worse than the quote (with the matcher: the mark) the price may be"),
]


def register(group: typer.Typer) -> None:
    """Adds the commands."""

    @command(group, "open", sends=True)
    def open_(
        session: Session,
        long: Annotated[str | None, typer.Option(metavar="MARKET", help="What to gain from rising")] = None,
        short: Annotated[str | None, typer.Option(metavar="MARKET", help="What to gain from falling")] = None,
        size: Annotated[str | None, typer.Option(metavar="UNITS", help="How much, such as 2 or 2ETH")] = None,
        times_: Annotated[
            str | None,
            typer.Option(
                "--leverage", metavar="TIMES", help="In place of --size: the position over the equity"
            ),
        ] = None,
        margin: Annotated[
            str | None,
            typer.Option(metavar="AMOUNT", help='Deposited first, such as "1000 USDC"'),
        ] = None,
        slippage: Slippage = SLIPPAGE,
        via: Via = AMM,
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """Opens a perpetual position, or adds to one, in one transaction or by one signed order."""
        if (long is None) == (short is None):
            raise UsageError("name either --long or --short, such as --long ETH")
        if (size is None) == (times_ is None):
            raise UsageError("name either --size or --leverage, such as --size 2")
        bound, other_side = _bounds(slippage, via)
        row = read_row(session, long or short or "")
        if other_side == MATCHER and margin is not None:
            raise UsageError("--margin goes with a transaction; deposit first with `keel deposit`")
        deposit = margin_of(session, margin)
        if size is not None:
            wanted = parse_size(size, row.perp, _underlying(session, row), "--size")
        else:
            wanted = _by_leverage(session, row, leverage(times_ or ""), long is not None, deposit)
        signed = wanted if long else -wanted
        title = f"Open a {'long' if long else 'short'} of {size_text(wanted)} in {row.perp.name}"
        if other_side == MATCHER:
            return _by_order(session, row, signed, bound, 0, title, matcher)
        return _at_amm(session, row, signed, bound, deposit, title, "open")

    @command(group, sends=True)
    def close(
        session: Session,
        market: Annotated[
            str | None, typer.Argument(metavar="[MARKET]", help="Such as ETH-PERP; without, the only one")
        ] = None,
        part: Annotated[str, typer.Option(help="How much of the position")] = "100%",
        slippage: Slippage = SLIPPAGE,
        via: Via = AMM,
        matcher: Url = DEFAULT_URL,
    ) -> dict[str, Any]:
        """Closes a perpetual position or a part of it."""
        (bound, other_side), fraction = _bounds(slippage, via), share(part, "--part")
        held = _position(session, market)
        row = read_row(session, held.perp.name)
        size = abs(held.size) * fraction // WAD
        if not size:
            raise KeelError(
                f"that part of {held.perp.name} is less than its smallest unit; name a larger --part"
            )
        signed = -size if held.size > 0 else size
        word = "long" if held.size > 0 else "short"
        some = "a" if fraction == WAD else f"{percent(fraction, 0)} of a"
        title = f"Close {some} {word} in {row.perp.name}"
        if other_side == MATCHER:
            return _by_order(session, row, signed, bound, Flag.REDUCE_ONLY, title, matcher)
        return _at_amm(session, row, signed, bound, None, title, "close")

    @command(group, sends=True)
    def settle(
        session: Session,
        market: Annotated[
            str | None,
            typer.Argument(metavar="[MARKET]", help="Such as ETH-PERP; without, all of the account's"),
        ] = None,
    ) -> dict[str, Any]:
        """Brings an account's positions to the mark: losses are paid, profits are paid or become claims."""
        domain, account = session.domain, session.account
        found = read_positions(domain, account)
        if market is not None:
            perp = find_perp(domain, market)
            found = [position for position in found if position.perp.name == perp.name]
        if not found:
            where = market or "any perpetual market"
            raise KeelError(f"{account_name(account)} has nothing in {where} to settle")
        steps = [
            Step(
                f"settle {position.perp.name}",
                position.perp.market.settle.prepare(account, sender=session.sender),
            )
            for position in found
        ]
        reads = [position.perp.market.position.prepare(account) for position in found]
        return carry_out(
            session,
            f"Settle {', '.join(position.perp.name for position in found)}",
            steps,
            account,
            lambda results, after: _settled(session, found, results),
            reads,
        )


def _bounds(slippage: str, via: str) -> tuple[int, str]:
    if via not in (AMM, MATCHER):
        raise UsageError(f'--via: "{via}" is neither amm nor matcher{close_to(via, (AMM, MATCHER))}')
    return share(slippage, "--slippage", MOST_SLIPPAGE, 0), via


def _underlying(session: Session, row: Row) -> str:
    return session.domain.underlying_name(row.perp.underlying)


def _position(session: Session, market: str | None) -> PerpPosition:
    found = [position for position in read_positions(session.domain, session.account) if position.size]
    if market is not None:
        perp = find_perp(session.domain, market)
        found = [position for position in found if position.perp.name == perp.name]
        if not found:
            raise KeelError(f"{account_name(session.account)} has no position in {perp.name}")
    if not found:
        raise KeelError(f"{account_name(session.account)} has no perpetual position to close")
    if len(found) > 1:
        names = ", ".join(position.perp.name for position in found)
        raise KeelError(f"the account has several positions; name one of {names}")
    return found[0]


def _by_leverage(
    session: Session, row: Row, wanted: Fraction, is_long: bool, deposit: tuple[Asset, int] | None
) -> int:
    """The size after which the position is worth `wanted` times the account's equity at the mark."""
    domain, mark = session.domain, row.state.markWad
    equity = read_state(domain, session.account).equity
    if deposit:
        equity += domain.risk.valueOf(deposit[0].id, deposit[1])[0]
    if equity <= 0:
        raise KeelError("the account has no equity to open a position with; add --margin, or deposit first")
    held = position_of(row.perp, row.perp.market.position(session.account)).size
    size = int(wanted * equity * WAD / mark) - (held if is_long else -held)
    if size <= 0:
        raise KeelError("the position is that large already; name a higher leverage, or close a part of it")
    return size


def _at_amm(
    session: Session,
    row: Row,
    size: int,
    bound: int,
    deposit: tuple[Asset, int] | None,
    title: str,
    word: str,
) -> dict[str, Any]:
    domain, perp, account = session.domain, row.perp, session.account
    quoted = perp.amm.quote(size)
    limit = quoted * (WAD + bound) // WAD if size > 0 else quoted * (WAD - bound) // WAD
    data = trade_data(perp.amm.address, size, limit)
    call = domain.vault.callInstrument
    steps: list[Step] = []
    if deposit:
        asset, amount = deposit
        require_in_wallet(session, asset, amount)
        session.subject.is_about(asset)
        steps = approvals(session, asset.token, asset.symbol, domain.vault, amount)
        batch = [
            domain.vault.deposit.encode(account, asset.token, amount),
            call.encode(account, perp.market, data),
        ]
        steps.append(Step(word, domain.vault.execute.prepare(batch, sender=session.sender)))
    else:
        steps.append(Step(word, call.prepare(account, perp.market, data, sender=session.sender)))

    def tell(results: list[Any], after: State | None) -> Facts:
        held = position_of(perp, results[-1]) if results else None
        return _told(session, row, size, quoted, bound, held, after)

    return carry_out(session, title, steps, account, tell, [perp.market.position.prepare(account)])


def _told(
    session: Session,
    row: Row,
    size: int,
    quoted: int,
    bound: int,
    held: PerpPosition | None,
    after: State | None,
) -> Facts:
    """Price, fee, and the position as simulated."""
    mark, unit = row.state.markWad, _underlying(session, row)
    fee = quote_to_usd(row.fee(size, quoted))
    away = quoted * WAD // row.state.indexWad - WAD
    lines = [
        ("account", account_name(session.account)),
        ("buys" if size > 0 else "sells", f"{size_text(abs(size), unit)} from the virtual AMM"),
        ("price", f"{price(quoted)}, {percent(away)} from the index; slippage {percent(bound)}"),
        ("fee", f"{short_usd(fee)}, {percent(row.parameters.takerFeeWad)}"),
        ("funding", funding_line(row, held.size if held else size)),
    ]
    size_after = None if held is None else held.size
    leverage_after = None
    if held is not None:
        lines.append(("position", f"{size_text(held.size, unit)}, entry {price(held.entry)}"))
    if after is not None and size_after is not None:
        leverage_after = leverage_text(abs(size_after) * mark // WAD, after.equity)
        if leverage_after is not None:
            lines.append(("leverage", f"{times(leverage_after)}×"))
    data = {
        "market": row.perp.name,
        "size": to_decimal(size),
        "price": to_decimal(quoted),
        "fee_usd": to_decimal(fee),
        "slippage": to_decimal(bound),
        "index": to_decimal(row.state.indexWad),
        "mark": to_decimal(mark),
        "size_after": None if size_after is None else to_decimal(size_after),
        "leverage": None if leverage_after is None else to_decimal(leverage_after),
    }
    return Facts(lines, data)


def funding_line(row: Row, size: int) -> str:
    """What the position pays or gets at the rate of now."""
    paid = size * row.state.markWad // WAD * row.state.rateWad // WAD
    word = "pays" if paid > 0 else "gets"
    rate = percent(row.state.rateWad, 4)
    return f"{word} {short_usd(abs(paid))} per {FUNDING_HOURS} hours at {rate}"


def _by_order(
    session: Session, row: Row, size: int, bound: int, flags: int, title: str, url: str
) -> dict[str, Any]:
    """An order at the mark and the slippage beyond it, that is filled at once or not at all."""
    mark = row.state.markWad
    limit = mark * (WAD + bound) // WAD if size > 0 else mark * (WAD - bound) // WAD
    ticket = Ticket(row, size, limit, session.chain.now + AT_ONCE, flags=flags | Flag.FILL_OR_KILL)
    return place(session, ticket, title, url)


def _settled(session: Session, found: list[PerpPosition], results: list[Any]) -> Facts:
    settlement = session.domain.settlement
    lines, data = [], []
    for number, position in enumerate(found):
        paid = results[number] if results else None
        then = position_of(position.perp, results[len(found) + number]) if results else None
        text = f"unsettled {short_usd(quote_to_usd(position.pnl))}"
        if paid is not None and then is not None:
            claims = then.waiting + then.allotted
            moved = brief(abs(paid), settlement)
            text += f"; {'gets' if paid >= 0 else 'pays'} {moved}"
            text += f"; claims then {brief(claims, settlement)}" if claims else ""
        lines.append((position.perp.name, text))
        data.append(
            {
                "market": position.perp.name,
                "unsettled_profit": to_decimal(quote_to_usd(position.pnl)),
                "paid": None if paid is None else whole_tokens(paid, settlement),
                "claims_after": None
                if then is None
                else whole_tokens(then.waiting + then.allotted, settlement),
            }
        )
    return Facts(lines, {"settled": data})
