// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, Assessment, Holding, PriceStatus, Requirement} from "./Types.sol";

/// @notice Says what accounts are worth and must be worth. Holds no accounts: what to judge is handed to it.
/// Inherits the oracle router, so that a judgement costs one call.
interface IRiskEngine {
    /// @notice Parameters of the domain as they stand now, ramps applied. Shares as WADs, values in {USD}.
    /// @param targetHealthWad health that a takeover restores
    /// @param premiumMinWad premium below which it never falls (about the cost of unwinding)
    /// @param premiumStartWad premium just below health 1
    /// @param premiumMaxWad the most it rises to
    /// @param premiumFullHealthWad health at which it reaches the most
    /// @param minDebtWad least value of debt an account may grow to
    /// @param backstopShareWad part of the premium that goes to the backstop
    /// @param swapLossWad most a swap may lose against the oracle for an account below its initial requirement
    /// @param gracePeriod seconds after a sequencer restart in which nobody is taken over
    struct DomainParameters {
        uint256 targetHealthWad;
        uint256 premiumMinWad;
        uint256 premiumStartWad;
        uint256 premiumMaxWad;
        uint256 premiumFullHealthWad;
        uint256 minDebtWad;
        uint256 backstopShareWad;
        uint256 swapLossWad;
        uint256 gracePeriod;
    }

    /// @notice One holding as it weighs on its account.
    /// @param valueWad at the exchange price {USD}
    /// @param requirementWad its part of the requirement {USD}
    struct Weight {
        int256 valueWad;
        uint256 requirementWad;
    }

    /// @notice Band of an underlying.
    /// @param priceWad primary price, the middle {USD per whole unit}
    /// @param lowWad worst edge of a long
    /// @param highWad worst edge of a short
    /// @param halfWidthWad the primary's own half-width {USD}
    struct Band {
        uint256 priceWad;
        uint256 lowWad;
        uint256 highWad;
        uint256 halfWidthWad;
        PriceStatus status;
    }

    event BookPublished(address oldBook, address newBook);
    event DivergenceSeen(uint256 indexed underlying, uint256 since);
    event DivergenceEnded(uint256 indexed underlying);
    event PriceRecorded(uint256 indexed underlying, uint256 priceWad, uint256 updatedAt);

    error RiskEngine_NotParameters(address caller);
    error RiskEngine_UnknownAsset(uint256 assetId);
    error RiskEngine_UnknownUnderlying(uint256 underlying);
    error RiskEngine_IsolatedAsset(uint256 assetId);
    error RiskEngine_NotCollateral(uint256 assetId);
    error RiskEngine_PriceNotUsable(uint256 underlying, uint8 status);

    /// @notice Judges an account from what it holds.
    /// @param requirement_ INITIAL at the worst edges, MAINTENANCE at the favourable ones
    /// @param atBatchStart instruments answer for the state before the open batch
    function assess(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_,
        bool atBatchStart
    ) external view returns (Assessment memory);

    /// @notice `assess` for MAINTENANCE with the weight of every holding and instrument, for a takeover.
    /// @return assessment
    /// @return assets weights in the order of the holdings
    /// @return instrumentWeights weights in the order of the instruments
    function weigh(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments
    ) external view returns (Assessment memory assessment, Weight[] memory assets, Weight[] memory instrumentWeights);

    /// @notice Value of an amount at the exchange price, and at its lower and upper edges {USD}.
    function valueOf(
        uint256 assetId,
        uint256 amount
    ) external view returns (uint256 valueWad, uint256 lowWad, uint256 highWad, PriceStatus status);

    /// @notice What a swap lost against the oracle, and how much the domain lets an account below its initial
    /// requirement lose. While the sources of an underlying disagree what is spent counts at its upper price and what is
    /// bought at its lower one (each moved inwards by the half-width); a side without a price loses everything.
    /// @return lossWad 1 - value bought / value spent, zero for a gain
    /// @return boundWad
    function swapLoss(
        uint256 assetIn,
        uint256 amountIn,
        uint256 assetOut,
        uint256 amountOut
    ) external view returns (uint256 lossWad, uint256 boundWad);

    function domainParameters() external view returns (DomainParameters memory);

    /// @notice Band of an underlying now.
    function band(uint256 underlying) external view returns (Band memory);

    /// @notice Records the last good price and the beginning or end of a divergence. Anybody.
    function poke(uint256 underlying) external;

    /// @notice Seconds since the sequencer came back (or since ever), zero while it is down; healthy time of a chain
    /// without a sequencer feed is unlimited.
    function sequencerUpFor() external view returns (uint256);

    /// @notice New risk book (a data contract). Risk parameters only.
    function publish(address book) external;

    function book() external view returns (address);
}
