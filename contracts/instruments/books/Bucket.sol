// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {ProRata} from "./ProRata.sol";

/// @notice Positions on one side of a market that are deleveraged together, each by the same share of its size.
/// @param total size of its positions, without sign {units}
/// @param count of its positions
/// @param round how often it was deleveraged
/// @param deleveragedAt when it was last {s}
/// @param pending change of cost that its positions have not taken note of {quote}
struct Bucket {
    uint128 total;
    uint32 count;
    uint40 round;
    uint40 deleveragedAt;
    int256 pending;
    ProRata.Pool pool;
}

/// @notice A bucket that is deleveraged writes none of its positions; each is brought up to date when it is used next. What
/// their roundings leave in the bucket goes to its last position.
library BucketLib {
    using FixedPointMathLib for int256;
    using ProRata for ProRata.Pool;

    /// @notice What has become of a position in a bucket that was deleveraged at least once.
    /// @param round of the bucket when the position was written; zero: nothing had been taken from it
    /// @param joined the pool's mark when the position was written; counts for nothing where the round is zero
    /// @param size signed, as it was written; not zero {units}
    /// @return left signed size
    /// @return given change of its cost {quote}
    function live(
        Bucket storage self,
        uint256 round,
        ProRata.Mark memory joined,
        int256 size
    ) internal view returns (int256 left, int256 given) {
        uint256 magnitude;
        if (self.count == 1) {
            magnitude = self.total;
            given = self.pending;
        } else {
            if (round == self.round) return (size, 0);
            (magnitude, given) = self.pool.since(round == 0 ? ProRata.first() : joined, size.abs());
            if (size < 0) given = -given;
        }
        left = size < 0 ? -int256(magnitude) : int256(magnitude);
    }

    /// @notice Takes `closed` out of a bucket, from each of its positions the same share.
    /// @param worth what the cost of a long rises by for a unit that is taken, of a short falls {quote tok per unit}
    /// @return given change of the cost of its positions together {quote}
    function close(
        Bucket storage self,
        bool long,
        uint256 closed,
        int256 worth
    ) internal returns (int256 given) {
        uint256 total = self.total;
        self.pool.shrink(total, total - closed, worth);
        given = int256(closed) * worth;
        if (!long) given = -given;
        self.pending += given;
        self.total = uint128(total - closed);
        self.round += 1;
        self.deleveragedAt = uint40(block.timestamp);
    }
}
