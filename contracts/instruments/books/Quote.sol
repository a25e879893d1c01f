// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice What quote is worth: settlement tokens with 36 decimals, at a price of the settlement asset's underlying.
library Quote {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Quote times a price has 54 decimals, values 18.
    uint256 private constant QUOTE_TO_VALUE = 1e36;
    /// @dev Magnitudes saturate here, far above what the risk engine counts {USD}.
    uint256 private constant MAX_VALUE = 2 ** 190;
    uint256 internal constant MAX_PRICE = type(uint96).max / 4;

    /// @dev {USD} of quote, down.
    function valueDown(uint256 quote, uint256 priceWad) internal pure returns (uint256) {
        return quote.fullMulDiv(priceWad.min(MAX_PRICE), QUOTE_TO_VALUE).min(MAX_VALUE);
    }

    function valueUp(uint256 quote, uint256 priceWad) internal pure returns (uint256) {
        return quote.fullMulDivUp(priceWad.min(MAX_PRICE), QUOTE_TO_VALUE).min(MAX_VALUE);
    }

    /// @dev Signed, down.
    function value(int256 quote, uint256 priceWad) internal pure returns (int256) {
        return quote < 0 ? -int256(valueUp(quote.abs(), priceWad)) : int256(valueDown(quote.abs(), priceWad));
    }

    /// @dev Value times shock. Values are at most 2**190, shocks below 2**64.
    function lossUp(uint256 valueWad, int256 shockWad) internal pure returns (uint256) {
        return valueWad.mulWadUp(shockWad.abs());
    }
}
