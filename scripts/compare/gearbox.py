"""Gearbox v3.1, from its npm packages: a pool of USDC, one credit manager, the Uniswap v3 adapter."""

from __future__ import annotations

from typing import ClassVar

from scripts.common.create_address import created_address
from scripts.common.uniswap import NOBODY, UNLIMITED
from scripts.compare.ground import AMOUNTS, BORROW_COUNTS, COLLATERALS, DAY, DOLLAR
from scripts.compare.packages import Build, Compiled
from scripts.compare.peer import Peer, Sent

CORE = "node_modules/@gearbox-protocol/core-v3/contracts"
CONTRACTS = (
    "pool/PoolV3",
    "pool/PoolQuotaKeeperV3",
    "pool/TumblerV3",
    "pool/LinearInterestRateModelV3",
    "core/PriceOracleV3",
    "core/DefaultAccountFactoryV3",
    "core/BotListV3",
    "credit/CreditManagerV3",
    "credit/CreditFacadeV3",
    "credit/CreditConfiguratorV3",
)
ADAPTER = "node_modules/@gearbox-protocol/integrations-v3/contracts/adapters/uniswap/UniswapV3.sol"
# foundry.toml of the release.
RELEASE = Build(
    {f"{CORE}/{path}.sol": [path.rsplit("/", 1)[-1]] for path in CONTRACTS}
    | {
        ADAPTER: ["UniswapV3Adapter"],
        f"{CORE}/interfaces/ICreditFacadeV3Multicall.sol": ["ICreditFacadeV3Multicall"],
    },
    compiler="solc-0.8.23",
    evm="shanghai",
    runs=1_000,
    remappings=[
        "@openzeppelin/contracts/=node_modules/openzeppelin-4/",
        "@1inch/=node_modules/@1inch/",
        "@gearbox-protocol/=node_modules/@gearbox-protocol/",
    ],
)
GOVERNANCE = Build({"GearboxRoles.sol": ["GearboxRoles"]})
# In hundredths of a percent.
THRESHOLD, INTEREST_FEE, LIQUIDATION_FEE, PREMIUM = 8_700, 1_000, 150, 400
RATES = (7_000, 9_000, 0, 300, 400, 4_000, False)
MOST_TOKENS = max(BORROW_COUNTS)
LEAST_DEBT, MOST_DEBT = 5_500 * DOLLAR, 65_000 * DOLLAR
PER_BLOCK = 255  # no limit
STALE_AFTER = 7 * DAY
# What a collateral counts for at most. Each costs interest, so that nobody takes much more than he needs.
QUOTA, LEVERAGED_QUOTA = 7_600 * DOLLAR, 6_500 * DOLLAR
DEBT_ONLY = 1  # CollateralCalcTask
ALL_QUOTA = -(2**95)
QUOTA_LIMIT = 2**95 - 1
FOREVER = 2**256 - 1


class Gearbox(Peer):
    """Borrowed tokens stay in a credit account; collateral counts up to a quota that is paid for."""

    name = "Gearbox v3"
    package = "@gearbox-protocol/core-v3 1.52.1, integrations-v3 1.52.2"
    paths: ClassVar[dict[str, str]] = {
        "deposit": "a multicall of one call to an account that has a quota for the token",
        "borrow": "a multicall: increase the debt, withdraw it; all quotas are there, and all of them are needed",
        "repay": "a multicall: add the underlying, decrease the debt",
        "repay_all": "a multicall: add the underlying, give the quota back, decrease the debt",
        "open_4x": "a multicall in an account that is there already: borrow, add the margin, swap by the adapter, quota",
        "close_4x": "a multicall: swap, give the quota back, repay, withdraw; the account stays",
        "liquidate": "a partial liquidation, which must make the account healthy again",
    }

    def prepare(self) -> None:
        ground, wallets = self.ground, self.ground.wallets
        self._deploy()
        ground.approve(self.pool, (wallets.whale, wallets.lender), [ground.usdc])
        ground.approve(self.manager, ground.everybody(), ground.tokens.values())
        self.pool.deposit(AMOUNTS.liquidity, wallets.whale, sender=wallets.whale)
        self.pool.deposit(AMOUNTS.lend, wallets.lender, sender=wallets.lender)
        # The treasury gets its shares, and not for the first time.
        self.pool.deposit(AMOUNTS.lend, self.treasury, sender=wallets.whale)
        ground.usdc.transfer(self.treasury, DOLLAR, sender=wallets.whale)
        self.accounts: dict[str, str] = {}
        for count, owner in wallets.borrowers.items():
            self._open(owner, count)
        for owner in (wallets.trader, wallets.payer, *wallets.victims):
            self._open(owner)
        self._open(wallets.leverer, 0)

    def _deploy(self) -> None:
        ground, chain, governor = self.ground, self.chain, self.chain.account
        release = Compiled(RELEASE)
        roles = Compiled(GOVERNANCE).deploy(chain, "GearboxRoles")
        self.treasury = created_address(governor, 1)
        rates = release.deploy(chain, "LinearInterestRateModelV3", *RATES)
        self.pool = release.deploy(
            chain,
            "PoolV3",
            *(roles, roles, ground.usdc, self.treasury, rates, AMOUNTS.liquidity, "Diesel USDC", "dUSDC"),
        )
        keeper = release.deploy(chain, "PoolQuotaKeeperV3", self.pool)
        self.pool.setPoolQuotaKeeper(keeper)
        gauge = release.deploy(chain, "TumblerV3", self.pool, 0)
        keeper.setGauge(gauge)
        oracle = release.deploy(chain, "PriceOracleV3", roles)
        for symbol, token in ground.tokens.items():
            oracle.setPriceFeed(token, ground.feeds[symbol], STALE_AFTER)
            # The same feed twice is read once.
            oracle.setReservePriceFeed(token, ground.feeds[symbol], STALE_AFTER)
        factory = release.deploy(chain, "DefaultAccountFactoryV3", roles)
        self.manager = release.deploy(
            chain,
            "CreditManagerV3",
            *(self.pool, factory, oracle, MOST_TOKENS, INTEREST_FEE),
            *(LIQUIDATION_FEE, PREMIUM, LIQUIDATION_FEE, PREMIUM, "Keel's comparison"),
        )
        factory.addCreditManager(self.manager)
        configurator = release.deploy(chain, "CreditConfiguratorV3", self.manager)
        self.manager.setCreditConfigurator(configurator)
        self.pool.setCreditManagerDebtLimit(self.manager, AMOUNTS.liquidity)
        keeper.addCreditManager(self.manager)
        bots = release.deploy(chain, "BotListV3", roles)
        self.facade = release.deploy(
            chain,
            "CreditFacadeV3",
            roles,
            self.manager,
            roles,
            bots,
            ground.keel.wrapped_native,
            NOBODY,
            False,
        )
        configurator.setCreditFacade(self.facade, False)
        configurator.setMaxDebtPerBlockMultiplier(PER_BLOCK)
        configurator.setDebtLimits(LEAST_DEBT, MOST_DEBT)
        for symbol in COLLATERALS:
            gauge.addToken(ground.tokens[symbol])
            keeper.setTokenLimit(ground.tokens[symbol], QUOTA_LIMIT)
        gauge.updateRates()
        for symbol in COLLATERALS:
            configurator.addCollateralToken(ground.tokens[symbol], THRESHOLD)
        router = ground.uniswap.uniswap.router
        self.adapter = release.deploy(chain, "UniswapV3Adapter", self.manager, router)
        configurator.allowAdapter(self.adapter)
        self.adapter.setPoolStatusBatch([(ground.usdc, ground.weth, ground.uniswap.fee, True)])
        self.step = release.at(chain, "ICreditFacadeV3Multicall", self.facade.address)

    def _open(self, owner: str, count: int = 1) -> None:
        tx = self.facade.openCreditAccount(owner, [], 0, sender=owner)
        self.accounts[owner] = tx.value
        if not count:
            return
        tokens = self.ground.collaterals(count)
        self._multicall(
            owner,
            [
                *(self.step.addCollateral.encode(token, AMOUNTS.collateral) for token in tokens),
                self.step.increaseDebt.encode(count * AMOUNTS.borrowed_before),
                *(self.step.updateQuota.encode(token, QUOTA, 0) for token in tokens),
                self.step.withdrawCollateral.encode(
                    self.ground.usdc, count * AMOUNTS.borrowed_before - 1, owner
                ),
            ],
        )

    def _multicall(self, owner: str, steps: list[bytes], swap_at: int | None = None) -> Sent:
        """Steps are calls to the facade; the one at `swap_at` is to the adapter."""
        calls = [
            (self.adapter if number == swap_at else self.facade, step) for number, step in enumerate(steps)
        ]
        return self.facade.multicall(self.accounts[owner], calls, sender=owner)

    def lend(self) -> Sent:
        lender = self.ground.wallets.lender
        return self.pool.deposit(AMOUNTS.lend, lender, sender=lender)

    def withdraw(self) -> Sent:
        lender = self.ground.wallets.lender
        return self.pool.withdraw(AMOUNTS.withdraw, lender, lender, sender=lender)

    def deposit(self) -> Sent:
        trader = self.ground.wallets.trader
        return self._multicall(trader, [self.step.addCollateral.encode(self.ground.weth, AMOUNTS.add)])

    def take_back(self) -> Sent:
        trader = self.ground.wallets.trader
        return self._multicall(
            trader, [self.step.withdrawCollateral.encode(self.ground.weth, AMOUNTS.add, trader)]
        )

    def borrow(self, count: int) -> Sent:
        owner = self.ground.wallets.borrowers[count]
        withdraw = self.step.withdrawCollateral.encode(self.ground.usdc, AMOUNTS.borrow, owner)
        return self._multicall(owner, [self.step.increaseDebt.encode(AMOUNTS.borrow), withdraw])

    def repay(self) -> Sent:
        payer, step = self.ground.wallets.payer, self.step
        add = step.addCollateral.encode(self.ground.usdc, AMOUNTS.repay)
        return self._multicall(payer, [add, step.decreaseDebt.encode(AMOUNTS.repay)])

    def repay_all(self) -> Sent:
        payer, step = self.ground.wallets.payer, self.step
        # What is more than the debt stays in the account.
        add = step.addCollateral.encode(self.ground.usdc, AMOUNTS.borrowed_before + 100 * DOLLAR)
        quota = step.updateQuota.encode(self.ground.weth, ALL_QUOTA, 0)
        return self._multicall(payer, [add, quota, step.decreaseDebt.encode(UNLIMITED)])

    def open_4x(self) -> Sent:
        ground, owner, step = self.ground, self.ground.wallets.leverer, self.step
        swap = (ground.usdc, ground.weth, ground.uniswap.fee, owner, FOREVER, AMOUNTS.buy_with, 0, 0)
        steps = [
            step.increaseDebt.encode(AMOUNTS.buy_with),
            step.addCollateral.encode(ground.weth, AMOUNTS.margin),
            self.adapter.exactInputSingle.encode(swap),
            step.updateQuota.encode(ground.weth, LEVERAGED_QUOTA, 0),
        ]
        return self._multicall(owner, steps, swap_at=2)

    def close_4x(self) -> Sent:
        ground, owner, step = self.ground, self.ground.wallets.leverer, self.step
        account = self.accounts[owner]
        owed = self.manager.calcDebtAndCollateral(account, DEBT_ONLY)
        # The interest of the seconds until it is mined is within a dollar, which stays in the account.
        amount = owed.debt + owed.accruedInterest + owed.accruedFees + DOLLAR
        most = ground.weth.balanceOf(account)
        swap = (ground.weth, ground.usdc, ground.uniswap.fee, owner, FOREVER, amount, most, 0)
        steps = [
            self.adapter.exactOutputSingle.encode(swap),
            step.updateQuota.encode(ground.weth, ALL_QUOTA, 0),
            step.decreaseDebt.encode(UNLIMITED),
            step.withdrawCollateral.encode(ground.weth, UNLIMITED, owner),
        ]
        return self._multicall(owner, steps, swap_at=0)

    def liquidate(self) -> Sent:
        taker, victim = self.ground.wallets.taker, self.ground.wallets.victims[0]
        return self.facade.partiallyLiquidateCreditAccount(
            self.accounts[victim], self.ground.weth, AMOUNTS.liquidate, 0, taker, [], sender=taker
        )
