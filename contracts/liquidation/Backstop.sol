// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";
import {Governed} from "../access/Governed.sol";
import {ExitShares} from "../shares/ExitShares.sol";
import {BackstopShares} from "./BackstopShares.sol";

/// @dev What tells a pool's asset.
interface IHasAsset {
    function asset() external view returns (address);
}

/// @notice A domain's insurance fund. Stakers' side in `BackstopShares`; here what it is expected to pay, what it is
/// paid, and the sale of what it holds beside the settlement asset.
contract Backstop is BackstopShares, Governed {
    using FixedPointMathLib for uint256;
    using SafeTransferLib for address;

    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_SALE_DISCOUNT = 0.1e18;

    /// @notice Part of the oracle's price that a buyer of the backstop's other tokens saves, as a WAD, up to 10%.
    uint256 public saleDiscountWad = 0.02e18;

    constructor(
        address vault_,
        address settlementAsset_,
        string memory name_,
        string memory symbol_,
        address owner_,
        address guardian_,
        uint256 cooldown_,
        uint256 window_
    ) ExitShares(vault_, settlementAsset_, name_, symbol_, cooldown_, window_) Governed(owner_, guardian_) {}

    // --- anybody ---

    /// @inheritdoc IBackstop
    function sell(
        address token,
        uint256 amount,
        uint256 maxPayment
    ) external nonReentrant returns (uint256 payment) {
        if (token == asset()) revert Backstop_SettlementAsset();
        IRiskEngine riskEngine = IRiskEngine(VAULT.riskEngine());
        (uint256 value, , , PriceStatus status) = riskEngine.valueOf(VAULT.assetInfo(token).id, amount);
        (uint256 settlementValue, , , PriceStatus settlementStatus) = riskEngine.valueOf(0, PRICED_AMOUNT);
        if (status != PriceStatus.FRESH) revert Backstop_PriceNotFresh(token);
        if (settlementStatus != PriceStatus.FRESH) revert Backstop_PriceNotFresh(asset());

        // Values come rounded down.
        payment = (value + 1).fullMulDivUp(WAD - saleDiscountWad, WAD).fullMulDivUp(
            PRICED_AMOUNT,
            settlementValue
        );
        if (payment > maxPayment) revert Backstop_PaymentAboveLimit(payment, maxPayment);
        emit Sold(token, msg.sender, amount, payment);
        _pull(msg.sender, payment);
        VAULT.withdraw(ACCOUNT, token, amount, msg.sender);
    }

    /// @inheritdoc IBackstop
    function collect(address pool) external nonReentrant returns (uint256 amount) {
        address token = IHasAsset(pool).asset();
        if (VAULT.assetInfo(token).pool != pool) revert Backstop_UnknownPool(pool);
        ILendingPool(pool).collectReserve();
        // All of the balance: the reserve may have been sent here by a call that did not come through this function.
        amount = token.balanceOf(address(this));
        if (amount == 0) return 0;
        emit ReserveDeposited(token, amount);
        if (token != asset()) token.safeApproveWithRetry(address(VAULT), amount);
        VAULT.deposit(ACCOUNT, token, amount);
    }

    // --- liquidation engine ---

    /// @inheritdoc IBackstop
    function flagShortfall(AccountId account, uint256 amount) external {
        if (msg.sender != VAULT.liquidationEngine()) revert Backstop_NotLiquidationEngine(msg.sender);
        uint256 oldAmount = flaggedOf[account];
        flaggedOf[account] = amount;
        flagged = flagged - oldAmount + amount;
        emit ShortfallFlagged(account, oldAmount, amount);
    }

    // --- governance ---

    /// @notice Owner only. Requests that were made before keep their times.
    function setCooldown(uint256 cooldown_, uint256 window_) external onlyOwner {
        _setCooldown(cooldown_, window_);
    }

    /// @notice Owner only.
    function setSaleDiscount(uint256 discountWad) external onlyOwner {
        if (discountWad > MAX_SALE_DISCOUNT) {
            revert Backstop_OutOfRange("saleDiscountWad", discountWad, 0, MAX_SALE_DISCOUNT);
        }
        emit SaleDiscountSet(saleDiscountWad, discountWad);
        saleDiscountWad = discountWad;
    }

    // --- views ---

    /// @inheritdoc IBackstop
    function available() external view returns (uint256) {
        return totalAssets();
    }
}
