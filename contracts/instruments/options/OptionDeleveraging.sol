// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @dev Takeovers, and who bears what an insolvent account cannot pay: claims that wait, then the other side of each of its series.
///
/// Both sides of a living series are of one size, so every position is closed at once, each opposite one by the same share. The
/// deficit is spread over the account's positions by their value: all prices move by one ratio, at most a half. What is left
/// then, or where there is no living position, waits for claims (`_unborne`).
abstract contract OptionDeleveraging is OptionPrices {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @notice As `IInstrument.absorb`.
    function absorb(AccountId account, uint256 deficitWad) external onlyVault returns (uint256 absorbedWad) {
        uint256 settlementWad = ENGINE.band(SETTLEMENT_UNDERLYING).priceWad;
        if (settlementWad == 0) return 0;
        (Book memory book, uint256[] memory values, int256 profit) = _valued(account, false);
        int256 netted = _payWithClaim(account, profit);
        book.cost -= netted;
        uint256 loss = uint256((-profit - netted).max(0));
        uint256 deficit = deficitWad.fullMulDiv(WAD * WAD, settlementWad).min(loss);
        if (deficit == 0) {
            _save(book);
            return 0;
        }
        uint256 tokens = (deficit / uint256(TOKEN)).min(_pile.waiting);
        _reduceClaims(tokens);
        uint256 left = deficit - tokens * uint256(TOKEN);
        book.cost -= int256(deficit - left);
        if (left != 0) left = _closeAll(book, values, left);
        book.cost -= int256(left);
        _unborne += int256(left);
        _bearLosses();
        _save(book);
        emit IOptionMarket.Absorbed(account, deficit, tokens, left);
        return deficitWad.min(deficit.fullMulDiv(settlementWad, WAD * WAD));
    }

    /// @notice As `IInstrument.transferFraction`. At the positions' values: losses go with them, the profit on what goes becomes a
    /// claim of the account first, which it keeps. While the index is not fresh, a part goes at the edge at which the account was
    /// judged, so that no taker has the width of a lie; all of an account, which has nothing to lose, at the worst.
    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external onlyVault {
        if (from.equals(to) || fractionWad == 0) return;
        bool toHeld = _holds(to);
        _move(from, to, fractionWad.min(WAD));
        if (!_holds(from)) VAULT.setHeld(from, false);
        if (_holds(to) != toHeld) VAULT.setHeld(to, !toHeld);
    }

    // --- internal ---

    /// @dev An account in memory, what its positions are worth and its profit. While the index is not fresh both are what they
    /// are at the edge of the band at which the profit is more, or less.
    function _valued(
        AccountId account,
        bool best
    ) private returns (Book memory book, uint256[] memory values, int256 profit) {
        book = _open(account, 0);
        (uint256[] memory ids, int256[] memory sizes, int256 cost) = _listed(book);
        (Option[] memory options, ) = _options(ids);
        IRiskEngine.Band memory band = _index();
        if (band.status == PriceStatus.FRESH) {
            values = _valuesAtIndex(options, band.priceWad);
            return (book, values, _worth(sizes, values) - cost);
        }
        values = _valuesAtIndex(options, band.lowWad);
        profit = _worth(sizes, values) - cost;
        uint256[] memory other = _valuesAtIndex(options, band.highWad);
        int256 otherProfit = _worth(sizes, other) - cost;
        if ((otherProfit > profit) == best) (values, profit) = (other, otherProfit);
    }

    /// @dev The account's own claim pays what it can of its loss.
    /// @return paid by which its cost is to fall {quote}
    function _payWithClaim(AccountId account, int256 profit) private returns (int256 paid) {
        if (profit >= 0) return 0;
        return int256(_netClaim(account, uint256(-profit / TOKEN))) * TOKEN;
    }

    /// @dev Closes every living position against the other side.
    /// @return left of the deficit {quote}
    function _closeAll(
        Book memory book,
        uint256[] memory values,
        uint256 deficit
    ) private returns (uint256 left) {
        Live[] memory list = book.list;
        uint256 gross;
        for (uint256 i = 0; i < list.length; ++i) {
            if (_isLiving(list[i])) gross += list[i].size.abs() * values[i];
        }
        left = deficit;
        uint256 most = deficit.min(gross / 2);
        for (uint256 i = 0; i < list.length; ++i) {
            Live memory p = list[i];
            if (!_isLiving(p)) continue;
            int256 size = p.size;
            // Down: no price moves by more than its part of the deficit.
            uint256 move = gross == 0 ? 0 : values[i].fullMulDiv(most, gross);
            uint256 price = size > 0 ? values[i] + move : values[i] - move;
            left -= size.abs() * move;
            book.cost -= size * int256(price);
            p.size = 0;
            _closeSide(p.series, size < 0, size.abs(), price);
        }
    }

    function _isLiving(Live memory p) private view returns (bool) {
        return p.size != 0 && block.timestamp < _termsOf(p.series).expiry();
    }

    function _move(AccountId from, AccountId to, uint256 fractionWad) private {
        (Book memory source, uint256[] memory values, int256 profit) = _valued(from, fractionWad < WAD);
        int256 netted = _payWithClaim(from, profit);
        source.cost -= netted;
        profit += netted;
        uint256 tokens = profit > 0 ? uint256(profit).fullMulDiv(fractionWad, WAD) / uint256(TOKEN) : 0;
        if (tokens != 0) {
            source.cost += int256(tokens) * TOKEN;
            _addClaim(from, tokens);
            _bearLosses();
            _allot();
        }
        (uint256[] memory ids, int256[] memory sizes, ) = _listed(source);
        int256 cost;
        for (uint256 i = 0; i < ids.length; ++i) {
            sizes[i] = (sizes[i] * int256(fractionWad)) / int256(WAD);
            source.list[i].size -= sizes[i];
            cost += sizes[i] * int256(values[i]);
        }
        // All of it leaves nothing behind, not even less than a token.
        if (fractionWad == WAD) cost = source.cost;
        else if (profit < 0) cost += int256(uint256(-profit).fullMulDivUp(fractionWad, WAD));
        source.cost -= cost;
        _save(source);
        _put(to, ids, sizes, cost);
        emit IOptionMarket.PositionsMoved(from, to, fractionWad, cost);
    }

    /// @dev After the source is written: the last position of a side has what roundings left.
    function _put(AccountId to, uint256[] memory ids, int256[] memory sizes, int256 cost) private {
        Book memory target = _open(to, ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            if (sizes[i] != 0) _add(target, ids[i], sizes[i]);
        }
        target.cost += cost;
        _save(target);
    }
}
