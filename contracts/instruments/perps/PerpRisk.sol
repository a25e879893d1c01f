// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument, Scenario} from "../../../interfaces/IInstrument.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {PerpBooks} from "./PerpBooks.sol";

/// @dev What the risk engine asks. A loss counts in equity at once; profit and claims are credit after a haircut.
///
/// A size is worth `size * price * (1 + premium)` settlement tokens, and those what the settlement asset's underlying is: an
/// account that loses owes settlement tokens, so its loss moves with their price too.
abstract contract PerpRisk is IInstrument, PerpBooks {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    /// @dev Quote times a price has 54 decimals, values 18.
    uint256 private constant QUOTE_TO_VALUE = 1e36;
    /// @dev Magnitudes saturate here, far above what the risk engine counts {USD}.
    uint256 private constant MAX_VALUE = 2 ** 190;
    /// @dev Where the settlement asset's underlying stands in `underlyings()`; the market's own is the other.
    uint256 private immutable SETTLEMENT_POSITION;
    uint256 private immutable OWN_POSITION;

    constructor() {
        bool first = SETTLEMENT_UNDERLYING < UNDERLYING;
        SETTLEMENT_POSITION = first ? 0 : 1;
        OWN_POSITION = first ? 1 : 0;
    }

    /// @inheritdoc IInstrument
    function scenarioValues(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (int256 valueWad, uint256 creditWad, int256[] memory changesWad) {
        uint256 settlementWad = pricesWad[SETTLEMENT_POSITION];
        (int256 premium, int256 funding) = _now();
        uint256 slot = _slotAt(account, atBatchStart);
        (int256 size, int256 base) = _at(account, slot);
        int256 pnl =
            size * int256(_markAt(pricesWad[OWN_POSITION].min(MAX_PRICE), premium)) - base - size * funding;
        uint256 credit = _claimAt(account, slot) * uint256(TOKEN);
        int256 loss;
        if (pnl < 0) loss = -pnl;
        else credit += uint256(pnl);
        valueWad = -int256(_valueUp(uint256(loss), settlementWad));
        if (credit != 0) {
            creditWad = _valueDown(credit.fullMulDiv(WAD - _haircutWad(), WAD), settlementWad);
        }

        changesWad = new int256[](scenarios.length);
        for (uint256 i = 0; i < scenarios.length; ++i) {
            Scenario calldata point = scenarios[i];
            if (point.underlying == UNDERLYING) {
                int256 notional = size * int256(_markAt(point.priceWad.min(MAX_PRICE), premium));
                changesWad[i] = _change(_value(notional, settlementWad), point.spotShockWad);
            } else if (point.underlying == SETTLEMENT_UNDERLYING && loss != 0) {
                changesWad[i] = _change(-int256(_valueUp(uint256(loss), point.priceWad)), point.spotShockWad);
            }
        }
    }

    /// @inheritdoc IInstrument
    function exposures(
        AccountId account,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (int256[] memory exposuresWad) {
        uint256 settlementWad = pricesWad[SETTLEMENT_POSITION];
        (int256 premium, int256 funding) = _now();
        (int256 size, int256 base) = _at(account, _slotAt(account, atBatchStart));
        int256 notional = size * int256(_markAt(pricesWad[OWN_POSITION].min(MAX_PRICE), premium));
        int256 pnl = notional - base - size * funding;
        exposuresWad = new int256[](pricesWad.length);
        exposuresWad[OWN_POSITION] = _value(notional, settlementWad);
        if (pnl < 0) exposuresWad[SETTLEMENT_POSITION] = -int256(_valueUp(uint256(-pnl), settlementWad));
    }

    /// @inheritdoc IInstrument
    /// @dev notional * (unwinding + notional / depth)
    function addOn(
        AccountId account,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (uint256 addOnWad) {
        (int256 size, ) = _at(account, _slotAt(account, atBatchStart));
        if (size == 0) return 0;
        uint256 mark = _markWad(pricesWad[OWN_POSITION].min(MAX_PRICE));
        uint256 notional = _valueUp(size.abs() * mark, pricesWad[SETTLEMENT_POSITION]);
        (uint256 unwinding, uint256 depth) = _unwinding();
        return notional.fullMulDivUp(unwinding + notional.fullMulDivUp(WAD, depth).min(100 * WAD), WAD);
    }

    /// @inheritdoc IInstrument
    function graceUntil(AccountId account) external view returns (uint256) {
        return _graceUntil(account);
    }

    /// @inheritdoc IInstrument
    /// @dev The status of both underlyings counts by itself.
    function priceStatus(AccountId) external pure returns (PriceStatus) {
        return PriceStatus.FRESH;
    }

    /// @inheritdoc IInstrument
    function underlyings() external view returns (uint256[] memory ids) {
        ids = new uint256[](2);
        ids[SETTLEMENT_POSITION] = SETTLEMENT_UNDERLYING;
        ids[OWN_POSITION] = UNDERLYING;
    }

    // --- internal ---

    /// @dev {USD} of quote, down.
    function _valueDown(uint256 quote, uint256 priceWad) private pure returns (uint256) {
        return quote.fullMulDiv(priceWad.min(MAX_PRICE), QUOTE_TO_VALUE).min(MAX_VALUE);
    }

    function _valueUp(uint256 quote, uint256 priceWad) private pure returns (uint256) {
        return quote.fullMulDivUp(priceWad.min(MAX_PRICE), QUOTE_TO_VALUE).min(MAX_VALUE);
    }

    /// @dev Signed, down.
    function _value(int256 quote, uint256 priceWad) private pure returns (int256) {
        return
            quote < 0 ? -int256(_valueUp(quote.abs(), priceWad)) : int256(_valueDown(quote.abs(), priceWad));
    }

    /// @dev Value times shock, down.
    function _change(int256 valueWad, int256 shockWad) private pure returns (int256) {
        // Values are at most 2**190, shocks below 2**63.
        int256 product = valueWad * shockWad;
        int256 quotient = product / int256(WAD);
        return product < 0 && product % int256(WAD) != 0 ? quotient - 1 : quotient;
    }
}
