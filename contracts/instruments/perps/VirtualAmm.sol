// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IPerpMaker} from "../../../interfaces/IPerpMaker.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IVirtualAmm} from "../../../interfaces/IVirtualAmm.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {ExitShares} from "../../shares/ExitShares.sol";
import {AmmCurve} from "./AmmCurve.sol";
import {AmmShape} from "./AmmShape.sol";
import {AmmShares} from "./AmmShares.sol";

/// @notice Quotes of the virtual AMM. It keeps nothing about its position: what it has sold is what its account is short, so
/// a takeover or deleveraging of its account moves the curve with it.
contract VirtualAmm is AmmShares {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    constructor(
        address vault_,
        address market_,
        address settlementAsset_,
        string memory name_,
        string memory symbol_,
        address owner_,
        address guardian_,
        uint256 cooldown_,
        uint256 window_,
        ShapeParameters memory shape_
    )
        ExitShares(vault_, settlementAsset_, name_, symbol_, cooldown_, window_)
        AmmShape(owner_, guardian_, shape_)
        AmmShares(market_)
    {}

    // --- market ---

    /// @inheritdoc IPerpMaker
    function trade(
        AccountId,
        int256 sizeWad,
        int256 heldWad,
        uint256 indexWad
    ) external view returns (uint256 priceWad, int256 premiumWad) {
        if (msg.sender != address(MARKET)) revert PerpMaker_NotMarket(msg.sender);
        AmmCurve.Shape memory curve;
        (priceWad, curve) = _price(sizeWad, -heldWad, indexWad);
        premiumWad = AmmCurve.premiumWad(curve, sizeWad - heldWad);
    }

    // --- governance ---

    /// @inheritdoc IVirtualAmm
    function setCooldown(uint256 cooldown_, uint256 window_) external onlyOwner {
        _setCooldown(cooldown_, window_);
    }

    // --- views ---

    /// @inheritdoc IPerpMaker
    function middlePremiumWad(int256 heldWad) external view returns (int256) {
        (AmmCurve.Shape memory curve, ) = _shape();
        return AmmCurve.premiumWad(curve, -heldWad);
    }

    /// @inheritdoc IVirtualAmm
    function quote(int256 sizeWad) external view returns (uint256 priceWad) {
        IPerpMarket.State memory state = MARKET.state();
        if (state.status != PriceStatus.FRESH) revert VirtualAmm_IndexNotFresh(uint8(state.status));
        (priceWad, ) = _price(sizeWad, _soldWad(), state.indexWad);
    }

    /// @inheritdoc IVirtualAmm
    function depth() external view returns (Depth memory result) {
        (AmmCurve.Shape memory curve, uint256 maxWad) = _shape();
        int256 sold = _soldWad();
        result.soldWad = sold;
        // On the way down to nothing everything may be traded, and beyond it up to the limit.
        result.buyableWad = uint256((int256(maxWad) - sold).max(0));
        result.sellableWad = uint256((int256(maxWad) + sold).max(0));
        result.premiumWad = AmmCurve.premiumWad(curve, sold);
        result.middleWad = MARKET.state().indexWad.fullMulDiv(
            uint256(int256(AmmCurve.WAD) + result.premiumWad),
            AmmCurve.WAD
        );
    }

    /// @inheritdoc IVirtualAmm
    function market() external view returns (address) {
        return address(MARKET);
    }

    /// @inheritdoc IVirtualAmm
    function account() external view returns (AccountId) {
        return ACCOUNT;
    }

    // --- internal ---

    /// @dev The limit binds where the skew grows only.
    function _price(
        int256 sizeWad,
        int256 soldWad,
        uint256 indexWad
    ) private view returns (uint256 priceWad, AmmCurve.Shape memory curve) {
        uint256 maxWad;
        (curve, maxWad) = _shape();
        int256 afterWad = soldWad + sizeWad;
        if (afterWad.abs() > maxWad && afterWad.abs() > soldWad.abs()) {
            revert VirtualAmm_SkewLimit(afterWad, maxWad);
        }
        priceWad = AmmCurve.price(curve, soldWad, sizeWad, indexWad);
    }
}
