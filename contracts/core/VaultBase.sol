// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVaultTypes} from "../../interfaces/IVault.sol";
import {AccountId} from "../../interfaces/Types.sol";
import {AccountStore} from "./AccountStore.sol";

/// @dev What the vault and its admin contract share: all storage, in one order, and who may act for an account.
abstract contract VaultBase is AccountStore {
    IRiskEngine internal immutable RISK_ENGINE;
    ILiquidationEngine internal immutable LIQUIDATION_ENGINE;

    /// @dev As the words of all assets have it.
    bool internal _paused;
    mapping(AccountId account => mapping(address operator => uint256)) internal _operatorExpiry;
    mapping(AccountId account => uint256) internal _operatorNonce;
    mapping(address adapter => bool) internal _adapterAllowed;
    /// @dev Id plus one; zero: not listed.
    mapping(address instrument => uint256) internal _instrumentIds;

    constructor(address riskEngine_, address liquidationEngine_) {
        RISK_ENGINE = IRiskEngine(riskEngine_);
        LIQUIDATION_ENGINE = ILiquidationEngine(liquidationEngine_);
    }

    function _mayAct(AccountId account, address caller) internal view returns (bool) {
        return account.owner() == caller || _operatorExpiry[account][caller] >= block.timestamp;
    }

    function _authorise(AccountId account) internal view {
        address caller = _caller();
        if (!_mayAct(account, caller)) revert IVaultTypes.Vault_NotAuthorised(account, caller);
    }
}
