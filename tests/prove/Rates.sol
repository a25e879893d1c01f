// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RateCurve, RateCurveLib} from "../../contracts/core/RateCurve.sol";
import {Prove} from "./Prove.sol";

/// @notice A pool's rate by its curve is never outside the ends of the curve. Widths: rates of 64 bits a year (at most 1e19 are
/// in use), the kink strictly between 0 and 1; any utilisation.
contract RatesProofs is Prove {
    uint256 private constant YEAR = 365 days;

    function check_rate_betweenItsEnds(
        uint256 utilisation,
        uint64 kink,
        uint64 atZero,
        uint64 atKink,
        uint64 atFull
    ) external pure {
        assume(kink != 0 && kink < WAD && atZero <= atKink && atKink <= atFull);
        uint256 used = utilisation > WAD ? WAD : utilisation;
        unchecked {
            if (used < kink) _part(uint256(atKink) - atZero, used, kink);
            else _part(uint256(atFull) - atKink, used - kink, WAD - kink);
        }
        RateCurve curve = RateCurveLib.pack(kink, atZero, atKink, atFull);
        uint256 rate = curve.ratePerSecondDown(utilisation);
        assert(atZero / YEAR <= rate && rate <= atFull / YEAR);
    }

    function check_wrong_rate_isExact(
        uint64 kink,
        uint64 atZero,
        uint64 atKink,
        uint64 atFull
    ) external pure {
        assume(kink != 0 && kink < WAD && atZero <= atKink && atKink <= atFull);
        uint256 rate = RateCurveLib.pack(kink, atZero, atKink, atFull).ratePerSecondDown(0);
        assert(rate * YEAR == atZero);
    }

    /// @dev A step of the derivation: a part of the rise is at most the rise.
    function _part(uint256 rise, uint256 done, uint256 all) private pure {
        unchecked {
            assert(rise * done <= rise * all);
            assert((rise * done) / all <= rise);
        }
    }
}
