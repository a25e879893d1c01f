// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {MarketGovernance} from "../books/MarketGovernance.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @dev What governance sets, within bounds. What raises a requirement walks (GOV-1); what lowers one holds at once.
abstract contract OptionGovernance is IOptionMarket, OptionPrices, MarketGovernance {
    uint256 private constant MAX_UNWINDING = 0.2e18;
    uint256 private constant MIN_DEPTH = 10_000e18;
    uint256 private constant MAX_DEPTH = 70_000_000_000e18;
    uint256 private constant MAX_NAKED_SHORT = 0.5e18;
    uint256 private constant MIN_PRICE_MOVE = 0.001e18;
    uint256 private constant MAX_PRICE_MOVE = 0.5e18;
    uint256 private constant MAX_FEE = 0.01e18;
    uint256 private constant MAX_FEE_CAP = 0.5e18;
    uint256 private constant MAX_MIN_POSITION = 1_000e18;

    bool private _initialised;

    error OptionMarketAdmin_Initialised();

    /// @notice Sets roles and parameters of a new market, once, from its constructor.
    function initialise(address owner_, address guardian_, Parameters calldata initial) external {
        if (_initialised) revert OptionMarketAdmin_Initialised();
        _initialised = true;
        if (owner_ == address(0)) revert OwnableInvalidOwner(owner_);
        _transferOwnership(owner_);
        _setGuardian(guardian_);
        _check(initial);
        _stand(initial.unwindingWad, initial.depthWad, initial.haircutWad);
        _naked = NakedWalk(uint64(initial.nakedShortWad), uint64(initial.nakedShortWad));
        _write(initial);
        emit ParametersSet(initial, initial, 0);
    }

    /// @inheritdoc IOptionMarket
    function setParameters(Parameters calldata parameters_, uint256 rampTime) external onlyOwner {
        _check(parameters_);
        Parameters memory old = parameters();
        (, uint256 end) = _walk(
            parameters_.unwindingWad,
            parameters_.depthWad,
            parameters_.haircutWad,
            parameters_.nakedShortWad > old.nakedShortWad,
            rampTime
        );
        _naked = NakedWalk(
            uint64(_startOf(old.nakedShortWad, parameters_.nakedShortWad, true)),
            uint64(parameters_.nakedShortWad)
        );
        _write(parameters_);
        emit ParametersSet(old, parameters_, end);
    }

    /// @inheritdoc IOptionMarket
    function setReduceOnly(bool reduceOnly_) external onlyGuardian {
        if (!reduceOnly_) _checkOwner();
        emit ReduceOnlySet(_limits.reduceOnly, reduceOnly_);
        _limits.reduceOnly = reduceOnly_;
    }

    // --- views ---

    /// @inheritdoc IOptionMarket
    function reduceOnly() external view returns (bool) {
        return _limits.reduceOnly;
    }

    /// @inheritdoc IOptionMarket
    function parameters() public view returns (Parameters memory p) {
        (p.unwindingWad, p.depthWad, p.haircutWad) = _requirementShares();
        p.nakedShortWad = _nakedShortWad();
        p.openInterestCapWad = _limits.openInterestCapWad;
        p.maxPriceMoveWad = _trades.maxPriceMoveWad;
        p.takerFeeWad = _trades.takerFeeWad;
        p.makerFeeWad = _trades.makerFeeWad;
        p.feeCapWad = _trades.feeCapWad;
        p.backstopShareWad = _limits.backstopShareWad;
        p.minPositionWad = _limits.minPositionWad;
    }

    // --- internal ---

    /// @inheritdoc MarketGovernance
    function _backstopShareWad() internal view override returns (uint256) {
        return _limits.backstopShareWad;
    }

    function _write(Parameters memory p) private {
        _trades = TradeParameters(
            uint64(p.takerFeeWad),
            uint64(p.makerFeeWad),
            uint64(p.maxPriceMoveWad),
            uint64(p.feeCapWad)
        );
        _limits.openInterestCapWad = uint112(p.openInterestCapWad);
        _limits.backstopShareWad = uint64(p.backstopShareWad);
        _limits.minPositionWad = uint72(p.minPositionWad);
    }

    function _check(Parameters memory p) private pure {
        _inRange("unwindingWad", p.unwindingWad, 0, MAX_UNWINDING);
        _inRange("depthWad", p.depthWad, MIN_DEPTH, MAX_DEPTH);
        _inRange("haircutWad", p.haircutWad, 0, WAD);
        _inRange("nakedShortWad", p.nakedShortWad, 0, MAX_NAKED_SHORT);
        _inRange("openInterestCapWad", p.openInterestCapWad, 0, type(uint112).max);
        _inRange("maxPriceMoveWad", p.maxPriceMoveWad, MIN_PRICE_MOVE, MAX_PRICE_MOVE);
        _inRange("takerFeeWad", p.takerFeeWad, 0, MAX_FEE);
        _inRange("makerFeeWad", p.makerFeeWad, 0, MAX_FEE);
        _inRange("feeCapWad", p.feeCapWad, 0, MAX_FEE_CAP);
        _inRange("backstopShareWad", p.backstopShareWad, 0, WAD);
        _inRange("minPositionWad", p.minPositionWad, 0, MAX_MIN_POSITION);
    }
}
