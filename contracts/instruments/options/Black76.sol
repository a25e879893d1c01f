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
    /// @dev Bytes of a point in a grid.
    uint256 private constant POINT = 96;
    // As in NormalTable.
    uint256 private constant LAST = (50 << 44) - 1;
    uint256 private constant T_MASK = 2 ** 44 - 1;
    uint256 private constant WORD_MASK = 0x7e0;

    /// @notice Points at which options on one underlying are valued. See `grid`.
    struct Grid {
        /// The normal distribution.
        bytes table;
        /// Of each point the logarithm of the forward, the forward {USD}, and what `addValues` has added up, in turn.
        uint256[] points;
        /// Points of one volatility stand together: factor on the volatility (18 decimals), then the number of points.
        uint256[] runs;
    }

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
            int256 upper = (log * int256(inverseOf(deviation)) + _offset(deviation)) >> 96;
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
            int256 upper = (log * int256(inverseOf(deviation)) + _offset(deviation)) >> 96;
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
            int256 upper = (log * int256(inverseOf(deviation)) + _offset(deviation)) >> 96;
            probability = NormalTable.at(table, upper);
            uint256 cost = strikeWad * NormalTable.at(table, upper - int256(deviation));
            int256 worth = int256(forwardWad * probability - cost) >> 128;
            int256 exercise = int256(forwardWad) - int256(strikeWad);
            worth = worth.max(exercise).max(0);
            value = uint256(isCall ? worth : worth - exercise);
        }
    }

    /// @notice Prepares points around a forward. They are valued in the order given. It is cheap when points with the same
    /// shock of volatility follow each other, and every such run has its spot shocks in the order of the first.
    /// @param table `NormalTable.load()`
    /// @param spotShocksWad relative moves of the forward, above -1
    /// @param volatilityShocksWad relative moves of the volatility, as many; at least -1
    function grid(
        bytes memory table,
        uint256 forwardWad,
        int256[] memory spotShocksWad,
        int256[] memory volatilityShocksWad
    ) internal pure returns (Grid memory prepared) {
        uint256 count = spotShocksWad.length;
        prepared.table = table;
        prepared.points = new uint256[](3 * count);
        prepared.runs = new uint256[](2 * count);
        unchecked {
            uint256 point = _start(prepared.points);
            uint256 first = point;
            uint256 firstEnd = point; // Points of the first run, which later ones may repeat.
            uint256 known = point;
            uint256 run = _start(prepared.runs) - 64;
            int256 factor = -1;
            for (uint256 i = 32; i <= 32 * count; i += 32) {
                int256 nextFactor = int256(WAD) + int256(_read(_at(volatilityShocksWad) + i));
                if (nextFactor != factor) {
                    factor = nextFactor;
                    run += 64;
                    _write(run, uint256(factor));
                    if (firstEnd == first) firstEnd = point;
                    known = first;
                }
                _write(run + 32, _read(run + 32) + 1);
                uint256 shocked = forwardAt(forwardWad, int256(_read(_at(spotShocksWad) + i)));
                _write(point + 32, shocked);
                uint256 same = known;
                while (same < firstEnd && _read(same + 32) != shocked) same += POINT;
                if (same < firstEnd) {
                    _write(point, _read(same));
                    known = same + POINT;
                } else {
                    _write(point, uint256(logOf(shocked)));
                }
                point += POINT;
            }
            uint256[] memory runs = prepared.runs;
            uint256 words = (run + 64 - _start(runs)) >> 5;
            assembly ("memory-safe") {
                mstore(runs, words)
            }
        }
    }

    /// @notice Values one option at all points, and adds size times value to the sum of each.
    /// @param strikeLog `logOf(strikeWad)`
    /// @param root `rootOf` the time left
    /// @param size signed; so that sums stay below 2^255
    /// @param most where the search for the least begins
    /// @return least of the products, or `most`
    function addValues(
        Grid memory prepared,
        uint256 strikeWad,
        int256 strikeLog,
        uint256 volatilityWad,
        uint256 root,
        bool isCall,
        int256 size,
        int256 most
    ) internal pure returns (int256 least) {
        least = most;
        unchecked {
            uint256 point = _start(prepared.points);
            uint256 run = _start(prepared.runs);
            uint256 runsEnd = run + 32 * prepared.runs.length;
            while (run != runsEnd) {
                uint256 deviation = deviationOf((volatilityWad * _read(run)) / WAD, root);
                uint256 end = point + POINT * _read(run + 32);
                least = _addRun(
                    prepared.table,
                    point,
                    end,
                    strikeWad,
                    strikeLog,
                    deviation,
                    isCall,
                    size,
                    least
                );
                point = end;
                run += 64;
            }
        }
    }

    /// @notice The sum of a point, set to zero.
    function take(Grid memory prepared, uint256 place) internal pure returns (int256 sum) {
        unchecked {
            uint256 at = _start(prepared.points) + POINT * place + 64;
            sum = int256(_read(at));
            _write(at, 0);
        }
    }

    /// @dev An option at the points of one run. This loop is what margin with many options costs; it writes out twice what
    /// `NormalTable.cdf` explains, and otherwise is `valueAt`.
    /// @param point first of them
    /// @param end behind the last of them
    /// @return the least product, of those before as well
    function _addRun(
        bytes memory table,
        uint256 point,
        uint256 end,
        uint256 strikeWad,
        int256 strikeLog,
        uint256 deviation,
        bool isCall,
        int256 size,
        int256 least
    ) private pure returns (int256) {
        unchecked {
            // In scratch space: with them on the stack the compiler reckons them anew at every point.
            uint256 inverse = inverseOf(deviation);
            uint256 offset = uint256(_offset(deviation) - strikeLog * int256(inverse));
            assembly ("memory-safe") {
                mstore(0x00, offset)
                mstore(0x20, inverse)
            }
        }
        assembly ("memory-safe") {
            table := add(table, 32)
            for {} lt(point, end) {} {
                let upper := sar(96, add(mul(mload(point), mload(0x20)), mload(0x00)))
                let lower := sub(upper, deviation)
                if slt(or(lower, sub(LAST, upper)), 0) {
                    // One is outside of the table: its nearest end.
                    upper := mul(upper, sgt(upper, 0))
                    lower := mul(lower, sgt(lower, 0))
                    if sgt(upper, LAST) {
                        upper := LAST
                    }
                    if sgt(lower, LAST) {
                        lower := LAST
                    }
                }
                {
                    let word := mload(add(table, and(shr(39, upper), WORD_MASK)))
                    let t := and(upper, T_MASK)
                    upper := add(mul(sar(235, word), t), sar(188, shl(21, word)))
                    upper := add(mul(upper, t), sar(140, shl(48, word)))
                    upper := add(mul(upper, t), sar(94, shl(96, word)))
                    upper := add(mul(upper, t), sar(46, shl(146, word)))
                    upper := shr(128, add(mul(upper, t), shl(200, word)))
                }
                {
                    let word := mload(add(table, and(shr(39, lower), WORD_MASK)))
                    let t := and(lower, T_MASK)
                    lower := add(mul(sar(235, word), t), sar(188, shl(21, word)))
                    lower := add(mul(lower, t), sar(140, shl(48, word)))
                    lower := add(mul(lower, t), sar(94, shl(96, word)))
                    lower := add(mul(lower, t), sar(46, shl(146, word)))
                    lower := shr(128, add(mul(lower, t), shl(200, word)))
                }
                let forwardWad := mload(add(point, 32))
                let worth := sar(128, sub(mul(forwardWad, upper), mul(strikeWad, lower)))
                let exercise := sub(forwardWad, strikeWad)
                if slt(worth, exercise) {
                    worth := exercise
                }
                worth := mul(worth, sgt(worth, 0))
                let sum := add(point, 64)
                let before := mload(sum)
                worth := mul(size, sub(worth, mul(exercise, iszero(isCall))))
                mstore(sum, add(before, worth))
                if slt(worth, least) {
                    least := worth
                }
                point := add(point, POINT)
            }
        }
        return least;
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

    /// @dev What is added to `log * inverse` before it is shifted to a place: `v / 2` and the table's origin.
    function _offset(uint256 deviation) private pure returns (int256) {
        unchecked {
            return (int256(deviation >> 1) + NormalTable.ORIGIN) << 96;
        }
    }

    function _logOfQuotient(uint256 forwardWad, uint256 strikeWad) private pure returns (int256) {
        unchecked {
            return FixedPointMathLib.lnWad(int256((forwardWad << 96).rawDiv(strikeWad).max(1))) - LN_2_96;
        }
    }

    function _at(int256[] memory list) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := list
        }
    }

    function _start(uint256[] memory list) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(list, 32)
        }
    }

    function _read(uint256 pointer) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(pointer)
        }
    }

    function _write(uint256 pointer, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(pointer, word)
        }
    }
}
