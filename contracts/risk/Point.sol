// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ShockWord} from "../oracle/UnderlyingRow.sol";

/// @notice An underlying within one assessment: where it is in memory. A plain memory struct would be zeroed anew at each
/// function that returns one.
/// next | priceWad | widthWad | status | shocks | exposureWad | requirementPriceWad | lowWad | highWad | netting, one word
/// each:
/// - next: the point loaded before, null at the end
/// - priceWad: exchange price {USD}
/// - widthWad: half-width as a share of it
/// - status: of the price
/// - shocks: moves to survive, walked
/// - exposureWad: net exposure {USD}
/// - requirementPriceWad: price at which the requirement is counted, where that is not the exchange price, else zero {USD}
/// - lowWad, highWad: edges of the band while the sources disagree, else zero {USD}
/// - netting: where the netting set of portfolio margin is in memory, zero where there is none
type Point is uint256;

using PointLib for Point global;

/// @notice Allocation and accessors of points.
library PointLib {
    /// @notice A point in new memory. Price and shocks are for the caller to set.
    function create(Point next_) internal pure returns (Point point) {
        assembly ("memory-safe") {
            point := mload(0x40)
            mstore(0x40, add(point, 0x140))
            mstore(point, next_)
            mstore(add(point, 0xa0), 0)
            mstore(add(point, 0xc0), 0)
            mstore(add(point, 0x100), 0)
            mstore(add(point, 0x120), 0)
        }
    }

    function isNull(Point self) internal pure returns (bool) {
        return Point.unwrap(self) == 0;
    }

    function next(Point self) internal pure returns (Point) {
        return Point.wrap(_get(self, 0x00));
    }

    function priceWad(Point self) internal pure returns (uint256) {
        return _get(self, 0x20);
    }

    function widthWad(Point self) internal pure returns (uint256) {
        return _get(self, 0x40);
    }

    function status(Point self) internal pure returns (uint256) {
        return _get(self, 0x60);
    }

    /// @notice Move to survive {ppm}: down for what is owned, up for what is owed. A ramp may have taken the maintenance
    /// shock past the initial one: new risk never has the smaller.
    function shock(Point self, bool isUp, bool maintenance) internal pure returns (uint256 ppm) {
        uint256 word = _get(self, 0x80);
        assembly ("memory-safe") {
            // initialDown24 | initialUp24 | maintenanceDown24 | From24 | maintenanceUp24 | From24
            ppm := and(shr(add(48, mul(48, isUp)), word), 0xffffff)
            if iszero(maintenance) {
                let initial := and(shr(mul(24, isUp), word), 0xffffff)
                ppm := xor(ppm, mul(xor(ppm, initial), gt(initial, ppm)))
            }
        }
    }

    /// @notice All moves to survive, walked.
    function shocks(Point self) internal pure returns (ShockWord) {
        return ShockWord.wrap(_get(self, 0x80));
    }

    function exposureWad(Point self) internal pure returns (int256) {
        return int256(_get(self, 0xa0));
    }

    function requirementPriceWad(Point self) internal pure returns (uint256) {
        return _get(self, 0xc0);
    }

    /// @notice Whether the edges of the band are not at equal distance from the price. Only then is `lowWad` set.
    function isDisputed(Point self) internal pure returns (bool) {
        return highWad(self) != 0;
    }

    function lowWad(Point self) internal pure returns (uint256) {
        return _get(self, 0xe0);
    }

    function highWad(Point self) internal pure returns (uint256) {
        return _get(self, 0x100);
    }

    function netting(Point self) internal pure returns (uint256) {
        return _get(self, 0x120);
    }

    function setNetting(Point self, uint256 pointer) internal pure {
        _set(self, 0x120, pointer);
    }

    function setPrice(Point self, uint256 priceWad_, uint256 widthWad_, uint256 status_) internal pure {
        _set(self, 0x20, priceWad_);
        _set(self, 0x40, widthWad_);
        _set(self, 0x60, status_);
    }

    function setShocks(Point self, ShockWord shocks) internal pure {
        _set(self, 0x80, ShockWord.unwrap(shocks));
    }

    function setExposure(Point self, int256 exposureWad_) internal pure {
        _set(self, 0xa0, uint256(exposureWad_));
    }

    function setRequirementPrice(Point self, uint256 requirementPriceWad_) internal pure {
        _set(self, 0xc0, requirementPriceWad_);
    }

    function setEdges(Point self, uint256 lowWad_, uint256 highWad_) internal pure {
        _set(self, 0xe0, lowWad_);
        _set(self, 0x100, highWad_);
    }

    function _get(Point self, uint256 offset) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(self, offset))
        }
    }

    function _set(Point self, uint256 offset, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(self, offset), word)
        }
    }
}
