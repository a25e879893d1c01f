// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice One pool an asset: lenders hold ERC-4626 shares, margin domains (vaults) owe it under a credit line each.
/// Debt is kept as principal; debt = principal * index, rounded up. ERC-20, ERC-2612, ERC-4626 and ERC-3156 functions
/// are those of the standards and not repeated here.
/// While an operation of the pool is half-done (a token transfer, a flash loan) every other operation and every view that
/// depends on interest or price reverts with `LendingPool_Locked`; the standards' max* answer zero.
interface ILendingPool {
    /// @param line the most the domain may owe when it borrows, before write-offs {tok}
    /// @param principal what it owes, in principal {tok / index}
    /// @param writtenOff what it has cost the pool so far; lowers the line for good {tok}
    struct Domain {
        uint256 line;
        uint256 principal;
        uint256 writtenOff;
    }

    /// @dev Not with lending, borrowing and repaying, which are cheaper without it; `accrue` gives it at any time.
    event Accrued(uint256 index, uint256 ratePerSecond, uint256 reserve);
    event WrittenOff(address indexed domain, uint256 principal, uint256 amount, uint256 lineLeft);
    event ShortfallFlagged(
        address indexed domain,
        AccountId indexed account,
        uint256 oldAmount,
        uint256 newAmount
    );
    event LineSet(address indexed domain, uint256 oldLine, uint256 newLine);
    event RateModelSet(address oldModel, address newModel);
    event RateModelFailed(address model, uint256 rateKept);
    event ReserveShareSet(uint256 oldShareWad, uint256 newShareWad);
    event ReserveRecipientSet(address oldRecipient, address newRecipient);
    event ReserveCollected(address recipient, uint256 amount);
    event FlashFeeSet(uint256 oldFeeWad, uint256 newFeeWad);
    event FlashLoaned(address indexed receiver, address indexed initiator, uint256 amount, uint256 fee);

    error LendingPool_Locked();
    error LendingPool_NotDomain(address caller);
    error LendingPool_NotLiquidationEngine(address caller);
    error LendingPool_LineExceeded(address domain, uint256 debt, uint256 lineLeft);
    error LendingPool_InsufficientCash(uint256 wanted, uint256 cash);
    error LendingPool_TransferShort(uint256 balance, uint256 accounted);
    error LendingPool_RoundedAgainstPool(uint256 principal, uint256 amount, uint256 index);
    error LendingPool_PrincipalExceeded(address domain, uint256 principal, uint256 owed);
    error LendingPool_ZeroShares();
    error LendingPool_ZeroAssets();
    error LendingPool_GasTooLow(uint256 gasLeft, uint256 needed);
    error LendingPool_RateModelSilent(address model);
    error LendingPool_BadRecipient(address recipient);
    error LendingPool_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error LendingPool_FlashNotRepaid(uint256 balance, uint256 due);
    error LendingPool_FlashRefused(address receiver);
    error LendingPool_WrongToken(address token);

    // --- domain ---

    /// @notice Adds `principal` to what the calling domain owes and sends `amount` tokens to `to`. Domains tell of borrowing
    /// and repayment, account by account; the pool does not say it again.
    /// Reverts unless `amount <= principal * index` (rounded down), the line and the cash allow it.
    /// `amount` may be zero; then up to 100 units of principal, which book a rounding, may pass the line.
    /// @return domainDebt what the domain owes afterwards {tok}
    function borrow(uint256 principal, uint256 amount, address to) external returns (uint256 domainDebt);

    /// @notice As `borrow`, of the principal that `amount` costs at the index of now, rounded up.
    /// @return principal by which the domain owes more {tok / index}
    /// @return index of now {1} WAD
    /// @return domainDebt what the domain owes afterwards {tok}
    function borrowFor(
        uint256 amount,
        address to
    ) external returns (uint256 principal, uint256 index, uint256 domainDebt);

    /// @notice Takes `principal` off what the calling domain owes; the domain has sent `amount` tokens before.
    /// Reverts unless `amount >= principal * index` (rounded up) and the tokens are there. `principal` may be zero.
    function repayDebt(uint256 principal, uint256 amount) external;

    /// @notice As `repayDebt`, of the principal that `amount` pays for at the index of now, rounded down.
    /// @return principal by which the domain owes less {tok / index}
    function repayAmount(uint256 amount) external returns (uint256 principal);

    /// @notice Gives up `principal` of the calling domain's debt for good and lowers its line by the amount.
    /// The reserve bears what is more than lenders have.
    /// @return amount by which the domain's debt falls {tok}
    function writeOff(uint256 principal) external returns (uint256 amount);

    /// @notice Prices exits net of a shortfall that is expected from `account` of `domain`; 0 clears it.
    /// All flags of a domain together are clamped to what it owes. Only the liquidation engine that `domain` names; but
    /// anybody may lower a flag as long as the domain's flags stay at or above what it owes.
    function flagShortfall(address domain, AccountId account, uint256 amount) external;

    /// @notice Debt index now, interest included; 1e18 at the start, only ever rises. Reads one slot, calls no model.
    function debtIndexNow() external view returns (uint256);

    // --- anybody ---

    /// @notice Brings index, reserve and rate up to date.
    function accrue() external;

    /// @notice Sends the reserve to its recipient.
    function collectReserve() external returns (uint256 amount);

    // --- governance ---

    /// @notice Owner only. `line` counts from the beginning: write-offs stay deducted from it.
    function setLine(address domain, uint256 line) external;

    /// @notice Owner only. Refuses a model that does not answer.
    function setRateModel(address model) external;

    /// @notice Owner only. Share of interest that goes to the reserve, at most a half.
    function setReserveShare(uint256 shareWad) external;

    /// @notice Owner only.
    function setReserveRecipient(address recipient) external;

    /// @notice Owner only. Fee of a flash loan as a share of its amount, at most 1%; zero at the start.
    function setFlashFee(uint256 feeWad) external;

    // --- views ---

    function domainOf(address domain) external view returns (Domain memory);

    function cash() external view returns (uint256);

    function totalPrincipal() external view returns (uint256);

    /// @notice What domains owe, interest included {tok}.
    function totalDebt() external view returns (uint256);

    function reserve() external view returns (uint256);

    /// @notice Sum of flagged shortfalls {tok}.
    function flagged() external view returns (uint256);

    function flaggedOf(address domain, AccountId account) external view returns (uint256);

    function flaggedOfDomain(address domain) external view returns (uint256);

    /// @notice Interest per second on debt, as a WAD; fixed between operations.
    function ratePerSecond() external view returns (uint256);

    /// @notice Debt over cash plus debt, as a WAD.
    function utilisationWad() external view returns (uint256);

    function rateModel() external view returns (address);

    function reserveShareWad() external view returns (uint256);

    function reserveRecipient() external view returns (address);

    function flashFeeWad() external view returns (uint256);
}
