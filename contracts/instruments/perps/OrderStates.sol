// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IPerpOrders} from "../../../interfaces/IPerpOrders.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {AccountId} from "../../../interfaces/Types.sol";

/// @dev What is known of an order: who signed it, how much of it is filled, whether it was cancelled. Orders are told
/// apart by their EIP-712 hash, whose domain is made anew where the chain's id has changed.
abstract contract OrderStates is IPerpOrders, EIP712 {
    using FixedPointMathLib for int256;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 account,address market,address signer,int256 sizeWad,uint256 limitPriceWad,uint256 triggerPriceWad,uint256 trigger,uint256 expiry,uint256 nonce,uint256 flags,uint256 maxFeeWad,uint256 tip)"
    );
    uint256 internal constant REDUCE_ONLY = 1;
    uint256 internal constant POST_ONLY = 2;
    uint256 internal constant FILL_OR_KILL = 4;
    uint256 private constant MAX_FLAGS = 7;
    /// @dev Largest size of an order {units} and largest price; products with a fee stay within 256 bits.
    uint256 private constant MAX_SIZE = 2 ** 96;
    uint256 private constant MAX_PRICE = 2 ** 97;
    /// @dev In place of what was filled.
    uint256 private constant CANCELLED = 1 << 255;

    IVault internal immutable VAULT;

    /// @dev {units}, and `CANCELLED`.
    mapping(bytes32 hash => uint256) private _states;
    /// @inheritdoc IPerpOrders
    mapping(AccountId account => uint256) public lowestNonce;

    constructor(address vault_) EIP712("Keel Perp Orders", "1") {
        VAULT = IVault(vault_);
    }

    // --- traders ---

    /// @inheritdoc IPerpOrders
    function cancel(Order calldata order) external {
        _onlyActing(order.account);
        bytes32 hash = _hash(order);
        if (_states[hash] & CANCELLED != 0) revert PerpOrders_Cancelled(hash);
        _states[hash] |= CANCELLED;
        emit OrderCancelled(hash, order.account);
    }

    /// @inheritdoc IPerpOrders
    function cancelBelow(AccountId account, uint256 lowest) external {
        _onlyActing(account);
        uint256 old = lowestNonce[account];
        if (lowest <= old) revert PerpOrders_NonceNotRising(account, lowest, old);
        lowestNonce[account] = lowest;
        emit NoncesCancelled(account, old, lowest);
    }

    // --- views ---

    /// @inheritdoc IPerpOrders
    function hashOf(Order calldata order) external view returns (bytes32) {
        return _hash(order);
    }

    /// @inheritdoc IPerpOrders
    function filledOf(bytes32 hash) public view returns (uint256) {
        return _states[hash] & ~CANCELLED;
    }

    /// @inheritdoc IPerpOrders
    function isCancelled(bytes32 hash) external view returns (bool) {
        return _states[hash] & CANCELLED != 0;
    }

    // --- internal ---

    function _hash(Order calldata order) internal view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @dev The order's hash, after its signature was found valid: the first thing that happens to an order, so that whatever
    /// an ERC-1271 wallet does when it is asked comes before anything is read (and it is asked by a static call).
    function _signedHash(SignedOrder calldata signed) internal view returns (bytes32 hash) {
        Order calldata order = signed.order;
        hash = _hash(order);
        if (!SignatureChecker.isValidSignatureNowCalldata(order.signer, hash, signed.signature)) {
            revert PerpOrders_BadSignature(hash, order.signer);
        }
    }

    /// @dev What may still be filled of an order with a valid signature {units}; reverts where it may not be filled at all.
    function _left(Order calldata order, bytes32 hash) internal view returns (uint256 leftWad) {
        if (!_mayAct(order.account, order.signer)) {
            revert PerpOrders_NotAuthorised(order.account, order.signer);
        }
        uint256 size = order.sizeWad.abs();
        if (
            size == 0 ||
            size > MAX_SIZE ||
            order.limitPriceWad == 0 ||
            order.limitPriceWad > MAX_PRICE ||
            order.trigger > uint256(type(Trigger).max) ||
            order.flags > MAX_FLAGS
        ) revert PerpOrders_BadOrder(hash);
        if (block.timestamp > order.expiry) revert PerpOrders_Expired(hash, order.expiry);
        uint256 lowest = lowestNonce[order.account];
        if (order.nonce < lowest) revert PerpOrders_NonceBelow(hash, order.nonce, lowest);
        uint256 state = _states[hash];
        if (state & CANCELLED != 0) revert PerpOrders_Cancelled(hash);
        return size - state;
    }

    function _addFilled(bytes32 hash, uint256 sizeWad) internal {
        _states[hash] += sizeWad;
    }

    function _state(Order calldata order, bytes32 hash) internal view returns (State) {
        uint256 state = _states[hash];
        if (state & CANCELLED != 0 || order.nonce < lowestNonce[order.account]) return State.CANCELLED;
        if (state >= order.sizeWad.abs()) return State.FILLED;
        return block.timestamp > order.expiry ? State.EXPIRED : State.OPEN;
    }

    function _mayAct(AccountId account, address actor) internal view returns (bool) {
        return account.owner() == actor || VAULT.operatorExpiry(account, actor) >= block.timestamp;
    }

    function _onlyActing(AccountId account) private view {
        if (!_mayAct(account, msg.sender)) revert PerpOrders_NotAuthorised(account, msg.sender);
    }
}
