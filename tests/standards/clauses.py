"""What the standards demand, word for word, and which tests show it.

Every sentence with MUST or SHOULD that binds a contract of Keel stands here once. A test says which ones it shows:

    @shows("4626 deposit event", "4626 event Deposit")
    def test_...

test_clauses.py fails if a sentence is shown by nobody, or if a test cites one that is not here. Sentences in `DEVIATIONS` are
not kept in every state; each has its reason, and its test shows exactly where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Test = TypeVar("Test", bound=Callable[..., object])

_NO_FEES = "MUST NOT be inclusive of any fees that are charged against assets in the Vault."
_CALLER = "MUST NOT show any variations depending on the caller."
_SLIPPAGE = "MUST NOT reflect slippage or other on-chain conditions, when performing the actual exchange."
_OVERFLOW = "MUST NOT revert unless due to integer overflow caused by an unreasonably large input."
_DOWN = "MUST round down towards 0."
_NEVER = "MUST _NOT_ revert."
_LIMITS = "MUST NOT revert due to vault specific user/global limits."

ERC4626 = {
    "shares": "All EIP-4626 tokenized Vaults MUST implement EIP-20 to represent shares.",
    "metadata": "All EIP-4626 tokenized Vaults MUST implement EIP-20's optional metadata extensions.",
    "names": "The `name` and `symbol` functions SHOULD reflect the underlying token's `name` and `symbol` in some way.",
    "asset token": "MUST be an EIP-20 token contract.",
    "asset never reverts": _NEVER,
    "totalAssets yield": "SHOULD include any compounding that occurs from yield.",
    "totalAssets fees": "MUST be inclusive of any fees that are charged against assets in the Vault.",
    "totalAssets never reverts": _NEVER,
    "convertToShares fees": _NO_FEES,
    "convertToShares caller": _CALLER,
    "convertToShares slippage": _SLIPPAGE,
    "convertToShares overflow": _OVERFLOW,
    "convertToShares down": _DOWN,
    "convertToAssets fees": _NO_FEES,
    "convertToAssets caller": _CALLER,
    "convertToAssets slippage": _SLIPPAGE,
    "convertToAssets overflow": _OVERFLOW,
    "convertToAssets down": _DOWN,
    "maxDeposit accepted": (
        "MUST return the maximum amount of assets `deposit` would allow to be deposited for `receiver` and not cause a "
        "revert, which MUST NOT be higher than the actual maximum that would be accepted (it should underestimate if "
        "necessary). This assumes that the user has infinite assets, i.e. MUST NOT rely on `balanceOf` of `asset`."
    ),
    "maxDeposit disabled": (
        "MUST factor in both global and user-specific limits, like if deposits are entirely disabled (even temporarily) "
        "it MUST return 0."
    ),
    "maxDeposit unlimited": (
        "MUST return `2 ** 256 - 1` if there is no limit on the maximum amount of assets that may be deposited."
    ),
    "maxDeposit never reverts": "MUST NOT revert.",
    "previewDeposit exact": (
        "MUST return as close to and no more than the exact amount of Vault shares that would be minted in a `deposit` "
        "call in the same transaction."
    ),
    "previewDeposit limits": (
        "MUST NOT account for deposit limits like those returned from maxDeposit and should always act as though the "
        "deposit would be accepted, regardless if the user has enough tokens approved, etc."
    ),
    "previewDeposit fees": "MUST be inclusive of deposit fees.",
    "previewDeposit never reverts for limits": _LIMITS,
    "deposit event": "MUST emit the `Deposit` event.",
    "deposit approve": "MUST support EIP-20 `approve` / `transferFrom` on `asset` as a deposit flow.",
    "deposit all": (
        "MUST revert if all of `assets` cannot be deposited (due to deposit limit being reached, slippage, the user not "
        "approving enough underlying tokens to the Vault contract, etc)."
    ),
    "maxMint accepted": (
        "MUST return the maximum amount of shares `mint` would allow to be deposited to `receiver` and not cause a revert, "
        "which MUST NOT be higher than the actual maximum that would be accepted (it should underestimate if necessary). "
        "This assumes that the user has infinite assets, i.e. MUST NOT rely on `balanceOf` of `asset`."
    ),
    "maxMint disabled": (
        "MUST factor in both global and user-specific limits, like if mints are entirely disabled (even temporarily) it "
        "MUST return 0."
    ),
    "maxMint unlimited": (
        "MUST return `2 ** 256 - 1` if there is no limit on the maximum amount of shares that may be minted."
    ),
    "maxMint never reverts": "MUST NOT revert.",
    "previewMint exact": (
        "MUST return as close to and no fewer than the exact amount of assets that would be deposited in a `mint` call in "
        "the same transaction."
    ),
    "previewMint limits": (
        "MUST NOT account for mint limits like those returned from maxMint and should always act as though the mint would "
        "be accepted, regardless if the user has enough tokens approved, etc."
    ),
    "previewMint fees": "MUST be inclusive of deposit fees.",
    "previewMint never reverts for limits": _LIMITS,
    "mint event": "MUST emit the `Deposit` event.",
    "mint approve": "MUST support EIP-20 `approve` / `transferFrom` on `asset` as a mint flow.",
    "mint all": (
        "MUST revert if all of `shares` cannot be minted (due to deposit limit being reached, slippage, the user not "
        "approving enough underlying tokens to the Vault contract, etc)."
    ),
    "maxWithdraw accepted": (
        "MUST return the maximum amount of assets that could be transferred from `owner` through `withdraw` and not cause "
        "a revert, which MUST NOT be higher than the actual maximum that would be accepted (it should underestimate if "
        "necessary)."
    ),
    "maxWithdraw disabled": (
        "MUST factor in both global and user-specific limits, like if withdrawals are entirely disabled (even temporarily) "
        "it MUST return 0."
    ),
    "maxWithdraw never reverts": "MUST NOT revert.",
    "previewWithdraw exact": (
        "MUST return as close to and no fewer than the exact amount of Vault shares that would be burned in a `withdraw` "
        "call in the same transaction."
    ),
    "previewWithdraw limits": (
        "MUST NOT account for withdrawal limits like those returned from maxWithdraw and should always act as though the "
        "withdrawal would be accepted, regardless if the user has enough shares, etc."
    ),
    "previewWithdraw fees": "MUST be inclusive of withdrawal fees.",
    "previewWithdraw never reverts for limits": _LIMITS,
    "withdraw event": "MUST emit the `Withdraw` event.",
    "withdraw by owner": (
        "MUST support a withdraw flow where the shares are burned from `owner` directly where `owner` is `msg.sender`."
    ),
    "withdraw by approval": (
        "MUST support a withdraw flow where the shares are burned from `owner` directly where `msg.sender` has EIP-20 "
        "approval over the shares of `owner`."
    ),
    "withdraw allowance": (
        "SHOULD check `msg.sender` can spend owner funds, assets needs to be converted to shares and shares should be "
        "checked for allowance."
    ),
    "withdraw all": (
        "MUST revert if all of `assets` cannot be withdrawn (due to withdrawal limit being reached, slippage, the owner "
        "not having enough shares, etc)."
    ),
    "maxRedeem accepted": (
        "MUST return the maximum amount of shares that could be transferred from `owner` through `redeem` and not cause a "
        "revert, which MUST NOT be higher than the actual maximum that would be accepted (it should underestimate if "
        "necessary)."
    ),
    "maxRedeem disabled": (
        "MUST factor in both global and user-specific limits, like if redemption is entirely disabled (even temporarily) "
        "it MUST return 0."
    ),
    "maxRedeem never reverts": "MUST NOT revert.",
    "previewRedeem exact": (
        "MUST return as close to and no more than the exact amount of assets that would be withdrawn in a `redeem` call in "
        "the same transaction."
    ),
    "previewRedeem limits": (
        "MUST NOT account for redemption limits like those returned from maxRedeem and should always act as though the "
        "redemption would be accepted, regardless if the user has enough shares, etc."
    ),
    "previewRedeem fees": "MUST be inclusive of withdrawal fees.",
    "previewRedeem never reverts for limits": _LIMITS,
    "redeem event": "MUST emit the `Withdraw` event.",
    "redeem by owner": (
        "MUST support a redeem flow where the shares are burned from `owner` directly where `owner` is `msg.sender`."
    ),
    "redeem by approval": (
        "MUST support a redeem flow where the shares are burned from `owner` directly where `msg.sender` has EIP-20 "
        "approval over the shares of `owner`."
    ),
    "redeem allowance": "SHOULD check `msg.sender` can spend owner funds using allowance.",
    "redeem all": (
        "MUST revert if all of `shares` cannot be redeemed (due to withdrawal limit being reached, slippage, the owner not "
        "having enough shares, etc)."
    ),
    "event Deposit": (
        "MUST be emitted when tokens are deposited into the Vault via the `mint` and `deposit` methods."
    ),
    "event Withdraw": (
        "MUST be emitted when shares are withdrawn from the Vault in `EIP-4626.redeem` or `EIP-4626.withdraw` methods."
    ),
    "rounding down": (
        "If (1) it's calculating how many shares to issue to a user for a certain amount of the underlying tokens they "
        "provide or (2) it's determining the amount of the underlying tokens to transfer to them for returning a certain "
        "amount of shares, it should round _down_."
    ),
    "rounding up": (
        "If (1) it's calculating the amount of shares a user has to supply to receive a given amount of the underlying "
        "tokens or (2) it's calculating the amount of underlying tokens a user has to provide to receive a certain amount "
        "of shares, it should round _up_."
    ),
    "conversions": (
        "To ensure consistency across all EIP-4626 Vault implementations it is specified that these functions MUST both "
        "always round _down_."
    ),
}

ERC3156 = {
    "interface": "A `lender` MUST implement the IERC3156FlashLender interface.",
    "maximum": "The `maxFlashLoan` function MUST return the maximum loan possible for `token`.",
    "maximum of others": (
        "If a `token` is not currently supported `maxFlashLoan` MUST return 0, instead of reverting."
    ),
    "fee": "The `flashFee` function MUST return the fee charged for a loan of `amount` `token`.",
    "fee of others": "If the token is not supported `flashFee` MUST revert.",
    "callback": (
        "The `flashLoan` function MUST include a callback to the `onFlashLoan` function in a `IERC3156FlashBorrower` "
        "contract."
    ),
    "transfer first": (
        "The `flashLoan` function MUST transfer `amount` of `token` to `receiver` before the callback to the receiver."
    ),
    "initiator": "The `flashLoan` function MUST include `msg.sender` as the `initiator` to `onFlashLoan`.",
    "arguments": (
        "The `flashLoan` function MUST NOT modify the `token`, `amount` and `data` parameter received, and MUST pass them "
        "on to `onFlashLoan`."
    ),
    "fee argument": (
        "The `flashLoan` function MUST include a `fee` argument to `onFlashLoan` with the fee to pay for the loan on top "
        "of the principal, ensuring that `fee == flashFee(token, amount)`."
    ),
    "answer": (
        "The `lender` MUST verify that the `onFlashLoan` callback returns the keccak256 hash of "
        '"ERC3156FlashBorrower.onFlashLoan".'
    ),
    "repayment": (
        "After the callback, the `flashLoan` function MUST take the `amount + fee` `token` from the `receiver`, or revert "
        "if this is not successful."
    ),
    "true": "If successful, `flashLoan` MUST return `true`.",
}

ERC2612 = {
    "allowance": "will set `allowance[owner][spender]` to `value`",
    "nonce": "increment `nonces[owner]` by 1",
    "event": "and emit a corresponding `Approval` event",
    "deadline": "The current blocktime is less than or equal to `deadline`.",
    "owner": "`owner` is not the zero address.",
    "replay": "`nonces[owner]` (before the state update) is equal to `nonce`.",
    "signature": "`r`, `s` and `v` is a valid `secp256k1` signature from `owner` of the message:",
    "refusal": "If any of these conditions are not met, the `permit` call must revert.",
    "separator": (
        "The `DOMAIN_SEPARATOR` should be unique to the contract and chain to prevent replay attacks from other domains, "
        "and satisfy the requirements of EIP-712, but is otherwise unconstrained."
    ),
    "anybody": "The caller of the `permit` function can be any address.",
}

EIP712 = {
    "encoding": '`encode(domainSeparator : 𝔹²⁵⁶, message : 𝕊) = "\\x19\\x01" ‖ domainSeparator ‖ hashStruct(message)`',
    "type": (
        'The type of a struct is encoded as `name ‖ "(" ‖ member₁ ‖ "," ‖ member₂ ‖ "," ‖ … ‖ memberₙ ")"` where each '
        'member is written as `type ‖ " " ‖ name`.'
    ),
    "arrays": (
        "The array values are encoded as the `keccak256` hash of the concatenated `encodeData` of their contents"
    ),
    "fields": ("The `EIP712Domain` fields should be the order as above, skipping any absent fields."),
    "private fields": (
        "Dapp implementers should not add private fields, new fields should be proposed through the EIP process."
    ),
    "unique": "This is a value unique to each domain that is 'mixed in' the signature.",
}

ERC1271 = {
    "asked": (
        "Applications wanting to support contract signatures should call this method if the signer is a contract."
    ),
    "magic value": "MUST return the bytes4 magic value 0x1626ba7e when function passes.",
    "no state": ("MUST NOT modify state (using STATICCALL for solc < 0.5, view modifier for solc > 0.5)"),
    "gas": (
        "It is therefore important to not hardcode an amount of gas sent when calling this method on an external contract "
        "as it could prevent the validation of certain signatures."
    ),
}

STANDARDS = {"4626": ERC4626, "3156": ERC3156, "2612": ERC2612, "712": EIP712, "1271": ERC1271}
CLAUSES = {
    f"{standard} {name}": text for standard, texts in STANDARDS.items() for name, text in texts.items()
}

_HALF_DONE = (
    "while an operation is half-done, a token or a borrower that calls back would read a price that is none: every price "
    "reverts then (read-only reentrancy), and limits are zero"
)
_INDEX = "shares of a fund with a position have no price while the oracle has none; limits are zero then"

# Clauses that do not hold in every state: who deviates, and why.
DEVIATIONS = {
    "4626 totalAssets never reverts": f"all: {_HALF_DONE}; virtual AMM: {_INDEX}",
    "4626 convertToShares overflow": f"all: {_HALF_DONE}; virtual AMM: {_INDEX}",
    "4626 convertToAssets overflow": f"all: {_HALF_DONE}; virtual AMM: {_INDEX}",
}

shown: dict[str, list[str]] = {}


def shows(*names: str) -> Callable[[Test], Test]:
    """Marks a test as the one that shows these clauses."""

    def mark(test: Test) -> Test:
        for name in names:
            shown.setdefault(name, []).append(f"{test.__module__}::{test.__qualname__}")
        return test

    return mark
