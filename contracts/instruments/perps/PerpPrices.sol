// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IPerpMaker} from "../../../interfaces/IPerpMaker.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {PriceStatus} from "../../../interfaces/Types.sol";
import {PerpParameters} from "./PerpParameters.sol";

/// @dev Premium, mark and funding.
///
/// The premium is a mean over time: a sample counts from the second after it was taken, for as long as it stood. Funding
/// grows by the index that was recorded last, so that what is due at any time depends on nothing outside; while the
/// recorded index is not fresh it is zero and funding stands still.
abstract contract PerpPrices is PerpParameters {
    using FixedPointMathLib for int256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;

    uint256 internal constant MAX_PRICE = type(uint96).max / 4;
    int256 private constant SIGNED_WAD = 1e18;
    int256 private constant RATE_PERIOD = 8 hours;

    /// @param premiumWad smoothed share of the mark above the index {WAD}
    /// @param sampleWad what the premium moves to {WAD}
    /// @param updatedAt {s}
    /// @param indexWad price that funding grows by, zero while it stands still {quote tok per unit}
    struct Premium {
        int64 premiumWad;
        int64 sampleWad;
        uint32 updatedAt;
        uint96 indexWad;
    }

    /// @param fundingWad what one unit has paid since ever {quote tok per unit}
    /// @param openInterestWad sum of long sizes {units}
    struct Running {
        int128 fundingWad;
        uint128 openInterestWad;
    }

    Premium private _premium;
    Running internal _running;

    constructor() {
        _premium.updatedAt = uint32(block.timestamp);
    }

    /// @dev Size of the account of a maker contract {units}.
    function _makerSize(address maker) internal view virtual returns (int256);

    /// @dev Records the index and what has come due since it was recorded last.
    /// @return band of the index now
    /// @return premium {WAD}
    /// @return funding what one unit has paid since ever {quote tok per unit}
    function _refresh() internal returns (IRiskEngine.Band memory band, int256 premium, int256 funding) {
        band = ENGINE.band(UNDERLYING);
        uint256 index = _usableIndex(band);
        Premium memory p = _premium;
        funding = _running.fundingWad;
        if (block.timestamp == p.updatedAt) {
            if (index != p.indexWad) _premium.indexWad = uint96(index);
            return (band, p.premiumWad, funding);
        }
        int256 rate;
        int256 grown;
        (premium, rate, grown) = _grown(p);
        _premium = Premium(int64(premium), p.sampleWad, uint32(block.timestamp), uint96(index));
        funding += grown;
        _running.fundingWad = funding.toInt128();
        emit IPerpMarket.FundingAccrued(
            band.priceWad,
            _markAt(band.priceWad, premium),
            premium,
            rate,
            funding
        );
    }

    /// @dev Takes a new sample. A sampler that does not answer is one without premium.
    function _sample() internal {
        address maker = _sampler.maker;
        int256 sample;
        if (maker != address(0)) {
            try IPerpMaker(maker).middlePremiumWad(_makerSize(maker)) returns (int256 answer) {
                sample = answer;
            } catch {
                sample = 0;
            }
        }
        _setSample(sample);
    }

    function _setSample(int256 sample) internal {
        int256 most = int256(uint256(_prices.maxPremiumWad));
        sample = sample.clamp(-most, most);
        int256 old = _premium.sampleWad;
        if (sample == old) return;
        _premium.sampleWad = int64(sample);
        emit IPerpMarket.PremiumSampled(old, sample);
    }

    /// @dev Premium and funding of a unit as they stand now.
    function _now() internal view returns (int256 premiumWad, int256 fundingWad) {
        Premium memory p = _premium;
        fundingWad = _running.fundingWad;
        if (block.timestamp == p.updatedAt) return (p.premiumWad, fundingWad);
        int256 grown;
        (premiumWad, , grown) = _grown(p);
        fundingWad += grown;
    }

    function _fundingWad() internal view returns (int256 fundingWad) {
        (, fundingWad) = _now();
    }

    function _rateWad() internal view returns (int256 rateWad) {
        Premium memory p = _premium;
        (int256 premium, int256 rate, ) = _grown(p);
        return block.timestamp == p.updatedAt ? _rate(premium) : rate;
    }

    function _markWad(uint256 indexWad) internal view returns (uint256) {
        (int256 premium, ) = _now();
        return _markAt(indexWad, premium);
    }

    function _markAt(uint256 indexWad, int256 premiumWad) internal pure returns (uint256) {
        return (indexWad * uint256(SIGNED_WAD + premiumWad)) / WAD;
    }

    /// @dev The premium after the sample has stood until now, the rate in between, and the funding that one unit pays for it.
    /// Divisions are towards zero: what is cut off is neither paid nor received.
    function _grown(Premium memory p) private view returns (int256 premium, int256 rate, int256 funding) {
        int256 passed = int256(block.timestamp - p.updatedAt);
        int256 time = int256(uint256(_prices.premiumTime));
        premium = p.premiumWad;
        premium += ((int256(p.sampleWad) - premium) * passed) / (passed + time);
        // Over the interval the premium went from one to the other.
        rate = _rate((p.premiumWad + premium) / 2);
        funding = (int256(uint256(p.indexWad)) * rate * passed) / (RATE_PERIOD * SIGNED_WAD);
    }

    /// @dev r = clamp(premium + clamp(interest - premium, band), maxRate)
    function _rate(int256 premium) private view returns (int256) {
        PriceParameters memory p = _prices;
        int256 band = int256(uint256(p.interestBandWad));
        int256 most = int256(uint256(p.maxRateWad));
        int256 pull = (int256(uint256(p.interestWad)) - premium).clamp(-band, band);
        return (premium + pull).clamp(-most, most);
    }

    /// @dev Zero where the index is not fresh, or beyond what the books are made for.
    function _usableIndex(IRiskEngine.Band memory band) private pure returns (uint256) {
        return band.status == PriceStatus.FRESH && band.priceWad <= MAX_PRICE ? band.priceWad : 0;
    }

    function _requireFresh(IRiskEngine.Band memory band) internal pure {
        if (band.status != PriceStatus.FRESH) revert IPerpMarket.PerpMarket_IndexNotFresh(uint8(band.status));
        if (band.priceWad > MAX_PRICE)
            revert IPerpMarket.PerpMarket_IndexOutOfRange(band.priceWad, MAX_PRICE);
    }
}
