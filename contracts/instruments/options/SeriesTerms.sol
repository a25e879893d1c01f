// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice A series as it lies in storage (`IOptionMarket.Series`), read in one go:
/// expiry32 | strikeWad96 | lnStrikeWad int80 | call8 | deleveraged8 | place16, from the low bits upward.
type SeriesTerms is uint256;

using SeriesTermsLib for SeriesTerms global;

/// @notice Accessors.
library SeriesTermsLib {
    function expiry(SeriesTerms self) internal pure returns (uint256) {
        return uint32(SeriesTerms.unwrap(self));
    }

    function strikeWad(SeriesTerms self) internal pure returns (uint256) {
        return uint96(SeriesTerms.unwrap(self) >> 32);
    }

    function lnStrikeWad(SeriesTerms self) internal pure returns (int256) {
        return int80(uint80(SeriesTerms.unwrap(self) >> 128));
    }

    function isCall(SeriesTerms self) internal pure returns (bool) {
        return uint8(SeriesTerms.unwrap(self) >> 208) != 0;
    }

    function isDeleveraged(SeriesTerms self) internal pure returns (bool) {
        return uint8(SeriesTerms.unwrap(self) >> 216) != 0;
    }
}
