// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Where a domain's risk parameters are set: bounded, validated against each other, ramped when they tighten.
/// Shares are in parts per million (ppm), values in whole {USD}, times in seconds. Every change republishes the risk book.
interface IRiskParameters {
    /// @notice How far an asset may be used.
    /// NONE: custody only, counts for nothing. ISOLATED: collateral only in an account with nothing else but the
    /// settlement asset. CROSS: beside anything.
    enum Tier {
        NONE,
        ISOLATED,
        CROSS
    }

    /// @param aggregator Chainlink feed of the price in {USD}
    /// @param heartbeat seconds within which the feed promises an answer
    /// @param halfWidthPpm deviation threshold plus allowance for latency
    /// @param volatilityPpm growth of the half-width per square root of a day beyond the heartbeat
    /// @param secondary second source, zero for none
    /// @param tolerancePpm distance within which both sources agree
    /// @param minPriceWad answers below are rejected {USD}
    /// @param maxPriceWad answers above are rejected {USD}
    struct Feed {
        address aggregator;
        uint256 heartbeat;
        uint256 halfWidthPpm;
        uint256 volatilityPpm;
        address secondary;
        uint256 tolerancePpm;
        uint256 minPriceWad;
        uint256 maxPriceWad;
    }

    /// @notice Relative moves of the price that margin must survive.
    struct Shocks {
        uint256 initialDownPpm;
        uint256 initialUpPpm;
        uint256 maintenanceDownPpm;
        uint256 maintenanceUpPpm;
    }

    /// @param underlying id of what the asset's value moves with
    /// @param rateSource units of the underlying for one token, zero for one to one
    /// @param basisShockPpm shock of its own on top of the underlying's
    /// @param basisBandPpm uncertainty of its own on top of the underlying's
    /// @param unwindingPpm cost of selling it
    /// @param depthUsd position value at which concentration alone would make the shock 100%
    struct Asset {
        uint256 underlying;
        Tier tier;
        address rateSource;
        uint256 basisShockPpm;
        uint256 basisBandPpm;
        uint256 unwindingPpm;
        uint256 depthUsd;
    }

    /// @notice Parameters of the whole domain; see `IRiskEngine.DomainParameters`.
    struct Domain {
        uint256 targetHealthPpm;
        uint256 premiumMinPpm;
        uint256 premiumStartPpm;
        uint256 premiumMaxPpm;
        uint256 premiumFullHealthPpm;
        uint256 minDebtUsd;
        uint256 backstopSharePpm;
        uint256 swapLossPpm;
        uint256 gracePeriod;
    }

    event UnderlyingAdded(uint256 indexed underlying, Feed feed, Shocks shocks);
    event FeedSet(uint256 indexed underlying, Feed oldFeed, Feed newFeed, uint256 rampEnd);
    event FeedProposed(uint256 indexed underlying, address aggregator, address secondary, uint256 activeFrom);
    event ShocksSet(uint256 indexed underlying, Shocks oldShocks, Shocks newShocks, uint256 rampEnd);
    event AssetAdded(uint256 indexed assetId, Asset asset);
    event AssetSet(uint256 indexed assetId, Asset oldAsset, Asset newAsset, uint256 rampEnd);
    event RateSourceProposed(uint256 indexed assetId, address rateSource, uint256 activeFrom);
    event DomainSet(Domain oldDomain, Domain newDomain, uint256 rampEnd);

    error RiskParameters_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error RiskParameters_InitialBelowMaintenance(uint256 underlying, uint256 initialPpm, uint256 maintenancePpm);
    error RiskParameters_ShockTooSmall(uint256 underlying, uint256 maintenancePpm, uint256 neededPpm);
    error RiskParameters_PremiumBelowUnwinding(uint256 assetId, uint256 premiumPpm, uint256 unwindingPpm);
    error RiskParameters_WrongOrder(bytes32 smaller, uint256 value, bytes32 larger, uint256 bound);
    error RiskParameters_RampTooShort(uint256 duration, uint256 minimum);
    error RiskParameters_UnknownAsset(uint256 assetId);
    error RiskParameters_UnknownUnderlying(uint256 underlying);
    error RiskParameters_FeedNotAnswering(address feed);
    error RiskParameters_SourcesDisagree(address oldFeed, uint256 oldPriceWad, address newFeed, uint256 newPriceWad);
    error RiskParameters_NotProposed(uint256 id);
    error RiskParameters_TooEarly(uint256 activeFrom);
    error RiskParameters_NotNextAsset(uint256 assetId, uint256 expected);
}
