"""What attackers can do at pools, at the backstop, at the virtual AMM's shares, in liquidation, and with donations."""

from __future__ import annotations

from collections.abc import Callable

from scripts.common.contract import Contract
from tests.economic.draw import ALL, Act, Draw, Step, act, named, step, told
from tests.economic.world import World

# Pools


def _pool_acts() -> None:
    def supply(function: str) -> Act:
        def act_(draw: Draw) -> Step:
            symbol = draw.symbol
            amount, pool = draw.amount(symbol), draw.world.system.pool(symbol)
            words = told(draw, symbol, amount)
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
            words = told(draw, symbol, amount)
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
    words = f"{told(draw, symbol, amount)} to {to.label}"
    return step(system.token(symbol), "transfer", to.address, amount, words=words)


# Shares with a cooldown: backstop and virtual AMM


def _exit_share_acts() -> None:
    def contract_of(draw: Draw, label: str) -> Contract:
        return draw.world.system.backstop if label == "Backstop" else draw.world.perps.amm

    def enter(label: str, function: str) -> Act:
        def act_(draw: Draw) -> Step:
            amount, to = draw.amount("USDC"), contract_of(draw, label)
            rest = (0,) if function == "depositFor" else ()
            words = told(draw, "USDC", amount)
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
        return step(contract(draw.world), function, account, words=named(draw, account))

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
