// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChainlinkFeed} from "./ChainlinkFeed.sol";

/// @notice Reads Chainlink's uptime feed of a rollup's sequencer: answer 0 is up, 1 is down, `startedAt` is when that
/// began. The feed has no heartbeat; how old its answer is says nothing.
library SequencerFeed {
    /// @notice The feed gave no good answer and was not offered its full gas: the caller's fault, not the feed's.
    error SequencerFeed_OutOfGas();

    /// @notice Whether the sequencer is up. Down when the call fails, the answer is short or not 0, or the round is not
    /// valid (`startedAt` zero, as before the feed's first message, or in the future).
    /// @param feed uptime feed; a chain without a sequencer has none and must not ask
    /// @return up
    /// @return since when that began {s}; zero when the round is not valid
    function read(address feed) internal view returns (bool up, uint256 since) {
        uint256 gasBefore = gasleft();
        uint256 callGas = ChainlinkFeed.CALL_GAS;
        bool good;
        assembly ("memory-safe") {
            // latestRoundData(), as in ChainlinkFeed; the first three words are enough.
            let round := mload(0x40)
            mstore(0x00, 0xfeaf968c)
            good := staticcall(callGas, feed, 0x1c, 0x04, round, 0x60)
            good := and(good, gt(returndatasize(), 0x9f))
            since := mload(add(round, 0x40))
            good := and(good, lt(sub(since, 1), timestamp()))
            up := iszero(mload(add(round, 0x20)))
        }
        if (good) return (up, since);
        if (gasBefore < ChainlinkFeed.CALL_GAS_NEEDED) revert SequencerFeed_OutOfGas();
        return (false, 0);
    }
}
