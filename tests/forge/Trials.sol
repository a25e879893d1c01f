// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IVaultOperations} from "../../interfaces/IVault.sol";
import {AccountId, Holding, Requirement} from "../../interfaces/Types.sol";
import {Governing} from "./Governing.sol";
import {IShares} from "./Mocks.sol";
import {VM} from "./Vm.sol";

/// @notice Promises that are tried out at whatever state a sequence has reached, and undone.
abstract contract Trials is Governing {
    error Trial(string broken);

    /// @notice EXIT-1: paused or not, fresh, stale, diverged or dead: repay everything and leave.
    function theWayOutIsOpen(uint256 seed) external handler("theWayOutIsOpen", seed) {
        AccountId account = _trader();
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        if (list.length == 0 || _holdsBooks(instruments)) return;
        try this.exit(account) {
            _violate("a trial stayed");
        } catch (bytes memory reason) {
            _outcome(reason);
        }
    }

    /// @notice ROUND-1: deposits, withdrawals, borrowing, repaying and lending at the same prices; no asset becomes more.
    function roundTripsWinNothing(uint256 seed) external handler("roundTripsWinNothing", seed) {
        AccountId account = _trader();
        try this.roundTrip(account, _lent(), uint256(keccak256(abi.encode(seed)))) {
            _violate("a trial stayed");
        } catch (bytes memory reason) {
            _outcome(reason);
        }
    }

    /// @notice LIQ-2: at the same prices, taking over a fraction in two steps never pays the taker more than in one.
    function stepsPayNoMore(uint256 seed) external handler("stepsPayNoMore", seed) {
        uint256 first = _draw(0, TRADER_ACCOUNTS - 1);
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            AccountId account = accounts[(first + i) % TRADER_ACCOUNTS];
            (, address[] memory instruments, ) = vault.holdings(account);
            // What instruments pay first is not the taker's; they are rounded by themselves.
            if (instruments.length != 0 || !_mayBeTaken(account)) continue;
            uint256 fraction = _draw(50, 1_000) * (WAD / 1_000);
            try this.steps(account, fraction, (fraction * _draw(100, 900)) / 1_000) {
                _violate("a trial stayed");
            } catch (bytes memory reason) {
                _outcome(reason);
            }
            return;
        }
    }

    // --- what is tried; always reverts ---

    function exit(AccountId account) external {
        address owner = account.owner();
        (Holding[] memory list, , ) = vault.holdings(account);
        for (uint256 i; i < list.length; ++i) {
            if (list[i].amount() >= 0) continue;
            uint256 id = list[i].assetId();
            _mint(id, owner, uint256(-list[i].amount()));
            if (!_do(owner, abi.encodeCall(IVaultOperations.repay, (account, _token(id), type(uint256).max))))
                revert Trial("EXIT-1: a repayment was refused");
        }
        for (uint256 i; i < list.length; ++i) {
            if (list[i].amount() <= 0) continue;
            bytes memory data = abi.encodeCall(
                IVaultOperations.withdraw,
                (account, _token(list[i].assetId()), type(uint256).max, owner)
            );
            if (!_do(owner, data)) revert Trial("EXIT-1: a withdrawal was refused");
        }
        (list, , ) = vault.holdings(account);
        revert Trial(list.length == 0 ? "" : "EXIT-1: something is left");
    }

    function roundTrip(AccountId account, uint256 id, uint256 entropy) external {
        address owner = account.owner();
        IShares pool = IShares(address(assets[id].pool));
        _mint(id, owner, _units(id, 50_000 * WAD));
        assets[id].pool.accrue();
        uint256 before = _wealth(account, id);
        for (uint256 i; i < 6; ++i) {
            uint256 amount = (_units(id, 10_000 * WAD) * (1 + ((entropy >> (32 * i)) % 1_000))) / 1_007;
            uint256 kind = (entropy >> (32 * i + 16)) % 6;
            if (kind == 0) _do(owner, _depositCall(account, id, amount));
            else if (kind == 1)
                _do(owner, abi.encodeCall(IVaultOperations.withdraw, (account, _token(id), amount, owner)));
            else if (kind == 2)
                _do(owner, abi.encodeCall(IVaultOperations.borrow, (account, _token(id), amount, owner)));
            else if (kind == 3)
                _do(owner, abi.encodeCall(IVaultOperations.repay, (account, _token(id), amount)));
            else if (kind == 4) _to(owner, address(pool), abi.encodeCall(IShares.deposit, (amount, owner)));
            else
                _to(
                    owner,
                    address(pool),
                    abi.encodeCall(IShares.redeem, (pool.balanceOf(owner) / 3, owner, owner))
                );
        }
        revert Trial(_wealth(account, id) <= before ? "" : "ROUND-1: a round trip won");
    }

    function steps(AccountId account, uint256 fraction, uint256 first) external {
        (uint256 takenWhole, int256 gainWhole) = _gain(account, fraction);
        if (takenWhole == 0) revert Trial("");
        try this.twoSteps(account, fraction, first) {} catch (bytes memory reason) {
            if (bytes4(reason) != Gain.selector) revert Trial("");
            (uint256 taken, int256 gain) = _decode(reason);
            // More may be taken in all, since a takeover that leaves dust takes all: only equal parts compare.
            if (taken > takenWhole) revert Trial("");
            bool more = gain > gainWhole + int256(WAD / 1e5);
            revert Trial(more ? "LIQ-2: two steps pay more than one" : "");
        }
    }

    error Gain(uint256 takenWad, int256 gainWad);

    function oneStep(AccountId account, uint256 fraction) external {
        AccountId into = accounts[TRADER_ACCOUNTS];
        int256 before = _assess(into, Requirement.MAINTENANCE).equity;
        uint256 taken = _taken(account, into, fraction);
        revert Gain(taken, _assess(into, Requirement.MAINTENANCE).equity - before);
    }

    function twoSteps(AccountId account, uint256 fraction, uint256 first) external {
        AccountId into = accounts[TRADER_ACCOUNTS];
        int256 before = _assess(into, Requirement.MAINTENANCE).equity;
        uint256 taken = _taken(account, into, first);
        // Of what is left.
        uint256 rest = ((fraction - taken) * WAD) / (WAD - taken);
        uint256 more = _taken(account, into, rest);
        taken += (more * (WAD - taken)) / WAD;
        revert Gain(taken, _assess(into, Requirement.MAINTENANCE).equity - before);
    }

    // --- internal ---

    function _gain(AccountId account, uint256 fraction) private returns (uint256 taken, int256 gain) {
        try this.oneStep(account, fraction) {} catch (bytes memory reason) {
            if (bytes4(reason) == Gain.selector) return _decode(reason);
        }
    }

    function _decode(bytes memory reason) private pure returns (uint256 taken, int256 gain) {
        assembly ("memory-safe") {
            taken := mload(add(reason, 0x24))
            gain := mload(add(reason, 0x44))
        }
    }

    function _taken(AccountId account, AccountId into, uint256 fraction) private returns (uint256 taken) {
        bytes memory data = abi.encodeCall(
            IVaultOperations.liquidate,
            (account, into, fraction, 0, 0, type(int256).max)
        );
        VM.prank(into.owner());
        (bool done, bytes memory result) = address(vault).call(data);
        if (!done) revert Trial("");
        (taken, ) = abi.decode(result, (uint256, int256));
    }

    function _do(address sender, bytes memory data) private returns (bool) {
        return _to(sender, address(vault), data);
    }

    function _to(address sender, address target, bytes memory data) private returns (bool done) {
        VM.prank(sender);
        (done, ) = target.call(data);
    }

    /// @dev All that an owner has of an asset: tokens, both balances, lent tokens at the price of leaving.
    function _wealth(AccountId account, uint256 id) private view returns (uint256) {
        address owner = account.owner();
        IShares pool = IShares(address(assets[id].pool));
        int256 held = _balance(account, id) + _balance(_sister(account), id);
        uint256 lent = pool.previewRedeem(pool.balanceOf(owner));
        return uint256(int256(assets[id].token.balanceOf(owner) + lent) + held + int256(1 << 200));
    }

    /// @dev What a trial that was undone had to say.
    function _outcome(bytes memory reason) private {
        if (bytes4(reason) != Trial.selector) return _noteRefused(reason);
        bytes memory tail = new bytes(reason.length - 4);
        for (uint256 i; i < tail.length; ++i) tail[i] = reason[i + 4];
        string memory broken = abi.decode(tail, (string));
        if (bytes(broken).length != 0) _violate(broken);
        else _noted();
    }

    function _noteRefused(bytes memory reason) private {
        _noteTry();
        _noteRefusal(bytes4(0), reason);
    }
}
