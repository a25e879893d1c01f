// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {PriceStatus} from "../../interfaces/Types.sol";
import {IVolatilitySurface} from "../../interfaces/IVolatilitySurface.sol";
import {Governed} from "../access/Governed.sol";
import {Smile, SmileLib} from "../math/Smile.sol";
import {SmileBounds} from "../math/SmileBounds.sol";

/// @notice See `IVolatilitySurface`. One contract for all underlyings.
///
/// What a signer may do wrong is bounded: what he signs cannot be brought to another chain or contract (EIP-712), nor twice
/// (timestamps rise), nor long after (heartbeat), and moves variance by `maxMoveWad` each `minInterval` (VOL-1).
contract VolatilitySurface is IVolatilitySurface, Governed, EIP712 {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SmileBounds for Smile;

    bytes32 private constant UPDATE_TYPEHASH = keccak256(
        "Update(uint256 underlying,uint256 timestamp,Slice[] slices)Slice(uint32 expiry,int40 level,int40 slope,uint40 curvature,int40 centre,uint40 width)"
    );
    bytes32 private constant SLICE_TYPEHASH = keccak256(
        "Slice(uint32 expiry,int40 level,int40 slope,uint40 curvature,int40 centre,uint40 width)"
    );

    uint256 private constant MAX_EXPIRIES = 16;
    uint256 private constant MAX_TERM = 1_100 days;
    uint256 private constant MIN_HEARTBEAT = 1 minutes;
    uint256 private constant MAX_HEARTBEAT = 7 days;
    uint256 private constant MIN_INTERVAL = 10 seconds;
    uint256 private constant MIN_VARIANCE_WAD = 0.0001e18;
    uint256 private constant MAX_VARIANCE_WAD = 16e18;
    uint256 private constant MIN_MOVE_WAD = 0.0001e18;
    uint256 private constant MAX_MOVE_WAD = 1e18;
    /// @dev Lee: total variance never rises faster than this in ln K.
    uint256 private constant MAX_WING_WAD = 2e18;
    /// @dev Half of the strikes at which two expiries are compared, the middle one not counted.
    int256 private constant POINTS = 4;

    /// @dev `Parameters` in a word; variances are below 2^64.
    struct Feed {
        uint32 heartbeat;
        uint32 minInterval;
        uint64 minVarianceWad;
        uint64 maxVarianceWad;
        uint64 maxMoveWad;
    }

    /// @dev When the last update was made, and when it came {s}.
    struct Last {
        uint32 timestamp;
        uint32 acceptedAt;
    }

    /// @dev Expiries with their smiles, ascending.
    struct Term {
        uint256 expiry;
        Smile smile;
    }

    /// @inheritdoc IVolatilitySurface
    mapping(address signer => bool) public isSigner;

    mapping(uint256 underlying => Feed) private _feeds;
    mapping(uint256 underlying => Last) private _last;
    mapping(uint256 underlying => uint32[]) private _expiries;
    mapping(uint256 underlying => mapping(uint256 expiry => Smile)) private _smiles;

    constructor(
        address owner_,
        address guardian_
    ) Governed(owner_, guardian_) EIP712("Keel Volatility Surface", "1") {}

    // --- anybody ---

    /// @inheritdoc IVolatilitySurface
    function update(Update calldata update_, bytes calldata signature) external {
        Feed memory feed = _feed(update_.underlying);
        (address signer, , ) = ECDSA.tryRecover(hashOf(update_), signature);
        if (!isSigner[signer]) revert VolatilitySurface_NotSigner(signer);
        _checkTime(update_, feed);
        (Term[] memory terms, bool changed) = _merge(update_, feed);
        _checkCalendar(terms);
        if (changed) {
            delete _expiries[update_.underlying];
            uint32[] storage list = _expiries[update_.underlying];
            for (uint256 i; i < terms.length; ++i) list.push(uint32(terms[i].expiry));
        }
        _last[update_.underlying] = Last(uint32(update_.timestamp), uint32(block.timestamp));
        emit SurfaceUpdated(update_.underlying, update_.timestamp, signer);
    }

    // --- owner ---

    /// @inheritdoc IVolatilitySurface
    function setParameters(uint256 underlying, Parameters calldata parameters_) external onlyOwner {
        _inRange("heartbeat", parameters_.heartbeat, MIN_HEARTBEAT, MAX_HEARTBEAT);
        _inRange("minInterval", parameters_.minInterval, MIN_INTERVAL, parameters_.heartbeat);
        _inRange("minVariance", parameters_.minVarianceWad, MIN_VARIANCE_WAD, MAX_VARIANCE_WAD);
        _inRange("maxVariance", parameters_.maxVarianceWad, parameters_.minVarianceWad, MAX_VARIANCE_WAD);
        _inRange("maxMove", parameters_.maxMoveWad, MIN_MOVE_WAD, MAX_MOVE_WAD);
        emit ParametersSet(underlying, parameters(underlying), parameters_);
        _feeds[underlying] = Feed(
            uint32(parameters_.heartbeat),
            uint32(parameters_.minInterval),
            uint64(parameters_.minVarianceWad),
            uint64(parameters_.maxVarianceWad),
            uint64(parameters_.maxMoveWad)
        );
    }

    /// @inheritdoc IVolatilitySurface
    function addSigner(address signer) external onlyOwner {
        // Nobody signs with the zero address, which is what a bad signature recovers to.
        if (signer == address(0)) revert VolatilitySurface_NotSigner(signer);
        isSigner[signer] = true;
        emit SignerSet(signer, true);
    }

    // --- guardian or owner ---

    /// @inheritdoc IVolatilitySurface
    function removeSigner(address signer) external onlyGuardian {
        isSigner[signer] = false;
        emit SignerSet(signer, false);
    }

    // --- views ---

    /// @inheritdoc IVolatilitySurface
    function varianceAt(
        uint256 underlying,
        uint256 expiry,
        int256 lnStrikeWad
    ) external view returns (uint256 varianceWad, PriceStatus status) {
        Smile smile = _smiles[underlying][expiry];
        return (smile.varianceDown(lnStrikeWad), _status(smile, _feeds[underlying].heartbeat));
    }

    /// @inheritdoc IVolatilitySurface
    function variancesAt(
        uint256 underlying,
        uint256[] calldata expiries_,
        int256[] calldata lnStrikesWad
    ) external view returns (uint256[] memory variancesWad, PriceStatus status) {
        uint256 length = expiries_.length;
        if (lnStrikesWad.length != length) revert VolatilitySurface_Lengths(length, lnStrikesWad.length);
        variancesWad = new uint256[](length);
        uint256 heartbeat = _feeds[underlying].heartbeat;
        mapping(uint256 expiry => Smile) storage known = _smiles[underlying];
        Smile smile;
        for (uint256 i; i < length; ++i) {
            if (i == 0 || expiries_[i] != expiries_[i - 1]) {
                smile = known[expiries_[i]];
                status = _worst(status, _status(smile, heartbeat));
            }
            variancesWad[i] = smile.varianceDown(lnStrikesWad[i]);
        }
    }

    /// @inheritdoc IVolatilitySurface
    function smiles(
        uint256 underlying,
        uint256[] calldata expiries_
    ) external view returns (uint256[] memory words, PriceStatus status) {
        words = new uint256[](expiries_.length);
        uint256 heartbeat = _feeds[underlying].heartbeat;
        mapping(uint256 expiry => Smile) storage known = _smiles[underlying];
        for (uint256 i; i < expiries_.length; ++i) {
            Smile smile = known[expiries_[i]];
            words[i] = Smile.unwrap(smile);
            status = _worst(status, _status(smile, heartbeat));
        }
    }

    /// @inheritdoc IVolatilitySurface
    function statusOf(uint256 underlying, uint256 expiry) external view returns (PriceStatus) {
        return _status(_smiles[underlying][expiry], _feeds[underlying].heartbeat);
    }

    /// @inheritdoc IVolatilitySurface
    function slice(
        uint256 underlying,
        uint256 expiry
    ) external view returns (Slice memory, uint256 timestamp) {
        Smile smile = _smiles[underlying][expiry];
        return (_toSlice(expiry, smile), smile.timestamp());
    }

    /// @inheritdoc IVolatilitySurface
    function expiries(uint256 underlying) external view returns (uint256[] memory list) {
        uint32[] storage all = _expiries[underlying];
        uint256 first;
        while (first < all.length && all[first] <= block.timestamp) ++first;
        list = new uint256[](all.length - first);
        for (uint256 i; i < list.length; ++i) list[i] = all[first + i];
    }

    /// @inheritdoc IVolatilitySurface
    function parameters(uint256 underlying) public view returns (Parameters memory) {
        Feed memory feed = _feeds[underlying];
        return
            Parameters(
                feed.heartbeat,
                feed.minInterval,
                feed.minVarianceWad,
                feed.maxVarianceWad,
                feed.maxMoveWad
            );
    }

    /// @inheritdoc IVolatilitySurface
    function volatilityMove(uint256 underlying) external view returns (uint256 moveWad) {
        // |sqrt(u) - sqrt(v)| with u - v <= D is largest at the least v: sqrt(m + D) - sqrt(m), rounded up.
        Feed memory feed = _feed(underlying);
        uint256 low = (uint256(feed.minVarianceWad) * 1e18).sqrt();
        uint256 high = ((uint256(feed.minVarianceWad) + feed.maxMoveWad) * 1e18).sqrt();
        return high + 1 - low;
    }

    /// @inheritdoc IVolatilitySurface
    function lastUpdate(uint256 underlying) external view returns (uint256 timestamp, uint256 acceptedAt) {
        Last memory last = _last[underlying];
        return (last.timestamp, last.acceptedAt);
    }

    /// @inheritdoc IVolatilitySurface
    function hashOf(Update calldata update_) public view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](update_.slices.length);
        for (uint256 i; i < hashes.length; ++i) {
            hashes[i] = keccak256(abi.encode(SLICE_TYPEHASH, update_.slices[i]));
        }
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        UPDATE_TYPEHASH,
                        update_.underlying,
                        update_.timestamp,
                        keccak256(abi.encodePacked(hashes))
                    )
                )
            );
    }

    /// @inheritdoc IVolatilitySurface
    function RANGE() external pure returns (uint256) {
        return uint256(SmileLib.RANGE_WAD);
    }

    // --- internal ---

    function _feed(uint256 underlying) private view returns (Feed memory feed) {
        feed = _feeds[underlying];
        if (feed.heartbeat == 0) revert VolatilitySurface_UnknownUnderlying(underlying);
    }

    /// @dev Both clocks: updates signed in good order but kept back cannot be brought in one block, so that VOL-1 bounds
    /// the move over time as well.
    function _checkTime(Update calldata update_, Feed memory feed) private view {
        uint256 made = update_.timestamp;
        Last memory last = _last[update_.underlying];
        if (made <= last.timestamp) revert VolatilitySurface_NotNewer(made, last.timestamp);
        if (made > block.timestamp) revert VolatilitySurface_FromTheFuture(made, block.timestamp);
        if (made + feed.heartbeat < block.timestamp) revert VolatilitySurface_TooOld(made, feed.heartbeat);
        uint256 earliest = uint256(last.acceptedAt) + feed.minInterval;
        if (block.timestamp < earliest || made < uint256(last.timestamp) + feed.minInterval) {
            revert VolatilitySurface_TooEarly(earliest.max(uint256(last.timestamp) + feed.minInterval));
        }
    }

    /// @dev Known expiries without those that passed, and the update's, which are checked and kept.
    /// @return terms ascending
    /// @return changed whether the list of expiries did
    function _merge(
        Update calldata update_,
        Feed memory feed
    ) private returns (Term[] memory terms, bool changed) {
        uint32[] memory known = _expiries[update_.underlying];
        Slice[] calldata slices = update_.slices;
        if (slices.length == 0) revert VolatilitySurface_Empty();
        terms = new Term[](known.length + slices.length);
        uint256 count;
        uint256 next;
        uint256 after_ = block.timestamp;
        for (uint256 i; i < slices.length; ++i) {
            uint256 expiry = slices[i].expiry;
            if (expiry <= after_ || expiry > block.timestamp + MAX_TERM) {
                revert VolatilitySurface_BadExpiry(expiry, after_, block.timestamp + MAX_TERM);
            }
            after_ = expiry;
            for (; next < known.length && known[next] < expiry; ++next) {
                if (_takeOver(terms, count, update_.underlying, known[next])) ++count;
                else changed = true;
            }
            if (next < known.length && known[next] == expiry) ++next;
            else changed = true;
            terms[count++] = Term(expiry, _keep(update_, slices[i], feed));
        }
        for (; next < known.length; ++next) {
            if (_takeOver(terms, count, update_.underlying, known[next])) ++count;
            else changed = true;
        }
        if (count > MAX_EXPIRIES) revert VolatilitySurface_TooManyExpiries(count, MAX_EXPIRIES);
        assembly ("memory-safe") {
            mstore(terms, count)
        }
    }

    function _takeOver(
        Term[] memory terms,
        uint256 at,
        uint256 underlying,
        uint256 expiry
    ) private returns (bool alive) {
        alive = expiry > block.timestamp;
        if (alive) terms[at] = Term(expiry, _smiles[underlying][expiry]);
        else emit SliceExpired(underlying, expiry);
    }

    /// @dev Checks a slice by itself and beside the one before, and stores it.
    function _keep(
        Update calldata update_,
        Slice calldata slice_,
        Feed memory feed
    ) private returns (Smile smile) {
        smile = SmileLib.pack(
            slice_.level,
            slice_.slope,
            slice_.curvature,
            slice_.centre,
            slice_.width,
            update_.timestamp
        );
        uint256 expiry = slice_.expiry;
        if (!smile.isShaped()) {
            revert VolatilitySurface_BadShape(expiry, slice_.slope, slice_.curvature, slice_.width);
        }
        int256 variance = smile.leastWad();
        if (variance < int256(uint256(feed.minVarianceWad))) {
            revert VolatilitySurface_VarianceTooLow(expiry, variance, feed.minVarianceWad);
        }
        variance = smile.mostWad();
        if (variance > int256(uint256(feed.maxVarianceWad))) {
            revert VolatilitySurface_VarianceTooHigh(expiry, variance, feed.maxVarianceWad);
        }
        uint256 wing = smile.wingUp(expiry - block.timestamp);
        if (wing > MAX_WING_WAD) revert VolatilitySurface_WingsTooSteep(expiry, wing, MAX_WING_WAD);
        Smile old = _smiles[update_.underlying][expiry];
        if (Smile.unwrap(old) != 0) _checkMove(expiry, old.moveUp(smile), feed.maxMoveWad);
        _smiles[update_.underlying][expiry] = smile;
        emit SliceSet(update_.underlying, expiry, _toSlice(expiry, old), slice_);
    }

    function _checkMove(uint256 expiry, uint256 moveWad, uint256 mostWad) private pure {
        if (moveWad > mostWad) revert VolatilitySurface_MoveTooLarge(expiry, moveWad, mostWad);
    }

    /// @dev No later expiry has less total variance than the one before it, at both ends of all strikes and at nine strikes
    /// around the earlier one's centre, denser towards it: x = +- 2 (i / 4)^2. Time does not undo it: the difference of
    /// total variances is linear in time, and at the earlier expiry it is the later one's own.
    function _checkCalendar(Term[] memory terms) private view {
        for (uint256 i = 1; i < terms.length; ++i) {
            Term memory earlier = terms[i - 1];
            Term memory later = terms[i];
            int256 centre = earlier.smile.centre() * SmileLib.TO_WAD;
            // Further out than both ranges, at both sides.
            int256 gap = int256(FixedPointMathLib.dist(earlier.smile.centre(), later.smile.centre()));
            int256 far = gap * SmileLib.TO_WAD + SmileLib.RANGE_WAD;
            _compare(earlier, later, centre - far);
            _compare(earlier, later, centre + far);
            for (int256 point = -POINTS; point <= POINTS; ++point) {
                int256 x = (SmileLib.RANGE_WAD * point * int256(point.abs())) / (POINTS * POINTS);
                _compare(earlier, later, centre + x);
            }
        }
    }

    function _compare(Term memory earlier, Term memory later, int256 lnStrikeWad) private view {
        uint256 less = earlier.smile.varianceDown(lnStrikeWad) * (earlier.expiry - block.timestamp);
        uint256 more = later.smile.varianceDown(lnStrikeWad) * (later.expiry - block.timestamp);
        if (more < less) {
            revert VolatilitySurface_CalendarArbitrage(
                earlier.expiry,
                later.expiry,
                lnStrikeWad,
                less / 365 days,
                more / 365 days
            );
        }
    }

    function _status(Smile smile, uint256 heartbeat) private view returns (PriceStatus) {
        if (Smile.unwrap(smile) == 0) return PriceStatus.NONE;
        return block.timestamp <= smile.timestamp() + heartbeat ? PriceStatus.FRESH : PriceStatus.STALE;
    }

    function _worst(PriceStatus a, PriceStatus b) private pure returns (PriceStatus) {
        return uint8(a) > uint8(b) ? a : b;
    }

    function _toSlice(uint256 expiry, Smile smile) private pure returns (Slice memory) {
        return
            Slice(
                uint32(expiry),
                int40(smile.level()),
                int40(smile.slope()),
                uint40(smile.curvature()),
                int40(smile.centre()),
                uint40(smile.width())
            );
    }

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert VolatilitySurface_OutOfRange(parameter, value, min, max);
    }
}
