// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../interfaces/Types.sol";

/// @notice The vault's call of the risk engine, without copying lists and answer word by word.
library RiskCalls {
    /// @notice `IRiskEngine.assess`.
    function assessed(
        IRiskEngine engine,
        AccountId account,
        Holding[] memory list,
        address[] memory instruments,
        Requirement requirement,
        bool atBatchStart
    ) internal view returns (Assessment memory assessment) {
        bytes4 selector = IRiskEngine.assess.selector;
        assembly ("memory-safe") {
            // Five words of arguments, two of them offsets, then both lists as they lie in memory: length and words.
            let input := mload(0x40)
            let listSize := shl(5, add(mload(list), 1))
            let instrumentsSize := shl(5, add(mload(instruments), 1))
            mstore(input, selector)
            mstore(add(input, 0x04), account)
            mstore(add(input, 0x24), 0xa0)
            mstore(add(input, 0x44), add(0xa0, listSize))
            mstore(add(input, 0x64), requirement)
            mstore(add(input, 0x84), atBatchStart)
            let lists := add(input, 0xa4)
            mcopy(lists, list, listSize)
            mcopy(add(lists, listSize), instruments, instrumentsSize)
            let size := add(0xa4, add(listSize, instrumentsSize))
            // The answer is six words, laid out as in memory.
            let good := staticcall(gas(), engine, input, size, assessment, 0xc0)
            if iszero(and(good, gt(returndatasize(), 0xbf))) {
                returndatacopy(input, 0, returndatasize())
                revert(input, returndatasize())
            }
        }
    }
}
