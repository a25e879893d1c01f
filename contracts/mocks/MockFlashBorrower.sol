// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3156FlashBorrower} from "@openzeppelin/contracts/interfaces/IERC3156FlashBorrower.sol";
import {ERC20} from "solady/tokens/ERC20.sol";

/// @notice ERC-3156 borrower that approves what it is told, answers what it is told, and tries calls in between.
contract MockFlashBorrower is IERC3156FlashBorrower {
    struct Attempt {
        address target;
        bytes data;
    }

    bytes32 public constant ACCEPTED = keccak256("ERC3156FlashBorrower.onFlashLoan");

    bytes32 public answer = ACCEPTED;
    /// @notice Missing from the approval {tok}
    uint256 public withheld;
    /// @notice Approves the lender; without it whatever was approved before counts.
    bool public approves = true;

    address public initiator;
    address public token;
    uint256 public amount;
    uint256 public fee;
    bytes public data;
    uint256 public balanceInside;
    bool[] public attemptSucceeded;
    bytes[] public attemptResult;

    Attempt[] private _attempts;

    function setAnswer(bytes32 answer_) external {
        answer = answer_;
    }

    function setApproval(bool approves_, uint256 withheld_) external {
        approves = approves_;
        withheld = withheld_;
    }

    /// @notice Calls to make while holding the loan; failures are recorded and swallowed.
    function setAttempts(Attempt[] calldata attempts) external {
        delete _attempts;
        for (uint256 i; i < attempts.length; ++i) _attempts.push(attempts[i]);
    }

    /// @inheritdoc IERC3156FlashBorrower
    function onFlashLoan(
        address initiator_,
        address token_,
        uint256 amount_,
        uint256 fee_,
        bytes calldata data_
    ) external returns (bytes32) {
        (initiator, token, amount, fee, data) = (initiator_, token_, amount_, fee_, data_);
        balanceInside = ERC20(token_).balanceOf(address(this));
        delete attemptSucceeded;
        delete attemptResult;
        for (uint256 i; i < _attempts.length; ++i) {
            (bool succeeded, bytes memory result) = _attempts[i].target.call(_attempts[i].data);
            attemptSucceeded.push(succeeded);
            attemptResult.push(result);
        }
        if (approves) ERC20(token_).approve(msg.sender, amount_ + fee_ - withheld);
        return answer;
    }

    /// @notice Number of calls tried in the last loan.
    function attemptCount() external view returns (uint256) {
        return attemptSucceeded.length;
    }
}
