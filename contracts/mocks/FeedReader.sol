// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ChainlinkFeed} from "../oracle/ChainlinkFeed.sol";
import {SequencerFeed} from "../oracle/SequencerFeed.sol";

/// @notice The feed libraries behind a contract of their own, and what reading costs.
contract FeedReader {
    error FeedReader_ViewFailed(address target);

    function read(address aggregator) external view returns (uint256 answer, uint256 updatedAt) {
        return ChainlinkFeed.read(aggregator);
    }

    /// @notice Answers of two feeds, read one after the other.
    function readBoth(
        address first,
        address second
    ) external view returns (uint256 answer1, uint256 answer2) {
        (answer1, ) = ChainlinkFeed.read(first);
        (answer2, ) = ChainlinkFeed.read(second);
    }

    function readSequencer(address feed) external view returns (bool up, uint256 since) {
        return SequencerFeed.read(feed);
    }

    /// @notice Any view with the given gas in all.
    function callWithGas(
        address target,
        bytes calldata data,
        uint256 gasLimit
    ) external view returns (bool done, bytes memory result) {
        return target.staticcall{gas: gasLimit}(data);
    }

    /// @notice Gas of a read with all its checks.
    function gasOfRead(address aggregator) external view returns (uint256 used) {
        uint256 before = gasleft();
        ChainlinkFeed.read(aggregator);
        used = before - gasleft();
    }

    /// @notice Gas of the bare call, with nothing done about what it answers.
    function gasOfCall(address aggregator) external view returns (uint256 used) {
        uint256 before = gasleft();
        assembly ("memory-safe") {
            mstore(0x00, 0xfeaf968c) // latestRoundData()
            pop(staticcall(gas(), aggregator, 0x1c, 0x04, mload(0x40), 0xa0))
        }
        used = before - gasleft();
    }

    /// @notice Gas of any view that succeeds, its call included.
    function gasOfView(address target, bytes calldata data) external view returns (uint256 used) {
        uint256 before = gasleft();
        (bool done, ) = target.staticcall(data);
        used = before - gasleft();
        if (!done) revert FeedReader_ViewFailed(target);
    }
}
