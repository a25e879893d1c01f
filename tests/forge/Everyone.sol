// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {Promises} from "./Promises.sol";

/// @notice Everybody who may do anything, and what holds whatever they do.
contract Everyone is Promises {
    bytes4[] private _handlers;

    constructor() {
        _deployWorld();
        for (uint256 id; id < ASSETS - 1; ++id) highestLine[id] = 1e9 * 10 ** assets[id].decimals;
    }

    /// @notice All handlers; what everything else is about stands there more often.
    function handlers() external returns (bytes4[] memory) {
        _weigh(this.deposit.selector, 2);
        _weigh(this.depositNative.selector, 1);
        _weigh(this.withdraw.selector, 1);
        _weigh(this.borrow.selector, 3);
        _weigh(this.repay.selector, 1);
        _weigh(this.transfer.selector, 1);
        _weigh(this.swap.selector, 2);
        _weigh(this.lever.selector, 4);
        _weigh(this.unwind.selector, 2);
        _weigh(this.batch.selector, 2);
        _weigh(this.operator.selector, 1);
        _weigh(this.stranger.selector, 1);
        _weigh(this.marginModel.selector, 2);
        _weigh(this.lend.selector, 1);
        _weigh(this.mintShares.selector, 1);
        _weigh(this.stopLending.selector, 1);
        _weigh(this.giveShares.selector, 1);
        _weigh(this.accrue.selector, 1);
        _weigh(this.collectReserve.selector, 1);
        _weigh(this.flashLoan.selector, 1);
        _weigh(this.donate.selector, 1);
        _weigh(this.stake.selector, 1);
        _weigh(this.provide.selector, 1);
        _weigh(this.requestExit.selector, 1);
        _weigh(this.leave.selector, 1);
        _weigh(this.shareTokenMoves.selector, 1);
        _weigh(this.trouble.selector, 1);
        _weigh(this.liquidate.selector, 3);
        _weigh(this.troubleAndTakeover.selector, 3);
        _weigh(this.liquidateByScenario.selector, 1);
        _weigh(this.liquidateHealthy.selector, 1);
        _weigh(this.flag.selector, 2);
        _weigh(this.unflag.selector, 1);
        _weigh(this.writeOff.selector, 2);
        _weigh(this.sellSalvage.selector, 1);
        _weigh(this.tradePerp.selector, 4);
        _weigh(this.closePerp.selector, 2);
        _weigh(this.matchPerps.selector, 3);
        _weigh(this.rematchPerps.selector, 1);
        _weigh(this.cancelPerp.selector, 1);
        _weigh(this.settlePerp.selector, 2);
        _weigh(this.pokePerp.selector, 1);
        _weigh(this.collectFees.selector, 1);
        _weigh(this.deleverage.selector, 1);
        _weigh(this.createSeries.selector, 2);
        _weigh(this.matchOptions.selector, 5);
        _weigh(this.closeOptions.selector, 1);
        _weigh(this.cancelOption.selector, 1);
        _weigh(this.settleOptions.selector, 2);
        _weigh(this.expire.selector, 2);
        _weigh(this.removeSeries.selector, 1);
        _weigh(this.updateSurface.selector, 1);
        _weigh(this.priceMoves.selector, 3);
        _weigh(this.priceJumps.selector, 1);
        _weigh(this.feedFallsSilent.selector, 1);
        _weigh(this.feedDies.selector, 1);
        _weigh(this.secondSourceLies.selector, 1);
        _weigh(this.pokePrice.selector, 1);
        _weigh(this.aWhile.selector, 2);
        _weigh(this.aLongWhile.selector, 1);
        _weigh(this.allIsWell.selector, 6);
        _weigh(this.setShocks.selector, 1);
        _weigh(this.setGrid.selector, 1);
        _weigh(this.setFeed.selector, 1);
        _weigh(this.setAsset.selector, 1);
        _weigh(this.lowerTier.selector, 1);
        _weigh(this.setDomain.selector, 1);
        _weigh(this.setPerpParameters.selector, 1);
        _weigh(this.setOptionParameters.selector, 1);
        _weigh(this.setShape.selector, 1);
        _weigh(this.setLine.selector, 1);
        _weigh(this.setCaps.selector, 1);
        _weigh(this.setPool.selector, 1);
        _weigh(this.pause.selector, 1);
        _weigh(this.unpause.selector, 1);
        _weigh(this.reduceOnly.selector, 1);
        _weigh(this.loseEverything.selector, 2);
        _weigh(this.theWayOutIsOpen.selector, 2);
        _weigh(this.roundTripsWinNothing.selector, 2);
        _weigh(this.stepsPayNoMore.selector, 2);
        _weigh(this.setFunds.selector, 1);
        _weigh(this.changeFeed.selector, 1);
        return _handlers;
    }

    function _weigh(bytes4 selector, uint256 times) private {
        for (uint256 i; i < times; ++i) _handlers.push(selector);
    }
}
