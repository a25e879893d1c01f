"""The hostile tokens are as hostile as the tests that use them assume."""

from __future__ import annotations

import pytest

from tests.helpers.evm import Backend, Contract

BEFORE, AFTER = 0, 1
KINDS = ["FeeOnTransferToken", "ReentrantToken", "BlockingToken", "NonReturningToken", "RebasingToken"]


def deploy(evm: Backend, kind: str, *extra: int, decimals: int = 18) -> Contract:
    return evm.deploy(kind, "Hostile", "HOST", decimals, *extra)


@pytest.mark.parametrize("decimals", [0, 6, 27])
@pytest.mark.parametrize("kind", ["MockERC20", *KINDS])
def test_each_is_a_token_with_any_decimals_and_open_minting(evm: Backend, kind: str, decimals: int) -> None:
    token = deploy(evm, kind, *([0] if kind == "FeeOnTransferToken" else []), decimals=decimals)
    giver, taker, spender = evm.accounts[1:4]
    token.mint(giver, 100, sender=spender)
    token.approve(spender, 30, sender=giver)
    token.transferFrom(giver, taker, 30, sender=spender)
    token.transfer(taker, 20, sender=giver)
    assert (token.name(), token.symbol(), token.decimals()) == ("Hostile", "HOST", decimals)
    assert (token.balanceOf(giver), token.balanceOf(taker), token.totalSupply()) == (50, 50, 100)
    assert token.allowance(giver, spender) == 0
    with evm.reverts():
        token.transferFrom(giver, taker, 1, sender=spender)
    with evm.reverts():
        token.transfer(taker, 51, sender=giver)


def test_a_fee_is_missing_on_arrival(evm: Backend) -> None:
    token = deploy(evm, "FeeOnTransferToken", 10**16)
    giver, taker = evm.accounts[1:3]
    token.mint(giver, 1000)
    token.transfer(taker, 500, sender=giver)
    assert (token.balanceOf(giver), token.balanceOf(taker), token.totalSupply()) == (500, 495, 995)
    with evm.reverts("FeeOnTransferToken_FeeAboveOne", 10**18 + 1):
        token.setFeeWad(10**18 + 1)


@pytest.mark.parametrize("moment, seen", [(BEFORE, 0), (AFTER, 40)])
def test_the_armed_call_runs_once_inside_the_next_transfer(evm: Backend, moment: int, seen: int) -> None:
    token = deploy(evm, "ReentrantToken")
    giver, taker = evm.accounts[1:3]
    token.mint(giver, 100)
    token.arm(token, token.balanceOf.encode(taker), moment, True)
    assert token.armed()
    token.transfer(taker, 40, sender=giver)
    token.transfer(taker, 40, sender=giver)
    assert (token.armed(), token.calls(), token.succeeded()) == (False, 1, True)
    assert int.from_bytes(token.result(), "big") == seen


def test_a_failing_armed_call_fails_the_transfer_or_is_recorded(evm: Backend) -> None:
    token, victim = deploy(evm, "ReentrantToken"), deploy(evm, "MockERC20")
    giver, taker = evm.accounts[1:3]
    token.mint(giver, 100)
    theft = victim.transfer.encode(taker, 1)
    token.arm(victim, theft, AFTER, True)
    with evm.reverts("InsufficientBalance"):
        token.transfer(taker, 40, sender=giver)
    assert (token.balanceOf(taker), token.armed()) == (0, True)
    token.arm(victim, theft, AFTER, False)
    token.transfer(taker, 40, sender=giver)
    assert (token.balanceOf(taker), token.succeeded()) == (40, False)
    token.arm(victim, theft, AFTER, True)
    token.disarm()
    token.transfer(taker, 40, sender=giver)


def test_a_blocked_holder_neither_sends_nor_receives(evm: Backend) -> None:
    token = deploy(evm, "BlockingToken")
    holder, other = evm.accounts[1:3]
    token.mint(holder, 10)
    token.mint(other, 10)
    token.setBlocked(holder, True)
    with evm.reverts("BlockingToken_Blocked", holder):
        token.transfer(other, 1, sender=holder)
    with evm.reverts("BlockingToken_Blocked", holder):
        token.transfer(holder, 1, sender=other)
    token.setBlocked(holder, False)
    token.transfer(other, 1, sender=holder)


def test_a_non_returning_token_answers_nothing_and_wants_allowances_reset(evm: Backend) -> None:
    token = deploy(evm, "NonReturningToken")
    standard = evm.at("MockERC20", token)
    giver, taker = evm.accounts[1:3]
    token.mint(giver, 10)
    with pytest.raises(ValueError, match="does not decode to bool"):
        standard.transfer.call(taker, 1, sender=giver)
    token.approve(taker, 5, sender=giver)
    with evm.reverts("NonReturningToken_AllowanceNotZero", taker, 5):
        token.approve(taker, 6, sender=giver)
    token.approve(taker, 0, sender=giver)
    token.approve(taker, 6, sender=giver)


def test_a_rebase_scales_every_balance(evm: Backend) -> None:
    token = deploy(evm, "RebasingToken")
    owner, first, second = evm.accounts[:3]
    token.mint(first, 100)
    token.mint(second, 50)
    token.rebase(2 * 10**18, sender=owner)
    assert (token.balanceOf(first), token.balanceOf(second), token.totalSupply()) == (200, 100, 300)
    token.rebase(25 * 10**16, sender=owner)
    assert (token.balanceOf(first), token.balanceOf(second), token.totalSupply()) == (50, 25, 75)
    with evm.reverts("RebasingToken_NotOwner", first):
        token.rebase(10**18, sender=first)
