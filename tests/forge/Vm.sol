// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice The cheatcodes of forge that the tests here use.
interface Vm {
    function addr(uint256 key) external pure returns (address);

    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);

    function deal(address account, uint256 balance) external;

    function envString(string calldata name) external view returns (string memory);

    function exists(string calldata path) external view returns (bool);

    function getBlockNumber() external view returns (uint256);

    function getBlockTimestamp() external view returns (uint256);

    function getNonce(address account) external view returns (uint64);

    function parseBytes(string calldata text) external pure returns (bytes memory);

    function prank(address sender) external;

    function readFile(string calldata path) external view returns (string memory);

    function roll(uint256 number) external;

    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function toString(bytes calldata data) external pure returns (string memory);

    function warp(uint256 timestamp) external;

    function writeFile(string calldata path, string calldata data) external;
}

/// @dev Where forge answers them.
Vm constant VM = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
