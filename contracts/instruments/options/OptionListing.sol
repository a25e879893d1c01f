// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IRiskParameters} from "../../../interfaces/IRiskParameters.sol";
import {PriceStatus} from "../../../interfaces/Types.sol";
import {Black76} from "./Black76.sol";
import {FeedRounds} from "./FeedRounds.sol";
import {OptionGovernance} from "./OptionGovernance.sol";

/// @dev How series begin and end.
abstract contract OptionListing is OptionGovernance {
    using FixedPointMathLib for uint256;

    uint256 private constant MAX_ALIVE = 512;
    uint256 private constant EXPIRY_HOUR = 8 hours;
    /// @dev Of the index; strikes lie between.
    uint256 private constant LEAST_STRIKE_PART = 5;
    uint256 private constant MOST_STRIKE_TIMES = 5;
    /// @dev Ticks in the order of magnitude of the index.
    uint256 private constant TICKS = 20;
    uint256 private constant WINDOW = 30 minutes;
    uint256 private constant LAST_PRICE_DELAY = 1 days;

    uint256 private _lastId;
    uint32[] private _alive;
    mapping(bytes32 key => uint256) private _ids;

    // --- series ---

    /// @inheritdoc IOptionMarket
    function createSeries(uint256 expiry, uint256 strikeWad, bool call) external returns (uint256 series) {
        uint256 index = _index().priceWad;
        if (
            expiry <= block.timestamp ||
            expiry > type(uint32).max ||
            expiry % 1 days != EXPIRY_HOUR ||
            SURFACE.statusOf(UNDERLYING, expiry) == PriceStatus.NONE
        ) revert OptionMarket_OffGrid("expiry", expiry);
        if (
            index == 0 ||
            strikeWad % tickAt(index) != 0 ||
            strikeWad * LEAST_STRIKE_PART < index ||
            strikeWad > index * MOST_STRIKE_TIMES ||
            strikeWad > type(uint96).max
        ) revert OptionMarket_OffGrid("strike", strikeWad);
        bytes32 key = _keyOf(expiry, strikeWad, call);
        if (_ids[key] != 0) revert OptionMarket_SeriesExists(_ids[key]);
        if (_alive.length == MAX_ALIVE) revert OptionMarket_TooManySeries(MAX_ALIVE);
        series = ++_lastId;
        _ids[key] = series;
        _series[series] = Series(
            uint32(expiry),
            uint96(strikeWad),
            int80(Black76.logOf(strikeWad)),
            call,
            false,
            uint16(_alive.length)
        );
        _alive.push(uint32(series));
        emit SeriesCreated(series, expiry, strikeWad, call);
    }

    /// @inheritdoc IOptionMarket
    function removeSeries(uint256[] calldata series) external {
        // What an account entered an operation with may name a series that nobody holds any more.
        _requireUnlocked();
        bool full = _alive.length == MAX_ALIVE;
        for (uint256 i = 0; i < series.length; ++i) {
            uint256 id = series[i];
            Series memory s = _series[id];
            if (s.expiry == 0) revert OptionMarket_UnknownSeries(id);
            if (
                _bucketOf(id, true).count != 0 ||
                _bucketOf(id, false).count != 0 ||
                (block.timestamp < s.expiry && !full)
            ) revert OptionMarket_SeriesInUse(id);
            uint32 last = _alive[_alive.length - 1];
            _alive[s.place] = last;
            _series[last].place = s.place;
            _alive.pop();
            delete _series[id];
            delete _ids[_keyOf(s.expiry, s.strikeWad, s.call)];
            emit SeriesRemoved(id);
        }
    }

    // --- settlement prices ---

    /// @inheritdoc IOptionMarket
    function fixPrice(uint256 expiry, uint80 round) external {
        if (block.timestamp < expiry) revert OptionMarket_NotExpired(expiry);
        if (expiry % 1 days != EXPIRY_HOUR) revert OptionMarket_OffGrid("expiry", expiry);
        if (_fixedPrices[expiry] != 0) revert OptionMarket_PriceFixed(expiry);
        IRiskParameters.Feed memory feed = RISK_PARAMETERS.feed(UNDERLYING);
        (uint256 price, uint256 covered) = FeedRounds.meanBefore(feed, expiry, WINDOW, round);
        if (covered == 0) {
            if (block.timestamp < expiry + LAST_PRICE_DELAY) {
                revert OptionMarket_NoRounds(expiry, expiry + LAST_PRICE_DELAY);
            }
            // Else the caller chooses between the record and the price now.
            ENGINE.poke(UNDERLYING);
            price = ENGINE.priceRecord(UNDERLYING).priceWad;
            if (price == 0) price = _index().priceWad;
        }
        _fixedPrices[expiry] = price + 1;
        emit SettlementPriceFixed(expiry, price, covered);
    }

    // --- views ---

    /// @inheritdoc IOptionMarket
    function seriesOf(uint256 series) external view returns (Series memory) {
        return _series[series];
    }

    /// @inheritdoc IOptionMarket
    function idOf(uint256 expiry, uint256 strikeWad, bool call) external view returns (uint256) {
        return _ids[_keyOf(expiry, strikeWad, call)];
    }

    /// @inheritdoc IOptionMarket
    function aliveSeries() external view returns (uint256[] memory ids) {
        ids = new uint256[](_alive.length);
        for (uint256 i = 0; i < ids.length; ++i) ids[i] = _alive[i];
    }

    /// @inheritdoc IOptionMarket
    function settlementPrice(uint256 expiry) external view returns (uint256 priceWad, bool known) {
        priceWad = _fixedPrices[expiry];
        if (priceWad != 0) return (priceWad - 1, true);
    }

    /// @inheritdoc IOptionMarket
    function tickAt(uint256 priceWad) public pure returns (uint256) {
        uint256 magnitude = 1;
        while (magnitude * 10 <= priceWad) magnitude *= 10;
        return magnitude.max(TICKS) / TICKS;
    }

    function _keyOf(uint256 expiry, uint256 strikeWad, bool call) private pure returns (bytes32) {
        return keccak256(abi.encode(expiry, strikeWad, call));
    }
}
