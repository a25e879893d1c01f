// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IOptionLens} from "../../../interfaces/IOptionLens.sol";
import {IOptionMarket} from "../../../interfaces/IOptionMarket.sol";
import {IRiskEngine} from "../../../interfaces/IRiskEngine.sol";
import {IVault} from "../../../interfaces/IVault.sol";
import {IVolatilitySurface} from "../../../interfaces/IVolatilitySurface.sol";
import {AccountId, PriceStatus} from "../../../interfaces/Types.sol";
import {Black76} from "./Black76.sol";

/// @notice Reads option markets of a domain.
contract OptionLens is IOptionLens {
    using FixedPointMathLib for uint256;

    int256 private constant SIGNED_WAD = 1e18;

    IRiskEngine private immutable ENGINE;

    constructor(address vault) {
        ENGINE = IRiskEngine(IVault(vault).riskEngine());
    }

    /// @inheritdoc IOptionLens
    function chain(address market, uint256[] calldata series) external view returns (Row[] memory rows) {
        IOptionMarket options = IOptionMarket(market);
        uint256 index = ENGINE.band(options.underlying()).priceWad;
        uint256[] memory values = options.valuesOf(series);
        rows = new Row[](series.length);
        for (uint256 i = 0; i < series.length; ++i) {
            Row memory row = rows[i];
            IOptionMarket.Series memory s = options.seriesOf(series[i]);
            (row.series, row.expiry, row.strikeWad, row.call) = (series[i], s.expiry, s.strikeWad, s.call);
            row.valueWad = values[i];
            (row.openInterestWad, , , ) = options.sidesOf(series[i]);
            (row.volatilityWad, row.status) = _volatility(options, s);
            row.deltaWad = _greeks(options, s, index, row.volatilityWad).deltaWad;
        }
    }

    /// @inheritdoc IOptionLens
    function accountGreeks(address market, AccountId account) external view returns (Greeks memory sum) {
        IOptionMarket options = IOptionMarket(market);
        uint256 index = ENGINE.band(options.underlying()).priceWad;
        IOptionMarket.Position[] memory positions = options.positions(account);
        for (uint256 i = 0; i < positions.length; ++i) {
            IOptionMarket.Series memory s = options.seriesOf(positions[i].series);
            (uint256 volatility, ) = _volatility(options, s);
            Black76.Greeks memory own = _greeks(options, s, index, volatility);
            int256 size = positions[i].sizeWad;
            sum.deltaWad += (size * own.deltaWad) / SIGNED_WAD;
            sum.gammaWad += (size * int256(own.gammaWad)) / SIGNED_WAD;
            sum.vegaWad += (size * int256(own.vegaWad)) / SIGNED_WAD;
            sum.thetaPerDayWad += (size * own.thetaPerDayWad) / SIGNED_WAD;
        }
    }

    // --- internal ---

    /// @dev Zero after expiry.
    function _volatility(
        IOptionMarket options,
        IOptionMarket.Series memory s
    ) private view returns (uint256 volatilityWad, PriceStatus status) {
        if (block.timestamp >= s.expiry) return (0, PriceStatus.FRESH);
        uint256 variance;
        (variance, status) = IVolatilitySurface(options.surface()).varianceAt(
            options.underlying(),
            s.expiry,
            s.lnStrikeWad
        );
        volatilityWad = (variance * uint256(SIGNED_WAD)).sqrt();
    }

    function _greeks(
        IOptionMarket options,
        IOptionMarket.Series memory s,
        uint256 index,
        uint256 volatilityWad
    ) private view returns (Black76.Greeks memory none) {
        uint256 left;
        if (block.timestamp < s.expiry) {
            left = s.expiry - block.timestamp;
        } else {
            (, bool known) = options.settlementPrice(s.expiry);
            if (known) return none;
        }
        return Black76.greeks(index.max(1), s.strikeWad, volatilityWad, left, s.call);
    }
}
