"""Whose signature fills an order, on which chain, and what a contract wallet cannot do while it is asked (PERP-3)."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.common.contract import Contract
from tests.helpers.perp_orders import CHAIN_ID, Order, compact, malleated
from tests.helpers.perp_trading import NO_CONTRACT, NOBODY, PerpTrading
from tests.helpers.system import WAD

ETHER = WAD
YES, NO, REVERT, NOTHING, BURN, EVEN_BLOCKS = range(6)
OPERATOR = 14


@pytest.fixture
def buy(perps: PerpTrading, taker: bytes) -> Order:
    return perps.order(taker, ETHER, 2_000)


@pytest.fixture
def sell(perps: PerpTrading, maker: bytes) -> Order:
    return perps.order(maker, -ETHER, 2_000)


def submit(perps: PerpTrading, taker: tuple[Any, ...], *makers: tuple[Any, ...]) -> None:
    perps.orders.matchOrders((taker, list(makers), [2**200] * len(makers), NOBODY, NO_CONTRACT, 0))


def test_the_hash_is_that_of_the_typed_data(perps: PerpTrading, buy: Order) -> None:
    assert perps.orders.hashOf(buy.fields()) == buy.hash(perps.orders)


def test_the_domain_can_be_read(perps: PerpTrading) -> None:
    _, name, version, chain, contract, _, _ = perps.orders.eip712Domain()
    assert (name, version, chain) == ("Keel Perp Orders", "1", 31337)
    assert contract == perps.orders.address


@pytest.mark.parametrize("field", ["size", "limit", "expiry", "nonce", "max_fee", "tip", "trigger_price"])
def test_every_field_is_signed(perps: PerpTrading, buy: Order, sell: Order, field: str) -> None:
    changed = buy.but(**{field: getattr(buy, field) + 1})
    signature = perps.sign(buy)[1]
    with perps.evm.reverts("SignedOrders_BadSignature", changed.hash(perps.orders), buy.signer):
        submit(perps, (changed.fields(), signature), perps.sign(sell))
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, perps.sign(buy), (sell.but(nonce=sell.nonce + 1).fields(), perps.sign(sell)[1]))


def test_somebody_elses_signature(perps: PerpTrading, buy: Order, sell: Order) -> None:
    key = perps.evm.keys[OPERATOR]
    with perps.evm.reverts("SignedOrders_BadSignature", None, buy.signer):
        submit(perps, buy.signed(key, perps.orders), perps.sign(sell))
    # One who signs in his own name may not act for the account.
    own = buy.but(signer=perps.evm.accounts[OPERATOR])
    with perps.evm.reverts("SignedOrders_NotAuthorised", buy.account, own.signer):
        submit(perps, perps.sign(own), perps.sign(sell))


def test_an_operator_signs_until_his_approval_ends(perps: PerpTrading, buy: Order, sell: Order) -> None:
    operator = perps.evm.accounts[OPERATOR]
    end = perps.evm.now + 100
    perps.system.vault.setOperator(buy.account, operator, end, sender=buy.signer)
    order = buy.but(signer=operator, size=2 * ETHER)
    perps.match(order, [sell])
    perps.evm.warp(101)
    with perps.evm.reverts("SignedOrders_NotAuthorised", buy.account, operator):
        perps.match(order, [sell.but(nonce=10**6)])


def test_an_order_replayed_on_another_chain_id(perps: PerpTrading, buy: Order, sell: Order) -> None:
    """The contract after a fork that changes the chain's id: what was signed for the old one is worth nothing."""
    key = perps.evm.keys[perps.evm.accounts.index(buy.signer)]
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, buy.signed(key, perps.orders, chain_id=1), perps.sign(sell))


def test_an_order_of_another_deployment(perps: PerpTrading, buy: Order, sell: Order) -> None:
    other = perps.evm.deploy("PerpOrders", perps.system.vault.address)
    key = perps.evm.keys[perps.evm.accounts.index(buy.signer)]
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, buy.signed(key, other), perps.sign(sell))


def test_the_other_signature_of_the_same_order(perps: PerpTrading, buy: Order, sell: Order) -> None:
    fields, signature = perps.sign(buy)
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, (fields, malleated(signature)), perps.sign(sell))
    perps.match(buy, [sell])
    # Nor does the signature's form make an order another one: it is told by its hash.
    for form in (signature, compact(signature)):
        with perps.evm.reverts():
            submit(perps, (fields, form), perps.sign(sell.but(nonce=10**6)))
    assert perps.filled(buy) == ETHER


@pytest.mark.parametrize("signature", [b"", b"\0" * 65, b"\1" * 64, b"\xff" * 66, b"\0" * 64 + b"\x1b"])
def test_what_is_no_signature(perps: PerpTrading, buy: Order, sell: Order, signature: bytes) -> None:
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, (buy.fields(), signature), perps.sign(sell))
    nobody = buy.but(account=bytes(32), signer="0x" + "00" * 20)
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, (nobody.fields(), signature), perps.sign(sell))


# Contract wallets


@pytest.fixture
def wallet(perps: PerpTrading) -> Contract:
    """A contract wallet with dollars in its account."""
    wallet = perps.evm.deploy("MockSigningWallet")
    account = perps.system.account(wallet.address)
    usdc = perps.system.token("USDC")
    amount = perps.system.mint("USDC", wallet.address, 100_000)
    vault = perps.system.vault
    wallet.run(usdc.address, usdc.approve.encode(vault.address, amount))
    wallet.run(vault.address, vault.deposit.encode(account, usdc.address, amount))
    return wallet


def wallet_order(perps: PerpTrading, wallet: Contract, size: int = ETHER) -> tuple[Any, ...]:
    perps.nonces += 1
    account = perps.system.account(wallet.address)
    order = Order(account, perps.market.address, wallet.address, size, 2_000 * WAD, nonce=perps.nonces)
    return order.fields(), b"any"


def test_a_wallet_signs_by_erc_1271(perps: PerpTrading, wallet: Contract, sell: Order) -> None:
    submit(perps, wallet_order(perps, wallet), perps.sign(sell))
    assert perps.size(perps.system.account(wallet.address)) == ETHER


@pytest.mark.parametrize("answer", [NO, REVERT, NOTHING])
def test_a_wallet_that_did_not_sign(perps: PerpTrading, wallet: Contract, sell: Order, answer: int) -> None:
    wallet.set(answer, "0x" + "00" * 20, b"", False)
    with perps.evm.reverts("SignedOrders_BadSignature", None, wallet):
        submit(perps, wallet_order(perps, wallet), perps.sign(sell))


def test_a_wallet_cannot_take_back_what_is_done(perps: PerpTrading, wallet: Contract, sell: Order) -> None:
    """A lying wallet signs today and not tomorrow: what was filled stays filled, and only once."""
    wallet.set(EVEN_BLOCKS, "0x" + "00" * 20, b"", False)
    if perps.evm.block_number % 2:
        perps.evm.mine()
    signed = wallet_order(perps, wallet, 2 * ETHER)
    submit(perps, signed, perps.sign(sell))
    perps.evm.mine()
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, signed, perps.sign(sell.but(nonce=10**6)))
    perps.evm.mine()
    submit(perps, signed, perps.sign(sell.but(nonce=10**6)))
    with perps.evm.reverts("SignedOrders_NothingFilled"):
        submit(perps, signed, perps.sign(sell.but(nonce=10**6 + 1)))
    assert perps.size(perps.system.account(wallet.address)) == 2 * ETHER


def test_a_reentrant_wallet_changes_nothing(
    perps: PerpTrading, wallet: Contract, sell: Order, maker: bytes
) -> None:
    """While it is asked it tries to cancel, to match once more, to withdraw: the static call stops all of it."""
    orders, vault = perps.orders, perps.system.vault
    signed = wallet_order(perps, wallet)
    attempts = [
        (orders, orders.cancel.encode(signed[0])),
        (orders, orders.cancelBelow.encode(perps.system.account(wallet.address), 10**9)),
        (orders, orders.matchOrders.encode((signed, [perps.sign(sell)], [ETHER], NOBODY, NO_CONTRACT, 0))),
        (vault, vault.withdraw.encode(perps.system.account(wallet.address), perps.system["USDC"], 1, wallet)),
    ]
    for target, data in attempts:
        # Reported, its answer is lost; swallowed, nothing has happened.
        wallet.set(YES, target, data, False)
        with perps.evm.reverts("SignedOrders_BadSignature"):
            submit(perps, signed, perps.sign(sell))
    target, data = attempts[2]
    wallet.set(YES, target, data, True)
    submit(perps, signed, perps.sign(sell))
    assert perps.size(perps.system.account(wallet.address)) == ETHER == -perps.size(maker)


def test_a_wallet_that_burns_gas_harms_its_own_match_only(
    perps: PerpTrading, wallet: Contract, buy: Order, sell: Order
) -> None:
    wallet.set(BURN, "0x" + "00" * 20, b"", False)
    own = (wallet_order(perps, wallet), [perps.sign(sell)], [ETHER], NOBODY, NO_CONTRACT, 0)
    done = perps.orders.matchMany([own, perps.pair(buy, [sell])], gas=60_000_000).value
    assert done == [False, True]
    assert perps.filled(buy) == ETHER


def test_the_chain_id_changes(perps: PerpTrading, buy: Order, sell: Order) -> None:
    """The contract was deployed where the chain's id was another, and the chain was forked away from it: its code
    remembers the old id and the old domain. Old signatures fail, new ones fill."""
    old_id, orders = 4_711, perps.orders
    code = perps.evm.code(orders)
    for now, then in (
        (CHAIN_ID.to_bytes(32), old_id.to_bytes(32)),
        (buy.message(orders).header, buy.message(orders, old_id).header),
    ):
        assert now in code
        code = code.replace(now, then)
    perps.evm.set_code(orders, code)
    keys = [perps.evm.keys[perps.evm.accounts.index(order.signer)] for order in (buy, sell)]
    with perps.evm.reverts("SignedOrders_BadSignature"):
        submit(perps, buy.signed(keys[0], orders, old_id), sell.signed(keys[1], orders, old_id))
    submit(perps, perps.sign(buy), perps.sign(sell))
    assert perps.size(buy.account) == ETHER
