// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {IERC3156FlashLender} from "@openzeppelin/contracts/interfaces/IERC3156FlashLender.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {Governed} from "../access/Governed.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {PoolAccounting} from "./PoolAccounting.sol";
import {PoolShares} from "./PoolShares.sol";
import {Credit, CreditLib, MAX_AMOUNT} from "./PoolWords.sol";

/// @notice One asset's lending pool: lenders' shares, domains' debts under credit lines, flash loans.
///
/// What a domain can cost lenders: a borrow leaves `debt + written off <= line`, interest adds to debt, a write-off moves
/// debt to `written off` to the wei. So write-offs never exceed the highest line plus interest (SOLV-4).
///
/// During a flash loan, as during any transfer, the pool refuses every operation and every price.
contract LendingPool is PoolShares, IERC3156FlashLender {
    /// @dev The part of a domain's record that only write-offs and governance touch.
    struct History {
        uint128 line; // {tok}
        uint128 writtenOff; // {tok}
    }

    uint256 private constant MAX_FLASH_FEE = 0.01e18;

    /// @dev Largest principal that a domain may book without tokens beyond its line: what splitting debts between
    /// accounts rounds up. Without it a domain at its line could not liquidate.
    uint256 private constant MAX_ROUNDING = 100;

    bytes32 private constant FLASH_ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    mapping(address domain => Credit) private _credits;
    mapping(address domain => History) private _histories;
    mapping(address domain => uint256) private _flaggedOfDomain; // {tok}
    mapping(address domain => mapping(AccountId => uint256)) private _flaggedOfAccount; // {tok}

    constructor(
        address asset_,
        string memory name_,
        string memory symbol_,
        address owner_,
        address guardian_,
        address rateModel_,
        address reserveRecipient_,
        uint256 reserveShareWad_
    )
        Governed(owner_, guardian_)
        PoolAccounting(rateModel_, reserveRecipient_, reserveShareWad_)
        PoolShares(asset_, name_, symbol_)
    {}

    // --- domain ---

    /// @inheritdoc ILendingPool
    function borrow(
        uint256 principal,
        uint256 amount,
        address to
    ) external locked returns (uint256 domainDebt) {
        domainDebt = _borrow(_load(), principal, amount, to);
    }

    /// @inheritdoc ILendingPool
    function borrowFor(
        uint256 amount,
        address to
    ) external locked returns (uint256 principal, uint256 index, uint256 domainDebt) {
        if (amount > MAX_AMOUNT) revert LendingPool_OutOfRange("amount", amount, 0, MAX_AMOUNT);
        Books memory books = _load();
        index = books.index;
        unchecked {
            // Amounts are below 2^128, the index is below 2^80 and not zero.
            principal = (amount * WAD + (index - 1)) / index;
        }
        domainDebt = _borrow(books, principal, amount, to);
    }

    function _borrow(
        Books memory books,
        uint256 principal,
        uint256 amount,
        address to
    ) private returns (uint256 domainDebt) {
        Credit credit = _creditOf(msg.sender);
        uint256 owed;
        // Bounds: both sums fit 128 bits after the check (a domain's principal is part of the total), index < 2^80.
        unchecked {
            if (principal > MAX_AMOUNT - books.principal) {
                revert LendingPool_OutOfRange("principal", principal, 0, MAX_AMOUNT - books.principal);
            }
            if (amount > (principal * books.index) / WAD) {
                revert LendingPool_RoundedAgainstPool(principal, amount, books.index);
            }
            books.principal += principal;
            owed = credit.principal() + principal;
        }
        domainDebt = _debtUp(owed, books.index);
        // SOLV-4
        if (domainDebt > credit.lineLeft() && (amount != 0 || principal > MAX_ROUNDING)) {
            revert LendingPool_LineExceeded(msg.sender, domainDebt, credit.lineLeft());
        }
        _takeCash(books, amount);
        _store(books);
        _credits[msg.sender] = CreditLib.pack(credit.lineLeft(), owed);
        if (amount != 0) SafeTransferLib.safeTransfer(asset(), to, amount);
    }

    /// @inheritdoc ILendingPool
    function repayDebt(uint256 principal, uint256 amount) external locked {
        _repay(_load(), principal, amount);
    }

    /// @inheritdoc ILendingPool
    function repayAmount(uint256 amount) external locked returns (uint256 principal) {
        if (amount > MAX_AMOUNT) revert LendingPool_OutOfRange("amount", amount, 0, MAX_AMOUNT);
        Books memory books = _load();
        unchecked {
            principal = (amount * WAD) / books.index;
        }
        _repay(books, principal, amount);
    }

    function _repay(Books memory books, uint256 principal, uint256 amount) private {
        Credit credit = _creditOf(msg.sender);
        uint256 owed = _lessPrincipal(credit, principal);
        if (amount < _debtUp(principal, books.index)) {
            revert LendingPool_RoundedAgainstPool(principal, amount, books.index);
        }
        _addCash(books, amount);
        _reducePrincipal(books, principal);
        _store(books);
        _credits[msg.sender] = CreditLib.pack(credit.lineLeft(), owed);
        _checkReceived(books.cash);
    }

    /// @inheritdoc ILendingPool
    function writeOff(uint256 principal) external locked returns (uint256 amount) {
        Books memory books = _load();
        Credit credit = _creditOf(msg.sender);
        uint256 owed = _lessPrincipal(credit, principal);
        // As the difference of two rounded debts, so that many write-offs add up to what one would have been.
        amount = _debtUp(credit.principal(), books.index) - _debtUp(owed, books.index);
        History storage history = _histories[msg.sender];
        uint256 line = history.line;
        uint256 writtenOff = FixedPointMathLib.min(history.writtenOff + amount, MAX_AMOUNT);
        uint256 lineLeft = FixedPointMathLib.zeroFloorSub(line, writtenOff);
        history.writtenOff = uint128(writtenOff);
        _reducePrincipal(books, principal);
        // The reserve is worth no more than what is left: otherwise a later lender would pay for it.
        books.reserve = FixedPointMathLib.min(books.reserve, books.cash + _debt(books));
        _credits[msg.sender] = CreditLib.pack(lineLeft, owed);
        emit WrittenOff(msg.sender, principal, amount, lineLeft);
        _storeAndTell(books);
    }

    /// @inheritdoc ILendingPool
    function flagShortfall(address domain, AccountId account, uint256 amount) external locked {
        Credit credit = _credits[domain];
        uint256 domainDebt = _debtUp(credit.principal(), _load().index);
        uint256 ofDomain = _flaggedOfDomain[domain];
        uint256 oldAmount = _flaggedOfAccount[domain][account];
        uint256 others = ofDomain - oldAmount;
        // Lowering a domain's flags to what it owes needs no authority: a broken engine cannot hold up lenders by more
        // than its domain's debt.
        if (amount >= oldAmount || others + amount < domainDebt) {
            if (!credit.exists()) revert LendingPool_NotDomain(domain);
            if (msg.sender != IVault(domain).liquidationEngine()) {
                revert LendingPool_NotLiquidationEngine(msg.sender);
            }
        }
        amount = FixedPointMathLib.min(amount, FixedPointMathLib.zeroFloorSub(domainDebt, others));
        _flaggedOfAccount[domain][account] = amount;
        _flaggedOfDomain[domain] = others + amount;
        uint256 total = _flagged - oldAmount + amount;
        _flagged = total;
        _setHasFlags(total != 0);
        emit ShortfallFlagged(domain, account, oldAmount, amount);
    }

    // --- anybody ---

    /// @inheritdoc ILendingPool
    function collectReserve() external locked returns (uint256 amount) {
        Books memory books = _load();
        amount = FixedPointMathLib.min(books.reserve, books.cash);
        unchecked {
            books.reserve -= amount;
            books.cash -= amount;
        }
        _store(books);
        address recipient = reserveRecipient;
        emit ReserveCollected(recipient, amount);
        if (amount != 0) SafeTransferLib.safeTransfer(asset(), recipient, amount);
    }

    /// @inheritdoc IERC3156FlashLender
    function flashLoan(
        IERC3156FlashBorrower receiver,
        address token,
        uint256 amount,
        bytes calldata data
    ) external locked returns (bool) {
        if (token != asset()) revert LendingPool_WrongToken(token);
        Books memory books = _load();
        if (amount > books.cash) revert LendingPool_InsufficientCash(amount, books.cash);
        uint256 fee = _flashFeeUp(amount);
        SafeTransferLib.safeTransfer(token, address(receiver), amount);
        if (receiver.onFlashLoan(msg.sender, token, amount, fee, data) != FLASH_ACCEPTED) {
            revert LendingPool_FlashRefused(address(receiver));
        }
        SafeTransferLib.safeTransferFrom(token, address(receiver), address(this), amount + fee);
        // Nothing changed in between: the lock was held. The fee is the lenders'.
        _addCash(books, fee);
        uint256 balance = SafeTransferLib.balanceOf(token, address(this));
        if (balance < books.cash) revert LendingPool_FlashNotRepaid(balance, books.cash);
        _store(books);
        emit FlashLoaned(address(receiver), msg.sender, amount, fee);
        return true;
    }

    // --- governance ---

    /// @inheritdoc ILendingPool
    function setLine(address domain, uint256 line) external onlyOwner locked {
        if (line > MAX_AMOUNT) revert LendingPool_OutOfRange("line", line, 0, MAX_AMOUNT);
        if (domain == address(0) || domain == address(this)) revert LendingPool_NotDomain(domain);
        History storage history = _histories[domain];
        emit LineSet(domain, history.line, line);
        history.line = uint128(line);
        uint256 lineLeft = FixedPointMathLib.zeroFloorSub(line, history.writtenOff);
        _credits[domain] = CreditLib.pack(lineLeft, _credits[domain].principal());
    }

    /// @inheritdoc ILendingPool
    function setFlashFee(uint256 feeWad) external onlyOwner locked {
        if (feeWad > MAX_FLASH_FEE) revert LendingPool_OutOfRange("flashFeeWad", feeWad, 0, MAX_FLASH_FEE);
        emit FlashFeeSet(_flashFeeWad, feeWad);
        _flashFeeWad = uint64(feeWad);
    }

    // --- views ---

    /// @inheritdoc IERC3156FlashLender
    function maxFlashLoan(address token) external view returns (uint256) {
        return token == asset() && !_isLocked() ? cash() : 0;
    }

    /// @inheritdoc IERC3156FlashLender
    function flashFee(address token, uint256 amount) external view returns (uint256) {
        if (token != asset()) revert LendingPool_WrongToken(token);
        return _flashFeeUp(amount);
    }

    /// @inheritdoc ILendingPool
    function flashFeeWad() external view returns (uint256) {
        return _flashFeeWad;
    }

    /// @inheritdoc ILendingPool
    function domainOf(address domain) external view returns (Domain memory) {
        History memory history = _histories[domain];
        return Domain(history.line, _credits[domain].principal(), history.writtenOff);
    }

    /// @inheritdoc ILendingPool
    function flaggedOf(address domain, AccountId account) external view returns (uint256) {
        return _flaggedOfAccount[domain][account];
    }

    /// @inheritdoc ILendingPool
    function flaggedOfDomain(address domain) external view returns (uint256) {
        return _flaggedOfDomain[domain];
    }

    // --- internal ---

    function _creditOf(address domain) private view returns (Credit credit) {
        credit = _credits[domain];
        if (!credit.exists()) revert LendingPool_NotDomain(domain);
    }

    /// @dev What a domain owes after `principal` is taken off.
    function _lessPrincipal(Credit credit, uint256 principal) private view returns (uint256) {
        uint256 owed = credit.principal();
        if (principal > owed) revert LendingPool_PrincipalExceeded(msg.sender, principal, owed);
        unchecked {
            return owed - principal;
        }
    }

    /// @dev Bound: `principal` is part of what one domain owes, and the books hold the sum over domains.
    function _reducePrincipal(Books memory books, uint256 principal) private pure {
        unchecked {
            books.principal -= principal;
        }
    }

    function _flashFeeUp(uint256 amount) private view returns (uint256) {
        return FixedPointMathLib.fullMulDivUp(amount, _flashFeeWad, WAD);
    }
}
