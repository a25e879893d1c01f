"""What attackers can do at the vault, and through the margin helper."""

from __future__ import annotations

from typing import Any

from scripts.common.contract import Contract
from tests.economic.draw import ALL, FRACTIONS, Act, Draw, Step, act, named, step, told
from tests.helpers.system import NO_LIMIT, WAD, ZERO


@act("Vault.deposit")
def deposit(draw: Draw) -> Step:
    symbol = draw.symbol
    amount, to = draw.amount(symbol), draw.pick([draw.account] * 5 + [draw.anybody])
    words = f"{told(draw, symbol, amount)} to {named(draw, to)}"
    return step(draw.world.system.vault, "deposit", to, draw.world.system[symbol], amount, words=words)


@act("Vault.depositNative")
def deposit_native(draw: Draw) -> Step:
    amount = draw.amount("WETH")
    return step(draw.world.system.vault, "depositNative", draw.account, value=amount)


def _out(function: str) -> Act:
    def leave(draw: Draw) -> Step:
        symbol = draw.symbol
        amount = draw.pick((draw.amount(symbol), draw.amount(symbol), ALL if function == "withdraw" else 1))
        words = f"{told(draw, symbol, amount)} of {named(draw, draw.account)}"
        vault, token = draw.world.system.vault, draw.world.system[symbol]
        return step(vault, function, draw.account, token, amount, draw.who, words=words)

    return leave


act("Vault.withdraw")(_out("withdraw"))
act("Vault.borrow")(_out("borrow"))


@act("Vault.withdrawNative")
def withdraw_native(draw: Draw) -> Step:
    vault = draw.world.system.vault
    return step(vault, "withdrawNative", draw.account, draw.amount("WETH"), draw.world.owners[0])


@act("Vault.repay")
def repay(draw: Draw) -> Step:
    symbol = draw.symbol
    amount, account = draw.pick((ALL, draw.amount(symbol))), draw.pick((draw.account, draw.anybody))
    if amount == ALL:
        amount = draw.world.system.units(symbol, 10**6)
    words = f"{told(draw, symbol, amount)} of {named(draw, account)}"
    return step(draw.world.system.vault, "repay", account, draw.world.system[symbol], amount, words=words)


@act("Vault.transfer")
def transfer(draw: Draw) -> Step:
    symbol, to = draw.symbol, draw.anybody
    amount = draw.amount(symbol)
    words = f"{told(draw, symbol, amount)} from {named(draw, draw.account)} to {named(draw, to)}"
    vault, token = draw.world.system.vault, draw.world.system[symbol]
    return step(vault, "transfer", draw.account, to, token, amount, words=words)


@act("MockSwapAdapter.setPrice")
def set_route(draw: Draw) -> Step:
    """The adapter is the attackers' own pool: what it gains is theirs, and it may ask any price."""
    sell, buy = draw.pick((("WETH", "USDC"), ("USDC", "WETH"), ("USDC", "DAI"), ("WETH", "DAI")))
    system, multiple = draw.world.system, draw.pick((100, 98, 101, 50, 1))
    fair = WAD * draw.world.dollars(sell) * system.units(buy, 1) // draw.world.dollars(buy)
    price = max(1, fair // system.units(sell, 1) * multiple // 100)
    words = f"{sell} at {multiple}% of its {buy}"
    return step(system.adapter, "setPrice", system[sell], system[buy], price, words=words)


@act("Vault.swap")
def swap(draw: Draw) -> Step:
    sell, buy = draw.pick((("WETH", "USDC"), ("USDC", "WETH"), ("USDC", "DAI"), ("WETH", "DAI")))
    exact_out = draw.pick((False, False, True))
    amount, limit = draw.amount(buy if exact_out else sell), 0
    if exact_out:
        limit = draw.amount(sell)
    system = draw.world.system
    params = (system.adapter.address, system[sell], system[buy], exact_out, amount, limit, WAD, b"")
    words = f"{told(draw, buy if exact_out else sell, amount)} {sell} to {buy} in {named(draw, draw.account)}"
    return step(system.vault, "swap", draw.account, params, words=words)


def _liquidate(draw: Draw, by_scenario: bool) -> Step:
    vault, victim, fraction = draw.world.system.vault, draw.victim, draw.pick(FRACTIONS[1:])
    words = f"{named(draw, victim)} into {named(draw, draw.account)}, {fraction / WAD:.0%}"
    if by_scenario:
        scenario = draw.pick((0, 1, 6, 11, 22, 33, 0x010101))
        args: tuple[Any, ...] = (victim, draw.account, fraction, scenario, NO_LIMIT)
        return step(vault, "liquidateByScenario", *args, words=words)
    left_out, instruments = draw.pick((0, 0, 0, 1, 2, 4)), draw.pick((0, 0, 0, 2, 4))
    args = (victim, draw.account, fraction, left_out, instruments, NO_LIMIT)
    return step(vault, "liquidate", *args, words=words)


@act("Vault.liquidate")
def liquidate(draw: Draw) -> Step:
    return _liquidate(draw, False)


@act("Vault.liquidateByScenario")
def liquidate_by_scenario(draw: Draw) -> Step:
    return _liquidate(draw, True)


@act("Vault.setOperator")
def set_operator(draw: Draw) -> Step:
    operator, expiry = draw.pick(draw.world.owners), draw.pick((2**40, draw.world.evm.now + 60))
    return step(draw.world.system.vault, "setOperator", draw.account, operator, expiry)


def _instrument(draw: Draw, to: Contract, data: bytes, words: str) -> Step:
    vault = draw.world.system.vault
    words = f"{words} by {named(draw, draw.account)}"
    return step(vault, "callInstrument", draw.account, to.address, data, words=words)


@act("Vault.callInstrument", "trade perpetuals", "trade perpetuals more")
def trade(draw: Draw) -> Step:
    """With the virtual AMM; half of the time all of it back."""
    perps, size = draw.world.perps, draw.size
    held = perps.size(draw.account)
    if held and draw.pick((True, False)):
        size = -held
    return _instrument(draw, perps.market, perps.trade_data(size), f"perpetuals {size / WAD:g}")


@act("settle in a batch")
def settle_inside(draw: Draw) -> Step:
    options = draw.world.options
    market = draw.pick((draw.world.perps.market, options.market))
    data = options.settle_data() if market == options.market else (2).to_bytes(32)
    return _instrument(draw, market, data, "settle")


@act("portfolio margin")
def portfolio_mode(draw: Draw) -> Step:
    enabled = draw.pick((True, True, False))
    mode = draw.world.system.portfolio_mode
    return _instrument(draw, mode, draw.world.portfolio_data(enabled), f"portfolio margin {enabled}")


# Helper


def _helper_trade(draw: Draw, sell: str, buy: str, amount: int, limit: int) -> tuple[Any, ...]:
    system = draw.world.system
    return system[sell], system[buy], amount, limit, WAD, system.adapter.address, b""


@act("MarginHelper.open")
def open_margin(draw: Draw) -> Step:
    margin, (sell, buy) = draw.symbol, draw.pick((("USDC", "WETH"), ("WETH", "USDC")))
    amount, trade_ = draw.amount(margin), _helper_trade(draw, sell, buy, draw.amount(sell), 0)
    helper, token = draw.world.system.helper, draw.world.system[margin]
    return step(helper, "open", draw.account, token, amount, trade_, words=f"{sell} to {buy}")


@act("MarginHelper.close")
def close_margin(draw: Draw) -> Step:
    sell, buy = draw.pick((("WETH", "USDC"), ("USDC", "WETH")))
    trade_ = _helper_trade(draw, sell, buy, 0, draw.amount(sell))
    return step(draw.world.system.helper, "close", draw.account, trade_, draw.pick((draw.who, ZERO)))
