// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, HoldingLib} from "../../interfaces/Types.sol";
import {ShortfallFlags} from "./ShortfallFlags.sol";
import {SettlementPrice, Slice, TakeoverMath} from "./TakeoverMath.sol";

/// @notice Sizes and prices takeovers. Derivations and proofs of LIQ-1 to LIQ-4: docs/liquidation.md.
contract LiquidationEngine is ShortfallFlags {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using LibBit for uint256;

    uint256 private constant WAD = 1e18;
    /// @dev Bits that ids of instruments can have.
    uint256 private constant INSTRUMENT_IDS = (1 << 127) - 1;

    /// @dev What is known of the account when its takeover is planned.
    /// @param slice what is not excluded
    /// @param base the account's requirement without that of settlement tokens held
    /// @param instruments requirement of its instruments
    /// @param settlementDebt value of what it owes in the settlement asset
    /// @param excludedHeld bitmap of the positions of excluded instruments
    /// @param excluded something it holds or owes is excluded
    /// @param excludedDebt so is something that cannot be salvaged: a debt or an instrument
    /// @param salvage value of what is excluded after its requirement
    struct Case {
        Assessment account;
        IRiskEngine.Weight[] assets;
        IRiskEngine.Weight[] held;
        IRiskEngine.DomainParameters domain;
        Slice slice;
        uint256 base;
        uint256 instruments;
        uint256 settlementDebt;
        uint256 excludedHeld;
        bool excluded;
        bool excludedDebt;
        uint256 salvage;
    }

    constructor(
        address vault_,
        address riskEngine_,
        address backstop_
    ) ShortfallFlags(vault_, riskEngine_, backstop_) {}

    /// @inheritdoc ILiquidationEngine
    function plan(Takeover calldata takeover) external view returns (Plan memory result) {
        Case memory c;
        (c.account, c.assets, c.held) = RISK_ENGINE.weigh(takeover.account, takeover.holdings, takeover.instruments);
        int256 favourable = c.account.equity + int256(c.account.uncertainty);
        // LIQ-3. Who owes nothing and holds no instrument needs no liquidation, whatever his assets are worth.
        if (
            favourable >= int256(c.account.requirement) ||
            (c.account.debtValue == 0 && takeover.instruments.length == 0)
        ) revert LiquidationEngine_Healthy(takeover.account, favourable, c.account.requirement);
        c.domain = RISK_ENGINE.domainParameters();
        _requireGraceOver(c.domain.gracePeriod);
        if (takeover.excludedInstruments != 0) c.excludedHeld = _excludedPositions(takeover);
        _cut(takeover, c);

        result.equity = c.account.equity;
        result.requirement = c.account.requirement;
        result.insolvent = favourable < 0;
        uint256 health = _healthWad(c);
        if (c.account.equity < 0 || health < c.domain.premiumMinWad) _planWhole(takeover, c, result);
        else _planPart(takeover, c, result, TakeoverMath.premiumWad(health, c.domain));
    }

    /// @inheritdoc ILiquidationEngine
    function premiumWad(uint256 healthWad) external view returns (uint256) {
        return TakeoverMath.premiumWad(healthWad, RISK_ENGINE.domainParameters());
    }

    // --- what there is ---

    /// @dev Fills in what follows from the weights and the exclusions.
    function _cut(Takeover calldata takeover, Case memory c) private pure {
        Slice memory slice = c.slice;
        slice.equity = c.account.equity;
        slice.requirement = c.account.requirement;
        c.base = c.account.requirement;
        for (uint256 i; i < takeover.holdings.length; ++i) {
            uint256 id = takeover.holdings[i].assetId();
            bool owed = takeover.holdings[i].amount() < 0;
            int256 value = c.assets[i].valueWad;
            uint256 requirement = c.assets[i].requirementWad;
            bool excluded = _has(takeover.excludedAssets, id);
            if (id == 0) {
                if (owed) c.settlementDebt = value.abs();
                else c.base = c.base.zeroFloorSub(requirement);
            }
            if (excluded) {
                c.excluded = true;
                slice.equity -= value;
                slice.requirement = slice.requirement.zeroFloorSub(requirement);
                if (owed) c.excludedDebt = true;
                else c.salvage += value.abs().zeroFloorSub(requirement);
                if (owed || id != 0) slice.base += requirement;
            } else if (owed) {
                slice.debt += value.abs();
            }
        }
        for (uint256 i; i < takeover.instruments.length; ++i) {
            uint256 requirement = c.held[i].requirementWad;
            c.instruments += requirement;
            if (_has(c.excludedHeld, i)) {
                c.excluded = true;
                c.excludedDebt = true;
                slice.equity -= c.held[i].valueWad;
                slice.requirement = slice.requirement.zeroFloorSub(requirement);
                slice.base += requirement;
            } else {
                slice.instruments += requirement;
            }
        }
        // Until here the base of what is excluded.
        slice.base = c.base.zeroFloorSub(slice.base);
    }

    /// @dev Equity over what the premium is a share of; zero when negative, 1 when more.
    function _healthWad(Case memory c) private pure returns (uint256) {
        if (c.account.equity < 0) return 0;
        uint256 equity = uint256(c.account.equity);
        return equity >= c.base ? WAD : equity.fullMulDiv(WAD, c.base);
    }

    // --- part of a solvent account ---

    /// @dev Equity pays the premium: the taker pays the account `f (E_s - q B_s)`, and the backstop its share of the premium.
    function _planPart(
        Takeover calldata takeover,
        Case memory c,
        Plan memory result,
        uint256 premium
    ) private view {
        Slice memory slice = c.slice;
        int256 fullPayment = slice.equity - int256(slice.base.fullMulDiv(premium, WAD));
        uint256 fraction = takeover.fractionWad.min(WAD);
        if (slice.requirement == 0 || fraction == 0 || fullPayment < 0) {
            revert LiquidationEngine_NothingToTake(takeover.account);
        }
        fraction = _clamped(fraction, c, premium, uint256(fullPayment), _has(takeover.excludedAssets, 0));
        result.fractionWad = fraction;

        (int256 value, uint256 requirement, uint256 base) = _move(takeover, c, result);
        uint256 premiumValue = base.fullMulDiv(premium, WAD);
        // A few wei for the roundings of the risk engine before and after, so that they do not lower health either (LIQ-1).
        value += int256(4 + 2 * (takeover.holdings.length + takeover.instruments.length)) - int256(premiumValue);
        SettlementPrice memory price = _settlementPrice(_first(takeover), c.assets, true);
        // Rounding of coarse tokens may have moved more debt than assets; the taker is not paid for it.
        result.payment = TakeoverMath.tokensUp(uint256(value.max(0)), price);
        uint256 share = TakeoverMath.backstopShareWad(premium, c.domain);
        if (share != 0) result.backstopFee = TakeoverMath.tokensUp(base.fullMulDiv(share, WAD), price);
        if (c.excluded) _requireHealthKept(takeover, c, result, requirement, premiumValue);
    }

    /// @dev The fraction that is taken: up to the target, or everything rather than leave dust.
    function _clamped(
        uint256 fraction,
        Case memory c,
        uint256 premium,
        uint256 fullPayment,
        bool settlementStays
    ) private pure returns (uint256) {
        Assessment memory account = c.account;
        uint256 most = TakeoverMath.fractionToTargetWad(
            uint256(account.equity),
            account.requirement,
            c.slice,
            c.domain.targetHealthWad,
            premium
        );
        fraction = fraction.min(most);
        if (!_leavesDust(fraction, c, fullPayment, settlementStays)) return fraction;
        // Less than the most may leave dust where the most leaves nothing: then the most is enough.
        if (fraction != most && !_leavesDust(most, c, fullPayment, settlementStays)) return most;
        return WAD;
    }

    function _leavesDust(
        uint256 fraction,
        Case memory c,
        uint256 fullPayment,
        bool settlementStays
    ) private pure returns (bool) {
        return
            TakeoverMath.leavesDust(
                fraction,
                c.slice,
                c.account.debtValue + c.instruments,
                c.settlementDebt,
                settlementStays,
                fullPayment,
                c.account.minimumDebt
            );
    }

    /// @dev Fills in the amounts that move: what is held rounded down, what is owed up. Their values, from what moves, are
    /// rounded the other way: the taker pays for all that he takes and is credited with no more than he owes.
    /// @return value of what moves
    /// @return requirement of it
    /// @return base of it
    function _move(
        Takeover calldata takeover,
        Case memory c,
        Plan memory result
    ) private pure returns (int256 value, uint256 requirement, uint256 base) {
        uint256 fraction = result.fractionWad;
        Holding[] memory moved = result.moved = new Holding[](takeover.holdings.length);
        for (uint256 i; i < takeover.holdings.length; ++i) {
            Holding holding = takeover.holdings[i];
            uint256 id = holding.assetId();
            int256 amount = holding.amount();
            if (amount == 0 || _has(takeover.excludedAssets, id)) continue;
            bool owed = amount < 0;
            uint256 whole = amount.abs();
            uint256 part = TakeoverMath.partOf(whole, fraction, WAD, owed);
            uint256 partValue = TakeoverMath.partOf(c.assets[i].valueWad.abs(), part, whole, !owed);
            uint256 partRequirement = TakeoverMath.partOf(c.assets[i].requirementWad, part, whole, false);
            requirement += partRequirement;
            if (owed) {
                moved[i] = HoldingLib.pack(id, -int256(part));
                value -= int256(partValue);
                base += partRequirement;
            } else {
                moved[i] = HoldingLib.pack(id, int256(part));
                value += int256(partValue);
                if (id != 0) base += partRequirement;
            }
        }
        for (uint256 i; i < takeover.instruments.length; ++i) {
            if (_has(c.excludedHeld, i)) continue;
            int256 whole = c.held[i].valueWad;
            uint256 partValue = TakeoverMath.partOf(whole.abs(), fraction, WAD, whole > 0);
            value += whole > 0 ? int256(partValue) : -int256(partValue);
            uint256 partRequirement = TakeoverMath.partOf(c.held[i].requirementWad, fraction, WAD, false);
            requirement += partRequirement;
            base += partRequirement;
        }
    }

    /// @dev LIQ-1 where something stays behind: what was taken may have been healthier than what is left, and the payment
    /// carries a requirement of its own. The account's settlement balance after the payment is weighed once more.
    /// @param requirement of what moves
    /// @param premiumValue by which equity falls
    function _requireHealthKept(
        Takeover calldata takeover,
        Case memory c,
        Plan memory result,
        uint256 requirement,
        uint256 premiumValue
    ) private view {
        uint256 equityAfter = uint256(c.account.equity) - premiumValue;
        int256 balance = int256(result.payment);
        if (takeover.holdings.length != 0 && takeover.holdings[0].assetId() == 0) {
            balance += takeover.holdings[0].amount() - result.moved[0].amount();
            // Its whole requirement goes; what is left of it comes back below.
            uint256 whole = takeover.holdings[0].amount().abs();
            uint256 movedPart = result.moved[0].amount().abs();
            uint256 settlementRequirement = c.assets[0].requirementWad;
            requirement += settlementRequirement;
            if (whole != 0) requirement -= TakeoverMath.partOf(settlementRequirement, movedPart, whole, false);
        }
        Holding[] memory left = new Holding[](1);
        left[0] = HoldingLib.pack(0, balance);
        (Assessment memory after_, , ) = RISK_ENGINE.weigh(takeover.account, left, new address[](0));
        uint256 requirementAfter = c.account.requirement.zeroFloorSub(requirement) + after_.requirement;
        // E' / R' >= E / R. Equity is above zero: it covers the smallest premium.
        if (
            equityAfter == 0 ||
            equityAfter.fullMulDiv(c.account.requirement, uint256(c.account.equity)) < requirementAfter
        ) revert LiquidationEngine_HealthWouldFall(takeover.account, equityAfter, requirementAfter);
    }

    // --- all of an account that cannot pay the premium ---

    /// @dev The whole account goes. The taker is owed the smallest premium, and the deficit if there is one; the account
    /// pays with its equity, the backstop with what it has. Of an insolvent account's deficit, never of the premium,
    /// the pools and the instruments bear what the backstop cannot, each by its part.
    ///
    /// What is excluded goes to the backstop, which pays for it what it is worth after its requirement: less than the
    /// oracle's price, so that nobody turns the backstop's cash into assets for free.
    function _planWhole(Takeover calldata takeover, Case memory c, Plan memory result) private view {
        if (c.excludedDebt) revert LiquidationEngine_MustTakeAll(takeover.account);
        result.fractionWad = WAD;
        result.salvaged = c.excluded;
        _move(takeover, c, result);

        uint256 claims = c.slice.base.fullMulDiv(c.domain.premiumMinWad, WAD) + c.salvage;
        int256 claim = int256(claims) - c.account.equity;
        SettlementPrice memory price = _settlementPrice(_first(takeover), c.assets, claim < 0);
        if (claim < 0) {
            result.payment = TakeoverMath.tokensUp(uint256(-claim), price);
            return;
        }
        uint256 cover = _coverFor(takeover.account);
        result.topUp = TakeoverMath.tokensDown(uint256(claim), price).min(cover);
        if (result.insolvent) {
            uint256 left = uint256(-c.account.equity).zeroFloorSub(TakeoverMath.coveredBy(cover, price));
            _split(takeover, c, result, left);
        }
    }

    /// @dev Splits what is left of the deficit: pools by the value of their debts, instruments by their losses.
    function _split(Takeover calldata takeover, Case memory c, Plan memory result, uint256 left) private pure {
        result.writeOffs = new uint256[](takeover.holdings.length);
        result.absorbs = new uint256[](takeover.instruments.length);
        if (left == 0) return;
        uint256 lossWeight = _lossWeight(c.assets, c.held, takeover.holdings);
        for (uint256 i; i < takeover.holdings.length; ++i) {
            int256 amount = takeover.holdings[i].amount();
            if (amount >= 0 || c.assets[i].valueWad == 0) continue;
            // left * value / lossWeight in {USD} is left * amount / lossWeight in {tok}.
            uint256 part = left.fullMulDiv(amount.abs(), lossWeight).min(amount.abs());
            result.writeOffs[i] = part;
            result.moved[i] = HoldingLib.pack(takeover.holdings[i].assetId(), amount + int256(part));
        }
        for (uint256 i; i < takeover.instruments.length; ++i) {
            int256 value = c.held[i].valueWad;
            if (value < 0) result.absorbs[i] = left.fullMulDiv(value.abs(), lossWeight);
        }
    }

    // --- internal ---

    function _requireGraceOver(uint256 gracePeriod) private view {
        uint256 upFor = RISK_ENGINE.sequencerUpFor();
        if (upFor == 0) revert LiquidationEngine_SequencerGrace(type(uint256).max);
        if (upFor < gracePeriod) revert LiquidationEngine_SequencerGrace(block.timestamp + gracePeriod - upFor);
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

    /// @dev The first holding, where settlement tokens are if there are any; zero if there is none.
    function _first(Takeover calldata takeover) private pure returns (Holding) {
        return takeover.holdings.length == 0 ? Holding.wrap(0) : takeover.holdings[0];
    }

    function _has(uint256 bitmap, uint256 bit) private pure returns (bool) {
        return (bitmap >> bit) & 1 != 0;
    }
}
