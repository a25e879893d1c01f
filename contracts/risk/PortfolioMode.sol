// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IPortfolioMode} from "../../interfaces/IPortfolioMode.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {IVault} from "../../interfaces/IVault.sol";

/// @notice An account that holds this instrument is margined as a portfolio. It is worth nothing, owes nothing, and does not
/// move with a takeover; the risk engine knows it by its address and never asks it. So the mode costs an account with
/// standard margin nothing, and stands where its holdings stand, before a batch and after it.
contract PortfolioMode is IPortfolioMode {
    IVault private immutable VAULT;

    constructor(address vault_) {
        VAULT = IVault(vault_);
    }

    modifier onlyVault() {
        if (msg.sender != address(VAULT)) revert Instrument_NotVault(msg.sender);
        _;
    }

    /// @inheritdoc IInstrument
    /// @dev Either way the account satisfies the initial requirement of the model that it changes to.
    function execute(
        AccountId account,
        address,
        bytes calldata data
    ) external onlyVault returns (bytes memory) {
        bool enabled = abi.decode(data, (bool));
        VAULT.setHeld(account, enabled);
        VAULT.requireCovered(account);
        emit PortfolioModeSet(account, enabled);
        return "";
    }

    /// @inheritdoc IInstrument
    function underlyings() external pure returns (uint256[] memory ids, uint256 curved) {}

    /// @inheritdoc IInstrument
    function report(
        AccountId,
        Scenario[] calldata,
        uint256[] calldata,
        uint256[] calldata,
        bool
    ) external pure returns (Report memory) {}

    /// @inheritdoc IInstrument
    function graceUntil(AccountId) external pure returns (uint256) {}

    /// @inheritdoc IInstrument
    function transferFraction(AccountId, AccountId, uint256) external onlyVault {}

    /// @inheritdoc IInstrument
    function settle(AccountId) external pure returns (int256) {}

    /// @inheritdoc IInstrument
    function payProfit(AccountId) external onlyVault {}

    /// @inheritdoc IInstrument
    function forfeit(AccountId) external onlyVault {}

    /// @inheritdoc IInstrument
    function absorb(AccountId, uint256) external onlyVault returns (uint256) {}
}
