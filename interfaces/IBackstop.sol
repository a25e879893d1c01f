// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IExitShares} from "./IExitShares.sol";
import {AccountId} from "./Types.sol";

/// @notice Insurance fund of a domain: an ERC-4626 of the settlement asset whose assets are the balance of its own
/// vault account (index 0), so that fees and covers are internal transfers and donations of tokens change nothing.
/// Leaving takes a request, a cooldown during which the shares stay slashable, and a window that expires.
interface IBackstop is IExitShares {
    event ShortfallFlagged(AccountId indexed account, uint256 oldAmount, uint256 newAmount);
    event Sold(address indexed token, address indexed buyer, uint256 amount, uint256 paid);
    event ReserveDeposited(address indexed token, uint256 amount);
    event SaleDiscountSet(uint256 oldDiscountWad, uint256 newDiscountWad);

    error Backstop_NotLiquidationEngine(address caller);
    error Backstop_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error Backstop_SettlementAsset();
    error Backstop_PriceNotFresh(address token);
    error Backstop_PaymentAboveLimit(uint256 payment, uint256 limit);
    error Backstop_UnknownPool(address pool);

    /// @notice Prices exits net of `amount` expected to be paid for `account`; 0 clears it. Liquidation engine only.
    function flagShortfall(AccountId account, uint256 amount) external;

    /// @notice Sells what the backstop holds beside the settlement asset (pool reserves, salvage) to anybody at the
    /// oracle's price less the discount, for settlement tokens.
    function sell(address token, uint256 amount, uint256 maxPayment) external returns (uint256 payment);

    /// @notice Collects a pool's reserve into the backstop's account. Anybody.
    function collect(address pool) external returns (uint256 amount);

    /// @notice Settlement tokens that can cover shortfalls now.
    function available() external view returns (uint256);

    function flagged() external view returns (uint256);

    function flaggedOf(AccountId account) external view returns (uint256);
}
