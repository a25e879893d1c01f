// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @notice Token that burns a fee out of what the receiver of a transfer gets.
contract FeeOnTransferToken is MockERC20 {
    uint256 private constant ONE = 1e18;

    /// @notice Fraction of each transfer that is burned. {1, WAD} 0 to 1
    uint256 public feeWad;

    error FeeOnTransferToken_FeeAboveOne(uint256 feeWad);

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        uint256 feeWad_
    ) MockERC20(name_, symbol_, decimals_) {
        setFeeWad(feeWad_);
    }

    /// @notice Sets the fee; anybody may call. Reverts above one.
    function setFeeWad(uint256 feeWad_) public {
        if (feeWad_ > ONE) revert FeeOnTransferToken_FeeAboveOne(feeWad_);
        feeWad = feeWad_;
    }

    function _afterTokenTransfer(address from, address to, uint256 amount) internal override {
        // Neither minting nor burning, the fee's own burning among them, costs a fee.
        if (from != address(0) && to != address(0)) _burn(to, (amount * feeWad) / ONE);
    }
}
