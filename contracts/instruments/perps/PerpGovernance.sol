// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {MarketGovernance} from "../books/MarketGovernance.sol";
import {PerpBooks} from "./PerpBooks.sol";
import {PerpParameters} from "./PerpParameters.sol";

/// @dev What governance sets, within bounds. What raises a requirement walks (GOV-1); what lowers one holds at once.
abstract contract PerpGovernance is IPerpMarket, PerpBooks, MarketGovernance {
    uint256 private constant MAX_UNWINDING = 0.2e18;
    uint256 private constant MIN_DEPTH = 10_000e18;
    uint256 private constant MAX_DEPTH = 70_000_000_000e18;
    uint256 private constant MAX_PREMIUM = 0.1e18;
    uint256 private constant MIN_PREMIUM_TIME = 1 minutes;
    uint256 private constant MAX_PREMIUM_TIME = 1 days;
    uint256 private constant MAX_INTEREST = 0.01e18;
    uint256 private constant MAX_RATE = 0.05e18;
    uint256 private constant MIN_PRICE_MOVE = 0.001e18;
    uint256 private constant MAX_PRICE_MOVE = 0.5e18;
    uint256 private constant MAX_FEE = 0.01e18;

    bool private _initialised;

    error PerpMarketAdmin_Initialised();

    /// @notice Sets roles and parameters of a new market, once, from its constructor.
    function initialise(address owner_, address guardian_, Parameters calldata initial) external {
        if (_initialised) revert PerpMarketAdmin_Initialised();
        _initialised = true;
        if (owner_ == address(0)) revert OwnableInvalidOwner(owner_);
        _transferOwnership(owner_);
        _setGuardian(guardian_);
        _check(initial);
        _stand(initial.unwindingWad, initial.depthWad, initial.haircutWad);
        _write(initial);
        emit ParametersSet(initial, initial, 0);
    }

    // --- governance ---

    /// @inheritdoc IPerpMarket
    function setMaker(address maker, bool allowed) external onlyOwner {
        emit MakerSet(maker, _makerAllowed[maker], allowed);
        _makerAllowed[maker] = allowed;
        if (maker == _sampler.maker) _trades.samplerTrades = allowed;
    }

    /// @inheritdoc IPerpMarket
    function setSampler(address maker) external onlyOwner {
        if (maker != address(0) && !_makerAllowed[maker]) revert PerpMarket_UnknownMaker(maker);
        emit SamplerSet(_sampler.maker, maker);
        _sampler.maker = maker;
        _trades.samplerTrades = maker != address(0);
    }

    /// @inheritdoc IPerpMarket
    function setReduceOnly(bool reduceOnly_) external onlyGuardian {
        if (!reduceOnly_) _checkOwner();
        emit ReduceOnlySet(_trades.reduceOnly, reduceOnly_);
        _trades.reduceOnly = reduceOnly_;
    }

    /// @inheritdoc IPerpMarket
    function setParameters(Parameters calldata parameters_, uint256 rampTime) external onlyOwner {
        _check(parameters_);
        Parameters memory old = parameters();
        _refresh();
        (, uint256 end) = _walk(
            parameters_.unwindingWad,
            parameters_.depthWad,
            parameters_.haircutWad,
            false,
            rampTime
        );
        _write(parameters_);
        emit ParametersSet(old, parameters_, end);
    }

    // --- views ---

    /// @inheritdoc IPerpMarket
    function feesWad() public view override(IPerpMarket, PerpParameters) returns (uint256, uint256) {
        return super.feesWad();
    }

    /// @inheritdoc IPerpMarket
    function reduceOnly() external view returns (bool) {
        return _trades.reduceOnly;
    }

    /// @inheritdoc IPerpMarket
    function parameters() public view returns (Parameters memory p) {
        (p.unwindingWad, p.depthWad, p.haircutWad) = _requirementShares();
        p.openInterestCapWad = _sampler.openInterestCapWad;
        p.maxPremiumWad = _prices.maxPremiumWad;
        p.premiumTime = _prices.premiumTime;
        p.interestWad = _prices.interestWad;
        p.interestBandWad = _prices.interestBandWad;
        p.maxRateWad = _prices.maxRateWad;
        p.maxPriceMoveWad = _trades.maxPriceMoveWad;
        p.takerFeeWad = _trades.takerFeeWad;
        p.makerFeeWad = _trades.makerFeeWad;
        p.backstopShareWad = _trades.backstopShareWad;
    }

    /// @inheritdoc IPerpMarket
    function makerAllowed(address maker) external view returns (bool) {
        return _makerAllowed[maker];
    }

    /// @inheritdoc IPerpMarket
    function sampler() external view returns (address) {
        return _sampler.maker;
    }

    // --- internal ---

    /// @inheritdoc MarketGovernance
    function _backstopShareWad() internal view override returns (uint256) {
        return _trades.backstopShareWad;
    }

    function _write(Parameters memory p) private {
        _prices = PriceParameters(
            uint64(p.maxPremiumWad),
            uint56(p.interestWad),
            uint56(p.interestBandWad),
            uint56(p.maxRateWad),
            uint24(p.premiumTime)
        );
        _trades = TradeParameters(
            uint56(p.takerFeeWad),
            uint56(p.makerFeeWad),
            uint64(p.maxPriceMoveWad),
            uint64(p.backstopShareWad),
            _trades.reduceOnly,
            _trades.samplerTrades
        );
        _sampler.openInterestCapWad = uint96(p.openInterestCapWad);
    }

    function _check(Parameters memory p) private pure {
        _inRange("unwindingWad", p.unwindingWad, 0, MAX_UNWINDING);
        _inRange("depthWad", p.depthWad, MIN_DEPTH, MAX_DEPTH);
        _inRange("haircutWad", p.haircutWad, 0, WAD);
        _inRange("openInterestCapWad", p.openInterestCapWad, 0, type(uint96).max);
        _inRange("maxPremiumWad", p.maxPremiumWad, 0, MAX_PREMIUM);
        _inRange("premiumTime", p.premiumTime, MIN_PREMIUM_TIME, MAX_PREMIUM_TIME);
        _inRange("interestWad", p.interestWad, 0, MAX_INTEREST);
        _inRange("interestBandWad", p.interestBandWad, 0, MAX_INTEREST);
        _inRange("maxRateWad", p.maxRateWad, 0, MAX_RATE);
        _inRange("maxPriceMoveWad", p.maxPriceMoveWad, MIN_PRICE_MOVE, MAX_PRICE_MOVE);
        _inRange("takerFeeWad", p.takerFeeWad, 0, MAX_FEE);
        _inRange("makerFeeWad", p.makerFeeWad, 0, MAX_FEE);
        _inRange("backstopShareWad", p.backstopShareWad, 0, WAD);
    }
}
