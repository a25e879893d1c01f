// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {ISignedOrders} from "../../../interfaces/ISignedOrders.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {AccountId} from "../../../interfaces/Types.sol";

/// @dev What is known of an order: who signed it, how much of it is filled, whether it was cancelled. Orders are told
/// apart by their EIP-712 hash, whose domain is made anew where the chain's id has changed.
///
/// An account's nonces have two bits each, 128 to a word: an order that is filled at once needs no word of its own. Only of
/// one that is filled by parts its hash tells how much, until it is filled.
abstract contract SignedOrders is ISignedOrders, EIP712 {
    uint256 internal constant REDUCE_ONLY = 1;
    uint256 internal constant POST_ONLY = 2;
    uint256 internal constant FILL_OR_KILL = 4;
    uint256 internal constant MAX_FLAGS = 7;
    /// @dev Largest size of an order {units}; products with a price and a fee stay within 256 bits.
    uint256 internal constant MAX_SIZE = 2 ** 96;
    IVault internal immutable VAULT;

    /// @dev Of orders that were filled by parts and have something left {units}.
    mapping(bytes32 hash => uint256) private _parts;
    /// @dev Two bits a nonce: its `NonceState`.
    mapping(AccountId account => mapping(uint256 word => uint256)) private _nonces;
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
    function nonceState(AccountId account, uint256 nonce) public view returns (NonceState) {
        return NonceState((_nonces[account][nonce >> 7] >> _shift(nonce)) & 3);
    }

    // --- internal ---

    function _cancel(AccountId account, bytes32 hash, uint256 nonce) internal {
        _onlyActing(account);
        NonceState state = nonceState(account, nonce);
        if (state == NonceState.CANCELLED) revert SignedOrders_Cancelled(hash);
        if (state == NonceState.FILLED) revert SignedOrders_Filled(hash);
        _setNonce(account, nonce, NonceState.CANCELLED);
        emit OrderCancelled(hash, account);
    }

    /// @dev The first thing that happens to an order, so that whatever an ERC-1271 wallet does when it is asked comes before
    /// anything is read (and it is asked by a static call).
    function _requireSigned(bytes32 hash, address signer, bytes calldata signature) internal view {
        // Who has an address's key speaks for it, so only where it is another's the account is looked at for code.
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (!SignatureChecker.isValidERC1271SignatureNowCalldata(signer, hash, signature)) {
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
        NonceState state = nonceState(account, nonce);
        if (state == NonceState.CANCELLED) revert SignedOrders_Cancelled(hash);
        if (state == NonceState.FILLED) return 0;
        return state == NonceState.BEGUN ? size - _parts[hash] : size;
    }

    /// @dev Books a fill.
    /// @param size of the whole order, without sign {units}
    /// @param left of it before {units}
    /// @param filled of that now {units}
    function _addFilled(
        AccountId account,
        bytes32 hash,
        uint256 nonce,
        uint256 size,
        uint256 left,
        uint256 filled
    ) internal {
        if (filled == left) {
            _setNonce(account, nonce, NonceState.FILLED);
            if (left != size) delete _parts[hash];
        } else {
            if (left == size) _setNonce(account, nonce, NonceState.BEGUN);
            _parts[hash] = size - left + filled;
        }
    }

    /// @return state
    /// @return filled {units}
    function _stateOf(
        AccountId account,
        bytes32 hash,
        uint256 size,
        uint256 expiry,
        uint256 nonce
    ) internal view returns (State state, uint256 filled) {
        NonceState known = nonceState(account, nonce);
        if (known == NonceState.FILLED) return (State.FILLED, size);
        filled = _parts[hash];
        if (known == NonceState.CANCELLED || nonce < lowestNonce[account]) state = State.CANCELLED;
        else state = block.timestamp > expiry ? State.EXPIRED : State.OPEN;
    }

    function _setNonce(AccountId account, uint256 nonce, NonceState state) private {
        mapping(uint256 word => uint256) storage words = _nonces[account];
        uint256 shift = _shift(nonce);
        words[nonce >> 7] = (words[nonce >> 7] & ~(3 << shift)) | (uint256(state) << shift);
    }

    /// @dev Where the bits of a nonce stand in its word.
    function _shift(uint256 nonce) private pure returns (uint256) {
        return (nonce & 127) << 1;
    }

    function _mayAct(AccountId account, address actor) internal view returns (bool) {
        return account.owner() == actor || VAULT.operatorExpiry(account, actor) >= block.timestamp;
    }

    function _onlyActing(AccountId account) private view {
        if (!_mayAct(account, msg.sender)) revert SignedOrders_NotAuthorised(account, msg.sender);
    }
}
