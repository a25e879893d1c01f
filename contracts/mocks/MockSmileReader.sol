// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IVolatilitySurface} from "../../interfaces/IVolatilitySurface.sol";
import {Smile} from "../math/Smile.sol";

/// @notice What reading a surface costs whoever asks it.
contract MockSmileReader {
    /// @notice Gas of asking the surface for every option's variance.
    function variances(
        IVolatilitySurface surface,
        uint256 underlying,
        uint256[] calldata expiries,
        int256[] calldata lnStrikesWad
    ) external view returns (uint256[] memory variancesWad, uint256 gas) {
        gas = gasleft();
        (variancesWad, ) = surface.variancesAt(underlying, expiries, lnStrikesWad);
        gas -= gasleft();
    }

    /// @notice Gas of asking it for the smile of the first expiry, and of reckoning with that for all strikes.
    function smile(
        IVolatilitySurface surface,
        uint256 underlying,
        uint256[] calldata expiries,
        int256[] calldata lnStrikesWad
    ) external view returns (uint256[] memory variancesWad, uint256 gas) {
        variancesWad = new uint256[](lnStrikesWad.length);
        gas = gasleft();
        (uint256[] memory words, ) = surface.smiles(underlying, expiries[:1]);
        for (uint256 i; i < lnStrikesWad.length; ++i) {
            variancesWad[i] = Smile.wrap(words[0]).varianceDown(lnStrikesWad[i]);
        }
        gas -= gasleft();
    }
}
