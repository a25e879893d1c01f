// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Everyone} from "./Everyone.sol";
import {VM} from "./Vm.sol";

/// @notice Any sequence of what everybody may do. `python -m scripts.fuzz` runs it and reads what it counted.
contract SystemTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Everyone private _everyone;
    bytes4[] private _handlers;

    function setUp() public {
        _everyone = new Everyone();
        _handlers = _everyone.handlers();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_everyone);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(_everyone), _handlers);
    }

    /// @notice Every promise that can be stated as an invariant, with its identifier in the message.
    function invariant_promises() external view {
        _requireNone();
    }

    function afterInvariant() external {
        _everyone.checkEverything();
        _requireNone();
        _everyone.save(VM.envString("KEEL_FUZZ_COUNTS"));
    }

    /// @dev By a string, which forge shows as it is.
    function _requireNone() private view {
        string memory violation = _everyone.violation();
        // solhint-disable-next-line gas-custom-errors
        require(bytes(violation).length == 0, violation);
    }
}
