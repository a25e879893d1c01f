// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding} from "../../interfaces/Types.sol";

/// @notice Weights as the risk engine returned them, where they lie in memory: a length, then value and requirement of
/// each. An array of structs would be copied word by word into pointers and structs.
type Weights is uint256;

using WeighingLib for Weights global;

/// @notice The risk engine's answers, read in place.
library WeighingLib {
    function length(Weights self) internal pure returns (uint256 count) {
        assembly ("memory-safe") {
            count := mload(self)
        }
    }

    /// @notice Value {USD}; `position` is below the length.
    function valueWad(Weights self, uint256 position) internal pure returns (int256 value) {
        assembly ("memory-safe") {
            value := mload(add(self, add(0x20, shl(6, position))))
        }
    }

    /// @notice Part of the requirement {USD}; `position` is below the length.
    function requirementWad(Weights self, uint256 position) internal pure returns (uint256 requirement) {
        assembly ("memory-safe") {
            requirement := mload(add(self, add(0x40, shl(6, position))))
        }
    }

    /// @notice `IRiskEngine.weigh` of the account of a takeover.
    function weighed(
        IRiskEngine engine,
        ILiquidationEngine.Takeover calldata takeover
    )
        internal
        view
        returns (
            Assessment memory assessment,
            Weights assets,
            Weights instruments,
            IRiskEngine.DomainParameters memory domain,
            uint256 upFor
        )
    {
        bytes4 selector = IRiskEngine.weigh.selector;
        uint256 input;
        uint256 size;
        assembly ("memory-safe") {
            // `Takeover` begins with the arguments of `weigh`, and offsets count from its begin: all that follows it in
            // the calldata serves as their encoding, with a few words between that nothing points at.
            input := mload(0x40)
            size := add(4, sub(calldatasize(), takeover))
            mstore(0x40, add(input, and(add(size, 0x1f), not(0x1f))))
            mstore(input, selector)
            calldatacopy(add(input, 4), takeover, sub(size, 4))
        }
        (assessment, assets, instruments) = _weigh(engine, input, size);
        assembly ("memory-safe") {
            // Behind the six words of assessment and the two offsets: nine words, laid out as in memory, and one.
            domain := add(assessment, 0x100)
            upFor := mload(add(assessment, 0x220))
        }
    }

    /// @notice `IRiskEngine.weigh`.
    function weighed(
        IRiskEngine engine,
        AccountId account,
        Holding[] memory holdings,
        address[] memory held
    ) internal view returns (Assessment memory assessment, Weights assets, Weights instruments) {
        bytes memory data = abi.encodeCall(IRiskEngine.weigh, (account, holdings, held, 0));
        uint256 input;
        assembly ("memory-safe") {
            input := add(data, 0x20)
        }
        return _weigh(engine, input, data.length);
    }

    /// @notice `IRiskEngine.domainParameters`: nine words, laid out as in memory.
    function parameters(
        IRiskEngine engine
    ) internal view returns (IRiskEngine.DomainParameters memory domain) {
        bytes4 selector = IRiskEngine.domainParameters.selector;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            if iszero(staticcall(gas(), engine, 0x00, 0x04, domain, 0x120)) {
                let output := mload(0x40)
                returndatacopy(output, 0, returndatasize())
                revert(output, returndatasize())
            }
        }
    }

    /// @dev An answer is as long as its encoding says: the engine is the domain's own.
    function _weigh(
        IRiskEngine engine,
        uint256 input,
        uint256 size
    ) private view returns (Assessment memory assessment, Weights assets, Weights instruments) {
        assembly ("memory-safe") {
            let output := mload(0x40)
            if iszero(staticcall(gas(), engine, input, size, 0, 0)) {
                returndatacopy(output, 0, returndatasize())
                revert(output, returndatasize())
            }
            returndatacopy(output, 0, returndatasize())
            mstore(0x40, add(output, and(add(returndatasize(), 0x1f), not(0x1f))))
            // Six words of assessment, laid out as in memory, then the offsets of both arrays.
            assessment := output
            assets := add(output, mload(add(output, 0xc0)))
            instruments := add(output, mload(add(output, 0xe0)))
        }
    }
}
