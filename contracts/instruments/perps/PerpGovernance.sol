// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Governed} from "../../access/Governed.sol";
import {PerpClaims} from "./PerpClaims.sol";

/// @dev What governance sets, within bounds. What raises a requirement walks (GOV-1); what lowers one holds at once.
abstract contract PerpGovernance is IPerpMarket, PerpClaims, Governed {
    uint256 private constant MIN_RAMP = 1 days;
    uint256 private constant MAX_RAMP = 180 days;
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
        // A market that begins has nobody whom a walk would protect.
        _walkTo = WalkEnd(
            uint64(initial.unwindingWad),
            uint64(initial.haircutWad),
            uint96(initial.depthWad),
            0
        );
        _write(initial);
        emit ParametersSet(initial, initial, 0);
    }

    // --- governance ---

    /// @inheritdoc IPerpMarket
    function setMaker(address maker, bool allowed) external onlyOwner {
        emit MakerSet(maker, _makerAllowed[maker], allowed);
        _makerAllowed[maker] = allowed;
    }

    /// @inheritdoc IPerpMarket
    function setSampler(address maker) external onlyOwner {
        if (maker != address(0) && !_makerAllowed[maker]) revert PerpMarket_UnknownMaker(maker);
        emit SamplerSet(_sampler, maker);
        _sampler = maker;
    }

    /// @inheritdoc IPerpMarket
    function setOrders(address orders_) external onlyOwner {
        emit OrdersSet(_orders, orders_);
        _orders = orders_;
    }

    /// @inheritdoc IPerpMarket
    function setFeeAccount(AccountId account) external onlyOwner {
        emit FeeAccountSet(_feeAccount, account);
        _feeAccount = account;
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
        bool tighter =
            parameters_.unwindingWad > old.unwindingWad ||
                parameters_.haircutWad > old.haircutWad ||
                parameters_.depthWad < old.depthWad;
        uint256 start;
        uint256 end;
        if (tighter) {
            _inRange("rampTime", rampTime, MIN_RAMP, MAX_RAMP);
            start = ENGINE.clock();
            end = start + rampTime;
            // A walk under way is not cut short by setting out anew.
            if (_walkTo.time > end) end = _walkTo.time;
        }
        _walkFrom = WalkEnd(
            uint64(_from(old.unwindingWad, parameters_.unwindingWad, true)),
            uint64(_from(old.haircutWad, parameters_.haircutWad, true)),
            uint96(_from(old.depthWad, parameters_.depthWad, false)),
            uint32(start)
        );
        _walkTo = WalkEnd(
            uint64(parameters_.unwindingWad),
            uint64(parameters_.haircutWad),
            uint96(parameters_.depthWad),
            uint32(end)
        );
        _write(parameters_);
        emit ParametersSet(old, parameters_, end);
    }

    // --- views ---

    /// @inheritdoc IPerpMarket
    function reduceOnly() external view returns (bool) {
        return _trades.reduceOnly;
    }

    /// @inheritdoc IPerpMarket
    function parameters() public view returns (Parameters memory p) {
        (p.unwindingWad, p.depthWad, p.haircutWad) = _requirementShares();
        p.openInterestCapWad = _openInterestCapWad;
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
        return _sampler;
    }

    /// @inheritdoc IPerpMarket
    function orders() external view returns (address) {
        return _orders;
    }

    /// @inheritdoc IPerpMarket
    function feeAccount() external view returns (AccountId) {
        return _feeAccount;
    }

    // --- internal ---

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
            _trades.reduceOnly
        );
        _openInterestCapWad = p.openInterestCapWad;
    }

    /// @dev Where a walk begins: here if it makes tighter, at its end if it does not.
    function _from(uint256 here, uint256 target, bool rising) private pure returns (uint256) {
        return (target > here) == rising ? here : target;
    }

    function _check(Parameters memory p) private pure {
        _inRange("unwindingWad", p.unwindingWad, 0, MAX_UNWINDING);
        _inRange("depthWad", p.depthWad, MIN_DEPTH, MAX_DEPTH);
        _inRange("haircutWad", p.haircutWad, 0, WAD);
        _inRange("openInterestCapWad", p.openInterestCapWad, 0, type(uint128).max);
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

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert PerpMarket_OutOfRange(parameter, value, min, max);
    }
}
