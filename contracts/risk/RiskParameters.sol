// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {PriceStatus} from "../../interfaces/Types.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {Governed} from "../access/Governed.sol";
import {
    UnderlyingFields,
    UnderlyingRow,
    UnderlyingRowLib,
    UnderlyingWords
} from "../oracle/UnderlyingRow.sol";
import {AssetFields, AssetRow, AssetRowLib} from "./AssetRow.sol";
import {DomainFields, DomainRow, DomainRowLib} from "./DomainRow.sol";
import {ParameterBounds} from "./ParameterBounds.sol";
import {ParameterStore} from "./ParameterStore.sol";
import {ParameterWalks} from "./ParameterWalks.sol";
import {SourceCheck} from "./SourceCheck.sol";

/// @notice See `IRiskParameters`. Every setter goes the same way: read the row, put in the new targets, set out from where
/// the row stands (GOV-1), check it alone and beside the others, store, tell, publish.
contract RiskParameters is ParameterStore, Governed {
    /// @dev Whether `configure` runs and publishes at its end.
    bool private transient _configuring;

    /// @inheritdoc IRiskParameters
    address public shockSetter;

    /// @param vault_ vault whose assets are added; may be deployed later
    /// @param engine_ risk engine that takes books from this contract; may be deployed later
    constructor(
        address owner_,
        address guardian_,
        address vault_,
        address engine_
    ) Governed(owner_, guardian_) ParameterStore(vault_, engine_) {}

    // --- owner ---

    /// @inheritdoc IRiskParameters
    function configure(bytes[] calldata calls) external onlyOwner {
        _configuring = true;
        for (uint256 i = 0; i < calls.length; ++i) Address.functionDelegateCall(address(this), calls[i]);
        _configuring = false;
        _writeBook();
    }

    /// @inheritdoc IRiskParameters
    function addUnderlying(
        Feed calldata feed_,
        Shocks calldata shocks_
    ) external onlyOwner returns (uint256 underlying) {
        underlying = _underlyings.length;
        if (underlying == ParameterBounds.MAX_UNDERLYINGS) {
            revert RiskParameters_ListFull(ParameterBounds.MAX_UNDERLYINGS);
        }
        UnderlyingFields memory fields;
        fields.aggregator = feed_.aggregator;
        fields.secondary = feed_.secondary;
        fields.priceExponent = SourceCheck.priceExponent(feed_.aggregator);
        _target(fields, feed_);
        _target(fields, shocks_);
        fields.halfWidthFrom = fields.halfWidthTo;
        fields.volatilityFrom = fields.volatilityTo;
        fields.toleranceFrom = fields.toleranceTo;
        fields.maintenanceDownFrom = fields.maintenanceDownTo;
        fields.maintenanceUpFrom = fields.maintenanceUpTo;
        _checkUnderlying(underlying, fields, _domainAhead(_clock()));
        SourceCheck.requireRoom(fields);
        _underlyings.push(UnderlyingRowLib.pack(fields));
        emit UnderlyingAdded(underlying, feed_, shocks_);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function setShocks(uint256 underlying, Shocks calldata shocks_, uint256 rampDuration) external {
        if (msg.sender != shockSetter) _checkOwner();
        UnderlyingRow memory row = _underlyingRow(underlying);
        Shocks memory old = _toShocks(row);
        UnderlyingFields memory fields = row.unpack();
        _target(fields, shocks_);
        _setUnderlying(underlying, row, fields, rampDuration);
        emit ShocksSet(underlying, old, shocks_, fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function setShockSetter(address setter) external onlyOwner {
        emit ShockSetterSet(shockSetter, setter);
        shockSetter = setter;
    }

    /// @inheritdoc IRiskParameters
    function setGrid(uint256 underlying, Grid calldata grid_, uint256 rampDuration) external onlyOwner {
        UnderlyingRow memory row = _underlyingRow(underlying);
        Grid memory old = _toGrid(row);
        UnderlyingFields memory fields = row.unpack();
        fields.volatilityShockTo = grid_.volatilityShockPpm;
        fields.tailMultipleTo = grid_.tailMultipleMilli;
        fields.tailDampingTo = grid_.tailDampingMilli;
        if (old.volatilityShockPpm == 0) _arrive(row, fields);
        ParameterWalks.underlying(row, fields, _clock(), rampDuration);
        ParameterBounds.checkGrid(fields);
        _underlyings[underlying] = UnderlyingRowLib.pack(fields);
        emit GridSet(underlying, old, grid_, fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function setFeed(uint256 underlying, Feed calldata feed_, uint256 rampDuration) external onlyOwner {
        UnderlyingRow memory row = _underlyingRow(underlying);
        Feed memory old = _toFeed(row);
        if (feed_.aggregator != old.aggregator) revert RiskParameters_NotSettable("aggregator");
        if (feed_.secondary != old.secondary) revert RiskParameters_NotSettable("secondary");
        UnderlyingFields memory fields = row.unpack();
        // A stale feed's band has grown; a longer heartbeat would take that back at a stroke.
        if (feed_.heartbeat > old.heartbeat) SourceCheck.requireFresh(fields);
        _target(fields, feed_);
        _setUnderlying(underlying, row, fields, rampDuration);
        bool narrower = feed_.minPriceWad > old.minPriceWad || feed_.maxPriceWad < old.maxPriceWad;
        if (narrower) _requireNarrowable(underlying, fields);
        emit FeedSet(underlying, old, feed_, fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function proposeFeed(uint256 underlying, address aggregator, address secondary) external onlyOwner {
        _underlyingRow(underlying);
        uint256 activeFrom = _clock() + ParameterBounds.MIN_RAMP;
        _feedProposals[underlying] = FeedProposal(aggregator, secondary, activeFrom);
        emit FeedProposed(underlying, aggregator, secondary, activeFrom);
    }

    /// @inheritdoc IRiskParameters
    function applyFeed(uint256 underlying) external onlyOwner {
        FeedProposal memory proposal = _feedProposals[underlying];
        uint256 clock = _requireDue(underlying, proposal.activeFrom);
        UnderlyingRow memory row = _underlyings[underlying];
        Feed memory old = _toFeed(row);
        UnderlyingFields memory fields = row.unpack();
        row.walk(clock);
        UnderlyingFields memory here = row.unpack();
        UnderlyingFields memory next = row.unpack();
        next.aggregator = fields.aggregator = proposal.aggregator;
        next.secondary = fields.secondary = proposal.secondary;
        next.priceExponent = fields.priceExponent = SourceCheck.priceExponent(proposal.aggregator);
        ParameterBounds.checkFeed(fields);
        SourceCheck.requireReplaceable(here, next);
        delete _feedProposals[underlying];
        _underlyings[underlying] = UnderlyingRowLib.pack(fields);
        emit FeedSet(underlying, old, _toFeed(_underlyings[underlying]), fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function addAsset(uint256 assetId, Asset calldata asset_) external onlyOwner {
        if (assetId != _assets.length) revert RiskParameters_NotNextAsset(assetId, _assets.length);
        if (assetId == ParameterBounds.MAX_ASSETS) {
            revert RiskParameters_ListFull(ParameterBounds.MAX_ASSETS);
        }
        (address token, ) = IVault(vault).assetAt(assetId);
        if (token == address(0)) revert RiskParameters_UnknownAsset(assetId);
        AssetFields memory fields;
        fields.underlying = asset_.underlying;
        fields.decimals = IERC20Metadata(token).decimals();
        fields.rateSource = asset_.rateSource;
        _target(fields, asset_);
        fields.basisShockFrom = fields.basisShockTo;
        fields.unwindingFrom = fields.unwindingTo;
        fields.basisBandFrom = fields.basisBandTo;
        fields.depthFrom = fields.depthTo;
        _checkAsset(assetId, fields, _clock());
        SourceCheck.requireRate(asset_.rateSource);
        _assets.push(AssetRowLib.pack(fields));
        emit AssetAdded(assetId, asset_);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function setAsset(uint256 assetId, Asset calldata asset_, uint256 rampDuration) external onlyOwner {
        AssetRow memory row = _assetRow(assetId);
        Asset memory old = _toAsset(row);
        if (asset_.underlying != old.underlying) revert RiskParameters_NotSettable("underlying");
        if (asset_.rateSource != old.rateSource) revert RiskParameters_NotSettable("rateSource");
        AssetFields memory fields = row.unpack();
        _target(fields, asset_);
        uint256 clock = _clock();
        ParameterWalks.asset(row, fields, clock, rampDuration);
        _checkAsset(assetId, fields, clock);
        _assets[assetId] = AssetRowLib.pack(fields);
        emit AssetSet(assetId, old, asset_, fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function proposeRateSource(uint256 assetId, address rateSource) external onlyOwner {
        _assetRow(assetId);
        uint256 activeFrom = _clock() + ParameterBounds.MIN_RAMP;
        _rateSourceProposals[assetId] = RateSourceProposal(rateSource, activeFrom);
        emit RateSourceProposed(assetId, rateSource, activeFrom);
    }

    /// @inheritdoc IRiskParameters
    function applyRateSource(uint256 assetId) external onlyOwner {
        RateSourceProposal memory proposal = _rateSourceProposals[assetId];
        uint256 clock = _requireDue(assetId, proposal.activeFrom);
        AssetRow memory row = _assets[assetId];
        Asset memory old = _toAsset(row);
        AssetFields memory fields = row.unpack();
        row.walk(clock);
        SourceCheck.requireRateReplaceable(old.rateSource, proposal.rateSource, row.asset.basisBandTo());
        fields.rateSource = proposal.rateSource;
        delete _rateSourceProposals[assetId];
        _assets[assetId] = AssetRowLib.pack(fields);
        emit AssetSet(assetId, old, _toAsset(_assets[assetId]), fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function setDomain(Domain calldata domain_, uint256 rampDuration) external onlyOwner {
        DomainRow memory row = _domain;
        Domain memory old = _toDomain(row);
        if (domain_.gracePeriod < old.gracePeriod) {
            uint256 upFor = _ENGINE.sequencerUpFor();
            if (upFor < old.gracePeriod) revert RiskParameters_GraceRunning(upFor, old.gracePeriod);
        }
        DomainFields memory fields = row.unpack();
        _target(fields, domain_);
        uint256 clock = _clock();
        if (old.targetHealthPpm == 0) _arrive(fields);
        else ParameterWalks.domain(row, fields, clock, rampDuration);
        ParameterBounds.checkDomain(fields);
        for (uint256 i = 0; i < _underlyings.length; ++i) {
            ParameterBounds.checkTarget(i, _underlyingAhead(i, clock), fields);
        }
        for (uint256 i = 0; i < _assets.length; ++i) {
            AssetFields memory asset_ = _assetAhead(i, clock);
            ParameterBounds.checkPremium(i, asset_, _underlyingAhead(asset_.underlying, clock), fields);
        }
        _domain = DomainRowLib.pack(fields);
        emit DomainSet(old, domain_, fields.rampEnd);
        _publish();
    }

    // --- guardian or owner ---

    /// @inheritdoc IRiskParameters
    function lowerTier(uint256 assetId, Tier tier) external onlyGuardian {
        AssetRow memory row = _assetRow(assetId);
        Asset memory old = _toAsset(row);
        ParameterBounds.ordered("tier", uint256(tier), "tier now", uint256(old.tier));
        AssetFields memory fields = row.unpack();
        fields.tier = uint256(tier);
        _checkTier(assetId, fields);
        _assets[assetId] = AssetRowLib.pack(fields);
        emit AssetSet(assetId, old, _toAsset(_assets[assetId]), fields.rampEnd);
        _publish();
    }

    /// @inheritdoc IRiskParameters
    function cancelFeed(uint256 underlying) external onlyGuardian {
        if (_feedProposals[underlying].activeFrom == 0) revert RiskParameters_NotProposed(underlying);
        delete _feedProposals[underlying];
        emit FeedProposalCancelled(underlying);
    }

    /// @inheritdoc IRiskParameters
    function cancelRateSource(uint256 assetId) external onlyGuardian {
        if (_rateSourceProposals[assetId].activeFrom == 0) revert RiskParameters_NotProposed(assetId);
        delete _rateSourceProposals[assetId];
        emit RateSourceProposalCancelled(assetId);
    }

    // --- internal ---

    function _publish() private {
        if (!_configuring) _writeBook();
    }

    function _setUnderlying(
        uint256 underlying,
        UnderlyingRow memory row,
        UnderlyingFields memory fields,
        uint256 rampDuration
    ) private {
        uint256 clock = _clock();
        ParameterWalks.underlying(row, fields, clock, rampDuration);
        DomainFields memory domain_ = _domainAhead(clock);
        _checkUnderlying(underlying, fields, domain_);
        for (uint256 i = 0; i < _assets.length; ++i) {
            if (_assets[i].asset.underlying() != underlying) continue;
            ParameterBounds.checkPremium(i, _assetAhead(i, clock), fields, domain_);
        }
        _underlyings[underlying] = UnderlyingRowLib.pack(fields);
    }

    /// @dev A second source that disagrees counts up to the bounds, so that they are part of the band while it does.
    function _requireNarrowable(uint256 underlying, UnderlyingFields memory fields) private view {
        PriceStatus status = _ENGINE.band(underlying).status;
        if (status != PriceStatus.FRESH) {
            revert IRiskEngine.RiskEngine_PriceNotUsable(underlying, uint8(status));
        }
        SourceCheck.requireRoom(fields);
    }

    function _requireDue(uint256 id, uint256 activeFrom) private view returns (uint256 clock) {
        if (activeFrom == 0) revert RiskParameters_NotProposed(id);
        clock = _clock();
        if (clock < activeFrom) revert RiskParameters_TooEarly(activeFrom);
    }

    function _checkAsset(uint256 assetId, AssetFields memory fields, uint256 clock) private view {
        _checkTier(assetId, fields);
        ParameterBounds.checkAsset(fields);
        UnderlyingFields memory underlying = _underlyingAhead(fields.underlying, clock);
        ParameterBounds.checkPremium(assetId, fields, underlying, _domainAhead(clock));
    }

    function _checkUnderlying(
        uint256 underlying,
        UnderlyingFields memory fields,
        DomainFields memory domain_
    ) private pure {
        ParameterBounds.checkFeed(fields);
        ParameterBounds.checkShocks(underlying, fields);
        ParameterBounds.checkTarget(underlying, fields, domain_);
    }

    /// @dev Payments are made in the settlement asset, so it counts beside anything.
    function _checkTier(uint256 assetId, AssetFields memory fields) private pure {
        if (assetId == 0 && fields.tier != uint256(Tier.CROSS)) revert RiskParameters_NotSettable("tier");
    }

    /// @dev What is new stands at its target.
    function _arrive(DomainFields memory fields) private pure {
        fields.targetFrom = fields.targetTo;
        fields.premiumMinFrom = fields.premiumMinTo;
        fields.premiumStartFrom = fields.premiumStartTo;
        fields.premiumMaxFrom = fields.premiumMaxTo;
        fields.premiumFullHealthFrom = fields.premiumFullHealthTo;
        fields.minDebtFrom = fields.minDebtTo;
        fields.nettingFrom = fields.nettingTo;
    }

    /// @dev As `_arrive`, of a row's grid: where there was none, no instrument is held that asks for one.
    function _arrive(UnderlyingRow memory row, UnderlyingFields memory fields) private pure {
        fields.volatilityShockFrom = fields.volatilityShockTo;
        fields.tailMultipleFrom = fields.tailMultipleTo;
        fields.tailDampingFrom = fields.tailDampingTo;
        row.shocks = UnderlyingWords.packShocks(fields);
    }

    function _target(UnderlyingFields memory fields, Feed calldata feed_) private pure {
        fields.heartbeat = feed_.heartbeat;
        fields.halfWidthTo = feed_.halfWidthPpm;
        fields.volatilityTo = feed_.volatilityPpm;
        fields.toleranceTo = feed_.tolerancePpm;
        fields.minPriceWad = feed_.minPriceWad;
        fields.maxPriceWad = feed_.maxPriceWad;
    }

    function _target(UnderlyingFields memory fields, Shocks calldata shocks_) private pure {
        fields.initialDown = shocks_.initialDownPpm;
        fields.initialUp = shocks_.initialUpPpm;
        fields.maintenanceDownTo = shocks_.maintenanceDownPpm;
        fields.maintenanceUpTo = shocks_.maintenanceUpPpm;
    }

    function _target(AssetFields memory fields, Asset calldata asset_) private pure {
        fields.tier = uint256(asset_.tier);
        fields.basisShockTo = asset_.basisShockPpm;
        fields.basisBandTo = asset_.basisBandPpm;
        fields.unwindingTo = asset_.unwindingPpm;
        fields.depthTo = asset_.depthUsd;
    }

    function _target(DomainFields memory fields, Domain calldata domain_) private pure {
        fields.targetTo = domain_.targetHealthPpm;
        fields.premiumMinTo = domain_.premiumMinPpm;
        fields.premiumStartTo = domain_.premiumStartPpm;
        fields.premiumMaxTo = domain_.premiumMaxPpm;
        fields.premiumFullHealthTo = domain_.premiumFullHealthPpm;
        fields.minDebtTo = domain_.minDebtUsd;
        fields.backstopShare = domain_.backstopSharePpm;
        fields.swapLoss = domain_.swapLossPpm;
        fields.gracePeriod = domain_.gracePeriod;
        fields.nettingTo = domain_.nettingPpm;
    }
}
