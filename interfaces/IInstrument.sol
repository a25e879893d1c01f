// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, PriceStatus} from "./Types.sol";

/// @notice One point at which a holding is valued. Of each underlying in turn an instrument gets: two end points, the fall
/// first, or, where it is curved, the grid of `ScenarioGrid`.
/// @param underlying id of the underlying in the risk book; the others keep their price
/// @param priceWad price of the underlying before the shock {USD} with 18 decimals
/// @param spotShockWad relative move of the price (-0.2e18 is a fall by a fifth), at least -1e18
/// @param volatilityShockWad relative move of implied volatility
/// @param weightWad share of the change that counts: all of it, or less at a point beyond the shock
struct Scenario {
    uint256 underlying;
    uint256 priceWad;
    int256 spotShockWad;
    int256 volatilityShockWad;
    uint256 weightWad;
}

/// @notice What an account's holding in an instrument is worth and may lose, as risk sees it.
/// @param status worst status of the instrument's own prices (marks, surfaces) that weigh on this account
/// @param valueWad settled value that counts in equity (a loss is negative; unsettled profit is not in it) {USD}
/// @param creditWad unsettled profit or long-option value after its haircut: covers this instrument's own losses and
/// requirement only {USD}
/// @param haircutWad share of a gain that does not count
/// @param standaloneWad what the positions may lose, each by itself: the sum over positions and underlyings of the worst
/// weighted loss under the scenarios of the underlying {USD}
/// @param addOnWad requirement that does not net: unwinding cost, concentration, naked short options {USD}
/// @param exposuresWad change of value per relative change of each underlying, in the order of `underlyings()` {USD}; long
/// is positive
/// @param changesWad weighted change of the whole holding under each scenario {USD}; empty where it is not curved, since
/// exposure times shock says the same
struct Report {
    PriceStatus status;
    int256 valueWad;
    uint256 creditWad;
    uint256 haircutWad;
    uint256 standaloneWad;
    uint256 addOnWad;
    int256[] exposuresWad;
    int256[] changesWad;
}

/// @notice Anything an account can hold that is not a token. The risk engine knows instruments by this interface alone.
/// What takes `atBatchStart` answers for the state before the open batch when it is true, so that the vault can tell
/// whether a batch reduced risk; outside a batch both are the same.
interface IInstrument {
    error Instrument_NotVault(address caller);

    /// @notice What a holding in this instrument can move with.
    /// @return ids of underlyings, ascending
    /// @return curved whether its value is not linear in their prices
    function underlyings() external view returns (uint256[] memory ids, bool curved);

    /// @notice All that risk asks of an account's holding, at once.
    /// @param scenarios of each of `underlyings()` in turn, as many of each
    /// @param pricesWad prices of `underlyings()`, in their order, for value, credit and exposures {USD} with 18 decimals
    /// @param requirementPricesWad likewise for what is required; others only while the sources of an underlying disagree
    function report(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        uint256[] calldata requirementPricesWad,
        bool atBatchStart
    ) external view returns (Report memory);

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

    /// @notice Pays an account what it has made, as far as there is money for it, before a takeover counts what it has. Takes
    /// nothing from it. Only the vault calls.
    function payProfit(AccountId account) external;

    /// @notice Takes from an account that could not pay its debts what it is still owed, after its takeover: it is for who
    /// insures the market. Only the vault calls.
    function forfeit(AccountId account) external;

    /// @notice Takes a deficit on the other side of the market: unsettled profit first, then deleveraging.
    /// Only the vault calls.
    /// @param deficitWad {USD}
    /// @return absorbedWad {USD}, at most `deficitWad`
    function absorb(AccountId account, uint256 deficitWad) external returns (uint256 absorbedWad);
}
