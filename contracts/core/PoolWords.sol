// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Interest word: {index80, hasFlags1, ratePerSecond39, time32, changed1, reserve103}, from the highest bit.
type Interest is uint256;

/// @notice Stock word: {cash128, principal128}, from the highest bit.
type Stock is uint256;

/// @notice Settings that governance may change: {reserveShare96 WAD, rateModel160}, from the highest bit.
type Settings is uint256;

/// @notice Credit word of a domain: {lineLeft128, principal128}, from the highest bit.
type Credit is uint256;

using InterestLib for Interest global;
using StockLib for Stock global;
using SettingsLib for Settings global;
using CreditLib for Credit global;

// Largest values of the fields.
uint256 constant MAX_INDEX = type(uint80).max;
uint256 constant MAX_RESERVE = (1 << 103) - 1;
uint256 constant MAX_AMOUNT = type(uint128).max;

/// @dev Packing does not mask: callers keep each field within its width.
library InterestLib {
    /// @dev The bits that say how the others are to be read.
    uint256 private constant BITS = (1 << 175) | (1 << 103);

    function pack(uint256 index_, uint256 time_) internal pure returns (Interest) {
        return Interest.wrap((index_ << 176) | (time_ << 104));
    }

    /// @dev The word after `self`, with its bits.
    function next(
        Interest self,
        uint256 index_,
        uint256 ratePerSecond_,
        uint256 time_,
        uint256 reserve_
    ) internal pure returns (Interest) {
        return
            Interest.wrap(
                (Interest.unwrap(self) & BITS) |
                    (index_ << 176) |
                    (ratePerSecond_ << 136) |
                    (time_ << 104) |
                    reserve_
            );
    }

    function withFlags(Interest self, uint256 hasFlags_) internal pure returns (Interest) {
        return Interest.wrap((Interest.unwrap(self) & ~(uint256(1) << 175)) | (hasFlags_ << 175));
    }

    /// @dev Settings are no longer those that the pool was made with.
    function withChange(Interest self) internal pure returns (Interest) {
        return Interest.wrap(Interest.unwrap(self) | (1 << 103));
    }

    /// @return whether governance has changed a setting
    function isChanged(Interest self) internal pure returns (bool) {
        return (Interest.unwrap(self) >> 103) & 1 != 0;
    }

    /// @return {1} WAD: debt per principal
    function index(Interest self) internal pure returns (uint256) {
        return Interest.unwrap(self) >> 176;
    }

    /// @return 1 when shortfalls are flagged, so that exits look for their sum
    function hasFlags(Interest self) internal pure returns (uint256) {
        return (Interest.unwrap(self) >> 175) & 1;
    }

    /// @return {1/s} WAD
    function ratePerSecond(Interest self) internal pure returns (uint256) {
        return (Interest.unwrap(self) >> 136) & 0x7fffffffff;
    }

    /// @return seconds since `time`, right also when the 32 bits have run over
    function elapsed(Interest self) internal view returns (uint256) {
        unchecked {
            return uint32(block.timestamp - (Interest.unwrap(self) >> 104));
        }
    }

    /// @return {tok}
    function reserve(Interest self) internal pure returns (uint256) {
        return Interest.unwrap(self) & MAX_RESERVE;
    }
}

library StockLib {
    function pack(uint256 cash_, uint256 principal_) internal pure returns (Stock) {
        return Stock.wrap((cash_ << 128) | principal_);
    }

    /// @return {tok}
    function cash(Stock self) internal pure returns (uint256) {
        return Stock.unwrap(self) >> 128;
    }

    /// @return {tok / index}
    function principal(Stock self) internal pure returns (uint256) {
        return uint128(Stock.unwrap(self));
    }
}

library SettingsLib {
    function pack(address rateModel_, uint256 reserveShareWad_) internal pure returns (Settings) {
        return Settings.wrap((reserveShareWad_ << 160) | uint160(rateModel_));
    }

    function rateModel(Settings self) internal pure returns (address) {
        return address(uint160(Settings.unwrap(self)));
    }

    /// @return whether the settings are those that the pool was made with, which need no slot
    function isNone(Settings self) internal pure returns (bool) {
        return Settings.unwrap(self) == 0;
    }

    /// @return {1} WAD
    function reserveShareWad(Settings self) internal pure returns (uint256) {
        return Settings.unwrap(self) >> 160;
    }
}

library CreditLib {
    function pack(uint256 lineLeft_, uint256 principal_) internal pure returns (Credit) {
        return Credit.wrap((lineLeft_ << 128) | principal_);
    }

    /// @return the most the domain may owe after a borrow {tok}
    function lineLeft(Credit self) internal pure returns (uint256) {
        return Credit.unwrap(self) >> 128;
    }

    /// @return {tok / index}
    function principal(Credit self) internal pure returns (uint256) {
        return uint128(Credit.unwrap(self));
    }

    /// @return whether the address is a domain at all: it has credit left or owes something
    function exists(Credit self) internal pure returns (bool) {
        return Credit.unwrap(self) != 0;
    }
}
