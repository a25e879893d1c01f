// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IAccountLens} from "../../interfaces/IAccountLens.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {
    AccountId,
    Assessment,
    Holding,
    HoldingLib,
    PriceStatus,
    Requirement
} from "../../interfaces/Types.sol";
import {RiskBook} from "./RiskBook.sol";

/// @notice See `IAccountLens`. Holds nothing; one lens per vault.
contract AccountLens is IAccountLens {
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_PRICE_WAD = type(uint96).max;
    uint256 private constant MAX_DOUBLINGS = 20;

    IVault public immutable vault;
    IRiskEngine public immutable riskEngine;

    /// @dev An account as it is handed to the engine, with one of its assets in focus.
    /// @param position of the asset in focus among the holdings
    /// @param held of the asset in focus {tok}
    /// @param principal owed of the asset in focus {tok / index}
    /// @param others whether anything but the asset in focus is owed, or an instrument held
    struct View {
        AccountId account;
        Holding[] holdings;
        address[] instruments;
        uint256 position;
        uint256 held;
        uint256 principal;
        bool others;
    }

    /// @dev What a pool allows.
    struct Market {
        uint256 index;
        uint256 cash;
        uint256 debtLimit;
        uint256 domainPrincipal;
    }

    constructor(address vault_) {
        vault = IVault(vault_);
        riskEngine = IRiskEngine(IVault(vault_).riskEngine());
    }

    // --- health ---

    /// @inheritdoc IAccountLens
    function health(AccountId account) public view returns (uint256) {
        (Holding[] memory holdings, address[] memory instruments, ) = vault.holdings(account);
        return _healthDown(riskEngine.assess(account, holdings, instruments, Requirement.MAINTENANCE, false));
    }

    /// @inheritdoc IAccountLens
    function healthMany(AccountId[] calldata accounts) external view returns (uint256[] memory healthsWad) {
        healthsWad = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) healthsWad[i] = health(accounts[i]);
    }

    /// @inheritdoc IAccountLens
    function healthFactor(AccountId account) external view returns (uint256) {
        (Holding[] memory holdings, address[] memory instruments, ) = vault.holdings(account);
        (
            Assessment memory assessment,
            IRiskEngine.Weight[] memory assets,
            IRiskEngine.Weight[] memory others,
            ,

        ) = riskEngine.weigh(account, holdings, instruments, 0);
        return _factorDown(assessment, assets, others);
    }

    /// @inheritdoc IAccountLens
    function equity(AccountId account) external view returns (int256) {
        (Holding[] memory holdings, address[] memory instruments, ) = vault.holdings(account);
        return riskEngine.assess(account, holdings, instruments, Requirement.MAINTENANCE, false).equity;
    }

    /// @inheritdoc IAccountLens
    function requirements(
        AccountId account
    ) external view returns (uint256 initialWad, uint256 maintenanceWad) {
        (Holding[] memory holdings, address[] memory instruments, ) = vault.holdings(account);
        initialWad = riskEngine
            .assess(account, holdings, instruments, Requirement.INITIAL, false)
            .requirement;
        maintenanceWad = riskEngine
            .assess(account, holdings, instruments, Requirement.MAINTENANCE, false)
            .requirement;
    }

    /// @inheritdoc IAccountLens
    function overview(AccountId account) external view returns (Overview memory result) {
        Holding[] memory holdings;
        address[] memory instruments;
        (holdings, instruments, result.riskRaisedAt) = vault.holdings(account);
        IRiskEngine.Weight[] memory assets;
        IRiskEngine.Weight[] memory others;
        result.initial = riskEngine.assess(account, holdings, instruments, Requirement.INITIAL, false);
        (result.maintenance, assets, others, , ) = riskEngine.weigh(account, holdings, instruments, 0);
        result.healthWad = _healthDown(result.maintenance);
        result.healthFactorWad = _factorDown(result.maintenance, assets, others);
        result.assets = new AssetPosition[](holdings.length);
        for (uint256 i = 0; i < holdings.length; ++i) {
            (address token, ) = vault.assetAt(holdings[i].assetId());
            int256 amount = holdings[i].amount();
            result.assets[i] = AssetPosition(token, amount, assets[i].valueWad, assets[i].requirementWad);
        }
        result.instruments = new InstrumentPosition[](instruments.length);
        for (uint256 i = 0; i < instruments.length; ++i) {
            result.instruments[i] = InstrumentPosition(
                instruments[i],
                others[i].valueWad,
                others[i].requirementWad
            );
        }
    }

    // --- limits ---

    /// @inheritdoc IAccountLens
    function liquidationPrice(
        AccountId account,
        address token
    ) external view returns (uint256 belowWad, uint256 aboveWad) {
        return liquidationPriceIn(account, _underlyingOf(vault.assetInfo(token).id));
    }

    /// @inheritdoc IAccountLens
    function liquidationPriceIn(
        AccountId account,
        uint256 underlying
    ) public view returns (uint256 belowWad, uint256 aboveWad) {
        View memory v;
        v.account = account;
        (v.holdings, v.instruments, ) = vault.holdings(account);
        uint256 priceWad = riskEngine.band(underlying).priceWad;
        if (!_isHealthyAt(v, underlying, priceWad)) return (priceWad, priceWad);
        if (!_isHealthyAt(v, underlying, 0)) belowWad = _edge(v, underlying, 0, priceWad);
        uint256 healthy = priceWad;
        for (uint256 i = 0; i < MAX_DOUBLINGS && 2 * healthy <= MAX_PRICE_WAD; ++i) {
            if (!_isHealthyAt(v, underlying, 2 * healthy)) {
                aboveWad = _edge(v, underlying, 2 * healthy, healthy);
                break;
            }
            healthy *= 2;
        }
    }

    /// @inheritdoc IAccountLens
    function maxWithdrawable(AccountId account, address token) external view returns (uint256) {
        (View memory v, ) = _view(account, token);
        return _mostWithdrawn(v);
    }

    /// @inheritdoc IAccountLens
    /// @dev Minimum debt forbids small amounts, everything else large ones: first the largest amount by the rest, and if
    /// its debt is too small, what can be had without any.
    function maxBorrowable(AccountId account, address token) external view returns (uint256 amount) {
        (View memory v, address pool) = _view(account, token);
        if (pool == address(0)) return 0;
        Market memory market = _market(token, pool);
        uint256 passes = 0;
        uint256 fails = v.held + market.cash + 1;
        while (fails - passes > 1) {
            uint256 middle = (passes + fails) / 2;
            if (_mayBorrow(v, market, middle, false)) passes = middle;
            else fails = middle;
        }
        if (passes <= v.held || _mayBorrow(v, market, passes, true)) return passes;
        return _mostWithdrawn(v);
    }

    /// @inheritdoc IAccountLens
    function whatIf(
        AccountId account,
        Change[] calldata changes
    ) external view returns (Outcome memory before, Outcome memory afterwards) {
        (Holding[] memory list, address[] memory instruments, ) = vault.holdings(account);
        before = _outcome(account, list, instruments);
        Holding[] memory changed = new Holding[](list.length + changes.length);
        uint256 count = list.length;
        for (uint256 i = 0; i < count; ++i) changed[i] = list[i];
        for (uint256 i = 0; i < changes.length; ++i) {
            IVault.AssetInfo memory info = vault.assetInfo(changes[i].token);
            uint256 position = _positionOf(changed, count, info.id);
            if (position == count) ++count;
            int256 balance = changed[position].amount();
            changed[position] = HoldingLib.pack(info.id, _afterChange(balance, changes[i].amount, info.pool));
        }
        assembly ("memory-safe") {
            // The places that nothing took.
            mstore(changed, count)
        }
        afterwards = _outcome(account, changed, instruments);
    }

    // --- internal: judgement ---

    function _healthDown(Assessment memory assessment) private pure returns (uint256) {
        int256 favourable = assessment.equity + int256(assessment.uncertainty);
        if (favourable < 0) return 0;
        if (assessment.requirement == 0) return type(uint256).max;
        return uint256(favourable).fullMulDiv(WAD, assessment.requirement);
    }

    /// @dev With what each position is worth less its requirement: the sum of the positive ones and the uncertainty, over
    /// the sum of the negative ones. At least one exactly where equity and uncertainty cover the requirement.
    function _factorDown(
        Assessment memory assessment,
        IRiskEngine.Weight[] memory assets,
        IRiskEngine.Weight[] memory others
    ) private pure returns (uint256) {
        (uint256 owned, uint256 owed) = _sides(assets);
        (uint256 ownedElsewhere, uint256 owedElsewhere) = _sides(others);
        owned += ownedElsewhere + assessment.uncertainty;
        owed += owedElsewhere;
        return owed == 0 ? type(uint256).max : owned.fullMulDiv(WAD, owed);
    }

    function _sides(IRiskEngine.Weight[] memory weights) private pure returns (uint256 owned, uint256 owed) {
        for (uint256 i = 0; i < weights.length; ++i) {
            int256 net = weights[i].valueWad - int256(weights[i].requirementWad);
            if (net >= 0) owned += uint256(net);
            else owed += uint256(-net);
        }
    }

    function _outcome(
        AccountId account,
        Holding[] memory holdings,
        address[] memory instruments
    ) private view returns (Outcome memory outcome) {
        outcome.initial = riskEngine.assess(account, holdings, instruments, Requirement.INITIAL, false);
        outcome.maintenance = riskEngine.assess(
            account,
            holdings,
            instruments,
            Requirement.MAINTENANCE,
            false
        );
        outcome.healthWad = _healthDown(outcome.maintenance);
        bool free = instruments.length == 0;
        for (uint256 i = 0; i < holdings.length; ++i) free = free && holdings[i].amount() >= 0;
        outcome.passes = free || _isCovered(outcome.initial);
    }

    /// @dev As the vault judges an operation that takes something out.
    function _isCovered(Assessment memory initial) private pure returns (bool) {
        return
            initial.equity - int256(initial.uncertainty) >= int256(initial.requirement) &&
            initial.status == PriceStatus.FRESH;
    }

    function _isHealthyAt(View memory v, uint256 underlying, uint256 priceWad) private view returns (bool) {
        Assessment memory assessment = riskEngine.assessAt(
            v.account,
            v.holdings,
            v.instruments,
            Requirement.MAINTENANCE,
            underlying,
            priceWad
        );
        return assessment.equity + int256(assessment.uncertainty) >= int256(assessment.requirement);
    }

    /// @dev The unhealthy one of two neighbouring prices between an unhealthy and a healthy price.
    function _edge(
        View memory v,
        uint256 underlying,
        uint256 unhealthy,
        uint256 healthy
    ) private view returns (uint256) {
        while (unhealthy.dist(healthy) > 1) {
            uint256 middle = unhealthy.avg(healthy);
            if (_isHealthyAt(v, underlying, middle)) healthy = middle;
            else unhealthy = middle;
        }
        return unhealthy;
    }

    // --- internal: amounts ---

    function _mostWithdrawn(View memory v) private view returns (uint256) {
        if (v.held == 0 || _mayWithdraw(v, v.held)) return v.held;
        uint256 passes = 0;
        uint256 fails = v.held;
        while (fails - passes > 1) {
            uint256 middle = passes.avg(fails);
            if (_mayWithdraw(v, middle)) passes = middle;
            else fails = middle;
        }
        return passes;
    }

    /// @dev Whether the account may lose `amount`, at most what it holds.
    function _mayWithdraw(View memory v, uint256 amount) private view returns (bool) {
        if (!v.others) return true;
        if (vault.paused()) return false;
        return _isCovered(_initialWith(v, int256(v.held - amount)));
    }

    function _mayBorrow(
        View memory v,
        Market memory market,
        uint256 amount,
        bool minimumCounts
    ) private view returns (bool) {
        if (amount <= v.held) return _mayWithdraw(v, amount);
        uint256 borrowed = amount - v.held;
        uint256 principal = borrowed.mulDivUp(WAD, market.index);
        uint256 domainDebt = (market.domainPrincipal + principal).mulDivUp(market.index, WAD);
        if (borrowed > market.cash || domainDebt > market.debtLimit || vault.paused()) return false;
        uint256 debt = (v.principal + principal).mulDivUp(market.index, WAD);
        Assessment memory initial = _initialWith(v, -int256(debt));
        if (minimumCounts && initial.debtValue < initial.minimumDebt) return false;
        return _isCovered(initial);
    }

    /// @dev The account with another amount of the asset in focus.
    function _initialWith(View memory v, int256 amount) private view returns (Assessment memory) {
        Holding kept = v.holdings[v.position];
        v.holdings[v.position] = HoldingLib.pack(kept.assetId(), amount);
        return riskEngine.assess(v.account, v.holdings, v.instruments, Requirement.INITIAL, false);
    }

    /// @dev Balance after a change, as the vault books it: debt is principal times index, both rounded up.
    function _afterChange(int256 balance, int256 change, address pool) private view returns (int256) {
        if (change != int128(change)) revert AccountLens_AmountTooLarge(change);
        int256 naive = balance + change;
        if (balance >= 0 && naive >= 0) return naive;
        uint256 index = ILendingPool(pool).debtIndexNow();
        if (balance >= 0) return -_debtUp(uint256(-naive).mulDivUp(WAD, index), index);
        if (naive >= 0) return naive;
        uint256 principal = _principalOf(uint256(-balance), index);
        if (change < 0) principal += uint256(-change).mulDivUp(WAD, index);
        else principal -= uint256(change).mulDiv(WAD, index);
        return -_debtUp(principal, index);
    }

    function _debtUp(uint256 principal, uint256 index) private pure returns (int256) {
        return int256(principal.mulDivUp(index, WAD));
    }

    /// @dev The principal whose debt, rounded up, this is. An index of at least one makes it the only one.
    function _principalOf(uint256 debt, uint256 index) private pure returns (uint256) {
        return debt.mulDiv(WAD, index);
    }

    // --- internal: reading ---

    /// @dev The account with `token` in focus: an empty holding of it is put in where it has none.
    function _view(AccountId account, address token) private view returns (View memory v, address pool) {
        IVault.AssetInfo memory info = vault.assetInfo(token);
        pool = info.pool;
        Holding[] memory list;
        (list, v.instruments, ) = vault.holdings(account);
        v.account = account;
        v.others = v.instruments.length != 0;
        v.holdings = new Holding[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) {
            v.holdings[i] = list[i];
            if (list[i].amount() < 0 && list[i].assetId() != info.id) v.others = true;
        }
        v.holdings[list.length] = HoldingLib.pack(info.id, 0);
        v.position = _positionOf(list, list.length, info.id);
        int256 amount = v.holdings[v.position].amount();
        if (amount >= 0) v.held = uint256(amount);
        else v.principal = _principalOf(uint256(-amount), ILendingPool(pool).debtIndexNow());
    }

    function _market(address token, address pool) private view returns (Market memory market) {
        ILendingPool.Domain memory domain = ILendingPool(pool).domainOf(address(vault));
        market.index = ILendingPool(pool).debtIndexNow();
        market.cash = ILendingPool(pool).cash();
        market.domainPrincipal = domain.principal;
        market.debtLimit = domain.line.zeroFloorSub(domain.writtenOff).min(vault.assetInfo(token).debtCap);
    }

    /// @dev Where an asset stands in a list, or the end of the list.
    function _positionOf(
        Holding[] memory list,
        uint256 count,
        uint256 assetId
    ) private pure returns (uint256 position) {
        while (position < count && list[position].assetId() != assetId) ++position;
    }

    function _underlyingOf(uint256 assetId) private view returns (uint256) {
        address book = riskEngine.book();
        uint256 underlyings = RiskBook.domain(book).domain.underlyingCount();
        if (assetId >= RiskBook.domain(book).domain.assetCount()) {
            revert IRiskEngine.RiskEngine_UnknownAsset(assetId);
        }
        return RiskBook.asset(book, underlyings, assetId).asset.underlying();
    }
}
