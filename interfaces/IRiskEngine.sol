// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Scenario} from "./IInstrument.sol";
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

    /// @notice What moves with one underlying, netted, for portfolio margin.
    /// @param scenarios points of the grid
    /// @param changesWad at each of them {USD}
    /// @param lowerLossWad worst loss in the lower half of the grid {USD}
    /// @param upperLossWad in the upper half {USD}
    struct Netted {
        uint256 underlying;
        Scenario[] scenarios;
        int256[] changesWad;
        uint256 lowerLossWad;
        uint256 upperLossWad;
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

    /// @notice What pokes have recorded of an underlying.
    /// @param divergedSince when the sources were first seen to disagree, on the engine's `clock` {s}
    /// @param divergedSeenAt when they were last seen to disagree {s}
    /// @param agreedSince since when every poke saw them agree, while the disagreement is not over {s}
    /// @param priceWad last good price {USD}
    /// @param updatedAt its time {s}
    struct PriceRecord {
        uint32 divergedSince;
        uint32 divergedSeenAt;
        uint32 agreedSince;
        uint96 priceWad;
        uint32 updatedAt;
    }

    event BookPublished(address oldBook, address newBook);
    event DivergenceSeen(uint256 indexed underlying, uint256 since);
    event DivergenceEnded(uint256 indexed underlying);
    event PriceRecorded(uint256 indexed underlying, uint256 priceWad, uint256 updatedAt);
    event RateRecorded(uint256 indexed assetId, uint256 rateWad);

    error RiskEngine_NotParameters(address caller);
    error RiskEngine_BookMalformed(address book, uint256 size, uint256 expected);
    /// @notice A price or rate source failed without having been offered its full gas: the caller's fault, not its own.
    error RiskEngine_OutOfGas(address source);
    error RiskEngine_UnknownAsset(uint256 assetId);
    error RiskEngine_UnknownUnderlying(uint256 underlying);
    /// @notice No point of that number in the half of the grid, or no room to name one of the underlying.
    error RiskEngine_BadScenario(uint256 underlying, uint256 point, uint256 first, uint256 last);
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

    /// @notice `assess` for MAINTENANCE with the weight of every holding and instrument, for a takeover. Requirements of
    /// holdings and instruments add up to that of the account; of one margined as a portfolio each has the share that it has
    /// under standard margin.
    /// @param scenario points to judge a portfolio by instead of the whole grid (`NamedScenario`); zero: the whole grid. The
    /// requirement is then at most what it is over the whole grid
    /// @return assessment
    /// @return assets weights in the order of the holdings
    /// @return instrumentWeights weights in the order of the instruments
    /// @return domain as `domainParameters`
    /// @return upFor as `sequencerUpFor`
    function weigh(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        uint256 scenario
    )
        external
        view
        returns (
            Assessment memory assessment,
            Weight[] memory assets,
            Weight[] memory instrumentWeights,
            DomainParameters memory domain,
            uint256 upFor
        );

    /// @notice `assess` as if the primary source of `underlying` answered `priceWad` now, and no other disagreed.
    /// For liquidation prices; nothing on chain decides by it.
    function assessAt(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_,
        uint256 underlying,
        uint256 priceWad
    ) external view returns (Assessment memory);

    /// @notice How the requirement of an account comes about that is margined as a portfolio:
    /// `rho max(sum of lower losses, sum of upper losses) + (1 - rho) sum of the larger of both + apart`.
    /// @return netted of each underlying; empty for an account with standard margin
    /// @return apartWad what never nets: unwinding, basis, concentration, add-ons {USD}
    /// @return rhoWad
    function scenarios(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_
    ) external view returns (Netted[] memory netted, uint256 apartWad, uint256 rhoWad);

    /// @notice Value of an amount at the primary's price, and at its lower and upper edges {USD}.
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

    /// @notice Records what the sources say now. Anybody; takers do it while the sources disagree.
    /// - They disagree: the time at which that was first seen, unless it is stored. 5 minutes after it the primary alone
    ///   decides on liquidation, as long as a disagreement was recorded within the last 10.
    /// - They agree: after a minute in which every poke saw them agree, the disagreement is over.
    /// - The primary is fresh and undisputed: its price, and the rates of the assets that move with it, become the last
    ///   good ones.
    function poke(uint256 underlying) external;

    /// @notice What pokes have recorded of an underlying; zeros where there is nothing.
    function priceRecord(uint256 underlying) external view returns (PriceRecord memory);

    /// @notice Last good rate of an asset with a rate source; zero when none was ever recorded.
    function lastRate(uint256 assetId) external view returns (uint256 rateWad);

    /// @notice The clock on which ramps and divergences are timed {s}. It is the chain's time; on a chain with a sequencer
    /// feed it stands still during outages: it goes on from its last touch (poke, publish) at the sequencer's restart.
    /// Ramps in the risk book begin and end on this clock.
    function clock() external view returns (uint256);

    /// @notice Seconds since the sequencer came back (or since ever), zero while it is down; healthy time of a chain
    /// without a sequencer feed is unlimited.
    function sequencerUpFor() external view returns (uint256);

    /// @notice New risk book (a data contract). Records the prices and rates of what is new in it. Risk parameters only.
    function publish(address book) external;

    function book() external view returns (address);

    /// @notice Instrument by which an account tells that it is margined as a portfolio.
    function portfolioMode() external view returns (address);
}
