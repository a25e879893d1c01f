// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @notice Token with a list of holders that can neither send nor receive.
contract BlockingToken is MockERC20 {
    /// @notice Whether a holder is on the list.
    mapping(address holder => bool) public blocked;

    error BlockingToken_Blocked(address holder);

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) MockERC20(name_, symbol_, decimals_) {}

    /// @notice Puts a holder on the list or takes it off; anybody may call.
    function setBlocked(address holder, bool isBlocked) external {
        blocked[holder] = isBlocked;
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal view override {
        if (blocked[from]) revert BlockingToken_Blocked(from);
        if (blocked[to]) revert BlockingToken_Blocked(to);
    }
}
