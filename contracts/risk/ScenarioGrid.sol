// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
import {Point} from "./Point.sol";

/// @notice The points at which holdings are valued, per underlying. What is linear loses most at an end point: it gets those two,
/// the fall first. What is curved may lose most anywhere between, or beyond, and with volatility: it gets, in this order,
/// - the lower tail,
/// - spot at -1, -2/3, -1/3, 0, 1/3, 2/3 and 1 times the shock, each with volatility lower, unchanged and higher,
/// - the upper tail.
/// The tails are beyond the shock, with volatility higher; only a part of their change counts, so that nothing linear loses
/// more there than at an end point.
library ScenarioGrid {
    uint256 internal constant LINEAR_POINTS = 2;
    uint256 internal constant CURVED_POINTS = 23;

    /// @dev Relative move of implied volatility.
    int256 internal constant VOLATILITY_SHOCK_WAD = 0.25e18;
    /// @dev How many times the shock the tails are away, and the share of their change that counts: a product of one.
    uint256 internal constant TAIL_MOVE = 2;
    uint256 internal constant TAIL_WEIGHT_WAD = 0.5e18;

    uint256 private constant WAD = 1e18;
    uint256 private constant PPM_TO_WAD = 1e12;
    /// @dev Spot points on either side of the centre.
    int256 private constant STEPS = 3;

    /// @notice Number of points per underlying.
    function pointsOf(bool curved) internal pure returns (uint256) {
        return curved ? CURVED_POINTS : LINEAR_POINTS;
    }

    /// @notice Puts the points of one underlying in their places.
    /// @param at place of the first
    function put(
        Scenario[] memory scenarios,
        uint256 at,
        bool curved,
        Point point,
        bool maintenance
    ) internal pure {
        uint256 downWad = point.shock(false, maintenance) * PPM_TO_WAD;
        uint256 upWad = point.shock(true, maintenance) * PPM_TO_WAD;
        if (!curved) {
            scenarios[at] = ScenarioLib.pack(-int256(downWad), 0, WAD);
            scenarios[at + 1] = ScenarioLib.pack(int256(upWad), 0, WAD);
            return;
        }
        // A price falls by no more than all of it.
        int256 tailWad = -int256(FixedPointMathLib.min(downWad * TAIL_MOVE, WAD));
        scenarios[at++] = ScenarioLib.pack(tailWad, VOLATILITY_SHOCK_WAD, TAIL_WEIGHT_WAD);
        for (int256 step = -STEPS; step <= STEPS; ++step) {
            int256 shockWad = (step * int256(step < 0 ? downWad : upWad)) / STEPS;
            for (int256 side = -1; side <= 1; ++side) {
                scenarios[at++] = ScenarioLib.pack(shockWad, side * VOLATILITY_SHOCK_WAD, WAD);
            }
        }
        tailWad = int256(upWad * TAIL_MOVE);
        scenarios[at] = ScenarioLib.pack(tailWad, VOLATILITY_SHOCK_WAD, TAIL_WEIGHT_WAD);
    }
}
