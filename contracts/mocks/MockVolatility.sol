// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PriceStatus} from "../../interfaces/Types.sol";

/// @notice A realised volatility that is set.
contract MockVolatility {
    uint256 private _volatilityWad;
    PriceStatus private _status;

    function set(uint256 volatilityWad, PriceStatus status) external {
        _volatilityWad = volatilityWad;
        _status = status;
    }

    function volatility(uint256) external view returns (uint256, PriceStatus) {
        return (_volatilityWad, _status);
    }
}
