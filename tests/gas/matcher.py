"""`python -m tests.gas.matcher`: gas of what the matcher settles, a fill, added to reports/matcher.json.

Ten takers against ten makers, accounts that trade for the first time and again; the matcher batches them itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from scripts.common.errors import run_script
from scripts.matcher.bench import REPORT
from scripts.setup.environment import write_atomically
from tests.helpers.evm import AnvilBackend
from tests.helpers.matcher_place import Place, market_place
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import System

FILLS = 10
FIRST, SETTLER = 8, 29
FEES = {"takerFeeWad": 10**18 // 2_000, "makerFeeWad": 10**18 // 5_000}


async def gas_of(place: Place, accounts: list[bytes], one_taker: bool) -> tuple[int, int]:
    """Gas and fills of the transaction that settles ten fills."""
    before = set(place.matcher.pending.batches)
    taker, makers = accounts[0], accounts[1 : FILLS + 1]
    for maker in makers:
        await place.post(maker, -1, 2_000)
    if one_taker:
        await place.post(taker, FILLS, 2_000)
    else:
        orders = [place.json(place.order(taker, 1, 2_000)) for _ in range(FILLS)]
        await place.matcher.place(orders, "gas")
    await place.settled()
    batches = [batch for number, batch in place.matcher.pending.batches.items() if number not in before]
    return sum(batch.gas_used or 0 for batch in batches), len(batches)


async def figures(perps: PerpTrading, folder: Path) -> dict[str, int]:
    """Gas a fill."""
    accounts = [perps.funded(owner, 1_000_000) for owner in perps.evm.accounts[FIRST : FIRST + FILLS + 1]]
    async with market_place(perps, folder, SETTLER, confirmations=1_000, rest_seconds=0.5) as place:
        await gas_of(place, accounts, one_taker=True)  # everybody has a position
        one, transactions = await gas_of(place, accounts, one_taker=True)
        many, _ = await gas_of(place, accounts, one_taker=False)
    return {
        "fills_per_tx_gas": one // FILLS,
        "fills_of_ten_matches_gas": many // FILLS,
        "fills_per_tx": FILLS // transactions,
    }


def main() -> int:
    """Measures and writes."""
    evm = AnvilBackend()
    try:
        perps = PerpTrading.deploy(System.deploy(evm), **FEES)
        with tempfile.TemporaryDirectory() as folder:
            found = asyncio.run(figures(perps, Path(folder)))
    finally:
        evm.close()
    try:
        known = json.loads(REPORT.read_text())
    except (OSError, ValueError):
        known = {}
    write_atomically(REPORT, json.dumps({**known, **found}, indent=2) + "\n")
    for name, value in found.items():
        print(f"{name:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(run_script("bench-matcher", main))
