// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";

/// @notice Stands for a vault at its pools: borrows, repays, writes off, names its liquidation engine. Anybody may call.
contract MockDomain {
    address public liquidationEngine;

    constructor(address liquidationEngine_) {
        liquidationEngine = liquidationEngine_;
    }

    function setLiquidationEngine(address liquidationEngine_) external {
        liquidationEngine = liquidationEngine_;
    }

    function borrow(
        ILendingPool pool,
        uint256 principal,
        uint256 amount,
        address to
    ) external returns (uint256) {
        return pool.borrow(principal, amount, to);
    }

    function borrowFor(
        ILendingPool pool,
        uint256 amount,
        address to
    ) external returns (uint256 principal, uint256 index, uint256 debt) {
        return pool.borrowFor(amount, to);
    }

    /// @notice Sends `sent` tokens of its own to the pool and says that it was `amount`.
    function repay(ILendingPool pool, ERC20 token, uint256 principal, uint256 amount, uint256 sent) external {
        if (sent != 0) token.transfer(address(pool), sent);
        pool.repayDebt(principal, amount);
    }

    function repayAmount(
        ILendingPool pool,
        ERC20 token,
        uint256 amount,
        uint256 sent
    ) external returns (uint256) {
        if (sent != 0) token.transfer(address(pool), sent);
        return pool.repayAmount(amount);
    }

    function writeOff(ILendingPool pool, uint256 principal) external returns (uint256) {
        return pool.writeOff(principal);
    }
}
