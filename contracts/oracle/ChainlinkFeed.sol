// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice Reads a Chainlink feed that may answer anything: a malformed answer is no answer, never a revert and never a
/// price.
library ChainlinkFeed {
    /// @dev Gas that a feed may use, several times what a proxied aggregator takes. Bounds what a broken feed can burn.
    uint256 internal constant CALL_GAS = 200_000;

    /// @dev Gas that must be left before the call for all of CALL_GAS to reach the feed: a call passes on 63/64 of what
    /// remains (EIP-150), so CALL_GAS * 64 / 63, and 2,600 for a cold account; rounded up.
    uint256 internal constant CALL_GAS_NEEDED = 207_000;

    /// @dev Largest answer that counts. Callers may multiply it by 2**128 without a check.
    uint256 internal constant MAX_ANSWER = 2 ** 127;

    /// @notice The feed gave no good answer and was not offered its full gas: the caller's fault, not the feed's.
    error ChainlinkFeed_OutOfGas();

    /// @notice Newest answer of a feed; both zero when the call fails or the answer is short, zero, negative, above
    /// MAX_ANSWER, not updated yet, from the future, of an incomplete round, or no round id fits in 80 bits.
    /// @return answer {feed's unit}
    /// @return updatedAt {s}
    function read(address aggregator) internal view returns (uint256 answer, uint256 updatedAt) {
        uint256 gasBefore = gasleft();
        bool good;
        assembly ("memory-safe") {
            // latestRoundData() -> (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt,
            // uint80 answeredInRound). Exactly these five words are copied, into free memory that nobody keeps.
            let round := mload(0x40)
            mstore(0x00, 0xfeaf968c)
            let called := staticcall(CALL_GAS, aggregator, 0x1c, 0x04, round, 0xa0)
            answer := mload(add(round, 0x20))
            updatedAt := mload(add(round, 0x60))
            let answeredInRound := mload(add(round, 0x80))
            // x - 1 < y is 0 < x <= y for unsigned x; a negative answer is a huge one.
            good := and(
                and(
                    and(called, gt(returndatasize(), 0x9f)),
                    and(lt(sub(answer, 1), shl(127, 1)), lt(sub(updatedAt, 1), timestamp()))
                ),
                iszero(or(lt(answeredInRound, mload(round)), shr(80, answeredInRound)))
            )
        }
        if (good) return (answer, updatedAt);
        // Whoever passes too little gas must not be able to make a good feed look dead. What was left before the call
        // is compared, not what is left now: a proxy whose aggregator ran out hands back what it had kept. Answers that
        // came but are malformed count too: a feed may catch its own failure.
        if (gasBefore < CALL_GAS_NEEDED) revert ChainlinkFeed_OutOfGas();
        return (0, 0);
    }
}
