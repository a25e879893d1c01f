// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, AccountIdLib, PriceStatus} from "../../../interfaces/Types.sol";
import {PerpGovernance} from "./PerpGovernance.sol";

/// @dev Who bears what an insolvent account cannot pay: claims that wait, then the other side of the market at the
/// account's bankruptcy price, most profitable entries first, in a bucket each by the same share.
///
/// The position goes to a receiver account at that price, and from it to the buckets, a few in each call. Whoever is closed
/// loses against the mark his part of the size times the distance of the two prices, which over all of the size is the
/// deficit: nobody bears more than his share of it. A price further from the mark than half of it is not asked of anybody;
/// what is left then, or where there is no size, waits for claims (`_unborne`).
abstract contract PerpDeleveraging is PerpGovernance {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Buckets that a takeover closes itself.
    uint256 private constant BUCKETS_AT_ONCE = 8;
    uint96 private constant RECEIVER_INDEX = 1;

    /// @notice As `IInstrument.absorb`.
    function absorb(AccountId account, uint256 deficitWad) external onlyVault returns (uint256 absorbedWad) {
        (IRiskEngine.Band memory band, , ) = _refresh();
        uint256 mark = _doubtedMark(band, _load(account).size, false);
        uint256 settlementWad = ENGINE.band(SETTLEMENT_UNDERLYING).priceWad;
        if (settlementWad == 0 || mark == 0) return 0;
        _payWithClaim(account, mark);

        Live memory p = _load(account);
        int256 loss = p.base + p.size * _running.fundingWad - p.size * int256(mark);
        if (loss <= 0) return 0;
        uint256 deficit = deficitWad.fullMulDiv(WAD * WAD, settlementWad).min(uint256(loss));
        uint256 tokens = (deficit / uint256(TOKEN)).min(_pile.waiting);
        _reduceClaims(tokens);
        uint256 left = deficit - tokens * uint256(TOKEN);
        p.base -= int256(deficit - left);

        int256 moved = left == 0 ? int256(0) : p.size;
        uint256 price;
        if (moved != 0) (left, price) = _toReceiver(p, left, mark);
        p.base -= int256(left);
        _unborne += int256(left);
        _save(p);
        emit Absorbed(account, deficit, tokens, moved, price);
        if (moved != 0) _deleverage(BUCKETS_AT_ONCE);
        _bearLosses();
        return deficitWad.min(deficit.fullMulDiv(settlementWad, WAD * WAD));
    }

    /// @inheritdoc IPerpMarket
    function deleverage(uint256 maxBuckets) external returns (int256 leftWad) {
        _requireUnlocked();
        if (_receiverSize == 0 && (_unborne < TOKEN || _pile.waiting == 0)) {
            revert PerpMarket_NothingToDeleverage();
        }
        _refresh();
        _bearLosses();
        _deleverage(maxBuckets);
        _bearLosses();
        return _receiverSize;
    }

    /// @inheritdoc IPerpMarket
    function receiver() external view returns (AccountId) {
        return AccountIdLib.id(address(this), RECEIVER_INDEX);
    }

    // --- internal ---

    /// @dev Sells all of a position to the receiver at the price at which `deficit` is gone.
    /// @return left of the deficit, where that price is too far from the mark {quote}
    function _toReceiver(
        Live memory p,
        uint256 deficit,
        uint256 mark
    ) private returns (uint256 left, uint256 price) {
        uint256 move = (deficit / p.size.abs()).min(mark / 2);
        left = deficit - move * p.size.abs();
        price = p.size > 0 ? mark + move : mark - move;
        int256 size = p.size;
        int256 base = size * (int256(price) - _running.fundingWad);
        p.size = 0;
        p.base -= base;

        int256 held = _receiverSize;
        if (held != 0 && (held > 0) != (size > 0)) {
            // What meets its opposite is closed at both prices; the difference is a loss, or what pays for one.
            int256 met = held.abs() < size.abs() ? held : -size;
            int256 metBase = (_receiverBase * met) / held;
            int256 otherBase = (base * -met) / size;
            _unborne += metBase + otherBase;
            _receiverBase -= metBase;
            base -= otherBase;
        }
        _receiverSize = held + size;
        _receiverBase += base;
        _moveInterestBetween(held, size);
    }

    /// @dev A position that moves to the receiver keeps the open interest, but for what meets its opposite there. `_save` of the
    /// account takes its part out.
    function _moveInterestBetween(int256 held, int256 size) private {
        _moveInterest(held, held + size);
    }

    function _deleverage(uint256 maxBuckets) private {
        int256 size = _receiverSize;
        int256 base = _receiverBase;
        int256 funding = _running.fundingWad;
        for (uint256 i = 0; i < maxBuckets && size != 0; ++i) {
            bool long = size < 0;
            (bool found, uint256 tick, uint256 total) = _firstBucket(long);
            if (!found) break;
            uint256 closed = total.min(size.abs());
            int256 average = base / size + funding;
            uint256 price = average > 0 ? uint256(average) : 0;
            base -= _signed(closed, size > 0) * (int256(price) - funding);
            _closeBucket(long, tick, closed, price, funding);
            int256 next = size - _signed(closed, size > 0);
            // Both sides are smaller by it.
            _moveInterest(long ? int256(closed) : size, long ? int256(0) : next);
            size = next;
        }
        if (size == 0) {
            _unborne += base;
            base = 0;
        }
        _receiverSize = size;
        _receiverBase = base;
    }

    /// @dev The account's own claim pays what it can of its loss.
    function _payWithClaim(AccountId account, uint256 mark) internal {
        if (!_hasClaim(account)) return;
        Live memory p = _load(account);
        int256 loss = p.base + p.size * (_running.fundingWad - int256(mark));
        if (loss <= 0) return;
        uint256 paid = _netClaim(account, uint256(loss / TOKEN));
        if (paid == 0) return;
        p.base -= int256(paid) * TOKEN;
        _save(p);
    }

    /// @dev The mark; while the index is not fresh at the edge that is best or worst for a position of this sign.
    function _doubtedMark(
        IRiskEngine.Band memory band,
        int256 size,
        bool best
    ) internal view returns (uint256) {
        uint256 index = band.priceWad;
        if (band.status != PriceStatus.FRESH) index = (size > 0) == best ? band.highWad : band.lowWad;
        return _markWad(index.min(MAX_PRICE));
    }

    function _receiverTotals() internal view returns (int256 size, int256 cost) {
        size = _receiverSize;
        cost = _receiverBase + size * _fundingWad() + _unborne;
    }

    function _signed(uint256 magnitude, bool positive) private pure returns (int256) {
        return positive ? int256(magnitude) : -int256(magnitude);
    }
}
