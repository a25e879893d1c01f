// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

/// @notice A grid of prices whose steps grow with the price, by 1/64 to 1/128 of it, and a bitmap of the steps in use.
library EntryGrid {
    using LibBit for uint256;

    /// @dev Steps between a price and its double.
    uint256 private constant STEP_BITS = 6;

    /// @param summary bit of each word that is not zero
    struct Bitmap {
        uint256 summary;
        mapping(uint256 word => uint256) words;
    }

    /// @notice Number of the step that a price, below 2**96, lies in.
    function tickOf(uint256 priceWad) internal pure returns (uint256) {
        if (priceWad == 0) return 0;
        uint256 exponent = priceWad.fls();
        uint256 step =
            exponent >= STEP_BITS ? priceWad >> (exponent - STEP_BITS) : priceWad << (STEP_BITS - exponent);
        return (exponent << STEP_BITS) | (step & ((1 << STEP_BITS) - 1));
    }

    /// @notice Marks a step as used or not.
    function set(Bitmap storage self, uint256 tick, bool used) internal {
        uint256 word = self.words[tick >> 8];
        uint256 bit = 1 << (tick & 0xff);
        uint256 next = used ? word | bit : word & ~bit;
        if (next == word) return;
        self.words[tick >> 8] = next;
        if (word == 0) self.summary |= 1 << (tick >> 8);
        else if (next == 0) self.summary &= ~(1 << (tick >> 8));
    }

    /// @notice Lowest or highest step in use; there must be one.
    function edge(Bitmap storage self, bool lowest) internal view returns (uint256) {
        uint256 summary = self.summary;
        uint256 index = lowest ? summary.ffs() : summary.fls();
        uint256 word = self.words[index];
        return (index << 8) | (lowest ? word.ffs() : word.fls());
    }
}
