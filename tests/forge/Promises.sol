// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IOptionMarket} from "../../interfaces/IOptionMarket.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {Assessment, Holding, Requirement} from "../../interfaces/Types.sol";
import {Trials} from "./Trials.sol";
import {IShares} from "./Mocks.sol";
import {VM} from "./Vm.sol";

/// @notice What holds at any time, over all accounts.
abstract contract Promises is Trials {
    uint256 private constant OFTEN = 25;
    uint256 private constant VIRTUAL_SHARES = 1e6;

    /// @dev As it was when a pool was looked at last.
    struct PoolView {
        uint256 assets;
        uint256 supply;
        uint256 writtenOff;
        uint256 index;
    }

    PoolView[ASSETS - 1] private _seen;
    uint256 private _steps;

    /// @dev The sums over all accounts are looked at after every few handlers, and at the end of a sequence.
    function _afterwards() internal override {
        if (++_steps % OFTEN == 0) checkEverything();
    }

    function checkEverything() public {
        Holding[][] memory all = _allHoldings();
        for (uint256 id; id < ASSETS; ++id) {
            _checkCustody(id, all);
            if (id != FINE) _checkPool(id, all);
        }
        _checkPerps();
        _checkOptions();
        _checkPortfolios();
    }

    function _allHoldings() private view returns (Holding[][] memory all) {
        all = new Holding[][](accounts.length);
        for (uint256 i; i < all.length; ++i) (all[i], , ) = vault.holdings(accounts[i]);
    }

    // --- SOLV-2 ---

    function _checkCustody(uint256 id, Holding[][] memory all) private {
        uint256 sum;
        for (uint256 i; i < all.length; ++i) {
            for (uint256 n; n < all[i].length; ++n) {
                Holding holding = all[i][n];
                if (holding.assetId() == id && holding.amount() > 0) sum += uint256(holding.amount());
            }
        }
        _require(vault.assetInfo(_token(id)).total == sum, "SOLV-2: custody is not the sum of balances");
        uint256 held = assets[id].token.balanceOf(address(vault));
        _require(held == sum + donated[address(vault)][id], "SOLV-2: tokens of the vault");
    }

    // --- SOLV-3, SOLV-4, LIQ-5 ---

    function _checkPool(uint256 id, Holding[][] memory all) private {
        ILendingPool pool = assets[id].pool;
        uint256 cash = pool.cash();
        uint256 debt = pool.totalDebt();
        ILendingPool.Domain memory domain = pool.domainOf(address(vault));
        uint256 held = assets[id].token.balanceOf(address(pool));
        _require(held == cash + donated[address(pool)][id], "SOLV-3: tokens of a pool");
        _require(domain.principal == pool.totalPrincipal(), "SOLV-3: principal of the domain");
        _checkDebts(id, all, debt);

        uint256 worth = IShares(address(pool)).totalAssets();
        uint256 reserve = pool.reserve();
        uint256 left = cash + debt > reserve ? cash + debt - reserve : 0;
        _require(worth == left, "SOLV-3: a pool's assets");
        uint256 supply = IShares(address(pool)).totalSupply();
        PoolView memory seen = _seen[id];
        uint256 index = pool.debtIndexNow();
        if (seen.supply != 0) {
            bool fell =
                (worth + 1) * (seen.supply + VIRTUAL_SHARES) < (seen.assets + 1) * (supply + VIRTUAL_SHARES);
            _require(
                !fell || domain.writtenOff > seen.writtenOff,
                "SOLV-3: a share's price fell without a write-off"
            );
            _require(index >= seen.index, "SOLV-3: a debt index fell");
        }
        _seen[id] = PoolView(worth, supply, domain.writtenOff, index);
        uint256 flagged = pool.flagged();
        uint256 out = IShares(address(pool)).previewRedeem(supply);
        _require(out <= (worth > flagged ? worth - flagged : 0), "LIQ-5: exits are not net of flags");
    }

    /// @dev What accounts owe, each rounded up, is what the domain owes.
    function _checkDebts(uint256 id, Holding[][] memory all, uint256 debt) private {
        uint256 sum;
        uint256 debtors;
        for (uint256 i; i < all.length; ++i) {
            for (uint256 n; n < all[i].length; ++n) {
                Holding holding = all[i][n];
                if (holding.assetId() != id || holding.amount() >= 0) continue;
                sum += uint256(-holding.amount());
                ++debtors;
            }
        }
        _require(sum >= debt && sum <= debt + debtors, "SOLV-3: accounts owe another sum than the domain");
    }

    // --- PERP-1, PERP-4 ---

    function _checkPerps() private {
        IPerpMarket.Totals memory t = perps.totals();
        int256 sizes = t.receiverSizeWad;
        int256 costs = t.receiverCost;
        uint256 longs;
        uint256 waiting;
        uint256 allotted;
        for (uint256 i; i < accounts.length; ++i) {
            IPerpMarket.Position memory p = perps.position(accounts[i]);
            sizes += p.sizeWad;
            costs += p.cost;
            if (p.sizeWad > 0) longs += uint256(p.sizeWad);
            waiting += p.waiting;
            allotted += p.allotted;
        }
        int256 owed = int256(t.waiting + t.allotted) * TOKEN + int256(t.fees);
        int256 off = costs + int256(t.cash) * TOKEN - owed;
        // Deleveraging takes a share of every position: a few wei stay between them.
        int256 dust = int256(2 * accounts.length * absorbed);
        _require(_size(sizes) <= dust, "PERP-1: sizes do not add up to zero");
        _require(_size(off) <= dust * 1e24, "PERP-1: cost, cash, claims and fees do not add up");
        _require(
            _balance(_account(address(perps), 0), USDC) == int256(t.cash),
            "PERP-1: tokens of the market"
        );
        _require(t.allotted <= t.cash, "PERP-4: more allotted than came in");
        _require(
            waiting <= t.waiting + accounts.length && allotted <= t.allotted + accounts.length,
            "PERP-4: claims"
        );
        if (t.receiverSizeWad > 0) longs += uint256(t.receiverSizeWad);
        if (absorbed == 0) _require(longs == t.openInterestWad, "PERP-1: open interest");
    }

    function _size(int256 value) private pure returns (int256) {
        return value < 0 ? -value : value;
    }

    // --- OPT-1 ---

    function _checkOptions() private {
        IOptionMarket.Totals memory t = options.totals();
        int256 costs = t.unborne + t.expiredCost;
        uint256[] memory alive = options.aliveSeries();
        int256[] memory sums = new int256[](alive.length);
        for (uint256 i; i < accounts.length; ++i) {
            costs += options.balanceOf(accounts[i]).cost;
            IOptionMarket.Position[] memory list = options.positions(accounts[i]);
            for (uint256 n; n < list.length; ++n) sums[_place(alive, list[n].series)] += list[n].sizeWad;
        }
        int256 off = costs + int256(t.cash) * TOKEN - int256(t.waiting + t.allotted) * TOKEN - int256(t.fees);
        // As in a perpetual market: what roundings of deleveraging leave between positions.
        int256 dust = int256(2 * accounts.length * absorbed);
        _require(_size(off) <= dust * 1e24, "OPT-1: cost, cash, claims and fees do not add up");
        _require(
            _balance(_account(address(options), 0), USDC) == int256(t.cash),
            "OPT-1: tokens of the market"
        );
        _require(t.allotted <= t.cash, "OPT-1: more allotted than came in");
        for (uint256 i; i < alive.length; ++i) {
            (uint256 longs, uint256 shorts, , ) = options.sidesOf(alive[i]);
            int256 net = int256(longs) - int256(shorts);
            if (options.seriesOf(alive[i]).expiry > VM.getBlockTimestamp())
                _require(net == 0, "OPT-1: sides of a series differ");
            _require(_size(sums[i] - net) <= dust, "OPT-1: sizes of a series do not add up to zero");
        }
    }

    function _place(uint256[] memory alive, uint256 series) private returns (uint256) {
        for (uint256 i; i < alive.length; ++i) if (alive[i] == series) return i;
        _violate("OPT-1: a position of a series that is gone");
        return 0;
    }

    // --- PM-1 ---

    /// @dev Judged by standard margin an account margined as a portfolio would need no less.
    function _checkPortfolios() private {
        if (sources[USDC].lie != 0) return;
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            (Holding[] memory list, address[] memory instruments, ) = vault.holdings(accounts[i]);
            if (instruments.length < 2 || instruments[0] != portfolioMode) continue;
            address[] memory rest = new address[](instruments.length - 1);
            for (uint256 n; n < rest.length; ++n) rest[n] = instruments[n + 1];
            Assessment memory netted = risk.assess(
                accounts[i],
                list,
                instruments,
                Requirement.MAINTENANCE,
                false
            );
            Assessment memory plain = risk.assess(accounts[i], list, rest, Requirement.MAINTENANCE, false);
            _require(netted.requirement <= plain.requirement + 1e3, "PM-1: a portfolio requires more");
        }
    }
}
