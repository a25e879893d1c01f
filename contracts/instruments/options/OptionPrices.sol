// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {Smile} from "../../math/Smile.sol";
import {Claims} from "../books/Claims.sol";
import {MarketBase} from "../books/MarketBase.sol";
import {Quote} from "../books/Quote.sol";
import {Black76} from "./Black76.sol";
import {NormalTable} from "./NormalTable.sol";
import {OptionBooks} from "./OptionBooks.sol";
import {OptionParameters} from "./OptionParameters.sol";
import {SeriesTerms} from "./SeriesTerms.sol";

/// @dev What options are worth. Before its expiry an option is worth what Black-76 says of the index and of the surface's variance
/// at its strike; then what exercise pays at the index, until its price is fixed; from then on what exercise pays.
abstract contract OptionPrices is OptionBooks {
    using Black76 for Black76.Grid;
    using FixedPointMathLib for uint256;

    /// @dev An option with all that does not depend on the index.
    /// @param fixedWad value of one whose price is fixed {quote tok per unit}
    struct Option {
        uint256 strikeWad;
        int256 lnStrikeWad;
        uint256 volatilityWad;
        uint256 root;
        uint256 fixedWad;
        bool isCall;
        bool isLive;
        bool isFixed;
    }

    /// @dev {USD}, plus one; zero: not fixed.
    mapping(uint256 expiry => uint256) internal _fixedPrices;

    constructor(
        address vault,
        IOptionMarket.Setup memory setup
    )
        MarketBase(vault, setup.underlying, setup.settlementUnderlying)
        OptionParameters(setup.surface, setup.riskParameters)
        Claims(setup.settlementDecimals)
    {}

    // --- options ---

    /// @dev Reads options and their smiles.
    /// @return options in the order of the ids
    /// @return status the worst of the smiles of those that are alive
    function _options(
        uint256[] memory ids
    ) internal view returns (Option[] memory options, PriceStatus status) {
        uint256 count = ids.length;
        options = new Option[](count);
        uint256[] memory expiries = new uint256[](count);
        uint256[] memory slices = new uint256[](count);
        uint256 distinct;
        for (uint256 i = 0; i < count; ++i) {
            SeriesTerms terms = _termsOf(ids[i]);
            Option memory o = options[i];
            (o.strikeWad, o.lnStrikeWad, o.isCall) = (terms.strikeWad(), terms.lnStrikeWad(), terms.isCall());
            uint256 expiry = terms.expiry();
            if (block.timestamp < expiry) {
                o.isLive = true;
                uint256 slice = 0;
                while (slice < distinct && expiries[slice] != expiry) ++slice;
                if (slice == distinct) expiries[distinct++] = expiry;
                slices[i] = slice;
            } else {
                (o.isFixed, o.fixedWad) = _payoffOf(terms);
            }
        }
        if (distinct == 0) return (options, PriceStatus.FRESH);
        assembly ("memory-safe") {
            mstore(expiries, distinct)
        }
        uint256[] memory words;
        (words, status) = SURFACE.smiles(UNDERLYING, expiries);
        uint256[] memory roots = new uint256[](distinct);
        for (uint256 i = 0; i < distinct; ++i) roots[i] = Black76.rootOf(expiries[i] - block.timestamp);
        for (uint256 i = 0; i < count; ++i) {
            Option memory o = options[i];
            if (!o.isLive) continue;
            o.root = roots[slices[i]];
            o.volatilityWad = (Smile.wrap(words[slices[i]]).varianceDown(o.lnStrikeWad) * WAD).sqrt();
        }
    }

    /// @dev Values at the points of a grid.
    function _valuesAt(Option memory o, Black76.Grid memory grid, uint256[] memory values) internal pure {
        if (!o.isFixed) {
            grid.valuesAt(o.strikeWad, o.lnStrikeWad, o.volatilityWad, o.root, o.isCall, values);
            return;
        }
        for (uint256 i = 0; i < values.length; ++i) values[i] = o.fixedWad;
    }

    /// @dev Values of options at one index.
    function _valuesAtIndex(
        Option[] memory options,
        uint256 indexWad
    ) internal pure returns (uint256[] memory values) {
        uint256 count = options.length;
        values = new uint256[](count);
        uint256[] memory one = new uint256[](1);
        Black76.Grid memory grid = Black76.grid(_usable(indexWad), new int256[](1), new int256[](1));
        for (uint256 i = 0; i < count; ++i) {
            _valuesAt(options[i], grid, one);
            values[i] = one[0];
        }
    }

    /// @dev Change of an option's value per dollar of the index, a WAD.
    function _deltaWad(
        Option memory o,
        uint256 indexWad,
        int256 lnIndexWad
    ) internal pure returns (int256 delta) {
        if (o.isFixed) return 0;
        if (!o.isLive) {
            if (o.isCall) return indexWad > o.strikeWad ? int256(WAD) : int256(0);
            return indexWad < o.strikeWad ? -int256(WAD) : int256(0);
        }
        uint256 deviation = Black76.deviationOf(o.volatilityWad, o.root);
        int256 place =
            (((lnIndexWad - o.lnStrikeWad) * int256(Black76.inverseOf(deviation))) >> 96) +
                int256(deviation >> 1) +
                NormalTable.ORIGIN;
        delta = int256((NormalTable.cdf(place) * WAD) >> 128);
        if (!o.isCall) delta -= int256(WAD);
    }

    /// @dev Value of all positions less their cost {quote}.
    function _profitAt(Book memory book, uint256 indexWad) internal view returns (int256) {
        (uint256[] memory ids, int256[] memory sizes, int256 cost) = _listed(book);
        (Option[] memory options, ) = _options(ids);
        return _worth(sizes, _valuesAtIndex(options, indexWad)) - cost;
    }

    function _worth(int256[] memory sizes, uint256[] memory values) internal pure returns (int256 worth) {
        for (uint256 i = 0; i < sizes.length; ++i) worth += sizes[i] * int256(values[i]);
    }

    // --- expiry ---

    /// @dev What one unit pays, if its price is fixed.
    function _payoffOf(SeriesTerms terms) internal view returns (bool isFixed, uint256 payoffWad) {
        uint256 price = _fixedPrices[terms.expiry()];
        if (price == 0) return (false, 0);
        --price;
        uint256 strike = terms.strikeWad();
        return (true, terms.isCall() ? price.zeroFloorSub(strike) : strike.zeroFloorSub(price));
    }

    /// @dev An account in memory without what has expired and has a price: the market takes it at its payoff.
    function _open(AccountId account, uint256 room) internal returns (Book memory book) {
        book = _load(account, room);
        Live[] memory list = book.list;
        for (uint256 i = 0; i < list.length; ++i) {
            Live memory p = list[i];
            SeriesTerms terms = _termsOf(p.series);
            if (block.timestamp < terms.expiry()) continue;
            (bool isFixed, uint256 payoff) = _payoffOf(terms);
            if (!isFixed) continue;
            int256 paid = p.size * int256(payoff);
            book.cost -= paid;
            _expiredCost += paid;
            emit IOptionMarket.PositionExpired(book.account, p.series, p.size, payoff);
            p.size = 0;
        }
    }

    // --- index ---

    function _index() internal view returns (IRiskEngine.Band memory) {
        return ENGINE.band(UNDERLYING);
    }

    /// @dev Within what the books are made for.
    function _usable(uint256 indexWad) internal pure returns (uint256) {
        return indexWad.clamp(1, Quote.MAX_PRICE);
    }
}
