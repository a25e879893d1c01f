// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Assessment, Holding} from "../../interfaces/Types.sol";
import {Slice, TakeoverMath} from "./TakeoverMath.sol";
import {Weights} from "./Weighing.sol";

/// @notice An account whose takeover is planned, as it was weighed.
/// @param account its assessment
/// @param assets weights of its holdings
/// @param held weights of its instruments
/// @param equity value of all that can change hands: a portfolio's surplus credit is not in it
/// @param base its requirement without that of settlement tokens held
/// @param size value of its debts and requirement of its instruments
/// @param settlementDebt value of what it owes in the settlement asset
/// @param excludedHeld bitmap of the positions of excluded instruments
/// @param excluded something it holds or owes is excluded
/// @param excludedRisk so is something that cannot be salvaged: a debt or an instrument
/// @param salvage value of what is excluded after its requirement
struct Case {
    Assessment account;
    Weights assets;
    Weights held;
    int256 equity;
    uint256 base;
    uint256 size;
    uint256 settlementDebt;
    uint256 excludedHeld;
    bool excluded;
    bool excludedRisk;
    uint256 salvage;
}

/// @notice What an account comes to, and what exclusions leave of it. For the bounds of what is unchecked see `TakeoverMath`.
library TakeoverCase {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @notice Sums over the account; the slice is all of it at first.
    function cut(Holding[] calldata holdings, Case memory c) internal pure returns (Slice memory slice) {
        unchecked {
            slice.equity = c.account.equity;
            slice.requirement = c.account.requirement;
            slice.base = c.account.requirement;
            slice.size = c.account.debtValue;
            Holding settlement = first(holdings);
            if (settlement.assetId() == 0) {
                int256 amount = settlement.amount();
                if (amount < 0) slice.settlementDebt = uint256(-c.assets.valueWad(0));
                else if (amount > 0) slice.base = slice.base.zeroFloorSub(c.assets.requirementWad(0));
            }
            if (c.held.length() != 0) {
                // Surplus credit counts in a portfolio's equity; it stays with the account, and nobody pays for it.
                slice.equity = 0;
                for (uint256 i; i < holdings.length; ++i) slice.equity += c.assets.valueWad(i);
                for (uint256 i; i < c.held.length(); ++i) {
                    slice.equity += c.held.valueWad(i);
                    slice.size += c.held.requirementWad(i);
                }
            }
            c.equity = slice.equity;
            c.base = slice.base;
            c.size = slice.size;
            c.settlementDebt = slice.settlementDebt;
        }
    }

    /// @notice Takes holdings out of the slice.
    /// @param excludedAssets bitmap of their asset ids
    function excludeAssets(
        Holding[] calldata holdings,
        uint256 excludedAssets,
        Case memory c,
        Slice memory slice
    ) internal pure {
        unchecked {
            for (uint256 i; i < holdings.length; ++i) {
                uint256 id = holdings[i].assetId();
                if (!has(excludedAssets, id)) continue;
                c.excluded = true;
                int256 value = c.assets.valueWad(i);
                uint256 requirement = c.assets.requirementWad(i);
                bool owed = holdings[i].amount() < 0;
                slice.equity -= value;
                slice.requirement = slice.requirement.zeroFloorSub(requirement);
                if (owed || id != 0) slice.base = slice.base.zeroFloorSub(requirement);
                if (owed) {
                    c.excludedRisk = true;
                    slice.size -= value.abs();
                    if (id == 0) slice.settlementDebt = 0;
                } else {
                    c.salvage += value.abs().zeroFloorSub(requirement);
                }
            }
        }
    }

    /// @notice Takes instruments out of the slice.
    /// @param positions bitmap of their positions in the list
    function excludeInstruments(uint256 positions, Case memory c, Slice memory slice) internal pure {
        unchecked {
            if (positions == 0) return;
            c.excludedHeld = positions;
            c.excluded = true;
            c.excludedRisk = true;
            for (uint256 i; i < c.held.length(); ++i) {
                if (!has(positions, i)) continue;
                uint256 requirement = c.held.requirementWad(i);
                slice.equity -= c.held.valueWad(i);
                slice.requirement = slice.requirement.zeroFloorSub(requirement);
                slice.base = slice.base.zeroFloorSub(requirement);
                slice.size -= requirement;
            }
        }
    }

    /// @notice Equity over what the premium is a share of; zero when negative, 1 when more.
    function healthWad(int256 equity, uint256 base) internal pure returns (uint256) {
        if (equity < 0) return 0;
        unchecked {
            return uint256(equity) >= base ? TakeoverMath.WAD : (uint256(equity) * TakeoverMath.WAD) / base;
        }
    }

    /// @notice The first holding, where settlement tokens are if there are any; zero if there is none.
    function first(Holding[] calldata holdings) internal pure returns (Holding) {
        return holdings.length == 0 ? Holding.wrap(0) : holdings[0];
    }

    /// @notice Whether a bitmap has a bit.
    function has(uint256 bitmap, uint256 bit) internal pure returns (bool) {
        return (bitmap >> bit) & 1 != 0;
    }
}
