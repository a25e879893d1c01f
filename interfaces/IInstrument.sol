// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, PriceStatus} from "./Types.sol";

/// @notice One point at which a holding is valued, in one word: relative move of an underlying's price (-0.2e18 is a fall by a
/// fifth) in the upper 96 bits, of its implied volatility in the next 96, in the lowest 64 the share of the change that
/// counts: all of it, or less at a point beyond the shock.
type Scenario is uint256;

using ScenarioLib for Scenario global;

/// @notice Packing of scenarios.
library ScenarioLib {
    function pack(
        int256 spotShockWad_,
        int256 volatilityShockWad_,
        uint256 weightWad_
    ) internal pure returns (Scenario) {
        uint256 volatility = uint256(volatilityShockWad_ << 160) >> 96;
        return Scenario.wrap(uint256(spotShockWad_ << 160) | volatility | weightWad_);
    }

    function spotShockWad(Scenario self) internal pure returns (int256) {
        return int256(Scenario.unwrap(self)) >> 160;
    }

    function volatilityShockWad(Scenario self) internal pure returns (int256) {
        return int256(Scenario.unwrap(self) << 96) >> 160;
    }

    function weightWad(Scenario self) internal pure returns (uint256) {
        return uint64(Scenario.unwrap(self));
    }
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
/// @param changesWad weighted change of the whole holding under each scenario {USD}; empty where it is linear in all of its
/// underlyings, and not looked at for those in which it is, since exposure times shock says the same
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
    /// @return curved bitmap of those, by position, in which its value is not linear
    function underlyings() external view returns (uint256[] memory ids, uint256 curved);

    /// @notice All that risk asks of an account's holding, at once.
    /// @param scenarios of each of `underlyings()` in turn, while the others keep their price: the two end points, the fall
    /// first, or, where it is curved, the grid of `ScenarioGrid` or two named points of it. The move is from the requirement
    /// price
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
