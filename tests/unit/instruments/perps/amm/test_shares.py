"""VirtualAmm's shares: in at the upper edge, out at the lower one, late, and not ahead of a loss (PERP-2)."""

from __future__ import annotations

import pytest

from tests.helpers.perp_trading import COOLDOWN, TOKEN, WINDOW, PerpTrading
from tests.helpers.system import DAY, WAD

ETHER = WAD
MILLION = 1_000_000 * TOKEN
OTHER_LP = 20


@pytest.fixture
def other_lp(perps: PerpTrading) -> str:
    return perps.evm.accounts[OTHER_LP]


def shares_of(perps: PerpTrading, lp: str) -> int:
    return int(perps.amm.balanceOf(lp))


def test_deposits_are_the_accounts_balance(perps: PerpTrading, lp: str, other_lp: str) -> None:
    assert perps.system.balance(perps.amm_account, "USDC") == MILLION == perps.amm.totalAssets()
    shares = perps.provide(500, other_lp)
    assert shares == 500 * TOKEN * 10**6
    assert perps.amm.convertToAssets(shares) == 500 * TOKEN
    assert tuple(perps.amm.edges()) == (MILLION + 500 * TOKEN,) * 2, "without a position there is no doubt"


def test_mint_costs_what_it_says(perps: PerpTrading, other_lp: str) -> None:
    perps.system.mint("USDC", other_lp, 1_000)
    perps.system.token("USDC").approve(perps.amm.address, 2**255, sender=other_lp)
    cost = perps.amm.previewMint(10**12 + 1)
    assert perps.amm.mint(10**12 + 1, other_lp, sender=other_lp).value == cost == 10**6 + 1


def test_leaving_takes_a_request_a_cooldown_and_a_window(perps: PerpTrading, lp: str) -> None:
    shares = shares_of(perps, lp)
    with perps.evm.reverts("ExitShares_NotOpen"):
        perps.amm.redeem(shares, lp, lp, sender=lp)
    perps.leave(shares, lp, COOLDOWN - 1)
    assert perps.amm.maxRedeem(lp) == 0
    with perps.evm.reverts("ExitShares_NotOpen"):
        perps.amm.redeem(shares, lp, lp, sender=lp)
    perps.system.warp(1)
    assert perps.amm.maxRedeem(lp) == shares
    with perps.evm.isolation():
        assert perps.amm.redeem(shares, lp, lp, sender=lp).value == MILLION
        assert perps.system.token("USDC").balanceOf(lp) >= MILLION
    perps.system.warp(WINDOW + 1)
    with perps.evm.reverts("ExitShares_NotOpen"):
        perps.amm.redeem(shares, lp, lp, sender=lp)


def test_requested_shares_do_not_move(perps: PerpTrading, lp: str, other_lp: str) -> None:
    shares = shares_of(perps, lp)
    perps.amm.requestExit(shares, sender=lp)
    with perps.evm.reverts("ExitShares_Locked", lp, 1, 0):
        perps.amm.transfer(other_lp, 1, sender=lp)


def test_edges_with_a_position(perps: PerpTrading, trader: bytes) -> None:
    """Short ten at 2,000: the curve and the spread have paid a little, the half-width of 0.5% is in doubt."""
    perps.trade(trader, 10 * ETHER)
    paid = perps.cost(trader)
    entry, exit_ = perps.amm.edges()
    low, high = 1_990 * WAD, 2_010 * WAD
    sold = 10 * ETHER
    best = perps.curve.closing_value(sold, low, up=True)
    worst = min(-sold * high, perps.curve.closing_value(sold, high, up=False))
    assert abs(entry - MILLION - (paid + best) // 10**30) <= 1
    assert abs(exit_ - MILLION - (paid + worst) // 10**30) <= 1
    assert exit_ < MILLION < entry


def test_profit_that_was_not_paid_is_bought_but_not_taken_out(
    perps: PerpTrading, trader: bytes, lp: str, other_lp: str
) -> None:
    """The trader is long 100 and the price falls by 200: the AMM has won 20,000 that nobody has paid in yet."""
    perps.trade(trader, 100 * ETHER)
    perps.system.set_price("WETH", 1_800)
    entry, exit_ = perps.amm.edges()
    assert exit_ == MILLION
    assert entry > MILLION + 19_000 * TOKEN
    shares = perps.provide(1_000, other_lp)
    assert shares < 1_000 * TOKEN * 10**6 * MILLION // entry + 10**6


def test_a_loss_counts_at_once(perps: PerpTrading, trader: bytes, lp: str, other_lp: str) -> None:
    """LP exit before a loss: the price rises by 200 against the AMM, and who leaves bears his part though nothing was
    settled yet."""
    perps.provide(1_000_000, other_lp)
    perps.leave(shares_of(perps, lp), lp)
    perps.trade(trader, 100 * ETHER)
    perps.system.set_price("WETH", 2_200)
    half = shares_of(perps, lp)
    received = perps.amm.redeem(half, lp, lp, sender=lp).value
    assert received < MILLION - 10_000 * TOKEN, "PERP-2: nobody leaves ahead of the others"
    _, left = perps.amm.edges()
    assert abs(left - received) < 200 * TOKEN


def test_nobody_leaves_below_the_initial_requirement(perps: PerpTrading, trader: bytes, lp: str) -> None:
    shares = shares_of(perps, lp)
    perps.leave(shares, lp)
    perps.trade(trader, 1_000 * ETHER)
    # 1,000 short at 2,000 need some 360,000 of a million.
    most = perps.amm.maxRedeem(lp)
    assert 0 < most < shares
    with perps.evm.reverts("Vault_BelowInitialRequirement", perps.amm_account, None, None):
        perps.amm.redeem(shares, lp, lp, sender=lp)
    with perps.evm.isolation():
        perps.amm.redeem(most, lp, lp, sender=lp)
    perps.system.set_price("WETH", 2_800)
    assert perps.amm.maxRedeem(lp) == 0 == perps.amm.maxWithdraw(lp)
    with perps.evm.reverts("VirtualAmm_BelowInitialRequirement"):
        perps.amm.redeem(1, lp, lp, sender=lp)
    with perps.evm.reverts("VirtualAmm_BelowInitialRequirement"):
        perps.amm.checkExit()


def test_nobody_leaves_while_the_index_is_not_fresh(perps: PerpTrading, trader: bytes, lp: str) -> None:
    perps.trade(trader, 10 * ETHER)
    perps.leave(shares_of(perps, lp), lp)
    perps.evm.warp(DAY + 3_601)
    for call in (
        lambda: perps.amm.redeem(10**6, lp, lp, sender=lp),
        lambda: perps.amm.withdraw(1, lp, lp, sender=lp),
        lambda: perps.provide(1_000),
    ):
        with perps.evm.reverts("VirtualAmm_IndexNotFresh", 2):
            call()
    assert perps.amm.maxRedeem(lp) == 0 == perps.amm.maxDeposit(lp)


def test_without_a_position_they_leave_at_any_time(perps: PerpTrading, lp: str) -> None:
    perps.leave(shares_of(perps, lp), lp)
    perps.evm.warp(DAY + 3_601)
    perps.system.vault.setPaused(True)
    assert perps.amm.redeem(shares_of(perps, lp), lp, lp, sender=lp).value == MILLION


def test_nobody_comes_or_goes_while_it_is_flagged(perps: PerpTrading, trader: bytes, lp: str) -> None:
    perps.leave(shares_of(perps, lp), lp)
    perps.trade(trader, 1_500 * ETHER)
    perps.system.set_price("WETH", 3_200)
    perps.system.liquidation.flag(perps.amm_account)
    with perps.evm.reverts("VirtualAmm_Flagged"):
        perps.amm.redeem(10**6, lp, lp, sender=lp)
    with perps.evm.reverts("VirtualAmm_Flagged"):
        perps.provide(1_000)
    assert perps.amm.maxDeposit(lp) == 0


def test_new_money_does_not_pay_old_losses(perps: PerpTrading, trader: bytes) -> None:
    perps.trade(trader, 1_500 * ETHER)
    perps.system.set_price("WETH", 3_200)
    assert perps.amm.edges()[0] == 0
    with perps.evm.reverts("VirtualAmm_NothingLeft"):
        perps.provide(1_000)


def test_limits_of_the_caller(perps: PerpTrading, lp: str, other_lp: str) -> None:
    perps.system.mint("USDC", other_lp, 1_000)
    perps.system.token("USDC").approve(perps.amm.address, 2**255, sender=other_lp)
    wanted = perps.amm.previewDeposit(1_000 * TOKEN)
    with perps.evm.reverts("VirtualAmm_BelowLimit", wanted, wanted + 1):
        perps.amm.depositFor(1_000 * TOKEN, other_lp, wanted + 1, sender=other_lp)
    assert perps.amm.depositFor(1_000 * TOKEN, other_lp, wanted, sender=other_lp).value == wanted
    perps.leave(shares_of(perps, lp), lp)
    with perps.evm.reverts("VirtualAmm_BelowLimit", TOKEN, TOKEN + 1):
        perps.amm.redeemFor(10**12, lp, lp, TOKEN + 1, sender=lp)
    assert perps.amm.redeemFor(10**12, lp, lp, TOKEN, sender=lp).value == TOKEN


def test_the_first_depositor_cannot_be_robbed(perps: PerpTrading, other_lp: str) -> None:
    """One wei of shares, then a gift to the account: the next depositor loses less than a millionth of the gift."""
    fresh = PerpTrading.deploy(perps.system, liquidity=0)
    attacker = perps.evm.accounts[21]
    fresh.provide(0.000001, attacker)
    system = perps.system
    gift = system.fund("USDC", attacker, 100_000)
    system.vault.deposit(fresh.amm_account, system["USDC"], gift, sender=attacker)
    shares = fresh.provide(10_000, other_lp)
    assert fresh.amm.convertToAssets(shares) >= 10_000 * TOKEN - 100_000
    assert fresh.amm.convertToAssets(fresh.amm.balanceOf(attacker)) <= 60_000 * TOKEN


def test_donated_tokens_change_nothing(perps: PerpTrading) -> None:
    before = tuple(perps.amm.edges())
    for to in (perps.amm.address, perps.system.vault.address, perps.market.address):
        perps.system.mint("USDC", to, 1_000)
    assert tuple(perps.amm.edges()) == before


def test_nobody_else_moves_the_accounts_money(perps: PerpTrading, lp: str) -> None:
    with perps.evm.reverts("Vault_NotAuthorised"):
        perps.system.vault.withdraw(perps.amm_account, perps.system["USDC"], 1, lp, sender=lp)
