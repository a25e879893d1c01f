// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Ramp} from "../math/Ramp.sol";
import {
    Bits,
    BoundsWord,
    FeedWord,
    ShockWord,
    SourceWord,
    UnderlyingRow,
    UnderlyingRowLib
} from "../oracle/UnderlyingRow.sol";

// The risk book: a domain's parameters as the code of a data contract (a zero byte, then words), replaced as a whole at
// each change, so that a row is read with one EXTCODECOPY. Domain row (2 words), underlying rows (4 words each),
// asset rows (2 words each). Shares and health values are in parts per million (ppm), values in whole {USD}; `to` and
// `from` are the ends of a ramp that all fields of a row share.

/// @notice underlyingCount8 | assetCount8 | rampStart32 | rampEnd32 | backstopShare24 | swapLoss24 | gracePeriod24 |
/// minDebtTo32 | minDebtFrom32
type DomainWord is uint256;

/// @notice targetTo24 | From24 | premiumMinTo24 | From24 | premiumStartTo24 | From24 | premiumMaxTo24 | From24 |
/// premiumFullHealthTo24 | From24
type PremiumWord is uint256;

/// @notice underlying8 | tier8 | decimals8 | basisShockTo24 | From24 | unwindingTo24 | From24 | basisBandTo24 | From24 |
/// rampStart32 | rampEnd32
type AssetWord is uint256;

/// @notice rateSource160 | depthTo48 | depthFrom48
type RateWord is uint256;

using BookWords for DomainWord global;
using BookWords for PremiumWord global;
using BookWords for AssetWord global;
using BookWords for RateWord global;
using DomainRowLib for DomainRow global;
using AssetRowLib for AssetRow global;

struct DomainRow {
    DomainWord domain;
    PremiumWord premium;
}

struct AssetRow {
    AssetWord asset;
    RateWord rate;
}

/// @notice The domain row, unpacked. See `IRiskEngine.DomainParameters`.
/// @param rampStart clock at which the walk begins
/// @param rampEnd clock at which it ends
/// @param backstopShare part of the premium that goes to the backstop {ppm}
/// @param swapLoss most a swap may lose for an account below its initial requirement {ppm}
/// @param gracePeriod {s}
/// @param minDebtTo {USD}
struct DomainFields {
    uint256 underlyingCount;
    uint256 assetCount;
    uint256 rampStart;
    uint256 rampEnd;
    uint256 backstopShare;
    uint256 swapLoss;
    uint256 gracePeriod;
    uint256 minDebtTo;
    uint256 minDebtFrom;
    uint256 targetTo;
    uint256 targetFrom;
    uint256 premiumMinTo;
    uint256 premiumMinFrom;
    uint256 premiumStartTo;
    uint256 premiumStartFrom;
    uint256 premiumMaxTo;
    uint256 premiumMaxFrom;
    uint256 premiumFullHealthTo;
    uint256 premiumFullHealthFrom;
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

/// @notice Accessors of the words.
library BookWords {
    function underlyingCount(DomainWord self) internal pure returns (uint256) {
        return uint8(DomainWord.unwrap(self));
    }

    function assetCount(DomainWord self) internal pure returns (uint256) {
        return uint8(DomainWord.unwrap(self) >> 8);
    }

    function rampStart(DomainWord self) internal pure returns (uint256) {
        return uint32(DomainWord.unwrap(self) >> 16);
    }

    function rampEnd(DomainWord self) internal pure returns (uint256) {
        return uint32(DomainWord.unwrap(self) >> 48);
    }

    function backstopShare(DomainWord self) internal pure returns (uint256) {
        return Bits.ppm(DomainWord.unwrap(self), 80);
    }

    function swapLoss(DomainWord self) internal pure returns (uint256) {
        return Bits.ppm(DomainWord.unwrap(self), 104);
    }

    function gracePeriod(DomainWord self) internal pure returns (uint256) {
        return Bits.ppm(DomainWord.unwrap(self), 128);
    }

    function minDebtTo(DomainWord self) internal pure returns (uint256) {
        return uint32(DomainWord.unwrap(self) >> 152);
    }

    function minDebtFrom(DomainWord self) internal pure returns (uint256) {
        return uint32(DomainWord.unwrap(self) >> 184);
    }

    function targetTo(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 0);
    }

    function targetFrom(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 24);
    }

    function premiumMinTo(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 48);
    }

    function premiumMinFrom(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 72);
    }

    function premiumStartTo(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 96);
    }

    function premiumStartFrom(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 120);
    }

    function premiumMaxTo(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 144);
    }

    function premiumMaxFrom(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 168);
    }

    function premiumFullHealthTo(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 192);
    }

    function premiumFullHealthFrom(PremiumWord self) internal pure returns (uint256) {
        return Bits.ppm(PremiumWord.unwrap(self), 216);
    }

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

/// @notice Packing of the domain row, and where its ramp stands.
library DomainRowLib {
    uint256 internal constant SIZE = 64;

    function pack(DomainFields memory fields) internal pure returns (DomainRow memory row) {
        row.domain = DomainWord.wrap(
            Bits.field(fields.underlyingCount, 8, 0) |
                Bits.field(fields.assetCount, 8, 8) |
                Bits.field(fields.rampStart, 32, 16) |
                Bits.field(fields.rampEnd, 32, 48) |
                Bits.field(fields.backstopShare, 24, 80) |
                Bits.field(fields.swapLoss, 24, 104) |
                Bits.field(fields.gracePeriod, 24, 128) |
                Bits.field(fields.minDebtTo, 32, 152) |
                Bits.field(fields.minDebtFrom, 32, 184)
        );
        row.premium = PremiumWord.wrap(
            Bits.field(fields.targetTo, 24, 0) |
                Bits.field(fields.targetFrom, 24, 24) |
                Bits.field(fields.premiumMinTo, 24, 48) |
                Bits.field(fields.premiumMinFrom, 24, 72) |
                Bits.field(fields.premiumStartTo, 24, 96) |
                Bits.field(fields.premiumStartFrom, 24, 120) |
                Bits.field(fields.premiumMaxTo, 24, 144) |
                Bits.field(fields.premiumMaxFrom, 24, 168) |
                Bits.field(fields.premiumFullHealthTo, 24, 192) |
                Bits.field(fields.premiumFullHealthFrom, 24, 216)
        );
    }

    function unpack(DomainRow memory row) internal pure returns (DomainFields memory fields) {
        fields.underlyingCount = row.domain.underlyingCount();
        fields.assetCount = row.domain.assetCount();
        fields.rampStart = row.domain.rampStart();
        fields.rampEnd = row.domain.rampEnd();
        fields.backstopShare = row.domain.backstopShare();
        fields.swapLoss = row.domain.swapLoss();
        fields.gracePeriod = row.domain.gracePeriod();
        fields.minDebtTo = row.domain.minDebtTo();
        fields.minDebtFrom = row.domain.minDebtFrom();
        fields.targetTo = row.premium.targetTo();
        fields.targetFrom = row.premium.targetFrom();
        fields.premiumMinTo = row.premium.premiumMinTo();
        fields.premiumMinFrom = row.premium.premiumMinFrom();
        fields.premiumStartTo = row.premium.premiumStartTo();
        fields.premiumStartFrom = row.premium.premiumStartFrom();
        fields.premiumMaxTo = row.premium.premiumMaxTo();
        fields.premiumMaxFrom = row.premium.premiumMaxFrom();
        fields.premiumFullHealthTo = row.premium.premiumFullHealthTo();
        fields.premiumFullHealthFrom = row.premium.premiumFullHealthFrom();
    }

    /// @notice Moves every `to` field of the row to where the ramp stands, so that readers need `to` only.
    function walk(DomainRow memory row, uint256 clock) internal pure {
        if (clock >= row.domain.rampEnd()) return;
        uint256 progress = Ramp.progressWad(row.domain.rampStart(), row.domain.rampEnd(), clock);
        uint256 minDebt = row.domain.minDebtTo();
        uint256 value = Ramp.valueDown(row.domain.minDebtFrom(), minDebt, progress);
        row.domain = DomainWord.wrap(DomainWord.unwrap(row.domain) ^ ((minDebt ^ value) << 152));
        uint256 premium = PremiumWord.unwrap(row.premium);
        for (uint256 shift = 0; shift < 240; shift += 48) premium = Bits.walked(premium, shift, progress);
        row.premium = PremiumWord.wrap(premium);
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
        uint256 progress = Ramp.progressWad(row.asset.rampStart(), row.asset.rampEnd(), clock);
        uint256 asset = AssetWord.unwrap(row.asset);
        asset = Bits.walked(Bits.walked(Bits.walked(asset, 24, progress), 72, progress), 120, progress);
        row.asset = AssetWord.wrap(asset);
        uint256 depth = row.rate.depthTo();
        uint256 value = _depthUp(row.rate.depthFrom(), depth, progress);
        row.rate = RateWord.wrap(RateWord.unwrap(row.rate) ^ ((depth ^ value) << 160));
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

/// @notice Reading and encoding of whole books.
library RiskBook {
    /// @notice Rows begin behind the zero byte that keeps the data from being run.
    uint256 private constant OFFSET = 1;

    function domain(address book) internal view returns (DomainRow memory row) {
        assembly ("memory-safe") {
            extcodecopy(book, row, OFFSET, 64)
        }
    }

    function underlying(address book, uint256 id) internal view returns (UnderlyingRow memory row) {
        uint256 position;
        unchecked {
            // Ids are below 256.
            position = OFFSET + DomainRowLib.SIZE + id * UnderlyingRowLib.SIZE;
        }
        assembly ("memory-safe") {
            extcodecopy(book, row, position, 128)
        }
    }

    /// @param underlyingCount number of underlyings in the book
    function asset(
        address book,
        uint256 underlyingCount,
        uint256 id
    ) internal view returns (AssetRow memory row) {
        uint256 position;
        unchecked {
            // Counts and ids are below 256.
            position =
                OFFSET +
                DomainRowLib.SIZE +
                underlyingCount * UnderlyingRowLib.SIZE +
                id * AssetRowLib.SIZE;
        }
        assembly ("memory-safe") {
            extcodecopy(book, row, position, 64)
        }
    }

    /// @notice Data of a book, without the leading zero byte; the domain row must carry the right counts.
    function encode(
        DomainRow memory domainRow,
        UnderlyingRow[] memory underlyings,
        AssetRow[] memory assets
    ) internal pure returns (bytes memory data) {
        data = new bytes(
            DomainRowLib.SIZE + underlyings.length * UnderlyingRowLib.SIZE + assets.length * AssetRowLib.SIZE
        );
        _put(data, 0, DomainWord.unwrap(domainRow.domain));
        _put(data, 1, PremiumWord.unwrap(domainRow.premium));
        uint256 word = 2;
        for (uint256 i = 0; i < underlyings.length; ++i) {
            _put(data, word++, FeedWord.unwrap(underlyings[i].feed));
            _put(data, word++, SourceWord.unwrap(underlyings[i].source));
            _put(data, word++, BoundsWord.unwrap(underlyings[i].bounds));
            _put(data, word++, ShockWord.unwrap(underlyings[i].shocks));
        }
        for (uint256 i = 0; i < assets.length; ++i) {
            _put(data, word++, AssetWord.unwrap(assets[i].asset));
            _put(data, word++, RateWord.unwrap(assets[i].rate));
        }
    }

    /// @dev `encode` has sized `data` for every word it puts.
    function _put(bytes memory data, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), shl(5, index)), word)
        }
    }
}
