// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {UnderlyingFields} from "../oracle/UnderlyingRow.sol";
import {AssetFields} from "./AssetRow.sol";
import {DomainFields} from "./DomainRow.sol";

/// @notice What risk parameters may be, alone and beside each other. Shares are in ppm, values in {USD}, times in {s}.
/// A relation between two parameters is checked at the worse end of each one's walk, so that it holds at any time,
/// however their walks fall together.
library ParameterBounds {
    uint256 internal constant PPM = 1e6;

    uint256 internal constant MIN_RAMP = 1 days;
    uint256 internal constant MAX_RAMP = 180 days;

    uint256 internal constant MAX_UNDERLYINGS = 100;
    /// @dev As many as a vault holds. Both limits together make a book of 21,057 bytes; code may have 24,576.
    uint256 internal constant MAX_ASSETS = 128;
    uint256 internal constant MAX_TOKEN_DECIMALS = 27;
    uint256 internal constant MAX_FEED_DECIMALS = 36;

    uint256 internal constant MIN_HEARTBEAT = 1 minutes;
    uint256 internal constant MAX_HEARTBEAT = 7 days;
    uint256 internal constant MIN_HALF_WIDTH = 100;
    uint256 internal constant MAX_HALF_WIDTH = 100_000;
    uint256 internal constant MAX_VOLATILITY = 500_000;
    /// @dev Two sources that had to agree more closely would diverge over nothing.
    uint256 internal constant MIN_TOLERANCE = 1_000;
    uint256 internal constant MAX_TOLERANCE = 200_000;
    uint256 internal constant MAX_PRICE_WAD = type(uint96).max;

    uint256 internal constant MAX_SHOCK_DOWN = PPM;
    uint256 internal constant MAX_SHOCK_UP = 5 * PPM;
    /// @dev Part of a maintenance shock that is left for the price to move between the moment an account may be taken
    /// over and the moment somebody does. It grows with the shock, as what it stands for does.
    uint256 internal constant GAP_SHARE = 250_000;

    uint256 internal constant MIN_VOLATILITY_SHOCK = 10_000;
    uint256 internal constant MAX_VOLATILITY_SHOCK = 900_000;
    /// @dev Of tails {1/1000}.
    uint256 internal constant THOUSAND = 1_000;
    uint256 internal constant MAX_TAIL_MULTIPLE = 10 * THOUSAND;

    uint256 internal constant MAX_BASIS_SHOCK = 500_000;
    uint256 internal constant MAX_BASIS_BAND = 100_000;
    uint256 internal constant MAX_UNWINDING = 200_000;
    uint256 internal constant MIN_DEPTH = 10_000;
    uint256 internal constant MAX_DEPTH = type(uint48).max;

    uint256 internal constant MIN_TARGET = 1_010_000;
    uint256 internal constant MAX_TARGET = 2 * PPM;
    uint256 internal constant MIN_PREMIUM = 1_000;
    uint256 internal constant MAX_PREMIUM = 500_000;
    uint256 internal constant MAX_FULL_HEALTH = 990_000;
    uint256 internal constant MIN_MIN_DEBT = 1;
    uint256 internal constant MAX_MIN_DEBT = 100_000;
    uint256 internal constant MAX_BACKSTOP_SHARE = 500_000;
    /// @dev Below it an account in trouble could not even sell at a usual pool's fee (EXIT-1).
    uint256 internal constant MIN_SWAP_LOSS = 2_500;
    uint256 internal constant MAX_SWAP_LOSS = 200_000;
    uint256 internal constant MAX_GRACE = 1 days;

    // --- one row ---

    function checkFeed(UnderlyingFields memory f) internal pure {
        inRange("heartbeat", f.heartbeat, MIN_HEARTBEAT, MAX_HEARTBEAT);
        inRange("halfWidth", f.halfWidthTo, MIN_HALF_WIDTH, MAX_HALF_WIDTH);
        inRange("volatility", f.volatilityTo, 0, MAX_VOLATILITY);
        inRange("tolerance", f.toleranceTo, f.secondary == address(0) ? 0 : MIN_TOLERANCE, MAX_TOLERANCE);
        inRange("maxPriceWad", f.maxPriceWad, 1, MAX_PRICE_WAD);
        inRange("minPriceWad", f.minPriceWad, 1, f.maxPriceWad);
    }

    /// @dev What `checkShocks` asks of a maintenance shock.
    function leastShock(uint256 halfWidth, uint256 tolerance) internal pure returns (uint256) {
        return _divUp((2 * halfWidth + tolerance) * PPM, PPM - GAP_SHARE);
    }

    /// @dev A maintenance shock must cover: at the favourable edge the price is one half-width from the middle and the
    /// true price may be another one on the far side; a lying second source holds it back by the tolerance at most; the
    /// rest is the gap. shock >= 2 * halfWidth + tolerance + GAP_SHARE * shock.
    function checkShocks(uint256 id, UnderlyingFields memory f) internal pure {
        inRange("initialDown", f.initialDown, 0, MAX_SHOCK_DOWN);
        inRange("initialUp", f.initialUp, 0, MAX_SHOCK_UP);
        uint256 downHigh = _max(f.maintenanceDownTo, f.maintenanceDownFrom);
        uint256 upHigh = _max(f.maintenanceUpTo, f.maintenanceUpFrom);
        if (f.initialDown < downHigh) {
            revert IRiskParameters.RiskParameters_InitialBelowMaintenance(id, f.initialDown, downHigh);
        }
        if (f.initialUp < upHigh) {
            revert IRiskParameters.RiskParameters_InitialBelowMaintenance(id, f.initialUp, upHigh);
        }
        uint256 needed = leastShock(
            _max(f.halfWidthTo, f.halfWidthFrom),
            _max(f.toleranceTo, f.toleranceFrom)
        );
        uint256 low = _maintenanceLow(f);
        if (low < needed) revert IRiskParameters.RiskParameters_ShockTooSmall(id, low, needed);
    }

    /// @dev A tail never counts for more than the end of the grid does on a position that is linear in the price:
    /// multiple * damping <= 1. A grid that is set is never taken away.
    function checkGrid(UnderlyingFields memory f) internal pure {
        inRange("volatilityShock", f.volatilityShockTo, MIN_VOLATILITY_SHOCK, MAX_VOLATILITY_SHOCK);
        inRange("tailMultiple", f.tailMultipleTo, THOUSAND, MAX_TAIL_MULTIPLE);
        uint256 most = (THOUSAND * THOUSAND) / _max(f.tailMultipleTo, f.tailMultipleFrom);
        inRange("tailDamping", _max(f.tailDampingTo, f.tailDampingFrom), 1, most);
    }

    function checkAsset(AssetFields memory f) internal pure {
        inRange("decimals", f.decimals, 0, MAX_TOKEN_DECIMALS);
        inRange("basisShock", f.basisShockTo, 0, MAX_BASIS_SHOCK);
        inRange("basisBand", f.basisBandTo, 0, MAX_BASIS_BAND);
        inRange("unwinding", f.unwindingTo, 0, MAX_UNWINDING);
        if (f.depthTo != 0) inRange("depth", f.depthTo, MIN_DEPTH, MAX_DEPTH);
        // As for an underlying: the basis may be a band off at the favourable edge and another one in truth.
        uint256 shockLow = _min(f.basisShockTo, f.basisShockFrom);
        ordered("2 * basisBand", 2 * _max(f.basisBandTo, f.basisBandFrom), "basisShock", shockLow);
    }

    function checkDomain(DomainFields memory f) internal pure {
        inRange("targetHealth", f.targetTo, MIN_TARGET, MAX_TARGET);
        inRange("premiumMin", f.premiumMinTo, MIN_PREMIUM, MAX_PREMIUM);
        inRange("premiumMax", f.premiumMaxTo, MIN_PREMIUM, MAX_PREMIUM);
        inRange("premiumFullHealth", f.premiumFullHealthTo, MIN_PREMIUM, MAX_FULL_HEALTH);
        inRange("minDebt", f.minDebtTo, MIN_MIN_DEBT, MAX_MIN_DEBT);
        inRange("backstopShare", f.backstopShare, 0, MAX_BACKSTOP_SHARE);
        inRange("swapLoss", f.swapLoss, MIN_SWAP_LOSS, MAX_SWAP_LOSS);
        inRange("gracePeriod", f.gracePeriod, 0, MAX_GRACE);
        inRange("netting", f.nettingTo, 0, PPM);
        // All walk in one row and so in step: what is in order at both ends is in order between them.
        _checkPremiums(f.premiumMinFrom, f.premiumStartFrom, f.premiumMaxFrom, f.premiumFullHealthFrom);
        _checkPremiums(f.premiumMinTo, f.premiumStartTo, f.premiumMaxTo, f.premiumFullHealthTo);
    }

    // --- rows beside each other ---

    /// @dev A takeover to the target leaves an account below its initial requirement: it has taken no more than puts the
    /// account out of danger, and the account may still only reduce its risk. initial >= target * maintenance.
    function checkTarget(uint256 id, UnderlyingFields memory f, DomainFields memory d) internal pure {
        uint256 target = _max(d.targetTo, d.targetFrom);
        _checkTarget(id, f.initialDown, target, _max(f.maintenanceDownTo, f.maintenanceDownFrom));
        _checkTarget(id, f.initialUp, target, _max(f.maintenanceUpTo, f.maintenanceUpFrom));
    }

    /// @dev The smallest premium, from which nothing goes to the backstop, pays for selling what was taken over:
    /// premiumMin * (maintenance + basisShock + unwinding) >= unwinding, in both directions. More unwinding makes it harder
    /// to meet, more of the other two easier. Before there is a domain there is nothing to hold it against; the
    /// first one is held against all assets.
    function checkPremium(
        uint256 assetId,
        AssetFields memory a,
        UnderlyingFields memory f,
        DomainFields memory d
    ) internal pure {
        if (d.targetTo == 0) return;
        uint256 unwinding = _max(a.unwindingTo, a.unwindingFrom);
        uint256 requirement = _maintenanceLow(f) + _min(a.basisShockTo, a.basisShockFrom) + unwinding;
        uint256 premium = _min(d.premiumMinTo, d.premiumMinFrom);
        if (premium * requirement < unwinding * PPM) {
            revert IRiskParameters.RiskParameters_PremiumBelowUnwinding(assetId, premium, unwinding);
        }
    }

    // --- shared ---

    function inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) internal pure {
        if (value < min || value > max) {
            revert IRiskParameters.RiskParameters_OutOfRange(parameter, value, min, max);
        }
    }

    function ordered(bytes32 smaller, uint256 value, bytes32 larger, uint256 bound) internal pure {
        if (value > bound) revert IRiskParameters.RiskParameters_WrongOrder(smaller, value, larger, bound);
    }

    function checkRamp(uint256 duration) internal pure {
        if (duration < MIN_RAMP) revert IRiskParameters.RiskParameters_RampTooShort(duration, MIN_RAMP);
        inRange("rampDuration", duration, MIN_RAMP, MAX_RAMP);
    }

    /// @dev The premium stays below the health at which it is paid: from health 1 down to the one of the full premium
    /// because the most it rises to lies below that, and further down because the engine clamps it.
    function _checkPremiums(uint256 least, uint256 start, uint256 most, uint256 fullHealth) private pure {
        ordered("premiumMin", least, "premiumStart", start);
        ordered("premiumStart", start, "premiumMax", most);
        ordered("premiumMax", most + 1, "premiumFullHealth", fullHealth);
    }

    function _checkTarget(uint256 id, uint256 initial, uint256 target, uint256 maintenance) private pure {
        uint256 needed = _divUp(target * maintenance, PPM);
        if (initial < needed) {
            revert IRiskParameters.RiskParameters_InitialBelowTarget(id, initial, needed);
        }
    }

    /// @dev The smaller of both directions at the smaller end.
    function _maintenanceLow(UnderlyingFields memory f) private pure returns (uint256) {
        return
            _min(
                _min(f.maintenanceDownTo, f.maintenanceDownFrom),
                _min(f.maintenanceUpTo, f.maintenanceUpFrom)
            );
    }

    function _divUp(uint256 a, uint256 b) private pure returns (uint256) {
        return (a + b - 1) / b;
    }

    function _max(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a : b;
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
