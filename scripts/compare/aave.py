"""Aave v3, the version of its npm package: one pool with USDC and all collaterals."""

from __future__ import annotations

from typing import ClassVar

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.common.create_address import created_address
from scripts.common.uniswap import NOBODY, UNLIMITED
from scripts.compare.ground import AMOUNTS, CENTS, WAD
from scripts.compare.packages import Build, Compiled
from scripts.compare.peer import Peer, Sent

SOURCES = "node_modules/@aave-dao/aave-v3-origin/src/contracts"
LOGIC = ("Borrow", "Configurator", "FlashLoan", "Liquidation", "Pool", "Supply")
CONTRACTS = (
    "protocol/configuration/PoolAddressesProvider",
    "protocol/configuration/ACLManager",
    "misc/AaveOracle",
    "misc/DefaultReserveInterestRateStrategyV2",
    "instances/PoolInstance",
    "instances/PoolConfiguratorInstance",
    "instances/ATokenInstance",
    "instances/VariableDebtTokenInstance",
    *(f"protocol/libraries/logic/{name}Logic" for name in LOGIC),
)
# foundry.toml of the release.
RELEASE = Build(
    {f"{SOURCES}/{path}.sol": [path.rsplit("/", 1)[-1]] for path in CONTRACTS},
    compiler="solc-0.8.27",
    evm="shanghai",
    runs=200,
    remappings=[
        "solidity-utils/=node_modules/@bgd-labs/solidity-utils/src/",
        "openzeppelin-contracts/contracts/=node_modules/openzeppelin-5/",
    ],
)
HELPERS = Build({"FlashSwap.sol": [], "AaveFlashSwap.sol": ["AaveFlashSwap"]}, via_ir=True)
VARIABLE = 2
# In hundredths of a percent, as the main market on Ethereum has them, except for LTV and threshold.
LTV, THRESHOLD, BONUS, PROTOCOL_FEE, RESERVE_FACTOR = 8_500, 8_700, 10_500, 1_000, 1_000
OPTIMAL, BASE_RATE, SLOPE_BELOW, SLOPE_ABOVE = 9_000, 0, 550, 4_000
RATE_DATA = [{"type": kind} for kind in ("uint16", "uint32", "uint32", "uint32")]


class Aave(Peer):
    """Accounts are addresses; collateral earns interest, so depositing it is lending it."""

    name = "Aave v3"
    package = "@aave-dao/aave-v3-origin 3.6.0"
    paths: ClassVar[dict[str, str]] = {
        "deposit": "collateral is lent, so that depositing it moves the reserve's rates too",
        "open_4x": "flash swap: Uniswap sends first, the helper supplies and borrows by credit delegation in the callback",
        "close_4x": "flash swap: the helper repays, takes the aTokens and withdraws once in the callback",
        "liquidate": "the taker pays and keeps the collateral lent, as aTokens, of which he has some",
    }

    def prepare(self) -> None:
        ground, wallets = self.ground, self.ground.wallets
        self._deploy()
        ground.approve(self.pool, ground.everybody(), ground.tokens.values())
        self._approve_helper()
        self._supply(wallets.whale, ground.usdc, AMOUNTS.liquidity)
        self._supply(wallets.lender, ground.usdc, AMOUNTS.lend)
        # Who gets aTokens in a liquidation or on closing does not get his first.
        for holder in (self.treasury, wallets.taker, self.helper):
            self.pool.supply(ground.weth, WAD, holder, 0, sender=wallets.whale)
        for count, owner in wallets.borrowers.items():
            self._open(owner, count)
        for owner in (wallets.trader, wallets.payer, *wallets.victims):
            self._open(owner)

    def _deploy(self) -> None:
        ground, chain, governor = self.ground, self.chain, self.chain.account
        release, tokens = Compiled(RELEASE), list(ground.tokens.values())
        provider = release.deploy(chain, "PoolAddressesProvider", "Keel's comparison", governor)
        provider.setACLAdmin(governor)
        roles = release.deploy(chain, "ACLManager", provider)
        provider.setACLManager(roles)
        roles.addPoolAdmin(governor)
        feeds = list(ground.feeds.values())
        oracle = release.deploy(chain, "AaveOracle", provider, tokens, feeds, NOBODY, NOBODY, CENTS)
        provider.setPriceOracle(oracle)
        strategy = release.deploy(chain, "DefaultReserveInterestRateStrategyV2", provider)
        provider.setPoolImpl(release.deploy(chain, "PoolInstance", provider, strategy))
        self.pool = release.at(chain, "PoolInstance", provider.getPool())
        provider.setPoolConfiguratorImpl(release.deploy(chain, "PoolConfiguratorInstance"))
        configurator = release.at(chain, "PoolConfiguratorInstance", provider.getPoolConfigurator())
        # An address of nobody's; without rewards, which every transfer of an aToken would pay for.
        self.treasury = created_address(governor, 0)
        a_token = release.deploy(chain, "ATokenInstance", self.pool, NOBODY, self.treasury)
        debt_token = release.deploy(chain, "VariableDebtTokenInstance", self.pool, NOBODY)
        rates = codec.encode(RATE_DATA, (OPTIMAL, BASE_RATE, SLOPE_BELOW, SLOPE_ABOVE))
        configurator.initReserves(
            [
                (
                    a_token,
                    debt_token,
                    token,
                    f"a{symbol}",
                    f"a{symbol}",
                    f"v{symbol}",
                    f"v{symbol}",
                    b"",
                    rates,
                )
                for symbol, token in ground.tokens.items()
            ]
        )
        for token in tokens:
            configurator.configureReserveAsCollateral(token, LTV, THRESHOLD, BONUS)
            configurator.setLiquidationProtocolFee(token, PROTOCOL_FEE)
            configurator.setReserveFactor(token, RESERVE_FACTOR)
        configurator.setReserveBorrowing(ground.usdc, True)
        self.a_weth = release.at(chain, "ATokenInstance", self.pool.getReserveAToken(ground.weth))
        debt = self.pool.getReserveVariableDebtToken(ground.usdc)
        self.debt = release.at(chain, "VariableDebtTokenInstance", debt)

    def _approve_helper(self) -> None:
        ground, owner = self.ground, self.ground.wallets.leverer
        self.helper = Compiled(HELPERS).deploy(
            self.chain, "AaveFlashSwap", self.pool, ground.uniswap.address, ground.weth, ground.usdc
        )
        ground.approve(self.helper, [owner], [ground.weth, self.a_weth])
        self.debt.approveDelegation(self.helper, UNLIMITED, sender=owner)

    def lend(self) -> Sent:
        return self._supply(self.ground.wallets.lender, self.ground.usdc, AMOUNTS.lend)

    def withdraw(self) -> Sent:
        return self._withdraw(self.ground.wallets.lender, self.ground.usdc, AMOUNTS.withdraw)

    def deposit(self) -> Sent:
        return self._supply(self.ground.wallets.trader, self.ground.weth, AMOUNTS.add)

    def take_back(self) -> Sent:
        return self._withdraw(self.ground.wallets.trader, self.ground.weth, AMOUNTS.add)

    def borrow(self, count: int) -> Sent:
        return self._borrow(self.ground.wallets.borrowers[count], AMOUNTS.borrow)

    def repay(self) -> Sent:
        return self._repay(AMOUNTS.repay)

    def repay_all(self) -> Sent:
        return self._repay(UNLIMITED)

    def open_4x(self) -> Sent:
        return self.helper.open(AMOUNTS.margin, AMOUNTS.buy_with, sender=self.ground.wallets.leverer)

    def close_4x(self) -> Sent:
        return self.helper.close(sender=self.ground.wallets.leverer)

    def liquidate(self) -> Sent:
        ground, victim = self.ground, self.ground.wallets.victims[0]
        return self.pool.liquidationCall(
            ground.weth, ground.usdc, victim, AMOUNTS.liquidate, True, sender=ground.wallets.taker
        )

    def _open(self, owner: str, count: int = 1) -> None:
        for token in self.ground.collaterals(count):
            self._supply(owner, token, AMOUNTS.collateral)
        self._borrow(owner, count * AMOUNTS.borrowed_before)

    def _supply(self, owner: str, token: Contract, amount: int) -> Sent:
        return self.pool.supply(token, amount, owner, 0, sender=owner)

    def _withdraw(self, owner: str, token: Contract, amount: int) -> Sent:
        return self.pool.withdraw(token, amount, owner, sender=owner)

    def _borrow(self, owner: str, amount: int) -> Sent:
        return self.pool.borrow(self.ground.usdc, amount, VARIABLE, 0, owner, sender=owner)

    def _repay(self, amount: int) -> Sent:
        payer = self.ground.wallets.payer
        return self.pool.repay(self.ground.usdc, amount, VARIABLE, payer, sender=payer)
