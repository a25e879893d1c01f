// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Report, Scenario} from "../../../interfaces/IInstrument.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Quote} from "../books/Quote.sol";
import {Black76} from "./Black76.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @dev What the risk engine asks. A loss counts in equity at once; profit and claims are credit after a haircut.
///
/// Everything is added up in quote and turned into dollars at the end: what positions lose by themselves is never less
/// than what they lose together (PM-1), to the wei.
abstract contract OptionRisk is OptionPrices {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev What is asked, and what has been added up for it.
    /// @param indexWad for value and exposure {USD}
    /// @param requirementIndexWad for what is required {USD}
    /// @param order where in memory the sums of the scenarios are, by volatility as the grid has them
    /// @param centre point of the grid without shock
    /// @param worth value of all positions {quote}
    /// @param delta change of it per dollar of the index {units}
    /// @param standalone worst losses of the positions {quote}
    /// @param notional size times index of all that is not fixed {quote}
    /// @param unwinding notional, of longs no more than covers their value {quote}
    /// @param netCalls signed sum of sizes {units}
    /// @param changes by scenario {quote}
    struct Course {
        uint256 indexWad;
        uint256 requirementIndexWad;
        uint256[] order;
        uint256 centre;
        int256 worth;
        int256 delta;
        uint256 standalone;
        uint256 notional;
        uint256 unwinding;
        int256 netCalls;
        int256 netPuts;
        uint256 unwindingWad;
        int256[] changes;
    }

    /// @notice As `IInstrument.report`.
    function report(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        uint256[] calldata requirementPricesWad,
        bool atBatchStart
    ) external view returns (Report memory r) {
        uint256 slot = _slotAt(account, atBatchStart);
        (uint256[] memory ids, int256[] memory sizes, int256 cost) = _at(account, slot);
        Option[] memory options;
        (options, r.status) = _options(ids);

        Course memory course;
        course.indexWad = _usable(pricesWad[OWN_POSITION]);
        course.requirementIndexWad = _usable(requirementPricesWad[OWN_POSITION]);
        uint256 depth;
        (course.unwindingWad, depth, r.haircutWad) = _requirementShares();
        // The settlement asset's two end points come before the own grid, or behind it.
        uint256 points = scenarios.length - 2;
        uint256 ownAt = 2 * OWN_POSITION;
        _addPositions(course, options, sizes, scenarios[ownAt:ownAt + points]);

        int256 profit = course.worth - cost;
        uint256 settlementWad = pricesWad[SETTLEMENT_POSITION];
        uint256 credit = _claimAt(account, slot) * uint256(TOKEN);
        if (profit > 0) credit += uint256(profit);
        else r.valueWad = -int256(Quote.valueUp(uint256(-profit), settlementWad));
        if (credit != 0)
            r.creditWad = Quote.valueDown(credit.fullMulDiv(WAD - r.haircutWad, WAD), settlementWad);
        r.exposuresWad = new int256[](2);
        r.exposuresWad[OWN_POSITION] = Quote.value(course.delta * int256(course.indexWad), settlementWad);
        r.exposuresWad[SETTLEMENT_POSITION] = r.valueWad;

        settlementWad = requirementPricesWad[SETTLEMENT_POSITION];
        r.standaloneWad = Quote.valueUp(course.standalone, settlementWad);
        r.addOnWad = _addOn(course, depth, settlementWad);
        r.changesWad = new int256[](scenarios.length);
        for (uint256 i = 0; i < points; ++i) {
            r.changesWad[ownAt + i] = Quote.value(course.changes[i], settlementWad);
        }
        if (profit < 0) {
            // What is owed moves with the settlement asset, whose rise comes second.
            int256 rise = scenarios[SETTLEMENT_POSITION * points + 1].spotShockWad();
            r.standaloneWad += Quote.lossUp(Quote.valueUp(uint256(-profit), settlementWad), rise);
        }
    }

    /// @notice As `IInstrument.graceUntil`.
    function graceUntil(AccountId account) external view returns (uint256) {
        return _graceUntil(account);
    }

    // --- internal ---

    function _addPositions(
        Course memory course,
        Option[] memory options,
        int256[] memory sizes,
        Scenario[] calldata scenarios
    ) private pure {
        course.changes = new int256[](scenarios.length);
        if (options.length == 0) return;
        (Black76.Grid memory grid, uint256[] memory weights) = _gridOf(course, scenarios);
        uint256[] memory values = new uint256[](weights.length);
        uint256[] memory now_ =
            course.indexWad == course.requirementIndexWad
                ? new uint256[](0)
                : _valuesAtIndex(options, course.indexWad);
        int256 lnIndex = Black76.logOf(course.indexWad);
        for (uint256 i = 0; i < options.length; ++i) {
            Option memory o = options[i];
            int256 size = sizes[i];
            _valuesAt(o, grid, values);
            uint256 value = values[course.centre];
            course.worth += size * int256(now_.length == 0 ? value : now_[i]);
            course.delta += (size * _deltaWad(o, course.indexWad, lnIndex)) / int256(WAD);
            if (o.isFixed) continue;
            course.standalone += _addChanges(course, size, values, weights);
            uint256 notional = size.abs() * course.requirementIndexWad;
            course.notional += notional;
            notional = notional.mulWadUp(course.unwindingWad);
            course.unwinding += size > 0 ? notional.min(uint256(size) * value) : notional;
            if (o.isCall) course.netCalls += size;
            else course.netPuts += size;
        }
    }

    /// @dev The grid of the scenarios, those of one volatility together, and the point without shock: one of them, or
    /// one that is added.
    /// @return grid
    /// @return weights of its points; the added one has none
    function _gridOf(
        Course memory course,
        Scenario[] calldata scenarios
    ) private pure returns (Black76.Grid memory grid, uint256[] memory weights) {
        uint256 count = scenarios.length;
        uint256[] memory order = new uint256[](count);
        int256[] memory spots = new int256[](count + 1);
        int256[] memory volatilities = new int256[](count + 1);
        weights = new uint256[](count + 1);
        course.centre = count;
        uint256 placed;
        for (uint256 first = 0; placed < count; ++first) {
            int256 shock = scenarios[first].volatilityShockWad();
            uint256 before = 0;
            while (before < placed && volatilities[before] != shock) ++before;
            if (before < placed) continue;
            for (uint256 i = first; i < count; ++i) {
                Scenario s = scenarios[i];
                if (s.volatilityShockWad() != shock) continue;
                (spots[placed], volatilities[placed]) = (s.spotShockWad(), shock);
                weights[placed] = s.weightWad();
                if (shock == 0 && spots[placed] == 0) course.centre = placed;
                order[placed++] = _wordAt(course.changes, i);
            }
        }
        if (course.centre != count) {
            assembly ("memory-safe") {
                mstore(spots, count)
                mstore(volatilities, count)
                mstore(weights, count)
            }
        }
        course.order = order;
        grid = Black76.grid(course.requirementIndexWad, spots, volatilities);
    }

    function _wordAt(int256[] memory list, uint256 place) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := add(list, mul(32, add(place, 1)))
        }
    }

    /// @dev Adds what one position's value changes by to the sums of the scenarios. This loop is what margin with many options
    /// costs, after the values themselves.
    ///
    /// Sizes are below 2**104, values below 2**98 and, three times shocked, below 2**128; weights at most 2**64: 64 products
    /// fit in 255 bits, whose quotient is taken before they are weighed.
    /// @return worst what it loses at most {quote}
    function _addChanges(
        Course memory course,
        int256 size,
        uint256[] memory values,
        uint256[] memory weights
    ) private pure returns (uint256 worst) {
        uint256[] memory order = course.order;
        uint256 value = values[course.centre];
        assembly ("memory-safe") {
            let end := add(order, mul(32, mload(order)))
            for {} lt(order, end) {} {
                order := add(order, 32)
                values := add(values, 32)
                weights := add(weights, 32)
                let change := mul(size, sub(mload(values), value))
                let weight := mload(weights)
                if xor(weight, 1000000000000000000) {
                    // Down on both sides of zero.
                    let whole := sdiv(change, 1000000000000000000)
                    whole := sub(whole, slt(smod(change, 1000000000000000000), 0))
                    change := mul(whole, weight)
                }
                let sum := mload(order)
                mstore(sum, add(mload(sum), change))
                if slt(change, worst) {
                    worst := change
                }
            }
            worst := sub(0, worst)
        }
    }

    /// @dev notional * (unwinding + notional / depth), and the share of naked shorts.
    function _addOn(
        Course memory course,
        uint256 depth,
        uint256 settlementWad
    ) private view returns (uint256) {
        if (course.notional == 0) return 0;
        uint256 notional = Quote.valueUp(course.notional, settlementWad);
        uint256 addOn =
            Quote.valueUp(course.unwinding, settlementWad) +
                notional.fullMulDivUp(notional.fullMulDivUp(WAD, depth).min(100 * WAD), WAD);
        uint256 naked = uint256((-course.netCalls).max(0)) + uint256((-course.netPuts).max(0));
        if (naked == 0) return addOn;
        return
            addOn +
            Quote.valueUp(naked * course.requirementIndexWad, settlementWad).fullMulDivUp(
                _nakedShortWad(),
                WAD
            );
    }
}
