// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ramp} from "../math/Ramp.sol";
import {UnderlyingFields, UnderlyingRow, UnderlyingRowLib} from "../oracle/UnderlyingRow.sol";
import {AssetFields, AssetRow, AssetRowLib} from "../risk/AssetRow.sol";
import {DomainFields, DomainRow, DomainRowLib} from "../risk/DomainRow.sol";
import {RiskBook} from "../risk/RiskBook.sol";

/// @notice The rows of the risk book and their ramps behind a contract of their own.
contract RiskRows {
    function packUnderlying(UnderlyingFields memory fields) external pure returns (UnderlyingRow memory) {
        return UnderlyingRowLib.pack(fields);
    }

    function packAsset(AssetFields memory fields) external pure returns (AssetRow memory) {
        return AssetRowLib.pack(fields);
    }

    function packDomain(DomainFields memory fields) external pure returns (DomainRow memory) {
        return DomainRowLib.pack(fields);
    }

    function encode(
        DomainRow memory row,
        UnderlyingRow[] memory underlyings,
        AssetRow[] memory assets
    ) external pure returns (bytes memory) {
        return RiskBook.encode(row, underlyings, assets);
    }

    /// @notice The underlying's row in a book, where its ramp stands.
    function underlying(
        address book,
        uint256 id,
        uint256 clock
    ) external view returns (UnderlyingFields memory) {
        UnderlyingRow memory row = RiskBook.underlying(book, id);
        row.walk(clock);
        return row.unpack();
    }

    /// @notice The asset's row in a book, where its ramp stands.
    function asset(
        address book,
        uint256 underlyings,
        uint256 id,
        uint256 clock
    ) external view returns (AssetFields memory) {
        AssetRow memory row = RiskBook.asset(book, underlyings, id);
        row.walk(clock);
        return row.unpack();
    }

    /// @notice The domain row of a book, where its ramp stands.
    function domain(address book, uint256 clock) external view returns (DomainFields memory) {
        DomainRow memory row = RiskBook.domain(book);
        row.walk(clock);
        return row.unpack();
    }

    function progressWad(uint256 start, uint256 end, uint256 clock) external pure returns (uint256) {
        return Ramp.progressWad(start, end, clock);
    }

    function valueDown(uint256 from, uint256 to, uint256 progress) external pure returns (uint256) {
        return Ramp.valueDown(from, to, progress);
    }
}
