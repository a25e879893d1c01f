// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Scenario} from "../../interfaces/IInstrument.sol";
import {Point} from "./Point.sol";

/// @notice Standard margin as a rule over scenario values: every position on its own worst shock, no netting. Only the two
/// end points of each underlying matter, at unchanged volatility. A rule chooses the scenarios and turns the changes of
/// value into a requirement; another rule does both in another way, over the same instruments.
library StandardMargin {
    /// @dev Changes beyond are cut off here {USD}.
    int256 private constant MAX_CHANGE = 2 ** 180;
    uint256 private constant PPM_TO_WAD = 1e12;

    /// @notice Puts the two scenarios of the underlying at `position` of an instrument's list in their place.
    /// @param priceWad price before the shock {USD}
    function putScenarios(
        Scenario[] memory scenarios,
        uint256 position,
        uint256 underlying,
        uint256 priceWad,
        Point point,
        bool maintenance
    ) internal pure {
        int256 downWad = -int256(point.shock(false, maintenance) * PPM_TO_WAD);
        int256 upWad = int256(point.shock(true, maintenance) * PPM_TO_WAD);
        scenarios[2 * position] = Scenario(underlying, priceWad, downWad, 0);
        scenarios[2 * position + 1] = Scenario(underlying, priceWad, upWad, 0);
    }

    /// @notice Sum over underlyings of the worse of the two losses.
    /// @param changesWad change of value in each scenario {USD}
    /// @return requirementWad {USD}
    function requirement(int256[] memory changesWad) internal pure returns (uint256 requirementWad) {
        for (uint256 i = 1; i < changesWad.length; i += 2) {
            int256 worst = FixedPointMathLib.min(changesWad[i - 1], changesWad[i]);
            if (worst < 0) requirementWad += uint256(-FixedPointMathLib.max(worst, -MAX_CHANGE));
        }
    }
}
