// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {IInstrument} from "../../../interfaces/IInstrument.sol";
import {IPerpMaker} from "../../../interfaces/IPerpMaker.sol";
import {IPerpMarket} from "../../../interfaces/IPerpMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {
    AccountId,
    AccountIdLib,
    Assessment,
    Holding,
    PriceStatus,
    Requirement
} from "../../../interfaces/Types.sol";
import {PerpClaims} from "./PerpClaims.sol";
import {PerpGovernance} from "./PerpGovernance.sol";
import {PerpMarketAdmin} from "./PerpMarketAdmin.sol";
import {PerpParameters} from "./PerpParameters.sol";
import {PerpPrices} from "./PerpPrices.sol";
import {PerpRisk} from "./PerpRisk.sol";

/// @notice A perpetual market: trades, settlement, what the risk engine asks; the rest is in `PerpMarketAdmin`, which runs on
/// this contract's storage. Whatever changes a position runs within an operation of
/// the vault, or begins one by paying.
contract PerpMarket is PerpRisk {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for uint256;

    /// @dev Calls of the market to itself, so that what they did is undone where the vault refuses.
    modifier onlySelf() {
        if (msg.sender != address(this)) revert IPerpMarket.PerpMarket_NotSelf(msg.sender);
        _;
    }

    /// @dev Sampled before a trade, in a batch.
    struct Course {
        IRiskEngine.Band band;
        uint256 mark;
        uint256 maxMove;
        uint256 openInterest;
        int256 funding;
        bool reduceOnly;
    }

    address private immutable ADMIN;

    /// @param settlementUnderlying id of the settlement asset's underlying in the risk book
    /// @param settlementDecimals of its token
    constructor(
        address vault,
        uint256 underlying_,
        uint256 settlementUnderlying,
        uint256 settlementDecimals,
        address owner_,
        address guardian_,
        IPerpMarket.Parameters memory initial
    ) PerpParameters(vault) PerpPrices(underlying_, settlementUnderlying) PerpClaims(settlementDecimals) {
        PerpMarketAdmin admin = new PerpMarketAdmin(
            vault,
            underlying_,
            settlementUnderlying,
            settlementDecimals
        );
        ADMIN = address(admin);
        LibCall.delegateCallContract(
            address(admin),
            abi.encodeCall(PerpGovernance.initialise, (owner_, guardian_, initial))
        );
    }

    /// @dev Everything that is not here is in the admin contract.
    fallback() external {
        _delegate();
    }

    // --- anybody ---

    /// @inheritdoc IInstrument
    function settle(AccountId account) external returns (int256 paid) {
        _requireUnlocked();
        return _settle(account, true);
    }

    /// @notice Books a loss as paid and has it paid. The market itself only.
    function payLoss(AccountId account, uint256 amount, bool borrows) external onlySelf {
        _payLoss(account, amount);
        if (borrows) _requireCovered(account);
    }

    // --- vault ---

    /// @inheritdoc IInstrument
    function execute(
        AccountId account,
        address caller,
        bytes calldata data
    ) external onlyVault withinOperation returns (bytes memory) {
        IPerpMarket.Action action = abi.decode(data, (IPerpMarket.Action));
        if (action == IPerpMarket.Action.SETTLE) return abi.encode(_settle(account, false));
        Course memory course = _begin();
        if (action == IPerpMarket.Action.TRADE) {
            (, address maker, int256 size, uint256 limit) = abi.decode(
                data,
                (IPerpMarket.Action, address, int256, uint256)
            );
            uint256 price = _trade(course, account, maker, size, limit);
            _requireOpenInterest(course);
            return abi.encode(price);
        }
        if (caller != _orders) revert IPerpMarket.PerpMarket_NotOrders(caller);
        (, AccountId taker, IPerpMarket.Fill[] memory fills, uint256 takerTip, AccountId tipTo) = abi.decode(
            data,
            (IPerpMarket.Action, AccountId, IPerpMarket.Fill[], uint256, AccountId)
        );
        _fill(course, taker, fills, takerTip, tipTo);
        _requireOpenInterest(course);
        return "";
    }

    /// @inheritdoc IInstrument
    function transferFraction(AccountId, AccountId, uint256) external {
        _delegate();
    }

    /// @inheritdoc IInstrument
    function absorb(AccountId, uint256) external returns (uint256) {
        _delegate();
    }

    // --- trades ---

    function _begin() private returns (Course memory course) {
        course.band = _refresh();
        _requireFresh(course.band);
        course.mark = _markWad(course.band.priceWad);
        course.maxMove = _trades.maxPriceMoveWad;
        course.openInterest = _running.openInterestWad;
        course.funding = _running.fundingWad;
        course.reduceOnly = _trades.reduceOnly;
    }

    function _trade(
        Course memory course,
        AccountId taker,
        address maker,
        int256 sizeWad,
        uint256 limitWad
    ) private returns (uint256 priceWad) {
        if (!_makerAllowed[maker]) revert IPerpMarket.PerpMarket_UnknownMaker(maker);
        AccountId makerAccount = AccountIdLib.id(maker, 0);
        _requireSize(taker, makerAccount, sizeWad);
        Live memory other = _load(makerAccount);
        priceWad = IPerpMaker(maker).trade(taker, sizeWad, other.size, course.band.priceWad);
        if (sizeWad > 0 ? priceWad > limitWad : priceWad < limitWad) {
            revert IPerpMarket.PerpMarket_PriceLimit(priceWad, limitWad);
        }
        _requirePrice(course, priceWad);
        _take(course, other, -sizeWad, priceWad, 0);
        _keep(other);
        VAULT.touch(makerAccount);
        // After the other side is written: both may stand in one bucket, whose last position has what roundings left.
        Live memory own = _load(taker);
        uint256 fee = _take(course, own, sizeWad, priceWad, _trades.takerFeeWad);
        _keep(own);
        emit IPerpMarket.Traded(taker, makerAccount, sizeWad, priceWad, fee, 0);
        if (maker == _sampler) _sample();
    }

    function _fill(
        Course memory course,
        AccountId taker,
        IPerpMarket.Fill[] memory fills,
        uint256 takerTip,
        AccountId tipTo
    ) private {
        (uint256 takerFeeWad, uint256 makerFeeWad) = (_trades.takerFeeWad, _trades.makerFeeWad);
        uint256 tips = takerTip;
        for (uint256 i = 0; i < fills.length; ++i) {
            IPerpMarket.Fill memory fill = fills[i];
            _requireSize(taker, fill.maker, fill.sizeWad);
            _requirePrice(course, fill.priceWad);
            Live memory other = _load(fill.maker);
            _take(course, other, -fill.sizeWad, fill.priceWad, makerFeeWad);
            if (fill.tip != 0) {
                other.base += fill.tip.toInt256() * TOKEN;
                tips += fill.tip;
                emit IPerpMarket.Tipped(fill.maker, tipTo, fill.tip);
            }
            _keep(other);
            VAULT.touch(fill.maker);
        }
        Live memory own = _load(taker);
        for (uint256 i = 0; i < fills.length; ++i) {
            IPerpMarket.Fill memory fill = fills[i];
            uint256 fee = _take(course, own, fill.sizeWad, fill.priceWad, takerFeeWad);
            emit IPerpMarket.Traded(
                taker,
                fill.maker,
                fill.sizeWad,
                fill.priceWad,
                fee,
                _feeUp(fill.sizeWad, fill.priceWad, makerFeeWad)
            );
        }
        if (takerTip != 0) {
            own.base += takerTip.toInt256() * TOKEN;
            emit IPerpMarket.Tipped(taker, tipTo, takerTip);
        }
        _keep(own);
        VAULT.touch(taker);
        if (tips == 0) return;
        Live memory earner = _load(tipTo);
        earner.base -= tips.toInt256() * TOKEN;
        _keep(earner);
    }

    /// @dev Books one side of a trade in a position in memory.
    /// @return fee {quote}
    function _take(
        Course memory course,
        Live memory p,
        int256 sizeWad,
        uint256 priceWad,
        uint256 feeWad
    ) private returns (uint256 fee) {
        uint256 before = p.size.abs();
        fee = _feeUp(sizeWad, priceWad, feeWad);
        _add(p, sizeWad, sizeWad * int256(priceWad) + int256(fee), priceWad, course.funding);
        _addFees(int256(fee));
        if (course.reduceOnly && p.size.abs() > before) {
            revert IPerpMarket.PerpMarket_ReduceOnly(p.account);
        }
    }

    function _requirePrice(Course memory course, uint256 priceWad) private pure {
        uint256 distance = priceWad > course.mark ? priceWad - course.mark : course.mark - priceWad;
        if (distance > course.mark.mulWad(course.maxMove)) {
            revert IPerpMarket.PerpMarket_PriceOutOfBand(priceWad, course.mark, course.maxMove);
        }
    }

    /// @dev Writes a position that a trade has changed.
    function _keep(Live memory p) private {
        bool had = p.stored.size != 0 || p.stored.base != 0;
        _save(p);
        bool has = p.size != 0 || p.base != 0;
        if (has != had && !p.stored.hasClaim) VAULT.setHeld(p.account, has);
    }

    function _requireSize(AccountId taker, AccountId maker, int256 sizeWad) private pure {
        if (taker.equals(maker)) revert IPerpMarket.PerpMarket_SameAccount(taker);
        if (sizeWad == 0) revert IPerpMarket.PerpMarket_ZeroSize();
        if (sizeWad > int256(MAX_SIZE) || sizeWad < -int256(MAX_SIZE)) {
            revert IPerpMarket.PerpMarket_SizeOutOfRange(sizeWad, MAX_SIZE);
        }
    }

    /// @dev A cap binds on the way up only.
    function _requireOpenInterest(Course memory course) private view {
        uint256 size = _running.openInterestWad;
        if (size <= course.openInterest) return;
        uint256 notional = size.fullMulDivUp(course.band.priceWad, WAD);
        uint256 cap = _openInterestCapWad;
        if (notional > cap) revert IPerpMarket.PerpMarket_OpenInterestCap(notional, cap);
    }

    function _feeUp(int256 sizeWad, uint256 priceWad, uint256 feeWad) private pure returns (uint256) {
        return feeWad == 0 ? 0 : (sizeWad.abs() * priceWad).fullMulDivUp(feeWad, WAD);
    }

    // --- settlement ---

    /// @param alone outside of anybody's batch: a loss may be paid by borrowing, and what the vault refuses stays a loss
    function _settle(AccountId account, bool alone) private returns (int256 paid) {
        IRiskEngine.Band memory band = _refresh();
        if (!_holds(account)) return 0;
        int256 claimed;
        if (band.status == PriceStatus.FRESH && band.priceWad <= MAX_PRICE) {
            (paid, claimed) = _realise(account, _markWad(band.priceWad), alone);
        }
        (uint256 waiting, uint256 allotted) = _claimOf(account);
        if (allotted != 0) {
            _setClaim(account, waiting, 0);
            _addCash(-int256(allotted));
            paid += int256(allotted);
        }
        emit IPerpMarket.Settled(account, paid, claimed);
        if (paid > 0) VAULT.instrumentPay(_own(), account, uint256(paid));
        if (!_holds(account)) VAULT.setHeld(account, false);
    }

    /// @dev Brings the cost to the mark but for less than a token, which of an account without size goes to the fees.
    /// @return paid what the account paid (negative), or what it is to be paid at once; its cash has left the till
    /// @return claimed {settlement tok}
    function _realise(
        AccountId account,
        uint256 mark,
        bool alone
    ) private returns (int256 paid, int256 claimed) {
        Live memory p = _load(account);
        int256 pnl = p.size * int256(mark) - p.base - p.size * _running.fundingWad;
        if (pnl < 0) {
            uint256 tokens = uint256(-pnl) / uint256(TOKEN);
            if (p.size == 0 && -pnl % TOKEN != 0) ++tokens;
            uint256 netted = _netClaim(account, tokens);
            if (netted != 0) {
                p.base -= int256(netted) * TOKEN;
                _save(p);
                claimed = -int256(netted);
            }
            if (tokens != netted) paid = -int256(_collect(account, tokens - netted, alone));
        } else {
            uint256 tokens = uint256(pnl / TOKEN);
            if (tokens != 0) {
                p.base += int256(tokens) * TOKEN;
                _save(p);
                uint256 direct = _pile.waiting == 0 ? tokens.min(_freeCash()) : 0;
                if (direct != 0) _addCash(-int256(direct));
                paid = int256(direct);
                if (tokens != direct) {
                    (uint256 waiting, uint256 allotted) = _claimOf(account);
                    _setClaim(account, waiting + tokens - direct, allotted);
                    claimed = int256(tokens - direct);
                }
            }
        }
        p = _load(account);
        if (p.size == 0 && p.base != 0 && p.base <= 0 && p.base > -TOKEN) {
            _addFees(-p.base);
            p.base = 0;
            _save(p);
        }
    }

    /// @dev Has a loss paid, as far as the account can. The vault refuses what makes an insolvent account worse for its other
    /// creditors: its loss waits for the takeover.
    function _collect(AccountId account, uint256 amount, bool alone) private returns (uint256) {
        uint256 held = uint256(VAULT.balanceOf(account, SETTLEMENT_ASSET).max(0));
        if (alone) {
            if (amount > held && _tryPayLoss(account, amount, true)) return amount;
            amount = amount.min(held);
            return amount != 0 && _tryPayLoss(account, amount, false) ? amount : 0;
        }
        amount = amount.min(held);
        if (amount != 0) _payLoss(account, amount);
        return amount;
    }

    function _tryPayLoss(AccountId account, uint256 amount, bool borrows) private returns (bool) {
        try this.payLoss(account, amount, borrows) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev The vault lets an account pay with debt where its risk falls, though it is below its initial requirement. A loss
    /// that lenders did not agree to bear would become theirs.
    function _requireCovered(AccountId account) private view {
        (Holding[] memory list, address[] memory instruments, ) = VAULT.holdings(account);
        Assessment memory a = ENGINE.assess(account, list, instruments, Requirement.INITIAL, false);
        if (a.equity - int256(a.uncertainty) < int256(a.requirement)) {
            revert IPerpMarket.PerpMarket_LossNotCovered(account);
        }
    }

    function _payLoss(AccountId account, uint256 amount) private {
        Live memory p = _load(account);
        p.base -= int256(amount) * TOKEN;
        _save(p);
        _addCash(int256(amount));
        _allot();
        VAULT.instrumentPay(account, _own(), amount);
    }

    // --- what the admin contract does ---

    /// @dev Runs the call on this market's storage, and ends it with what that returned.
    function _delegate() private {
        address admin = ADMIN;
        assembly ("memory-safe") {
            let data := mload(0x40)
            calldatacopy(data, 0, calldatasize())
            let done := delegatecall(gas(), admin, data, calldatasize(), 0, 0)
            returndatacopy(data, 0, returndatasize())
            if iszero(done) {
                revert(data, returndatasize())
            }
            return(data, returndatasize())
        }
    }
}
