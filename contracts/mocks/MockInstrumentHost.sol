// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrument} from "../../interfaces/IInstrument.sol";
import {AccountId} from "../../interfaces/Types.sol";

/// @notice Stands where an instrument expects its vault, for tests of instruments and of the risk engine without one: hands
/// everything on and notes what it is told.
contract MockInstrumentHost {
    address public immutable riskEngine;

    /// @notice Number of the operation that runs; set by hand.
    uint256 public operationNumber;
    mapping(AccountId account => bool) public held;
    mapping(AccountId account => bool) public touched;
    mapping(AccountId account => int256) public paid;

    constructor(address riskEngine_) {
        riskEngine = riskEngine_;
    }

    function setOperationNumber(uint256 number) external {
        operationNumber = number;
    }

    function execute(IInstrument instrument, AccountId account, bytes calldata data) external {
        instrument.execute(account, msg.sender, data);
    }

    /// @notice Several calls to the instrument, and then one view of it, in one transaction.
    function executeAndRead(
        IInstrument instrument,
        AccountId[] calldata accounts,
        bytes[] calldata data,
        bytes calldata view_
    ) external returns (bytes memory result) {
        for (uint256 i = 0; i < data.length; ++i) instrument.execute(accounts[i], msg.sender, data[i]);
        (, result) = address(instrument).staticcall(view_);
    }

    function transferFraction(
        IInstrument instrument,
        AccountId from,
        AccountId to,
        uint256 fractionWad
    ) external {
        instrument.transferFraction(from, to, fractionWad);
    }

    function absorb(
        IInstrument instrument,
        AccountId account,
        uint256 deficitWad
    ) external returns (uint256) {
        return instrument.absorb(account, deficitWad);
    }

    function setHeld(AccountId account, bool held_) external {
        held[account] = held_;
    }

    function touch(AccountId account) external {
        touched[account] = true;
    }

    function instrumentPay(AccountId from, AccountId to, uint256 amount) external {
        paid[from] -= int256(amount);
        paid[to] += int256(amount);
    }
}
