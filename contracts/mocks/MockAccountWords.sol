// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Custody, CustodyLib, Header, Market, MarketLib, Pair} from "../core/AccountWords.sol";

/// @notice Opens the vault's packed words to tests.
contract MockAccountWords {
    function headerWithAsset(uint256 word, uint256 id, bool held) external pure returns (uint256) {
        return Header.unwrap(Header.wrap(word).withAsset(id, held));
    }

    function headerWithInstrument(uint256 word, uint256 id, bool held) external pure returns (uint256) {
        return Header.unwrap(Header.wrap(word).withInstrument(id, held));
    }

    function header(uint256 word) external pure returns (uint256 assets, uint256 instruments) {
        return (Header.wrap(word).assets(), Header.wrap(word).instruments());
    }

    function pairWithBalance(uint256 word, uint256 id, int256 amount) external pure returns (uint256) {
        return Pair.unwrap(Pair.wrap(word).withBalance(id, amount));
    }

    function pairStamped(uint256 word, uint256 blockNumber) external pure returns (uint256) {
        return Pair.unwrap(Pair.wrap(word).stamped(blockNumber));
    }

    function pair(uint256 word) external pure returns (int256 even, int256 odd, uint256 riskRaisedAt) {
        Pair pair_ = Pair.wrap(word);
        return (pair_.balance(0), pair_.balance(1), pair_.riskRaisedAt());
    }

    function packCustody(uint256 total, uint256 cap, uint256 id) external pure returns (uint256) {
        return Custody.unwrap(CustodyLib.pack(total, cap, id));
    }

    function custodyWithTotal(uint256 word, uint256 total) external pure returns (uint256) {
        return Custody.unwrap(Custody.wrap(word).withTotal(total));
    }

    function custody(
        uint256 word
    ) external pure returns (uint256 total, uint256 cap, uint256 id, bool isListed) {
        Custody custody_ = Custody.wrap(word);
        return (custody_.total(), custody_.cap(), custody_.id(), custody_.isListed());
    }

    function packMarket(address pool, uint256 debtCap, uint256 id) external pure returns (uint256) {
        return Market.unwrap(MarketLib.pack(pool, debtCap, id));
    }

    function market(uint256 word) external pure returns (address pool, uint256 debtCap, uint256 id) {
        Market market_ = Market.wrap(word);
        return (market_.pool(), market_.debtCap(), market_.id());
    }
}
