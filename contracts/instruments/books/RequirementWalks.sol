// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {Ramp} from "../../math/Ramp.sol";
import {MarketBase} from "./MarketBase.sol";

/// @dev Parameters of a market that raise requirements. What raises one walks, what lowers one holds at once (GOV-1).
abstract contract RequirementWalks is MarketBase {
    uint256 private constant MIN_RAMP = 1 days;
    uint256 private constant MAX_RAMP = 180 days;

    /// @dev Both ends of what walks; shares {WAD}.
    struct ShareWalk {
        uint64 unwindingFrom;
        uint64 unwindingTo;
        uint64 haircutFrom;
        uint64 haircutTo;
    }

    /// @param depthFrom {USD}, below 2**96
    /// @param start on the risk engine's clock {s}
    /// @param end {s}; zero: nothing walks
    struct DepthWalk {
        uint96 depthFrom;
        uint96 depthTo;
        uint32 start;
        uint32 end;
    }

    ShareWalk internal _shares;
    DepthWalk internal _depth;

    /// @dev What walks, as it stands now: unwinding as a share, depth {USD}, haircut as a share.
    function _requirementShares()
        internal
        view
        returns (uint256 unwindingWad, uint256 depthWad, uint256 haircutWad)
    {
        ShareWalk memory shares = _shares;
        DepthWalk memory depth = _depth;
        if (depth.end == 0) return (shares.unwindingTo, depth.depthTo, shares.haircutTo);
        uint256 progress = Ramp.progressWad(depth.start, depth.end, ENGINE.clock());
        unwindingWad = Ramp.valueDown(shares.unwindingFrom, shares.unwindingTo, progress);
        depthWad = Ramp.valueDown(depth.depthFrom, depth.depthTo, progress);
        haircutWad = Ramp.valueDown(shares.haircutFrom, shares.haircutTo, progress);
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
            if (_depth.end > end) end = _depth.end;
        }
        _shares = ShareWalk(
            uint64(_walkFrom(oldUnwinding, unwindingWad, true)),
            uint64(unwindingWad),
            uint64(_walkFrom(oldHaircut, haircutWad, true)),
            uint64(haircutWad)
        );
        _depth = DepthWalk(
            uint96(_walkFrom(oldDepth, depthWad, false)),
            uint96(depthWad),
            uint32(start),
            uint32(end)
        );
    }

    /// @dev A market that begins has nobody whom a walk would protect.
    function _stand(uint256 unwindingWad, uint256 depthWad, uint256 haircutWad) internal {
        _shares = ShareWalk(
            uint64(unwindingWad),
            uint64(unwindingWad),
            uint64(haircutWad),
            uint64(haircutWad)
        );
        _depth = DepthWalk(uint96(depthWad), uint96(depthWad), 0, 0);
    }

    /// @dev Where a walk begins: here if it makes tighter, at its end if it does not.
    function _walkFrom(uint256 here, uint256 target, bool rising) internal pure returns (uint256) {
        return (target > here) == rising ? here : target;
    }

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) internal pure {
        if (value < min || value > max) revert IMarketBooks.Market_OutOfRange(parameter, value, min, max);
    }
}
