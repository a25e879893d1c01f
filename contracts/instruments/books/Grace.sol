// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {AccountId} from "../../../interfaces/Types.sol";

/// @dev Who lost a part of a position to deleveraging may have lost a hedge: he cannot be taken over for a while as long as he
/// is solvent, at most once in an interval.
abstract contract Grace {
    uint256 private constant GRACE = 10 minutes;
    uint256 private constant GRACE_INTERVAL = 1 days;
    /// @dev Who lost one part in so many of his position is given grace.
    uint256 private constant GRACE_PART = 10;

    mapping(AccountId account => uint256) private _graceFrom;

    /// @dev When the grace of an account began, and whether that is still to be written down.
    /// @param old size without sign as it was written {units}
    /// @param left of it
    /// @param lastTime when it was deleveraged last {s}
    function _graceAfter(
        AccountId account,
        uint256 old,
        uint256 left,
        uint256 lastTime
    ) internal view returns (uint256 from, bool isNew) {
        from = _graceFrom[account];
        // The last position of a bucket may have gained what roundings left.
        if (left >= old || (old - left) * GRACE_PART < old) return (from, false);
        if (from != 0 && lastTime < from + GRACE_INTERVAL) return (from, false);
        return (lastTime, true);
    }

    function _giveGrace(AccountId account, uint256 from) internal {
        _graceFrom[account] = from;
        emit IMarketBooks.GraceGiven(account, from + GRACE);
    }

    function _graceStart(AccountId account) internal view returns (uint256) {
        return _graceFrom[account];
    }

    function _graceEnd(uint256 from) internal pure returns (uint256) {
        return from == 0 ? 0 : from + GRACE;
    }
}
