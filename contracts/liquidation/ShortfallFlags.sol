// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {
    AccountId,
    AccountIdLib,
    Assessment,
    Holding,
    HoldingLib,
    PriceStatus,
    Requirement
} from "../../interfaces/Types.sol";
import {TakeoverMath} from "./TakeoverMath.sol";
import {Weights, WeighingLib} from "./Weighing.sol";

/// @dev Shortfalls that are known and not yet resolved: from the flag on, exits from the creditor pools and from the
/// backstop are priced net of them, so that nobody leaves ahead of the others (LIQ-5).
abstract contract ShortfallFlags is ILiquidationEngine {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using LibBit for uint256;
    using WeighingLib for IRiskEngine;

    uint256 internal constant WAD = 1e18;
    /// @dev Amount of settlement tokens of which the value is asked: any decimals leave 24 digits of the price.
    int256 private constant PRICED_AMOUNT = 1e33;
    /// @dev Value from which on an account's own settlement balance tells the price to 15 digits {USD}.
    uint256 private constant PRICING_VALUE = 1e15;
    /// @dev Set in the flags of every flagged account; asset ids are below 128.
    uint256 private constant FLAGGED = 1 << 255;

    IVault internal immutable VAULT;
    IRiskEngine internal immutable RISK_ENGINE;
    IBackstop internal immutable BACKSTOP;

    /// @dev Pools that hold a flag of the account, a bit for each asset id, and `FLAGGED`.
    mapping(AccountId account => uint256) private _flags;

    constructor(address vault_, address riskEngine_, address backstop_) {
        VAULT = IVault(vault_);
        RISK_ENGINE = IRiskEngine(riskEngine_);
        BACKSTOP = IBackstop(backstop_);
    }

    // --- anybody ---

    /// @inheritdoc ILiquidationEngine
    function flag(AccountId account) external {
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(account);
        (Assessment memory assessment, Weights assets, Weights held) = RISK_ENGINE.weighed(
            account,
            list,
            instruments
        );
        int256 favourable = assessment.equity + int256(assessment.uncertainty);
        if (favourable >= 0) revert LiquidationEngine_Solvent(account, favourable);

        // What a takeover would take now: the deficit at the exchange price. The favourable edge decides whether, not how much.
        // Without surplus credit, which stays with the account.
        uint256 shortfall = uint256(-_worth(assets, held));
        Holding first = list.length == 0 ? Holding.wrap(0) : list[0];
        (uint256 units, uint256 priced) = _settlementPrice(first, assets, assessment.status, false);
        uint256 cover = _coverFor(account);
        // The smallest premium comes first, as in a takeover.
        uint256 premium = TakeoverMath
            .tokensDown(_smallestPremium(assessment, first, assets), units, priced)
            .min(cover);
        uint256 deficitPart = TakeoverMath.tokensUp(shortfall, units, priced).min(cover - premium);
        uint256 backstopPart = premium + deficitPart;
        // Nor does a source that lies lower a flag: while prices are not fresh flags only rise.
        bool rises = assessment.status != PriceStatus.FRESH;
        if (rises) backstopPart = backstopPart.max(BACKSTOP.flaggedOf(account));
        BACKSTOP.flagShortfall(account, backstopPart);
        uint256 left = shortfall.zeroFloorSub(TakeoverMath.mulDivDown(deficitPart, priced, units));
        uint256 losses = _losses(assets, held);
        uint256 flags = FLAGGED;
        for (uint256 i; i < list.length; ++i) {
            int256 amount = list[i].amount();
            if (amount >= 0) continue;
            uint256 id = list[i].assetId();
            (, address pool) = VAULT.assetAt(id);
            uint256 part = assets.valueWad(i) == 0 ? 0 : left.fullMulDivUp(uint256(-amount), losses);
            if (rises) part = part.max(ILendingPool(pool).flaggedOf(address(VAULT), account));
            if (part == 0) continue;
            ILendingPool(pool).flagShortfall(address(VAULT), account, part.min(uint256(-amount)));
            flags |= 1 << id;
        }
        _unflagPools(account, _flags[account] & ~flags);
        _flags[account] = flags;
        emit AccountFlagged(account, shortfall, backstopPart);
    }

    /// @inheritdoc ILiquidationEngine
    function unflag(AccountId account) external {
        if (_flags[account] == 0) revert LiquidationEngine_NotFlagged(account);
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(account);
        if (list.length != 0 || instruments.length != 0) {
            (Assessment memory assessment, , ) = RISK_ENGINE.weighed(account, list, instruments);
            int256 edge = assessment.equity + int256(assessment.uncertainty);
            if (assessment.status != PriceStatus.FRESH) {
                // A source that lies can widen the band, and lenders must not leave through it (ORA-1): while prices are not
                // fresh only the worst edge clears, the one at which new risk is judged.
                assessment = RISK_ENGINE.assess(account, list, instruments, Requirement.INITIAL, false);
                edge = assessment.equity - int256(assessment.uncertainty);
            }
            if (edge < 0) revert LiquidationEngine_StillInsolvent(account, edge);
        }
        _clear(account);
    }

    /// @inheritdoc ILiquidationEngine
    function writeOff(AccountId account) external {
        // Asks for no price: who holds nothing but debt is insolvent at any.
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(account);
        if (list.length == 0) revert LiquidationEngine_Solvent(account, 0);
        if (
            instruments.length > 1 ||
            (instruments.length == 1 && instruments[0] != RISK_ENGINE.portfolioMode())
        ) revert LiquidationEngine_HoldsAssets(account);
        uint256 cover = _coverFor(account);
        uint256 settlementDebt;
        for (uint256 i; i < list.length; ++i) {
            if (list[i].amount() > 0) revert LiquidationEngine_HoldsAssets(account);
            uint256 id = list[i].assetId();
            if (id == 0) {
                settlementDebt = uint256(-list[i].amount());
            } else if (cover != 0) {
                // Settlement tokens cannot pay it: a taker does, whom the backstop pays. Paying the settlement debt alone
                // would favour one pool over the other.
                (address token, ) = VAULT.assetAt(id);
                revert LiquidationEngine_TakerNeeded(account, token);
            }
        }
        uint256 covered = settlementDebt.min(cover);
        if (covered != 0) {
            VAULT.cover(account, covered);
            (list, , ) = VAULT.holdings(account);
        }
        for (uint256 i; i < list.length; ++i) {
            VAULT.writeOff(account, list[i].assetId(), uint256(-list[i].amount()));
        }
        if (_flags[account] != 0) _clear(account);
        emit AccountWrittenOff(account, covered);
    }

    // --- vault ---

    /// @inheritdoc ILiquidationEngine
    function resolved(AccountId account) external {
        if (msg.sender != address(VAULT)) revert LiquidationEngine_NotVault(msg.sender);
        if (_flags[account] != 0) _clear(account);
    }

    // --- views ---

    /// @inheritdoc ILiquidationEngine
    function isFlagged(AccountId account) external view returns (bool) {
        return _flags[account] != 0;
    }

    // --- internal ---

    function _clear(AccountId account) private {
        _unflagPools(account, _flags[account]);
        delete _flags[account];
        BACKSTOP.flagShortfall(account, 0);
        emit AccountUnflagged(account);
    }

    function _unflagPools(AccountId account, uint256 flags) private {
        for (uint256 bits = flags & ~FLAGGED; bits != 0; bits &= bits - 1) {
            (, address pool) = VAULT.assetAt(bits.ffs());
            ILendingPool(pool).flagShortfall(address(VAULT), account, 0);
        }
    }

    /// @dev The settlement asset at its exchange price: while prices are fresh, the one at which the account's own balance
    /// of it was weighed. While sources disagree that one favours the account and may favour whoever pays in it as well;
    /// then, as without a balance, payments are counted at the edge that favours who is paid by the taker or pays him: a
    /// lie about the settlement asset moves the payment against the taker only (ORA-1).
    /// @param first the account's first holding, zero if it has none
    /// @param status of the account's prices
    /// @param takerPays the price is for a payment by the taker, not to him
    /// @return amount settlement tokens
    /// @return priced what they are worth, exact to one {USD}
    function _settlementPrice(
        Holding first,
        Weights assets,
        PriceStatus status,
        bool takerPays
    ) internal view returns (uint256 amount, uint256 priced) {
        if (status == PriceStatus.FRESH && first.assetId() == 0 && first.amount() != 0) {
            amount = first.amount().abs();
            priced = assets.valueWad(0).abs();
            if (priced >= PRICING_VALUE) return (amount, priced);
        }
        Holding[] memory sample = new Holding[](1);
        sample[0] = HoldingLib.pack(0, takerPays ? -PRICED_AMOUNT : PRICED_AMOUNT);
        (, assets, ) = RISK_ENGINE.weighed(AccountId.wrap(0), sample, new address[](0));
        amount = uint256(PRICED_AMOUNT);
        priced = assets.valueWad(0).abs();
        if (priced < PRICING_VALUE) revert LiquidationEngine_SettlementUnpriced();
    }

    /// @dev Settlement tokens that the backstop can pay for `account`: what it has, less what it is expected to pay for
    /// others that are flagged, so that a flag's split between backstop and pools holds until it is resolved.
    function _coverFor(AccountId account) internal view returns (uint256) {
        int256 balance = VAULT.balanceOf(AccountIdLib.id(address(BACKSTOP), 0), VAULT.settlementAsset());
        if (balance <= 0) return 0;
        return uint256(balance).zeroFloorSub(BACKSTOP.flagged() - BACKSTOP.flaggedOf(account));
    }

    /// @dev Value of the smallest premium on a whole account: a share of its requirement without that of settlement tokens
    /// held.
    function _smallestPremium(
        Assessment memory assessment,
        Holding first,
        Weights assets
    ) private view returns (uint256) {
        uint256 base = assessment.requirement;
        if (first.assetId() == 0 && first.amount() > 0) base = base.zeroFloorSub(assets.requirementWad(0));
        return TakeoverMath.shareDown(base, RISK_ENGINE.domainParameters().premiumMinWad);
    }

    /// @dev Value of all holdings and instruments: equity without a portfolio's surplus credit.
    function _worth(Weights assets, Weights held) private pure returns (int256 sum) {
        for (uint256 i; i < assets.length(); ++i) sum += assets.valueWad(i);
        for (uint256 i; i < held.length(); ++i) sum += held.valueWad(i);
    }

    /// @dev Sum over which a deficit is split: the value of all debts to pools and of all losing instruments.
    function _losses(Weights assets, Weights held) internal pure returns (uint256 sum) {
        for (uint256 i; i < assets.length(); ++i) {
            if (assets.valueWad(i) < 0) sum += assets.valueWad(i).abs();
        }
        for (uint256 i; i < held.length(); ++i) {
            if (held.valueWad(i) < 0) sum += held.valueWad(i).abs();
        }
    }
}
