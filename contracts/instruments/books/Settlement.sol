// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../../interfaces/Types.sol";
import {Claims} from "./Claims.sol";

/// @dev Payments between accounts and a market: a loss is paid, a profit becomes a claim or is paid from free cash.
abstract contract Settlement is Claims {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Calls of the market to itself, so that what they did is undone where the vault refuses.
    modifier onlySelf() {
        if (msg.sender != address(this)) revert IMarketBooks.Market_NotSelf(msg.sender);
        _;
    }

    /// @notice Books a loss as paid and has it paid. The market itself only.
    function payLoss(AccountId account, uint256 amount, bool borrows) external onlySelf {
        _payLoss(account, amount);
        if (borrows) _requireCovered(account);
    }

    // --- what a market says of itself ---

    /// @dev Brings the market up to now, and says how an account stands.
    /// @return known whether prices are good enough to realise anything
    /// @return profit of all its positions over their cost {quote}
    /// @return open whether it has any position
    function _standing(AccountId account) internal virtual returns (bool known, int256 profit, bool open);

    /// @dev Adds to what an account has paid {quote}.
    function _changeCost(AccountId account, int256 change) internal virtual;

    // --- settlement ---

    /// @param alone outside of anybody's batch: a loss may be paid by borrowing, and what the vault refuses stays a loss
    function _settle(AccountId account, bool alone) internal returns (int256 paid) {
        return _settle(account, alone, true);
    }

    /// @dev As far as the account is paid: what it owes stays a loss, but for what its own claim pays.
    function _payProfit(AccountId account) internal {
        _settle(account, false, false);
    }

    /// @param collects whether a loss is paid
    function _settle(AccountId account, bool alone, bool collects) private returns (int256 paid) {
        // Before: bringing the market up to now may take the last position out of the books.
        bool held = _holds(account);
        (bool known, int256 profit, bool open) = _standing(account);
        if (!held) return 0;
        int256 claimed;
        if (known) (paid, claimed) = _realise(account, profit, open, alone, collects);
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        // A claim that others' losses ate up is written off.
        if (allotted != 0 || (waiting == 0 && _hasClaim(account))) {
            _setClaim(account, waiting, 0);
            _addCash(-int256(allotted));
            paid += int256(allotted);
        }
        emit IMarketBooks.Settled(account, paid, claimed);
        if (paid > 0) VAULT.instrumentPay(_own(), account, uint256(paid));
        if (!_holds(account)) VAULT.setHeld(account, false);
    }

    /// @dev Brings the cost to the value but for less than a token, which of an account without position goes to the fees.
    /// @return paid what the account paid (negative), or what it is to be paid at once; its cash has left the till
    /// @return claimed {settlement tok}
    function _realise(
        AccountId account,
        int256 profit,
        bool open,
        bool alone,
        bool collects
    ) private returns (int256 paid, int256 claimed) {
        if (profit < 0) {
            uint256 tokens = uint256(-profit) / uint256(TOKEN);
            if (!open && -profit % TOKEN != 0) ++tokens;
            uint256 netted = _netClaim(account, tokens);
            if (netted != 0) {
                _changeCost(account, -int256(netted) * TOKEN);
                claimed = -int256(netted);
            }
            if (collects && tokens != netted) paid = -int256(_collect(account, tokens - netted, alone));
            profit += (int256(netted) - paid) * TOKEN;
        } else {
            uint256 tokens = uint256(profit / TOKEN);
            if (tokens != 0) {
                _changeCost(account, int256(tokens) * TOKEN);
                // Nobody leaves ahead of others who wait, or of a loss that somebody has to bear.
                uint256 direct = _pile.waiting == 0 && _unborne < TOKEN ? tokens.min(_freeCash()) : 0;
                if (direct != 0) _addCash(-int256(direct));
                paid = int256(direct);
                if (tokens != direct) {
                    _addClaim(account, tokens - direct);
                    claimed = int256(tokens - direct);
                    _bearLosses();
                    _allot();
                }
                profit -= int256(tokens) * TOKEN;
            }
        }
        if (!open && profit > 0 && profit < TOKEN) {
            _addFees(profit);
            _changeCost(account, profit);
        }
    }

    /// @dev Has a loss paid, as far as the account can. The vault refuses what makes an insolvent account worse for its other
    /// creditors: its loss waits for the takeover.
    function _collect(AccountId account, uint256 amount, bool alone) private returns (uint256) {
        uint256 held = uint256(VAULT.balanceOf(account, SETTLEMENT_ASSET).max(0));
        if (alone) {
            if (amount > held && _tryPayLoss(account, amount, true)) return amount;
            amount = amount.min(held);
            return amount != 0 && _tryPayLoss(account, amount, false) ? amount : 0;
        }
        amount = amount.min(held);
        if (amount != 0) _payLoss(account, amount);
        return amount;
    }

    function _tryPayLoss(AccountId account, uint256 amount, bool borrows) private returns (bool) {
        uint256 before = gasleft();
        try this.payLoss(account, amount, borrows) {
            return true;
        } catch {
            // Where a call runs out of gas, each of those above it has a 64th of its own left: of ten, a seventh of all.
            if (gasleft() < before / 4) revert IMarketBooks.Market_GasShort(account, before);
            return false;
        }
    }

    /// @dev The vault lets an account pay with debt where its risk falls, though it is below its initial requirement. A loss
    /// that lenders did not agree to bear would become theirs.
    function _requireCovered(AccountId account) private view {
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(account);
        Assessment memory a = ENGINE.assess(account, list, instruments, Requirement.INITIAL, false);
        if (a.equity - int256(a.uncertainty) < int256(a.requirement)) {
            revert IMarketBooks.Market_LossNotCovered(account);
        }
    }

    function _payLoss(AccountId account, uint256 amount) private {
        _changeCost(account, -int256(amount) * TOKEN);
        _addCash(int256(amount));
        _allot();
        VAULT.instrumentPay(account, _own(), amount);
    }
}
