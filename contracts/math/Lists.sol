// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Lists in memory without the check of the place, for loops over lists of known length: the check costs as much as
/// what such a loop does. Whoever calls knows that the place is within the list.
library Lists {
    function get(uint256[] memory list, uint256 place) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(list, shl(5, add(place, 1))))
        }
    }

    function get(int256[] memory list, uint256 place) internal pure returns (int256 word) {
        assembly ("memory-safe") {
            word := mload(add(list, shl(5, add(place, 1))))
        }
    }

    function set(uint256[] memory list, uint256 place, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(list, shl(5, add(place, 1))), word)
        }
    }

    function set(int256[] memory list, uint256 place, int256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(list, shl(5, add(place, 1))), word)
        }
    }

    /// @notice Cuts a list off.
    /// @param count at most the list's length
    function cut(uint256[] memory list, uint256 count) internal pure {
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    function cut(int256[] memory list, uint256 count) internal pure {
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }
}
