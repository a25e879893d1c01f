// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice A contract that takes the other side of trades in a perpetual market with an account of its own (index 0 of
/// its address), margined like any other. The market knows it by this interface alone.
interface IPerpMaker {
    error PerpMaker_NotMarket(address caller);

    /// @notice Sells `sizeWad` to the taker (buys where it is negative) and says at which price. Only the market calls, in
    /// the middle of a vault operation: views of market and vault do not answer then, so all that a quote needs is
    /// handed over. The market books the trade afterwards at the price, with no fee for the maker.
    /// Reverts where the maker does not want the trade.
    /// @param taker account that trades
    /// @param sizeWad signed size of the taker, never zero {units}
    /// @param heldWad signed size of the maker's account before the trade {units}
    /// @param indexWad fresh price of the index {quote tok per unit}
    /// @return priceWad {quote tok per unit}
    /// @return premiumWad `middlePremiumWad` after the trade
    function trade(
        AccountId taker,
        int256 sizeWad,
        int256 heldWad,
        uint256 indexWad
    ) external returns (uint256 priceWad, int256 premiumWad);

    /// @notice Price in the middle of the maker's quotes as a share above the index; the market samples it. Depends on
    /// what the maker holds and on nothing that a trade between others changes.
    /// @param heldWad signed size of the maker's account {units}
    function middlePremiumWad(int256 heldWad) external view returns (int256);
}
