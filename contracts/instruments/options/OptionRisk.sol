// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Report, Scenario} from "../../../interfaces/IInstrument.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Lists} from "../../math/Lists.sol";
import {Quote} from "../books/Quote.sol";
import {Black76} from "./Black76.sol";
import {NormalTable} from "./NormalTable.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @dev What the risk engine asks. A loss counts in equity at once; profit and claims are credit after a haircut.
///
/// Everything is added up in quote and turned into dollars at the end: what positions lose by themselves is never less
/// than what they lose together (PM-1), to the wei.
abstract contract OptionRisk is OptionPrices {
    using Black76 for Black76.Grid;
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using Lists for int256[];
    using Lists for uint256[];

    /// @dev What is asked, and what has been added up for it.
    /// @param indexWad for value and exposure {USD}
    /// @param requirementIndexWad for what is required {USD}
    /// @param worth value of all positions {quote}
    /// @param base value of those that are not fixed, at the index for what is required {quote}
    /// @param delta change of the worth per dollar of the index {units}
    /// @param standalone worst losses of the positions {quote}
    /// @param notional size times index of all that is not fixed {quote}
    /// @param unwinding notional, of longs no more than covers their value {quote}
    /// @param netCalls signed sum of sizes {units}
    /// @param changes by scenario {quote}
    struct Course {
        uint256 indexWad;
        uint256 requirementIndexWad;
        int256 worth;
        int256 base;
        int256 delta;
        uint256 standalone;
        uint256 notional;
        uint256 unwinding;
        int256 netCalls;
        int256 netPuts;
        uint256 unwindingWad;
        int256[] changes;
    }

    /// @dev The scenarios as Black-76 takes them: those that count in full, and those of which a part counts. The one without
    /// shock changes nothing and is in neither.
    /// @param order which scenarios the points of `whole` are
    /// @param weights of the points of `partly`
    struct Shifts {
        bytes table;
        Black76.Grid whole;
        uint256[] order;
        Black76.Grid partly;
        uint256[] partlyOrder;
        uint256[] weights;
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
            int256 change = course.changes.get(i);
            if (change != 0) r.changesWad.set(ownAt + i, Quote.value(change, settlementWad));
        }
        if (profit < 0) {
            // What is owed moves with the settlement asset, whose rise comes second.
            int256 rise = scenarios[SETTLEMENT_POSITION * points + 1].spotShockWad();
            r.standaloneWad += Quote.lossUp(Quote.valueUp(uint256(-profit), settlementWad), rise);
        }
        _return(r);
    }

    /// @notice As `IInstrument.graceUntil`.
    function graceUntil(AccountId account) external view returns (uint256) {
        return _graceUntil(account);
    }

    // --- internal ---

    /// @dev Sizes are below 2**104, values below 2**98 and, three times shocked, below 2**128; weights at most 2**64: sums of 64
    /// products stay below 2**255, and nothing here wraps.
    function _addPositions(
        Course memory course,
        Option[] memory options,
        int256[] memory sizes,
        Scenario[] calldata scenarios
    ) private pure {
        course.changes = new int256[](scenarios.length);
        if (options.length == 0) return;
        Shifts memory shifts = _shiftsOf(course.requirementIndexWad, scenarios);
        int256 lnIndex = Black76.logOf(course.indexWad);
        bool isOne = course.requirementIndexWad == course.indexWad;
        int256 lnRequirementIndex = isOne ? lnIndex : Black76.logOf(course.requirementIndexWad);
        unchecked {
            for (uint256 i = 0; i < options.length; ++i) {
                Option memory o = _optionAt(options, i);
                int256 size = sizes.get(i);
                (uint256 value, int256 deltaWad) = _valueAt(o, shifts.table, course.indexWad, lnIndex);
                course.worth += size * int256(value);
                course.delta += (size * deltaWad) / int256(WAD);
                if (o.isFixed) continue;
                if (!isOne) {
                    (value, ) = _valueAt(o, shifts.table, course.requirementIndexWad, lnRequirementIndex);
                }
                int256 worth = size * int256(value);
                course.base += worth;
                course.standalone += _addChanges(course, shifts, o, size, worth);
                uint256 notional = size.abs() * course.requirementIndexWad;
                course.notional += notional;
                notional = notional.mulWadUp(course.unwindingWad);
                course.unwinding += size > 0 ? notional.min(uint256(worth)) : notional;
                if (o.isCall) course.netCalls += size;
                else course.netPuts += size;
            }
            for (uint256 i = 0; i < shifts.order.length; ++i) {
                course.changes.set(shifts.order.get(i), shifts.whole.take(i) - course.base);
            }
        }
    }

    /// @dev Adds one position to the sums of the scenarios.
    /// @param worth of it, where the shocks begin {quote}
    /// @return what it loses at most {quote}
    function _addChanges(
        Course memory course,
        Shifts memory shifts,
        Option memory o,
        int256 size,
        int256 worth
    ) private pure returns (uint256) {
        unchecked {
            int256 worst = _addTo(shifts.whole, o, size, worth) - worth;
            uint256 count = shifts.weights.length;
            if (count != 0) _addTo(shifts.partly, o, size, worth);
            for (uint256 i = 0; i < count; ++i) {
                int256 change = shifts.partly.take(i) - worth;
                // Down on both sides of zero.
                int256 units = change / int256(WAD);
                if (units * int256(WAD) > change) --units;
                change = units * int256(shifts.weights.get(i));
                uint256 place = shifts.partlyOrder.get(i);
                course.changes.set(place, course.changes.get(place) + change);
                if (change < worst) worst = change;
            }
            return uint256(-worst);
        }
    }

    /// @dev Adds one position to the sums of a grid.
    /// @return the least of its worth there and here {quote}
    function _addTo(
        Black76.Grid memory grid,
        Option memory o,
        int256 size,
        int256 worth
    ) private pure returns (int256) {
        return grid.addValues(o.strikeWad, o.lnStrikeWad, o.volatilityWad, o.root, o.isCall, size, worth);
    }

    function _shiftsOf(
        uint256 indexWad,
        Scenario[] calldata scenarios
    ) private pure returns (Shifts memory shifts) {
        uint256 count = scenarios.length;
        uint256[] memory words = new uint256[](count);
        assembly ("memory-safe") {
            calldatacopy(add(words, 32), scenarios.offset, mul(32, count))
        }
        shifts.table = NormalTable.load();
        (shifts.whole, shifts.order) = _sorted(shifts.table, indexWad, words, true);
        (shifts.partly, shifts.partlyOrder) = _sorted(shifts.table, indexWad, words, false);
        shifts.weights = new uint256[](shifts.partlyOrder.length);
        for (uint256 i = 0; i < shifts.weights.length; ++i) {
            shifts.weights.set(i, scenarios[shifts.partlyOrder.get(i)].weightWad());
        }
    }

    /// @dev A grid of scenarios, those of one volatility together.
    /// @param words of the scenarios; zero where one is in a grid already
    /// @param whole those that count in full; else the others
    function _sorted(
        bytes memory table,
        uint256 indexWad,
        uint256[] memory words,
        bool whole
    ) private pure returns (Black76.Grid memory grid, uint256[] memory order) {
        uint256 count = words.length;
        int256[] memory spots = new int256[](count);
        int256[] memory volatilities = new int256[](count);
        order = new uint256[](count);
        uint256 placed;
        unchecked {
            for (uint256 first = 0; first < count; ++first) {
                // Volatility and weight, without the move of the price.
                uint256 kind = words.get(first) << 96;
                if (kind == 0 || (uint64(kind >> 96) == WAD) != whole) continue;
                for (uint256 i = first; i < count; ++i) {
                    uint256 word = words.get(i);
                    if (word << 96 != kind) continue;
                    words.set(i, 0);
                    if (word == WAD) continue;
                    Scenario s = Scenario.wrap(word);
                    spots.set(placed, s.spotShockWad());
                    volatilities.set(placed, s.volatilityShockWad());
                    order.set(placed++, i);
                }
            }
        }
        spots.cut(placed);
        volatilities.cut(placed);
        order.cut(placed);
        grid = Black76.grid(table, indexWad, spots, volatilities);
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

    /// @dev Ends the call with a report as the ABI has it: the compiler's own encoder looks at every word of a list.
    function _return(Report memory r) private pure {
        int256[] memory exposures = r.exposuresWad;
        int256[] memory changes = r.changesWad;
        assembly ("memory-safe") {
            // The report's place, its eight words, and both lists, whose places are counted from the first of the words.
            let data := mload(0x40)
            mstore(data, 0x20)
            mcopy(add(data, 0x20), r, 0xc0)
            let size := shl(5, add(mload(exposures), 1))
            mstore(add(data, 0xe0), 0x100)
            mstore(add(data, 0x100), add(0x100, size))
            mcopy(add(data, 0x120), exposures, size)
            let end := add(add(data, 0x120), size)
            size := shl(5, add(mload(changes), 1))
            mcopy(end, changes, size)
            return(data, sub(add(end, size), data))
        }
    }
}
