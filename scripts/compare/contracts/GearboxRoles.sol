// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What Gearbox asks its governance: roles, registered contracts, addresses. The deployer may do everything, all
/// is registered. No measured operation asks for any of it.
contract GearboxRoles {
    bytes32 private constant _OWNER_OF_FACTORIES = "INSTANCE_MANAGER_PROXY";
    address private immutable _GOVERNOR = msg.sender;

    function isConfigurator(address account) external view returns (bool) {
        return account == _GOVERNOR;
    }

    function hasRole(bytes32, address account) external view returns (bool) {
        return account == _GOVERNOR;
    }

    function getAddressOrRevert(bytes32 key, uint256) external view returns (address) {
        return key == _OWNER_OF_FACTORIES ? _GOVERNOR : address(this);
    }

    function isPool(address) external pure returns (bool) {
        return true;
    }

    function isCreditManager(address) external pure returns (bool) {
        return true;
    }
}
