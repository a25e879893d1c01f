// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, PriceStatus, Requirement} from "../../interfaces/Types.sol";
import {UnderlyingRow} from "../oracle/UnderlyingRow.sol";
import {AccountTally} from "./AccountTally.sol";
import {AssetRow, AssetWord, RateWord} from "./AssetRow.sol";
import {BookSlot, BookSlotLib} from "./BookSlot.sol";
import {DomainRow} from "./DomainRow.sol";
import {NamedScenario} from "./NamedScenario.sol";
import {Point} from "./Point.sol";
import {RiskBook} from "./RiskBook.sol";

/// @notice The one entry to what accounts are worth and must be worth, over one domain's risk book.
contract RiskEngine is AccountTally, IRiskEngine {
    /// @dev An asset's price and edges for new risk.
    /// @param priceWad of its underlying, as the primary has it {USD}
    /// @param halfWad the primary's half-width {USD}
    /// @param lowHalfWad how far the exchange price is above the lower edge {USD}
    /// @param rateWad units of the underlying for one token
    /// @param basisBandWad as a share
    struct Quote {
        uint256 priceWad;
        uint256 lowWad;
        uint256 highWad;
        uint256 halfWad;
        uint256 lowHalfWad;
        uint256 rateWad;
        uint256 decimals;
        uint256 basisBandWad;
        uint256 status;
    }

    /// @notice Publishes the risk book; immutable.
    address public immutable riskParameters;

    /// @param riskParameters_ may publish risk books
    /// @param portfolioMode_ instrument by which accounts tell that they are margined as a portfolio
    /// @param sequencerFeed_ Chainlink's uptime feed of the chain's sequencer; zero on a chain without one
    constructor(
        address riskParameters_,
        address portfolioMode_,
        address sequencerFeed_
    ) AccountTally(portfolioMode_, sequencerFeed_) {
        riskParameters = riskParameters_;
    }

    // --- anybody ---

    /// @inheritdoc IRiskEngine
    function poke(uint256 underlying) external {
        BookSlot slot = _bookSlot;
        if (underlying >= slot.underlyingCount()) revert RiskEngine_UnknownUnderlying(underlying);
        uint256 clock_ = _touchClock();
        _record(slot.book(), underlying, clock_);
        for (uint256 id = 0; id < slot.assetCount(); ++id) {
            AssetRow memory row = RiskBook.asset(slot.book(), slot.underlyingCount(), id);
            if (row.asset.underlying() == underlying) _recordRateOf(id, row);
        }
    }

    // --- governance ---

    /// @inheritdoc IRiskEngine
    function publish(address book_) external {
        if (msg.sender != riskParameters) revert RiskEngine_NotParameters(msg.sender);
        DomainRow memory row = RiskBook.domain(book_);
        uint256 underlyings = row.domain.underlyingCount();
        uint256 assets = row.domain.assetCount();
        uint256 size = RiskBook.size(underlyings, assets);
        if (book_.code.length != size) revert RiskEngine_BookMalformed(book_, book_.code.length, size);

        BookSlot old = _bookSlot;
        _bookSlot = BookSlotLib.pack(
            book_,
            underlyings,
            assets,
            row.domain.rampEnd(),
            row.domain.minDebtTo()
        );
        emit BookPublished(old.book(), book_);
        uint256 clock_ = _touchClock();
        for (uint256 id = old.underlyingCount(); id < underlyings; ++id) _record(book_, id, clock_);
        for (uint256 id = old.assetCount(); id < assets; ++id) {
            _recordRateOf(id, RiskBook.asset(book_, underlyings, id));
        }
    }

    // --- assessments ---

    /// @inheritdoc IRiskEngine
    function assess(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_,
        bool atBatchStart
    ) external view returns (Assessment memory) {
        Tally memory tally = _open(requirement_ == Requirement.MAINTENANCE);
        Weight[] memory none;
        _addUp(tally, account, holdings, instruments, atBatchStart, none, none);
        _return(tally);
    }

    /// @inheritdoc IRiskEngine
    function weigh(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        uint256 scenario
    )
        external
        view
        returns (
            Assessment memory assessment,
            Weight[] memory assets,
            Weight[] memory instrumentWeights,
            DomainParameters memory parameters,
            uint256 upFor
        )
    {
        assets = new Weight[](holdings.length);
        instrumentWeights = new Weight[](instruments.length);
        Tally memory tally = _open(true);
        tally.named = NamedScenario.wrap(scenario);
        _addUp(tally, account, holdings, instruments, false, assets, instrumentWeights);
        assessment = _assessment(tally);
        parameters = _parameters(tally.slot.book(), tally.clock);
        upFor = _upFor();
    }

    /// @inheritdoc IRiskEngine
    function assessAt(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_,
        uint256 underlying,
        uint256 priceWad
    ) external view returns (Assessment memory) {
        Tally memory tally = _open(requirement_ == Requirement.MAINTENANCE);
        _assume(tally, underlying, priceWad);
        Weight[] memory none;
        _addUp(tally, account, holdings, instruments, false, none, none);
        _return(tally);
    }

    /// @inheritdoc IRiskEngine
    function scenarios(
        AccountId account,
        Holding[] calldata holdings,
        address[] calldata instruments,
        Requirement requirement_
    ) external view returns (Netted[] memory netted, uint256 apartWad, uint256 rhoWad) {
        Tally memory tally = _open(requirement_ == Requirement.MAINTENANCE);
        tally.curved = ALL;
        Weight[] memory none;
        _addUp(tally, account, holdings, instruments, false, none, none);
        return (_netted(tally), tally.apart, _rhoWad(tally));
    }

    // --- prices ---

    /// @inheritdoc IRiskEngine
    function valueOf(
        uint256 assetId,
        uint256 amount
    ) external view returns (uint256 valueWad, uint256 lowWad, uint256 highWad, PriceStatus status) {
        Quote memory quote = _quote(_open(false), assetId);
        valueWad = _down(quote, amount, quote.priceWad);
        lowWad = _down(quote, amount, quote.lowWad);
        highWad = _up(quote, amount, quote.highWad);
        lowWad = FixedPointMathLib.fullMulDiv(lowWad, WAD - quote.basisBandWad, WAD);
        highWad = FixedPointMathLib.fullMulDivUp(highWad, WAD + quote.basisBandWad, WAD);
        status = PriceStatus(quote.status);
    }

    /// @inheritdoc IRiskEngine
    function swapLoss(
        uint256 assetIn,
        uint256 amountIn,
        uint256 assetOut,
        uint256 amountOut
    ) external view returns (uint256 lossWad, uint256 boundWad) {
        Tally memory tally = _open(false);
        boundWad = RiskBook.domain(tally.slot.book()).domain.swapLoss() * PPM_TO_WAD;
        (uint256 spentWad, bool isPriced) = _exchangeValue(tally, assetIn, amountIn, true);
        if (!isPriced) return (WAD, boundWad);
        uint256 boughtWad;
        (boughtWad, isPriced) = _exchangeValue(tally, assetOut, amountOut, false);
        if (!isPriced) return (WAD, boundWad);
        if (boughtWad < spentWad) lossWad = WAD - FixedPointMathLib.fullMulDiv(boughtWad, WAD, spentWad);
    }

    /// @inheritdoc IRiskEngine
    function band(uint256 underlying) external view returns (Band memory) {
        (Point point, uint256 lowWad, uint256 highWad, uint256 halfWad) = _edges(_open(false), underlying);
        return Band(point.priceWad(), lowWad, highWad, halfWad, PriceStatus(point.status()));
    }

    /// @inheritdoc IRiskEngine
    function priceRecord(uint256 underlying) external view returns (PriceRecord memory) {
        return _recordOf(underlying);
    }

    /// @inheritdoc IRiskEngine
    function lastRate(uint256 assetId) external view returns (uint256 rateWad) {
        return _lastRate(assetId);
    }

    /// @inheritdoc IRiskEngine
    function clock() external view returns (uint256 clock_) {
        (clock_, ) = _time();
    }

    /// @inheritdoc IRiskEngine
    function sequencerUpFor() external view returns (uint256) {
        return _upFor();
    }

    // --- parameters ---

    /// @inheritdoc IRiskEngine
    function domainParameters() external view returns (DomainParameters memory) {
        (uint256 clock_, ) = _time();
        return _parameters(_bookSlot.book(), clock_);
    }

    /// @inheritdoc IRiskEngine
    function book() external view returns (address) {
        return _bookSlot.book();
    }

    /// @inheritdoc IRiskEngine
    function portfolioMode() external view returns (address) {
        return PORTFOLIO_MODE;
    }

    /// @notice Chainlink's uptime feed of the chain's sequencer; zero on a chain without one.
    function sequencerFeed() external view returns (address) {
        return SEQUENCER_FEED;
    }

    // --- internal ---

    /// @dev Ends the call with the tally's first six words, which are the encoding of an `Assessment`.
    function _return(Tally memory tally) private pure {
        assembly ("memory-safe") {
            return(tally, 0xc0)
        }
    }

    function _parameters(
        address book_,
        uint256 clock_
    ) private view returns (DomainParameters memory parameters) {
        DomainRow memory row = _walkedDomain(book_, clock_);
        unchecked {
            // Fields are below 2**32.
            parameters.targetHealthWad = row.premium.targetTo() * PPM_TO_WAD;
            parameters.premiumMinWad = row.premium.premiumMinTo() * PPM_TO_WAD;
            parameters.premiumStartWad = row.premium.premiumStartTo() * PPM_TO_WAD;
            parameters.premiumMaxWad = row.premium.premiumMaxTo() * PPM_TO_WAD;
            parameters.premiumFullHealthWad = row.premium.premiumFullHealthTo() * PPM_TO_WAD;
            parameters.minDebtWad = row.domain.minDebtTo() * WAD;
            parameters.backstopShareWad = row.domain.backstopShare() * PPM_TO_WAD;
            parameters.swapLossWad = row.domain.swapLoss() * PPM_TO_WAD;
            parameters.gracePeriod = row.domain.gracePeriod();
        }
    }

    /// @dev What the netting sets come to at every point.
    function _netted(Tally memory tally) private pure returns (Netted[] memory netted) {
        uint256 count = tally.slot.underlyingCount();
        netted = new Netted[](count);
        uint256 used;
        for (uint256 id = 0; id < count; ++id) {
            Point point;
            uint256 entry = tally.points + (id << 5);
            assembly ("memory-safe") {
                point := mload(entry)
            }
            if (!tally.portfolio || point.isNull() || point.netting() == 0) continue;
            netted[used++] = _nettedAt(tally, point, id);
        }
        assembly ("memory-safe") {
            mstore(netted, used)
        }
    }

    function _nettedAt(Tally memory tally, Point point, uint256 id) private pure returns (Netted memory n) {
        Netting memory netting = _netting(tally, point, id);
        n.underlying = id;
        n.scenarios = netting.grid;
        n.changesWad = _changes(netting);
        (n.lowerLossWad, n.upperLossWad) = _losses(netting);
    }

    function _record(address book_, uint256 underlying, uint256 clock_) private {
        UnderlyingRow memory row = RiskBook.underlying(book_, underlying);
        row.walk(clock_);
        _recordPrice(underlying, row.feed, row.source, row.bounds, clock_);
    }

    function _recordRateOf(uint256 assetId, AssetRow memory row) private {
        address source = row.rate.rateSource();
        if (source != address(0)) _recordRate(assetId, source);
    }

    function _edges(
        Tally memory tally,
        uint256 underlying
    ) private view returns (Point point, uint256 lowWad, uint256 highWad, uint256 halfWad) {
        if (underlying >= tally.slot.underlyingCount()) revert RiskEngine_UnknownUnderlying(underlying);
        point = _point(tally, underlying);
        uint256 priceWad = point.priceWad();
        halfWad = FixedPointMathLib.mulWadUp(priceWad, point.widthWad());
        if (point.isDisputed()) {
            lowWad = point.lowWad();
            highWad = point.highWad();
        } else {
            lowWad = priceWad - halfWad;
            highWad = priceWad + halfWad;
        }
    }

    function _quote(Tally memory tally, uint256 assetId) private view returns (Quote memory quote) {
        if (assetId >= tally.slot.assetCount()) revert RiskEngine_UnknownAsset(assetId);
        AssetRow memory row = RiskBook.asset(tally.slot.book(), tally.slot.underlyingCount(), assetId);
        row.walk(tally.clock);
        Point point;
        (point, quote.lowWad, quote.highWad, quote.halfWad) = _edges(tally, row.asset.underlying());
        quote.lowHalfWad = point.isDisputed() ? _lowHalf(point, quote.halfWad) : quote.halfWad;
        quote.priceWad = point.priceWad();
        quote.status = point.status();
        quote.decimals = row.asset.decimals();
        quote.basisBandWad = row.asset.basisBandTo() * PPM_TO_WAD;
        quote.rateWad = WAD;
        address source = row.rate.rateSource();
        if (source != address(0)) {
            bool answered;
            (quote.rateWad, answered) = _rate(assetId, source);
            if (!answered) quote.status = NONE;
        }
    }

    /// @dev What a swap's side is worth {USD}, and whether it has a price: spent tokens at the upper edge moved inwards by the
    /// half-width, rounded up, bought ones at the lower, rounded down. Undisputed both are the price.
    function _exchangeValue(
        Tally memory tally,
        uint256 assetId,
        uint256 amount,
        bool isSpent
    ) private view returns (uint256 valueWad, bool isPriced) {
        if (assetId < tally.slot.assetCount() && amount >> 128 == 0) {
            (AssetWord asset, RateWord rate) = RiskBook.assetWords(
                BookSlot.unwrap(tally.slot),
                tally.assetsAt,
                assetId
            );
            Point point = _point(tally, asset.underlying());
            if (!_isUnusual(asset, rate, point, tally.clock)) {
                int256 signed = isSpent ? -int256(amount) : int256(amount);
                return (_plainValue(signed, point.priceWad(), asset.decimals()), true);
            }
        }
        Quote memory quote = _quote(tally, assetId);
        isPriced = quote.status != NONE;
        valueWad =
            isSpent
                ? _up(quote, amount, quote.highWad - quote.halfWad)
                : _down(quote, amount, quote.lowWad + quote.lowHalfWad);
    }

    function _down(Quote memory quote, uint256 amount, uint256 priceWad) private pure returns (uint256) {
        return _valueDown(amount, priceWad, quote.rateWad, quote.decimals);
    }

    function _up(Quote memory quote, uint256 amount, uint256 priceWad) private pure returns (uint256) {
        return _valueUp(amount, priceWad, quote.rateWad, quote.decimals);
    }
}
