// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccountId} from "../../interfaces/Types.sol";

/// @notice What a liquidation engine asks of vault and backstop while it plans, each answer set.
contract MockLiquidationVault {
    int256 public backstopBalance;
    uint256 public flagged;
    mapping(AccountId account => uint256) public flaggedOf;
    mapping(uint256 id => address) public instrumentAt;

    function setBackstop(
        int256 balance,
        uint256 flagged_,
        AccountId account,
        uint256 flaggedOfAccount
    ) external {
        backstopBalance = balance;
        flagged = flagged_;
        flaggedOf[account] = flaggedOfAccount;
    }

    function setInstrument(uint256 id, address instrument) external {
        instrumentAt[id] = instrument;
    }

    function settlementAsset() external view returns (address) {
        return address(this);
    }

    function balanceOf(AccountId, address) external view returns (int256) {
        return backstopBalance;
    }
}
