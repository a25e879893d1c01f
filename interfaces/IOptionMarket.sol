// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IMarketBooks} from "./IMarketBooks.sol";
import {AccountId} from "./Types.sol";

/// @notice A market of European, cash-settled options on one underlying. docs/options.md says how it keeps its books.
///
/// Sizes {units} and prices have 18 decimals, quote has 36: a size times a price, in whole settlement tokens. Tokens are the
/// settlement asset's smallest units. Positive is long; a positive cost was paid.
///
/// For trading, settlement, and risk it is an instrument (`IInstrument`).
interface IOptionMarket is IMarketBooks {
    /// @notice First word of the data that the vault hands to `execute`.
    /// FILLS (Action, AccountId taker, Leg[] legs, Fill[] fills), from the registered orders contract alone, for any
    ///   accounts: it answers for their consent. Every account is checked at the end of the operation. Returns nothing.
    /// SETTLE (Action): `settle` inside a batch; the loss is paid from what the account holds, nothing is borrowed.
    ///   Returns what `settle` returns (int256).
    enum Action {
        FILLS,
        SETTLE
    }

    /// @notice What a market is made for.
    /// @param underlying id in the risk book
    /// @param settlementUnderlying id of what the settlement asset moves with
    /// @param settlementDecimals of its token
    /// @param surface an `IVolatilitySurface`
    /// @param riskParameters where the feed of the underlying is named
    struct Setup {
        uint256 underlying;
        uint256 settlementUnderlying;
        uint256 settlementDecimals;
        address surface;
        address riskParameters;
    }

    /// @notice One leg of a combination.
    /// @param series id; in a list of legs ascending
    /// @param ratio of it in one unit of the combination, bought or, negative, sold; -100 to 100, not zero
    struct Leg {
        uint256 series;
        int256 ratio;
    }

    /// @notice One maker's part of a match.
    /// @param unitsWad combinations that the taker buys, negative: sells; the maker does the opposite {units}
    /// @param premiumWad what the buyer pays for a unit of the combination {quote tok per unit}
    struct Fill {
        AccountId maker;
        int256 unitsWad;
        int256 premiumWad;
    }

    /// @param expiry {s}
    /// @param strikeWad {USD}
    /// @param lnStrikeWad logarithm of the strike in {USD}
    /// @param call or a put
    /// @param deleveraged whether any of its positions ever was
    /// @param place in the list of series that are alive
    struct Series {
        uint32 expiry;
        uint96 strikeWad;
        int80 lnStrikeWad;
        bool call;
        bool deleveraged;
        uint16 place;
    }

    /// @param sizeWad {units}
    struct Position {
        uint256 series;
        int256 sizeWad;
    }

    /// @notice What an account has in the market besides its positions.
    /// @param cost what was paid for all positions less what was settled {quote}
    /// @param pnl value of all positions less cost {quote}
    /// @param waiting claim that nothing has come in for yet {settlement tok}
    /// @param allotted claim that is paid at the next `settle` {settlement tok}
    struct Balance {
        int256 cost;
        int256 pnl;
        uint256 waiting;
        uint256 allotted;
    }

    /// @notice What the market holds and owes in all.
    /// @param openInterestWad sum of all long sizes {units}
    /// @param cash settlement tokens in the market's account that are accounted for {settlement tok}
    /// @param waiting claims that nothing has come in for {settlement tok}
    /// @param allotted claims that cash is kept for {settlement tok}
    /// @param fees charged and not collected {quote}
    /// @param unborne losses that nobody has borne yet {quote}
    /// @param expiredCost what was paid for expired positions whose other side is not settled {quote}
    struct Totals {
        uint256 openInterestWad;
        uint256 cash;
        uint256 waiting;
        uint256 allotted;
        uint256 fees;
        int256 unborne;
        int256 expiredCost;
    }

    /// @notice Parameters. The first four raise requirements and walk along a ramp; the others hold at once.
    /// @param unwindingWad cost of unwinding as a share of the notional
    /// @param depthWad notional at which concentration alone makes the requirement 100% {USD}
    /// @param haircutWad part of unsettled profit and claims that covers nothing
    /// @param nakedShortWad share of the notional of options that are sold and not held
    /// @param openInterestCapWad notional a side may grow to, over all series {USD}
    /// @param maxPriceMoveWad most that a premium is away from the value of its legs, as a share of their notional
    /// @param takerFeeWad share of the notional
    /// @param makerFeeWad share of the notional
    /// @param feeCapWad most that a fee is as a share of the value of the legs
    /// @param backstopShareWad part of the fees that goes to the backstop
    /// @param minPositionWad least notional that a trade leaves of a position, unless it leaves none; zero: any {USD}
    struct Parameters {
        uint256 unwindingWad;
        uint256 depthWad;
        uint256 haircutWad;
        uint256 nakedShortWad;
        uint256 openInterestCapWad;
        uint256 maxPriceMoveWad;
        uint256 takerFeeWad;
        uint256 makerFeeWad;
        uint256 feeCapWad;
        uint256 backstopShareWad;
        uint256 minPositionWad;
    }

    event SeriesCreated(uint256 indexed series, uint256 expiry, uint256 strikeWad, bool call);
    event SeriesRemoved(uint256 indexed series);
    /// @param takerFee {quote}
    /// @param makerFee {quote}
    event Traded(
        AccountId indexed taker,
        AccountId indexed maker,
        Leg[] legs,
        int256 unitsWad,
        int256 premiumWad,
        uint256 takerFee,
        uint256 makerFee
    );
    /// @notice After every change of a size, as it is stored now {units}.
    event PositionChanged(AccountId indexed account, uint256 indexed series, int256 sizeWad);
    /// @notice After every change of a cost, as it is stored now {quote}.
    event CostChanged(AccountId indexed account, int256 cost);
    /// @notice An expired position went out of the books.
    /// @param payoffWad of one unit {quote tok per unit}
    event PositionExpired(
        AccountId indexed account,
        uint256 indexed series,
        int256 sizeWad,
        uint256 payoffWad
    );
    /// @param covered seconds of the window that the feed's rounds cover; zero: the risk engine's last good price
    event SettlementPriceFixed(uint256 indexed expiry, uint256 priceWad, uint256 covered);
    /// @param fractionWad of all positions that moved
    /// @param cost that went along {quote}
    event PositionsMoved(AccountId indexed from, AccountId indexed to, uint256 fractionWad, int256 cost);
    /// @notice An account's deficit was taken by the other sides of its series.
    /// @param deficit {quote}
    /// @param fromClaims part that claims bore {settlement tok}
    /// @param unborne part that nobody has borne yet {quote}
    event Absorbed(AccountId indexed account, uint256 deficit, uint256 fromClaims, uint256 unborne);
    /// @notice Positions of one side of a series were closed, each by the same share.
    /// @param long side that was closed
    /// @param closedWad {units}
    /// @param leftWad {units}
    event SeriesDeleveraged(
        uint256 indexed series,
        bool indexed long,
        uint256 closedWad,
        uint256 leftWad,
        uint256 priceWad
    );
    /// @notice A position was found to have been deleveraged since it was last written.
    event PositionDeleveraged(
        AccountId indexed account,
        uint256 indexed series,
        int256 oldSizeWad,
        int256 newSizeWad
    );
    event ParametersSet(Parameters oldParameters, Parameters newParameters, uint256 rampEnd);
    event ReduceOnlySet(bool wasReduceOnly, bool reduceOnly);

    error OptionMarket_UnknownSeries(uint256 series);
    error OptionMarket_SeriesExists(uint256 series);
    error OptionMarket_SeriesInUse(uint256 series);
    error OptionMarket_TooManySeries(uint256 most);
    error OptionMarket_OffGrid(bytes32 what, uint256 value);
    error OptionMarket_Expired(uint256 series, uint256 expiry);
    error OptionMarket_NotExpired(uint256 expiry);
    error OptionMarket_PriceFixed(uint256 expiry);
    /// @notice The round is not the last one at or before the expiry.
    error OptionMarket_WrongRound(uint256 round);
    /// @notice The feed's rounds cover nothing of the window; the last good price counts from `from` on.
    error OptionMarket_NoRounds(uint256 expiry, uint256 from);
    error OptionMarket_OutOfGas();
    error OptionMarket_SameAccount(AccountId account);
    error OptionMarket_BadLegs(uint256 count);
    error OptionMarket_SizeOutOfRange(int256 sizeWad, uint256 max);
    error OptionMarket_TooManyPositions(AccountId account, uint256 most);
    error OptionMarket_PositionTooSmall(AccountId account, uint256 series, int256 sizeWad, uint256 leastWad);
    error OptionMarket_PremiumOutOfBand(int256 premiumWad, int256 valueWad, uint256 mostWad);
    error OptionMarket_OpenInterestCap(uint256 notionalWad, uint256 capWad);
    error OptionMarket_ReduceOnly(AccountId account);
    error OptionMarket_IndexNotUsable(uint256 indexWad, uint8 status);

    // --- anybody ---

    /// @notice Creates a series inside the grid: expiry at 08:00 UTC of a day with a smile, strike a multiple of the tick
    /// between 0.2 and 5 times the index.
    /// @return series its id; ids are never used again
    function createSeries(uint256 expiry, uint256 strikeWad, bool call) external returns (uint256 series);

    /// @notice Takes series that nobody holds from the list: expired ones, and others while the list is full. Reverts with
    /// `Market_Locked` while a vault operation is half-done.
    function removeSeries(uint256[] calldata series) external;

    /// @notice Fixes the settlement price of an expiry by the feed's rounds, or, where they cover nothing of the window, from a
    /// day after the expiry on by the last good price.
    /// @param round the feed's last round that is not later than the expiry, as the proxy counts
    function fixPrice(uint256 expiry, uint80 round) external;

    // --- governance ---

    /// @notice Bounded; what raises a requirement walks there over `rampTime`. Owner only.
    function setParameters(Parameters calldata parameters_, uint256 rampTime) external;

    /// @notice While set no position's size may grow. Guardian or owner may set, only the owner may end it.
    function setReduceOnly(bool reduceOnly_) external;

    // --- views (those of accounts and totals revert with `Market_Locked` while a vault operation is half-done) ---

    function seriesOf(uint256 series) external view returns (Series memory);

    /// @notice Id of a series; zero where there is none.
    function idOf(uint256 expiry, uint256 strikeWad, bool call) external view returns (uint256);

    /// @notice Series that are alive, in no order.
    function aliveSeries() external view returns (uint256[] memory);

    /// @notice Sum of the sizes on each side of a series {units}, and how many positions there are; the sides differ only
    /// while an expired series is settled.
    function sidesOf(
        uint256 series
    ) external view returns (uint256 longWad, uint256 shortWad, uint256 longs, uint256 shorts);

    /// @notice Settlement price of an expiry {USD}, and whether it is fixed.
    function settlementPrice(uint256 expiry) external view returns (uint256 priceWad, bool known);

    /// @notice Distance of strikes at a price {USD}.
    function tickAt(uint256 priceWad) external pure returns (uint256);

    /// @notice Values of options now, expired ones at what is known {quote tok per unit}.
    function valuesOf(uint256[] calldata series) external view returns (uint256[] memory);

    /// @notice An account's positions, deleveraging applied.
    function positions(AccountId account) external view returns (Position[] memory);

    function balanceOf(AccountId account) external view returns (Balance memory);

    function totals() external view returns (Totals memory);

    /// @notice Parameters as they stand now, ramps applied.
    function parameters() external view returns (Parameters memory);

    function reduceOnly() external view returns (bool);

    /// @notice Id of the underlying in the risk book.
    function underlying() external view returns (uint256);

    function surface() external view returns (address);
}

/// @notice What an option market answers besides `IOptionMarket` and `IInstrument`.
interface IOptionSettlement {
    /// @notice `fixPrice`, where that is still to be done, and `settle` for each account.
    function settleExpired(uint256 expiry, uint80 round, AccountId[] calldata accounts) external;
}
