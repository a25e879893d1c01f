// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IInstrument} from "../../interfaces/IInstrument.sol";
import {IMarketBooks} from "../../interfaces/IMarketBooks.sol";
import {IPerpMarket} from "../../interfaces/IPerpMarket.sol";
import {IPerpOrders} from "../../interfaces/IPerpOrders.sol";
import {ISignedOrders} from "../../interfaces/ISignedOrders.sol";
import {IVaultOperations} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {Standing} from "./Judge.sol";
import {Taking} from "./Taking.sol";
import {VM} from "./Vm.sol";

/// @notice Traders of perpetuals: with the virtual AMM, and by signed orders, old ones among them.
abstract contract Perpetuals is Taking {
    uint256 private constant REMEMBERED = 12;

    IPerpOrders.SignedOrder[] private _orders;
    mapping(bytes32 hash => bool) private _cancelled;
    uint256 internal nonces;

    function tradePerp(uint256 seed) external handler("tradePerp", seed) {
        // Takers are rich: they bring the virtual AMM to its limits.
        AccountId account = _one(5) ? accounts[TRADER_ACCOUNTS + 2 * _draw(0, 1)] : _trader();
        int256 size = _size(account);
        if (size == 0) return;
        _trade(account, size);
    }

    function closePerp(uint256 seed) external handler("closePerp", seed) {
        uint256 first = _draw(0, TRADER_ACCOUNTS - 1);
        for (uint256 i; i < TRADER_ACCOUNTS; ++i) {
            AccountId account = accounts[(first + i) % TRADER_ACCOUNTS];
            int256 size = perps.position(account).sizeWad;
            if (size == 0) continue;
            _trade(account, -(_one(3) ? size / int256(_draw(2, 5)) : size));
            return;
        }
    }

    function matchPerps(uint256 seed) external handler("matchPerps", seed) {
        AccountId taker = _trader();
        int256 size = _size(taker);
        if (size == 0) return;
        uint256 mark = perps.state().markWad;
        uint256 makers = _draw(1, 2);
        IPerpOrders.Match memory m;
        m.makers = new IPerpOrders.SignedOrder[](makers);
        m.sizesWad = new uint256[](makers);
        uint256 limit = (mark * (size > 0 ? 1_020 : 980)) / 1_000;
        m.taker = _sign(
            _order(
                taker,
                size,
                limit,
                _one(6)
                    ? 1
                    : _one(6)
                        ? 4
                        : 0
            )
        );
        for (uint256 i; i < makers; ++i) {
            AccountId maker = _one(2) ? accounts[TRADER_ACCOUNTS + 2 * _draw(0, 1)] : _trader();
            uint256 price = (mark * _draw(990, 1_010)) / 1_000;
            int256 offered = (-size * int256(_draw(50, 150))) / 100;
            m.makers[i] = _sign(
                _order(
                    maker,
                    offered,
                    price,
                    _one(6)
                        ? 1
                        : _one(6)
                            ? 2
                            : 0
                )
            );
            m.sizesWad[i] = uint256(offered < 0 ? -offered : offered);
        }
        if (_one(3))
            (m.makerContract, m.makerContractSizeWad) = (address(amm), uint256(size > 0 ? size : -size));
        if (_one(4)) _wake(m);
        _match(m, _one(3));
    }

    /// @notice PERP-3: orders from before come again, filled, cancelled or expired as they may be.
    function rematchPerps(uint256 seed) external handler("rematchPerps", seed) {
        uint256 count = _orders.length;
        if (count < 2) return;
        IPerpOrders.Match memory m;
        m.makers = new IPerpOrders.SignedOrder[](1);
        m.makers[0] = _orders[_draw(0, count - 1)];
        if (_one(4)) m.taker = _orders[_draw(0, count - 1)];
        else m.taker = _sign(_answer(m.makers[0].order));
        m.sizesWad = new uint256[](1);
        m.sizesWad[0] = _draw(1, 1e24);
        _match(m, false);
    }

    function cancelPerp(uint256 seed) external handler("cancelPerp", seed) {
        if (_orders.length == 0) return;
        IPerpOrders.Order memory order = _orders[_draw(0, _orders.length - 1)].order;
        bytes memory data =
            _one(5)
                ? abi.encodeCall(ISignedOrders.cancelBelow, (order.account, order.nonce + 1))
                : abi.encodeCall(IPerpOrders.cancel, (order));
        bytes32 hash = perpOrders.hashOf(order);
        if (_cancelled[hash]) return;
        (bool done, ) = _try(order.account.owner(), address(perpOrders), data);
        if (done) _cancelled[hash] = true;
    }

    function settlePerp(uint256 seed) external handler("settlePerp", seed) {
        _settle(address(perps));
    }

    function pokePerp(uint256 seed) external handler("pokePerp", seed) {
        _try(_person(), address(perps), abi.encodeCall(IPerpMarket.poke, ()));
    }

    function collectFees(uint256 seed) external handler("collectFees", seed) {
        address market = _one(2) ? address(perps) : address(options);
        _try(_person(), market, abi.encodeCall(IMarketBooks.collectFees, ()));
    }

    function deleverage(uint256 seed) external handler("deleverage", seed) {
        if (perps.totals().receiverSizeWad == 0) return;
        _try(_person(), address(perps), abi.encodeCall(IPerpMarket.deleverage, (_draw(1, 8))));
    }

    // --- internal ---

    function _settle(address market) internal {
        AccountId account = _one(3) ? accounts[_draw(0, accounts.length - 1)] : _trader();
        if (_one(3)) {
            bytes memory inside =
                market == address(perps) ? abi.encode(IPerpMarket.Action.SETTLE) : abi.encode(uint8(1));
            if (account.owner().code.length != 0) return;
            _act(account, account.owner(), _instrumentCall(account, market, inside));
            return;
        }
        // Anybody may. Who pays is judged (SOLV-1), who is paid is not.
        Standing memory before = _standing(account);
        (bool done, bytes memory result) = _try(
            _person(),
            market,
            abi.encodeCall(IInstrument.settle, (account))
        );
        if (done && abi.decode(result, (int256)) < 0) _judge(account, before);
    }

    function _instrumentCall(
        AccountId account,
        address market,
        bytes memory data
    ) internal pure returns (bytes memory) {
        return abi.encodeCall(IVaultOperations.callInstrument, (account, market, data));
    }

    function _trade(AccountId account, int256 size) private {
        uint256 limit = size > 0 ? type(uint256).max : 0;
        int256 before = perps.position(account).sizeWad;
        bytes memory data = abi.encode(IPerpMarket.Action.TRADE, address(amm), size, limit);
        if (_act(account, account.owner(), _instrumentCall(account, address(perps), data))) {
            _require(
                _isMoved(before, perps.position(account).sizeWad, size),
                "PERP-1: a trade has another size"
            );
        }
    }

    /// @dev Whether a position moved by a size; where others were deleveraged, but for what sharing that out rounds.
    function _isMoved(int256 before, int256 now_, int256 size) private view returns (bool) {
        int256 off = now_ - before - size;
        int256 dust = absorbed == 0 ? int256(0) : int256(2);
        return off <= dust && off >= -dust;
    }

    /// @dev What an account can carry, one to five times what is free; zero for an account with nothing.
    function _size(AccountId account) internal returns (int256 size) {
        uint256 free = _free(account);
        if (free < 50 * WAD) return 0;
        size = int256((free * _draw(5, 60) * 1e17) / _price(WETH));
        if (_one(2)) size = -size;
    }

    /// @dev What crosses an order.
    function _answer(IPerpOrders.Order memory order) private returns (IPerpOrders.Order memory) {
        AccountId taker = accounts[TRADER_ACCOUNTS + 2 * _draw(0, 1)];
        uint256 limit = (order.limitPriceWad * (order.sizeWad < 0 ? 11 : 9)) / 10;
        return _order(taker, -order.sizeWad / int256(_draw(1, 5)), limit, 0);
    }

    function _order(
        AccountId account,
        int256 size,
        uint256 limit,
        uint256 flags
    ) private returns (IPerpOrders.Order memory order) {
        order.account = account;
        order.market = address(perps);
        order.signer = account.owner();
        order.sizeWad = size;
        order.limitPriceWad = limit;
        order.expiry = VM.getBlockTimestamp() + (_one(4) ? _draw(0, 1 hours) : _draw(1 days, 60 days));
        order.nonce = ++nonces;
        order.flags = flags;
        order.maxFeeWad = WAD / 100;
    }

    function _sign(IPerpOrders.Order memory order) private view returns (IPerpOrders.SignedOrder memory) {
        bytes memory signature = _sign(keyOf[order.signer], perpOrders.hashOf(order));
        return IPerpOrders.SignedOrder(order, signature);
    }

    /// @dev Makes the taker's order a stop that is awake, and pays who triggers it.
    function _wake(IPerpOrders.Match memory m) private {
        IPerpOrders.Order memory order = m.taker.order;
        order.trigger = 1;
        order.triggerPriceWad = _price(WETH) / 2;
        order.tip = 5 * DOLLAR;
        m.taker = _sign(order);
        m.tipTo = _account(people[TRADERS], 0);
    }

    struct Before {
        AccountId[] accounts;
        int256[] sizes;
        int256 takerCost;
        uint256[] filled;
        bool allowed;
        Standing[] standings;
    }

    /// @dev PERP-3 and SOLV-1 of everybody in a match.
    function _match(IPerpOrders.Match memory m, bool many) private {
        Before memory b = _beforeMatch(m);
        bytes memory data;
        if (many) {
            IPerpOrders.Match[] memory list = new IPerpOrders.Match[](1);
            list[0] = m;
            data = abi.encodeCall(IPerpOrders.matchMany, (list));
        } else {
            data = abi.encodeCall(IPerpOrders.matchOrders, (m));
        }
        (bool done, bytes memory result) = _try(people[TRADERS], address(perpOrders), data);
        if (!done) return;
        if (many && !abi.decode(result, (bool[]))[0]) return;
        _require(b.allowed, "PERP-3: a cancelled or expired order was filled");
        _remember(m.taker);
        for (uint256 i; i < m.makers.length; ++i) _remember(m.makers[i]);
        _afterMatch(m, b);
        for (uint256 i; i < b.accounts.length; ++i) _judge(b.accounts[i], b.standings[i]);
    }

    function _beforeMatch(IPerpOrders.Match memory m) private view returns (Before memory b) {
        uint256 count = m.makers.length + 1;
        b.accounts = new AccountId[](count);
        b.sizes = new int256[](count);
        b.filled = new uint256[](count);
        b.standings = new Standing[](count);
        bytes32 hash = perpOrders.hashOf(m.taker.order);
        b.allowed = !_cancelled[hash] && m.taker.order.expiry >= VM.getBlockTimestamp();
        for (uint256 i; i < count; ++i) {
            IPerpOrders.Order memory order = i == 0 ? m.taker.order : m.makers[i - 1].order;
            b.accounts[i] = order.account;
            b.sizes[i] = perps.position(order.account).sizeWad;
            b.filled[i] = perpOrders.statusOf(order).filledWad;
            b.standings[i] = _standing(order.account);
        }
        b.takerCost = perps.position(m.taker.order.account).cost;
    }

    function _afterMatch(IPerpOrders.Match memory m, Before memory b) private {
        for (uint256 i; i < b.accounts.length; ++i) {
            IPerpOrders.Order memory order = i == 0 ? m.taker.order : m.makers[i - 1].order;
            bytes32 hash = perpOrders.hashOf(order);
            uint256 filled = perpOrders.statusOf(order).filledWad;
            uint256 size = uint256(order.sizeWad < 0 ? -order.sizeWad : order.sizeWad);
            _require(filled <= size, "PERP-3: filled beyond its size");
            if (filled == b.filled[i]) continue;
            bool live = !_cancelled[hash] && order.expiry >= VM.getBlockTimestamp();
            _require(live, "PERP-3: a cancelled or expired maker was filled");
            if (i == 0) _requirePrice(m, b, filled - b.filled[0]);
        }
    }

    /// @dev The taker pays no more than his limit, the highest fee, and the tip.
    function _requirePrice(IPerpOrders.Match memory m, Before memory b, uint256 filled) private {
        IPerpOrders.Order memory order = m.taker.order;
        for (uint256 i = 1; i < b.accounts.length; ++i) {
            if (b.accounts[i].equals(order.account)) return;
        }
        if (order.account.equals(m.tipTo)) return;
        IPerpMarket.Position memory p = perps.position(order.account);
        int256 moved = order.sizeWad > 0 ? int256(filled) : -int256(filled);
        _require(_isMoved(b.sizes[0], p.sizeWad, moved), "PERP-3: the position moved by another size");
        int256 most = moved * int256(order.limitPriceWad);
        int256 notional = int256((filled * perps.state().markWad * 3) / 2);
        int256 fee = (notional * int256(order.maxFeeWad)) / int256(WAD) + int256(order.tip) * TOKEN;
        _require(p.cost - b.takerCost <= most + fee, "PERP-3: worse than its price");
    }

    function _remember(IPerpOrders.SignedOrder memory signed) private {
        if (_orders.length < REMEMBERED) _orders.push(signed);
        else _orders[_draw(0, REMEMBERED - 1)] = signed;
    }
}
