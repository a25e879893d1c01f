"""What attackers can do: every public function of the system that changes state, drawn from numbers.

A drawn action is a call that anybody of the attackers may send, alone, in a batch of the vault, or from within a flash loan.
Functions that are nobody's but the system's or governance's are tried as well (`trespass`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from scripts.common import abi as codec
from scripts.common.contract import Contract
from tests.economic.world import MAKER, TRADER, World
from tests.helpers.evm import Backend
from tests.helpers.option_orders import Order as CombinationOrder
from tests.helpers.perp_orders import AT_OR_BELOW, REDUCE_ONLY, Order
from tests.helpers.perp_trading import NO_CONTRACT
from tests.helpers.system import NO_LIMIT, WAD, ZERO

T = TypeVar("T")
ALL = 2**256 - 1
# Dollars that an amount is worth; the smallest is one unit of a token.
DOLLARS = (0, 1, 100, 5_000, 12_000, 20_000, 100_000, 1_000_000, 4_900_000, 10_000_000)
# Units of the underlying that a trade is about.
SIZES = (1, WAD // 100, WAD, 10 * WAD, 40 * WAD, 200 * WAD, 1_000 * WAD, 8_000 * WAD)
FRACTIONS = (1, WAD // 10, WAD // 3, WAD)
# What the honest maker asks above fair, or bids below it, as a share: of an option's value, and of the index.
OPTION_SPREAD = 20
PERP_SPREAD = 200
STOP, STOP_LIMIT, TIP = 1_900, 1_890, 5 * 10**6


class Draw:
    """Choices made by a gene's numbers; the first is who acts, the second for which account."""

    def __init__(self, world: World, numbers: Sequence[int], who: str | None = None) -> None:
        self._numbers, self._at = numbers, 2
        self.world = world
        self.who = who or world.owners[numbers[0] % 2]
        self.account = world.accounts[numbers[1] % len(world.accounts)]
        self.owner_of = {world.system.account(*one): one[0] for one in world.attackers}

    def pick(self, choices: Sequence[T]) -> T:
        """One of them."""
        number = self._numbers[self._at % len(self._numbers)]
        self._at += 1
        return choices[number % len(choices)]

    @property
    def symbol(self) -> str:
        """An asset; the volatile one and the settlement asset more often."""
        return self.pick(("USDC", "WETH", "DAI", "USDC", "WETH"))

    def amount(self, symbol: str) -> int:
        """Of a token."""
        return max(1, self.world.system.units(symbol, 1) * self.pick(DOLLARS) // self.world.dollars(symbol))

    @property
    def size(self) -> int:
        """Signed."""
        return self.pick(SIZES) * self.pick((1, -1))

    @property
    def anybody(self) -> bytes:
        """An account of an attacker or an honest one."""
        return self.pick(self.world.honest + self.world.accounts)

    @property
    def victim(self) -> bytes:
        """Honest accounts with risk first."""
        return self.pick(self.world.honest[:3] * 2 + self.world.honest + self.world.accounts)


@dataclass(frozen=True)
class Step:
    """A call; `value` in wei."""

    to: Contract
    function: str
    data: bytes
    words: str
    value: int = 0

    @property
    def name(self) -> str:
        """Contract and function."""
        return f"{self.to.label}.{self.function}"


Act = Callable[[Draw], Step]
ACTS: dict[str, Act] = {}


def act(*names: str) -> Callable[[Act], Act]:
    """Registers an action under the functions that it reaches."""

    def register(function: Act) -> Act:
        for name in names:
            ACTS[name] = function
        return function

    return register


def step(to: Contract, function: str, *args: Any, words: str = "", value: int = 0) -> Step:
    """A call of a function by name."""
    data: bytes = getattr(to, function).encode(*args)
    return Step(to, function, data, f"{to.label}.{function} {words}".rstrip(), value)


def _dollars(draw: Draw, symbol: str, amount: int) -> str:
    if amount == ALL:
        return f"all {symbol}"
    return f"{amount / draw.world.system.units(symbol, 1):g} {symbol}"


def _number(draw: Draw, account: bytes) -> str:
    world = draw.world
    if account in world.accounts:
        return f"own{world.accounts.index(account)}"
    names = ("long", "short", "trader", "maker", "judge", "AMM", "backstop")
    return names[world.honest.index(account)]


# Vault


@act("Vault.deposit")
def deposit(draw: Draw) -> Step:
    symbol = draw.symbol
    amount, to = draw.amount(symbol), draw.pick([draw.account] * 5 + [draw.anybody])
    words = f"{_dollars(draw, symbol, amount)} to {_number(draw, to)}"
    return step(draw.world.system.vault, "deposit", to, draw.world.system[symbol], amount, words=words)


@act("Vault.depositNative")
def deposit_native(draw: Draw) -> Step:
    amount = draw.amount("WETH")
    return step(draw.world.system.vault, "depositNative", draw.account, value=amount)


def _out(function: str) -> Act:
    def leave(draw: Draw) -> Step:
        symbol = draw.symbol
        amount = draw.pick((draw.amount(symbol), draw.amount(symbol), ALL if function == "withdraw" else 1))
        words = f"{_dollars(draw, symbol, amount)} of {_number(draw, draw.account)}"
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
    words = f"{_dollars(draw, symbol, amount)} of {_number(draw, account)}"
    return step(draw.world.system.vault, "repay", account, draw.world.system[symbol], amount, words=words)


@act("Vault.transfer")
def transfer(draw: Draw) -> Step:
    symbol, to = draw.symbol, draw.anybody
    amount = draw.amount(symbol)
    words = f"{_dollars(draw, symbol, amount)} from {_number(draw, draw.account)} to {_number(draw, to)}"
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
    words = f"{_dollars(draw, buy if exact_out else sell, amount)} {sell} to {buy} in {_number(draw, draw.account)}"
    return step(system.vault, "swap", draw.account, params, words=words)


def _liquidate(draw: Draw, by_scenario: bool) -> Step:
    vault, victim, fraction = draw.world.system.vault, draw.victim, draw.pick(FRACTIONS[1:])
    words = f"{_number(draw, victim)} into {_number(draw, draw.account)}, {fraction / WAD:.0%}"
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
    words = f"{words} by {_number(draw, draw.account)}"
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


# Pools


def _pool_acts() -> None:
    def supply(function: str) -> Act:
        def act_(draw: Draw) -> Step:
            symbol = draw.symbol
            amount, pool = draw.amount(symbol), draw.world.system.pool(symbol)
            words = _dollars(draw, symbol, amount)
            return step(pool, function, amount, draw.who, words=words)

        return act_

    def leave(function: str) -> Act:
        def act_(draw: Draw) -> Step:
            symbol = draw.symbol
            pool = draw.world.system.pool(symbol)
            held = int(pool.balanceOf(draw.who))
            amount = draw.pick((held, draw.amount(symbol), held // 2))
            if function == "withdraw":
                amount = int(pool.convertToAssets(amount))
            words = _dollars(draw, symbol, amount)
            return step(pool, function, amount, draw.who, draw.who, words=words)

        return act_

    for name in ("deposit", "mint"):
        act(f"LendingPool.{name}")(supply(name))
    for name in ("withdraw", "redeem"):
        act(f"LendingPool.{name}")(leave(name))


_pool_acts()


@act("LendingPool.accrue")
def accrue(draw: Draw) -> Step:
    return step(draw.world.system.pool(draw.symbol), "accrue")


@act("LendingPool.transfer")
def give_shares(draw: Draw) -> Step:
    pool = draw.world.system.pool(draw.symbol)
    return step(pool, "transfer", draw.pick(draw.world.owners), int(pool.balanceOf(draw.who)))


@act("MockERC20.transfer")
def donate(draw: Draw) -> Step:
    """Tokens sent to a contract that did not ask for them."""
    symbol, system = draw.symbol, draw.world.system
    amount = draw.amount(symbol)
    to = draw.pick(
        (system.pool(symbol), system.vault, system.backstop, draw.world.perps.amm, draw.world.perps.market)
    )
    words = f"{_dollars(draw, symbol, amount)} to {to.label}"
    return step(system.token(symbol), "transfer", to.address, amount, words=words)


# Shares with a cooldown: backstop and virtual AMM


def _exit_share_acts() -> None:
    def contract_of(draw: Draw, label: str) -> Contract:
        return draw.world.system.backstop if label == "Backstop" else draw.world.perps.amm

    def enter(label: str, function: str) -> Act:
        def act_(draw: Draw) -> Step:
            amount, to = draw.amount("USDC"), contract_of(draw, label)
            rest = (0,) if function == "depositFor" else ()
            words = _dollars(draw, "USDC", amount)
            return step(to, function, amount, draw.who, *rest, words=words)

        return act_

    def leave(label: str, function: str) -> Act:
        def act_(draw: Draw) -> Step:
            to = contract_of(draw, label)
            held = int(to.balanceOf(draw.who))
            if function == "requestExit":
                return step(to, function, draw.pick((held, held // 2)))
            amount = draw.pick((held, held // 2))
            if function == "withdraw":
                amount = int(to.convertToAssets(amount))
            rest = (0,) if function == "redeemFor" else ()
            return step(to, function, amount, draw.who, draw.who, *rest)

        return act_

    for label in ("Backstop", "VirtualAmm"):
        own = label == "VirtualAmm"
        for name in ("deposit", "mint", *(("depositFor",) if own else ())):
            act(f"{label}.{name}")(enter(label, name))
        for name in ("requestExit", "redeem", "withdraw", *(("redeemFor",) if own else ())):
            act(f"{label}.{name}")(leave(label, name))
        act(f"{label}.cancelExit")(lambda draw, label=label: step(contract_of(draw, label), "cancelExit"))  # type: ignore[misc]


_exit_share_acts()


@act("Backstop.sell")
def buy_salvage(draw: Draw) -> Step:
    symbol = draw.pick(("WETH", "DAI"))
    system = draw.world.system
    held = max(0, system.balance(system.account(system.backstop.address), symbol))
    return step(system.backstop, "sell", system[symbol], draw.pick((held, 1, held // 2)), ALL)


# Fees reach the backstop


@act("LendingPool.collectReserve")
def collect_reserve(draw: Draw) -> Step:
    return step(draw.world.system.pool(draw.symbol), "collectReserve")


@act("Backstop.collect")
def collect(draw: Draw) -> Step:
    system = draw.world.system
    return step(system.backstop, "collect", system.pool(draw.symbol).address)


@act("PerpMarket.collectFees")
def collect_perp_fees(draw: Draw) -> Step:
    return step(draw.world.perps.market, "collectFees")


@act("OptionMarket.collectFees")
def collect_option_fees(draw: Draw) -> Step:
    return step(draw.world.options.market, "collectFees")


# Liquidation and oracle


def _on_account(name: str, contract: Callable[[World], Contract]) -> None:
    function = name.split(".")[1]

    def act_(draw: Draw) -> Step:
        account = draw.anybody
        return step(contract(draw.world), function, account, words=_number(draw, account))

    act(name)(act_)


for _name in ("flag", "unflag", "writeOff"):
    _on_account(f"LiquidationEngine.{_name}", lambda world: world.system.liquidation)
_on_account("PerpMarket.settle", lambda world: world.perps.market)
_on_account("OptionMarket.settle", lambda world: world.options.market)


@act("RiskEngine.poke")
def poke(draw: Draw) -> Step:
    system, liar = draw.world.system, draw.world.liar
    symbol = draw.pick((liar.symbol if liar else "WETH", draw.symbol))
    return step(system.risk, "poke", system.assets[symbol].underlying, words=symbol)


# Perpetuals


@act("PerpMarket.poke")
def poke_market(draw: Draw) -> Step:
    return step(draw.world.perps.market, "poke")


@act("PerpMarket.deleverage")
def deleverage(draw: Draw) -> Step:
    return step(draw.world.perps.market, "deleverage", draw.pick((1, 100)))


def _maker_price(world: World, size: int) -> float:
    """What the honest maker deals at, for the taker's signed size."""
    return world.price * (1 + (1 if size > 0 else -1) / PERP_SPREAD)


def _signer(draw: Draw, account: bytes) -> str:
    """An attacker with a key signs: the flash borrower's account has the first of them as operator."""
    owner = draw.owner_of[account]
    return owner if owner != draw.world.flash.address else draw.world.owners[0]


def _perp_order(draw: Draw, account: bytes, size: int, limit: float, signer: str, **fields: Any) -> Order:
    perps = draw.world.perps
    perps.nonces += 1
    values = {"nonce": perps.nonces, **fields}
    return Order(account, perps.market.address, signer, size, int(limit * WAD), **values)


def _perp_pair(draw: Draw) -> tuple[tuple[Any, ...], str]:
    perps, size = draw.world.perps, draw.size
    kind = draw.pick(("maker", "own", "AMM", "stop", "maker"))
    contract, rest, makers, tip_to = NO_CONTRACT, 0, [], draw.account
    if kind == "stop":
        trader = draw.world.honest[2]
        name = draw.world.evm.accounts[TRADER]
        fields = {"flags": REDUCE_ONLY, "trigger": AT_OR_BELOW, "trigger_price": STOP * WAD, "tip": TIP}
        taker = _perp_order(draw, trader, -40 * WAD, STOP_LIMIT, name, nonce=7, **fields)
        if draw.pick((True, False)):
            contract, rest = perps.amm.address, 40 * WAD
        else:
            limit = draw.pick((STOP_LIMIT, draw.world.price))
            makers = [_perp_order(draw, draw.account, 40 * WAD, limit, _signer(draw, draw.account))]
    else:
        far = draw.pick((1.0, 1.0, 1.05, 0.95, 1.2))
        limit = 10**6 if size > 0 else 0
        price = draw.world.price * far
        signer = _signer(draw, draw.account)
        taker = _perp_order(draw, draw.account, size, price if kind == "own" else limit, signer)
        if kind == "maker":
            name = draw.world.evm.accounts[MAKER]
            size = max(-100 * WAD, min(100 * WAD, size))
            price = _maker_price(draw.world, size)
            makers = [_perp_order(draw, draw.world.honest[3], -size, price, name)]
        elif kind == "own":
            other = draw.pick(draw.world.accounts)
            makers = [_perp_order(draw, other, -size, price, _signer(draw, other))]
        else:
            contract, rest = perps.amm.address, abs(size)
    words = f"{kind} {taker.size / WAD:g} by {_number(draw, taker.account)}"
    return perps.pair(taker, makers, tip_to=tip_to, rest=rest, contract=contract), words


@act("PerpOrders.matchOrders", "match perpetuals")
def match_perps(draw: Draw) -> Step:
    pair, words = _perp_pair(draw)
    return step(draw.world.perps.orders, "matchOrders", pair, words=words)


@act("PerpOrders.matchMany")
def match_many_perps(draw: Draw) -> Step:
    pair, words = _perp_pair(draw)
    return step(draw.world.perps.orders, "matchMany", [pair, pair], words=words)


@act("PerpOrders.cancel")
def cancel_perp(draw: Draw) -> Step:
    order = _perp_order(draw, draw.account, WAD, 1, _signer(draw, draw.account))
    return step(draw.world.perps.orders, "cancel", order.fields())


@act("PerpOrders.cancelBelow")
def cancel_perps(draw: Draw) -> Step:
    return step(draw.world.perps.orders, "cancelBelow", draw.account, draw.pick((1, 50)))


# Options


def _fair(world: World, legs: dict[int, int]) -> int:
    """Value of a combination at the true index; zero where there is none."""
    with world.truth():
        try:
            return world.options.value(legs)
        except Backend.Reverted:
            return 0


def _option_pair(draw: Draw) -> tuple[tuple[Any, ...], str]:
    world, desk = draw.world, draw.world.desk
    kind, size = draw.pick(("maker", "maker", "own")), draw.size
    size = max(-200 * WAD, min(200 * WAD, size))
    first, second = draw.pick(world.series), draw.pick(world.series)
    legs = {first: 1} if first == second or draw.pick((True, False)) else {first: 1, second: -1}
    fair = _fair(world, legs)
    edge = max(abs(fair), WAD) // OPTION_SPREAD * (1 if size > 0 else -1)
    maker, name = world.honest[3], world.evm.accounts[MAKER]
    premium = fair + edge
    if kind == "own":
        maker = draw.pick(world.accounts)
        name = _signer(draw, maker)
        premium = fair * draw.pick((100, 150, 50, 1_000)) // 100
    signer = _signer(draw, draw.account)
    taker = _option_order(draw, draw.account, size, premium, legs, signer)
    pair = desk.pair(taker, [_option_order(draw, maker, -size, premium, legs, name)])
    return pair, f"{kind} {size / WAD:g} of {legs} by {_number(draw, draw.account)}"


def _option_order(
    draw: Draw, account: bytes, units: int, premium: int, legs: dict[int, int], signer: str
) -> CombinationOrder:
    desk = draw.world.desk
    desk.nonces += 1
    return CombinationOrder(
        account, market=draw.world.options.market.address, signer=signer, legs=tuple(sorted(legs.items())),
        units=units, limit=premium, nonce=desk.nonces,
    )  # fmt: skip


@act("OptionOrders.matchOrders", "match options")
def match_options(draw: Draw) -> Step:
    pair, words = _option_pair(draw)
    return step(draw.world.desk.orders, "matchOrders", pair, words=words)


@act("OptionOrders.matchMany")
def match_many_options(draw: Draw) -> Step:
    pair, words = _option_pair(draw)
    return step(draw.world.desk.orders, "matchMany", [pair], words=words)


@act("OptionOrders.cancel")
def cancel_option(draw: Draw) -> Step:
    signer = _signer(draw, draw.account)
    order = _option_order(draw, draw.account, WAD, WAD, {draw.world.series[0]: 1}, signer)
    return step(draw.world.desk.orders, "cancel", order.fields())


@act("OptionOrders.cancelBelow")
def cancel_options(draw: Draw) -> Step:
    return step(draw.world.desk.orders, "cancelBelow", draw.account, draw.pick((1, 50)))


@act("OptionMarket.createSeries")
def create_series(draw: Draw) -> Step:
    expiry = draw.pick(list(draw.world.options.expiries.values()))
    strike = draw.pick((1_000, 1_500, 2_200, 3_000, 5_000)) * WAD
    return step(draw.world.options.market, "createSeries", expiry, strike, draw.pick((True, False)))


@act("OptionMarket.removeSeries")
def remove_series(draw: Draw) -> Step:
    return step(draw.world.options.market, "removeSeries", [draw.pick(draw.world.series)])


def _expired(draw: Draw) -> tuple[int, int]:
    options = draw.world.options
    expiry = draw.pick(sorted(options.expiries.values())[:2])
    try:
        return expiry, options.last_round(expiry) - draw.pick((0, 0, 0, 1))
    except Backend.Reverted:
        return expiry, 0


@act("OptionMarket.settleExpired")
def settle_expired(draw: Draw) -> Step:
    expiry, last = _expired(draw)
    return step(
        draw.world.options.market, "settleExpired", expiry, last, [draw.account, draw.world.honest[3]]
    )


@act("OptionMarket.fixPrice")
def fix_price(draw: Draw) -> Step:
    return step(draw.world.options.market, "fixPrice", *_expired(draw))


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


# What is nobody's business


def contracts(world: World) -> list[Contract]:
    """All contracts of the system."""
    system = world.system
    return [
        *(
            system.vault,
            system.pool("USDC"),
            system.backstop,
            system.liquidation,
            system.risk,
            system.parameters,
        ),
        *(system.portfolio_mode, system.helper, world.perps.market, world.perps.amm, world.perps.orders),
        *(world.options.market, world.desk.orders, world.options.desk.surface),
    ]


def public_functions(world: World) -> dict[str, tuple[Contract, dict[str, Any]]]:
    """Every function that is not a view, by contract and name."""
    return {
        f"{contract.label}.{entry['name']}": (contract, entry)
        for contract in contracts(world)
        for entry in contract.abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }


def _named(**functions: str) -> frozenset[str]:
    return frozenset(f"{label}.{name}" for label, names in functions.items() for name in names.split())


# Functions without an action of their own, by the reason. They are called all the same, with arguments that fit (`trespass`).
OWNED = "acceptOwnership renounceOwnership transferOwnership"
TRESPASSES: dict[str, frozenset[str]] = {
    "governance only": _named(
        Vault=f"{OWNED} initialise listAsset listInstrument setCaps setGuardian setPaused setSwapAdapter",
        LendingPool=f"{OWNED} setFlashFee setGuardian setLine setRateModel setReserveRecipient setReserveShare",
        Backstop=f"{OWNED} setCooldown setGuardian setSaleDiscount",
        RiskEngine="publish",
        RiskParameters=f"{OWNED} addAsset addUnderlying applyFeed applyRateSource cancelFeed cancelRateSource configure "
        "lowerTier proposeFeed proposeRateSource setAsset setDomain setFeed setGrid setGuardian setShockSetter setShocks",
        PerpMarket=f"{OWNED} initialise setFeeAccount setGuardian setMaker setOrders setParameters setReduceOnly setSampler",
        VirtualAmm=f"{OWNED} setCooldown setGuardian setShape",
        OptionMarket=f"{OWNED} initialise setFeeAccount setGuardian setOrders setParameters setReduceOnly",
        VolatilitySurface=f"{OWNED} addSigner removeSigner setGuardian setParameters",
    ),
    "contracts of the system only": _named(
        Vault="cover instrumentPay requireCovered setHeld touch writeOff",
        LendingPool="borrow flagShortfall repay writeOff",
        Backstop="flagShortfall",
        LiquidationEngine="resolved",
        PortfolioMode="absorb execute forfeit payProfit transferFraction",
        PerpMarket="absorb execute forfeit payLoss payProfit transferFraction",
        PerpOrders="matchFor",
        OptionMarket="absorb execute forfeit payLoss payProfit transferFraction",
        OptionOrders="matchFor",
    ),
    "asks for a signature; what it then does is an action": _named(
        Vault="depositWithPermit setOperatorBySig",
        LendingPool="permit",
        Backstop="permit",
        VirtualAmm="permit",
        VolatilitySurface="update",
    ),
    "moves shares or allowances between owners; attackers are one purse": _named(
        LendingPool="approve transferFrom",
        Backstop="approve transfer transferFrom",
        VirtualAmm="approve transfer transferFrom",
    ),
}
# Put around other actions by the search.
AROUND = frozenset({"Vault.execute", "LendingPool.flashLoan"})
# Contracts with functions that change state, of which none is in the world, and why.
ABSENT = {
    "AdaptiveRateModel": "pools have the kink model; the other answers pools only",
    "DynamicShocks": "sets shocks of which every value within bounds is governance's to choose",
    "RealisedVolatility": "moves margins of dynamic shocks alone",
    "GrowthCappedRate": "no share token is listed",
    "UniswapV3Adapter": "the adapter is the attackers' own, at any price",
    "VaultAdmin": "the vault's own, by delegation",
    "PerpMarketAdmin": "the market's own, by delegation",
    "OptionMarketAdmin": "the market's own, by delegation",
    "OptionMarketRisk": "the market's own, by delegation",
}


def trespassed() -> list[str]:
    """All functions of `TRESPASSES`."""
    return sorted(frozenset().union(*TRESPASSES.values()))


def trespass(draw: Draw, name: str) -> Step:
    """Calls a function with arguments that fit its types."""
    contract, entry = public_functions(draw.world)[name]
    arguments = [_argument(draw, one) for one in entry["inputs"]]
    data = contract.fn(codec.signature(entry)).encode(*arguments)
    return Step(contract, entry["name"], data, name)


def _argument(draw: Draw, component: dict[str, Any]) -> Any:
    kind: str = component["type"]
    world = draw.world
    if kind.endswith("[]"):
        return []
    if kind.startswith("tuple"):
        return tuple(_argument(draw, one) for one in component["components"])
    if kind == "address":
        return draw.pick(
            [draw.who, world.system["USDC"], world.system.pool("USDC").address, world.flash.address, ZERO]
        )
    if kind == "bool":
        return draw.pick((True, False))
    if kind == "bytes32":
        return draw.anybody
    if kind == "bytes":
        return b""
    bits = int(kind.removeprefix("u").removeprefix("int") or 256)
    return draw.pick((0, 1, 60, 10**6, 10**9, WAD, 10**24)) % 2 ** (bits - 1)
