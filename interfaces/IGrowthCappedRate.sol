// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IRateSource} from "./IPriceSource.sol";

/// @notice A rate read from a token or vault that may rise only so fast, and fall at once.
///
/// The rate is `min(live, cap)` with `cap = anchor * (1 + ln(1 + g) * min(elapsed, 90 days) / year)`, `g` the largest
/// growth a year and `elapsed` the time since the anchor moved. The anchor moves to `min(live, cap)` at a poke, and as
/// `1 + x <= e**x`, no pattern of pokes lifts it by more than `(1 + g)**years`. A jump of the live rate, by a donation or
/// a flash loan, is worth at most the slack `cap / anchor`, however long nobody pokes.
///
/// A lower live rate is a lower rate in the same block, for a loss is real. The anchor does not follow at once:
/// whoever can dip the live rate for a moment could otherwise have the cap take months to grow back. A poke that
/// sees a live rate below the anchor begins a dip; only if 7 days pass in which every poke saw less than the anchor does
/// the next one lower it, to the highest rate seen in that time. One honest poke in those days undoes a manipulated dip.
interface IGrowthCappedRate is IRateSource {
    /// @notice The anchor moved, up to the capped live rate or, after a lasting dip, down.
    event AnchorMoved(uint256 oldAnchorWad, uint256 newAnchorWad);
    /// @notice A live rate below the anchor was seen; `highestWad` is the highest one since the dip began.
    event DipSeen(uint256 since, uint256 highestWad);
    /// @notice The live rate is back at the anchor.
    event DipEnded(uint256 since);

    error GrowthCappedRate_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    /// @notice The target reverts, or answers nothing, zero or an absurd rate.
    error GrowthCappedRate_TargetNotAnswering(address target);
    /// @notice A poke now would change nothing.
    error GrowthCappedRate_TooEarly(uint256 next);
    /// @notice The target gave no good answer and was not offered its full gas: the caller's fault, not the target's.
    error GrowthCappedRate_OutOfGas();

    /// @notice Moves the anchor to the capped live rate, at most once a day; begins, tracks and ends dips. Anybody.
    /// Reverts when the target does not answer or nothing would change.
    function poke() external;

    /// @notice Contract that is asked.
    function target() external view returns (address);

    /// @notice What it is asked: a selector, and one argument word if the function takes one.
    function query() external view returns (bytes memory);

    /// @notice Answer that means one unit of the underlying for one whole token.
    function answerUnit() external view returns (uint256);

    /// @notice Largest growth a year, as a WAD.
    function maxGrowthPerYearWad() external view returns (uint256);

    /// @notice Rate as the target has it, without the cap, as a WAD; zero when unknown.
    function liveRateWad() external view returns (uint256);

    /// @notice Highest rate that counts now, as a WAD.
    function capWad() external view returns (uint256);

    /// @notice Rate that the cap grows from, as a WAD, and since when.
    function anchor() external view returns (uint256 rateWad, uint256 since);

    /// @notice Highest live rate that a poke saw since the dip began, as a WAD, and when it began; zeros without a dip.
    function dip() external view returns (uint256 highestWad, uint256 since);
}
