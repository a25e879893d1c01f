"""Functions that are nobody's but governance's, the system's, or a signer's: they are called all the same."""

from __future__ import annotations

from typing import Any

from scripts.common import abi as codec
from scripts.common.contract import Contract
from tests.economic.draw import Draw, Step
from tests.economic.world import World
from tests.helpers.system import WAD, ZERO


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
        LendingPool="borrow borrowFor flagShortfall repayAmount repayDebt writeOff",
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
