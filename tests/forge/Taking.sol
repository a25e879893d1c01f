// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVaultOperations} from "../../interfaces/IVault.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../interfaces/Types.sol";
import {IPuppet} from "./Mocks.sol";
import {Lending} from "./Lending.sol";
import {VM} from "./Vm.sol";

/// @notice Liquidators, and whoever meets a shortfall.
abstract contract Taking is Lending {
    uint256 private constant STEPS = 24;
    // Of contracts/risk/ScenarioGrid.sol: points of the grid, the last of the lower half and the first of the upper one, and the
    // two ends of the shock with volatility unchanged, where what is linear loses most.
    uint256 private constant GRID_POINTS = 23;
    uint256 private constant LOWER_END = 12;
    uint256 private constant UPPER_BEGIN = 10;
    uint256 private constant FALL = 2;
    uint256 private constant RISE = 20;

    /// @dev Insolvent accounts with instruments that were taken over: from then on the books have roundings in them.
    uint256 internal absorbed;

    /// @notice The price of what somebody holds falls, or of what he owes rises, until he may be taken over, and some steps on.
    function trouble(uint256 seed) external handler("trouble", seed) {
        AccountId account = _risky();
        if (account.owner() == address(0)) return;
        uint256 underlying = _one(2) ? WETH : assets[_draw(WETH, WSTETH)].underlying;
        int256 answer = _troubling(account, underlying);
        if (answer == 0) return;
        _setTruth(underlying, answer);
        _noted();
    }

    function liquidate(uint256 seed) external handler("liquidate", seed) {
        AccountId account = _unhealthy();
        if (account.owner() == address(0)) return;
        _liquidate(account, _fraction());
    }

    /// @notice Somebody gets into trouble and is taken over, in part or as a whole, in the next block.
    function troubleAndTakeover(uint256 seed) external handler("troubleAndTakeover", seed) {
        AccountId account = _risky();
        if (account.owner() == address(0)) return;
        int256 answer = _troubling(account, WETH);
        if (answer == 0) return;
        _setTruth(WETH, answer);
        if (_mayBeTaken(account)) _liquidate(account, _fraction());
    }

    /// @notice Of an account margined as a portfolio, by named points of the grid.
    function liquidateByScenario(uint256 seed) external handler("liquidateByScenario", seed) {
        (AccountId account, bool found) = _riskyPortfolio();
        if (!found) return;
        if (!_mayBeTaken(account)) {
            int256 answer = _troubling(account, WETH);
            if (answer == 0) return;
            _setTruth(WETH, answer);
            if (!_mayBeTaken(account)) return;
        }
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        uint256 scenario = _worstPoints(account, list, instruments);
        if (scenario == 0) return;
        (address taker, AccountId into) = _taker();
        _rollOn();
        uint256 held = _holdsBooks(instruments) ? 1 : 0;
        (bool done, bool insolvent) = _takeOver(
            taker,
            account,
            into,
            abi.encodeCall(
                IVaultOperations.liquidateByScenario,
                (account, into, _fraction(), scenario, type(int256).max)
            )
        );
        if (done && insolvent) absorbed += held;
    }

    /// @notice LIQ-3: whoever calls.
    function liquidateHealthy(uint256 seed) external handler("liquidateHealthy", seed) {
        AccountId account = _trader();
        if (_mayBeTaken(account)) return;
        (address taker, AccountId into) = _taker();
        _rollOn();
        (bool done, ) = _send(
            taker,
            address(vault),
            abi.encodeCall(IVaultOperations.liquidate, (account, into, WAD, 0, 0, type(int256).max))
        );
        _require(!done, "LIQ-3: a healthy account was taken over");
        _noted();
    }

    // --- shortfalls ---

    /// @notice LIQ-5: anybody, at once, without capital.
    function flag(uint256 seed) external handler("flag", seed) {
        AccountId account = _insolvent();
        if (account.owner() == address(0)) return;
        (bool done, ) = _try(
            _person(),
            address(liquidation),
            abi.encodeCall(ILiquidationEngine.flag, (account))
        );
        _require(done, "LIQ-5: a shortfall could not be flagged");
    }

    function unflag(uint256 seed) external handler("unflag", seed) {
        uint256 first = _draw(0, DEBTORS - 1);
        for (uint256 i; i < DEBTORS; ++i) {
            AccountId account = _debtor(first + i);
            if (!liquidation.isFlagged(account)) continue;
            if (_one(2)) _makeWhole(account);
            bytes memory data = abi.encodeCall(ILiquidationEngine.unflag, (account));
            (bool done, ) = _try(_person(), address(liquidation), data);
            if (!done) return;
            Assessment memory a = _assess(account, Requirement.MAINTENANCE);
            _require(_favourable(a) >= 0, "LIQ-5: an insolvent account lost its flag");
            return;
        }
    }

    /// @notice Somebody borrows on a position that comes to nothing: an account with nothing but debt.
    function loseEverything(uint256 seed) external handler("loseEverything", seed) {
        AccountId account = accounts[GAMBLERS_AT + _draw(0, 1)];
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        if (list.length + instruments.length != 0) return;
        uint256 value = _dollars(200, 20_000);
        _hold(account, int256(value * 10));
        uint256 id = _one(2) ? USDC : _lent();
        bytes memory data = abi.encodeCall(
            IVaultOperations.borrow,
            (account, _token(id), _units(id, value), account.owner())
        );
        _try(account.owner(), address(vault), data);
        _hold(account, 0);
    }

    /// @notice LIQ-5: who holds nothing but debt needs no taker.
    function writeOff(uint256 seed) external handler("writeOff", seed) {
        uint256 first = _draw(0, DEBTORS - 1);
        for (uint256 i; i < DEBTORS; ++i) {
            AccountId account = _debtor(first + i);
            (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
            bool bare = list.length != 0 && !_holdsBooks(instruments);
            for (uint256 n; n < list.length && bare; ++n) bare = list[n].amount() < 0;
            if (!bare) continue;
            _try(_person(), address(liquidation), abi.encodeCall(ILiquidationEngine.writeOff, (account)));
            return;
        }
    }

    function sellSalvage(uint256 seed) external handler("sellSalvage", seed) {
        uint256 id = _draw(WETH, FINE);
        int256 held = _balance(_account(address(backstop), 0), id);
        if (held <= 0) return;
        address person = _person();
        uint256 amount = _draw(1, uint256(held));
        _mint(USDC, person, _units(USDC, _value(id, amount) * 2) + DOLLAR);
        bytes memory data = abi.encodeCall(IBackstop.sell, (_token(id), amount, type(uint256).max));
        (bool done, bytes memory result) = _try(person, address(backstop), data);
        if (!done) return;
        (uint256 value, , , ) = risk.valueOf(id, amount);
        (uint256 paid, , , ) = risk.valueOf(USDC, abi.decode(result, (uint256)));
        _require(paid * 100 >= value * 98, "ROUND-1: salvage sold below its discount");
    }

    // --- internal ---

    function _liquidate(AccountId account, uint256 fraction) private {
        (address taker, AccountId into) = _taker();
        _rollOn();
        (, address[] memory instruments, ) = vault.holdings(account);
        uint256 excluded = _one(3) ? _draw(1, 63) : 0;
        uint256 excludedInstruments = _one(8) ? _draw(1, 7) : 0;
        uint256 held = _holdsBooks(instruments) ? 1 : 0;
        bytes memory data = abi.encodeCall(
            IVaultOperations.liquidate,
            (account, into, fraction, excluded, excludedInstruments, type(int256).max)
        );
        (bool done, bool insolvent) = _takeOver(taker, account, into, data);
        if (done && insolvent) absorbed += held;
    }

    /// @dev A taker with the means to take over.
    function _taker() private returns (address taker, AccountId into) {
        taker = people[TRADERS + _draw(0, 1)];
        into = _account(taker, _one(4) ? 1 : 0);
        if (_free(into) < 1e6 * WAD) {
            _mint(USDC, taker, 2e6 * DOLLAR);
            _send(taker, address(vault), _depositCall(into, USDC, 2e6 * DOLLAR));
        }
    }

    /// @dev Its owner brings what is missing, and more.
    function _makeWhole(AccountId account) private {
        int256 missing = -_worst(_assess(account, Requirement.MAINTENANCE));
        if (missing <= 0) return;
        uint256 amount = _units(USDC, (uint256(missing) * 12) / 10 + WAD);
        _mint(USDC, account.owner(), amount);
        _send(account.owner(), address(vault), _depositCall(account, USDC, amount));
    }

    function _fraction() private returns (uint256) {
        return _one(2) ? WAD : _draw(1, 1_000) * (WAD / 1_000);
    }

    function _rollOn() internal {
        VM.roll(VM.getBlockNumber() + 1);
    }

    /// @dev Traders and the virtual AMM, beginning anywhere; nobody if there is none.
    function _candidate(uint256 number) private view returns (AccountId) {
        uint256 count = TRADER_ACCOUNTS + 1;
        number %= count;
        return number == TRADER_ACCOUNTS ? _account(address(amm), 0) : accounts[number];
    }

    function _risky() private returns (AccountId) {
        uint256 first = _draw(0, 100);
        for (uint256 i; i <= TRADER_ACCOUNTS; ++i) {
            AccountId account = _candidate(first + i);
            if (_standing(account).hasRisk) return account;
        }
        return AccountId.wrap(0);
    }

    function _unhealthy() private returns (AccountId) {
        uint256 first = _draw(0, 100);
        for (uint256 i; i <= TRADER_ACCOUNTS; ++i) {
            AccountId account = _candidate(first + i);
            if (_mayBeTaken(account)) return account;
        }
        return AccountId.wrap(0);
    }

    function _insolvent() private returns (AccountId) {
        uint256 first = _draw(0, 100);
        for (uint256 i; i < DEBTORS; ++i) {
            AccountId account = _debtor(first + i);
            if (_standing(account).hasRisk && _favourable(_assess(account, Requirement.MAINTENANCE)) < 0)
                return account;
        }
        return AccountId.wrap(0);
    }

    function _riskyPortfolio() private returns (AccountId account, bool found) {
        uint256 first = _draw(0, 100);
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            account = accounts[(first + i) % TRADER_ACCOUNTS];
            (, address[] memory instruments, ) = vault.holdings(account);
            // It is the first of all instruments.
            if (instruments.length == 0 || instruments[0] != portfolioMode) continue;
            if (_holdsBooks(instruments)) return (account, true);
        }
    }

    /// @dev The answer at which an account may be taken over, or a few steps beyond; zero if there is none.
    function _troubling(AccountId account, uint256 underlying) private returns (int256) {
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        int256 truth = sources[underlying].truth;
        for (uint256 direction; direction < 2; ++direction) {
            int256 answer = truth;
            for (uint256 i; i < STEPS; ++i) {
                answer = (answer * (direction == 0 ? int256(95) : int256(106))) / 100;
                Assessment memory a = risk.assessAt(
                    account,
                    list,
                    instruments,
                    Requirement.MAINTENANCE,
                    underlying,
                    uint256(answer) * 1e10
                );
                if (_favourable(a) >= int256(a.requirement)) continue;
                uint256 beyond = _one(2) ? 0 : _draw(0, _one(2) ? 4 : 20);
                for (uint256 n; n < beyond; ++n)
                    answer = (answer * (direction == 0 ? int256(95) : int256(106))) / 100;
                return answer;
            }
        }
        return 0;
    }

    /// @dev The points of the grid at which each underlying loses most, as the engine packs them.
    function _worstPoints(
        AccountId account,
        Holding[] memory list,
        address[] memory instruments
    ) private view returns (uint256 scenario) {
        (IRiskEngine.Netted[] memory netted, , ) = risk.scenarios(
            account,
            list,
            instruments,
            Requirement.MAINTENANCE
        );
        for (uint256 i; i < UNDERLYINGS; ++i) scenario |= (FALL | (RISE << 5)) << (i * 10);
        for (uint256 i; i < netted.length; ++i) {
            uint256 points = netted[i].changesWad.length;
            if (points != GRID_POINTS) continue;
            uint256 lower;
            uint256 upper = UPPER_BEGIN;
            for (uint256 n; n < points; ++n) {
                if (n <= LOWER_END && netted[i].changesWad[n] < netted[i].changesWad[lower]) lower = n;
                if (n >= UPPER_BEGIN && netted[i].changesWad[n] < netted[i].changesWad[upper]) upper = n;
            }
            uint256 shift = netted[i].underlying * 10;
            scenario = (scenario & ~(uint256(1_023) << shift)) | ((lower | (upper << 5)) << shift);
        }
    }

    function _hold(AccountId account, int256 value) private {
        IPuppet.Position memory position = IPuppet.Position(value, 0, 0);
        IPuppet(puppet).setPosition(account, position, position);
        IPuppet.Call[] memory calls = new IPuppet.Call[](1);
        calls[0] = IPuppet.Call(
            address(vault),
            abi.encodeCall(IVaultOperations.setHeld, (account, value != 0))
        );
        IPuppet(puppet).run(calls);
    }

    function _setTruth(uint256 underlying, int256 answer) internal virtual;
}
