// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IAccountLens} from "../../../interfaces/IAccountLens.sol";
import {IInstrument} from "../../../interfaces/IInstrument.sol";
import {IPerpLens} from "../../../interfaces/IPerpLens.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IVirtualAmm} from "../../../interfaces/IVirtualAmm.sol";
import {AccountId} from "../../../interfaces/Types.sol";

/// @notice See `IPerpLens`. Holds nothing; one lens per vault.
contract PerpLens is IPerpLens {
    using FixedPointMathLib for uint256;

    uint256 private constant MAX_POINTS = 256;

    IAccountLens public immutable accountLens;
    /// @dev Quote in one of the settlement token's smallest units.
    uint256 private immutable TOKEN;

    /// @param settlementDecimals of the vault's settlement asset
    constructor(address accountLens_, uint256 settlementDecimals) {
        accountLens = IAccountLens(accountLens_);
        TOKEN = 10 ** (36 - settlementDecimals);
    }

    /// @inheritdoc IPerpLens
    function overview(address market, AccountId account) external view returns (Overview memory result) {
        IPerpMarket perps = IPerpMarket(market);
        IPerpMarket.Position memory held = perps.position(account);
        result.position = held;
        result.fundingOwed = perps.fundingOwed(account);
        if (held.pnl > 0) result.unsettled = uint256(held.pnl) / TOKEN;
        result.claims = held.waiting + held.allotted;
        (result.belowWad, result.aboveWad) = accountLens.liquidationPriceIn(account, perps.underlying());
        result.graceUntil = IInstrument(market).graceUntil(account);
    }

    /// @inheritdoc IPerpLens
    function depth(
        address amm,
        uint256 points
    ) external view returns (Level[] memory asks, Level[] memory bids) {
        if (points == 0 || points > MAX_POINTS) revert PerpLens_Points(points, MAX_POINTS);
        IVirtualAmm.Depth memory limits = IVirtualAmm(amm).depth();
        asks = _levels(amm, limits.buyableWad, points, true);
        bids = _levels(amm, limits.sellableWad, points, false);
    }

    function _levels(
        address amm,
        uint256 mostWad,
        uint256 points,
        bool buys
    ) private view returns (Level[] memory levels) {
        points = points.min(mostWad);
        levels = new Level[](points);
        uint256 size;
        uint256 paid;
        for (uint256 i; i < points; ++i) {
            uint256 next = (mostWad * (i + 1)) / points;
            uint256 price = IVirtualAmm(amm).quote(buys ? int256(next) : -int256(next));
            levels[i] = Level(next, price, (next * price).zeroFloorSub(paid) / (next - size));
            (size, paid) = (next, next * price);
        }
    }
}
