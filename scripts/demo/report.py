"""The tables at the end."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table

from scripts.common.units import WAD, format_amount
from scripts.demo.option_result import OptionsOutcome
from scripts.demo.perp_books import QUOTE
from scripts.demo.perp_result import PerpsOutcome
from scripts.demo.result import AccountOutcome, DemoResult, PoolOutcome, gas_summary


def show(result: DemoResult, console: Console) -> None:
    """Prints accounts, pools, the backstop and gas; eighty columns are enough."""
    parts: list[RenderableType] = [_accounts(result)]
    acts = [account for account in result.accounts if account.acts]
    if acts:
        parts.append(_acts(acts))
    if result.perps:
        parts += [_perp_accounts(result, result.perps), _perp_market(result, result.perps)]
    if result.options:
        parts += [_option_accounts(result.options), _option_book(result.options)]
    console.print(Group(*parts, _pools(result), _summary(result), _gas(result)))


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        box=box.SIMPLE_HEAD,
        padding=0,
    )
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def _accounts(result: DemoResult) -> Table:
    table = _table(
        "Accounts",
        *("\naccount", "equity\nat start", "equity\nat end", "lowest\nhealth", "health\nat end"),
        *("taken\nover", "premiums\npaid"),
    )
    for account in result.accounts:
        count = result.takeovers(account.name)
        premiums = result.premiums(account.name)
        table.add_row(
            account.position,
            _usd(account.start_equity),
            _usd(account.end_equity),
            _health(account.lowest_health),
            _end_health(account),
            f"{count}×" if count else "",
            _usd(premiums) if premiums else "",
        )
    return table


def _acts(accounts: Sequence[AccountOutcome]) -> Table:
    table = _table("Owners who acted", "account", "brought in")
    table.add_column("  what they did", overflow="fold")
    for account in accounts:
        added = _usd(account.added) if account.added else ""
        table.add_row(account.position, added, "\n".join(f"  {act}" for act in account.acts))
    return table


def _perp_accounts(result: DemoResult, perps: PerpsOutcome) -> Table:
    table = _table(
        f"Perpetuals: accounts in {perps.market}",
        *("\naccount", "equity\nat start", "equity\nat end", "lowest\nhealth"),
        *("funding\nearned", "taken\nover", "premiums\npaid"),
    )
    for account in perps.accounts:
        count, premiums = result.takeovers(account.name), result.premiums(account.name)
        table.add_row(
            account.position,
            _usd(account.start_equity),
            _usd(account.end_equity),
            _health(account.lowest_health),
            _usd(account.funding),
            f"{count}×" if count else "",
            _usd(premiums) if premiums else "",
        )
    return table


def _perp_market(result: DemoResult, perps: PerpsOutcome) -> Table:
    table = _table(f"Perpetuals: LPs, funding arbitrage and books of {perps.market}", "what", "amount")
    books, arbitrage = perps.books, perps.arbitrage
    gained = arbitrage.end_equity - arbitrage.start_equity
    taken = result.takeovers("virtual AMM")
    rows = (
        ("LPs' shares at start", _usd(perps.lp_start)),
        (f"LPs' shares at end, {perps.lp_change:+.2%}", _usd(perps.lp_end)),
        ("  by trades: what traders lost to the virtual AMM", _usd(perps.lp_traded)),
        ("  by funding", _usd(perps.lp_funding)),
        ("  what they would leave with now", _usd(perps.lp_exit)),
        *((("  takeovers of the virtual AMM's account", f"{taken}"),) if taken else ()),
        (f"funding arbitrage, {gained / arbitrage.start_equity:+.2%}", _usd(gained)),
        ("  by funding", _usd(arbitrage.funding)),
        ("  by the prices of opening and closing, and fees", _usd(gained - arbitrage.funding)),
        ("  that waits for losers to pay", _usd(arbitrage.claims)),
        ("long sizes less short sizes", f"{books.sizes / WAD:g}"),
        (
            "costs and cash less claims and fees",
            f"{books.difference / QUOTE:.0e}" if books.difference else "0",
        ),
        *((("buckets deleveraged", f"{books.deleveraged}"),) if books.deleveraged else ()),
        ("cash", _usd(books.cash)),
        ("  kept for claims", _usd(books.allotted)),
        ("claims", _usd(books.claims)),
        ("losses that nobody has borne", _usd(books.unborne)),
        ("books add up, and cash covers what is kept", "yes" if books.add_up else "no"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _option_accounts(options: OptionsOutcome) -> Table:
    table = _table(
        f"Options: accounts in {options.market}",
        *("\naccount", "equity\nat start", "equity\nat end", "of that\nwaiting", "lowest\nhealth"),
        *("taken\nover", "premiums\npaid"),
    )
    for account in options.accounts:
        table.add_row(
            account.position,
            _usd(account.start_equity),
            _usd(account.end_equity),
            _usd(account.claims) if account.claims else "",
            _health(account.lowest_health),
            f"{account.taken_over}×" if account.taken_over else "",
            _usd(account.premiums) if account.premiums else "",
        )
    return table


def _option_book(options: OptionsOutcome) -> Table:
    table = _table(
        "Options: margin and Greeks of the delta-neutral book, and the market's books", "what", "amount"
    )
    greeks, books = options.greeks, options.books
    rows = (
        ("to open: required as a portfolio", _usd(options.initial[0])),
        ("  by standard margin", _usd(options.initial[1])),
        ("  share of it", f"{options.share:.1%}"),
        ("not to be liquidated: required as a portfolio", _usd(options.maintenance[0])),
        ("  by standard margin", _usd(options.maintenance[1])),
        ("delta at start, in ether", f"{greeks['delta']:+.3f}"),
        ("gamma at start, ether for a dollar", f"{greeks['gamma']:+.5f}"),
        ("vega at start, dollars for a point of volatility", f"{greeks['vega']:+,.2f}"),
        ("theta at start, dollars a day", f"{greeks['theta']:+,.2f}"),
        ("hedged with the perpetual", f"{options.hedges}×"),
        ("smiles published", f"{options.smiles}×"),
        ("sizes of each series, long less short", f"{books.sizes / WAD:g}"),
        (
            "costs and cash less claims and fees",
            f"{books.difference / QUOTE:.0e}" if books.difference else "0",
        ),
        ("cash", _usd(books.cash)),
        ("books add up (OPT-1)", "yes" if books.add_up else "no"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _pools(result: DemoResult) -> Table:
    table = _table(
        "Lenders: what a share is worth, read from the pools",
        *("\npool", "\nlent", "share\nat start", "share\nat end", "\nchange", "most\nlent out"),
        *("written\noff", "\nflagged"),
    )
    for pool in result.pools:
        table.add_row(
            pool.symbol,
            format_amount(pool.lent, "", pool.decimals, 2).strip(),
            _share(pool.start, pool.start),
            _share(pool.end, pool.start),
            f"{pool.change:+.4%}",
            f"{pool.peak_utilisation:.1%}",
            _tokens(pool, pool.written_off),
            _tokens(pool, pool.flagged),
        )
    return table


def _summary(result: DemoResult) -> Table:
    events = result.liquidations
    table = _table("Losses and premiums", "what", "amount")
    rows = (
        ("takeovers", f"{len(events)}"),
        ("  of insolvent accounts", f"{sum(event.insolvent for event in events)}"),
        ("premiums paid by accounts", _usd(sum(event.premium for event in events))),
        ("  kept by the keeper after selling", _usd(sum(event.profit for event in events))),
        ("  to the backstop", _usd(sum(event.fee for event in events))),
        ("added by the backstop", _usd(sum(event.top_up for event in events))),
        *(_backstop_of(result.options) if result.options else ()),
        ("backstop at start", _usd(result.backstop_start)),
        ("backstop at end", _usd(result.backstop_end)),
        ("shortfall written off by lenders", _usd(sum(event.written_off for event in events))),
        *(
            (f"keeper could not act: {reason}", f"{count}")
            for reason, count in sorted(result.refused.items())
        ),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _backstop_of(options: OptionsOutcome) -> list[tuple[str, str]]:
    added = sum(account.from_backstop for account in options.accounts)
    return [("  for takeovers of options, less its fees", _usd(added))] if added else []


def _gas(result: DemoResult) -> Table:
    table = _table("Gas of each kind of operation", "operation", "count", "least", "median", "most")
    for kind, used in sorted(result.gas.items()):
        summary = gas_summary(used)
        table.add_row(kind, *(f"{summary[key]:,}" for key in ("count", "least", "median", "most")))
    return table


def _usd(wad: int) -> str:
    return f"-${-wad / WAD:,.0f}" if wad < 0 else f"${wad / WAD:,.0f}"


def _health(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _end_health(account: AccountOutcome) -> str:
    if account.end_health is not None:
        return _health(account.end_health)
    return "no debt" if account.start_equity else "stayed out"


def _share(worth: int, start: int) -> str:
    return f"{worth / start:.8f}"


def _tokens(pool: PoolOutcome, amount: int) -> str:
    return format_amount(amount, "", pool.decimals, 2).strip() if amount else "0"
