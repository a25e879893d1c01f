// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IMarketBooks} from "../../../interfaces/IMarketBooks.sol";
import {AccountId, AccountIdLib} from "../../../interfaces/Types.sol";
import {Governed} from "../../access/Governed.sol";
import {Claims} from "./Claims.sol";

/// @dev What governance of every market sets, and where its fees go.
abstract contract MarketGovernance is IMarketBooks, Claims, Governed {
    using FixedPointMathLib for uint256;

    /// @inheritdoc IMarketBooks
    function collectFees() external returns (uint256 amount) {
        _requireUnlocked();
        amount = (uint256(_till.fees) / uint256(TOKEN)).min(_freeCash());
        if (amount == 0) return 0;
        _addFees(-int256(amount) * TOKEN);
        _addCash(-int256(amount));
        AccountId other = _feeAccount;
        bool shared = AccountId.unwrap(other) != 0;
        uint256 toBackstop = shared ? amount.fullMulDivUp(_backstopShareWad(), WAD) : amount;
        emit FeesCollected(toBackstop, amount - toBackstop);
        if (toBackstop != 0) VAULT.instrumentPay(_own(), AccountIdLib.id(VAULT.backstop(), 0), toBackstop);
        if (amount != toBackstop) VAULT.instrumentPay(_own(), other, amount - toBackstop);
    }

    /// @inheritdoc IMarketBooks
    function setOrders(address orders_) external onlyOwner {
        emit OrdersSet(_orders, orders_);
        _orders = orders_;
    }

    /// @inheritdoc IMarketBooks
    function setFeeAccount(AccountId account) external onlyOwner {
        emit FeeAccountSet(_feeAccount, account);
        _feeAccount = account;
    }

    /// @inheritdoc IMarketBooks
    function orders() external view returns (address) {
        return _orders;
    }

    /// @inheritdoc IMarketBooks
    function feeAccount() external view returns (AccountId) {
        return _feeAccount;
    }

    /// @dev Part of the fees that goes to the backstop.
    function _backstopShareWad() internal view virtual returns (uint256);
}
