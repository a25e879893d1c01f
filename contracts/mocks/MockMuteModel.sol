// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRateModel} from "../../interfaces/IRateModel.sol";

/// @notice Rate model that knows of no curve, and answers all questions but the one for its rate with the same bytes.
contract MockMuteModel {
    uint256 private immutable RATE;
    bytes private _answer;

    constructor(uint256 ratePerSecondWad, bytes memory answer) {
        RATE = ratePerSecondWad;
        _answer = answer;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        return msg.sig == IRateModel.update.selector ? abi.encode(RATE) : _answer;
    }
}
