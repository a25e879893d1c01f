// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, Holding} from "./Types.sol";

/// @notice Says what a takeover moves and costs; flags and resolves shortfalls. Holds nothing.
interface ILiquidationEngine {
    /// @notice What the vault hands over about the account.
    /// @param scenario points by which an account is judged that is margined as a portfolio (see `IRiskEngine.weigh`); zero:
    /// the whole grid
    struct Takeover {
        AccountId account;
        Holding[] holdings;
        address[] instruments;
        uint256 scenario;
        uint256 fractionWad;
        uint256 excludedAssets;
        uint256 excludedInstruments;
    }

    /// @notice What the vault then does, in this order: write-offs, moves, payments.
    /// @param fractionWad fraction taken over
    /// @param moved amounts that move to the taker, in the order of the holdings (0 for what stays, debt after its
    /// write-off) {tok}
    /// @param salvaged true: what was excluded goes to the backstop's account (the account loses everything)
    /// @param writeOffs debt given up by the pools, in the order of the holdings; empty unless insolvent {tok}
    /// @param absorbs deficit left to each instrument; empty unless insolvent {USD}
    /// @param payment settlement tokens from taker to account
    /// @param backstopFee settlement tokens from taker to backstop
    /// @param topUp settlement tokens from backstop to taker
    /// @param insolvent the account's equity at the favourable edges is below zero
    /// @param equity account's equity at the exchange price {USD}
    /// @param requirement maintenance requirement {USD}
    struct Plan {
        uint256 fractionWad;
        Holding[] moved;
        bool salvaged;
        uint256[] writeOffs;
        uint256[] absorbs;
        uint256 payment;
        uint256 backstopFee;
        uint256 topUp;
        bool insolvent;
        int256 equity;
        uint256 requirement;
    }

    event AccountFlagged(AccountId indexed account, uint256 shortfallWad, uint256 backstopPart);
    event AccountUnflagged(AccountId indexed account);
    /// @param covered settlement tokens that the backstop paid; the vault reports each debt written off
    event AccountWrittenOff(AccountId indexed account, uint256 covered);

    error LiquidationEngine_NotVault(address caller);
    error LiquidationEngine_Healthy(AccountId account, int256 favourableEquity, uint256 requirement);
    error LiquidationEngine_Solvent(AccountId account, int256 favourableEquity);
    error LiquidationEngine_StillInsolvent(AccountId account, int256 favourableEquity);
    error LiquidationEngine_NotFlagged(AccountId account);
    error LiquidationEngine_NothingToTake(AccountId account);
    error LiquidationEngine_MustTakeAll(AccountId account);
    /// @notice Of an account that is margined as a portfolio every holding hedges another: nothing can be left out.
    error LiquidationEngine_Portfolio(AccountId account);
    error LiquidationEngine_HealthWouldFall(AccountId account, uint256 equityAfter, uint256 requirementAfter);
    error LiquidationEngine_SettlementUnpriced();
    /// @notice While sources disagree, what was not excluded would have another price on its own.
    error LiquidationEngine_PriceInDoubt(AccountId account);
    error LiquidationEngine_HoldsAssets(AccountId account);
    error LiquidationEngine_TakerNeeded(AccountId account, address token);
    error LiquidationEngine_SequencerGrace(uint256 until);
    /// @notice An instrument took a hedge from the account (`IInstrument.graceUntil`); an insolvent account has no grace.
    error LiquidationEngine_HedgeGrace(AccountId account, uint256 until);

    /// @notice Sizes and prices a takeover. Reverts when the account is healthy at its favourable edge (LIQ-3).
    function plan(Takeover calldata takeover) external view returns (Plan memory);

    /// @notice Clears the flags of an account whose shortfall has been resolved. Vault only.
    function resolved(AccountId account) external;

    /// @notice Has exits from the account's creditor pools and the backstop priced net of its shortfall. Anybody.
    /// Flagging again updates the amounts.
    function flag(AccountId account) external;

    /// @notice Takes the flag off an account that is no longer insolvent. Anybody.
    function unflag(AccountId account) external;

    /// @notice Writes off an account that holds nothing but debt: the backstop pays the settlement-asset debt it can,
    /// lenders bear the rest. Anybody. A debt in another asset needs a taker while the backstop has funds.
    function writeOff(AccountId account) external;

    function premiumWad(uint256 healthWad) external view returns (uint256);

    function isFlagged(AccountId account) external view returns (bool);
}
