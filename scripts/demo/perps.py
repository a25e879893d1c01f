"""The second act: perpetuals on ether. LPs fund the virtual AMM, longs with nothing but dollars and a short trade with
it, and an arbitrageur who holds ether is short as much of the perpetual and earns what longs pay.

At the end the arbitrageur closes his short, and who has won is paid as far as losers have paid in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scripts.common.contract import Call, Reverted, Tx
from scripts.common.errors import KeelError
from scripts.common.units import WAD
from scripts.demo.acts import BLOCK_SECONDS, HOUR, Clock, Point
from scripts.demo.perp_books import QUOTE, funding_paid, read_books, worth, worth_calls
from scripts.demo.perp_result import PerpOutcome, PerpSample, PerpsOutcome
from scripts.demo.result import DemoResult
from scripts.demo.stage import Stage
from scripts.keeper.perps import Perp

ETHER = "WETH"
# What LPs deposit, in dollars.
DEPOSITED = 3_000_000
# The arbitrageur takes out what he has earned so often.
SETTLES_EVERY = 8 * HOUR
# At the end, while prices are in dispute: pokes, and the time between them.
POKES, POKE_SECONDS = 60, 72


@dataclass(frozen=True)
class PerpTrader:
    """Who opens a perpetual position: `margin` dollars of `asset`, and `leverage` times as much of the perpetual, below
    zero for a short one."""

    position: str
    leverage: str
    margin: int
    asset: str = "USDC"


ARBITRAGEUR = PerpTrader("holds ether, short 1×", "-1", 300_000, ETHER)
# Longs go first: the premium that they make is what the others come for.
PERP_TRADERS = (
    PerpTrader("long 1.3×", "1.3", 700_000),
    PerpTrader("long 2×", "2", 300_000),
    PerpTrader("long 3×", "3", 200_000),
    PerpTrader("long 4×", "4", 125_000),
    PerpTrader("long 4.5×", "4.5", 100_000),
    PerpTrader("short 2×", "-2", 100_000),
    ARBITRAGEUR,
)


class PerpAccount:
    """An account with perpetuals that the keeper watches; the virtual AMM's has no trader."""

    def __init__(self, name: str, id_: bytes, owner: str, trader: PerpTrader | None = None) -> None:
        self.name, self.id, self.owner, self.trader = name, id_, owner, trader
        self.is_open = False
        self.health: float | None = None
        self.lowest: float | None = None

    @property
    def position(self) -> str:
        """For table and legend."""
        return self.trader.position if self.trader else "virtual AMM of the LPs"


class Perpetuals:
    """The act. `owners` are an LP and the traders; what `keeper` takes over may leave claims with its account. `others`
    are accounts of other acts that trade the perpetual too."""

    def __init__(
        self, stage: Stage, owners: Sequence[str], keeper: str, others: Sequence[bytes] = ()
    ) -> None:
        if len(owners) <= len(PERP_TRADERS):
            raise KeelError(f"an LP and {len(PERP_TRADERS)} traders need addresses; there are {len(owners)}")
        self.stage = stage
        underlying = stage[ETHER].underlying
        self.perp: Perp = next(perp for perp in stage.perps.values() if perp.underlying == underlying)
        assert self.perp.amm is not None
        self.market, self.amm = self.perp.market, self.perp.amm
        self.lp, self._others = owners[0], [stage.account_id(keeper), *others]
        self._traders = [
            PerpAccount(f"perp trader {number}", stage.account_id(owner), owner, trader)
            for number, (trader, owner) in enumerate(zip(PERP_TRADERS, owners[1:], strict=False), start=1)
        ]
        self._makers = PerpAccount("virtual AMM", stage.account_id(self.amm.address), self.lp)
        self.arbitrageur = self._traders[PERP_TRADERS.index(ARBITRAGEUR)]
        self.outcomes = {
            account.name: PerpOutcome(account.name, account.position, 0) for account in self.accounts
        }
        self.samples: list[PerpSample] = []
        self._first = stage.chain.block_number
        self._settled_at = 0
        self._ether, self._funded, self._index = 0, Decimal(0), 0

    @property
    def accounts(self) -> list[PerpAccount]:
        """Traders, then the virtual AMM."""
        return [*self._traders, self._makers]

    def open(self) -> Iterator[None]:
        """LPs deposit, traders open."""
        stage = self.stage
        amount = stage.units(stage.settlement, Decimal(DEPOSITED))
        stage.give(stage.settlement, self.lp, amount, spender=self.amm)
        stage.record("deposit with the virtual AMM", self.amm.deposit(amount, self.lp, sender=self.lp))
        self._makers.is_open = True
        self.outcomes[self._makers.name].start_equity = stage.settlement_value(amount)
        for account in self._traders:
            self._open(account)
            yield
        # Their trades have made the premium, which takes its time to reach the mark.
        self._index = int(self.market.state().fundingWad)

    def calls(self) -> list[Call]:
        """Prices and funding, and how the arbitrageur stands."""
        return [self.market.state.prepare(), *worth_calls(self.stage, self.perp, self.arbitrageur.id)]

    def see(self, point: Point, answers: Sequence[Any]) -> None:
        """For the picture."""
        state, *account = answers
        position = account[1]
        self._funded -= Decimal(position.sizeWad * (state.fundingWad - self._index)) / QUOTE
        self._index = state.fundingWad
        equity, _ = worth(self.stage, account)
        self.samples.append(
            PerpSample(
                point.seconds,
                state.rateWad / WAD,
                state.premiumWad / WAD,
                (equity - self.outcomes[self.arbitrageur.name].start_equity) / WAD,
                float(self._funded),
            )
        )
        for one in self.accounts:
            if one.health is not None:
                one.lowest = one.health if one.lowest is None else min(one.lowest, one.health)

    def respond(self, point: Point, clock: Clock) -> None:
        """The arbitrageur has his profit settled a few times a day; it is paid when losers have paid."""
        if point.seconds - self._settled_at >= SETTLES_EVERY:
            self._settled_at = point.seconds
            clock.wait(BLOCK_SECONDS)
            self._settle(self.arbitrageur)

    def close(self) -> Iterator[None]:
        """The arbitrageur closes; everybody is settled, who has lost first."""
        self._close_arbitrage()
        for _ in range(2):
            positions = self.stage.chain.read_all(
                [self.market.position.prepare(one.id) for one in self.accounts]
            )
            order = sorted(zip(self.accounts, positions, strict=True), key=lambda one: one[1].pnl)
            for account, position in order:
                if position.pnl > 0 or position.waiting or position.allotted:
                    self._settle(account)
            yield

    def write(self, result: DemoResult) -> None:
        """Accounts, LPs and books at the end."""
        stage, accounts = self.stage, self.accounts
        others = [*self._others, self.market.feeAccount()]
        books = read_books(stage, self.perp, [*(one.id for one in accounts), *others], self._first)
        answers = stage.chain.read_all(
            [call for account in accounts for call in worth_calls(stage, self.perp, account.id)]
        )
        funding = funding_paid(stage, self.perp, [account.id for account in accounts], self._first)
        for number, account in enumerate(accounts):
            outcome = self.outcomes[account.name]
            own = answers[2 * number : 2 * number + 2]
            outcome.end_equity, outcome.claims = worth(stage, own)
            outcome.size = own[1].sizeWad
            outcome.funding = funding[number] * WAD // QUOTE
            outcome.lowest_health = account.lowest
        lps = self.outcomes.pop(self._makers.name)
        _, leaving = self.amm.edges()
        result.perps = PerpsOutcome(
            self.perp.name,
            list(self.outcomes.values()),
            self.arbitrageur.name,
            books,
            lps.start_equity,
            lps.end_equity,
            stage.settlement_value(leaving),
            lps.funding,
            self.samples,
        )

    # Internal

    def _open(self, account: PerpAccount) -> None:
        stage, trader = self.stage, account.trader
        assert trader is not None
        amount = stage.units(trader.asset, Decimal(trader.margin))
        stage.give(trader.asset, account.owner, amount)
        notional = Decimal(trader.leverage) * stage.dollars(trader.asset, amount)
        size = int(notional / stage.prices[ETHER] * WAD)
        token = stage[trader.asset].token
        try:
            tx = stage.vault.execute(
                [
                    stage.vault.deposit.encode(account.id, token, amount),
                    stage.vault.callInstrument.encode(account.id, self.market, self.perp.trade_data(size)),
                ],
                sender=account.owner,
            )
        except Reverted as error:
            raise KeelError(f"{account.position} in {self.perp.name} could not open: {error}") from None
        stage.record("open a perpetual", tx)
        account.is_open = True
        self.outcomes[account.name].start_equity = int(stage.dollars(trader.asset, amount) * WAD)

    def _settle(self, account: PerpAccount) -> None:
        """By anybody; what cannot be settled now stays as it is."""
        call = self.market.settle.prepare(account.id, sender=self.lp)
        [paid] = self.stage.chain.read_all([call], allow_revert=True)
        if not isinstance(paid, Reverted):
            [tx] = self.stage.chain.send_all([call])
            self.stage.record("settle", tx)

    def _close_arbitrage(self) -> None:
        """Buys back what is short. While prices are in dispute the virtual AMM waits, and so does he."""
        stage, account = self.stage, self.arbitrageur
        for _ in range(POKES):
            size = int(self.market.position(account.id).sizeWad)
            if not size or self._trade(account, -size):
                return
            underlying = self.perp.underlying
            stage.chain.set_next_time(stage.chain.now + POKE_SECONDS)
            stage.record("poke", stage.risk.poke(underlying, sender=account.owner))

    def _trade(self, account: PerpAccount, size: int) -> Tx | None:
        vault, data = self.stage.vault, self.perp.trade_data(size)
        try:
            tx: Tx = vault.callInstrument(account.id, self.market, data, sender=account.owner)
        except Reverted:
            return None
        return self.stage.record("close a perpetual", tx)
