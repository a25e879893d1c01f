// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IInstrument} from "../../interfaces/IInstrument.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, HoldingLib, PriceStatus} from "../../interfaces/Types.sol";
import {ShortfallFlags} from "./ShortfallFlags.sol";
import {Case, TakeoverCase} from "./TakeoverCase.sol";
import {Slice, TakeoverMath} from "./TakeoverMath.sol";
import {WeighingLib, Weights} from "./Weighing.sol";

/// @notice Sizes and prices takeovers. Derivations and proofs of LIQ-1 to LIQ-4: docs/liquidation.md. For the bounds of
/// what is unchecked see `TakeoverMath`.
contract LiquidationEngine is ShortfallFlags {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using LibBit for uint256;
    using WeighingLib for IRiskEngine;

    /// @dev What a repayment can lose between tokens and principal, as long as the debt index is below 2 {settlement tok}.
    uint256 private constant REPAYMENT_ROUNDING = 2;
    /// @dev Bits that ids of instruments can have.
    uint256 private constant INSTRUMENT_IDS = (1 << 127) - 1;

    constructor(
        address vault_,
        address riskEngine_,
        address backstop_
    ) ShortfallFlags(vault_, riskEngine_, backstop_) {}

    /// @inheritdoc ILiquidationEngine
    function plan(Takeover calldata takeover) external view returns (Plan memory result) {
        Holding[] calldata holdings = takeover.holdings;
        Case memory c;
        IRiskEngine.DomainParameters memory domain;
        uint256 upFor;
        (c.account, c.assets, c.held, domain, upFor) = RISK_ENGINE.weighed(takeover);
        result.equity = c.account.equity;
        result.requirement = c.account.requirement;
        int256 favourable = result.equity + int256(c.account.uncertainty);
        result.insolvent = favourable < 0;
        // LIQ-3. Who owes nothing and holds no instrument needs no liquidation, whatever his assets are worth.
        if (favourable >= int256(result.requirement) || (c.account.debtValue == 0 && c.held.length() == 0))
            revert LiquidationEngine_Healthy(takeover.account, favourable, result.requirement);
        _requireGraceOver(upFor, domain.gracePeriod);
        if (!result.insolvent) _requireNoHedgeLost(takeover);

        if (takeover.excludedAssets | takeover.excludedInstruments != 0) _requireStandard(takeover);
        Slice memory slice = TakeoverCase.cut(holdings, c);
        if (takeover.excludedAssets != 0)
            TakeoverCase.excludeAssets(holdings, takeover.excludedAssets, c, slice);
        if (takeover.excludedInstruments != 0)
            TakeoverCase.excludeInstruments(_excludedPositions(takeover), c, slice);
        uint256 health = TakeoverCase.healthWad(result.equity, c.base);
        if (result.equity < 0 || health < domain.premiumMinWad)
            _planWhole(holdings, takeover, c, slice, domain, result);
        else {
            // No more than what changes hands can pay; without surplus credit that is the premium itself.
            uint256 premium = TakeoverMath.premiumWad(health, domain).min(
                TakeoverCase.healthWad(c.equity, c.base)
            );
            _planPart(holdings, takeover, c, slice, domain, result, premium);
        }
    }

    /// @dev What is left of a portfolio would require more than its share.
    function _requireStandard(Takeover calldata takeover) private view {
        if (takeover.instruments.length == 0) return;
        address portfolioMode = RISK_ENGINE.portfolioMode();
        for (uint256 i; i < takeover.instruments.length; ++i) {
            if (takeover.instruments[i] == portfolioMode)
                revert LiquidationEngine_Portfolio(takeover.account);
        }
    }

    /// @inheritdoc ILiquidationEngine
    function premiumWad(uint256 healthWad) external view returns (uint256) {
        return TakeoverMath.premiumWad(healthWad, RISK_ENGINE.parameters());
    }

    // --- part of a solvent account ---

    /// @dev Equity pays the premium: the taker pays the account `f (E_s - q B_s)`, and the backstop its share of the premium.
    function _planPart(
        Holding[] calldata holdings,
        Takeover calldata takeover,
        Case memory c,
        Slice memory slice,
        IRiskEngine.DomainParameters memory domain,
        Plan memory result,
        uint256 premium
    ) private view {
        int256 fullPayment = slice.equity - int256(TakeoverMath.shareDown(slice.base, premium));
        uint256 fraction = takeover.fractionWad.min(WAD);
        if (slice.requirement == 0 || fraction == 0 || fullPayment < 0) {
            revert LiquidationEngine_NothingToTake(takeover.account);
        }
        slice.fullPayment = uint256(fullPayment);
        result.fractionWad = _clamped(fraction, c, slice, domain.targetHealthWad, premium);

        (int256 value, uint256 requirement, uint256 base) = _move(
            holdings,
            takeover.excludedAssets,
            c,
            result
        );
        uint256 premiumValue = TakeoverMath.shareDown(base, premium);
        unchecked {
            // A few wei for the roundings of the risk engine before and after, so that they do not lower health either (LIQ-1).
            value += int256(4 + 2 * (c.assets.length() + c.held.length())) - int256(premiumValue);
        }
        (uint256 amount, uint256 priced) = _settlementPrice(
            TakeoverCase.first(holdings),
            c.assets,
            c.account.status,
            true
        );
        // Rounding of coarse tokens may have moved more debt than assets; the taker is not paid for it.
        result.payment = TakeoverMath.tokensUp(value > 0 ? uint256(value) : 0, amount, priced);
        uint256 share = TakeoverMath.backstopShareWad(premium, domain);
        if (share != 0)
            result.backstopFee = TakeoverMath.tokensUp(TakeoverMath.shareDown(base, share), amount, priced);
        if (c.excluded) {
            if (c.account.status != PriceStatus.FRESH) _requireOwnPrices(holdings, takeover, c);
            if (c.settlementDebt != 0)
                premiumValue += TakeoverMath.coveredUp(REPAYMENT_ROUNDING, amount, priced);
            _requireHealthKept(
                TakeoverCase.first(holdings),
                takeover.account,
                c,
                result,
                requirement,
                premiumValue
            );
        }
    }

    /// @dev The fraction that is taken: up to the target, or everything rather than leave dust.
    function _clamped(
        uint256 fraction,
        Case memory c,
        Slice memory slice,
        uint256 targetWad,
        uint256 premium
    ) private pure returns (uint256) {
        uint256 most = TakeoverMath.fractionToTargetWad(
            uint256(c.account.equity),
            c.account.requirement,
            slice,
            targetWad,
            premium
        );
        fraction = fraction.min(most);
        if (!_leavesDust(fraction, c, slice)) return fraction;
        // Less than the most may leave dust where the most leaves nothing: then the most is enough.
        if (fraction != most && !_leavesDust(most, c, slice)) return most;
        return WAD;
    }

    function _leavesDust(uint256 fraction, Case memory c, Slice memory slice) private pure returns (bool) {
        return TakeoverMath.leavesDust(fraction, slice, c.size, c.settlementDebt, c.account.minimumDebt);
    }

    /// @dev Fills in the amounts that move: what is held rounded down, what is owed up. Their values, from what moves, are
    /// rounded the other way: the taker pays for all that he takes and is credited with no more than he owes.
    /// @return value of what moves
    /// @return requirement of it
    /// @return base of it
    function _move(
        Holding[] calldata holdings,
        uint256 excludedAssets,
        Case memory c,
        Plan memory result
    ) private pure returns (int256 value, uint256 requirement, uint256 base) {
        unchecked {
            uint256 fraction = result.fractionWad;
            Holding[] memory moved = result.moved = new Holding[](holdings.length);
            for (uint256 i; i < holdings.length; ++i) {
                Holding holding = holdings[i];
                uint256 id = holding.assetId();
                int256 amount = holding.amount();
                if (amount == 0 || TakeoverCase.has(excludedAssets, id)) continue;
                uint256 part = c.assets.requirementWad(i);
                if (fraction == WAD) {
                    moved[i] = holding;
                    value += c.assets.valueWad(i);
                } else {
                    uint256 whole = amount.abs();
                    uint256 wholeValue = c.assets.valueWad(i).abs();
                    uint256 partAmount;
                    if (amount > 0) {
                        partAmount = TakeoverMath.mulDivDown(whole, fraction, WAD);
                        moved[i] = HoldingLib.pack(id, int256(partAmount));
                        value += int256(TakeoverMath.mulDivUp(wholeValue, partAmount, whole));
                    } else {
                        partAmount = TakeoverMath.mulDivUp(whole, fraction, WAD);
                        moved[i] = HoldingLib.pack(id, -int256(partAmount));
                        value -= int256(TakeoverMath.mulDivDown(wholeValue, partAmount, whole));
                    }
                    part = TakeoverMath.mulDivDown(part, partAmount, whole);
                }
                requirement += part;
                if (id != 0 || amount < 0) base += part;
            }
            for (uint256 i; i < c.held.length(); ++i) {
                if (TakeoverCase.has(c.excludedHeld, i)) continue;
                int256 whole = c.held.valueWad(i);
                if (whole > 0) value += int256(TakeoverMath.shareUp(uint256(whole), fraction));
                else value -= int256(TakeoverMath.shareDown(whole.abs(), fraction));
                uint256 part = TakeoverMath.shareDown(c.held.requirementWad(i), fraction);
                requirement += part;
                base += part;
            }
        }
    }

    /// @dev LIQ-1 where something stays behind: what was taken may have been healthier than what is left, and the payment
    /// carries a requirement of its own. The account's settlement balance after the payment is weighed once more.
    /// @param requirement of what moves
    /// @param equityDown by which equity falls
    function _requireHealthKept(
        Holding first,
        AccountId account,
        Case memory c,
        Plan memory result,
        uint256 requirement,
        uint256 equityDown
    ) private view {
        int256 balance = int256(result.payment);
        if (first.assetId() == 0 && first.amount() != 0) {
            int256 moved = result.moved[0].amount();
            balance += first.amount() - moved;
            // All of its requirement goes; what is left of it comes back below.
            uint256 part = c.assets.requirementWad(0);
            requirement += part - TakeoverMath.mulDivDown(part, moved.abs(), first.amount().abs());
        }
        Holding[] memory left = new Holding[](1);
        left[0] = HoldingLib.pack(0, balance);
        (Assessment memory settlement, , ) = RISK_ENGINE.weighed(account, left, new address[](0));
        uint256 requirementAfter = c.account.requirement.zeroFloorSub(requirement) + settlement.requirement;
        uint256 equityAfter = uint256(result.equity).zeroFloorSub(equityDown);
        // E' / R' >= E / R
        if (
            equityAfter == 0 ||
            equityAfter.fullMulDiv(result.requirement, uint256(result.equity)) < requirementAfter
        ) revert LiquidationEngine_HealthWouldFall(account, equityAfter, requirementAfter);
    }

    /// @dev ORA-1 where something stays behind. While sources disagree an account is priced at the edges that favour it as
    /// a whole; a long leg of who is short would change hands below its price. Refused, until the timeout at most, where
    /// what moves would be priced otherwise on its own.
    function _requireOwnPrices(
        Holding[] calldata holdings,
        Takeover calldata takeover,
        Case memory c
    ) private view {
        Holding[] memory part = new Holding[](holdings.length);
        for (uint256 i; i < holdings.length; ++i) {
            uint256 id = holdings[i].assetId();
            part[i] = TakeoverCase.has(takeover.excludedAssets, id) ? HoldingLib.pack(id, 0) : holdings[i];
        }
        address[] memory taken = new address[](c.held.length());
        uint256 count;
        for (uint256 i; i < c.held.length(); ++i) {
            if (!TakeoverCase.has(c.excludedHeld, i)) taken[count++] = takeover.instruments[i];
        }
        assembly ("memory-safe") {
            mstore(taken, count)
        }
        (, Weights assets, Weights held) = RISK_ENGINE.weighed(takeover.account, part, taken);
        bool same = true;
        for (uint256 i; i < part.length; ++i) {
            same = same && (part[i].amount() == 0 || assets.valueWad(i) == c.assets.valueWad(i));
        }
        count = 0;
        for (uint256 i; i < c.held.length(); ++i) {
            if (TakeoverCase.has(c.excludedHeld, i)) continue;
            same = same && held.valueWad(count++) == c.held.valueWad(i);
        }
        if (!same) revert LiquidationEngine_PriceInDoubt(takeover.account);
    }

    // --- all of an account that cannot pay the premium ---

    /// @dev The whole account goes. The taker is owed the smallest premium, and the deficit if there is one; the account
    /// pays with its equity, the backstop with what it has. Of an insolvent account's deficit, never of the premium,
    /// the pools and the instruments bear what the backstop cannot, each by its part.
    ///
    /// What is excluded goes to the backstop, which pays for it, last, what it is worth after its requirement: less than
    /// the oracle's price, so that nobody turns the backstop's cash into assets for free, and nothing while a price is
    /// in doubt.
    function _planWhole(
        Holding[] calldata holdings,
        Takeover calldata takeover,
        Case memory c,
        Slice memory slice,
        IRiskEngine.DomainParameters memory domain,
        Plan memory result
    ) private view {
        if (c.excludedRisk) revert LiquidationEngine_MustTakeAll(takeover.account);
        result.fractionWad = WAD;
        result.salvaged = c.excluded;
        _move(holdings, takeover.excludedAssets, c, result);

        uint256 premium = TakeoverMath.shareDown(slice.base, domain.premiumMinWad);
        uint256 salvage = c.account.status == PriceStatus.FRESH ? c.salvage : 0;
        int256 claim = int256(premium + salvage) - c.equity;
        // Surplus credit stays with the account. The backstop does not pay in its place before the account is insolvent:
        // its owner could take it over himself and have both (LIQ-4).
        if (!result.insolvent && claim > 0) claim = (claim - (result.equity - c.equity)).max(0);
        (uint256 amount, uint256 priced) = _settlementPrice(
            TakeoverCase.first(holdings),
            c.assets,
            c.account.status,
            claim < 0
        );
        if (claim < 0) {
            result.payment = TakeoverMath.tokensUp(uint256(-claim), amount, priced);
            return;
        }
        uint256 cover = _coverFor(takeover.account);
        result.topUp = TakeoverMath.tokensDown(uint256(claim), amount, priced).min(cover);
        if (result.insolvent) {
            // The premium first: without one nobody takes what is left, and lenders keep the open risk.
            uint256 forDeficit = cover.zeroFloorSub(TakeoverMath.tokensDown(premium, amount, priced));
            uint256 left = uint256(-c.equity).zeroFloorSub(
                TakeoverMath.coveredUp(forDeficit, amount, priced)
            );
            _split(holdings, c, result, left);
        }
    }

    /// @dev Splits what is left of the deficit: pools by the value of their debts, instruments by their losses.
    function _split(
        Holding[] calldata holdings,
        Case memory c,
        Plan memory result,
        uint256 left
    ) private pure {
        result.writeOffs = new uint256[](holdings.length);
        result.absorbs = new uint256[](c.held.length());
        if (left == 0) return;
        uint256 losses = _losses(c.assets, c.held);
        for (uint256 i; i < holdings.length; ++i) {
            int256 amount = holdings[i].amount();
            if (amount >= 0 || c.assets.valueWad(i) == 0) continue;
            // left * value / losses in {USD} is left * amount / losses in {tok}.
            uint256 part = left.fullMulDiv(amount.abs(), losses).min(amount.abs());
            result.writeOffs[i] = part;
            result.moved[i] = HoldingLib.pack(holdings[i].assetId(), amount + int256(part));
        }
        for (uint256 i; i < c.held.length(); ++i) {
            int256 value = c.held.valueWad(i);
            if (value < 0) result.absorbs[i] = left.fullMulDiv(value.abs(), losses);
        }
    }

    // --- internal ---

    function _requireGraceOver(uint256 upFor, uint256 gracePeriod) private view {
        if (upFor == 0) revert LiquidationEngine_SequencerGrace(type(uint256).max);
        if (upFor < gracePeriod)
            revert LiquidationEngine_SequencerGrace(block.timestamp + gracePeriod - upFor);
    }

    /// @dev Who was deleveraged may put his hedge right first, as long as lenders lose nothing by it.
    function _requireNoHedgeLost(Takeover calldata takeover) private view {
        for (uint256 i; i < takeover.instruments.length; ++i) {
            uint256 until = IInstrument(takeover.instruments[i]).graceUntil(takeover.account);
            if (block.timestamp < until) revert LiquidationEngine_HedgeGrace(takeover.account, until);
        }
    }

    /// @dev The excluded instruments by their positions in the list; the bitmap has them by their ids.
    function _excludedPositions(Takeover calldata takeover) private view returns (uint256 positions) {
        for (uint256 bits = takeover.excludedInstruments & INSTRUMENT_IDS; bits != 0; bits &= bits - 1) {
            address instrument = VAULT.instrumentAt(bits.ffs());
            for (uint256 i; i < takeover.instruments.length; ++i) {
                if (takeover.instruments[i] == instrument) positions |= 1 << i;
            }
        }
    }
}
