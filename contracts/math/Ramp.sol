// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Slow walk of a parameter from its old value to its new one. Times are on the risk engine's clock, which
/// stands still while a chain's sequencer is down.
library Ramp {
    uint256 internal constant WAD = 1e18;

    /// @notice Part of the walk that is done, as a WAD: 0 until `start`, 1e18 from `end` on.
    function progressWad(uint256 start, uint256 end, uint256 clock) internal pure returns (uint256) {
        if (clock >= end) return WAD;
        if (clock <= start) return 0;
        unchecked {
            // Both differences are positive and below 2^32.
            return ((clock - start) * WAD) / (end - start);
        }
    }

    /// @notice Value on the way, never past what `progress` allows.
    /// @param from value at the start, below 2^128
    /// @param to value at the end, below 2^128
    /// @param progress at most 1e18
    function valueDown(uint256 from, uint256 to, uint256 progress) internal pure returns (uint256) {
        unchecked {
            // Below 2^128 * 2^60, and the step never exceeds the distance. Rounded towards `from`.
            return to >= from ? from + ((to - from) * progress) / WAD : from - ((from - to) * progress) / WAD;
        }
    }
}
