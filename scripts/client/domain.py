"""A deployed domain: its contracts and assets, by the deployments file and the chain and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from scripts.artifacts import ArtifactError, artifacts
from scripts.common import abi as codec
from scripts.common.chain import Chain
from scripts.common.contract import Contract
from scripts.common.errors import KeelError
from scripts.common.uniswap import NOBODY
from scripts.deploy.record import FOLDER, Record, abi_hash

DEPLOY_HINT = "deploy with `make deploy`, or start a local chain with `make up`"
INDEX_BYTES = 12


@dataclass(frozen=True)
class Asset:
    """One listed asset; `id` is its number in the vault, `underlying` the number of what its price moves with.

    `pool` is None where the asset cannot be borrowed.
    """

    symbol: str
    id: int
    decimals: int
    token: Contract
    pool: Contract | None
    underlying: int


@dataclass(frozen=True)
class Perp:
    """A perpetual market; `underlying` is its index's number in the risk book, `instrument` its own in the vault.

    `amm` takes the other side of trades; its settlement tokens are the domain's.
    """

    name: str
    market: Contract
    amm: Contract
    underlying: int
    instrument: int


@dataclass(frozen=True)
class OptionMarket:
    """An option market; `underlying` is its index's number in the risk book, `instrument` its own in the vault.

    `orders` settles signed orders for all option markets.
    """

    name: str
    market: Contract
    orders: Contract
    underlying: int
    instrument: int


@dataclass(frozen=True)
class Volatility:
    """Signed smiles, the estimate from prices, and what has shocks follow it."""

    surface: Contract
    realised: Contract
    shocks: Contract


class Domain:
    """The contracts of a domain. `assets` are in the vault's order; the first one settles.

    `feeds` are the price feeds (Chainlink aggregators) by number of the underlying, `underlyings` their numbers
    by name. `perps` are perpetual markets by name, `orders` settles their signed orders and `perp_lens` shows
    positions in them (None where there are none). `options` are option markets by name, `volatility` is what they
    and the shocks follow (None where no underlying has it), `portfolio_mode` the instrument by which accounts are
    margined as a portfolio. `deployed_at` is the block of the vault's creation: no account is older.
    """

    def __init__(self, chain: Chain, record: Record) -> None:
        self.chain, self.record = chain, record
        self.vault, self.risk = self.contract("vault"), self.contract("risk")
        self.parameters, self.liquidation = self.contract("parameters"), self.contract("liquidation")
        self.backstop, self.lens = self.contract("backstop"), self.contract("lens")
        self.option_lens, self.greeks_lens = self.contract("option_lens"), self.contract("greeks_lens")
        self.helper, self.adapter = self.contract("helper"), self.contract("adapter")
        self.deployed_at = record["vault"].block or 0
        self.assets = self._read_assets()
        self.settlement = self.assets[0]
        self.by_id = {asset.id: asset for asset in self.assets}
        self.by_symbol = {asset.symbol: asset for asset in self.assets}
        self.by_address = {asset.token.address: asset for asset in self.assets}
        self.feeds, self.underlyings = self._read_underlyings()
        self.portfolio_mode = self.contract("portfolio_mode")
        self.volatility = self._read_volatility()
        instruments = self._read_instruments()
        self.perps = self._read_perps(instruments)
        self.orders = self.contract("orders") if "orders" in record else None
        self.perp_lens = self.contract("perp_lens") if "perp_lens" in record else None
        self.options = self._read_options(instruments)

    def __getitem__(self, symbol: str) -> Asset:
        """The asset of that symbol, in any case. Raises KeelError naming those there are."""
        for asset in self.assets:
            if asset.symbol.lower() == symbol.lower():
                return asset
        raise KeelError(f'no asset "{symbol}" is listed; there are {", ".join(self.by_symbol)}')

    def perp(self, name: str) -> Perp:
        """The perpetual market of that name, in any case; its underlying's will do. Raises KeelError naming those
        there are."""
        wanted = name.lower()
        for perp in self.perps.values():
            if wanted in (perp.name.lower(), perp.name.lower().removesuffix("-perp")):
                return perp
        there = f"there are {', '.join(self.perps)}" if self.perps else "there are none"
        raise KeelError(f'no perpetual market "{name}" is listed; {there}')

    def option(self, name: str) -> OptionMarket:
        """The option market of that name, in any case; its underlying's will do. Raises KeelError naming those
        there are."""
        wanted = name.lower()
        for market in self.options.values():
            if wanted in (market.name.lower(), market.name.lower().removesuffix("-option")):
                return market
        there = f"there are {', '.join(self.options)}" if self.options else "there are none"
        raise KeelError(f'no option market "{name}" is listed; {there}')

    def contract(self, key: str) -> Contract:
        """The contract of that key of the deployments file. Raises RecordError."""
        entry = self.record[key]
        return self.chain.at(entry.contract, entry.address)

    def underlying_name(self, number: int) -> str:
        """Name of an underlying, such as ETH."""
        return next((name for name, known in self.underlyings.items() if known == number), f"#{number}")

    @property
    def instruments(self) -> dict[str, Perp | OptionMarket]:
        """Perpetual and option markets by address."""
        markets: list[Perp | OptionMarket] = [*self.perps.values(), *self.options.values()]
        return {one.market.address: one for one in markets}

    @cached_property
    def wrapped_native(self) -> Asset | None:
        """The asset that wraps the chain's native token, if it is listed."""
        return self.by_address.get(codec.checksum(self.record["vault"].arguments["wrappedNative"]))

    # Internal

    def _read_assets(self) -> Sequence[Asset]:
        count = self.vault.assetCount()
        if not count:
            raise KeelError(f"the vault at {self.vault.address} lists no assets; {DEPLOY_HINT}")
        listed = self.chain.read_all([self.vault.assetAt.prepare(number) for number in range(count)])
        tokens = [self.chain.at("MockERC20", token) for token, _ in listed]
        rows = self.chain.read_all(
            [
                call
                for number, token in enumerate(tokens)
                for call in (
                    token.symbol.prepare(),
                    token.decimals.prepare(),
                    self.parameters.asset.prepare(number),
                )
            ]
        )
        return [
            Asset(
                symbol=rows[3 * number],
                id=number,
                decimals=rows[3 * number + 1],
                token=token,
                pool=self.chain.at("LendingPool", pool) if pool != NOBODY else None,
                underlying=rows[3 * number + 2].underlying,
            )
            for number, (token, (_, pool)) in enumerate(zip(tokens, listed, strict=True))
        ]

    def _read_instruments(self) -> dict[str, int]:
        """The vault's instruments: number by address."""
        count = self.vault.instrumentCount()
        listed = self.chain.read_all([self.vault.instrumentAt.prepare(number) for number in range(count)])
        return {address: number for number, address in enumerate(listed)}

    def _listed(self, contract: str, instruments: dict[str, int]) -> Iterator[tuple[str, Contract, int]]:
        """Markets of one kind that the vault lists, in its order: name, contract, number."""
        known = {
            entry.address: key for key, entry in self.record.entries.items() if entry.contract == contract
        }
        for address, number in instruments.items():
            if address in known:
                yield known[address].removesuffix(".market"), self.contract(known[address]), number

    def _read_perps(self, instruments: dict[str, int]) -> dict[str, Perp]:
        return {
            name: Perp(name, market, self.contract(f"{name}.amm"), market.underlying(), number)
            for name, market, number in self._listed("PerpMarket", instruments)
        }

    def _read_options(self, instruments: dict[str, int]) -> dict[str, OptionMarket]:
        return {
            name: OptionMarket(name, market, self.contract("option_orders"), market.underlying(), number)
            for name, market, number in self._listed("OptionMarket", instruments)
        }

    def _read_volatility(self) -> Volatility | None:
        if "volatility_surface" not in self.record:
            return None
        keys = ("volatility_surface", "realised_volatility", "dynamic_shocks")
        return Volatility(*(self.contract(key) for key in keys))

    def _read_underlyings(self) -> tuple[dict[int, Contract], dict[str, int]]:
        count = self.parameters.underlyingCount()
        feeds = self.chain.read_all([self.parameters.feedTarget.prepare(number) for number in range(count)])
        names = {
            entry.address.lower(): key.removesuffix(".aggregator")
            for key, entry in self.record.entries.items()
            if key.endswith(".aggregator")
        }
        contracts, numbers = {}, {}
        for number, feed in enumerate(feeds):
            contracts[number] = self.chain.at("MockAggregator", feed.aggregator)
            numbers[names.get(feed.aggregator.lower(), f"#{number}")] = number
        return contracts, numbers


def account_id(owner: str, index: int = 0) -> bytes:
    """The 32 bytes of an owner's account. Raises KeelError for an index outside of 96 bits or a bad address."""
    if not 0 <= index < 2 ** (8 * INDEX_BYTES):
        raise KeelError(f"account index {index} does not exist; expected 0 to 2**96 - 1")
    try:
        address = codec.checksum(owner)
    except ValueError:
        raise KeelError(f'"{owner}" is no address; expected 0x and 40 hex digits') from None
    return bytes.fromhex(address[2:]) + index.to_bytes(INDEX_BYTES, "big")


def open_domain(chain: Chain, folder: Path = FOLDER) -> Domain:
    """The domain that `folder` says is deployed on a chain.

    Raises KeelError or RecordError if there is none, it is not complete, it is of another chain or of a chain that
    has ended, or it was deployed from other contracts than this checkout's.
    """
    path = folder / f"{chain.chain_id}.json"
    record = Record.open(path, chain.chain_id)
    if record is None:
        raise KeelError(f"nothing is deployed on chain {chain.chain_id}: there is no {path}; {DEPLOY_HINT}")
    genesis = str(chain.rpc("eth_getBlockByNumber", "0x0", False)["hash"])
    if record.genesis != genesis:
        raise KeelError(
            f"{path} is of another chain with the id {chain.chain_id}, one that has ended; {DEPLOY_HINT}"
        )
    if not record.complete:
        raise KeelError(f"{path} is of a deployment that has not ended; go on with `make deploy`")
    _require_same_contracts(record, path)
    if not chain.code(record["vault"].address):
        raise KeelError(f"there is no vault at {record['vault'].address}; {DEPLOY_HINT}")
    return Domain(chain, record)


def _require_same_contracts(record: Record, path: Path) -> None:
    for key, entry in record.entries.items():
        if not entry.abi_hash or entry.package:
            continue
        try:
            same = abi_hash(artifacts().get(entry.contract)) == entry.abi_hash
        except ArtifactError as error:
            raise KeelError(str(error)) from None
        if not same:
            raise KeelError(
                f"{path}: {key} was deployed from another {entry.contract} than this checkout's; check out the"
                " version that deployed it, or deploy anew"
            )
