// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Ramp} from "../../math/Ramp.sol";

/// @dev Parameters as they lie in storage. What raises a requirement walks (GOV-1).
abstract contract PerpParameters {
    uint256 internal constant WAD = 1e18;

    /// @dev What decides on prices and funding; shares {WAD}, but for the interest and the rate {WAD per 8 hours}.
    /// @param premiumTime {s}
    struct PriceParameters {
        uint64 maxPremiumWad;
        uint56 interestWad;
        uint56 interestBandWad;
        uint56 maxRateWad;
        uint24 premiumTime;
    }

    /// @dev What decides on a trade; all as shares {WAD}.
    struct TradeParameters {
        uint56 takerFeeWad;
        uint56 makerFeeWad;
        uint64 maxPriceMoveWad;
        uint64 backstopShareWad;
        bool reduceOnly;
    }

    /// @dev One end of what walks.
    /// @param unwindingWad share {WAD}
    /// @param haircutWad share {WAD}
    /// @param depthWad {USD}, below 2**96
    /// @param time on the risk engine's clock {s}; zero at the far end: nothing walks, and only that end is looked at
    struct WalkEnd {
        uint64 unwindingWad;
        uint64 haircutWad;
        uint96 depthWad;
        uint32 time;
    }

    IVault internal immutable VAULT;
    IRiskEngine internal immutable ENGINE;
    /// @dev Listed first in the vault, for good.
    address internal immutable SETTLEMENT_ASSET;

    PriceParameters internal _prices;
    TradeParameters internal _trades;
    /// @dev {USD}
    uint256 internal _openInterestCapWad;
    WalkEnd internal _walkTo;
    WalkEnd internal _walkFrom;

    mapping(address maker => bool) internal _makerAllowed;
    address internal _sampler;
    address internal _orders;
    AccountId internal _feeAccount;

    constructor(address vault) {
        VAULT = IVault(vault);
        ENGINE = IRiskEngine(IVault(vault).riskEngine());
        SETTLEMENT_ASSET = IVault(vault).settlementAsset();
    }

    /// @dev What walks, as it stands now: unwinding as a share, depth {USD}, haircut as a share.
    function _requirementShares()
        internal
        view
        returns (uint256 unwindingWad, uint256 depthWad, uint256 haircutWad)
    {
        WalkEnd memory to = _walkTo;
        if (to.time == 0) return (to.unwindingWad, to.depthWad, to.haircutWad);
        WalkEnd memory from = _walkFrom;
        uint256 progress = Ramp.progressWad(from.time, to.time, ENGINE.clock());
        unwindingWad = Ramp.valueDown(from.unwindingWad, to.unwindingWad, progress);
        depthWad = Ramp.valueDown(from.depthWad, to.depthWad, progress);
        haircutWad = Ramp.valueDown(from.haircutWad, to.haircutWad, progress);
    }
}
