// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @notice Two roles: an owner (a timelock; handed over in two steps) and a guardian, who acts faster and may do less.
abstract contract Governed is Ownable2Step {
    /// @notice May what `onlyGuardian` allows; the zero address leaves that to the owner alone.
    address public guardian;

    event GuardianSet(address oldGuardian, address newGuardian);

    error Governed_NotGuardian(address caller);

    /// @dev The guardian or the owner.
    modifier onlyGuardian() {
        _checkGuardian();
        _;
    }

    constructor(address owner_, address guardian_) Ownable(owner_) {
        _setGuardian(guardian_);
    }

    /// @notice Owner only.
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    function _setGuardian(address guardian_) internal {
        emit GuardianSet(guardian, guardian_);
        guardian = guardian_;
    }

    function _checkGuardian() private view {
        if (msg.sender != guardian && msg.sender != owner()) revert Governed_NotGuardian(msg.sender);
    }
}
