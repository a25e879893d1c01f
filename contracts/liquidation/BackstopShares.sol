// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IBackstop} from "../../interfaces/IBackstop.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {ExitShares} from "../shares/ExitShares.sol";

/// @notice The stakers' side of the backstop: shares of the settlement tokens in its vault account. Exits and conversions get
/// the price less the flagged shortfalls: nobody leaves ahead of a loss that is known (LIQ-5).
///
/// What is there beside settlement tokens (salvage, reserves of pools) pays nobody out before it is sold, but who enters
/// pays for it at its upper price: the old stakers have paid for the salvage, and a new one who bought it from them at
/// once would pay himself.
abstract contract BackstopShares is ExitShares, IBackstop {
    using FixedPointMathLib for uint256;

    /// @dev Amount of settlement tokens of which the value is asked: any decimals leave 24 digits of the price.
    uint256 internal constant PRICED_AMOUNT = 1e33;

    /// @inheritdoc IBackstop
    uint256 public flagged;
    /// @inheritdoc IBackstop
    mapping(AccountId account => uint256) public flaggedOf;

    /// @dev Settlement tokens, and what would be paid for everything else at its upper price.
    function _entryAssets() internal view override returns (uint256 assets) {
        assets = totalAssets();
        IRiskEngine riskEngine = IRiskEngine(VAULT.riskEngine());
        uint256 count = VAULT.assetCount();
        uint256 valueHigh;
        for (uint256 id = 0; id < count; ++id) {
            (address token, address pool) = VAULT.assetAt(id);
            uint256 amount = _reserveOf(pool);
            if (id == 0) {
                assets += amount;
                continue;
            }
            int256 balance = VAULT.balanceOf(ACCOUNT, token);
            if (balance > 0) amount += uint256(balance);
            if (amount == 0) continue;
            (, , uint256 high, ) = riskEngine.valueOf(id, amount);
            valueHigh += high;
        }
        if (valueHigh == 0) return assets;
        (, uint256 low, , ) = riskEngine.valueOf(0, PRICED_AMOUNT);
        assets += valueHigh.fullMulDivUp(PRICED_AMOUNT, low);
    }

    /// @dev What a pool would pay to this fund.
    function _reserveOf(address pool) private view returns (uint256) {
        if (pool == address(0) || ILendingPool(pool).reserveRecipient() != address(this)) return 0;
        return ILendingPool(pool).reserve();
    }

    function _exitAssets() internal view override returns (uint256) {
        return totalAssets().zeroFloorSub(flagged);
    }
}
