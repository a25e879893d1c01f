// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC4626} from "solady/tokens/ERC4626.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {PoolAccounting} from "./PoolAccounting.sol";
import {MAX_AMOUNT} from "./PoolWords.sol";

/// @notice The lenders' side: ERC-4626 over the pool's books.
///
/// Price. Entries (deposit, mint) pay `assets + 1` per `supply + 10^6` shares. Exits (withdraw, redeem, and both
/// conversions) get the same less the flagged shortfalls, so that nobody leaves ahead of a loss that is known (LIQ-5).
/// The virtual million of shares and one unit of assets make the first depositor's attack cost a million times what it can
/// take; cash is counted, not measured, so a donation does not move the price at all.
///
/// Rounding goes against the caller everywhere (ROUND-1): shares and assets that he gets down, those that he gives up.
abstract contract PoolShares is PoolAccounting, ERC4626 {
    uint8 private constant MAX_ASSET_DECIMALS = 36;
    uint8 private constant DECIMALS_OFFSET = 6;
    uint256 private constant VIRTUAL_SHARES = 10 ** DECIMALS_OFFSET;
    /// @dev Far above what a live pool reaches; keeps sums of shares clear of overflow.
    uint256 private constant MAX_SUPPLY = type(uint192).max;

    address private immutable _ASSET;
    uint8 private immutable _ASSET_DECIMALS;
    bytes32 private immutable _NAME_HASH;

    string private _name;
    string private _symbol;

    /// @dev Sum of flagged shortfalls {tok}. Only exits read it, and only while it is not zero.
    uint256 internal _flagged;

    constructor(address asset_, string memory name_, string memory symbol_) {
        (bool answered, uint8 assetDecimals) = _tryGetAssetDecimals(asset_);
        if (asset_.code.length == 0 || assetDecimals > MAX_ASSET_DECIMALS) {
            revert LendingPool_WrongToken(asset_);
        }
        _ASSET = asset_;
        _ASSET_DECIMALS = answered ? assetDecimals : _DEFAULT_UNDERLYING_DECIMALS;
        _NAME_HASH = keccak256(bytes(name_));
        _name = name_;
        _symbol = symbol_;
    }

    // --- lenders ---

    /// @inheritdoc ERC4626
    function deposit(uint256 assets, address to) public override locked returns (uint256 shares) {
        Books memory books = _load();
        uint256 supply = totalSupply();
        shares = _sharesDown(assets, supply, _lendersAssets(books));
        _enter(books, to, assets, shares, supply);
    }

    /// @inheritdoc ERC4626
    function mint(uint256 shares, address to) public override locked returns (uint256 assets) {
        Books memory books = _load();
        uint256 supply = totalSupply();
        assets = _assetsUp(shares, supply, _lendersAssets(books));
        _enter(books, to, assets, shares, supply);
    }

    /// @inheritdoc ERC4626
    function withdraw(
        uint256 assets,
        address to,
        address owner_
    ) public override locked returns (uint256 shares) {
        Books memory books = _load();
        shares = _sharesUp(assets, totalSupply(), _exitAssets(books));
        _leave(books, to, owner_, assets, shares);
    }

    /// @inheritdoc ERC4626
    function redeem(
        uint256 shares,
        address to,
        address owner_
    ) public override locked returns (uint256 assets) {
        Books memory books = _load();
        assets = _assetsDown(shares, totalSupply(), _exitAssets(books));
        // Shares that are worth nothing now (all is flagged, or dust) are not burnt for nothing.
        if (assets == 0 && shares != 0) revert LendingPool_ZeroAssets();
        _leave(books, to, owner_, assets, shares);
    }

    // --- views: prices ---

    /// @inheritdoc ERC4626
    function totalAssets() public view override settled returns (uint256) {
        return _lendersAssets(_load());
    }

    /// @inheritdoc ERC4626
    function convertToShares(uint256 assets) public view override settled returns (uint256) {
        return _sharesDown(assets, totalSupply(), _exitAssets(_load()));
    }

    /// @inheritdoc ERC4626
    function convertToAssets(uint256 shares) public view override settled returns (uint256) {
        return _assetsDown(shares, totalSupply(), _exitAssets(_load()));
    }

    /// @inheritdoc ERC4626
    function previewDeposit(uint256 assets) public view override settled returns (uint256) {
        return _sharesDown(assets, totalSupply(), _lendersAssets(_load()));
    }

    /// @inheritdoc ERC4626
    function previewMint(uint256 shares) public view override settled returns (uint256) {
        return _assetsUp(shares, totalSupply(), _lendersAssets(_load()));
    }

    /// @inheritdoc ERC4626
    function previewWithdraw(uint256 assets) public view override settled returns (uint256) {
        return _sharesUp(assets, totalSupply(), _exitAssets(_load()));
    }

    /// @inheritdoc ERC4626
    function previewRedeem(uint256 shares) public view override settled returns (uint256) {
        return _assetsDown(shares, totalSupply(), _exitAssets(_load()));
    }

    // --- views: limits ---

    /// @inheritdoc ERC4626
    function maxDeposit(address) public view override returns (uint256) {
        if (_isLocked()) return 0;
        Books memory books = _load();
        uint256 supply = totalSupply();
        return
            FixedPointMathLib.min(
                MAX_AMOUNT - books.cash,
                _mulDivDownCapped(MAX_SUPPLY - supply, _lendersAssets(books) + 1, supply + VIRTUAL_SHARES)
            );
    }

    /// @inheritdoc ERC4626
    function maxMint(address) public view override returns (uint256) {
        if (_isLocked()) return 0;
        Books memory books = _load();
        uint256 supply = totalSupply();
        return
            FixedPointMathLib.min(
                MAX_SUPPLY - supply,
                _mulDivDownCapped(MAX_AMOUNT - books.cash, supply + VIRTUAL_SHARES, _lendersAssets(books) + 1)
            );
    }

    /// @inheritdoc ERC4626
    function maxWithdraw(address owner_) public view override returns (uint256) {
        if (_isLocked()) return 0;
        Books memory books = _load();
        return
            FixedPointMathLib.min(
                books.cash,
                _assetsDown(balanceOf(owner_), totalSupply(), _exitAssets(books))
            );
    }

    /// @inheritdoc ERC4626
    function maxRedeem(address owner_) public view override returns (uint256) {
        if (_isLocked()) return 0;
        Books memory books = _load();
        uint256 shares = balanceOf(owner_);
        uint256 supply = totalSupply();
        uint256 worth = _exitAssets(books);
        // No overflow: less than `shares` when the cash is less than what they are worth.
        if (_assetsDown(shares, supply, worth) > books.cash) shares = _sharesDown(books.cash, supply, worth);
        return _assetsDown(shares, supply, worth) == 0 ? 0 : shares;
    }

    // --- views: token ---

    /// @inheritdoc ERC4626
    function asset() public view override returns (address) {
        return _ASSET;
    }

    function name() public view override returns (string memory) {
        return _name;
    }

    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @inheritdoc ILendingPool
    function flagged() external view returns (uint256) {
        return _flagged;
    }

    // --- internal ---

    /// @dev Books and shares first, then the transfer; the lock keeps everybody out until the tokens are counted.
    function _enter(Books memory books, address to, uint256 assets, uint256 shares, uint256 supply) private {
        if (shares == 0) revert LendingPool_ZeroShares();
        unchecked {
            if (shares > MAX_SUPPLY - supply || assets > MAX_AMOUNT - books.cash) revert DepositMoreThanMax();
            books.cash += assets;
        }
        _store(books);
        _mint(to, shares);
        SafeTransferLib.safeTransferFrom(_ASSET, msg.sender, address(this), assets);
        _checkReceived(books.cash);
        emit Deposit(msg.sender, to, assets, shares);
    }

    function _leave(Books memory books, address to, address owner_, uint256 assets, uint256 shares) private {
        if (msg.sender != owner_) _spendAllowance(owner_, msg.sender, shares);
        _takeCash(books, assets);
        _store(books);
        _burn(owner_, shares);
        SafeTransferLib.safeTransfer(_ASSET, to, assets);
        emit Withdraw(msg.sender, to, owner_, assets, shares);
    }

    /// @dev Tokens that were said to come did come: refuses fee-on-transfer tokens and missing repayments alike.
    function _checkReceived(uint256 accounted) internal view {
        uint256 balance = SafeTransferLib.balanceOf(_ASSET, address(this));
        if (balance < accounted) revert LendingPool_TransferShort(balance, accounted);
    }

    /// @dev Lenders' assets net of flagged shortfalls.
    function _exitAssets(Books memory books) private view returns (uint256) {
        uint256 assets = _lendersAssets(books);
        return books.before.hasFlags() == 0 ? assets : FixedPointMathLib.zeroFloorSub(assets, _flagged);
    }

    // Bounds of the four below: supply < 2^192, worth < 2^150. A product of any size is handled, a result that does not
    // fit reverts.

    function _sharesDown(uint256 assets, uint256 supply, uint256 worth) private pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.fullMulDiv(assets, supply + VIRTUAL_SHARES, worth + 1);
        }
    }

    function _sharesUp(uint256 assets, uint256 supply, uint256 worth) private pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.fullMulDivUp(assets, supply + VIRTUAL_SHARES, worth + 1);
        }
    }

    function _assetsDown(uint256 shares, uint256 supply, uint256 worth) private pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.fullMulDiv(shares, worth + 1, supply + VIRTUAL_SHARES);
        }
    }

    function _assetsUp(uint256 shares, uint256 supply, uint256 worth) private pure returns (uint256) {
        unchecked {
            return FixedPointMathLib.fullMulDivUp(shares, worth + 1, supply + VIRTUAL_SHARES);
        }
    }

    /// @dev x * y / d; the largest number where that does not fit, so that limits never revert.
    function _mulDivDownCapped(uint256 x, uint256 y, uint256 d) private pure returns (uint256) {
        uint256 high;
        assembly ("memory-safe") {
            // Upper word of the product: (x * y mod 2^256 - 1) - (x * y mod 2^256), less a borrow.
            let low := mul(x, y)
            let remainder := mulmod(x, y, not(0))
            high := sub(sub(remainder, low), lt(remainder, low))
        }
        return high >= d ? type(uint256).max : FixedPointMathLib.fullMulDiv(x, y, d);
    }

    function _underlyingDecimals() internal view override returns (uint8) {
        return _ASSET_DECIMALS;
    }

    function _decimalsOffset() internal pure override returns (uint8) {
        return DECIMALS_OFFSET;
    }

    function _constantNameHash() internal view override returns (bytes32) {
        return _NAME_HASH;
    }

    /// @dev Nobody holds an allowance that was not given.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }
}
