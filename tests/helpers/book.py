"""Risk books written by hand, byte by byte, for tests of the risk engine without its parameters contract.

    book = Book([Underlying(feed.address)], [Asset(0, decimals=6)])
    engine = evm.deploy("RiskEngine", publisher, ZERO, ZERO)
    engine.publish(book.deploy(evm), sender=publisher)

The layout is said here a second time, on purpose: a mistake in the contracts' packing cannot hide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.helpers.backend import Backend

WAD = 10**18
ZERO = "0x" + "00" * 20
NONE, ISOLATED, CROSS = range(3)


def word(fields: Iterable[tuple[int, int]]) -> int:
    """(value, bits) from the low bits upward. Raises ValueError where a value does not fit."""
    result = shift = 0
    for value, bits in fields:
        if not 0 <= value < 1 << bits:
            raise ValueError(f"{value} does not fit in {bits} bits")
        result |= value << shift
        shift += bits
    if shift > 256:
        raise ValueError(f"{shift} bits are more than a word")
    return result


def _both(to: int, start: int | None, bits: int = 24) -> list[tuple[int, int]]:
    return [(to, bits), (to if start is None else start, bits)]


@dataclass
class Underlying:
    """A row; shares in ppm. `*_from` is where a ramp starts, by default where it ends."""

    aggregator: str
    heartbeat: int = 3_600
    half_width: int = 5_000
    half_width_from: int | None = None
    exponent: int = 10
    secondary: str = ZERO
    tolerance: int = 20_000
    tolerance_from: int | None = None
    volatility: int = 50_000
    volatility_from: int | None = None
    min_price: int = WAD // 10**6
    max_price: int = 10**9 * WAD
    ramp_start: int = 0
    ramp_end: int = 0
    initial_down: int = 180_000
    initial_up: int = 190_000
    down: int = 120_000
    down_from: int | None = None
    up: int = 130_000
    up_from: int | None = None
    volatility_shock: int = 250_000
    volatility_shock_from: int | None = None
    tail_multiple: int = 2_000  # thousandths, as the next
    tail_multiple_from: int | None = None
    tail_damping: int = 500
    tail_damping_from: int | None = None

    def words(self) -> list[int]:
        """The four words."""
        return [
            word(
                [
                    (int(self.aggregator, 16), 160),
                    (self.heartbeat, 24),
                    *_both(self.half_width, self.half_width_from),
                    (self.exponent % 256, 8),
                    (int(self.secondary != ZERO), 16),
                ]
            ),
            word(
                [
                    (int(self.secondary, 16), 160),
                    *_both(self.tolerance, self.tolerance_from),
                    *_both(self.volatility, self.volatility_from),
                ]
            ),
            word([(self.min_price, 96), (self.max_price, 96), (self.ramp_start, 32), (self.ramp_end, 32)]),
            word(
                [
                    (self.initial_down, 24),
                    (self.initial_up, 24),
                    *_both(self.down, self.down_from),
                    *_both(self.up, self.up_from),
                    *_both(self.volatility_shock, self.volatility_shock_from),
                    *_both(self.tail_multiple, self.tail_multiple_from, 16),
                    *_both(self.tail_damping, self.tail_damping_from, 16),
                ]
            ),
        ]


@dataclass
class Asset:
    """A row; shares in ppm, depth in dollars."""

    underlying: int
    tier: int = CROSS
    decimals: int = 18
    basis_shock: int = 0
    basis_shock_from: int | None = None
    unwinding: int = 2_000
    unwinding_from: int | None = None
    basis_band: int = 0
    basis_band_from: int | None = None
    ramp_start: int = 0
    ramp_end: int = 0
    rate_source: str = ZERO
    depth: int = 0
    depth_from: int | None = None

    def words(self) -> list[int]:
        """The two words."""
        depth_from = self.depth if self.depth_from is None else self.depth_from
        return [
            word(
                [
                    (self.underlying, 8),
                    (self.tier, 8),
                    (self.decimals, 8),
                    *_both(self.basis_shock, self.basis_shock_from),
                    *_both(self.unwinding, self.unwinding_from),
                    *_both(self.basis_band, self.basis_band_from),
                    (self.ramp_start, 32),
                    (self.ramp_end, 32),
                ]
            ),
            word([(int(self.rate_source, 16), 160), (self.depth, 48), (depth_from, 48)]),
        ]


@dataclass
class Domain:
    """The row; shares and healths in ppm, debt in dollars, grace in seconds."""

    ramp_start: int = 0
    ramp_end: int = 0
    backstop_share: int = 100_000
    swap_loss: int = 10_000
    grace_period: int = 3_600
    min_debt: int = 100
    min_debt_from: int | None = None
    target: int = 1_250_000
    target_from: int | None = None
    premium_min: int = 50_000
    premium_min_from: int | None = None
    premium_start: int = 60_000
    premium_start_from: int | None = None
    premium_max: int = 300_000
    premium_max_from: int | None = None
    premium_full_health: int = 700_000
    premium_full_health_from: int | None = None
    netting: int = 0
    netting_from: int | None = None

    def words(self, underlyings: int, assets: int) -> list[int]:
        """The two words."""
        min_debt_from = self.min_debt if self.min_debt_from is None else self.min_debt_from
        return [
            word(
                [
                    (underlyings, 8),
                    (assets, 8),
                    (self.ramp_start, 32),
                    (self.ramp_end, 32),
                    (self.backstop_share, 24),
                    (self.swap_loss, 24),
                    (self.grace_period, 24),
                    (self.min_debt, 32),
                    (min_debt_from, 32),
                    *_both(self.netting, self.netting_from, 20),
                ]
            ),
            word(
                [
                    *_both(self.target, self.target_from),
                    *_both(self.premium_min, self.premium_min_from),
                    *_both(self.premium_start, self.premium_start_from),
                    *_both(self.premium_max, self.premium_max_from),
                    *_both(self.premium_full_health, self.premium_full_health_from),
                ]
            ),
        ]


@dataclass
class Book:
    """A whole book."""

    underlyings: list[Underlying]
    assets: list[Asset]
    domain: Domain = field(default_factory=Domain)

    def data(self) -> bytes:
        """The words in order, without the leading zero byte."""
        words = self.domain.words(len(self.underlyings), len(self.assets))
        for underlying in self.underlyings:
            words += underlying.words()
        for asset in self.assets:
            words += asset.words()
        return b"".join(value.to_bytes(32, "big") for value in words)

    def deploy(self, evm: Backend) -> str:
        """Address of a data contract: a zero byte, then the data."""
        return data_contract(evm, self.data())


def data_contract(evm: Backend, data: bytes) -> str:
    """Address of a contract whose code is a zero byte and then `data`."""
    code = b"\x00" + data
    creation = b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("80600a3d393df3") + code
    return evm.deploy_raw([], creation).address
