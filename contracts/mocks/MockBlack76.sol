// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
import {Black76} from "../instruments/options/Black76.sol";
import {NormalTable} from "../instruments/options/NormalTable.sol";
import {OptionGrid} from "../instruments/options/OptionGrid.sol";

/// @notice The functions of Black76, for tests; `gas` is what they take by themselves.
contract MockBlack76 {
    struct Option {
        uint256 strikeWad;
        uint256 volatilityWad;
        uint256 secondsLeft;
        bool isCall;
    }

    error MockBlack76_NotTheLeast(int256 told, int256 least);

    function price(
        uint256 forwardWad,
        Option calldata option
    ) external view returns (uint256 priceWad, uint256 gas) {
        (uint256 strikeWad, uint256 volatilityWad, uint256 secondsLeft, bool isCall) = (
            option.strikeWad,
            option.volatilityWad,
            option.secondsLeft,
            option.isCall
        );
        gas = gasleft();
        priceWad = Black76.price(forwardWad, strikeWad, volatilityWad, secondsLeft, isCall);
        gas -= gasleft();
    }

    function greeks(
        uint256 forwardWad,
        Option calldata option
    ) external pure returns (Black76.Greeks memory) {
        return
            Black76.greeks(
                forwardWad,
                option.strikeWad,
                option.volatilityWad,
                option.secondsLeft,
                option.isCall
            );
    }

    function cdf(int256 place) external pure returns (uint256) {
        return NormalTable.cdf(place);
    }

    function density(int256 place) external pure returns (uint256) {
        return NormalTable.density(NormalTable.load(), place);
    }

    function table() external pure returns (bytes memory) {
        return NormalTable.load();
    }

    /// @notice Values of each option at each point, as a market reckons them: the point without shock by itself, the others in
    /// a grid. Options of one expiry after another share its root.
    function values(
        uint256 forwardWad,
        int256[] memory spotShocksWad,
        int256[] memory volatilityShocksWad,
        Option[] memory options
    ) external view returns (int256[][] memory found, uint256 gas) {
        found = new int256[][](options.length);
        Scenario[] memory scenarios = new Scenario[](spotShocksWad.length);
        for (uint256 i; i < scenarios.length; ++i) {
            scenarios[i] = ScenarioLib.pack(spotShocksWad[i], volatilityShocksWad[i], 1e18);
        }
        gas = gasleft();
        bytes memory normal = NormalTable.load();
        int256 log = Black76.logOf(forwardWad);
        OptionGrid.Grid memory grid = OptionGrid.prepare(normal, forwardWad, log, scenarios);
        gas -= gasleft();
        uint256 secondsLeft;
        uint256 root;
        for (uint256 i; i < options.length; ++i) {
            Option memory option = options[i];
            int256 strikeLog = Black76.logOf(option.strikeWad);
            uint256 before = gasleft();
            if (option.secondsLeft != secondsLeft) {
                secondsLeft = option.secondsLeft;
                root = Black76.rootOf(secondsLeft);
            }
            (int256 value, int256 least) = _add(grid, forwardWad, log, option, strikeLog, root);
            gas += before - gasleft();
            found[i] = new int256[](scenarios.length);
            OptionGrid.take(grid, 0, found[i]);
            int256 lowest = value;
            for (uint256 j; j < found[i].length; ++j) {
                if (spotShocksWad[j] == 0 && volatilityShocksWad[j] == 0) found[i][j] = value;
                if (found[i][j] < lowest) lowest = found[i][j];
            }
            if (least != lowest) revert MockBlack76_NotTheLeast(least, lowest);
        }
    }

    function _add(
        OptionGrid.Grid memory grid,
        uint256 forwardWad,
        int256 log,
        Option memory o,
        int256 strikeLog,
        uint256 root
    ) private pure returns (int256 value, int256 least) {
        (uint256 here, ) = Black76.valueAt(
            grid.table,
            forwardWad,
            log,
            o.strikeWad,
            strikeLog,
            Black76.deviationOf(o.volatilityWad, root),
            o.isCall
        );
        value = int256(here);
        least = OptionGrid.addOption(grid, o.strikeWad, strikeLog, o.volatilityWad, root, o.isCall, 1, value);
    }
}
