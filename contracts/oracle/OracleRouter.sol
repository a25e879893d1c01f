// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IGrowthCappedRate} from "../../interfaces/IGrowthCappedRate.sol";
import {IPriceSource, IRateSource} from "../../interfaces/IPriceSource.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {PriceStatus} from "../../interfaces/Types.sol";
import {ChainlinkFeed} from "./ChainlinkFeed.sol";
import {SequencerFeed} from "./SequencerFeed.sol";
import {BoundsWord, FeedWord, SourceWord} from "./UnderlyingRow.sol";

/// @notice Turns feeds into bands: a price, a half-width, a status; wider while a second source disagrees.
///
/// ORA-1, one lying source. New risk is always judged at the widened band, so a lie can only forbid it. Liquidation is
/// judged at the favourable edge of the widened band, so a lie can only delay it, and by DIVERGENCE_TIMEOUT at most:
/// - Lying, agreeing for a block and lying again does not restart the clock. Agreement ends a divergence only when two
///   pokes AGREEMENT_TIME apart saw it and none between them saw the sources disagree; a taker who is held up pokes.
/// - The timeout cannot be armed in advance. A divergence counts only while it was last seen within SIGHTING_LIFE, so
///   one from yesterday has to be seen for DIVERGENCE_TIMEOUT once more, and agreement ends it for anybody who pokes.
/// - A second source that is silent takes nothing away that the primary alone does not have, and blocks nothing. Who
///   can silence it can do without its protection; who chooses one looks at what silence costs.
abstract contract OracleRouter {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant PPM_TO_WAD = 1e12;

    uint256 internal constant FRESH = uint256(PriceStatus.FRESH);
    uint256 internal constant DIVERGED = uint256(PriceStatus.DIVERGED);
    uint256 internal constant STALE = uint256(PriceStatus.STALE);
    uint256 internal constant NONE = uint256(PriceStatus.NONE);

    /// @dev Time after which the primary alone decides on liquidation {s}.
    uint256 internal constant DIVERGENCE_TIMEOUT = 5 minutes;

    /// @dev Time of agreement that ends a divergence {s}: several blocks of any chain, in which takers can act, and
    /// more than an attacker can bridge with one agreeing block.
    uint256 internal constant AGREEMENT_TIME = 1 minutes;

    /// @dev Time for which a divergence that nobody saw again still counts {s}: twice the timeout, so that one
    /// sighting is enough to act after the timeout.
    uint256 internal constant SIGHTING_LIFE = 10 minutes;

    /// @dev Gas for a second source or a rate source, more than the most that one of the adapters asks of its target.
    uint256 private constant SOURCE_GAS = 700_000;
    /// @dev Gas that must be left for all of it to arrive, as in ChainlinkFeed.
    uint256 private constant SOURCE_GAS_NEEDED = 715_000;

    /// @dev Rates above are no rates: amounts times rates times prices fit in 256 bits after division.
    uint256 private constant MAX_RATE_WAD = 1e27;

    /// @dev Clock of a chain that is never down; also "every answer is from before the restart".
    uint256 internal constant NEVER = type(uint256).max;

    /// @dev Healthy time of a chain with a sequencer.
    /// @param lost time that does not count {s}
    /// @param touchedAt block time of the last touch {s}
    struct HealthyTime {
        uint128 lost;
        uint128 touchedAt;
    }

    address internal immutable SEQUENCER_FEED;

    /// @dev One word each.
    mapping(uint256 underlying => IRiskEngine.PriceRecord) private _records;
    /// @dev {WAD}
    mapping(uint256 assetId => uint256) private _rates;
    HealthyTime private _healthyTime;

    constructor(address sequencerFeed) {
        SEQUENCER_FEED = sequencerFeed;
        _healthyTime.touchedAt = uint128(block.timestamp);
    }

    // --- time ---

    /// @dev The clock, and the time before which answers are from before the sequencer's restart: zero on a chain without
    /// one, NEVER while it is down.
    function _time() internal view returns (uint256 clock_, uint256 restartedAt) {
        if (SEQUENCER_FEED == address(0)) return (block.timestamp, 0);
        (bool up, uint256 since) = SequencerFeed.read(SEQUENCER_FEED);
        uint256 touchedAt = _healthyTime.touchedAt;
        clock_ = touchedAt - _healthyTime.lost;
        if (!up) return (clock_, NEVER);
        return (clock_ + block.timestamp - FixedPointMathLib.max(touchedAt, since), since);
    }

    /// @dev Books the time lost in an outage since the last touch, so that the time before it counts.
    function _touchClock() internal returns (uint256 clock_) {
        uint256 restartedAt;
        (clock_, restartedAt) = _time();
        if (restartedAt != 0 && restartedAt != NEVER) {
            _healthyTime = HealthyTime(uint128(block.timestamp - clock_), uint128(block.timestamp));
        }
    }

    function _upFor() internal view returns (uint256) {
        if (SEQUENCER_FEED == address(0)) return NEVER;
        (bool up, uint256 since) = SequencerFeed.read(SEQUENCER_FEED);
        return up ? block.timestamp - since : 0;
    }

    // --- primary ---

    /// @dev What a primary's answer is worth; all words are walked. `widthWad` is the half-width as a share of the price.
    /// @param answer of the feed, zero for none
    /// @param updatedAt its time {s}
    /// @param staleBefore answers older than this are from before a restart that is too recent
    function _judge(
        FeedWord feed,
        SourceWord source,
        BoundsWord bounds,
        uint256 answer,
        uint256 updatedAt,
        uint256 staleBefore
    ) internal view returns (uint256 priceWad, uint256 widthWad, uint256 status) {
        unchecked {
            // An answer is at most 2**127, an exponent at most 18.
            int256 exponent = feed.priceExponent();
            priceWad = exponent < 0 ? answer / 10 ** uint256(-exponent) : answer * 10 ** uint256(exponent);
            if (priceWad == 0 || priceWad < bounds.minPriceWad() || priceWad > bounds.maxPriceWad()) {
                return (0, 0, NONE);
            }
            // The answer is not from the future. Widths are below 2**24 * 1e12.
            uint256 age = block.timestamp - updatedAt;
            widthWad = feed.halfWidthTo() * PPM_TO_WAD;
            if (age > feed.heartbeat()) {
                widthWad = _grownUp(widthWad, source.volatilityTo(), age - feed.heartbeat());
                return (priceWad, widthWad, STALE);
            }
            if (updatedAt < staleBefore) status = STALE;
        }
    }

    /// @dev The usual case of `_judge` in one go: a fresh answer of a feed with at most 18 decimals, no second source, no
    /// ramp. False where any of that is not so.
    function _isPlain(
        FeedWord feed,
        BoundsWord bounds,
        uint256 answer,
        uint256 updatedAt,
        uint256 clock_,
        uint256 staleBefore
    ) internal view returns (bool plain, uint256 priceWad) {
        uint256 word = FeedWord.unwrap(feed);
        uint256 limits = BoundsWord.unwrap(bounds);
        assembly ("memory-safe") {
            // Exponent and flags as one number: at most 18 where the exponent is not negative and no flag set.
            let exponent := shr(232, word)
            let scale := 10000000000
            if xor(exponent, 10) {
                scale := exp(10, and(exponent, 0xff))
            }
            priceWad := mul(answer, scale)
            plain := and(
                and(lt(exponent, 19), iszero(lt(clock_, shr(224, limits)))),
                and(
                    // The least price is above zero, so that a missing answer is below it.
                    iszero(
                        or(
                            lt(priceWad, and(limits, 0xffffffffffffffffffffffff)),
                            gt(priceWad, and(shr(96, limits), 0xffffffffffffffffffffffff))
                        )
                    ),
                    iszero(
                        or(
                            gt(sub(timestamp(), updatedAt), and(shr(160, word), 0xffffff)),
                            lt(updatedAt, staleBefore)
                        )
                    )
                )
            )
        }
    }

    /// @dev Half-width after `excess` seconds of silence: plus volatility times the square root of the time in days; the
    /// whole price at most.
    function _grownUp(
        uint256 widthWad,
        uint256 volatilityPpm,
        uint256 excess
    ) private pure returns (uint256) {
        unchecked {
            // Times are below 2**40, so the root's argument is below 2**160 and the root below 2**81.
            uint256 square = (excess * 1e36) / 1 days;
            uint256 rootWad = FixedPointMathLib.sqrt(square);
            if (rootWad * rootWad < square) ++rootWad;
            uint256 grown = widthWad + (volatilityPpm * rootWad + 999_999) / 1e6;
            return grown < WAD ? grown : WAD;
        }
    }

    /// @dev What an underlying without a price counts as: the last good price with its grown half-width; if there never was
    /// one, the middle of the bounds and half their distance.
    function _lastGood(
        uint256 underlying,
        FeedWord feed,
        SourceWord source,
        BoundsWord bounds
    ) internal view returns (uint256 priceWad, uint256 widthWad) {
        IRiskEngine.PriceRecord memory record = _records[underlying];
        unchecked {
            // Prices are below 2**96; a time of record is not in the future.
            if (record.priceWad == 0) {
                priceWad = (bounds.minPriceWad() + bounds.maxPriceWad() + 1) / 2;
                return (priceWad, ((bounds.maxPriceWad() - priceWad) * WAD + priceWad - 1) / priceWad);
            }
            uint256 age = block.timestamp - record.updatedAt;
            uint256 excess = age > feed.heartbeat() ? age - feed.heartbeat() : 0;
            return (
                record.priceWad,
                _grownUp(feed.halfWidthTo() * PPM_TO_WAD, source.volatilityTo(), excess)
            );
        }
    }

    // --- second source ---

    /// @dev Second price, within the bounds of the row so that an absurd one widens the band but overflows nothing; zero
    /// when the source is silent.
    function _secondary(SourceWord source, BoundsWord bounds) internal view returns (uint256 priceWad) {
        priceWad = _ask(source.secondary(), IPriceSource.priceWad.selector);
        if (priceWad == 0) return 0;
        return FixedPointMathLib.clamp(priceWad, bounds.minPriceWad(), bounds.maxPriceWad());
    }

    /// @dev Whether two prices are further apart than the tolerance allows. A silent source disagrees with nobody.
    function _disagree(SourceWord source, uint256 priceWad, uint256 secondWad) internal pure returns (bool) {
        if (secondWad == 0) return false;
        unchecked {
            // Prices are below 2**96.
            return FixedPointMathLib.dist(priceWad, secondWad) * 1e6 > source.toleranceTo() * priceWad;
        }
    }

    /// @dev Band that contains the primary's own and the second price.
    function _union(
        uint256 priceWad,
        uint256 widthWad,
        uint256 secondWad
    ) internal pure returns (uint256 lowWad, uint256 highWad) {
        unchecked {
            // Prices are below 2**96, shares at most WAD (validated): the half-width is at most the price.
            uint256 halfWad = (priceWad * widthWad + WAD - 1) / WAD;
            lowWad = FixedPointMathLib.min(priceWad - halfWad, secondWad);
            highWad = FixedPointMathLib.max(priceWad + halfWad, secondWad);
        }
    }

    /// @dev Whether the sources have disagreed for so long that the primary alone decides on liquidation.
    function _timedOut(uint256 underlying, uint256 clock_) internal view returns (bool) {
        IRiskEngine.PriceRecord memory record = _records[underlying];
        if (record.divergedSince == 0) return false;
        return
            clock_ >= uint256(record.divergedSince) + DIVERGENCE_TIMEOUT &&
            clock_ <= uint256(record.divergedSeenAt) + SIGHTING_LIFE;
    }

    // --- rates ---

    /// @dev Rate of an asset, and whether its source answered; a silent one leaves the last good rate, or one if there
    /// never was any.
    function _rate(uint256 assetId, address source) internal view returns (uint256 rateWad, bool answered) {
        rateWad = _askRate(source);
        if (rateWad != 0) return (rateWad, true);
        rateWad = _rates[assetId];
        return (rateWad == 0 ? WAD : rateWad, false);
    }

    /// @dev The highest rate that a source could answer, where it knows one; zero where not.
    ///
    /// Whoever can silence a source for a moment (a pool is silent during a flash loan) must not have what is held count
    /// at a rate of long ago: the last good one is as old as the last poke, and rates grow (LIQ-3).
    function _rateCap(address source) internal view returns (uint256 rateWad) {
        rateWad = _ask(source, IGrowthCappedRate.capWad.selector);
        return rateWad > MAX_RATE_WAD ? 0 : rateWad;
    }

    function _askRate(address source) private view returns (uint256 rateWad) {
        rateWad = _ask(source, IRateSource.rateWad.selector);
        return rateWad > MAX_RATE_WAD ? 0 : rateWad;
    }

    /// @dev One word from a source; zero when it fails. Who offers too little gas must not be able to silence it.
    function _ask(address source, bytes4 selector) private view returns (uint256 answer) {
        uint256 gasBefore = gasleft();
        bool good;
        assembly ("memory-safe") {
            mstore(0x00, selector)
            good := staticcall(SOURCE_GAS, source, 0x00, 0x04, 0x00, 0x20)
            good := and(good, gt(returndatasize(), 0x1f))
            answer := mul(mload(0x00), good)
        }
        if (!good && gasBefore < SOURCE_GAS_NEEDED) revert IRiskEngine.RiskEngine_OutOfGas(source);
    }

    // --- records ---

    /// @dev Records what the sources say; see `IRiskEngine.poke`. The words are walked.
    function _recordPrice(
        uint256 underlying,
        FeedWord feed,
        SourceWord source,
        BoundsWord bounds,
        uint256 clock_
    ) internal {
        (uint256 answer, uint256 updatedAt) = ChainlinkFeed.read(feed.aggregator());
        (uint256 priceWad, , uint256 status) = _judge(feed, source, bounds, answer, updatedAt, 0);
        if (status == NONE) return;
        IRiskEngine.PriceRecord memory record = _records[underlying];
        if (feed.hasSecondary()) {
            uint256 secondWad = _secondary(source, bounds);
            if (_disagree(source, priceWad, secondWad)) {
                _seeDivergence(underlying, record, clock_);
                status = DIVERGED;
            } else if (secondWad != 0 && record.divergedSince != 0) {
                _seeAgreement(underlying, record, clock_);
            }
        }
        if (status == FRESH && (record.priceWad != priceWad || record.updatedAt != updatedAt)) {
            record.priceWad = uint96(priceWad);
            record.updatedAt = uint32(updatedAt);
            emit IRiskEngine.PriceRecorded(underlying, priceWad, updatedAt);
        }
        _records[underlying] = record;
    }

    function _seeDivergence(
        uint256 underlying,
        IRiskEngine.PriceRecord memory record,
        uint256 clock_
    ) private {
        // Unseen for too long it begins anew.
        if (record.divergedSince == 0 || clock_ > uint256(record.divergedSeenAt) + SIGHTING_LIFE) {
            record.divergedSince = uint32(clock_);
            emit IRiskEngine.DivergenceSeen(underlying, clock_);
        }
        record.divergedSeenAt = uint32(clock_);
        record.agreedSince = 0;
    }

    function _seeAgreement(
        uint256 underlying,
        IRiskEngine.PriceRecord memory record,
        uint256 clock_
    ) private {
        if (record.agreedSince == 0) {
            record.agreedSince = uint32(clock_);
        } else if (clock_ >= uint256(record.agreedSince) + AGREEMENT_TIME) {
            record.divergedSince = 0;
            record.divergedSeenAt = 0;
            record.agreedSince = 0;
            emit IRiskEngine.DivergenceEnded(underlying);
        }
    }

    function _recordRate(uint256 assetId, address source) internal {
        uint256 rateWad = _askRate(source);
        if (rateWad == 0 || rateWad == _rates[assetId]) return;
        _rates[assetId] = rateWad;
        emit IRiskEngine.RateRecorded(assetId, rateWad);
    }

    function _recordOf(uint256 underlying) internal view returns (IRiskEngine.PriceRecord memory) {
        return _records[underlying];
    }

    function _lastRate(uint256 assetId) internal view returns (uint256) {
        return _rates[assetId];
    }
}
