"""The deployed protocol as the demonstration sees it: assets, prices, pools to trade on, and gas used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Any

from scripts.client.domain import Domain
from scripts.common.chain import Chain
from scripts.common.contract import Contract, Tx
from scripts.common.errors import KeelError
from scripts.common.uniswap import UNLIMITED, Pool, encode_route
from scripts.common.units import WAD
from scripts.keeper.perps import Perp


@dataclass(frozen=True)
class Asset:
    """One listed asset; `underlying` is what its price moves with."""

    symbol: str
    id: int
    token: Contract
    decimals: int
    pool: Contract
    underlying: int


@dataclass
class Stage:
    """Contracts, assets by symbol, and the prices of now in dollars; the first asset settles.

    `markets` are Uniswap pools; `mint` gives tokens to an address, in smallest units. `perps` are perpetual
    markets by address, of `domain`, which says the same of the deployment as clients know it.
    """

    chain: Chain
    vault: Contract
    risk: Contract
    parameters: Contract
    liquidation: Contract
    backstop: Contract
    lens: Contract
    adapter: Contract
    assets: Sequence[Asset]
    feeds: dict[int, Contract]
    markets: Sequence[Pool]
    mint: Callable[[str, str, int], None]
    domain: Domain | None = None
    perps: Mapping[str, Perp] = field(default_factory=dict)
    prices: dict[str, Decimal] = field(default_factory=dict)
    gas: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_symbol = {asset.symbol: asset for asset in self.assets}
        self.by_address = {asset.token.address: asset for asset in self.assets}
        self.by_id = {asset.id: asset for asset in self.assets}
        self.settlement = self.by_id[0].symbol
        self.underlyings = sorted(self.feeds)
        self._routes: dict[tuple[str, str], list[Any]] = {}

    def __getitem__(self, symbol: str) -> Asset:
        return self.by_symbol[symbol]

    # Amounts

    def units(self, symbol: str, dollars: Decimal) -> int:
        """Smallest units of an asset that are worth so much now, rounded down."""
        whole = dollars / self.prices[symbol]
        return int(whole.scaleb(self[symbol].decimals).to_integral_value(ROUND_DOWN))

    def dollars(self, symbol: str, amount: int) -> Decimal:
        """What smallest units of an asset are worth now."""
        return Decimal(amount).scaleb(-self[symbol].decimals) * self.prices[symbol]

    def settlement_value(self, amount: int) -> int:
        """Settlement tokens as a WAD of dollars."""
        return int(self.dollars(self.settlement, amount) * WAD)

    # Accounts and tokens

    def account_id(self, owner: str, index: int = 0) -> bytes:
        """The id of an owner's account."""
        return bytes.fromhex(owner[2:]) + index.to_bytes(12, "big")

    def give(self, symbol: str, to: str, amount: int, spender: Contract | None = None) -> None:
        """Mints to `to`, who lets the vault (or `spender`) take it."""
        self.mint(symbol, to, amount)
        self.allow(symbol, to, spender or self.vault, amount)

    def allow(self, symbol: str, owner: str, spender: Contract, amount: int) -> None:
        """Lets `spender` take an owner's tokens, unless it may take `amount` already."""
        token = self[symbol].token
        if token.allowance(owner, spender) < amount:
            token.approve(spender, UNLIMITED, sender=owner)

    def assess(self, accounts: Iterable[bytes]) -> list[tuple[int, float | None]]:
        """Equity (a WAD of dollars) and health of accounts, None without debt."""
        ids = list(accounts)
        held = self.chain.read_all([self.vault.holdings.prepare(account) for account in ids])
        answers = self.chain.read_all(
            [
                self.risk.assess.prepare(account, holdings, instruments, 1, False)
                for account, (holdings, instruments, _) in zip(ids, held, strict=True)
            ]
        )
        return [
            (answer.equity, answer.equity / answer.requirement if answer.debtValue else None)
            for answer in answers
        ]

    # Trades

    def swap_call(
        self,
        account: bytes,
        sell: str,
        buy: str,
        amount: int,
        *,
        limit: int = 0,
        max_loss: int = WAD,
        exact_out: bool = False,
    ) -> bytes:
        """Calldata of a swap in a batch; `max_loss` of one leaves the bound to `limit`."""
        route = encode_route(self.route(sell, buy))
        return bytes(
            self.vault.swap.encode(
                account,
                (
                    self.adapter,
                    self[sell].token,
                    self[buy].token,
                    exact_out,
                    amount,
                    limit,
                    max_loss,
                    route,
                ),
            )
        )

    def quote_exact_out(self, sell: str, buy: str, amount: int) -> int:
        """What buying `amount` takes now. Raises Reverted."""
        return self.markets[0].uniswap.quote_exact_out(self.route(sell, buy), amount)

    def route(self, sell: str, buy: str) -> list[Any]:
        """`[token, fee, token, ...]` over as few pools as possible. Raises KeelError if there is no way."""
        known = self._routes.get((sell, buy))
        if known is None:
            known = self._routes[sell, buy] = self._find_route(sell, buy)
        return known

    def _find_route(self, sell: str, buy: str) -> list[Any]:
        goal = self[buy].token
        routes: list[list[Any]] = [[self[sell].token]]
        seen = {self[sell].token.address}
        while routes:
            route = routes.pop(0)
            for pool in self.markets:
                for here, there in ((pool.base, pool.quote), (pool.quote, pool.base)):
                    if here == route[-1] and there.address not in seen:
                        seen.add(there.address)
                        longer = [*route, pool.fee, there]
                        if there == goal:
                            return longer
                        routes.append(longer)
        raise KeelError(f"no Uniswap pools lead from {sell} to {buy}; the markets need one")

    # Gas

    def record(self, kind: str, tx: Tx) -> Tx:
        """Notes the gas of one operation."""
        self.gas.setdefault(kind, []).append(tx.gas_used)
        return tx
