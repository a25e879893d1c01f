// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountStore} from "../../contracts/core/AccountStore.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {Prove} from "./Prove.sol";

/// @dev One account's balance in one asset, moved by the vault's own functions at a given debt index.
contract AccountBooks is AccountStore {
    uint256 private constant ID = 2;
    AccountId private constant ACCOUNT = AccountId.wrap(bytes32(uint256(1)));

    function debtOf(uint256 principal, uint256 index) external pure returns (uint256) {
        return _debtOf(principal, index);
    }

    function borrow(uint256 amount, uint256 index) external returns (uint256 principal) {
        _keepIndex(ID, index);
        (principal, ) = _debit(ACCOUNT, ID, amount);
    }

    function borrowAndRepay(
        uint256 amount,
        uint256 repaid,
        uint256 index
    ) external returns (uint256 principalUp, uint256 principalDown, uint256 custodyUp) {
        _keepIndex(ID, index);
        (principalUp, ) = _debit(ACCOUNT, ID, amount);
        (principalDown, custodyUp) = _credit(ACCOUNT, ID, repaid);
    }

    function _closeOperation() internal override {}
}

/// @notice Debts and what borrows and repays them round for the pool (ROUND-1), through the functions that write balances.
/// Widths: amounts of 104 bits, an index of 80 bits from 1 upwards, as the pool keeps it.
contract AccountsProofs is Prove {
    AccountBooks private _books;

    function setUp() public {
        _books = new AccountBooks();
    }

    function check_debt_isRoundedUp(uint112 principal, uint80 index) external view {
        uint256 debt = _books.debtOf(principal, index);
        unchecked {
            uint256 exact = uint256(principal) * index;
            assert(debt * WAD >= exact && debt * WAD < exact + WAD);
        }
    }

    /// @dev Index growth alone never lowers a debt.
    function check_debt_neverFallsWithTheIndex(uint112 principal, uint80 index, uint80 later) external view {
        assume(index <= later);
        assert(_books.debtOf(principal, index) <= _books.debtOf(principal, later));
    }

    /// @dev What is booked as owed is worth what was borrowed, at least.
    function check_borrow_owesAllOfIt(uint104 amount, uint80 index) external {
        assume(index >= WAD && amount != 0);
        uint256 principal = _books.borrow(amount, index);
        unchecked {
            assert(principal * index >= uint256(amount) * WAD);
            assert((principal - 1) * index < uint256(amount) * WAD);
        }
    }

    /// @dev Who repays what he has just borrowed gets nothing back beyond it, and owes nothing less than the rest.
    function check_repayment_neverProfits(uint104 amount, uint104 repaid, uint80 index) external {
        assume(index >= WAD && amount != 0 && repaid <= amount);
        (uint256 up, uint256 down, uint256 custodyUp) = _books.borrowAndRepay(amount, repaid, index);
        assert(down <= up && custodyUp == 0);
        unchecked {
            assert(down * index <= uint256(repaid) * WAD || down == up);
        }
    }

    function check_wrong_borrow_owesNoMore(uint104 amount, uint80 index) external {
        assume(index >= WAD && amount != 0);
        uint256 principal = _books.borrow(amount, index);
        unchecked {
            assert(principal * index <= uint256(amount) * WAD);
        }
    }
}
