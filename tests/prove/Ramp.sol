// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bits} from "../../contracts/math/Bits.sol";
import {Ramp} from "../../contracts/math/Ramp.sol";
import {Prove} from "./Prove.sol";

/// @notice Walks of parameters stay between their ends, never turn round, and begin and end where they should (GOV-1).
/// Widths: times of 32 bits, values of 32 (the widest field of a row); the clock is any.
contract RampProofs is Prove {
    function check_progress_neverTurnsRound(
        uint32 start,
        uint32 end,
        uint256 clock,
        uint256 later
    ) external pure {
        assume(clock <= later);
        _between(start, end, clock);
        _between(start, end, later);
        uint256 progress = Ramp.progressWad(start, end, clock);
        uint256 next = Ramp.progressWad(start, end, later);
        assert(progress <= next && next <= WAD);
    }

    function check_progress_ends(uint32 start, uint32 end, uint256 clock) external pure {
        _between(start, end, clock);
        if (clock >= end) assert(Ramp.progressWad(start, end, clock) == WAD);
        else if (clock <= start) assert(Ramp.progressWad(start, end, clock) == 0);
        else assert(Ramp.progressWad(start, end, clock) < WAD);
    }

    function check_value_rises(uint32 from, uint32 to, uint64 progress) external pure {
        assume(from <= to && progress <= WAD);
        uint256 value = Ramp.valueDown(from, to, progress);
        assert(from <= value && value <= to);
    }

    function check_value_falls(uint32 from, uint32 to, uint64 progress) external pure {
        assume(to < from && progress <= WAD);
        // Steps of the derivation: the distance, and that no part of it exceeds it.
        unchecked {
            uint256 distance = uint256(from) - to;
            assert(distance < 2 ** 32);
            assert((distance * progress) / WAD <= distance);
        }
        uint256 value = Ramp.valueDown(from, to, progress);
        assert(to <= value && value <= from);
    }

    function check_value_neverTurnsRound(
        uint32 from,
        uint32 to,
        uint64 progress,
        uint64 later
    ) external pure {
        assume(from <= to && progress <= later && later <= WAD);
        assert(Ramp.valueDown(from, to, progress) <= Ramp.valueDown(from, to, later));
    }

    /// @dev Towards `from`: never further than the exact walk.
    function check_value_roundsTowardsFrom(uint32 from, uint32 to, uint64 progress) external pure {
        assume(from <= to && progress <= WAD);
        unchecked {
            uint256 walked = (Ramp.valueDown(from, to, progress) - from) * WAD;
            uint256 exact = uint256(to - from) * progress;
            assert(walked <= exact && exact < walked + WAD);
        }
    }

    /// @dev Widths: values of 128 bits.
    function check_value_ends(uint128 from, uint128 to) external pure {
        unchecked {
            if (to >= from) assert(uint256(to) - from < 2 ** 128);
            else assert(uint256(from) - to < 2 ** 128);
        }
        assert(Ramp.valueDown(from, to, 0) == from);
        assert(Ramp.valueDown(from, to, WAD) == to);
    }

    function check_wrong_value_passesTheEnd(uint32 from, uint32 to, uint64 progress) external pure {
        assume(from < to && progress <= WAD);
        assert(Ramp.valueDown(from, to, progress) > from);
    }

    /// @dev A walked field changes nothing beside itself, for every place of a 24-bit field.
    function check_walked_leavesTheRest(uint256 word, uint8 place, uint64 progress) external pure {
        assume(place < 8 && progress <= WAD);
        for (uint256 shift; shift < 192; shift += 24) {
            if (uint256(place) * 24 != shift) continue;
            uint256 from = Bits.part(word, 24, shift + 24);
            assert(Ramp.valueDown(from, Bits.part(word, 24, shift), progress) < 1 << 24);
            uint256 mask = uint256(0xffffff) << shift;
            assert(Bits.walked(word, shift, progress) & ~mask == word & ~mask);
        }
    }

    /// @dev A step of the derivation: on its way a walk has not taken more than 32 bits of time.
    function _between(uint256 start, uint256 end, uint256 clock) private pure {
        unchecked {
            if (start < clock && clock < end) assert(clock - start < 2 ** 32 && end - start < 2 ** 32);
        }
    }
}
