// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";

/// @notice What part of an account a taker would take over at fraction one, in {USD}.
/// @param equity value of it (`E_s`)
/// @param requirement its part of the requirement (`R_s`)
/// @param base `requirement` without that of settlement tokens held (`B_s`): what the premium is a share of
/// @param debt value of the debts in it
/// @param instruments requirement of the instruments in it
struct Slice {
    int256 equity;
    uint256 requirement;
    uint256 base;
    uint256 debt;
    uint256 instruments;
}

/// @notice Price of the settlement asset: `amount` of it is worth `valueWad`, exact to one in `valueWad`.
struct SettlementPrice {
    uint256 amount;
    uint256 valueWad;
}

/// @notice Size and premium of a takeover. Values {USD}, shares and health as WADs. The derivations are in
/// docs/liquidation.md; products go through 512 bits, so that nothing an account can hold overflows.
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
        if (healthWad <= domain.premiumFullHealthWad) {
            premium = domain.premiumMaxWad;
        } else {
            premium = domain.premiumStartWad;
            if (healthWad < WAD) {
                premium +=
                    ((domain.premiumMaxWad - premium) * (WAD - healthWad)) /
                    (WAD - domain.premiumFullHealthWad);
            }
        }
        premium = premium.min(healthWad).max(domain.premiumMinWad);
    }

    /// @notice Part of the premium that goes to the backstop: never what brings the taker below the smallest premium.
    function backstopShareWad(
        uint256 premium,
        IRiskEngine.DomainParameters memory domain
    ) internal pure returns (uint256) {
        return ((premium * domain.backstopShareWad) / WAD).min(premium - domain.premiumMinWad);
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
        uint256 missing = requirement.fullMulDiv(targetWad, WAD) - equity;
        uint256 restored = slice.requirement.fullMulDiv(targetWad, WAD) - slice.base.fullMulDiv(premium, WAD);
        return missing >= restored ? WAD : missing.fullMulDiv(WAD, restored);
    }

    /// @notice Whether a takeover of fraction `f` leaves something smaller than a takeover is worth: debt and requirement
    /// of instruments, together above zero and below the minimum debt.
    /// @param whole value of the account's debts and requirement of its instruments
    /// @param settlementDebt value of its debt in the settlement asset, which the payment repays first
    /// @param settlementStays that debt is not in the slice
    /// @param fullPayment payment for the whole slice
    function leavesDust(
        uint256 fractionWad,
        Slice memory slice,
        uint256 whole,
        uint256 settlementDebt,
        bool settlementStays,
        uint256 fullPayment,
        uint256 minimumDebt
    ) internal pure returns (bool) {
        uint256 left = whole.zeroFloorSub((slice.debt + slice.instruments).fullMulDiv(fractionWad, WAD));
        if (left >= minimumDebt + settlementDebt) return false;
        if (!settlementStays) settlementDebt = settlementDebt.fullMulDiv(WAD - fractionWad, WAD);
        left = left.zeroFloorSub(settlementDebt.min(fullPayment.fullMulDiv(fractionWad, WAD)));
        return left != 0 && left < minimumDebt;
    }

    /// @notice `value * amount / whole`, rounded up or down.
    function partOf(uint256 value, uint256 amount, uint256 whole, bool up) internal pure returns (uint256) {
        if (amount == whole) return value;
        return up ? value.fullMulDivUp(amount, whole) : value.fullMulDiv(amount, whole);
    }

    // --- settlement tokens ---

    /// @notice Settlement tokens worth strictly more than `valueWad`: what a taker pays. At least one.
    function tokensUp(uint256 valueWad, SettlementPrice memory price) internal pure returns (uint256) {
        return valueWad.fullMulDiv(price.amount, price.valueWad - 1) + 1;
    }

    /// @notice Settlement tokens worth at most `valueWad`: what a taker is paid.
    function tokensDown(uint256 valueWad, SettlementPrice memory price) internal pure returns (uint256) {
        return valueWad.fullMulDiv(price.amount, price.valueWad + 1);
    }

    /// @notice What `amount` settlement tokens cover of a value that `tokensDown` would turn into them.
    function coveredBy(uint256 amount, SettlementPrice memory price) internal pure returns (uint256) {
        return amount.fullMulDivUp(price.valueWad + 1, price.amount);
    }
}
