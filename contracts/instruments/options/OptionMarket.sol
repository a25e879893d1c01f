// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Report, Scenario} from "../../../interfaces/IInstrument.sol";
import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {IOptionMarket, IOptionSettlement} from "../../../interfaces/IOptionMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {Delegation} from "../books/Delegation.sol";
import {Quote} from "../books/Quote.sol";
import {Settlement} from "../books/Settlement.sol";
import {OptionGovernance} from "./OptionGovernance.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @notice A market of options: an `IInstrument`. Fills and settlement are here; what the risk engine asks and takeovers are in
/// `OptionMarketRisk`, the rest in `OptionMarketAdmin`, which both run on this contract's storage.
contract OptionMarket is IOptionSettlement, OptionPrices, Settlement, Delegation {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant MAX_LEGS = 8;
    int256 private constant MAX_RATIO = 100;

    /// @dev What is common to all fills of a match.
    /// @param valueWad value of one unit of the combination {quote tok per unit}
    /// @param grossWad values of its legs, without signs {quote tok per unit}
    /// @param notionalWad index of its legs, without signs {quote tok per unit}
    /// @param mostWad that a premium may be away from the value {quote tok per unit}
    /// @param leastWad notional that a position has, unless it is none {USD}
    struct Terms {
        uint256 indexWad;
        int256 valueWad;
        uint256 grossWad;
        uint256 notionalWad;
        uint256 mostWad;
        uint256 leastWad;
        uint256 openInterest;
        TradeParameters trades;
        bool reduceOnly;
    }

    address private immutable RISK;

    /// @param admin an `OptionMarketAdmin` made with the same arguments
    /// @param risk an `OptionMarketRisk` likewise
    constructor(
        address vault,
        IOptionMarket.Setup memory setup,
        address admin,
        address risk,
        address owner_,
        address guardian_,
        IOptionMarket.Parameters memory initial
    )
        OptionPrices(vault, setup)
        Delegation(admin, abi.encodeCall(OptionGovernance.initialise, (owner_, guardian_, initial)))
    {
        RISK = risk;
    }

    // --- anybody ---

    /// @notice As `IInstrument.settle`.
    function settle(AccountId account) external returns (int256 paid) {
        _requireUnlocked();
        return _settle(account, true);
    }

    /// @inheritdoc IOptionSettlement
    function settleExpired(uint256 expiry, uint80 round, AccountId[] calldata accounts) external {
        _requireUnlocked();
        if (_fixedPrices[expiry] == 0) IOptionMarket(address(this)).fixPrice(expiry, round);
        for (uint256 i = 0; i < accounts.length; ++i) _settle(accounts[i], true);
    }

    // --- vault ---

    /// @notice As `IInstrument.execute`.
    function execute(
        AccountId account,
        address caller,
        bytes calldata data
    ) external onlyVault withinOperation returns (bytes memory) {
        IOptionMarket.Action action = abi.decode(data, (IOptionMarket.Action));
        if (action == IOptionMarket.Action.SETTLE) return abi.encode(_settle(account, false));
        if (caller != _orders) revert IMarketBooks.Market_NotOrders(caller);
        (, AccountId taker, IOptionMarket.Leg[] memory legs, IOptionMarket.Fill[] memory fills) = abi.decode(
            data,
            (IOptionMarket.Action, AccountId, IOptionMarket.Leg[], IOptionMarket.Fill[])
        );
        _fill(taker, legs, fills);
        return "";
    }

    /// @notice As `IInstrument.report`; it is called statically.
    function report(
        AccountId,
        Scenario[] calldata,
        uint256[] calldata,
        uint256[] calldata,
        bool
    ) external returns (Report memory) {
        _delegateTo(RISK);
    }

    /// @notice As `IInstrument.payProfit`.
    function payProfit(AccountId account) external onlyVault {
        _payProfit(account);
    }

    /// @notice As `IInstrument.forfeit`: claims go to the fees.
    function forfeit(AccountId account) external onlyVault {
        _forfeitClaim(account);
        if (!_holds(account)) VAULT.setHeld(account, false);
    }

    /// @notice As `IInstrument.transferFraction`.
    function transferFraction(AccountId, AccountId, uint256) external {
        _delegateTo(RISK);
    }

    /// @notice As `IInstrument.absorb`.
    function absorb(AccountId, uint256) external returns (uint256) {
        _delegateTo(RISK);
    }

    /// @notice As `IInstrument.graceUntil`; it is called statically.
    function graceUntil(AccountId) external returns (uint256) {
        _delegateTo(RISK);
    }

    /// @notice As `IInstrument.underlyings`.
    function underlyings() external view returns (uint256[] memory ids, uint256 curved) {
        return (_underlyingIds(), 1 << OWN_POSITION);
    }

    // --- fills ---

    function _fill(
        AccountId taker,
        IOptionMarket.Leg[] memory legs,
        IOptionMarket.Fill[] memory fills
    ) private {
        Terms memory terms = _begin(legs);
        for (uint256 i = 0; i < fills.length; ++i) {
            IOptionMarket.Fill memory fill = fills[i];
            if (fill.maker.equals(taker)) revert IOptionMarket.OptionMarket_SameAccount(taker);
            _requirePremium(terms, fill.premiumWad);
            Book memory other = _open(fill.maker, legs.length);
            uint256 fee = _take(
                terms,
                other,
                legs,
                -fill.unitsWad,
                fill.premiumWad,
                terms.trades.makerFeeWad
            );
            emit IOptionMarket.Traded(
                taker,
                fill.maker,
                legs,
                fill.unitsWad,
                fill.premiumWad,
                _feeUp(terms, fill.unitsWad, terms.trades.takerFeeWad),
                fee
            );
            _keep(terms, other, -fill.unitsWad * (fill.premiumWad - terms.valueWad));
        }
        // After the makers are written: the last position of a side has what roundings left.
        Book memory own = _open(taker, legs.length);
        int256 given;
        for (uint256 i = 0; i < fills.length; ++i) {
            int256 unitsWad = fills[i].unitsWad;
            _take(terms, own, legs, unitsWad, fills[i].premiumWad, terms.trades.takerFeeWad);
            given += unitsWad * (fills[i].premiumWad - terms.valueWad);
        }
        _keep(terms, own, given);
        _requireOpenInterest(terms);
    }

    function _begin(IOptionMarket.Leg[] memory legs) private view returns (Terms memory terms) {
        IRiskEngine.Band memory band = _index();
        if (band.status != PriceStatus.FRESH || band.priceWad > Quote.MAX_PRICE) {
            revert IOptionMarket.OptionMarket_IndexNotUsable(band.priceWad, uint8(band.status));
        }
        terms.indexWad = band.priceWad;
        terms.trades = _trades;
        terms.openInterest = _openInterestWad;
        (terms.leastWad, terms.reduceOnly) = (_limits.minPositionWad, _limits.reduceOnly);
        if (legs.length == 0 || legs.length > MAX_LEGS) {
            revert IOptionMarket.OptionMarket_BadLegs(legs.length);
        }
        uint256[] memory ids = new uint256[](legs.length);
        for (uint256 i = 0; i < legs.length; ++i) {
            ids[i] = legs[i].series;
            int256 ratio = legs[i].ratio;
            if (ratio == 0 || ratio > MAX_RATIO || ratio < -MAX_RATIO || (i != 0 && ids[i] <= ids[i - 1])) {
                revert IOptionMarket.OptionMarket_BadLegs(legs.length);
            }
            uint256 expiry = _termsOf(ids[i]).expiry();
            if (expiry == 0) revert IOptionMarket.OptionMarket_UnknownSeries(ids[i]);
            if (block.timestamp >= expiry) revert IOptionMarket.OptionMarket_Expired(ids[i], expiry);
        }
        (Option[] memory options, ) = _options(ids);
        uint256[] memory values = _valuesAtIndex(options, terms.indexWad);
        for (uint256 i = 0; i < legs.length; ++i) {
            uint256 ratio = legs[i].ratio.abs();
            terms.valueWad += legs[i].ratio * int256(values[i]);
            terms.grossWad += ratio * values[i];
            terms.notionalWad += ratio * terms.indexWad;
        }
        terms.mostWad = terms.notionalWad.mulWad(terms.trades.maxPriceMoveWad);
    }

    /// @dev Books one side of a fill in an account in memory.
    /// @return fee {quote}
    function _take(
        Terms memory terms,
        Book memory book,
        IOptionMarket.Leg[] memory legs,
        int256 unitsWad,
        int256 premiumWad,
        uint256 feeWad
    ) private returns (uint256 fee) {
        if (unitsWad.abs() > MAX_SIZE) {
            revert IOptionMarket.OptionMarket_SizeOutOfRange(unitsWad, MAX_SIZE);
        }
        for (uint256 i = 0; i < legs.length; ++i) {
            _add(book, legs[i].series, legs[i].ratio * unitsWad);
        }
        fee = _feeUp(terms, unitsWad, feeWad);
        book.cost += unitsWad * premiumWad + int256(fee);
        _addFees(int256(fee));
    }

    /// @dev Writes an account. A profit that is not settled is no equity, so giving it away at a premium far from the value
    /// would cost an account nothing: who does is covered without it, or settles first. A thousandth of what was closed is let
    /// go. Nothing is closed twice, as who opens with such a profit is covered too: where it exceeds what is required, opening
    /// requires no more.
    /// @param given what the account lost by the premium {quote}
    function _keep(Terms memory terms, Book memory book, int256 given) private {
        int256 closed = _checkSizes(terms, book);
        int256 least = (closed.max(0) * int256(terms.indexWad)) / GIVEN_PART;
        bool had = _holds(book.account);
        bool unpaid =
            had &&
                (closed < 0 || given > least) &&
                (_hasClaim(book.account) || _profitAt(book, terms.indexWad) + given > least);
        _save(book);
        bool has = _holds(book.account);
        if (has != had) VAULT.setHeld(book.account, has);
        if (unpaid) VAULT.requireCovered(book.account);
        else VAULT.touch(book.account);
    }

    /// @dev A position too small to be worth a takeover would keep its series alive for next to nothing.
    /// @return closed by how much less all positions together are {units}
    function _checkSizes(Terms memory terms, Book memory book) private pure returns (int256 closed) {
        Live[] memory list = book.list;
        unchecked {
            // Sizes are below 2**105, and there are at most 72; the index is below 2**96.
            for (uint256 i = 0; i < list.length; ++i) {
                (int256 size, int256 old) = (list[i].size, list[i].original);
                if (size == old) continue;
                int256 less = int256(old.abs()) - int256(size.abs());
                closed += less;
                if (size == 0) continue;
                if (terms.reduceOnly && (less < 0 || size ^ old < 0)) {
                    revert IOptionMarket.OptionMarket_ReduceOnly(book.account);
                }
                if (size.abs() * terms.indexWad < terms.leastWad * WAD) {
                    revert IOptionMarket.OptionMarket_PositionTooSmall(
                        book.account,
                        list[i].series,
                        size,
                        terms.leastWad
                    );
                }
            }
        }
    }

    function _requirePremium(Terms memory terms, int256 premiumWad) private pure {
        // A premium beyond half of the range is far from every value.
        if (premiumWad.abs() > type(uint128).max || premiumWad.dist(terms.valueWad) > terms.mostWad) {
            revert IOptionMarket.OptionMarket_PremiumOutOfBand(premiumWad, terms.valueWad, terms.mostWad);
        }
    }

    /// @dev A cap binds on the way up only.
    function _requireOpenInterest(Terms memory terms) private view {
        uint256 size = _openInterestWad;
        if (size <= terms.openInterest) return;
        uint256 notional = size.fullMulDivUp(terms.indexWad, WAD);
        uint256 cap = _limits.openInterestCapWad;
        if (notional > cap) revert IOptionMarket.OptionMarket_OpenInterestCap(notional, cap);
    }

    /// @dev {quote}
    function _feeUp(Terms memory terms, int256 unitsWad, uint256 feeWad) private pure returns (uint256) {
        uint256 units = unitsWad.abs();
        return
            (units * terms.notionalWad).fullMulDivUp(feeWad, WAD).min(
                (units * terms.grossWad).fullMulDiv(terms.trades.feeCapWad, WAD)
            );
    }

    // --- settlement ---

    /// @inheritdoc Settlement
    function _standing(AccountId account) internal override returns (bool known, int256 profit, bool open) {
        Book memory book = _open(account, 0);
        uint256 count = book.list.length;
        bool cleared;
        for (uint256 i = 0; i < count; ++i) {
            if (book.list[i].size == 0) cleared = true;
            else open = true;
        }
        if (cleared) {
            _save(book);
            book = _load(account, 0);
        }
        if (!open) return (true, -book.cost, false);
        IRiskEngine.Band memory band = _index();
        (uint256[] memory ids, int256[] memory sizes, int256 cost) = _listed(book);
        (Option[] memory options, PriceStatus status) = _options(ids);
        known =
            band.status == PriceStatus.FRESH &&
            status == PriceStatus.FRESH &&
            band.priceWad <= Quote.MAX_PRICE;
        if (known) profit = _worth(sizes, _valuesAtIndex(options, band.priceWad)) - cost;
    }

    /// @inheritdoc Settlement
    function _changeCost(AccountId account, int256 change) internal override {
        _addCost(account, change);
    }
}
