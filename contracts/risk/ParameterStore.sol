// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {UnderlyingFields, UnderlyingRow} from "../oracle/UnderlyingRow.sol";
import {AssetFields, AssetRow} from "./AssetRow.sol";
import {DomainFields, DomainRow, DomainRowLib} from "./DomainRow.sol";
import {ParameterWalks} from "./ParameterWalks.sol";
import {RiskBook} from "./RiskBook.sol";

/// @notice Rows of the risk book in storage, their publication, and views of them.
abstract contract ParameterStore is IRiskParameters {
    /// @inheritdoc IRiskParameters
    address public immutable vault;
    IRiskEngine internal immutable _ENGINE;

    /// @dev Rows as the book has them: shares {ppm}, values {USD}, times {s}. Counts in the domain row are put in when
    /// the book is written.
    DomainRow internal _domain;
    UnderlyingRow[] internal _underlyings;
    AssetRow[] internal _assets;
    mapping(uint256 underlying => FeedProposal) internal _feedProposals;
    mapping(uint256 assetId => RateSourceProposal) internal _rateSourceProposals;

    constructor(address vault_, address engine_) {
        vault = vault_;
        _ENGINE = IRiskEngine(engine_);
    }

    // --- views ---

    /// @inheritdoc IRiskParameters
    function domain() external view returns (Domain memory) {
        DomainRow memory row = _domain;
        row.walk(_clock());
        return _toDomain(row);
    }

    /// @inheritdoc IRiskParameters
    function domainTarget() external view returns (Domain memory) {
        return _toDomain(_domain);
    }

    /// @inheritdoc IRiskParameters
    function feed(uint256 underlying) external view returns (Feed memory) {
        return _toFeed(_walkedUnderlying(underlying));
    }

    /// @inheritdoc IRiskParameters
    function feedTarget(uint256 underlying) external view returns (Feed memory) {
        return _toFeed(_underlyingRow(underlying));
    }

    /// @inheritdoc IRiskParameters
    function shocks(uint256 underlying) external view returns (Shocks memory) {
        return _toShocks(_walkedUnderlying(underlying));
    }

    /// @inheritdoc IRiskParameters
    function shocksTarget(uint256 underlying) external view returns (Shocks memory) {
        return _toShocks(_underlyingRow(underlying));
    }

    /// @inheritdoc IRiskParameters
    function grid(uint256 underlying) external view returns (Grid memory) {
        return _toGrid(_walkedUnderlying(underlying));
    }

    /// @inheritdoc IRiskParameters
    function gridTarget(uint256 underlying) external view returns (Grid memory) {
        return _toGrid(_underlyingRow(underlying));
    }

    /// @inheritdoc IRiskParameters
    function asset(uint256 assetId) external view returns (Asset memory) {
        AssetRow memory row = _assetRow(assetId);
        row.walk(_clock());
        return _toAsset(row);
    }

    /// @inheritdoc IRiskParameters
    function assetTarget(uint256 assetId) external view returns (Asset memory) {
        return _toAsset(_assetRow(assetId));
    }

    /// @inheritdoc IRiskParameters
    function domainRamp() external view returns (uint256 start, uint256 end) {
        return (_domain.domain.rampStart(), _domain.domain.rampEnd());
    }

    /// @inheritdoc IRiskParameters
    function underlyingRamp(uint256 underlying) external view returns (uint256 start, uint256 end) {
        UnderlyingRow memory row = _underlyingRow(underlying);
        return (row.bounds.rampStart(), row.bounds.rampEnd());
    }

    /// @inheritdoc IRiskParameters
    function assetRamp(uint256 assetId) external view returns (uint256 start, uint256 end) {
        AssetRow memory row = _assetRow(assetId);
        return (row.asset.rampStart(), row.asset.rampEnd());
    }

    /// @inheritdoc IRiskParameters
    function feedProposal(uint256 underlying) external view returns (FeedProposal memory) {
        return _feedProposals[underlying];
    }

    /// @inheritdoc IRiskParameters
    function rateSourceProposal(uint256 assetId) external view returns (RateSourceProposal memory) {
        return _rateSourceProposals[assetId];
    }

    /// @inheritdoc IRiskParameters
    function underlyingCount() external view returns (uint256) {
        return _underlyings.length;
    }

    /// @inheritdoc IRiskParameters
    function assetCount() external view returns (uint256) {
        return _assets.length;
    }

    /// @inheritdoc IRiskParameters
    function engine() external view returns (address) {
        return address(_ENGINE);
    }

    // --- internal ---

    function _writeBook() internal {
        DomainFields memory fields = _domain.unpack();
        if (fields.targetTo == 0) revert RiskParameters_NoDomain();
        fields.underlyingCount = _underlyings.length;
        fields.assetCount = _assets.length;
        _ENGINE.publish(SSTORE2.write(RiskBook.encode(DomainRowLib.pack(fields), _underlyings, _assets)));
    }

    /// @dev Ramps run on the engine's clock, which stands still while the sequencer is down.
    function _clock() internal view returns (uint256) {
        return _ENGINE.clock();
    }

    function _underlyingRow(uint256 underlying) internal view returns (UnderlyingRow memory) {
        if (underlying >= _underlyings.length) revert RiskParameters_UnknownUnderlying(underlying);
        return _underlyings[underlying];
    }

    function _assetRow(uint256 assetId) internal view returns (AssetRow memory) {
        if (assetId >= _assets.length) revert RiskParameters_UnknownAsset(assetId);
        return _assets[assetId];
    }

    /// @dev The row's fields with what is left of its walk: `From` is now, `To` the target.
    function _underlyingAhead(
        uint256 underlying,
        uint256 clock
    ) internal view returns (UnderlyingFields memory fields) {
        UnderlyingRow memory row = _underlyingRow(underlying);
        fields = row.unpack();
        ParameterWalks.underlying(row, fields, clock, 0);
    }

    /// @dev As `_underlyingAhead`.
    function _assetAhead(uint256 assetId, uint256 clock) internal view returns (AssetFields memory fields) {
        AssetRow memory row = _assetRow(assetId);
        fields = row.unpack();
        ParameterWalks.asset(row, fields, clock, 0);
    }

    /// @dev As `_underlyingAhead`.
    function _domainAhead(uint256 clock) internal view returns (DomainFields memory fields) {
        DomainRow memory row = _domain;
        fields = row.unpack();
        ParameterWalks.domain(row, fields, clock, 0);
    }

    function _walkedUnderlying(uint256 underlying) internal view returns (UnderlyingRow memory row) {
        row = _underlyingRow(underlying);
        row.walk(_clock());
    }

    function _toFeed(UnderlyingRow memory row) internal pure returns (Feed memory) {
        UnderlyingFields memory fields = row.unpack();
        return
            Feed({
                aggregator: fields.aggregator,
                heartbeat: fields.heartbeat,
                halfWidthPpm: fields.halfWidthTo,
                volatilityPpm: fields.volatilityTo,
                secondary: fields.secondary,
                tolerancePpm: fields.toleranceTo,
                minPriceWad: fields.minPriceWad,
                maxPriceWad: fields.maxPriceWad
            });
    }

    function _toShocks(UnderlyingRow memory row) internal pure returns (Shocks memory) {
        return
            Shocks({
                initialDownPpm: row.shocks.initialDown(),
                initialUpPpm: row.shocks.initialUp(),
                maintenanceDownPpm: row.shocks.maintenanceDownTo(),
                maintenanceUpPpm: row.shocks.maintenanceUpTo()
            });
    }

    function _toGrid(UnderlyingRow memory row) internal pure returns (Grid memory) {
        return
            Grid({
                volatilityShockPpm: row.shocks.volatilityShockTo(),
                tailMultipleMilli: row.shocks.tailMultipleTo(),
                tailDampingMilli: row.shocks.tailDampingTo()
            });
    }

    function _toAsset(AssetRow memory row) internal pure returns (Asset memory) {
        AssetFields memory fields = row.unpack();
        return
            Asset({
                underlying: fields.underlying,
                tier: Tier(fields.tier),
                rateSource: fields.rateSource,
                basisShockPpm: fields.basisShockTo,
                basisBandPpm: fields.basisBandTo,
                unwindingPpm: fields.unwindingTo,
                depthUsd: fields.depthTo
            });
    }

    function _toDomain(DomainRow memory row) internal pure returns (Domain memory) {
        DomainFields memory fields = row.unpack();
        return
            Domain({
                targetHealthPpm: fields.targetTo,
                premiumMinPpm: fields.premiumMinTo,
                premiumStartPpm: fields.premiumStartTo,
                premiumMaxPpm: fields.premiumMaxTo,
                premiumFullHealthPpm: fields.premiumFullHealthTo,
                minDebtUsd: fields.minDebtTo,
                backstopSharePpm: fields.backstopShare,
                swapLossPpm: fields.swapLoss,
                gracePeriod: fields.gracePeriod,
                nettingPpm: fields.nettingTo
            });
    }
}
