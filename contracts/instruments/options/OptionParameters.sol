// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRiskParameters} from "../../../interfaces/IRiskParameters.sol";
import {IVolatilitySurface} from "../../../interfaces/IVolatilitySurface.sol";
import {Ramp} from "../../math/Ramp.sol";
import {RequirementWalks} from "../books/RequirementWalks.sol";

/// @dev Parameters as they lie in storage, and who is asked for feeds and smiles.
abstract contract OptionParameters is RequirementWalks {
    /// @dev What decides on a trade; all as shares {WAD}.
    struct TradeParameters {
        uint64 takerFeeWad;
        uint64 makerFeeWad;
        uint64 maxPriceMoveWad;
        uint64 feeCapWad;
    }

    /// @param openInterestCapWad {USD}
    /// @param minPositionWad {USD}
    struct LimitParameters {
        uint112 openInterestCapWad;
        uint72 minPositionWad;
        uint64 backstopShareWad;
        bool reduceOnly;
    }

    /// @dev Walks as long as depth does.
    struct NakedWalk {
        uint64 from;
        uint64 to;
    }

    IVolatilitySurface internal immutable SURFACE;
    IRiskParameters internal immutable RISK_PARAMETERS;

    TradeParameters internal _trades;
    LimitParameters internal _limits;
    NakedWalk internal _naked;

    constructor(address surface_, address riskParameters) {
        SURFACE = IVolatilitySurface(surface_);
        RISK_PARAMETERS = IRiskParameters(riskParameters);
    }

    /// @dev Share of the notional of naked shorts, as it stands now.
    function _nakedShortWad() internal view returns (uint256) {
        NakedWalk memory naked = _naked;
        if (naked.from == naked.to) return naked.to;
        uint256 progress = Ramp.progressWad(_walkFrom.time, _walkTo.time, ENGINE.clock());
        return Ramp.valueDown(naked.from, naked.to, progress);
    }
}
