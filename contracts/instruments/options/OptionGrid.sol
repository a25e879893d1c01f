// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Scenario} from "../../../interfaces/IInstrument.sol";
import {Lists} from "../../math/Lists.sol";
import {Black76} from "./Black76.sol";

/// @notice Options valued at many scenarios, by Black-76, and what a portfolio of them gains in each.
///
/// Scenarios of one volatility and weight are one run: standard deviation and its inverse are computed once a run and option.
/// What a scenario is to an option is linear in its value, so sizes times values are added up where they are computed, and what
/// the portfolio is worth without shock is taken off once, in the end. The scenario without shock changes nothing and is in no run.
///
/// A run in memory: next | kind | factor | end, then its points up to the end; next is zero at the last, kind are the
/// scenario's low 160 bits, moved to the top, factor is that on the volatility, 18 decimals. A point: log | forward | sum |
/// weighed | place; sum is of size times value {quote}, weighed of changes that count in part {quote}, place that in the list.
library OptionGrid {
    using Lists for int256[];

    uint256 private constant WAD = 1e18;
    uint256 private constant HEAD = 0x80;
    uint256 private constant POINT = 0xa0;
    // As in NormalTable.
    uint256 private constant LAST = (50 << 44) - 1;
    uint256 private constant T_MASK = 2 ** 44 - 1;
    uint256 private constant WORD_MASK = 0x7e0;

    /// @param table `NormalTable.load()`
    /// @param first run, zero where there is none
    struct Grid {
        bytes table;
        uint256 first;
    }

    /// @notice Prepares scenarios. It is cheap when those with the same move of the price follow each other, with volatilities in
    /// the same order each time.
    /// @param forwardWad from which the moves are {USD}
    /// @param forwardLog `Black76.logOf(forwardWad)`
    function prepare(
        bytes memory table,
        uint256 forwardWad,
        int256 forwardLog,
        Scenario[] memory scenarios
    ) internal pure returns (Grid memory grid) {
        grid.table = table;
        uint256 count = scenarios.length;
        uint256 run;
        uint256 forward = forwardWad;
        int256 log = forwardLog;
        int256 known;
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                Scenario scenario = Scenario.wrap(_read(_at(scenarios) + 32 + 32 * i));
                uint256 kind = Scenario.unwrap(scenario) << 96;
                if (kind == 0 || Scenario.unwrap(scenario) == WAD) continue;
                run = _find(grid.first, run, kind);
                if (run == 0) run = _append(grid, kind, count);
                int256 shockWad = scenario.spotShockWad();
                if (shockWad != known) {
                    known = shockWad;
                    forward = Black76.forwardAt(forwardWad, shockWad);
                    log = shockWad == 0 ? forwardLog : Black76.logOf(forward);
                }
                uint256 point = _read(run + 0x60);
                _write(point, uint256(log));
                _write(point + 0x20, forward);
                _write(point + 0x40, 0);
                _write(point + 0x60, 0);
                _write(point + 0x80, i);
                _write(run + 0x60, point + POINT);
            }
        }
    }

    /// @notice Values one option at all points and adds it to their sums.
    /// @param strikeLog `Black76.logOf(strikeWad)`
    /// @param root `Black76.rootOf` the time left
    /// @param size signed, so that sums of products stay below 2^255 {units}
    /// @param worth size times value without shock {quote}
    /// @return least that the option is worth without shock or at a point, there as much of the change as counts {quote}
    function addOption(
        Grid memory grid,
        uint256 strikeWad,
        int256 strikeLog,
        uint256 volatilityWad,
        uint256 root,
        bool isCall,
        int256 size,
        int256 worth
    ) internal pure returns (int256 least) {
        least = worth;
        unchecked {
            for (uint256 run = grid.first; run != 0; run = _read(run)) {
                uint256 deviation = Black76.deviationOf((volatilityWad * _read(run + 0x40)) / WAD, root);
                uint256 weightWad = uint64(_read(run + 0x20) >> 96);
                if (weightWad == WAD) {
                    least = _addRun(grid.table, run, strikeWad, strikeLog, deviation, isCall, size, least);
                } else {
                    _addRun(grid.table, run, strikeWad, strikeLog, deviation, isCall, size, least);
                    least = _weigh(run, weightWad, worth, least);
                }
            }
        }
    }

    /// @notice Writes what has been added up at each point into a list, less `base` where changes count in full, and begins anew.
    /// @param base sum of what the options are worth without shock {quote}
    /// @param changes as many as there were scenarios; zero where there is no shock
    function take(Grid memory grid, int256 base, int256[] memory changes) internal pure {
        unchecked {
            for (uint256 run = grid.first; run != 0; run = _read(run)) {
                bool inFull = uint64(_read(run + 0x20) >> 96) == WAD;
                uint256 end = _read(run + 0x60);
                for (uint256 point = run + HEAD; point != end; point += POINT) {
                    int256 change = inFull ? int256(_read(point + 0x40)) - base : int256(_read(point + 0x60));
                    changes.set(_read(point + 0x80), change);
                    _write(point + 0x40, 0);
                    _write(point + 0x60, 0);
                }
            }
        }
    }

    /// @dev The run of a kind, zero where there is none. The search begins behind the run that was found last.
    function _find(uint256 first, uint256 last, uint256 kind) private pure returns (uint256 run) {
        if (last == 0) return 0;
        assembly ("memory-safe") {
            run := last
            for {} 1 {} {
                run := mload(run)
                if iszero(run) {
                    run := first
                }
                if eq(mload(add(run, 0x20)), kind) {
                    break
                }
                if eq(run, last) {
                    run := 0
                    break
                }
            }
        }
    }

    /// @dev A new run, at the end.
    /// @param room in points
    function _append(Grid memory grid, uint256 kind, uint256 room) private pure returns (uint256 run) {
        unchecked {
            assembly ("memory-safe") {
                run := mload(0x40)
                mstore(0x40, add(run, add(HEAD, mul(POINT, room))))
            }
            uint256 end = grid.first;
            if (end == 0) {
                grid.first = run;
            } else {
                while (_read(end) != 0) end = _read(end);
                _write(end, run);
            }
            _write(run, 0);
            _write(run + 0x20, kind);
            _write(run + 0x40, uint256(int256(WAD) + (int256(kind) >> 160)));
            _write(run + 0x60, run + HEAD);
        }
    }

    /// @dev Turns the sums of a run, which are of this option alone, into changes that count in part.
    function _weigh(
        uint256 run,
        uint256 weightWad,
        int256 worth,
        int256 least
    ) private pure returns (int256) {
        unchecked {
            uint256 end = _read(run + 0x60);
            for (uint256 point = run + HEAD; point != end; point += POINT) {
                int256 change = int256(_read(point + 0x40)) - worth;
                // Down on both sides of zero, before it is weighed.
                int256 units = change / int256(WAD);
                if (units * int256(WAD) > change) --units;
                change = units * int256(weightWad);
                _write(point + 0x40, 0);
                _write(point + 0x60, uint256(int256(_read(point + 0x60)) + change));
                if (worth + change < least) least = worth + change;
            }
            return least;
        }
    }

    /// @dev An option at the points of one run. This loop is what margin with many options costs; it writes out twice what
    /// `NormalTable.cdf` explains, and otherwise is `Black76.valueAt`.
    /// @return the least product, or what `least` was
    function _addRun(
        bytes memory table,
        uint256 run,
        uint256 strikeWad,
        int256 strikeLog,
        uint256 deviation,
        bool isCall,
        int256 size,
        int256 least
    ) private pure returns (int256) {
        unchecked {
            // In scratch space: with them on the stack the compiler reckons them anew at every point.
            uint256 inverse = Black76.inverseOf(deviation);
            uint256 offset = uint256(Black76.offsetOf(deviation) - strikeLog * int256(inverse));
            assembly ("memory-safe") {
                mstore(0x00, offset)
                mstore(0x20, inverse)
            }
        }
        assembly ("memory-safe") {
            table := add(table, 32)
            let end := mload(add(run, 0x60))
            for {
                let point := add(run, HEAD)
            } lt(point, end) {
                point := add(point, POINT)
            } {
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
                let forward := mload(add(point, 0x20))
                let worth := sar(128, sub(mul(forward, upper), mul(strikeWad, lower)))
                let exercise := sub(forward, strikeWad)
                if slt(worth, exercise) {
                    worth := exercise
                }
                worth := mul(worth, sgt(worth, 0))
                worth := mul(size, sub(worth, mul(exercise, iszero(isCall))))
                let sum := add(point, 0x40)
                mstore(sum, add(mload(sum), worth))
                if slt(worth, least) {
                    least := worth
                }
            }
        }
        return least;
    }

    function _at(Scenario[] memory list) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := list
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
