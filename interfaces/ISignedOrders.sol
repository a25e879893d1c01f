// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice What is known of signed orders of any kind: how much of each is filled, and whether it was cancelled. An order is
/// told by its EIP-712 hash, and a nonce is for one order: when one is filled or cancelled, no other of the account with its
/// nonce is filled any more. Nonces that follow each other cost least: 128 share a word.
interface ISignedOrders {
    enum State {
        OPEN,
        FILLED,
        CANCELLED,
        EXPIRED
    }

    /// @notice BEGUN: an order with it was filled in part.
    enum NonceState {
        UNUSED,
        BEGUN,
        FILLED,
        CANCELLED
    }

    event OrderCancelled(bytes32 indexed hash, AccountId indexed account);
    event NoncesCancelled(AccountId indexed account, uint256 oldLowest, uint256 newLowest);
    event MatchFailed(uint256 indexed position, bytes reason);

    error SignedOrders_NotAuthorised(AccountId account, address caller);
    error SignedOrders_BadSignature(bytes32 hash, address signer);
    error SignedOrders_BadOrder(bytes32 hash);
    error SignedOrders_Expired(bytes32 hash, uint256 expiry);
    error SignedOrders_Cancelled(bytes32 hash);
    error SignedOrders_Filled(bytes32 hash);
    error SignedOrders_NonceBelow(bytes32 hash, uint256 nonce, uint256 lowest);
    error SignedOrders_NonceNotRising(AccountId account, uint256 wanted, uint256 lowest);
    error SignedOrders_OtherMarket(bytes32 hash, address market, address expected);
    error SignedOrders_PostOnly(bytes32 hash);
    error SignedOrders_SelfTrade(AccountId taker, AccountId maker);
    error SignedOrders_SameSide(bytes32 taker, bytes32 maker);
    error SignedOrders_NotFilled(bytes32 hash, uint256 filledWad, uint256 wantedWad);
    error SignedOrders_FeeAboveCap(bytes32 hash, uint256 feeWad, uint256 maxFeeWad);
    error SignedOrders_NothingFilled(bytes32 taker);
    error SignedOrders_Lengths(uint256 makers, uint256 sizes);
    error SignedOrders_NotSelf(address caller);

    /// @notice Cancels all orders of the account with a nonce below `lowest`. Owner or operator.
    function cancelBelow(AccountId account, uint256 lowest) external;

    // --- views ---

    function nonceState(AccountId account, uint256 nonce) external view returns (NonceState);

    function lowestNonce(AccountId account) external view returns (uint256);
}
