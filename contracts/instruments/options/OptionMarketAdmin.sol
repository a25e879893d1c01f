// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {AccountId} from "../../../interfaces/Types.sol";
import {Governed} from "../../access/Governed.sol";
import {OptionListing} from "./OptionListing.sol";
import {OptionPrices} from "./OptionPrices.sol";

/// @notice An option market's series, settlement prices, governance, fees, and what others read. The market runs this code on its
/// own storage (`OptionPrices` first, the roles behind it); called at its own address it acts on nothing.
contract OptionMarketAdmin is OptionListing {
    /// @dev Roles at this address belong to nobody of use: the market's are set by `initialise`.
    constructor(
        address vault,
        IOptionMarket.Setup memory setup
    ) OptionPrices(vault, setup) Governed(address(1), address(0)) {}

    // --- views ---

    /// @inheritdoc IOptionMarket
    function sidesOf(
        uint256 series
    ) external view returns (uint256 longWad, uint256 shortWad, uint256 longs, uint256 shorts) {
        longWad = _bucketOf(series, true).total;
        shortWad = _bucketOf(series, false).total;
        longs = _bucketOf(series, true).count;
        shorts = _bucketOf(series, false).count;
    }

    /// @inheritdoc IOptionMarket
    function valuesOf(uint256[] calldata series) external view returns (uint256[] memory) {
        for (uint256 i = 0; i < series.length; ++i) {
            if (_series[series[i]].expiry == 0) revert OptionMarket_UnknownSeries(series[i]);
        }
        (Option[] memory options, ) = _options(series);
        return _valuesAtIndex(options, _index().priceWad);
    }

    /// @inheritdoc IOptionMarket
    function positions(AccountId account) external view returns (Position[] memory list) {
        _requireUnlocked();
        (uint256[] memory ids, int256[] memory sizes, ) = _listed(_load(account, 0));
        list = new Position[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) list[i] = Position(ids[i], sizes[i]);
    }

    /// @inheritdoc IOptionMarket
    function balanceOf(AccountId account) external view returns (Balance memory result) {
        _requireUnlocked();
        Book memory book = _load(account, 0);
        result.cost = book.cost;
        result.pnl = _profitAt(book, _index().priceWad);
        (result.waiting, result.allotted) = _claimOf(account);
    }

    /// @inheritdoc IOptionMarket
    function totals() external view returns (Totals memory result) {
        _requireUnlocked();
        result.openInterestWad = _openInterestWad;
        (result.cash, result.fees) = (_till.cash, _till.fees);
        (result.waiting, result.allotted) = (_pile.waiting, _pile.allotted);
        (result.unborne, result.expiredCost) = (_unborne, _expiredCost);
    }

    /// @inheritdoc IOptionMarket
    function underlying() external view returns (uint256) {
        return UNDERLYING;
    }

    /// @inheritdoc IOptionMarket
    function surface() external view returns (address) {
        return address(SURFACE);
    }
}
