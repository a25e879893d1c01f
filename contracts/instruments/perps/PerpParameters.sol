// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RequirementWalks} from "../books/RequirementWalks.sol";

/// @dev Parameters as they lie in storage, but for those that walk.
abstract contract PerpParameters is RequirementWalks {
    /// @dev What decides on prices and funding; shares {WAD}, but for the interest and the rate {WAD per 8 hours}.
    /// @param premiumTime {s}
    struct PriceParameters {
        uint64 maxPremiumWad;
        uint56 interestWad;
        uint56 interestBandWad;
        uint56 maxRateWad;
        uint24 premiumTime;
    }

    /// @dev What decides on a trade; all as shares {WAD}.
    /// @param samplerTrades whether the sampler is a maker that trades
    struct TradeParameters {
        uint56 takerFeeWad;
        uint56 makerFeeWad;
        uint64 maxPriceMoveWad;
        uint64 backstopShareWad;
        bool reduceOnly;
        bool samplerTrades;
    }

    /// @param maker whose middle price is sampled
    /// @param openInterestCapWad {USD}, below 2**96
    struct Sampler {
        address maker;
        uint96 openInterestCapWad;
    }

    PriceParameters internal _prices;
    TradeParameters internal _trades;
    Sampler internal _sampler;

    mapping(address maker => bool) internal _makerAllowed;

    /// @notice As `IPerpMarket.feesWad`.
    function feesWad() public view virtual returns (uint256 takerFeeWad, uint256 makerFeeWad) {
        return (_trades.takerFeeWad, _trades.makerFeeWad);
    }
}
