// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice Prices along a constant product around the index.
///
/// With depth `X`, net amount sold `q` (below `X`) and index `i`, what has been paid in along the curve is
/// `F(q) = i q X / (X - q)`: the marginal price is `F'(q) = i X^2 / (X - q)^2`, and a trade of `x` costs
///
///     F(q + x) - F(q) = i X^2 x / ((X - q)(X - q - x))
///
/// The spread comes on top: a constant share of the index, and for the part of the trade that makes the skew larger the
/// integral of `k |q| / X`, so that splitting a trade changes nothing. `F` is a function of `q` alone and both parts of the
/// spread are at least zero, therefore no sequence of trades that ends where it began pays at an unchanged index (PERP-2);
/// prices are rounded against who trades, which only adds to it.
library AmmCurve {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 internal constant WAD = 1e18;
    /// @dev Keeps every product below within 256 bits, {units}.
    uint256 internal constant MAX_DEPTH = 2 ** 96;
    /// @dev The most that may be sold or bought, as a share of the depth: prices stay between 4/9 and 4 times the index.
    uint256 internal constant MAX_SKEW = 0.5e18;
    /// @dev Both parts of the spread together stay far below 4/9 of the index, so that no price reaches zero.
    uint256 internal constant MAX_SPREAD = 0.1e18;

    /// @param depthWad virtual depth {units}, at most `MAX_DEPTH`
    /// @param spreadWad constant part of the spread, as a share of the index
    /// @param skewSpreadWad the part that grows with the skew: its value where the whole depth is sold
    struct Shape {
        uint256 depthWad;
        uint256 spreadWad;
        uint256 skewSpreadWad;
    }

    /// @notice Price of a trade, rounded against who trades.
    /// @param soldWad net amount sold before it {units}, at most half of the depth either way, as after it
    /// @param sizeWad amount bought from the maker, negative: sold to it; not zero {units}
    /// @param indexWad {USD}, below 2^97
    /// @return priceWad {quote per unit}
    function price(
        Shape memory shape,
        int256 soldWad,
        int256 sizeWad,
        uint256 indexWad
    ) internal pure returns (uint256 priceWad) {
        uint256 product = _left(shape, soldWad) * _left(shape, soldWad + sizeWad);
        uint256 spread = spreadUp(shape, soldWad, sizeWad, indexWad);
        uint256 scaled = indexWad * shape.depthWad;
        if (sizeWad > 0) return scaled.fullMulDivUp(shape.depthWad, product) + spread;
        return scaled.fullMulDiv(shape.depthWad, product).zeroFloorSub(spread);
    }

    /// @notice Both parts of the spread of a trade {quote per unit}.
    function spreadUp(
        Shape memory shape,
        int256 soldWad,
        int256 sizeWad,
        uint256 indexWad
    ) internal pure returns (uint256 spread) {
        spread = indexWad.fullMulDivUp(shape.spreadWad, WAD);
        int256 afterWad = soldWad + sizeWad;
        // Twice the integral of |q| over the part that makes the skew larger: none on the way to zero.
        uint256 start = (soldWad >= 0) == (sizeWad >= 0) ? soldWad.abs() : 0;
        uint256 end = (afterWad >= 0) == (sizeWad >= 0) ? afterWad.abs() : 0;
        if (end <= start) return spread;
        spread += (indexWad * shape.skewSpreadWad).fullMulDivUp(
            (end - start) * (end + start),
            2 * shape.depthWad * sizeWad.abs() * WAD
        );
    }

    /// @notice What the middle price is above the index, as a share of it; negative below.
    function premiumWad(Shape memory shape, int256 soldWad) internal pure returns (int256) {
        uint256 left = _left(shape, soldWad);
        return int256((shape.depthWad * WAD).fullMulDiv(shape.depthWad, left * left)) - int256(WAD);
    }

    /// @notice What the maker gets for closing its whole position along the curve, before the spread: `-F(q)`.
    /// No trade at the same index changes its sum with what the maker was paid but by the spread.
    /// @param up rounded up or down
    /// @return {quote}, negative: the maker pays
    function closingValue(
        Shape memory shape,
        int256 soldWad,
        uint256 indexWad,
        bool up
    ) internal pure returns (int256) {
        uint256 scaled = indexWad * shape.depthWad;
        uint256 left = _left(shape, soldWad);
        uint256 magnitude =
            up == (soldWad < 0)
                ? scaled.fullMulDivUp(soldWad.abs(), left)
                : scaled.fullMulDiv(soldWad.abs(), left);
        return soldWad < 0 ? int256(magnitude) : -int256(magnitude);
    }

    /// @dev `X - q` {units}; above zero within the limits of the skew.
    function _left(Shape memory shape, int256 soldWad) private pure returns (uint256) {
        return uint256(int256(shape.depthWad) - soldWad);
    }
}
