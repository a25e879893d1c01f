// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Where the risk book is, and of it what every assessment needs, in one storage slot:
/// book160 | underlyingCount8 | assetCount8 | minDebtRampEnd32 {s} | minDebt32 {USD}.
/// Before the end of its ramp the minimum debt is what the domain row says.
type BookSlot is uint256;

using BookSlotLib for BookSlot global;

/// @notice Packing and accessors.
library BookSlotLib {
    /// @dev Counts are below 2**8, the others below 2**32: they come from a domain row.
    function pack(
        address book_,
        uint256 underlyingCount_,
        uint256 assetCount_,
        uint256 minDebtRampEnd_,
        uint256 minDebt_
    ) internal pure returns (BookSlot) {
        return
            BookSlot.wrap(
                uint256(uint160(book_)) |
                    (underlyingCount_ << 160) |
                    (assetCount_ << 168) |
                    (minDebtRampEnd_ << 176) |
                    (minDebt_ << 208)
            );
    }

    function book(BookSlot self) internal pure returns (address) {
        return address(uint160(BookSlot.unwrap(self)));
    }

    function underlyingCount(BookSlot self) internal pure returns (uint256) {
        return uint8(BookSlot.unwrap(self) >> 160);
    }

    function assetCount(BookSlot self) internal pure returns (uint256) {
        return uint8(BookSlot.unwrap(self) >> 168);
    }

    function minDebtRampEnd(BookSlot self) internal pure returns (uint256) {
        return uint32(BookSlot.unwrap(self) >> 176);
    }

    function minDebt(BookSlot self) internal pure returns (uint256) {
        return BookSlot.unwrap(self) >> 208;
    }
}
