// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IOptionMarket} from "../../interfaces/IOptionMarket.sol";
import {IOptionOrders} from "../../interfaces/IOptionOrders.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {IPerpOrders} from "../../interfaces/IPerpOrders.sol";
import {IVirtualAmm} from "../../interfaces/IVirtualAmm.sol";
import {IVolatilitySurface} from "../../interfaces/IVolatilitySurface.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../interfaces/Types.sol";
import {IShares} from "./Mocks.sol";
import {Record} from "./Record.sol";
import {VM} from "./Vm.sol";

/// @notice The domain with its perpetual market, option market and everybody who uses them.
abstract contract World is Record {
    uint256 internal constant TRADERS = 4;
    uint256 internal constant TRADER_ACCOUNTS = 8;
    uint256 internal constant GAMBLERS_AT = 12;
    uint256 internal constant DEBTORS = 10;
    uint256 internal constant DOLLAR = 1e6;
    int256 internal constant TOKEN = 1e30; // quote in a unit of the settlement asset
    uint256 private constant SIGNER = 0x51;
    // Little, so that shortfalls reach lenders, traders and LPs.
    uint256 private constant STAKE = 10_000e6;
    uint256 private constant LIQUIDITY = 200_000e6;
    uint256 private constant FUNDS = 20_000e6;

    IPerpMarket internal perps;
    IVirtualAmm internal amm;
    IPerpOrders internal perpOrders;
    IOptionMarket internal options;
    IOptionOrders internal optionOrders;
    IVolatilitySurface internal surface;
    /// @dev An instrument that says what it is told: by it gamblers lose everything.
    address internal puppet;

    /// @dev Traders, two takers and three who lend, stake and provide liquidity.
    address[] internal people;
    mapping(address owner => uint256) internal keyOf;
    /// @dev All accounts that ever hold anything: two of each trader, two of each taker, those of two
    /// gamblers, then those of contracts.
    AccountId[] internal accounts;
    /// @dev What was sent to vault and pools without a word {tok}.
    mapping(address holder => mapping(uint256 id => uint256)) internal donated;

    function _deployWorld() internal {
        _deployCore();
        for (uint256 i; i < TRADERS + 5; ++i) {
            uint256 key = 0x1000 + i;
            address person = VM.addr(key);
            people.push(person);
            keyOf[person] = key;
            if (i < TRADERS + 2) {
                accounts.push(_account(person, 0));
                accounts.push(_account(person, 1));
            }
        }
        for (uint256 i; i < 2; ++i) accounts.push(_account(people[i], 2));
        _deployPerps();
        _deployOptions();
        puppet = _deploy("", "MockInstrument", abi.encode(vault));
        vault.listInstrument(puppet);
        accounts.push(_account(address(backstop), 0));
        accounts.push(_account(address(amm), 0));
        accounts.push(_account(address(perps), 0));
        accounts.push(_account(address(options), 0));
        _approveAll();
        _fill();
    }

    function _deployPerps() private {
        IPerpMarket.Parameters memory p = IPerpMarket.Parameters({
            unwindingWad: WAD / 500,
            depthWad: 1e10 * WAD,
            haircutWad: WAD / 10,
            openInterestCapWad: 1e9 * WAD,
            maxPremiumWad: WAD / 20,
            premiumTime: 600,
            interestWad: WAD / 10_000,
            interestBandWad: WAD / 2_000,
            maxRateWad: WAD / 100,
            maxPriceMoveWad: WAD / 2,
            takerFeeWad: WAD / 2_000,
            makerFeeWad: WAD / 10_000,
            backstopShareWad: WAD / 2
        });
        address me = address(this);
        perps = IPerpMarket(
            _deploy("PerpMarket", "PerpMarket", abi.encode(vault, WETH, USDC, 6, me, GUARDIAN, p))
        );
        vault.listInstrument(address(perps));
        IVirtualAmm.ShapeParameters memory shape = IVirtualAmm.ShapeParameters(
            10_000 * WAD,
            1_000,
            10_000,
            200_000
        );
        bytes memory start = abi.encode(
            address(vault),
            address(perps),
            address(assets[USDC].token),
            "Keel ETH maker",
            "kETH-LP",
            me,
            GUARDIAN,
            7 days,
            2 days,
            shape
        );
        amm = IVirtualAmm(_deploy("VirtualAmm", "VirtualAmm", start));
        perpOrders = IPerpOrders(_deploy("PerpOrders", "PerpOrders", abi.encode(vault)));
        perps.setMaker(address(amm), true);
        perps.setSampler(address(amm));
        perps.setOrders(address(perpOrders));
    }

    function _deployOptions() private {
        address me = address(this);
        surface = IVolatilitySurface(_deploy("Surface", "VolatilitySurface", abi.encode(me, GUARDIAN)));
        surface.setParameters(WETH, IVolatilitySurface.Parameters(1 days, 60, WAD / 100, 9 * WAD, WAD / 20));
        surface.addSigner(VM.addr(SIGNER));
        IOptionMarket.Setup memory setup = IOptionMarket.Setup(
            WETH,
            USDC,
            6,
            address(surface),
            address(parameters)
        );
        address admin = _deploy("", "OptionMarketAdmin", abi.encode(vault, setup));
        address riskPart = _deploy("", "OptionMarketRisk", abi.encode(vault, setup));
        IOptionMarket.Parameters memory p = IOptionMarket.Parameters({
            unwindingWad: WAD / 1_000,
            depthWad: 1e9 * WAD,
            haircutWad: WAD / 5,
            nakedShortWad: WAD / 50,
            openInterestCapWad: 1e9 * WAD,
            maxPriceMoveWad: WAD / 2,
            takerFeeWad: WAD / 2_000,
            makerFeeWad: WAD / 5_000,
            feeCapWad: WAD / 8,
            backstopShareWad: WAD / 2,
            minPositionWad: 0
        });
        options = IOptionMarket(
            _deploy(
                "OptionMarket",
                "OptionMarket",
                abi.encode(vault, setup, admin, riskPart, me, GUARDIAN, p)
            )
        );
        optionOrders = IOptionOrders(_deploy("OptionOrders", "OptionOrders", abi.encode(vault)));
        options.setOrders(address(optionOrders));
        vault.listInstrument(address(options));
    }

    function _approveAll() private {
        for (uint256 i; i < people.length; ++i) {
            for (uint256 id; id < ASSETS; ++id) {
                _approve(people[i], id, address(vault));
                if (address(assets[id].pool) != address(0)) _approve(people[i], id, address(assets[id].pool));
            }
            _approve(people[i], USDC, address(backstop));
            _approve(people[i], USDC, address(amm));
        }
    }

    function _approve(address owner, uint256 id, address spender) private {
        VM.prank(owner);
        assets[id].token.approve(spender, type(uint256).max);
    }

    /// @dev Stakers, LPs and takers are there from the start.
    function _fill() private {
        address staker = people[TRADERS + 2];
        address lp = people[TRADERS + 3];
        _mint(USDC, staker, STAKE);
        VM.prank(staker);
        IShares(address(backstop)).deposit(STAKE, staker);
        _mint(USDC, lp, LIQUIDITY);
        VM.prank(lp);
        IShares(address(amm)).deposit(LIQUIDITY, lp);
        for (uint256 i; i < 2; ++i) {
            address taker = people[TRADERS + i];
            _mint(USDC, taker, 2_000_000 * DOLLAR);
            VM.prank(taker);
            vault.deposit(_account(taker, 0), address(assets[USDC].token), 2_000_000 * DOLLAR);
        }
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            address owner = accounts[i].owner();
            uint256 id = i % 2 == 0 ? USDC : WETH;
            uint256 amount = id == USDC ? FUNDS : 10 * WAD;
            _mint(id, owner, amount);
            VM.prank(owner);
            vault.deposit(accounts[i], address(assets[id].token), amount);
        }
        _pushSurface(0);
        VM.roll(VM.getBlockNumber() + 1);
        _refresh();
    }

    // --- volatility ---

    /// @dev The next three expiries that an option may have, at 08:00 UTC.
    function _expiries() internal view returns (uint256[3] memory) {
        uint256 now_ = VM.getBlockTimestamp();
        uint256 next = now_ - (now_ % 1 days) + 8 hours;
        if (next <= now_ + 1 hours) next += 1 days;
        return [next, next + 6 days, next + 29 days];
    }

    /// @dev A smile of 60% volatility, raised by `lift`, for all expiries that are alive or may be traded.
    function _update(int40 lift) internal view returns (IVolatilitySurface.Update memory update) {
        uint256[] memory known = surface.expiries(WETH);
        uint256[3] memory wanted = _expiries();
        IVolatilitySurface.Slice[] memory slices = new IVolatilitySurface.Slice[](known.length + 3);
        uint256 count;
        uint256 k;
        uint256 w;
        // Both ascend.
        while (k < known.length || w < 3) {
            uint256 one = k < known.length ? known[k] : type(uint256).max;
            uint256 other = w < 3 ? wanted[w] : type(uint256).max;
            if (one <= other) ++k;
            if (other <= one) ++w;
            uint256 expiry = one < other ? one : other;
            if (expiry <= VM.getBlockTimestamp()) continue;
            slices[count++] = IVolatilitySurface.Slice(
                uint32(expiry),
                3e9 + lift,
                -3e8,
                1e9,
                76_009_024_595,
                6e9
            );
            if (count == 16) break;
        }
        assembly ("memory-safe") {
            mstore(slices, count)
        }
        update = IVolatilitySurface.Update(WETH, VM.getBlockTimestamp(), slices);
    }

    function _signedUpdate(int40 lift) internal view returns (bytes memory data) {
        IVolatilitySurface.Update memory update = _update(lift);
        return abi.encodeCall(IVolatilitySurface.update, (update, _sign(SIGNER, surface.hashOf(update))));
    }

    function _pushSurface(int40 lift) internal returns (bool done) {
        (done, ) = _send(LENDER, address(surface), _signedUpdate(lift));
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    // --- readings ---

    function _assess(AccountId account, Requirement requirement) internal view returns (Assessment memory) {
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        return risk.assess(account, list, instruments, requirement, false);
    }

    function _balance(AccountId account, uint256 id) internal view returns (int256) {
        return vault.balanceOf(account, address(assets[id].token));
    }

    function _trader() internal returns (AccountId) {
        return accounts[_draw(0, TRADER_ACCOUNTS - 1)];
    }

    /// @dev Traders' accounts and gamblers'.
    function _debtor(uint256 number) internal view returns (AccountId) {
        number %= DEBTORS;
        return accounts[number < TRADER_ACCOUNTS ? number : GAMBLERS_AT + number - TRADER_ACCOUNTS];
    }

    function _person() internal returns (address) {
        return people[_draw(0, people.length - 1)];
    }

    /// @dev One of the assets that a pool lends.
    function _lent() internal returns (uint256) {
        return _draw(0, ASSETS - 2);
    }
}
