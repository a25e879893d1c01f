// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IOptionOrders} from "../../../interfaces/IOptionOrders.sol";
import {AccountId, AccountIdLib} from "../../../interfaces/Types.sol";
import {SignedOrders} from "../books/SignedOrders.sol";

/// @notice Matches signed orders over combinations and brings the fills to their market through the vault, in one call for a
/// match, on behalf of its own account. It has no owner and no parameters: fees are the market's.
contract OptionOrders is IOptionOrders, SignedOrders, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 account,address market,address signer,Leg[] legs,int256 unitsWad,int256 limitPremiumWad,uint256 expiry,uint256 nonce,uint256 flags,uint256 maxFeeWad)Leg(uint256 series,int256 ratio)"
    );
    bytes32 private constant LEG_TYPEHASH = keccak256("Leg(uint256 series,int256 ratio)");
    /// @dev Largest premium; products with a size stay within 256 bits.
    uint256 private constant MAX_PREMIUM = 2 ** 110;
    int256 private constant MAX_RATIO = 100;

    /// @dev What a match has come to.
    /// @param takerLeft what is not filled of the taker's order before {units}
    /// @param room what may still be filled of the taker's order, its account's positions considered {units}
    /// @param filledWad {units}
    /// @param count fills so far
    struct Course {
        bytes32 takerHash;
        bytes32 legsHash;
        uint256 takerLeft;
        uint256 room;
        uint256 filledWad;
        uint256 makerFeeWad;
        uint256 count;
        IOptionMarket.Fill[] fills;
    }

    AccountId private immutable ACCOUNT;

    constructor(address vault_) SignedOrders(vault_, "Keel Option Orders") {
        ACCOUNT = AccountIdLib.id(address(this), 0);
    }

    // --- anybody ---

    /// @inheritdoc IOptionOrders
    function matchOrders(Match calldata match_) external nonReentrant returns (uint256 filledWad) {
        return _match(match_);
    }

    /// @inheritdoc IOptionOrders
    function matchMany(Match[] calldata matches) external nonReentrant returns (bool[] memory done) {
        done = new bool[](matches.length);
        for (uint256 i; i < matches.length; ++i) {
            try this.matchFor(matches[i]) {
                done[i] = true;
            } catch (bytes memory reason) {
                emit MatchFailed(i, reason);
            }
        }
    }

    /// @notice One of many, in a call of its own that can fail alone. This contract only.
    function matchFor(Match calldata match_) external {
        if (msg.sender != address(this)) revert SignedOrders_NotSelf(msg.sender);
        _match(match_);
    }

    /// @inheritdoc IOptionOrders
    function cancel(Order calldata order) external {
        _cancel(order.account, _hash(order), order.nonce);
    }

    // --- views ---

    /// @inheritdoc IOptionOrders
    function hashOf(Order calldata order) external view returns (bytes32) {
        return _hash(order);
    }

    /// @inheritdoc IOptionOrders
    function statusOf(Order calldata order) external view returns (Status memory status) {
        uint256 units = order.unitsWad.abs();
        status.hash = _hash(order);
        (status.state, status.filledWad) = _stateOf(
            order.account,
            status.hash,
            units,
            order.expiry,
            order.nonce
        );
        if (status.state == State.OPEN) status.leftWad = units - status.filledWad;
    }

    // --- internal ---

    /// @dev First every signature, then what is known of the orders, then what is kept of them, last the vault.
    function _match(Match calldata match_) private returns (uint256 filledWad) {
        uint256 length = match_.makers.length;
        if (match_.unitsWad.length != length) revert SignedOrders_Lengths(length, match_.unitsWad.length);
        Course memory course;
        course.takerHash = _signedHash(match_.taker);
        bytes32[] memory hashes = new bytes32[](length);
        for (uint256 i; i < length; ++i) hashes[i] = _signedHash(match_.makers[i]);

        Order calldata taker = match_.taker.order;
        _beginCourse(course, taker, length);
        for (uint256 i; i < length; ++i) {
            _fill(course, taker, match_.makers[i].order, hashes[i], match_.unitsWad[i]);
        }
        filledWad = course.filledWad;
        if (filledWad == 0) revert SignedOrders_NothingFilled(course.takerHash);
        uint256 whole = taker.unitsWad.abs();
        if (taker.flags & FILL_OR_KILL != 0 && filledWad != whole) {
            revert SignedOrders_NotFilled(course.takerHash, filledWad, whole);
        }
        _addFilled(taker.account, course.takerHash, taker.nonce, whole, course.takerLeft, filledWad);

        IOptionMarket.Fill[] memory fills = course.fills;
        uint256 count = course.count;
        assembly ("memory-safe") {
            // Makers that were passed over left room at the end.
            mstore(fills, count)
        }
        VAULT.callInstrument(
            ACCOUNT,
            taker.market,
            abi.encode(IOptionMarket.Action.FILLS, taker.account, taker.legs, fills)
        );
    }

    function _beginCourse(Course memory course, Order calldata taker, uint256 length) private view {
        bytes32 hash = course.takerHash;
        if (taker.flags & POST_ONLY != 0) revert SignedOrders_PostOnly(hash);
        course.takerLeft = _left(taker, hash);
        course.room = course.takerLeft;
        IOptionMarket.Parameters memory parameters = IOptionMarket(taker.market).parameters();
        _checkFee(taker, hash, parameters.takerFeeWad);
        course.makerFeeWad = parameters.makerFeeWad;
        course.legsHash = keccak256(abi.encode(taker.legs));
        course.fills = new IOptionMarket.Fill[](length);
        if (taker.flags & REDUCE_ONLY != 0) course.room = course.room.min(_reducible(course, taker));
    }

    /// @dev One maker: as much as everybody agrees to.
    function _fill(
        Course memory course,
        Order calldata taker,
        Order calldata maker,
        bytes32 hash,
        uint256 wanted
    ) private {
        uint256 left = _left(maker, hash);
        uint256 units = wanted.min(left).min(course.room - course.filledWad);
        _checkPair(course, taker, maker, hash);
        _checkFee(maker, hash, course.makerFeeWad);
        if (maker.flags & REDUCE_ONLY != 0) units = units.min(_reducible(course, maker));
        uint256 whole = maker.unitsWad.abs();
        if (maker.flags & FILL_OR_KILL != 0 && units != whole) {
            revert SignedOrders_NotFilled(hash, units, whole);
        }
        if (units == 0) return;

        _addFilled(maker.account, hash, maker.nonce, whole, left, units);
        course.filledWad += units;
        int256 signed = taker.unitsWad > 0 ? int256(units) : -int256(units);
        course.fills[course.count++] = IOptionMarket.Fill(maker.account, signed, maker.limitPremiumWad);
        emit OrderFilled(hash, course.takerHash, maker.account, taker.account, signed, maker.limitPremiumWad);
    }

    function _checkPair(
        Course memory course,
        Order calldata taker,
        Order calldata maker,
        bytes32 hash
    ) private pure {
        if (maker.market != taker.market) revert SignedOrders_OtherMarket(hash, maker.market, taker.market);
        if (maker.account.owner() == taker.account.owner()) {
            revert SignedOrders_SelfTrade(taker.account, maker.account);
        }
        if (keccak256(abi.encode(maker.legs)) != course.legsHash) revert OptionOrders_OtherLegs(hash);
        if ((maker.unitsWad > 0) == (taker.unitsWad > 0))
            revert SignedOrders_SameSide(course.takerHash, hash);
        bool crossing =
            taker.unitsWad > 0
                ? taker.limitPremiumWad >= maker.limitPremiumWad
                : taker.limitPremiumWad <= maker.limitPremiumWad;
        if (!crossing) {
            revert OptionOrders_NotCrossing(
                course.takerHash,
                hash,
                taker.limitPremiumWad,
                maker.limitPremiumWad
            );
        }
    }

    function _checkFee(Order calldata order, bytes32 hash, uint256 feeWad) private pure {
        if (feeWad > order.maxFeeWad) revert SignedOrders_FeeAboveCap(hash, feeWad, order.maxFeeWad);
    }

    /// @dev Units by which the order may reduce its account's position in every leg, after the fills of this match.
    function _reducible(Course memory course, Order calldata order) private view returns (uint256 units) {
        int256 before;
        for (uint256 i; i < course.count; ++i) {
            if (course.fills[i].maker.equals(order.account)) before -= course.fills[i].unitsWad;
        }
        IOptionMarket.Position[] memory held = IOptionMarket(order.market).positions(order.account);
        units = type(uint256).max;
        for (uint256 i; i < order.legs.length; ++i) {
            IOptionMarket.Leg calldata leg = order.legs[i];
            if (leg.ratio == 0 || leg.ratio > MAX_RATIO || leg.ratio < -MAX_RATIO) return 0;
            int256 size = before * leg.ratio;
            for (uint256 k; k < held.length; ++k) {
                if (held[k].series == leg.series) size += held[k].sizeWad;
            }
            bool buys = (order.unitsWad > 0) == (leg.ratio > 0);
            units = units.min(uint256((buys ? -size : size).max(0)) / leg.ratio.abs());
        }
    }

    function _hash(Order calldata order) private view returns (bytes32) {
        bytes32[] memory legs = new bytes32[](order.legs.length);
        for (uint256 i; i < legs.length; ++i) {
            legs[i] = keccak256(abi.encode(LEG_TYPEHASH, order.legs[i].series, order.legs[i].ratio));
        }
        return
            _hashTypedDataV4(
                keccak256(
                    abi.encode(
                        ORDER_TYPEHASH,
                        order.account,
                        order.market,
                        order.signer,
                        keccak256(abi.encodePacked(legs)),
                        order.unitsWad,
                        order.limitPremiumWad,
                        order.expiry,
                        order.nonce,
                        order.flags,
                        order.maxFeeWad
                    )
                )
            );
    }

    /// @dev The order's hash, after its signature was found valid.
    function _signedHash(SignedOrder calldata signed) private view returns (bytes32 hash) {
        hash = _hash(signed.order);
        _requireSigned(hash, signed.order.signer, signed.signature);
    }

    /// @dev What may still be filled of an order with a valid signature {units}; reverts where it may not be filled at all.
    function _left(Order calldata order, bytes32 hash) private view returns (uint256 leftWad) {
        _requireSigner(order.account, order.signer);
        uint256 units = order.unitsWad.abs();
        if (
            units == 0 ||
            units > MAX_SIZE ||
            order.limitPremiumWad.abs() > MAX_PREMIUM ||
            order.legs.length == 0 ||
            order.flags > MAX_FLAGS
        ) revert SignedOrders_BadOrder(hash);
        return _unfilled(order.account, hash, units, order.expiry, order.nonce);
    }
}
