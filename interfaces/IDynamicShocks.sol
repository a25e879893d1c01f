// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IRiskParameters} from "./IRiskParameters.sol";
import {PriceStatus} from "./Types.sol";

/// @notice Lets shocks follow realised volatility: anybody's `refresh` sets those of an underlying in RiskParameters to
///
///     shock = clamp(multiple * volatility * sqrt(horizon), floor, cap),   the same up and down
///
/// raised where RiskParameters demands more (room for the price's band, initial above what a takeover restores).
/// The initial shock is there at once. The maintenance shock walks up along the rule's ramp and falls at once (GOV-1). While it
/// walks, a new target is taken only where the new walk is at no time below the old one, or where it is not above
/// where the walk stands: no refresh holds a walk up.
interface IDynamicShocks {
    /// @param multipleWad how many standard deviations
    /// @param horizon {s}
    /// @param floorPpm least shock
    /// @param capPpm most
    struct Formula {
        uint256 multipleWad;
        uint256 horizon;
        uint256 floorPpm;
        uint256 capPpm;
    }

    /// @param initial of new risk
    /// @param maintenance of liquidation
    /// @param ramp over which a maintenance shock rises {s}
    /// @param leastChangePpm change, as a share of the shock now, below which a shock stays as it is
    /// @param minInterval seconds between refreshes, unless the initial shock rises
    struct Rule {
        Formula initial;
        Formula maintenance;
        uint256 ramp;
        uint256 leastChangePpm;
        uint256 minInterval;
    }

    event RuleSet(uint256 indexed underlying, Rule oldRule, Rule newRule);
    event RuleRemoved(uint256 indexed underlying, Rule oldRule);
    event ShocksRefreshed(
        uint256 indexed underlying,
        uint256 volatilityWad,
        uint256 initialPpm,
        uint256 maintenancePpm
    );

    error DynamicShocks_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error DynamicShocks_NoRule(uint256 underlying);
    error DynamicShocks_VolatilityNotFresh(uint256 underlying, PriceStatus status);
    error DynamicShocks_NothingToDo(uint256 underlying);
    error DynamicShocks_TooEarly(uint256 underlying, uint256 earliest);

    // --- anybody ---

    /// @notice Sets the shocks that `preview` says. Reverts where there is nothing to change or it is too early.
    function refresh(uint256 underlying) external;

    // --- owner ---

    /// @notice A rule for an underlying.
    function setRule(uint256 underlying, Rule calldata rule_) external;

    /// @notice Shocks follow no more, and stay as they are.
    function removeRule(uint256 underlying) external;

    // --- views ---

    /// @notice Shocks that `refresh` would set now. Reverts where it would for want of a rule or of a fresh volatility.
    /// @return next what it would set
    /// @return due whether it would
    function preview(uint256 underlying) external view returns (IRiskParameters.Shocks memory next, bool due);

    function rule(uint256 underlying) external view returns (Rule memory);

    /// @notice When shocks were refreshed last {s}.
    function refreshedAt(uint256 underlying) external view returns (uint256);

    function riskParameters() external view returns (address);

    function realisedVolatility() external view returns (address);
}
