// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice How an account's worth moves, over everything it holds: tokens, debts, perpetuals, options. No state, no owner.
interface IGreeksLens {
    /// @notice What moves with one underlying, unsettled profit and loss included.
    /// @param underlying id in the risk book
    /// @param priceWad middle price now {USD}
    /// @param deltaWad change of worth per dollar of the price {units}
    /// @param gammaWad change of delta per dollar of the price {units per USD}
    /// @param vegaWad change of worth per 1.00 of volatility {USD}
    /// @param thetaPerDayWad change of worth in a day {USD}
    struct Greeks {
        uint256 underlying;
        uint256 priceWad;
        int256 deltaWad;
        int256 gammaWad;
        int256 vegaWad;
        int256 thetaPerDayWad;
    }

    /// @notice Of each underlying that the account's worth moves with, ascending by id; one without a price is left out. Interest
    /// and funding are no theta. Reverts with `Vault_Locked` while an operation of the vault is half-done.
    function accountGreeks(AccountId account) external view returns (Greeks[] memory);
}
