// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, PriceStatus} from "./Types.sol";

/// @notice Reads option markets for people: chains and Greeks. No state, no owner.
interface IOptionLens {
    /// @param valueWad of one unit, at the index {quote tok per unit}
    /// @param volatilityWad implied, per root of a year; zero after expiry
    /// @param deltaWad change of value per dollar of the index
    /// @param openInterestWad sum of long sizes {units}
    /// @param status of the smile
    struct Row {
        uint256 series;
        uint256 expiry;
        uint256 strikeWad;
        bool call;
        uint256 valueWad;
        uint256 volatilityWad;
        int256 deltaWad;
        uint256 openInterestWad;
        PriceStatus status;
    }

    /// @notice Of all positions of an account in a market; what has expired has delta alone, and none once its price is fixed.
    /// @param deltaWad change of value per dollar of the index {units}
    /// @param gammaWad change of delta per dollar of the index {units per USD}
    /// @param vegaWad change of value per 1.00 of volatility {USD}
    /// @param thetaPerDayWad change of value in a day {USD}
    struct Greeks {
        int256 deltaWad;
        int256 gammaWad;
        int256 vegaWad;
        int256 thetaPerDayWad;
    }

    /// @notice Rows of the series asked for; of `aliveSeries()` page by page it is the whole chain.
    function chain(address market, uint256[] calldata series) external view returns (Row[] memory);

    function accountGreeks(address market, AccountId account) external view returns (Greeks memory);
}
