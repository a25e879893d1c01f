// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Custody, CustodyLib, Header, Market, MarketLib, Pair} from "../../contracts/core/AccountWords.sol";
import {
    Credit,
    CreditLib,
    Interest,
    InterestLib,
    Settings,
    SettingsLib,
    Stock,
    StockLib
} from "../../contracts/core/PoolWords.sol";
import {Bits} from "../../contracts/math/Bits.sol";
import {Smile, SmileLib} from "../../contracts/math/Smile.sol";
import {BookSlot, BookSlotLib} from "../../contracts/risk/BookSlot.sol";
import {Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
import {AccountId, AccountIdLib, Holding, HoldingLib} from "../../interfaces/Types.sol";
import {Prove} from "./Prove.sol";

/// @notice Packed words give back what was put in, and writing one field leaves the others. All widths are the fields' own.
contract WordsProofs is Prove {
    function check_pair_keepsBalances(uint256 word, uint256 id, int112 amount) external pure {
        Pair before = Pair.wrap(word);
        Pair pair = before.withBalance(id, amount);
        assert(pair.balance(id) == amount);
        assert(pair.balance(id ^ 1) == before.balance(id ^ 1));
        assert(pair.riskRaisedAt() == before.riskRaisedAt());
        assert(Pair.unwrap(pair) >> 255 == word >> 255);
    }

    function check_wrong_pair_writesBoth(uint256 word, uint256 id, int112 amount) external pure {
        assert(Pair.wrap(word).withBalance(id, amount).balance(id ^ 1) == amount);
    }

    function check_pair_stamp(uint256 word, uint256 id, uint32 number) external pure {
        assume(number < 2 ** 31);
        Pair pair = Pair.wrap(word).stamped(number);
        assert(pair.riskRaisedAt() == number);
        assert(pair.balance(id) == Pair.wrap(word).balance(id));
    }

    function check_header_marksOneAsset(uint256 word, uint256 id, uint256 other, bool held) external pure {
        assume(id < 128 && other < 128);
        Header header = Header.wrap(word).withAsset(id, held);
        assert(((header.assets() >> id) & 1 == 1) == held);
        if (other != id) {
            assert((header.assets() >> other) & 1 == (Header.wrap(word).assets() >> other) & 1);
        }
        assert(header.instruments() == Header.wrap(word).instruments());
    }

    function check_header_marksOneInstrument(uint256 word, uint256 id, bool held) external pure {
        assume(id < 127);
        Header header = Header.wrap(word).withInstrument(id, held);
        assert(((header.instruments() >> id) & 1 == 1) == held);
        assert(header.assets() == Header.wrap(word).assets());
    }

    function check_custody(uint120 total, uint120 cap, uint8 id, uint120 next, bool paused) external pure {
        Custody custody = CustodyLib.pack(total, cap, id);
        assert(custody.total() == total && custody.cap() == cap && custody.id() == id);
        assert(custody.isListed() && !custody.isPaused());
        custody = custody.withPaused(paused).withTotal(next);
        assert(custody.total() == next && custody.cap() == cap && custody.id() == id);
        assert(custody.isListed() && custody.isPaused() == paused);
    }

    /// @dev Exact up to 80 bits.
    function check_market(address pool, uint80 cap, uint8 id, bool paused) external pure {
        assume(id < 128);
        Market market = MarketLib.pack(pool, cap, id);
        assert(market.pool() == pool && market.debtCap() == cap && market.id() == id && !market.isPaused());
        market = market.withPaused(paused);
        assert(market.pool() == pool && market.debtCap() == cap && market.id() == id);
        assert(market.isPaused() == paused);
    }

    function check_interest(
        uint256 word,
        uint80 index,
        uint40 rate,
        uint32 time,
        uint104 reserve
    ) external view {
        assume(rate < 2 ** 39 && reserve < 2 ** 103);
        Interest before = Interest.wrap(word);
        Interest interest = before.next(index, rate, time, reserve);
        assert(
            interest.index() == index && interest.ratePerSecond() == rate && interest.reserve() == reserve
        );
        assert(interest.hasFlags() == before.hasFlags() && interest.isChanged() == before.isChanged());
        unchecked {
            assert(interest.elapsed() == uint32(uint32(block.timestamp) - time));
        }
    }

    function check_interest_bits(uint256 word, bool has) external pure {
        Interest before = Interest.wrap(word);
        uint256 flags = has ? 1 : 0;
        Interest interest = before.withFlags(flags);
        assert(interest.hasFlags() == flags && interest.isChanged() == before.isChanged());
        interest = interest.withChange();
        assert(interest.hasFlags() == flags && interest.isChanged());
        assert(interest.index() == before.index() && interest.ratePerSecond() == before.ratePerSecond());
        assert(interest.reserve() == before.reserve());
    }

    function check_stock(uint128 cash, uint128 principal) external pure {
        Stock stock = StockLib.pack(cash, principal);
        assert(stock.cash() == cash && stock.principal() == principal);
    }

    function check_settings(address model, uint96 share) external pure {
        Settings settings = SettingsLib.pack(model, share);
        assert(settings.rateModel() == model && settings.reserveShareWad() == share);
    }

    function check_credit(uint128 lineLeft, uint128 principal) external pure {
        Credit credit = CreditLib.pack(lineLeft, principal);
        assert(credit.lineLeft() == lineLeft && credit.principal() == principal);
        assert(credit.exists() == (lineLeft != 0 || principal != 0));
    }

    function check_holding(uint8 id, int248 amount) external pure {
        Holding holding = HoldingLib.pack(id, amount);
        assert(holding.assetId() == id && holding.amount() == amount);
    }

    function check_accountId(address owner, uint96 index) external pure {
        AccountId account = AccountIdLib.id(owner, index);
        assert(account.owner() == owner);
        assert(uint96(uint256(AccountId.unwrap(account))) == index);
    }

    function check_scenario(int96 spot, int96 volatility, uint64 weight) external pure {
        Scenario scenario = ScenarioLib.pack(spot, volatility, weight);
        assert(scenario.spotShockWad() == spot);
        assert(scenario.volatilityShockWad() == volatility);
        assert(scenario.weightWad() == weight);
    }

    function check_smile(
        int40 level,
        int40 slope,
        uint40 curvature,
        int40 centre,
        uint40 width,
        uint32 time
    ) external pure {
        Smile smile = SmileLib.pack(level, slope, curvature, centre, width, time);
        assert(smile.level() == level && smile.slope() == slope && smile.curvature() == curvature);
        assert(smile.centre() == centre && smile.width() == width && smile.timestamp() == time);
    }

    function check_bookSlot(
        address book,
        uint8 underlyings,
        uint8 assets,
        uint32 end,
        uint48 minDebt
    ) external pure {
        BookSlot slot = BookSlotLib.pack(book, underlyings, assets, end, minDebt);
        assert(slot.book() == book && slot.underlyingCount() == underlyings && slot.assetCount() == assets);
        assert(slot.minDebtRampEnd() == end && slot.minDebt() == minDebt);
    }

    /// @dev Fields of 24 bits at any of their places, the most frequent in the risk rows.
    function check_bits_field(uint24 value, uint8 place) external pure {
        assume(place < 10);
        uint256 shift = uint256(place) * 24;
        assert(Bits.part(Bits.field(value, 24, shift), 24, shift) == value);
    }
}
