// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
import {ShockWord} from "../oracle/UnderlyingRow.sol";
import {Point} from "./Point.sol";

/// @notice The points at which holdings are valued, per underlying. What is linear loses most at an end point: it gets those two,
/// the fall first. What is curved may lose most anywhere between, or beyond, and with volatility: it gets the grid, which is,
/// in this order,
/// - the lower tail,
/// - spot at -1, -2/3, -1/3, 0, 1/3, 2/3 and 1 times the shock, each with volatility lower, unchanged and higher,
/// - the upper tail.
/// The tails are beyond the shock, with volatility higher; only a part of their change counts, so that nothing linear loses
/// more there than at an end point. The lower half ends, and the upper one begins, with the three points in the centre.
library ScenarioGrid {
    uint256 internal constant LINEAR_POINTS = 2;
    uint256 internal constant GRID_POINTS = 23;
    /// @dev Last point of the lower half, first of the upper one.
    uint256 internal constant LOWER_END = 12;
    uint256 internal constant UPPER_BEGIN = 10;

    uint256 private constant WAD = 1e18;
    uint256 private constant PPM_TO_WAD = 1e12;
    /// @dev Multiple and damping of tails are in thousandths.
    uint256 private constant THOUSAND = 1e3;
    uint256 private constant THOUSANDTH_TO_WAD = 1e15;
    /// @dev Spot points on either side of the centre.
    int256 private constant STEPS = 3;

    /// @notice Puts the end points of an underlying at `at` and behind it.
    function putEnds(Scenario[] memory scenarios, uint256 at, Point point, bool maintenance) internal pure {
        scenarios[at] = ScenarioLib.pack(-int256(point.shock(false, maintenance) * PPM_TO_WAD), 0, WAD);
        scenarios[at + 1] = ScenarioLib.pack(int256(point.shock(true, maintenance) * PPM_TO_WAD), 0, WAD);
    }

    /// @notice All points of the grid of an underlying, in their order.
    function all(Point point, bool maintenance) internal pure returns (Scenario[] memory grid) {
        grid = new Scenario[](GRID_POINTS);
        uint256 downWad = point.shock(false, maintenance) * PPM_TO_WAD;
        uint256 upWad = point.shock(true, maintenance) * PPM_TO_WAD;
        ShockWord word = point.shocks();
        int256 volatilityWad = int256(word.volatilityShockTo() * PPM_TO_WAD);
        uint256 weightWad = word.tailDampingTo() * THOUSANDTH_TO_WAD;
        unchecked {
            // Shocks are below 2**64, the multiple below 2**16. A price falls by no more than all of it.
            uint256 fallWad = FixedPointMathLib.min((downWad * word.tailMultipleTo()) / THOUSAND, WAD);
            grid[0] = ScenarioLib.pack(-int256(fallWad), volatilityWad, weightWad);
            uint256 lower = Scenario.unwrap(ScenarioLib.pack(0, -volatilityWad, WAD));
            uint256 higher = Scenario.unwrap(ScenarioLib.pack(0, volatilityWad, WAD));
            uint256 place;
            assembly ("memory-safe") {
                place := add(grid, 0x40)
            }
            for (int256 step = -STEPS; step <= STEPS; ++step) {
                uint256 shock = uint256((step * int256(step < 0 ? downWad : upWad)) / STEPS) << 160;
                assembly ("memory-safe") {
                    // The next three of the grid, which are there.
                    mstore(place, or(shock, lower))
                    mstore(add(place, 0x20), or(shock, WAD))
                    mstore(add(place, 0x40), or(shock, higher))
                    place := add(place, 0x60)
                }
            }
            uint256 riseWad = (upWad * word.tailMultipleTo()) / THOUSAND;
            grid[GRID_POINTS - 1] = ScenarioLib.pack(int256(riseWad), volatilityWad, weightWad);
        }
    }

    /// @notice Two named points of the grid: one of the lower half, then one of the upper.
    function pair(
        Point point,
        bool maintenance,
        uint256 lower,
        uint256 upper
    ) internal pure returns (Scenario[] memory grid) {
        Scenario[] memory every = all(point, maintenance);
        grid = new Scenario[](2);
        grid[0] = every[lower];
        grid[1] = every[upper];
    }
}
