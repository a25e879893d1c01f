// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {ERC4626} from "solady/tokens/ERC4626.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

/// @notice ERC-4626 share of another token, which also answers as wstETH does. Its rate rises when anybody donates the
/// token and falls when anybody has it lose some.
contract MockShareToken is ERC4626 {
    using SafeTransferLib for address;

    address private constant BURNT = 0x000000000000000000000000000000000000dEaD;

    address private immutable _asset;
    uint8 private immutable _assetDecimals;
    string private _name;
    string private _symbol;

    constructor(address asset_, string memory name_, string memory symbol_) {
        _asset = asset_;
        _assetDecimals = ERC20(asset_).decimals();
        _name = name_;
        _symbol = symbol_;
    }

    /// @notice Simulates yield: takes `assets` from the caller for all holders. A plain transfer does the same.
    function donate(uint256 assets) external {
        _asset.safeTransferFrom(msg.sender, address(this), assets);
    }

    /// @notice Simulates a loss: `assets` are gone.
    function lose(uint256 assets) external {
        _asset.safeTransfer(BURNT, assets);
    }

    /// @notice Assets for one whole share, as wstETH answers it.
    function stEthPerToken() external view returns (uint256) {
        return convertToAssets(10 ** decimals());
    }

    /// @inheritdoc ERC4626
    function asset() public view override returns (address) {
        return _asset;
    }

    /// @inheritdoc ERC20
    function name() public view override returns (string memory) {
        return _name;
    }

    /// @inheritdoc ERC20
    function symbol() public view override returns (string memory) {
        return _symbol;
    }

    /// @dev Shares have the decimals of the asset.
    function _underlyingDecimals() internal view override returns (uint8) {
        return _assetDecimals;
    }
}
