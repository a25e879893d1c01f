// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AmmCurve} from "../instruments/perps/AmmCurve.sol";

/// @notice The curve's functions, for tests.
contract MockAmmCurve {
    function price(
        AmmCurve.Shape memory shape,
        int256 soldWad,
        int256 sizeWad,
        uint256 indexWad
    ) external pure returns (uint256) {
        return AmmCurve.price(shape, soldWad, sizeWad, indexWad);
    }

    function premiumWad(AmmCurve.Shape memory shape, int256 soldWad) external pure returns (int256) {
        return AmmCurve.premiumWad(shape, soldWad);
    }

    function closingValue(
        AmmCurve.Shape memory shape,
        int256 soldWad,
        uint256 indexWad,
        bool up
    ) external pure returns (int256) {
        return AmmCurve.closingValue(shape, soldWad, indexWad, up);
    }
}
