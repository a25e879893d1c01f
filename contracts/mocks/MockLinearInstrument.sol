// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {IInstrument, Report, Scenario} from "../../interfaces/IInstrument.sol";
import {IRiskEngine} from "../../interfaces/IRiskEngine.sol";
import {IVault} from "../../interfaces/IVault.sol";
import {AccountId, AccountIdLib, PriceStatus} from "../../interfaces/Types.sol";

/// @notice Futures without expiry and without funding, on one underlying or two: the simplest complete instrument. An account
/// has a signed size per underlying and what it paid for them; profit and loss is what they are worth now less that.
/// A loss counts at once, a profit is credit until somebody settles it. Sizes and costs of all accounts add up to what
/// has been paid in and out: what one gains another loses.
///
/// Trades are between two accounts. The maker offers through the vault, the taker accepts through the vault, so that nobody
/// is given a position who did not agree.
contract MockLinearInstrument is IInstrument {
    using FixedPointMathLib for uint256;
    using FixedPointMathLib for int256;

    uint256 private constant WAD = 1e18;
    int256 private constant SIGNED_WAD = 1e18;
    uint256 private constant PPM = 1e6;
    uint256 private constant MAX_UNDERLYINGS = 2;

    /// @dev First word of the data that the vault hands over.
    enum Action {
        OFFER,
        ACCEPT
    }

    /// @param sizesWad signed sizes {units of the underlying}; the second is zero where there is one underlying
    /// @param costWad what was paid for them, less what was settled {USD}
    struct Position {
        int256[2] sizesWad;
        int256 costWad;
    }

    IVault public immutable VAULT;
    IRiskEngine public immutable ENGINE;
    /// @notice Requirement of the whole position that does not net, as a share of its size {ppm}.
    uint256 public immutable addOnPpm;

    uint256[] private _underlyings;
    mapping(AccountId account => Position) private _positions;
    mapping(AccountId maker => Position) private _offers;
    AccountId[] private _holders;
    mapping(AccountId account => uint256) private _holderNumbers; // from one
    /// @notice Settlement tokens paid in and not paid out {tok}.
    uint256 public cash;
    PriceStatus private _status;

    event Traded(AccountId indexed maker, AccountId indexed taker, int256[2] sizesWad, int256 costWad);

    error MockLinearInstrument_Underlyings(uint256 count);
    error MockLinearInstrument_NoOffer(AccountId maker);

    modifier onlyVault() {
        if (msg.sender != address(VAULT)) revert Instrument_NotVault(msg.sender);
        _;
    }

    /// @param underlyings_ one or two ids, ascending
    constructor(address vault, uint256[] memory underlyings_, uint256 addOnPpm_) {
        if (underlyings_.length == 0 || underlyings_.length > MAX_UNDERLYINGS) {
            revert MockLinearInstrument_Underlyings(underlyings_.length);
        }
        VAULT = IVault(vault);
        ENGINE = IRiskEngine(IVault(vault).riskEngine());
        _underlyings = underlyings_;
        addOnPpm = addOnPpm_;
    }

    // --- anybody ---

    /// @notice Sets the status of the instrument's own price.
    function setPriceStatus(PriceStatus status) external {
        _status = status;
    }

    /// @inheritdoc IInstrument
    /// @dev A loss is paid in full, on credit where the account has no settlement tokens; a profit as far as there is cash.
    function settle(AccountId account) external returns (int256 paid) {
        int256 pnl = _pnlDown(_positions[account], _pricesNow());
        if (pnl == 0) return 0;
        AccountId own = AccountIdLib.id(address(this), 0);
        _remember(account);
        if (pnl < 0) {
            uint256 amount = _tokensUp(uint256(-pnl));
            _positions[account].costWad -= int256(_valueDown(amount));
            cash += amount;
            paid = -int256(amount);
            VAULT.instrumentPay(account, own, amount);
        } else {
            uint256 amount = _tokensDown(uint256(pnl)).min(cash);
            if (amount == 0) return 0;
            _positions[account].costWad += int256(_valueUp(amount));
            cash -= amount;
            paid = int256(amount);
            VAULT.instrumentPay(own, account, amount);
        }
    }

    // --- vault ---

    /// @inheritdoc IInstrument
    /// @dev `data`: (Action.OFFER, sizes of the maker, their cost) or (Action.ACCEPT, maker).
    function execute(
        AccountId account,
        address,
        bytes calldata data
    ) external onlyVault returns (bytes memory) {
        if (abi.decode(data, (Action)) == Action.OFFER) {
            (, int256[2] memory sizes, int256 cost) = abi.decode(data, (Action, int256[2], int256));
            if (_underlyings.length == 1) sizes[1] = 0;
            _offers[account] = Position(sizes, cost);
            return "";
        }
        (, AccountId maker) = abi.decode(data, (Action, AccountId));
        Position memory offer = _offers[maker];
        if (_isEmpty(offer)) revert MockLinearInstrument_NoOffer(maker);
        delete _offers[maker];
        _add(maker, offer.sizesWad, offer.costWad);
        _add(account, [-offer.sizesWad[0], -offer.sizesWad[1]], -offer.costWad);
        VAULT.touch(maker);
        emit Traded(maker, account, offer.sizesWad, offer.costWad);
        return "";
    }

    /// @inheritdoc IInstrument
    function transferFraction(AccountId from, AccountId to, uint256 fractionWad) external onlyVault {
        Position memory source = _positions[from];
        int256 fraction = int256(fractionWad);
        int256[2] memory sizes = [
            (source.sizesWad[0] * fraction) / SIGNED_WAD,
            (source.sizesWad[1] * fraction) / SIGNED_WAD
        ];
        // The taker pays the rounding.
        int256 cost = -_floorDiv(-source.costWad * fraction, SIGNED_WAD);
        _add(from, [-sizes[0], -sizes[1]], -cost);
        _add(to, sizes, cost);
    }

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function payProfit(AccountId) external {}

    /// @inheritdoc IInstrument
    // solhint-disable-next-line no-empty-blocks
    function forfeit(AccountId) external {}

    /// @inheritdoc IInstrument
    /// @dev Unsettled profits bear it in proportion; there is no deleveraging beyond.
    function absorb(AccountId account, uint256 deficitWad) external onlyVault returns (uint256 absorbedWad) {
        uint256[] memory prices = _pricesNow();
        uint256 profits = _profits(account, prices);
        if (profits == 0) return 0;
        uint256 wanted = deficitWad.min(profits);
        for (uint256 i = 0; i < _holders.length; ++i) {
            AccountId holder = _holders[i];
            int256 profit = _pnlDown(_positions[holder], prices);
            if (holder.equals(account) || profit <= 0) continue;
            uint256 part = wanted.fullMulDiv(uint256(profit), profits);
            _remember(holder);
            _positions[holder].costWad += int256(part);
            absorbedWad += part;
        }
        _remember(account);
        _positions[account].costWad -= int256(absorbedWad);
    }

    // --- views ---

    /// @inheritdoc IInstrument
    function report(
        AccountId account,
        Scenario[] calldata scenarios,
        uint256[] calldata pricesWad,
        uint256[] calldata requirementPricesWad,
        bool atBatchStart
    ) external view returns (Report memory r) {
        Position memory position = _at(account, atBatchStart);
        r.status = _status;
        int256 pnl = _pnlDown(position, pricesWad);
        if (pnl < 0) r.valueWad = pnl;
        else r.creditWad = uint256(pnl);
        r.exposuresWad = new int256[](pricesWad.length);
        for (uint256 i = 0; i < pricesWad.length; ++i) {
            int256 size = position.sizesWad[i];
            r.exposuresWad[i] = _floorDiv(size * int256(pricesWad[i]), SIGNED_WAD);
            // The fall comes first.
            uint256 shock = scenarios[2 * i + (size > 0 ? 0 : 1)].spotShockWad().abs();
            r.standaloneWad += size.abs().fullMulDivUp(requirementPricesWad[i] * shock, WAD * WAD);
            r.addOnWad += size.abs().fullMulDivUp(requirementPricesWad[i] * addOnPpm, WAD * PPM);
        }
    }

    /// @inheritdoc IInstrument
    function underlyings() external view returns (uint256[] memory ids, uint256 curved) {
        return (_underlyings, 0);
    }

    /// @inheritdoc IInstrument
    function graceUntil(AccountId) external pure returns (uint256) {
        return 0;
    }

    function positionOf(AccountId account) external view returns (Position memory) {
        return _positions[account];
    }

    /// @notice Sizes and cost of all accounts: zero, and minus what is in `cash`.
    function total() external view returns (Position memory sum) {
        for (uint256 i = 0; i < _holders.length; ++i) {
            Position memory position = _positions[_holders[i]];
            sum.sizesWad[0] += position.sizesWad[0];
            sum.sizesWad[1] += position.sizesWad[1];
            sum.costWad += position.costWad;
        }
    }

    // --- internal ---

    /// @dev Changes a position, and tells the vault where it begins or ends.
    function _add(AccountId account, int256[2] memory sizes, int256 cost) private {
        _remember(account);
        Position storage position = _positions[account];
        position.sizesWad[0] += sizes[0];
        position.sizesWad[1] += sizes[1];
        position.costWad += cost;
        bool held = !_isEmpty(position);
        uint256 number = _holderNumbers[account];
        if (held == (number != 0)) return;
        if (held) {
            _holders.push(account);
            _holderNumbers[account] = _holders.length;
        } else {
            AccountId last = _holders[_holders.length - 1];
            _holders[number - 1] = last;
            _holderNumbers[last] = number;
            _holders.pop();
            _holderNumbers[account] = 0;
        }
        VAULT.setHeld(account, held);
    }

    function _profits(AccountId except, uint256[] memory prices) private view returns (uint256 sum) {
        for (uint256 i = 0; i < _holders.length; ++i) {
            if (_holders[i].equals(except)) continue;
            sum += uint256(_pnlDown(_positions[_holders[i]], prices).max(0));
        }
    }

    function _pnlDown(Position memory position, uint256[] memory prices) private pure returns (int256 pnl) {
        for (uint256 i = 0; i < prices.length; ++i) {
            pnl += _floorDiv(position.sizesWad[i] * int256(prices[i]), SIGNED_WAD);
        }
        pnl -= position.costWad;
    }

    function _pricesNow() private view returns (uint256[] memory prices) {
        prices = new uint256[](_underlyings.length);
        for (uint256 i = 0; i < prices.length; ++i) prices[i] = ENGINE.band(_underlyings[i]).priceWad;
    }

    /// @dev Value of 1e18 of the settlement token's smallest units {USD}.
    function _settlementPrice() private view returns (uint256 valueWad) {
        (valueWad, , , ) = ENGINE.valueOf(0, WAD);
    }

    function _tokensUp(uint256 valueWad) private view returns (uint256) {
        return valueWad.fullMulDivUp(WAD, _settlementPrice());
    }

    function _tokensDown(uint256 valueWad) private view returns (uint256) {
        return valueWad.fullMulDiv(WAD, _settlementPrice());
    }

    function _valueUp(uint256 amount) private view returns (uint256) {
        return amount.fullMulDivUp(_settlementPrice(), WAD);
    }

    function _valueDown(uint256 amount) private view returns (uint256) {
        return amount.fullMulDiv(_settlementPrice(), WAD);
    }

    function _isEmpty(Position memory position) private pure returns (bool) {
        return position.sizesWad[0] == 0 && position.sizesWad[1] == 0 && position.costWad == 0;
    }

    function _floorDiv(int256 numerator, int256 denominator) private pure returns (int256 quotient) {
        quotient = numerator / denominator;
        if (numerator % denominator < 0) --quotient;
    }

    // --- what positions were when the operation began ---

    /// @dev Keeps the account's position as it entered the operation; later calls change nothing.
    function _remember(AccountId account) private {
        uint256 slot = _originalSlot(account);
        Position memory position = _positions[account];
        assembly ("memory-safe") {
            if iszero(tload(slot)) {
                let sizes := mload(position)
                tstore(slot, 1)
                tstore(add(slot, 1), mload(sizes))
                tstore(add(slot, 2), mload(add(sizes, 0x20)))
                tstore(add(slot, 3), mload(add(position, 0x20)))
            }
        }
    }

    function _at(AccountId account, bool atBatchStart) private view returns (Position memory position) {
        position = _positions[account];
        if (!atBatchStart) return position;
        uint256 slot = _originalSlot(account);
        assembly ("memory-safe") {
            if tload(slot) {
                let sizes := mload(position)
                mstore(sizes, tload(add(slot, 1)))
                mstore(add(sizes, 0x20), tload(add(slot, 2)))
                mstore(add(position, 0x20), tload(add(slot, 3)))
            }
        }
    }

    /// @dev A place of its own for each account and operation, so that the next operation starts clean.
    function _originalSlot(AccountId account) private view returns (uint256) {
        return uint256(keccak256(abi.encode(account, VAULT.operationNumber())));
    }
}
