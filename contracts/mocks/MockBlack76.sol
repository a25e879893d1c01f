// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Black76} from "../instruments/options/Black76.sol";
import {NormalTable} from "../instruments/options/NormalTable.sol";

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

    /// @notice Values of each option at each point; options of one expiry after another share its root.
    function values(
        uint256 forwardWad,
        int256[] memory spotShocksWad,
        int256[] memory volatilityShocksWad,
        Option[] memory options
    ) external view returns (uint256[][] memory found, uint256 gas) {
        found = new uint256[][](options.length);
        gas = gasleft();
        Black76.Grid memory prepared = Black76.grid(
            NormalTable.load(),
            forwardWad,
            spotShocksWad,
            volatilityShocksWad
        );
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
            int256 least = Black76.addValues(
                prepared,
                option.strikeWad,
                strikeLog,
                option.volatilityWad,
                root,
                option.isCall,
                1,
                type(int256).max
            );
            gas += before - gasleft();
            found[i] = new uint256[](spotShocksWad.length);
            int256 lowest = type(int256).max;
            for (uint256 j; j < found[i].length; ++j) {
                int256 value = Black76.take(prepared, j);
                if (value < lowest) lowest = value;
                found[i][j] = uint256(value);
            }
            if (least != lowest) revert MockBlack76_NotTheLeast(least, lowest);
        }
    }
}
