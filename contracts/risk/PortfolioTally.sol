// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {Lists} from "../math/Lists.sol";
import {NamedScenario} from "./NamedScenario.sol";
import {Point} from "./Point.sol";
import {ScenarioGrid} from "./ScenarioGrid.sol";
import {UnderlyingPoints} from "./UnderlyingPoints.sol";

/// @notice Portfolio margin: what moves with one underlying nets over the scenario grid; across underlyings the share `rho` of
/// the worst common direction is required, and the rest as if there were no relation:
///
///     L_u(d) = max over scenarios s in half d of -(change of the netting set of u under s), at least zero
///     R = rho max_d(sum_u L_u(d)) + (1 - rho) sum_u max_d L_u(d) + what never nets
///
/// Of an instrument's gain only `1 - haircut` counts, since it has to be paid by others first. A change counts as
/// `min(x, (1 - h) x)`, which is concave and homogeneous: the requirement is subadditive (PM-2). Unwinding, basis,
/// concentration and add-ons never net.
///
/// Credit, what is left of it after the instrument's own settled loss, is no borrowing power: for INITIAL it covers the
/// instrument's own worst loss and add-on and nothing else. For MAINTENANCE it counts in equity, and covers no loss: a hedged
/// account is not taken over because the profit on one side waits to be paid while the other side has lost (PM-3). Where
/// that asks for more than standard margin does, as much of the credit covers the difference (PM-1).
abstract contract PortfolioTally is UnderlyingPoints {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using Lists for int256[];
    using Lists for uint256[];

    /// @dev What moves with one underlying.
    /// @param grid points, in the order of `ScenarioGrid`, or its end points, or two named ones
    /// @param changesWad weighted change of what instruments hold, at each of them {USD}
    /// @param linearWad exposure of tokens and debts {USD}
    struct Netting {
        Scenario[] grid;
        int256[] changesWad;
        int256 linearWad;
    }

    /// @dev Instrument by which an account tells that it is margined as a portfolio.
    address internal immutable PORTFOLIO_MODE;

    int256 private constant SIGNED_WAD = 1e18;
    /// @dev What is linear changes by less {USD}: a value that has saturated, times any shock.
    uint256 private constant MAX_CHANGE = 2 ** 190;

    constructor(address portfolioMode, address sequencerFeed) UnderlyingPoints(sequencerFeed) {
        PORTFOLIO_MODE = portfolioMode;
    }

    function _isPortfolio(address[] calldata instruments) internal view returns (bool) {
        for (uint256 i = 0; i < instruments.length; ++i) {
            if (instruments[i] == PORTFOLIO_MODE) return true;
        }
        return false;
    }

    /// @dev The netting set of an underlying.
    function _netting(
        Tally memory tally,
        Point point,
        uint256 underlying
    ) internal pure returns (Netting memory netting) {
        uint256 pointer = point.netting();
        if (pointer == 0) {
            NamedScenario named = tally.named;
            if (!named.isNone()) {
                netting.grid = ScenarioGrid.pair(
                    point,
                    tally.maintenance,
                    named.lower(underlying),
                    named.upper(underlying)
                );
            } else if ((tally.curved >> underlying) & 1 != 0) {
                netting.grid = ScenarioGrid.all(point, tally.maintenance);
            } else {
                netting.grid = new Scenario[](ScenarioGrid.LINEAR_POINTS);
                ScenarioGrid.putEnds(netting.grid, 0, point, tally.maintenance);
            }
            netting.changesWad = new int256[](netting.grid.length);
            assembly ("memory-safe") {
                pointer := netting
            }
            point.setNetting(pointer);
        } else {
            assembly ("memory-safe") {
                netting := pointer
            }
        }
    }

    /// @dev Adds a token or a debt: its value moves with the underlying, the rest of its requirement does not net.
    /// @param baseWad value that the requirement is counted on, signed {USD}
    /// @param requiredWad its requirement by itself {USD}
    /// @param shockPpm of its underlying
    function _netHolding(
        Tally memory tally,
        Point point,
        uint256 underlying,
        int256 baseWad,
        uint256 requiredWad,
        uint256 shockPpm
    ) internal pure {
        _netting(tally, point, underlying).linearWad += baseWad;
        tally.apart += requiredWad.zeroFloorSub((baseWad.abs() * shockPpm).divUp(1e6));
    }

    /// @dev Adds what an instrument holds.
    /// @param ids its underlyings
    /// @param curved bitmap of those in which it is curved
    /// @param creditWad what is left of its credit after its own settled loss {USD}
    function _netInstrument(
        Tally memory tally,
        uint256[] memory ids,
        uint256 curved,
        Report memory report,
        uint256 creditWad
    ) internal view {
        uint256 covering;
        if (tally.maintenance) tally.surplus += creditWad.min(MAX_VALUE);
        else covering = creditWad;
        uint256 from;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids.get(i);
            Point point = _point(tally, id);
            Netting memory netting = _netting(tally, point, id);
            if ((curved >> i) & 1 == 0) {
                from += ScenarioGrid.LINEAR_POINTS;
                int256 exposureWad = report.exposuresWad[i];
                if (exposureWad == 0) continue;
                int256[] memory changes = _linear(point, netting.grid, exposureWad);
                covering -= _net(netting, changes, 0, MAX_CHANGE, covering, report.haircutWad);
            } else {
                uint256 end = from + netting.grid.length;
                assert(report.changesWad.length >= end);
                covering -= _net(netting, report.changesWad, from, MAX_VALUE, covering, report.haircutWad);
                from = end;
            }
        }
        tally.apart += report.addOnWad.min(MAX_VALUE).zeroFloorSub(covering);
    }

    /// @dev Sets the requirement, and what surplus credit adds to equity.
    /// @return standaloneWad what the standard model requires of the same {USD}
    function _closePortfolio(Tally memory tally) internal view returns (uint256 standaloneWad) {
        uint256 lower;
        uint256 upper;
        uint256 worst;
        for (Point point = tally.last; !point.isNull(); point = point.next()) {
            if (point.netting() == 0) continue;
            // The id is not asked for: the netting set is there.
            (uint256 down, uint256 up) = _losses(_netting(tally, point, 0));
            lower += down;
            upper += up;
            worst += down.max(up);
        }
        standaloneWad = tally.requirement;
        uint256 rho = _rhoWad(tally);
        // Losses are below 2**190.
        uint256 requirement = tally.apart + (rho * lower.max(upper) + (WAD - rho) * worst).divUp(WAD);
        if (tally.maintenance) {
            tally.equity += int256(tally.surplus);
            if (tally.named.isNone()) {
                uint256 covered = requirement.zeroFloorSub(standaloneWad).min(tally.surplus);
                tally.equity -= int256(covered);
                requirement -= covered;
            }
        }
        tally.requirement = requirement;
    }

    /// @dev Weights of holdings add up to the requirement: each gets the part that it has in the standard one.
    function _scale(
        IRiskEngine.Weight[] memory weights,
        uint256 requirementWad,
        uint256 standaloneWad
    ) internal pure {
        for (uint256 i = 0; i < weights.length; ++i) {
            uint256 weight = weights[i].requirementWad;
            if (weight != 0) weights[i].requirementWad = weight.fullMulDiv(requirementWad, standaloneWad);
        }
    }

    /// @dev What a netting set loses at most in each half.
    function _losses(Netting memory netting) internal pure returns (uint256 down, uint256 up) {
        int256[] memory changes = netting.linearWad == 0 ? netting.changesWad : _changes(netting);
        bool whole = changes.length == ScenarioGrid.GRID_POINTS;
        down = _worst(changes, 0, whole ? ScenarioGrid.LOWER_END : 0);
        up = _worst(changes, whole ? ScenarioGrid.UPPER_BEGIN : 1, whole ? ScenarioGrid.GRID_POINTS - 1 : 1);
    }

    /// @dev The largest loss from one place to another, which are there.
    function _worst(
        int256[] memory changes,
        uint256 first,
        uint256 last
    ) private pure returns (uint256 loss) {
        assembly ("memory-safe") {
            let end := add(changes, shl(5, add(last, 2)))
            for {
                let place := add(changes, shl(5, add(first, 1)))
            } lt(place, end) {
                place := add(place, 0x20)
            } {
                let change := mload(place)
                if slt(change, loss) {
                    loss := change
                }
            }
            loss := sub(0, loss)
        }
    }

    /// @dev What a netting set gains at each point.
    function _changes(Netting memory netting) internal pure returns (int256[] memory changes) {
        Scenario[] memory grid = netting.grid;
        int256[] memory sums = netting.changesWad;
        int256 linearWad = netting.linearWad;
        changes = new int256[](grid.length);
        unchecked {
            for (uint256 i = 0; i < grid.length; ++i) {
                changes.set(i, sums.get(i) + _moved(linearWad, _scenarioAt(grid, i)));
            }
        }
    }

    /// @dev As `grid[place]`, which is there.
    function _scenarioAt(Scenario[] memory grid, uint256 place) private pure returns (Scenario scenario) {
        assembly ("memory-safe") {
            scenario := mload(add(grid, shl(5, add(place, 1))))
        }
    }

    /// @dev Adds an instrument's changes to those of its netting set.
    /// @param changes of which those from `from` on are meant, one for each of the sums
    /// @param mostWad where they saturate {USD}
    /// @return used credit that its worst loss takes {USD}
    function _net(
        Netting memory netting,
        int256[] memory changes,
        uint256 from,
        uint256 mostWad,
        uint256 creditWad,
        uint256 haircutWad
    ) private pure returns (uint256 used) {
        int256[] memory sums = netting.changesWad;
        uint256 count = sums.length;
        int256 kept = SIGNED_WAD - int256(haircutWad.min(WAD));
        if (creditWad != 0) used = creditWad.min(_worst(changes, from, from + count - 1).min(mostWad));
        unchecked {
            // Changes are at most 2**190, shares at most 2**60.
            for (uint256 i = 0; i < count; ++i) {
                int256 change = changes.get(from + i);
                if (uint256(change) + mostWad > 2 * mostWad) {
                    change = change < 0 ? -int256(mostWad) : int256(mostWad);
                }
                if (change < 0) {
                    change += int256(used);
                    if (change > 0) change = 0;
                } else {
                    change = (change * kept) / SIGNED_WAD;
                }
                sums.set(i, sums.get(i) + change);
            }
        }
    }

    /// @dev Changes of a holding that is linear.
    function _linear(
        Point point,
        Scenario[] memory grid,
        int256 exposureWad
    ) private pure returns (int256[] memory changes) {
        changes = new int256[](grid.length);
        exposureWad = _limited(exposureWad);
        uint256 priceWad = point.requirementPriceWad();
        if (priceWad != 0) {
            // While sources disagree: what is required is counted at another price.
            uint256 size = exposureWad.abs();
            size =
                exposureWad < 0
                    ? size.fullMulDivUp(priceWad, point.priceWad())
                    : size.fullMulDiv(priceWad, point.priceWad());
            size = size.min(MAX_VALUE);
            exposureWad = exposureWad < 0 ? -int256(size) : int256(size);
        }
        unchecked {
            for (uint256 i = 0; i < grid.length; ++i) {
                changes.set(i, _moved(exposureWad, _scenarioAt(grid, i)));
            }
        }
    }

    function _limited(int256 valueWad) private pure returns (int256) {
        return valueWad.clamp(-int256(MAX_VALUE), int256(MAX_VALUE));
    }

    /// @dev Exposure times move times weight, down. Exposures are below 2**190, moves and weights below 2**63.
    function _moved(int256 exposureWad, Scenario scenario) private pure returns (int256 change) {
        int256 share = scenario.spotShockWad();
        uint256 weight = scenario.weightWad();
        unchecked {
            if (weight != WAD) share = (share * int256(weight)) / SIGNED_WAD;
            int256 product = exposureWad * share;
            change = product / SIGNED_WAD;
            if (product < 0 && change * SIGNED_WAD != product) --change;
        }
    }

    /// @dev Part of the requirement that is for the worst common direction.
    function _rhoWad(Tally memory tally) internal view returns (uint256) {
        return _walkedDomain(tally.slot.book(), tally.clock).domain.nettingTo() * PPM_TO_WAD;
    }
}
