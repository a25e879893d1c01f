"""`keel open` and `keel close`: leveraged positions, in one batch of the vault through the best route."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from scripts.cli.failures import UsageError
from scripts.cli.frame import command
from scripts.cli.session import Session
from scripts.cli.sizing import Order, closing, opening
from scripts.cli.state import State, read_state
from scripts.cli.transaction import Facts, Step, approvals, carry_out, require_in_wallet
from scripts.cli.values import brief, find_asset, leverage, percent, price, share, split_amount, times, units
from scripts.cli.values import whole_tokens as tokens
from scripts.client.domain import Asset
from scripts.client.routes import Quote, Wanted, swap_call
from scripts.client.sentences import account_name
from scripts.common.errors import KeelError
from scripts.common.units import WAD, to_decimal

EVERYTHING = 2**256 - 1
SLIPPAGE = "0.5%"
MOST_LOSS = "2%"
MOST_SLIPPAGE = WAD // 2
# A part of the trade that is too small to move the price.
SAMPLE = 10_000

Slippage = Annotated[
    str, typer.Option(help="How much worse than the quote the trade may be", rich_help_panel="Bounds")
]
MaxLoss = Annotated[
    str,
    typer.Option(help="How much the trade may lose against the oracle's price", rich_help_panel="Bounds"),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""

    @command(app, "open", sends=True)
    def open_(
        session: Session,
        long: Annotated[str | None, typer.Option(metavar="ASSET", help="What to gain from rising")] = None,
        short: Annotated[str | None, typer.Option(metavar="ASSET", help="What to gain from falling")] = None,
        size: Annotated[
            str,
            typer.Option(
                "--leverage", metavar="TIMES", help="Value of the position over the equity, such as 4"
            ),
        ] = "",
        margin: Annotated[
            str | None,
            typer.Option(
                metavar="AMOUNT", help='Deposited first, such as "1000 USDC"; without, what the account has'
            ),
        ] = None,
        against: Annotated[
            str | None, typer.Option(metavar="ASSET", help="What pays; without, the settlement asset")
        ] = None,
        slippage: Slippage = SLIPPAGE,
        max_loss: MaxLoss = MOST_LOSS,
    ) -> dict[str, Any]:
        """Opens a leveraged long or short, or raises one to that leverage, in one transaction."""
        domain = session.domain
        if (long is None) == (short is None):
            raise UsageError("name either --long or --short, such as --long WETH")
        if not size:
            raise UsageError("--leverage is missing; write one such as --leverage 4")
        asset = find_asset(domain, long or short or "")
        other = find_asset(domain, against) if against else domain.settlement
        bounds = _bounds(slippage, max_loss)
        wanted = leverage(size)
        deposit = margin_of(session, margin)
        with session.out.waiting("asking for a price"):
            order = opening(session, asset, other, long is not None, wanted, deposit)
            quotes = _quotes(session, order)
        vault, calls, steps = domain.vault, [], []
        if deposit:
            require_in_wallet(session, *deposit)
            steps = approvals(session, deposit[0].token, deposit[0].symbol, vault, deposit[1])
            calls.append(vault.deposit.encode(session.account, deposit[0].token, deposit[1]))
        calls.append(_swap(session, order, quotes[0], bounds))
        steps.append(Step("open", vault.execute.prepare(calls, sender=session.sender)))
        word = "long" if long else "short"
        return carry_out(
            session,
            f"Open a {word} of {asset.symbol} at {float(wanted):g}×",
            steps,
            session.account,
            lambda results, after: _told(session, order, quotes, bounds, results, after, asset),
        )

    @command(app, sends=True)
    def close(
        session: Session,
        asset: Annotated[
            str | None, typer.Argument(metavar="[ASSET]", help="The position's asset; without, the only one")
        ] = None,
        part: Annotated[str, typer.Option(help="How much of the position")] = "100%",
        against: Annotated[
            str | None,
            typer.Option(metavar="ASSET", help="What it is traded for; without, what was borrowed"),
        ] = None,
        withdraw: Annotated[
            bool, typer.Option("--withdraw", help="Send what is then left to the wallet")
        ] = False,
        slippage: Slippage = SLIPPAGE,
        max_loss: MaxLoss = MOST_LOSS,
    ) -> dict[str, Any]:
        """Closes a position: sells what a long holds, buys back what a short owes, in one transaction."""
        domain = session.domain
        bounds, fraction = _bounds(slippage, max_loss), share(part, "--part")
        found = find_asset(domain, asset) if asset else None
        other = find_asset(domain, against) if against else None
        with session.out.waiting("asking for a price"):
            state = read_state(domain, session.account)
            order = closing(domain, state, found, other, fraction)
            quotes = _quotes(session, order)
        vault = domain.vault
        calls = [_swap(session, order, quotes[0], bounds)]
        held, paid = order.position, order.other
        is_whole = fraction == WAD and not _owes_besides(state, order)
        if is_whole and order.exact_out:
            # What was bought beyond the debt, for the interest until the block.
            calls.append(vault.withdraw.encode(session.account, held.token, EVERYTHING, session.sender))
        if withdraw:
            if not is_whole:
                raise UsageError(
                    "--withdraw: the account still owes something then; withdraw with `keel withdraw`"
                )
            calls.append(vault.withdraw.encode(session.account, paid.token, EVERYTHING, session.sender))
        steps = [Step("close", vault.execute.prepare(calls, sender=session.sender))]
        word = "short" if order.exact_out else "long"
        return carry_out(
            session,
            f"Close {'a' if fraction == WAD else f'{percent(fraction, 0)} of a'} {word} of {held.symbol}",
            steps,
            session.account,
            lambda results, after: _told(session, order, quotes, bounds, results, after, held),
        )


def _bounds(slippage: str, max_loss: str) -> tuple[int, int]:
    return share(slippage, "--slippage", MOST_SLIPPAGE, 0), share(max_loss, "--max-loss", WAD, 0)


def margin_of(session: Session, text: str | None) -> tuple[Asset, int] | None:
    """What --margin says: an asset of the wallet and how much of it."""
    if text is None:
        return None
    number, symbol = split_amount(text, None)
    asset = find_asset(session.domain, symbol)
    if number != "all":
        return asset, units(number, asset)
    held = asset.token.balanceOf(session.sender)
    if not held:
        raise KeelError(f"the wallet {session.sender} holds no {asset.symbol}")
    return asset, held


def _owes_besides(state: State, order: Order) -> bool:
    """Whether the account owes what this trade does not repay."""
    settled = {order.position.id, order.other.id}
    return state.instruments > 0 or any(
        entry.amount < 0 and entry.asset.id not in settled for entry in state.positions
    )


def _quotes(session: Session, order: Order) -> list[Quote | None]:
    """Of the trade by its best route, and of a small one by which the price without impact is known."""
    router = session.router
    session.subject.is_about(order.sell, order.buy)
    whole = router.best(order.sell, order.buy, order.amount, order.exact_out)
    sample = Wanted(order.sell, order.buy, max(order.amount // SAMPLE, 1), order.exact_out)
    return [whole, *router.quotes([sample])]


def _swap(session: Session, order: Order, quote: Quote | None, bounds: tuple[int, int]) -> bytes:
    assert quote is not None
    slippage, max_loss = bounds
    if order.exact_out:
        limit = quote.amount_in * (WAD + slippage) // WAD
    else:
        limit = quote.amount_out * (WAD - slippage) // WAD
    return swap_call(
        session.domain,
        session.account,
        quote.route,
        order.amount,
        limit=limit,
        max_loss=max_loss,
        exact_out=order.exact_out,
    )


def _told(
    session: Session,
    order: Order,
    quotes: list[Quote | None],
    bounds: tuple[int, int],
    results: list[Any],
    after: State | None,
    position: Asset,
) -> Facts:
    """Price, impact and size of the trade, as simulated."""
    quote, sample = quotes
    assert quote is not None
    sold, bought = quote.amount_in, quote.amount_out
    domain = session.domain
    sold_value, bought_value = (
        domain.risk.valueOf(asset.id, amount)[0]
        for asset, amount in ((order.sell, sold), (order.buy, bought))
    )
    loss = WAD - bought_value * WAD // sold_value if sold_value else 0
    impact = _impact(quote, sample)
    in_position, in_other = (bought, sold_value) if position.id == order.buy.id else (sold, bought_value)
    paid = in_other * 10**position.decimals // in_position
    lines = [
        ("account", account_name(session.account)),
        ("sells", brief(sold, order.sell)),
        ("buys", brief(bought, order.buy)),
        ("route", str(quote.route)),
        ("price", f"{price(paid)} for one {position.symbol}, price impact {percent(max(impact, 0))}"),
        ("against the oracle", f"{'loses' if loss >= 0 else 'gains'} {percent(abs(loss))}"),
        ("bounds", f"slippage {percent(bounds[0])}, loss against the oracle {percent(bounds[1])}"),
    ]
    leverage_after = after.leverage(position) if after else None
    if leverage_after is not None:
        lines.append(("leverage", f"{times(leverage_after)}×"))
    data = {
        "sold": {"asset": order.sell.symbol, "amount": tokens(sold, order.sell)},
        "bought": {"asset": order.buy.symbol, "amount": tokens(bought, order.buy)},
        "route": str(quote.route),
        "price_usd": to_decimal(paid),
        "price_impact": to_decimal(impact),
        "oracle_loss": to_decimal(loss),
        "slippage": to_decimal(bounds[0]),
        "leverage": None if leverage_after is None else to_decimal(leverage_after),
    }
    return Facts(lines, data)


def _impact(quote: Quote, sample: Quote | None) -> int:
    """How much worse the trade's rate is than that of a small one, as a WAD."""
    if sample is None or not sample.amount_out or not sample.amount_in:
        return 0
    return WAD - quote.amount_out * sample.amount_in * WAD // (quote.amount_in * sample.amount_out)
