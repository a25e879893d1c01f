"""A whole domain for tests: vault, pools, risk, liquidation, backstop, with mock tokens and feeds.

    system = System.deploy(evm)                     # USDC settlement, WETH, WBTC, wstETH, DAI
    trader = system.account(evm.accounts[3])        # account id: owner and index
    system.fund("WETH", evm.accounts[3], 10)        # whole tokens, approved to the vault
    system.vault.deposit(trader, system["WETH"], system.units("WETH", 10), sender=evm.accounts[3])
    system.set_price("WETH", 1500)

Lenders' liquidity is there from the start (`LENDER`), and so is a staked backstop unless `stake=0`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from eth_utils import keccak, to_checksum_address

from scripts.common.contract import Contract
from tests.helpers.backend import Backend

WAD = 10**18
DAY = 86_400
YEAR = 365 * DAY
ZERO = "0x" + "00" * 20
NO_LIMIT = 2**255 - 1

# Roles by position among the backend's accounts.
OWNER, GUARDIAN, LENDER, TRADER, TAKER, STRANGER, STAKER = range(7)


@dataclass(frozen=True)
class AssetSpec:
    """One asset of a test domain: shares in ppm, `price` and `depth` in dollars, `liquidity` in tokens."""

    symbol: str
    decimals: int
    price: int | float
    down: tuple[int, int] = (180_000, 120_000)  # initial, maintenance
    up: tuple[int, int] = (180_000, 120_000)
    half_width: int = 5_000
    basis_shock: int = 0
    basis_band: int = 0
    unwinding: int = 2_000
    depth: int = 0
    liquidity: int = 1_000
    tier: int = 2
    share_of: str = ""  # an ERC-4626 over this asset, on its underlying
    borrowable: bool = True  # has a lending pool
    tolerance: int = 0  # above zero: a second source that may be this far away


USDC = AssetSpec("USDC", 6, 1, (20_000, 15_000), (20_000, 15_000), 1_000, unwinding=100, liquidity=5_000_000)
WETH = AssetSpec("WETH", 18, 2_000, liquidity=2_000)
WBTC = AssetSpec("WBTC", 8, 40_000, liquidity=100)
WSTETH = AssetSpec("wstETH", 18, 2_000, basis_shock=15_000, basis_band=2_000, share_of="WETH", liquidity=500)
DAI = AssetSpec("DAI", 18, 1, (40_000, 25_000), (40_000, 25_000), 2_000, unwinding=200, liquidity=2_000_000)
DOMAIN = {
    "targetHealthPpm": 1_150_000,
    "premiumMinPpm": 100_000,
    "premiumStartPpm": 150_000,
    "premiumMaxPpm": 400_000,
    "premiumFullHealthPpm": 600_000,
    "minDebtUsd": 100,
    "backstopSharePpm": 0,
    "swapLossPpm": 20_000,
    "gracePeriod": 3_600,
    "nettingPpm": 0,
}
STANDARD = (USDC, WETH, WBTC, WSTETH, DAI)


@dataclass
class Listing:
    """An asset as it is deployed."""

    spec: AssetSpec
    id: int
    token: Contract
    pool: Contract
    feed: Contract
    underlying: int
    second: Contract | None = None


@dataclass
class System:
    """The deployed contracts, and short ways to use them."""

    evm: Backend
    vault: Contract
    risk: Contract
    parameters: Contract
    liquidation: Contract
    backstop: Contract
    lens: Contract
    adapter: Contract
    helper: Contract
    rate_model: Contract
    weth: Contract
    assets: dict[str, Listing] = field(default_factory=dict)

    @classmethod
    def deploy(
        cls,
        evm: Backend,
        specs: tuple[AssetSpec, ...] = STANDARD,
        *,
        stake: int = 100_000,
        sequencer: str = ZERO,
        domain: dict[str, int] | None = None,
        stamp_liquidity: bool = True,
    ) -> System:
        """Deploys a domain with these assets, the first of which settles; `stake` dollars in the backstop."""
        owner, guardian = evm.accounts[OWNER], evm.accounts[GUARDIAN]
        weth = evm.deploy("MockWETH")
        tokens = {spec.symbol: _token(evm, spec, weth) for spec in specs if not spec.share_of}
        for spec in specs:
            if spec.share_of:
                tokens[spec.symbol] = evm.deploy(
                    "MockShareToken", tokens[spec.share_of].address, spec.symbol, spec.symbol
                )
        rate_model = evm.deploy("KinkRateModel", 9 * WAD // 10, WAD // 1_000, 4 * WAD // 100, 60 * WAD // 100)

        nonce = evm.nonce(owner)
        at = [_created(owner, nonce + step) for step in range(5)]
        parameters = evm.deploy("RiskParameters", owner, guardian, at[2], at[1])
        risk = evm.deploy("RiskEngine", parameters.address, sequencer)
        vault = evm.deploy("Vault", owner, guardian, risk.address, at[3], at[4], weth.address)
        liquidation = evm.deploy("LiquidationEngine", vault.address, risk.address, at[4])
        backstop = evm.deploy(
            "Backstop",
            vault.address,
            tokens[specs[0].symbol].address,
            "Keel backstop",
            "kBACK",
            owner,
            guardian,
            7 * DAY,
            2 * DAY,
        )
        assert [c.address for c in (parameters, risk, vault, liquidation, backstop)] == at

        system = cls(
            evm,
            vault,
            risk,
            parameters,
            liquidation,
            backstop,
            evm.deploy("AccountLens", vault.address),
            evm.deploy("MockSwapAdapter"),
            evm.deploy("MarginHelper", vault.address),
            rate_model,
            weth,
        )
        system._list(specs, tokens, DOMAIN | (domain or {}))
        vault.setSwapAdapter(system.adapter.address, True)
        for symbol in system.assets:
            system.fund(symbol, system.adapter.address, 10**6)
        if stamp_liquidity:
            for spec in specs:
                if spec.borrowable:
                    system.lend(spec.symbol, spec.liquidity)
        if stake:
            system.stake(stake)
        evm.mine()
        return system

    def _list(
        self, specs: tuple[AssetSpec, ...], tokens: dict[str, Contract], domain: dict[str, int]
    ) -> None:
        calls = [self.parameters.setDomain.encode(tuple(domain.values()), 0)]
        for spec in specs:
            calls += self._enlist(spec, tokens[spec.symbol])
        self.parameters.configure(calls)

    def add(self, spec: AssetSpec, token: Contract | None = None) -> Listing:
        """Another asset of the running domain, listed as `deploy` does; `token` if it is not a plain one."""
        self.parameters.configure(self._enlist(spec, token or _token(self.evm, spec, self.weth)))
        self.fund(spec.symbol, self.adapter.address, 10**6)
        if spec.borrowable:
            self.lend(spec.symbol, spec.liquidity)
        return self.assets[spec.symbol]

    def _enlist(self, spec: AssetSpec, token: Contract) -> list[bytes]:
        """Deploys what an asset needs and lists it; returns the calls that set its risk parameters."""
        evm, unit = self.evm, 10**spec.decimals
        pool = evm.at("LendingPool", ZERO)
        if spec.borrowable:
            pool = evm.deploy(
                "LendingPool",
                token.address,
                f"Keel {spec.symbol}",
                f"k{spec.symbol}",
                evm.accounts[OWNER],
                evm.accounts[GUARDIAN],
                self.rate_model.address,
                self.backstop.address,
                WAD // 10,
            )
            pool.setLine(self.vault.address, 10**9 * unit)
        self.vault.listAsset(token.address, pool.address, 10**9 * unit, 10**9 * unit)
        calls, rate, second = [], ZERO, None
        if spec.share_of:
            base = self.assets[spec.share_of]
            feed, underlying = base.feed, base.underlying
            data = token.convertToAssets.encode(unit)
            rate = evm.deploy("GrowthCappedRate", token.address, data, unit, WAD // 10).address
        else:
            feed = evm.deploy("MockAggregator", 8, f"{spec.symbol} / USD", int(spec.price * 10**8))
            underlying = len({asset.underlying for asset in self.assets.values()})
            if spec.tolerance:
                second = evm.deploy("MockPriceSource", int(spec.price * WAD))
            source = (
                *(feed.address, DAY + 3_600, spec.half_width, 20_000),
                *(second.address if second else ZERO, spec.tolerance, WAD // 10**6, 10**9 * WAD),
            )
            shocks = (spec.down[0], spec.up[0], spec.down[1], spec.up[1])
            calls.append(self.parameters.addUnderlying.encode(source, shocks))
        number = len(self.assets)
        asset = (
            *(underlying, spec.tier, rate),
            *(spec.basis_shock, spec.basis_band, spec.unwinding, spec.depth),
        )
        calls.append(self.parameters.addAsset.encode(number, asset))
        self.assets[spec.symbol] = Listing(spec, number, token, pool, feed, underlying, second)
        return calls

    # Tokens and prices

    def __getitem__(self, symbol: str) -> str:
        """Address of an asset's token."""
        return self.assets[symbol].token.address

    def pool(self, symbol: str) -> Contract:
        """The asset's lending pool."""
        return self.assets[symbol].pool

    def token(self, symbol: str) -> Contract:
        """The asset's token."""
        return self.assets[symbol].token

    def units(self, symbol: str, whole: int | float | str | Decimal) -> int:
        """Whole tokens in the token's smallest units."""
        return int(Decimal(str(whole)) * 10 ** self.assets[symbol].spec.decimals)

    def mint(self, symbol: str, to: str, whole: int | float | str | Decimal) -> int:
        """Gives `to` that many whole tokens."""
        asset, amount = self.assets[symbol], self.units(symbol, whole)
        owner = self.evm.accounts[OWNER]
        if asset.spec.share_of:
            needed = int(asset.token.previewMint(amount))
            base = self.assets[asset.spec.share_of]
            self.mint(asset.spec.share_of, owner, Decimal(needed) / 10**base.spec.decimals)
            base.token.approve(asset.token.address, needed)
            asset.token.mint(amount, to)
        elif asset.token.address == self.weth.address:
            self.evm.set_balance(owner, self.evm.balance(owner) + amount)
            self.weth.deposit(value=amount)
            if to != owner:
                self.weth.transfer(to, amount)
        else:
            asset.token.mint(to, amount)
        return amount

    def fund(self, symbol: str, to: str, whole: int | float | str | Decimal) -> int:
        """Mints to `to` and, for accounts with a key, approves the vault."""
        amount = self.mint(symbol, to, whole)
        if to in self.evm.accounts and self.token(symbol).allowance(to, self.vault.address) < 2**255:
            self.token(symbol).approve(self.vault.address, 2**256 - 1, sender=to)
        return amount

    def set_price(self, symbol: str, dollars: int | float | Decimal) -> None:
        """A new answer of the asset's feed."""
        self.assets[symbol].feed.setAnswer(int(Decimal(str(dollars)) * 10**8))

    def set_second_price(self, symbol: str, dollars: int | float | Decimal) -> None:
        """What the asset's second source says."""
        second = self.assets[symbol].second
        assert second, f"{symbol} has no second source: its tolerance is zero"
        second.set(int(Decimal(str(dollars)) * WAD))

    def refresh(self) -> None:
        """Every feed answers again what it answered last."""
        for feed in {asset.feed.address: asset.feed for asset in self.assets.values()}.values():
            feed.setAnswer(feed.latestRoundData()[1])

    def warp(self, seconds: int) -> None:
        """Time passes and the feeds keep answering."""
        self.evm.warp(seconds)
        self.refresh()

    # Roles

    @staticmethod
    def account(owner: str, index: int = 0) -> bytes:
        """Account id of an owner and an index."""
        return bytes.fromhex(owner[2:]) + index.to_bytes(12, "big")

    def lend(self, symbol: str, whole: int | float | str, lender: str | None = None) -> int:
        """A lender supplies the asset's pool; returns shares."""
        lender = lender or self.evm.accounts[LENDER]
        amount = self.mint(symbol, lender, whole)
        self.token(symbol).approve(self.pool(symbol).address, amount, sender=lender)
        return int(self.pool(symbol).deposit(amount, lender, sender=lender).value)

    def stake(self, dollars: int, staker: str | None = None) -> int:
        """A staker joins the backstop with settlement tokens; returns shares."""
        staker = staker or self.evm.accounts[STAKER]
        symbol = next(iter(self.assets))
        amount = self.mint(symbol, staker, dollars)
        self.token(symbol).approve(self.backstop.address, amount, sender=staker)
        return int(self.backstop.deposit(amount, staker, sender=staker).value)

    def deposit(self, owner: str, symbol: str, whole: int | float | str, index: int = 0) -> bytes:
        """The owner deposits fresh tokens into his account; returns the account."""
        amount = self.fund(symbol, owner, whole)
        account = self.account(owner, index)
        self.vault.deposit(account, self[symbol], amount, sender=owner)
        return account

    def borrow(self, owner: str, symbol: str, whole: int | float | str, index: int = 0) -> None:
        """The owner borrows to his own address."""
        account = self.account(owner, index)
        self.vault.borrow(account, self[symbol], self.units(symbol, whole), owner, sender=owner)

    def leveraged(
        self,
        owner: str,
        collateral: str = "WETH",
        amount: int | float = 10,
        debt: str = "USDC",
        borrowed: int | float = 12_000,
        index: int = 0,
    ) -> bytes:
        """An account with one collateral and one debt."""
        account = self.deposit(owner, collateral, amount, index)
        self.borrow(owner, debt, borrowed, index)
        self.evm.mine()
        return account

    # Readings

    def balance(self, account: bytes, symbol: str) -> int:
        """Signed balance of an account, debt with interest."""
        return int(self.vault.balanceOf(account, self[symbol]))

    def assess(self, account: bytes, requirement: int = 1) -> tuple[int, int, int, int, int, int]:
        """Equity, uncertainty, requirement, debt value, minimum debt, status; MAINTENANCE by default."""
        holdings, instruments, _ = self.vault.holdings(account)
        return tuple(self.risk.assess(account, holdings, instruments, requirement, False))

    def health(self, account: bytes) -> float:
        """Equity at the exchange price over maintenance requirement."""
        equity, _, requirement, *_ = self.assess(account)
        return equity / requirement if requirement else float("inf")

    def check_custody(self, accounts: list[bytes]) -> None:
        """SOLV-2 for every asset, and the vault's books against the sum over all accounts ever used."""
        for symbol, asset in self.assets.items():
            positive = sum(max(self.balance(account, symbol), 0) for account in accounts)
            held = asset.token.balanceOf(self.vault.address)
            assert held >= positive, f"SOLV-2: {symbol}: vault holds {held}, accounts own {positive}"


def _token(evm: Backend, spec: AssetSpec, weth: Contract) -> Contract:
    if spec.symbol == "WETH":
        return weth
    return evm.deploy("MockERC20", spec.symbol, spec.symbol, spec.decimals)


def _created(sender: str, nonce: int) -> str:
    """Address of the contract that `sender` creates with `nonce`: hash of their RLP encoding."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    item = number if nonce and nonce < 0x80 else bytes([0x80 + len(number)]) + number
    payload = b"\x94" + bytes.fromhex(sender[2:]) + item
    return to_checksum_address(keccak(bytes([0xC0 + len(payload)]) + payload)[12:])
