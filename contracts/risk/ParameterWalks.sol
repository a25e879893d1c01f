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
    /// @param walks some field is not at its target yet
    /// @param setsOut some field has a new target to walk to
    struct Course {
        bool walks;
        bool setsOut;
    }

    /// @param row walked to `clock` in place
    /// @param fields the row's fields with new targets in `To`; completed in place
    /// @param duration of a walk that sets out {s}
    function underlying(
        UnderlyingRow memory row,
        UnderlyingFields memory fields,
        uint256 clock,
        uint256 duration
    ) internal pure {
        UnderlyingFields memory old = row.unpack();
        row.walk(clock);
        UnderlyingFields memory here = row.unpack();
        Course memory course;
        fields.halfWidthFrom = _falling(course, here.halfWidthTo, old.halfWidthTo, fields.halfWidthTo);
        fields.volatilityFrom = _falling(course, here.volatilityTo, old.volatilityTo, fields.volatilityTo);
        fields.toleranceFrom = _rising(course, here.toleranceTo, old.toleranceTo, fields.toleranceTo);
        fields.maintenanceDownFrom = _rising(
            course,
            here.maintenanceDownTo,
            old.maintenanceDownTo,
            fields.maintenanceDownTo
        );
        fields.maintenanceUpFrom = _rising(
            course,
            here.maintenanceUpTo,
            old.maintenanceUpTo,
            fields.maintenanceUpTo
        );
        _grid(course, here, old, fields);
        (fields.rampStart, fields.rampEnd) = _times(course, old.rampEnd, clock, duration);
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
        Course memory course;
        fields.basisShockFrom = _rising(course, here.basisShockTo, old.basisShockTo, fields.basisShockTo);
        fields.unwindingFrom = _rising(course, here.unwindingTo, old.unwindingTo, fields.unwindingTo);
        fields.basisBandFrom = _falling(course, here.basisBandTo, old.basisBandTo, fields.basisBandTo);
        fields.depthFrom = _fallingDepth(course, here.depthTo, old.depthTo, fields.depthTo);
        (fields.rampStart, fields.rampEnd) = _times(course, old.rampEnd, clock, duration);
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
        Course memory course;
        fields.targetFrom = _rising(course, here.targetTo, old.targetTo, fields.targetTo);
        fields.premiumMinFrom = _rising(course, here.premiumMinTo, old.premiumMinTo, fields.premiumMinTo);
        fields.premiumStartFrom = _rising(
            course,
            here.premiumStartTo,
            old.premiumStartTo,
            fields.premiumStartTo
        );
        fields.premiumMaxFrom = _rising(course, here.premiumMaxTo, old.premiumMaxTo, fields.premiumMaxTo);
        fields.premiumFullHealthFrom = _rising(
            course,
            here.premiumFullHealthTo,
            old.premiumFullHealthTo,
            fields.premiumFullHealthTo
        );
        fields.minDebtFrom = _rising(course, here.minDebtTo, old.minDebtTo, fields.minDebtTo);
        fields.nettingFrom = _falling(course, here.nettingTo, old.nettingTo, fields.nettingTo);
        (fields.rampStart, fields.rampEnd) = _times(course, old.rampEnd, clock, duration);
    }

    function _grid(
        Course memory course,
        UnderlyingFields memory here,
        UnderlyingFields memory old,
        UnderlyingFields memory fields
    ) private pure {
        fields.volatilityShockFrom = _rising(
            course,
            here.volatilityShockTo,
            old.volatilityShockTo,
            fields.volatilityShockTo
        );
        fields.tailMultipleFrom = _rising(
            course,
            here.tailMultipleTo,
            old.tailMultipleTo,
            fields.tailMultipleTo
        );
        fields.tailDampingFrom = _rising(course, here.tailDampingTo, old.tailDampingTo, fields.tailDampingTo);
    }

    /// @dev What only goes on keeps its end; what sets out needs a duration.
    function _times(
        Course memory course,
        uint256 oldEnd,
        uint256 clock,
        uint256 duration
    ) private pure returns (uint256 start, uint256 end) {
        if (!course.walks) return (0, 0);
        if (!course.setsOut) return (clock, oldEnd);
        ParameterBounds.checkRamp(duration);
        end = clock + duration;
        return (clock, end > oldEnd ? end : oldEnd);
    }

    /// @dev Where a walk to `target` begins, if more is tighter.
    function _rising(
        Course memory course,
        uint256 here,
        uint256 oldTarget,
        uint256 target
    ) private pure returns (uint256 from) {
        return _from(course, target > here, here, oldTarget, target);
    }

    /// @dev Where a walk to `target` begins, if less is tighter.
    function _falling(
        Course memory course,
        uint256 here,
        uint256 oldTarget,
        uint256 target
    ) private pure returns (uint256 from) {
        return _from(course, target < here, here, oldTarget, target);
    }

    /// @dev As `_falling`; zero stands for a depth without end.
    function _fallingDepth(
        Course memory course,
        uint256 here,
        uint256 oldTarget,
        uint256 target
    ) private pure returns (uint256 from) {
        return _from(course, target != 0 && (here == 0 || target < here), here, oldTarget, target);
    }

    function _from(
        Course memory course,
        bool tightens,
        uint256 here,
        uint256 oldTarget,
        uint256 target
    ) private pure returns (uint256 from) {
        if (!tightens) return target;
        course.walks = true;
        if (target != oldTarget) course.setsOut = true;
        return here;
    }
}
