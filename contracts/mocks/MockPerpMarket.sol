// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument, Scenario} from "../../interfaces/IInstrument.sol";
import {IPerpMaker} from "../../interfaces/IPerpMaker.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib, PriceStatus} from "../../interfaces/Types.sol";

/// @notice A perpetual market without funding and claims, whose premium and fees a test sets.
contract MockPerpMarket is IInstrument {
    using FixedPointMathLib for int256;

    IVault public immutable VAULT;
    IRiskEngine public immutable ENGINE;
    uint256 public immutable underlying;
    mapping(AccountId => int256) public sizes;
    mapping(AccountId => int256) public costs;
    mapping(AccountId => bool) private _known;
    uint256 public cash;
    int256 public premiumWad;
    uint256 public takerFeeWad;
    uint256 public makerFeeWad;

    constructor(address vault, uint256 underlying_) {
        VAULT = IVault(vault);
        ENGINE = IRiskEngine(VAULT.riskEngine());
        underlying = underlying_;
    }

    function set(int256 premium, uint256 takerFee, uint256 makerFee) external {
        (premiumWad, takerFeeWad, makerFeeWad) = (premium, takerFee, makerFee);
    }

    function setMaker(address, bool) external {}

    function setSampler(address) external {}

    function setOrders(address) external {}

    function underlyings() external view returns (uint256[] memory ids) {
        ids = new uint256[](2);
        (ids[0], ids[1]) = (0, underlying);
    }

    function state() public view returns (IPerpMarket.State memory s) {
        IRiskEngine.Band memory band = ENGINE.band(underlying);
        s.indexWad = band.priceWad;
        s.status = band.status;
        s.premiumWad = premiumWad;
        s.markWad = uint256((int256(band.priceWad) * (1e18 + premiumWad)) / 1e18);
    }

    function position(AccountId account) external view returns (IPerpMarket.Position memory p) {
        require(!VAULT.locked(), "locked");
        p.sizeWad = sizes[account];
        p.cost = costs[account];
        p.pnl = p.sizeWad * int256(state().markWad) - p.cost;
    }

    function parameters() external view returns (IPerpMarket.Parameters memory p) {
        p.takerFeeWad = takerFeeWad;
        p.makerFeeWad = makerFeeWad;
    }

    function execute(AccountId account, address, bytes calldata data) external returns (bytes memory) {
        require(msg.sender == address(VAULT), "vault");
        if (abi.decode(data, (IPerpMarket.Action)) == IPerpMarket.Action.TRADE) {
            (, address maker, int256 size, uint256 limit) = abi.decode(
                data,
                (IPerpMarket.Action, address, int256, uint256)
            );
            AccountId other = AccountIdLib.id(maker, 0);
            require(state().status == PriceStatus.FRESH, "index");
            uint256 price = IPerpMaker(maker).trade(account, size, sizes[other], state().indexWad);
            require(size > 0 ? price <= limit : price >= limit, "limit");
            _move(account, other, size, price);
            return abi.encode(price);
        }
        (, AccountId taker, IPerpMarket.Fill[] memory fills, uint256 tip, AccountId tipTo) = abi.decode(
            data,
            (IPerpMarket.Action, AccountId, IPerpMarket.Fill[], uint256, AccountId)
        );
        for (uint256 i = 0; i < fills.length; ++i) {
            _move(taker, fills[i].maker, fills[i].sizeWad, fills[i].priceWad);
            _tip(fills[i].maker, tipTo, fills[i].tip);
        }
        _tip(taker, tipTo, tip);
        return "";
    }

    function _tip(AccountId from, AccountId to, uint256 amount) private {
        if (amount == 0) return;
        costs[from] += int256(amount * 1e30);
        costs[to] -= int256(amount * 1e30);
        VAULT.setHeld(to, true);
    }

    function _move(AccountId taker, AccountId maker, int256 size, uint256 price) private {
        sizes[taker] += size;
        costs[taker] += size * int256(price);
        sizes[maker] -= size;
        costs[maker] -= size * int256(price);
        VAULT.setHeld(taker, true);
        VAULT.setHeld(maker, true);
        VAULT.touch(taker);
        VAULT.touch(maker);
    }

    function settle(AccountId account) external returns (int256 paid) {
        AccountId own = AccountIdLib.id(address(this), 0);
        int256 pnl = (sizes[account] * int256(state().markWad) - costs[account]) / 1e30;
        if (pnl < 0) {
            cash += uint256(-pnl);
            VAULT.instrumentPay(account, own, uint256(-pnl));
        } else {
            pnl = pnl.min(int256(cash));
            if (pnl == 0) return 0;
            cash -= uint256(pnl);
            VAULT.instrumentPay(own, account, uint256(pnl));
        }
        costs[account] += pnl * 1e30;
        return pnl;
    }

    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external {
        require(msg.sender == address(VAULT), "vault");
        int256 size = (sizes[from] * int256(fractionWad)) / 1e18;
        int256 cost = (costs[from] * int256(fractionWad)) / 1e18;
        sizes[from] -= size;
        costs[from] -= cost;
        sizes[to] += size;
        costs[to] += cost;
        VAULT.setHeld(to, true);
        if (fractionWad == 1e18) VAULT.setHeld(from, false);
    }

    function absorb(AccountId, uint256) external pure returns (uint256) {
        return 0;
    }

    function graceUntil(AccountId) external pure returns (uint256) {
        return 0;
    }

    function priceStatus(AccountId) external pure returns (PriceStatus) {
        return PriceStatus.FRESH;
    }

    function scenarioValues(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        bool
    ) external view returns (int256 valueWad, uint256 creditWad, int256[] memory changesWad) {
        int256 notional = sizes[account] * int256(pricesWad[1]);
        valueWad = (((notional / 1e18) * (1e18 + premiumWad)) - costs[account]) / 1e18;
        if (valueWad > 0) (creditWad, valueWad) = (uint256(valueWad), 0);
        changesWad = new int256[](scenarios.length);
        for (uint256 i = 0; i < scenarios.length; ++i) {
            if (scenarios[i].underlying != underlying) continue;
            changesWad[i] =
                (((sizes[account] * int256(scenarios[i].priceWad)) / 1e18) * scenarios[i].spotShockWad) /
                1e18;
        }
    }

    function exposures(
        AccountId account,
        uint256[] calldata pricesWad,
        bool
    ) external view returns (int256[] memory exposuresWad) {
        exposuresWad = new int256[](2);
        exposuresWad[1] = (sizes[account] * int256(pricesWad[1])) / 1e18;
    }

    function addOn(AccountId, uint256[] calldata, bool) external pure returns (uint256) {
        return 0;
    }
}
