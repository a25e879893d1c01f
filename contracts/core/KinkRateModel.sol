// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRateModel} from "../../interfaces/IRateModel.sol";
import {RateCurve, RateCurveLib} from "./RateCurve.sol";

/// @notice Rate as a line with one kink: from the rate at zero utilisation to that at the kink, and from there, steeper,
/// to that at full utilisation. No memory.
contract KinkRateModel is IRateModel {
    uint256 private constant MAX_RATE_PER_YEAR = 10e18;

    /// @notice Utilisation at which the slope changes {1} WAD
    uint256 public immutable KINK_WAD;
    /// @notice {1/year} WAD
    uint256 public immutable RATE_AT_ZERO;
    /// @notice {1/year} WAD
    uint256 public immutable RATE_AT_KINK;
    /// @notice {1/year} WAD
    uint256 public immutable RATE_AT_FULL;
    RateCurve private immutable CURVE;

    /// @param kinkWad in [1%, 99%]
    /// @param rateAtZeroPerYearWad in [0, rate at the kink]
    /// @param rateAtKinkPerYearWad in [rate at zero, rate at full utilisation]
    /// @param rateAtFullPerYearWad in [rate at the kink, 1000%]
    constructor(
        uint256 kinkWad,
        uint256 rateAtZeroPerYearWad,
        uint256 rateAtKinkPerYearWad,
        uint256 rateAtFullPerYearWad
    ) {
        _checkRange("kinkWad", kinkWad, 0.01e18, 0.99e18);
        _checkRange("rateAtFullPerYearWad", rateAtFullPerYearWad, 0, MAX_RATE_PER_YEAR);
        _checkRange("rateAtKinkPerYearWad", rateAtKinkPerYearWad, 0, rateAtFullPerYearWad);
        _checkRange("rateAtZeroPerYearWad", rateAtZeroPerYearWad, 0, rateAtKinkPerYearWad);
        KINK_WAD = kinkWad;
        RATE_AT_ZERO = rateAtZeroPerYearWad;
        RATE_AT_KINK = rateAtKinkPerYearWad;
        RATE_AT_FULL = rateAtFullPerYearWad;
        CURVE = RateCurveLib.pack(kinkWad, rateAtZeroPerYearWad, rateAtKinkPerYearWad, rateAtFullPerYearWad);
    }

    /// @inheritdoc IRateModel
    function update(uint256 utilisationWad, uint256) external view returns (uint256) {
        return CURVE.ratePerSecondDown(utilisationWad);
    }

    /// @inheritdoc IRateModel
    function rate(address, uint256 utilisationWad, uint256) external view returns (uint256) {
        return CURVE.ratePerSecondDown(utilisationWad);
    }

    /// @inheritdoc IRateModel
    function curve() external view returns (uint256) {
        return RateCurve.unwrap(CURVE);
    }

    function _checkRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert RateModel_OutOfRange(parameter, value, min, max);
    }
}
