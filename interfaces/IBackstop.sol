// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice Insurance fund of a domain: an ERC-4626 of the settlement asset whose assets are the balance of its own
/// vault account (index 0), so that fees and covers are internal transfers and donations of tokens change nothing.
/// Leaving takes a request, a cooldown during which the shares stay slashable, and a window that expires.
interface IBackstop {
    /// @param shares shares that may leave
    /// @param opensAt first second of the window
    /// @param closesAt last second of the window
    struct Exit {
        uint256 shares;
        uint256 opensAt;
        uint256 closesAt;
    }

    event ExitRequested(address indexed owner, uint256 shares, uint256 opensAt, uint256 closesAt);
    event ExitCancelled(address indexed owner);
    event ShortfallFlagged(AccountId indexed account, uint256 oldAmount, uint256 newAmount);
    event Sold(address indexed token, address indexed buyer, uint256 amount, uint256 paid);
    event ReserveDeposited(address indexed token, uint256 amount);
    event CooldownSet(uint256 oldCooldown, uint256 newCooldown, uint256 oldWindow, uint256 newWindow);
    event SaleDiscountSet(uint256 oldDiscountWad, uint256 newDiscountWad);

    error Backstop_NotLiquidationEngine(address caller);
    error Backstop_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error Backstop_ExitNotOpen(
        address owner,
        uint256 wantedShares,
        uint256 opensAt,
        uint256 closesAt,
        uint256 shares
    );
    error Backstop_SharesLocked(address owner, uint256 wanted, uint256 free);
    error Backstop_SettlementAsset();
    error Backstop_PriceNotFresh(address token);
    error Backstop_PaymentAboveLimit(uint256 payment, uint256 limit);
    error Backstop_ZeroShares();
    error Backstop_ZeroAssets();
    error Backstop_TransferShort(uint256 received, uint256 expected);
    error Backstop_UnknownPool(address pool);

    /// @notice Starts the caller's cooldown for `shares` (replaces an earlier request).
    function requestExit(uint256 shares) external;

    /// @notice Ends the caller's request.
    function cancelExit() external;

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

    function exitOf(address owner) external view returns (Exit memory);
}
