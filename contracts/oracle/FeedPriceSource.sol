// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface, IPriceSource} from "../../interfaces/IPriceSource.sol";
import {ChainlinkFeed} from "./ChainlinkFeed.sol";

/// @notice Another feed as second source: anything with Chainlink's interface that does not share the primary's
/// operators. Reverts only when it is not given enough gas to ask.
contract FeedPriceSource is IPriceSource {
    uint256 private constant WAD_DECIMALS = 18;
    uint256 private constant MAX_DECIMALS = 27;
    uint256 private constant MAX_HEARTBEAT = 7 days;

    AggregatorV3Interface public immutable aggregator;
    /// @notice An answer older than this is none {s}, 1 to 7 days.
    uint256 public immutable heartbeat;

    /// @dev priceWad = answer * _scaleUp / _scaleDown; one of them is 1.
    uint256 private immutable _scaleUp;
    uint256 private immutable _scaleDown;

    error FeedPriceSource_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);

    constructor(AggregatorV3Interface aggregator_, uint256 heartbeat_) {
        if (heartbeat_ == 0 || heartbeat_ > MAX_HEARTBEAT) {
            revert FeedPriceSource_OutOfRange("heartbeat", heartbeat_, 1, MAX_HEARTBEAT);
        }
        uint256 decimals = aggregator_.decimals();
        if (decimals > MAX_DECIMALS) {
            revert FeedPriceSource_OutOfRange("decimals", decimals, 0, MAX_DECIMALS);
        }
        aggregator = aggregator_;
        heartbeat = heartbeat_;
        _scaleUp = decimals < WAD_DECIMALS ? 10 ** (WAD_DECIMALS - decimals) : 1;
        _scaleDown = decimals > WAD_DECIMALS ? 10 ** (decimals - WAD_DECIMALS) : 1;
    }

    /// @inheritdoc IPriceSource
    function priceWad() external view returns (uint256) {
        (uint256 answer, uint256 updatedAt) = ChainlinkFeed.read(address(aggregator));
        // A good answer is at most 2**127 and not from the future, the scale at most 1e18: nothing overflows.
        unchecked {
            if (block.timestamp - updatedAt > heartbeat) return 0;
            uint256 price = (answer * _scaleUp) / _scaleDown;
            return price > ChainlinkFeed.MAX_ANSWER ? 0 : price;
        }
    }
}
