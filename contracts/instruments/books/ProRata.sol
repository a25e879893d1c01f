// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @notice Many amounts that shrink by the same share at once, however many there are: each is known from what it was when
/// its owner joined and from a running product. What was taken from an amount is valued by a running sum.
///
/// Where the product would lose its digits a new era begins; an amount walks through the eras since it joined, and is
/// nothing after two of them.
library ProRata {
    using FixedPointMathLib for uint256;

    uint256 internal constant ONE = 1 << 112;
    /// @dev Below it the product has too few digits left: an era ends.
    uint256 private constant LEAST = 1 << 56;

    /// @param product what is left of one that was there when the era began, in units of 1 / ONE; zero: untouched
    /// @param era counts how often the product began anew
    /// @param sum value of what was taken since the era began, of one that was there then, times ONE
    struct Pool {
        uint128 product;
        uint128 era;
        int256 sum;
        mapping(uint256 era => Mark) ends;
    }

    /// @notice The pool as it stood at some time.
    struct Mark {
        uint128 product;
        uint128 era;
        int256 sum;
    }

    /// @notice Takes the same share of every amount.
    /// @param total sum of the amounts; not zero
    /// @param left of it
    /// @param worth value of one unit that is taken, below 2**126
    function shrink(Pool storage self, uint256 total, uint256 left, int256 worth) internal {
        Mark memory mark = current(self);
        // Down: the amounts add up to no more than what is left.
        uint256 product = uint256(mark.product).fullMulDiv(left, total);
        mark.sum += int256(uint256(mark.product) - product) * worth;
        if (product < LEAST) {
            self.ends[mark.era] = Mark(uint128(product), mark.era, mark.sum);
            self.era = mark.era + 1;
            product = ONE;
            mark.sum = 0;
        }
        self.product = uint128(product);
        self.sum = mark.sum;
    }

    /// @notice What whoever joins now remembers.
    function current(Pool storage self) internal view returns (Mark memory mark) {
        mark.product = self.product;
        if (mark.product == 0) mark.product = uint128(ONE);
        mark.era = self.era;
        mark.sum = self.sum;
    }

    /// @notice The mark of who joined before anything was taken.
    function first() internal pure returns (Mark memory) {
        return Mark(uint128(ONE), 0, 0);
    }

    /// @notice What has become of an amount, rounded down.
    /// @return left of it
    /// @return value of what was taken
    function since(
        Pool storage self,
        Mark memory joined,
        uint256 amount
    ) internal view returns (uint256 left, int256 value) {
        Mark memory end = current(self);
        left = amount;
        for (uint256 era = joined.era; era < end.era && left != 0; ++era) {
            Mark memory closing = self.ends[era];
            value += _times(left, closing.sum - joined.sum, joined.product);
            left = left.fullMulDiv(closing.product, joined.product);
            joined = Mark(uint128(ONE), 0, 0);
        }
        if (left == 0) return (left, value);
        value += _times(left, end.sum - joined.sum, joined.product);
        left = left.fullMulDiv(end.product, joined.product);
    }

    /// @dev amount * sum / product, rounded towards zero.
    function _times(uint256 amount, int256 sum, uint256 product) private pure returns (int256) {
        uint256 part = amount.fullMulDiv(FixedPointMathLib.abs(sum), product);
        return sum < 0 ? -int256(part) : int256(part);
    }
}
