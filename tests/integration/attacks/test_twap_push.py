"""Pushing a real Uniswap v3 pool whose average price is the second source: with a flash loan, and with
patience.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from scripts.common.contract import Contract
from tests.helpers.evm import PyrevmBackend
from tests.helpers.exchange import FEE, Exchange
from tests.helpers.system import DAY, NO_LIMIT, OWNER, STRANGER, TAKER, TRADER, USDC, WAD, WETH, System
from tests.helpers.worth import gain

BLOCK, WINDOW = 12, 300
FRESH, DIVERGED = 0, 1


@pytest.fixture(scope="module")
def deployed() -> tuple[Exchange, Contract]:
    """A domain whose second source of ether's price is the mean of a pool with 2,000 ether on each side.

    On a chain of its own, because the source takes a day to be put in force.
    """
    evm = PyrevmBackend()
    system = System.deploy(evm, (USDC, replace(WETH, tolerance=20_000)))
    market = Exchange.open(system, depth=2_000)
    market.pool.grow_observations(60)
    nobody = "0x" + "00" * 20
    source = evm.deploy("UniswapV3TwapSource", market.pool.address, system["WETH"], WINDOW, nobody, 0, 10**6)
    system.parameters.proposeFeed(1, system.assets["WETH"].feed.address, source.address)
    system.warp(DAY)
    system.parameters.applyFeed(1)
    return market, source


@pytest.fixture
def market(deployed: tuple[Exchange, Contract]) -> Iterator[Exchange]:
    with deployed[0].system.evm.isolation():
        assert deployed[0].system.risk.band(1).status == FRESH
        yield deployed[0]


@pytest.fixture
def source(deployed: tuple[Exchange, Contract]) -> Contract:
    return deployed[1]


def test_a_flash_loan_moves_the_pool_and_not_its_mean(market: Exchange, source: Contract) -> None:
    """In one transaction: borrow a third of the pool's ether, sell it all, take over a victim at the crashed
    price, open a position against it, buy the ether back, repay.

    ORA-1, LIQ-3: the mean over five minutes has not moved by a wei in that block, so the sources still agree,
    the victim is as healthy as before, and the attacker has paid the pool's fees twice.
    """
    system, evm = market.system, market.system.evm
    victim = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    attacker = evm.deploy("MockFlashBorrower")
    amount = 1_000 * WAD
    capital = system.mint("USDC", evm.accounts[STRANGER], 100_000)
    system.token("USDC").transfer(attacker.address, capital, sender=evm.accounts[STRANGER])
    router, vault = market.uniswap.router, system.vault
    into = system.account(attacker.address)
    forever = 2**255
    attempts = [
        (system["USDC"], system.token("USDC").approve.encode(vault.address, forever)),
        (vault.address, vault.deposit.encode(into, system["USDC"], 20_000 * 10**6)),
        (system["WETH"], system.weth.approve.encode(router.address, forever)),
        (router.address, sell(market, "WETH", "USDC", attacker, amount)),
        (source.address, source.priceWad.encode()),
        (system.risk.address, system.risk.band.encode(1)),
        (vault.address, vault.liquidate.encode(victim, into, WAD, 0, 0, NO_LIMIT)),
        (vault.address, vault.borrow.encode(into, system["WETH"], 12 * WAD, attacker.address)),
        (system["USDC"], system.token("USDC").approve.encode(router.address, forever)),
        (router.address, buy(market, "USDC", "WETH", attacker, amount)),
    ]
    attacker.setAttempts(attempts)
    before, spot, band = source.priceWad(), market.price, band_word(system)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        system.pool("WETH").flashLoan(attacker.address, system["WETH"], amount, b"")

    done = [attacker.attemptSucceeded(n) for n in range(len(attempts))]
    assert done == [True] * 6 + [False, False, True, True]
    assert int.from_bytes(attacker.attemptResult(4), "big") == before, "ORA-1: the mean is where it was"
    assert attacker.attemptResult(5) == band, "ORA-1: and so is the band"
    assert refusal(evm, attacker, 6) == "LiquidationEngine_Healthy", "LIQ-3"
    assert abs(market.price / spot - 1) < 1e-3, "the pool is back where it was"
    assert gained.dollars < -500, "fees, twice on a thousand ether"


def test_a_push_for_one_block_stays_within_the_tolerance(market: Exchange, source: Contract) -> None:
    """The attacker moves the pool by a fifth at the end of a block and back in the next one, at his own risk.

    ORA-1: twelve seconds of three hundred at four fifths of the price are less than a hundredth in the mean.
    """
    system, evm, attacker = market.system, market.system.evm, market.system.evm.accounts[STRANGER]
    system.mint("WETH", attacker, 1_000)
    system.mint("USDC", attacker, 2_000_000)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        market.pool.move_to(1_600, sender=attacker)
        evm.warp(BLOCK)
        assert source.priceWad() > 1_980 * WAD
        assert system.risk.band(1).status == FRESH, "ORA-1"
        market.pool.move_to(2_000, sender=attacker)
    assert gained.dollars < 0


def test_whoever_holds_the_pool_down_for_minutes_pays_and_forces_nothing(
    market: Exchange, source: Contract
) -> None:
    """The attacker holds the pool a fifth down for five minutes against all arbitrage, until the mean has
    followed.

    ORA-1, LIQ-3: now the sources disagree, and that is all. The victim is healthy at its favourable edge,
    also when the timeout is over, because the primary decides then; and every arbitrageur's gain was the
    attacker's loss.
    """
    system, evm = market.system, market.system.evm
    attacker, taker = evm.accounts[STRANGER], evm.accounts[TAKER]
    victim = system.leveraged(evm.accounts[TRADER], "WETH", 10, "USDC", 15_500)
    into = system.deposit(taker, "USDC", 100_000)
    for who in (attacker, evm.accounts[OWNER]):
        system.mint("WETH", who, 10_000)
        system.mint("USDC", who, 20_000_000)
    with gain(system, attacker, prices={"WETH": 2_000}) as gained:
        for _ in range(WINDOW // BLOCK):
            market.pool.move_to(1_600, sender=attacker)
            evm.warp(BLOCK)
            system.risk.poke(1)
            market.pool.move_to(2_000, sender=evm.accounts[OWNER])  # somebody's arbitrage
            with evm.reverts("LiquidationEngine_Healthy", victim, None, None):
                system.vault.liquidate(victim, into, WAD, 0, 0, NO_LIMIT, sender=taker)
        assert system.risk.band(1).status == DIVERGED
        evm.warp(WINDOW)
        system.risk.poke(1)
        with evm.reverts("LiquidationEngine_Healthy", victim, None, None):
            system.vault.liquidate(victim, into, WAD, 0, 0, NO_LIMIT, sender=taker)
    assert gained.dollars < -100_000


def sell(market: Exchange, token_in: str, token_out: str, who: Contract, amount: int) -> bytes:
    """The router's call that sells exactly so much."""
    system = market.system
    order = (system[token_in], system[token_out], FEE, who.address, 2**255, amount, 0, 0)
    return bytes(market.uniswap.router.exactInputSingle.encode(order))


def buy(market: Exchange, token_in: str, token_out: str, who: Contract, amount: int) -> bytes:
    """The router's call that buys exactly so much."""
    system = market.system
    order = (system[token_in], system[token_out], FEE, who.address, 2**255, amount, 2**127, 0)
    return bytes(market.uniswap.router.exactOutputSingle.encode(order))


def band_word(system: System) -> bytes:
    """What the engine answers about ether now, as it answers it."""
    call = system.risk.band.prepare(1)
    return bytes(system.evm.simulate(call.sender, call.to, call.data, 0, None))


def refusal(evm: PyrevmBackend, attacker: Contract, attempt: int) -> str:
    """The error of an attempt that failed."""
    return str(evm.dictionary.error(attacker.attemptResult(attempt))[0])
