// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

/// @notice ERC-4626 shares of what a contract's own vault account (index 0) holds, in the settlement asset. Entries and exits
/// have prices of their own. Leaving takes a request, a cooldown during which the shares take part in every loss, and a
/// window that expires.
interface IExitShares {
    /// @param shares shares that may leave
    /// @param opensAt first second of the window
    /// @param closesAt last second of the window
    struct Exit {
        uint256 shares;
        uint256 opensAt;
        uint256 closesAt;
    }

    event ExitRequested(address indexed owner, uint256 shares, uint256 opensAt, uint256 closesAt);
    event ExitCancelled(address indexed owner);
    event CooldownSet(uint256 oldCooldown, uint256 newCooldown, uint256 oldWindow, uint256 newWindow);

    error ExitShares_OutOfRange(bytes32 parameter, uint256 value, uint256 min, uint256 max);
    error ExitShares_NotOpen(
        address owner,
        uint256 wantedShares,
        uint256 opensAt,
        uint256 closesAt,
        uint256 shares
    );
    error ExitShares_Locked(address owner, uint256 wanted, uint256 free);
    error ExitShares_ZeroShares();
    error ExitShares_ZeroAssets();
    error ExitShares_TransferShort(uint256 received, uint256 expected);

    /// @notice Starts the caller's cooldown for `shares` (replaces an earlier request).
    function requestExit(uint256 shares) external;

    /// @notice Ends the caller's request.
    function cancelExit() external;

    function exitOf(address owner) external view returns (Exit memory);
}
