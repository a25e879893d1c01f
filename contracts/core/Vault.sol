// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibCall} from "solady/utils/LibCall.sol";
import {LibBit} from "solady/utils/LibBit.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IInstrument} from "../../interfaces/IInstrument.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {ISwapAdapter} from "../../interfaces/ISwapAdapter.sol";
import {IVaultOperations} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib, Holding} from "../../interfaces/Types.sol";
import {Custody, Market, Pair} from "./AccountWords.sol";
import {PlanCalls} from "./PlanCalls.sol";
import {SolvencyCheck} from "./SolvencyCheck.sol";
import {VaultAdmin} from "./VaultAdmin.sol";
import {VaultBase} from "./VaultBase.sol";

/// @dev Wrapped ether.
interface IWrappedNative {
    function deposit() external payable;

    function withdraw(uint256 amount) external;
}

/// @notice Margin accounts, custody and batches of one domain. What moves no balance (`IVaultAdmin`) is in a contract that
/// the vault makes for itself and calls by delegation.
contract Vault is IVaultOperations, SolvencyCheck {
    using FixedPointMathLib for uint256;
    using LibBit for uint256;
    using PlanCalls for ILiquidationEngine;
    using SafeTransferLib for address;

    IWrappedNative private immutable WRAPPED_NATIVE;
    AccountId private immutable BACKSTOP_ACCOUNT;
    address private immutable ADMIN;

    constructor(
        address owner_,
        address guardian_,
        address riskEngine_,
        address liquidationEngine_,
        address backstop_,
        address wrappedNative_
    ) VaultBase(riskEngine_, liquidationEngine_) {
        BACKSTOP_ACCOUNT = AccountIdLib.id(backstop_, 0);
        WRAPPED_NATIVE = IWrappedNative(wrappedNative_);
        VaultAdmin admin = new VaultAdmin(riskEngine_, liquidationEngine_, backstop_);
        ADMIN = address(admin);
        LibCall.delegateCallContract(
            address(admin),
            abi.encodeCall(VaultAdmin.initialise, (owner_, guardian_))
        );
    }

    /// @dev Everything that is not here is in the admin contract.
    fallback() external {
        address admin = ADMIN;
        assembly ("memory-safe") {
            // The whole call and its whole answer, from free memory on.
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

    /// @dev Only unwrapping sends ether here.
    receive() external payable {
        if (msg.sender != address(WRAPPED_NATIVE)) revert Vault_NotWrappedNative(msg.sender);
    }

    // --- accounts ---

    /// @inheritdoc IVaultOperations
    function deposit(AccountId account, address token, uint256 amount) external plainOperation {
        _deposit(account, token, amount);
    }

    /// @inheritdoc IVaultOperations
    function depositWithPermit(
        AccountId account,
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external plainOperation {
        // A permit that somebody sent before has left its allowance; a missing one makes the transfer fail.
        try IERC20Permit(token).permit(_caller(), address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(account, token, amount);
    }

    /// @inheritdoc IVaultOperations
    function depositNative(AccountId account) external payable plainOperation {
        // The whole balance, not msg.value: a batch holds what was sent with it.
        uint256 amount = address(this).balance;
        if (amount == 0) revert Vault_ZeroAmount();
        address token = address(WRAPPED_NATIVE);
        Custody custody = _mayAdd(account, token);
        WRAPPED_NATIVE.deposit{value: amount}();
        _add(account, token, custody, amount);
    }

    /// @inheritdoc IVaultOperations
    function withdraw(AccountId account, address token, uint256 amount, address to) external {
        bool outermost = _begin(PLAIN);
        if (to == address(0) || to == address(this)) revert Vault_BadReceiver(to);
        (uint256 id, , bool paused) = _withdraw(account, token, amount, to);
        _conclude(outermost, account, _newRisk(paused), id >> 1);
    }

    /// @inheritdoc IVaultOperations
    function withdrawNative(AccountId account, uint256 amount, address to) external {
        bool outermost = _begin(PLAIN);
        if (to == address(0)) revert Vault_BadReceiver(to);
        uint256 id;
        bool paused;
        (id, amount, paused) = _withdraw(account, address(WRAPPED_NATIVE), amount, address(this));
        WRAPPED_NATIVE.withdraw(amount);
        (bool sent, ) = to.call{value: amount}("");
        if (!sent) revert Vault_NativeTransferFailed(to, amount);
        _conclude(outermost, account, _newRisk(paused), id >> 1);
    }

    /// @inheritdoc IVaultOperations
    function borrow(AccountId account, address token, uint256 amount, address to) external {
        bool outermost = _begin(PLAIN);
        _authorise(account);
        if (amount == 0) revert Vault_ZeroAmount();
        if (to == address(0) || to == address(this)) revert Vault_BadReceiver(to);
        Market market = _market[token];
        if (market.pool() == address(0)) {
            _custodyOf(token);
            revert Vault_NotBorrowable(token);
        }
        uint256 id = market.id();
        uint256 borrowed = _send(account, token, id, amount, to);
        emit Withdrawn(account, token, to, amount, borrowed);
        uint256 flags = _newRisk(market.isPaused());
        _conclude(outermost, account, borrowed == 0 ? flags : flags | BORROWED, id >> 1);
    }

    /// @inheritdoc IVaultOperations
    function repay(
        AccountId account,
        address token,
        uint256 amount
    ) external plainOperation returns (uint256 repaid) {
        Market market = _market[token];
        ILendingPool pool = ILendingPool(market.pool());
        if (address(pool) == address(0)) revert Vault_NotBorrowable(token);
        uint256 id = market.id();
        int256 balance = _rawBalance(account, id);
        if (balance >= 0) revert Vault_NotHeld(account, token);
        if (amount == 0) revert Vault_ZeroAmount();
        if (_isOpen(id)) {
            repaid = amount.min(_debtOf(uint256(-balance), _indexOf(id, address(pool))));
            repaid = _pull(token, repaid);
            _receive(account, token, id, repaid);
        } else if (amount <= uint256(-balance)) {
            // The index is never below one: what is no more than the principal is no more than the debt.
            repaid = amount;
            token.safeTransferFrom(_caller(), address(pool), repaid);
            _reducePrincipal(account, id, pool.repayAmount(repaid));
        } else {
            repaid = amount.min(_debtOf(uint256(-balance), _indexOf(id, address(pool))));
            (uint256 principalDown, ) = _credit(account, id, repaid);
            token.safeTransferFrom(_caller(), address(pool), repaid);
            pool.repayDebt(principalDown, repaid);
        }
        emit Repaid(account, token, _caller(), repaid);
    }

    /// @inheritdoc IVaultOperations
    function transfer(
        AccountId from,
        AccountId to,
        address token,
        uint256 amount
    ) external operation(SINGLE) {
        _authorise(from);
        if (from.equals(to)) revert Vault_SameAccount(from);
        if (amount == 0) revert Vault_ZeroAmount();
        Custody custody = _custodyOf(token);
        uint256 id = custody.id();
        int256 balance = _rawBalance(from, id);
        if (balance < int256(amount.min(uint256(type(int256).max)))) {
            revert Vault_InsufficientBalance(token, amount, balance > 0 ? uint256(balance) : 0);
        }
        if (!_mayAct(to, _caller()) && _rawBalance(to, id) == 0) revert Vault_NotHeld(to, token);
        _moveHolding(from, to, id, int256(amount));
        _touch(from, _newRisk(custody.isPaused()), id >> 1);
        emit Transferred(from, to, token, amount);
    }

    /// @inheritdoc IVaultOperations
    function swap(
        AccountId account,
        Swap calldata params
    ) external operation(SINGLE) returns (uint256 amountIn, uint256 amountOut) {
        _authorise(account);
        if (!_adapterAllowed[params.adapter]) revert Vault_UnknownAdapter(params.adapter);
        address assetIn = params.assetIn;
        address assetOut = params.assetOut;
        if (params.amount == 0) revert Vault_ZeroAmount();
        if (assetIn == assetOut) revert Vault_SameAsset(assetIn);
        uint256 idIn = _custodyOf(assetIn).id();
        uint256 idOut = _custodyOf(assetOut).id();

        amountIn = params.exactOut ? params.limit : params.amount;
        if (_send(account, assetIn, idIn, amountIn, params.adapter) != 0)
            _touch(account, BORROWED, idIn >> 1);
        uint256 keptBefore = assetIn.balanceOf(address(this));
        uint256 balanceBefore = assetOut.balanceOf(address(this));
        if (params.exactOut) {
            ISwapAdapter(params.adapter).swapExactOut(
                assetIn,
                assetOut,
                amountIn,
                params.amount,
                params.route
            );
        } else {
            ISwapAdapter(params.adapter).swapExactIn(assetIn, assetOut, amountIn, params.limit, params.route);
        }
        amountOut = assetOut.balanceOf(address(this)) - balanceBefore;
        uint256 least = params.exactOut ? params.amount : params.limit;
        if (amountOut < least || amountOut == 0) revert Vault_SwapLimit(amountOut, least);
        _receive(account, assetOut, idOut, amountOut);
        Custody custody = _custody[assetOut];
        if (custody.total() > custody.cap() && _rawBalance(account, idOut) > 0) {
            _touch(account, OVER_CAP, idOut >> 1);
        }

        uint256 returned = assetIn.balanceOf(address(this)) - keptBefore;
        if (returned != 0) {
            amountIn -= returned;
            _receive(account, assetIn, idIn, returned);
        }
        (uint256 loss, uint256 bound) = RISK_ENGINE.swapLoss(idIn, amountIn, idOut, amountOut);
        if (loss > params.maxLossWad) revert Vault_SwapLoss(loss, params.maxLossWad);
        uint256 flags = _newRisk(custody.isPaused());
        _touch(account, loss > bound ? flags | LOSSY_SWAP : flags, idIn >> 1);
        emit Swapped(account, assetIn, assetOut, amountIn, amountOut);
    }

    /// @inheritdoc IVaultOperations
    function callInstrument(
        AccountId account,
        address instrument,
        bytes calldata data
    ) external operation(SINGLE) instrumentsAct returns (bytes memory result) {
        _authorise(account);
        if (_instrumentIds[instrument] == 0) revert Vault_UnknownInstrument(instrument);
        _touch(account, NEW_RISK, 0);
        result = IInstrument(instrument).execute(account, _caller(), data);
    }

    /// @inheritdoc IVaultOperations
    function execute(bytes[] calldata calls) external payable returns (bytes[] memory results) {
        bool outermost = _beginBatch();
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            results[i] = LibCall.callContract(address(this), calls[i]);
        }
        if (!outermost) return results;
        _finish();
        uint256 left = address(this).balance;
        if (left != 0) {
            (bool sent, ) = msg.sender.call{value: left}("");
            if (!sent) revert Vault_NativeTransferFailed(msg.sender, left);
        }
    }

    /// @inheritdoc IVaultOperations
    function liquidate(
        AccountId account,
        AccountId into,
        uint256 fractionWad,
        uint256 excludedAssets,
        uint256 excludedInstruments,
        int256 maxPayment
    ) external returns (uint256 takenWad, int256 payment) {
        ILiquidationEngine.Takeover memory takeover;
        takeover.excludedAssets = excludedAssets;
        takeover.excludedInstruments = excludedInstruments;
        return _liquidate(account, into, fractionWad, takeover, maxPayment);
    }

    /// @inheritdoc IVaultOperations
    function liquidateByScenario(
        AccountId account,
        AccountId into,
        uint256 fractionWad,
        uint256 scenario,
        int256 maxPayment
    ) external returns (uint256 takenWad, int256 payment) {
        ILiquidationEngine.Takeover memory takeover;
        takeover.scenario = scenario;
        return _liquidate(account, into, fractionWad, takeover, maxPayment);
    }

    function _liquidate(
        AccountId account,
        AccountId into,
        uint256 fractionWad,
        ILiquidationEngine.Takeover memory takeover,
        int256 maxPayment
    ) private returns (uint256 takenWad, int256 payment) {
        bool hasInstruments = _headerOf(account).instruments() != 0;
        bool outermost = _begin(hasInstruments ? SINGLE : PLAIN);
        _authorise(into);
        if (account.equals(into) || account.equals(BACKSTOP_ACCOUNT)) revert Vault_SameAccount(account);
        if (!outermost && _flagsOf(account) != 0) revert Vault_CheckPending(account);
        if (hasInstruments) _payProfits(account);

        _keepIndices(account);
        uint256 riskRaisedAt;
        (takeover.holdings, takeover.instruments, riskRaisedAt, ) = _gather(account, false);
        if (riskRaisedAt == _stampNow()) revert Vault_RiskRaisedThisBlock(account);
        takeover.account = account;
        takeover.fractionWad = fractionWad;
        ILiquidationEngine.Plan memory plan = LIQUIDATION_ENGINE.planned(takeover);

        takenWad = plan.fractionWad;
        payment = int256(plan.payment + plan.backstopFee) - int256(plan.topUp);
        if (payment > maxPayment) revert Vault_PaymentAboveLimit(payment, maxPayment);
        _takeOver(account, into, takeover, plan);
        if (plan.insolvent) LIQUIDATION_ENGINE.resolved(account);
        emit Liquidated(
            account,
            into,
            _caller(),
            takenWad,
            payment,
            plan.backstopFee,
            plan.topUp,
            plan.equity,
            plan.requirement
        );
        if (outermost && !hasInstruments) {
            // Nobody else is touched, and the taker is not judged by what he began with: he must be covered.
            _settleOpen();
            _check(into, TOOK_OVER);
            _end();
        } else {
            _touch(into, TOOK_OVER, 0);
            if (outermost) _finish();
        }
    }

    /// @dev Carries out a plan: write-offs, moves, payments. No token leaves custody, so none can stop it.
    function _takeOver(
        AccountId account,
        AccountId into,
        ILiquidationEngine.Takeover memory takeover,
        ILiquidationEngine.Plan memory plan
    ) private {
        Holding[] memory list = takeover.holdings;
        for (uint256 i; i < list.length; ++i) {
            uint256 id = list[i].assetId();
            if (plan.insolvent && plan.writeOffs[i] != 0) _writeOffDebt(account, id, plan.writeOffs[i]);
            int256 moved = plan.moved[i].amount();
            if (moved != 0) _moveHolding(account, into, id, moved);
            else if (plan.salvaged) _moveHolding(account, BACKSTOP_ACCOUNT, id, list[i].amount());
        }
        if (takeover.instruments.length != 0) _takeOverInstruments(account, into, takeover, plan);
        _pay(into, account, plan.payment);
        _pay(into, BACKSTOP_ACCOUNT, plan.backstopFee);
        _pay(BACKSTOP_ACCOUNT, into, plan.topUp);
    }

    function _takeOverInstruments(
        AccountId account,
        AccountId into,
        ILiquidationEngine.Takeover memory takeover,
        ILiquidationEngine.Plan memory plan
    ) private instrumentsAct {
        for (uint256 i; i < takeover.instruments.length; ++i) {
            IInstrument instrument = IInstrument(takeover.instruments[i]);
            uint256 id = _instrumentIds[address(instrument)] - 1;
            if (plan.insolvent && plan.absorbs[i] != 0) instrument.absorb(account, plan.absorbs[i]);
            bool excluded = (takeover.excludedInstruments >> id) & 1 != 0;
            if (!excluded) instrument.transferFraction(account, into, plan.fractionWad);
            else if (plan.salvaged) instrument.transferFraction(account, BACKSTOP_ACCOUNT, WAD);
            if (plan.insolvent) instrument.forfeit(account);
        }
    }

    /// @dev Nobody bears a deficit, or takes over at a premium, because of a profit that only waited to be asked for.
    function _payProfits(AccountId account) private instrumentsAct {
        for (uint256 bits = _headerOf(account).instruments(); bits != 0; bits &= bits - 1) {
            IInstrument(_instruments[bits.ffs()]).payProfit(account);
        }
    }

    // --- liquidation engine and instruments ---

    /// @inheritdoc IVaultOperations
    function writeOff(AccountId account, uint256 assetId, uint256 amount) external operation(SINGLE) {
        _onlyLiquidationEngine();
        _writeOffDebt(account, assetId, amount);
    }

    /// @inheritdoc IVaultOperations
    function cover(AccountId account, uint256 amount) external operation(SINGLE) {
        _onlyLiquidationEngine();
        _pay(BACKSTOP_ACCOUNT, account, amount);
        emit ShortfallCovered(account, amount);
    }

    /// @inheritdoc IVaultOperations
    function instrumentPay(AccountId from, AccountId to, uint256 amount) external {
        bool outermost = _beginInstrument();
        AccountId own = AccountIdLib.id(msg.sender, 0);
        if (!from.equals(own) && !to.equals(own)) revert Vault_NotAuthorised(from, msg.sender);
        _pay(from, to, amount);
        _touch(from, NEW_RISK | BORROWED, 0);
        emit InstrumentPaid(from, to, msg.sender, amount);
        if (outermost) _finish();
    }

    /// @inheritdoc IVaultOperations
    function setHeld(AccountId account, bool held) external {
        bool outermost = _beginInstrument();
        _setInstrument(account, _instrumentIds[msg.sender] - 1, held);
        if (outermost) _finish();
    }

    /// @inheritdoc IVaultOperations
    function touch(AccountId account) external {
        bool outermost = _beginInstrument();
        _touch(account, NEW_RISK, 0);
        if (outermost) _finish();
    }

    /// @inheritdoc IVaultOperations
    function requireCovered(AccountId account) external {
        bool outermost = _beginInstrument();
        _touch(account, NEW_RISK | REJUDGED, 0);
        if (outermost) _finish();
    }

    /// @inheritdoc IVaultOperations
    function operationNumber() external view returns (uint256) {
        return _operationNumber();
    }

    /// @inheritdoc IVaultOperations
    function locked() external view returns (bool) {
        return _isLocked();
    }

    /// @inheritdoc IVaultOperations
    function balanceOf(AccountId account, address token) external view returns (int256 amount) {
        // The liquidation engine asks for the backstop's balance while it plans a takeover, before anything has moved;
        // an instrument that acts asks what an account can pay at this moment.
        if (_isLocked() && msg.sender != address(LIQUIDATION_ENGINE)) {
            if (!_mayInstrumentAct() || _instrumentIds[msg.sender] == 0) revert Vault_Locked();
        }
        uint256 id = _custodyOf(token).id();
        amount = _rawBalance(account, id);
        if (amount < 0) amount = -int256(_debtOf(uint256(-amount), _poolOf(id).debtIndexNow()));
    }

    /// @dev Listed instruments enter the operation that has called one, or open one of their own. Not any that runs:
    /// whoever gets control in the middle of it (a receiver of ether, a token's callback) may have an instrument settle, and
    /// a plain operation ends without settling with the pools and checking what was touched.
    function _beginInstrument() private returns (bool outermost) {
        if (_instrumentIds[msg.sender] == 0) revert Vault_NotInstrument(msg.sender);
        if (!_mayInstrumentAct()) outermost = _beginBatch();
    }

    function _onlyLiquidationEngine() private view {
        if (msg.sender != address(LIQUIDATION_ENGINE)) revert Vault_NotLiquidationEngine(msg.sender);
    }

    // --- tokens in and out ---

    function _deposit(AccountId account, address token, uint256 amount) private {
        if (amount == 0) revert Vault_ZeroAmount();
        Custody custody = _mayAdd(account, token);
        _add(account, token, custody, _pull(token, amount));
    }

    /// @dev Takes the caller's tokens; what arrived counts.
    function _pull(address token, uint256 amount) private returns (uint256 received) {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(_caller(), address(this), amount);
        received = token.balanceOf(address(this)) - before;
        if (received == 0) revert Vault_NothingReceived(token);
    }

    /// @dev A new asset only its owner brings in, and not while paused (EXIT-1: what is held or owed may always be added to).
    function _mayAdd(AccountId account, address token) private view returns (Custody custody) {
        custody = _custodyOf(token);
        if (_rawBalance(account, custody.id()) == 0) {
            if (!_mayAct(account, _caller())) revert Vault_NotHeld(account, token);
            if (custody.isPaused()) revert Vault_Paused();
        }
    }

    function _add(AccountId account, address token, Custody custody, uint256 amount) private {
        uint256 id = custody.id();
        uint256 total = custody.total() + amount;
        // At the cap a deposit is welcome where it answers for debt: repaying it, or adding to the margin of an account in debt.
        if (total > custody.cap() && _rawBalance(account, id) >= 0) {
            if (_rawBalance(account, id) == 0 || !_hasRisk(account)) {
                revert Vault_SupplyCapExceeded(token, total, custody.cap());
            }
        }
        _receive(account, token, id, amount);
        emit Deposited(account, token, _caller(), amount);
    }

    /// @dev Credits tokens that have arrived: the part that repays goes on to the pool; only when the operation closes where
    /// the debt may be a payment of this operation, which the pool does not know of yet.
    function _receive(AccountId account, address token, uint256 id, uint256 amount) private {
        (uint256 principalDown, uint256 custodyUp) = _credit(account, id, amount);
        if (_isOpen(id)) {
            _addCustody(token, int256(amount));
            _book(id, 0, amount - custodyUp, 0, principalDown);
            return;
        }
        _addCustody(token, int256(custodyUp));
        if (principalDown == 0 && custodyUp == amount) return;
        ILendingPool pool = _poolOf(id);
        token.safeTransfer(address(pool), amount - custodyUp);
        pool.repayDebt(principalDown, amount - custodyUp);
    }

    /// @dev Takes tokens out of an account's balance, never more than it holds.
    function _withdraw(
        AccountId account,
        address token,
        uint256 amount,
        address to
    ) private returns (uint256 id, uint256 taken, bool paused) {
        _authorise(account);
        Custody custody = _custodyOf(token);
        id = custody.id();
        paused = custody.isPaused();
        int256 balance = _rawBalance(account, id);
        uint256 held = balance > 0 ? uint256(balance) : 0;
        if (amount == 0) revert Vault_ZeroAmount();
        taken = amount == type(uint256).max ? held : amount;
        if (taken > held || taken == 0) revert Vault_InsufficientBalance(token, amount, held);
        _send(account, token, id, taken, to);
        emit Withdrawn(account, token, to, taken, 0);
    }

    /// @dev Sends tokens out of custody first and from the pool for the rest.
    function _send(
        AccountId account,
        address token,
        uint256 id,
        uint256 amount,
        address to
    ) private returns (uint256 borrowed) {
        Pair pair;
        uint256 custodyDown;
        (pair, custodyDown, borrowed) = _split(account, id, amount);
        if (custodyDown != 0) {
            // A balance may be an internal payment of this operation that has not been drawn from the pool yet.
            if (id == SETTLEMENT && custodyDown > _custody[token].total()) _settleOpen();
            _addCustody(token, -int256(custodyDown));
            if (to != address(this)) token.safeTransfer(to, custodyDown);
        }
        uint256 principalUp;
        if (borrowed != 0) {
            Market market = _market[token];
            if (market.pool() == address(0)) revert Vault_NotBorrowable(token);
            uint256 index;
            uint256 debt;
            (principalUp, index, debt) = ILendingPool(market.pool()).borrowFor(borrowed, to);
            if (debt > market.debtCap()) revert Vault_DebtCapExceeded(token, debt, market.debtCap());
            _keepIndex(id, index);
        }
        _take(account, id, pair, custodyDown, principalUp);
    }
}
