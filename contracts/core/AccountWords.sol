// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What an account holds, one bit an asset and one an instrument: {assets 128, instruments 127, unused 1}.
type Header is uint256;

/// @dev Two signed balances and the last block in which the account may have taken on risk:
/// {even asset 112, odd asset 112, riskRaisedAt 31, unused 1}. A positive balance is custody {tok}, a negative one is
/// principal owed to the asset's pool {tok / index}.
type Pair is uint256;

/// @dev An asset's custody: {total 120 {tok}, cap 120 {tok}, id 8, listed 1, unused 6,
/// paused 1}.
type Custody is uint256;

/// @dev An asset's market: {pool 160, debtCap 88 as mantissa 80 and binary exponent 8 {tok}, id 7,
/// paused 1}.
type Market is uint256;

using HeaderLib for Header global;
using PairLib for Pair global;
using CustodyLib for Custody global;
using MarketLib for Market global;

/// @dev Accessors of the account's header.
library HeaderLib {
    uint256 internal constant MAX_ASSETS = 128;
    uint256 internal constant MAX_INSTRUMENTS = 127;

    function assets(Header self) internal pure returns (uint256) {
        return uint128(Header.unwrap(self));
    }

    function instruments(Header self) internal pure returns (uint256) {
        return Header.unwrap(self) >> 128;
    }

    function withAsset(Header self, uint256 id, bool held) internal pure returns (Header) {
        return _with(self, id, held);
    }

    function withInstrument(Header self, uint256 id, bool held) internal pure returns (Header) {
        return _with(self, 128 + id, held);
    }

    function _with(Header self, uint256 bit, bool held) private pure returns (Header) {
        uint256 mask = 1 << bit;
        return Header.wrap(held ? Header.unwrap(self) | mask : Header.unwrap(self) & ~mask);
    }
}

/// @dev Accessors of a balance pair.
library PairLib {
    uint256 private constant BALANCE_MASK = (1 << 112) - 1;
    uint256 private constant STAMP_MASK = (1 << 31) - 1;

    function balance(Pair self, uint256 id) internal pure returns (int256 amount) {
        assembly {
            // The lower 14 bytes, with their sign.
            amount := signextend(13, shr(mul(and(id, 1), 112), self))
        }
    }

    /// @dev `amount` is within int112: `AccountStore._fit` sees to it.
    function withBalance(Pair self, uint256 id, int256 amount) internal pure returns (Pair) {
        unchecked {
            uint256 shift = (id & 1) * 112;
            return
                Pair.wrap(
                    (Pair.unwrap(self) & ~(BALANCE_MASK << shift)) |
                        ((uint256(amount) & BALANCE_MASK) << shift)
                );
        }
    }

    function riskRaisedAt(Pair self) internal pure returns (uint256) {
        return (Pair.unwrap(self) >> 224) & STAMP_MASK;
    }

    function stamped(Pair self, uint256 blockNumber) internal pure returns (Pair) {
        return Pair.wrap((Pair.unwrap(self) & ((1 << 224) - 1)) | ((blockNumber & STAMP_MASK) << 224));
    }
}

/// @dev Accessors of an asset's custody word.
library CustodyLib {
    uint256 internal constant MAX_TOTAL = type(uint120).max;

    function total(Custody self) internal pure returns (uint256) {
        return uint120(Custody.unwrap(self));
    }

    function cap(Custody self) internal pure returns (uint256) {
        return uint120(Custody.unwrap(self) >> 120);
    }

    function id(Custody self) internal pure returns (uint256) {
        return uint8(Custody.unwrap(self) >> 240);
    }

    function isListed(Custody self) internal pure returns (bool) {
        return Custody.unwrap(self) >> 248 != 0;
    }

    /// @dev Whether the vault is: the same in all listed assets' words.
    function isPaused(Custody self) internal pure returns (bool) {
        return Custody.unwrap(self) >> 255 != 0;
    }

    function withPaused(Custody self, bool paused) internal pure returns (Custody) {
        uint256 word = Custody.unwrap(self) & ~(uint256(1) << 255);
        return Custody.wrap(paused ? word | (1 << 255) : word);
    }

    function pack(uint256 total_, uint256 cap_, uint256 id_) internal pure returns (Custody) {
        return Custody.wrap(total_ | (cap_ << 120) | (id_ << 240) | (1 << 248));
    }

    function withTotal(Custody self, uint256 total_) internal pure returns (Custody) {
        return Custody.wrap((Custody.unwrap(self) & ~MAX_TOTAL) | total_);
    }
}

/// @dev Accessors of an asset's market word.
library MarketLib {
    function pool(Market self) internal pure returns (address) {
        return address(uint160(Market.unwrap(self)));
    }

    function debtCap(Market self) internal pure returns (uint256) {
        return uint256(uint80(Market.unwrap(self) >> 160)) << uint8(Market.unwrap(self) >> 240);
    }

    function id(Market self) internal pure returns (uint256) {
        return (Market.unwrap(self) >> 248) & 0x7f;
    }

    /// @dev As `CustodyLib.isPaused`.
    function isPaused(Market self) internal pure returns (bool) {
        return Market.unwrap(self) >> 255 != 0;
    }

    function withPaused(Market self, bool paused) internal pure returns (Market) {
        uint256 word = Market.unwrap(self) & ~(uint256(1) << 255);
        return Market.wrap(paused ? word | (1 << 255) : word);
    }

    /// @dev A cap above 80 bits loses its low bits (rounded down).
    function pack(address pool_, uint256 debtCap_, uint256 id_) internal pure returns (Market) {
        uint256 exponent;
        while (debtCap_ >> exponent > type(uint80).max) ++exponent;
        return
            Market.wrap(
                uint256(uint160(pool_)) | ((debtCap_ >> exponent) << 160) | (exponent << 240) | (id_ << 248)
            );
    }
}
