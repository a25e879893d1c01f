"""PERP-4: one owner on both sides of a market extracts nothing: no token leaves, and no loan rests, on unsettled profit."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.evm import Backend
from tests.helpers.expect import Reverted
from tests.helpers.perp_market import DOLLAR, TOKEN, PerpBench
from tests.helpers.system import NO_LIMIT, STAKER, TAKER, TRADER, WAD, System

ATTACKER = TRADER


def deployed(evm: Backend, stake: int = 0) -> PerpBench:
    return PerpBench.deploy(System.deploy(evm, stake=stake))


def test_a_self_owned_winner_and_a_bankrupt_loser(evm: Backend) -> None:
    """The winner gets what the loser had, and no lender, staker or stranger pays for the rest."""
    perps = deployed(evm, stake=0)
    winner, loser = perps.trader(ATTACKER, 5_000), perps.trader(ATTACKER, 5_000, 1)
    perps.fill(winner, loser, 10 * WAD)
    lenders = int(perps.system.pool("USDC").totalAssets())
    perps.set_index(3_500)
    assert perps.settle(winner) == 0
    owner = perps.evm.accounts[ATTACKER]
    usdc = perps.system["USDC"]
    for amount in (5_001 * DOLLAR, 6_000 * DOLLAR):
        with perps.evm.reverts():
            perps.system.vault.borrow(winner, usdc, amount, owner, sender=owner)
    perps.settle(loser)
    into = perps.trader(TAKER, 1_000_000)
    perps.evm.mine()
    perps.system.vault.liquidate(loser, into, WAD, 0, 0, NO_LIMIT, sender=perps.evm.accounts[TAKER])
    for account in (loser, winner, into):
        perps.settle(account)
    perps.settle(winner)
    assert perps.balance(winner) <= 10_000 * DOLLAR
    assert perps.balance(into) >= 1_000_000 * DOLLAR
    assert int(perps.system.pool("USDC").totalAssets()) >= lenders


def test_profit_is_no_collateral(evm: Backend) -> None:
    """A winner borrows what he could without his profit, and no more."""
    perps = deployed(evm)
    winner, loser = perps.trader(ATTACKER, 10_000), perps.trader(ATTACKER, 100_000, 1)
    perps.fill(winner, loser, WAD)
    owner = perps.evm.accounts[ATTACKER]

    def most() -> int:
        low, high = 0, 20 * WAD
        while high - low > WAD // 100:
            middle = (low + high) // 2
            with perps.evm.isolation():
                try:
                    perps.system.vault.borrow(winner, perps.system["WETH"], middle, owner, sender=owner)
                    low = middle
                except Reverted:
                    high = middle
        return low * price

    price = 2_000
    before = most()
    price = 2_400
    perps.set_index(price)
    assert perps.position(winner)["pnl"] == 400 * 10**36
    # The profit covers the position's own requirement; it buys nothing beyond.
    requirement = 2_000 * 20 // 100 * WAD
    assert most() <= before + 6 * requirement
    with perps.evm.reverts():
        perps.system.vault.withdraw(winner, perps.system["USDC"], 10_001 * DOLLAR, owner, sender=owner)


STEP = st.one_of(
    st.tuples(st.just("fill"), st.integers(-6 * WAD, 6 * WAD), st.integers(-400, 400)),
    st.tuples(st.just("price"), st.integers(-30, 40), st.just(0)),
    st.tuples(st.just("settle"), st.integers(0, 1), st.just(0)),
    st.tuples(st.just("withdraw"), st.integers(0, 1), st.integers(1, 20_000)),
    st.tuples(st.just("borrow"), st.integers(0, 1), st.integers(1, 20_000)),
)


@settings(max_examples=30)
@given(steps=st.lists(STEP, min_size=4, max_size=25))
def test_two_accounts_of_one_owner_extract_nothing(
    session_evm: Backend, steps: list[tuple[str, int, int]]
) -> None:
    """PERP-4: the market's tokens and what both accounts own never exceed what was brought in."""
    with session_evm.isolation():
        perps = deployed(session_evm)
        system, owner = perps.system, perps.evm.accounts[ATTACKER]
        both = [perps.trader(ATTACKER, 8_000), perps.trader(ATTACKER, 8_000, 1)]
        own = system.account(perps.market.address)
        for kind, first, second in steps:
            try:
                if kind == "fill":
                    perps.fill(both[0], both[1], first, perps.mark * (1_000 + second) // 1_000)
                elif kind == "price":
                    dollars = system.assets["WETH"].feed.latestRoundData()[1] / 10**8
                    perps.set_index(max(400, min(9_000, int(dollars * (100 + first) / 100))))
                elif kind == "settle":
                    perps.settle(both[first])
                else:
                    act = system.vault.withdraw if kind == "withdraw" else system.vault.borrow
                    act(both[first], system["USDC"], second * DOLLAR, owner, sender=owner)
            except Reverted as error:
                assert error.name not in ("", "Panic", "Halt"), error
                continue
            cash = perps.balance(own)
            assert cash >= 0
            assert cash == perps.market.totals()[1], "PERP-4"
            wealth = system.token("USDC").balanceOf(owner)
            wealth += sum(perps.balance(account) for account in both)
            # Debts are rounded up, so what is owned with the market's cash is at most what came in.
            assert wealth + cash <= 16_000 * DOLLAR, "PERP-4"
            if kind in ("withdraw", "borrow"):
                # They own nothing but dollars: after a withdrawal those cover the loss, whatever the profit is.
                for account in both[first : first + 1]:
                    settled = perps.balance(account) * TOKEN + min(0, perps.position(account)["pnl"])
                    assert settled >= 0, "PERP-4: a loan rests on unsettled profit"


def test_a_wash_trade_at_a_far_price_moves_a_loss_that_is_margined(evm: Backend) -> None:
    """Who makes himself a loss must have it; who is given a profit cannot take it out."""
    perps = deployed(evm, stake=100_000)
    giver, taker = perps.trader(ATTACKER, 3_000), perps.trader(ATTACKER, 3_000, 1)
    with perps.evm.reverts("Vault_BelowInitialRequirement", giver, None, None):
        perps.fill(giver, taker, 3 * WAD, 2_990 * WAD)
    perps.fill(giver, taker, 2 * WAD, 2_800 * WAD)
    owner = perps.evm.accounts[ATTACKER]
    with perps.evm.reverts():
        perps.system.vault.withdraw(taker, perps.system["USDC"], 3_001 * DOLLAR, owner, sender=owner)
    assert perps.settle(taker) == 0
    assert perps.evm.accounts[STAKER] != owner
