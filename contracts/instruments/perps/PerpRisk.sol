// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument, Report, Scenario} from "../../../interfaces/IInstrument.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Quote} from "../books/Quote.sol";
import {PerpBooks} from "./PerpBooks.sol";

/// @dev What the risk engine asks. A loss counts in equity at once; profit and claims are credit after a haircut.
///
/// A size is worth `size * price * (1 + premium)` settlement tokens, and those what the settlement asset's underlying is: an
/// account that loses owes settlement tokens, so its loss moves with their price too.
abstract contract PerpRisk is IInstrument, PerpBooks {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @inheritdoc IInstrument
    /// @dev There is one position, and its loss in settlement tokens. The status of both underlyings counts by itself.
    function report(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        uint256[] calldata requirementPricesWad,
        bool atBatchStart
    ) external view returns (Report memory r) {
        uint256 slot = _slotAt(account, atBatchStart);
        (int256 premium, int256 funding) = _now();
        (int256 size, int256 base, bool hasClaim) = _at(account, slot);
        (uint256 unwinding, uint256 depth, uint256 haircut) = _requirementShares();
        r.haircutWad = haircut;
        r.exposuresWad = new int256[](2);

        unchecked {
            // Sizes are below 2**112, marks below 2**96, funding below 2**127, costs below 2**240; values and their sums as
            // in `Quote`.
            uint256 settlementWad = pricesWad[SETTLEMENT_POSITION];
            int256 worth = size * int256(_markAt(pricesWad[OWN_POSITION].min(MAX_PRICE), premium));
            int256 pnl = worth - base - size * funding;
            uint256 credit = hasClaim ? _claimAt(account, slot) * uint256(TOKEN) : 0;
            if (pnl > 0) credit += uint256(pnl);
            else r.valueWad = -int256(Quote.valueUp(uint256(-pnl), settlementWad));
            if (credit != 0)
                r.creditWad = Quote.valueDown(credit.fullMulDiv(WAD - haircut, WAD), settlementWad);
            r.exposuresWad[OWN_POSITION] = Quote.value(worth, settlementWad);
            r.exposuresWad[SETTLEMENT_POSITION] = r.valueWad;

            uint256 requirementWad = requirementPricesWad[SETTLEMENT_POSITION];
            if (size != 0) {
                uint256 mark = _markAt(requirementPricesWad[OWN_POSITION].min(MAX_PRICE), premium);
                uint256 notional = Quote.valueUp(size.abs() * mark, requirementWad);
                // A long loses by the fall, a short by the rise.
                r.standaloneWad = Quote.lossUp(
                    notional,
                    scenarios[2 * OWN_POSITION + (size > 0 ? 0 : 1)].spotShockWad()
                );
                // notional * (unwinding + notional / depth)
                uint256 share = unwinding + notional.fullMulDivUp(WAD, depth).min(100 * WAD);
                r.addOnWad = notional.fullMulDivUp(share, WAD);
            }
            if (pnl < 0) {
                uint256 owed = Quote.valueUp(uint256(-pnl), requirementWad);
                r.standaloneWad += Quote.lossUp(owed, scenarios[2 * SETTLEMENT_POSITION + 1].spotShockWad());
            }
        }
        _answer(r);
    }

    /// @inheritdoc IInstrument
    function graceUntil(AccountId account) external view returns (uint256) {
        return _graceUntil(account);
    }

    /// @inheritdoc IInstrument
    /// @dev Asked with every report, and always the same: where the list begins, nothing curved, both ids.
    function underlyings() external view returns (uint256[] memory, uint256) {
        (uint256 first, uint256 second) = (SETTLEMENT_UNDERLYING, UNDERLYING);
        if (SETTLEMENT_POSITION != 0) (first, second) = (second, first);
        assembly ("memory-safe") {
            let out := mload(0x40)
            mstore(out, 0x40)
            mstore(add(out, 0x20), 0)
            mstore(add(out, 0x40), 2)
            mstore(add(out, 0x60), first)
            mstore(add(out, 0x80), second)
            return(out, 0xa0)
        }
    }

    /// @dev Ends the call with a report of two exposures and no changes, encoded as the compiler does it, but without its loops:
    /// where the report begins, its eight words (the last two say where the lists begin), and both lists.
    function _answer(Report memory r) private pure {
        int256[] memory exposures = r.exposuresWad;
        assembly ("memory-safe") {
            let out := mload(0x40)
            mstore(out, 0x20)
            mcopy(add(out, 0x20), r, 0xc0)
            mstore(add(out, 0xe0), 0x100)
            mstore(add(out, 0x100), 0x160)
            mcopy(add(out, 0x120), exposures, 0x60)
            mstore(add(out, 0x180), 0)
            return(out, 0x1a0)
        }
    }
}
