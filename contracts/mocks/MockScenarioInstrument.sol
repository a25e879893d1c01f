// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrument, Scenario} from "../../interfaces/IInstrument.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";

/// @notice Instrument that says of every account what it was told, for tests of how the risk engine uses the answers. Its value
/// changes under a scenario by a sensitivity times price and shock.
contract MockScenarioInstrument is IInstrument {
    int256 private constant SIGNED_WAD = 1e18;

    /// @param sensitivitiesWad per underlying {units}
    /// @param exposuresWad per underlying {USD}
    struct Answers {
        int256 valueWad;
        uint256 creditWad;
        int256[] sensitivitiesWad;
        int256[] exposuresWad;
        uint256 addOnWad;
        PriceStatus status;
    }

    uint256[] private _underlyings;
    Answers private _now;
    Answers private _atBatchStart;

    error MockScenarioInstrument_DoesNothing();

    constructor(uint256[] memory underlyings_) {
        _underlyings = underlyings_;
    }

    function setAnswers(Answers calldata answers, Answers calldata atBatchStart) external {
        _now = answers;
        _atBatchStart = atBatchStart;
    }

    /// @inheritdoc IInstrument
    function scenarioValues(
        AccountId,
        Scenario[] calldata scenarios,
        uint256[] calldata,
        bool atBatchStart
    ) external view returns (int256 valueWad, uint256 creditWad, int256[] memory changesWad) {
        Answers storage answers = atBatchStart ? _atBatchStart : _now;
        changesWad = new int256[](scenarios.length);
        for (uint256 i = 0; i < scenarios.length; ++i) {
            Scenario calldata point = scenarios[i];
            uint256 position = 0;
            while (_underlyings[position] != point.underlying) ++position;
            int256 moveWad = (int256(point.priceWad) * point.spotShockWad) / SIGNED_WAD;
            changesWad[i] = (answers.sensitivitiesWad[position] * moveWad) / SIGNED_WAD;
        }
        return (answers.valueWad, answers.creditWad, changesWad);
    }

    /// @inheritdoc IInstrument
    function exposures(
        AccountId,
        uint256[] calldata,
        bool atBatchStart
    ) external view returns (int256[] memory) {
        return atBatchStart ? _atBatchStart.exposuresWad : _now.exposuresWad;
    }

    /// @inheritdoc IInstrument
    function addOn(AccountId, uint256[] calldata, bool atBatchStart) external view returns (uint256) {
        return atBatchStart ? _atBatchStart.addOnWad : _now.addOnWad;
    }

    /// @inheritdoc IInstrument
    function priceStatus(AccountId) external view returns (PriceStatus) {
        return _now.status;
    }

    /// @inheritdoc IInstrument
    function underlyings() external view returns (uint256[] memory) {
        return _underlyings;
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
    function absorb(AccountId, uint256) external pure returns (uint256) {
        revert MockScenarioInstrument_DoesNothing();
    }
}
