// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A rate as a line with one kink, in one word: {kink 60 {1} WAD, rate at zero 64, at the kink 64, at full
/// utilisation 64 {1/year} WAD}, from the highest bit of 252. Zero is no curve.
type RateCurve is uint256;

using RateCurveLib for RateCurve global;

/// @notice Packing and reading. The kink is in (0, 1e18), rates ascend and are at most 1e19.
library RateCurveLib {
    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_RATE_PER_YEAR = 10e18;
    RateCurve internal constant NONE = RateCurve.wrap(0);

    function pack(
        uint256 kinkWad,
        uint256 atZero,
        uint256 atKink,
        uint256 atFull
    ) internal pure returns (RateCurve) {
        return RateCurve.wrap((kinkWad << 192) | (atZero << 128) | (atKink << 64) | atFull);
    }

    function isNone(RateCurve self) internal pure returns (bool) {
        return RateCurve.unwrap(self) == 0;
    }

    /// @return whether kink and rates are what `ratePerSecondDown` relies on
    function isSound(RateCurve self) internal pure returns (bool) {
        uint256 word = RateCurve.unwrap(self);
        uint256 kinkWad = word >> 192;
        uint256 atKink = uint64(word >> 64);
        return
            kinkWad != 0 &&
            kinkWad < WAD &&
            uint64(word >> 128) <= atKink &&
            atKink <= uint64(word) &&
            uint64(word) <= MAX_RATE_PER_YEAR;
    }

    /// @param utilisationWad more than 1e18 counts as 1e18
    /// @return {1/s} WAD
    function ratePerSecondDown(RateCurve self, uint256 utilisationWad) internal pure returns (uint256) {
        unchecked {
            // Bounds: utilisation <= 1e18, rates <= 1e19.
            uint256 word = RateCurve.unwrap(self);
            uint256 kinkWad = word >> 192;
            uint256 atKink = uint64(word >> 64);
            if (utilisationWad > WAD) utilisationWad = WAD;
            uint256 perYear;
            if (utilisationWad < kinkWad) {
                uint256 atZero = uint64(word >> 128);
                perYear = atZero + ((atKink - atZero) * utilisationWad) / kinkWad;
            } else {
                perYear = atKink + ((uint64(word) - atKink) * (utilisationWad - kinkWad)) / (WAD - kinkWad);
            }
            return perYear / 365 days;
        }
    }
}
