// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Governed} from "../access/Governed.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRateModel} from "../../interfaces/IRateModel.sol";
import {Interest, InterestLib, Stock, StockLib, MAX_AMOUNT, MAX_INDEX, MAX_RESERVE} from "./PoolWords.sol";

/// @notice The pool's books: cash, debt, interest, reserve and rate, in two words; and the lock.
/// Every operation reads both words once, works in memory and writes both once:
/// `_open` (lock, load, add interest), change, `_close` (ask the model for the rate of the time to come, store).
abstract contract PoolAccounting is ILendingPool, Governed {
    /// @notice The books of one operation, interest up to now included.
    /// @param index {1} WAD
    /// @param ratePerSecond in force until now {1/s} WAD
    /// @param reserve {tok}
    /// @param elapsed seconds since the last operation
    /// @param cash {tok}
    /// @param principal {tok / index}
    struct Books {
        uint256 index;
        uint256 ratePerSecond;
        uint256 reserve;
        uint256 elapsed;
        uint256 cash;
        uint256 principal;
    }

    uint256 internal constant WAD = 1e18;

    /// @notice 1000% a year: no answer of a model counts for more. Fits 40 bits.
    uint256 public constant MAX_RATE_PER_SECOND = 10e18 / uint256(365 days);
    uint256 public constant MAX_RESERVE_SHARE = 0.5e18;

    /// @notice Gas a rate model may use.
    uint256 public constant RATE_MODEL_GAS = 100_000;
    /// @dev With this much left before the call the model gets all of RATE_MODEL_GAS: a call passes on at most 63/64 of
    /// what is left after its own cost (2,600 for a cold account).
    uint256 private constant RATE_MODEL_GAS_NEEDED = (RATE_MODEL_GAS * 64) / 63 + 4_000;

    Interest private _interest;
    Stock private _stock;

    /// @inheritdoc ILendingPool
    address public rateModel;
    /// @dev Beside the model, so that an operation reads one slot for both. {1} WAD, [0, MAX_RESERVE_SHARE]
    uint64 private _reserveShareWad;

    /// @inheritdoc ILendingPool
    address public reserveRecipient;
    /// @dev {1} WAD, [0, MAX_FLASH_FEE]
    uint64 internal _flashFeeWad;

    uint256 private transient _lock;

    /// @dev For functions that change state but not the books.
    modifier locked() {
        _acquire();
        _;
        _release();
    }

    /// @dev For views: half-way through an operation there is no price.
    modifier settled() {
        if (_lock != 0) revert LendingPool_Locked();
        _;
    }

    constructor(address rateModel_, address reserveRecipient_, uint256 reserveShareWad_) {
        _interest = InterestLib.pack(WAD, 0, uint32(block.timestamp), 0);
        _setReserveRecipient(reserveRecipient_);
        _acquire();
        _setReserveShare(reserveShareWad_);
        _setRateModel(_load(), rateModel_);
        _release();
    }

    // --- anybody ---

    /// @inheritdoc ILendingPool
    function accrue() external {
        _close(_open());
    }

    // --- governance ---

    /// @inheritdoc ILendingPool
    function setRateModel(address model) external onlyOwner {
        _setRateModel(_open(), model);
        _release();
    }

    /// @inheritdoc ILendingPool
    function setReserveShare(uint256 shareWad) external onlyOwner {
        // Interest until now is split by the old share.
        _close(_open());
        _setReserveShare(shareWad);
    }

    /// @inheritdoc ILendingPool
    function setReserveRecipient(address recipient) external onlyOwner locked {
        _setReserveRecipient(recipient);
    }

    // --- views ---

    /// @inheritdoc ILendingPool
    function debtIndex() external view settled returns (uint256) {
        return _indexNow(_interest);
    }

    /// @inheritdoc ILendingPool
    function totalDebt() external view settled returns (uint256) {
        return _debt(_load());
    }

    /// @inheritdoc ILendingPool
    function reserve() external view settled returns (uint256) {
        return _load().reserve;
    }

    /// @inheritdoc ILendingPool
    function utilisationWad() external view settled returns (uint256) {
        return _utilisationDown(_load());
    }

    /// @inheritdoc ILendingPool
    function cash() public view returns (uint256) {
        return _stock.cash();
    }

    /// @inheritdoc ILendingPool
    function totalPrincipal() external view returns (uint256) {
        return _stock.principal();
    }

    /// @inheritdoc ILendingPool
    function ratePerSecond() external view returns (uint256) {
        return _interest.ratePerSecond();
    }

    /// @inheritdoc ILendingPool
    function reserveShareWad() external view returns (uint256) {
        return _reserveShareWad;
    }

    // --- internal: the lock ---

    function _acquire() internal {
        if (_lock != 0) revert LendingPool_Locked();
        _lock = 1;
    }

    function _release() internal {
        _lock = 0;
    }

    function _isLocked() internal view returns (bool) {
        return _lock != 0;
    }

    // --- internal: the books ---

    /// @dev Takes the lock and loads the books.
    function _open() internal returns (Books memory) {
        _acquire();
        return _load();
    }

    /// @dev Stores the books and lets go of the lock. Not for operations that still have a transfer to make.
    function _close(Books memory books) internal {
        _store(books);
        _release();
    }

    /// @dev The books with interest up to now.
    function _load() internal view returns (Books memory books) {
        Interest interest = _interest;
        Stock stock = _stock;
        uint256 principal = stock.principal();
        uint256 index = _indexNow(interest);
        books.index = index;
        books.ratePerSecond = interest.ratePerSecond();
        books.elapsed = interest.elapsed();
        books.cash = stock.cash();
        books.principal = principal;
        // Bounds: principal < 2^128, the index' growth < 2^80, the share <= 1e18 < 2^60. Rounded down both times: the
        // reserve never grows by more than the debt does (SOLV-3). A full reserve leaves the rest to the lenders.
        unchecked {
            uint256 earned = (principal * (index - interest.index())) / WAD;
            uint256 reserve_ = interest.reserve() + (earned * _reserveShareWad) / WAD;
            books.reserve = reserve_ > MAX_RESERVE ? MAX_RESERVE : reserve_;
        }
    }

    /// @dev Sets the rate for the time to come by the utilisation that the operation leaves, and writes both words.
    /// The model is asked every time, also twice in a second: who moves utilisation and moves it back leaves no trace.
    function _store(Books memory books) internal {
        (, uint256 rate) = _askModel(rateModel, books);
        _write(books, rate);
    }

    function _write(Books memory books, uint256 rate) private {
        if (books.cash > MAX_AMOUNT) revert LendingPool_OutOfRange("cash", books.cash, 0, MAX_AMOUNT);
        if (books.principal > MAX_AMOUNT) {
            revert LendingPool_OutOfRange("principal", books.principal, 0, MAX_AMOUNT);
        }
        _interest = InterestLib.pack(books.index, rate, uint32(block.timestamp), books.reserve);
        _stock = StockLib.pack(books.cash, books.principal);
        emit Accrued(books.index, rate, books.reserve);
    }

    /// @dev Index * (1 + rate * elapsed), growth rounded up: a debt is never below what it should be. Stops growing at
    /// the largest value rather than freeze the pool.
    function _indexNow(Interest interest) private view returns (uint256 index) {
        index = interest.index();
        // Bounds: index < 2^80, rate < 2^40, elapsed < 2^32: the product < 2^152.
        unchecked {
            index += (index * interest.ratePerSecond() * interest.elapsed() + (WAD - 1)) / WAD;
        }
        if (index > MAX_INDEX) index = MAX_INDEX;
    }

    /// @dev Principal to tokens. Bounds: principal < 2^129 (a sum of two), index < 2^80.
    function _debtUp(uint256 principal, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (principal * index + (WAD - 1)) / WAD;
        }
    }

    function _debt(Books memory books) internal pure returns (uint256) {
        return _debtUp(books.principal, books.index);
    }

    /// @dev What belongs to lenders (SOLV-3). Never below zero: a write-off cuts the reserve when it must.
    function _lendersAssets(Books memory books) internal pure returns (uint256) {
        return FixedPointMathLib.zeroFloorSub(books.cash + _debt(books), books.reserve);
    }

    function _utilisationDown(Books memory books) private pure returns (uint256) {
        // Bounds: debt < 2^149, cash < 2^128.
        unchecked {
            uint256 debt = _debt(books);
            return debt == 0 ? 0 : (debt * WAD) / (books.cash + debt);
        }
    }

    // --- internal: the rate ---

    /// @dev Asks the model with limited gas and reads one word of its answer, whatever it returns: a model that reverts,
    /// burns gas or answers with megabytes leaves the last rate. Calls that fail for want of the caller's gas revert,
    /// so nobody chooses whether the rate moves.
    function _askModel(address model, Books memory books) private returns (bool answered, uint256 rate) {
        bytes memory data = abi.encodeCall(IRateModel.update, (_utilisationDown(books), books.elapsed));
        uint256 stipend = RATE_MODEL_GAS;
        uint256 gasBefore = gasleft();
        assembly ("memory-safe") {
            // Arguments are evaluated from the last: the call comes first.
            answered := and(
                gt(returndatasize(), 0x1f),
                call(stipend, model, 0, add(data, 0x20), mload(data), 0x00, 0x20)
            )
            rate := mload(0x00)
        }
        if (answered) return (true, FixedPointMathLib.min(rate, MAX_RATE_PER_SECOND));
        if (gasBefore < RATE_MODEL_GAS_NEEDED) revert LendingPool_GasTooLow(gasBefore, RATE_MODEL_GAS_NEEDED);
        emit RateModelFailed(model, books.ratePerSecond);
        return (false, books.ratePerSecond);
    }

    /// @dev A model that does not answer is refused here; once installed it cannot hurt.
    function _setRateModel(Books memory books, address model) private {
        emit RateModelSet(rateModel, model);
        rateModel = model;
        (bool answered, uint256 rate) = _askModel(model, books);
        if (!answered) revert LendingPool_RateModelSilent(model);
        _write(books, rate);
    }

    function _setReserveShare(uint256 shareWad) private {
        if (shareWad > MAX_RESERVE_SHARE) {
            revert LendingPool_OutOfRange("reserveShareWad", shareWad, 0, MAX_RESERVE_SHARE);
        }
        emit ReserveShareSet(_reserveShareWad, shareWad);
        _reserveShareWad = uint64(shareWad);
    }

    function _setReserveRecipient(address recipient) private {
        if (recipient == address(0) || recipient == address(this)) revert LendingPool_BadRecipient(recipient);
        emit ReserveRecipientSet(reserveRecipient, recipient);
        reserveRecipient = recipient;
    }
}
