// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IInstrument} from "./IInstrument.sol";
import {AccountId} from "./Types.sol";

/// @notice How an account is margined: standard, or as a portfolio (see `IRiskEngine.scenarios`). Its owner or an operator
/// switches by `IVault.callInstrument` with `abi.encode(bool)` as data; refused unless the account satisfies the initial
/// requirement of the model that it switches to.
interface IPortfolioMode is IInstrument {
    event PortfolioModeSet(AccountId indexed account, bool enabled);
}
