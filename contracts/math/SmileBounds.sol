// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Smile, SmileLib} from "./Smile.sol";

/// @notice What smiles come to over all strikes, in closed form. Roundings go outwards: least is at most the true
/// least, most and move at least the true ones, move also of what `Smile.varianceDown` answers in integers.
/// @dev Intermediate results have 28 decimals: 10 of a parameter times 18 of a distance.
library SmileBounds {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant YEAR = 365 days;
    uint256 private constant ONE = uint256(SmileLib.ONE);
    int256 private constant WAD = 1e18;
    uint256 private constant RANGE_WAD = uint256(SmileLib.RANGE_WAD);
    uint256 private constant TO_WAD = uint256(SmileLib.TO_WAD);

    /// @notice Whether it is a smile: |slope| < curvature, or both zero, and a width.
    function isShaped(Smile self) internal pure returns (bool) {
        uint256 slope = self.slope().abs();
        uint256 curvature = self.curvature();
        return self.width() != 0 && (slope < curvature || (slope == 0 && curvature == 0));
    }

    /// @notice Least variance per year of a shaped smile, as if it were not flat outside of the range.
    /// @dev The derivative slope + curvature x / root(x) is zero where v = level + width * sqrt(curvature^2 - slope^2).
    function leastWad(Smile self) internal pure returns (int256) {
        uint256 rise = self.width() * _root(self.curvature(), self.slope().abs());
        return self.level() * SmileLib.TO_WAD + int256(rise / ONE);
    }

    /// @notice Most variance per year: `v` is convex in x, so it lies at an end of the range.
    function mostWad(Smile self) internal pure returns (int256) {
        uint256 rise = self.slope().abs() * RANGE_WAD + self.curvature() * (_wingDown(self.width()) + 1);
        return self.level() * SmileLib.TO_WAD + int256(rise / ONE) + 1;
    }

    /// @notice Slope of total variance in ln K that neither wing exceeds.
    /// @param term time to the expiry {s}
    function wingUp(Smile self, uint256 term) internal pure returns (uint256 slopeWad) {
        return ((self.curvature() + self.slope().abs()) * TO_WAD * term).divUp(YEAR);
    }

    /// @notice The most by which the variance per year of any strike differs between two shaped smiles.
    ///
    /// With x = clamp(ln K - M, -X, X) before and x' after, and R(x, s) = sqrt(x^2 + s^2), the difference
    ///
    ///     a' + p' x' + b' R(x', s') - a - p x - b R(x, s)
    ///
    /// is the sum of two parts. Exchanging level, slope and curvature where x' and s' are the new ones:
    ///
    ///     g(x') = (a' - a) + (p' - p) x' + (b' - b) R(x', s'),
    ///
    /// convex or concave in x' according to the sign of b' - b. Over the range, |g| is largest at an end or where its
    /// derivative is zero, at the value (a' - a) +- s' sqrt((b' - b)^2 - (p' - p)^2); that exists only if |b' - b| > |p' - p|,
    /// and counted though it may lie outside of the range. Then exchanging centre and width under the old others:
    ///
    ///     p (x' - x) + b (R(x', s') - R(x, s)),
    ///
    /// in size at most (|p| + b) |M' - M| + b |s' - s|: clamping brings nothing further apart, so |x' - x| <= |M' - M|, and the
    /// derivatives of R are at most 1 in size.
    function moveUp(Smile before, Smile next) internal pure returns (uint256 moveWad) {
        int256 level = next.level() - before.level();
        int256 slope = next.slope() - before.slope();
        int256 curvature = int256(next.curvature()) - int256(before.curvature());
        uint256 width = next.width();

        int256 middle = level * WAD + curvature * int256(_wingDown(width));
        int256 tilt = slope * int256(RANGE_WAD);
        uint256 shape = FixedPointMathLib.max((middle + tilt).abs(), (middle - tilt).abs());
        if (curvature.abs() > slope.abs()) {
            int256 bend = int256(width * _root(curvature.abs(), slope.abs()));
            shape = shape.max((curvature > 0 ? level * WAD + bend : level * WAD - bend).abs());
        }
        uint256 shift =
            (before.slope().abs() + before.curvature()) *
                FixedPointMathLib.dist(next.centre(), before.centre()) +
                before.curvature() * FixedPointMathLib.dist(width, before.width());
        // The roots above are short by less than a unit, those that variances are reckoned with as well.
        uint256 slack = curvature.abs() + width + before.curvature() + next.curvature();
        return (shape + shift * TO_WAD + slack).divUp(ONE) + 1;
    }

    /// @dev sqrt(a^2 - b^2) of numbers with 10 decimals, with 18, rounded down.
    function _root(uint256 a, uint256 b) private pure returns (uint256) {
        return ((a * a - b * b) * TO_WAD * TO_WAD).sqrt();
    }

    /// @dev R at an end of the range, a WAD rounded down.
    function _wingDown(uint256 width) private pure returns (uint256) {
        return (RANGE_WAD * RANGE_WAD + width * width * TO_WAD * TO_WAD).sqrt();
    }
}
