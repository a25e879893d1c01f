// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IGrowthCappedRate} from "../../interfaces/IGrowthCappedRate.sol";
import {IRateSource} from "../../interfaces/IPriceSource.sol";
import {ChainlinkFeed} from "./ChainlinkFeed.sol";

/// @notice Growth-capped rate of a share or wrapped token: ERC-4626 by `convertToAssets(one share)`, wstETH by
/// `stEthPerToken()`.
/// @dev `rateWad` reverts only when it is not given enough gas to ask.
contract GrowthCappedRate is IGrowthCappedRate {
    uint256 private constant WAD = 1e18;
    uint256 private constant MIN_RATE_WAD = 1e9;
    uint256 private constant MAX_RATE_WAD = 1e27;
    uint256 private constant MIN_GROWTH_WAD = 0.001e18;
    uint256 private constant MAX_GROWTH_WAD = 0.5e18;
    uint256 private constant MAX_ANSWER_UNIT = 1e36;
    uint256 private constant YEAR = 365 days;
    uint256 private constant POKE_INTERVAL = 1 days;
    uint256 private constant DIP_PERIOD = 7 days;
    uint256 private constant MAX_ELAPSED = 90 days;
    uint256 private constant SELECTOR_BYTES = 4;
    uint256 private constant QUERY_BYTES = 36;

    /// @dev Gas for the target's answer; vaults over many markets take a few hundred thousand.
    uint256 private constant CALL_GAS = 500_000;
    /// @dev Gas that must be left for all of it to reach the target, as in ChainlinkFeed.
    uint256 private constant CALL_GAS_NEEDED = 512_000;

    /// @dev One slot.
    /// @param anchor {WAD}, MIN_RATE_WAD to MAX_RATE_WAD
    /// @param dipHighest {WAD}, zero without a dip
    /// @param anchorSince {s}
    /// @param dipSince {s}
    struct State {
        uint96 anchor;
        uint96 dipHighest;
        uint32 anchorSince;
        uint32 dipSince;
    }

    /// @inheritdoc IGrowthCappedRate
    address public immutable target;
    /// @inheritdoc IGrowthCappedRate
    uint256 public immutable answerUnit;
    /// @inheritdoc IGrowthCappedRate
    uint256 public immutable maxGrowthPerYearWad;

    /// @dev ln(1 + maxGrowthPerYearWad) as a WAD: growing by this share each year, compounded at every instant, comes to
    /// maxGrowthPerYearWad a year.
    uint256 private immutable _logGrowthWad;
    bytes4 private immutable _selector;
    uint256 private immutable _argument;
    uint256 private immutable _queryBytes;

    State private _state;

    /// @param target_ contract that is asked
    /// @param query_ calldata: a selector, or a selector and one argument word
    /// @param answerUnit_ answer that means a rate of one, 1 to 1e36: ten to the underlying's decimals for ERC-4626
    /// @param maxGrowthPerYearWad_ 0.1% to 50%
    constructor(address target_, bytes memory query_, uint256 answerUnit_, uint256 maxGrowthPerYearWad_) {
        if (query_.length != SELECTOR_BYTES && query_.length != QUERY_BYTES) {
            revert GrowthCappedRate_OutOfRange("queryBytes", query_.length, SELECTOR_BYTES, QUERY_BYTES);
        }
        if (answerUnit_ == 0 || answerUnit_ > MAX_ANSWER_UNIT) {
            revert GrowthCappedRate_OutOfRange("answerUnit", answerUnit_, 1, MAX_ANSWER_UNIT);
        }
        if (maxGrowthPerYearWad_ < MIN_GROWTH_WAD || maxGrowthPerYearWad_ > MAX_GROWTH_WAD) {
            revert GrowthCappedRate_OutOfRange(
                "maxGrowthPerYearWad",
                maxGrowthPerYearWad_,
                MIN_GROWTH_WAD,
                MAX_GROWTH_WAD
            );
        }
        uint256 argument;
        if (query_.length == QUERY_BYTES) {
            assembly ("memory-safe") {
                argument := mload(add(query_, 0x24))
            }
        }
        target = target_;
        answerUnit = answerUnit_;
        maxGrowthPerYearWad = maxGrowthPerYearWad_;
        _logGrowthWad = uint256(FixedPointMathLib.lnWad(int256(WAD + maxGrowthPerYearWad_)));
        _selector = bytes4(query_);
        _argument = argument;
        _queryBytes = query_.length;

        uint256 live = liveRateWad();
        if (live == 0) revert GrowthCappedRate_TargetNotAnswering(target_);
        _state.anchor = uint96(live);
        _state.anchorSince = uint32(block.timestamp);
        emit AnchorMoved(0, live);
    }

    /// @inheritdoc IGrowthCappedRate
    function poke() external {
        uint256 live = liveRateWad();
        if (live == 0) revert GrowthCappedRate_TargetNotAnswering(target);
        State memory state = _state;
        if (live < state.anchor) {
            _pokeInDip(state, live);
        } else {
            _pokeAtOrAboveAnchor(state, live);
        }
        _state = state;
    }

    /// @inheritdoc IRateSource
    function rateWad() external view returns (uint256) {
        uint256 live = liveRateWad();
        uint256 cap = _capDown(_state);
        return live < cap ? live : cap;
    }

    /// @inheritdoc IGrowthCappedRate
    function query() external view returns (bytes memory) {
        return
            _queryBytes == SELECTOR_BYTES
                ? abi.encodePacked(_selector)
                : abi.encodePacked(_selector, _argument);
    }

    /// @inheritdoc IGrowthCappedRate
    function capWad() external view returns (uint256) {
        return _capDown(_state);
    }

    /// @inheritdoc IGrowthCappedRate
    function anchor() external view returns (uint256, uint256) {
        return (_state.anchor, _state.anchorSince);
    }

    /// @inheritdoc IGrowthCappedRate
    function dip() external view returns (uint256, uint256) {
        return (_state.dipHighest, _state.dipSince);
    }

    /// @inheritdoc IGrowthCappedRate
    /// @dev Rounded down; zero when the target fails or answers less than a word, zero, more than 2**127, or a rate outside
    /// MIN_RATE_WAD to MAX_RATE_WAD.
    function liveRateWad() public view returns (uint256 rate) {
        uint256 gasBefore = gasleft();
        address target_ = target;
        bytes4 selector = _selector;
        uint256 argument = _argument;
        uint256 queryBytes = _queryBytes;
        uint256 answer;
        assembly ("memory-safe") {
            // Selector and argument in free memory that nobody keeps; one word of the answer in scratch space.
            let input := mload(0x40)
            mstore(input, selector)
            mstore(add(input, 0x04), argument)
            let good := staticcall(CALL_GAS, target_, input, queryBytes, 0x00, 0x20)
            answer := mul(mload(0x00), and(good, gt(returndatasize(), 0x1f)))
        }
        if (answer <= ChainlinkFeed.MAX_ANSWER) rate = (answer * WAD) / answerUnit;
        if (rate < MIN_RATE_WAD || rate > MAX_RATE_WAD) {
            if (gasBefore < CALL_GAS_NEEDED) revert GrowthCappedRate_OutOfGas();
            rate = 0;
        }
    }

    /// @dev Begins or goes on with a dip; after DIP_PERIOD the loss is taken to last. The dip's highest rate is below the
    /// anchor, so this can only lower it.
    function _pokeInDip(State memory state, uint256 live) private {
        bool begins = state.dipSince == 0;
        if (begins) state.dipSince = uint32(block.timestamp);
        bool higher = live > state.dipHighest;
        if (higher) state.dipHighest = uint96(live);
        uint256 ends = uint256(state.dipSince) + DIP_PERIOD;
        if (block.timestamp >= ends) {
            _moveAnchor(state, state.dipHighest);
        } else if (begins || higher) {
            emit DipSeen(state.dipSince, state.dipHighest);
        } else {
            revert GrowthCappedRate_TooEarly(ends);
        }
    }

    function _pokeAtOrAboveAnchor(State memory state, uint256 live) private {
        uint256 next = uint256(state.anchorSince) + POKE_INTERVAL;
        if (block.timestamp >= next) {
            uint256 cap = _capDown(state);
            _moveAnchor(state, live < cap ? live : cap);
        } else if (state.dipSince != 0) {
            _endDip(state);
        } else {
            revert GrowthCappedRate_TooEarly(next);
        }
    }

    function _moveAnchor(State memory state, uint256 newAnchor) private {
        emit AnchorMoved(state.anchor, newAnchor);
        state.anchor = uint96(newAnchor);
        state.anchorSince = uint32(block.timestamp);
        if (state.dipSince != 0) _endDip(state);
    }

    function _endDip(State memory state) private {
        emit DipEnded(state.dipSince);
        state.dipSince = 0;
        state.dipHighest = 0;
    }

    /// @dev anchor * (1 + log growth * elapsed / year), rounded down; at most 1.1 * MAX_RATE_WAD.
    function _capDown(State memory state) private view returns (uint256) {
        uint256 elapsed = block.timestamp - state.anchorSince;
        if (elapsed > MAX_ELAPSED) elapsed = MAX_ELAPSED;
        return state.anchor + (state.anchor * _logGrowthWad * elapsed) / (WAD * YEAR);
    }
}
