"""The option market's model beside the market: what is done to one is done to the other, and then both must say the same."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from scripts.common.contract import Tx
from scripts.model.books import WAD
from scripts.model.options import Market, Parameters, Series
from tests.helpers.expect import Reverted
from tests.helpers.option_market import TOKEN, OptionBench
from tests.helpers.system import NO_LIMIT
from tests.helpers.volatility import SMILE

QUARTER = WAD // 4
# Lower tail, ends and centre with volatilities, upper tail.
SCENARIOS = (
    (-2 * WAD // 5, QUARTER, WAD // 2),
    (-WAD // 5, -QUARTER, WAD),
    (-WAD // 5, QUARTER, WAD),
    (0, -QUARTER, WAD),
    (0, 0, WAD),
    (0, QUARTER, WAD),
    (WAD // 5, -QUARTER, WAD),
    (WAD // 5, QUARTER, WAD),
    (2 * WAD // 5, QUARTER, WAD // 2),
)


def packed(spot: int, volatility: int, weight: int) -> int:
    """A scenario's word."""
    return (spot % 2**96) << 160 | (volatility % 2**96) << 64 | weight


class Mirror:
    """Acts on the market; a refusal changes neither side."""

    def __init__(self, bench: OptionBench, accounts: list[bytes], dollars: int = 2_000) -> None:
        self.bench, self.accounts, self.dollars = bench, accounts, dollars
        self.refusals: list[str] = []
        self.model = Market(Parameters(*bench.market.parameters()), TOKEN, bench.evm.now)
        self.model.smiles = dict.fromkeys(bench.expiries.values(), SMILE)

    @property
    def index(self) -> int:
        """The index as a WAD."""
        return self.dollars * WAD

    def _try(self, act: Callable[[], Tx]) -> Tx | None:
        """A refusal must have a name."""
        self.model.now = self.bench.evm.now
        try:
            return act()
        except Reverted as error:
            assert error.name not in ("", "Panic", "Halt", "Error"), error
            self.refusals.append(error.name)
            return None

    # --- what happens ---

    def series(self, days: int, strike: int, call: bool) -> int:
        """Id of a series in both."""
        number = self.bench.series(days, strike, call)
        self.model.series[number] = Series(self.bench.expiries[days], strike * WAD, call)
        return number

    def set_price(self, dollars: int) -> None:
        """The index moves."""
        self.dollars = dollars
        self.bench.set_index(dollars)

    def warp(self, seconds: int) -> None:
        """Time passes and prices stay fresh."""
        self.bench.warp(seconds)
        self.model.now = self.bench.evm.now

    def fill(self, taker: bytes, maker: bytes, legs: dict[int, int], units: int, above: int = 0) -> bool:
        """One fill between two accounts, `above` the value for the buyer."""
        self.model.now = self.bench.evm.now
        premium = self.model.combined(legs, self.index) + above
        if self._try(lambda: self.bench.fill(taker, maker, units, legs, premium)) is None:
            return False
        self.model.fill(taker, maker, legs, units, premium, self.index)
        return True

    def settle(self, account: bytes, alone: bool = True) -> int:
        """By anybody, or by the owner inside a batch. Who pays, pays all, what he holds, or nothing."""
        self.model.now = self.bench.evm.now
        held = max(0, self.bench.balance(account))
        if alone:
            paid = self.bench.settle(account)
        else:
            tx = self._try(lambda: self.bench.call(account, self.bench.settle_data()))
            if tx is None:
                return 0
            paid = int.from_bytes(tx.value, "big", signed=True)
        self._settled(account, paid, held, alone)
        return paid

    def _settled(self, account: bytes, paid: int, held: int, alone: bool = True) -> None:
        self.model.clear(account)
        due = self.model.due(account, self.index)
        candidates = ({0, min(due, held), due} if alone else {min(due, held)}) if due else {0}
        outcomes = {amount: deepcopy(self.model).settle(account, self.index, amount) for amount in candidates}
        matching = [amount for amount, outcome in outcomes.items() if outcome == paid]
        assert matching, f"{paid} paid of {due} due, {held} held: {outcomes}"
        assert self.model.settle(account, self.index, matching[0]) == paid

    def expire(self, days: int, dollars: int, accounts: list[bytes]) -> None:
        """The index stands at a price before an expiry, which is settled for accounts."""
        held = [max(0, self.bench.balance(account)) for account in accounts]
        self.dollars = dollars
        tx = self.bench.expire(days, dollars, accounts)
        self.model.now = self.bench.evm.now
        self.model.fixed[self.bench.expiries[days]] = dollars * WAD
        paid = {event["account"]: event["paid"] for event in tx.events("Settled", self.bench.market)}
        for account, had in zip(accounts, held, strict=True):
            self._settled(account, paid.get(account, 0), had)

    def take_over(self, account: bytes, into: bytes, fraction: int = WAD) -> bool:
        """By the real liquidation engine."""
        bench = self.bench
        bench.evm.mine()
        owner = bench.owner(into)
        tx = self._try(
            lambda: bench.system.vault.liquidate(account, into, fraction, 0, 0, NO_LIMIT, sender=owner)
        )
        if tx is None:
            return False
        self.model.settle(account, self.index, 0)
        for event in tx.events("Absorbed", bench.market):
            assert self.model.bear(account, event["deficit"], self.index) == event["deficit"]
        taken = tx.value[0]
        if self.model.holds(account):
            self.model.move(account, into, taken, self.index)
        for event in tx.events("ClaimForfeited", bench.market):
            assert self.model.forfeit(account) == event["amount"]
        return True

    def collect_fees(self) -> None:
        """Fees leave the market."""
        assert int(self.bench.market.collectFees().value) == self.model.collect_fees()

    # --- what must hold ---

    def check(self) -> None:
        """OPT-1, and contract equals model, to the wei."""
        bench, model = self.bench, self.model
        model.now = bench.evm.now
        model.check()
        for account in self.accounts:
            assert bench.sizes(account) == model.sizes(account), f"OPT-1: sizes of {account.hex()}"
            waiting, allotted = model.claim(account)
            cost, pnl = model.cost(account), model.pnl(account, self.index)
            assert tuple(bench.market.balanceOf(account)) == (cost, pnl, waiting, allotted), (
                f"OPT-1: account {account.hex()}"
            )
            assert int(bench.market.graceUntil(account)) == model.grace_until(account)
            held = bench.market.address in bench.system.vault.holdings(account)[1]
            assert held == model.holds(account), "held in the vault"
            self._check_report(account)
        assert tuple(bench.market.totals()) == (
            *(model.open_interest, model.cash, model.waiting, model.allotted, model.fees),
            *(model.unborne, model.expired_cost),
        ), "OPT-1: totals"
        own = bench.balance(bench.system.account(bench.market.address))
        assert own == model.cash, f"OPT-1: {own} tokens for {model.cash} of cash"

    def _check_report(self, account: bytes) -> None:
        """A dollar is a dollar here: the settlement asset's price is one."""
        market = self.bench.market
        settlement = self.bench.system.assets["USDC"].underlying
        ids, curved = market.underlyings()
        assert curved == 1 << list(ids).index(market.underlying())
        prices = [WAD if one == settlement else self.index for one in ids]
        words = [packed(*one) for one in SCENARIOS]
        quiet = [packed(0, 0, WAD)] * 2
        scenarios = [word for one in ids for word in (quiet if one == settlement else words)]
        said = market.report(account, scenarios, prices, prices, False)
        own = list(ids).index(market.underlying())
        expected = self.model.report(account, SCENARIOS, self.index)
        assert said.valueWad == expected["value"]
        assert said.creditWad == expected["credit"]
        assert said.standaloneWad == expected["standalone"]
        assert said.addOnWad == expected["addOn"]
        assert list(said.exposuresWad)[own] == expected["exposure"]
        changes = list(said.changesWad)[own * len(quiet) : own * len(quiet) + len(words)]
        assert changes == expected["changes"]
        assert said.standaloneWad >= max(-change for change in changes), "PM-1: netted more than standalone"
