// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Where a domain's risk parameters are set: bounded, validated against each other, ramped when they tighten.
/// Shares are in parts per million (ppm), values in whole {USD}, times in seconds. Every change republishes the risk book.
///
/// What raises a maintenance requirement, brings a liquidation forward or makes one larger walks from its value now to
/// its new one over the ramp that the setter names; what does the opposite is in force at once (GOV-1). Upwards walk:
/// maintenance shocks, the grid of scenarios, basis shock, unwinding cost, tolerance, target health, premiums, the health of
/// the full premium, minimum debt. Downwards walk: half-width, volatility, basis band, depth, netting. Initial shocks, tier, price bounds, backstop
/// share, swap loss, heartbeat and grace period bear on new risk or on takers alone; they change at once, and where that
/// could reach a maintenance judgement by a side road the setter refuses it while it would. Feeds and rate sources change
/// after a delay, to a price that agrees. A setter never ends a walk that goes on earlier than was said.
/// Every relation holds for every mixture of the values from which and to which parameters walk, so at any time.
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

    /// @notice Scenarios of what is not linear in the price: steps of the price up to the shock, each with volatility as it
    /// is and moved, and two tails. Zeros where there is no such instrument.
    /// @param volatilityShockPpm relative move of volatility, up and down
    /// @param tailMultipleMilli move of the price in a tail, in thousandths of the shock
    /// @param tailDampingMilli thousandths of a tail's change that count; multiple times damping is at most 1
    struct Grid {
        uint256 volatilityShockPpm;
        uint256 tailMultipleMilli;
        uint256 tailDampingMilli;
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
    /// @param nettingPpm rho: the share of portfolio margin that is reckoned as if all underlyings moved in one direction
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
        uint256 nettingPpm;
    }

    /// @notice A feed that waits for its delay to pass.
    /// @param activeFrom first second on the engine's clock at which it may be applied; zero for no proposal
    struct FeedProposal {
        address aggregator;
        address secondary;
        uint256 activeFrom;
    }

    /// @notice A rate source that waits for its delay to pass.
    struct RateSourceProposal {
        address rateSource;
        uint256 activeFrom;
    }

    event UnderlyingAdded(uint256 indexed underlying, Feed feed, Shocks shocks);
    event FeedSet(uint256 indexed underlying, Feed oldFeed, Feed newFeed, uint256 rampEnd);
    event FeedProposed(uint256 indexed underlying, address aggregator, address secondary, uint256 activeFrom);
    event FeedProposalCancelled(uint256 indexed underlying);
    event ShocksSet(uint256 indexed underlying, Shocks oldShocks, Shocks newShocks, uint256 rampEnd);
    event GridSet(uint256 indexed underlying, Grid oldGrid, Grid newGrid, uint256 rampEnd);
    event ShockSetterSet(address oldSetter, address newSetter);
    event AssetAdded(uint256 indexed assetId, Asset asset);
    event AssetSet(uint256 indexed assetId, Asset oldAsset, Asset newAsset, uint256 rampEnd);
    event RateSourceProposed(uint256 indexed assetId, address rateSource, uint256 activeFrom);
    event RateSourceProposalCancelled(uint256 indexed assetId);
    event DomainSet(Domain oldDomain, Domain newDomain, uint256 rampEnd);

    error RiskParameters_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error RiskParameters_InitialBelowMaintenance(
        uint256 underlying,
        uint256 initialPpm,
        uint256 maintenancePpm
    );
    error RiskParameters_InitialBelowTarget(uint256 underlying, uint256 initialPpm, uint256 neededPpm);
    error RiskParameters_ShockTooSmall(uint256 underlying, uint256 maintenancePpm, uint256 neededPpm);
    error RiskParameters_PremiumBelowUnwinding(uint256 assetId, uint256 premiumPpm, uint256 unwindingPpm);
    error RiskParameters_WrongOrder(bytes32 smaller, uint256 value, bytes32 larger, uint256 bound);
    error RiskParameters_RampTooShort(uint256 duration, uint256 minimum);
    error RiskParameters_UnknownAsset(uint256 assetId);
    error RiskParameters_UnknownUnderlying(uint256 underlying);
    error RiskParameters_FeedNotAnswering(address feed);
    error RiskParameters_SourcesDisagree(
        address oldFeed,
        uint256 oldPriceWad,
        address newFeed,
        uint256 newPriceWad
    );
    error RiskParameters_NotProposed(uint256 id);
    error RiskParameters_TooEarly(uint256 activeFrom);
    error RiskParameters_NotNextAsset(uint256 assetId, uint256 expected);
    error RiskParameters_NoDomain();
    error RiskParameters_NotSettable(bytes32 parameter);
    error RiskParameters_FeedStale(address feed, uint256 age, uint256 heartbeat);
    error RiskParameters_GraceRunning(uint256 sequencerUpFor, uint256 gracePeriod);
    error RiskParameters_ListFull(uint256 limit);

    // --- owner ---

    /// @notice Makes several calls to the functions below and publishes once. Nothing is published before a domain is set.
    function configure(bytes[] calldata calls) external;

    /// @notice Adds an underlying. Its feed must answer, with a price well inside of the bounds.
    function addUnderlying(
        Feed calldata feed_,
        Shocks calldata shocks_
    ) external returns (uint256 underlying);

    /// @notice New shocks. Maintenance shocks that rise walk, initial ones do not. The owner or `shockSetter`.
    /// @param rampDuration {s}; not looked at where nothing walks
    function setShocks(uint256 underlying, Shocks calldata shocks_, uint256 rampDuration) external;

    /// @notice New grid of scenarios. What rises walks; the first one is in force at once.
    /// @param rampDuration {s}; not looked at where nothing walks
    function setGrid(uint256 underlying, Grid calldata grid_, uint256 rampDuration) external;

    /// @notice Who may set shocks beside the owner; the zero address for nobody.
    function setShockSetter(address setter) external;

    /// @notice New numbers of a feed; its addresses must be those in force. A longer heartbeat is refused while the
    /// answer is older than the present one allows, narrower bounds where a maintenance shock could leave them or while the
    /// price is not fresh.
    function setFeed(uint256 underlying, Feed calldata feed_, uint256 rampDuration) external;

    /// @notice Announces other sources of an underlying's price.
    function proposeFeed(uint256 underlying, address aggregator, address secondary) external;

    /// @notice Puts the announced sources in force. The new ones must answer; the new primary agrees with the old one
    /// within half-width and tolerance unless that is dead, the new second source with the new primary.
    function applyFeed(uint256 underlying) external;

    /// @notice Adds the vault's next asset. Decimals are the token's; the first one, the settlement asset, must be CROSS.
    function addAsset(uint256 assetId, Asset calldata asset_) external;

    /// @notice New numbers and tier of an asset; underlying and rate source must be those in force.
    function setAsset(uint256 assetId, Asset calldata asset_, uint256 rampDuration) external;

    /// @notice Announces another rate source.
    function proposeRateSource(uint256 assetId, address rateSource) external;

    /// @notice Puts the announced rate source in force. It must answer, within the basis band of the old one unless that
    /// is dead.
    function applyRateSource(uint256 assetId) external;

    /// @notice New parameters of the whole domain; the first ones are in force at once. A shorter grace period is refused while one runs.
    function setDomain(Domain calldata domain_, uint256 rampDuration) external;

    // --- guardian or owner ---

    /// @notice Lowers an asset's tier; bears on new risk alone. Not the settlement asset's.
    function lowerTier(uint256 assetId, Tier tier) external;

    function cancelFeed(uint256 underlying) external;

    function cancelRateSource(uint256 assetId) external;

    // --- views: `...Target` is where a ramp leads, the others what is in force now ---

    function domain() external view returns (Domain memory);

    function domainTarget() external view returns (Domain memory);

    function feed(uint256 underlying) external view returns (Feed memory);

    function feedTarget(uint256 underlying) external view returns (Feed memory);

    function shocks(uint256 underlying) external view returns (Shocks memory);

    function shocksTarget(uint256 underlying) external view returns (Shocks memory);

    function grid(uint256 underlying) external view returns (Grid memory);

    function gridTarget(uint256 underlying) external view returns (Grid memory);

    function shockSetter() external view returns (address);

    function asset(uint256 assetId) external view returns (Asset memory);

    function assetTarget(uint256 assetId) external view returns (Asset memory);

    /// @notice Begin and end of a walk on the engine's clock; zeros if there was none.
    function domainRamp() external view returns (uint256 start, uint256 end);

    function underlyingRamp(uint256 underlying) external view returns (uint256 start, uint256 end);

    function assetRamp(uint256 assetId) external view returns (uint256 start, uint256 end);

    function feedProposal(uint256 underlying) external view returns (FeedProposal memory);

    function rateSourceProposal(uint256 assetId) external view returns (RateSourceProposal memory);

    function underlyingCount() external view returns (uint256);

    function assetCount() external view returns (uint256);

    /// @notice Engine that the book is published to.
    function engine() external view returns (address);

    /// @notice Vault whose assets these are.
    function vault() external view returns (address);
}
