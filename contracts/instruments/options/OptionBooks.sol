// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Lists} from "../../math/Lists.sol";
import {Bucket, BucketLib} from "../books/Bucket.sol";
import {Claims} from "../books/Claims.sol";
import {Grace} from "../books/Grace.sol";
import {ProRata} from "../books/ProRata.sol";
import {OptionParameters} from "./OptionParameters.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @dev Positions of accounts, and the two sides of every series. Keeps OPT-1: whatever is taken from one account is given to
/// another, to the wei.
///
/// An account has a list of positions, a word each, and one cost. A series that is deleveraged writes none of its positions; each
/// is brought up to date when its account is written next. What their roundings leave goes to the last position of a side.
abstract contract OptionBooks is OptionParameters, Claims, Grace {
    using BucketLib for Bucket;
    using FixedPointMathLib for int256;
    using Lists for int256[];
    using Lists for uint256[];
    using ProRata for ProRata.Pool;
    using SafeCastLib for int256;

    /// @dev {units}
    uint256 internal constant MAX_SIZE = type(uint104).max;
    uint256 internal constant MAX_POSITIONS = 64;
    /// @dev Where positions stand behind what an account entered the operation with: cost, count, claim.
    uint256 private constant ORIGINAL_POSITIONS = 4;
    uint256 private constant NEW_PLACE = type(uint256).max;

    /// @param cost without what deleveraging has given since it was written {quote}
    /// @param count of positions
    /// @param hasClaim whether the account has a claim, so that claims are looked up only where there is one
    struct Head {
        int232 cost;
        uint16 count;
        bool hasClaim;
    }

    /// @param round of the side's bucket when the position was written; zero: nothing was taken from it before
    struct Stored {
        int112 size;
        uint32 series;
        uint40 round;
    }

    /// @dev A position in memory.
    /// @param size now {units}
    /// @param original as it was loaded, deleveraging applied {units}
    /// @param stored as it lies in storage {units}
    /// @param given change of cost by deleveraging that is not in the account's cost yet {quote}
    /// @param place in storage
    struct Live {
        uint256 series;
        int256 size;
        int256 original;
        int256 stored;
        uint256 round;
        int256 given;
        uint256 place;
    }

    /// @dev An account in memory.
    /// @param cost deleveraging included {quote}
    /// @param original cost as it was loaded {quote}
    /// @param count of positions in storage
    struct Book {
        AccountId account;
        int256 cost;
        int256 original;
        uint256 count;
        Live[] list;
    }

    mapping(uint256 id => IOptionMarket.Series) internal _series;
    mapping(AccountId account => Head) private _heads;
    mapping(AccountId account => mapping(uint256 place => Stored)) private _positions;
    mapping(AccountId account => mapping(uint256 series => ProRata.Mark)) private _marks;
    mapping(uint256 key => Bucket) private _buckets;
    /// @dev Sum of long sizes {units}.
    uint256 internal _openInterestWad;
    /// @dev What the market has paid for expired positions whose other side is not settled {quote}.
    int256 internal _expiredCost;

    // --- accounts in memory ---

    /// @param room how many positions may be added
    function _load(AccountId account, uint256 room) internal view returns (Book memory book) {
        Head memory head = _heads[account];
        uint256 count = head.count;
        (book.account, book.cost, book.count) = (account, head.cost, count);
        Live[] memory list = new Live[](count + room);
        for (uint256 i = 0; i < count; ++i) {
            Stored memory stored = _positions[account][i];
            Live memory p = list[i];
            (p.series, p.place, p.round) = (stored.series, i, stored.round);
            (p.size, p.stored) = (stored.size, stored.size);
            if (_termsOf(p.series).isDeleveraged()) {
                (p.size, p.given) = _bucketOf(p.series, p.size > 0).live(
                    p.round,
                    _marks[account][p.series],
                    p.size
                );
                book.cost += p.given;
            }
            p.original = p.size;
        }
        book.original = book.cost;
        book.list = list;
        _setLength(list, count);
    }

    /// @dev Adds to one of an account's positions.
    function _add(Book memory book, uint256 series, int256 sizeWad) internal pure {
        Live[] memory list = book.list;
        uint256 length = list.length;
        Live memory p;
        uint256 i = _placeOf(list, series);
        if (i == length) {
            if (i >= MAX_POSITIONS) {
                revert IOptionMarket.OptionMarket_TooManyPositions(book.account, MAX_POSITIONS);
            }
            _setLength(list, length + 1);
            p = list[i];
            (p.series, p.place) = (series, NEW_PLACE);
        } else {
            p = list[i];
        }
        p.size += sizeWad;
        if (p.size.abs() > MAX_SIZE) {
            revert IOptionMarket.OptionMarket_SizeOutOfRange(p.size, MAX_SIZE);
        }
    }

    /// @dev Where a series is in a list; its length if it is not there.
    function _placeOf(Live[] memory list, uint256 series) private pure returns (uint256 place) {
        assembly ("memory-safe") {
            // A position begins with its series.
            let length := mload(list)
            for {} lt(place, length) {
                place := add(place, 1)
            } {
                if eq(mload(mload(add(list, shl(5, add(place, 1))))), series) {
                    break
                }
            }
        }
    }

    /// @dev Writes an account as it is in memory, and the sides of its series.
    function _save(Book memory book) internal {
        _remember(book);
        AccountId account = book.account;
        Live[] memory list = book.list;
        for (uint256 i = 0; i < list.length; ++i) {
            if (_isChanged(list[i])) _moveBetweenSides(account, list[i]);
        }
        uint256 left = list.length;
        for (uint256 i = 0; i < left;) {
            Live memory p = list[i];
            if (p.size == 0) {
                // The last one takes its place.
                list[i] = list[--left];
                continue;
            }
            if (_isChanged(p) || p.place != i) {
                _positions[account][i] = Stored(int112(p.size), uint32(p.series), uint40(p.round));
            }
            ++i;
        }
        for (uint256 i = left; i < book.count; ++i) delete _positions[account][i];
        Head storage head = _heads[account];
        head.cost = _toCost(book.cost);
        head.count = uint16(left);
        emit IOptionMarket.CostChanged(account, book.cost);
    }

    function _isChanged(Live memory p) private pure returns (bool) {
        return p.size != p.stored || p.given != 0;
    }

    /// @dev Takes a position from its side as it was, and puts it on its side as it is.
    function _moveBetweenSides(AccountId account, Live memory p) private {
        (uint256 old, uint256 size) = (p.original.abs(), p.size.abs());
        bool stays = p.stored != 0 && p.size != 0 && (p.stored > 0) == (p.size > 0);
        if (p.stored != 0) {
            if (p.original != p.stored) _noteDeleveraging(account, p);
            Bucket storage b = _bucketOf(p.series, p.stored > 0);
            if (p.given != 0) b.pending -= p.given;
            b.total = uint128(b.total - old + (stays ? size : 0));
            if (!stays) --b.count;
            p.round = b.round;
            if (stays && p.round != 0) _marks[account][p.series] = b.pool.current();
        }
        if (!stays && p.size != 0) {
            Bucket storage b = _bucketOf(p.series, p.size > 0);
            b.total += uint128(size);
            ++b.count;
            p.round = b.round;
            if (p.round != 0) _marks[account][p.series] = b.pool.current();
        }
        int256 change = p.size.max(0) - p.original.max(0);
        if (change != 0) _openInterestWad = uint256(int256(_openInterestWad) + change);
        emit IOptionMarket.PositionChanged(account, p.series, p.size);
    }

    /// @dev Adds to a cost without touching positions {quote}.
    function _addCost(AccountId account, int256 change) internal {
        if (!_isRemembered(account)) _remember(_load(account, 0));
        int256 cost = _heads[account].cost + change;
        _heads[account].cost = _toCost(cost);
        emit IOptionMarket.CostChanged(account, cost);
    }

    /// @inheritdoc Claims
    function _hasPosition(AccountId account) internal view override returns (bool) {
        Head memory head = _heads[account];
        return head.count != 0 || head.cost != 0;
    }

    /// @inheritdoc Claims
    function _hasClaim(AccountId account) internal view override returns (bool) {
        return _heads[account].hasClaim;
    }

    /// @inheritdoc Claims
    function _setHasClaim(AccountId account, bool has) internal override {
        _heads[account].hasClaim = has;
    }

    // --- series ---

    /// @dev All of a series in one read.
    function _termsOf(uint256 series) internal view returns (SeriesTerms terms) {
        IOptionMarket.Series storage s = _series[series];
        assembly ("memory-safe") {
            terms := sload(s.slot)
        }
    }

    // --- sides ---

    function _bucketOf(uint256 series, bool long) internal view returns (Bucket storage) {
        return _buckets[(series << 1) | (long ? 1 : 0)];
    }

    /// @dev Takes `closed` from one side of a series at a price, from each of its positions the same share.
    function _closeSide(uint256 series, bool long, uint256 closed, uint256 priceWad) internal {
        Bucket storage b = _bucketOf(series, long);
        b.close(long, closed, -int256(priceWad));
        if (!_series[series].deleveraged) _series[series].deleveraged = true;
        if (long) _openInterestWad -= closed;
        emit IOptionMarket.SeriesDeleveraged(series, long, closed, b.total, priceWad);
    }

    function _graceUntil(AccountId account) internal view returns (uint256) {
        uint256 from = _graceStart(account);
        Live[] memory list = _load(account, 0).list;
        for (uint256 i = 0; i < list.length; ++i) {
            (uint256 own, bool isNew) = _graceOf(account, list[i]);
            if (isNew && own > from) from = own;
        }
        return _graceEnd(from);
    }

    function _graceOf(AccountId account, Live memory p) private view returns (uint256 from, bool isNew) {
        return
            _graceAfter(
                account,
                p.stored.abs(),
                p.original.abs(),
                _bucketOf(p.series, p.stored > 0).deleveragedAt
            );
    }

    function _noteDeleveraging(AccountId account, Live memory p) private {
        emit IOptionMarket.PositionDeleveraged(account, p.series, p.stored, p.original);
        (uint256 from, bool isNew) = _graceOf(account, p);
        if (isNew) _giveGrace(account, from);
    }

    // --- what accounts were when the operation began ---

    function _isRemembered(AccountId account) private view returns (bool) {
        uint256 slot = _originalSlot(account);
        uint256 known;
        assembly ("memory-safe") {
            known := tload(slot)
        }
        return known != 0;
    }

    /// @dev Keeps cost and positions as they entered the operation; later calls change nothing.
    function _remember(Book memory book) private {
        if (_isRemembered(book.account)) return;
        uint256 slot = _originalSlot(book.account);
        int256 cost = book.original;
        uint256 kept;
        for (uint256 i = 0; i < book.list.length; ++i) {
            Live memory p = book.list[i];
            if (p.original == 0) continue;
            uint256 word = _packed(p.series, p.original);
            uint256 place = slot + ORIGINAL_POSITIONS + kept++;
            assembly ("memory-safe") {
                tstore(place, word)
            }
        }
        assembly ("memory-safe") {
            tstore(slot, add(kept, 1))
            tstore(add(slot, 1), cost)
        }
    }

    /// @dev Positions and cost, now or as they entered the operation.
    /// @param slot where that is kept; zero: now
    /// @return ids of series
    /// @return sizes signed {units}
    /// @return cost {quote}
    function _at(
        AccountId account,
        uint256 slot
    ) internal view returns (uint256[] memory ids, int256[] memory sizes, int256 cost) {
        if (slot != 0) {
            uint256 count;
            assembly ("memory-safe") {
                count := tload(slot)
                cost := tload(add(slot, 1))
            }
            if (count != 0) {
                (ids, sizes) = (new uint256[](--count), new int256[](count));
                for (uint256 i = 0; i < count; ++i) {
                    uint256 place = slot + ORIGINAL_POSITIONS + i;
                    uint256 word;
                    assembly ("memory-safe") {
                        word := tload(place)
                    }
                    (ids[i], sizes[i]) = (uint32(word), int256(word) >> 32);
                }
                return (ids, sizes, cost);
            }
        }
        return _current(account);
    }

    /// @dev As they lie in storage, deleveraging applied.
    function _current(
        AccountId account
    ) private view returns (uint256[] memory ids, int256[] memory sizes, int256 cost) {
        Head memory head = _heads[account];
        cost = head.cost;
        (ids, sizes) = (new uint256[](head.count), new int256[](head.count));
        mapping(uint256 place => Stored) storage list = _positions[account];
        for (uint256 i = 0; i < ids.length; ++i) {
            Stored memory stored = list[i];
            (uint256 series, int256 size) = (stored.series, stored.size);
            if (_termsOf(series).isDeleveraged()) {
                int256 given;
                (size, given) = _bucketOf(series, size > 0).live(stored.round, _marks[account][series], size);
                cost += given;
            }
            ids.set(i, series);
            sizes.set(i, size);
        }
    }

    function _listed(
        Book memory book
    ) internal pure returns (uint256[] memory ids, int256[] memory sizes, int256 cost) {
        uint256 count = book.list.length;
        (ids, sizes, cost) = (new uint256[](count), new int256[](count), book.cost);
        for (uint256 i = 0; i < count; ++i) (ids[i], sizes[i]) = (book.list[i].series, book.list[i].size);
    }

    function _packed(uint256 series, int256 size) private pure returns (uint256) {
        return uint256(size << 32) | series;
    }

    function _toCost(int256 cost) private pure returns (int232) {
        return cost.toInt232();
    }

    function _setLength(Live[] memory list, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }
}
