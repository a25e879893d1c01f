// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, PriceStatus} from "../../interfaces/Types.sol";

/// @notice Instrument whose answers are set by hand and which calls whatever it is told to: a puppet for tests of the
/// vault. It moves with no underlying; all of its requirement is an add-on.
contract MockInstrument is IInstrument {
    struct Position {
        int256 valueWad;
        uint256 requirementWad;
        PriceStatus status;
    }

    struct Call {
        address target;
        bytes data;
    }

    IVault public immutable VAULT;

    mapping(AccountId account => Position) private _positions;
    mapping(AccountId account => Position) private _atBatchStart;
    mapping(AccountId account => uint256) private _graceUntil;

    event Executed(AccountId indexed account, address caller, bytes data);
    event FractionMoved(AccountId indexed from, AccountId indexed to, uint256 fractionWad);
    event Absorbed(AccountId indexed account, uint256 deficitWad);

    modifier onlyVault() {
        if (msg.sender != address(VAULT)) revert Instrument_NotVault(msg.sender);
        _;
    }

    constructor(address vault) {
        VAULT = IVault(vault);
    }

    /// @notice Sets what the account holds now, and what it is said to have held when the batch began.
    function setPosition(
        AccountId account,
        Position calldata position,
        Position calldata atBatchStart
    ) external {
        _positions[account] = position;
        _atBatchStart[account] = atBatchStart;
    }

    /// @notice Sets until when the account is said not to be taken over.
    function setGraceUntil(AccountId account, uint256 until) external {
        _graceUntil[account] = until;
    }

    /// @notice Makes calls as the instrument, outside of anybody's batch; reverts as the first that does.
    function run(Call[] calldata calls) external {
        _run(calls);
    }

    /// @inheritdoc IInstrument
    /// @dev `data` is a list of calls; what the last one returns is returned.
    function execute(
        AccountId account,
        address caller,
        bytes calldata data
    ) external onlyVault returns (bytes memory) {
        emit Executed(account, caller, data);
        if (data.length == 0) return "";
        return _run(abi.decode(data, (Call[])));
    }

    /// @inheritdoc IInstrument
    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external onlyVault {
        emit FractionMoved(from, to, fractionWad);
        Position storage source = _positions[from];
        Position storage target = _positions[to];
        int256 valueWad = (source.valueWad * int256(fractionWad)) / 1e18;
        uint256 requirementWad = (source.requirementWad * fractionWad) / 1e18;
        source.valueWad -= valueWad;
        source.requirementWad -= requirementWad;
        target.valueWad += valueWad;
        target.requirementWad += requirementWad;
        VAULT.setHeld(to, true);
        if (fractionWad == 1e18) VAULT.setHeld(from, false);
    }

    /// @inheritdoc IInstrument
    function settle(AccountId) external pure returns (int256) {
        return 0;
    }

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function payProfit(AccountId) external {}

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function forfeit(AccountId) external {}

    /// @inheritdoc IInstrument
    function absorb(AccountId account, uint256 deficitWad) external onlyVault returns (uint256) {
        emit Absorbed(account, deficitWad);
        Position storage position = _positions[account];
        position.valueWad += int256(deficitWad);
        return deficitWad;
    }

    /// @inheritdoc IInstrument
    function report(
        AccountId account,
        Scenario[] calldata,
        uint256[] calldata,
        uint256[] calldata,
        bool atBatchStart
    ) external view returns (Report memory r) {
        Position storage position = atBatchStart ? _atBatchStart[account] : _positions[account];
        r.status = _positions[account].status;
        r.valueWad = position.valueWad;
        r.addOnWad = position.requirementWad;
    }

    /// @inheritdoc IInstrument
    function graceUntil(AccountId account) external view returns (uint256) {
        return _graceUntil[account];
    }

    /// @inheritdoc IInstrument
    function underlyings() external pure returns (uint256[] memory ids, uint256 curved) {}

    function _run(Call[] memory calls) private returns (bytes memory result) {
        for (uint256 i = 0; i < calls.length; ++i) {
            bool success;
            (success, result) = calls[i].target.call(calls[i].data);
            if (success) continue;
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }
}
