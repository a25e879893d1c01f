// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @notice Token that, once armed, makes one call of the armer's choice in the middle of its next transfer.
contract ReentrantToken is MockERC20 {
    /// @notice Whether the call comes before or after the balances change.
    enum Moment {
        Before,
        After
    }

    address private _target;
    Moment private _moment;
    bool private _mustSucceed;
    bytes private _data;

    /// @notice Whether the call is still to be made.
    bool public armed;
    /// @notice Calls made so far.
    uint256 public calls;
    /// @notice Whether the latest call succeeded.
    bool public succeeded;
    /// @notice What the latest call returned, or reverted with.
    bytes public result;

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) MockERC20(name_, symbol_, decimals_) {}

    /// @notice The next transfer calls `target` with `data`; with `mustSucceed` it reverts as the call does, without
    /// it the failure is only recorded. Anybody may call.
    function arm(address target, bytes calldata data, Moment moment, bool mustSucceed) external {
        (_target, _data, _moment, _mustSucceed, armed) = (target, data, moment, mustSucceed, true);
    }

    /// @notice Takes the call back; anybody may call.
    function disarm() external {
        armed = false;
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal override {
        _reenter(from, to, Moment.Before);
    }

    function _afterTokenTransfer(address from, address to, uint256) internal override {
        _reenter(from, to, Moment.After);
    }

    function _reenter(address from, address to, Moment moment) private {
        if (!armed || moment != _moment || from == address(0) || to == address(0)) return;
        armed = false;
        ++calls;
        (succeeded, result) = _target.call(_data);
        if (_mustSucceed && !succeeded) {
            bytes memory reason = result;
            // Reverts with the callee's own data.
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }
}
