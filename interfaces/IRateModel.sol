// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Sets a pool's interest rate. A model that fails or burns too much gas leaves the pool's last rate in force, an
/// absurd answer counts as the pool's highest rate; neither can stop the pool.
interface IRateModel {
    error RateModel_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);

    /// @notice New rate for the calling pool; a model with memory updates it here.
    /// @param utilisationWad debt over cash plus debt from now on, as a WAD
    /// @param elapsed seconds since the pool's last call
    /// @return ratePerSecondWad in force until the next call
    function update(uint256 utilisationWad, uint256 elapsed) external returns (uint256 ratePerSecondWad);

    /// @notice The model's curve, where it is a line with one kink, the same for every pool and for ever, so that a pool can
    /// reckon with it and need not ask; zero where it is not. Packed as `RateCurve`: kink 60 bits, then the rates a year at
    /// zero, at the kink and at full utilisation, 64 bits each, all WADs. The kink is in (0, 1), rates ascend and are at most
    /// 1000%: a pool takes any other word for zero.
    function curve() external view returns (uint256);

    /// @notice What `update` would answer to `pool`.
    function rate(
        address pool,
        uint256 utilisationWad,
        uint256 elapsed
    ) external view returns (uint256 ratePerSecondWad);
}
