// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Domain} from "./Domain.sol";
import {Refusals} from "./Refusals.sol";
import {VM} from "./Vm.sol";

/// @notice Draws, sends, counts. A handler never reverts: what it tries may be refused, for a reason that is known
/// (`Refusals`); any other reason, and any promise that does not hold, is a violation, which is kept until the invariant
/// is looked at.
///
/// A count has a key of 32 bytes: kind (1), name of handler or contract (24), selector (4), nothing.
abstract contract Record is Domain, Refusals {
    bytes1 private constant CALLED = "c";
    bytes1 private constant TRIED = "t";
    bytes1 private constant SUCCEEDED = "s";
    bytes1 private constant REFUSED = "r";
    bytes1 private constant REACHED = "f";
    bytes1 private constant RUNS = "n";

    /// @notice What went wrong, empty for nothing.
    string public violation;

    bytes32 private _entropy;
    bytes24 private _handler;
    mapping(bytes32 key => uint256) private _counts;
    bytes32[] private _keys;

    /// @dev Something that can happen. Mostly in a block of its own.
    modifier handler(bytes24 name, uint256 seed) {
        if (bytes(violation).length != 0) return;
        _handler = name;
        _entropy = keccak256(abi.encode(name, seed));
        _count(CALLED, name, 0);
        if (_draw(0, 7) != 0) {
            VM.roll(VM.getBlockNumber() + 1);
            VM.warp(VM.getBlockTimestamp() + 12);
        }
        _;
        _afterwards();
    }

    /// @dev What holds after every handler.
    function _afterwards() internal virtual;

    // --- draws ---

    /// @dev From `least` to `most`, both included.
    function _draw(uint256 least, uint256 most) internal returns (uint256) {
        _entropy = keccak256(abi.encode(_entropy));
        return most <= least ? least : least + (uint256(_entropy) % (most - least + 1));
    }

    /// @dev One of `chances` times.
    function _one(uint256 chances) internal returns (bool) {
        return _draw(1, chances) == 1;
    }

    /// @dev Dollars, as often few as many.
    function _dollars(uint256 least, uint256 most) internal returns (uint256 valueWad) {
        uint256 decades = _draw(0, 2);
        uint256 top =
            decades == 0
                ? most / 100
                : decades == 1
                    ? most / 10
                    : most;
        return _draw(least, top < least ? least : top) * WAD;
    }

    // --- sending ---

    /// @dev What the handler is about: counted as tried, and as a success or a refusal.
    function _try(
        address sender,
        address target,
        bytes memory data
    ) internal returns (bool done, bytes memory result) {
        _noteTry();
        (done, result) = _send(sender, target, data);
        if (done) _noteSuccess();
        else _count(REFUSED, _handler, result.length < 4 ? bytes4(0) : bytes4(result));
    }

    /// @dev A call that may be refused.
    function _send(
        address sender,
        address target,
        bytes memory data
    ) internal returns (bool done, bytes memory result) {
        VM.prank(sender);
        (done, result) = target.call(data);
        bytes4 selector;
        assembly ("memory-safe") {
            selector := mload(add(data, 0x20))
        }
        if (done) {
            bytes12 name = nameOf[target];
            if (name != 0) _count(REACHED, name, selector);
        } else {
            _check(selector, result);
        }
    }

    function _check(bytes4 selector, bytes memory reason) private {
        if (reason.length >= 4 && isExpected[bytes4(reason)]) return;
        string memory what = VM.toString(abi.encodePacked(selector));
        _violate(string.concat("unexpected refusal of ", what, ": ", VM.toString(reason)));
    }

    function _noteTry() internal {
        _count(TRIED, _handler, 0);
    }

    function _noteSuccess() internal {
        _count(SUCCEEDED, _handler, 0);
    }

    function _noteRefusal(bytes4 selector, bytes memory reason) internal {
        _count(REFUSED, _handler, reason.length < 4 ? bytes4(0) : bytes4(reason));
        _check(selector, reason);
    }

    /// @dev A handler that tried out several things, none of which may succeed, or all of which must.
    function _noted() internal {
        _noteTry();
        _noteSuccess();
    }

    /// @dev Counts functions that a batch or a contract in between calls.
    function _reached(address target, bytes4 selector) internal {
        _count(REACHED, nameOf[target], selector);
    }

    // --- promises ---

    function _violate(string memory what) internal {
        if (bytes(violation).length == 0) violation = string.concat(_text(_handler), ": ", what);
    }

    function _require(bool holds, string memory sentence) internal {
        if (!holds) _violate(sentence);
    }

    function _text(bytes24 name) private pure returns (string memory) {
        uint256 length;
        while (length < 24 && name[length] != 0) ++length;
        bytes memory text = new bytes(length);
        for (uint256 i; i < length; ++i) text[i] = name[i];
        return string(text);
    }

    // --- counts ---

    function _count(bytes1 kind, bytes24 name, bytes4 selector) private {
        _add(bytes32(kind) | (bytes32(name) >> 8) | (bytes32(selector) >> 200), 1);
    }

    function _add(bytes32 key, uint256 count) private {
        if (_counts[key] == 0) _keys.push(key);
        _counts[key] += count;
    }

    /// @notice Adds the counts of this run to those in a file: `abi.encode(bytes32[] keys, uint256[] counts)` as hex.
    function save(string calldata path) external {
        _count(RUNS, "", 0);
        if (VM.exists(path)) {
            (bytes32[] memory keys, uint256[] memory counts) = abi.decode(
                VM.parseBytes(VM.readFile(path)),
                (bytes32[], uint256[])
            );
            for (uint256 i; i < keys.length; ++i) _add(keys[i], counts[i]);
        }
        uint256[] memory sums = new uint256[](_keys.length);
        for (uint256 i; i < sums.length; ++i) sums[i] = _counts[_keys[i]];
        VM.writeFile(path, VM.toString(abi.encode(_keys, sums)));
    }
}
