// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {ISwapAdapter} from "./ISwapAdapter.sol";

/// @notice Trades on Uniswap v3 pools, one or several in a row.
/// Route, packed, in the order of the trade for both directions:
/// `token (20 bytes) | fee in hundredths of a bip (3 bytes) | token (20 bytes) [| fee | token ...]`.
/// The first token is tokenIn, the last one tokenOut.
/// There is no price limit beyond `minOut` and `maxIn`. A first pool that runs out of liquidity leaves input over,
/// which goes back to the caller; one further down the route reverts with `UniswapV3Adapter_PartialFill`.
/// Tokens that take a fee on transfer cannot be sold: the pool refuses what arrives short.
interface IUniswapV3Adapter is ISwapAdapter {
    error UniswapV3Adapter_NotThePool(address caller, address pool);
    error UniswapV3Adapter_Reentered(address caller);
    error UniswapV3Adapter_PoolMissing(address tokenA, address tokenB, uint24 fee);
    error UniswapV3Adapter_PartialFill(address token, uint256 amount, uint256 filled);
    error UniswapV3Adapter_AmountOutOfRange(uint256 amount);

    /// @notice The factory whose pools are traded on.
    function factory() external view returns (address);

    /// @notice Hash of the pools' creation code, from which their addresses follow.
    function poolInitCodeHash() external view returns (bytes32);

    /// @notice Address of the pool of two tokens, in any order, whether it exists or not.
    function poolFor(address tokenA, address tokenB, uint24 fee) external view returns (address);
}
