// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {
    BoundsWord,
    FeedWord,
    ShockWord,
    SourceWord,
    UnderlyingRow,
    UnderlyingRowLib
} from "../oracle/UnderlyingRow.sol";
import {AssetRow, AssetRowLib, AssetWord, RateWord} from "./AssetRow.sol";
import {DomainRow, DomainRowLib, DomainWord, PremiumWord} from "./DomainRow.sol";

/// @notice The risk book: a domain's parameters as the code of a data contract (a zero byte, then words), replaced as a
/// whole at each change, so that a row is read with one EXTCODECOPY. Domain row (2 words), underlying rows (4 words
/// each), asset rows (2 words each).
library RiskBook {
    /// @dev Rows begin behind the zero byte that keeps the data from being run.
    uint256 private constant OFFSET = 1;

    /// @notice Size of a book's code {bytes}.
    function size(uint256 underlyingCount, uint256 assetCount) internal pure returns (uint256) {
        return
            OFFSET +
            DomainRowLib.SIZE +
            underlyingCount * UnderlyingRowLib.SIZE +
            assetCount * AssetRowLib.SIZE;
    }

    /// @notice Where asset rows begin in the code of a book.
    function assetsAt(uint256 underlyingCount) internal pure returns (uint256) {
        unchecked {
            // Counts are below 256.
            return OFFSET + DomainRowLib.SIZE + underlyingCount * UnderlyingRowLib.SIZE;
        }
    }

    function domain(address book) internal view returns (DomainRow memory row) {
        assembly ("memory-safe") {
            extcodecopy(book, row, OFFSET, 64)
        }
    }

    function underlying(address book, uint256 id) internal view returns (UnderlyingRow memory row) {
        uint256 position = OFFSET + DomainRowLib.SIZE + id * UnderlyingRowLib.SIZE;
        assembly ("memory-safe") {
            extcodecopy(book, row, position, 128)
        }
    }

    /// @param underlyingCount number of underlyings in the book
    function asset(
        address book,
        uint256 underlyingCount,
        uint256 id
    ) internal view returns (AssetRow memory row) {
        uint256 position = assetsAt(underlyingCount) + id * AssetRowLib.SIZE;
        assembly ("memory-safe") {
            extcodecopy(book, row, position, 64)
        }
    }

    /// @notice `underlying` without memory of its own. Ids are below 256.
    /// @param book address of the book; what stands above its 160 bits is ignored
    function underlyingWords(
        uint256 book,
        uint256 id
    ) internal view returns (FeedWord feed, SourceWord source, BoundsWord bounds, ShockWord shocks) {
        assembly ("memory-safe") {
            // EXTCODECOPY takes the lower 160 bits of an address. Into free memory that nobody keeps.
            let row := mload(0x40)
            extcodecopy(book, row, add(add(OFFSET, 64), shl(7, id)), 128)
            feed := mload(row)
            source := mload(add(row, 32))
            bounds := mload(add(row, 64))
            shocks := mload(add(row, 96))
        }
    }

    /// @notice `asset` without memory of its own. Ids are below 256; one that is not in the book has an empty row.
    /// @param book address of the book; what stands above its 160 bits is ignored
    /// @param start where asset rows begin
    function assetWords(
        uint256 book,
        uint256 start,
        uint256 id
    ) internal view returns (AssetWord word, RateWord rate) {
        assembly ("memory-safe") {
            // EXTCODECOPY takes the lower 160 bits of an address. The row fits in scratch space.
            extcodecopy(book, 0, add(start, shl(6, id)), 64)
            word := mload(0)
            rate := mload(32)
        }
    }

    /// @notice Data of a book, without the leading zero byte; the domain row must carry the right counts.
    function encode(
        DomainRow memory domainRow,
        UnderlyingRow[] memory underlyings,
        AssetRow[] memory assets
    ) internal pure returns (bytes memory data) {
        data = new bytes(
            DomainRowLib.SIZE + underlyings.length * UnderlyingRowLib.SIZE + assets.length * AssetRowLib.SIZE
        );
        _put(data, 0, DomainWord.unwrap(domainRow.domain));
        _put(data, 1, PremiumWord.unwrap(domainRow.premium));
        uint256 word = 2;
        for (uint256 i = 0; i < underlyings.length; ++i) {
            _put(data, word++, FeedWord.unwrap(underlyings[i].feed));
            _put(data, word++, SourceWord.unwrap(underlyings[i].source));
            _put(data, word++, BoundsWord.unwrap(underlyings[i].bounds));
            _put(data, word++, ShockWord.unwrap(underlyings[i].shocks));
        }
        for (uint256 i = 0; i < assets.length; ++i) {
            _put(data, word++, AssetWord.unwrap(assets[i].asset));
            _put(data, word++, RateWord.unwrap(assets[i].rate));
        }
    }

    /// @dev `encode` has sized `data` for every word it puts.
    function _put(bytes memory data, uint256 index, uint256 word) private pure {
        assembly ("memory-safe") {
            mstore(add(add(data, 32), shl(5, index)), word)
        }
    }
}
