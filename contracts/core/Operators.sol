// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EIP712} from "solady/utils/EIP712.sol";
import {SignatureCheckerLib} from "solady/utils/SignatureCheckerLib.sol";

import {IVaultAdmin} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {VaultBase} from "./VaultBase.sol";

/// @dev Approvals of operators, who may act for an account beside its owner until they expire.
abstract contract Operators is IVaultAdmin, VaultBase, EIP712 {
    bytes32 private constant SET_OPERATOR_TYPEHASH = keccak256(
        "SetOperator(bytes32 account,address operator,uint256 expiry,uint256 nonce,uint256 deadline)"
    );

    /// @inheritdoc IVaultAdmin
    function setOperator(AccountId account, address operator, uint256 expiry) external {
        if (account.owner() != _caller()) revert Vault_NotAuthorised(account, _caller());
        _setOperator(account, operator, expiry);
    }

    /// @inheritdoc IVaultAdmin
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
                    _operatorNonce[account]++,
                    deadline
                )
            )
        );
        if (!SignatureCheckerLib.isValidSignatureNowCalldata(account.owner(), digest, signature)) {
            revert Vault_BadSignature(account);
        }
        _setOperator(account, operator, expiry);
    }

    /// @inheritdoc IVaultAdmin
    function operatorExpiry(AccountId account, address operator) external view returns (uint256) {
        return _operatorExpiry[account][operator];
    }

    /// @inheritdoc IVaultAdmin
    function operatorNonce(AccountId account) external view returns (uint256) {
        return _operatorNonce[account];
    }

    function _setOperator(AccountId account, address operator, uint256 expiry) private {
        emit OperatorSet(account, operator, _operatorExpiry[account][operator], expiry);
        _operatorExpiry[account][operator] = expiry;
    }

    function _domainNameAndVersion() internal pure override returns (string memory, string memory) {
        return ("Keel Vault", "1");
    }
}
