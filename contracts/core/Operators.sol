// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IVault} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {OperationLock} from "./OperationLock.sol";

/// @dev Who may act for an account: its owner, and operators until their approval expires.
abstract contract Operators is IVault, OperationLock, EIP712 {
    bytes32 private constant SET_OPERATOR_TYPEHASH = keccak256(
        "SetOperator(bytes32 account,address operator,uint256 expiry,uint256 nonce,uint256 deadline)"
    );

    /// @inheritdoc IVault
    mapping(AccountId account => mapping(address operator => uint256)) public operatorExpiry;
    /// @inheritdoc IVault
    mapping(AccountId account => uint256) public operatorNonce;

    /// @inheritdoc IVault
    function setOperator(AccountId account, address operator, uint256 expiry) external {
        if (account.owner() != _caller()) revert Vault_NotAuthorised(account, _caller());
        _setOperator(account, operator, expiry);
    }

    /// @inheritdoc IVault
    function setOperatorBySig(
        AccountId account,
        address operator,
        uint256 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert Vault_SignatureExpired(deadline);
        bytes32 digest = _hashTypedData(
            keccak256(
                abi.encode(
                    SET_OPERATOR_TYPEHASH,
                    account,
                    operator,
                    expiry,
                    operatorNonce[account]++,
                    deadline
                )
            )
        );
        if (!SignatureCheckerLib.isValidSignatureNowCalldata(account.owner(), digest, signature)) {
            revert Vault_BadSignature(account);
        }
        _setOperator(account, operator, expiry);
    }

    function _setOperator(AccountId account, address operator, uint256 expiry) private {
        emit OperatorSet(account, operator, operatorExpiry[account][operator], expiry);
        operatorExpiry[account][operator] = expiry;
    }

    function _mayAct(AccountId account, address caller) internal view returns (bool) {
        return account.owner() == caller || operatorExpiry[account][caller] >= block.timestamp;
    }

    function _authorise(AccountId account) internal view {
        address caller = _caller();
        if (!_mayAct(account, caller)) revert Vault_NotAuthorised(account, caller);
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Keel Vault", "1");
    }
}
