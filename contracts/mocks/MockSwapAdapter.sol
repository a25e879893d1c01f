// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ISwapAdapter} from "../../interfaces/ISwapAdapter.sol";

/// @notice Sells from its own stock at a set price: the cheapest swap there can be, for gas measurements. It can be set to
/// cheat, for tests of those who trade through it.
contract MockSwapAdapter is ISwapAdapter {
    using SafeTransferLib for address;

    /// HONEST: none. KEEP_INPUT: takes all of the input, sends nothing. UNDER_DELIVER: sends a tenth less than it says.
    /// KEEP_CHANGE: exact output spends what it says, and keeps the rest as well.
    enum Dishonesty {
        HONEST,
        KEEP_INPUT,
        UNDER_DELIVER,
        KEEP_CHANGE
    }

    struct Quote {
        // units of tokenOut for 1e18 units of tokenIn
        uint240 price;
        Dishonesty dishonesty;
    }

    mapping(address tokenIn => mapping(address tokenOut => Quote)) private _quotes;

    error MockSwapAdapter_NoPrice(address tokenIn, address tokenOut);

    /// @notice Sets the price of a pair in one direction; anybody may call.
    /// @param price smallest units of tokenOut for 1e18 smallest units of tokenIn
    function setPrice(address tokenIn, address tokenOut, uint240 price) external {
        _quotes[tokenIn][tokenOut].price = price;
    }

    /// @notice Makes the adapter cheat on a pair in one direction; anybody may call.
    function setDishonesty(address tokenIn, address tokenOut, Dishonesty dishonesty) external {
        _quotes[tokenIn][tokenOut].dishonesty = dishonesty;
    }

    /// @inheritdoc ISwapAdapter
    function swapExactIn(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        bytes calldata
    ) external returns (uint256 amountOut) {
        Quote memory quote = _quote(tokenIn, tokenOut);
        amountOut = (amountIn * quote.price) / 1e18;
        if (amountOut < minOut) revert SwapAdapter_OutputTooSmall(amountOut, minOut);
        _deliver(tokenOut, amountOut, quote.dishonesty);
    }

    /// @inheritdoc ISwapAdapter
    function swapExactOut(
        address tokenIn,
        address tokenOut,
        uint256 maxIn,
        uint256 amountOut,
        bytes calldata
    ) external returns (uint256 amountIn) {
        Quote memory quote = _quote(tokenIn, tokenOut);
        amountIn = (amountOut * 1e18 + quote.price - 1) / quote.price;
        if (amountIn > maxIn) revert SwapAdapter_InputTooLarge(amountIn, maxIn);
        if (
            amountIn < maxIn &&
            (quote.dishonesty == Dishonesty.HONEST || quote.dishonesty == Dishonesty.UNDER_DELIVER)
        ) {
            tokenIn.safeTransfer(msg.sender, maxIn - amountIn);
        }
        _deliver(tokenOut, amountOut, quote.dishonesty);
    }

    function _deliver(address tokenOut, uint256 amount, Dishonesty dishonesty) private {
        if (dishonesty == Dishonesty.KEEP_INPUT) return;
        tokenOut.safeTransfer(
            msg.sender,
            dishonesty == Dishonesty.UNDER_DELIVER ? amount - amount / 10 : amount
        );
    }

    function _quote(address tokenIn, address tokenOut) private view returns (Quote memory quote) {
        quote = _quotes[tokenIn][tokenOut];
        if (quote.price == 0) revert MockSwapAdapter_NoPrice(tokenIn, tokenOut);
    }
}
