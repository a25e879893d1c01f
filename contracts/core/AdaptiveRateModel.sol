// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {IRateModel} from "../../interfaces/IRateModel.sol";

/// @notice A curve through a rate at target utilisation, which moves by itself: up while utilisation is above target,
/// down while it is below, so that the market finds the level. One instance serves any number of pools.
///
///     error e(u) = (u - target) / (u > target ? 1 - target : target)              in [-1, 1]
///     rate at target:  T' = T * exp(speed * e(u before) * elapsed)                 clamped to [min, max]
///     rate = T' * (1 + e(u now) * (e > 0 ? steepness - 1 : 1 - 1 / steepness))     from T' / steepness to T' * steepness
///
/// The level moves by the utilisation that was in force, kept from the last call; what a caller does to utilisation at
/// the moment of a call moves nothing. The pool charges the answer for the time to come, so it is the curve as it stands
/// now; the mean over the time gone by, which a pool that charges backwards would want, would only lag by half of it.
contract AdaptiveRateModel is IRateModel {
    /// @param rateAtTarget {1/year} WAD; zero for a pool that has not called yet
    /// @param utilisation in force since the last call {1} WAD
    struct Memory {
        uint128 rateAtTarget;
        uint128 utilisation;
    }

    uint256 private constant WAD = 1e18;
    /// @dev No single step moves the level by more than e^50; below expWad's limit of e^135.
    int256 private constant MAX_EXPONENT = 50e18;

    /// @notice {1} WAD
    uint256 public immutable TARGET_UTILISATION;
    /// @notice {1/year} WAD
    uint256 public immutable INITIAL_RATE_AT_TARGET;
    /// @notice {1/year} WAD
    uint256 public immutable MIN_RATE_AT_TARGET;
    /// @notice {1/year} WAD
    uint256 public immutable MAX_RATE_AT_TARGET;
    /// @notice Exponent gained in a year at full error {1/year} WAD
    uint256 public immutable SPEED;
    /// @notice Rate at full utilisation over rate at target {1} WAD
    uint256 public immutable STEEPNESS;

    mapping(address pool => Memory) private _memories;

    /// @param targetUtilisationWad in [1%, 99%]
    /// @param initialRatePerYearWad rate at target of a pool's first call, in [min, max]
    /// @param minRatePerYearWad in [0.01%, max]
    /// @param maxRatePerYearWad in [min, 500%]
    /// @param speedPerYearWad in [0, 200]; 50 doubles the level in 5 days of full utilisation
    /// @param steepnessWad in [1, 10]
    constructor(
        uint256 targetUtilisationWad,
        uint256 initialRatePerYearWad,
        uint256 minRatePerYearWad,
        uint256 maxRatePerYearWad,
        uint256 speedPerYearWad,
        uint256 steepnessWad
    ) {
        _checkRange("targetUtilisationWad", targetUtilisationWad, 0.01e18, 0.99e18);
        _checkRange("maxRatePerYearWad", maxRatePerYearWad, 0.0001e18, 5e18);
        _checkRange("minRatePerYearWad", minRatePerYearWad, 0.0001e18, maxRatePerYearWad);
        _checkRange("initialRatePerYearWad", initialRatePerYearWad, minRatePerYearWad, maxRatePerYearWad);
        _checkRange("speedPerYearWad", speedPerYearWad, 0, 200e18);
        _checkRange("steepnessWad", steepnessWad, WAD, 10e18);
        TARGET_UTILISATION = targetUtilisationWad;
        INITIAL_RATE_AT_TARGET = initialRatePerYearWad;
        MIN_RATE_AT_TARGET = minRatePerYearWad;
        MAX_RATE_AT_TARGET = maxRatePerYearWad;
        SPEED = speedPerYearWad;
        STEEPNESS = steepnessWad;
    }

    /// @inheritdoc IRateModel
    function update(uint256 utilisationWad, uint256 elapsed) external returns (uint256) {
        utilisationWad = FixedPointMathLib.min(utilisationWad, WAD);
        uint256 level = _levelAfter(_memories[msg.sender], elapsed);
        _memories[msg.sender] = Memory(uint128(level), uint128(utilisationWad));
        return _ratePerSecondDown(level, utilisationWad);
    }

    /// @inheritdoc IRateModel
    function curve() external pure returns (uint256) {
        return 0;
    }

    /// @inheritdoc IRateModel
    function rate(address pool, uint256 utilisationWad, uint256 elapsed) external view returns (uint256) {
        utilisationWad = FixedPointMathLib.min(utilisationWad, WAD);
        return _ratePerSecondDown(_levelAfter(_memories[pool], elapsed), utilisationWad);
    }

    /// @notice Rate at target of a pool as of its last call {1/year} WAD
    function rateAtTarget(address pool) external view returns (uint256) {
        uint256 level = _memories[pool].rateAtTarget;
        return level == 0 ? INITIAL_RATE_AT_TARGET : level;
    }

    /// @dev The rate at target `elapsed` seconds after the last call.
    function _levelAfter(Memory memory last, uint256 elapsed) private view returns (uint256) {
        if (last.rateAtTarget == 0) return INITIAL_RATE_AT_TARGET;
        // Bounds: speed < 2^68, error within 2^60, a century (it says it all) < 2^32; level < 2^63, exp(50) < 2^133.
        unchecked {
            int256 seconds_ = int256(FixedPointMathLib.min(elapsed, 36_500 days));
            int256 exponent = (int256(SPEED) * _error(last.utilisation) * seconds_) / int256(365 days * WAD);
            exponent = FixedPointMathLib.clamp(exponent, -MAX_EXPONENT, MAX_EXPONENT);
            uint256 level = (last.rateAtTarget * uint256(FixedPointMathLib.expWad(exponent))) / WAD;
            return FixedPointMathLib.clamp(level, MIN_RATE_AT_TARGET, MAX_RATE_AT_TARGET);
        }
    }

    function _ratePerSecondDown(uint256 level, uint256 utilisationWad) private view returns (uint256) {
        // Bounds: level < 2^63, steepness < 2^64. The factor is above zero: error >= -1, and the slope < 1 below target.
        unchecked {
            int256 error_ = _error(utilisationWad);
            uint256 slope = error_ > 0 ? STEEPNESS - WAD : WAD - (WAD * WAD) / STEEPNESS;
            int256 factor = int256(WAD) + (error_ * int256(slope)) / int256(WAD);
            return (level * uint256(factor)) / (WAD * 365 days);
        }
    }

    /// @dev Distance from target, 1 at full utilisation, -1 at none {1} WAD
    function _error(uint256 utilisationWad) private view returns (int256) {
        uint256 target = TARGET_UTILISATION;
        uint256 span = utilisationWad > target ? WAD - target : target;
        // Bounds: utilisation <= 1e18, 0 < target < 1e18.
        unchecked {
            return ((int256(utilisationWad) - int256(target)) * int256(WAD)) / int256(span);
        }
    }

    function _checkRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert RateModel_OutOfRange(parameter, value, min, max);
    }
}
