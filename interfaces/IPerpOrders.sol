// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {ISignedOrders} from "./ISignedOrders.sol";
import {AccountId} from "./Types.sol";

/// @notice Settles signed orders on perpetual markets: a taker against many makers, each at the maker's price, all fills of a
/// match in one call of the vault, which checks every account once. Holds no money; anybody may submit.
interface IPerpOrders is ISignedOrders {
    /// @notice When an order wakes, by the middle price of the market's underlying.
    enum Trigger {
        NONE,
        AT_OR_ABOVE,
        AT_OR_BELOW
    }

    /// @notice Signed as EIP-712 data of the same fields in the same order:
    /// `Order(bytes32 account,address market,address signer,int256 sizeWad,uint256 limitPriceWad,uint256 triggerPriceWad,
    /// uint256 trigger,uint256 expiry,uint256 nonce,uint256 flags,uint256 maxFeeWad,uint256 tip)`.
    /// @param account whose position it changes
    /// @param market listed market on which it trades
    /// @param signer owner of the account, or an operator whose approval has not expired when it is filled
    /// @param sizeWad bought, negative: sold {units}
    /// @param limitPriceWad worst price {settlement tok per unit}
    /// @param triggerPriceWad price at which a stop or take-profit order wakes {USD}
    /// @param trigger `Trigger` as a number
    /// @param expiry last second at which it may be filled
    /// @param nonce tells orders apart; those below the account's lowest valid nonce are cancelled
    /// @param flags bits: 1 reduce-only, 2 post-only, 4 fill-or-kill
    /// @param maxFeeWad highest fee it agrees to, as a share of the notional
    /// @param tip what whoever has it triggered earns, in proportion to what is filled {settlement tok}
    struct Order {
        AccountId account;
        address market;
        address signer;
        int256 sizeWad;
        uint256 limitPriceWad;
        uint256 triggerPriceWad;
        uint256 trigger;
        uint256 expiry;
        uint256 nonce;
        uint256 flags;
        uint256 maxFeeWad;
        uint256 tip;
    }

    /// @param signature ECDSA (low s) by a signer without code, ERC-1271 by one with code
    struct SignedOrder {
        Order order;
        bytes signature;
    }

    /// @param taker pays the taker's fee, gets each maker's price
    /// @param makers in the order in which they are filled
    /// @param sizesWad the most to fill of each maker {units}
    /// @param tipTo account that earns the tips of triggered orders, for which the submitter may act; zero: nobody earns them
    /// @param makerContract registered maker of the market (its virtual AMM) that fills the rest of the taker's order, at its
    /// own price within the taker's limit, and signs nothing; zero: none
    /// @param makerContractSizeWad the most that it fills {units}
    struct Match {
        SignedOrder taker;
        SignedOrder[] makers;
        uint256[] sizesWad;
        AccountId tipTo;
        address makerContract;
        uint256 makerContractSizeWad;
    }

    /// @param filledWad {units}
    /// @param leftWad what may still be filled, position and trigger aside {units}
    /// @param awake its trigger, if it has one, is met now at a fresh price
    struct Status {
        bytes32 hash;
        State state;
        uint256 filledWad;
        uint256 leftWad;
        bool awake;
    }

    /// @param makerHash zero where a maker contract filled
    /// @param sizeWad signed size of the taker {units}
    event OrderFilled(
        bytes32 indexed makerHash,
        bytes32 indexed takerHash,
        AccountId indexed maker,
        AccountId taker,
        int256 sizeWad,
        uint256 priceWad
    );
    event OrderTipped(bytes32 indexed hash, AccountId indexed account, AccountId tipTo, uint256 tip);

    error PerpOrders_Asleep(bytes32 hash, uint256 priceWad, uint8 status);
    error PerpOrders_NotCrossing(bytes32 taker, bytes32 maker, uint256 takerLimitWad, uint256 makerLimitWad);
    error PerpOrders_BadTipAccount(AccountId tipTo, address caller);

    /// @notice Fills a taker's order against makers' orders. What is filled of a maker is the least of what was asked for, what
    /// is left of both orders, and for a reduce-only order what its account's position allows; a maker of whom nothing is
    /// left is passed over. What is left of the taker after that is filled by the maker contract, if one is named: so a
    /// stop order needs nobody but who triggers it. Reverts where an order is not valid, the prices do not cross, both are one owner's, nothing is
    /// filled at all, a fill-or-kill order is not filled in full, or an account is not solvent afterwards.
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
