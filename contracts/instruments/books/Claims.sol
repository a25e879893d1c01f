// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {MarketBase} from "./MarketBase.sol";
import {ProRata} from "./ProRata.sol";

/// @dev Cash, fees, and claims: profits that were realised and wait for losers to pay. Keeps PERP-4: nothing is paid but what
/// was paid in. What comes in is allotted to all claims in proportion, at once: there is free cash or there is a queue, never
/// both.
abstract contract Claims is MarketBase {
    using FixedPointMathLib for uint256;
    using ProRata for ProRata.Pool;
    using SafeCastLib for uint256;

    /// @param cash in the market's account, accounted for {settlement tok}
    /// @param fees charged and not collected {quote}
    struct Till {
        uint96 cash;
        uint160 fees;
    }

    /// @param waiting sum of claims that nothing has come in for {settlement tok}
    /// @param allotted sum of claims that cash is kept for {settlement tok}
    /// @param count of accounts with a claim
    struct Pile {
        uint112 waiting;
        uint112 allotted;
        uint32 count;
    }

    /// @dev As it was when it was written.
    struct Claim {
        uint112 waiting;
        uint112 allotted;
        ProRata.Mark mark;
    }

    /// @dev Quote in one of the settlement token's smallest units.
    int256 internal immutable TOKEN;

    Till internal _till;
    Pile internal _pile;
    mapping(AccountId account => Claim) private _claims;
    ProRata.Pool private _pool;

    /// @dev Losses that nobody has borne yet {quote}.
    int256 internal _unborne;

    constructor(uint256 settlementDecimals) {
        TOKEN = int256(10 ** (36 - settlementDecimals));
    }

    /// @dev Whether an account has a position, a cost that is not settled, or a claim.
    function _holds(AccountId account) internal view returns (bool) {
        return _hasPosition(account) || _hasClaim(account);
    }

    /// @dev Whether an account has a position, or a cost that is not settled.
    function _hasPosition(AccountId account) internal view virtual returns (bool);

    /// @dev Whether an account has a claim: a bit beside its positions, so that claims are looked up only where there is one.
    function _hasClaim(AccountId account) internal view virtual returns (bool);

    function _setHasClaim(AccountId account, bool has) internal virtual;

    /// @dev What an account claims now {settlement tok}. The last one has all that roundings left.
    function _claimOf(AccountId account) internal view returns (uint256 waiting, uint256 allotted) {
        if (!_hasClaim(account)) return (0, 0);
        Claim storage claim = _claims[account];
        (waiting, allotted) = (claim.waiting, claim.allotted);
        Pile memory pile = _pile;
        if (pile.count == 1) return (pile.waiting, pile.allotted);
        int256 come;
        (waiting, come) = _pool.since(claim.mark, waiting);
        allotted += uint256(come);
        // Each part is rounded down, but so was the product that they are parts of.
        return (waiting.min(pile.waiting), allotted.min(pile.allotted));
    }

    /// @dev Writes an account's claim and what it changes in the pile.
    function _setClaim(AccountId account, uint256 waiting, uint256 allotted) internal {
        _rememberClaim(account);
        (uint256 oldWaiting, uint256 oldAllotted) = _claimOf(account);
        Claim storage claim = _claims[account];
        bool had = _hasClaim(account);
        bool has = waiting != 0 || allotted != 0;
        Pile memory pile = _pile;
        pile.waiting = (uint256(pile.waiting) - oldWaiting + waiting).toUint112();
        pile.allotted = (uint256(pile.allotted) - oldAllotted + allotted).toUint112();
        if (has != had) {
            pile.count = has ? pile.count + 1 : pile.count - 1;
            _setHasClaim(account, has);
        }
        _pile = pile;
        claim.waiting = uint112(waiting);
        claim.allotted = uint112(allotted);
        if (waiting != 0) claim.mark = _pool.current();
    }

    /// @dev Allots free cash to who waits.
    function _allot() internal {
        Pile memory pile = _pile;
        if (pile.waiting == 0) return;
        uint256 amount = (uint256(_till.cash) - pile.allotted).min(pile.waiting);
        if (amount == 0) return;
        _pool.shrink(pile.waiting, pile.waiting - amount, 1);
        pile.waiting -= uint112(amount);
        pile.allotted += uint112(amount);
        _pile = pile;
        emit IMarketBooks.ClaimsAllotted(amount, pile.waiting);
    }

    /// @dev Waiting claims bear a loss in proportion.
    function _reduceClaims(uint256 amount) internal {
        if (amount == 0) return;
        Pile memory pile = _pile;
        _pool.shrink(pile.waiting, pile.waiting - amount, 0);
        pile.waiting -= uint112(amount);
        _pile = pile;
        emit IMarketBooks.ClaimsReduced(amount, pile.waiting);
    }

    /// @dev Waiting claims bear what nobody has borne yet, before anything is allotted to them.
    function _bearLosses() internal {
        int256 loss = _unborne;
        if (loss < TOKEN) return;
        uint256 tokens = uint256(loss / TOKEN).min(_pile.waiting);
        if (tokens == 0) return;
        _unborne = loss - int256(tokens) * TOKEN;
        _reduceClaims(tokens);
    }

    function _freeCash() internal view returns (uint256) {
        return uint256(_till.cash) - _pile.allotted;
    }

    function _addCash(int256 amount) internal {
        _till.cash = uint256(int256(uint256(_till.cash)) + amount).toUint96();
    }

    function _addFees(int256 quote) internal {
        if (quote != 0) _till.fees = uint256(int256(uint256(_till.fees)) + quote).toUint160();
    }

    /// @dev Pays a loss with the account's own claim, waiting first.
    /// @return paid {settlement tok}
    function _netClaim(AccountId account, uint256 most) internal returns (uint256 paid) {
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        if (most == 0 || (waiting == 0 && allotted == 0)) return 0;
        uint256 fromWaiting = waiting.min(most);
        uint256 fromAllotted = allotted.min(most - fromWaiting);
        paid = fromWaiting + fromAllotted;
        _setClaim(account, waiting - fromWaiting, allotted - fromAllotted);
        if (fromAllotted != 0) _allot();
    }

    /// @dev Gives all that an account claims to the fees.
    /// @return claimed {settlement tok}
    function _forfeitClaim(AccountId account) internal returns (uint256 claimed) {
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        claimed = waiting + allotted;
        if (!_hasClaim(account)) return 0;
        _setClaim(account, 0, 0);
        _addFees(int256(claimed) * TOKEN);
        if (allotted != 0) _allot();
        emit IMarketBooks.ClaimForfeited(account, claimed);
    }

    /// @dev Adds to what an account waits for.
    function _addClaim(AccountId account, uint256 amount) internal {
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        _setClaim(account, waiting + amount, allotted);
    }

    // --- what claims were when the operation began ---

    uint256 private constant CLAIM_OFFSET = 3;

    function _rememberClaim(AccountId account) private {
        uint256 slot = _originalSlot(account) + CLAIM_OFFSET;
        uint256 known;
        assembly ("memory-safe") {
            known := tload(slot)
        }
        if (known != 0) return;
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        uint256 sum = waiting + allotted;
        assembly ("memory-safe") {
            tstore(slot, add(sum, 1))
        }
    }

    /// @dev All that an account claims, now or as it entered the operation {settlement tok}.
    /// @param slot where what it entered with is kept; zero: now
    function _claimAt(AccountId account, uint256 slot) internal view returns (uint256) {
        if (slot != 0) {
            slot += CLAIM_OFFSET;
            uint256 known;
            assembly ("memory-safe") {
                known := tload(slot)
            }
            if (known != 0) return known - 1;
        }
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        return waiting + allotted;
    }
}
