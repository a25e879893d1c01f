// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IInstrument} from "../../../interfaces/IInstrument.sol";
import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {IPerpMaker} from "../../../interfaces/IPerpMaker.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, AccountIdLib, PriceStatus} from "../../../interfaces/Types.sol";
import {Claims} from "../books/Claims.sol";
import {Delegation} from "../books/Delegation.sol";
import {MarketBase} from "../books/MarketBase.sol";
import {Settlement} from "../books/Settlement.sol";
import {PerpGovernance} from "./PerpGovernance.sol";
import {PerpMarketAdmin} from "./PerpMarketAdmin.sol";
import {PerpRisk} from "./PerpRisk.sol";

/// @notice A perpetual market: trades, settlement, what the risk engine asks; the rest is in `PerpMarketAdmin`, which runs on
/// this contract's storage. Whatever changes a position runs within an operation of
/// the vault, or begins one by paying.
contract PerpMarket is PerpRisk, Settlement, Delegation {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for uint256;

    /// @dev What an operation's trades go by, as it was before them.
    /// @param fees charged so far {quote}
    struct Course {
        IRiskEngine.Band band;
        uint256 mark;
        uint256 maxMove;
        uint256 openInterest;
        int256 funding;
        uint256 fees;
        bool reduceOnly;
    }

    /// @param settlementUnderlying id of the settlement asset's underlying in the risk book
    /// @param settlementDecimals of its token
    constructor(
        address vault,
        uint256 underlying_,
        uint256 settlementUnderlying,
        uint256 settlementDecimals,
        address owner_,
        address guardian_,
        IPerpMarket.Parameters memory initial
    )
        MarketBase(vault, underlying_, settlementUnderlying)
        Claims(settlementDecimals)
        Delegation(
            address(new PerpMarketAdmin(vault, underlying_, settlementUnderlying, settlementDecimals)),
            abi.encodeCall(PerpGovernance.initialise, (owner_, guardian_, initial))
        )
    {}

    // --- anybody ---

    /// @inheritdoc IInstrument
    function settle(AccountId account) external returns (int256 paid) {
        _requireUnlocked();
        return _settle(account, true);
    }

    // --- vault ---

    /// @inheritdoc IInstrument
    function execute(
        AccountId account,
        address caller,
        bytes calldata data
    ) external onlyVault withinOperation returns (bytes memory) {
        IPerpMarket.Action action = abi.decode(data, (IPerpMarket.Action));
        if (action == IPerpMarket.Action.SETTLE) return abi.encode(_settle(account, false));
        Course memory course = _begin();
        if (action == IPerpMarket.Action.TRADE) {
            (, address maker, int256 size, uint256 limit) = abi.decode(
                data,
                (IPerpMarket.Action, address, int256, uint256)
            );
            uint256 price = _trade(course, account, maker, size, limit);
            _conclude(course);
            return abi.encode(price);
        }
        if (caller != _orders) revert IMarketBooks.Market_NotOrders(caller);
        (, AccountId taker, IPerpMarket.Fill[] memory fills, uint256 takerTip, AccountId tipTo) = abi.decode(
            data,
            (IPerpMarket.Action, AccountId, IPerpMarket.Fill[], uint256, AccountId)
        );
        uint256 quotedWad = _fill(course, taker, fills, takerTip, tipTo);
        _conclude(course);
        return abi.encode(quotedWad);
    }

    /// @inheritdoc IInstrument
    function payProfit(AccountId account) external onlyVault {
        _payProfit(account);
    }

    /// @inheritdoc IInstrument
    function forfeit(AccountId) external {
        _delegate();
    }

    /// @inheritdoc IInstrument
    function transferFraction(AccountId, AccountId, uint256) external {
        _delegate();
    }

    /// @inheritdoc IInstrument
    function absorb(AccountId, uint256) external returns (uint256) {
        _delegate();
    }

    // --- trades ---

    function _begin() private returns (Course memory course) {
        int256 premium;
        (course.band, premium, course.funding) = _refresh();
        _requireFresh(course.band);
        course.mark = _markAt(course.band.priceWad, premium);
        course.maxMove = _trades.maxPriceMoveWad;
        course.openInterest = _running.openInterestWad;
        course.reduceOnly = _trades.reduceOnly;
    }

    function _trade(
        Course memory course,
        AccountId taker,
        address maker,
        int256 sizeWad,
        uint256 limitWad
    ) private returns (uint256 priceWad) {
        AccountId makerAccount = AccountIdLib.id(maker, 0);
        _requireSize(taker, makerAccount, sizeWad);
        Live memory other = _load(makerAccount);
        int256 premium;
        (priceWad, premium) = _ask(course, taker, other, sizeWad, limitWad);
        _requirePrice(course, priceWad);
        _take(course, other, -sizeWad, priceWad, 0);
        _keepJudged(course, other, 0, false);
        // After the other side is written: both may stand in one bucket, whose last position has what roundings left.
        Live memory own = _load(taker);
        uint256 fee = _take(course, own, sizeWad, priceWad, _trades.takerFeeWad);
        // The vault has noted whom it calls for.
        _keepJudged(course, own, fee, true);
        emit IPerpMarket.Traded(taker, makerAccount, sizeWad, priceWad, fee, 0);
        if (maker == _sampler.maker) _setSample(premium);
    }

    /// @dev A maker contract's price, within the taker's limit, and its premium after the trade.
    function _ask(
        Course memory course,
        AccountId taker,
        Live memory other,
        int256 sizeWad,
        uint256 limitWad
    ) private returns (uint256 priceWad, int256 premiumWad) {
        address maker = other.account.owner();
        bool allowed = maker == _sampler.maker ? _trades.samplerTrades : _makerAllowed[maker];
        if (!allowed) revert IPerpMarket.PerpMarket_UnknownMaker(maker);
        (priceWad, premiumWad) = IPerpMaker(maker).trade(taker, sizeWad, other.size, course.band.priceWad);
        if (sizeWad > 0 ? priceWad > limitWad : priceWad < limitWad) {
            revert IPerpMarket.PerpMarket_PriceLimit(priceWad, limitWad);
        }
    }

    /// @return quotedWad price of the maker contract among the makers, if there is one
    function _fill(
        Course memory course,
        AccountId taker,
        IPerpMarket.Fill[] memory fills,
        uint256 takerTip,
        AccountId tipTo
    ) private returns (uint256 quotedWad) {
        (uint256 takerFeeWad, uint256 makerFeeWad) = (_trades.takerFeeWad, _trades.makerFeeWad);
        uint256 tips = takerTip;
        address quoting;
        int256 premium;
        for (uint256 i = 0; i < fills.length; ++i) {
            IPerpMarket.Fill memory fill = fills[i];
            _requireSize(taker, fill.maker, fill.sizeWad);
            Live memory other = _load(fill.maker);
            if (fill.quotes) {
                (quotedWad, premium) = _ask(course, taker, other, fill.sizeWad, fill.priceWad);
                fill.priceWad = quotedWad;
                quoting = other.account.owner();
            }
            _requirePrice(course, fill.priceWad);
            uint256 fee = _take(course, other, -fill.sizeWad, fill.priceWad, fill.quotes ? 0 : makerFeeWad);
            if (fill.tip != 0) {
                other.base += fill.tip.toInt256() * TOKEN;
                tips += fill.tip;
                emit IPerpMarket.Tipped(fill.maker, tipTo, fill.tip);
            }
            _keepJudged(course, other, fee, false);
        }
        Live memory own = _load(taker);
        uint256 fees;
        for (uint256 i = 0; i < fills.length; ++i) {
            IPerpMarket.Fill memory fill = fills[i];
            uint256 fee = _take(course, own, fill.sizeWad, fill.priceWad, takerFeeWad);
            fees += fee;
            emit IPerpMarket.Traded(
                taker,
                fill.maker,
                fill.sizeWad,
                fill.priceWad,
                fee,
                fill.quotes ? 0 : _feeUp(fill.sizeWad, fill.priceWad, makerFeeWad)
            );
        }
        if (takerTip != 0) {
            own.base += takerTip.toInt256() * TOKEN;
            emit IPerpMarket.Tipped(taker, tipTo, takerTip);
        }
        _keepJudged(course, own, fees, false);
        if (quotedWad != 0 && quoting == _sampler.maker) _setSample(premium);
        if (tips == 0) return quotedWad;
        Live memory earner = _load(tipTo);
        earner.base -= tips.toInt256() * TOKEN;
        _keep(earner);
    }

    /// @dev Books one side of a trade in a position in memory.
    /// @return fee {quote}
    function _take(
        Course memory course,
        Live memory p,
        int256 sizeWad,
        uint256 priceWad,
        uint256 feeWad
    ) private pure returns (uint256 fee) {
        uint256 before = p.size.abs();
        fee = _feeUp(sizeWad, priceWad, feeWad);
        course.fees += fee;
        unchecked {
            // Sizes are below 2**112, prices below 2**97, and a fee is a hundredth at most.
            _add(p, sizeWad, sizeWad * int256(priceWad) + int256(fee), priceWad, course.funding);
        }
        if (course.reduceOnly && p.size.abs() > before) {
            revert IPerpMarket.PerpMarket_ReduceOnly(p.account);
        }
    }

    function _requirePrice(Course memory course, uint256 priceWad) private pure {
        uint256 distance = priceWad > course.mark ? priceWad - course.mark : course.mark - priceWad;
        if (distance > course.mark.mulWad(course.maxMove)) {
            revert IPerpMarket.PerpMarket_PriceOutOfBand(priceWad, course.mark, course.maxMove);
        }
    }

    /// @dev Writes a position and has its account judged. A profit that is not settled is no equity, so giving it away by a
    /// price far from the mark, or as a tip, would cost an account nothing: who does is covered without it, or settles first. A
    /// thousandth of what was closed is let go. Nothing is closed twice, as who opens with such a profit is covered too: where
    /// it exceeds what is required, opening requires no more.
    /// @param noted whether the vault judges the account anyway
    function _keepJudged(Course memory course, Live memory p, uint256 fee, bool noted) private {
        bool unpaid;
        unchecked {
            // Sizes are below 2**113, the mark below 2**97, funding below 2**127, costs below 2**242.
            int256 perUnit = int256(course.mark) - course.funding;
            int256 profit = p.loadedSize * perUnit - p.loadedBase;
            int256 given = profit - (p.size * perUnit - p.base) - int256(fee);
            int256 closed = int256(p.loadedSize.abs()) - int256(p.size.abs());
            int256 least = (closed.max(0) * int256(course.mark)) / GIVEN_PART;
            unpaid = (closed < 0 || given > least) && (p.stored.hasClaim || profit > least);
        }
        _keep(p);
        if (unpaid) VAULT.requireCovered(p.account);
        else if (!noted) VAULT.touch(p.account);
    }

    /// @dev Writes a position that a trade has changed.
    function _keep(Live memory p) private {
        bool had = p.stored.size != 0 || p.stored.base != 0;
        _save(p);
        bool has = p.size != 0 || p.base != 0;
        if (has != had && !p.stored.hasClaim) VAULT.setHeld(p.account, has);
    }

    function _requireSize(AccountId taker, AccountId maker, int256 sizeWad) private pure {
        if (taker.equals(maker)) revert IPerpMarket.PerpMarket_SameAccount(taker);
        if (sizeWad == 0) revert IPerpMarket.PerpMarket_ZeroSize();
        if (sizeWad > int256(MAX_SIZE) || sizeWad < -int256(MAX_SIZE)) {
            revert IPerpMarket.PerpMarket_SizeOutOfRange(sizeWad, MAX_SIZE);
        }
    }

    /// @dev Books the fees, and holds the open interest to its cap, which binds on the way up only.
    function _conclude(Course memory course) private {
        _addFees(int256(course.fees));
        uint256 size = _running.openInterestWad;
        if (size <= course.openInterest) return;
        uint256 notional = size.fullMulDivUp(course.band.priceWad, WAD);
        uint256 cap = _sampler.openInterestCapWad;
        if (notional > cap) revert IPerpMarket.PerpMarket_OpenInterestCap(notional, cap);
    }

    function _feeUp(int256 sizeWad, uint256 priceWad, uint256 feeWad) private pure returns (uint256) {
        return feeWad == 0 ? 0 : (sizeWad.abs() * priceWad).fullMulDivUp(feeWad, WAD);
    }

    // --- settlement ---

    /// @inheritdoc Settlement
    function _standing(AccountId account) internal override returns (bool known, int256 profit, bool open) {
        (IRiskEngine.Band memory band, int256 premium, int256 funding) = _refresh();
        known = band.status == PriceStatus.FRESH && band.priceWad <= MAX_PRICE;
        if (!known) return (false, 0, false);
        Live memory p = _load(account);
        profit = p.size * (int256(_markAt(band.priceWad, premium)) - funding) - p.base;
        open = p.size != 0;
    }

    /// @inheritdoc Settlement
    function _changeCost(AccountId account, int256 change) internal override {
        Live memory p = _load(account);
        p.base += change;
        _save(p);
    }
}
