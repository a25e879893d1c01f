// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {AccountId, Assessment, Holding, PriceStatus} from "../../interfaces/Types.sol";

/// @notice A risk engine whose every answer is set: linear values, shocks, concentration. What is held rounds down, what is
/// owed and required rounds up.
contract MockRiskEngine {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_CONCENTRATION = 100e18;

    /// @param priceWad value of 1e18 of the smallest units {USD}
    /// @param downWad requirement of what is held, as a share
    /// @param upWad requirement of what is owed
    /// @param depthWad value at which concentration adds a requirement of the whole value; zero: never {USD}
    struct Asset {
        uint256 priceWad;
        uint256 downWad;
        uint256 upWad;
        uint256 depthWad;
    }

    mapping(uint256 assetId => Asset) public assets;
    mapping(address instrument => IRiskEngine.Weight) public instruments;
    IRiskEngine.DomainParameters private _domain;
    uint256 public uncertainty;
    uint256 public surplus;
    PriceStatus public status;
    uint256 public sequencerUpFor = type(uint256).max;
    /// @notice What is held may require more than it is worth.
    bool public uncapped;

    function setAsset(uint256 assetId, Asset calldata asset) external {
        assets[assetId] = asset;
    }

    function setInstrument(address instrument, int256 valueWad, uint256 requirementWad) external {
        instruments[instrument] = IRiskEngine.Weight(valueWad, requirementWad);
    }

    function setDomain(IRiskEngine.DomainParameters calldata domain) external {
        _domain = domain;
    }

    /// @notice Credit that counts in the equity of a portfolio and in no weight.
    function setSurplus(uint256 surplusWad) external {
        surplus = surplusWad;
    }

    function setUncertainty(uint256 uncertainty_) external {
        uncertainty = uncertainty_;
    }

    function setStatus(PriceStatus status_) external {
        status = status_;
    }

    function setUncapped(bool uncapped_) external {
        uncapped = uncapped_;
    }

    function setSequencerUpFor(uint256 upFor) external {
        sequencerUpFor = upFor;
    }

    function domainParameters() external view returns (IRiskEngine.DomainParameters memory) {
        return _domain;
    }

    /// @notice See `IRiskEngine.weigh`.
    function weigh(
        AccountId,
        Holding[] calldata list,
        address[] calldata held,
        uint256
    )
        external
        view
        returns (
            Assessment memory assessment,
            IRiskEngine.Weight[] memory weights,
            IRiskEngine.Weight[] memory heldWeights,
            IRiskEngine.DomainParameters memory domain,
            uint256 upFor
        )
    {
        (domain, upFor) = (_domain, sequencerUpFor);
        weights = new IRiskEngine.Weight[](list.length);
        heldWeights = new IRiskEngine.Weight[](held.length);
        for (uint256 i = 0; i < list.length; ++i) {
            weights[i] = _weight(list[i]);
            assessment.equity += weights[i].valueWad;
            assessment.requirement += weights[i].requirementWad;
            if (weights[i].valueWad < 0) assessment.debtValue += weights[i].valueWad.abs();
        }
        for (uint256 i = 0; i < held.length; ++i) {
            heldWeights[i] = instruments[held[i]];
            assessment.equity += heldWeights[i].valueWad;
            assessment.requirement += heldWeights[i].requirementWad;
        }
        assessment.equity += int256(surplus);
        assessment.uncertainty = uncertainty;
        assessment.minimumDebt = _domain.minDebtWad;
        assessment.status = status;
    }

    /// @notice See `IRiskEngine.portfolioMode`: there is none.
    function portfolioMode() external pure returns (address) {
        return address(0);
    }

    function _weight(Holding holding) private view returns (IRiskEngine.Weight memory) {
        Asset memory asset = assets[holding.assetId()];
        int256 amount = holding.amount();
        uint256 value =
            amount > 0
                ? amount.abs().fullMulDiv(asset.priceWad, WAD)
                : amount.abs().fullMulDivUp(asset.priceWad, WAD);
        uint256 shock = amount > 0 ? asset.downWad : asset.upWad;
        if (asset.depthWad != 0) shock += value.fullMulDiv(WAD, asset.depthWad).min(MAX_CONCENTRATION);
        uint256 requirement = value.fullMulDivUp(shock, WAD);
        if (amount > 0)
            return IRiskEngine.Weight(int256(value), uncapped ? requirement : requirement.min(value));
        return IRiskEngine.Weight(-int256(value), requirement);
    }
}
