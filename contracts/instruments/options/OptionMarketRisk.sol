// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {OptionDeleveraging} from "./OptionDeleveraging.sol";
import {OptionPrices} from "./OptionPrices.sol";
import {OptionRisk} from "./OptionRisk.sol";

/// @notice What the risk engine asks of an option market, takeovers and deleveraging. The market runs this code on its own storage;
/// called at its own address it knows no account.
contract OptionMarketRisk is OptionRisk, OptionDeleveraging {
    constructor(address vault, IOptionMarket.Setup memory setup) OptionPrices(vault, setup) {}
}
