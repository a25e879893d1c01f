// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {Ramp} from "../../math/Ramp.sol";
import {MarketBase} from "./MarketBase.sol";

/// @dev Parameters of a market that raise requirements. What raises one walks, what lowers one holds at once (GOV-1).
abstract contract RequirementWalks is MarketBase {
    uint256 private constant MIN_RAMP = 1 days;
    uint256 private constant MAX_RAMP = 180 days;

    /// @dev One end of what walks.
    /// @param unwindingWad share {WAD}
    /// @param haircutWad share {WAD}
    /// @param depthWad {USD}, below 2**96
    /// @param time on the risk engine's clock {s}; zero at the far end: nothing walks, and only that end is looked at
    struct WalkEnd {
        uint64 unwindingWad;
        uint64 haircutWad;
        uint96 depthWad;
        uint32 time;
    }

    WalkEnd internal _walkTo;
    WalkEnd internal _walkFrom;

    /// @dev What walks, as it stands now: unwinding as a share, depth {USD}, haircut as a share.
    function _requirementShares()
        internal
        view
        returns (uint256 unwindingWad, uint256 depthWad, uint256 haircutWad)
    {
        WalkEnd memory to = _walkTo;
        if (to.time == 0) return (to.unwindingWad, to.depthWad, to.haircutWad);
        WalkEnd memory from = _walkFrom;
        uint256 progress = Ramp.progressWad(from.time, to.time, ENGINE.clock());
        unwindingWad = Ramp.valueDown(from.unwindingWad, to.unwindingWad, progress);
        depthWad = Ramp.valueDown(from.depthWad, to.depthWad, progress);
        haircutWad = Ramp.valueDown(from.haircutWad, to.haircutWad, progress);
    }

    /// @dev Begins a walk from the shares and the depth as they stand to new ones.
    /// @param tighter whether anything else walks with them to a higher requirement
    /// @return start on the risk engine's clock {s}
    /// @return end {s}; zero where nothing walks
    function _walk(
        uint256 unwindingWad,
        uint256 depthWad,
        uint256 haircutWad,
        bool tighter,
        uint256 rampTime
    ) internal returns (uint256 start, uint256 end) {
        (uint256 oldUnwinding, uint256 oldDepth, uint256 oldHaircut) = _requirementShares();
        if (tighter || unwindingWad > oldUnwinding || haircutWad > oldHaircut || depthWad < oldDepth) {
            _inRange("rampTime", rampTime, MIN_RAMP, MAX_RAMP);
            start = ENGINE.clock();
            end = start + rampTime;
            // A walk under way is not cut short by setting out anew.
            if (_walkTo.time > end) end = _walkTo.time;
        }
        _walkFrom = WalkEnd(
            uint64(_startOf(oldUnwinding, unwindingWad, true)),
            uint64(_startOf(oldHaircut, haircutWad, true)),
            uint96(_startOf(oldDepth, depthWad, false)),
            uint32(start)
        );
        _walkTo = WalkEnd(uint64(unwindingWad), uint64(haircutWad), uint96(depthWad), uint32(end));
    }

    /// @dev A market that begins has nobody whom a walk would protect.
    function _stand(uint256 unwindingWad, uint256 depthWad, uint256 haircutWad) internal {
        _walkTo = WalkEnd(uint64(unwindingWad), uint64(haircutWad), uint96(depthWad), 0);
    }

    /// @dev Where a walk begins: here if it makes tighter, at its end if it does not.
    function _startOf(uint256 here, uint256 target, bool rising) internal pure returns (uint256) {
        return (target > here) == rising ? here : target;
    }

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) internal pure {
        if (value < min || value > max) revert IMarketBooks.Market_OutOfRange(parameter, value, min, max);
    }
}
