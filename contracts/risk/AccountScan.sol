// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccountScan} from "../../interfaces/IAccountScan.sol";
import {ILendingPool} from "../../interfaces/ILendingPool.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVaultAdmin} from "../../interfaces/IVault.sol";
import {AccountId, Assessment, Holding, Requirement} from "../../interfaces/Types.sol";

/// @notice Reads many accounts of any domain in one view call. No state, no immutables: the runtime code works at any address.
contract AccountScan is IAccountScan {
    /// @dev Revert data that is told of an account {bytes}.
    uint256 private constant MAX_REVERT = 256;
    /// @dev The largest record: head, four values, 128 assets, 127 instruments {bytes}.
    uint256 private constant MAX_RECORD = 32 * (1 + 4 + 128 + 127);
    /// @dev For the loop, and for returning what there is.
    uint256 private constant GAS_RESERVE = 200_000;

    /// @inheritdoc IAccountScan
    /// @dev Records grow from the free memory on; each judgement works behind the room of its record, in memory that the
    /// next one takes again, so that memory does not grow with the number of accounts more than the answer does.
    function accounts(
        address vault,
        address riskEngine,
        AccountId[] calldata ids,
        uint256 gasEach
    ) external view returns (bytes memory packed) {
        uint256 end;
        assembly ("memory-safe") {
            packed := mload(0x40)
            end := add(packed, 0x40)
        }
        uint256 done;
        for (; done < ids.length; ++done) {
            // What is offered to two calls must be there in full, or a want of gas would read as an account's failure.
            if (gasleft() < 2 * gasEach + gasEach / 16 + GAS_RESERVE) break;
            uint256 workspace = end + MAX_RECORD;
            assembly ("memory-safe") {
                mstore(0x40, workspace)
            }
            end = _judge(IVaultAdmin(vault), IRiskEngine(riskEngine), ids[done], gasEach, end);
        }
        assembly ("memory-safe") {
            mstore(packed, sub(end, add(packed, 0x20)))
            mstore(add(packed, 0x20), done)
            mstore(0x40, end)
        }
    }

    /// @inheritdoc IAccountScan
    function market(
        address vault,
        address riskEngine,
        uint256 underlyings,
        uint256[] calldata amounts
    ) external view returns (Market memory result) {
        IRiskEngine engine = IRiskEngine(riskEngine);
        result.time = block.timestamp;
        result.clock = engine.clock();
        result.book = engine.book();
        result.prices = new Price[](underlyings);
        for (uint256 i = 0; i < underlyings; ++i) {
            IRiskEngine.Band memory band = engine.band(i);
            result.prices[i] = Price(band.priceWad, band.halfWidthWad, uint256(band.status));
        }
        result.assets = new Listing[](amounts.length);
        for (uint256 i = 0; i < amounts.length; ++i) {
            (, address pool) = IVaultAdmin(vault).assetAt(i);
            (result.assets[i].valueWad, , , ) = engine.valueOf(i, amounts[i]);
            if (pool != address(0)) result.assets[i].debtIndexWad = ILendingPool(pool).debtIndexNow();
        }
    }

    /// @param gasEach for each of two calls
    /// @param at where the account's record goes
    /// @return end of the record
    function _judge(
        IVaultAdmin vault,
        IRiskEngine engine,
        AccountId account,
        uint256 gasEach,
        uint256 at
    ) private view returns (uint256 end) {
        try vault.holdings{gas: gasEach}(account) returns (
            Holding[] memory list,
            address[] memory instruments,
            uint256 riskRaisedAt
        ) {
            try
                engine.assess{gas: gasEach}(account, list, instruments, Requirement.MAINTENANCE, false)
            returns (Assessment memory judged) {
                return _put(at, list, instruments, riskRaisedAt, judged);
            } catch (bytes memory reason) {
                return _putFailure(at, reason);
            }
        } catch (bytes memory reason) {
            return _putFailure(at, reason);
        }
    }

    function _put(
        uint256 at,
        Holding[] memory list,
        address[] memory instruments,
        uint256 riskRaisedAt,
        Assessment memory judged
    ) private pure returns (uint256 end) {
        uint256 head =
            1 |
                (list.length << 8) |
                (instruments.length << 16) |
                (uint256(judged.status) << 24) |
                (riskRaisedAt << 32);
        assembly ("memory-safe") {
            mstore(at, head)
            // Equity, uncertainty, requirement and value of debts come first in an assessment.
            mcopy(add(at, 0x20), judged, 0x80)
            end := add(at, 0xa0)
            let size := shl(5, mload(list))
            mcopy(end, add(list, 0x20), size)
            end := add(end, size)
            size := shl(5, mload(instruments))
            mcopy(end, add(instruments, 0x20), size)
            end := add(end, size)
        }
    }

    function _putFailure(uint256 at, bytes memory reason) private pure returns (uint256 end) {
        assembly ("memory-safe") {
            let length := mload(reason)
            if gt(length, MAX_REVERT) {
                length := MAX_REVERT
            }
            mstore(at, shl(64, length))
            let words := shl(5, shr(5, add(length, 31)))
            mcopy(add(at, 0x20), add(reason, 0x20), words)
            end := add(add(at, 0x20), words)
        }
    }
}
