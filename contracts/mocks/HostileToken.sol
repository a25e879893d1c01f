// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {MockERC20} from "./MockERC20.sol";

/// @notice Token with the habits that break protocols: takes a fee, calls back, blocks holders, returns nothing or false.
/// Well-behaved until told otherwise.
contract HostileToken is MockERC20 {
    struct Hook {
        address target;
        bytes data;
    }

    /// @notice Share of each transfer that is burnt {1} WAD
    uint256 public feeWad;
    /// @notice Transfers from or to a blocked address revert.
    mapping(address holder => bool) public blocked;
    /// @notice Returns no data, as some old tokens do.
    bool public silent;
    /// @notice Moves nothing and returns false.
    bool public refusing;
    /// @notice Hooks run after the balances have moved instead of before.
    bool public hooksAfter;

    /// @notice Whether each hook of the last transfer succeeded, and what it returned.
    bool[] public hookSucceeded;
    bytes[] public hookResult;

    Hook[] private _hooks;
    bool private _inHook;

    error HostileToken_Blocked(address holder);

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) MockERC20(name_, symbol_, decimals_) {}

    function setFee(uint256 feeWad_) external {
        feeWad = feeWad_;
    }

    function setBlocked(address holder, bool blocked_) external {
        blocked[holder] = blocked_;
    }

    function setSilent(bool silent_) external {
        silent = silent_;
    }

    function setRefusing(bool refusing_) external {
        refusing = refusing_;
    }

    /// @notice Has every transfer call the targets; failures are recorded and swallowed.
    function setHooks(Hook[] calldata hooks, bool after_) external {
        delete _hooks;
        for (uint256 i; i < hooks.length; ++i) _hooks.push(hooks[i]);
        hooksAfter = after_;
    }

    /// @notice Number of hooks that ran in the last transfer.
    function hookCount() external view returns (uint256) {
        return hookSucceeded.length;
    }

    /// @inheritdoc ERC20
    function transfer(address to, uint256 amount) public override returns (bool) {
        if (refusing) return false;
        _runHooks(false);
        super.transfer(to, amount);
        _takeFee(to, amount);
        _runHooks(true);
        return _answer();
    }

    /// @inheritdoc ERC20
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (refusing) return false;
        _runHooks(false);
        super.transferFrom(from, to, amount);
        _takeFee(to, amount);
        _runHooks(true);
        return _answer();
    }

    function _beforeTokenTransfer(address from, address to, uint256) internal view override {
        if (blocked[from]) revert HostileToken_Blocked(from);
        if (blocked[to]) revert HostileToken_Blocked(to);
    }

    function _takeFee(address to, uint256 amount) private {
        uint256 fee = (amount * feeWad) / 1e18;
        if (fee != 0) _burn(to, fee);
    }

    function _runHooks(bool after_) private {
        if (after_ != hooksAfter || _inHook || _hooks.length == 0) return;
        _inHook = true;
        delete hookSucceeded;
        delete hookResult;
        for (uint256 i; i < _hooks.length; ++i) {
            (bool succeeded, bytes memory result) = _hooks[i].target.call(_hooks[i].data);
            hookSucceeded.push(succeeded);
            hookResult.push(result);
        }
        _inHook = false;
    }

    /// @dev Ends the call when there is nothing to return.
    function _answer() private view returns (bool) {
        if (silent) {
            assembly ("memory-safe") {
                return(0, 0)
            }
        }
        return true;
    }
}
