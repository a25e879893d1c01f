// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The part of a Uniswap v3 pool that a price source reads, with accumulators set by anybody.
contract MockV3Pool {
    address public immutable token0;
    address public immutable token1;

    int56[2] private _tickCumulatives;
    uint160[2] private _secondsPerLiquidityX128s;
    bool private _tooShort;

    // The pool's own text.
    // solhint-disable-next-line gas-custom-errors
    string private constant HISTORY_TOO_SHORT = "OLD";

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    /// @notice Accumulators at the window's start and now.
    function setAccumulators(
        int56[2] calldata tickCumulatives,
        uint160[2] calldata secondsPerLiquidityX128s
    ) external {
        _tickCumulatives = tickCumulatives;
        _secondsPerLiquidityX128s = secondsPerLiquidityX128s;
    }

    /// @notice Whether the history is too short for any window.
    function setTooShort(bool tooShort) external {
        _tooShort = tooShort;
    }

    /// @notice As in Uniswap, for a window of any length that ends now.
    function observe(
        uint32[] calldata
    ) external view returns (int56[] memory tickCumulatives, uint160[] memory secondsPerLiquidityX128s) {
        // solhint-disable-next-line gas-custom-errors
        require(!_tooShort, HISTORY_TOO_SHORT);
        tickCumulatives = new int56[](2);
        secondsPerLiquidityX128s = new uint160[](2);
        for (uint256 i = 0; i < 2; i++) {
            tickCumulatives[i] = _tickCumulatives[i];
            secondsPerLiquidityX128s[i] = _secondsPerLiquidityX128s[i];
        }
    }
}
