// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGreeksLens} from "../../interfaces/IGreeksLens.sol";
import {IInstrument, Report, Scenario, ScenarioLib} from "../../interfaces/IInstrument.sol";
import {IOptionLens} from "../../interfaces/IOptionLens.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IRiskParameters} from "../../interfaces/IRiskParameters.sol";
import {AccountId, Holding} from "../../interfaces/Types.sol";
import {IVault} from "../../interfaces/IVault.sol";

/// @notice See `IGreeksLens`. What bends is an option market's: instruments that are not linear in an underlying are asked by way
/// of the option lens.
contract GreeksLens is IGreeksLens {
    int256 private constant SIGNED_WAD = 1e18;
    uint256 private constant WAD = 1e18;

    IVault private immutable VAULT;
    IRiskEngine private immutable ENGINE;
    IRiskParameters private immutable PARAMETERS;
    IOptionLens private immutable OPTION_LENS;

    constructor(address vault_, address riskParameters, address optionLens) {
        VAULT = IVault(vault_);
        ENGINE = IRiskEngine(IVault(vault_).riskEngine());
        PARAMETERS = IRiskParameters(riskParameters);
        OPTION_LENS = IOptionLens(optionLens);
    }

    /// @inheritdoc IGreeksLens
    function accountGreeks(AccountId account) external view returns (Greeks[] memory list) {
        (Holding[] memory holdings, address[] memory instruments, ) = VAULT.holdings(account);
        uint256 count = PARAMETERS.underlyingCount();
        list = new Greeks[](count);
        bool[] memory touched = new bool[](count);
        for (uint256 i = 0; i < count; ++i) {
            list[i].underlying = i;
            list[i].priceWad = ENGINE.band(i).priceWad;
        }
        for (uint256 i = 0; i < holdings.length; ++i) {
            uint256 id = PARAMETERS.asset(holdings[i].assetId()).underlying;
            touched[id] = true;
            list[id].deltaWad += _delta(_valueOf(holdings[i]), list[id].priceWad);
        }
        for (uint256 i = 0; i < instruments.length; ++i)
            _addInstrument(list, touched, account, instruments[i]);
        uint256 kept = 0;
        for (uint256 i = 0; i < count; ++i) {
            if (touched[i] && list[i].priceWad != 0) list[kept++] = list[i];
        }
        assembly ("memory-safe") {
            mstore(list, kept)
        }
    }

    // --- internal ---

    function _addInstrument(
        Greeks[] memory list,
        bool[] memory touched,
        AccountId account,
        address instrument
    ) private view {
        (uint256[] memory ids, uint256 curved) = IInstrument(instrument).underlyings();
        // How an account is margined is an instrument without underlyings.
        if (ids.length == 0) return;
        uint256[] memory prices = new uint256[](ids.length);
        // Two points that shock nothing stand for the grid of each underlying.
        Scenario[] memory scenarios = new Scenario[](2 * ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            prices[i] = list[ids[i]].priceWad;
            scenarios[2 * i] = ScenarioLib.pack(0, 0, WAD);
            scenarios[2 * i + 1] = ScenarioLib.pack(0, 0, WAD);
        }
        Report memory report = IInstrument(instrument).report(account, scenarios, prices, prices, false);
        for (uint256 i = 0; i < ids.length; ++i) {
            Greeks memory own = list[ids[i]];
            if (report.exposuresWad[i] != 0) {
                touched[ids[i]] = true;
                own.deltaWad += _delta(report.exposuresWad[i], own.priceWad);
            }
            if (curved & (1 << i) == 0) continue;
            IOptionLens.Greeks memory bent = OPTION_LENS.accountGreeks(instrument, account);
            touched[ids[i]] = true;
            own.gammaWad += bent.gammaWad;
            own.vegaWad += bent.vegaWad;
            own.thetaPerDayWad += bent.thetaPerDayWad;
        }
    }

    /// @dev {USD}
    function _valueOf(Holding holding) private view returns (int256) {
        int256 amount = holding.amount();
        (uint256 valueWad, , , ) = ENGINE.valueOf(holding.assetId(), uint256(amount < 0 ? -amount : amount));
        return amount < 0 ? -int256(valueWad) : int256(valueWad);
    }

    /// @dev {units}
    function _delta(int256 exposureWad, uint256 priceWad) private pure returns (int256) {
        return priceWad == 0 ? int256(0) : (exposureWad * SIGNED_WAD) / int256(priceWad);
    }
}
