// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IVaultAdmin, IVaultOperations, IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId, Holding} from "../../interfaces/Types.sol";
import {Judge} from "./Judge.sol";
import {IAdapter} from "./Mocks.sol";
import {VM} from "./Vm.sol";

/// @notice Traders: deposits, debts, swaps, batches, operators, margin models.
abstract contract Trading is Judge {
    bytes[] internal _batch;

    function deposit(uint256 seed) external handler("deposit", seed) {
        AccountId account = _trader();
        uint256 id = _draw(0, ASSETS - 1);
        address sender = _one(5) ? _person() : account.owner();
        if (sender != account.owner() && _balance(account, id) == 0) sender = account.owner();
        uint256 amount = _units(id, _dollars(1, 50_000));
        _mint(id, sender, amount);
        _try(sender, address(vault), _depositCall(account, id, amount));
    }

    function depositNative(uint256 seed) external handler("depositNative", seed) {
        AccountId account = _trader();
        uint256 amount = _units(WETH, _dollars(1, 20_000));
        VM.deal(address(this), amount);
        // Who sends it needs ether of his own: the contract itself, as an operator for this second.
        uint256 expiry = VM.getBlockTimestamp();
        bytes memory allow = abi.encodeCall(IVaultAdmin.setOperator, (account, address(this), expiry));
        _send(account.owner(), address(vault), allow);
        _native(account, amount);
    }

    function withdraw(uint256 seed) external handler("withdraw", seed) {
        AccountId account = _trader();
        (uint256 id, uint256 held) = _someHeld(account);
        if (held == 0) return;
        uint256 amount = _out(account, id, held);
        bytes memory data =
            id == WETH && _one(3)
                ? abi.encodeCall(IVaultOperations.withdrawNative, (account, amount, account.owner()))
                : abi.encodeCall(IVaultOperations.withdraw, (account, _token(id), amount, account.owner()));
        _act(account, account.owner(), data);
    }

    function borrow(uint256 seed) external handler("borrow", seed) {
        AccountId account = _trader();
        uint256 free = _free(account);
        if (free < 200 * WAD) return;
        uint256 id = _lent();
        uint256 amount = _units(id, (free * _draw(10, 110)) / 120);
        bytes memory data = abi.encodeCall(
            IVaultOperations.borrow,
            (account, _token(id), amount, account.owner())
        );
        uint256 before = assets[id].pool.totalPrincipal();
        if (_act(account, account.owner(), data)) _requireWithinLine(assets[id].pool, before);
    }

    function repay(uint256 seed) external handler("repay", seed) {
        AccountId account = _trader();
        (uint256 id, uint256 owed) = _someOwed(account);
        if (owed == 0) return;
        uint256 amount = _one(3) ? owed : _draw(1, owed);
        address sender = _one(4) ? _person() : account.owner();
        _mint(id, sender, amount);
        (bool done, ) = _try(
            sender,
            address(vault),
            abi.encodeCall(IVaultOperations.repay, (account, _token(id), amount))
        );
        _require(done, "EXIT-1: a repayment was refused");
    }

    function transfer(uint256 seed) external handler("transfer", seed) {
        AccountId account = _trader();
        (uint256 id, uint256 held) = _someHeld(account);
        if (held == 0) return;
        AccountId to = _one(3) ? _trader() : _sister(account);
        _act(
            account,
            account.owner(),
            abi.encodeCall(IVaultOperations.transfer, (account, to, _token(id), _out(account, id, held)))
        );
    }

    function swap(uint256 seed) external handler("swap", seed) {
        AccountId account = _trader();
        (uint256 id, uint256 held) = _someHeld(account);
        if (held == 0 || id == FINE) return;
        uint256 other = _draw(0, ASSETS - 2);
        if (other == id) other = (id + 1) % (ASSETS - 1);
        _act(account, account.owner(), _swapCall(account, id, other, _draw(1 + held / 100, held), _one(3)));
    }

    /// @notice Deposits, borrows and buys with it, in one batch.
    function lever(uint256 seed) external handler("lever", seed) {
        AccountId account = _trader();
        uint256 id = _draw(WETH, CENT);
        uint256 own = _dollars(500, 50_000);
        uint256 amount = _units(id, own);
        _mint(id, account.owner(), amount);
        _batch.push(_depositCall(account, id, amount));
        uint256 debt = _one(3) ? _lent() : USDC;
        if (debt == id) debt = USDC;
        _batch.push(_swapCall(account, debt, id, _units(debt, (own * _draw(50, 350)) / 100), false));
        _sendBatch(account, account.owner());
    }

    /// @notice Sells what is held for what is owed, as far as it goes.
    function unwind(uint256 seed) external handler("unwind", seed) {
        AccountId account = _trader();
        (uint256 debt, uint256 owed) = _someOwed(account);
        (uint256 id, uint256 held) = _someHeld(account);
        if (owed == 0 || held == 0 || id == FINE) return;
        uint256 amount = _units(id, (_value(debt, owed) * _draw(20, 103)) / 100);
        if (amount > held) amount = held;
        _act(account, account.owner(), _swapCall(account, id, debt, amount, false));
    }

    /// @notice Several things at once, in any order.
    function batch(uint256 seed) external handler("batch", seed) {
        AccountId account = _trader();
        address owner = account.owner();
        uint256 amount = _units(USDC, _dollars(100, 20_000));
        _mint(USDC, owner, amount);
        _batch.push(_depositCall(account, USDC, amount));
        for (uint256 i = _draw(1, 3); i != 0; --i) {
            uint256 kind = _draw(0, 3);
            uint256 id = _lent();
            uint256 part = _units(id, (_dollars(1, 5_000)));
            if (kind == 0)
                _batch.push(abi.encodeCall(IVaultOperations.borrow, (account, _token(id), part, owner)));
            else if (kind == 1 && id != USDC)
                _batch.push(_swapCall(account, USDC, id, _draw(1, amount), false));
            else if (kind == 2)
                _batch.push(
                    abi.encodeCall(
                        IVaultOperations.borrow,
                        (account, _token(USDC), _draw(1, amount / 2), owner)
                    )
                );
            else {
                _mint(id, owner, part);
                _batch.push(_depositCall(_sister(account), id, part));
            }
        }
        // So that the account is always judged: deposits alone raise no risk.
        _batch.push(abi.encodeCall(IVaultOperations.borrow, (account, _token(USDC), 1, owner)));
        _sendBatch(account, owner);
    }

    function operator(uint256 seed) external handler("operator", seed) {
        AccountId account = _trader();
        address actor = _person();
        (uint256 id, uint256 held) = _someHeld(account);
        if (held == 0) return;
        uint256 expiry = VM.getBlockTimestamp() + _draw(0, 1) * 100;
        bytes memory allow = abi.encodeCall(IVaultAdmin.setOperator, (account, actor, expiry));
        _send(account.owner(), address(vault), allow);
        bytes memory data = abi.encodeCall(
            IVaultOperations.withdraw,
            (account, _token(id), _out(account, id, held), actor)
        );
        _act(account, actor, data);
        allow = abi.encodeCall(IVaultAdmin.setOperator, (account, actor, 0));
        _send(account.owner(), address(vault), allow);
    }

    /// @notice Nobody else moves anything.
    function stranger(uint256 seed) external handler("stranger", seed) {
        AccountId account = _trader();
        address actor = _person();
        (uint256 id, uint256 held) = _someHeld(account);
        if (held == 0 || actor == account.owner()) return;
        (bool done, ) = _send(
            actor,
            address(vault),
            abi.encodeCall(IVaultOperations.withdraw, (account, _token(id), 1, actor))
        );
        _require(!done, "a stranger withdrew");
        (done, ) = _send(
            actor,
            address(vault),
            abi.encodeCall(IVaultOperations.callInstrument, (account, portfolioMode, abi.encode(true)))
        );
        _require(!done, "a stranger changed the margin model");
        _noted();
    }

    function marginModel(uint256 seed) external handler("marginModel", seed) {
        AccountId account = _trader();
        bytes memory data = abi.encodeCall(
            IVaultOperations.callInstrument,
            (account, portfolioMode, abi.encode(!_one(3)))
        );
        _act(account, account.owner(), data);
    }

    // --- calls ---

    function _native(AccountId account, uint256 amount) private {
        _noteTry();
        try vault.depositNative{value: amount}(account) {
            _reached(address(vault), IVaultOperations.depositNative.selector);
            _noteSuccess();
        } catch (bytes memory reason) {
            _noteRefusal(IVaultOperations.depositNative.selector, reason);
        }
    }

    function _depositCall(
        AccountId account,
        uint256 id,
        uint256 amount
    ) internal view returns (bytes memory) {
        return abi.encodeCall(IVaultOperations.deposit, (account, _token(id), amount));
    }

    /// @dev At the true price, up to 1% better or 1.5% worse. Not of FINE: the adapter's prices have no digits for it.
    function _swapCall(
        AccountId account,
        uint256 id,
        uint256 other,
        uint256 amount,
        bool exactOut
    ) internal returns (bytes memory) {
        uint256 value = (_value(id, amount) * _draw(985, 1_010)) / 1_000;
        uint256 bought = _units(other, value);
        address tokenIn = _token(id);
        address tokenOut = _token(other);
        uint256 price = (bought * 1e18) / amount;
        bought = (amount * price) / 1e18;
        // Two swaps in a batch share the last price.
        _mint(other, adapter, 2 * bought);
        IAdapter(adapter).setPrice(tokenIn, tokenOut, uint240(price));
        IVaultTypes.Swap memory order = IVaultTypes.Swap({
            adapter: adapter,
            assetIn: tokenIn,
            assetOut: tokenOut,
            exactOut: exactOut,
            amount: exactOut ? bought : amount,
            limit: exactOut ? amount : 0,
            maxLossWad: _one(4) ? WAD / 100 : WAD,
            route: ""
        });
        return abi.encodeCall(IVaultOperations.swap, (account, order));
    }

    function _sendBatch(AccountId account, address sender) internal returns (bool done) {
        bytes[] memory calls = _batch;
        delete _batch;
        done = _act(account, sender, abi.encodeCall(IVaultOperations.execute, (calls)));
        if (!done) return done;
        for (uint256 i; i < calls.length; ++i) _reached(address(vault), bytes4(calls[i]));
    }

    // --- what an account has ---

    function _token(uint256 id) internal view returns (address) {
        return address(assets[id].token);
    }

    function _value(uint256 id, uint256 amount) internal view returns (uint256) {
        return (amount * _price(id)) / 10 ** assets[id].decimals;
    }

    /// @dev The owner's other account.
    function _sister(AccountId account) internal pure returns (AccountId) {
        uint256 word = uint256(AccountId.unwrap(account));
        return _account(account.owner(), uint96(word) ^ 1);
    }

    function _someHeld(AccountId account) internal returns (uint256 id, uint256 amount) {
        return _some(account, true);
    }

    function _someOwed(AccountId account) internal returns (uint256 id, uint256 amount) {
        return _some(account, false);
    }

    function _some(AccountId account, bool held) private returns (uint256, uint256) {
        (Holding[] memory list, , ) = vault.holdings(account);
        if (list.length == 0) return (0, 0);
        uint256 first = _draw(0, list.length - 1);
        for (uint256 i; i < list.length; ++i) {
            Holding holding = list[(first + i) % list.length];
            int256 amount = holding.amount();
            if (held && amount > 0) return (holding.assetId(), uint256(amount));
            if (!held && amount < 0) return (holding.assetId(), uint256(-amount));
        }
        return (0, 0);
    }

    /// @dev What may leave, or a little more.
    function _out(AccountId account, uint256 id, uint256 held) internal returns (uint256 amount) {
        amount = _draw(1, held);
        uint256 free = (_free(account) * 11) / 10;
        if (_value(id, amount) > free && !_one(4)) amount = _units(id, free);
        if (amount > held) amount = held;
    }

    /// @dev SOLV-4: whoever borrows leaves the domain within its line.
    function _requireWithinLine(ILendingPool pool, uint256 principalBefore) internal {
        if (pool.totalPrincipal() <= principalBefore) return;
        ILendingPool.Domain memory domain = pool.domainOf(address(vault));
        uint256 line = domain.line > domain.writtenOff ? domain.line - domain.writtenOff : 0;
        _require(pool.totalDebt() <= line, "SOLV-4: borrowed beyond the line");
    }
}
