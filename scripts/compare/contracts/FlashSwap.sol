// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

interface IToken {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address holder) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function transferFrom(address from, address to, uint256 amount) external returns (bool);
}

interface IUniswapPool {
    function token0() external view returns (address);
    function swap(
        address recipient,
        bool zeroForOne,
        int256 amount,
        uint160 limit,
        bytes calldata data
    ) external returns (int256 amount0, int256 amount1);
}

/// @notice Opens and closes a leveraged position at a lender in one Uniswap v3 swap: the pool sends what was bought first
/// and is paid in its callback, so no flash loan is needed. Heirs say what is done in between.
/// @dev For measurements on a local chain: slippage is not bounded.
abstract contract FlashSwap {
    uint160 private constant LOWEST_SQRT_PRICE = 4295128740;
    uint160 private constant HIGHEST_SQRT_PRICE = 1461446703485210103287273052203988822378723970341;

    IUniswapPool internal immutable _UNISWAP;
    IToken internal immutable _COLLATERAL;
    IToken internal immutable _DEBT;
    bool private immutable _DEBT_IS_FIRST;

    error FlashSwap_NotThePool(address caller);

    constructor(IUniswapPool uniswap, IToken collateral, IToken debt) {
        _UNISWAP = uniswap;
        _COLLATERAL = collateral;
        _DEBT = debt;
        _DEBT_IS_FIRST = uniswap.token0() == address(debt);
    }

    /// @notice Buys collateral with `borrowed`, which the caller then owes, and adds his margin.
    function open(uint256 margin, uint256 borrowed) external {
        _COLLATERAL.transferFrom(msg.sender, address(this), margin);
        _swap(_DEBT_IS_FIRST, int256(borrowed), abi.encode(msg.sender, margin));
    }

    /// @notice Buys the caller's whole debt back and leaves him the collateral that was not needed for it.
    function close() external {
        _swap(!_DEBT_IS_FIRST, -int256(_debtOf(msg.sender)), abi.encode(msg.sender, 0));
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata data) external {
        if (msg.sender != address(_UNISWAP)) revert FlashSwap_NotThePool(msg.sender);
        (address owner, uint256 margin) = abi.decode(data, (address, uint256));
        (uint256 owed, uint256 bought) = amount0 > 0
            ? (uint256(amount0), uint256(-amount1))
            : (uint256(amount1), uint256(-amount0));
        if (margin != 0) _opened(owner, margin + bought, owed);
        else _closed(owner, bought, owed);
    }

    function _swap(bool zeroForOne, int256 amount, bytes memory data) private {
        _UNISWAP.swap(
            address(this),
            zeroForOne,
            amount,
            zeroForOne ? LOWEST_SQRT_PRICE : HIGHEST_SQRT_PRICE,
            data
        );
    }

    /// @dev The collateral is here; the pool is owed the debt asset.
    function _opened(address owner, uint256 collateral, uint256 owed) internal virtual;

    /// @dev What repays the debt is here; the pool is owed collateral.
    function _closed(address owner, uint256 debt, uint256 owed) internal virtual;

    function _debtOf(address owner) internal virtual returns (uint256);
}
