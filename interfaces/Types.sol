// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice A margin account: the owner's address in the upper 20 bytes, an index of his choice in the lower 12.
type AccountId is bytes32;

/// @notice One asset of an account in one word: asset id in the upper 8 bits, signed amount {tok} in the lower 248.
/// Positive is what the account owns, negative what it owes (interest included, rounded up).
type Holding is uint256;

using AccountIdLib for AccountId global;
using HoldingLib for Holding global;

/// @notice Packing of account ids.
library AccountIdLib {
    function id(address owner_, uint96 index_) internal pure returns (AccountId) {
        return AccountId.wrap(bytes32((uint256(uint160(owner_)) << 96) | index_));
    }

    function owner(AccountId self) internal pure returns (address) {
        return address(uint160(uint256(AccountId.unwrap(self)) >> 96));
    }

    function equals(AccountId self, AccountId other) internal pure returns (bool) {
        return AccountId.unwrap(self) == AccountId.unwrap(other);
    }
}

/// @notice Packing of holdings.
library HoldingLib {
    uint256 private constant AMOUNT_MASK = (1 << 248) - 1;

    function pack(uint256 assetId_, int256 amount_) internal pure returns (Holding) {
        return Holding.wrap((assetId_ << 248) | (uint256(amount_) & AMOUNT_MASK));
    }

    function assetId(Holding self) internal pure returns (uint256) {
        return Holding.unwrap(self) >> 248;
    }

    function amount(Holding self) internal pure returns (int256) {
        return (int256(Holding.unwrap(self) << 8)) >> 8;
    }
}

/// @notice Status of a price, by what it still allows.
/// FRESH: everything. DIVERGED, STALE: no new risk. NONE: counts for nothing in new risk.
enum PriceStatus {
    FRESH,
    DIVERGED,
    STALE,
    NONE
}

/// @notice Which judgement an assessment serves.
/// INITIAL: new risk, worst edges, initial shocks. MAINTENANCE: liquidation, favourable edges, maintenance shocks.
enum Requirement {
    INITIAL,
    MAINTENANCE
}

/// @notice What the risk engine says of an account, all in {USD} with 18 decimals.
/// @param equity what the account is worth at the exchange price (the middle while the sources agree)
/// @param uncertainty net exposure times half-width, added over underlyings, plus basis bands: the worst edge is
/// `equity - uncertainty`, the favourable edge `equity + uncertainty`
/// @param requirement what the account must be worth
/// @param debtValue value of all debts to pools
/// @param minimumDebt least value of debt an account may grow to
/// @param status worst status among the prices that weigh on the account
struct Assessment {
    int256 equity;
    uint256 uncertainty;
    uint256 requirement;
    uint256 debtValue;
    uint256 minimumDebt;
    PriceStatus status;
}
