// SPDX-License-Identifier: MIT
pragma solidity ^0.8.37;

import {AccountId, Holding} from "./Types.sol";

/// @notice What the vault tells: events, errors, structs.
interface IVaultTypes {
    /// @param adapter listed swap adapter
    /// @param exactOut false: `amount` is spent; true: `amount` is bought
    /// @param amount {tok}
    /// @param limit least amount bought, or most amount spent {tok}
    /// @param maxLossWad most value the swap may lose against the oracle, as a share of what is spent; 1e18 or more
    /// leaves the bound to `limit` alone
    /// @param route the adapter's own encoding
    struct Swap {
        address adapter;
        address assetIn;
        address assetOut;
        bool exactOut;
        uint256 amount;
        uint256 limit;
        uint256 maxLossWad;
        bytes route;
    }

    /// @param id number of the asset: its bit in the bitmap
    /// @param pool lending pool, zero where the asset cannot be borrowed
    /// @param total sum of all accounts' positive balances {tok}
    /// @param supplyCap the most `total` may become by deposits that are not needed as margin {tok}
    /// @param debtCap the most this vault may owe the pool by new borrowing {tok}
    struct AssetInfo {
        uint256 id;
        address pool;
        uint256 total;
        uint256 supplyCap;
        uint256 debtCap;
    }

    event Deposited(AccountId indexed account, address indexed token, address from, uint256 amount);
    event Withdrawn(
        AccountId indexed account,
        address indexed token,
        address to,
        uint256 amount,
        uint256 borrowed
    );
    event Repaid(AccountId indexed account, address indexed token, address from, uint256 amount);
    event Transferred(AccountId indexed from, AccountId indexed to, address indexed token, uint256 amount);
    event Swapped(
        AccountId indexed account,
        address indexed assetIn,
        address indexed assetOut,
        uint256 amountIn,
        uint256 amountOut
    );
    event Liquidated(
        AccountId indexed account,
        AccountId indexed into,
        address indexed caller,
        uint256 fractionWad,
        int256 payment,
        uint256 backstopFee,
        uint256 topUp,
        int256 equity,
        uint256 requirement
    );
    event DebtWrittenOff(AccountId indexed account, address indexed token, uint256 amount);
    event ShortfallCovered(AccountId indexed account, uint256 amount);
    event InstrumentPaid(
        AccountId indexed from,
        AccountId indexed to,
        address indexed instrument,
        uint256 amount
    );
    event OperatorSet(
        AccountId indexed account,
        address indexed operator,
        uint256 oldExpiry,
        uint256 newExpiry
    );
    event AssetListed(address indexed token, uint256 id, address pool);
    event CapsSet(
        address indexed token,
        uint256 oldSupplyCap,
        uint256 newSupplyCap,
        uint256 oldDebtCap,
        uint256 newDebtCap
    );
    event InstrumentListed(address indexed instrument, uint256 id);
    event SwapAdapterSet(address indexed adapter, bool wasAllowed, bool allowed);
    event PausedSet(bool wasPaused, bool paused);

    error Vault_Locked();
    error Vault_NotAuthorised(AccountId account, address caller);
    error Vault_Paused();
    error Vault_UnknownAsset(address token);
    error Vault_AssetListed(address token);
    error Vault_NotPortfolioMode(address instrument);
    error Vault_AssetLimit(uint256 limit);
    error Vault_NotBorrowable(address token);
    error Vault_ZeroAmount();
    error Vault_NothingReceived(address token);
    error Vault_InsufficientBalance(address token, uint256 wanted, uint256 balance);
    error Vault_AmountOutOfRange(uint256 amount, uint256 max);
    error Vault_SupplyCapExceeded(address token, uint256 total, uint256 cap);
    error Vault_AboveSupplyCap(AccountId account);
    error Vault_DebtCapExceeded(address token, uint256 debt, uint256 cap);
    error Vault_NotHeld(AccountId account, address token);
    error Vault_SameAccount(AccountId account);
    error Vault_BelowInitialRequirement(AccountId account, int256 worstEquity, uint256 requirement);
    error Vault_NoNewRisk(AccountId account, uint8 worstStatus, bool paused);
    error Vault_LossyReduction(AccountId account);
    error Vault_BelowMinimumDebt(AccountId account, uint256 debtValueWad, uint256 minimumWad);
    error Vault_RiskRaisedThisBlock(AccountId account);
    error Vault_CheckPending(AccountId account);
    error Vault_PaymentAboveLimit(int256 payment, int256 limit);
    error Vault_SameAsset(address token);
    error Vault_UnknownAdapter(address adapter);
    error Vault_UnknownInstrument(address instrument);
    error Vault_SwapLimit(uint256 amount, uint256 limit);
    error Vault_SwapLoss(uint256 lossWad, uint256 maxLossWad);
    error Vault_NotLiquidationEngine(address caller);
    error Vault_NotInstrument(address caller);
    error Vault_NotWrappedNative(address sender);
    error Vault_BadReceiver(address to);
    error Vault_NativeTransferFailed(address to, uint256 amount);
    error Vault_SignatureExpired(uint256 deadline);
    error Vault_BadSignature(AccountId account);
}

/// @notice What moves balances.
interface IVaultOperations is IVaultTypes {
    // --- accounts ---

    /// @notice Takes `amount` of `token` from the caller, repays the account's debt of it first, keeps the rest in custody.
    /// Credits what arrived. Anybody may deposit what an account holds or owes already; a new asset only its owner or
    /// operator. Paused: only what the account holds or owes. At the supply cap: only what it owes, or holds while in debt.
    function deposit(AccountId account, address token, uint256 amount) external;

    /// @notice `deposit` after an ERC-2612 permit to the vault. A permit that was used already (front-run) is no error.
    function depositWithPermit(
        AccountId account,
        address token,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Wraps the native ether sent along and deposits it.
    function depositNative(AccountId account) external payable;

    /// @notice Sends `amount` of the account's balance to `to`; type(uint256).max sends all of it. Never borrows.
    function withdraw(AccountId account, address token, uint256 amount, address to) external;

    /// @notice `withdraw` of wrapped ether, unwrapped.
    function withdrawNative(AccountId account, uint256 amount, address to) external;

    /// @notice Sends `amount` to `to`, from the account's balance first and from the asset's pool for the rest.
    function borrow(AccountId account, address token, uint256 amount, address to) external;

    /// @notice Repays the account's debt of `token` with the caller's tokens, at most what is owed. Anybody may.
    /// @return repaid {tok}
    function repay(AccountId account, address token, uint256 amount) external returns (uint256 repaid);

    /// @notice Moves a balance between accounts. `to` must belong to the caller, have him as operator, or hold or owe
    /// the asset already.
    function transfer(AccountId from, AccountId to, address token, uint256 amount) external;

    /// @notice Trades through a listed adapter; spends the balance first and borrows the rest.
    function swap(
        AccountId account,
        Swap calldata params
    ) external returns (uint256 amountIn, uint256 amountOut);

    /// @notice Lets a listed instrument act for the account.
    function callInstrument(
        AccountId account,
        address instrument,
        bytes calldata data
    ) external returns (bytes memory result);

    /// @notice Runs several calls to this vault in one batch; every touched account is checked once, at the end.
    /// @param calls encoded calls to functions of this vault
    function execute(bytes[] calldata calls) external payable returns (bytes[] memory results);

    /// @notice Takes over a fraction of everything `account` holds into `into`, which pays for it.
    /// @param fractionWad the most to take over; clamped to what reaches the target health
    /// @param excludedAssets bitmap of asset ids left behind
    /// @param excludedInstruments bitmap of instrument ids left behind
    /// @param maxPayment the most `into` pays, fee included (negative: the least it must receive) {settlement tok}
    /// @return takenWad fraction taken over
    /// @return payment what `into` paid, fee included; negative when it was paid {settlement tok}
    function liquidate(
        AccountId account,
        AccountId into,
        uint256 fractionWad,
        uint256 excludedAssets,
        uint256 excludedInstruments,
        int256 maxPayment
    ) external returns (uint256 takenWad, int256 payment);

    /// @notice `liquidate` of an account that is margined as a portfolio, judged by named points of the scenario grid instead
    /// of all of it: cheaper, and enough where they alone prove that it is unhealthy. Premium and size come from the
    /// requirement at those points.
    /// @param scenario one point of each half of the grid for every underlying (see `IRiskEngine.weigh`)
    function liquidateByScenario(
        AccountId account,
        AccountId into,
        uint256 fractionWad,
        uint256 scenario,
        int256 maxPayment
    ) external returns (uint256 takenWad, int256 payment);

    // --- liquidation engine and instruments ---

    /// @notice Writes off `amount` of the account's debt of asset `assetId` at its pool. Liquidation engine only.
    function writeOff(AccountId account, uint256 assetId, uint256 amount) external;

    /// @notice Pays `amount` of the settlement asset from the backstop's account to the account's debt of it.
    /// Liquidation engine only.
    function cover(AccountId account, uint256 amount) external;

    /// @notice Moves settlement tokens between an account and the calling instrument's own account (index 0); the payer
    /// is checked at the end of the batch. Listed instruments only, while they act.
    function instrumentPay(AccountId from, AccountId to, uint256 amount) external;

    /// @notice Marks that the account began or ceased to hold something in the calling instrument.
    function setHeld(AccountId account, bool held) external;

    /// @notice Has the account checked at the end of the batch. Listed instruments only, while they act.
    function touch(AccountId account) external;

    /// @notice `touch` of an account that is judged by other rules from now on: it must satisfy its initial requirement at
    /// fresh prices while nothing is paused, whatever else the batch does. Listed instruments only, while they act.
    function requireCovered(AccountId account) external;

    /// @notice Number of the operation that runs, or of the next one, within this transaction: by it an instrument tells
    /// a second batch from the first. Answers at any time.
    function operationNumber() external view returns (uint256);

    /// @notice Whether an operation runs.
    function locked() external view returns (bool);

    /// @notice Signed balance {tok}. While an operation is half-done it answers the liquidation engine and instruments that
    /// act in it.
    function balanceOf(AccountId account, address token) external view returns (int256 amount);
}

/// @notice What moves none: operators, governance, views. The vault has it in a contract of its own, which it calls by
/// delegation.
interface IVaultAdmin is IVaultTypes {
    // --- operators ---

    /// @notice Lets `operator` act for the account until `expiry` (unix seconds); 0 ends it. Owner only.
    function setOperator(AccountId account, address operator, uint256 expiry) external;

    /// @notice `setOperator` by the owner's EIP-712 signature (ERC-1271 for contracts) over
    /// `SetOperator(bytes32 account,address operator,uint256 expiry,uint256 nonce,uint256 deadline)`.
    function setOperatorBySig(
        AccountId account,
        address operator,
        uint256 expiry,
        uint256 deadline,
        bytes calldata signature
    ) external;

    // --- governance ---

    /// @notice Lists an asset; the first one listed is the settlement asset. Owner only.
    function listAsset(
        address token,
        address pool,
        uint256 supplyCap,
        uint256 debtCap
    ) external returns (uint256 id);

    function setCaps(address token, uint256 supplyCap, uint256 debtCap) external;

    /// @notice The first one must be the risk engine's `portfolioMode`. Owner only.
    function listInstrument(address instrument) external returns (uint256 id);

    function setSwapAdapter(address adapter, bool allowed) external;

    /// @notice Stops (or lets go on) what raises risk. Guardian or owner may stop, only the owner may let go on.
    function setPaused(bool paused) external;

    // --- views (revert with `Vault_Locked` while an operation is half-done) ---

    /// @notice Everything an account holds.
    /// @return list its assets, ascending by id
    /// @return instruments addresses of the instruments it holds
    /// @return riskRaisedAt last block in which it may have taken on risk, covered by its initial requirement (lower 31 bits)
    function holdings(
        AccountId account
    ) external view returns (Holding[] memory list, address[] memory instruments, uint256 riskRaisedAt);

    function assetInfo(address token) external view returns (AssetInfo memory);

    function assetAt(uint256 id) external view returns (address token, address pool);

    function assetCount() external view returns (uint256);

    function instrumentAt(uint256 id) external view returns (address);

    function instrumentCount() external view returns (uint256);

    function operatorExpiry(AccountId account, address operator) external view returns (uint256);

    function operatorNonce(AccountId account) external view returns (uint256);

    function swapAdapterAllowed(address adapter) external view returns (bool);

    function paused() external view returns (bool);

    function settlementAsset() external view returns (address);

    function riskEngine() external view returns (address);

    function liquidationEngine() external view returns (address);

    function backstop() external view returns (address);
}

/// @notice Margin accounts: signed balances, custody, batches. The only contract that holds traders' tokens.
/// Signs: positive is what the account owns. Unless said otherwise a function that acts for an account may be called by
/// its owner or by an operator whose approval has not expired, and reverts with `Vault_NotAuthorised` for others.
interface IVault is IVaultOperations, IVaultAdmin {}
