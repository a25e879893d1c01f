// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId, Holding, HoldingLib} from "../../interfaces/Types.sol";
import {Custody, CustodyLib, Header, Market, Pair} from "./AccountWords.sol";
import {OperationLock} from "./OperationLock.sol";

/// @dev Balances, custody and debt. Two quantities move with every change of a balance: custody (the sum of positive
/// balances {tok}) and principal (the sum of debts {tok / index}); what they change by, the vault's tokens and the pool's
/// books change by. All roundings go against the account.
abstract contract AccountStore is OperationLock {
    using FixedPointMathLib for uint256;
    using FixedPointMathLib for int256;
    using LibBit for uint256;
    using SafeTransferLib for address;

    uint256 internal constant WAD = 1e18;
    /// @dev Id of the settlement asset: the first one listed.
    uint256 internal constant SETTLEMENT = 0;
    /// @dev Bitmap of the instrument that is listed first, which is no position: how an account is margined.
    uint256 private constant PORTFOLIO_MODE = 1;
    int256 private constant MAX_BALANCE = type(int112).max;

    struct AccountState {
        Header header;
        Pair[64] pairs;
    }

    mapping(AccountId account => AccountState) private _accounts;
    mapping(address token => Custody) internal _custody;
    mapping(address token => Market) internal _market;
    address[128] internal _tokens;
    address[128] internal _pools;
    address[127] internal _instruments;
    /// @dev {assets listed 8, instruments listed 8}
    uint8 internal _assetCount;
    uint8 internal _instrumentCount;

    /// @dev Custody {tok} and principal of the settlement asset that moved between accounts in this operation and are not
    /// yet in the pool's books.
    /// {custody 128, principal 128}, signed.
    int256 private transient _open;

    // --- reading ---

    function _custodyOf(address token) internal view returns (Custody custody) {
        custody = _custody[token];
        if (!custody.isListed()) revert IVaultTypes.Vault_UnknownAsset(token);
    }

    /// @dev Signed balance: custody {tok} or, negative, principal {tok / index}.
    function _rawBalance(AccountId account, uint256 id) internal view returns (int256) {
        return _accounts[account].pairs[id >> 1].balance(id);
    }

    function _poolOf(uint256 id) internal view returns (ILendingPool pool) {
        pool = ILendingPool(_pools[id]);
        if (address(pool) == address(0)) revert IVaultTypes.Vault_NotBorrowable(_tokens[id]);
    }

    /// @dev Keeps the index of all that the account owes, for what follows.
    function _keepIndices(AccountId account) internal {
        AccountState storage state = _accounts[account];
        uint256 bits = state.header.assets();
        for (uint256 id; bits != 0; bits >>= 2) {
            if (bits & 3 != 0) {
                Pair pair = state.pairs[id >> 1];
                if (pair.balance(id) < 0) _indexOf(id);
                if (pair.balance(id | 1) < 0) _indexOf(id | 1);
            }
            unchecked {
                id += 2;
            }
        }
    }

    /// @dev Debt index of an asset's pool; asked once in a transaction.
    function _indexOf(uint256 id) internal returns (uint256 index) {
        index = _seenIndex(id);
        if (index != 0) return index;
        index = _poolOf(id).debtIndexNow();
        _keepIndex(id, index);
    }

    /// @dev As `_indexOf`, by the pool that is known already.
    function _indexOf(uint256 id, address pool) internal returns (uint256 index) {
        index = _seenIndex(id);
        if (index != 0) return index;
        if (pool == address(0)) revert IVaultTypes.Vault_NotBorrowable(_tokens[id]);
        index = ILendingPool(pool).debtIndexNow();
        _keepIndex(id, index);
    }

    /// @dev Rounded up. Principal is below 2**112 and the index below 2**80.
    function _debtOf(uint256 principal, uint256 index) internal pure returns (uint256) {
        unchecked {
            return (principal * index + (WAD - 1)) / WAD;
        }
    }

    /// @dev Principal that `amount`, below 2**112, borrows.
    function _principalUp(uint256 amount, uint256 index) private pure returns (uint256) {
        unchecked {
            return (amount * WAD + (index - 1)) / index;
        }
    }

    /// @dev Principal that `amount`, below 2**112, repays.
    function _principalDown(uint256 amount, uint256 index) private pure returns (uint256) {
        unchecked {
            return (amount * WAD) / index;
        }
    }

    function _hasRisk(AccountId account) internal view returns (bool) {
        Header header = _accounts[account].header;
        if (header.instruments() > PORTFOLIO_MODE) return true;
        AccountState storage state = _accounts[account];
        for (uint256 bits = header.assets(); bits != 0; bits &= bits - 1) {
            uint256 id = bits.ffs();
            if (state.pairs[id >> 1].balance(id) < 0) return true;
        }
        return false;
    }

    function _headerOf(AccountId account) internal view returns (Header) {
        return _accounts[account].header;
    }

    /// @dev Everything an account holds, now or as it entered the operation.
    /// @return list holdings ascending by asset id, debts with interest
    /// @return instruments addresses of its instruments
    /// @return riskRaisedAt last block in which it may have taken on risk
    /// @return hasRisk whether it owes a pool anything, or has a position in an instrument
    function _gather(
        AccountId account,
        bool original
    )
        internal
        view
        returns (Holding[] memory list, address[] memory instruments, uint256 riskRaisedAt, bool hasRisk)
    {
        AccountState storage state = _accounts[account];
        Header header = state.header;
        if (original) header = Header.wrap(_original(account, _HEADER_KEY, Header.unwrap(header)));

        uint256 bits = header.assets();
        list = new Holding[](bits.popCount());
        uint256 count;
        // By pairs of assets: their ids are small and close to each other.
        for (uint256 position; bits != 0; bits >>= 2) {
            uint256 held = bits & 3;
            unchecked {
                ++position;
            }
            if (held == 0) continue;
            Pair pair = state.pairs[position - 1];
            if (original) pair = Pair.wrap(_original(account, position - 1, Pair.unwrap(pair)));
            riskRaisedAt = riskRaisedAt.max(pair.riskRaisedAt());
            unchecked {
                // Counts are below 2**8.
                uint256 id = (position << 1) - 2;
                if (held & 1 != 0 && _list(list, count++, id, pair)) hasRisk = true;
                if (held & 2 != 0 && _list(list, count++, id + 1, pair)) hasRisk = true;
            }
        }
        bits = header.instruments();
        if (bits > PORTFOLIO_MODE) hasRisk = true;
        if (bits != 0) {
            // An account that holds instruments keeps its stamp in the settlement asset's pair.
            riskRaisedAt = riskRaisedAt.max(state.pairs[0].riskRaisedAt());
            instruments = new address[](bits.popCount());
            for (uint256 i; bits != 0; bits &= bits - 1) instruments[i++] = _instruments[bits.ffs()];
        }
    }

    /// @dev Puts a balance in tokens into the list, and says whether it is a debt.
    function _list(
        Holding[] memory list,
        uint256 position,
        uint256 id,
        Pair pair
    ) private view returns (bool isDebt) {
        int256 amount = pair.balance(id);
        if (amount < 0) {
            isDebt = true;
            uint256 index = _seenIndex(id);
            if (index == 0) index = _poolOf(id).debtIndexNow();
            amount = -int256(_debtOf(uint256(-amount), index));
        }
        list[position] = HoldingLib.pack(id, amount);
    }

    // --- balances ---

    uint256 private constant _HEADER_KEY = 64;

    /// @dev Writes a balance; the header changes only when it starts or ends at zero.
    function _setBalance(AccountId account, uint256 id, Pair pair, int256 before, int256 amount) private {
        if (amount > MAX_BALANCE || amount < -MAX_BALANCE) {
            revert IVaultTypes.Vault_AmountOutOfRange(amount.abs(), uint256(MAX_BALANCE));
        }
        AccountState storage state = _accounts[account];
        _record(account, id >> 1, Pair.unwrap(pair));
        state.pairs[id >> 1] = pair.withBalance(id, amount);
        if ((before == 0) != (amount == 0)) {
            Header header = state.header;
            _record(account, _HEADER_KEY, Header.unwrap(header));
            header = header.withAsset(id, amount != 0);
            state.header = header;
            if (amount == 0) _keepStamp(state, header, id >> 1);
        }
    }

    /// @dev Adds `amount` to a balance: debt first, custody with the rest.
    /// @return principalDown principal repaid
    /// @return custodyUp custody added {tok}
    function _credit(
        AccountId account,
        uint256 id,
        uint256 amount
    ) internal returns (uint256 principalDown, uint256 custodyUp) {
        Pair pair = _accounts[account].pairs[id >> 1];
        int256 balance = pair.balance(id);
        if (balance >= 0) {
            custodyUp = amount;
            _setBalance(account, id, pair, balance, balance + _signed(amount));
            return (0, custodyUp);
        }
        uint256 index = _indexOf(id);
        principalDown = uint256(-balance);
        uint256 debt = _debtOf(principalDown, index);
        if (amount >= debt) custodyUp = amount - debt;
        else principalDown = _principalDown(amount, index);
        _setBalance(
            account,
            id,
            pair,
            balance,
            custodyUp != 0 ? _signed(custodyUp) : balance + int256(principalDown)
        );
    }

    /// @dev Takes `amount` off a balance: custody first, debt for the rest.
    /// @return principalUp principal borrowed
    /// @return custodyDown custody taken {tok}
    function _debit(
        AccountId account,
        uint256 id,
        uint256 amount
    ) internal returns (uint256 principalUp, uint256 custodyDown) {
        Pair pair = _accounts[account].pairs[id >> 1];
        int256 balance = pair.balance(id);
        int256 left = balance - _signed(amount);
        custodyDown = amount;
        if (left < 0) {
            custodyDown = balance > 0 ? uint256(balance) : 0;
            principalUp = _principalUp(amount - custodyDown, _indexOf(id));
            left = balance - int256(custodyDown) - _signed(principalUp);
        }
        _setBalance(account, id, pair, balance, left);
    }

    /// @dev What of `amount` custody pays {tok}, and what is borrowed {tok}.
    /// @return pair in which the balance is
    function _split(
        AccountId account,
        uint256 id,
        uint256 amount
    ) internal view returns (Pair pair, uint256 custodyDown, uint256 borrowed) {
        pair = _accounts[account].pairs[id >> 1];
        int256 balance = pair.balance(id);
        borrowed = uint256(_signed(amount));
        if (balance > 0) custodyDown = amount.min(uint256(balance));
        unchecked {
            borrowed -= custodyDown;
        }
    }

    /// @dev Takes off a balance what `_split` said, once the pool has said what principal that is. Nobody has changed the
    /// balance in between: the operation's lock was held.
    function _take(
        AccountId account,
        uint256 id,
        Pair pair,
        uint256 custodyDown,
        uint256 principalUp
    ) internal {
        int256 balance = pair.balance(id);
        _setBalance(account, id, pair, balance, balance - int256(custodyDown) - _signed(principalUp));
    }

    /// @dev Takes principal off a debt that is no smaller.
    function _reducePrincipal(AccountId account, uint256 id, uint256 principal) internal {
        Pair pair = _accounts[account].pairs[id >> 1];
        int256 balance = pair.balance(id);
        _setBalance(account, id, pair, balance, balance + int256(principal));
    }

    /// @dev Moves a holding from one account to another: `amount` {tok} of custody when positive, of debt when negative.
    /// Debt moves as principal, rounded up, so that nothing changes in the pool's books unless the taker pays it off.
    function _moveHolding(AccountId from, AccountId to, uint256 id, int256 amount) internal {
        if (amount > 0) {
            (, uint256 custodyDown) = _debit(from, id, uint256(amount));
            (uint256 principalDown, uint256 custodyUp) = _credit(to, id, uint256(amount));
            if (custodyUp != custodyDown) _book(id, custodyUp, custodyDown, 0, principalDown);
        } else if (amount < 0) {
            _moveDebt(from, to, id, uint256(-amount));
        }
    }

    function _moveDebt(AccountId from, AccountId to, uint256 id, uint256 amount) private {
        uint256 index = _indexOf(id);
        Pair pair = _accounts[from].pairs[id >> 1];
        int256 balance = pair.balance(id);
        uint256 principal = _principalUp(amount, index).min(uint256(-balance));
        _setBalance(from, id, pair, balance, balance + int256(principal));

        pair = _accounts[to].pairs[id >> 1];
        balance = pair.balance(id);
        if (balance <= 0) {
            _setBalance(to, id, pair, balance, balance - int256(principal));
            return;
        }
        uint256 debt = _debtOf(principal, index);
        if (uint256(balance) >= debt) {
            _setBalance(to, id, pair, balance, balance - _signed(debt));
            _book(id, 0, debt, 0, principal);
        } else {
            uint256 paid = uint256(balance);
            uint256 principalPaid = _principalDown(paid, index);
            _setBalance(to, id, pair, balance, -int256(principal - principalPaid));
            _book(id, 0, paid, 0, principalPaid);
        }
    }

    /// @dev Pays settlement tokens from one account to another, borrowing for the payer what it lacks. A payment from debt
    /// to debt moves principal and leaves the pool's books alone.
    function _pay(AccountId from, AccountId to, uint256 amount) internal {
        if (amount == 0 || from.equals(to)) return;
        Pair pair = _accounts[from].pairs[0];
        int256 balance = pair.balance(SETTLEMENT);
        int256 receiver = _rawBalance(to, SETTLEMENT);
        if (balance <= 0 && receiver < 0) {
            uint256 principal = _principalUp(uint256(_signed(amount)), _indexOf(SETTLEMENT));
            if (principal <= uint256(-receiver)) {
                _setBalance(from, SETTLEMENT, pair, balance, balance - _signed(principal));
                _setBalance(to, SETTLEMENT, _accounts[to].pairs[0], receiver, receiver + int256(principal));
                return;
            }
        }
        (uint256 principalUp, uint256 custodyDown) = _debit(from, SETTLEMENT, amount);
        (uint256 principalDown, uint256 custodyUp) = _credit(to, SETTLEMENT, amount);
        _book(SETTLEMENT, custodyUp, custodyDown, principalUp, principalDown);
    }

    // --- books ---

    /// @dev Enters an internal movement into custody and pool: at once, or for the settlement asset when the operation
    /// closes, so that what nets out within a batch never draws on the pool.
    function _book(
        uint256 id,
        uint256 custodyUp,
        uint256 custodyDown,
        uint256 principalUp,
        uint256 principalDown
    ) internal {
        int256 custody = int256(custodyUp) - int256(custodyDown);
        int256 principal = int256(principalUp) - int256(principalDown);
        if (id == SETTLEMENT) {
            (int256 custodyBefore, int256 principalBefore) = _opened();
            unchecked {
                // Each is below 2**113.
                custody += custodyBefore;
                principal += principalBefore;
            }
            if (custody != int128(custody) || principal != int128(principal)) {
                revert IVaultTypes.Vault_AmountOutOfRange(
                    custody.abs().max(principal.abs()),
                    uint256(int256(type(int128).max))
                );
            }
            _open = (custody << 128) | (principal & int256(uint256(type(uint128).max)));
        } else {
            _settleWithPool(id, custody, principal);
        }
    }

    /// @dev Whether accounts owe of the asset what its pool does not know of before the operation closes.
    function _isOpen(uint256 id) internal view returns (bool) {
        if (id != SETTLEMENT) return false;
        (, int256 principal) = _opened();
        return principal > 0;
    }

    function _opened() private view returns (int256 custody, int256 principal) {
        int256 word = _open;
        return (word >> 128, int128(word));
    }

    /// @dev Settles what settlement-asset movements of this operation left open.
    function _settleOpen() internal {
        (int256 custody, int256 principal) = _opened();
        if (custody == 0 && principal == 0) return;
        _open = 0;
        _settleWithPool(SETTLEMENT, custody, principal);
    }

    /// @dev Draws the tokens that custody gained and sends those it lost. Roundings make principal rise by more, or fall by
    /// less, than the tokens are worth: the pool's own check holds both to it.
    function _settleWithPool(uint256 id, int256 custody, int256 principal) private {
        address token = _tokens[id];
        ILendingPool pool = _poolOf(id);
        if (custody > 0 || principal > 0) {
            pool.borrow(uint256(principal.max(0)), uint256(custody.max(0)), address(this));
        }
        if (custody < 0 || principal < 0) {
            uint256 sent = uint256(-custody.min(0));
            if (sent != 0) token.safeTransfer(address(pool), sent);
            pool.repayDebt(uint256(-principal.min(0)), sent);
        }
        _addCustody(token, custody);
    }

    function _addCustody(address token, int256 change) internal {
        if (change == 0) return;
        Custody custody = _custody[token];
        uint256 total = uint256(int256(custody.total()) + change);
        if (total > CustodyLib.MAX_TOTAL)
            revert IVaultTypes.Vault_AmountOutOfRange(total, CustodyLib.MAX_TOTAL);
        _custody[token] = custody.withTotal(total);
    }

    /// @dev Gives up debt of an account: its pool loses it for good.
    function _writeOffDebt(AccountId account, uint256 id, uint256 amount) internal {
        ILendingPool pool = _poolOf(id);
        Pair pair = _accounts[account].pairs[id >> 1];
        int256 balance = pair.balance(id);
        if (balance >= 0) return;
        uint256 index = _indexOf(id);
        uint256 principal = uint256(-balance);
        if (amount < _debtOf(principal, index)) principal = _principalDown(amount, index);
        _setBalance(account, id, pair, balance, balance + int256(principal));
        pool.writeOff(principal);
        emit IVaultTypes.DebtWrittenOff(account, _tokens[id], amount);
    }

    // --- header and stamps ---

    function _setInstrument(AccountId account, uint256 id, bool held) internal {
        AccountState storage state = _accounts[account];
        Header header = state.header;
        _record(account, _HEADER_KEY, Header.unwrap(header));
        header = header.withInstrument(id, held);
        state.header = header;
        if (!held) _keepStamp(state, header, SETTLEMENT);
    }

    /// @dev Marks that the account may have taken on risk in this block, in a pair that it holds; `lastWritten` where that is
    /// one, since its slot is warm and dirty. `_gather` looks at pairs that are held, and with instruments at the first.
    function _stamp(
        AccountId account,
        Holding[] memory list,
        bool holdsInstruments,
        uint256 lastWritten
    ) internal {
        uint256 position;
        if (!holdsInstruments) {
            for (uint256 i; i < list.length; ++i) {
                position = list[i].assetId() >> 1;
                if (position == lastWritten) break;
            }
        }
        AccountState storage state = _accounts[account];
        Pair pair = state.pairs[position];
        if (pair.riskRaisedAt() != _stampNow()) state.pairs[position] = pair.stamped(block.number);
    }

    /// @dev The pair at `position` may have ceased to be looked at: a stamp of this block moves on, so that the repayment of
    /// a dust of debt does not lift it.
    function _keepStamp(AccountState storage state, Header header, uint256 position) private {
        uint256 bits = header.assets();
        if (bits == 0 || (bits >> (position << 1)) & 3 != 0) return;
        if (position == 0 && header.instruments() != 0) return;
        if (state.pairs[position].riskRaisedAt() != _stampNow()) return;
        uint256 next = header.instruments() != 0 ? 0 : bits.ffs() >> 1;
        state.pairs[next] = state.pairs[next].stamped(block.number);
    }

    /// @dev Number of this block as stamps hold it.
    function _stampNow() internal view returns (uint256) {
        return block.number & (type(uint32).max >> 1);
    }

    function _signed(uint256 amount) private pure returns (int256) {
        if (amount > uint256(MAX_BALANCE))
            revert IVaultTypes.Vault_AmountOutOfRange(amount, uint256(MAX_BALANCE));
        return int256(amount);
    }
}
