// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPerpMaker} from "../../interfaces/IPerpMaker.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib} from "../../interfaces/Types.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @notice A maker that quotes the index plus a premium set by hand, in any size, and brings fills as an orders contract would.
contract MockPerpMaker is IPerpMaker {
    using SafeTransferLib for address;

    IVault public immutable VAULT;
    int256 public premiumWad;
    int256 public samplePremiumWad;
    bool public silent;

    error MockPerpMaker_Silent();

    constructor(address vault) {
        VAULT = IVault(vault);
    }

    function setPremium(int256 quotedWad, int256 sampledWad) external {
        premiumWad = quotedWad;
        samplePremiumWad = sampledWad;
    }

    function setSilent(bool silent_) external {
        silent = silent_;
    }

    /// @notice Puts all that it has of a token into its account.
    function deposit(address token) external {
        uint256 amount = token.balanceOf(address(this));
        token.safeApproveWithRetry(address(VAULT), amount);
        VAULT.deposit(AccountIdLib.id(address(this), 0), token, amount);
    }

    /// @notice Calls an instrument for its account.
    function callInstrument(address instrument, bytes calldata data) external returns (bytes memory) {
        return VAULT.callInstrument(AccountIdLib.id(address(this), 0), instrument, data);
    }

    /// @inheritdoc IPerpMaker
    function trade(AccountId, int256, int256, uint256 indexWad) external view returns (uint256, int256) {
        uint256 priceWad = uint256((int256(indexWad) * (1e18 + premiumWad)) / 1e18);
        return (priceWad, silent ? int256(0) : samplePremiumWad);
    }

    /// @inheritdoc IPerpMaker
    function middlePremiumWad(int256) external view returns (int256) {
        if (silent) revert MockPerpMaker_Silent();
        return samplePremiumWad;
    }
}
