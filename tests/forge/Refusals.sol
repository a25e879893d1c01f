// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {IExitShares} from "../../interfaces/IExitShares.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IOptionMarket} from "../../interfaces/IOptionMarket.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {IPerpOrders} from "../../interfaces/IPerpOrders.sol";
import {IOptionOrders} from "../../interfaces/IOptionOrders.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {ISignedOrders} from "../../interfaces/ISignedOrders.sol";
import {IVaultTypes} from "../../interfaces/IVault.sol";
import {IVirtualAmm} from "../../interfaces/IVirtualAmm.sol";
import {IVolatilitySurface} from "../../interfaces/IVolatilitySurface.sol";

/// @notice Every reason for which something may be refused. What is not here is a bug: panics, strings, nothing at all, and
/// errors that say that a contract's own books do not agree.
abstract contract Refusals {
    mapping(bytes4 selector => bool) internal isExpected;

    constructor() {
        _expectOfVault();
        _expectOfTakeovers();
        _expectOfMarkets();
        _expectOfGovernance();
    }

    function _expect(bytes4 selector) private {
        isExpected[selector] = true;
    }

    function _expectOfVault() private {
        // What an account may not do.
        _expect(IVaultTypes.Vault_BelowInitialRequirement.selector);
        _expect(IVaultTypes.Vault_NoNewRisk.selector);
        _expect(IVaultTypes.Vault_LossyReduction.selector);
        _expect(IVaultTypes.Vault_BelowMinimumDebt.selector);
        _expect(IVaultTypes.Vault_SwapLoss.selector);
        _expect(IVaultTypes.Vault_SwapLimit.selector);
        // What it does not have, or nobody may give it.
        _expect(IVaultTypes.Vault_InsufficientBalance.selector);
        _expect(IVaultTypes.Vault_NotHeld.selector);
        _expect(IVaultTypes.Vault_SameAccount.selector);
        _expect(IVaultTypes.Vault_NotAuthorised.selector);
        // Limits of the domain and of its pools.
        _expect(IVaultTypes.Vault_Paused.selector);
        _expect(IVaultTypes.Vault_SupplyCapExceeded.selector);
        _expect(IVaultTypes.Vault_AboveSupplyCap.selector);
        _expect(IVaultTypes.Vault_DebtCapExceeded.selector);
        _expect(ILendingPool.LendingPool_LineExceeded.selector);
        _expect(ILendingPool.LendingPool_InsufficientCash.selector);
        _expect(ILendingPool.LendingPool_ZeroShares.selector);
        _expect(ILendingPool.LendingPool_ZeroAssets.selector);
        // Funds with a slow way out.
        _expect(IExitShares.ExitShares_NotOpen.selector);
        _expect(IExitShares.ExitShares_Locked.selector);
        _expect(IExitShares.ExitShares_ZeroShares.selector);
        _expect(IExitShares.ExitShares_ZeroAssets.selector);
        _expect(IBackstop.Backstop_PriceNotFresh.selector);
    }

    function _expectOfTakeovers() private {
        _expect(IVaultTypes.Vault_RiskRaisedThisBlock.selector);
        _expect(ILiquidationEngine.LiquidationEngine_Healthy.selector);
        _expect(ILiquidationEngine.LiquidationEngine_NothingToTake.selector);
        _expect(ILiquidationEngine.LiquidationEngine_MustTakeAll.selector);
        _expect(ILiquidationEngine.LiquidationEngine_Portfolio.selector);
        _expect(ILiquidationEngine.LiquidationEngine_HealthWouldFall.selector);
        _expect(ILiquidationEngine.LiquidationEngine_PriceInDoubt.selector);
        _expect(ILiquidationEngine.LiquidationEngine_HedgeGrace.selector);
        _expect(ILiquidationEngine.LiquidationEngine_StillInsolvent.selector);
        _expect(ILiquidationEngine.LiquidationEngine_TakerNeeded.selector);
    }

    function _expectOfMarkets() private {
        _expect(IPerpMarket.PerpMarket_IndexNotFresh.selector);
        _expect(IPerpMarket.PerpMarket_ReduceOnly.selector);
        _expect(IPerpMarket.PerpMarket_PriceLimit.selector);
        _expect(IPerpMarket.PerpMarket_PriceOutOfBand.selector);
        _expect(IPerpMarket.PerpMarket_OpenInterestCap.selector);
        _expect(IVirtualAmm.VirtualAmm_IndexNotFresh.selector);
        _expect(IVirtualAmm.VirtualAmm_SkewLimit.selector);
        _expect(IVirtualAmm.VirtualAmm_Flagged.selector);
        _expect(IVirtualAmm.VirtualAmm_NothingLeft.selector);
        _expect(IVirtualAmm.VirtualAmm_BelowInitialRequirement.selector);
        _expect(ISignedOrders.SignedOrders_Expired.selector);
        _expect(ISignedOrders.SignedOrders_Filled.selector);
        _expect(ISignedOrders.SignedOrders_Cancelled.selector);
        _expect(ISignedOrders.SignedOrders_NonceBelow.selector);
        _expect(ISignedOrders.SignedOrders_NonceNotRising.selector);
        _expect(ISignedOrders.SignedOrders_PostOnly.selector);
        _expect(ISignedOrders.SignedOrders_SelfTrade.selector);
        _expect(ISignedOrders.SignedOrders_SameSide.selector);
        _expect(ISignedOrders.SignedOrders_NotFilled.selector);
        _expect(ISignedOrders.SignedOrders_NothingFilled.selector);
        _expect(IPerpOrders.PerpOrders_NotCrossing.selector);
        _expect(IPerpOrders.PerpOrders_Asleep.selector);
        _expect(IOptionOrders.OptionOrders_NotCrossing.selector);
        _expect(IOptionMarket.OptionMarket_IndexNotUsable.selector);
        _expect(IOptionMarket.OptionMarket_ReduceOnly.selector);
        _expect(IOptionMarket.OptionMarket_OpenInterestCap.selector);
        _expect(IOptionMarket.OptionMarket_TooManyPositions.selector);
        _expect(IOptionMarket.OptionMarket_OffGrid.selector);
        _expect(IOptionMarket.OptionMarket_PriceFixed.selector);
        _expect(IOptionMarket.OptionMarket_NoRounds.selector);
        _expect(IVolatilitySurface.VolatilitySurface_MoveTooLarge.selector);
        _expect(IVolatilitySurface.VolatilitySurface_TooEarly.selector);
        _expect(IVolatilitySurface.VolatilitySurface_NotNewer.selector);
    }

    function _expectOfGovernance() private {
        // Relations between parameters, not bounds: those the governor here keeps.
        _expect(IRiskParameters.RiskParameters_PremiumBelowUnwinding.selector);
        _expect(IRiskParameters.RiskParameters_WrongOrder.selector);
        _expect(IRiskParameters.RiskParameters_InitialBelowTarget.selector);
        _expect(IRiskParameters.RiskParameters_ShockTooSmall.selector);
        _expect(IRiskParameters.RiskParameters_FeedNotAnswering.selector);
        _expect(IRiskParameters.RiskParameters_FeedStale.selector);
        _expect(IRiskParameters.RiskParameters_SourcesDisagree.selector);
        _expect(bytes4(keccak256("OwnableUnauthorizedAccount(address)")));
    }
}
