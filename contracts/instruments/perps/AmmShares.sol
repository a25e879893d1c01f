// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument} from "../../../interfaces/IInstrument.sol";
import {ILiquidationEngine} from "../../../interfaces/ILiquidationEngine.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {IVirtualAmm} from "../../../interfaces/IVirtualAmm.sol";
import {Assessment, Holding, PriceStatus, Requirement} from "../../../interfaces/Types.sol";
import {ExitShares} from "../../shares/ExitShares.sol";
import {AmmCurve} from "./AmmCurve.sol";
import {AmmShape} from "./AmmShape.sol";

/// @dev Shareholders' side of the virtual AMM: what its account is worth to who comes and to who goes, and when nobody goes.
abstract contract AmmShares is ExitShares, AmmShape {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    int256 private constant SIGNED_WAD = 1e18;
    /// @dev Quotes have 36 decimals.
    uint256 private constant QUOTE_DECIMALS = 36;
    /// @dev Amount of settlement tokens of which the value is asked: any decimals leave 24 digits of the price.
    uint256 private constant PRICED_AMOUNT = 1e33;

    IPerpMarket internal immutable MARKET;
    IRiskEngine internal immutable RISK_ENGINE;
    uint256 private immutable _UNDERLYING;
    /// @dev Quote in one of the settlement token's smallest units.
    int256 private immutable _TOKEN_QUOTE;

    constructor(address market_) {
        MARKET = IPerpMarket(market_);
        RISK_ENGINE = IRiskEngine(VAULT.riskEngine());
        _UNDERLYING = IPerpMarket(market_).underlying();
        _TOKEN_QUOTE = int256(10 ** (QUOTE_DECIMALS - _underlyingDecimals()));
    }

    // --- shareholders ---

    /// @inheritdoc IVirtualAmm
    function depositFor(uint256 assets, address to, uint256 minShares) external returns (uint256 shares) {
        shares = deposit(assets, to);
        if (shares < minShares) revert VirtualAmm_BelowLimit(shares, minShares);
    }

    /// @inheritdoc IVirtualAmm
    function redeemFor(
        uint256 shares,
        address to,
        address owner_,
        uint256 minAssets
    ) external returns (uint256 assets) {
        assets = redeem(shares, to, owner_);
        if (assets < minAssets) revert VirtualAmm_BelowLimit(assets, minAssets);
    }

    /// @notice ERC-4626, within the window of the owner's request; profit that can be paid is paid first.
    function withdraw(uint256 assets, address to, address owner_) public override returns (uint256) {
        _collectProfit();
        return super.withdraw(assets, to, owner_);
    }

    /// @notice ERC-4626, within the window of the owner's request; profit that can be paid is paid first.
    function redeem(uint256 shares, address to, address owner_) public override returns (uint256) {
        _collectProfit();
        return super.redeem(shares, to, owner_);
    }

    // --- views ---

    /// @notice ERC-4626: what all shares are worth to who leaves.
    function totalAssets() public view override returns (uint256) {
        return _exitAssets();
    }

    /// @notice ERC-4626, never reverts.
    function maxDeposit(address to) public view override returns (uint256) {
        try this.checkEntry() {
            return super.maxDeposit(to);
        } catch {
            return 0;
        }
    }

    /// @notice ERC-4626, never reverts: what may leave without bringing the account below its initial requirement.
    function maxRedeem(address owner_) public view override returns (uint256 shares) {
        shares = super.maxRedeem(owner_);
        if (shares == 0) return 0;
        try this.redeemableShares(shares) returns (uint256 redeemable) {
            return redeemable;
        } catch {
            return 0;
        }
    }

    /// @notice The most of `shares` that may leave now by the account's margin; reverts as `checkExit`.
    function redeemableShares(uint256 shares) external view returns (uint256) {
        uint256 margin = _requireExits();
        return convertToAssets(shares) <= margin ? shares : convertToShares(margin).min(shares);
    }

    /// @inheritdoc IVirtualAmm
    function edges() external view returns (uint256 entryAssets, uint256 exitAssets) {
        return (_entryAssets(), _exitAssets());
    }

    /// @inheritdoc IVirtualAmm
    function checkExit() external view {
        _requireExits();
    }

    /// @notice Reverts while nobody may enter, with the reason.
    function checkEntry() external view {
        _beforeEntry();
    }

    // --- internal ---

    function _soldWad() internal view override returns (int256) {
        return -MARKET.position(ACCOUNT).sizeWad;
    }

    function _entryAssets() internal view override returns (uint256) {
        return uint256(_worth(true).max(0));
    }

    function _exitAssets() internal view override returns (uint256) {
        return uint256(_worth(false).max(0));
    }

    /// @dev Flagged, or worth nothing although there are shares: new money would pay old losses.
    function _beforeEntry() internal view override {
        IPerpMarket.Position memory held = MARKET.position(ACCOUNT);
        if (held.sizeWad != 0) _requireFresh();
        _requireUnflagged();
        if (totalSupply() != 0 && _entryAssets() == 0) revert VirtualAmm_NothingLeft();
    }

    function _beforeExit() internal view override {
        _requireExits();
    }

    /// @dev Reverts while nobody may leave; else settlement tokens that may leave by the account's margin, the largest number
    /// where it owes nothing and has no position. The vault checks the account once more when they have left.
    function _requireExits() private view returns (uint256 margin) {
        _requireUnflagged();
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(ACCOUNT);
        if (instruments.length == 0 && (list.length == 0 || list[0].amount() > 0)) return type(uint256).max;
        _requireFresh();
        Assessment memory judged = RISK_ENGINE.assess(ACCOUNT, list, instruments, Requirement.INITIAL, false);
        int256 worst = judged.equity - int256(judged.uncertainty);
        if (judged.status != PriceStatus.FRESH) revert VirtualAmm_IndexNotFresh(uint8(judged.status));
        if (worst < int256(judged.requirement)) {
            revert VirtualAmm_BelowInitialRequirement(worst, judged.requirement);
        }
        (, , uint256 high, ) = RISK_ENGINE.valueOf(0, PRICED_AMOUNT);
        int256 balance = VAULT.balanceOf(ACCOUNT, asset());
        uint256 free = uint256(worst - int256(judged.requirement)).fullMulDiv(PRICED_AMOUNT, high);
        return free.min(uint256(balance.max(0)));
    }

    function _requireFresh() private view {
        PriceStatus status = MARKET.state().status;
        if (status != PriceStatus.FRESH) revert VirtualAmm_IndexNotFresh(uint8(status));
    }

    function _requireUnflagged() private view {
        if (ILiquidationEngine(VAULT.liquidationEngine()).isFlagged(ACCOUNT)) revert VirtualAmm_Flagged();
    }

    /// @dev What the account is worth {settlement tok}: upwards with all profit, or downwards without any. Claims pay the
    /// account's own loss, so they count against one both ways: whether profit was realised changes nothing.
    function _worth(bool up) private view returns (int256 worth) {
        worth = VAULT.balanceOf(ACCOUNT, asset());
        IPerpMarket.Position memory held = MARKET.position(ACCOUNT);
        int256 quoted = int256(held.waiting + held.allotted) * _TOKEN_QUOTE - held.cost;
        if (held.sizeWad != 0) quoted += _positionWorth(held.sizeWad, up);
        int256 tokens = quoted / _TOKEN_QUOTE;
        if (up) return quoted > 0 ? worth + tokens + 1 : worth + tokens;
        return quoted < 0 ? worth + tokens - 1 : worth;
    }

    /// @dev Up: what the position is worth along the curve at the better edge of the index; no trade at the same index lowers
    /// it, so none before an entry makes the shares cheaper, and none makes them dearer but by the spread it pays. Down: the
    /// worse of that and of the mark, at the worse edge {quote}.
    function _positionWorth(int256 sizeWad, bool up) private view returns (int256) {
        IRiskEngine.Band memory band = RISK_ENGINE.band(_UNDERLYING);
        uint256 indexWad = (sizeWad > 0) == up ? band.highWad : band.lowWad;
        (AmmCurve.Shape memory curve, ) = _shape();
        int256 alongCurve = AmmCurve.closingValue(curve, -sizeWad, indexWad, up);
        if (up) return alongCurve;
        int256 markWad = (int256(indexWad) * (SIGNED_WAD + MARKET.state().premiumWad)) / SIGNED_WAD;
        if (sizeWad < 0) ++markWad;
        return (sizeWad * markWad).min(alongCurve);
    }

    /// @dev Best effort: a market that cannot settle now keeps nobody here.
    function _collectProfit() private {
        try IInstrument(address(MARKET)).settle(ACCOUNT) {} catch {}
    }
}
