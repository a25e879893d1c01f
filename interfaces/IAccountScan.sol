// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId} from "./Types.sol";

/// @notice Reads many accounts of any domain in one view call. Holds nothing and knows nothing: it need not be deployed, its
/// code may be put at any address for the call alone (a state override of `eth_call`).
interface IAccountScan {
    /// @notice An underlying as liquidation sees it while its sources agree.
    /// @param priceWad the primary's {USD}
    /// @param halfWidthWad the primary's half-width {USD}
    /// @param status a `PriceStatus`
    struct Price {
        uint256 priceWad;
        uint256 halfWidthWad;
        uint256 status;
    }

    /// @param valueWad value of the amount that was asked for, at its price and rate {USD}
    /// @param debtIndexWad the pool's; zero where the asset cannot be borrowed
    struct Listing {
        uint256 valueWad;
        uint256 debtIndexWad;
    }

    /// @notice What all judgements of accounts depend on.
    /// @param time the block's {s}
    /// @param clock the engine's {s}
    /// @param book address of the risk book
    struct Market {
        uint256 time;
        uint256 clock;
        address book;
        Price[] prices;
        Listing[] assets;
    }

    /// @notice Judges accounts for liquidation, in order, until the gas for another one is not there.
    /// @param gasEach most gas for reading an account, and again for judging it
    /// @return packed words: the number of accounts that were judged, then for each a head
    /// {judged 8, holdings 8, instruments 8, status 8, riskRaisedAt 32, length of revert data 16} from the lowest bit, and
    /// - judged: equity, uncertainty, requirement, value of debts {USD}, the holdings, the instruments' addresses;
    /// - not judged: the revert data, cut at 256 bytes and filled up to whole words.
    function accounts(
        address vault,
        address riskEngine,
        AccountId[] calldata ids,
        uint256 gasEach
    ) external view returns (bytes memory packed);

    /// @param underlyings how many there are
    /// @param amounts amount of each asset to value {tok}
    function market(
        address vault,
        address riskEngine,
        uint256 underlyings,
        uint256[] calldata amounts
    ) external view returns (Market memory);
}
