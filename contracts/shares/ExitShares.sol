// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IExitShares} from "../../interfaces/IExitShares.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib} from "../../interfaces/Types.sol";

/// @notice ERC-4626 over the settlement tokens in the contract's own vault account, with a way out that takes time. What the
/// shares are worth to who enters (`_entryAssets`) and to who leaves (`_exitAssets`) its children say.
///
/// Price. `assets + 1` per `supply + 10^6` shares: the virtual million of shares and one unit of assets make an inflated
/// first share cost a million times what it can take.
///
/// Leaving. A request, a cooldown, a window that expires. Requested shares stay where they are, take part in every loss
/// until they leave, and cannot be transferred as long as the request lives: each share leaves by one request only.
abstract contract ExitShares is ERC4626, ReentrancyGuardTransient, IExitShares {
    using FixedPointMathLib for uint256;
    using SafeTransferLib for address;

    uint8 private constant DECIMALS_OFFSET = 6;
    uint256 private constant VIRTUAL_SHARES = 10 ** DECIMALS_OFFSET;
    /// @dev Far above what a live fund reaches; keeps products and sums of shares clear of overflow.
    uint256 private constant MAX_SUPPLY = type(uint192).max;
    /// @dev What an account of the vault can hold.
    uint256 private constant MAX_ASSETS = uint256(uint112(type(int112).max));
    uint256 private constant MIN_COOLDOWN = 1 days;
    uint256 private constant MAX_COOLDOWN = 60 days;
    uint256 private constant MIN_WINDOW = 1 hours;
    uint256 private constant MAX_WINDOW = 14 days;

    IVault internal immutable VAULT;
    /// @dev The contract's vault account.
    AccountId internal immutable ACCOUNT;
    address private immutable _ASSET;
    uint8 private immutable _ASSET_DECIMALS;

    string private _name;
    string private _symbol;

    /// @notice Seconds between a request and its window.
    uint256 public cooldown;
    /// @notice Seconds for which a window is open.
    uint256 public window;
    mapping(address owner => Exit) private _exits;

    constructor(
        address vault_,
        address asset_,
        string memory name_,
        string memory symbol_,
        uint256 cooldown_,
        uint256 window_
    ) {
        VAULT = IVault(vault_);
        ACCOUNT = AccountIdLib.id(address(this), 0);
        _ASSET = asset_;
        (, _ASSET_DECIMALS) = _tryGetAssetDecimals(asset_);
        _name = name_;
        _symbol = symbol_;
        asset_.safeApprove(vault_, type(uint256).max);
        _setCooldown(cooldown_, window_);
    }

    // --- holders ---

    /// @inheritdoc IExitShares
    function requestExit(uint256 shares) external {
        if (shares == 0) revert ExitShares_ZeroShares();
        uint256 balance = balanceOf(msg.sender);
        if (shares > balance) revert ExitShares_Locked(msg.sender, shares, balance);
        uint256 opensAt = block.timestamp + cooldown;
        uint256 closesAt = opensAt + window;
        _exits[msg.sender] = Exit(shares, opensAt, closesAt);
        emit ExitRequested(msg.sender, shares, opensAt, closesAt);
    }

    /// @inheritdoc IExitShares
    function cancelExit() external {
        delete _exits[msg.sender];
        emit ExitCancelled(msg.sender);
    }

    /// @inheritdoc ERC4626
    function deposit(
        uint256 assets,
        address to
    ) public virtual override nonReentrant returns (uint256 shares) {
        shares = previewDeposit(assets);
        _enter(to, assets, shares);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address to) public virtual override nonReentrant returns (uint256 assets) {
        assets = previewMint(shares);
        _enter(to, assets, shares);
    }

    /// @inheritdoc ERC4626
    function withdraw(
        uint256 assets,
        address to,
        address owner_
    ) public virtual override nonReentrant returns (uint256 shares) {
        shares = previewWithdraw(assets);
        _leave(to, owner_, assets, shares);
    }

    /// @inheritdoc ERC4626
    function redeem(
        uint256 shares,
        address to,
        address owner_
    ) public virtual override nonReentrant returns (uint256 assets) {
        assets = previewRedeem(shares);
        _leave(to, owner_, assets, shares);
    }

    // --- views: prices (revert while an operation of the vault is half-done) ---

    /// @inheritdoc ERC4626
    function totalAssets() public view virtual override returns (uint256) {
        int256 balance = VAULT.balanceOf(ACCOUNT, _ASSET);
        return balance > 0 ? uint256(balance) : 0;
    }

    /// @inheritdoc ERC4626
    function convertToShares(uint256 assets) public view override returns (uint256) {
        return assets.fullMulDiv(totalSupply() + VIRTUAL_SHARES, _exitAssets() + 1);
    }

    /// @inheritdoc ERC4626
    function convertToAssets(uint256 shares) public view override returns (uint256) {
        return previewRedeem(shares);
    }

    /// @inheritdoc ERC4626
    function previewDeposit(uint256 assets) public view override returns (uint256) {
        return assets.fullMulDiv(totalSupply() + VIRTUAL_SHARES, _entryAssets() + 1);
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256 shares) public view override returns (uint256) {
        return shares.fullMulDivUp(_entryAssets() + 1, totalSupply() + VIRTUAL_SHARES);
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256 assets) public view override returns (uint256) {
        return assets.fullMulDivUp(totalSupply() + VIRTUAL_SHARES, _exitAssets() + 1);
    }

    /// @inheritdoc ERC4626
    function previewRedeem(uint256 shares) public view override returns (uint256) {
        return shares.fullMulDiv(_exitAssets() + 1, totalSupply() + VIRTUAL_SHARES);
    }

    // --- views: limits (never revert) ---

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view virtual override returns (uint256) {
        if (VAULT.locked()) return 0;
        uint256 assets = totalAssets();
        if (VAULT.paused() && assets == 0) return 0;
        IVault.AssetInfo memory info = VAULT.assetInfo(_ASSET);
        uint256 supply = totalSupply();
        return
            info.supplyCap.zeroFloorSub(info.total).min(MAX_ASSETS.zeroFloorSub(assets)).min(
                _mulDivDownCapped(MAX_SUPPLY.zeroFloorSub(supply), assets + 1, supply + VIRTUAL_SHARES)
            );
    }

    /// @inheritdoc ERC4626
    function maxMint(address to) public view override returns (uint256) {
        uint256 assets = maxDeposit(to);
        if (assets == 0) return 0;
        // What the price is made of may refuse to answer in the middle of an operation.
        try this.previewDeposit(assets) returns (uint256 shares) {
            return shares;
        } catch {
            return 0;
        }
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address owner_) public view override returns (uint256) {
        uint256 shares = maxRedeem(owner_);
        return shares == 0 ? 0 : previewRedeem(shares);
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address owner_) public view virtual override returns (uint256) {
        if (VAULT.locked()) return 0;
        Exit storage exit = _exits[owner_];
        if (block.timestamp < exit.opensAt || block.timestamp > exit.closesAt) return 0;
        return balanceOf(owner_).min(exit.shares);
    }

    /// @inheritdoc IExitShares
    function exitOf(address owner_) external view returns (Exit memory) {
        return _exits[owner_];
    }

    /// @inheritdoc ERC4626
    function asset() public view override returns (address) {
        return _ASSET;
    }

    /// @inheritdoc ERC20
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @inheritdoc ERC20
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    // --- internal ---

    function _enter(address to, uint256 assets, uint256 shares) private {
        if (shares == 0) revert ExitShares_ZeroShares();
        _beforeEntry();
        uint256 supply = totalSupply() + shares;
        if (supply > MAX_SUPPLY) revert ExitShares_OutOfRange("totalSupply", supply, 0, MAX_SUPPLY);
        _pull(msg.sender, assets);
        _mint(to, shares);
        emit Deposit(msg.sender, to, assets, shares);
    }

    function _leave(address to, address owner_, uint256 assets, uint256 shares) private {
        Exit storage exit = _exits[owner_];
        if (block.timestamp < exit.opensAt || block.timestamp > exit.closesAt || shares > exit.shares) {
            revert ExitShares_NotOpen(owner_, shares, exit.opensAt, exit.closesAt, exit.shares);
        }
        _beforeExit();
        // Shares that are worth nothing now (all is flagged, or dust) are not burnt for nothing.
        if (assets == 0) revert ExitShares_ZeroAssets();
        if (msg.sender != owner_) _spendAllowance(owner_, msg.sender, shares);
        exit.shares -= shares;
        _burn(owner_, shares);
        emit Withdraw(msg.sender, to, owner_, assets, shares);
        VAULT.withdraw(ACCOUNT, _ASSET, assets, to);
    }

    /// @dev Brings settlement tokens into the vault account; all of them arrive. What the account holds does not tell: where
    /// it is in debt they repay that first.
    function _pull(address from, uint256 amount) internal {
        uint256 before = _ASSET.balanceOf(address(this));
        _ASSET.safeTransferFrom(from, address(this), amount);
        uint256 received = _ASSET.balanceOf(address(this)) - before;
        if (received < amount) revert ExitShares_TransferShort(received, amount);
        VAULT.deposit(ACCOUNT, _ASSET, amount);
    }

    /// @dev What all shares are worth to who enters {tok}.
    function _entryAssets() internal view virtual returns (uint256);

    /// @dev What all shares are worth to who leaves {tok}; never above `_entryAssets`.
    function _exitAssets() internal view virtual returns (uint256);

    /// @dev Reverts where nobody may enter.
    function _beforeEntry() internal view virtual {}

    /// @dev Reverts where nobody may leave.
    function _beforeExit() internal view virtual {}

    /// @dev Requests that were made before keep their times.
    function _setCooldown(uint256 cooldown_, uint256 window_) internal {
        if (cooldown_ < MIN_COOLDOWN || cooldown_ > MAX_COOLDOWN) {
            revert ExitShares_OutOfRange("cooldown", cooldown_, MIN_COOLDOWN, MAX_COOLDOWN);
        }
        if (window_ < MIN_WINDOW || window_ > MAX_WINDOW) {
            revert ExitShares_OutOfRange("window", window_, MIN_WINDOW, MAX_WINDOW);
        }
        emit CooldownSet(cooldown, cooldown_, window, window_);
        cooldown = cooldown_;
        window = window_;
    }

    /// @dev Requested shares do not move, except to leave.
    function _beforeTokenTransfer(address from, address to, uint256 amount) internal view override {
        if (from == address(0) || to == address(0)) return;
        Exit storage exit = _exits[from];
        if (exit.shares == 0 || block.timestamp > exit.closesAt) return;
        uint256 free = balanceOf(from).zeroFloorSub(exit.shares);
        if (amount > free) revert ExitShares_Locked(from, amount, free);
    }

    /// @dev x * y / d; the largest number where that may not fit, so that limits never revert.
    function _mulDivDownCapped(uint256 x, uint256 y, uint256 d) private pure returns (uint256) {
        return x / d >= type(uint256).max / y ? type(uint256).max : x.fullMulDiv(y, d);
    }

    function _underlyingDecimals() internal view override returns (uint8) {
        return _ASSET_DECIMALS;
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return DECIMALS_OFFSET;
    }

    /// @dev Nobody holds an allowance that was not given.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
