// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Ramp} from "./Ramp.sol";

/// @notice Bits of packed words.
library Bits {
    error Bits_TooWide(uint256 value, uint256 bits);

    /// @notice `value` in a field of `bits` bits that starts at `shift`.
    function field(uint256 value, uint256 bits, uint256 shift) internal pure returns (uint256) {
        if (value >> bits != 0) revert Bits_TooWide(value, bits);
        return value << shift;
    }

    function ppm(uint256 word, uint256 shift) internal pure returns (uint256) {
        return (word >> shift) & 0xffffff;
    }

    /// @notice The word with its 24-bit `to` field at `shift` moved to where the ramp stands; `from` lies above it.
    function walked(uint256 word, uint256 shift, uint256 progress) internal pure returns (uint256) {
        return walkedField(word, 24, shift, progress);
    }

    /// @notice `walked` for a field of `bits` bits.
    function walkedField(
        uint256 word,
        uint256 bits,
        uint256 shift,
        uint256 progress
    ) internal pure returns (uint256) {
        uint256 to = part(word, bits, shift);
        uint256 value = Ramp.valueDown(part(word, bits, shift + bits), to, progress);
        return word ^ ((to ^ value) << shift);
    }

    /// @notice The field of `bits` bits at `shift`.
    function part(uint256 word, uint256 bits, uint256 shift) internal pure returns (uint256) {
        return (word >> shift) & ((1 << bits) - 1);
    }
}
