// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    IMorpho,
    MarketParams,
    Position,
    Market,
    Id
} from "@morpho-org/morpho-blue/src/interfaces/IMorpho.sol";

import {FlashSwap, IToken, IUniswapPool} from "./FlashSwap.sol";

interface IFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// @notice The price of 18-decimal collateral in a loan token of 6 decimals, from two feeds, as Morpho Blue asks for it.
contract MorphoOracle {
    uint256 private constant _SCALE = 1e24;
    IFeed private immutable _COLLATERAL;
    IFeed private immutable _LOAN;

    constructor(IFeed collateral, IFeed loan) {
        _COLLATERAL = collateral;
        _LOAN = loan;
    }

    function price() external view returns (uint256) {
        (, int256 collateral, , , ) = _COLLATERAL.latestRoundData();
        (, int256 loan, , , ) = _LOAN.latestRoundData();
        return (uint256(collateral) * _SCALE) / uint256(loan);
    }
}

/// @notice Leverage at Morpho Blue, which sends what is borrowed to the Uniswap pool at once. Owners authorise this contract at
/// Morpho Blue.
contract MorphoFlashSwap is FlashSwap {
    IMorpho private immutable _MORPHO;
    Id private immutable _ID;
    address private immutable _ORACLE;
    address private immutable _IRM;
    uint256 private immutable _LLTV;

    constructor(
        IMorpho morpho,
        MarketParams memory market,
        IUniswapPool uniswap
    ) FlashSwap(uniswap, IToken(market.collateralToken), IToken(market.loanToken)) {
        _MORPHO = morpho;
        _ID = Id.wrap(keccak256(abi.encode(market)));
        (_ORACLE, _IRM, _LLTV) = (market.oracle, market.irm, market.lltv);
        IToken(market.collateralToken).approve(address(morpho), type(uint256).max);
        IToken(market.loanToken).approve(address(morpho), type(uint256).max);
    }

    function _opened(address owner, uint256 collateral, uint256 owed) internal override {
        _MORPHO.supplyCollateral(_market(), collateral, owner, "");
        _MORPHO.borrow(_market(), owed, 0, owner, address(_UNISWAP));
    }

    function _closed(address owner, uint256, uint256 owed) internal override {
        Position memory position = _MORPHO.position(_ID, owner);
        _MORPHO.repay(_market(), 0, position.borrowShares, owner, "");
        // Once, and two transfers: two withdrawals cost 1,800 more.
        _MORPHO.withdrawCollateral(_market(), position.collateral, owner, address(this));
        _COLLATERAL.transfer(address(_UNISWAP), owed);
        _COLLATERAL.transfer(owner, position.collateral - owed);
    }

    function _debtOf(address owner) internal override returns (uint256) {
        _MORPHO.accrueInterest(_market());
        uint256 shares = _MORPHO.position(_ID, owner).borrowShares;
        Market memory market = _MORPHO.market(_ID);
        uint256 allShares = uint256(market.totalBorrowShares) + 1e6;
        return (shares * (uint256(market.totalBorrowAssets) + 1) + allShares - 1) / allShares;
    }

    function _market() private view returns (MarketParams memory) {
        return MarketParams(address(_DEBT), address(_COLLATERAL), _ORACLE, _IRM, _LLTV);
    }
}
