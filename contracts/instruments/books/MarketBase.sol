// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrument} from "../../../interfaces/IInstrument.sol";
import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {AccountId, AccountIdLib} from "../../../interfaces/Types.sol";

/// @dev What every market knows: its vault, the engine that prices it, and where it notes what was before an operation.
abstract contract MarketBase {
    uint256 internal constant WAD = 1e18;
    /// @dev One part in so many of its notional may a fill take from a profit that is not settled.
    int256 internal constant GIVEN_PART = 1_000;
    uint256 private constant ORIGINAL_SEED = uint256(keccak256("keel.market.original"));

    IVault internal immutable VAULT;
    IRiskEngine internal immutable ENGINE;
    /// @dev Listed first in the vault, for good.
    address internal immutable SETTLEMENT_ASSET;
    /// @dev Ids in the risk book.
    uint256 internal immutable UNDERLYING;
    uint256 internal immutable SETTLEMENT_UNDERLYING;
    /// @dev Where the settlement asset's underlying stands in `underlyings()`; the market's own is the other.
    uint256 internal immutable SETTLEMENT_POSITION;
    uint256 internal immutable OWN_POSITION;

    /// @dev Contract that may bring fills.
    address internal _orders;
    /// @dev Gets the part of the fees that the backstop does not.
    AccountId internal _feeAccount;

    /// @dev Number of the vault's operation plus one, while the vault has called the market.
    uint256 private transient _operation;

    /// @dev Has the number of the vault's operation at hand.
    modifier withinOperation() {
        _operation = VAULT.operationNumber() + 1;
        _;
        _operation = 0;
    }

    modifier onlyVault() {
        if (msg.sender != address(VAULT)) revert IInstrument.Instrument_NotVault(msg.sender);
        _;
    }

    /// @param underlying_ id of what the market is on
    /// @param settlementUnderlying id of what the settlement asset moves with
    constructor(address vault, uint256 underlying_, uint256 settlementUnderlying) {
        if (underlying_ == settlementUnderlying) {
            revert IMarketBooks.Market_SettlementUnderlying(underlying_);
        }
        UNDERLYING = underlying_;
        SETTLEMENT_UNDERLYING = settlementUnderlying;
        SETTLEMENT_POSITION = settlementUnderlying < underlying_ ? 0 : 1;
        OWN_POSITION = 1 - SETTLEMENT_POSITION;
        VAULT = IVault(vault);
        ENGINE = IRiskEngine(IVault(vault).riskEngine());
        SETTLEMENT_ASSET = IVault(vault).settlementAsset();
    }

    /// @dev Ascending.
    function _underlyingIds() internal view returns (uint256[] memory ids) {
        ids = new uint256[](2);
        ids[SETTLEMENT_POSITION] = SETTLEMENT_UNDERLYING;
        ids[OWN_POSITION] = UNDERLYING;
    }

    /// @dev The market's own account of the vault, which holds its cash.
    function _own() internal view returns (AccountId) {
        return AccountIdLib.id(address(this), 0);
    }

    /// @dev Views and calls from outside do not meet a half-done operation.
    function _requireUnlocked() internal view {
        if (VAULT.locked()) revert IMarketBooks.Market_Locked();
    }

    /// @dev Where in transient storage stands what an account entered the operation with: a place of its own for each account
    /// and operation, so that the next operation starts clean.
    function _originalSlot(AccountId account) internal view returns (uint256 slot) {
        uint256 number = _operation;
        number = number == 0 ? VAULT.operationNumber() : number - 1;
        uint256 seed = ORIGINAL_SEED ^ number;
        assembly ("memory-safe") {
            mstore(0x00, seed)
            mstore(0x20, account)
            slot := keccak256(0x00, 0x40)
        }
    }

    /// @dev The same, and zero for a question about now.
    function _slotAt(AccountId account, bool atBatchStart) internal view returns (uint256) {
        return atBatchStart ? _originalSlot(account) : 0;
    }
}
