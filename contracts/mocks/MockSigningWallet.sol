// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice ERC-1271 wallet for tests that answers as it is told, and makes a call before it does: by a static call it can
/// change nothing, and if it tries its answer is lost.
contract MockSigningWallet is IERC1271 {
    enum Answer {
        YES,
        NO,
        REVERT,
        NOTHING,
        BURN,
        YES_FOR_EVEN_BLOCKS
    }

    Answer public answer;
    address public target;
    bytes public data;
    bool public swallows;

    error MockSigningWallet_Refused();

    /// @param swallows_ a failed call is no failure of the answer
    function set(Answer answer_, address target_, bytes calldata data_, bool swallows_) external {
        (answer, target, data, swallows) = (answer_, target_, data_, swallows_);
    }

    /// @notice Lets the wallet act by itself.
    function run(address to, bytes calldata data_) external returns (bytes memory result) {
        bool success;
        (success, result) = to.call(data_);
        if (success) return result;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (target != address(0)) {
            // As an ordinary call it would be refused by the compiler: the selector is called without regard to mutability.
            function(address, bytes memory) view returns (bool) callIt = _asView(_call);
            bool success = callIt(target, data);
            if (!success && !swallows) revert MockSigningWallet_Refused();
        }
        if (answer == Answer.REVERT) revert MockSigningWallet_Refused();
        if (answer == Answer.BURN) {
            while (gasleft() > 100) {}
        }
        if (answer == Answer.NOTHING) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        if (answer == Answer.NO) return bytes4(0xffffffff);
        if (answer == Answer.YES_FOR_EVEN_BLOCKS && block.number % 2 == 1) return bytes4(0);
        return IERC1271.isValidSignature.selector;
    }

    function _call(address to, bytes memory data_) private returns (bool success) {
        (success, ) = to.call(data_);
    }

    function _asView(
        function(address, bytes memory) returns (bool) mutating
    ) private pure returns (function(address, bytes memory) view returns (bool) viewing) {
        assembly ("memory-safe") {
            viewing := mutating
        }
    }
}
