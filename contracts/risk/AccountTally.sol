// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument} from "../../interfaces/IInstrument.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {AccountId, Assessment, Holding} from "../../interfaces/Types.sol";
import {AssetRowLib, AssetWord, RateWord} from "./AssetRow.sol";
import {BookSlot} from "./BookSlot.sol";
import {InstrumentTally} from "./InstrumentTally.sol";
import {NamedScenario} from "./NamedScenario.sol";
import {Point} from "./Point.sol";
import {RiskBook} from "./RiskBook.sol";

/// @notice Adds up what an account holds: equity, uncertainty, requirement. One loop for both requirements.
///
/// Equity is counted at one price per underlying, the exchange price. Its uncertainty is taken once per underlying, from
/// the net exposure (`sum_u |N_u| * halfWidth_u / price_u`), so that a hedged account is as certain as it is hedged.
///
/// While the sources of an underlying disagree the exchange price is the edge that counts (favourable for MAINTENANCE,
/// worst for INITIAL) moved inwards by the primary's own half-width, so that exchange price and uncertainty together
/// reach that edge exactly. Which edge it is depends on the net exposure: such an account is added up twice. The
/// requirement of a hedged account moves against its equity, so it is counted at a price of its own: the lowest for
/// MAINTENANCE, the highest for INITIAL. Were it counted at the exchange price, a source that lies upwards could force
/// the takeover of a hedged account by its requirement (ORA-1).
abstract contract AccountTally is InstrumentTally {
    /// @dev Concentration alone adds at most this much to a shock, as a WAD.
    uint256 private constant MAX_CONCENTRATION = 100e18;

    uint256 private constant TIER_NONE = uint256(IRiskParameters.Tier.NONE);
    uint256 private constant TIER_CROSS = uint256(IRiskParameters.Tier.CROSS);
    uint256 private constant SETTLEMENT = 0;
    uint256 internal constant ALL = type(uint256).max;

    constructor(address portfolioMode, address sequencerFeed) InstrumentTally(portfolioMode, sequencerFeed) {}

    /// @dev Adds up everything; twice where the exchange price of an underlying depends on the net exposure.
    /// @param assets where to put each holding's weight; empty: nowhere
    /// @param instrumentWeights where to put each instrument's weight; empty: nowhere
    function _addUp(
        Tally memory tally,
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        bool atBatchStart,
        IRiskEngine.Weight[] memory assets,
        IRiskEngine.Weight[] memory instrumentWeights
    ) internal view {
        if (instruments.length != 0) {
            tally.portfolio = _isPortfolio(instruments);
            if (!tally.portfolio) {
                tally.named = NamedScenario.wrap(0);
                tally.curved = ALL;
            } else if (tally.curved == 0 && tally.named.isNone()) {
                tally.curved = _curved(instruments);
            }
        }
        _addHoldings(tally, holdings, instruments.length, assets);
        _addInstruments(tally, account, instruments, atBatchStart, instrumentWeights);
        if (tally.disputed) {
            _reprice(tally);
            _addHoldings(tally, holdings, instruments.length, assets);
            _addInstruments(tally, account, instruments, atBatchStart, instrumentWeights);
        }
        _close(tally);
        if (tally.portfolio) {
            uint256 standaloneWad = _closePortfolio(tally);
            _scale(assets, tally.requirement, standaloneWad);
            _scale(instrumentWeights, tally.requirement, standaloneWad);
        }
    }

    /// @dev Underlyings in which something is curved.
    function _curved(address[] calldata instruments) private view returns (uint256 bitmap) {
        for (uint256 i = 0; i < instruments.length; ++i) {
            if (instruments[i] == PORTFOLIO_MODE) continue;
            (uint256[] memory ids, uint256 curved) = IInstrument(instruments[i]).underlyings();
            for (uint256 j = 0; j < ids.length; ++j) bitmap |= ((curved >> j) & 1) << ids[j];
        }
    }

    function _addHoldings(
        Tally memory tally,
        Holding[] calldata holdings,
        uint256 instrumentCount,
        IRiskEngine.Weight[] memory weights
    ) private view {
        uint256 requirement;
        uint256 debtValue;
        for (uint256 i = 0; i < holdings.length; ++i) {
            Holding holding;
            assembly ("memory-safe") {
                holding := calldataload(add(holdings.offset, shl(5, i)))
            }
            int256 amount = holding.amount();
            if (amount == 0) continue;
            (AssetWord asset, RateWord rate) = RiskBook.assetWords(
                BookSlot.unwrap(tally.slot),
                tally.assetsAt,
                holding.assetId()
            );
            Point point = _point(tally, asset.underlying());
            uint256 magnitude;
            uint256 base;
            if (_isUnusual(asset, rate, point, tally.clock)) {
                if (!_counts(tally, holdings, instrumentCount, holding, asset)) continue;
                (asset, rate, magnitude, base) = _unusual(tally, holding, asset, rate, point);
            } else {
                magnitude = _plainValue(amount, point.priceWad(), asset.decimals());
                base = magnitude;
            }
            unchecked {
                // Values are at most 2**180, shocks below 2**68, sums of 256 of them below 2**256.
                uint256 ownShock = point.shock(amount < 0, tally.maintenance);
                uint256 shock = asset.basisShockTo() + asset.unwindingTo() + ownShock;
                uint256 required = _requirementUp(base, shock, rate.depthTo());
                int256 value = int256(magnitude);
                if (amount > 0) {
                    if (required > base) required = base;
                } else {
                    value = -value;
                    debtValue += magnitude;
                }
                requirement += required;
                if (tally.portfolio) {
                    int256 signed = amount < 0 ? -int256(base) : int256(base);
                    _netHolding(tally, point, asset.underlying(), signed, required, ownShock);
                }
                point.setExposure(point.exposureWad() + value);
                if (weights.length != 0) {
                    weights[i].valueWad = value;
                    weights[i].requirementWad = required;
                }
            }
        }
        tally.requirement = requirement;
        tally.debtValue = debtValue;
    }

    /// @dev Whether an asset is anything but plain collateral, one to one and as certain as an underlying that has a fresh
    /// price, with parameters that stand still.
    function _isUnusual(
        AssetWord asset,
        RateWord rate,
        Point point,
        uint256 clock_
    ) internal pure returns (bool unusual) {
        uint256 status = point.status();
        uint256 rampEnd = asset.rampEnd();
        uint256 notCross = asset.tier() ^ TIER_CROSS;
        uint256 basisBand = asset.basisBandTo();
        assembly ("memory-safe") {
            unusual := iszero(
                iszero(or(or(or(status, basisBand), lt(clock_, rampEnd)), or(notCross, shl(96, rate))))
            )
        }
    }

    /// @dev Whether a holding counts: for new risk not where the asset is custody only, or collateral only where it is alone.
    /// What the book does not know (yet) counts for nothing where it is held: it must not stand in the way of a takeover.
    function _counts(
        Tally memory tally,
        Holding[] calldata holdings,
        uint256 instrumentCount,
        Holding holding,
        AssetWord asset
    ) private pure returns (bool) {
        uint256 assetId = holding.assetId();
        bool held = holding.amount() > 0;
        if (assetId >= tally.slot.assetCount()) {
            if (held) return false;
            revert IRiskEngine.RiskEngine_UnknownAsset(assetId);
        }
        uint256 tier = asset.tier();
        if (tier == TIER_CROSS || tally.maintenance || !held) return true;
        if (tier == TIER_NONE || instrumentCount != 0) return false;
        for (uint256 i = 0; i < holdings.length; ++i) {
            uint256 id = holdings[i].assetId();
            if (id != assetId && id != SETTLEMENT && holdings[i].amount() != 0) return false;
        }
        return true;
    }

    /// @dev Walks an asset's row, asks for its rate, takes note of its status and basis band, values it. What is held without
    /// a price counts for nothing in new risk, and stands in nobody's way.
    /// @return the row, walked
    /// @return its second word, walked
    /// @return magnitude value at the exchange price {USD}
    /// @return base value that the requirement is counted on {USD}
    function _unusual(
        Tally memory tally,
        Holding holding,
        AssetWord asset,
        RateWord rate,
        Point point
    ) private view returns (AssetWord, RateWord, uint256 magnitude, uint256 base) {
        if (tally.clock < asset.rampEnd()) (asset, rate) = AssetRowLib.walked(asset, rate, tally.clock);
        uint256 status = point.status();
        uint256 rateWad = WAD;
        int256 amount = holding.amount();
        address source = rate.rateSource();
        if (source != address(0)) {
            bool answered;
            (rateWad, answered) = _rate(holding.assetId(), source);
            if (!answered) {
                status = NONE;
                if (amount > 0) rateWad = FixedPointMathLib.max(rateWad, _rateCap(source));
            }
        }
        if (status == NONE && amount > 0 && !tally.maintenance) return (asset, rate, 0, 0);
        if (status > tally.status) tally.status = status;
        uint256 priceWad = point.priceWad();
        magnitude =
            amount > 0
                ? _valueDown(uint256(amount), priceWad, rateWad, asset.decimals())
                : _valueUp(uint256(-amount), priceWad, rateWad, asset.decimals());
        base = magnitude;
        uint256 requirementPriceWad = point.requirementPriceWad();
        if (requirementPriceWad != 0) {
            base = FixedPointMathLib.fullMulDivUp(magnitude, requirementPriceWad, priceWad);
            if (base > MAX_VALUE) base = MAX_VALUE;
        }
        unchecked {
            // Values are at most 2**180.
            tally.uncertainty +=
                (FixedPointMathLib.max(magnitude, base) * asset.basisBandTo() + 999_999) / 1e6;
        }
        return (asset, rate, magnitude, base);
    }

    /// @dev Value times shock, and times its own size over the market's depth.
    /// @param depth value at which concentration alone makes the shock 100%, zero: switched off {USD}
    function _requirementUp(
        uint256 magnitude,
        uint256 shockPpm,
        uint256 depth
    ) private pure returns (uint256 requirement) {
        uint256 concentration;
        assembly ("memory-safe") {
            // By the EVM's rule a division by zero is zero.
            concentration := div(magnitude, depth)
        }
        unchecked {
            if (concentration > MAX_CONCENTRATION) concentration = MAX_CONCENTRATION;
            requirement = (magnitude * (shockPpm * PPM_TO_WAD + concentration) + (WAD - 1)) / WAD;
        }
    }

    /// @dev Value of an amount that is worth its underlying one to one {USD}: down for what is owned, up for what is owed.
    /// Bounds as in `_valueDown`.
    function _plainValue(
        int256 amount,
        uint256 priceWad,
        uint256 decimals
    ) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            let owed := slt(amount, 0)
            let unit := 1000000000000000000
            if xor(decimals, 18) {
                unit := exp(10, decimals)
            }
            // The amount without its sign is (amount xor -owed) + owed.
            value := mul(add(xor(amount, sub(0, owed)), owed), priceWad)
            value := div(add(value, mul(owed, sub(unit, 1))), unit)
        }
        if (value > MAX_VALUE) value = MAX_VALUE;
    }

    /// @dev Value of what is owned {USD}.
    /// @param amount below 2**132 {tok}: balances are below 2**112, debts with interest not much above
    /// @param priceWad below 2**97 {USD}
    /// @param rateWad at most 1e27
    /// @param decimals at most 27
    function _valueDown(
        uint256 amount,
        uint256 priceWad,
        uint256 rateWad,
        uint256 decimals
    ) internal pure returns (uint256 value) {
        unchecked {
            value = FixedPointMathLib.fullMulDiv(amount * rateWad, priceWad, 10 ** decimals * WAD);
        }
        if (value > MAX_VALUE) value = MAX_VALUE;
    }

    /// @dev Value of what is owed {USD}; as `_valueDown`.
    function _valueUp(
        uint256 amount,
        uint256 priceWad,
        uint256 rateWad,
        uint256 decimals
    ) internal pure returns (uint256 value) {
        unchecked {
            value = FixedPointMathLib.fullMulDivUp(amount * rateWad, priceWad, 10 ** decimals * WAD);
        }
        if (value > MAX_VALUE) value = MAX_VALUE;
    }

    function _addInstruments(
        Tally memory tally,
        AccountId account,
        address[] calldata instruments,
        bool atBatchStart,
        IRiskEngine.Weight[] memory weights
    ) private view {
        for (uint256 i = 0; i < instruments.length; ++i) {
            if (tally.portfolio && instruments[i] == PORTFOLIO_MODE) continue;
            IRiskEngine.Weight memory weight = _addInstrument(
                tally,
                account,
                IInstrument(instruments[i]),
                atBatchStart
            );
            if (weights.length != 0) weights[i] = weight;
        }
    }

    /// @dev Fixes exchange prices and requirement prices of disputed underlyings by the net exposures of the first round, and
    /// clears the sums for the second.
    function _reprice(Tally memory tally) private pure {
        for (Point point = tally.last; !point.isNull(); point = point.next()) {
            if (point.isDisputed()) {
                uint256 half = FixedPointMathLib.mulWadUp(point.priceWad(), point.widthWad());
                uint256 lowHalf = _lowHalf(point, half);
                uint256 lowWad = point.lowWad() + lowHalf;
                uint256 highWad = point.highWad() - half;
                bool high = (point.exposureWad() >= 0) == tally.maintenance;
                uint256 priceWad = high ? highWad : lowWad;
                uint256 widthWad = FixedPointMathLib.divWadUp(high ? half : lowHalf, priceWad);
                point.setPrice(priceWad, widthWad, point.status());
                point.setRequirementPrice(tally.maintenance ? lowWad : highWad);
            }
            point.setExposure(0);
            point.setNetting(0);
        }
        tally.equity = 0;
        tally.apart = 0;
        tally.surplus = 0;
        tally.uncertainty = 0;
    }

    /// @dev Edges once per underlying.
    function _close(Tally memory tally) private pure {
        uint256 uncertainty = tally.uncertainty;
        int256 equity = tally.equity;
        unchecked {
            // Exposures are below 2**190, widths at most 1.
            for (Point point = tally.last; !point.isNull(); point = point.next()) {
                int256 exposure = point.exposureWad();
                equity += exposure;
                uncertainty += (FixedPointMathLib.abs(exposure) * point.widthWad() + (WAD - 1)) / WAD;
            }
        }
        tally.uncertainty = uncertainty;
        tally.equity = equity;
    }

    /// @dev The first six words of a tally are an assessment.
    function _assessment(Tally memory tally) internal pure returns (Assessment memory assessment) {
        assembly ("memory-safe") {
            assessment := tally
        }
    }
}
