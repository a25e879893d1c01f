// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPriceSource, IRateSource} from "../../interfaces/IPriceSource.sol";

/// @notice Second source or rate source that says what it was told, or fails.
contract MockPriceSource is IPriceSource, IRateSource {
    enum Failure {
        NONE,
        REVERT,
        BURN,
        SHORT
    }

    uint256 private _answer;
    Failure private _failure;

    error MockPriceSource_Silent();

    constructor(uint256 answer) {
        _answer = answer;
    }

    function set(uint256 answer) external {
        _answer = answer;
    }

    function setFailure(Failure failure) external {
        _failure = failure;
    }

    /// @inheritdoc IPriceSource
    function priceWad() external view returns (uint256) {
        return _say();
    }

    /// @inheritdoc IRateSource
    function rateWad() external view returns (uint256) {
        return _say();
    }

    function _say() private view returns (uint256) {
        Failure failure = _failure;
        if (failure == Failure.REVERT) revert MockPriceSource_Silent();
        if (failure == Failure.BURN) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (failure == Failure.SHORT) {
            assembly ("memory-safe") {
                mstore(0x00, not(0))
                return(0x00, 0x1f)
            }
        }
        return _answer;
    }
}
