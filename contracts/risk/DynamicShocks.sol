// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IDynamicShocks} from "../../interfaces/IDynamicShocks.sol";
import {IRealisedVolatility} from "../../interfaces/IRealisedVolatility.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {PriceStatus} from "../../interfaces/Types.sol";
import {ParameterBounds} from "./ParameterBounds.sol";

/// @notice See `IDynamicShocks`. It holds the role of RiskParameters' shock setter, and what it sets is checked there.
contract DynamicShocks is IDynamicShocks, Ownable2Step {
    using FixedPointMathLib for uint256;

    uint256 private constant PPM = 1e6;
    uint256 private constant PPM_TO_WAD = 1e12;
    uint256 private constant WAD = 1e18;
    uint256 private constant YEAR = 365 days;

    uint256 private constant MIN_MULTIPLE_WAD = 0.1e18;
    uint256 private constant MAX_MULTIPLE_WAD = 20e18;
    uint256 private constant MIN_HORIZON = 1 minutes;
    uint256 private constant MAX_HORIZON = 30 days;
    uint256 private constant MIN_FLOOR = 1_000;
    /// @dev Twice a maintenance shock, the highest target health, is still a shock.
    uint256 private constant MAX_MAINTENANCE = 500_000;
    uint256 private constant MAX_INITIAL = 1_000_000;
    uint256 private constant MIN_CHANGE = 10_000;
    uint256 private constant MAX_CHANGE = 500_000;
    uint256 private constant MIN_INTERVAL = 1 minutes;
    uint256 private constant MAX_INTERVAL = 30 days;

    /// @dev What RiskParameters has.
    /// @param here shocks in force
    /// @param target where they walk to
    /// @param left of the row's walk {s}
    struct Stand {
        IRiskParameters.Shocks here;
        IRiskParameters.Shocks target;
        uint256 left;
    }

    /// @inheritdoc IDynamicShocks
    address public immutable riskParameters;
    /// @inheritdoc IDynamicShocks
    address public immutable realisedVolatility;

    /// @inheritdoc IDynamicShocks
    mapping(uint256 underlying => uint256) public refreshedAt;

    mapping(uint256 underlying => Rule) private _rules;

    constructor(address owner_, address riskParameters_, address realisedVolatility_) Ownable(owner_) {
        riskParameters = riskParameters_;
        realisedVolatility = realisedVolatility_;
    }

    // --- anybody ---

    /// @inheritdoc IDynamicShocks
    function refresh(uint256 underlying) external {
        (IRiskParameters.Shocks memory next, uint256 volatilityWad, bool changes, uint256 earliest) = _next(
            underlying
        );
        if (!changes) revert DynamicShocks_NothingToDo(underlying);
        if (block.timestamp < earliest) revert DynamicShocks_TooEarly(underlying, earliest);
        refreshedAt[underlying] = block.timestamp;
        emit ShocksRefreshed(underlying, volatilityWad, next.initialDownPpm, next.maintenanceDownPpm);
        IRiskParameters(riskParameters).setShocks(underlying, next, _rules[underlying].ramp);
    }

    // --- owner ---

    /// @inheritdoc IDynamicShocks
    function setRule(uint256 underlying, Rule calldata rule_) external onlyOwner {
        _checkFormula(rule_.initial, MAX_INITIAL);
        _checkFormula(rule_.maintenance, MAX_MAINTENANCE);
        _inRange("ramp", rule_.ramp, ParameterBounds.MIN_RAMP, ParameterBounds.MAX_RAMP);
        _inRange("leastChange", rule_.leastChangePpm, MIN_CHANGE, MAX_CHANGE);
        _inRange("minInterval", rule_.minInterval, MIN_INTERVAL, MAX_INTERVAL);
        emit RuleSet(underlying, _rules[underlying], rule_);
        _rules[underlying] = rule_;
    }

    /// @inheritdoc IDynamicShocks
    function removeRule(uint256 underlying) external onlyOwner {
        emit RuleRemoved(underlying, _rules[underlying]);
        delete _rules[underlying];
    }

    // --- views ---

    /// @inheritdoc IDynamicShocks
    function preview(
        uint256 underlying
    ) external view returns (IRiskParameters.Shocks memory next, bool due) {
        uint256 earliest;
        (next, , due, earliest) = _next(underlying);
        if (block.timestamp < earliest) due = false;
    }

    /// @inheritdoc IDynamicShocks
    function rule(uint256 underlying) external view returns (Rule memory) {
        return _rules[underlying];
    }

    // --- internal ---

    /// @return next shocks to set
    /// @return volatilityWad they follow from
    /// @return changes whether they are others than those set now
    /// @return earliest block time at which they may be {s}
    function _next(
        uint256 underlying
    )
        private
        view
        returns (IRiskParameters.Shocks memory next, uint256 volatilityWad, bool changes, uint256 earliest)
    {
        Rule memory rule_ = _rules[underlying];
        if (rule_.ramp == 0) revert DynamicShocks_NoRule(underlying);
        PriceStatus status;
        (volatilityWad, status) = IRealisedVolatility(realisedVolatility).volatility(underlying);
        if (status != PriceStatus.FRESH) revert DynamicShocks_VolatilityNotFresh(underlying, status);

        Stand memory stand = _stand(underlying);
        IRiskParameters.Shocks memory old = stand.target;
        (next.maintenanceDownPpm, next.maintenanceUpPpm) = _maintenance(
            stand,
            _shockUp(rule_.maintenance, volatilityWad).max(_leastMaintenance(underlying)),
            rule_
        );
        uint256 initial = _shockUp(rule_.initial, volatilityWad);
        uint256 health = _targetHealth();
        next.initialDownPpm = _initial(old.initialDownPpm, initial, next.maintenanceDownPpm, health, rule_);
        next.initialUpPpm = _initial(old.initialUpPpm, initial, next.maintenanceUpPpm, health, rule_);

        bool rises = next.initialDownPpm > old.initialDownPpm || next.initialUpPpm > old.initialUpPpm;
        if (!rises) earliest = refreshedAt[underlying] + rule_.minInterval;
        changes =
            rises ||
            next.initialDownPpm != old.initialDownPpm ||
            next.initialUpPpm != old.initialUpPpm ||
            next.maintenanceDownPpm != old.maintenanceDownPpm ||
            next.maintenanceUpPpm != old.maintenanceUpPpm;
    }

    /// @dev Both sides share one walk, whose end moves back when either sets out: so neither does where that would hold up
    /// the other or itself. What falls to where it stands or below is there at once and moves no end.
    function _maintenance(
        Stand memory stand,
        uint256 wanted,
        Rule memory rule_
    ) private pure returns (uint256 down, uint256 up) {
        (uint256 downHere, uint256 downOld) = (
            stand.here.maintenanceDownPpm,
            stand.target.maintenanceDownPpm
        );
        (uint256 upHere, uint256 upOld) = (stand.here.maintenanceUpPpm, stand.target.maintenanceUpPpm);
        down = _unlessNear(wanted, downOld, rule_.leastChangePpm);
        up = _unlessNear(wanted, upOld, rule_.leastChangePpm);
        bool setsOut = (down > downHere && down != downOld) || (up > upHere && up != upOld);
        uint256 duration = rule_.ramp.max(stand.left);
        if (
            setsOut &&
            (_isHeldUp(downHere, downOld, down, stand.left, duration) ||
                _isHeldUp(upHere, upOld, up, stand.left, duration))
        ) {
            if (down > downHere) down = downOld;
            if (up > upHere) up = upOld;
        }
    }

    /// @dev Whether a walk from here to `next` over `duration` is slower than the one that is `left` to `old`. Where it is
    /// not, it is at no time below it.
    function _isHeldUp(
        uint256 here,
        uint256 old,
        uint256 next,
        uint256 left,
        uint256 duration
    ) private pure returns (bool) {
        return next > here && old > here && (next - here) * left < (old - here) * duration;
    }

    /// @dev At least what a takeover restores: target health times maintenance.
    function _initial(
        uint256 old,
        uint256 wanted,
        uint256 maintenance,
        uint256 health,
        Rule memory rule_
    ) private pure returns (uint256) {
        return _unlessNear(wanted, old, rule_.leastChangePpm).max((health * maintenance).divUp(PPM));
    }

    /// @dev `wanted`, or `old` where both are nearer to each other than `leastChange` of `old`.
    function _unlessNear(uint256 wanted, uint256 old, uint256 leastChange) private pure returns (uint256) {
        return FixedPointMathLib.dist(wanted, old) * PPM < old * leastChange ? old : wanted;
    }

    /// @dev multiple * volatility * sqrt(horizon / year) {ppm}, clamped.
    function _shockUp(Formula memory formula, uint256 volatilityWad) private pure returns (uint256) {
        // Volatility is below 2^70, so the square below 2^166.
        uint256 deviationWad = ((volatilityWad * volatilityWad * formula.horizon) / YEAR).sqrt() + 1;
        uint256 shock = (formula.multipleWad * deviationWad).divUp(WAD * PPM_TO_WAD);
        return shock.clamp(formula.floorPpm, formula.capPpm);
    }

    function _stand(uint256 underlying) private view returns (Stand memory stand) {
        IRiskParameters parameters = IRiskParameters(riskParameters);
        stand.here = parameters.shocks(underlying);
        stand.target = parameters.shocksTarget(underlying);
        (, uint256 end) = parameters.underlyingRamp(underlying);
        stand.left = end.zeroFloorSub(IRiskEngine(parameters.engine()).clock());
    }

    /// @dev What the price's band needs, at the wider end of its walk.
    function _leastMaintenance(uint256 underlying) private view returns (uint256) {
        IRiskParameters.Feed memory here = IRiskParameters(riskParameters).feed(underlying);
        IRiskParameters.Feed memory target = IRiskParameters(riskParameters).feedTarget(underlying);
        return
            ParameterBounds.leastShock(
                here.halfWidthPpm.max(target.halfWidthPpm),
                here.tolerancePpm.max(target.tolerancePpm)
            );
    }

    /// @dev At the higher end of its walk.
    function _targetHealth() private view returns (uint256) {
        return
            IRiskParameters(riskParameters).domain().targetHealthPpm.max(
                IRiskParameters(riskParameters).domainTarget().targetHealthPpm
            );
    }

    function _checkFormula(Formula calldata formula, uint256 most) private pure {
        _inRange("multiple", formula.multipleWad, MIN_MULTIPLE_WAD, MAX_MULTIPLE_WAD);
        _inRange("horizon", formula.horizon, MIN_HORIZON, MAX_HORIZON);
        _inRange("cap", formula.capPpm, MIN_FLOOR, most);
        _inRange("floor", formula.floorPpm, MIN_FLOOR, formula.capPpm);
    }

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert DynamicShocks_OutOfRange(parameter, value, min, max);
    }
}
