// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ramp} from "../../math/Ramp.sol";
import {MarketBase} from "../books/MarketBase.sol";

/// @dev Parameters as they lie in storage. What raises a requirement walks (GOV-1).
abstract contract PerpParameters is MarketBase {
    /// @dev What decides on prices and funding; all as shares {WAD}, the last three {WAD per 8 hours}.
    struct PriceParameters {
        uint64 maxPremiumWad;
        uint64 interestWad;
        uint64 interestBandWad;
        uint64 maxRateWad;
    }

    /// @dev What decides on a trade; all as shares {WAD}.
    struct TradeParameters {
        uint64 takerFeeWad;
        uint64 makerFeeWad;
        uint64 maxPriceMoveWad;
        uint64 backstopShareWad;
    }

    /// @param openInterestCapWad {USD}
    /// @param premiumTime {s}
    struct LimitParameters {
        uint128 openInterestCapWad;
        uint32 premiumTime;
        bool reduceOnly;
    }

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

    PriceParameters internal _prices;
    TradeParameters internal _trades;
    LimitParameters internal _limits;
    ShareWalk internal _shares;
    DepthWalk internal _depth;

    mapping(address maker => bool) internal _makerAllowed;
    address internal _sampler;

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
}
