// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";

/// @notice What a taker would take over at fraction one: everything that is not excluded, in {USD}.
/// @param equity value of it (`E_s`)
/// @param requirement its part of the requirement (`R_s`)
/// @param base `requirement` without that of settlement tokens held (`B_s`): what the premium is a share of
/// @param size value of the debts and requirement of the instruments in it: what is left of them may be dust
/// @param settlementDebt value of the debt in the settlement asset in it; the payment repays the rest of that
/// @param fullPayment `E_s - q B_s`, the payment for all of it
struct Slice {
    int256 equity;
    uint256 requirement;
    uint256 base;
    uint256 size;
    uint256 settlementDebt;
    uint256 fullPayment;
}

/// @notice Size and premium of a takeover. Shares and health are WADs, values {USD}; the derivations are in
/// docs/liquidation.md.
///
/// Bounds. The risk engine saturates a holding's value at 2^180 and an account has at most 255 of them: values are below
/// 2^188, shares at most 2^61, their products below 2^249. Only products with amounts can need 512 bits.
library TakeoverMath {
    using FixedPointMathLib for uint256;

    uint256 internal constant WAD = 1e18;

    /// @notice Premium of an account of health `healthWad`: from `premiumStart` just below 1 linearly to `premiumMax` at
    /// `premiumFullHealth`; above health only where that is below `premiumMin`. It never rises when health does, except
    /// where it is all of the health, and there health stays as it is (LIQ-2).
    function premiumWad(
        uint256 healthWad,
        IRiskEngine.DomainParameters memory domain
    ) internal pure returns (uint256 premium) {
        uint256 full = domain.premiumFullHealthWad;
        if (healthWad <= full) {
            premium = domain.premiumMaxWad;
        } else {
            premium = domain.premiumStartWad;
            if (healthWad < WAD)
                premium += ((domain.premiumMaxWad - premium) * (WAD - healthWad)) / (WAD - full);
        }
        premium = premium.min(healthWad).max(domain.premiumMinWad);
    }

    /// @notice Part of the premium that goes to the backstop: never what brings the taker below the smallest premium.
    function backstopShareWad(
        uint256 premium,
        IRiskEngine.DomainParameters memory domain
    ) internal pure returns (uint256) {
        unchecked {
            uint256 share = (premium * domain.backstopShareWad) / WAD;
            return share.min(premium.zeroFloorSub(domain.premiumMinWad));
        }
    }

    /// @notice Fraction of the slice that brings the account to the target: `f = (T R - E) / (T R_s - q B_s)`, at most 1.
    /// The account is below the target; the premium is below 1 and below the target.
    /// @param equity `E` of the account, not negative
    /// @param requirement `R` of the account
    function fractionToTargetWad(
        uint256 equity,
        uint256 requirement,
        Slice memory slice,
        uint256 targetWad,
        uint256 premium
    ) internal pure returns (uint256) {
        unchecked {
            uint256 missing = shareDown(requirement, targetWad) - equity;
            uint256 restored = shareDown(slice.requirement, targetWad) - shareDown(slice.base, premium);
            return missing >= restored ? WAD : (missing * WAD) / restored;
        }
    }

    /// @notice Whether a takeover of fraction `f` leaves something smaller than a takeover is worth: debt and requirement
    /// of instruments, together above zero and below the minimum debt.
    /// @param size of the whole account, as that of the slice
    /// @param settlementDebt of the whole account, as that of the slice
    function leavesDust(
        uint256 fractionWad,
        Slice memory slice,
        uint256 size,
        uint256 settlementDebt,
        uint256 minimumDebt
    ) internal pure returns (bool) {
        unchecked {
            uint256 left = size - shareDown(slice.size, fractionWad);
            if (left >= minimumDebt + settlementDebt) return false;
            uint256 repayable =
                settlementDebt - slice.settlementDebt + shareDown(slice.settlementDebt, WAD - fractionWad);
            left = left.zeroFloorSub(repayable.min(shareDown(slice.fullPayment, fractionWad)));
            return left != 0 && left < minimumDebt;
        }
    }

    // --- parts ---

    /// @notice `value * share`; see the bounds above.
    function shareDown(uint256 value, uint256 shareWad) internal pure returns (uint256) {
        unchecked {
            return (value * shareWad) / WAD;
        }
    }

    function shareUp(uint256 value, uint256 shareWad) internal pure returns (uint256) {
        unchecked {
            return (value * shareWad + (WAD - 1)) / WAD;
        }
    }

    /// @notice `x * y / d`.
    function mulDivDown(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        unchecked {
            return (x | y) >> 128 == 0 ? (x * y) / d : x.fullMulDiv(y, d);
        }
    }

    function mulDivUp(uint256 x, uint256 y, uint256 d) internal pure returns (uint256) {
        unchecked {
            return (x | y | d) >> 127 == 0 ? (x * y + (d - 1)) / d : x.fullMulDivUp(y, d);
        }
    }

    // --- settlement tokens: `amount` of them are worth `priced` {USD}, exact to one ---

    /// @notice Settlement tokens worth strictly more than `value`: what a taker pays. At least one.
    function tokensUp(uint256 value, uint256 amount, uint256 priced) internal pure returns (uint256) {
        unchecked {
            return mulDivDown(value, amount, priced - 1) + 1;
        }
    }

    /// @notice Settlement tokens worth at most `value`: what a taker is paid.
    function tokensDown(uint256 value, uint256 amount, uint256 priced) internal pure returns (uint256) {
        return mulDivDown(value, amount, priced + 1);
    }

    /// @notice What `tokens` cover of a value that `tokensDown` would turn into them.
    function coveredUp(uint256 tokens, uint256 amount, uint256 priced) internal pure returns (uint256) {
        return mulDivUp(tokens, priced + 1, amount);
    }
}
