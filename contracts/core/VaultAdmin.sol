// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governed} from "../access/Governed.sol";
import {ILiquidationEngine} from "../../interfaces/ILiquidationEngine.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, Holding} from "../../interfaces/Types.sol";
import {Custody, CustodyLib, HeaderLib, Market, MarketLib} from "./AccountWords.sol";
import {Operators} from "./Operators.sol";
import {SolvencyCheck} from "./SolvencyCheck.sol";

/// @dev Listings, caps, pause, and what others may read. Nothing here moves a balance.
abstract contract VaultAdmin is Operators, SolvencyCheck, Governed {
    /// @inheritdoc IVault
    mapping(address adapter => bool) public swapAdapterAllowed;
    /// @dev Id plus one; zero: not listed.
    mapping(address instrument => uint256) internal _instrumentIds;

    ILiquidationEngine internal immutable LIQUIDATION_ENGINE;

    constructor(
        address owner_,
        address guardian_,
        address riskEngine_,
        address liquidationEngine_
    ) Governed(owner_, guardian_) SolvencyCheck(riskEngine_) {
        LIQUIDATION_ENGINE = ILiquidationEngine(liquidationEngine_);
    }

    // --- governance ---

    /// @inheritdoc IVault
    function listAsset(
        address token,
        address pool,
        uint256 supplyCap,
        uint256 debtCap
    ) external onlyOwner notLocked returns (uint256 id) {
        if (_custody[token].isListed()) revert Vault_AssetListed(token);
        id = _assetCount;
        if (id == HeaderLib.MAX_ASSETS) revert Vault_AssetLimit(HeaderLib.MAX_ASSETS);
        _assetCount = uint8(id + 1);
        _tokens[id] = token;
        _setCaps(token, Custody.wrap(0), id, pool, supplyCap, debtCap);
        emit AssetListed(token, id, pool);
    }

    /// @inheritdoc IVault
    function setCaps(address token, uint256 supplyCap, uint256 debtCap) external onlyOwner notLocked {
        Custody custody = _custodyOf(token);
        _setCaps(token, custody, custody.id(), _markets[custody.id()].pool(), supplyCap, debtCap);
    }

    function _setCaps(
        address token,
        Custody old,
        uint256 id,
        address pool,
        uint256 supplyCap,
        uint256 debtCap
    ) private {
        if (supplyCap > CustodyLib.MAX_TOTAL) revert Vault_AmountOutOfRange(supplyCap, CustodyLib.MAX_TOTAL);
        Market market = MarketLib.pack(pool, debtCap);
        emit CapsSet(token, old.cap(), supplyCap, _markets[id].debtCap(), market.debtCap());
        _custody[token] = CustodyLib.pack(old.total(), supplyCap, id);
        _markets[id] = market;
    }

    /// @inheritdoc IVault
    function listInstrument(address instrument) external onlyOwner notLocked returns (uint256 id) {
        if (_instrumentIds[instrument] != 0) revert Vault_AssetListed(instrument);
        id = _instrumentCount;
        if (id == HeaderLib.MAX_INSTRUMENTS) revert Vault_AssetLimit(HeaderLib.MAX_INSTRUMENTS);
        _instrumentCount = uint8(id + 1);
        _instruments[id] = instrument;
        _instrumentIds[instrument] = id + 1;
        emit InstrumentListed(instrument, id);
    }

    /// @inheritdoc IVault
    function setSwapAdapter(address adapter, bool allowed) external onlyOwner notLocked {
        emit SwapAdapterSet(adapter, swapAdapterAllowed[adapter], allowed);
        swapAdapterAllowed[adapter] = allowed;
    }

    /// @inheritdoc IVault
    function setPaused(bool paused_) external onlyGuardian {
        if (!paused_) _checkOwner();
        emit PausedSet(_paused, paused_);
        _paused = paused_;
    }

    // --- views ---

    /// @inheritdoc IVault
    function holdings(
        AccountId account
    )
        external
        view
        notLocked
        returns (Holding[] memory list, address[] memory instruments, uint256 riskRaisedAt)
    {
        (list, instruments, riskRaisedAt, ) = _gather(account, false);
    }

    /// @inheritdoc IVault
    function balanceOf(AccountId account, address token) external view returns (int256 amount) {
        // The liquidation engine asks for the backstop's balance while it plans a takeover, before anything has moved.
        if (_isLocked() && msg.sender != address(LIQUIDATION_ENGINE)) revert Vault_Locked();
        uint256 id = _custodyOf(token).id();
        amount = _rawBalance(account, id);
        if (amount < 0) amount = -int256(_debtOf(uint256(-amount), _poolOf(id).debtIndex()));
    }

    /// @inheritdoc IVault
    function assetInfo(address token) external view returns (AssetInfo memory info) {
        Custody custody = _custodyOf(token);
        Market market = _markets[custody.id()];
        info = AssetInfo(custody.id(), market.pool(), custody.total(), custody.cap(), market.debtCap());
    }

    /// @inheritdoc IVault
    function assetAt(uint256 id) external view returns (address token, address pool) {
        return (_tokens[id], _markets[id].pool());
    }

    /// @inheritdoc IVault
    function assetCount() external view returns (uint256) {
        return _assetCount;
    }

    /// @inheritdoc IVault
    function instrumentAt(uint256 id) external view returns (address) {
        return _instruments[id];
    }

    /// @inheritdoc IVault
    function instrumentCount() external view returns (uint256) {
        return _instrumentCount;
    }

    /// @inheritdoc IVault
    function paused() external view returns (bool) {
        return _paused;
    }

    /// @inheritdoc IVault
    function locked() external view returns (bool) {
        return _isLocked();
    }

    /// @inheritdoc IVault
    function liquidationEngine() external view returns (address) {
        return address(LIQUIDATION_ENGINE);
    }

    /// @inheritdoc IVault
    function riskEngine() external view returns (address) {
        return address(RISK_ENGINE);
    }
}
