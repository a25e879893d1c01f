// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRealisedVolatility} from "../../interfaces/IRealisedVolatility.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {PriceStatus} from "../../interfaces/Types.sol";

/// @notice See `IRealisedVolatility`.
///
/// What choosing the times of observations can do. Prices that drift nowhere have the same expected sum of squared returns
/// as squared volatility over time, whenever one stops to look: so a poke at a chosen moment counts a larger return over
/// what was, on average, a longer time. What it can do is sample noise: prints that go to and fro add their
/// squares each time. Below `leastReturn` they do so only every `longest`, so prints that stay within `leastReturn` of
/// each other never bring the estimate above leastReturn^2 * year / longest, but where it was above already.
contract RealisedVolatility is IRealisedVolatility, Ownable2Step {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    uint256 private constant YEAR = 365 days;

    uint256 private constant MIN_INTERVAL = 1 minutes;
    uint256 private constant MIN_MEMORY = 1 hours;
    uint256 private constant MAX_MEMORY = 90 days;
    uint256 private constant MIN_RETURN_WAD = 0.0001e18;
    uint256 private constant MAX_RETURN_WAD = 0.5e18;
    uint256 private constant MAX_VARIANCE_WAD = 16e18;
    uint256 private constant STALE_AFTER = 2;

    /// @dev `Estimate` in a word. Variance stays below MAX_RETURN_WAD^2 * YEAR / MIN_INTERVAL, 2^77; a logarithm of
    /// a price is below 2^73 in size.
    struct State {
        uint96 varianceWad;
        int96 lnPriceWad;
        uint32 observedAt;
    }

    /// @dev `Parameters` in a word; returns are below 2^59.
    struct Settings {
        uint32 memorySeconds;
        uint32 longestSeconds;
        uint64 leastReturnWad;
        uint64 maxReturnWad;
    }

    /// @dev The price now, beside the last observation.
    struct Sight {
        PriceStatus status;
        int256 lnPriceWad;
        int256 returnWad;
        uint256 elapsed;
    }

    /// @inheritdoc IRealisedVolatility
    address public immutable engine;

    mapping(uint256 underlying => State) private _states;
    mapping(uint256 underlying => Settings) private _settings;

    constructor(address owner_, address engine_) Ownable(owner_) {
        engine = engine_;
    }

    // --- anybody ---

    /// @inheritdoc IRealisedVolatility
    function poke(uint256 underlying) external returns (uint256 varianceWad) {
        State memory state = _state(underlying);
        Settings memory settings = _settings[underlying];
        uint256 earliest = state.observedAt + MIN_INTERVAL;
        if (block.timestamp < earliest) revert RealisedVolatility_TooEarly(underlying, earliest);
        Sight memory sight = _look(underlying, state);
        _requireFresh(underlying, sight.status);
        if (!_counts(sight, settings)) {
            revert RealisedVolatility_TooSmall(
                underlying,
                sight.returnWad.abs(),
                settings.leastReturnWad,
                uint256(state.observedAt) + settings.longestSeconds
            );
        }
        varianceWad = _nextUp(state.varianceWad, sight, settings);
        _states[underlying] = State(uint96(varianceWad), int96(sight.lnPriceWad), uint32(block.timestamp));
        emit Observed(underlying, sight.returnWad, sight.elapsed, varianceWad);
    }

    // --- owner ---

    /// @inheritdoc IRealisedVolatility
    function addUnderlying(
        uint256 underlying,
        Parameters calldata parameters_,
        uint256 varianceWad
    ) external onlyOwner {
        State memory state = _states[underlying];
        if (state.observedAt != 0) revert RealisedVolatility_Known(underlying);
        _inRange("variance", varianceWad, 1, MAX_VARIANCE_WAD);
        _set(underlying, parameters_);
        Sight memory sight = _look(underlying, state);
        _requireFresh(underlying, sight.status);
        _states[underlying] = State(uint96(varianceWad), int96(sight.lnPriceWad), uint32(block.timestamp));
        emit UnderlyingAdded(underlying, parameters_, varianceWad);
    }

    /// @inheritdoc IRealisedVolatility
    function setParameters(uint256 underlying, Parameters calldata parameters_) external onlyOwner {
        _state(underlying);
        emit ParametersSet(underlying, parameters(underlying), parameters_);
        _set(underlying, parameters_);
    }

    // --- views ---

    /// @inheritdoc IRealisedVolatility
    function isDue(uint256 underlying) external view returns (bool) {
        State memory state = _state(underlying);
        if (block.timestamp < state.observedAt + MIN_INTERVAL) return false;
        Sight memory sight = _look(underlying, state);
        return sight.status == PriceStatus.FRESH && _counts(sight, _settings[underlying]);
    }

    /// @inheritdoc IRealisedVolatility
    function estimate(uint256 underlying) external view returns (Estimate memory) {
        State memory state = _states[underlying];
        return Estimate(state.varianceWad, state.lnPriceWad, state.observedAt);
    }

    /// @inheritdoc IRealisedVolatility
    function volatility(
        uint256 underlying
    ) external view returns (uint256 volatilityWad, PriceStatus status) {
        State memory state = _states[underlying];
        if (state.observedAt == 0) return (0, PriceStatus.NONE);
        uint256 life = STALE_AFTER * _settings[underlying].longestSeconds;
        status = block.timestamp > state.observedAt + life ? PriceStatus.STALE : PriceStatus.FRESH;
        volatilityWad = _sqrtUp(state.varianceWad * WAD);
    }

    /// @inheritdoc IRealisedVolatility
    function parameters(uint256 underlying) public view returns (Parameters memory) {
        Settings memory settings = _settings[underlying];
        return
            Parameters(
                settings.memorySeconds,
                settings.longestSeconds,
                settings.leastReturnWad,
                settings.maxReturnWad
            );
    }

    /// @inheritdoc IRealisedVolatility
    function largestRise(
        uint256 underlying
    ) external view returns (uint256 varianceWad, uint256 volatilityWad) {
        _state(underlying);
        Settings memory settings = _settings[underlying];
        uint256 square = uint256(settings.maxReturnWad) * settings.maxReturnWad;
        varianceWad = (square * YEAR).divUp(uint256(settings.memorySeconds) * WAD) + 1;
        // sqrt(v + d) - sqrt(v) is largest at v = 0.
        volatilityWad = _sqrtUp(varianceWad * WAD);
    }

    // --- internal ---

    function _set(uint256 underlying, Parameters calldata p) private {
        _inRange("memory", p.memorySeconds, MIN_MEMORY, MAX_MEMORY);
        _inRange("longest", p.longestSeconds, MIN_INTERVAL, p.memorySeconds);
        _inRange("leastReturn", p.leastReturnWad, MIN_RETURN_WAD, MAX_RETURN_WAD);
        _inRange("maxReturn", p.maxReturnWad, p.leastReturnWad, MAX_RETURN_WAD);
        _settings[underlying] = Settings(
            uint32(p.memorySeconds),
            uint32(p.longestSeconds),
            uint64(p.leastReturnWad),
            uint64(p.maxReturnWad)
        );
    }

    function _state(uint256 underlying) private view returns (State memory state) {
        state = _states[underlying];
        if (state.observedAt == 0) revert RealisedVolatility_UnknownUnderlying(underlying);
    }

    function _look(uint256 underlying, State memory state) private view returns (Sight memory sight) {
        IRiskEngine.Band memory band = IRiskEngine(engine).band(underlying);
        sight.status = band.status;
        if (band.status != PriceStatus.FRESH) return sight;
        sight.lnPriceWad = FixedPointMathLib.lnWad(int256(band.priceWad));
        sight.returnWad = sight.lnPriceWad - state.lnPriceWad;
        sight.elapsed = block.timestamp - state.observedAt;
    }

    function _requireFresh(uint256 underlying, PriceStatus status) private pure {
        if (status != PriceStatus.FRESH) revert RealisedVolatility_PriceNotFresh(underlying, status);
    }

    function _counts(Sight memory sight, Settings memory settings) private pure returns (bool) {
        return sight.returnWad.abs() >= settings.leastReturnWad || sight.elapsed >= settings.longestSeconds;
    }

    /// @dev (memory * v + r^2 * year * c / dt) / (memory + c) with c = min(dt, longest), in one division.
    function _nextUp(
        uint256 varianceWad,
        Sight memory sight,
        Settings memory settings
    ) private pure returns (uint256) {
        uint256 size = sight.returnWad.abs().min(settings.maxReturnWad);
        uint256 counted = sight.elapsed.min(settings.longestSeconds);
        // Below 2^(77 + 23 + 32 + 60), and 2^(118 + 25 + 23).
        uint256 kept = varianceWad * settings.memorySeconds * sight.elapsed * WAD;
        uint256 added = size * size * YEAR * counted;
        return (kept + added).divUp((settings.memorySeconds + counted) * sight.elapsed * WAD);
    }

    function _sqrtUp(uint256 square) private pure returns (uint256 root) {
        root = square.sqrt();
        if (root * root < square) ++root;
    }

    function _inRange(bytes32 parameter, uint256 value, uint256 min, uint256 max) private pure {
        if (value < min || value > max) revert RealisedVolatility_OutOfRange(parameter, value, min, max);
    }
}
