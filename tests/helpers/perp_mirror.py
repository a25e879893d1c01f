"""The market's model beside the market: what is done to one is done to the other, and then both must say the same."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from faster_eth_abi import encode

from scripts.common.contract import Tx
from scripts.model.perps import WAD, Market, Parameters
from scripts.model.risk import div_up
from scripts.model.scenarios import linear_points
from tests.helpers.expect import Reverted
from tests.helpers.perp_market import TOKEN, PerpBench
from tests.helpers.system import NO_LIMIT

QUOTE_TO_VALUE = 10**36
REPORT = "(uint8,int256,uint256,uint256,uint256,uint256,int256[],int256[])"


class Mirror:
    """Acts on the market; a refusal changes neither side."""

    def __init__(self, bench: PerpBench, accounts: list[bytes], dollars: int = 2_000) -> None:
        self.bench, self.accounts = bench, [*accounts, bench.maker_account]
        self.dollars = dollars
        self.refusals: list[str] = []
        # Losses that others took, and those of them that closed positions.
        self.absorbed = self.deleveraged = 0
        self.model = Market(Parameters(*bench.market.parameters()), TOKEN, bench.evm.now)
        self.poke()

    @property
    def mark(self) -> int:
        """The mark, as the model has it after a refresh."""
        return self.model.mark(self.dollars * WAD)

    def _refresh(self) -> None:
        self.model.refresh(self.bench.evm.now, self.dollars * WAD)

    def _try(self, act: Callable[[], Tx]) -> Tx | None:
        """A refusal must have a name."""
        try:
            return act()
        except Reverted as error:
            assert error.name not in ("", "Panic", "Halt", "Error"), error
            self.refusals.append(error.name)
            return None

    # --- what happens ---

    def poke(self) -> None:
        """Premium and funding up to now, a new sample."""
        self.bench.market.poke()
        self._refresh()
        self.model.take_sample(int(self.bench.maker.samplePremiumWad()))

    def set_price(self, dollars: int) -> None:
        """The index moves."""
        self.dollars = dollars
        self.bench.set_index(dollars)

    def warp(self, seconds: int) -> None:
        """Time passes and prices stay fresh."""
        self.bench.system.warp(seconds)

    def set_premium(self, sample: int) -> None:
        """Where the maker's middle price is from now on."""
        self.bench.maker.setPremium(0, sample)

    def trade(self, account: bytes, size: int) -> bool:
        """With the maker, at the index."""
        if self._try(lambda: self.bench.trade(account, size)) is None:
            return False
        self._refresh()
        self.model.trade(account, self.bench.maker_account, size, self.dollars * WAD)
        self.model.take_sample(int(self.bench.maker.samplePremiumWad()))
        return True

    def fill(self, taker: bytes, maker: bytes, size: int, price: int, tip: int = 0) -> bool:
        """One fill between two accounts; the maker tips the maker contract."""
        earner = self.accounts[-1]
        data = [(maker, size, price, tip)]
        if self._try(lambda: self.bench.fills(taker, data, 0, earner)) is None:
            return False
        self._refresh()
        self.model.fill(taker, [(maker, size, price, False)])
        if tip:
            self.model.tip(maker, earner, tip)
        return True

    def fill_many(self, taker: bytes, fills: list[tuple[bytes, int, int]], rest: int = 0) -> bool:
        """One match of maker, signed size of the taker and price; the maker contract fills `rest` more at the index."""
        data: list[tuple[bytes, int, int, int, bool]] = [(*fill, 0, False) for fill in fills]
        contract = self.bench.maker_account
        if rest:
            data.append((contract, rest, NO_LIMIT if rest > 0 else 0, 0, True))
        if self._try(lambda: self.bench.fills(taker, data)) is None:
            return False
        self._refresh()
        done = [(*fill, False) for fill in fills]
        if rest:
            done.append((contract, rest, self.dollars * WAD, True))
        self.model.fill(taker, done)
        if rest:
            self.model.take_sample(int(self.bench.maker.samplePremiumWad()))
        return True

    def settle(self, account: bytes, alone: bool = True) -> int:
        """By anybody, or by the owner inside a batch. Who pays, pays all, what he holds, or nothing."""
        held = max(0, self.bench.balance(account))
        if alone:
            paid = self.bench.settle(account)
        else:
            tx = self._try(lambda: self.bench.call(account, self.bench.settle_data()))
            if tx is None:
                return 0
            paid = int.from_bytes(tx.value, "big", signed=True)
        self._refresh()
        due = self.model.due(account, self.mark)
        given = 0
        if due:
            # What was allotted before is paid at once, to who pays as well.
            candidates = {0, min(due, held), due} if alone else {min(due, held)}
            outcomes = {amount: self._outcome(account, amount) for amount in candidates}
            matching = [amount for amount, outcome in outcomes.items() if outcome == paid]
            assert matching, f"{paid} paid of {due} due, {held} held: {outcomes}"
            given = matching[0]
        assert self.model.settle(account, self.mark, given) == paid
        return paid

    def _outcome(self, account: bytes, amount: int) -> int:
        return deepcopy(self.model).settle(account, self.mark, amount)

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
        self._refresh()
        self.model.settle(account, self.mark, 0)
        for event in tx.events("Absorbed", bench.market):
            assert self.model.bear(account, event["deficit"], self.mark) == event["deficit"]
            self.absorbed += 1
            self.deleveraged += bool(tx.events("BucketDeleveraged", bench.market))
        taken = tx.value[0]
        if self.model.holds(account):
            self.model.move(account, into, taken, self.mark)
        for event in tx.events("ClaimForfeited", bench.market):
            assert self.model.forfeit(account) == event["amount"]
        return True

    def deleverage(self, most: int) -> None:
        """What the receiver holds is closed."""
        if self._try(lambda: self.bench.market.deleverage(most)) is not None:
            self._refresh()
            self.model.deleverage(most)

    def collect_fees(self) -> None:
        """Fees leave the market."""
        assert int(self.bench.market.collectFees().value) == self.model.collect_fees()

    # --- what must hold ---

    def check(self) -> None:
        """PERP-1, and contract equals model, to the wei."""
        bench, model = self.bench, self.model
        model.check()
        price = self.dollars * WAD
        premium, _, grown = model.grown(bench.evm.now)
        funding = model.funding + grown
        state = bench.market.state()
        assert tuple(state[1:3]) == (premium, price * (WAD + premium) // WAD), "premium and mark"
        assert state[4] == funding, "funding"
        mark = state[2]
        for account in self.accounts:
            position = model.load(account)
            cost = position.base + position.size * funding
            pnl = position.size * mark - cost
            waiting, allotted = model.claim(account)
            expected = (position.size, cost, position.entry, pnl, waiting, allotted)
            assert tuple(bench.market.position(account)) == expected, f"PERP-1: account {account.hex()}"
            assert int(bench.market.graceUntil(account)) == model.grace_until(account)
            held = bench.market.address in bench.system.vault.holdings(account)[1]
            assert held == model.holds(account), "held in the vault"
            self._check_risk(account, pnl, position.size, mark)
        receiver_cost = model.receiver_base + model.receiver_size * funding + model.unborne
        assert tuple(bench.market.totals()) == (
            *(model.open_interest, model.cash, model.waiting, model.allotted, model.fees),
            *(model.receiver_size, receiver_cost),
        ), "PERP-1: totals"
        own = bench.balance(bench.system.account(bench.market.address))
        assert own == model.cash, f"PERP-4: {own} tokens for {model.cash} of cash"

    def _check_risk(self, account: bytes, pnl: int, size: int, mark: int) -> None:
        """A dollar is a dollar here: the settlement asset's price is one."""
        market, parameters = self.bench.market, self.model.parameters
        settlement = self.bench.system.assets["USDC"].underlying
        ids, curved = market.underlyings()
        call = market.underlyings.prepare()
        assert self.bench.evm.simulate(call.sender, call.to, call.data, 0, None) == encode(
            ["uint256[]", "uint256"], [sorted((settlement, market.underlying())), 0]
        )
        assert not curved
        prices = [WAD if one == settlement else self.dollars * WAD for one in ids]
        shock = WAD // 5
        moves = [0 if one == settlement else shock for one in ids]
        scenarios = [point.word() for move in moves for point in linear_points(move, move)]
        call = market.report.prepare(account, scenarios, prices, prices, False)
        raw = self.bench.evm.simulate(call.sender, call.to, call.data, 0, None)
        said = call.decode(raw)
        assert raw == encode([REPORT], [tuple(said)]), "the market encodes its answer by itself"
        loss = div_up(max(-pnl, 0) * WAD, QUOTE_TO_VALUE)
        assert said.valueWad == -loss
        gross = max(pnl, 0) + sum(self.model.claim(account)) * TOKEN
        assert said.creditWad == gross * (WAD - parameters.haircut) // WAD * WAD // QUOTE_TO_VALUE
        assert said.haircutWad == parameters.haircut
        notional = div_up(abs(size) * mark * WAD, QUOTE_TO_VALUE)
        assert said.standaloneWad == div_up(notional * shock, WAD)
        exposure = {market.underlying(): size * mark * WAD // QUOTE_TO_VALUE, settlement: -loss}
        assert list(said.exposuresWad) == [exposure[one] for one in ids]
