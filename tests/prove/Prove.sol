// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev What halmos answers to at a fixed address.
interface IProver {
    /// @notice Leaves out every case in which `condition` does not hold.
    function assume(bool condition) external pure;
}

/// @dev What all lemmas share. A lemma is a function `check_…`: its arguments are any values of their types, and its
/// assertions must hold for all of them. Lemmas state rounding as products in plain integers: where a comment gives
/// widths, no product runs over.
abstract contract Prove {
    uint256 internal constant WAD = 1e18;

    IProver private constant PROVER = IProver(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    function assume(bool condition) internal pure {
        PROVER.assume(condition);
    }
}
