// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IVirtualAmm} from "../../../interfaces/IVirtualAmm.sol";
import {Governed} from "../../access/Governed.sol";
import {Ramp} from "../../math/Ramp.sol";
import {AmmCurve} from "./AmmCurve.sol";

/// @dev The curve's parameters. All of them walk from old to new together, over a day at least: who holds a position that he
/// can only close here has that time, and nobody wins a jump of the price. By the chain's own time: nothing in a margin
/// account's requirement depends on them.
abstract contract AmmShape is IVirtualAmm, Governed {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant MIN_RAMP = 1 days;
    uint256 private constant MAX_RAMP = 30 days;
    uint256 private constant PPM_TO_WAD = 1e12;
    uint256 private constant MIN_DEPTH = 1e9;
    uint256 private constant MAX_DEPTH = AmmCurve.MAX_DEPTH - 1;
    uint256 private constant MAX_SPREAD_PPM = AmmCurve.MAX_SPREAD / PPM_TO_WAD;
    uint256 private constant MAX_SKEW_PPM = AmmCurve.MAX_SKEW / PPM_TO_WAD;

    /// @dev Where the walk ends: all that is read while nothing walks. Shares in ppm.
    struct Target {
        uint96 depthWad; // {units}
        uint24 spreadPpm;
        uint24 skewSpreadPpm;
        uint24 maxSkewPpm;
        uint32 rampEnd; // {s}
    }

    /// @dev Where it began.
    struct Start {
        uint96 depthWad; // {units}
        uint24 spreadPpm;
        uint24 skewSpreadPpm;
        uint32 rampStart; // {s}
    }

    Target private _target;
    Start private _start;

    constructor(
        address owner_,
        address guardian_,
        ShapeParameters memory shape_
    ) Governed(owner_, guardian_) {
        _checkShape(shape_);
        _setTarget(shape_, 0);
    }

    // --- governance ---

    /// @inheritdoc IVirtualAmm
    function setShape(ShapeParameters calldata shape_, uint256 duration) external onlyOwner {
        _checkShape(shape_);
        _checkRange("duration", duration, MIN_RAMP, MAX_RAMP);
        // What has been sold stays within half of the depth all the way.
        _checkRange("depthWad", shape_.depthWad, 2 * _soldWad().abs(), MAX_DEPTH);
        (AmmCurve.Shape memory now_, ) = _shape();
        emit ShapeSet(shape_, block.timestamp + duration);
        _start = Start(
            uint96(now_.depthWad),
            uint24(now_.spreadWad / PPM_TO_WAD),
            uint24(now_.skewSpreadWad / PPM_TO_WAD),
            uint32(block.timestamp)
        );
        _setTarget(shape_, block.timestamp + duration);
    }

    // --- views ---

    /// @inheritdoc IVirtualAmm
    function shape() external view returns (ShapeParameters memory) {
        (AmmCurve.Shape memory now_, ) = _shape();
        return
            ShapeParameters(
                now_.depthWad,
                now_.spreadWad / PPM_TO_WAD,
                now_.skewSpreadWad / PPM_TO_WAD,
                _target.maxSkewPpm
            );
    }

    // --- internal ---

    /// @dev Net amount that the AMM has sold: what its account is short {units}.
    function _soldWad() internal view virtual returns (int256);

    /// @dev The curve now, and how much may be sold or bought in all {units}: judged by the smaller depth while the depth
    /// walks, so that it never falls below twice what is sold.
    function _shape() internal view returns (AmmCurve.Shape memory now_, uint256 maxSoldWad) {
        Target memory target = _target;
        now_ = AmmCurve.Shape(
            target.depthWad,
            target.spreadPpm * PPM_TO_WAD,
            target.skewSpreadPpm * PPM_TO_WAD
        );
        if (block.timestamp < target.rampEnd) {
            Start memory start = _start;
            uint256 progress = Ramp.progressWad(start.rampStart, target.rampEnd, block.timestamp);
            now_.depthWad = Ramp.valueDown(start.depthWad, target.depthWad, progress);
            now_.spreadWad = Ramp.valueDown(start.spreadPpm, target.spreadPpm, progress) * PPM_TO_WAD;
            now_.skewSpreadWad =
                Ramp.valueDown(start.skewSpreadPpm, target.skewSpreadPpm, progress) * PPM_TO_WAD;
        }
        maxSoldWad = (now_.depthWad.min(target.depthWad) * target.maxSkewPpm) / 1e6;
    }

    function _setTarget(ShapeParameters memory shape_, uint256 rampEnd) private {
        _target = Target(
            uint96(shape_.depthWad),
            uint24(shape_.spreadPpm),
            uint24(shape_.skewSpreadPpm),
            uint24(shape_.maxSkewPpm),
            uint32(rampEnd)
        );
    }

    function _checkShape(ShapeParameters memory shape_) private pure {
        _checkRange("depthWad", shape_.depthWad, MIN_DEPTH, MAX_DEPTH);
        _checkRange("spreadPpm", shape_.spreadPpm, 0, MAX_SPREAD_PPM);
        _checkRange("skewSpreadPpm", shape_.skewSpreadPpm, 0, MAX_SPREAD_PPM);
        _checkRange("maxSkewPpm", shape_.maxSkewPpm, 0, MAX_SKEW_PPM);
    }

    function _checkRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert VirtualAmm_OutOfRange(parameter, value, min, max);
    }
}
