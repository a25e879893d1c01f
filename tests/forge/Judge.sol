// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, PriceStatus, Requirement} from "../../interfaces/Types.sol";
import {World} from "./World.sol";

/// @notice How an account stands.
/// @param hasRisk it owes something, or has anything in a market
struct Standing {
    bool hasRisk;
    Assessment initial;
    Assessment maintenance;
}

/// @notice Promises that are judged by what one operation did to the accounts in it.
abstract contract Judge is World {
    // --- SOLV-1 ---

    /// @dev What an owner or operator does with his account, which may put it at risk.
    function _act(AccountId account, address sender, bytes memory data) internal returns (bool done) {
        Standing memory before = _standing(account);
        (done, ) = _try(sender, address(vault), data);
        if (done) _judge(account, before);
    }

    function _standing(AccountId account) internal view returns (Standing memory s) {
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        s.hasRisk = _isRisky(list, instruments);
        s.initial = risk.assess(account, list, instruments, Requirement.INITIAL, false);
        s.maintenance = risk.assess(account, list, instruments, Requirement.MAINTENANCE, false);
    }

    /// @dev Covered at fresh prices while nothing is paused, or less risk; never by the word of a lying source (ORA-1).
    function _judge(AccountId account, Standing memory before) internal {
        Standing memory s = _standing(account);
        if (!s.hasRisk) return;
        if (_reduced(before.initial, s.initial) && _reduced(before.maintenance, s.maintenance)) return;
        _require(_isCovered(s.initial), "SOLV-1: neither covered nor less risk");
        _require(s.initial.status == PriceStatus.FRESH, "SOLV-1: new risk at a price in doubt");
        _require(!vault.paused(), "SOLV-1: new risk while paused");
        if (_lies()) {
            _require(_isCovered(_honestly(account, Requirement.INITIAL)), "ORA-1: a lie opened a debt");
        }
    }

    function _worst(Assessment memory a) internal pure returns (int256) {
        return a.equity - int256(a.uncertainty);
    }

    function _favourable(Assessment memory a) internal pure returns (int256) {
        return a.equity + int256(a.uncertainty);
    }

    function _isCovered(Assessment memory a) internal pure returns (bool) {
        return _worst(a) >= int256(a.requirement);
    }

    /// @dev `R' <= R`, `E' R >= E R'` and `E' >= min(E, 0)`.
    function _reduced(Assessment memory before, Assessment memory current) private pure returns (bool) {
        if (current.requirement > before.requirement) return false;
        int256 old = _worst(before);
        int256 now_ = _worst(current);
        if (now_ < (old < 0 ? old : int256(0))) return false;
        return now_ * int256(before.requirement) >= old * int256(current.requirement);
    }

    function _isRisky(Holding[] memory list, address[] memory instruments) private view returns (bool) {
        if (_holdsBooks(instruments)) return true;
        for (uint256 i; i < list.length; ++i) if (list[i].amount() < 0) return true;
        return false;
    }

    /// @dev Whether an account has anything in a market; how it is margined is nothing.
    function _holdsBooks(address[] memory instruments) internal view returns (bool) {
        for (uint256 i; i < instruments.length; ++i) if (instruments[i] != portfolioMode) return true;
        return false;
    }

    // --- ORA-1 ---

    function _lies() internal view returns (bool) {
        return sources[USDC].lie != 0 || sources[WETH].lie != 0;
    }

    /// @dev Whether a second source lies while the primary lives. Not of an account with positions: which edge of a price favours
    /// it is told by its net exposure, in which a profit that does not count weighs as much as a loss that does
    /// (tests/regressions/test_hedge_under_a_lie.py, test_portfolio_under_a_lie_about_dollars.py; docs/limits.md).
    function _liedTo(AccountId account) private view returns (bool) {
        for (uint256 i; i < 2; ++i) if (sources[i].silent || sources[i].dead) return false;
        (, address[] memory instruments, ) = vault.holdings(account);
        return _lies() && !_holdsBooks(instruments);
    }

    /// @dev As if the second sources said the truth.
    function _honestly(AccountId account, Requirement requirement) internal returns (Assessment memory a) {
        for (uint256 i; i < 2; ++i) sources[i].second.set(uint256(sources[i].truth) * 1e10);
        a = _assess(account, requirement);
        for (uint256 i; i < 2; ++i) if (sources[i].lie != 0) sources[i].second.set(sources[i].lie);
    }

    // --- takeovers ---

    /// @dev LIQ-1, LIQ-3, ORA-1; and the taker is covered (SOLV-1).
    function _takeOver(
        address taker,
        AccountId account,
        AccountId into,
        bytes memory data
    ) internal returns (bool done, bool insolvent) {
        Assessment memory before = _assess(account, Requirement.MAINTENANCE);
        insolvent = _favourable(before) < 0;
        bool honest = !_liedTo(account) || _isUnhealthy(_honestly(account, Requirement.MAINTENANCE));
        (done, ) = _try(taker, address(vault), data);
        if (!done) return (done, insolvent);
        _require(_isUnhealthy(before), "LIQ-3: a healthy account was taken over");
        _require(honest, "ORA-1: a lie forced a takeover");
        Standing memory s = _standing(into);
        _require(!s.hasRisk || _isCovered(s.initial), "SOLV-1: a taker is not covered");
        IRiskEngine.DomainParameters memory p = risk.domainParameters();
        if (before.equity < 0 || uint256(before.equity) * WAD < p.premiumMinWad * before.requirement)
            return (done, insolvent);
        Assessment memory left = _assess(account, Requirement.MAINTENANCE);
        // What was paid may have become a claim; a few wei are the risk engine's roundings.
        _require(
            (left.equity + 1e6) * int256(before.requirement) >= before.equity * int256(left.requirement),
            "LIQ-1: health fell"
        );
    }

    function _mayBeTaken(AccountId account) internal view returns (bool) {
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        if (!_isRisky(list, instruments)) return false;
        Assessment memory a = risk.assess(account, list, instruments, Requirement.MAINTENANCE, false);
        return _isUnhealthy(a);
    }

    function _isUnhealthy(Assessment memory a) private pure returns (bool) {
        return _favourable(a) < int256(a.requirement);
    }

    /// @dev What an account may still take on {USD}.
    function _free(AccountId account) internal view returns (uint256) {
        Assessment memory a = _assess(account, Requirement.INITIAL);
        int256 free = _worst(a) - int256(a.requirement);
        return free > 0 ? uint256(free) : 0;
    }
}
