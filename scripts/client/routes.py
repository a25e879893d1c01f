"""Ways through Uniswap v3 from one listed asset to another, what they give now, and the vault's swap by them.

    router = Router(domain)
    quote = router.best(domain["wstETH"], domain["USDC"], 10**18)
    data = swap_call(domain, account, quote.route, quote.amount_in, limit=quote.amount_out * 995 // 1_000)

Ways are those whose pools exist and have liquidity at their price: direct ones and those over one other asset,
and over two only where there are none shorter. Amounts are in the tokens' smallest units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from scripts.client.domain import Asset, Domain
from scripts.common.contract import Call, Contract, Reverted
from scripts.common.errors import KeelError
from scripts.common.packages import package_artifact
from scripts.common.uniswap import CORE, NOBODY, PERIPHERY, encode_route
from scripts.common.units import WAD

FEES = (100, 500, 3_000, 10_000)
USUAL_HOPS, MOST_HOPS = 2, 3
HUNDREDTHS_OF_A_BIP = 10_000  # in a percent


@dataclass(frozen=True)
class Route:
    """Assets in the order of the trade, and the fee of the pool between each and the next."""

    assets: tuple[Asset, ...]
    fees: tuple[int, ...]

    @property
    def sell(self) -> Asset:
        """What is sold."""
        return self.assets[0]

    @property
    def buy(self) -> Asset:
        """What is bought."""
        return self.assets[-1]

    @property
    def hops(self) -> int:
        """Pools on the way."""
        return len(self.fees)

    def encode(self, reverse: bool = False) -> bytes:
        """Packed as the adapter reads it, in both directions of a trade; the quoter wants bought ones in reverse."""
        entries: list[object] = [self.assets[0].token]
        for fee, asset in zip(self.fees, self.assets[1:], strict=True):
            entries += [fee, asset.token]
        return encode_route(entries, reverse)

    def __str__(self) -> str:
        steps = [self.assets[0].symbol]
        for fee, asset in zip(self.fees, self.assets[1:], strict=True):
            steps.append(f"-{fee / HUNDREDTHS_OF_A_BIP:g}%-> {asset.symbol}")
        return " ".join(steps)


@dataclass(frozen=True)
class Quote:
    """What a way takes and gives now; with `exact_out` the amount bought was asked for."""

    route: Route
    amount_in: int
    amount_out: int
    exact_out: bool = False


@dataclass(frozen=True)
class Wanted:
    """A question: what does selling (or with `exact_out` buying) `amount` give (or take)?"""

    sell: Asset
    buy: Asset
    amount: int
    exact_out: bool = False


class Router:
    """Ways and quotes of one domain. Which pools there are is read once; `refresh` reads it again."""

    def __init__(self, domain: Domain) -> None:
        self.domain = domain
        self._found: dict[tuple[int, int], list[Route]] = {}

    def refresh(self) -> None:
        """Forgets which pools there are."""
        self.__dict__.pop("_pools", None)
        self._found.clear()

    def routes(self, sell: Asset, buy: Asset) -> Sequence[Route]:
        """The ways from one asset to another, short ones first; none if there are none."""
        key = (sell.id, buy.id)
        if key not in self._found:
            found: list[Route] = []
            for most in range(USUAL_HOPS, MOST_HOPS + 1):
                found = found or sorted(
                    self._walk((sell,), (), buy, most), key=lambda route: (route.hops, route.fees)
                )
            self._found[key] = found
        return self._found[key]

    def quotes(self, wanted: Sequence[Wanted], block: str = "latest") -> list[Quote | None]:
        """The best answer to each question, all in one batched read; None where no way can carry the amount.

        Raises KeelError if the record knows no quoter.
        """
        asked = [
            (number, route)
            for number, one in enumerate(wanted)
            if one.amount > 0
            for route in self.routes(one.sell, one.buy)
        ]
        calls = [self._question(wanted[number], route) for number, route in asked]
        best: list[Quote | None] = [None] * len(wanted)
        answers = self.domain.chain.read_all(calls, allow_revert=True, block=block)
        for (number, route), answer in zip(asked, answers, strict=True):
            if isinstance(answer, Reverted) or answer[0] <= 0:
                continue
            one, before = wanted[number], best[number]
            if one.exact_out:
                quote = Quote(route, answer[0], one.amount, True)
                better = before is None or quote.amount_in < before.amount_in
            else:
                quote = Quote(route, one.amount, answer[0])
                better = before is None or quote.amount_out > before.amount_out
            if better:
                best[number] = quote
        return best

    def best(self, sell: Asset, buy: Asset, amount: int, exact_out: bool = False) -> Quote:
        """The best way to sell (or buy) an amount now. Raises KeelError where there is none."""
        if amount <= 0:
            raise KeelError(f"an amount of {amount} cannot be traded; expected more than 0")
        (quote,) = self.quotes([Wanted(sell, buy, amount, exact_out)])
        if quote is None:
            known = ", ".join(str(route) for route in self.routes(sell, buy))
            what = f"buy {amount} units of {buy.symbol} with" if exact_out else f"sell {amount} units of"
            raise KeelError(
                f"no Uniswap pools can {what} {sell.symbol}: "
                + (
                    f"{known} cannot carry it; try less"
                    if known
                    else f"none lead from {sell.symbol} to {buy.symbol}"
                )
            )
        return quote

    @cached_property
    def quoter(self) -> Contract:
        """Uniswap's QuoterV2. Raises KeelError if the deployments file names none."""
        return self._periphery("uniswap.quoter", "QuoterV2", PERIPHERY)

    # Internal

    @cached_property
    def _pools(self) -> dict[int, list[tuple[int, Asset]]]:
        """Asset id -> (fee, asset on the other side) of each pool with liquidity."""
        factory = self._periphery("uniswap.factory", "UniswapV3Factory", CORE)
        assets, chain = self.domain.assets, self.domain.chain
        pairs = [
            (one, other, fee)
            for number, one in enumerate(assets)
            for other in assets[number + 1 :]
            for fee in FEES
        ]
        addresses = chain.read_all([factory.getPool.prepare(a.token, b.token, fee) for a, b, fee in pairs])
        abi = package_artifact(CORE, "UniswapV3Pool").abi
        there = [
            (pair, chain.at(abi, address))
            for pair, address in zip(pairs, addresses, strict=True)
            if address != NOBODY
        ]
        liquidity = chain.read_all([pool.liquidity.prepare() for _, pool in there])
        found: dict[int, list[tuple[int, Asset]]] = {asset.id: [] for asset in assets}
        for ((one, other, fee), _), amount in zip(there, liquidity, strict=True):
            if amount:
                found[one.id].append((fee, other))
                found[other.id].append((fee, one))
        return found

    def _walk(
        self, assets: tuple[Asset, ...], fees: tuple[int, ...], goal: Asset, most: int
    ) -> Iterator[Route]:
        for fee, asset in self._pools[assets[-1].id]:
            if asset in assets:
                continue
            if asset.id == goal.id:
                yield Route((*assets, asset), (*fees, fee))
            elif len(fees) + 1 < most:
                yield from self._walk((*assets, asset), (*fees, fee), goal, most)

    def _question(self, one: Wanted, route: Route) -> Call:
        quoter = self.quoter
        if one.exact_out:
            return quoter.quoteExactOutput.prepare(route.encode(reverse=True), one.amount)  # type: ignore[no-any-return]
        return quoter.quoteExactInput.prepare(route.encode(), one.amount)  # type: ignore[no-any-return]

    def _periphery(self, key: str, name: str, package: str) -> Contract:
        record = self.domain.record
        if key not in record:
            raise KeelError(
                f"{record.path} names no {key}, and trades are quoted by it; add Uniswap's {name} of chain"
                f" {record.chain_id} under that key"
            )
        contract = self.domain.chain.at(package_artifact(package, name).abi, record[key].address)
        contract.label = name
        return contract


def swap_call(
    domain: Domain,
    account: bytes,
    route: Route,
    amount: int,
    *,
    limit: int = 0,
    max_loss: int = WAD,
    exact_out: bool = False,
) -> bytes:
    """Calldata of the vault's `swap`, alone or in a batch.

    `amount` is sold, with `exact_out` bought; `limit` is the least that is bought, or the most that is spent.
    `max_loss` is a WAD against the oracle; one leaves the bound to `limit`.
    """
    return bytes(
        domain.vault.swap.encode(
            account,
            (
                domain.adapter,
                route.sell.token,
                route.buy.token,
                exact_out,
                amount,
                limit,
                max_loss,
                route.encode(),
            ),
        )
    )
