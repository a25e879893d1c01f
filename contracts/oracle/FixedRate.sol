// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRateSource} from "../../interfaces/IPriceSource.sol";

/// @notice Rate of a token that is redeemed one to one, or at any rate that never changes.
contract FixedRate is IRateSource {
    uint256 private constant MIN_RATE_WAD = 1e9;
    uint256 private constant MAX_RATE_WAD = 1e27;

    /// @inheritdoc IRateSource
    uint256 public immutable rateWad;

    error FixedRate_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);

    /// @param rateWad_ units of the underlying for one token as a WAD, 1e-9 to 1e9
    constructor(uint256 rateWad_) {
        if (rateWad_ < MIN_RATE_WAD || rateWad_ > MAX_RATE_WAD) {
            revert FixedRate_OutOfRange("rateWad", rateWad_, MIN_RATE_WAD, MAX_RATE_WAD);
        }
        rateWad = rateWad_;
    }
}
