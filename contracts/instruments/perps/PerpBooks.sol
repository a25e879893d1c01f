// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {AccountId, AccountIdLib} from "../../../interfaces/Types.sol";
import {Bucket, BucketLib} from "../books/Bucket.sol";
import {Claims} from "../books/Claims.sol";
import {Grace} from "../books/Grace.sol";
import {ProRata} from "../books/ProRata.sol";
import {EntryGrid} from "./EntryGrid.sol";
import {PerpPrices} from "./PerpPrices.sol";

/// @dev Positions, and the buckets by entry price in which they stand. Keeps PERP-1: whatever is taken from one position is
/// given to another, to the wei.
///
/// A position is stored without its funding: `cost = base + size * fundingWad`, so that funding costs no writes. A bucket that
/// is deleveraged writes none of its positions; each is brought up to date when it is used next. What their roundings leave
/// in the bucket goes to its last position.
abstract contract PerpBooks is PerpPrices, Claims, Grace {
    using BucketLib for Bucket;
    using EntryGrid for EntryGrid.Bitmap;
    using FixedPointMathLib for int256;
    using ProRata for ProRata.Pool;
    using SafeCastLib for int256;

    /// @dev {units}
    uint256 internal constant MAX_SIZE = type(uint112).max;

    /// @param size {units}
    /// @param entryWad average price at which the size was taken on {quote tok per unit}
    /// @param round of the bucket when the position was written; zero: nothing was taken from the bucket before
    /// @param hasClaim whether the account has a claim, so that claims are looked up only where there is one
    /// @param base cost without funding, up to 4.7e16 settlement tokens {quote}
    /// @param fundingWad lowest bits of the market's funding when it was written: enough to tell what has come due since, up
    /// to 6e5 settlement tokens a unit
    struct Stored {
        int120 size;
        uint96 entryWad;
        uint32 round;
        bool hasClaim;
        int176 base;
        uint80 fundingWad;
    }

    /// @dev A position in memory, deleveraging applied.
    /// @param size {units}
    /// @param base cost without funding {quote}
    /// @param entryWad {quote tok per unit}
    /// @param loadedSize as it was loaded, deleveraging applied {units}
    /// @param loadedBase likewise {quote}
    /// @param key of its bucket when it was loaded; zero: none
    /// @param stored as it lies in storage
    struct Live {
        AccountId account;
        int256 size;
        int256 base;
        uint256 entryWad;
        int256 loadedSize;
        int256 loadedBase;
        uint256 key;
        Stored stored;
    }

    mapping(AccountId account => Stored) private _positions;
    mapping(AccountId account => ProRata.Mark) private _marks;
    mapping(uint256 key => Bucket) private _buckets;
    EntryGrid.Bitmap private _longs;
    EntryGrid.Bitmap private _shorts;

    /// @dev What waits to be deleveraged {units}.
    int256 internal _receiverSize;
    /// @dev Its cost without funding {quote}.
    int256 internal _receiverBase;

    // --- positions ---

    function _load(AccountId account) internal view returns (Live memory p) {
        p.account = account;
        p.stored = _positions[account];
        p.size = p.stored.size;
        p.base = p.stored.base;
        p.entryWad = p.stored.entryWad;
        if (p.size != 0) {
            p.key = _keyOf(p.size > 0, p.entryWad);
            Bucket storage b = _buckets[p.key];
            if (b.round != 0) _applyDeleveraging(p, b);
        }
        p.loadedSize = p.size;
        p.loadedBase = p.base;
    }

    /// @dev What was taken from the bucket since the position was written. The last position has all that is in it.
    function _applyDeleveraging(Live memory p, Bucket storage b) private view {
        int256 given;
        (p.size, given) = b.live(p.stored.round, _marks[p.account], p.size);
        p.base += given;
    }

    /// @dev Adds a trade to a position in memory.
    /// @param cost of it, fees included {quote}
    function _add(
        Live memory p,
        int256 sizeWad,
        int256 cost,
        uint256 priceWad,
        int256 fundingWad
    ) internal pure {
        int256 size = p.size + sizeWad;
        if (size.abs() > MAX_SIZE) revert IPerpMarket.PerpMarket_SizeOutOfRange(size, MAX_SIZE);
        if (p.size == 0 || (p.size > 0) != (size > 0)) {
            p.entryWad = size == 0 ? 0 : priceWad;
        } else if (size.abs() > p.size.abs()) {
            unchecked {
                // Sizes are below 2**112, prices below 2**97.
                p.entryWad = (p.size.abs() * p.entryWad + sizeWad.abs() * priceWad) / size.abs();
            }
        }
        p.size = size;
        unchecked {
            // Funding is below 2**127, what is stored of costs below 2**175, and what a call adds below 2**240.
            p.base += cost - sizeWad * fundingWad;
        }
    }

    /// @dev Writes a position as it is in memory, and its bucket and the open interest.
    function _save(Live memory p) internal {
        _remember(p);
        Stored memory stored = p.stored;
        if (p.loadedSize != stored.size) _noteDeleveraging(p);
        if (p.size == 0) p.entryWad = 0;

        uint256 key = p.key;
        bool moves = key == 0 || p.entryWad != stored.entryWad || (p.size > 0) != (stored.size > 0);
        if (p.size == 0) key = 0;
        else if (moves) key = _keyOf(p.size > 0, p.entryWad);
        if (p.key != 0) _leaveBucket(p, key);
        stored.round = key == 0 ? 0 : uint32(_joinBucket(p, key));
        int256 funding = _running.fundingWad;
        stored.size = int120(p.size);
        stored.entryWad = uint96(p.entryWad);
        stored.base = p.base.toInt176();
        stored.fundingWad = uint80(uint256(funding));
        // The flag may have changed since the position was loaded.
        mapping(AccountId account => Stored) storage positions = _positions;
        stored.hasClaim = positions[p.account].hasClaim;
        positions[p.account] = stored;
        _moveInterest(p.loadedSize, p.size);
        p.key = key;
        p.loadedSize = p.size;
        p.loadedBase = p.base;
        emit IPerpMarket.PositionChanged(p.account, p.size, p.base + p.size * funding, p.entryWad);
    }

    /// @dev Takes a position out of the bucket in which it was, or changes its size there.
    /// @param newKey where it will be
    function _leaveBucket(Live memory p, uint256 newKey) private {
        Bucket storage b = _buckets[p.key];
        // The change by deleveraging is taken out of its bucket.
        if (p.loadedBase != p.stored.base) b.pending -= p.loadedBase - p.stored.base;
        uint256 old = b.total;
        uint256 total = old - p.loadedSize.abs();
        if (p.key == newKey) total += p.size.abs();
        else --b.count;
        if (total == old) return;
        b.total = uint128(total);
        if (total == 0 || old == 0) _bitmap(p.stored.size > 0).set(p.key >> 2, total != 0);
    }

    /// @return round of the bucket in which a position is from now on
    function _joinBucket(Live memory p, uint256 key) private returns (uint256 round) {
        Bucket storage b = _buckets[key];
        round = b.round;
        if (p.key != key) {
            uint256 old = b.total;
            (b.total, b.count) = (uint128(old + p.size.abs()), b.count + 1);
            if (old == 0) _bitmap(p.size > 0).set(key >> 2, true);
        }
        if (round != 0) _marks[p.account] = b.pool.current();
    }

    function _moveInterest(int256 oldSize, int256 newSize) internal {
        int256 change = newSize.max(0) - oldSize.max(0);
        if (change == 0) return;
        _running.openInterestWad = uint128(uint256(int256(uint256(_running.openInterestWad)) + change));
    }

    function _makerSize(address maker) internal view override returns (int256) {
        return _load(AccountIdLib.id(maker, 0)).size;
    }

    /// @dev Funding that has come due since the position was written, for the size it has now {quote}.
    function _fundingOwed(AccountId account) internal view returns (int256) {
        Live memory p = _load(account);
        uint80 now_ = uint80(uint256(_fundingWad()));
        unchecked {
            // The difference is right although both have lost their upper bits.
            return p.size * int80(now_ - p.stored.fundingWad);
        }
    }

    /// @inheritdoc Claims
    function _hasPosition(AccountId account) internal view override returns (bool) {
        Stored storage stored = _positions[account];
        return stored.size != 0 || stored.base != 0;
    }

    /// @inheritdoc Claims
    function _hasClaim(AccountId account) internal view override returns (bool) {
        return _positions[account].hasClaim;
    }

    /// @inheritdoc Claims
    function _setHasClaim(AccountId account, bool has) internal override {
        _positions[account].hasClaim = has;
    }

    // --- buckets ---

    /// @dev Takes `closed` out of a bucket at a price, from each of its positions the same share.
    /// @return given change of the cost, without funding, of its positions together {quote}
    function _closeBucket(
        bool long,
        uint256 tick,
        uint256 closed,
        uint256 priceWad,
        int256 fundingWad
    ) internal returns (int256 given) {
        Bucket storage b = _buckets[_key(long, tick)];
        uint256 total = b.total;
        // A long that sells d at p: cost' = cost - d p, and so base' = base + d (funding - p). A short the other way round.
        int256 worth = fundingWad - int256(priceWad);
        given = b.close(long, closed, worth);
        if (closed == total) _bitmap(long).set(tick, false);
        emit IPerpMarket.BucketDeleveraged(long, tick, closed, total - closed, priceWad);
    }

    /// @dev The bucket of a side that stands to gain most, if the side has any.
    function _firstBucket(bool long) internal view returns (bool found, uint256 tick, uint256 total) {
        EntryGrid.Bitmap storage bitmap = _bitmap(long);
        if (bitmap.summary == 0) return (false, 0, 0);
        tick = bitmap.edge(long);
        return (true, tick, _buckets[_key(long, tick)].total);
    }

    function _bucketAt(bool long, uint256 tick) internal view returns (uint256 sizeWad, uint256 count) {
        Bucket storage b = _buckets[_key(long, tick)];
        return (b.total, b.count);
    }

    // --- grace ---

    function _graceUntil(AccountId account) internal view returns (uint256) {
        (uint256 from, ) = _grace(_load(account));
        return _graceEnd(from);
    }

    function _grace(Live memory p) private view returns (uint256 from, bool isNew) {
        return
            _graceAfter(
                p.account,
                int256(p.stored.size).abs(),
                p.loadedSize.abs(),
                _buckets[p.key].deleveragedAt
            );
    }

    function _noteDeleveraging(Live memory p) private {
        emit IPerpMarket.PositionDeleveraged(p.account, p.stored.size, p.loadedSize);
        (uint256 from, bool isNew) = _grace(p);
        if (isNew) _giveGrace(p.account, from);
    }

    // --- what positions were when the operation began ---

    /// @dev Keeps size and cost as they entered the operation; later calls change nothing.
    function _remember(Live memory p) private {
        uint256 slot = _originalSlot(p.account);
        uint256 known;
        assembly ("memory-safe") {
            known := tload(slot)
        }
        if (known != 0) return;
        int256 size = p.loadedSize;
        int256 base = p.loadedBase;
        assembly ("memory-safe") {
            // Sizes are below 2**112: the lowest bit says that they are known.
            tstore(slot, or(shl(1, size), 1))
            tstore(add(slot, 1), base)
        }
    }

    /// @dev Size and cost without funding, now or as they entered the operation.
    /// @param slot where that is kept; zero: now
    /// @return size {units}
    /// @return base {quote}
    /// @return hasClaim whether there may be a claim
    function _at(
        AccountId account,
        uint256 slot
    ) internal view returns (int256 size, int256 base, bool hasClaim) {
        if (slot != 0) {
            int256 known;
            assembly ("memory-safe") {
                known := tload(slot)
                base := tload(add(slot, 1))
            }
            if (known != 0) return (known >> 1, base, true);
        }
        Stored storage stored = _positions[account];
        (size, base, hasClaim) = (stored.size, stored.base, slot != 0 || stored.hasClaim);
        if (size != 0 && _buckets[_keyOf(size > 0, stored.entryWad)].round != 0) {
            Live memory p = _load(account);
            (size, base) = (p.size, p.base);
        }
    }

    // --- internal ---

    function _bucketOf(bool long, uint256 entryWad) private view returns (Bucket storage) {
        return _buckets[_keyOf(long, entryWad)];
    }

    function _keyOf(bool long, uint256 entryWad) private pure returns (uint256) {
        return _key(long, EntryGrid.tickOf(entryWad));
    }

    /// @dev Never zero: {tick, 1, side}.
    function _key(bool long, uint256 tick) private pure returns (uint256) {
        return (tick << 2) | 2 | (long ? 1 : 0);
    }

    function _bitmap(bool long) private view returns (EntryGrid.Bitmap storage) {
        return long ? _longs : _shorts;
    }
}
