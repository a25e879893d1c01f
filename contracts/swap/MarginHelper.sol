// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVault, IVaultOperations, IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";

/// @notice Opens and closes leveraged positions, long or short, in one transaction with plain arguments, for wallets that
/// do not encode batches. It keeps nothing and may do nothing on its own: it acts for an account only when the account's
/// owner (or operator) calls, and needs to be the account's operator at the vault.
contract MarginHelper {
    using SafeTransferLib for address;

    /// @param sell asset that is spent; borrowed where the account lacks it (long: the debt asset; short: the underlying)
    /// @param buy asset that is bought
    /// @param amount how much of `sell` to spend {tok}
    /// @param limit least of `buy` to receive {tok}
    /// @param maxLossWad most value the swap may lose against the oracle, as a share
    /// @param adapter listed swap adapter
    /// @param route the adapter's own encoding
    struct Trade {
        address sell;
        address buy;
        uint256 amount;
        uint256 limit;
        uint256 maxLossWad;
        address adapter;
        bytes route;
    }

    IVault public immutable VAULT;

    event Opened(
        AccountId indexed account,
        address indexed sell,
        address indexed buy,
        uint256 sold,
        uint256 bought
    );
    event Closed(
        AccountId indexed account,
        address indexed sell,
        address indexed buy,
        uint256 sold,
        uint256 bought
    );

    error MarginHelper_NotAuthorised(AccountId account, address caller);
    error MarginHelper_NoDebt(AccountId account, address token);
    error MarginHelper_PriceNotFresh(address token);

    constructor(address vault) {
        VAULT = IVault(vault);
    }

    /// @notice Deposits the margin, which the caller has approved to this contract, and trades: one batch, one check.
    /// @param margin token of the margin; `marginAmount` zero trades on what the account holds
    /// @return bought {tok}
    function open(
        AccountId account,
        address margin,
        uint256 marginAmount,
        Trade calldata trade
    ) external returns (uint256 bought) {
        _authorise(account);
        bool deposits = marginAmount != 0;
        bytes[] memory calls = new bytes[](deposits ? 2 : 1);
        if (deposits) {
            uint256 before = margin.balanceOf(address(this));
            margin.safeTransferFrom(msg.sender, address(this), marginAmount);
            uint256 received = margin.balanceOf(address(this)) - before;
            margin.safeApproveWithRetry(address(VAULT), received);
            calls[0] = abi.encodeCall(IVaultOperations.deposit, (account, margin, received));
        }
        calls[calls.length - 1] = _encodeSwap(account, trade, false, trade.amount, trade.limit);
        bytes[] memory results = VAULT.execute(calls);
        uint256 sold;
        (sold, bought) = abi.decode(results[results.length - 1], (uint256, uint256));
        emit Opened(account, trade.sell, trade.buy, sold, bought);
    }

    /// @notice Buys back the whole debt in `trade.buy` with at most `trade.limit` of `trade.sell`, and sends what
    /// the account then holds of `sell` and `buy` to `to` (zero address: it stays). `trade.amount` is ignored.
    /// @return sold {tok}
    function close(AccountId account, Trade calldata trade, address to) external returns (uint256 sold) {
        _authorise(account);
        int256 debt = -VAULT.balanceOf(account, trade.buy);
        if (debt <= 0) revert MarginHelper_NoDebt(account, trade.buy);
        bytes[] memory calls = new bytes[](1);
        calls[0] = _encodeSwap(account, trade, true, uint256(debt), trade.limit);
        bytes[] memory results = VAULT.execute(calls);
        (sold, ) = abi.decode(results[0], (uint256, uint256));
        if (to != address(0)) {
            _withdrawAll(account, trade.sell, to);
            _withdrawAll(account, trade.buy, to);
        }
        emit Closed(account, trade.sell, trade.buy, sold, uint256(debt));
    }

    /// @notice How much of `token` is worth `multipleWad` times a margin, at the oracle's prices: the `amount` of a trade
    /// that reaches a leverage. A long with margin in the debt asset spends the margin too: leverage 4 is a multiple of
    /// 4; with margin in the asset bought, or a short, leverage 4 is 3 (4 for a short of four times the margin).
    function amountFor(
        address margin,
        uint256 marginAmount,
        address token,
        uint256 multipleWad
    ) external view returns (uint256) {
        uint256 marginValue = _freshValue(margin, marginAmount);
        // A large sample keeps the price's precision for tokens of few decimals.
        uint256 sample = 1e30;
        uint256 sampleValue = _freshValue(token, sample);
        return
            FixedPointMathLib.fullMulDiv(
                FixedPointMathLib.fullMulDiv(marginValue, multipleWad, 1e18),
                sample,
                sampleValue
            );
    }

    function _freshValue(address token, uint256 amount) private view returns (uint256 valueWad) {
        PriceStatus status;
        (valueWad, , , status) = IRiskEngine(VAULT.riskEngine()).valueOf(VAULT.assetInfo(token).id, amount);
        if (status != PriceStatus.FRESH) revert MarginHelper_PriceNotFresh(token);
    }

    function _encodeSwap(
        AccountId account,
        Trade calldata trade,
        bool exactOut,
        uint256 amount,
        uint256 limit
    ) private pure returns (bytes memory) {
        IVaultTypes.Swap memory params = IVaultTypes.Swap(
            trade.adapter,
            trade.sell,
            trade.buy,
            exactOut,
            amount,
            limit,
            trade.maxLossWad,
            trade.route
        );
        return abi.encodeCall(IVaultOperations.swap, (account, params));
    }

    function _withdrawAll(AccountId account, address token, address to) private {
        if (VAULT.balanceOf(account, token) > 0) VAULT.withdraw(account, token, type(uint256).max, to);
    }

    function _authorise(AccountId account) private view {
        if (account.owner() != msg.sender && VAULT.operatorExpiry(account, msg.sender) < block.timestamp) {
            revert MarginHelper_NotAuthorised(account, msg.sender);
        }
    }
}
