// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Bits} from "../math/Bits.sol";
import {Ramp} from "../math/Ramp.sol";

// Part of the risk book. Shares and health values are in parts per million (ppm); `to` and `from` are the ends of a
// ramp that all fields of the row share. Fields from the low bits upward.

/// @notice underlying8 | tier8 | decimals8 | basisShockTo24 | From24 | unwindingTo24 | From24 | basisBandTo24 | From24 |
/// rampStart32 | rampEnd32
type AssetWord is uint256;

/// @notice rateSource160 | depthTo48 | depthFrom48
type RateWord is uint256;

using AssetWords for AssetWord global;
using AssetWords for RateWord global;
using AssetRowLib for AssetRow global;

struct AssetRow {
    AssetWord asset;
    RateWord rate;
}

/// @notice An asset row, unpacked. See `IRiskParameters.Asset`.
/// @param underlying id of what the asset's value moves with
/// @param tier `IRiskParameters.Tier` as a number
/// @param decimals of the token, at most 27
/// @param rateSource units of the underlying for one token, zero for one to one
/// @param depthTo position value at which concentration alone makes the shock 100%; zero switches it off {USD}
struct AssetFields {
    uint256 underlying;
    uint256 tier;
    uint256 decimals;
    uint256 basisShockTo;
    uint256 basisShockFrom;
    uint256 unwindingTo;
    uint256 unwindingFrom;
    uint256 basisBandTo;
    uint256 basisBandFrom;
    uint256 rampStart;
    uint256 rampEnd;
    address rateSource;
    uint256 depthTo;
    uint256 depthFrom;
}

/// @notice Accessors of the two words.
library AssetWords {
    function underlying(AssetWord self) internal pure returns (uint256) {
        return uint8(AssetWord.unwrap(self));
    }

    function tier(AssetWord self) internal pure returns (uint256) {
        return uint8(AssetWord.unwrap(self) >> 8);
    }

    function decimals(AssetWord self) internal pure returns (uint256) {
        return uint8(AssetWord.unwrap(self) >> 16);
    }

    function basisShockTo(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 24);
    }

    function basisShockFrom(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 48);
    }

    function unwindingTo(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 72);
    }

    function unwindingFrom(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 96);
    }

    function basisBandTo(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 120);
    }

    function basisBandFrom(AssetWord self) internal pure returns (uint256) {
        return Bits.ppm(AssetWord.unwrap(self), 144);
    }

    function rampStart(AssetWord self) internal pure returns (uint256) {
        return uint32(AssetWord.unwrap(self) >> 168);
    }

    function rampEnd(AssetWord self) internal pure returns (uint256) {
        return uint32(AssetWord.unwrap(self) >> 200);
    }

    function rateSource(RateWord self) internal pure returns (address) {
        return address(uint160(RateWord.unwrap(self)));
    }

    function depthTo(RateWord self) internal pure returns (uint256) {
        return uint48(RateWord.unwrap(self) >> 160);
    }

    function depthFrom(RateWord self) internal pure returns (uint256) {
        return RateWord.unwrap(self) >> 208;
    }
}

/// @notice Packing of asset rows, and where their ramp stands.
library AssetRowLib {
    uint256 internal constant SIZE = 64;

    function pack(AssetFields memory fields) internal pure returns (AssetRow memory row) {
        row.asset = AssetWord.wrap(
            Bits.field(fields.underlying, 8, 0) |
                Bits.field(fields.tier, 8, 8) |
                Bits.field(fields.decimals, 8, 16) |
                Bits.field(fields.basisShockTo, 24, 24) |
                Bits.field(fields.basisShockFrom, 24, 48) |
                Bits.field(fields.unwindingTo, 24, 72) |
                Bits.field(fields.unwindingFrom, 24, 96) |
                Bits.field(fields.basisBandTo, 24, 120) |
                Bits.field(fields.basisBandFrom, 24, 144) |
                Bits.field(fields.rampStart, 32, 168) |
                Bits.field(fields.rampEnd, 32, 200)
        );
        row.rate = RateWord.wrap(
            uint160(fields.rateSource) |
                Bits.field(fields.depthTo, 48, 160) |
                Bits.field(fields.depthFrom, 48, 208)
        );
    }

    function unpack(AssetRow memory row) internal pure returns (AssetFields memory fields) {
        fields.underlying = row.asset.underlying();
        fields.tier = row.asset.tier();
        fields.decimals = row.asset.decimals();
        fields.basisShockTo = row.asset.basisShockTo();
        fields.basisShockFrom = row.asset.basisShockFrom();
        fields.unwindingTo = row.asset.unwindingTo();
        fields.unwindingFrom = row.asset.unwindingFrom();
        fields.basisBandTo = row.asset.basisBandTo();
        fields.basisBandFrom = row.asset.basisBandFrom();
        fields.rampStart = row.asset.rampStart();
        fields.rampEnd = row.asset.rampEnd();
        fields.rateSource = row.rate.rateSource();
        fields.depthTo = row.rate.depthTo();
        fields.depthFrom = row.rate.depthFrom();
    }

    /// @notice Moves every `to` field of the row to where the ramp stands, so that readers need `to` only.
    /// Depth walks as its inverse: the concentration shock is linear in that, and zero (off) is no shock.
    function walk(AssetRow memory row, uint256 clock) internal pure {
        if (clock >= row.asset.rampEnd()) return;
        (row.asset, row.rate) = walked(row.asset, row.rate, clock);
    }

    /// @notice `walk` for a row whose ramp has not ended.
    function walked(
        AssetWord asset,
        RateWord rate,
        uint256 clock
    ) internal pure returns (AssetWord, RateWord) {
        uint256 progress = Ramp.progressWad(asset.rampStart(), asset.rampEnd(), clock);
        uint256 word = AssetWord.unwrap(asset);
        word = Bits.walked(Bits.walked(Bits.walked(word, 24, progress), 72, progress), 120, progress);
        uint256 depth = rate.depthTo();
        uint256 value = _depthUp(rate.depthFrom(), depth, progress);
        return (AssetWord.wrap(word), RateWord.wrap(RateWord.unwrap(rate) ^ ((depth ^ value) << 160)));
    }

    /// @dev 1 / depth = (1 - progress) / from + progress / to. All below 2^48 * 2^48 * 2^60.
    function _depthUp(uint256 from, uint256 to, uint256 progress) private pure returns (uint256 depth) {
        if (from == to) return to;
        uint256 left = Ramp.WAD - progress;
        uint256 numerator = from == 0 ? to : (to == 0 ? from : from * to);
        uint256 denominator = from == 0 ? progress : (to == 0 ? left : to * left + from * progress);
        if (denominator == 0) return 0;
        depth = (numerator * Ramp.WAD + denominator - 1) / denominator;
        return depth > type(uint48).max ? type(uint48).max : depth;
    }
}
