"""LendingPool.permit: ERC-2612 on the shares."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.helpers.pool_bench import UNIT, PoolBench

CHAIN_ID = 31337


def sign(bench: PoolBench, key: str, **changes: Any) -> tuple[int, bytes, bytes]:
    """The owner's signature over a permit; `changes` replace fields of what is signed."""
    message = {
        "owner": bench.lender,
        "spender": bench.stranger,
        "value": 5 * UNIT,
        "nonce": bench.pool.nonces(bench.lender),
        "deadline": bench.evm.now + 60,
        **changes,
    }
    types = {
        "Permit": [
            {"name": "owner", "type": "address"},
            {"name": "spender", "type": "address"},
            {"name": "value", "type": "uint256"},
            {"name": "nonce", "type": "uint256"},
            {"name": "deadline", "type": "uint256"},
        ]
    }
    domain = {
        "name": "Keel Token",
        "version": "1",
        "chainId": CHAIN_ID,
        "verifyingContract": bench.pool.address,
    }
    signed = Account.sign_message(encode_typed_data(domain, types, message), key)
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def permit(bench: PoolBench, signature: tuple[int, bytes, bytes], deadline: int | None = None) -> None:
    bench.pool.permit(
        *(bench.lender, bench.stranger, 5 * UNIT, deadline or bench.evm.now + 60),
        *signature,
        sender=bench.borrower,
    )


def lender_key(bench: PoolBench) -> str:
    return bench.evm.keys[bench.evm.accounts.index(bench.lender)]


def test_signature_is_an_allowance(bench: PoolBench) -> None:
    shares = bench.deposit(UNIT).value
    permit(bench, sign(bench, lender_key(bench)))
    assert bench.pool.allowance(bench.lender, bench.stranger) == 5 * UNIT
    assert bench.pool.nonces(bench.lender) == 1
    bench.pool.transferFrom(bench.lender, bench.stranger, 5 * UNIT, sender=bench.stranger)
    assert bench.pool.balanceOf(bench.lender) == shares - 5 * UNIT


def test_only_once_in_time_and_by_the_owner(bench: PoolBench) -> None:
    key = lender_key(bench)
    with bench.evm.reverts("InvalidPermit"):
        permit(bench, sign(bench, bench.evm.keys[9]))
    with bench.evm.reverts("InvalidPermit"):
        permit(bench, sign(bench, key, value=6 * UNIT))
    past = bench.evm.now - 1
    with bench.evm.reverts("PermitExpired"):
        permit(bench, sign(bench, key, deadline=past), past)
    signature = sign(bench, key)
    permit(bench, signature)
    with bench.evm.reverts("InvalidPermit"):
        permit(bench, signature)


def test_nobody_has_an_allowance_by_birth(bench: PoolBench) -> None:
    """Not even Permit2's well-known contract."""
    permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
    shares = bench.deposit(UNIT).value
    assert bench.pool.allowance(bench.lender, permit2) == 0
    with bench.evm.reverts("InsufficientAllowance"):
        bench.pool.transferFrom(bench.lender, permit2, shares, sender=permit2)
