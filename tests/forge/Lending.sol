// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {IExitShares} from "../../interfaces/IExitShares.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IVirtualAmm} from "../../interfaces/IVirtualAmm.sol";
import {IFlashBorrower, IShares, IShareToken, IToken} from "./Mocks.sol";
import {Trading} from "./Trading.sol";
import {VM} from "./Vm.sol";

/// @notice Lenders, stakers, LPs of the virtual AMM, flash borrowers, donors.
abstract contract Lending is Trading {
    function lend(uint256 seed) external handler("lend", seed) {
        uint256 id = _lent();
        address person = _person();
        IShares pool = IShares(address(assets[id].pool));
        uint256 amount = _units(id, _dollars(1, 500_000));
        _mint(id, person, amount);
        uint256 before = pool.balanceOf(person);
        (bool done, ) = _try(person, address(pool), abi.encodeCall(IShares.deposit, (amount, person)));
        if (!done) return;
        uint256 worth = pool.previewRedeem(pool.balanceOf(person) - before);
        _require(worth <= amount, "ROUND-1: who lends and leaves has more");
    }

    function mintShares(uint256 seed) external handler("mintShares", seed) {
        uint256 id = _lent();
        address person = _person();
        IShares pool = IShares(address(assets[id].pool));
        uint256 shares = _draw(1, _units(id, _dollars(1, 50_000))) * 1e6;
        _mint(id, person, shares);
        _try(person, address(pool), abi.encodeCall(IShares.mint, (shares, person)));
    }

    function stopLending(uint256 seed) external handler("stopLending", seed) {
        uint256 id = _lent();
        IShares pool = IShares(address(assets[id].pool));
        address person = _one(3) ? LENDER : _person();
        uint256 shares = pool.balanceOf(person);
        if (shares == 0) return;
        shares = _draw(1, person == LENDER ? shares / 10 : shares);
        uint256 most = pool.maxWithdraw(person);
        if (_one(2) || most == 0) {
            uint256 preview = pool.previewRedeem(shares);
            bytes memory data = abi.encodeCall(IShares.redeem, (shares, person, person));
            (bool done, bytes memory result) = _try(person, address(pool), data);
            if (done)
                _require(abi.decode(result, (uint256)) <= preview, "ROUND-1: redeemed more than previewed");
        } else {
            (bool done, ) = _try(
                person,
                address(pool),
                abi.encodeCall(IShares.withdraw, (_draw(1, most), person, person))
            );
            _require(done, "EIP-4626: at most maxWithdraw was refused");
        }
    }

    function giveShares(uint256 seed) external handler("giveShares", seed) {
        IShares pool = IShares(address(assets[_lent()].pool));
        address person = _one(2) ? LENDER : _person();
        uint256 shares = pool.balanceOf(person) / (person == LENDER ? 100 : 1);
        if (shares == 0) return;
        _try(person, address(pool), abi.encodeCall(IShares.transfer, (_person(), _draw(1, shares))));
    }

    function accrue(uint256 seed) external handler("accrue", seed) {
        _try(_person(), address(assets[_lent()].pool), abi.encodeCall(ILendingPool.accrue, ()));
    }

    function collectReserve(uint256 seed) external handler("collectReserve", seed) {
        address pool = address(assets[_lent()].pool);
        bytes memory data = abi.encodeCall(IBackstop.collect, (pool));
        (bool done, ) = _try(_person(), address(backstop), data);
        if (done) _reached(pool, ILendingPool.collectReserve.selector);
    }

    /// @notice During a loan the pool refuses every operation and every price.
    function flashLoan(uint256 seed) external handler("flashLoan", seed) {
        uint256 id = _lent();
        address pool = address(assets[id].pool);
        uint256 amount = (assets[id].pool.cash() * _draw(1, 100)) / 100;
        _mint(id, flashBorrower, amount / 100 + 1);
        IFlashBorrower.Attempt[] memory attempts = new IFlashBorrower.Attempt[](3);
        attempts[0] = IFlashBorrower.Attempt(pool, abi.encodeCall(ILendingPool.accrue, ()));
        attempts[1] = IFlashBorrower.Attempt(pool, abi.encodeCall(ILendingPool.debtIndexNow, ()));
        attempts[2] = IFlashBorrower.Attempt(pool, abi.encodeCall(IShares.deposit, (1, flashBorrower)));
        IFlashBorrower(flashBorrower).setAttempts(attempts);
        bytes memory data = abi.encodeCall(IShares.flashLoan, (flashBorrower, _token(id), amount, ""));
        (bool done, ) = _try(_person(), pool, data);
        for (uint256 i; done && i < 3; ++i) {
            _require(!IFlashBorrower(flashBorrower).attemptSucceeded(i), "a pool answered during its loan");
        }
    }

    /// @notice Tokens sent without a word change nothing.
    function donate(uint256 seed) external handler("donate", seed) {
        uint256 id = _draw(0, ASSETS - 1);
        address to = id == FINE || _one(2) ? address(vault) : address(assets[id].pool);
        address person = _person();
        uint256 amount = _units(id, _dollars(1, 5_000));
        _mint(id, person, amount);
        (bool done, ) = _try(person, _token(id), abi.encodeCall(IToken.transfer, (to, amount)));
        if (done) donated[to][id] += amount;
    }

    // --- backstop and virtual AMM ---

    function stake(uint256 seed) external handler("stake", seed) {
        _enter(address(backstop));
    }

    function provide(uint256 seed) external handler("provide", seed) {
        _enter(address(amm));
    }

    function requestExit(uint256 seed) external handler("requestExit", seed) {
        address fund = _fund();
        address person = _holder(fund);
        uint256 shares = IShares(fund).balanceOf(person);
        if (shares == 0) return;
        bytes memory data =
            _one(8)
                ? abi.encodeCall(IExitShares.cancelExit, ())
                : abi.encodeCall(IExitShares.requestExit, (_draw(1, shares)));
        _try(person, fund, data);
    }

    /// @notice Within the window, at the price net of flagged shortfalls; not a second earlier.
    function leave(uint256 seed) external handler("leave", seed) {
        address fund = _fund();
        address person = _leaver(fund);
        IExitShares.Exit memory exit = IExitShares(fund).exitOf(person);
        uint256 now_ = VM.getBlockTimestamp();
        if (exit.shares == 0 || exit.closesAt < now_) return;
        if (exit.opensAt > now_ && !_one(4)) _wait(exit.opensAt - now_);
        uint256 shares = IShares(fund).balanceOf(person);
        if (shares > exit.shares) shares = exit.shares;
        if (shares == 0) return;
        // Funds go on: the first staker and LP leave by parts.
        shares = _draw(1, shares / 4 + 1);
        bytes memory data = abi.encodeCall(IShares.redeem, (shares, person, person));
        if (_one(4))
            data = abi.encodeCall(IShares.withdraw, (IShares(fund).previewRedeem(shares), person, person));
        else if (fund == address(amm) && _one(3))
            data = abi.encodeCall(IVirtualAmm.redeemFor, (shares, person, person, 0));
        (bool done, ) = _try(person, fund, data);
        if (!done) return;
        bool open = VM.getBlockTimestamp() >= exit.opensAt && VM.getBlockTimestamp() <= exit.closesAt;
        _require(open, "somebody left outside of his window");
    }

    function _enter(address fund) private {
        address person = _person();
        uint256 amount = _units(USDC, _dollars(10, 300_000));
        _mint(USDC, person, amount);
        uint256 before = IShares(fund).balanceOf(person);
        bytes memory data = abi.encodeCall(IShares.deposit, (amount, person));
        if (_one(4)) {
            _mint(USDC, person, IShares(fund).previewMint(amount * 1e5));
            data = abi.encodeCall(IShares.mint, (amount * 1e5, person));
        } else if (fund == address(amm) && _one(3))
            data = abi.encodeCall(IVirtualAmm.depositFor, (amount, person, 0));
        uint256 held = assets[USDC].token.balanceOf(person);
        (bool done, ) = _try(person, fund, data);
        if (!done) return;
        amount = held - assets[USDC].token.balanceOf(person);
        uint256 shares = IShares(fund).balanceOf(person) - before;
        _require(IShares(fund).previewRedeem(shares) <= amount, "ROUND-1: who enters and leaves has more");
    }

    function _fund() private returns (address) {
        return _one(2) ? address(backstop) : address(amm);
    }

    /// @dev Who has asked to leave and may still, if there is anybody.
    function _leaver(address fund) private returns (address person) {
        uint256 first = _draw(0, people.length - 1);
        for (uint256 i; i < people.length; ++i) {
            person = people[(first + i) % people.length];
            IExitShares.Exit memory exit = IExitShares(fund).exitOf(person);
            if (exit.shares != 0 && exit.closesAt >= VM.getBlockTimestamp()) return person;
        }
    }

    /// @dev Mostly somebody who has shares.
    function _holder(address fund) private returns (address) {
        return _one(4) ? _person() : people[TRADERS + (fund == address(backstop) ? 2 : 3)];
    }

    // --- the share token among the assets ---

    function shareTokenMoves(uint256 seed) external handler("shareTokenMoves", seed) {
        IShareToken share = IShareToken(_token(WSTETH));
        uint256 stock = assets[WETH].token.balanceOf(address(share));
        uint256 amount = (stock * _draw(1, 20)) / 1_000;
        if (_one(3) && share.convertToAssets(1e18) > 0.9e18) {
            _try(address(this), address(share), abi.encodeCall(IShareToken.lose, (amount)));
        } else if (share.convertToAssets(1e18) < 1.2e18) {
            _mint(WETH, address(this), amount);
            assets[WETH].token.approve(address(share), amount);
            _try(address(this), address(share), abi.encodeCall(IShareToken.donate, (amount)));
        }
    }

    /// @dev Time passes, and sources and surface answer.
    function _wait(uint256 time) internal virtual;
}
