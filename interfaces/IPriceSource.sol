// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice Chainlink's feed interface.
interface AggregatorV3Interface {
    function decimals() external view returns (uint8);

    function description() external view returns (string memory);

    function version() external view returns (uint256);

    function getRoundData(
        uint80 roundId
    )
        external
        view
        returns (
            uint80 roundId_,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @notice A second source of an underlying's price.
interface IPriceSource {
    /// @notice Price {USD} with 18 decimals; zero when the source cannot answer now. Should not revert.
    function priceWad() external view returns (uint256);
}

/// @notice How much of its underlying one whole token of an asset is worth (a wrapped or share token).
interface IRateSource {
    /// @notice Units of the underlying for one whole token, as a WAD; zero when unknown.
    function rateWad() external view returns (uint256);
}
