// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/utils/LibBit.sol";

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";

/// @notice Instrument that says of every account what it was told, for tests of how the risk engine uses the answers. It holds
/// positions of which each is worth, under a scenario, slope, curvature and vega more.
contract MockScenarioInstrument is IInstrument {
    int256 private constant SIGNED_WAD = 1e18;

    /// @param slopesWad per underlying, change by its price {units}
    /// @param curvaturesWad per underlying, change by the square of its relative move {USD}
    /// @param vegasWad per underlying, change by the relative move of its volatility {USD}
    struct Position {
        int256[] slopesWad;
        int256[] curvaturesWad;
        int256[] vegasWad;
    }

    /// @param exposuresWad per underlying {USD}
    struct Answers {
        int256 valueWad;
        uint256 creditWad;
        Position[] positions;
        int256[] exposuresWad;
        uint256 addOnWad;
        PriceStatus status;
        uint256 haircutWad;
    }

    uint256[] private _underlyings;
    uint256 private immutable CURVED;
    Answers private _now;
    Answers private _atBatchStart;

    error MockScenarioInstrument_DoesNothing();

    /// @param curved bitmap, by position
    constructor(uint256[] memory underlyings_, uint256 curved) {
        _underlyings = underlyings_;
        CURVED = curved;
    }

    function setAnswers(Answers calldata answers, Answers calldata atBatchStart) external {
        _now = answers;
        _atBatchStart = atBatchStart;
    }

    /// @inheritdoc IInstrument
    function report(
        AccountId,
        Scenario[] calldata scenarios,
        uint256[] calldata,
        uint256[] calldata pricesWad,
        bool atBatchStart
    ) external view returns (Report memory r) {
        Answers memory answers = atBatchStart ? _atBatchStart : _now;
        r.status = _now.status;
        r.valueWad = answers.valueWad;
        r.creditWad = answers.creditWad;
        r.addOnWad = answers.addOnWad;
        r.haircutWad = answers.haircutWad;
        r.exposuresWad = answers.exposuresWad;
        r.changesWad = new int256[](CURVED != 0 ? scenarios.length : 0);
        for (uint256 i = 0; i < answers.positions.length; ++i) {
            r.standaloneWad += _addPosition(answers.positions[i], scenarios, pricesWad, r.changesWad);
        }
    }

    /// @inheritdoc IInstrument
    function underlyings() external view returns (uint256[] memory ids, uint256 curved) {
        return (_underlyings, CURVED);
    }

    /// @inheritdoc IInstrument
    function graceUntil(AccountId) external pure returns (uint256) {
        return 0;
    }

    /// @inheritdoc IInstrument
    function execute(AccountId, address, bytes calldata) external pure returns (bytes memory) {
        revert MockScenarioInstrument_DoesNothing();
    }

    /// @inheritdoc IInstrument
    function transferFraction(AccountId, AccountId, uint256) external pure {
        revert MockScenarioInstrument_DoesNothing();
    }

    /// @inheritdoc IInstrument
    function settle(AccountId) external pure returns (int256) {
        revert MockScenarioInstrument_DoesNothing();
    }

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function payProfit(AccountId) external {}

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function forfeit(AccountId) external {}

    /// @inheritdoc IInstrument
    function absorb(AccountId, uint256) external pure returns (uint256) {
        revert MockScenarioInstrument_DoesNothing();
    }

    /// @dev Worst loss of a position; its changes are added to those of the others.
    function _addPosition(
        Position memory position,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        int256[] memory changesWad
    ) private view returns (uint256 loss) {
        uint256 grids = LibBit.popCount(CURVED);
        uint256 ends = 2 * (pricesWad.length - grids);
        uint256 i;
        for (uint256 id = 0; id < pricesWad.length; ++id) {
            int256 worst;
            uint256 end = i + ((CURVED >> id) & 1 == 0 ? 2 : (scenarios.length - ends) / grids);
            for (; i < end; ++i) {
                int256 change = _changeDown(position, id, pricesWad[id], scenarios[i]);
                if (changesWad.length != 0) changesWad[i] += change;
                if (change < worst) worst = change;
            }
            loss += uint256(-worst);
        }
    }

    function _changeDown(
        Position memory position,
        uint256 id,
        uint256 priceWad,
        Scenario point
    ) private pure returns (int256) {
        int256 shock = point.spotShockWad();
        int256 change = _mulWadDown(_mulWadDown(position.slopesWad[id], int256(priceWad)), shock);
        change += _mulWadDown(position.curvaturesWad[id], _mulWadDown(shock, shock));
        change += _mulWadDown(position.vegasWad[id], point.volatilityShockWad());
        return _mulWadDown(change, int256(point.weightWad()));
    }

    function _mulWadDown(int256 a, int256 b) private pure returns (int256 result) {
        int256 product = a * b;
        result = product / SIGNED_WAD;
        if (product % SIGNED_WAD < 0) --result;
    }
}
