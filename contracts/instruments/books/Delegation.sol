// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibCall} from "solady/utils/LibCall.sol";

/// @dev A market whose takeovers, governance and views are in a second contract that runs on the market's storage, so that
/// what is called often stays small. Both have the same storage layout: they inherit the same contracts first.
abstract contract Delegation {
    address private immutable ADMIN;

    /// @param initialisation call that sets up roles and parameters
    constructor(address admin, bytes memory initialisation) {
        ADMIN = admin;
        LibCall.delegateCallContract(admin, initialisation);
    }

    /// @dev Everything that is not in the market is in the admin contract.
    fallback() external {
        _delegateTo(ADMIN);
    }

    /// @dev Runs the call in the admin contract.
    function _delegate() internal {
        _delegateTo(ADMIN);
    }

    /// @dev Runs the call on this market's storage, and ends it with what that returned.
    function _delegateTo(address code) internal {
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let done := delegatecall(gas(), code, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if iszero(done) {
                revert(data, returndatasize())
            }
            return(data, returndatasize())
        }
    }
}
