// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRateModel} from "../../interfaces/IRateModel.sol";

/// @notice Rate model that answers what it is told, or fails in the way it is told.
contract MockRateModel is IRateModel {
    /// REVERT_BOMB and BOMB: reverts with, or returns, as much data as its gas pays for. BURN: uses all its gas.
    /// SHORT: returns 31 bytes. HUNGRY: answers, but needs 60,000 gas. REENTER: accrues the calling pool.
    enum Mode {
        ANSWER,
        REVERT,
        REVERT_BOMB,
        BOMB,
        BURN,
        SHORT,
        HUNGRY,
        REENTER
    }

    Mode public mode;
    uint256 public answer;
    uint256 public lastUtilisation;
    uint256 public lastElapsed;
    uint256 public calls;
    uint256 private _curve;

    error MockRateModel_Told();

    function set(Mode mode_, uint256 answer_) external {
        mode = mode_;
        answer = answer_;
    }

    function setCurve(uint256 word) external {
        _curve = word;
    }

    /// @inheritdoc IRateModel
    function update(uint256 utilisationWad, uint256 elapsed) external returns (uint256) {
        Mode mode_ = mode;
        if (mode_ == Mode.REVERT) revert MockRateModel_Told();
        if (mode_ == Mode.REVERT_BOMB || mode_ == Mode.BOMB) {
            // 2,000 words a thousand gas: more than any gas limit pays for beyond 300 kB.
            uint256 size = gasleft() * 8;
            if (size > 300_000) size = 300_000;
            bool reverts = mode_ == Mode.REVERT_BOMB;
            assembly ("memory-safe") {
                if reverts {
                    revert(mload(0x40), size)
                }
                return(mload(0x40), size)
            }
        }
        if (mode_ == Mode.BURN) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        if (mode_ == Mode.SHORT) {
            assembly ("memory-safe") {
                mstore(0x00, not(0))
                return(0x00, 0x1f)
            }
        }
        if (mode_ == Mode.HUNGRY) {
            uint256 start = gasleft();
            while (start - gasleft() < 60_000) {}
        }
        if (mode_ == Mode.REENTER) {
            (bool entered, ) = msg.sender.call(abi.encodeWithSignature("accrue()"));
            answer = entered ? 1 : 2;
        }
        lastUtilisation = utilisationWad;
        lastElapsed = elapsed;
        calls += 1;
        return answer;
    }

    /// @inheritdoc IRateModel
    function curve() external view returns (uint256) {
        return _curve;
    }

    /// @inheritdoc IRateModel
    function rate(address, uint256, uint256) external view returns (uint256) {
        return answer;
    }
}
