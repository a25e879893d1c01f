// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IOptionMarket, IOptionSettlement} from "../../interfaces/IOptionMarket.sol";
import {IOptionOrders} from "../../interfaces/IOptionOrders.sol";
import {ISignedOrders} from "../../interfaces/ISignedOrders.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {Standing} from "./Judge.sol";
import {Perpetuals} from "./Perpetuals.sol";
import {VM} from "./Vm.sol";

/// @notice Traders of options, expiries, and who signs the surface.
abstract contract Optioning is Perpetuals {
    /// @dev The last taker's order, encoded.
    bytes private _last;

    function createSeries(uint256 seed) external handler("createSeries", seed) {
        uint256[3] memory expiries = _expiries();
        uint256 expiry = expiries[_draw(0, 2)];
        uint256 index = perps.state().indexWad;
        uint256 tick = options.tickAt(index);
        uint256 strike = (((index * _draw(70, 130)) / 100) / tick) * tick;
        bool call = _one(2);
        if (options.idOf(expiry, strike, call) != 0 || options.aliveSeries().length > 24) return;
        _try(_person(), address(options), abi.encodeCall(IOptionMarket.createSeries, (expiry, strike, call)));
    }

    function matchOptions(uint256 seed) external handler("matchOptions", seed) {
        AccountId taker = _trader();
        IOptionMarket.Leg[] memory legs = _legs();
        int256 size = _size(taker);
        if (legs.length == 0 || size == 0) return;
        int256 units = (size / int256(legs.length)) / 3;
        AccountId maker = _one(3) ? _trader() : accounts[TRADER_ACCOUNTS + 2 * _draw(0, 1)];
        int256 premium = _premium(legs);
        int256 wide = (premium < 0 ? -premium : premium) / 20 + int256(WAD);
        bool buys = units > 0;
        IOptionOrders.Match memory m;
        m.taker = _sign(_order(taker, legs, units, buys ? premium + wide : premium - wide));
        m.makers = new IOptionOrders.SignedOrder[](1);
        int256 off = (wide * (int256(_draw(0, 200)) - 100)) / 100;
        m.makers[0] = _sign(_order(maker, legs, -units, premium + off));
        m.unitsWad = new uint256[](1);
        m.unitsWad[0] = uint256(buys ? units : -units);
        _matchOptions(m);
    }

    /// @notice Buys back or sells what an account has, against a taker's account.
    function closeOptions(uint256 seed) external handler("closeOptions", seed) {
        uint256 first = _draw(0, TRADER_ACCOUNTS - 1);
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            AccountId account = accounts[(first + i) % TRADER_ACCOUNTS];
            IOptionMarket.Position[] memory list = options.positions(account);
            if (list.length == 0) continue;
            IOptionMarket.Position memory position = list[_draw(0, list.length - 1)];
            if (options.seriesOf(position.series).expiry <= VM.getBlockTimestamp()) continue;
            _close(account, position);
            return;
        }
    }

    function cancelOption(uint256 seed) external handler("cancelOption", seed) {
        if (_last.length == 0) return;
        IOptionOrders.Order memory order = abi.decode(_last, (IOptionOrders.Order));
        delete _last;
        bytes memory data =
            _one(5)
                ? abi.encodeCall(ISignedOrders.cancelBelow, (order.account, order.nonce + 1))
                : abi.encodeCall(IOptionOrders.cancel, (order));
        (bool done, ) = _try(order.account.owner(), address(optionOrders), data);
        if (!done) return;
        _require(optionOrders.statusOf(order).state != ISignedOrders.State.OPEN, "PERP-3: not cancelled");
    }

    function settleOptions(uint256 seed) external handler("settleOptions", seed) {
        _settle(address(options));
    }

    /// @notice Time goes beyond the next expiry of a series, which is then settled for some accounts.
    function expire(uint256 seed) external handler("expire", seed) {
        uint256 expiry = _nextExpiry();
        if (expiry == 0 || sources[WETH].dead) return;
        uint256 now_ = VM.getBlockTimestamp();
        if (expiry > now_ + 1 hours) {
            _wait(expiry - now_ - 1 hours);
            _setTruth(WETH, (sources[WETH].truth * int256(_draw(900, 1_100))) / 1_000);
        }
        if (expiry > VM.getBlockTimestamp()) _wait(expiry - VM.getBlockTimestamp() + 1);
        AccountId[] memory some = new AccountId[](_draw(1, 16));
        for (uint256 i; i < some.length; ++i) some[i] = accounts[i % accounts.length];
        uint80 round = _lastRound(expiry);
        bytes memory data = abi.encodeCall(IOptionSettlement.settleExpired, (expiry, round, some));
        if (_one(4)) data = abi.encodeCall(IOptionMarket.fixPrice, (expiry, round));
        _try(_person(), address(options), data);
    }

    function removeSeries(uint256 seed) external handler("removeSeries", seed) {
        uint256[] memory alive = options.aliveSeries();
        uint256[] memory one = new uint256[](1);
        for (uint256 i; i < alive.length; ++i) {
            if (options.seriesOf(alive[i]).expiry > VM.getBlockTimestamp()) continue;
            (, , uint256 longs, uint256 shorts) = options.sidesOf(alive[i]);
            if (longs + shorts != 0) continue;
            one[0] = alive[i];
            _try(_person(), address(options), abi.encodeCall(IOptionMarket.removeSeries, (one)));
            return;
        }
    }

    /// @notice VOL-1: an update moves variance by its bound at most.
    function updateSurface(uint256 seed) external handler("updateSurface", seed) {
        uint256[] memory known = surface.expiries(WETH);
        int40 lift = int40(int256(_draw(0, 24e8))) - 12e8;
        uint256[] memory before = _variances(known);
        (bool done, ) = _try(_person(), address(surface), _signedUpdate(lift));
        if (!done) return;
        uint256[] memory current = _variances(known);
        for (uint256 i; i < before.length; ++i) {
            uint256 moved = before[i] > current[i] ? before[i] - current[i] : current[i] - before[i];
            _require(moved <= WAD / 20 + 1e10, "VOL-1");
        }
    }

    // --- internal ---

    /// @dev At three strikes of every expiry that is alive.
    function _variances(uint256[] memory known) private view returns (uint256[] memory list) {
        list = new uint256[](known.length * 3);
        for (uint256 i; i < list.length; ++i) {
            if (known[i / 3] <= VM.getBlockTimestamp()) continue;
            (list[i], ) = surface.varianceAt(WETH, known[i / 3], 7e18 + int256(i % 3) * 0.6e18);
        }
    }

    function _nextExpiry() private view returns (uint256 expiry) {
        uint256[] memory alive = options.aliveSeries();
        for (uint256 i; i < alive.length; ++i) {
            uint256 one = options.seriesOf(alive[i]).expiry;
            (, , uint256 longs, uint256 shorts) = options.sidesOf(alive[i]);
            if (longs + shorts != 0 && (expiry == 0 || one < expiry)) expiry = one;
        }
    }

    function _lastRound(uint256 expiry) internal view returns (uint80 round) {
        (round, , , , ) = sources[WETH].feed.latestRoundData();
        while (true) {
            (, , , uint256 time, ) = sources[WETH].feed.getRoundData(round);
            if (time <= expiry) return round;
            --round;
        }
    }

    /// @dev One to three series that trade, each bought or sold.
    function _legs() private returns (IOptionMarket.Leg[] memory legs) {
        uint256[] memory alive = options.aliveSeries();
        uint256 wanted = _one(3) ? _draw(2, 3) : 1;
        legs = new IOptionMarket.Leg[](wanted);
        uint256 count;
        uint256 first = alive.length == 0 ? 0 : _draw(0, alive.length - 1);
        for (uint256 i; i < alive.length && count < wanted; ++i) {
            uint256 series = alive[(first + i) % alive.length];
            if (options.seriesOf(series).expiry <= VM.getBlockTimestamp()) continue;
            legs[count++] = IOptionMarket.Leg(series, count == 1 || _one(2) ? int256(1) : -1);
        }
        assembly ("memory-safe") {
            mstore(legs, count)
        }
        _sort(legs);
    }

    function _sort(IOptionMarket.Leg[] memory legs) private pure {
        for (uint256 i = 1; i < legs.length; ++i) {
            for (uint256 n = i; n != 0 && legs[n].series < legs[n - 1].series; --n)
                (legs[n], legs[n - 1]) = (legs[n - 1], legs[n]);
        }
    }

    function _premium(IOptionMarket.Leg[] memory legs) private view returns (int256 premium) {
        uint256[] memory series = new uint256[](legs.length);
        for (uint256 i; i < legs.length; ++i) series[i] = legs[i].series;
        uint256[] memory values = options.valuesOf(series);
        for (uint256 i; i < legs.length; ++i) premium += legs[i].ratio * int256(values[i]);
    }

    function _close(AccountId account, IOptionMarket.Position memory position) private {
        IOptionMarket.Leg[] memory legs = new IOptionMarket.Leg[](1);
        legs[0] = IOptionMarket.Leg(position.series, 1);
        int256 premium = _premium(legs);
        AccountId other = accounts[TRADER_ACCOUNTS + 2 * _draw(0, 1)];
        IOptionOrders.Match memory m;
        m.taker = _sign(_order(account, legs, -position.sizeWad, premium));
        m.makers = new IOptionOrders.SignedOrder[](1);
        m.makers[0] = _sign(_order(other, legs, position.sizeWad, premium));
        m.unitsWad = new uint256[](1);
        m.unitsWad[0] = uint256(position.sizeWad < 0 ? -position.sizeWad : position.sizeWad);
        _matchOptions(m);
    }

    function _order(
        AccountId account,
        IOptionMarket.Leg[] memory legs,
        int256 units,
        int256 limit
    ) private returns (IOptionOrders.Order memory order) {
        order.account = account;
        order.market = address(options);
        order.signer = account.owner();
        order.legs = legs;
        order.unitsWad = units;
        order.limitPremiumWad = limit;
        order.expiry = VM.getBlockTimestamp() + _draw(0, 2 days);
        order.nonce = ++nonces;
        order.maxFeeWad = WAD / 100;
    }

    function _sign(IOptionOrders.Order memory order) private view returns (IOptionOrders.SignedOrder memory) {
        bytes memory signature = _sign(keyOf[order.signer], optionOrders.hashOf(order));
        return IOptionOrders.SignedOrder(order, signature);
    }

    function _matchOptions(IOptionOrders.Match memory m) private {
        AccountId taker = m.taker.order.account;
        AccountId maker = m.makers[0].order.account;
        Standing memory takerBefore = _standing(taker);
        Standing memory makerBefore = _standing(maker);
        bytes memory data = abi.encodeCall(IOptionOrders.matchOrders, (m));
        if (_one(4)) {
            IOptionOrders.Match[] memory list = new IOptionOrders.Match[](1);
            list[0] = m;
            data = abi.encodeCall(IOptionOrders.matchMany, (list));
        }
        (bool done, ) = _try(_person(), address(optionOrders), data);
        _last = abi.encode(m.taker.order);
        if (!done) return;
        int256 units = m.taker.order.unitsWad;
        uint256 filled = optionOrders.statusOf(m.taker.order).filledWad;
        _require(filled <= uint256(units < 0 ? -units : units), "PERP-3: filled beyond its size");
        _judge(taker, takerBefore);
        _judge(maker, makerBefore);
        // Again: nothing is left of it.
        (done, ) = _send(people[0], address(optionOrders), data);
        _require(
            !done || optionOrders.statusOf(m.taker.order).filledWad <= uint256(units < 0 ? -units : units),
            "PERP-3: filled twice"
        );
    }
}
