// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RequirementWalks} from "../books/RequirementWalks.sol";

/// @dev Parameters as they lie in storage, but for those that walk.
abstract contract PerpParameters is RequirementWalks {
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

    PriceParameters internal _prices;
    TradeParameters internal _trades;
    LimitParameters internal _limits;

    mapping(address maker => bool) internal _makerAllowed;
    address internal _sampler;
}
