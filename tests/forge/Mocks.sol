// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "../../interfaces/Types.sol";

/// @notice What the tests call of the mocks in contracts/mocks, and of standards that the interfaces do not repeat.
interface IToken {
    function mint(address to, uint256 amount) external;

    function approve(address spender, uint256 amount) external returns (bool);

    function transfer(address to, uint256 amount) external returns (bool);

    function balanceOf(address owner) external view returns (uint256);

    function totalSupply() external view returns (uint256);
}

interface IShareToken {
    function mint(uint256 shares, address to) external returns (uint256 assets);

    function donate(uint256 assets) external;

    function lose(uint256 assets) external;

    function previewMint(uint256 shares) external view returns (uint256);

    function convertToAssets(uint256 shares) external view returns (uint256);
}

interface IFeed {
    function setAnswer(int256 answer) external;

    function setDead(bool dead) external;

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);

    function getRoundData(uint80 round) external view returns (uint80, int256, uint256, uint256, uint80);
}

interface ISecondSource {
    function set(uint256 answer) external;
}

interface IAdapter {
    function setPrice(address tokenIn, address tokenOut, uint240 price) external;
}

interface IFlashBorrower {
    struct Attempt {
        address target;
        bytes data;
    }

    function setAttempts(Attempt[] calldata attempts) external;

    function attemptSucceeded(uint256 number) external view returns (bool);
}

interface IFund {
    function setSaleDiscount(uint256 discountWad) external;
}

interface IPuppet {
    struct Position {
        int256 valueWad;
        uint256 requirementWad;
        uint8 status;
    }

    struct Call {
        address target;
        bytes data;
    }

    function setPosition(
        AccountId account,
        Position calldata position,
        Position calldata atBatchStart
    ) external;

    function run(Call[] calldata calls) external;
}

/// @notice The ERC-4626 of pools, backstop and virtual AMM.
interface IShares {
    function deposit(uint256 assets, address to) external returns (uint256 shares);

    function mint(uint256 shares, address to) external returns (uint256 assets);

    function withdraw(uint256 assets, address to, address owner) external returns (uint256 shares);

    function redeem(uint256 shares, address to, address owner) external returns (uint256 assets);

    function transfer(address to, uint256 shares) external returns (bool);

    function balanceOf(address owner) external view returns (uint256);

    function totalSupply() external view returns (uint256);

    function totalAssets() external view returns (uint256);

    function previewMint(uint256 shares) external view returns (uint256);

    function previewRedeem(uint256 shares) external view returns (uint256);

    function maxWithdraw(address owner) external view returns (uint256);

    function flashLoan(
        address receiver,
        address token,
        uint256 amount,
        bytes calldata data
    ) external returns (bool);
}
