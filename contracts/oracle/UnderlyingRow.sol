// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Bits} from "../math/Bits.sol";
import {Ramp} from "../math/Ramp.sol";

// An underlying's row in the risk book: where its price comes from, how far it is trusted, and the moves that margin must
// survive. Four words. Shares are in parts per million (ppm); `to` and `from` are the ends of a ramp that all fields
// of the row share.

/// @notice aggregator160 | heartbeat24 | halfWidthTo24 | halfWidthFrom24 | priceExponent int8 | flags16
type FeedWord is uint256;

/// @notice secondary160 | toleranceTo24 | toleranceFrom24 | volatilityTo24 | volatilityFrom24
type SourceWord is uint256;

/// @notice minPrice96 | maxPrice96 | rampStart32 | rampEnd32
type BoundsWord is uint256;

/// @notice initialDown24 | initialUp24 | maintenanceDownTo24 | From24 | maintenanceUpTo24 | From24 | volatilityShockTo24 |
/// From24 | tailMultipleTo16 | From16 | tailDampingTo16 | From16; the tail's in thousandths
type ShockWord is uint256;

using UnderlyingWords for FeedWord global;
using UnderlyingWords for SourceWord global;
using UnderlyingWords for BoundsWord global;
using UnderlyingWords for ShockWord global;
using UnderlyingRowLib for UnderlyingRow global;

struct UnderlyingRow {
    FeedWord feed;
    SourceWord source;
    BoundsWord bounds;
    ShockWord shocks;
}

/// @notice The same, unpacked.
/// @param aggregator Chainlink feed of the price in {USD}
/// @param heartbeat seconds within which it promises an answer
/// @param halfWidthTo deviation threshold plus allowance for latency {ppm}
/// @param priceExponent 18 - decimals of the feed
/// @param secondary second source, zero for none
/// @param toleranceTo distance within which the sources agree {ppm}
/// @param volatilityTo growth of the half-width per square root of a day beyond the heartbeat {ppm}
/// @param minPriceWad answers below are rejected {USD}, below 2^96
/// @param maxPriceWad answers above are rejected {USD}, below 2^96
/// @param rampStart clock at which the walk begins
/// @param rampEnd clock at which it ends
/// @param initialDown fall that new risk must survive {ppm}
/// @param initialUp rise that new risk must survive {ppm}
/// @param maintenanceDownTo fall below which liquidation begins {ppm}
/// @param maintenanceUpTo rise above which liquidation begins {ppm}
/// @param volatilityShockTo relative move of volatility in scenarios {ppm}
/// @param tailMultipleTo move of the price in a tail, in shocks {1/1000}
/// @param tailDampingTo share of a tail's change that counts {1/1000}
struct UnderlyingFields {
    address aggregator;
    uint256 heartbeat;
    uint256 halfWidthTo;
    uint256 halfWidthFrom;
    int256 priceExponent;
    address secondary;
    uint256 toleranceTo;
    uint256 toleranceFrom;
    uint256 volatilityTo;
    uint256 volatilityFrom;
    uint256 minPriceWad;
    uint256 maxPriceWad;
    uint256 rampStart;
    uint256 rampEnd;
    uint256 initialDown;
    uint256 initialUp;
    uint256 maintenanceDownTo;
    uint256 maintenanceDownFrom;
    uint256 maintenanceUpTo;
    uint256 maintenanceUpFrom;
    uint256 volatilityShockTo;
    uint256 volatilityShockFrom;
    uint256 tailMultipleTo;
    uint256 tailMultipleFrom;
    uint256 tailDampingTo;
    uint256 tailDampingFrom;
}

/// @notice Accessors of the four words.
library UnderlyingWords {
    uint256 private constant HAS_SECONDARY = 1 << 240;

    function aggregator(FeedWord self) internal pure returns (address) {
        return address(uint160(FeedWord.unwrap(self)));
    }

    function heartbeat(FeedWord self) internal pure returns (uint256) {
        return Bits.ppm(FeedWord.unwrap(self), 160);
    }

    function halfWidthTo(FeedWord self) internal pure returns (uint256) {
        return Bits.ppm(FeedWord.unwrap(self), 184);
    }

    function halfWidthFrom(FeedWord self) internal pure returns (uint256) {
        return Bits.ppm(FeedWord.unwrap(self), 208);
    }

    function priceExponent(FeedWord self) internal pure returns (int256) {
        return int8(uint8(FeedWord.unwrap(self) >> 232));
    }

    function hasSecondary(FeedWord self) internal pure returns (bool) {
        return FeedWord.unwrap(self) & HAS_SECONDARY != 0;
    }

    function secondary(SourceWord self) internal pure returns (address) {
        return address(uint160(SourceWord.unwrap(self)));
    }

    function toleranceTo(SourceWord self) internal pure returns (uint256) {
        return Bits.ppm(SourceWord.unwrap(self), 160);
    }

    function toleranceFrom(SourceWord self) internal pure returns (uint256) {
        return Bits.ppm(SourceWord.unwrap(self), 184);
    }

    function volatilityTo(SourceWord self) internal pure returns (uint256) {
        return Bits.ppm(SourceWord.unwrap(self), 208);
    }

    function volatilityFrom(SourceWord self) internal pure returns (uint256) {
        return Bits.ppm(SourceWord.unwrap(self), 232);
    }

    function minPriceWad(BoundsWord self) internal pure returns (uint256) {
        return uint96(BoundsWord.unwrap(self));
    }

    function maxPriceWad(BoundsWord self) internal pure returns (uint256) {
        return uint96(BoundsWord.unwrap(self) >> 96);
    }

    function rampStart(BoundsWord self) internal pure returns (uint256) {
        return uint32(BoundsWord.unwrap(self) >> 192);
    }

    function rampEnd(BoundsWord self) internal pure returns (uint256) {
        return BoundsWord.unwrap(self) >> 224;
    }

    function initialDown(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 0);
    }

    function initialUp(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 24);
    }

    function maintenanceDownTo(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 48);
    }

    function maintenanceDownFrom(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 72);
    }

    function maintenanceUpTo(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 96);
    }

    function maintenanceUpFrom(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 120);
    }

    function volatilityShockTo(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 144);
    }

    function volatilityShockFrom(ShockWord self) internal pure returns (uint256) {
        return Bits.ppm(ShockWord.unwrap(self), 168);
    }

    function tailMultipleTo(ShockWord self) internal pure returns (uint256) {
        return uint16(ShockWord.unwrap(self) >> 192);
    }

    function tailMultipleFrom(ShockWord self) internal pure returns (uint256) {
        return uint16(ShockWord.unwrap(self) >> 208);
    }

    function tailDampingTo(ShockWord self) internal pure returns (uint256) {
        return uint16(ShockWord.unwrap(self) >> 224);
    }

    function tailDampingFrom(ShockWord self) internal pure returns (uint256) {
        return ShockWord.unwrap(self) >> 240;
    }

    /// @notice The word with its `to` fields where a ramp stands that has made `progress`.
    function walked(FeedWord self, uint256 progress) internal pure returns (FeedWord) {
        return FeedWord.wrap(Bits.walked(FeedWord.unwrap(self), 184, progress));
    }

    /// @notice The word with its `to` fields where a ramp stands that has made `progress`.
    function walked(SourceWord self, uint256 progress) internal pure returns (SourceWord) {
        return
            SourceWord.wrap(Bits.walked(Bits.walked(SourceWord.unwrap(self), 160, progress), 208, progress));
    }

    /// @notice The word with its `to` fields where a ramp stands that has made `progress`.
    function walked(ShockWord self, uint256 progress) internal pure returns (ShockWord) {
        uint256 word = ShockWord.unwrap(self);
        for (uint256 shift = 48; shift < 192; shift += 48) word = Bits.walked(word, shift, progress);
        for (uint256 shift = 192; shift < 256; shift += 32) {
            word = Bits.walkedField(word, 16, shift, progress);
        }
        return ShockWord.wrap(word);
    }

    /// @notice Fields of `pack`, word by word.
    function packFeed(UnderlyingFields memory fields) internal pure returns (FeedWord) {
        if (fields.priceExponent != int8(fields.priceExponent)) {
            revert Bits.Bits_TooWide(uint256(fields.priceExponent), 8);
        }
        return
            FeedWord.wrap(
                uint160(fields.aggregator) |
                    Bits.field(fields.heartbeat, 24, 160) |
                    Bits.field(fields.halfWidthTo, 24, 184) |
                    Bits.field(fields.halfWidthFrom, 24, 208) |
                    (uint256(uint8(int8(fields.priceExponent))) << 232) |
                    (fields.secondary == address(0) ? 0 : HAS_SECONDARY)
            );
    }

    function packSource(UnderlyingFields memory fields) internal pure returns (SourceWord) {
        return
            SourceWord.wrap(
                uint160(fields.secondary) |
                    Bits.field(fields.toleranceTo, 24, 160) |
                    Bits.field(fields.toleranceFrom, 24, 184) |
                    Bits.field(fields.volatilityTo, 24, 208) |
                    Bits.field(fields.volatilityFrom, 24, 232)
            );
    }

    function packBounds(UnderlyingFields memory fields) internal pure returns (BoundsWord) {
        return
            BoundsWord.wrap(
                Bits.field(fields.minPriceWad, 96, 0) |
                    Bits.field(fields.maxPriceWad, 96, 96) |
                    Bits.field(fields.rampStart, 32, 192) |
                    Bits.field(fields.rampEnd, 32, 224)
            );
    }

    function packShocks(UnderlyingFields memory fields) internal pure returns (ShockWord) {
        return
            ShockWord.wrap(
                Bits.field(fields.initialDown, 24, 0) |
                    Bits.field(fields.initialUp, 24, 24) |
                    Bits.field(fields.maintenanceDownTo, 24, 48) |
                    Bits.field(fields.maintenanceDownFrom, 24, 72) |
                    Bits.field(fields.maintenanceUpTo, 24, 96) |
                    Bits.field(fields.maintenanceUpFrom, 24, 120) |
                    Bits.field(fields.volatilityShockTo, 24, 144) |
                    Bits.field(fields.volatilityShockFrom, 24, 168) |
                    Bits.field(fields.tailMultipleTo, 16, 192) |
                    Bits.field(fields.tailMultipleFrom, 16, 208) |
                    Bits.field(fields.tailDampingTo, 16, 224) |
                    Bits.field(fields.tailDampingFrom, 16, 240)
            );
    }
}

/// @notice Packing of underlying rows, and where their ramp stands.
library UnderlyingRowLib {
    uint256 internal constant SIZE = 128;

    function pack(UnderlyingFields memory fields) internal pure returns (UnderlyingRow memory row) {
        row.feed = UnderlyingWords.packFeed(fields);
        row.source = UnderlyingWords.packSource(fields);
        row.bounds = UnderlyingWords.packBounds(fields);
        row.shocks = UnderlyingWords.packShocks(fields);
    }

    function unpack(UnderlyingRow memory row) internal pure returns (UnderlyingFields memory fields) {
        fields.aggregator = row.feed.aggregator();
        fields.heartbeat = row.feed.heartbeat();
        fields.halfWidthTo = row.feed.halfWidthTo();
        fields.halfWidthFrom = row.feed.halfWidthFrom();
        fields.priceExponent = row.feed.priceExponent();
        fields.secondary = row.feed.hasSecondary() ? row.source.secondary() : address(0);
        fields.toleranceTo = row.source.toleranceTo();
        fields.toleranceFrom = row.source.toleranceFrom();
        fields.volatilityTo = row.source.volatilityTo();
        fields.volatilityFrom = row.source.volatilityFrom();
        fields.minPriceWad = row.bounds.minPriceWad();
        fields.maxPriceWad = row.bounds.maxPriceWad();
        fields.rampStart = row.bounds.rampStart();
        fields.rampEnd = row.bounds.rampEnd();
        fields.initialDown = row.shocks.initialDown();
        fields.initialUp = row.shocks.initialUp();
        fields.maintenanceDownTo = row.shocks.maintenanceDownTo();
        fields.maintenanceDownFrom = row.shocks.maintenanceDownFrom();
        fields.maintenanceUpTo = row.shocks.maintenanceUpTo();
        fields.maintenanceUpFrom = row.shocks.maintenanceUpFrom();
        fields.volatilityShockTo = row.shocks.volatilityShockTo();
        fields.volatilityShockFrom = row.shocks.volatilityShockFrom();
        fields.tailMultipleTo = row.shocks.tailMultipleTo();
        fields.tailMultipleFrom = row.shocks.tailMultipleFrom();
        fields.tailDampingTo = row.shocks.tailDampingTo();
        fields.tailDampingFrom = row.shocks.tailDampingFrom();
    }

    /// @notice Moves every `to` field of the row to where the ramp stands, so that readers need `to` only.
    function walk(UnderlyingRow memory row, uint256 clock) internal pure {
        if (clock >= row.bounds.rampEnd()) return;
        uint256 progress = Ramp.progressWad(row.bounds.rampStart(), row.bounds.rampEnd(), clock);
        row.feed = row.feed.walked(progress);
        row.source = row.source.walked(progress);
        row.shocks = row.shocks.walked(progress);
    }
}
