// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";

/// @notice The vault's call of the liquidation engine, without copying lists and answer word by word.
library PlanCalls {
    /// @notice `ILiquidationEngine.plan`.
    function planned(
        ILiquidationEngine engine,
        ILiquidationEngine.Takeover memory takeover
    ) internal view returns (ILiquidationEngine.Plan memory result) {
        bytes4 selector = ILiquidationEngine.plan.selector;
        assembly ("memory-safe") {
            // One argument, seven words as they lie in memory but for two offsets, then both lists: length and words.
            let list := mload(add(takeover, 0x20))
            let instruments := mload(add(takeover, 0x40))
            let listSize := shl(5, add(mload(list), 1))
            let instrumentsSize := shl(5, add(mload(instruments), 1))
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 0x04), 0x20)
            let head := add(input, 0x24)
            mcopy(head, takeover, 0xe0)
            mstore(add(head, 0x20), 0xe0)
            mstore(add(head, 0x40), add(0xe0, listSize))
            let lists := add(head, 0xe0)
            mcopy(lists, list, listSize)
            mcopy(add(lists, listSize), instruments, instrumentsSize)
            let size := add(0x104, add(listSize, instrumentsSize))
            let good := staticcall(gas(), engine, input, size, 0, 0)
            returndatacopy(input, 0, returndatasize())
            // One value, eleven words, of which three are offsets of lists.
            if iszero(and(good, gt(returndatasize(), 0x1df))) {
                revert(input, returndatasize())
            }
            mstore(0x40, add(input, and(add(returndatasize(), 0x1f), not(0x1f))))
            // Laid out as in memory, once offsets are pointers: moved, writeOffs, absorbs.
            result := add(input, 0x20)
            mstore(add(result, 0x20), add(result, mload(add(result, 0x20))))
            mstore(add(result, 0x60), add(result, mload(add(result, 0x60))))
            mstore(add(result, 0x80), add(result, mload(add(result, 0x80))))
        }
    }
}
