// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId, Assessment, Holding, PriceStatus, Requirement} from "../../interfaces/Types.sol";
import {RiskCalls} from "./RiskCalls.sol";
import {VaultBase} from "./VaultBase.sol";

/// @dev What every operation ends with: settle with the pools, then judge each touched account once.
abstract contract SolvencyCheck is VaultBase {
    using FixedPointMathLib for int256;
    using RiskCalls for IRiskEngine;

    /// @dev Flags of new risk, where the operation has read whether the vault is paused.
    function _newRisk(bool paused) internal pure returns (uint256) {
        return paused ? NEW_RISK : NEW_RISK | LIVE;
    }

    /// @dev Ends a plain operation that took something out of `account`, or leaves its check to the batch.
    function _conclude(bool outermost, AccountId account, uint256 flags, uint256 pair) internal {
        if (outermost) {
            _check(account, flags | (pair << 8));
            _end();
        } else {
            _touch(account, flags, pair);
        }
    }

    function _closeOperation() internal override {
        _settleOpen();
        uint256 count = _touched();
        for (uint256 i; i < count; ++i) {
            AccountId account = _touchedAt(i);
            _check(account, _flagsOf(account));
        }
    }

    /// @dev Keeps SOLV-1: equity at the worst edges covers the initial requirement, or the operation reduced risk. An
    /// account without debt and positions is not judged, so that its owner can always leave (EXIT-1).
    ///
    /// Who is covered, and so free to take on risk, is marked with this block whether he took any or not: telling costs a
    /// second judgement, and the mark gives him nothing. At these prices he cannot be taken over anyway, and whoever is not
    /// covered cannot have himself marked.
    function _check(AccountId account, uint256 flags) internal {
        (Holding[] memory list, address[] memory instruments, , bool hasRisk) = _gather(account, false);
        if (!hasRisk) {
            if (flags & OVER_CAP != 0) revert IVaultTypes.Vault_AboveSupplyCap(account);
            return;
        }

        Assessment memory current = RISK_ENGINE.assessed(
            account,
            list,
            instruments,
            Requirement.INITIAL,
            false
        );
        int256 worst = _worstEquity(current);
        bool covered = worst >= int256(current.requirement);
        bool mayTakeRisk =
            flags & NEW_RISK == 0 ||
                (current.status == PriceStatus.FRESH &&
                    flags & OVER_CAP == 0 &&
                    (flags & LIVE != 0 || !_paused));

        if (flags & TOOK_OVER != 0 && !covered) {
            revert IVaultTypes.Vault_BelowInitialRequirement(account, worst, current.requirement);
        }
        if (!covered || !mayTakeRisk) {
            // Under other rules less is required of the same risk: that is no reduction.
            if (
                flags & REJUDGED != 0 ||
                !_reducedRisk(account, current) ||
                !_keptCollateral(account, list, instruments)
            ) {
                if (!covered)
                    revert IVaultTypes.Vault_BelowInitialRequirement(account, worst, current.requirement);
                if (flags & OVER_CAP != 0) revert IVaultTypes.Vault_AboveSupplyCap(account);
                revert IVaultTypes.Vault_NoNewRisk(account, uint8(current.status), _paused);
            }
            if (flags & LOSSY_SWAP != 0) revert IVaultTypes.Vault_LossyReduction(account);
            _stampAgain(account, list, instruments, flags >> 8);
            return;
        }
        if (current.debtValue < current.minimumDebt && flags & BORROWED != 0 && current.debtValue != 0) {
            if (_isPlain() || current.debtValue > _assessOriginal(account, Requirement.INITIAL).debtValue) {
                revert IVaultTypes.Vault_BelowMinimumDebt(account, current.debtValue, current.minimumDebt);
            }
        }
        _stamp(account, list, instruments.length != 0, flags >> 8);
    }

    /// @dev Who may have taken on risk in this block before does not lose the mark by changing everything that he holds.
    function _stampAgain(
        AccountId account,
        Holding[] memory list,
        address[] memory instruments,
        uint256 lastWritten
    ) private {
        (, , uint256 riskRaisedAt, ) = _gather(account, true);
        if (riskRaisedAt == _stampNow()) _stamp(account, list, instruments.length != 0, lastWritten);
    }

    function _assessOriginal(
        AccountId account,
        Requirement requirement
    ) private view returns (Assessment memory) {
        (Holding[] memory list, address[] memory instruments, , ) = _gather(account, true);
        return RISK_ENGINE.assessed(account, list, instruments, requirement, true);
    }

    /// @dev A plain operation that has an account checked took something out of it.
    function _reducedRisk(AccountId account, Assessment memory current) private view returns (bool) {
        return !_isPlain() && _isReduction(_assessOriginal(account, Requirement.INITIAL), current);
    }

    /// @dev Whether risk fell at the maintenance requirement as well. What counts for nothing in new risk (its price is
    /// gone, its tier was lowered, it is isolated and not alone) could otherwise leave for nothing; there it counts.
    function _keptCollateral(
        AccountId account,
        Holding[] memory list,
        address[] memory instruments
    ) private view returns (bool) {
        return
            _isReduction(
                _assessOriginal(account, Requirement.MAINTENANCE),
                RISK_ENGINE.assessed(account, list, instruments, Requirement.MAINTENANCE, false)
            );
    }

    /// @dev `R' <= R and E' * R >= E * R' and E' >= min(E, 0)`, equities at the worst edges. Values are below 2**200, so
    /// the products need 512 bits.
    function _isReduction(Assessment memory before, Assessment memory current) private pure returns (bool) {
        if (current.requirement > before.requirement) return false;
        int256 equity = _worstEquity(before);
        int256 equityNow = _worstEquity(current);
        if (equityNow < equity.min(0)) return false;
        return _scaledGte(equityNow, before.requirement, equity, current.requirement);
    }

    /// @dev Whether `a * x >= b * y`, with 512-bit products.
    function _scaledGte(int256 a, uint256 x, int256 b, uint256 y) private pure returns (bool) {
        if (a >= 0 && b < 0) return true;
        if (a < 0 && b >= 0) return false;
        (uint256 leftHigh, uint256 leftLow) = _mul512(a.abs(), x);
        (uint256 rightHigh, uint256 rightLow) = _mul512(b.abs(), y);
        bool larger = leftHigh != rightHigh ? leftHigh > rightHigh : leftLow >= rightLow;
        bool smaller = leftHigh != rightHigh ? leftHigh < rightHigh : leftLow <= rightLow;
        return a >= 0 ? larger : smaller;
    }

    /// @dev Full product: low word by wrapping multiplication, high word by the remainder modulo 2**256 - 1.
    function _mul512(uint256 a, uint256 b) private pure returns (uint256 high, uint256 low) {
        unchecked {
            low = a * b;
            uint256 remainder = mulmod(a, b, type(uint256).max);
            high = remainder - low - (remainder < low ? 1 : 0);
        }
    }

    function _worstEquity(Assessment memory assessment) private pure returns (int256) {
        return assessment.equity - int256(assessment.uncertainty);
    }
}
