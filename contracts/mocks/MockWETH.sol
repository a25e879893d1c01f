// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @notice Wrapped native token with WETH9's deposit and withdraw, for tests and local chains.
/// @dev Minting stays open as in every mock; `deal` the contract native tokens if minted units are to be withdrawn.
contract MockWETH is MockERC20 {
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);

    error MockWETH_TransferFailed(address to, uint256 amount);

    constructor() MockERC20("Wrapped Ether", "WETH", 18) {}

    receive() external payable {
        deposit();
    }

    /// @notice Wraps the native tokens that come along, one to one.
    function deposit() public payable {
        _mint(msg.sender, msg.value);
        emit Deposit(msg.sender, msg.value);
    }

    /// @notice Burns `amount` of the caller and sends as many native tokens.
    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool sent, ) = msg.sender.call{value: amount}("");
        if (!sent) revert MockWETH_TransferFailed(msg.sender, amount);
        emit Withdrawal(msg.sender, amount);
    }
}
