// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {NormalTable} from "./NormalTable.sol";

/// @notice Values of European options on a forward, undiscounted (Black 1976).
///
///     call = F N(d1) - K N(d2),  d1 = ln(F / K) / v + v / 2,  d2 = d1 - v,  v = volatility * sqrt(years left)
///
/// and `put = call - F + K`, to the wei. What it takes is computed once: the logarithms of forward and strike, the root of
/// the time, and `v` and `1 / v` for one volatility of one option.
///
/// Accuracy: 1.5e-9 of forward and strike together at most, hence below 1e-8 of the forward for strikes up to 5 forwards.
/// Calls lie between `max(F - K, 0)` and `F`, puts between `max(K - F, 0)` and `K`. Values are monotone in volatility and time
/// but for 1e-16 of forward and strike together, in forward and strike but for 1e-15: `N` is continuous with its slope,
/// nothing is rounded between `v` and the value, and a `d1` that is off by `e` moves it only by `F n(d1) v e^2 / 2`, because
/// `F n(d1) = K n(d2)`.
/// No volatility or no time left: what exercise would pay.
///
/// Units and bounds, which callers hold: prices {USD} with 18 decimals, at least 1 and below `2^120`; volatility per root of
/// a year of 365 days, 18 decimals, below `2^96`; time in seconds, below `2^64`.
library Black76 {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 internal constant WAD = 1e18;
    uint256 internal constant YEAR = 365 days;

    /// @dev `(2^142 / 1e18)^2 / YEAR`: makes `volatilityWad * root >> 96` a standard deviation in places of the table.
    uint256 private constant ROOT_SCALE = 985626023452932050187448963380780774552210;
    /// @dev `2^188 / 1e18`: a logarithm with 18 decimals times this, over a deviation in places, is `2^96` times places.
    uint256 private constant INVERSE_SCALE = 392318858461667547739736838950479151006;

    /// @dev `ln(2^96 / 1e18)`, 18 decimals.
    int256 private constant LN_2_96 = 25095597659861927392;
    /// @dev A standard deviation from which on a call is worth the forward: 2^14.
    uint256 private constant MAX_DEVIATION = 2 ** 60;

    /// @notice How an option's value moves.
    struct Greeks {
        /// Per dollar of the forward, 18 decimals.
        int256 deltaWad;
        /// Of delta, per dollar of the forward {1/USD}, 18 decimals.
        uint256 gammaWad;
        /// Per 1.00 of volatility {USD}.
        uint256 vegaWad;
        /// Per day that passes {USD}; at most 0.
        int256 thetaPerDayWad;
    }

    /// @notice One price by itself. It differs from the grid's by 1e-18 of the forward at most: the grid takes two logarithms,
    /// which it has anyway, this one of the quotient.
    /// @return priceWad {USD}
    function price(
        uint256 forwardWad,
        uint256 strikeWad,
        uint256 volatilityWad,
        uint256 secondsLeft,
        bool isCall
    ) internal pure returns (uint256 priceWad) {
        unchecked {
            uint256 deviation = deviationOf(volatilityWad, rootOf(secondsLeft));
            int256 log = _logOfQuotient(forwardWad, strikeWad);
            int256 upper = (log * int256(inverseOf(deviation)) + offsetOf(deviation)) >> 96;
            uint256 gain = forwardWad * NormalTable.cdf(upper);
            int256 value = int256(gain - strikeWad * NormalTable.cdf(upper - int256(deviation))) >> 128;
            int256 exercise = int256(forwardWad) - int256(strikeWad);
            if (value < exercise) value = exercise;
            if (value < 0) value = 0;
            return uint256(isCall ? value : value - exercise);
        }
    }

    /// @notice Delta, gamma, vega and theta of one option. The density behind all but delta is 1e-7 away from the normal one at
    /// most. Without volatility or time left there is delta alone: 0 or 1 (call), half of it where forward and strike agree.
    function greeks(
        uint256 forwardWad,
        uint256 strikeWad,
        uint256 volatilityWad,
        uint256 secondsLeft,
        bool isCall
    ) internal pure returns (Greeks memory found) {
        unchecked {
            uint256 root = rootOf(secondsLeft);
            uint256 deviation = deviationOf(volatilityWad, root);
            int256 log = _logOfQuotient(forwardWad, strikeWad);
            int256 upper = (log * int256(inverseOf(deviation)) + offsetOf(deviation)) >> 96;
            found.deltaWad = int256((NormalTable.cdf(upper) * WAD + 2 ** 127) >> 128);
            if (!isCall) found.deltaWad -= int256(WAD);
            if (deviation == 0) return found;
            uint256 density = NormalTable.density(NormalTable.load(), upper);
            uint256 rootWad = (root * WAD ** 2) >> 142; // {root of years}
            uint256 scaled = (forwardWad * density) >> 128; // {USD}
            found.gammaWad = (((density * WAD ** 2) >> 128) << 46) / deviation / forwardWad;
            found.vegaWad = (scaled * rootWad) / WAD;
            found.thetaPerDayWad = -int256((scaled * volatilityWad) / (2 * rootWad * (YEAR / 1 days)));
        }
    }

    /// @notice Value and N(d1) of one option at one forward.
    /// @param table `NormalTable.load()`
    /// @param forwardLog `logOf(forwardWad)`
    /// @param strikeLog `logOf(strikeWad)`
    /// @return value {USD}
    /// @return probability N(d1), in units of 2^-128
    function valueAt(
        bytes memory table,
        uint256 forwardWad,
        int256 forwardLog,
        uint256 strikeWad,
        int256 strikeLog,
        uint256 deviation,
        bool isCall
    ) internal pure returns (uint256 value, uint256 probability) {
        unchecked {
            int256 log = forwardLog - strikeLog;
            int256 upper = (log * int256(inverseOf(deviation)) + offsetOf(deviation)) >> 96;
            probability = NormalTable.at(table, upper);
            uint256 cost = strikeWad * NormalTable.at(table, upper - int256(deviation));
            int256 worth = int256(forwardWad * probability - cost) >> 128;
            int256 exercise = int256(forwardWad) - int256(strikeWad);
            worth = worth.max(exercise).max(0);
            value = uint256(isCall ? worth : worth - exercise);
        }
    }

    /// @notice A forward after a relative move, at least one wei {USD}.
    function forwardAt(uint256 forwardWad, int256 shockWad) internal pure returns (uint256) {
        unchecked {
            return ((forwardWad * uint256(int256(WAD) + shockWad)) / WAD).max(1);
        }
    }

    /// @notice Natural logarithm of a price, 18 decimals.
    function logOf(uint256 priceWad) internal pure returns (int256) {
        return FixedPointMathLib.lnWad(int256(priceWad));
    }

    /// @notice Root of a time, for `deviationOf`.
    function rootOf(uint256 secondsLeft) internal pure returns (uint256) {
        unchecked {
            return (secondsLeft * ROOT_SCALE).sqrt();
        }
    }

    /// @notice Standard deviation of the logarithm at expiry, in places of the table.
    function deviationOf(uint256 volatilityWad, uint256 root) internal pure returns (uint256) {
        unchecked {
            return ((volatilityWad * root) >> 96).min(MAX_DEVIATION);
        }
    }

    /// @notice What a logarithm is multiplied with for its part of a place, `2^96` times. For no deviation it is so large that every logarithm but
    /// zero leads out of the table.
    function inverseOf(uint256 deviation) internal pure returns (uint256 inverse) {
        assembly ("memory-safe") {
            inverse := or(div(INVERSE_SCALE, deviation), shl(160, iszero(deviation)))
        }
    }

    /// @notice What is added to `log * inverse` before it is shifted to a place: `v / 2` and the table's origin.
    function offsetOf(uint256 deviation) internal pure returns (int256) {
        unchecked {
            return (int256(deviation >> 1) + NormalTable.ORIGIN) << 96;
        }
    }

    function _logOfQuotient(uint256 forwardWad, uint256 strikeWad) private pure returns (int256) {
        unchecked {
            return FixedPointMathLib.lnWad(int256((forwardWad << 96).rawDiv(strikeWad).max(1))) - LN_2_96;
        }
    }
}
