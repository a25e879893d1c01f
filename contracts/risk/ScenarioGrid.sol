// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
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

    /// @dev Relative move of implied volatility.
    int256 internal constant VOLATILITY_SHOCK_WAD = 0.25e18;
    /// @dev How many times the shock the tails are away, and the share of their change that counts: a product of one.
    uint256 internal constant TAIL_MOVE = 2;
    uint256 internal constant TAIL_WEIGHT_WAD = 0.5e18;

    uint256 private constant WAD = 1e18;
    uint256 private constant PPM_TO_WAD = 1e12;
    /// @dev Spot points on either side of the centre, and volatility points at each.
    int256 private constant STEPS = 3;
    uint256 private constant SIDES = 3;

    /// @notice Puts the end points of an underlying at `at` and behind it.
    function putEnds(Scenario[] memory scenarios, uint256 at, Point point, bool maintenance) internal pure {
        (uint256 downWad, uint256 upWad) = _shocks(point, maintenance);
        scenarios[at] = ScenarioLib.pack(-int256(downWad), 0, WAD);
        scenarios[at + 1] = ScenarioLib.pack(int256(upWad), 0, WAD);
    }

    /// @notice All points of the grid of an underlying, in their order.
    function all(Point point, bool maintenance) internal pure returns (Scenario[] memory grid) {
        grid = new Scenario[](GRID_POINTS);
        (uint256 downWad, uint256 upWad) = _shocks(point, maintenance);
        for (uint256 i = 0; i < GRID_POINTS; ++i) grid[i] = _at(downWad, upWad, i);
    }

    /// @notice Two named points of the grid: one of the lower half, then one of the upper.
    function pair(
        Point point,
        bool maintenance,
        uint256 lower,
        uint256 upper
    ) internal pure returns (Scenario[] memory grid) {
        grid = new Scenario[](2);
        (uint256 downWad, uint256 upWad) = _shocks(point, maintenance);
        grid[0] = _at(downWad, upWad, lower);
        grid[1] = _at(downWad, upWad, upper);
    }

    function _at(uint256 downWad, uint256 upWad, uint256 index) private pure returns (Scenario) {
        unchecked {
            // Shocks are below 2**64. A price falls by no more than all of it.
            if (index == 0) {
                int256 fallWad = -int256(FixedPointMathLib.min(downWad * TAIL_MOVE, WAD));
                return ScenarioLib.pack(fallWad, VOLATILITY_SHOCK_WAD, TAIL_WEIGHT_WAD);
            }
            if (index == GRID_POINTS - 1) {
                return ScenarioLib.pack(int256(upWad * TAIL_MOVE), VOLATILITY_SHOCK_WAD, TAIL_WEIGHT_WAD);
            }
            int256 step = int256((index - 1) / SIDES) - STEPS;
            int256 side = int256((index - 1) % SIDES) - 1;
            int256 shockWad = (step * int256(step < 0 ? downWad : upWad)) / STEPS;
            return ScenarioLib.pack(shockWad, side * VOLATILITY_SHOCK_WAD, WAD);
        }
    }

    function _shocks(Point point, bool maintenance) private pure returns (uint256 downWad, uint256 upWad) {
        downWad = point.shock(false, maintenance) * PPM_TO_WAD;
        upWad = point.shock(true, maintenance) * PPM_TO_WAD;
    }
}
