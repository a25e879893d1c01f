// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockAggregator} from "./MockAggregator.sol";

/// @notice Uptime feed of a rollup's sequencer, up at first. Rounds of any kind by `setRound`.
contract MockSequencerFeed is MockAggregator {
    bool public up = true;

    event UpSet(bool oldUp, bool newUp);

    constructor() MockAggregator(0, "L2 Sequencer Uptime Status Feed", 0) {}

    /// @notice The sequencer comes up or goes down, now. Nothing happens when it is in that state already.
    function setUp(bool up_) external {
        if (up_ == up) return;
        emit UpSet(up, up_);
        up = up_;
        setAnswer(up_ ? int256(0) : int256(1));
    }
}
