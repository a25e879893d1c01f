// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IOptionMarket} from "./IOptionMarket.sol";
import {ISignedOrders} from "./ISignedOrders.sol";
import {AccountId} from "./Types.sol";

/// @notice Settles signed orders on option markets: a taker against makers who signed the same legs, each at the maker's
/// premium, all legs of all fills in one call of the vault, which checks every account once: all or nothing. Holds no money;
/// anybody may submit.
interface IOptionOrders is ISignedOrders {
    /// @notice Signed as EIP-712 data of the same fields in the same order:
    /// `Order(bytes32 account,address market,address signer,Leg[] legs,int256 unitsWad,int256 limitPremiumWad,uint256 expiry,
    /// uint256 nonce,uint256 flags,uint256 maxFeeWad)Leg(uint256 series,int256 ratio)`.
    /// @param account whose positions it changes
    /// @param market listed market on which it trades
    /// @param signer owner of the account, or an operator whose approval has not expired when it is filled
    /// @param legs of one unit of the combination, by ascending series
    /// @param unitsWad bought, negative: sold {units}
    /// @param limitPremiumWad what a unit may cost at most, or brings at least where it is sold; negative: the buyer is
    /// paid {settlement tok per unit}
    /// @param expiry last second at which it may be filled
    /// @param nonce tells orders apart; those below the account's lowest valid nonce are cancelled
    /// @param flags bits: 1 reduce-only, 2 post-only, 4 fill-or-kill
    /// @param maxFeeWad highest fee it agrees to, as a share of the notional
    struct Order {
        AccountId account;
        address market;
        address signer;
        IOptionMarket.Leg[] legs;
        int256 unitsWad;
        int256 limitPremiumWad;
        uint256 expiry;
        uint256 nonce;
        uint256 flags;
        uint256 maxFeeWad;
    }

    /// @param signature ECDSA (low s) by a signer without code, ERC-1271 by one with code
    struct SignedOrder {
        Order order;
        bytes signature;
    }

    /// @param taker pays the taker's fee, gets each maker's premium
    /// @param makers in the order in which they are filled
    /// @param unitsWad the most to fill of each maker {units}
    struct Match {
        SignedOrder taker;
        SignedOrder[] makers;
        uint256[] unitsWad;
    }

    /// @param filledWad {units}
    /// @param leftWad what may still be filled, positions aside {units}
    struct Status {
        bytes32 hash;
        State state;
        uint256 filledWad;
        uint256 leftWad;
    }

    /// @param unitsWad signed units of the taker {units}
    event OrderFilled(
        bytes32 indexed makerHash,
        bytes32 indexed takerHash,
        AccountId indexed maker,
        AccountId taker,
        int256 unitsWad,
        int256 premiumWad
    );

    error OptionOrders_OtherLegs(bytes32 hash);
    error OptionOrders_NotCrossing(bytes32 taker, bytes32 maker, int256 takerLimitWad, int256 makerLimitWad);

    /// @notice Fills a taker's order against makers' orders. What is filled of a maker is the least of what was asked for, what
    /// is left of both orders, and for a reduce-only order what its account's positions allow in every leg; a maker of whom nothing
    /// is left is passed over. Reverts where an order is not valid, the legs differ, the premiums do not cross, both are one
    /// owner's, nothing is filled at all, a fill-or-kill order is not filled in full, or an account is not solvent afterwards.
    /// @return filledWad {units}
    function matchOrders(Match calldata match_) external returns (uint256 filledWad);

    /// @notice Several matches, each in a call of the vault of its own: one that fails leaves the others alone.
    /// @return done whether each was settled
    function matchMany(Match[] calldata matches) external returns (bool[] memory done);

    /// @notice Cancels an order for good, signed or not. Owner or operator of its account.
    function cancel(Order calldata order) external;

    // --- views ---

    function statusOf(Order calldata order) external view returns (Status memory);

    /// @notice What is signed.
    function hashOf(Order calldata order) external view returns (bytes32);
}
