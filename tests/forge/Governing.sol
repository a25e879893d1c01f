// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IMarketBooks} from "../../interfaces/IMarketBooks.sol";
import {IOptionMarket} from "../../interfaces/IOptionMarket.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {IVaultAdmin} from "../../interfaces/IVault.sol";
import {IVirtualAmm} from "../../interfaces/IVirtualAmm.sol";
import {Assessment, Requirement} from "../../interfaces/Types.sol";
import {IFund} from "./Mocks.sol";
import {Markets} from "./Markets.sol";

/// @notice Governor and guardian: every parameter within its bounds. GOV-1: whatever is set, no account that stands still is
/// nearer to its liquidation at once.
abstract contract Governing is Markets {
    function setShocks(uint256 seed) external handler("setShocks", seed) {
        uint256 id = _draw(0, UNDERLYINGS - 1);
        IRiskParameters.Shocks memory s = parameters.shocksTarget(id);
        uint256 least = id == USDC || id == 3 ? 15_000 : 100_000;
        s.maintenanceDownPpm = _draw(least, least * 2);
        s.maintenanceUpPpm = _draw(least, least * 2);
        s.initialDownPpm = (s.maintenanceDownPpm * _draw(120, 180)) / 100;
        s.initialUpPpm = (s.maintenanceUpPpm * _draw(120, 180)) / 100;
        _govern(abi.encodeCall(IRiskParameters.setShocks, (id, s, _ramp())));
    }

    function setGrid(uint256 seed) external handler("setGrid", seed) {
        IRiskParameters.Grid memory g = IRiskParameters.Grid(_draw(100_000, 500_000), 2_000, _draw(200, 500));
        _govern(abi.encodeCall(IRiskParameters.setGrid, (WETH, g, _ramp())));
    }

    function setFeed(uint256 seed) external handler("setFeed", seed) {
        uint256 id = _draw(0, UNDERLYINGS - 1);
        IRiskParameters.Feed memory f = parameters.feedTarget(id);
        f.halfWidthPpm = (f.halfWidthPpm * _draw(70, 130)) / 100;
        if (f.halfWidthPpm < 500) f.halfWidthPpm = 500;
        f.tolerancePpm = (f.tolerancePpm * _draw(70, 130)) / 100;
        f.volatilityPpm = _draw(10_000, 30_000);
        _govern(abi.encodeCall(IRiskParameters.setFeed, (id, f, _ramp())));
    }

    function setAsset(uint256 seed) external handler("setAsset", seed) {
        uint256 id = _draw(0, ASSETS - 1);
        IRiskParameters.Asset memory a = parameters.assetTarget(id);
        a.unwindingPpm = _draw(50, id == USDC ? 300 : 3_000);
        a.depthUsd = _one(2) ? 0 : _draw(5, 50) * 1e6;
        if (id == WSTETH) (a.basisShockPpm, a.basisBandPpm) = (_draw(5_000, 30_000), _draw(1_000, 4_000));
        if (id == FINE) a.tier = IRiskParameters.Tier.ISOLATED;
        else a.tier = IRiskParameters.Tier.CROSS;
        _govern(abi.encodeCall(IRiskParameters.setAsset, (id, a, _ramp())));
    }

    /// @notice The guardian alone.
    function lowerTier(uint256 seed) external handler("lowerTier", seed) {
        uint256 id = _draw(WETH, FINE);
        if (parameters.asset(id).tier == IRiskParameters.Tier.NONE) return;
        bytes memory data = abi.encodeCall(
            IRiskParameters.lowerTier,
            (id, _one(2) ? IRiskParameters.Tier.NONE : IRiskParameters.Tier.ISOLATED)
        );
        _tighten(GUARDIAN, address(parameters), data);
    }

    function setDomain(uint256 seed) external handler("setDomain", seed) {
        IRiskParameters.Domain memory d;
        d.targetHealthPpm = _draw(1_050, 1_180) * 1_000;
        d.premiumMinPpm = _draw(80, 120) * 1_000;
        d.premiumStartPpm = d.premiumMinPpm + _draw(0, 60) * 1_000;
        d.premiumMaxPpm = d.premiumStartPpm + _draw(0, 200) * 1_000;
        d.premiumFullHealthPpm = _draw(500, 800) * 1_000;
        d.minDebtUsd = _draw(1, 300);
        d.backstopSharePpm = _draw(0, 300) * 1_000;
        d.swapLossPpm = 20_000;
        d.gracePeriod = 3_600;
        d.nettingPpm = _draw(0, 500) * 1_000;
        _govern(abi.encodeCall(IRiskParameters.setDomain, (d, _ramp())));
    }

    function setPerpParameters(uint256 seed) external handler("setPerpParameters", seed) {
        IPerpMarket.Parameters memory p = perps.parameters();
        p.unwindingWad = _draw(1, 5) * 1e15;
        p.depthWad = _draw(1, 100) * 1e8 * WAD;
        p.haircutWad = _draw(0, 50) * 1e16;
        p.takerFeeWad = _draw(0, 20) * 1e14;
        p.makerFeeWad = _draw(0, 5) * 1e14;
        p.interestWad = _draw(0, 3) * 1e14;
        p.backstopShareWad = _draw(0, 100) * 1e16;
        p.openInterestCapWad = _one(4) ? _draw(1, 1e6) * WAD : 1e9 * WAD;
        _tighten(address(this), address(perps), abi.encodeCall(IPerpMarket.setParameters, (p, _ramp())));
    }

    function setOptionParameters(uint256 seed) external handler("setOptionParameters", seed) {
        IOptionMarket.Parameters memory p = options.parameters();
        p.unwindingWad = _draw(0, 5) * 1e15;
        p.depthWad = _draw(1, 100) * 1e8 * WAD;
        p.haircutWad = _draw(0, 50) * 1e16;
        p.nakedShortWad = _draw(0, 5) * 1e16;
        p.takerFeeWad = _draw(0, 20) * 1e14;
        p.makerFeeWad = _draw(0, 5) * 1e14;
        p.backstopShareWad = _draw(0, 100) * 1e16;
        p.openInterestCapWad = _one(4) ? _draw(1, 1e6) * WAD : 1e9 * WAD;
        _tighten(address(this), address(options), abi.encodeCall(IOptionMarket.setParameters, (p, _ramp())));
    }

    function setShape(uint256 seed) external handler("setShape", seed) {
        IVirtualAmm.ShapeParameters memory s = IVirtualAmm.ShapeParameters(
            _draw(5_000, 20_000) * WAD,
            _draw(500, 3_000),
            _draw(0, 20_000),
            _draw(50_000, 300_000)
        );
        _tighten(address(this), address(amm), abi.encodeCall(IVirtualAmm.setShape, (s, _ramp())));
    }

    /// @notice SOLV-4: below what is owed a line stops borrowing and nothing else; raised, write-offs still count.
    function setLine(uint256 seed) external handler("setLine", seed) {
        uint256 id = _lent();
        ILendingPool pool = assets[id].pool;
        uint256 line = ((pool.totalDebt() + 1) * _draw(100, 400)) / 200 + 1;
        if (_try2(address(pool), abi.encodeCall(ILendingPool.setLine, (address(vault), line))))
            _noteLine(id, line);
    }

    function setCaps(uint256 seed) external handler("setCaps", seed) {
        uint256 id = _draw(0, ASSETS - 1);
        uint256 most = 1e9 * 10 ** assets[id].decimals;
        uint256 supply = (vault.assetInfo(_token(id)).total * _draw(50, 300)) / 100;
        uint256 debt = id == FINE ? most : (assets[id].pool.totalDebt() * _draw(50, 300)) / 100;
        _try2(address(vault), abi.encodeCall(IVaultAdmin.setCaps, (_token(id), supply, debt)));
    }

    function setPool(uint256 seed) external handler("setPool", seed) {
        address pool = address(assets[_lent()].pool);
        uint256 kind = _draw(0, 2);
        if (kind == 0) _try2(pool, abi.encodeCall(ILendingPool.setReserveShare, (_draw(0, 50) * 1e16)));
        else if (kind == 1) _try2(pool, abi.encodeCall(ILendingPool.setFlashFee, (_draw(0, 10) * 1e15)));
        else _try2(pool, abi.encodeCall(ILendingPool.setRateModel, (_one(2) ? rateModel : adaptiveModel)));
    }

    /// @notice Times and discount of the funds, and who gets the fees.
    function setFunds(uint256 seed) external handler("setFunds", seed) {
        address fund = _one(2) ? address(backstop) : address(amm);
        address market = _one(2) ? address(perps) : address(options);
        uint256 kind = _draw(0, 2);
        if (kind == 0)
            _try2(
                fund,
                abi.encodeCall(IVirtualAmm.setCooldown, (_draw(1, 14) * 1 days, _draw(1, 7) * 1 days))
            );
        else if (kind == 1)
            _try2(address(backstop), abi.encodeCall(IFund.setSaleDiscount, (_draw(0, 20) * 1e15)));
        else _try2(market, abi.encodeCall(IMarketBooks.setFeeAccount, (accounts[_draw(0, 11)])));
    }

    /// @notice Sources are announced and taken on, the same ones or those announced before.
    function changeFeed(uint256 seed) external handler("changeFeed", seed) {
        uint256 id = _draw(0, UNDERLYINGS - 1);
        uint256 from = parameters.feedProposal(id).activeFrom;
        IRiskParameters.Feed memory f = parameters.feed(id);
        if (from == 0)
            _try2(
                address(parameters),
                abi.encodeCall(IRiskParameters.proposeFeed, (id, f.aggregator, f.secondary))
            );
        else if (from > risk.clock() && _one(2))
            _try(GUARDIAN, address(parameters), abi.encodeCall(IRiskParameters.cancelFeed, (id)));
        else {
            if (from > risk.clock()) _wait(from - risk.clock());
            _govern(abi.encodeCall(IRiskParameters.applyFeed, (id)));
        }
    }

    /// @notice The guardian stops what raises risk; only the owner lets it go on.
    function pause(uint256 seed) external handler("pause", seed) {
        _try(GUARDIAN, address(vault), abi.encodeCall(IVaultAdmin.setPaused, (true)));
        (bool done, ) = _send(GUARDIAN, address(vault), abi.encodeCall(IVaultAdmin.setPaused, (false)));
        _require(!done, "the guardian ended a pause");
    }

    function unpause(uint256 seed) external handler("unpause", seed) {
        if (!vault.paused()) return;
        _try2(address(vault), abi.encodeCall(IVaultAdmin.setPaused, (false)));
    }

    function reduceOnly(uint256 seed) external handler("reduceOnly", seed) {
        address market = _one(2) ? address(perps) : address(options);
        _try(GUARDIAN, market, abi.encodeCall(IPerpMarket.setReduceOnly, (true)));
    }

    // --- internal ---

    uint256[ASSETS - 1] internal highestLine;

    function _noteLine(uint256 id, uint256 line) private {
        if (line > highestLine[id]) highestLine[id] = line;
    }

    function _ramp() private returns (uint256) {
        return _draw(1, 20) * 1 days;
    }

    function _try2(address target, bytes memory data) private returns (bool done) {
        (done, ) = _try(address(this), target, data);
    }

    function _govern(bytes memory data) private {
        _tighten(address(this), address(parameters), data);
    }

    /// @dev GOV-1. Not while sources disagree, or may because one is silent: then a requirement is counted between both.
    function _tighten(address sender, address target, bytes memory data) private {
        bool doubtful;
        for (uint256 i; i <= WETH; ++i)
            doubtful = doubtful || sources[i].lie != 0 || sources[i].silent || sources[i].dead;
        Assessment[] memory before;
        if (!doubtful) before = _standings();
        (bool done, ) = _try(sender, target, data);
        if (!done || doubtful) return;
        Assessment[] memory current = _standings();
        for (uint256 i; i < before.length; ++i) {
            // Walks round to their own unit; 1e-12 of a requirement.
            uint256 slack = before[i].requirement / 1e12 + 10;
            _require(
                current[i].requirement <= before[i].requirement + slack,
                "GOV-1: a requirement rose at once"
            );
            // Of a portfolio credit that covers a requirement counts in neither: both may fall together.
            _require(
                _margin(current[i]) + int256(slack) >= _margin(before[i]),
                "GOV-1: an account came nearer to its liquidation at once"
            );
        }
    }

    function _margin(Assessment memory a) private pure returns (int256) {
        return _favourable(a) - int256(a.requirement);
    }

    function _standings() private view returns (Assessment[] memory list) {
        list = new Assessment[](TRADER_ACCOUNTS + 1);
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) list[i] = _assess(accounts[i], Requirement.MAINTENANCE);
        list[TRADER_ACCOUNTS] = _assess(_account(address(amm), 0), Requirement.MAINTENANCE);
    }

    function _openEverything() internal override {
        vault.setPaused(false);
        perps.setReduceOnly(false);
        options.setReduceOnly(false);
        for (uint256 id; id < ASSETS; ++id) {
            uint256 most = 1e9 * 10 ** assets[id].decimals;
            vault.setCaps(_token(id), most, most);
            if (id == FINE) continue;
            assets[id].pool.setLine(address(vault), most);
            _noteLine(id, most);
            IRiskParameters.Asset memory a = parameters.assetTarget(id);
            if (a.tier == IRiskParameters.Tier.CROSS) continue;
            a.tier = IRiskParameters.Tier.CROSS;
            parameters.setAsset(id, a, 1 days);
        }
    }
}
