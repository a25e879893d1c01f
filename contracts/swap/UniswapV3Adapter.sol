// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IUniswapV3SwapCallback} from "@uniswap/v3-core/contracts/interfaces/callback/IUniswapV3SwapCallback.sol";
import {IUniswapV3PoolActions} from "@uniswap/v3-core/contracts/interfaces/pool/IUniswapV3PoolActions.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ISwapAdapter} from "../../interfaces/ISwapAdapter.sol";
import {IUniswapV3Adapter} from "../../interfaces/IUniswapV3Adapter.sol";

/// @notice Talks to the pools directly: no allowance, and no router between (one transfer of the input less).
/// @dev The pool that is being called is in transient storage. Only it may ask for payment, and while it is there
/// nobody can start another swap: a token's callback finds neither the input nor the change to take.
contract UniswapV3Adapter is IUniswapV3Adapter, IUniswapV3SwapCallback {
    using SafeTransferLib for address;

    uint256 private constant TOKEN_BYTES = 20;
    uint256 private constant HOP_BYTES = 23;
    // One unit inside TickMath.MIN_SQRT_RATIO and MAX_SQRT_RATIO: the pools' own bounds, in effect no limit.
    uint160 private constant LOWEST_SQRT_PRICE = 4295128740;
    uint160 private constant HIGHEST_SQRT_PRICE = 1461446703485210103287273052203988822378723970341;

    /// @inheritdoc IUniswapV3Adapter
    address public immutable factory;
    /// @inheritdoc IUniswapV3Adapter
    bytes32 public immutable poolInitCodeHash;

    /// @dev The pool that may ask for payment; zero outside a swap.
    address private transient _pool;
    /// @dev What may still be paid in this swap, or in this hop of an exact input {token of the hop}
    uint256 private transient _budget;

    constructor(address factory_, bytes32 poolInitCodeHash_) {
        factory = factory_;
        poolInitCodeHash = poolInitCodeHash_;
    }

    /// @inheritdoc ISwapAdapter
    function swapExactIn(
        address tokenIn,
        address tokenOut,
        uint256 amountIn,
        uint256 minOut,
        bytes calldata route
    ) external returns (uint256 amountOut) {
        _open(tokenIn, tokenOut, route);
        uint256 unspent;
        uint256 end = route.length - TOKEN_BYTES;
        amountOut = amountIn;
        for (uint256 offset = 0; offset < end; offset += HOP_BYTES) {
            uint256 amount = amountOut;
            bytes calldata hop = route[offset:offset + HOP_BYTES + TOKEN_BYTES];
            _budget = amount;
            amountOut = _swap(
                hop,
                _signed(amount),
                offset + HOP_BYTES == end ? msg.sender : address(this),
                hop[:TOKEN_BYTES]
            );
            uint256 left = _budget;
            if (left != 0) {
                // Of a token in the middle of the route nothing may stay: it is neither the caller's input nor output.
                if (offset != 0) revert UniswapV3Adapter_PartialFill(_tokenAt(hop, 0), amount, amount - left);
                unspent = left;
            }
        }
        if (amountOut < minOut) revert SwapAdapter_OutputTooSmall(amountOut, minOut);
        _close(tokenIn, unspent);
    }

    /// @inheritdoc ISwapAdapter
    function swapExactOut(
        address tokenIn,
        address tokenOut,
        uint256 maxIn,
        uint256 amountOut,
        bytes calldata route
    ) external returns (uint256 amountIn) {
        _open(tokenIn, tokenOut, route);
        _budget = maxIn;
        _buy(route, amountOut, msg.sender);
        uint256 unspent = _budget;
        amountIn = maxIn - unspent;
        _close(tokenIn, unspent);
    }

    /// @notice Pays the pool that is being swapped on.
    /// @param amount0Delta what the pool is owed of its token0, if above zero
    /// @param amount1Delta what the pool is owed of its token1, if above zero
    /// @param route what is left of the route; its last token is the one owed. One token alone is paid from what
    /// the caller sent, a longer route buys it first.
    function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes calldata route) external {
        if (msg.sender != _pool) revert UniswapV3Adapter_NotThePool(msg.sender, _pool);
        uint256 owed = uint256(amount0Delta > 0 ? amount0Delta : amount1Delta);
        if (route.length > TOKEN_BYTES) {
            _buy(route, owed, msg.sender);
        } else {
            uint256 budget = _budget;
            if (owed > budget) revert SwapAdapter_InputTooLarge(owed, budget);
            unchecked {
                _budget = budget - owed;
            }
            _tokenAt(route, 0).safeTransfer(msg.sender, owed);
        }
    }

    /// @inheritdoc IUniswapV3Adapter
    function poolFor(address tokenA, address tokenB, uint24 fee) public view returns (address) {
        (address token0, address token1) = tokenA < tokenB ? (tokenA, tokenB) : (tokenB, tokenA);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        return
            address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", factory, salt, poolInitCodeHash)))));
    }

    function _open(address tokenIn, address tokenOut, bytes calldata route) private view {
        if (_pool != address(0)) revert UniswapV3Adapter_Reentered(msg.sender);
        uint256 length = route.length;
        if (length < HOP_BYTES + TOKEN_BYTES || length % HOP_BYTES != TOKEN_BYTES) {
            revert SwapAdapter_RouteMalformed(length);
        }
        address start = _tokenAt(route, 0);
        address end = _tokenAt(route, length - TOKEN_BYTES);
        if (start != tokenIn || end != tokenOut) revert SwapAdapter_RouteEnds(tokenIn, tokenOut, start, end);
    }

    function _close(address tokenIn, uint256 unspent) private {
        // The lock outlasts the transfer: a callback of tokenIn cannot reenter.
        if (unspent != 0) tokenIn.safeTransfer(msg.sender, unspent);
        _pool = address(0);
    }

    /// @dev Buys the last token of `route` on its last pool, which in its callback is paid by buying on the one before.
    function _buy(bytes calldata route, uint256 amount, address recipient) private {
        uint256 paidIn = route.length - HOP_BYTES;
        bytes calldata hop = route[paidIn - TOKEN_BYTES:];
        uint256 bought = _swap(hop, -_signed(amount), recipient, route[:paidIn]);
        if (bought < amount) revert SwapAdapter_OutputTooSmall(bought, amount);
    }

    /// @dev Swaps on the one pool of `hop`. `amount` above zero is sold, below zero bought, as in Uniswap.
    /// @return amountOut what the pool sent to `recipient`
    function _swap(
        bytes calldata hop,
        int256 amount,
        address recipient,
        bytes calldata callbackRoute
    ) private returns (uint256 amountOut) {
        address tokenIn = _tokenAt(hop, 0);
        address tokenOut = _tokenAt(hop, HOP_BYTES);
        uint24 fee = uint24(bytes3(hop[TOKEN_BYTES:HOP_BYTES]));
        address pool = poolFor(tokenIn, tokenOut, fee);
        if (pool.code.length == 0) revert UniswapV3Adapter_PoolMissing(tokenIn, tokenOut, fee);
        _pool = pool;
        bool zeroForOne = tokenIn < tokenOut;
        (int256 amount0, int256 amount1) = IUniswapV3PoolActions(pool).swap(
            recipient,
            zeroForOne,
            amount,
            zeroForOne ? LOWEST_SQRT_PRICE : HIGHEST_SQRT_PRICE,
            callbackRoute
        );
        // The pool counts what it sends as negative. It never sends more than was asked for.
        amountOut = uint256(-(zeroForOne ? amount1 : amount0));
    }

    function _signed(uint256 amount) private pure returns (int256) {
        if (amount > uint256(type(int256).max)) revert UniswapV3Adapter_AmountOutOfRange(amount);
        return int256(amount);
    }

    function _tokenAt(bytes calldata route, uint256 offset) private pure returns (address) {
        return address(bytes20(route[offset:offset + TOKEN_BYTES]));
    }
}
