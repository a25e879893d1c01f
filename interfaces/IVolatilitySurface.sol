// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {PriceStatus} from "./Types.sol";

/// @notice Implied variance by underlying, expiry and strike: a smile for each expiry, pushed by signed updates.
///
/// A smile is a function of the strike alone (sticky strike), raw SVI in the logarithm of the strike, flat beyond `RANGE`:
///
///     v(K) = level + slope * x + curvature * sqrt(x^2 + width^2),   x = clamp(ln K - centre, -RANGE, RANGE)
///
/// `v` is variance per year; total variance is `v` times the years to expiry, which is the caller's. In the usual letters
/// level = a, curvature = b, slope = b * rho, width = sigma, centre = m + ln(forward when published). K is in {USD}.
/// All numbers of a smile have 10 decimals, so that one fits in a word; what views answer is a WAD.
///
/// VOL-1: no update moves the variance of any strike of a known expiry by more than `maxMoveWad`; what that means for
/// sigma is `volatilityMove`, and for an option `forward * sqrt(years / (2 pi)) * volatilityMove`.
interface IVolatilitySurface {
    /// @notice One expiry's smile.
    /// @param expiry {s}, block time
    /// @param level of the variance per year, 10 decimals
    /// @param slope of the variance in ln K, 10 decimals; smaller than `curvature` in size
    /// @param curvature how much variance rises on both sides, 10 decimals
    /// @param centre logarithm of the strike in {USD} around which it does, 10 decimals
    /// @param width of the rounding around `centre`, 10 decimals
    struct Slice {
        uint32 expiry;
        int40 level;
        int40 slope;
        uint40 curvature;
        int40 centre;
        uint40 width;
    }

    /// @notice What is signed. Expiries that are not in it keep their smiles.
    /// @param timestamp when it was made {s}; later than the last accepted one of the underlying
    /// @param slices expiries ascending
    struct Update {
        uint256 underlying;
        uint256 timestamp;
        Slice[] slices;
    }

    /// @param heartbeat seconds after which a smile is stale
    /// @param minInterval seconds between accepted updates, both by their timestamps and by block time
    /// @param minVarianceWad least variance per year of any strike
    /// @param maxVarianceWad most
    /// @param maxMoveWad the most by which one update may move the variance of any strike
    struct Parameters {
        uint256 heartbeat;
        uint256 minInterval;
        uint256 minVarianceWad;
        uint256 maxVarianceWad;
        uint256 maxMoveWad;
    }

    event ParametersSet(uint256 indexed underlying, Parameters oldParameters, Parameters newParameters);
    event SignerSet(address indexed signer, bool allowed);
    event SurfaceUpdated(uint256 indexed underlying, uint256 timestamp, address indexed signer);
    event SliceSet(uint256 indexed underlying, uint256 indexed expiry, Slice oldSlice, Slice newSlice);
    event SliceExpired(uint256 indexed underlying, uint256 indexed expiry);

    error VolatilitySurface_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error VolatilitySurface_UnknownUnderlying(uint256 underlying);
    error VolatilitySurface_NotSigner(address signer);
    error VolatilitySurface_NotNewer(uint256 timestamp, uint256 last);
    error VolatilitySurface_TooEarly(uint256 earliest);
    error VolatilitySurface_FromTheFuture(uint256 timestamp, uint256 now_);
    error VolatilitySurface_TooOld(uint256 timestamp, uint256 heartbeat);
    error VolatilitySurface_Empty();
    error VolatilitySurface_BadExpiry(uint256 expiry, uint256 after_, uint256 latest);
    error VolatilitySurface_TooManyExpiries(uint256 count, uint256 most);
    /// @notice A curvature of zero needs a slope of zero; else the slope must be smaller, and there must be a width.
    error VolatilitySurface_BadShape(uint256 expiry, int256 slope, uint256 curvature, uint256 width);
    error VolatilitySurface_VarianceTooLow(uint256 expiry, int256 leastWad, uint256 minimumWad);
    error VolatilitySurface_VarianceTooHigh(uint256 expiry, int256 mostWad, uint256 maximumWad);
    /// @notice Arbitrage: wings steeper than a price can have (Lee: slope of total variance at most 2).
    error VolatilitySurface_WingsTooSteep(uint256 expiry, uint256 slopeWad, uint256 mostWad);
    /// @notice Arbitrage: the later expiry has less total variance at a strike than the earlier one.
    error VolatilitySurface_CalendarArbitrage(
        uint256 earlier,
        uint256 later,
        int256 lnStrikeWad,
        uint256 earlierWad,
        uint256 laterWad
    );
    error VolatilitySurface_MoveTooLarge(uint256 expiry, uint256 moveWad, uint256 mostWad);
    error VolatilitySurface_Lengths(uint256 expiries, uint256 strikes);

    // --- anybody ---

    /// @notice Accepts a signed update as a whole or not at all. Also takes expiries that have passed out of the list.
    /// @param signature 65 bytes {r, s, v} of a signer over `hashOf(update_)`
    function update(Update calldata update_, bytes calldata signature) external;

    // --- owner ---

    /// @notice Parameters of an underlying; the first call makes it known.
    function setParameters(uint256 underlying, Parameters calldata parameters_) external;

    function addSigner(address signer) external;

    // --- guardian or owner ---

    /// @notice A signer who is taken out can do nothing any more; what he signed stays until somebody else signs.
    function removeSigner(address signer) external;

    // --- views ---

    /// @notice Variance per year at a strike: of the last smile of that expiry, however old.
    /// @param lnStrikeWad logarithm of the strike in {USD}
    /// @return varianceWad rounded down, zero where the status is NONE
    /// @return status FRESH; STALE after the heartbeat: no new risk; NONE for an expiry that never had a smile
    function varianceAt(
        uint256 underlying,
        uint256 expiry,
        int256 lnStrikeWad
    ) external view returns (uint256 varianceWad, PriceStatus status);

    /// @notice `varianceAt` for a list of options; equal expiries beside each other are read once.
    /// @return variancesWad rounded down
    /// @return status the worst of them; FRESH for an empty list
    function variancesAt(
        uint256 underlying,
        uint256[] calldata expiries_,
        int256[] calldata lnStrikesWad
    ) external view returns (uint256[] memory variancesWad, PriceStatus status);

    /// @notice Smiles as words for the library `Smile`, which evaluates them: for who asks for many strikes.
    /// @return words zero for an expiry that never had a smile
    /// @return status the worst of them; FRESH for an empty list
    function smiles(
        uint256 underlying,
        uint256[] calldata expiries_
    ) external view returns (uint256[] memory words, PriceStatus status);

    /// @notice Status of one expiry, as `varianceAt` answers it.
    function statusOf(uint256 underlying, uint256 expiry) external view returns (PriceStatus);

    /// @notice Last smile of an expiry; zeros if it never had one.
    function slice(
        uint256 underlying,
        uint256 expiry
    ) external view returns (Slice memory, uint256 timestamp);

    /// @notice Expiries with a smile, ascending, without those that passed.
    function expiries(uint256 underlying) external view returns (uint256[] memory);

    /// @notice Zeros for an underlying that is not known.
    function parameters(uint256 underlying) external view returns (Parameters memory);

    /// @notice The most by which one update moves the volatility of any strike.
    function volatilityMove(uint256 underlying) external view returns (uint256 moveWad);

    /// @notice Timestamp of the last accepted update, and the block time at which it was.
    function lastUpdate(uint256 underlying) external view returns (uint256 timestamp, uint256 acceptedAt);

    function isSigner(address signer) external view returns (bool);

    /// @notice What a signer signs: EIP-712, bound to this chain and contract.
    function hashOf(Update calldata update_) external view returns (bytes32);

    /// @notice Distance from the centre, in ln K, beyond which smiles are flat: a WAD.
    function RANGE() external view returns (uint256);
}
