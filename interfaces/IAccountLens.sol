// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, Assessment} from "./Types.sol";

/// @notice What wallets, keepers and dashboards ask of accounts. Views over vault, pools and risk engine; nothing on chain
/// depends on them. All revert with `Vault_Locked` while an operation of the vault is half-done. Values are in {USD} with
/// 18 decimals, shares and healths as WADs.
interface IAccountLens {
    /// @param amount signed, debt with interest {tok}
    /// @param valueWad at the exchange price
    /// @param requirementWad its part of the maintenance requirement
    struct AssetPosition {
        address token;
        int256 amount;
        int256 valueWad;
        uint256 requirementWad;
    }

    /// @param valueWad settled value, and as much credit as covers a loss
    /// @param requirementWad its part of the maintenance requirement
    struct InstrumentPosition {
        address instrument;
        int256 valueWad;
        uint256 requirementWad;
    }

    /// @param initial as new risk is judged
    /// @param maintenance as liquidation is judged
    /// @param healthWad see `health`
    /// @param healthFactorWad see `healthFactor`
    /// @param riskRaisedAt last block in which the account may have taken on risk (lower 31 bits)
    struct Overview {
        Assessment initial;
        Assessment maintenance;
        uint256 healthWad;
        uint256 healthFactorWad;
        uint256 riskRaisedAt;
        AssetPosition[] assets;
        InstrumentPosition[] instruments;
    }

    /// @notice A change of one balance: positive is deposited (repaying debt first), negative withdrawn (borrowing what
    /// the balance lacks).
    /// @param amount {tok}
    struct Change {
        address token;
        int256 amount;
    }

    /// @param passes equity at the worst edges covers the initial requirement and no price is in doubt, or the account owes
    /// nothing and holds no instruments
    struct Outcome {
        Assessment initial;
        Assessment maintenance;
        uint256 healthWad;
        bool passes;
    }

    error AccountLens_AmountTooLarge(int256 amount);

    /// @notice Equity at the favourable edges over the maintenance requirement; below 1e18 the account may be taken over.
    /// Zero for negative equity; the largest number where nothing is required.
    function health(AccountId account) external view returns (uint256 healthWad);

    function healthMany(AccountId[] calldata accounts) external view returns (uint256[] memory healthsWad);

    /// @notice Weighted collateral over weighted debt, as lending markets show it: what is owned less its requirement (and
    /// the uncertainty in the account's favour), over what is owed plus its requirement. Crosses 1e18 exactly where
    /// `health` does; the largest number without debt.
    function healthFactor(AccountId account) external view returns (uint256 factorWad);

    /// @notice Net worth at the exchange price of liquidation: the middle while the sources agree.
    function equity(AccountId account) external view returns (int256 equityWad);

    function requirements(
        AccountId account
    ) external view returns (uint256 initialWad, uint256 maintenanceWad);

    /// @notice Everything about an account in one call.
    function overview(AccountId account) external view returns (Overview memory);

    /// @notice Prices of the token's underlying between which the account is healthy, with all else as it is now and every
    /// price fresh and undisputed: it may be taken over at `belowWad` and below, and at `aboveWad` and above. Zero
    /// where there is no such price; both are the price itself where the account may be taken over already.
    /// `aboveWad` is looked for up to a million times the price.
    function liquidationPrice(
        AccountId account,
        address token
    ) external view returns (uint256 belowWad, uint256 aboveWad);

    /// @notice As `liquidationPrice`, of an underlying in the risk book: one that instruments have and no token, too.
    function liquidationPriceIn(
        AccountId account,
        uint256 underlying
    ) external view returns (uint256 belowWad, uint256 aboveWad);

    /// @notice Largest amount that `withdraw` of this token would let go as an operation of its own {tok}.
    function maxWithdrawable(AccountId account, address token) external view returns (uint256 amount);

    /// @notice Largest amount that `borrow` of this token would send as an operation of its own, the account's own balance
    /// included: bounded by requirement, the pool's cash, the domain's line, the vault's debt cap and minimum debt {tok}.
    function maxBorrowable(AccountId account, address token) external view returns (uint256 amount);

    /// @notice What the account would be after changes of its balances, and what it is now.
    function whatIf(
        AccountId account,
        Change[] calldata changes
    ) external view returns (Outcome memory before, Outcome memory afterwards);
}
