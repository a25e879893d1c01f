// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {ScenarioGrid} from "./ScenarioGrid.sol";

/// @notice One point of each half of the grid for every underlying, in a word: from the low end ten bits an underlying, the
/// number of a point of the lower half in the first five, of one of the upper half in the others; the top bit is set. Zero:
/// none is named. What these points alone require is at most what the whole grid does: it is enough to prove that an account
/// is unhealthy.
type NamedScenario is uint256;

using NamedScenarioLib for NamedScenario global;

/// @notice Accessors.
library NamedScenarioLib {
    uint256 private constant BITS = 10;
    uint256 private constant MAX_UNDERLYINGS = 25;

    function isNone(NamedScenario self) internal pure returns (bool) {
        return NamedScenario.unwrap(self) == 0;
    }

    /// @notice Number of the point in the lower half.
    function lower(NamedScenario self, uint256 underlying) internal pure returns (uint256 point) {
        point = _bits(self, underlying) & 31;
        if (point > ScenarioGrid.LOWER_END) {
            revert IRiskEngine.RiskEngine_BadScenario(underlying, point, 0, ScenarioGrid.LOWER_END);
        }
    }

    /// @notice Number of the point in the upper half.
    function upper(NamedScenario self, uint256 underlying) internal pure returns (uint256 point) {
        point = _bits(self, underlying) >> 5;
        uint256 last = ScenarioGrid.GRID_POINTS - 1;
        if (point < ScenarioGrid.UPPER_BEGIN || point > last) {
            revert IRiskEngine.RiskEngine_BadScenario(underlying, point, ScenarioGrid.UPPER_BEGIN, last);
        }
    }

    /// @dev There is no room to name points of more underlyings: a number that is in no half.
    function _bits(NamedScenario self, uint256 underlying) private pure returns (uint256) {
        if (underlying >= MAX_UNDERLYINGS) return 31;
        return (NamedScenario.unwrap(self) >> (underlying * BITS)) & ((1 << BITS) - 1);
    }
}
