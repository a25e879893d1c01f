// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {Holding} from "../../interfaces/Types.sol";
import {PlanCalls} from "../core/PlanCalls.sol";

/// @notice Calls itself as a liquidation engine, by `PlanCalls` and as the compiler does it. As an engine it answers with a plan
/// made of hashes of what it was told, or reverts with one.
contract MockPlanCalls {
    using PlanCalls for ILiquidationEngine;

    bool public refuses;

    error MockPlanCalls_Told(bytes32 told);

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function planned(
        ILiquidationEngine.Takeover memory takeover
    ) external view returns (ILiquidationEngine.Plan memory) {
        return ILiquidationEngine(address(this)).planned(takeover);
    }

    function plainly(
        ILiquidationEngine.Takeover memory takeover
    ) external view returns (ILiquidationEngine.Plan memory) {
        return ILiquidationEngine(address(this)).plan(takeover);
    }

    function plan(
        ILiquidationEngine.Takeover calldata takeover
    ) external view returns (ILiquidationEngine.Plan memory result) {
        bytes32 told = keccak256(msg.data);
        if (refuses) revert MockPlanCalls_Told(told);
        uint256 seed = uint256(told) >> 1;
        result.fractionWad = seed;
        result.moved = new Holding[](takeover.holdings.length);
        for (uint256 i = 0; i < result.moved.length; ++i) result.moved[i] = Holding.wrap(seed + i);
        result.salvaged = seed & 1 != 0;
        result.writeOffs = new uint256[](seed % 4);
        for (uint256 i = 0; i < result.writeOffs.length; ++i) result.writeOffs[i] = seed + 100 + i;
        result.absorbs = new uint256[](takeover.instruments.length);
        for (uint256 i = 0; i < result.absorbs.length; ++i) result.absorbs[i] = seed + 200 + i;
        result.payment = seed + 1;
        result.backstopFee = seed + 2;
        result.topUp = seed + 3;
        result.insolvent = seed & 2 != 0;
        result.equity = -int256(seed);
        result.requirement = seed + 4;
    }
}
