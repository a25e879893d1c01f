// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, PriceStatus} from "./Types.sol";

/// @notice One point at which a holding is valued.
/// @param underlying id of the underlying in the risk book
/// @param priceWad price of the underlying before the shock {USD} with 18 decimals
/// @param spotShockWad relative move of the price (-0.2e18 is a fall by a fifth)
/// @param volatilityShockWad relative move of implied volatility
struct Scenario {
    uint256 underlying;
    uint256 priceWad;
    int256 spotShockWad;
    int256 volatilityShockWad;
}

/// @notice Anything an account can hold that is not a token. The risk engine knows instruments by this interface alone.
/// Every function that takes `atBatchStart` answers for the state before the open batch when it is true, so that the
/// vault can tell whether a batch reduced risk; outside a batch both are the same.
interface IInstrument {
    error Instrument_NotVault(address caller);

    /// @notice Ids of the underlyings that a holding in this instrument can move with, ascending.
    function underlyings() external view returns (uint256[] memory ids);

    /// @notice Value of the account's holding, and how it changes under each scenario.
    /// @param scenarios points on one or several underlyings; underlyings not named keep their price
    /// @param pricesWad prices of `underlyings()`, in their order {USD} with 18 decimals
    /// @return valueWad settled value that counts in equity (a loss is negative; unsettled profit is not in it) {USD}
    /// @return creditWad unsettled profit or long-option value after its haircut: covers this instrument's own losses
    /// and requirement only {USD}
    /// @return changesWad change of the holding under each scenario {USD}
    function scenarioValues(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (int256 valueWad, uint256 creditWad, int256[] memory changesWad);

    /// @notice Net exposure: change of value per relative change of each underlying, in the order of `underlyings()`.
    /// @return exposuresWad {USD}; long is positive
    function exposures(
        AccountId account,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (int256[] memory exposuresWad);

    /// @notice Requirement that does not net: unwinding cost, concentration, naked short options.
    /// @return addOnWad {USD}
    function addOn(
        AccountId account,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (uint256 addOnWad);

    /// @notice Worst status of the instrument's own prices (marks, surfaces) that weigh on this account.
    function priceStatus(AccountId account) external view returns (PriceStatus);

    /// @notice Until when the account is not taken over while it is solvent, because deleveraging took a hedge from it
    /// {unix s}; zero for never.
    function graceUntil(AccountId account) external view returns (uint256);

    /// @notice Acts for an account inside a batch. Only the vault calls; it has checked that `caller` may.
    function execute(AccountId account, address caller, bytes calldata data) external returns (bytes memory);

    /// @notice Moves a fraction of everything `from` holds in this instrument to `to`, rounded against `to`.
    /// Only the vault calls.
    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external;

    /// @notice Pays what can be paid between account and instrument, through the vault. Anybody may call.
    /// @return paid settlement tokens that reached the account, negative when they left it {tok}
    function settle(AccountId account) external returns (int256 paid);

    /// @notice Takes a deficit on the other side of the market: unsettled profit first, then deleveraging.
    /// Only the vault calls.
    /// @param deficitWad {USD}
    /// @return absorbedWad {USD}, at most `deficitWad`
    function absorb(AccountId account, uint256 deficitWad) external returns (uint256 absorbedWad);
}
