// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";
import {Lists} from "../math/Lists.sol";
import {Point} from "./Point.sol";
import {PortfolioTally} from "./PortfolioTally.sol";
import {ScenarioGrid} from "./ScenarioGrid.sol";

/// @notice Adds up what an account holds in instruments, by the standard model: every position on its own worst shock, no
/// netting between positions; and hands it to portfolio margin where the account has it.
abstract contract InstrumentTally is PortfolioTally {
    using Lists for uint256[];

    /// @dev Call of `IInstrument.report` in memory.
    /// @param data where it begins
    /// @param end behind it
    struct Question {
        uint256 data;
        uint256 end;
        Scenario[] scenarios;
        uint256[] pricesWad;
        uint256[] requirementPricesWad;
    }

    constructor(address portfolioMode, address sequencerFeed) PortfolioTally(portfolioMode, sequencerFeed) {}

    /// @dev Adds what an account holds in one instrument. Unsettled profit covers the instrument's own loss first, then its
    /// own requirement; what is left of it counts for nothing.
    function _addInstrument(
        Tally memory tally,
        AccountId account,
        IInstrument instrument,
        bool atBatchStart
    ) internal view returns (IRiskEngine.Weight memory weight) {
        (uint256[] memory ids, uint256 curved) = instrument.underlyings();
        Report memory report = _reportOf(tally, account, instrument, ids, curved, atBatchStart);
        if (uint256(report.status) > tally.status) tally.status = uint256(report.status);

        uint256 required =
            FixedPointMathLib.min(report.standaloneWad, MAX_VALUE) +
                FixedPointMathLib.min(report.addOnWad, MAX_VALUE);
        uint256 creditWad = report.creditWad;
        int256 valueWad = _clamp(report.valueWad);
        if (valueWad < 0) {
            uint256 covered = FixedPointMathLib.min(creditWad, uint256(-valueWad));
            valueWad += int256(covered);
            creditWad -= covered;
        }
        weight.valueWad = valueWad;
        weight.requirementWad = FixedPointMathLib.zeroFloorSub(required, creditWad);
        tally.requirement += weight.requirementWad;
        if (tally.portfolio) _netInstrument(tally, ids, curved, report, creditWad);
        unchecked {
            // Each is at most 2**180, of 127 instruments and 256 underlyings.
            for (uint256 i = 0; i < ids.length; ++i) {
                Point point = _point(tally, ids.get(i));
                int256 exposureWad = _clamp(report.exposuresWad[i]);
                point.setExposure(point.exposureWad() + exposureWad);
                valueWad -= exposureWad;
            }
            tally.equity += valueWad;
        }
    }

    /// @dev Asks an instrument; takes note of the status of its underlyings.
    function _reportOf(
        Tally memory tally,
        AccountId account,
        IInstrument instrument,
        uint256[] memory ids,
        uint256 curved,
        bool atBatchStart
    ) private view returns (Report memory) {
        Question memory question = _question(_pointCount(tally, ids.length, curved), ids.length);
        uint256 next;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids.get(i);
            if (id >= tally.slot.underlyingCount()) revert IRiskEngine.RiskEngine_UnknownUnderlying(id);
            Point point = _point(tally, id);
            uint256 priceWad = point.priceWad();
            question.pricesWad.set(i, priceWad);
            uint256 requirementWad = tally.disputed ? point.requirementPriceWad() : 0;
            question.requirementPricesWad.set(i, requirementWad == 0 ? priceWad : requirementWad);
            if ((curved >> i) & 1 == 0) {
                ScenarioGrid.putEnds(question.scenarios, next, point, tally.maintenance);
                next += ScenarioGrid.LINEAR_POINTS;
            } else {
                next = _putGrid(question.scenarios, next, _netting(tally, point, id).grid);
            }
            if (point.status() > tally.status) tally.status = point.status();
        }
        return _ask(question, instrument, account, atBatchStart);
    }

    /// @dev Lists for a report, laid out in memory as the call will have them: the compiler's own encoder looks at every word.
    function _question(uint256 points, uint256 underlyings) private pure returns (Question memory question) {
        bytes4 selector = IInstrument.report.selector;
        assembly ("memory-safe") {
            // Selector and five words, of which three are places of lists counted from the first; then the lists.
            let data := mload(0x40)
            mstore(data, shr(224, selector))
            let words := add(data, 0x20)
            let scenarios := add(words, 0xa0)
            let size := shl(5, add(underlyings, 1))
            let prices := add(scenarios, shl(5, add(points, 1)))
            let end := add(prices, add(size, size))
            mstore(0x40, end)
            calldatacopy(scenarios, calldatasize(), sub(end, scenarios))
            mstore(add(words, 0x20), 0xa0)
            mstore(add(words, 0x40), sub(prices, words))
            mstore(add(words, 0x60), sub(add(prices, size), words))
            mstore(scenarios, points)
            mstore(prices, underlyings)
            mstore(add(prices, size), underlyings)
            mstore(question, add(data, 0x1c))
            mstore(add(question, 0x20), end)
            mstore(add(question, 0x40), scenarios)
            mstore(add(question, 0x60), prices)
            mstore(add(question, 0x80), add(prices, size))
        }
    }

    /// @dev The instrument's report, in the memory that its answer is copied to. What is no report reverts.
    function _ask(
        Question memory question,
        IInstrument instrument,
        AccountId account,
        bool atBatchStart
    ) private view returns (Report memory report) {
        uint256 worstStatus = uint256(type(PriceStatus).max);
        assembly ("memory-safe") {
            let data := mload(question)
            mstore(add(data, 0x04), account)
            mstore(add(data, 0x84), atBatchStart)
            let done := staticcall(gas(), instrument, data, sub(mload(add(question, 0x20)), data), 0, 0)
            let size := returndatasize()
            data := mload(0x40)
            returndatacopy(data, 0, size)
            if iszero(done) {
                revert(data, size)
            }
            let end := add(data, size)
            mstore(0x40, and(add(end, 0x1f), not(0x1f)))
            // The report's place, its eight words, the last two of which are places of lists.
            if lt(size, 0x120) {
                revert(0, 0)
            }
            report := add(data, mload(data))
            if or(or(gt(mload(data), size), gt(add(report, 0x100), end)), gt(mload(report), worstStatus)) {
                revert(0, 0)
            }
            for {
                let field := add(report, 0xc0)
            } lt(field, add(report, 0x100)) {
                field := add(field, 0x20)
            } {
                // A list that began among the words would change as their places are written.
                let offset := mload(field)
                let list := add(report, offset)
                if or(lt(offset, 0x100), or(gt(offset, size), gt(add(list, 0x20), end))) {
                    revert(0, 0)
                }
                let length := mload(list)
                if or(gt(length, size), gt(add(list, shl(5, add(length, 1))), end)) {
                    revert(0, 0)
                }
                mstore(field, list)
            }
        }
    }

    function _pointCount(
        Tally memory tally,
        uint256 underlyings,
        uint256 curved
    ) private pure returns (uint256) {
        uint256 grids = LibBit.popCount(curved);
        uint256 each = tally.named.isNone() ? ScenarioGrid.GRID_POINTS : 2;
        return (underlyings - grids) * ScenarioGrid.LINEAR_POINTS + grids * each;
    }

    /// @dev Copies a grid to its place, where there is room for it.
    /// @return where the next one begins
    function _putGrid(
        Scenario[] memory scenarios,
        uint256 at,
        Scenario[] memory grid
    ) private pure returns (uint256) {
        assembly ("memory-safe") {
            mcopy(add(scenarios, shl(5, add(at, 1))), add(grid, 0x20), shl(5, mload(grid)))
        }
        return at + grid.length;
    }

    function _clamp(int256 valueWad) private pure returns (int256) {
        return FixedPointMathLib.clamp(valueWad, -int256(MAX_VALUE), int256(MAX_VALUE));
    }
}
