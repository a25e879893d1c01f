// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {Lists} from "../../math/Lists.sol";
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
    using FixedPointMathLib for uint256;
    using Lists for uint256[];

    /// @dev An option with all that does not depend on the index.
    /// @param root of the time left, as `Black76` takes it
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
        options = _noOptions(count);
        uint256[] memory expiries = new uint256[](count);
        uint256 distinct;
        uint256 slice;
        unchecked {
            for (uint256 i = 0; i < count; ++i) {
                SeriesTerms terms = _termsOf(ids.get(i));
                uint256 expiry = terms.expiry();
                bool isLive = block.timestamp < expiry;
                if (isLive && (distinct == 0 || expiries.get(slice) != expiry)) {
                    slice = 0;
                    while (slice < distinct && expiries.get(slice) != expiry) ++slice;
                    if (slice == distinct) expiries.set(distinct++, expiry);
                }
                Option memory o = Option(
                    terms.strikeWad(),
                    terms.lnStrikeWad(),
                    0,
                    isLive ? slice : 0,
                    0,
                    terms.isCall(),
                    isLive,
                    false
                );
                if (!isLive) (o.isFixed, o.fixedWad) = _payoffOf(terms);
                _setOption(options, i, o);
            }
            if (distinct == 0) return (options, PriceStatus.FRESH);
            expiries.cut(distinct);
            uint256[] memory words;
            (words, status) = SURFACE.smiles(UNDERLYING, expiries);
            assert(words.length == distinct);
            for (uint256 i = 0; i < distinct; ++i) {
                expiries.set(i, Black76.rootOf(expiries.get(i) - block.timestamp));
            }
            for (uint256 i = 0; i < count; ++i) {
                Option memory o = _optionAt(options, i);
                if (!o.isLive) continue;
                Smile smile = Smile.wrap(words.get(o.root));
                o.volatilityWad = (smile.varianceDown(o.lnStrikeWad) * WAD).sqrt();
                o.root = expiries.get(o.root);
            }
        }
    }

    /// @dev A list with room for options and none in it: what the compiler would put there is not looked at.
    function _noOptions(uint256 count) private pure returns (Option[] memory options) {
        assembly ("memory-safe") {
            options := mload(0x40)
            mstore(options, count)
            mstore(0x40, add(options, shl(5, add(count, 1))))
        }
    }

    /// @dev As `options[place] = o`; the place is there.
    function _setOption(Option[] memory options, uint256 place, Option memory o) private pure {
        assembly ("memory-safe") {
            mstore(add(options, shl(5, add(place, 1))), o)
        }
    }

    /// @dev As `options[place]`, which is there.
    function _optionAt(Option[] memory options, uint256 place) internal pure returns (Option memory o) {
        assembly ("memory-safe") {
            o := mload(add(options, shl(5, add(place, 1))))
        }
    }

    /// @dev Value of an option, and how it changes per dollar of the index.
    /// @param table `NormalTable.load()`
    /// @param lnIndexWad `Black76.logOf(indexWad)`
    /// @return value {quote tok per unit}
    /// @return deltaWad a WAD
    function _valueAt(
        Option memory o,
        bytes memory table,
        uint256 indexWad,
        int256 lnIndexWad
    ) internal pure returns (uint256 value, int256 deltaWad) {
        if (o.isFixed) return (o.fixedWad, 0);
        uint256 probability;
        (value, probability) = Black76.valueAt(
            table,
            indexWad,
            lnIndexWad,
            o.strikeWad,
            o.lnStrikeWad,
            Black76.deviationOf(o.volatilityWad, o.root),
            o.isCall
        );
        unchecked {
            // Of what has expired exercise pays, or does not.
            if (!o.isLive) return (value, value == 0 ? int256(0) : (o.isCall ? int256(WAD) : -int256(WAD)));
            deltaWad = int256((probability * WAD) >> 128);
            if (!o.isCall) deltaWad -= int256(WAD);
        }
    }

    /// @dev Values of options at one index.
    function _valuesAtIndex(
        Option[] memory options,
        uint256 indexWad
    ) internal pure returns (uint256[] memory values) {
        values = new uint256[](options.length);
        bytes memory table = NormalTable.load();
        indexWad = _usable(indexWad);
        int256 lnIndexWad = Black76.logOf(indexWad);
        for (uint256 i = 0; i < values.length; ++i) {
            (uint256 value, ) = _valueAt(_optionAt(options, i), table, indexWad, lnIndexWad);
            values.set(i, value);
        }
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
