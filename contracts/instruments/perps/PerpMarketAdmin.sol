// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Governed} from "../../access/Governed.sol";
import {Claims} from "../books/Claims.sol";
import {MarketBase} from "../books/MarketBase.sol";
import {EntryGrid} from "./EntryGrid.sol";
import {PerpDeleveraging} from "./PerpDeleveraging.sol";

/// @notice A perpetual market's takeovers, deleveraging, governance, fees, and what others read. The market runs this code on
/// its own storage (`PerpBooks` first, the roles behind it), so that what is called often stays small; called at its own
/// address it acts on nothing.
contract PerpMarketAdmin is PerpDeleveraging {
    using FixedPointMathLib for uint256;

    /// @dev Roles at this address belong to nobody of use: the market's are set by `initialise`.
    constructor(
        address vault,
        uint256 underlying_,
        uint256 settlementUnderlying,
        uint256 settlementDecimals
    )
        MarketBase(vault, underlying_, settlementUnderlying)
        Claims(settlementDecimals)
        Governed(address(1), address(0))
    {}

    // --- anybody ---

    /// @inheritdoc IPerpMarket
    function poke() external {
        _requireUnlocked();
        _refresh();
        _sample();
    }

    // --- vault ---

    /// @notice As `IInstrument.transferFraction`. At the mark: losses go with it, the profit on what goes becomes a claim of the
    /// account first, which it keeps. While the index is not fresh, a part goes at the edge at which the account was judged, so
    /// that no taker has the width of a lie; all of an account, which has nothing to lose, at the worst.
    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external onlyVault {
        if (from.equals(to) || fractionWad == 0) return;
        (IRiskEngine.Band memory band, , ) = _refresh();
        bool toHeld = _holds(to);
        _move(from, to, fractionWad.min(WAD), _doubtedMark(band, _load(from).size, fractionWad < WAD));
        if (!_holds(from)) VAULT.setHeld(from, false);
        if (_holds(to) != toHeld) VAULT.setHeld(to, !toHeld);
    }

    /// @notice As `IInstrument.forfeit`: claims go to the fees.
    function forfeit(AccountId account) external onlyVault {
        _forfeitClaim(account);
        if (!_holds(account)) VAULT.setHeld(account, false);
    }

    // --- views ---

    /// @inheritdoc IPerpMarket
    function position(AccountId account) external view returns (Position memory result) {
        _requireUnlocked();
        Live memory p = _load(account);
        result.sizeWad = p.size;
        result.cost = p.base + p.size * _fundingWad();
        result.entryWad = p.entryWad;
        result.pnl = p.size * int256(_markWad(ENGINE.band(UNDERLYING).priceWad)) - result.cost;
        (result.waiting, result.allotted) = _claimOf(account);
    }

    /// @inheritdoc IPerpMarket
    function fundingOwed(AccountId account) external view returns (int256) {
        _requireUnlocked();
        return _fundingOwed(account);
    }

    /// @inheritdoc IPerpMarket
    function state() external view returns (State memory result) {
        IRiskEngine.Band memory band = ENGINE.band(UNDERLYING);
        result.indexWad = band.priceWad;
        (result.premiumWad, result.fundingWad) = _now();
        result.markWad = _markAt(band.priceWad, result.premiumWad);
        result.rateWad = _rateWad();
        result.status = band.status;
    }

    /// @inheritdoc IPerpMarket
    function totals() external view returns (Totals memory result) {
        _requireUnlocked();
        result.openInterestWad = _running.openInterestWad;
        (result.cash, result.fees) = (_till.cash, _till.fees);
        (result.waiting, result.allotted) = (_pile.waiting, _pile.allotted);
        (result.receiverSizeWad, result.receiverCost) = _receiverTotals();
    }

    /// @inheritdoc IPerpMarket
    function bucket(bool long, uint256 tick) external view returns (uint256 sizeWad, uint256 count) {
        return _bucketAt(long, tick);
    }

    /// @inheritdoc IPerpMarket
    function tickOf(uint256 priceWad) external pure returns (uint256) {
        return EntryGrid.tickOf(priceWad);
    }

    /// @inheritdoc IPerpMarket
    function underlying() external view returns (uint256) {
        return UNDERLYING;
    }

    // --- takeovers ---

    function _move(AccountId from, AccountId to, uint256 fractionWad, uint256 mark) private {
        _payWithClaim(from, mark);
        Live memory source = _load(from);
        int256 pnl = source.size * int256(mark) - source.base - source.size * _running.fundingWad;
        uint256 tokens = pnl > 0 ? uint256(pnl).fullMulDiv(fractionWad, WAD) / uint256(TOKEN) : 0;
        if (tokens != 0) {
            source.base += int256(tokens) * TOKEN;
            _addClaim(from, tokens);
            _bearLosses();
            _allot();
        }
        int256 size = (source.size * int256(fractionWad)) / int256(WAD);
        int256 cost = size * int256(mark);
        // All of it leaves nothing behind, not even less than a token.
        if (fractionWad == WAD) cost = source.base + size * _running.fundingWad;
        else if (pnl < 0) cost += int256(uint256(-pnl).fullMulDivUp(fractionWad, WAD));
        _put(source, to, size, cost);
        emit PositionMoved(from, to, size, cost);
    }

    /// @dev Moves size and cost; what is moved keeps its entry price.
    function _put(Live memory source, AccountId to, int256 size, int256 cost) private {
        int256 funding = _running.fundingWad;
        uint256 entry = source.entryWad;
        _add(source, -size, -cost, entry, funding);
        _save(source);
        // Now: both may stand in one bucket, whose last position has what roundings left.
        Live memory target = _load(to);
        _add(target, size, cost, entry, funding);
        _save(target);
    }
}
