// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Report, Scenario} from "../../../interfaces/IInstrument.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Lists} from "../../math/Lists.sol";
import {Quote} from "../books/Quote.sol";
import {Black76} from "./Black76.sol";
import {NormalTable} from "./NormalTable.sol";
import {OptionGrid} from "./OptionGrid.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @dev What the risk engine asks. A loss counts in equity at once; profit and claims are credit after a haircut.
///
/// Everything is added up in quote and turned into dollars at the end: what positions lose by themselves is never less
/// than what they lose together (PM-1), to the wei.
abstract contract OptionRisk is OptionPrices {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using Lists for int256[];
    using OptionGrid for OptionGrid.Grid;

    /// @dev Quote times a price has 54 decimals, values 18.
    int256 private constant QUOTE_TO_VALUE = 1e36;

    /// @dev What is asked, and what has been added up for it.
    /// @param indexWad for value and exposure {USD}
    /// @param requirementIndexWad for what is required {USD}
    /// @param worth value of all positions {quote}
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
            r.changesWad.set(ownAt + i, _valueOf(course.changes.get(i), settlementWad));
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
        bytes memory table = NormalTable.load();
        int256 lnIndex = Black76.logOf(course.indexWad);
        bool isOne = course.requirementIndexWad == course.indexWad;
        int256 lnRequirementIndex = isOne ? lnIndex : Black76.logOf(course.requirementIndexWad);
        OptionGrid.Grid memory grid = OptionGrid.prepare(
            table,
            course.requirementIndexWad,
            lnRequirementIndex,
            _toMemory(scenarios)
        );
        int256 base;
        unchecked {
            for (uint256 i = 0; i < options.length; ++i) {
                Option memory o = _optionAt(options, i);
                int256 size = sizes.get(i);
                (uint256 value, int256 deltaWad) = _valueAt(o, table, course.indexWad, lnIndex);
                int256 worth = size * int256(value);
                course.worth += worth;
                course.delta += (size * deltaWad) / int256(WAD);
                if (o.isFixed) continue;
                if (!isOne) {
                    (value, ) = _valueAt(o, table, course.requirementIndexWad, lnRequirementIndex);
                    worth = size * int256(value);
                }
                base += worth;
                course.standalone += uint256(worth - _addTo(grid, o, size, worth));
                uint256 notional = size.abs() * course.requirementIndexWad;
                course.notional += notional;
                notional = notional.mulWadUp(course.unwindingWad);
                course.unwinding += size > 0 ? notional.min(uint256(worth)) : notional;
                if (o.isCall) course.netCalls += size;
                else course.netPuts += size;
            }
        }
        grid.take(base, course.changes);
    }

    /// @dev As `Quote.value`; most products fit in a word.
    function _valueOf(int256 quote, uint256 priceWad) private pure returns (int256 value) {
        unchecked {
            if (quote.abs() >> 160 != 0 || priceWad >> 90 != 0) return Quote.value(quote, priceWad);
            int256 product = quote * int256(priceWad);
            value = product / QUOTE_TO_VALUE;
            if (value * QUOTE_TO_VALUE > product) --value;
        }
    }

    /// @dev In one piece: the compiler copies word by word.
    function _toMemory(Scenario[] calldata scenarios) private pure returns (Scenario[] memory copy) {
        copy = new Scenario[](scenarios.length);
        assembly ("memory-safe") {
            calldatacopy(add(copy, 0x20), scenarios.offset, shl(5, scenarios.length))
        }
    }

    /// @dev Adds one position to the sums of the scenarios.
    /// @return the least that it is worth {quote}
    function _addTo(
        OptionGrid.Grid memory grid,
        Option memory o,
        int256 size,
        int256 worth
    ) private pure returns (int256) {
        return grid.addOption(o.strikeWad, o.lnStrikeWad, o.volatilityWad, o.root, o.isCall, size, worth);
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
