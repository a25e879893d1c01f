// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {Governed} from "../access/Governed.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRateModel} from "../../interfaces/IRateModel.sol";
import {RateCurve, RateCurveLib} from "./RateCurve.sol";
import {
    Interest,
    InterestLib,
    Settings,
    SettingsLib,
    Stock,
    StockLib,
    MAX_AMOUNT,
    MAX_INDEX,
    MAX_RESERVE
} from "./PoolWords.sol";

/// @notice The pool's books: cash, debt, interest, reserve and rate, in two words; and the lock.
/// Every operation holds the lock, reads both words once (`_load` adds interest), works in memory and writes both once
/// (`_store` asks the model for the rate of the time to come).
abstract contract PoolAccounting is ILendingPool, Governed {
    /// @notice The books of one operation, interest up to now included.
    /// @param before interest word as the last operation left it
    /// @param settings rate model and reserve share; none while those that the pool was made with are in force
    /// @param index {1} WAD
    /// @param reserve {tok}
    /// @param cash {tok}
    /// @param principal {tok / index}
    struct Books {
        Interest before;
        Settings settings;
        uint256 index;
        uint256 reserve;
        uint256 cash;
        uint256 principal;
    }

    uint256 internal constant WAD = 1e18;

    /// @dev 1000% a year: no answer of a model counts for more. Fits 39 bits.
    uint256 private constant MAX_RATE_PER_SECOND = 10e18 / uint256(365 days);
    uint256 private constant MAX_RESERVE_SHARE = 0.5e18;

    /// @dev Gas a rate model may use.
    uint256 private constant RATE_MODEL_GAS = 100_000;
    /// @dev With this much left before the call the model gets all of RATE_MODEL_GAS: a call passes on at most 63/64 of
    /// what is left after its own cost (2,600 for a cold account).
    uint256 private constant RATE_MODEL_GAS_NEEDED = (RATE_MODEL_GAS * 64) / 63 + 4_000;

    /// @dev Settings that the pool was made with, in its code: until governance changes one of them, and where the model told
    /// a curve, operations read no slot for them and ask no model.
    RateCurve private immutable CURVE;
    uint256 private immutable RESERVE_SHARE;

    Interest private _interest;
    Stock private _stock;
    Settings private _settings;

    /// @inheritdoc ILendingPool
    address public reserveRecipient;
    /// @dev {1} WAD, [0, MAX_FLASH_FEE]
    uint64 internal _flashFeeWad;

    uint256 private transient _lock;

    /// @dev For everything that changes state.
    modifier locked() {
        if (_lock != 0) revert LendingPool_Locked();
        _lock = 1;
        _;
        _lock = 0;
    }

    /// @dev For views: half-way through an operation there is no price.
    modifier settled() {
        if (_lock != 0) revert LendingPool_Locked();
        _;
    }

    constructor(address rateModel_, address reserveRecipient_, uint256 reserveShareWad_) locked {
        _interest = InterestLib.pack(WAD, uint32(block.timestamp));
        _setReserveRecipient(reserveRecipient_);
        _setReserveShare(reserveShareWad_);
        _setRateModel(rateModel_);
        RESERVE_SHARE = reserveShareWad_;
        CURVE = _curveOf(rateModel_);
    }

    // --- anybody ---

    /// @inheritdoc ILendingPool
    function accrue() external locked {
        _storeAndTell(_load());
    }

    // --- governance ---

    /// @inheritdoc ILendingPool
    function setRateModel(address model) external onlyOwner locked {
        _setRateModel(model);
        _interest = _interest.withChange();
    }

    /// @inheritdoc ILendingPool
    function setReserveShare(uint256 shareWad) external onlyOwner locked {
        // Interest until now is split by the old share.
        _storeAndTell(_load());
        _setReserveShare(shareWad);
        _interest = _interest.withChange();
    }

    /// @inheritdoc ILendingPool
    function setReserveRecipient(address recipient) external onlyOwner locked {
        _setReserveRecipient(recipient);
    }

    // --- views ---

    /// @inheritdoc ILendingPool
    function debtIndexNow() external view settled returns (uint256) {
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
    function rateModel() external view returns (address) {
        return _settings.rateModel();
    }

    /// @inheritdoc ILendingPool
    function reserveShareWad() external view returns (uint256) {
        return _settings.reserveShareWad();
    }

    // --- internal: the books ---

    function _isLocked() internal view returns (bool) {
        return _lock != 0;
    }

    /// @dev The books with interest up to now.
    function _load() internal view returns (Books memory books) {
        Interest interest = _interest;
        Stock stock = _stock;
        uint256 shareWad = RESERVE_SHARE;
        if (interest.isChanged() || CURVE.isNone()) {
            books.settings = _settings;
            shareWad = books.settings.reserveShareWad();
        }
        uint256 principal = stock.principal();
        uint256 index = _indexNow(interest);
        books.before = interest;
        books.index = index;
        books.cash = stock.cash();
        books.principal = principal;
        // The share of what the debt grew in whole units, rounded down: lenders' assets never fall by interest, not even
        // between two looks within an interval (SOLV-3). A full reserve leaves the rest to the lenders.
        // Bounds: the debts < 2^149, the share <= 1e18 < 2^60.
        unchecked {
            uint256 earned = _debtUp(principal, index) - _debtUp(principal, interest.index());
            uint256 reserve_ = interest.reserve() + (earned * shareWad) / WAD;
            books.reserve = reserve_ > MAX_RESERVE ? MAX_RESERVE : reserve_;
        }
    }

    /// @dev Sets the rate for the time to come by the utilisation that the operation leaves, and writes both words.
    /// The model is asked every time, also twice in a second: who moves utilisation and moves it back leaves no trace.
    function _store(Books memory books) internal returns (uint256 rate) {
        (, rate) = _askModel(books);
        _write(books, rate);
    }

    /// @dev For rare operations. The frequent ones save the event: their own events and the views tell the same.
    function _storeAndTell(Books memory books) internal {
        uint256 rate = _store(books);
        emit Accrued(books.index, rate, books.reserve);
    }

    function _write(Books memory books, uint256 rate) private {
        _interest = books.before.next(books.index, rate, uint32(block.timestamp), books.reserve);
        _stock = StockLib.pack(books.cash, books.principal);
    }

    /// @dev For the flags alone; interest is left as it is.
    function _setHasFlags(bool hasFlags) internal {
        _interest = _interest.withFlags(hasFlags ? 1 : 0);
    }

    function _addCash(Books memory books, uint256 amount) internal pure {
        unchecked {
            if (amount > MAX_AMOUNT - books.cash) {
                revert LendingPool_OutOfRange("amount", amount, 0, MAX_AMOUNT - books.cash);
            }
            books.cash += amount;
        }
    }

    function _takeCash(Books memory books, uint256 amount) internal pure {
        if (amount > books.cash) revert LendingPool_InsufficientCash(amount, books.cash);
        unchecked {
            books.cash -= amount;
        }
    }

    /// @dev Index * (1 + rate * elapsed), growth rounded up: a debt is never below what it should be. Stops growing at
    /// the largest value rather than freeze the pool.
    function _indexNow(Interest interest) private view returns (uint256 index) {
        index = interest.index();
        // Bounds: index < 2^80, rate < 2^39, elapsed < 2^32: the product < 2^151.
        unchecked {
            index += (index * interest.ratePerSecond() * interest.elapsed() + (WAD - 1)) / WAD;
        }
        if (index > MAX_INDEX) index = MAX_INDEX;
    }

    /// @dev Principal to tokens. Bounds: principal < 2^128, index < 2^80.
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
        // Bounds: cash < 2^128, debt < 2^149.
        unchecked {
            return FixedPointMathLib.zeroFloorSub(books.cash + _debt(books), books.reserve);
        }
    }

    function _utilisationDown(Books memory books) private pure returns (uint256) {
        // Bounds: debt < 2^149, cash < 2^128.
        unchecked {
            uint256 debt = _debt(books);
            return debt == 0 ? 0 : (debt * WAD) / (books.cash + debt);
        }
    }

    // --- internal: the rate ---

    /// @dev The rate by the curve that the pool was made with, or the model's answer.
    ///
    /// Asks the model with limited gas and reads one word of its answer, whatever it returns: a model that reverts,
    /// burns gas or answers with megabytes leaves the last rate. Calls that fail for want of the caller's gas revert,
    /// so nobody chooses whether the rate moves.
    function _askModel(Books memory books) private returns (bool answered, uint256 rate) {
        uint256 utilisation = _utilisationDown(books);
        if (books.settings.isNone()) return (true, CURVE.ratePerSecondDown(utilisation));
        uint256 elapsed = books.before.elapsed();
        address model = books.settings.rateModel();
        bytes4 selector = IRateModel.update.selector;
        uint256 gasBefore = gasleft();
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 0x04), utilisation)
            mstore(add(data, 0x24), elapsed)
            // Arguments are evaluated from the last: the call comes first.
            answered := and(
                gt(returndatasize(), 0x1f),
                call(RATE_MODEL_GAS, model, 0, data, 0x44, 0x00, 0x20)
            )
            rate := mload(0x00)
        }
        if (answered) return (true, FixedPointMathLib.min(rate, MAX_RATE_PER_SECOND));
        if (gasBefore < RATE_MODEL_GAS_NEEDED) revert LendingPool_GasTooLow(gasBefore, RATE_MODEL_GAS_NEEDED);
        rate = books.before.ratePerSecond();
        emit RateModelFailed(model, rate);
        return (false, rate);
    }

    /// @dev A model that does not answer is refused here; once installed it cannot hurt.
    function _setRateModel(address model) private {
        // With a share of zero it would be the word that stands for the settings in the code.
        if (model == address(0)) revert LendingPool_RateModelSilent(model);
        Books memory books = _load();
        emit RateModelSet(_settings.rateModel(), model);
        books.settings = SettingsLib.pack(model, _settings.reserveShareWad());
        _settings = books.settings;
        (bool answered, uint256 rate) = _askModel(books);
        if (!answered) revert LendingPool_RateModelSilent(model);
        _write(books, rate);
        emit Accrued(books.index, rate, books.reserve);
    }

    /// @dev A model that does not know the question has none, nor has one whose word is no curve: it is asked each time, and
    /// what it answers is bounded.
    function _curveOf(address model) private view returns (RateCurve) {
        (bool answered, bytes memory word) = model.staticcall(abi.encodeCall(IRateModel.curve, ()));
        if (!answered || word.length < 32) return RateCurveLib.NONE;
        RateCurve told = RateCurve.wrap(abi.decode(word, (uint256)));
        return told.isSound() ? told : RateCurveLib.NONE;
    }

    function _setReserveShare(uint256 shareWad) private {
        if (shareWad > MAX_RESERVE_SHARE) {
            revert LendingPool_OutOfRange("reserveShareWad", shareWad, 0, MAX_RESERVE_SHARE);
        }
        emit ReserveShareSet(_settings.reserveShareWad(), shareWad);
        _settings = SettingsLib.pack(_settings.rateModel(), shareWad);
    }

    function _setReserveRecipient(address recipient) private {
        if (recipient == address(0) || recipient == address(this)) revert LendingPool_BadRecipient(recipient);
        emit ReserveRecipientSet(reserveRecipient, recipient);
        reserveRecipient = recipient;
    }
}
