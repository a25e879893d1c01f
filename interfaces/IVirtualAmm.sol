// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IExitShares} from "./IExitShares.sol";
import {IPerpMaker} from "./IPerpMaker.sol";
import {AccountId} from "./Types.sol";

/// @notice Takes the other side of trades in one perpetual market along a constant product around the index, with the deposits
/// of its shareholders as margin in an account of its own (index 0). That account is margined, settled and taken over like
/// any other; its owner, this contract, only trades for it, and brings deposits in and exits out.
///
/// Shares are an ERC-4626 of the settlement asset. Entries pay for what the account is worth at the upper edge of the index,
/// its position closed along the curve: no trade moves that but by the spread it pays, so nobody makes entries cheaper or
/// dearer around one. Exits get the balance less what would be lost at the lower edge, by curve or by mark, whichever is
/// worse. Profit that has not been paid yet counts in full on the way in and for nothing on the way out.
///
/// Nobody leaves while the account is flagged, below its initial requirement, or holds a position without a fresh index.
interface IVirtualAmm is IExitShares, IPerpMaker {
    /// @param depthWad virtual depth {units}
    /// @param spreadPpm constant part of the spread, a share of the index. Below what the index may be away from the market
    /// (the feed's deviation threshold) it gives the difference away to whoever is faster
    /// @param skewSpreadPpm spread where the whole depth is sold; in proportion to the skew, for who makes it larger
    /// @param maxSkewPpm part of the depth up to which it sells or buys in all, at most a half
    struct ShapeParameters {
        uint256 depthWad;
        uint256 spreadPpm;
        uint256 skewSpreadPpm;
        uint256 maxSkewPpm;
    }

    /// @param soldWad net amount sold {units}
    /// @param buyableWad what may be bought from it now {units}
    /// @param sellableWad what may be sold to it now {units}
    /// @param middleWad price between its quotes for nothing {settlement tok per unit}
    /// @param premiumWad of the middle over the index
    struct Depth {
        int256 soldWad;
        uint256 buyableWad;
        uint256 sellableWad;
        uint256 middleWad;
        int256 premiumWad;
    }

    event ShapeSet(ShapeParameters shape, uint256 rampEnd);

    error VirtualAmm_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error VirtualAmm_SkewLimit(int256 soldWad, uint256 maxWad);
    error VirtualAmm_IndexNotFresh(uint8 status);
    error VirtualAmm_Flagged();
    error VirtualAmm_NothingLeft();
    error VirtualAmm_BelowInitialRequirement(int256 worstEquity, uint256 requirement);
    error VirtualAmm_BelowLimit(uint256 amount, uint256 limit);

    /// @notice `deposit` that insists on a number of shares.
    function depositFor(uint256 assets, address to, uint256 minShares) external returns (uint256 shares);

    /// @notice `redeem` that insists on an amount.
    function redeemFor(
        uint256 shares,
        address to,
        address owner,
        uint256 minAssets
    ) external returns (uint256 assets);

    /// @notice The curve walks to these parameters over `duration` seconds (1 to 30 days). A smaller depth gives whoever holds
    /// what the AMM has sold a better price to close at, a larger one a worse: change it while little is sold. Owner only.
    function setShape(ShapeParameters calldata shape_, uint256 duration) external;

    /// @notice Owner only. Requests that were made before keep their times.
    function setCooldown(uint256 cooldown, uint256 window) external;

    // --- views (those that look at account or market revert while a vault operation is half-done) ---

    /// @notice The curve as it stands now, its walk applied.
    function shape() external view returns (ShapeParameters memory);

    /// @notice What it would do now for a taker; reverts where it would refuse.
    function quote(int256 sizeWad) external view returns (uint256 priceWad);

    function depth() external view returns (Depth memory);

    /// @notice What all shares are worth to who enters and to who leaves {settlement tok}.
    function edges() external view returns (uint256 entryAssets, uint256 exitAssets);

    /// @notice Reverts while nobody may leave, with the reason.
    function checkExit() external view;

    function market() external view returns (address);

    function account() external view returns (AccountId);
}
