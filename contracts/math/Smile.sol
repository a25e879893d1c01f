// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice Variance per year of one expiry as a function of the strike, in one word (see `IVolatilitySurface`):
/// level int40 | slope int40 | curvature uint40 | centre int40 | width uint40 | timestamp32, from the low bits upward, all
/// but the timestamp with 10 decimals. A zero word is no smile.
type Smile is uint256;

using SmileLib for Smile global;

/// @notice Packing and evaluation of smiles. `x` is the distance from the centre in ln K, 10 decimals.
library SmileLib {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev One, with 10 decimals.
    int256 internal constant ONE = 1e10;
    /// @dev From 10 decimals to 18.
    int256 internal constant TO_WAD = 1e8;
    /// @dev Distance from the centre beyond which a smile is flat: a factor of e^2 = 7.4 in the strike.
    int256 internal constant RANGE = 2 * ONE;
    int256 internal constant RANGE_WAD = 2e18;

    function pack(
        int40 level_,
        int40 slope_,
        uint40 curvature_,
        int40 centre_,
        uint40 width_,
        uint256 timestamp_
    ) internal pure returns (Smile) {
        return
            Smile.wrap(
                uint40(level_) |
                    (uint256(uint40(slope_)) << 40) |
                    (uint256(curvature_) << 80) |
                    (uint256(uint40(centre_)) << 120) |
                    (uint256(width_) << 160) |
                    (uint256(uint32(timestamp_)) << 200)
            );
    }

    function level(Smile self) internal pure returns (int256) {
        return int40(uint40(Smile.unwrap(self)));
    }

    function slope(Smile self) internal pure returns (int256) {
        return int40(uint40(Smile.unwrap(self) >> 40));
    }

    function curvature(Smile self) internal pure returns (uint256) {
        return uint40(Smile.unwrap(self) >> 80);
    }

    function centre(Smile self) internal pure returns (int256) {
        return int40(uint40(Smile.unwrap(self) >> 120));
    }

    function width(Smile self) internal pure returns (uint256) {
        return uint40(Smile.unwrap(self) >> 160);
    }

    function timestamp(Smile self) internal pure returns (uint256) {
        return uint32(Smile.unwrap(self) >> 200);
    }

    /// @notice Variance per year at a strike, rounded down to 1e-18; of a smile that the surface has accepted.
    function varianceDown(Smile self, int256 lnStrikeWad) internal pure returns (uint256) {
        unchecked {
            // |ln K| is below 2^68 for any strike of 256 bits, and everything here below 2^140.
            int256 x = (lnStrikeWad - self.centre() * TO_WAD).clamp(-RANGE_WAD, RANGE_WAD);
            return uint256(self.varianceAt(x));
        }
    }

    /// @notice Variance per year at distance `xWad` from the centre, which is within the range, rounded down.
    function varianceAt(Smile self, int256 xWad) internal pure returns (int256) {
        unchecked {
            // |slope|, curvature and width are below 2^40 / 1e10 = 110; |xWad| is at most 2e18.
            uint256 widthWad = self.width() * uint256(TO_WAD);
            uint256 root = (uint256(xWad * xWad) + widthWad * widthWad).sqrt();
            int256 rise = self.slope() * xWad + int256(self.curvature() * root);
            // An arithmetic shift would round down; so must a division of what is negative.
            return self.level() * TO_WAD + _divDown(rise, ONE);
        }
    }

    function _divDown(int256 a, int256 b) private pure returns (int256 q) {
        assembly ("memory-safe") {
            // Solidity rounds towards zero.
            q := sub(sdiv(a, b), slt(smod(a, b), 0))
        }
    }
}
