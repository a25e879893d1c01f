// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice What the books of every market have in common: claims, fees, settlement, roles. Tokens are the settlement asset's
/// smallest units; quote has 36 decimals.
interface IMarketBooks {
    /// @param paid tokens to the account, negative from it {settlement tok}
    /// @param claimed profit that became a claim, negative: claims that paid a loss {settlement tok}
    event Settled(AccountId indexed account, int256 paid, int256 claimed);
    event ClaimsAllotted(uint256 amount, uint256 waiting);
    event ClaimForfeited(AccountId indexed account, uint256 amount);
    event ClaimsReduced(uint256 amount, uint256 waiting);
    event FeesCollected(uint256 toBackstop, uint256 toFeeAccount);
    event GraceGiven(AccountId indexed account, uint256 until);
    event OrdersSet(address oldOrders, address newOrders);
    event FeeAccountSet(AccountId oldAccount, AccountId newAccount);

    error Market_Locked();
    error Market_NotSelf(address caller);
    error Market_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error Market_SettlementUnderlying(uint256 underlying);
    error Market_NotOrders(address caller);
    /// @notice Paying the loss by borrowing would leave the account below its initial requirement.
    error Market_LossNotCovered(AccountId account);
    /// @notice The gas that was left did not do to collect a loss, which else would pass for one that the vault refuses.
    error Market_GasShort(AccountId account, uint256 gasLeft);

    /// @notice Pays collected fees to backstop and fee account from what claims do not wait for.
    /// @return amount {settlement tok}
    function collectFees() external returns (uint256 amount);

    /// @notice Contract that may bring fills. Owner only.
    function setOrders(address orders) external;

    /// @notice Account that gets the part of the fees that the backstop does not; zero: the backstop gets all. Owner only.
    function setFeeAccount(AccountId account) external;

    function orders() external view returns (address);

    function feeAccount() external view returns (AccountId);
}
