// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {IMarketBooks} from "./IMarketBooks.sol";
import {AccountId, PriceStatus} from "./Types.sol";

/// @notice A perpetual market on one underlying. docs/perpetuals.md says how it keeps its books.
///
/// Sizes {units}, prices, premium, and rates have 18 decimals. Quote has 36: a size times a price, in whole settlement
/// tokens. Tokens are the settlement asset's smallest units. Positive is long; a positive cost was paid.
///
/// For trading, settlement, and risk it is an instrument (`IInstrument`).
interface IPerpMarket is IMarketBooks {
    /// @notice First word of the data that the vault hands to `execute`.
    /// TRADE (Action, address maker, int256 sizeWad, uint256 limitPriceWad) with a registered maker contract;
    ///   the limit is the most a buyer pays and the least a seller gets; returns the price (uint256).
    /// FILLS (Action, AccountId taker, Fill[] fills, uint256 takerTip, AccountId tipTo), from the registered orders contract
    ///   alone, for any accounts: it answers for their consent. Every account is checked at the end of the operation.
    ///   `tipTo` earns all tips {settlement tok}, as cost that `settle` pays; it counts for nothing where there are none.
    ///   Returns the price of the last maker that `quotes`, zero without one (uint256).
    /// SETTLE (Action): `settle` inside a batch; the loss is paid from what the account holds, nothing is borrowed.
    ///   Returns what `settle` returns (int256).
    enum Action {
        TRADE,
        FILLS,
        SETTLE
    }

    /// @notice One maker's part of a match.
    /// @param maker account on the other side
    /// @param sizeWad signed size of the taker, never zero; the maker's is its opposite {units}
    /// @param priceWad {quote tok per unit}
    /// @param tip what the maker's triggered order pays to who triggered it {settlement tok}
    /// @param quotes the maker is a registered maker contract's account: the contract says the price, as in a TRADE, and
    /// `priceWad` is the limit
    struct Fill {
        AccountId maker;
        int256 sizeWad;
        uint256 priceWad;
        uint256 tip;
        bool quotes;
    }

    /// @notice What an account has in the market now, funding and deleveraging applied.
    /// @param sizeWad {units}
    /// @param cost what was paid for it less what was settled, funding included {quote}; `fundingOwed` is its part that
    /// has come due since the last `PositionChanged`
    /// @param entryWad average price at which the size was taken on {quote tok per unit}
    /// @param pnl size at the mark less cost {quote}
    /// @param waiting claim that nothing has come in for yet {settlement tok}
    /// @param allotted claim that is paid at the next `settle` {settlement tok}
    struct Position {
        int256 sizeWad;
        int256 cost;
        uint256 entryWad;
        int256 pnl;
        uint256 waiting;
        uint256 allotted;
    }

    /// @notice Prices and funding now.
    /// @param indexWad price of the underlying in the risk book {USD}
    /// @param premiumWad smoothed share of the mark above the index
    /// @param markWad
    /// @param rateWad funding rate that longs pay {per 8 hours}
    /// @param fundingWad funding that one unit has paid since ever {quote tok per unit}
    /// @param status of the index
    struct State {
        uint256 indexWad;
        int256 premiumWad;
        uint256 markWad;
        int256 rateWad;
        int256 fundingWad;
        PriceStatus status;
    }

    /// @notice What the market holds and owes in all.
    /// @param openInterestWad sum of all long sizes, which is that of all short ones {units}
    /// @param cash settlement tokens in the market's account that are accounted for {settlement tok}
    /// @param waiting claims that nothing has come in for {settlement tok}
    /// @param allotted claims that cash is kept for {settlement tok}
    /// @param fees charged and not collected {quote}
    /// @param receiverSizeWad size that waits to be deleveraged {units}
    /// @param receiverCost its cost, and losses that nobody has borne yet {quote}
    struct Totals {
        uint256 openInterestWad;
        uint256 cash;
        uint256 waiting;
        uint256 allotted;
        uint256 fees;
        int256 receiverSizeWad;
        int256 receiverCost;
    }

    /// @notice Parameters. The first three raise requirements and walk along a ramp; the others hold at once.
    /// @param unwindingWad cost of unwinding as a share of the notional: part of every requirement
    /// @param depthWad notional at which concentration alone makes the requirement 100% {USD}
    /// @param haircutWad part of unsettled profit and claims that covers nothing
    /// @param openInterestCapWad notional a side may grow to {USD}
    /// @param maxPremiumWad most that the mark is away from the index
    /// @param premiumTime seconds in which the premium goes half of the way to its sample
    /// @param interestWad funding rate of a market without premium {per 8 hours}
    /// @param interestBandWad most that interest pulls the rate away from the premium {per 8 hours}
    /// @param maxRateWad most that funding is either way {per 8 hours}
    /// @param maxPriceMoveWad most that the price of a trade is away from the mark
    /// @param takerFeeWad share of the notional
    /// @param makerFeeWad share of the notional; maker contracts pay none
    /// @param backstopShareWad part of the fees that goes to the backstop
    struct Parameters {
        uint256 unwindingWad;
        uint256 depthWad;
        uint256 haircutWad;
        uint256 openInterestCapWad;
        uint256 maxPremiumWad;
        uint256 premiumTime;
        uint256 interestWad;
        uint256 interestBandWad;
        uint256 maxRateWad;
        uint256 maxPriceMoveWad;
        uint256 takerFeeWad;
        uint256 makerFeeWad;
        uint256 backstopShareWad;
    }

    /// @param takerFee {quote}
    /// @param makerFee {quote}
    event Traded(
        AccountId indexed taker,
        AccountId indexed maker,
        int256 sizeWad,
        uint256 priceWad,
        uint256 takerFee,
        uint256 makerFee
    );
    /// @notice After every change: size and cost as they are stored now {units}, {quote}.
    event PositionChanged(AccountId indexed account, int256 sizeWad, int256 cost, uint256 entryWad);
    /// @notice At most once a second: the history of funding. `rateWad` was paid since the event before.
    event FundingAccrued(
        uint256 indexWad,
        uint256 markWad,
        int256 premiumWad,
        int256 rateWad,
        int256 fundingWad
    );
    /// @param amount {settlement tok}
    event Tipped(AccountId indexed from, AccountId indexed to, uint256 amount);
    event PremiumSampled(int256 oldSampleWad, int256 newSampleWad);
    /// @param sizeWad of the account, moved {units}
    /// @param cost {quote}
    event PositionMoved(AccountId indexed from, AccountId indexed to, int256 sizeWad, int256 cost);
    /// @notice An account's deficit was taken by the other side.
    /// @param deficit {quote}
    /// @param fromClaims part that claims bore {settlement tok}
    /// @param sizeWad position that went to the receiver {units}
    /// @param priceWad at which it did {quote tok per unit}
    event Absorbed(
        AccountId indexed account,
        uint256 deficit,
        uint256 fromClaims,
        int256 sizeWad,
        uint256 priceWad
    );
    /// @notice Positions of one bucket were closed against the receiver, each by the same share.
    /// @param long side that was closed
    /// @param tick number of the bucket
    /// @param closedWad {units}
    /// @param leftWad {units}
    event BucketDeleveraged(
        bool indexed long,
        uint256 indexed tick,
        uint256 closedWad,
        uint256 leftWad,
        uint256 priceWad
    );
    /// @notice A position was found to have been deleveraged since it was last written.
    event PositionDeleveraged(AccountId indexed account, int256 oldSizeWad, int256 newSizeWad);
    event MakerSet(address indexed maker, bool wasAllowed, bool allowed);
    event SamplerSet(address oldSampler, address newSampler);
    event ParametersSet(Parameters oldParameters, Parameters newParameters, uint256 rampEnd);
    event ReduceOnlySet(bool wasReduceOnly, bool reduceOnly);

    error PerpMarket_UnknownMaker(address maker);
    error PerpMarket_SameAccount(AccountId account);
    error PerpMarket_ZeroSize();
    error PerpMarket_SizeOutOfRange(int256 sizeWad, uint256 max);
    error PerpMarket_PriceLimit(uint256 priceWad, uint256 limitWad);
    error PerpMarket_PriceOutOfBand(uint256 priceWad, uint256 markWad, uint256 maxMoveWad);
    error PerpMarket_OpenInterestCap(uint256 notionalWad, uint256 capWad);
    error PerpMarket_ReduceOnly(AccountId account);
    error PerpMarket_IndexNotFresh(uint8 status);
    error PerpMarket_IndexOutOfRange(uint256 indexWad, uint256 max);
    error PerpMarket_NothingToDeleverage();

    // --- anybody ---

    /// @notice Brings premium and funding up to now, and takes a new sample of the premium.
    function poke() external;

    /// @notice Goes on closing what the receiver account holds against the other side, most profitable entries first.
    /// @param maxBuckets most buckets to touch
    /// @return leftWad what the receiver still holds {units}
    function deleverage(uint256 maxBuckets) external returns (int256 leftWad);

    // --- governance ---

    /// @notice Lets a maker contract take the other side of trades. Owner only.
    function setMaker(address maker, bool allowed) external;

    /// @notice Registered maker whose middle price is the sample of the premium; zero: no premium. Owner only.
    function setSampler(address maker) external;

    /// @notice Bounded; what raises a requirement walks there over `rampTime`. Owner only.
    function setParameters(Parameters calldata parameters_, uint256 rampTime) external;

    /// @notice While set no account's size may grow. Guardian or owner may set, only the owner may end it.
    function setReduceOnly(bool reduceOnly_) external;

    // --- views (those of accounts and totals revert with `Market_Locked` while a vault operation is half-done) ---

    function position(AccountId account) external view returns (Position memory);

    /// @notice Funding of an account that has come due since its position was last written (`PositionChanged`), for the size
    /// it has now; positive: it pays. Right as long as that is below 6e5 settlement tokens a unit {quote}.
    function fundingOwed(AccountId account) external view returns (int256);

    function state() external view returns (State memory);

    function totals() external view returns (Totals memory);

    /// @notice The fees of `parameters`, for who needs no more of them.
    function feesWad() external view returns (uint256 takerFeeWad, uint256 makerFeeWad);

    /// @notice Parameters as they stand now, ramps applied.
    function parameters() external view returns (Parameters memory);

    /// @notice Positions whose entry lies in a bucket.
    /// @return sizeWad sum of their sizes {units}
    /// @return count how many
    function bucket(bool long, uint256 tick) external view returns (uint256 sizeWad, uint256 count);

    /// @notice Number of the bucket of an entry price.
    function tickOf(uint256 priceWad) external pure returns (uint256);

    /// @notice Id of the underlying in the risk book.
    function underlying() external view returns (uint256);

    function makerAllowed(address maker) external view returns (bool);

    function sampler() external view returns (address);

    function reduceOnly() external view returns (bool);

    /// @notice Account of the market that holds what waits to be deleveraged. The vault does not know it.
    function receiver() external view returns (AccountId);
}
