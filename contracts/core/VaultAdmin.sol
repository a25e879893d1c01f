// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Governed} from "../access/Governed.sol";
import {IVaultAdmin} from "../../interfaces/IVault.sol";
import {AccountId, Holding} from "../../interfaces/Types.sol";
import {Custody, CustodyLib, HeaderLib, Market, MarketLib} from "./AccountWords.sol";
import {Operators} from "./Operators.sol";
import {VaultBase} from "./VaultBase.sol";

/// @notice The vault's operators, listings, caps, pause, and what others read. Nothing here moves a balance. The vault runs
/// this code on its own storage (VaultBase first, the roles behind it), so that what is called often stays small; called
/// at its own address it acts on nothing.
contract VaultAdmin is Operators, Governed {
    address private immutable BACKSTOP;
    bool private _initialised;

    error VaultAdmin_Initialised();

    /// @dev Roles at this address belong to nobody of use: the vault's are set by `initialise`.
    constructor(
        address riskEngine_,
        address liquidationEngine_,
        address backstop_
    ) VaultBase(riskEngine_, liquidationEngine_) Governed(address(1), address(0)) {
        BACKSTOP = backstop_;
    }

    /// @notice Sets the roles of a new vault, once, from its constructor.
    function initialise(address owner_, address guardian_) external {
        if (_initialised) revert VaultAdmin_Initialised();
        _initialised = true;
        if (owner_ == address(0)) revert OwnableInvalidOwner(owner_);
        _transferOwnership(owner_);
        _setGuardian(guardian_);
    }

    // --- governance ---

    /// @inheritdoc IVaultAdmin
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
        _pools[id] = pool;
        _setCaps(token, Custody.wrap(0), id, pool, supplyCap, debtCap);
        emit AssetListed(token, id, pool);
    }

    /// @inheritdoc IVaultAdmin
    function setCaps(address token, uint256 supplyCap, uint256 debtCap) external onlyOwner notLocked {
        Custody custody = _custodyOf(token);
        _setCaps(token, custody, custody.id(), _market[token].pool(), supplyCap, debtCap);
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
        Market market = MarketLib.pack(pool, debtCap, id).withPaused(_paused);
        emit CapsSet(token, old.cap(), supplyCap, _market[token].debtCap(), market.debtCap());
        _custody[token] = CustodyLib.pack(old.total(), supplyCap, id).withPaused(_paused);
        _market[token] = market;
    }

    /// @inheritdoc IVaultAdmin
    function listInstrument(address instrument) external onlyOwner notLocked returns (uint256 id) {
        if (_instrumentIds[instrument] != 0) revert Vault_AssetListed(instrument);
        id = _instrumentCount;
        if (id == 0 && instrument != RISK_ENGINE.portfolioMode()) revert Vault_NotPortfolioMode(instrument);
        if (id == HeaderLib.MAX_INSTRUMENTS) revert Vault_AssetLimit(HeaderLib.MAX_INSTRUMENTS);
        _instrumentCount = uint8(id + 1);
        _instruments[id] = instrument;
        _instrumentIds[instrument] = id + 1;
        emit InstrumentListed(instrument, id);
    }

    /// @inheritdoc IVaultAdmin
    function setSwapAdapter(address adapter, bool allowed) external onlyOwner notLocked {
        emit SwapAdapterSet(adapter, _adapterAllowed[adapter], allowed);
        _adapterAllowed[adapter] = allowed;
    }

    /// @inheritdoc IVaultAdmin
    function setPaused(bool paused_) external onlyGuardian {
        if (!paused_) _checkOwner();
        emit PausedSet(_paused, paused_);
        _paused = paused_;
        // Operations read it with the words of the asset that they need anyway.
        for (uint256 id = 0; id < _assetCount; ++id) {
            address token = _tokens[id];
            _custody[token] = _custody[token].withPaused(paused_);
            _market[token] = _market[token].withPaused(paused_);
        }
    }

    // --- views ---

    /// @inheritdoc IVaultAdmin
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

    /// @inheritdoc IVaultAdmin
    function assetInfo(address token) external view notLocked returns (AssetInfo memory info) {
        Custody custody = _custodyOf(token);
        Market market = _market[token];
        info = AssetInfo(custody.id(), market.pool(), custody.total(), custody.cap(), market.debtCap());
    }

    /// @inheritdoc IVaultAdmin
    function assetAt(uint256 id) external view returns (address token, address pool) {
        return (_tokens[id], _pools[id]);
    }

    /// @inheritdoc IVaultAdmin
    function assetCount() external view returns (uint256) {
        return _assetCount;
    }

    /// @inheritdoc IVaultAdmin
    function instrumentAt(uint256 id) external view returns (address) {
        return _instruments[id];
    }

    /// @inheritdoc IVaultAdmin
    function instrumentCount() external view returns (uint256) {
        return _instrumentCount;
    }

    /// @inheritdoc IVaultAdmin
    function paused() external view returns (bool) {
        return _paused;
    }

    /// @inheritdoc IVaultAdmin
    function liquidationEngine() external view returns (address) {
        return address(LIQUIDATION_ENGINE);
    }

    /// @inheritdoc IVaultAdmin
    function riskEngine() external view returns (address) {
        return address(RISK_ENGINE);
    }

    /// @inheritdoc IVaultAdmin
    function swapAdapterAllowed(address adapter) external view returns (bool) {
        return _adapterAllowed[adapter];
    }

    /// @inheritdoc IVaultAdmin
    function settlementAsset() external view returns (address) {
        return _tokens[SETTLEMENT];
    }

    /// @inheritdoc IVaultAdmin
    function backstop() external view returns (address) {
        return BACKSTOP;
    }

    /// @dev The vault itself closes operations; nothing here opens one.
    function _closeOperation() internal pure override {}
}
