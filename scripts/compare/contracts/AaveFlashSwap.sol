// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashSwap, IToken, IUniswapPool} from "./FlashSwap.sol";

interface IAavePool {
    function supply(address asset, uint256 amount, address onBehalfOf, uint16 referral) external;
    function borrow(
        address asset,
        uint256 amount,
        uint256 mode,
        uint16 referral,
        address onBehalfOf
    ) external;
    function repay(
        address asset,
        uint256 amount,
        uint256 mode,
        address onBehalfOf
    ) external returns (uint256);
    function withdraw(address asset, uint256 amount, address to) external returns (uint256);
    function getReserveAToken(address asset) external view returns (address);
    function getReserveVariableDebtToken(address asset) external view returns (address);
}

/// @notice Leverage at Aave v3. Owners delegate credit to this contract and let it take their collateral's aTokens.
contract AaveFlashSwap is FlashSwap {
    uint256 private constant _VARIABLE = 2;
    IAavePool private immutable _AAVE;
    IToken private immutable _A_TOKEN;
    IToken private immutable _DEBT_TOKEN;

    constructor(
        IAavePool aave,
        IUniswapPool uniswap,
        IToken collateral,
        IToken debt
    ) FlashSwap(uniswap, collateral, debt) {
        _AAVE = aave;
        _A_TOKEN = IToken(aave.getReserveAToken(address(collateral)));
        _DEBT_TOKEN = IToken(aave.getReserveVariableDebtToken(address(debt)));
        collateral.approve(address(aave), type(uint256).max);
        debt.approve(address(aave), type(uint256).max);
    }

    function _opened(address owner, uint256 collateral, uint256 owed) internal override {
        _AAVE.supply(address(_COLLATERAL), collateral, owner, 0);
        _AAVE.borrow(address(_DEBT), owed, _VARIABLE, 0, owner);
        _DEBT.transfer(address(_UNISWAP), owed);
    }

    function _closed(address owner, uint256 debt, uint256 owed) internal override {
        _AAVE.repay(address(_DEBT), debt, _VARIABLE, owner);
        uint256 all = _A_TOKEN.balanceOf(owner);
        _A_TOKEN.transferFrom(owner, address(this), all);
        uint256 withdrawn = _AAVE.withdraw(address(_COLLATERAL), all, address(this));
        _COLLATERAL.transfer(address(_UNISWAP), owed);
        _COLLATERAL.transfer(owner, withdrawn - owed);
    }

    function _debtOf(address owner) internal view override returns (uint256) {
        return _DEBT_TOKEN.balanceOf(owner);
    }
}
