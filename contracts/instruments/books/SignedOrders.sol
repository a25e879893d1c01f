// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ISignedOrders} from "../../../interfaces/ISignedOrders.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {AccountId} from "../../../interfaces/Types.sol";

/// @dev What is known of an order: who signed it, how much of it is filled, whether it was cancelled. Orders are told
/// apart by their EIP-712 hash, whose domain is made anew where the chain's id has changed.
abstract contract SignedOrders is ISignedOrders, EIP712 {
    uint256 internal constant REDUCE_ONLY = 1;
    uint256 internal constant POST_ONLY = 2;
    uint256 internal constant FILL_OR_KILL = 4;
    uint256 internal constant MAX_FLAGS = 7;
    /// @dev Largest size of an order {units}; products with a price and a fee stay within 256 bits.
    uint256 internal constant MAX_SIZE = 2 ** 96;
    /// @dev In place of what was filled.
    uint256 private constant CANCELLED = 1 << 255;

    IVault internal immutable VAULT;

    /// @dev {units}, and `CANCELLED`.
    mapping(bytes32 hash => uint256) private _states;
    /// @inheritdoc ISignedOrders
    mapping(AccountId account => uint256) public lowestNonce;

    constructor(address vault_, string memory name) EIP712(name, "1") {
        VAULT = IVault(vault_);
    }

    // --- traders ---

    /// @inheritdoc ISignedOrders
    function cancelBelow(AccountId account, uint256 lowest) external {
        _onlyActing(account);
        uint256 old = lowestNonce[account];
        if (lowest <= old) revert SignedOrders_NonceNotRising(account, lowest, old);
        lowestNonce[account] = lowest;
        emit NoncesCancelled(account, old, lowest);
    }

    // --- views ---

    /// @inheritdoc ISignedOrders
    function filledOf(bytes32 hash) public view returns (uint256) {
        return _states[hash] & ~CANCELLED;
    }

    /// @inheritdoc ISignedOrders
    function isCancelled(bytes32 hash) external view returns (bool) {
        return _states[hash] & CANCELLED != 0;
    }

    // --- internal ---

    function _cancel(AccountId account, bytes32 hash) internal {
        _onlyActing(account);
        if (_states[hash] & CANCELLED != 0) revert SignedOrders_Cancelled(hash);
        _states[hash] |= CANCELLED;
        emit OrderCancelled(hash, account);
    }

    /// @dev The first thing that happens to an order, so that whatever an ERC-1271 wallet does when it is asked comes before
    /// anything is read (and it is asked by a static call).
    function _requireSigned(bytes32 hash, address signer, bytes calldata signature) internal view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, hash, signature)) {
            revert SignedOrders_BadSignature(hash, signer);
        }
    }

    function _requireSigner(AccountId account, address signer) internal view {
        if (!_mayAct(account, signer)) {
            revert SignedOrders_NotAuthorised(account, signer);
        }
    }

    /// @dev What may still be filled of a valid order {units}; reverts where it may not be filled at all.
    /// @param size of the whole order, without sign {units}
    function _unfilled(
        AccountId account,
        bytes32 hash,
        uint256 size,
        uint256 expiry,
        uint256 nonce
    ) internal view returns (uint256 leftWad) {
        if (block.timestamp > expiry) revert SignedOrders_Expired(hash, expiry);
        uint256 lowest = lowestNonce[account];
        if (nonce < lowest) revert SignedOrders_NonceBelow(hash, nonce, lowest);
        uint256 state = _states[hash];
        if (state & CANCELLED != 0) revert SignedOrders_Cancelled(hash);
        return size - state;
    }

    function _addFilled(bytes32 hash, uint256 sizeWad) internal {
        _states[hash] += sizeWad;
    }

    function _stateOf(
        AccountId account,
        bytes32 hash,
        uint256 size,
        uint256 expiry,
        uint256 nonce
    ) internal view returns (State) {
        uint256 state = _states[hash];
        if (state & CANCELLED != 0 || nonce < lowestNonce[account]) return State.CANCELLED;
        if (state >= size) return State.FILLED;
        return block.timestamp > expiry ? State.EXPIRED : State.OPEN;
    }

    function _mayAct(AccountId account, address actor) internal view returns (bool) {
        return account.owner() == actor || VAULT.operatorExpiry(account, actor) >= block.timestamp;
    }

    function _onlyActing(AccountId account) private view {
        if (!_mayAct(account, msg.sender)) revert SignedOrders_NotAuthorised(account, msg.sender);
    }
}
