// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {Ramp} from "../math/Ramp.sol";
import {ChainlinkFeed} from "../oracle/ChainlinkFeed.sol";
import {OracleRouter} from "../oracle/OracleRouter.sol";
import {BoundsWord, FeedWord, ShockWord, SourceWord, UnderlyingRow} from "../oracle/UnderlyingRow.sol";
import {BookSlot} from "./BookSlot.sol";
import {DomainRow} from "./DomainRow.sol";
import {NamedScenario} from "./NamedScenario.sol";
import {Point, PointLib} from "./Point.sol";
import {RiskBook} from "./RiskBook.sol";

/// @notice Opens assessments, and loads for each the underlyings that it needs, once.
abstract contract UnderlyingPoints is OracleRouter {
    /// @dev An assessment that is being made. The first six words are an `Assessment`.
    /// @param equity so far only what instruments are worth beyond their exposure: the value of tokens is their exposure
    /// @param uncertainty so far only basis bands
    /// @param slot where the book is
    /// @param assetsAt where asset rows begin in it
    /// @param maintenance which requirement
    /// @param clock the engine's clock {s}
    /// @param staleBefore time before which answers are stale {s}
    /// @param points pointer to a table of points by id of underlying, null where none is loaded
    /// @param last the point that was loaded last
    /// @param disputed an underlying's edges are not at equal distance from its price
    /// @param portfolio netted over the grid
    /// @param named points to judge by instead of the whole grid
    /// @param curved bitmap of underlyings whose holdings are valued over the whole grid; the others at its end points, where
    /// what is linear loses most
    /// @param apart requirement that never nets {USD}
    /// @param surplus credit of instruments that counts in equity {USD}
    struct Tally {
        int256 equity;
        uint256 uncertainty;
        uint256 requirement;
        uint256 debtValue;
        uint256 minimumDebt;
        uint256 status;
        BookSlot slot;
        uint256 assetsAt;
        bool maintenance;
        uint256 clock;
        uint256 staleBefore;
        uint256 points;
        Point last;
        bool disputed;
        bool portfolio;
        NamedScenario named;
        uint256 curved;
        uint256 apart;
        uint256 surplus;
    }

    /// @dev Values saturate here {USD}: a quintillion times all that there is, and small enough for every sum and product
    /// of an assessment to stay far from 2**256.
    uint256 internal constant MAX_VALUE = 2 ** 180;

    BookSlot internal _bookSlot;

    constructor(address sequencerFeed) OracleRouter(sequencerFeed) {}

    // --- opening ---

    function _open(bool maintenance) internal view returns (Tally memory tally) {
        BookSlot slot = _bookSlot;
        (uint256 clock_, uint256 staleBefore) = _times(slot.book());
        tally.slot = slot;
        tally.assetsAt = RiskBook.assetsAt(slot.underlyingCount());
        tally.maintenance = maintenance;
        tally.clock = clock_;
        tally.staleBefore = staleBefore;
        uint256 minDebt =
            clock_ >= slot.minDebtRampEnd()
                ? slot.minDebt()
                : _walkedDomain(slot.book(), clock_).domain.minDebtTo();
        uint256 size = slot.underlyingCount() << 5;
        uint256 points;
        assembly ("memory-safe") {
            // A table of nulls: what lies beyond the calldata reads as zero.
            points := mload(0x40)
            mstore(0x40, add(points, size))
            calldatacopy(points, calldatasize(), size)
        }
        tally.points = points;
        unchecked {
            // Below 2**32 * 1e18.
            tally.minimumDebt = minDebt * WAD;
        }
    }

    function _walkedDomain(address book_, uint256 clock_) internal view returns (DomainRow memory row) {
        row = RiskBook.domain(book_);
        row.walk(clock_);
    }

    /// @dev Clock, and the time before which answers are stale: the sequencer's restart during the grace period after it.
    function _times(address book_) internal view returns (uint256 clock_, uint256 staleBefore) {
        uint256 restartedAt;
        (clock_, restartedAt) = _time();
        if (restartedAt == 0) return (clock_, 0);
        if (restartedAt == NEVER) return (clock_, NEVER);
        uint256 grace = RiskBook.domain(book_).domain.gracePeriod();
        return (clock_, block.timestamp - restartedAt < grace ? restartedAt : 0);
    }

    // --- underlyings ---

    /// @dev The underlying's point, loaded at its first use. The id is one of the book's.
    function _point(Tally memory tally, uint256 id) internal view returns (Point point) {
        uint256 entry;
        unchecked {
            entry = tally.points + (id << 5);
        }
        assembly ("memory-safe") {
            point := mload(entry)
        }
        if (point.isNull()) return _load(tally, id, entry);
    }

    function _load(Tally memory tally, uint256 id, uint256 entry) private view returns (Point point) {
        point = PointLib.create(tally.last);
        tally.last = point;
        assembly ("memory-safe") {
            mstore(entry, point)
        }
        (FeedWord feed, SourceWord source, BoundsWord bounds, ShockWord shocks) = RiskBook.underlyingWords(
            BookSlot.unwrap(tally.slot),
            id
        );
        (uint256 answer, uint256 updatedAt) = ChainlinkFeed.read(feed.aggregator());
        (bool plain, uint256 priceWad) = _isPlain(
            feed,
            bounds,
            answer,
            updatedAt,
            tally.clock,
            tally.staleBefore
        );
        if (plain) {
            unchecked {
                // Below 2**24 * 1e12.
                point.setPrice(priceWad, feed.halfWidthTo() * PPM_TO_WAD, FRESH);
            }
        } else {
            (feed, source, shocks) = _walked(feed, source, bounds, shocks, tally.clock);
            _judgeAll(tally, point, id, feed, source, bounds, answer, updatedAt);
        }
        point.setShocks(shocks);
    }

    /// @dev As `UnderlyingRowLib.walk`, for words.
    function _walked(
        FeedWord feed,
        SourceWord source,
        BoundsWord bounds,
        ShockWord shocks,
        uint256 clock_
    ) private pure returns (FeedWord, SourceWord, ShockWord) {
        if (clock_ >= bounds.rampEnd()) return (feed, source, shocks);
        uint256 progress = Ramp.progressWad(bounds.rampStart(), bounds.rampEnd(), clock_);
        return (feed.walked(progress), source.walked(progress), shocks.walked(progress));
    }

    /// @dev Has an underlying stand at an assumed price.
    function _assume(Tally memory tally, uint256 id, uint256 priceWad) internal view {
        if (id >= tally.slot.underlyingCount()) revert IRiskEngine.RiskEngine_UnknownUnderlying(id);
        Point point = _point(tally, id);
        UnderlyingRow memory row = RiskBook.underlying(tally.slot.book(), id);
        row.walk(tally.clock);
        point.setPrice(priceWad, row.feed.halfWidthTo() * PPM_TO_WAD, FRESH);
        point.setEdges(0, 0);
    }

    /// @dev How far the exchange price of a disputed underlying is above its lower edge: the primary's half-width, or that of
    /// the price whose lower edge it is, where that is less. A primary that lies upwards is as far off as it lies, and so
    /// is its half-width; who owes the asset must not be taken over, nor charged, at a price that follows the lie (ORA-1).
    /// @param halfWad the primary's half-width {USD}
    function _lowHalf(Point point, uint256 halfWad) internal pure returns (uint256) {
        uint256 lowWad = point.lowWad();
        uint256 widthWad = point.widthWad();
        if (lowWad == 0 || widthWad >= WAD) return halfWad;
        return
            FixedPointMathLib.min(halfWad, FixedPointMathLib.fullMulDivUp(lowWad, widthWad, WAD - widthWad));
    }

    /// @dev Price, half-width, status and edges; all words are walked. Edges only where they count: a dispute that has timed
    /// out leaves liquidation to the primary.
    function _judgeAll(
        Tally memory tally,
        Point point,
        uint256 id,
        FeedWord feed,
        SourceWord source,
        BoundsWord bounds,
        uint256 answer,
        uint256 updatedAt
    ) private view {
        (uint256 priceWad, uint256 widthWad, uint256 status) = _judge(
            feed,
            source,
            bounds,
            answer,
            updatedAt,
            tally.staleBefore
        );
        if (status == NONE) {
            (priceWad, widthWad) = _lastGood(id, feed, source, bounds);
        } else if (feed.hasSecondary()) {
            uint256 secondWad = _secondary(source, bounds);
            if (_disagree(source, priceWad, secondWad)) {
                if (status == FRESH) status = DIVERGED;
                if (!tally.maintenance || !_timedOut(id, tally.clock)) {
                    (uint256 lowWad, uint256 highWad) = _union(priceWad, widthWad, secondWad);
                    point.setEdges(lowWad, highWad);
                    tally.disputed = true;
                }
            }
        }
        point.setPrice(priceWad, widthWad, status);
    }
}
