"""An LP could not enter the virtual AMM while its shares were worth nothing to who leaves, though they were worth something
to who enters: whether all of his tokens had arrived was told from what leaving pays, which new money raises by less than
itself then. The refusal spoke of a token that takes a fee. Now what arrives is counted where it arrives."""

from __future__ import annotations

from tests.helpers.evm import PyrevmBackend
from tests.helpers.perp_trading import TOKEN, PerpTrading
from tests.helpers.system import TRADER, WAD, System

OTHER_LP = 20
LIQUIDITY = 200_000


def test_new_money_enters_at_the_upper_edge(evm: PyrevmBackend) -> None:
    """ROUND-1: at the price of who enters, so that leaving at once does not pay."""
    perps = PerpTrading.deploy(System.deploy(evm), LIQUIDITY)
    perps.trade(perps.funded(evm.accounts[TRADER], 1_000_000), 400 * WAD)
    price = 2_000
    entry, exit_ = perps.amm.edges()
    while exit_ > 0:
        price += 1
        perps.system.set_price("WETH", price)
        entry, exit_ = perps.amm.edges()
    assert entry > 0
    lp = evm.accounts[OTHER_LP]
    before = perps.system.balance(perps.amm_account, "USDC")
    shares = perps.provide(1_000, lp)
    assert perps.system.balance(perps.amm_account, "USDC") == before + 1_000 * TOKEN
    assert shares == perps.amm.balanceOf(lp) > 0
    assert perps.amm.previewRedeem(shares) < 1_000 * TOKEN
