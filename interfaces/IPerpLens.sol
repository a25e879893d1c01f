// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IPerpMarket} from "./IPerpMarket.sol";
import {AccountId} from "./Types.sol";

/// @notice What traders look at before and after they trade: put together from views, by `eth_call`. Any market and any maker
/// of the vault; who asks knows which.
interface IPerpLens {
    /// @param position size, cost, entry, profit at the mark, claims
    /// @param fundingOwed part of the cost that has come due since the position was last written; positive: it pays {quote}
    /// @param unsettled profit that is not a claim yet, in whole tokens {settlement tok}
    /// @param claims waiting and allotted {settlement tok}
    /// @param belowWad price of the market's underlying at and below which the account may be taken over; zero: none {USD}
    /// @param aboveWad at and above which; zero: none. As `IAccountLens.liquidationPriceIn`: everything in the account counts
    /// @param graceUntil until when it is left alone after a deleveraging {s}
    struct Overview {
        IPerpMarket.Position position;
        int256 fundingOwed;
        uint256 unsettled;
        uint256 claims;
        uint256 belowWad;
        uint256 aboveWad;
        uint256 graceUntil;
    }

    /// @notice One step of a maker's depth.
    /// @param sizeWad of a trade of all steps up to this one {units}
    /// @param priceWad of such a trade, spread included {quote tok per unit}
    /// @param stepPriceWad of what this step adds {quote tok per unit}
    struct Level {
        uint256 sizeWad;
        uint256 priceWad;
        uint256 stepPriceWad;
    }

    error PerpLens_Points(uint256 points, uint256 max);

    /// @notice An account in a market.
    function overview(address market, AccountId account) external view returns (Overview memory);

    /// @notice What a virtual AMM does now, in `points` equal steps up to its limits, 1 to 256. Fewer where so little is left
    /// that steps would be nothing. Reverts while its index is not fresh. Whether its account's margin allows it, and the
    /// market's caps, is told by a trial.
    /// @return asks what it sells, nearest price first
    /// @return bids what it buys, nearest price first
    function depth(
        address amm,
        uint256 points
    ) external view returns (Level[] memory asks, Level[] memory bids);
}
