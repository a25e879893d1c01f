// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {Source} from "./Domain.sol";
import {Optioning} from "./Optioning.sol";
import {VM} from "./Vm.sol";

/// @notice Prices, their sources, and time.
abstract contract Markets is Optioning {
    function priceMoves(uint256 seed) external handler("priceMoves", seed) {
        uint256 underlying = _draw(0, UNDERLYINGS - 1);
        // Dollars stay near a dollar.
        uint256 width = underlying == USDC || underlying == 3 ? 3 : 30;
        _setTruth(
            underlying,
            (sources[underlying].truth * int256(1_000 - width + _draw(0, 2 * width))) / 1_000
        );
        _noted();
    }

    /// @notice Crashes, and rises for who is short.
    function priceJumps(uint256 seed) external handler("priceJumps", seed) {
        uint256 underlying =
            _one(2)
                ? WETH
                : _one(2)
                    ? WBTC
                    : 4;
        _setTruth(underlying, (sources[underlying].truth * int256(_draw(55, 160))) / 100);
        _noted();
    }

    /// @notice Its answer grows old, beyond the heartbeat.
    function feedFallsSilent(uint256 seed) external handler("feedFallsSilent", seed) {
        sources[_draw(0, UNDERLYINGS - 1)].silent = true;
        _wait(HEARTBEAT + _draw(1, 24) * 1 hours);
        _noted();
    }

    function feedDies(uint256 seed) external handler("feedDies", seed) {
        Source storage source = sources[_draw(0, UNDERLYINGS - 1)];
        source.dead = true;
        source.feed.setDead(true);
        _noted();
    }

    /// @notice While the primary says the truth.
    function secondSourceLies(uint256 seed) external handler("secondSourceLies", seed) {
        uint256 underlying = _draw(USDC, WETH);
        uint256 percent = _one(2) ? _draw(10, 96) : _draw(104, 400);
        sources[underlying].lie = (uint256(sources[underlying].truth) * 1e10 * percent) / 100;
        _refresh();
        _noted();
    }

    function pokePrice(uint256 seed) external handler("pokePrice", seed) {
        bytes memory data = abi.encodeCall(IRiskEngine.poke, (_draw(0, UNDERLYINGS - 1)));
        _try(_person(), address(risk), data);
    }

    function aWhile(uint256 seed) external handler("aWhile", seed) {
        _wait(_draw(1, 900));
        _noted();
    }

    function aLongWhile(uint256 seed) external handler("aLongWhile", seed) {
        _wait(_draw(1, _one(4) ? 30 * 24 : 36) * 1 hours);
        _noted();
    }

    /// @notice Prices near where they were, every source speaks the truth, nothing is paused.
    function allIsWell(uint256 seed) external handler("allIsWell", seed) {
        _recover();
        _noted();
    }

    // --- internal ---

    function _recover() internal {
        for (uint256 i; i < UNDERLYINGS; ++i) {
            Source storage source = sources[i];
            (source.silent, source.lie) = (false, 0);
            if (source.dead) source.feed.setDead(false);
            source.dead = false;
            source.truth = (source.truth + source.base) / 2;
        }
        _openEverything();
        _wait(60);
    }

    /// @dev Caps, lines, pause and reduce-only as they were at first.
    function _openEverything() internal virtual;

    function _setTruth(uint256 underlying, int256 answer) internal override {
        Source storage source = sources[underlying];
        int256 least = source.base / 4;
        int256 most = source.base * 4;
        source.truth =
            answer < least
                ? least
                : answer > most
                    ? most
                    : answer;
        _rollOn();
        _refresh();
    }

    function _wait(uint256 time) internal override {
        VM.warp(VM.getBlockTimestamp() + time);
        _rollOn();
        _refresh();
        // Signers have a heartbeat of their own; now and then they miss it.
        if (!_one(8)) _pushSurface(0);
    }
}
