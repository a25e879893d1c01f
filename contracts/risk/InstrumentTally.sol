// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {Point} from "./Point.sol";
import {PortfolioTally} from "./PortfolioTally.sol";
import {ScenarioGrid} from "./ScenarioGrid.sol";

/// @notice Adds up what an account holds in instruments, by the standard model: every position on its own worst shock, no
/// netting between positions; and hands it to portfolio margin where the account has it.
abstract contract InstrumentTally is PortfolioTally {
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
                Point point = _point(tally, ids[i]);
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
        uint256[] memory pricesWad = new uint256[](ids.length);
        uint256[] memory requirementPricesWad = tally.disputed ? new uint256[](ids.length) : pricesWad;
        Scenario[] memory scenarios = new Scenario[](_pointCount(tally, ids.length, curved));
        uint256 next;
        for (uint256 i = 0; i < ids.length; ++i) {
            if (ids[i] >= tally.slot.underlyingCount()) {
                revert IRiskEngine.RiskEngine_UnknownUnderlying(ids[i]);
            }
            Point point = _point(tally, ids[i]);
            uint256 priceWad = point.priceWad();
            pricesWad[i] = priceWad;
            if (tally.disputed) {
                uint256 requirementWad = point.requirementPriceWad();
                requirementPricesWad[i] = requirementWad == 0 ? priceWad : requirementWad;
            }
            if ((curved >> i) & 1 == 0) {
                ScenarioGrid.putEnds(scenarios, next, point, tally.maintenance);
                next += ScenarioGrid.LINEAR_POINTS;
            } else {
                next = _putGrid(scenarios, next, _netting(tally, point, ids[i]).grid);
            }
            if (point.status() > tally.status) tally.status = point.status();
        }
        return instrument.report(account, scenarios, pricesWad, requirementPricesWad, atBatchStart);
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

    /// @dev Copies a grid to its place.
    /// @return where the next one begins
    function _putGrid(
        Scenario[] memory scenarios,
        uint256 at,
        Scenario[] memory grid
    ) private pure returns (uint256) {
        for (uint256 i = 0; i < grid.length; ++i) scenarios[at + i] = grid[i];
        return at + grid.length;
    }

    function _clamp(int256 valueWad) private pure returns (int256) {
        return FixedPointMathLib.clamp(valueWad, -int256(MAX_VALUE), int256(MAX_VALUE));
    }
}
