// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice A stateless adapter through which an account trades. The caller sends the input to the adapter first, calls
/// it in the same transaction, and measures itself what it spent and received: nothing that an adapter returns is
/// trusted. An adapter keeps no balance between calls; tokens that a stranger leaves in one belong to whoever takes
/// them, and are never part of a trade.
interface ISwapAdapter {
    error SwapAdapter_RouteMalformed(uint256 length);
    error SwapAdapter_RouteEnds(address tokenIn, address tokenOut, address routeStart, address routeEnd);
    error SwapAdapter_OutputTooSmall(uint256 amountOut, uint256 minOut);
    error SwapAdapter_InputTooLarge(uint256 amountIn, uint256 maxIn);

    /// @notice Sells `amountIn`, which the caller has sent before. The output arrives at the caller. Input that the
    /// market does not take (it ran out of liquidity) goes back to the caller.
    /// @param amountIn {tokenIn}
    /// @param minOut least output, or it reverts with `SwapAdapter_OutputTooSmall` {tokenOut}
    /// @param route the adapter's own encoding
    /// @return amountOut what was sent to the caller, before any fee that tokenOut itself takes {tokenOut}
    function swapExactIn(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        bytes calldata route
    ) external returns (uint256 amountOut);

    /// @notice Buys exactly `amountOut` for at most `maxIn`, which the caller has sent before. The output arrives at
    /// the caller, and so does the input that is left over.
    /// @param maxIn most input, or it reverts with `SwapAdapter_InputTooLarge` {tokenIn}
    /// @param amountOut {tokenOut}
    /// @param route the adapter's own encoding, in the order of the trade: tokenIn first
    /// @return amountIn input spent {tokenIn}
    function swapExactOut(
        address tokenIn,
        address tokenOut,
        uint256 maxIn,
        uint256 amountOut,
        bytes calldata route
    ) external returns (uint256 amountIn);
}
