// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IPerpOrders} from "../../../interfaces/IPerpOrders.sol";
import {AccountId, AccountIdLib, PriceStatus} from "../../../interfaces/Types.sol";
import {SignedOrders} from "../books/SignedOrders.sol";

/// @notice Matches signed orders and brings the fills to their market through the vault, in one call for a match, on behalf of
/// its own account. It has no owner and no parameters: fees are the market's.
contract PerpOrders is IPerpOrders, SignedOrders, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(bytes32 account,address market,address signer,int256 sizeWad,uint256 limitPriceWad,uint256 triggerPriceWad,uint256 trigger,uint256 expiry,uint256 nonce,uint256 flags,uint256 maxFeeWad,uint256 tip)"
    );
    /// @dev Largest price; products with a size and a fee stay within 256 bits.
    uint256 private constant MAX_PRICE = 2 ** 97;

    /// @dev What a match has come to.
    /// @param takerLeft what is not filled of the taker's order before {units}
    /// @param room what may still be filled of the taker's order, its account's position considered {units}
    /// @param filledWad {units}
    /// @param count fills so far
    struct Course {
        IPerpMarket market;
        bytes32 takerHash;
        uint256 takerLeft;
        uint256 room;
        uint256 filledWad;
        uint256 makerFeeWad;
        uint256 indexWad;
        PriceStatus status;
        bool priced;
        bool tips;
        uint256 count;
        IPerpMarket.Fill[] fills;
    }

    AccountId private immutable ACCOUNT;

    constructor(address vault_) SignedOrders(vault_, "Keel Perp Orders") {
        ACCOUNT = AccountIdLib.id(address(this), 0);
    }

    // --- anybody ---

    /// @inheritdoc IPerpOrders
    function matchOrders(Match calldata match_) external nonReentrant returns (uint256 filledWad) {
        return _match(match_, msg.sender);
    }

    /// @inheritdoc IPerpOrders
    function matchMany(Match[] calldata matches) external nonReentrant returns (bool[] memory done) {
        done = new bool[](matches.length);
        for (uint256 i; i < matches.length; ++i) {
            try this.matchFor(matches[i], msg.sender) {
                done[i] = true;
            } catch (bytes memory reason) {
                emit MatchFailed(i, reason);
            }
        }
    }

    /// @notice One of many, in a call of its own that can fail alone. This contract only.
    function matchFor(Match calldata match_, address submitter) external {
        if (msg.sender != address(this)) revert SignedOrders_NotSelf(msg.sender);
        _match(match_, submitter);
    }

    /// @inheritdoc IPerpOrders
    function cancel(Order calldata order) external {
        _cancel(order.account, _hash(order), order.nonce);
    }

    // --- views ---

    /// @inheritdoc IPerpOrders
    function hashOf(Order calldata order) external view returns (bytes32) {
        return _hash(order);
    }

    /// @inheritdoc IPerpOrders
    function statusOf(Order calldata order) external view returns (Status memory status) {
        status.hash = _hash(order);
        uint256 size = order.sizeWad.abs();
        (status.state, status.filledWad) = _stateOf(
            order.account,
            status.hash,
            size,
            order.expiry,
            order.nonce
        );
        if (status.state == State.OPEN) status.leftWad = size - status.filledWad;
        if (order.trigger == uint256(Trigger.NONE)) {
            status.awake = true;
        } else {
            IPerpMarket.State memory state = IPerpMarket(order.market).state();
            status.awake = state.status == PriceStatus.FRESH && _isMet(order, state.indexWad);
        }
    }

    // --- internal ---

    function _hash(Order calldata order) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @dev The order's hash, after its signature was found valid.
    function _signedHash(SignedOrder calldata signed) private view returns (bytes32 hash) {
        hash = _hash(signed.order);
        _requireSigned(hash, signed.order.signer, signed.signature);
    }

    /// @dev What may still be filled of an order with a valid signature {units}; reverts where it may not be filled at all.
    function _left(Order calldata order, bytes32 hash) private view returns (uint256 leftWad) {
        _requireSigner(order.account, order.signer);
        uint256 size = order.sizeWad.abs();
        if (
            size == 0 ||
            size > MAX_SIZE ||
            order.limitPriceWad == 0 ||
            order.limitPriceWad > MAX_PRICE ||
            order.trigger > uint256(type(Trigger).max) ||
            order.flags > MAX_FLAGS
        ) revert SignedOrders_BadOrder(hash);
        return _unfilled(order.account, hash, size, order.expiry, order.nonce);
    }

    /// @dev First every signature, then what is known of the orders, then what is kept of them, last the vault.
    function _match(Match calldata match_, address submitter) private returns (uint256 filledWad) {
        uint256 length = match_.makers.length;
        if (match_.sizesWad.length != length) revert SignedOrders_Lengths(length, match_.sizesWad.length);
        Course memory course;
        course.takerHash = _signedHash(match_.taker);
        bytes32[] memory hashes = new bytes32[](length);
        for (uint256 i; i < length; ++i) hashes[i] = _signedHash(match_.makers[i]);

        Order calldata taker = match_.taker.order;
        _beginCourse(course, taker, length);
        if (AccountId.unwrap(match_.tipTo) != 0) {
            if (!_mayAct(match_.tipTo, submitter)) {
                revert PerpOrders_BadTipAccount(match_.tipTo, submitter);
            }
            course.tips = true;
        }
        for (uint256 i; i < length; ++i) {
            _fill(course, taker, match_.makers[i].order, hashes[i], match_.sizesWad[i], match_.tipTo);
        }
        bool quoted = _fillRest(course, taker, match_.makerContract, match_.makerContractSizeWad);
        filledWad = course.filledWad;
        uint256 tip = _conclude(course, taker, match_.tipTo);

        IPerpMarket.Fill[] memory fills = course.fills;
        uint256 count = course.count;
        assembly ("memory-safe") {
            // Makers that were passed over left room at the end.
            mstore(fills, count)
        }
        bytes memory answer = VAULT.callInstrument(
            ACCOUNT,
            address(course.market),
            abi.encode(IPerpMarket.Action.FILLS, taker.account, fills, tip, match_.tipTo)
        );
        if (!quoted) return filledWad;
        IPerpMarket.Fill memory rest = fills[count - 1];
        uint256 priceWad = abi.decode(answer, (uint256));
        emit OrderFilled(0, course.takerHash, rest.maker, taker.account, rest.sizeWad, priceWad);
    }

    function _beginCourse(Course memory course, Order calldata taker, uint256 length) private view {
        bytes32 hash = course.takerHash;
        if (taker.flags & POST_ONLY != 0) revert SignedOrders_PostOnly(hash);
        course.takerLeft = _left(taker, hash);
        course.room = course.takerLeft;
        course.market = IPerpMarket(taker.market);
        uint256 takerFee;
        (takerFee, course.makerFeeWad) = course.market.feesWad();
        _checkFee(taker, hash, takerFee);
        _checkAwake(course, taker, hash);
        if (taker.flags & REDUCE_ONLY != 0) course.room = course.room.min(_reducible(course, taker));
        course.fills = new IPerpMarket.Fill[](length + 1);
    }

    /// @dev One maker: as much as everybody agrees to.
    function _fill(
        Course memory course,
        Order calldata taker,
        Order calldata maker,
        bytes32 hash,
        uint256 wanted,
        AccountId tipTo
    ) private {
        uint256 left = _left(maker, hash);
        uint256 size = wanted.min(left).min(course.room - course.filledWad);
        _checkPair(course, taker, maker, hash);
        _checkFee(maker, hash, course.makerFeeWad);
        _checkAwake(course, maker, hash);
        if (maker.flags & REDUCE_ONLY != 0) size = size.min(_reducible(course, maker));
        uint256 whole = maker.sizeWad.abs();
        if (maker.flags & FILL_OR_KILL != 0 && size != whole)
            revert SignedOrders_NotFilled(hash, size, whole);
        if (size == 0) return;

        _addFilled(maker.account, hash, maker.nonce, whole, left, size);
        course.filledWad += size;
        IPerpMarket.Fill memory fill;
        fill.maker = maker.account;
        fill.sizeWad = taker.sizeWad > 0 ? int256(size) : -int256(size);
        fill.priceWad = maker.limitPriceWad;
        fill.tip = _tip(course, maker, hash, size, tipTo);
        course.fills[course.count++] = fill;
        emit OrderFilled(hash, course.takerHash, maker.account, taker.account, fill.sizeWad, fill.priceWad);
    }

    /// @dev What signed makers left, by a maker contract. The market holds its price to the taker's limit.
    /// @return quoted whether it fills anything
    function _fillRest(
        Course memory course,
        Order calldata taker,
        address maker,
        uint256 wanted
    ) private pure returns (bool quoted) {
        uint256 size = wanted.min(course.room - course.filledWad);
        if (maker == address(0) || size == 0) return false;
        AccountId account = AccountIdLib.id(maker, 0);
        if (taker.account.owner() == maker) revert SignedOrders_SelfTrade(taker.account, account);
        course.filledWad += size;
        IPerpMarket.Fill memory fill;
        fill.maker = account;
        fill.sizeWad = taker.sizeWad > 0 ? int256(size) : -int256(size);
        fill.priceWad = taker.limitPriceWad;
        fill.quotes = true;
        course.fills[course.count++] = fill;
        return true;
    }

    /// @dev Books the taker's part.
    /// @return tip of the taker {settlement tok}
    function _conclude(
        Course memory course,
        Order calldata taker,
        AccountId tipTo
    ) private returns (uint256 tip) {
        uint256 filled = course.filledWad;
        if (filled == 0) revert SignedOrders_NothingFilled(course.takerHash);
        uint256 whole = taker.sizeWad.abs();
        if (taker.flags & FILL_OR_KILL != 0 && filled != whole) {
            revert SignedOrders_NotFilled(course.takerHash, filled, whole);
        }
        _addFilled(taker.account, course.takerHash, taker.nonce, whole, course.takerLeft, filled);
        return _tip(course, taker, course.takerHash, filled, tipTo);
    }

    /// @dev Part of a triggered order's tip, in proportion to what was filled {settlement tok}.
    function _tip(
        Course memory course,
        Order calldata order,
        bytes32 hash,
        uint256 sizeWad,
        AccountId tipTo
    ) private returns (uint256 tip) {
        if (!course.tips || order.tip == 0 || order.trigger == uint256(Trigger.NONE)) return 0;
        tip = order.tip.fullMulDiv(sizeWad, order.sizeWad.abs());
        emit OrderTipped(hash, order.account, tipTo, tip);
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
        if ((maker.sizeWad > 0) == (taker.sizeWad > 0)) revert SignedOrders_SameSide(course.takerHash, hash);
        bool crossing =
            taker.sizeWad > 0
                ? taker.limitPriceWad >= maker.limitPriceWad
                : taker.limitPriceWad <= maker.limitPriceWad;
        if (!crossing) {
            revert PerpOrders_NotCrossing(course.takerHash, hash, taker.limitPriceWad, maker.limitPriceWad);
        }
    }

    function _checkFee(Order calldata order, bytes32 hash, uint256 feeWad) private pure {
        if (feeWad > order.maxFeeWad) revert SignedOrders_FeeAboveCap(hash, feeWad, order.maxFeeWad);
    }

    function _checkAwake(Course memory course, Order calldata order, bytes32 hash) private view {
        if (order.trigger == uint256(Trigger.NONE)) return;
        if (!course.priced) {
            IPerpMarket.State memory state = course.market.state();
            (course.indexWad, course.status, course.priced) = (state.indexWad, state.status, true);
        }
        if (course.status != PriceStatus.FRESH || !_isMet(order, course.indexWad)) {
            revert PerpOrders_Asleep(hash, course.indexWad, uint8(course.status));
        }
    }

    function _isMet(Order calldata order, uint256 indexWad) private pure returns (bool) {
        return
            order.trigger == uint256(Trigger.AT_OR_ABOVE)
                ? indexWad >= order.triggerPriceWad
                : indexWad <= order.triggerPriceWad;
    }

    /// @dev By how much the order may reduce its account's position, after the fills of this match {units}.
    function _reducible(Course memory course, Order calldata order) private view returns (uint256) {
        int256 held = course.market.position(order.account).sizeWad;
        for (uint256 i; i < course.count; ++i) {
            if (course.fills[i].maker.equals(order.account)) held -= course.fills[i].sizeWad;
        }
        return uint256((order.sizeWad > 0 ? -held : held).max(0));
    }
}
