// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {UnderlyingFields, UnderlyingRow} from "../oracle/UnderlyingRow.sol";
import {AssetFields, AssetRow} from "./AssetRow.sol";
import {DomainFields, DomainRow} from "./DomainRow.sol";
import {ParameterBounds} from "./ParameterBounds.sol";

/// @notice Sets out from where a row stands towards new targets (GOV-1): a field that tightens keeps its value now as
/// `from` and walks, one that does not has its target as both ends and is there at once.
/// @dev The fields of a row share one walk. A field that walks already goes on from its value now, and never arrives
/// earlier than was said when it set out: the end of the row's walk only moves back. The walk is linear and a later
/// end makes it slower, so no call makes any field faster.
library ParameterWalks {
    /// @param row where the row stands at `clock` is found by walking it
    /// @param fields the row's fields with new targets in `To`; completed in place
    function underlying(
        UnderlyingRow memory row,
        UnderlyingFields memory fields,
        uint256 clock,
        uint256 duration
    ) internal pure {
        UnderlyingFields memory old = row.unpack();
        row.walk(clock);
        UnderlyingFields memory here = row.unpack();
        fields.halfWidthFrom = _falling(here.halfWidthTo, fields.halfWidthTo);
        fields.volatilityFrom = _falling(here.volatilityTo, fields.volatilityTo);
        fields.toleranceFrom = _rising(here.toleranceTo, fields.toleranceTo);
        fields.maintenanceDownFrom = _rising(here.maintenanceDownTo, fields.maintenanceDownTo);
        fields.maintenanceUpFrom = _rising(here.maintenanceUpTo, fields.maintenanceUpTo);
        bool sameTargets =
            fields.halfWidthTo == old.halfWidthTo &&
                fields.volatilityTo == old.volatilityTo &&
                fields.toleranceTo == old.toleranceTo &&
                fields.maintenanceDownTo == old.maintenanceDownTo &&
                fields.maintenanceUpTo == old.maintenanceUpTo;
        bool walks =
            fields.halfWidthFrom != fields.halfWidthTo ||
                fields.volatilityFrom != fields.volatilityTo ||
                fields.toleranceFrom != fields.toleranceTo ||
                fields.maintenanceDownFrom != fields.maintenanceDownTo ||
                fields.maintenanceUpFrom != fields.maintenanceUpTo;
        (fields.rampStart, fields.rampEnd) = _times(walks, sameTargets, old.rampEnd, clock, duration);
    }

    /// @dev As `underlying`.
    function asset(
        AssetRow memory row,
        AssetFields memory fields,
        uint256 clock,
        uint256 duration
    ) internal pure {
        AssetFields memory old = row.unpack();
        row.walk(clock);
        AssetFields memory here = row.unpack();
        fields.basisShockFrom = _rising(here.basisShockTo, fields.basisShockTo);
        fields.unwindingFrom = _rising(here.unwindingTo, fields.unwindingTo);
        fields.basisBandFrom = _falling(here.basisBandTo, fields.basisBandTo);
        fields.depthFrom = _fallingDepth(here.depthTo, fields.depthTo);
        bool sameTargets =
            fields.basisShockTo == old.basisShockTo &&
                fields.unwindingTo == old.unwindingTo &&
                fields.basisBandTo == old.basisBandTo &&
                fields.depthTo == old.depthTo;
        bool walks =
            fields.basisShockFrom != fields.basisShockTo ||
                fields.unwindingFrom != fields.unwindingTo ||
                fields.basisBandFrom != fields.basisBandTo ||
                fields.depthFrom != fields.depthTo;
        (fields.rampStart, fields.rampEnd) = _times(walks, sameTargets, old.rampEnd, clock, duration);
    }

    /// @dev As `underlying`.
    function domain(
        DomainRow memory row,
        DomainFields memory fields,
        uint256 clock,
        uint256 duration
    ) internal pure {
        DomainFields memory old = row.unpack();
        row.walk(clock);
        DomainFields memory here = row.unpack();
        fields.targetFrom = _rising(here.targetTo, fields.targetTo);
        fields.premiumMinFrom = _rising(here.premiumMinTo, fields.premiumMinTo);
        fields.premiumStartFrom = _rising(here.premiumStartTo, fields.premiumStartTo);
        fields.premiumMaxFrom = _rising(here.premiumMaxTo, fields.premiumMaxTo);
        fields.premiumFullHealthFrom = _rising(here.premiumFullHealthTo, fields.premiumFullHealthTo);
        fields.minDebtFrom = _rising(here.minDebtTo, fields.minDebtTo);
        bool sameTargets =
            fields.targetTo == old.targetTo &&
                fields.premiumMinTo == old.premiumMinTo &&
                fields.premiumStartTo == old.premiumStartTo &&
                fields.premiumMaxTo == old.premiumMaxTo &&
                fields.premiumFullHealthTo == old.premiumFullHealthTo &&
                fields.minDebtTo == old.minDebtTo;
        bool walks =
            fields.targetFrom != fields.targetTo ||
                fields.premiumMinFrom != fields.premiumMinTo ||
                fields.premiumStartFrom != fields.premiumStartTo ||
                fields.premiumMaxFrom != fields.premiumMaxTo ||
                fields.premiumFullHealthFrom != fields.premiumFullHealthTo ||
                fields.minDebtFrom != fields.minDebtTo;
        (fields.rampStart, fields.rampEnd) = _times(walks, sameTargets, old.rampEnd, clock, duration);
    }

    /// @dev A walk whose targets are the old ones goes on to its old end. Others need a duration of their own.
    function _times(
        bool walks,
        bool sameTargets,
        uint256 oldEnd,
        uint256 clock,
        uint256 duration
    ) private pure returns (uint256 start, uint256 end) {
        if (!walks) return (0, 0);
        if (sameTargets) return (clock, oldEnd);
        ParameterBounds.checkRamp(duration);
        end = clock + duration;
        return (clock, end > oldEnd ? end : oldEnd);
    }

    /// @dev Where a walk to `target` begins, if more is tighter.
    function _rising(uint256 here, uint256 target) private pure returns (uint256 from) {
        return target > here ? here : target;
    }

    /// @dev Where a walk to `target` begins, if less is tighter.
    function _falling(uint256 here, uint256 target) private pure returns (uint256 from) {
        return target < here ? here : target;
    }

    /// @dev As `_falling`; zero stands for a depth without end.
    function _fallingDepth(uint256 here, uint256 target) private pure returns (uint256 from) {
        return target != 0 && (here == 0 || target < here) ? here : target;
    }
}
