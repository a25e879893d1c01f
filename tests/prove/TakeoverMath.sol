// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Slice, TakeoverMath} from "../../contracts/liquidation/TakeoverMath.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {Prove} from "./Prove.sol";

/// @notice Shares and conversions of a takeover round as their names say (ROUND-1).
/// Widths: values of 188 bits and shares of 61, as TakeoverMath bounds them; conversions of 120 bits, well above
/// any supply; beyond 127 the code hands over to a product of 512 bits that no solver follows.
contract MathProofs is Prove {
    function check_shares_round(uint192 value, uint64 share) external pure {
        assume(value < 2 ** 188 && share < 2 ** 61);
        uint256 down = TakeoverMath.shareDown(value, share);
        uint256 up = TakeoverMath.shareUp(value, share);
        unchecked {
            uint256 exact = uint256(value) * share;
            assert(down * WAD <= exact && exact < (down + 1) * WAD);
            assert(exact <= up * WAD && up <= down + 1);
        }
    }

    function check_wrong_shareDown_isExact(uint192 value, uint64 share) external pure {
        assume(value < 2 ** 188 && share < 2 ** 61);
        unchecked {
            assert(TakeoverMath.shareDown(value, share) * WAD == uint256(value) * share);
        }
    }

    function check_shareDown_neverTurnsRound(uint192 value, uint192 more, uint64 share) external pure {
        assume(value <= more && more < 2 ** 188 && share < 2 ** 61);
        assert(TakeoverMath.shareDown(value, share) <= TakeoverMath.shareDown(more, share));
    }

    function check_mulDivDown(uint120 x, uint120 y, uint120 d) external pure {
        assume(d != 0);
        uint256 down = TakeoverMath.mulDivDown(x, y, d);
        unchecked {
            assert(down * d <= uint256(x) * y && uint256(x) * y - down * d < d);
        }
    }

    function check_mulDivUp(uint120 x, uint120 y, uint120 d) external pure {
        assume(d != 0);
        uint256 up = TakeoverMath.mulDivUp(x, y, d);
        unchecked {
            assert(up * d >= uint256(x) * y && up * d - uint256(x) * y < d);
        }
    }

    /// @dev What a taker pays is worth strictly more than what is asked.
    function check_tokensUp_paysMore(uint120 value, uint120 amount, uint120 priced) external pure {
        assume(priced > 1);
        uint256 tokens = TakeoverMath.tokensUp(value, amount, priced);
        unchecked {
            assert(tokens * (uint256(priced) - 1) > uint256(value) * amount);
        }
    }

    /// @dev What a taker is paid is worth no more than what he is owed.
    function check_tokensDown_paysLess(uint120 value, uint120 amount, uint120 priced) external pure {
        uint256 tokens = TakeoverMath.tokensDown(value, amount, priced);
        unchecked {
            assert(tokens * (uint256(priced) + 1) <= uint256(value) * amount);
        }
    }

    function check_tokens_roundTripNeverProfits(uint120 value, uint120 amount, uint120 priced) external pure {
        assume(priced > 1 && amount != 0);
        assert(TakeoverMath.tokensDown(value, amount, priced) < TakeoverMath.tokensUp(value, amount, priced));
    }
}

/// @notice Premium of a takeover (LIQ-1, LIQ-2), for any parameters that the bounds of a domain admit: minimum <= start <=
/// maximum < full health < 1. Widths: 64 bits each. The steps of a derivation are assertions of their own: each is proven, and
/// then known to the next.
contract PremiumProofs is Prove {
    function check_premium_betweenItsBounds(
        uint64 health,
        uint64 least,
        uint64 start,
        uint64 most,
        uint64 full
    ) external pure {
        IRiskEngine.DomainParameters memory domain = _domain(least, start, most, full);
        if (health > full && health < WAD) _step(health, start, most, full);
        uint256 premium = TakeoverMath.premiumWad(health, domain);
        assert(premium >= least && premium <= most);
        // LIQ-1: above health only where that is below the smallest premium.
        assert(premium <= health || premium == least);
    }

    /// @dev LIQ-2: it never rises as health does, except where it is all of the health (or more: the smallest).
    function check_premium_neverRisesWithHealth(
        uint64 health,
        uint64 better,
        uint64 least,
        uint64 start,
        uint64 most,
        uint64 full
    ) external pure {
        IRiskEngine.DomainParameters memory domain = _domain(least, start, most, full);
        assume(health <= better);
        if (health > full && health < WAD) {
            uint256 step = _step(health, start, most, full);
            if (better < WAD) {
                unchecked {
                    assert(
                        (uint256(most) - start) * (WAD - better) <= (uint256(most) - start) * (WAD - health)
                    );
                }
                assert(_step(better, start, most, full) <= step);
            }
        } else if (better > full && better < WAD) {
            _step(better, start, most, full);
        }
        uint256 premium = TakeoverMath.premiumWad(health, domain);
        uint256 next = TakeoverMath.premiumWad(better, domain);
        assert(next <= premium || premium >= health);
    }

    function check_premium_ends(
        uint64 health,
        uint64 least,
        uint64 start,
        uint64 most,
        uint64 full
    ) external pure {
        IRiskEngine.DomainParameters memory domain = _domain(least, start, most, full);
        uint256 premium = TakeoverMath.premiumWad(health, domain);
        if (health >= WAD) assert(premium == start);
        if (health <= full && health >= most) assert(premium == most);
    }

    function check_wrong_premium_isNeverBelowStart(
        uint64 health,
        uint64 least,
        uint64 start,
        uint64 most,
        uint64 full
    ) external pure {
        IRiskEngine.DomainParameters memory domain = _domain(least, start, most, full);
        assert(TakeoverMath.premiumWad(health, domain) >= start);
    }

    /// @dev The backstop's part leaves the taker the smallest premium.
    function check_backstopShare_leavesTheLeast(uint64 premium, uint64 least, uint64 share) external pure {
        assume(share <= WAD && least <= premium);
        IRiskEngine.DomainParameters memory domain;
        domain.premiumMinWad = least;
        domain.backstopShareWad = share;
        uint256 part = TakeoverMath.backstopShareWad(premium, domain);
        unchecked {
            assert(part <= premium - least);
            assert(part * WAD <= uint256(premium) * share);
        }
    }

    /// @dev How far the premium has risen from its start: never past its maximum.
    function _step(
        uint64 health,
        uint64 start,
        uint64 most,
        uint64 full
    ) private pure returns (uint256 step) {
        unchecked {
            uint256 all = uint256(most) - start;
            uint256 risen = all * (WAD - health);
            assert(risen <= all * (WAD - full));
            step = risen / (WAD - full);
            assert(step * (WAD - full) <= risen);
            assert(step <= all && start + step <= most);
        }
    }

    function _domain(
        uint64 least,
        uint64 start,
        uint64 most,
        uint64 full
    ) private pure returns (IRiskEngine.DomainParameters memory domain) {
        assume(least <= start && start <= most && most < full && full < WAD);
        domain.premiumMinWad = least;
        domain.premiumStartWad = start;
        domain.premiumMaxWad = most;
        domain.premiumFullHealthWad = full;
    }
}

/// @notice Size of a takeover. Widths: values of 96 bits, which is 79 billion {USD}; shares of 60.
contract TakeoverProofs is Prove {
    /// @dev The fraction brings the account to its target and no further, to the rounding of the fraction (so it is below
    /// one); at one it does not reach it, or just.
    function check_fraction_bringsToTheTarget(
        uint96 equity,
        uint96 requirement,
        uint96 partRequirement,
        uint96 base,
        uint64 target,
        uint64 premium
    ) external pure {
        assume(premium < target && premium < WAD);
        assume(base <= partRequirement && partRequirement <= requirement);
        unchecked {
            uint256 wanted = TakeoverMath.shareDown(requirement, target);
            assume(equity < wanted);
            uint256 missing = wanted - equity;
            uint256 freed = TakeoverMath.shareDown(partRequirement, target);
            uint256 paid = TakeoverMath.shareDown(base, premium);
            assert(uint256(base) * premium <= uint256(partRequirement) * premium);
            assert(uint256(partRequirement) * premium <= uint256(partRequirement) * target);
            assert(paid <= freed);
            uint256 restored = freed - paid;
            Slice memory slice;
            slice.requirement = partRequirement;
            slice.base = base;
            uint256 fraction = TakeoverMath.fractionToTargetWad(equity, requirement, slice, target, premium);
            if (missing >= restored) {
                assert(fraction == WAD);
            } else {
                assert(restored * fraction <= missing * WAD && missing * WAD < restored * (fraction + 1));
            }
        }
    }

    /// @dev Mends: a part that is taken over at a premium of at most the health leaves the account as healthy as it was, to
    /// a unit of the requirement: (equity - paid) / (requirement - freed - 1) >= equity / requirement, multiplied out.
    function check_takeover_mendsHealth(
        uint96 equity,
        uint96 requirement,
        uint96 partRequirement,
        uint96 base,
        uint64 premium,
        uint64 fraction
    ) external pure {
        assume(base <= partRequirement && partRequirement <= requirement);
        assume(premium <= WAD && fraction <= WAD);
        unchecked {
            // The premium is at most equity / requirement.
            assume(uint256(premium) * requirement <= uint256(equity) * WAD);
            uint256 whole = TakeoverMath.shareDown(base, premium);
            assert(whole * WAD <= uint256(base) * premium);
            assert(whole * WAD * requirement <= uint256(base) * premium * requirement);
            assert(uint256(base) * (uint256(premium) * requirement) <= uint256(base) * (equity * WAD));
            assert(whole * requirement <= uint256(base) * equity);
            uint256 paid = TakeoverMath.shareDown(whole, fraction);
            assert(paid * WAD <= whole * fraction);
            assert(paid * WAD * requirement <= whole * fraction * requirement);
            assert(fraction * (whole * requirement) <= fraction * (uint256(base) * equity));
            assert(uint256(fraction) * equity * base <= uint256(fraction) * equity * partRequirement);
            uint256 freed = TakeoverMath.shareDown(partRequirement, fraction);
            assert(uint256(partRequirement) * fraction < (freed + 1) * WAD);
            assert(uint256(partRequirement) * fraction * equity <= (freed + 1) * WAD * equity);
            assert(paid * requirement <= (freed + 1) * equity);
        }
    }

    /// @dev Without that unit it need not. Widths: values of 8 bits.
    function check_wrong_takeover_mendsHealthExactly(uint8 equity, uint8 requirement) external pure {
        unchecked {
            assume(requirement != 0 && equity < requirement);
            // Half of the slice at a premium of all the health.
            uint256 paid = TakeoverMath.shareDown(equity, WAD / 2);
            assert(paid * requirement <= TakeoverMath.shareDown(requirement, WAD / 2) * equity);
        }
    }
}
