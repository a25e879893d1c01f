"""The system that attackers act on, honest people in it, and price sources of which one may lie.

world = World.open(PyrevmBackend(), "calm")
world.liar = Liar("WETH", True)               # its primary source
world.lie(1.1); world.tell_truth(); world.wait(60)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from scripts.common import abi as codec
from scripts.common.contract import Contract
from scripts.model.options import Parameters
from tests.helpers.evm import PyrevmBackend
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.option_orders import OrderDesk
from tests.helpers.perp_trading import PerpTrading
from tests.helpers.system import DAI, DAY, STAKER, USDC, WAD, WETH, System

# Positions among the backend's accounts.
LONG, SHORT, TRADER, MAKER, ATTACKER, ACCOMPLICE, JUDGE = 3, 4, 7, 8, 10, 11, 12
PRICE = {"USDC": 1, "WETH": 2_000, "DAI": 1}
# Price of ether at which the sequence begins, after honest people have opened their accounts at 2,000 dollars.
SCENES = {"calm": 2_000, "edge": 1_740, "crash": 1_700, "gap": 1_450}
FORTUNE = {"USDC": 20_000_000, "WETH": 10_000, "DAI": 2_000_000}
# In their accounts from the beginning.
HELD: tuple[dict[str, int], ...] = (
    {"USDC": 1_000_000},
    {"WETH": 10},
    {"USDC": 1_000_000, "WETH": 500},
    {"USDC": 20_000},
    {"USDC": 100_000},
)
# As in scripts/markets/eth-perp.yaml: depth, spread, skew spread, most that is sold.
SHAPE = (250_000 * WAD, 5_000, 100_000, 40_000)
PERP = {
    "unwindingWad": 6 * WAD // 1_000,
    "depthWad": 5 * 10**8 * WAD,
    "haircutWad": WAD // 5,
    "openInterestCapWad": 5 * 10**7 * WAD,
    "maxPremiumWad": WAD // 50,
    "premiumTime": 900,
    "maxRateWad": 75 * WAD // 10_000,
    "maxPriceMoveWad": WAD // 10,
    "takerFeeWad": 5 * WAD // 10_000,
    "makerFeeWad": 2 * WAD // 10_000,
}
OPTION: Parameters = USUAL
LIE_SECONDS = 240  # the primary's, below the oracle's timeout of 300
WINDOW = 1_800  # of an option's settlement price
SILENT = 0
TOLERANCE = {"WETH": 20_000, "USDC": 5_000}


@dataclass(frozen=True)
class Liar:
    """One of the two sources of one underlying."""

    symbol: str
    primary: bool

    def __str__(self) -> str:
        return f"{'primary' if self.primary else 'second'} source of {self.symbol}"


LIARS = tuple(Liar(symbol, primary) for symbol in TOLERANCE for primary in (True, False))


@dataclass(frozen=True)
class Rules:
    """What a world grants the attackers beyond the rule; each is a weakness that a search must find.

    `single_source`: ether has no second source. `lie_seconds`: how long a primary may lie. `within_tolerance`: lies may be
    so small that the sources still agree. `at_expiry`: a primary may lie while an option's settlement price is measured.
    """

    single_source: bool = False
    lie_seconds: int = LIE_SECONDS
    within_tolerance: bool = False
    at_expiry: bool = False


def invest(system: System, owner: str) -> None:
    """What an attacker has had for long: shares of pools, and of the backstop with his window open."""
    system.lend("USDC", 100_000, owner)
    system.lend("WETH", 50, owner)
    shares = system.stake(20_000, owner)
    system.backstop.requestExit(shares, sender=owner)
    system.warp(7 * DAY)


@dataclass
class World:
    """The contracts, who is there, and what sources say. True prices stand still."""

    system: System
    perps: PerpTrading
    options: OptionBench
    desk: OrderDesk
    flash: Contract
    price: int
    rules: Rules
    series: list[int]
    attackers: list[tuple[str, int]] = field(default_factory=list)
    honest: list[bytes] = field(default_factory=list)
    liar: Liar | None = None
    says: float | None = None  # as a multiple of the truth; SILENT: nothing
    stale: bool = False
    first_lie: int | None = None

    @classmethod
    def open(cls, evm: PyrevmBackend, scene: str = "calm", rules: Rules | None = None) -> World:
        """Everything deployed, honest people in their accounts, the price of the scene."""
        rules = rules or Rules()
        ether = replace(WETH, tolerance=0 if rules.single_source else TOLERANCE["WETH"])
        system = System.deploy(evm, (replace(USDC, tolerance=TOLERANCE["USDC"]), ether, DAI))
        flash = evm.deploy("MockFlashBorrower")
        invest(system, evm.accounts[ATTACKER])
        options = OptionBench.deploy(system, OPTION)
        desk = OrderDesk.deploy(options)
        perps = PerpTrading.deploy(system, 5_000_000, SHAPE, **PERP)
        series = [options.series(7, 2_000), options.series(7, 1_800, call=False), options.series(1, 2_000)]
        world = cls(system, perps, options, desk, flash, SCENES[scene], rules, series)
        world._settle_in()
        world._arm()
        world._open_adapter()
        world.tell_truth()
        for asset in system.assets.values():
            system.risk.poke(asset.underlying)
        evm.mine()
        return world

    def _settle_in(self) -> None:
        """Honest people, at 2,000 dollars."""
        system, evm = self.system, self.system.evm
        people = evm.accounts
        self.honest = [
            system.leveraged(people[LONG], "WETH", 10, "USDC", 15_000),
            system.leveraged(people[SHORT], "USDC", 26_000, "WETH", 10),
            self.perps.funded(people[TRADER], 20_000),
            self.options.trader(MAKER, 500_000),
        ]
        self.perps.trade(self.honest[2], 40 * WAD)
        # Taken over at honest prices, an account is worth to him what it is worth to anybody.
        judge = system.deposit(people[JUDGE], "USDC", 5_000_000)
        system.deposit(people[JUDGE], "WETH", 5_000)
        self.honest += [judge, self.perps.amm_account, system.account(system.backstop.address)]
        self.wait(DAY // 2)  # interest and funding have come due

    def _arm(self) -> None:
        """Attackers' capital, approvals, and the flash borrower as their operator."""
        system, evm = self.system, self.system.evm
        owners = [evm.accounts[ATTACKER], evm.accounts[ACCOMPLICE], self.flash.address]
        self.attackers = [(owners[0], 0), (owners[0], 1), (owners[1], 0), (owners[1], 1), (owners[2], 0)]
        for owner in owners:
            for symbol, amount in FORTUNE.items():
                system.mint(symbol, owner, amount)
                takers = [system.vault, system.pool(symbol), system.helper, system.backstop, self.perps.amm]
                for taker in takers:
                    system.token(symbol).approve(taker.address, 2**256 - 1, sender=owner)
        for (owner, index), held in zip(self.attackers, HELD, strict=True):
            account = system.account(owner, index)
            for operator in {*owners, system.helper.address} - {owner}:
                system.vault.setOperator(account, operator, 2**40, sender=owner)
            for symbol, amount in held.items():
                system.vault.deposit(account, system[symbol], system.units(symbol, amount), sender=owner)

    def _open_adapter(self) -> None:
        """The attackers' own exchange begins with true prices."""
        system = self.system
        for sell in FORTUNE:
            for buy in FORTUNE:
                price = WAD * self.dollars(sell) * system.units(buy, 1)
                price //= self.dollars(buy) * system.units(sell, 1)
                system.adapter.setPrice(system[sell], system[buy], price)

    # Prices and time

    @property
    def evm(self) -> PyrevmBackend:
        """The chain."""
        evm = self.system.evm
        assert isinstance(evm, PyrevmBackend)
        return evm

    @property
    def owners(self) -> list[str]:
        """Whom the attackers are: two people and a contract."""
        return [self.attackers[0][0], self.attackers[2][0], self.flash.address]

    @property
    def accounts(self) -> list[bytes]:
        """The attackers' accounts."""
        return [self.system.account(*one) for one in self.attackers]

    def dollars(self, symbol: str) -> int:
        """What a whole token is truly worth."""
        return self.price if symbol == "WETH" else PRICE[symbol]

    def may_lie(self) -> bool:
        """Whether the liar's time is not over."""
        if self.liar is None or not self.liar.primary:
            return self.liar is not None
        now = self.evm.now
        if self.first_lie is not None and now - self.first_lie >= self.rules.lie_seconds:
            return False
        if self.rules.at_expiry or self.liar.symbol != "WETH":
            return True
        return not any(0 <= expiry - now <= WINDOW for expiry in self.options.expiries.values())

    def lie(self, multiple: float, stale: bool = False) -> bool:
        """The liar says a multiple of the truth, or nothing; `stale`: with a time of two days ago."""
        if not self.may_lie():
            return False
        if self.first_lie is None:
            self.first_lie = self.evm.now
        self.says, self.stale = multiple, stale
        self._speak()
        return True

    def tell_truth(self) -> None:
        """Every source says the true price."""
        self.says, self.stale = None, False
        self._speak()

    def _speak(self) -> None:
        """All sources answer now."""
        for symbol, asset in self.system.assets.items():
            lies = self.liar is not None and self.says is not None and self.liar.symbol == symbol
            said = Fraction(self.says) if lies and self.says is not None else Fraction(1)
            truth = Fraction(self.dollars(symbol))
            primary = said if lies and self.liar and self.liar.primary else Fraction(1)
            second = said if lies and self.liar and not self.liar.primary else Fraction(1)
            asset.feed.setDead(primary == SILENT)
            answer = int(truth * primary * 10**8)
            if primary != SILENT and lies and self.stale and self.liar and self.liar.primary:
                then = self.evm.now - 2 * DAY
                number = int(asset.feed.latestRoundData()[0]) + 1
                asset.feed.setRound(number, answer, then, then, number)
            elif primary != SILENT:
                asset.feed.setAnswer(answer)
            if asset.second is not None:
                asset.second.setFailure(int(second == SILENT))
                asset.second.set(int(truth * second * WAD))

    def wait(self, seconds: int) -> None:
        """Time passes, sources go on saying what they said; a primary's lie ends before it lasts too long."""
        if self.says is not None and self.liar and self.liar.primary and self.first_lie is not None:
            left = self.rules.lie_seconds - (self.evm.now - self.first_lie)
            expiring = not self.rules.at_expiry and self.liar.symbol == "WETH"
            ahead = [expiry - self.evm.now for expiry in self.options.expiries.values()]
            if seconds > left or (expiring and any(-seconds < WINDOW - one <= seconds for one in ahead)):
                self.tell_truth()
        # Sources answer at the end, and within the window of each settlement price.
        end = self.evm.now + seconds
        windows = {expiry - WINDOW // 2 for expiry in self.options.expiries.values()}
        for stop in sorted(one for one in windows if self.evm.now < one < end):
            self.evm.warp(stop - self.evm.now)
            self._speak()
        self.evm.warp(end - self.evm.now)
        self._speak()
        if seconds >= 3_600 and any(one > self.evm.now for one in self.options.expiries.values()):
            self.options.push()

    @contextlib.contextmanager
    def truth(self) -> Iterator[None]:
        """The body sees true prices; whatever it does is undone."""
        state = self.says, self.stale, self.first_lie
        with self.evm.isolation():
            if self.says is not None:
                self.tell_truth()
            yield
        self.says, self.stale, self.first_lie = state

    def restart(self) -> None:
        """Forgets what Python keeps of a sequence."""
        self.says, self.stale, self.first_lie, self.liar = None, False, None, None
        self.perps.nonces, self.desk.nonces = 100, 100

    # What is handed to the vault

    def instrument_call(self, account: bytes, instrument: Contract, data: bytes) -> bytes:
        """Calldata for the vault."""
        encoded: bytes = self.system.vault.callInstrument.encode(account, instrument.address, data)
        return encoded

    @staticmethod
    def portfolio_data(enabled: bool) -> bytes:
        """For the portfolio mode."""
        return codec.encode([{"type": "bool"}], (enabled,))

    @property
    def staker(self) -> str:
        """Who staked first."""
        return self.evm.accounts[STAKER]
