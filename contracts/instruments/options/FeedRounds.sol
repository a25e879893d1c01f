// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {AggregatorV3Interface} from "../../../interfaces/IPriceSource.sol";
import {IRiskParameters} from "../../../interfaces/IRiskParameters.sol";

/// @notice The mean of a feed's own rounds over a window of the past, weighted by time.
///
/// A round counts from its time to that of the next, and no longer than the feed's heartbeat. Ids are the proxy's: phase in the
/// upper 16 bits, round in the lower 64. A walk ends at the first round of a phase.
library FeedRounds {
    using FixedPointMathLib for uint256;

    uint256 private constant MAX_ROUNDS = 256;
    /// @dev As for the newest answer: several times what a proxied aggregator takes.
    uint256 private constant CALL_GAS = 200_000;
    /// @dev A call passes on 63/64 of what remains (EIP-150).
    uint256 private constant CALL_GAS_NEEDED = 207_000;
    uint256 private constant MAX_ANSWER = 2 ** 127;
    uint256 private constant PRICE_DECIMALS = 18;
    uint80 private constant PHASE = 1 << 64;

    /// @notice Reverts where `round` is not the last one at or before `end`. Zero stands for no round: a feed that
    /// does not answer, or whose rounds begin later.
    /// @return priceWad {USD}
    /// @return covered seconds of the window for which there was a round
    function meanBefore(
        IRiskParameters.Feed memory feed,
        uint256 end,
        uint256 window,
        uint80 round
    ) internal view returns (uint256 priceWad, uint256 covered) {
        if (round == 0) {
            _requireNoRound(feed.aggregator, end);
            return (0, 0);
        }
        (uint256 answer, uint256 time) = _read(feed.aggregator, round);
        if (time == 0 || time > end) revert IOptionMarket.OptionMarket_WrongRound(round);
        _requireLast(feed.aggregator, round, end);
        uint256 decimals = AggregatorV3Interface(feed.aggregator).decimals();
        uint256 start = end - window;
        uint256 sum;
        for (uint256 i = 0; i < MAX_ROUNDS; ++i) {
            uint256 price = _price(feed, answer, decimals);
            // What is no price, or comes before an older one, is no round: the one before it stood on.
            if (price != 0 && time <= end) {
                uint256 from = time.max(start);
                uint256 seconds_ = end.min(time + feed.heartbeat).zeroFloorSub(from);
                sum += price * seconds_;
                covered += seconds_;
                end = time;
                if (time <= start) break;
            }
            if (uint64(round) <= 1) break;
            (answer, time) = _read(feed.aggregator, --round);
            if (time == 0) break;
        }
        if (covered != 0) priceWad = sum / covered;
    }

    function _requireLast(address aggregator, uint80 round, uint256 end) private view {
        (uint80 newest, , ) = _call(aggregator, abi.encodeCall(AggregatorV3Interface.latestRoundData, ()));
        uint80 phase = _first(round);
        // The next round that is there: ids may have gaps.
        uint80 id = round;
        uint256 next;
        do {
            (, next) = _read(aggregator, ++id);
        } while (next == 0 && id < newest && newest - phase < PHASE - 1);
        if (next != 0 && next <= end) revert IOptionMarket.OptionMarket_WrongRound(round);
        // The aggregator of an old phase may go on: the newest phase that has a round counts, not the one that is named.
        do {
            phase += PHASE;
            (, next) = _read(aggregator, phase);
            if (next != 0 && next <= end) revert IOptionMarket.OptionMarket_WrongRound(round);
        } while (phase < _first(newest));
    }

    function _requireNoRound(address aggregator, uint256 end) private view {
        (uint80 newest, , ) = _call(aggregator, abi.encodeCall(AggregatorV3Interface.latestRoundData, ()));
        if (newest == 0) return;
        // A phase that began after the end does not hide those before it.
        while (true) {
            (, uint256 first) = _read(aggregator, _first(newest));
            if (first != 0 && first <= end) revert IOptionMarket.OptionMarket_WrongRound(0);
            if (newest < PHASE) return;
            newest -= PHASE;
        }
    }

    /// @dev The first round of a round's phase.
    function _first(uint80 round) private pure returns (uint80) {
        return ((round / PHASE) * PHASE) + 1;
    }

    /// @dev {USD}; zero where the book does not take the answer for a price.
    function _price(
        IRiskParameters.Feed memory feed,
        uint256 answer,
        uint256 decimals
    ) private pure returns (uint256 price) {
        if (answer == 0 || answer > MAX_ANSWER || decimals > 36) return 0;
        price =
            decimals > PRICE_DECIMALS
                ? answer / 10 ** (decimals - PRICE_DECIMALS)
                : answer * 10 ** (PRICE_DECIMALS - decimals);
        if (price < feed.minPriceWad || price > feed.maxPriceWad) return 0;
    }

    /// @dev Zeros for a round that is not there.
    function _read(address aggregator, uint80 round) private view returns (uint256 answer, uint256 time) {
        (, answer, time) = _call(aggregator, abi.encodeCall(AggregatorV3Interface.getRoundData, (round)));
    }

    /// @dev A malformed answer is none. Who passes too little gas must not be able to hide a round.
    function _call(
        address aggregator,
        bytes memory data
    ) private view returns (uint80 round, uint256 answer, uint256 time) {
        uint256 gasBefore = gasleft();
        (bool done, bytes memory result) = aggregator.staticcall{gas: CALL_GAS}(data);
        if (!done || result.length < 160) {
            if (gasBefore < CALL_GAS_NEEDED) revert IOptionMarket.OptionMarket_OutOfGas();
            return (0, 0, 0);
        }
        (uint256 id, uint256 said, , uint256 updatedAt, ) = abi.decode(
            result,
            (uint256, uint256, uint256, uint256, uint256)
        );
        if (updatedAt > block.timestamp) return (0, 0, 0);
        return (uint80(id), said, updatedAt);
    }
}
