// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";

/// @dev Transient state of the operation that runs: the lock, the accounts whose check is pending, and the words those
/// accounts began with. Everything is keyed by a number that rises with each operation, so that a second operation in the
/// same transaction starts clean.
abstract contract OperationLock {
    /// @dev Why an account is checked at the end.
    uint256 internal constant TOUCHED = 1;
    /// @dev It may have taken on risk: prices must be fresh and nothing paused, unless its risk fell.
    uint256 internal constant NEW_RISK = 2;
    /// @dev It took over another account: must satisfy its initial requirement, fresh prices or not.
    uint256 internal constant TOOK_OVER = 4;
    /// @dev A swap lost more than the domain allows below the initial requirement.
    uint256 internal constant LOSSY_SWAP = 8;
    /// @dev A swap took custody of an asset above its supply cap: only to reduce risk.
    uint256 internal constant OVER_CAP = 16;
    /// @dev It drew on a pool.
    uint256 internal constant BORROWED = 32;
    /// @dev Changed what it is judged by: it must be free to take on risk, and a reduction of risk is no excuse.
    uint256 internal constant REJUDGED = 64;
    /// @dev The operation has seen that nothing is paused.
    uint256 internal constant LIVE = 128;

    /// @dev One deposit, repayment, withdrawal or borrow: what raises risk in it and what does not is plain, so the words
    /// that accounts began with are not kept.
    uint256 internal constant PLAIN = 1;
    /// @dev One call of another kind.
    uint256 internal constant SINGLE = 2;
    uint256 internal constant BATCH = 3;

    /// @dev {number of the operation, mode 2 bits}; mode zero: nothing runs.
    uint256 private transient _operation;
    /// @dev Who runs the batch. Its calls come from the vault itself.
    address private transient _actor;
    uint256 private transient _touchedCount;
    /// @dev The vault has called an instrument, which may call back.
    bool private transient _instrumentActs;

    uint256 private constant LIST_SEED = uint256(keccak256("keel.vault.touched"));
    uint256 private constant FLAGS_SEED = uint256(keccak256("keel.vault.flags"));
    uint256 private constant WORD_SEED = uint256(keccak256("keel.vault.original"));
    uint256 private constant INDEX_SEED = uint256(keccak256("keel.vault.index"));

    /// @dev Marks a word as recorded; no header or pair uses its top bit.
    uint256 private constant RECORDED = 1 << 255;

    modifier operation(uint256 mode) {
        bool outermost = _begin(mode);
        _;
        if (outermost) _finish();
    }

    /// @dev For a plain operation that has no account checked.
    modifier plainOperation() {
        bool outermost = _begin(PLAIN);
        _;
        if (outermost) _end();
    }

    /// @dev While it runs, listed instruments enter the operation.
    modifier instrumentsAct() {
        _instrumentActs = true;
        _;
        _instrumentActs = false;
    }

    modifier notLocked() {
        if (_operation & 3 != 0) revert IVaultTypes.Vault_Locked();
        _;
    }

    /// @dev Checks every touched account and settles with the pools.
    function _closeOperation() internal virtual;

    function _beginBatch() internal returns (bool outermost) {
        outermost = _begin(BATCH);
        if (outermost) _actor = msg.sender;
    }

    /// @dev On whose behalf a function runs: the caller, or within a batch whoever runs the batch.
    function _caller() internal view returns (address) {
        return msg.sender == address(this) ? _actor : msg.sender;
    }

    function _begin(uint256 mode) internal returns (bool outermost) {
        uint256 current = _operation;
        if (current & 3 == 0) {
            _operation = current | mode;
            return true;
        }
        // Only the running batch calls from the vault's own address.
        if (msg.sender != address(this)) revert IVaultTypes.Vault_Locked();
    }

    function _finish() internal {
        _closeOperation();
        _touchedCount = 0;
        _end();
    }

    function _end() internal {
        unchecked {
            // Clears the mode and counts on; 2**254 operations do not fit in a transaction.
            _operation = (_operation | 3) + 1;
        }
    }

    function _isLocked() internal view returns (bool) {
        return _operation & 3 != 0;
    }

    function _mayInstrumentAct() internal view returns (bool) {
        return _instrumentActs;
    }

    function _operationNumber() internal view returns (uint256) {
        return _operation >> 2;
    }

    function _isPlain() internal view returns (bool) {
        return _operation & 3 == PLAIN;
    }

    /// @dev Adds to the reasons for which `account` is checked at the end. Bits 8 and up of the word hold the number of
    /// the balance pair that was written last.
    function _touch(AccountId account, uint256 flags, uint256 pair) internal {
        bytes32 slot = _key(FLAGS_SEED, account, 0);
        uint256 before = _load(slot);
        if (before == 0) {
            uint256 count = _touchedCount;
            _store(bytes32(LIST_SEED + count), uint256(AccountId.unwrap(account)));
            _touchedCount = count + 1;
        }
        _store(slot, (before & 0xff) | flags | TOUCHED | (pair << 8));
    }

    function _flagsOf(AccountId account) internal view returns (uint256) {
        return _load(_key(FLAGS_SEED, account, 0));
    }

    function _touched() internal view returns (uint256) {
        return _touchedCount;
    }

    function _touchedAt(uint256 position) internal view returns (AccountId) {
        return AccountId.wrap(bytes32(_load(bytes32(LIST_SEED + position))));
    }

    /// @dev Remembers the word with which the account entered the operation; later calls change nothing.
    function _record(AccountId account, uint256 key, uint256 word) internal {
        if (_isPlain()) return;
        bytes32 slot = _key(WORD_SEED, account, key);
        if (_load(slot) == 0) _store(slot, word | RECORDED);
    }

    /// @dev The word with which the account entered the operation, given what it is now.
    function _original(AccountId account, uint256 key, uint256 current) internal view returns (uint256) {
        uint256 word = _load(_key(WORD_SEED, account, key));
        return word == 0 ? current : word & ~RECORDED;
    }

    /// @dev A pool's debt index as this transaction has seen it, zero if it has not: within a block an index does not move.
    function _seenIndex(uint256 assetId) internal view returns (uint256) {
        return _load(bytes32(INDEX_SEED + assetId));
    }

    function _keepIndex(uint256 assetId, uint256 index) internal {
        _store(bytes32(INDEX_SEED + assetId), index);
    }

    function _key(uint256 seed, AccountId account, uint256 key) private view returns (bytes32 slot) {
        uint256 current = _operationNumber();
        assembly ("memory-safe") {
            // Hash of {seed + key + 256 * operation, account}: keys are below 256, and seeds are further apart than numbers of
            // operations come. Two words of scratch.
            mstore(0x00, add(add(seed, key), shl(8, current)))
            mstore(0x20, account)
            slot := keccak256(0x00, 0x40)
        }
    }

    function _load(bytes32 slot) private view returns (uint256 word) {
        assembly ("memory-safe") {
            word := tload(slot)
        }
    }

    function _store(bytes32 slot, uint256 word) private {
        assembly ("memory-safe") {
            tstore(slot, word)
        }
    }
}
