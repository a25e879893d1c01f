// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AggregatorV3Interface, IPriceSource, IRateSource} from "../../interfaces/IPriceSource.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {ChainlinkFeed} from "../oracle/ChainlinkFeed.sol";
import {UnderlyingFields} from "../oracle/UnderlyingRow.sol";
import {ParameterBounds} from "./ParameterBounds.sol";

/// @notice Whether a feed, second source or rate source answers, and whether two of them agree, before the risk book
/// relies on one.
library SourceCheck {
    uint256 private constant PPM = 1e6;
    int256 private constant WAD_DECIMALS = 18;

    /// @notice 18 - decimals of a feed.
    function priceExponent(address aggregator) internal view returns (int256) {
        uint256 decimals = AggregatorV3Interface(aggregator).decimals();
        ParameterBounds.inRange("feedDecimals", decimals, 0, ParameterBounds.MAX_FEED_DECIMALS);
        return WAD_DECIMALS - int256(decimals);
    }

    /// @notice The feed's price and its age; zeros when it does not answer or would answer out of range as a WAD.
    function read(address aggregator, int256 exponent) internal view returns (uint256 priceWad, uint256 age) {
        (uint256 answer, uint256 updatedAt) = ChainlinkFeed.read(aggregator);
        if (answer == 0) return (0, 0);
        // Answers are at most 2**127 and decimals at most 36, so neither product overflows.
        priceWad = exponent < 0 ? answer / 10 ** uint256(-exponent) : answer * 10 ** uint256(exponent);
        age = block.timestamp - updatedAt;
    }

    /// @notice The price of a feed that has to answer now, fresh and within the bounds. Reverts otherwise.
    function requireFresh(UnderlyingFields memory f) internal view returns (uint256 priceWad) {
        uint256 age;
        (priceWad, age) = read(f.aggregator, f.priceExponent);
        if (priceWad == 0) revert IRiskParameters.RiskParameters_FeedNotAnswering(f.aggregator);
        if (age > f.heartbeat) {
            revert IRiskParameters.RiskParameters_FeedStale(f.aggregator, age, f.heartbeat);
        }
        ParameterBounds.inRange("priceWad", priceWad, f.minPriceWad, f.maxPriceWad);
    }

    /// @notice Reverts unless the price could move by a maintenance shock and still lie within the bounds: an answer that
    /// bounds reject is no price, and no bound may do what only a ramp may.
    function requireRoom(UnderlyingFields memory f) internal view {
        uint256 priceWad = requireFresh(f);
        uint256 low = (priceWad * (PPM - f.maintenanceDownTo)) / PPM;
        uint256 high = (priceWad * (PPM + f.maintenanceUpTo)) / PPM;
        ParameterBounds.inRange("minPriceWad", f.minPriceWad, 1, low);
        ParameterBounds.inRange("maxPriceWad", f.maxPriceWad, high, ParameterBounds.MAX_PRICE_WAD);
    }

    /// @notice Reverts unless the new sources answer, the new primary agrees with the old one as long as that lives, and
    /// the new second source with the new primary.
    /// @param old what is in force; its half-width and tolerance, as they stand, say what agreement is
    /// @param next the same with the new sources
    function requireReplaceable(UnderlyingFields memory old, UnderlyingFields memory next) internal view {
        uint256 newPriceWad = requireFresh(next);
        uint256 tolerancePpm = old.halfWidthTo + old.toleranceTo;
        if (next.aggregator != old.aggregator) {
            (uint256 oldPriceWad, uint256 age) = read(old.aggregator, old.priceExponent);
            bool alive =
                oldPriceWad >= old.minPriceWad && oldPriceWad <= old.maxPriceWad && age <= old.heartbeat;
            if (alive) _requireClose(old.aggregator, oldPriceWad, next.aggregator, newPriceWad, tolerancePpm);
        }
        if (next.secondary != old.secondary && next.secondary != address(0)) {
            uint256 secondPriceWad = IPriceSource(next.secondary).priceWad();
            if (secondPriceWad == 0) {
                revert IRiskParameters.RiskParameters_FeedNotAnswering(next.secondary);
            }
            _requireClose(next.aggregator, newPriceWad, next.secondary, secondPriceWad, tolerancePpm);
        }
    }

    /// @notice Reverts unless the new rate source answers, within the basis band of the old one as long as that lives.
    function requireRateReplaceable(address old, address next, uint256 basisBandPpm) internal view {
        uint256 newRateWad = _rate(next);
        if (newRateWad == 0) revert IRiskParameters.RiskParameters_FeedNotAnswering(next);
        uint256 oldRateWad = _rate(old);
        if (oldRateWad != 0) _requireClose(old, oldRateWad, next, newRateWad, basisBandPpm);
    }

    /// @notice Reverts unless the rate source answers.
    function requireRate(address source) internal view {
        if (_rate(source) == 0) revert IRiskParameters.RiskParameters_FeedNotAnswering(source);
    }

    /// @dev No source stands for one to one; one that reverts is silent.
    function _rate(address source) private view returns (uint256) {
        if (source == address(0)) return 1e18;
        if (source.code.length == 0) return 0;
        try IRateSource(source).rateWad() returns (uint256 rateWad) {
            return rateWad;
        } catch {
            return 0;
        }
    }

    function _requireClose(
        address oldSource,
        uint256 oldPriceWad,
        address newSource,
        uint256 newPriceWad,
        uint256 tolerancePpm
    ) private pure {
        uint256 distance = newPriceWad > oldPriceWad ? newPriceWad - oldPriceWad : oldPriceWad - newPriceWad;
        if (distance * PPM > oldPriceWad * tolerancePpm) {
            revert IRiskParameters.RiskParameters_SourcesDisagree(
                oldSource,
                oldPriceWad,
                newSource,
                newPriceWad
            );
        }
    }
}
