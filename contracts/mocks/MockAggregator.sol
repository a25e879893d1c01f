// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AggregatorV3Interface} from "../../interfaces/IPriceSource.sol";

/// @notice Price feed that behaves like Chainlink's proxy: round ids of phase and round, history by round, "No data
/// present" for a round that never was. Anybody sets its answers.
/// @dev The newest round is in one slot, so that reading it cold costs one storage read. A round that does not fit there
/// (set by hand to be malformed) is kept in full beside it.
contract MockAggregator is AggregatorV3Interface {
    /// @dev One slot.
    /// @param roundId phase in the upper 16 bits, round in the lower 64
    /// @param irregular the round is in `_irregular`
    /// @param dead calls revert (newest round only)
    struct Round {
        int120 answer;
        uint40 updatedAt;
        uint80 roundId;
        bool irregular;
        bool dead;
    }

    struct IrregularRound {
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
        uint80 answeredInRound;
    }

    uint80 private constant PHASE_OFFSET = 64;
    uint80 private constant FIRST_PHASE = 1;
    uint256 private constant UPDATED_AT_OFFSET = 120;
    uint256 private constant ROUND_ID_OFFSET = 160;
    uint256 private constant FLAGS_OFFSET = 240;

    /// @inheritdoc AggregatorV3Interface
    uint8 public immutable decimals;
    /// @inheritdoc AggregatorV3Interface
    string public description;

    Round private _latest;
    mapping(uint80 roundId => Round) private _rounds;
    mapping(uint80 roundId => IrregularRound) private _irregular;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    error MockAggregator_Dead();

    /// @param answer first answer, in round 1 of phase 1
    constructor(uint8 decimals_, string memory description_, int256 answer) {
        decimals = decimals_;
        description = description_;
        _startPhase(FIRST_PHASE, answer);
    }

    /// @notice Another aggregator takes over behind the proxy; its first answer is round 1 of the next phase.
    function startPhase(int256 answer) external {
        _startPhase((_latest.roundId >> PHASE_OFFSET) + 1, answer);
    }

    /// @notice Makes any round the newest one, however malformed.
    function setRound(
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    ) public {
        _irregular[roundId] = IrregularRound(answer, startedAt, updatedAt, answeredInRound);
        _store(Round({answer: 0, updatedAt: 0, roundId: roundId, irregular: true, dead: _latest.dead}));
    }

    /// @notice While dead every read of a round reverts.
    function setDead(bool dead) external {
        _latest.dead = dead;
    }

    /// @inheritdoc AggregatorV3Interface
    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_latest.slot)
        }
        // The two flags are on top: a regular round of a live feed is read from the word itself.
        if (word >> FLAGS_OFFSET == 0) {
            updatedAt = uint40(word >> UPDATED_AT_OFFSET);
            roundId = uint80(word >> ROUND_ID_OFFSET);
            return (roundId, int120(uint120(word)), updatedAt, updatedAt, roundId);
        }
        Round memory round = _latest;
        if (round.dead) revert MockAggregator_Dead();
        return _unpack(round);
    }

    /// @inheritdoc AggregatorV3Interface
    function getRoundData(
        uint80 roundId
    )
        external
        view
        returns (uint80 roundId_, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        if (_latest.dead) revert MockAggregator_Dead();
        return _unpack(_rounds[roundId]);
    }

    /// @notice The newest answer alone, which Chainlink's proxies still tell.
    function latestAnswer() external view returns (int256 answer) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(_latest.slot)
        }
        // As in `latestRoundData`.
        if (word >> FLAGS_OFFSET == 0) return int120(uint120(word));
        Round memory round = _latest;
        if (round.dead) revert MockAggregator_Dead();
        (, answer, , , ) = _unpack(round);
    }

    /// @inheritdoc AggregatorV3Interface
    function version() external pure returns (uint256) {
        return 4;
    }

    /// @notice Answers in a new round, now.
    function setAnswer(int256 answer) public {
        uint80 roundId = _latest.roundId + 1;
        if (answer != int120(answer)) {
            setRound(roundId, answer, block.timestamp, block.timestamp, roundId);
            return;
        }
        _store(
            Round({
                answer: int120(answer),
                updatedAt: uint40(block.timestamp),
                roundId: roundId,
                irregular: false,
                dead: _latest.dead
            })
        );
        emit AnswerUpdated(answer, roundId, block.timestamp);
    }

    function _startPhase(uint80 phase, int256 answer) private {
        _latest.roundId = phase << PHASE_OFFSET;
        setAnswer(answer);
    }

    function _store(Round memory round) private {
        _latest = round;
        _rounds[round.roundId] = round;
    }

    function _unpack(Round memory round) private view returns (uint80, int256, uint256, uint256, uint80) {
        if (round.irregular) {
            IrregularRound memory irregular = _irregular[round.roundId];
            return (
                round.roundId,
                irregular.answer,
                irregular.startedAt,
                irregular.updatedAt,
                irregular.answeredInRound
            );
        }
        // Chainlink's own text, so that clients which look for it find it.
        // solhint-disable-next-line gas-custom-errors
        require(round.updatedAt != 0, "No data present");
        return (round.roundId, round.answer, round.updatedAt, round.updatedAt, round.roundId);
    }
}
