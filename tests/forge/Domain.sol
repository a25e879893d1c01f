// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib} from "../../interfaces/Types.sol";
import {IFeed, ISecondSource, IShareToken, IShares, IToken} from "./Mocks.sol";
import {VM} from "./Vm.sol";

/// @notice An asset as it is deployed.
/// @param decimals of its token
/// @param underlying what its price moves with
/// @param pool zero where it cannot be borrowed
struct Asset {
    IToken token;
    ILendingPool pool;
    uint256 decimals;
    uint256 underlying;
}

/// @notice What an underlying's price comes from.
/// @param base first answer of the feed, 8 decimals
/// @param truth what an honest source says now, 8 decimals
/// @param silent the feed does not answer any more
/// @param dead reads of the feed revert
/// @param lie what the second source says, zero: the truth {USD}
struct Source {
    IFeed feed;
    ISecondSource second;
    int256 base;
    int256 truth;
    bool silent;
    bool dead;
    uint256 lie;
}

/// @notice The core of the domain that tests/helpers/system.py deploys for the Python invariants, from compiled creation code:
/// six assets, of which the settlement asset and one collateral have two price sources, one is concentrated, one is a share of
/// another, one has two decimals, one has twenty-seven, cannot be borrowed and counts only where it is alone.
/// The contract itself governs.
abstract contract Domain {
    error NotDeployed(string contractName);

    uint256 internal constant WAD = 1e18;
    uint256 internal constant HEARTBEAT = 25 hours;
    uint256 internal constant USDC = 0;
    uint256 internal constant WETH = 1;
    uint256 internal constant WBTC = 2;
    uint256 internal constant WSTETH = 3;
    uint256 internal constant CENT = 4;
    uint256 internal constant FINE = 5;
    uint256 internal constant ASSETS = 6;
    uint256 internal constant UNDERLYINGS = 5;

    address internal constant GUARDIAN = address(0x6A4D1A9);
    address internal constant LENDER = address(0x1E4DE4);

    IVault internal vault;
    IRiskEngine internal risk;
    IRiskParameters internal parameters;
    ILiquidationEngine internal liquidation;
    IBackstop internal backstop;
    address internal portfolioMode;
    address internal adapter;
    address internal flashBorrower;
    address internal rateModel;
    address internal adaptiveModel;

    Asset[ASSETS] internal assets;
    Source[UNDERLYINGS] internal sources;
    /// @dev Contracts by name, for the report.
    mapping(address target => bytes12 name) internal nameOf;

    bytes[] private _calls;

    function _deploy(
        bytes12 name,
        string memory contractName,
        bytes memory arguments
    ) internal returns (address place) {
        string memory path = string.concat(VM.envString("KEEL_FUZZ_CODE"), "/", contractName, ".hex");
        bytes memory code = bytes.concat(VM.parseBytes(VM.readFile(path)), arguments);
        assembly ("memory-safe") {
            place := create(0, add(code, 0x20), mload(code))
        }
        if (place == address(0)) revert NotDeployed(contractName);
        nameOf[place] = name;
    }

    function _deployCore() internal {
        VM.warp(1_800_000_000);
        VM.roll(1_000);
        address weth = _deploy("", "MockWETH", "");
        VM.deal(weth, 1e30);
        address usdc = _deploy("", "MockERC20", abi.encode("USDC", "USDC", 6));
        rateModel = _deploy("", "KinkRateModel", abi.encode(0.9e18, 0.001e18, 0.04e18, 0.6e18));
        adaptiveModel = _deploy(
            "",
            "AdaptiveRateModel",
            abi.encode(0.9e18, 0.04e18, 0.001e18, 2e18, 50e18, 4e18)
        );

        uint256 nonce = VM.getNonce(address(this));
        address[6] memory next;
        for (uint256 i; i < 6; ++i) next[i] = VM.computeCreateAddress(address(this), nonce + i);
        address me = address(this);
        parameters = IRiskParameters(
            _deploy("RiskParams", "RiskParameters", abi.encode(me, GUARDIAN, next[2], next[1]))
        );
        risk = IRiskEngine(_deploy("RiskEngine", "RiskEngine", abi.encode(next[0], next[5], address(0))));
        vault = IVault(_deploy("Vault", "Vault", abi.encode(me, GUARDIAN, next[1], next[3], next[4], weth)));
        liquidation = ILiquidationEngine(
            _deploy("Liquidation", "LiquidationEngine", abi.encode(next[2], next[1], next[4]))
        );
        backstop = IBackstop(
            _deploy(
                "Backstop",
                "Backstop",
                abi.encode(next[2], usdc, "Keel backstop", "kBACK", me, GUARDIAN, 7 days, 2 days)
            )
        );
        portfolioMode = _deploy("Portfolio", "PortfolioMode", abi.encode(next[2]));
        if (portfolioMode != next[5]) revert NotDeployed("at the predicted addresses");
        adapter = _deploy("", "MockSwapAdapter", "");
        flashBorrower = _deploy("", "MockFlashBorrower", "");

        _listAssets(usdc, weth);
        vault.setSwapAdapter(adapter, true);
        vault.listInstrument(portfolioMode);
    }

    // --- assets ---

    /// @dev Shares in ppm: initial and maintenance shocks, the same up and down.
    struct Figures {
        uint256 initial;
        uint256 maintenance;
        uint256 halfWidth;
        uint256 tolerance;
        uint256 unwinding;
        uint256 depthUsd;
        uint256 liquidityUsd;
    }

    function _listAssets(address usdc, address weth) private {
        _calls.push(
            abi.encodeCall(
                IRiskParameters.setDomain,
                (
                    IRiskParameters.Domain({
                        targetHealthPpm: 1_150_000,
                        premiumMinPpm: 100_000,
                        premiumStartPpm: 150_000,
                        premiumMaxPpm: 400_000,
                        premiumFullHealthPpm: 600_000,
                        minDebtUsd: 100,
                        backstopSharePpm: 100_000,
                        swapLossPpm: 20_000,
                        gracePeriod: 3_600,
                        nettingPpm: 250_000
                    }),
                    0
                )
            )
        );
        _list(USDC, usdc, 6, 1e8, Figures(20_000, 15_000, 1_000, 5_000, 100, 0, 5e6));
        _list(WETH, weth, 18, 2_000e8, Figures(180_000, 120_000, 5_000, 20_000, 2_000, 0, 4e6));
        address wbtc = _deploy("", "MockERC20", abi.encode("WBTC", "WBTC", 8));
        _list(WBTC, wbtc, 8, 40_000e8, Figures(180_000, 120_000, 5_000, 0, 2_000, 20e6, 4e6));
        _listShare(_deploy("", "MockShareToken", abi.encode(weth, "wstETH", "wstETH")));
        address cent = _deploy("", "MockERC20", abi.encode("CENT", "CENT", 2));
        _list(CENT, cent, 2, 1e8, Figures(40_000, 25_000, 2_000, 0, 200, 0, 2e6));
        address fine = _deploy("", "MockERC20", abi.encode("FINE", "FINE", 27));
        _list(FINE, fine, 27, 5e8, Figures(300_000, 220_000, 5_000, 0, 2_000, 0, 0));
        parameters.configure(_calls);
        delete _calls;
        for (uint256 id; id < ASSETS; ++id) {
            if (address(assets[id].pool) == address(0)) continue;
            uint256 dollars =
                id == CENT
                    ? 2e6
                    : id == WSTETH
                        ? 1e6
                        : 4e6;
            uint256 amount = _units(id, dollars * WAD);
            _mint(id, LENDER, amount);
            VM.prank(LENDER);
            assets[id].token.approve(address(assets[id].pool), type(uint256).max);
            VM.prank(LENDER);
            IShares(address(assets[id].pool)).deposit(amount, LENDER);
        }
    }

    function _list(uint256 id, address token, uint256 decimals, int256 price, Figures memory f) private {
        uint256 underlying = id < WSTETH ? id : id - 1;
        Source storage source = sources[underlying];
        source.feed = IFeed(_deploy("", "MockAggregator", abi.encode(8, "price", price)));
        (source.base, source.truth) = (price, price);
        if (f.tolerance != 0)
            source.second = ISecondSource(_deploy("", "MockPriceSource", abi.encode(uint256(price) * 1e10)));
        _calls.push(
            abi.encodeCall(
                IRiskParameters.addUnderlying,
                (
                    IRiskParameters.Feed({
                        aggregator: address(source.feed),
                        heartbeat: HEARTBEAT,
                        halfWidthPpm: f.halfWidth,
                        volatilityPpm: 20_000,
                        secondary: address(source.second),
                        tolerancePpm: f.tolerance,
                        minPriceWad: WAD / 1e6,
                        maxPriceWad: 1e9 * WAD
                    }),
                    IRiskParameters.Shocks(f.initial, f.initial, f.maintenance, f.maintenance)
                )
            )
        );
        if (id == WETH)
            _calls.push(
                abi.encodeCall(
                    IRiskParameters.setGrid,
                    (underlying, IRiskParameters.Grid(300_000, 2_000, 500), 0)
                )
            );
        _enlist(id, token, decimals, underlying, f.liquidityUsd != 0);
        IRiskParameters.Tier tier = id == FINE ? IRiskParameters.Tier.ISOLATED : IRiskParameters.Tier.CROSS;
        IRiskParameters.Asset memory terms = IRiskParameters.Asset({
            underlying: underlying,
            tier: tier,
            rateSource: address(0),
            basisShockPpm: 0,
            basisBandPpm: 0,
            unwindingPpm: f.unwinding,
            depthUsd: f.depthUsd
        });
        _calls.push(abi.encodeCall(IRiskParameters.addAsset, (id, terms)));
    }

    function _listShare(address token) private {
        bytes memory query = abi.encodeCall(IShareToken.convertToAssets, (1e18));
        address rate = _deploy("", "GrowthCappedRate", abi.encode(token, query, 1e18, 0.1e18));
        _enlist(WSTETH, token, 18, WETH, true);
        _calls.push(
            abi.encodeCall(
                IRiskParameters.addAsset,
                (
                    WSTETH,
                    IRiskParameters.Asset({
                        underlying: WETH,
                        tier: IRiskParameters.Tier.CROSS,
                        rateSource: rate,
                        basisShockPpm: 15_000,
                        basisBandPpm: 2_000,
                        unwindingPpm: 2_000,
                        depthUsd: 0
                    })
                )
            )
        );
    }

    function _enlist(
        uint256 id,
        address token,
        uint256 decimals,
        uint256 underlying,
        bool borrowable
    ) private {
        uint256 cap = 1e9 * 10 ** decimals;
        address pool;
        if (borrowable) {
            pool = _deploy(
                "Pool",
                "LendingPool",
                abi.encode(token, "Pool", "kPOOL", address(this), GUARDIAN, rateModel, backstop, 0.1e18)
            );
            ILendingPool(pool).setLine(address(vault), cap);
            ILendingPool(pool).setFlashFee(0.0005e18);
        }
        vault.listAsset(token, pool, cap, cap);
        assets[id] = Asset(IToken(token), ILendingPool(pool), decimals, underlying);
    }

    // --- tokens and prices ---

    /// @dev What a whole token is truly worth {USD}.
    function _price(uint256 id) internal view returns (uint256 priceWad) {
        priceWad = uint256(sources[assets[id].underlying].truth) * 1e10;
        if (id == WSTETH)
            priceWad = (priceWad * IShareToken(address(assets[id].token)).convertToAssets(1e18)) / 1e18;
    }

    /// @dev Tokens worth `valueWad`, at least one unit.
    function _units(uint256 id, uint256 valueWad) internal view returns (uint256 amount) {
        amount = (valueWad * 10 ** assets[id].decimals) / _price(id);
        return amount == 0 ? 1 : amount;
    }

    function _mint(uint256 id, address to, uint256 amount) internal {
        if (id != WSTETH) return assets[id].token.mint(to, amount);
        IShareToken share = IShareToken(address(assets[id].token));
        uint256 needed = share.previewMint(amount);
        assets[WETH].token.mint(address(this), needed);
        assets[WETH].token.approve(address(share), needed);
        share.mint(amount, to);
    }

    /// @dev Every source that answers says what it has to say.
    function _refresh() internal {
        for (uint256 i; i < UNDERLYINGS; ++i) {
            Source storage source = sources[i];
            if (!source.silent && !source.dead) source.feed.setAnswer(source.truth);
            if (address(source.second) != address(0))
                source.second.set(source.lie == 0 ? uint256(source.truth) * 1e10 : source.lie);
        }
    }

    function _account(address owner, uint96 index) internal pure returns (AccountId) {
        return AccountIdLib.id(owner, index);
    }
}
