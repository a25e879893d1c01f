// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Bits} from "../math/Bits.sol";
import {Ramp} from "../math/Ramp.sol";

// Part of the risk book. Shares and health values are in parts per million (ppm); `to` and `from` are the ends of a
// ramp that all fields of the row share. Fields from the low bits upward.

/// @notice underlyingCount8 | assetCount8 | rampStart32 | rampEnd32 | backstopShare24 | swapLoss24 | gracePeriod24 |
/// minDebtTo32 | minDebtFrom32 | nettingTo20 | nettingFrom20
type DomainWord is uint256;

/// @notice targetTo24 | From24 | premiumMinTo24 | From24 | premiumStartTo24 | From24 | premiumMaxTo24 | From24 |
/// premiumFullHealthTo24 | From24
type PremiumWord is uint256;

using DomainWords for DomainWord global;
using DomainWords for PremiumWord global;
using DomainRowLib for DomainRow global;

struct DomainRow {
    DomainWord domain;
    PremiumWord premium;
}

/// @notice The domain row, unpacked. See `IRiskEngine.DomainParameters`.
/// @param rampStart clock at which the walk begins
/// @param rampEnd clock at which it ends
/// @param backstopShare part of the premium that goes to the backstop {ppm}
/// @param swapLoss most a swap may lose for an account below its initial requirement {ppm}
/// @param gracePeriod {s}
/// @param minDebtTo {USD}
/// @param nettingTo share of portfolio margin reckoned as if all underlyings moved in one direction {ppm}
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
    uint256 nettingTo;
    uint256 nettingFrom;
}

/// @notice Accessors of the two words.
library DomainWords {
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

    function nettingTo(DomainWord self) internal pure returns (uint256) {
        return Bits.part(DomainWord.unwrap(self), 20, 216);
    }

    function nettingFrom(DomainWord self) internal pure returns (uint256) {
        return Bits.part(DomainWord.unwrap(self), 20, 236);
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
                Bits.field(fields.minDebtFrom, 32, 184) |
                Bits.field(fields.nettingTo, 20, 216) |
                Bits.field(fields.nettingFrom, 20, 236)
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
        fields.nettingTo = row.domain.nettingTo();
        fields.nettingFrom = row.domain.nettingFrom();
    }

    /// @notice Moves every `to` field of the row to where the ramp stands, so that readers need `to` only.
    function walk(DomainRow memory row, uint256 clock) internal pure {
        if (clock >= row.domain.rampEnd()) return;
        uint256 progress = Ramp.progressWad(row.domain.rampStart(), row.domain.rampEnd(), clock);
        uint256 word = Bits.walkedField(DomainWord.unwrap(row.domain), 32, 152, progress);
        row.domain = DomainWord.wrap(Bits.walkedField(word, 20, 216, progress));
        uint256 premium = PremiumWord.unwrap(row.premium);
        for (uint256 shift = 0; shift < 240; shift += 48) premium = Bits.walked(premium, shift, progress);
        row.premium = PremiumWord.wrap(premium);
    }
}
