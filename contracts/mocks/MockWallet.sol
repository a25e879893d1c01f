// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice Smart wallet for tests: several calls in one transaction, ERC-1271 signatures, and an answer of choice to ether
/// that arrives. Anybody may use it.
contract MockWallet is IERC1271 {
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice Whether the wallet's owner signed a digest.
    mapping(bytes32 digest => bool) public signed;
    /// @notice Ether that arrives is sent back by a revert.
    bool public refuses;

    /// @notice Whether the call that the last ether to arrive set off succeeded, and what it returned.
    bool public succeeded;
    bytes public result;

    Call private _onReceipt;

    error MockWallet_Refused(uint256 amount);

    /// @notice Makes the call once, failures being recorded and swallowed.
    receive() external payable {
        if (refuses) revert MockWallet_Refused(msg.value);
        Call memory call = _onReceipt;
        if (call.target == address(0)) return;
        delete _onReceipt;
        (succeeded, result) = call.target.call{value: call.value}(call.data);
    }

    /// @notice Makes all calls; reverts as the first that does.
    function run(Call[] calldata calls) external payable returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            bool success;
            (success, results[i]) = calls[i].target.call{value: calls[i].value}(calls[i].data);
            if (success) continue;
            bytes memory reason = results[i];
            assembly ("memory-safe") {
                revert(add(reason, 0x20), mload(reason))
            }
        }
    }

    function setSigned(bytes32 digest, bool signed_) external {
        signed[digest] = signed_;
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    /// @notice Has the next ether that arrives set off a call.
    function callOnReceipt(Call calldata call) external {
        _onReceipt = call;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return signed[digest] ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
