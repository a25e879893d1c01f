// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IUniswapV3PoolDerivedState} from "@uniswap/v3-core/contracts/interfaces/pool/IUniswapV3PoolDerivedState.sol";
import {IUniswapV3PoolImmutables} from "@uniswap/v3-core/contracts/interfaces/pool/IUniswapV3PoolImmutables.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {AggregatorV3Interface, IPriceSource} from "../../interfaces/IPriceSource.sol";
import {ChainlinkFeed} from "./ChainlinkFeed.sol";

/// @notice Time-weighted geometric mean price of a Uniswap v3 pool's token over a short window, in dollars.
/// @dev A swap moves the mean only by the time for which it moves the pool, so that what is pushed and pushed back
/// in one block moves it by nothing. The pool must be a genuine one, and needs room for one observation per second of
/// the window (or per block, where blocks are rarer): with fewer, a swap in every window silences the source.
/// Reverts only when it is not given enough gas to ask.
contract UniswapV3TwapSource is IPriceSource {
    uint256 private constant MIN_WINDOW = 60;
    uint256 private constant MAX_WINDOW = 300;
    uint256 private constant MAX_TOKEN_DECIMALS = 27;
    uint256 private constant MAX_FEED_DECIMALS = 18;
    uint256 private constant MAX_HEARTBEAT = 7 days;
    uint256 private constant WAD_DECIMALS = 18;

    /// @dev Gas for the pool's answer. Searching 65,535 observations takes 17 steps of one cold slot each.
    uint256 private constant OBSERVE_GAS = 200_000;
    /// @dev Gas that must be left for all of it to reach the pool, as in ChainlinkFeed.
    uint256 private constant OBSERVE_GAS_NEEDED = 208_000;

    address public immutable pool;
    address public immutable baseToken;
    /// @notice {s}, 60 to 300.
    uint256 public immutable window;
    /// @notice Dollar price of the quote token; zero: one quote token is one dollar.
    address public immutable quoteAggregator;
    /// @notice An answer of the quote token's feed older than this is none {s}, 1 to 7 days; zero without a feed.
    uint256 public immutable quoteHeartbeat;
    /// @notice Harmonic mean of the in-range liquidity over the window below which the source is silent {Uniswap L}.
    uint256 public immutable minLiquidity;

    bool private immutable _baseIsToken0;
    /// @dev priceWad = 1.0001**tick * quote answer * _scaleUp / _scaleDown; one of them is 1, both at most 1e45.
    uint256 private immutable _scaleUp;
    uint256 private immutable _scaleDown;

    error UniswapV3TwapSource_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error UniswapV3TwapSource_TokenNotInPool(address pool, address token);

    /// @notice The pool gave no answer and was not offered its full gas: the caller's fault, not the pool's.
    error UniswapV3TwapSource_OutOfGas();

    constructor(
        address pool_,
        address baseToken_,
        uint256 window_,
        address quoteAggregator_,
        uint256 quoteHeartbeat_,
        uint128 minLiquidity_
    ) {
        _requireInRange("window", window_, MIN_WINDOW, MAX_WINDOW);
        bool hasFeed = quoteAggregator_ != address(0);
        _requireInRange("quoteHeartbeat", quoteHeartbeat_, hasFeed ? 1 : 0, hasFeed ? MAX_HEARTBEAT : 0);
        address token0 = IUniswapV3PoolImmutables(pool_).token0();
        address token1 = IUniswapV3PoolImmutables(pool_).token1();
        if (baseToken_ != token0 && baseToken_ != token1) {
            revert UniswapV3TwapSource_TokenNotInPool(pool_, baseToken_);
        }
        uint256 baseDecimals = IERC20Metadata(baseToken_).decimals();
        uint256 quoteDecimals = IERC20Metadata(baseToken_ == token0 ? token1 : token0).decimals();
        uint256 feedDecimals = hasFeed ? AggregatorV3Interface(quoteAggregator_).decimals() : 0;
        _requireInRange("baseDecimals", baseDecimals, 0, MAX_TOKEN_DECIMALS);
        _requireInRange("quoteDecimals", quoteDecimals, 0, MAX_TOKEN_DECIMALS);
        _requireInRange("feedDecimals", feedDecimals, 0, MAX_FEED_DECIMALS);

        pool = pool_;
        baseToken = baseToken_;
        window = window_;
        quoteAggregator = quoteAggregator_;
        quoteHeartbeat = quoteHeartbeat_;
        minLiquidity = minLiquidity_;
        _baseIsToken0 = baseToken_ == token0;
        // 1.0001**tick is smallest units of quote for one smallest unit of base.
        uint256 up = WAD_DECIMALS + baseDecimals;
        uint256 down = quoteDecimals + feedDecimals;
        _scaleUp = up > down ? 10 ** (up - down) : 1;
        _scaleDown = down > up ? 10 ** (down - up) : 1;
    }

    /// @inheritdoc IPriceSource
    function priceWad() external view returns (uint256) {
        uint256 quoteAnswer = 1;
        if (quoteAggregator != address(0)) {
            uint256 updatedAt;
            (quoteAnswer, updatedAt) = ChainlinkFeed.read(quoteAggregator);
            if (block.timestamp - updatedAt > quoteHeartbeat) return 0;
        }
        (bool answered, int256 tick) = _meanTickDown();
        if (!answered) return 0;
        return _priceDown(_baseIsToken0 ? tick : -tick, quoteAnswer);
    }

    /// @dev Arithmetic mean of the pool's tick over the window, rounded towards negative infinity.
    function _meanTickDown() private view returns (bool answered, int256 tick) {
        uint32[] memory secondsAgos = new uint32[](2);
        secondsAgos[0] = uint32(window);
        uint256 gasBefore = gasleft();
        try IUniswapV3PoolDerivedState(pool).observe{gas: OBSERVE_GAS}(secondsAgos) returns (
            int56[] memory tickCumulatives,
            uint160[] memory secondsPerLiquidityX128s
        ) {
            // The pool's accumulators wrap, their differences are right all the same.
            unchecked {
                uint256 secondsPerLiquidityX128 = secondsPerLiquidityX128s[1] - secondsPerLiquidityX128s[0];
                // Every second adds at least 1, because liquidity is below 2**128; this guards the division.
                if (secondsPerLiquidityX128 == 0) return (false, 0);
                if ((window << 128) / secondsPerLiquidityX128 < minLiquidity) return (false, 0);
                int256 change = tickCumulatives[1] - tickCumulatives[0];
                int256 span = int256(window);
                tick = change / span;
                if (change % span < 0) tick--;
                return (tick >= TickMath.MIN_TICK && tick <= TickMath.MAX_TICK, tick);
            }
        } catch {
            if (gasBefore < OBSERVE_GAS_NEEDED) revert UniswapV3TwapSource_OutOfGas();
        }
    }

    /// @dev 1.0001**tick * quoteAnswer in dollars, rounded down; zero when it is too large to be a price.
    /// The root is taken at |tick|, where it is above 2**96, so that it has all its digits; its square is kept with 128
    /// binary places and is in [2**128, 2**256). A negative tick divides by it.
    function _priceDown(int256 tick, uint256 quoteAnswer) private view returns (uint256) {
        uint256 root = TickMath.getSqrtPriceAtTick(int24(tick < 0 ? -tick : tick));
        uint256 squareX128 = Math.mulDiv(root, root, 1 << 64);
        // Where a product saturates, so does the price: the numerator only with _scaleDown 1, and then the price is 2**128
        // or more; the denominator only with _scaleUp 1, and then it is below 1.
        uint256 numerator = Math.saturatingMul(quoteAnswer, _scaleUp);
        uint256 denominator = Math.saturatingMul(tick < 0 ? squareX128 : 1 << 128, _scaleDown);
        uint256 factor = tick < 0 ? 1 << 128 : squareX128;
        (uint256 high, ) = Math.mul512(factor, numerator);
        if (high >= denominator) return 0;
        uint256 price = Math.mulDiv(factor, numerator, denominator);
        return price > ChainlinkFeed.MAX_ANSWER ? 0 : price;
    }

    function _requireInRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert UniswapV3TwapSource_OutOfRange(parameter, value, min, max);
    }
}
