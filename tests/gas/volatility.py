"""Gas of volatility, a part of `tests.gas.measure`.

`vol_poke` and `surface_update_8` (eight expiries, one signature) are whole transactions, a day after the last.
`variance_single` is what a contract pays for one option's variance, `variance_64` for each of 64 of one expiry in one
call, `smile_64` for each of 64 with the smile asked for once: by `gasleft` around the call, cold.
"""

from __future__ import annotations

from tests.helpers.system import DAY, WAD, System
from tests.helpers.volatility import SMILE, UNDERLYING, Desk

EXPIRIES = 8
OPTIONS = 64
LN_LOW, LN_STEP = 7 * WAD, WAD // 50


def volatility_figures(system: System, figures: dict[str, int]) -> None:
    """Puts gas by operation into `figures`."""
    evm = system.evm
    realised = evm.deploy("RealisedVolatility", evm.accounts[0], system.risk)
    underlying = system.assets["WETH"].underlying
    realised.addUnderlying(underlying, (10 * DAY, DAY, WAD // 100, WAD // 20), WAD // 2)
    system.warp(DAY)
    figures["vol_poke"] = realised.poke(underlying).gas_used

    desk = Desk(evm, heartbeat=7 * DAY)
    smiles = {desk.expiry(10 * number): SMILE for number in range(1, EXPIRIES + 1)}
    desk.push(smiles)
    system.warp(DAY)
    figures["surface_update_8"] = desk.push(smiles).gas_used
    reader = evm.deploy("MockSmileReader")
    for name, ask, count in (
        ("variance_single", reader.variances, 1),
        ("variance_64", reader.variances, OPTIONS),
        ("smile_64", reader.smile, OPTIONS),
    ):
        strikes = [LN_LOW + LN_STEP * number for number in range(count)]
        _, gas = ask(desk.surface, UNDERLYING, [next(iter(smiles))] * count, strikes)
        figures[name] = -(-gas // count)
