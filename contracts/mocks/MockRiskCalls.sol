// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../interfaces/Types.sol";
import {RiskCalls} from "../core/RiskCalls.sol";

/// @notice Calls itself as a risk engine, by `RiskCalls` and as the compiler does it. As an engine it answers with hashes of
/// what it was told, or reverts with it, or answers too little.
contract MockRiskCalls {
    using RiskCalls for IRiskEngine;

    enum Answer {
        HASHES,
        REVERT,
        SHORT
    }

    Answer public answer;

    error MockRiskCalls_Told(bytes32 told);

    fallback() external {
        bytes32 told = keccak256(msg.data);
        if (answer == Answer.REVERT) revert MockRiskCalls_Told(told);
        uint256 words = answer == Answer.SHORT ? 5 : 6;
        bytes memory data = new bytes(words * 32);
        assembly ("memory-safe") {
            for {
                let i := 0
            } lt(i, words) {
                i := add(i, 1)
            } {
                // The last one is a status.
                mstore(add(add(data, 0x20), shl(5, i)), shr(mul(eq(i, 5), 254), add(told, i)))
            }
            return(add(data, 0x20), mload(data))
        }
    }

    function set(Answer answer_) external {
        answer = answer_;
    }

    function assessed(
        AccountId account,
        Holding[] memory list,
        address[] memory instruments,
        Requirement requirement,
        bool atBatchStart
    ) external view returns (Assessment memory) {
        return IRiskEngine(address(this)).assessed(account, list, instruments, requirement, atBatchStart);
    }

    function plainly(
        AccountId account,
        Holding[] memory list,
        address[] memory instruments,
        Requirement requirement,
        bool atBatchStart
    ) external view returns (Assessment memory) {
        return IRiskEngine(address(this)).assess(account, list, instruments, requirement, atBatchStart);
    }
}
