// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {PriceStatus} from "./Types.sol";

/// @notice Realised variance per year of each underlying: a mean of squared logarithmic returns of the oracle's price
/// that forgets exponentially, from observations that anybody makes.
///
/// An observation after `dt` seconds with return `r` (in size at most `maxReturn`) makes of variance `v`
///
///     v' = (memory * v + r^2 * year) / (memory + dt)
///
/// so an interval weighs dt / (memory + dt), whatever its length. One longer than `longest` weighs as one of `longest` with
/// its mean square per second. A return counts once the price has moved by `leastReturn`, or `longest` after the last
/// one: prints that go to and fro within `leastReturn` add nothing in between.
///
/// VOL-1: no observation raises variance by more than maxReturn^2 * year / memory, or lowers it by more than the share
/// longest / (memory + longest).
interface IRealisedVolatility {
    /// @param memorySeconds time constant of forgetting {s}
    /// @param longestSeconds time after which any return counts
    /// @param leastReturnWad size of a return that counts before
    /// @param maxReturnWad size to which a return is cut
    struct Parameters {
        uint256 memorySeconds;
        uint256 longestSeconds;
        uint256 leastReturnWad;
        uint256 maxReturnWad;
    }

    /// @param varianceWad per year
    /// @param lnPriceWad logarithm of the price in {USD} at the last observation
    /// @param observedAt its time {s}, zero for an underlying that is not known
    struct Estimate {
        uint256 varianceWad;
        int256 lnPriceWad;
        uint256 observedAt;
    }

    event UnderlyingAdded(uint256 indexed underlying, Parameters parameters, uint256 varianceWad);
    event ParametersSet(uint256 indexed underlying, Parameters oldParameters, Parameters newParameters);
    event Observed(uint256 indexed underlying, int256 returnWad, uint256 elapsed, uint256 varianceWad);

    error RealisedVolatility_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error RealisedVolatility_Known(uint256 underlying);
    error RealisedVolatility_UnknownUnderlying(uint256 underlying);
    error RealisedVolatility_TooEarly(uint256 underlying, uint256 earliest);
    error RealisedVolatility_PriceNotFresh(uint256 underlying, PriceStatus status);
    /// @notice The price has not moved enough to count yet.
    error RealisedVolatility_TooSmall(
        uint256 underlying,
        uint256 returnWad,
        uint256 leastWad,
        uint256 countsFrom
    );

    // --- anybody ---

    /// @notice Observes the price now. At most once a minute; not while the price is not fresh, nor while its return
    /// does not count.
    /// @return varianceWad new estimate per year
    function poke(uint256 underlying) external returns (uint256 varianceWad);

    // --- owner ---

    /// @notice Begins with an underlying, at the price now, which must be fresh.
    /// @param varianceWad first estimate per year
    function addUnderlying(uint256 underlying, Parameters calldata parameters_, uint256 varianceWad) external;

    /// @notice New parameters; the estimate stays.
    function setParameters(uint256 underlying, Parameters calldata parameters_) external;

    // --- views ---

    /// @notice Whether `poke` would be accepted now.
    function isDue(uint256 underlying) external view returns (bool);

    function estimate(uint256 underlying) external view returns (Estimate memory);

    /// @notice Square root of the variance per year, rounded up, and how old the last observation is: STALE after twice
    /// `longest`, NONE for an underlying that is not known.
    function volatility(uint256 underlying) external view returns (uint256 volatilityWad, PriceStatus status);

    /// @notice Zeros for an underlying that is not known.
    function parameters(uint256 underlying) external view returns (Parameters memory);

    /// @notice The most by which one observation raises the variance per year and the volatility.
    function largestRise(
        uint256 underlying
    ) external view returns (uint256 varianceWad, uint256 volatilityWad);

    function engine() external view returns (address);
}
