"""A liquidation engine among mocks: every weight is set, every answer of `plan` comes back by name.

bench = Bench.deploy(evm)
bench.set_domain(DOMAIN)
plan = bench.plan([Asset(1, 10 * WAD, 2_000 * WAD, down=WAD // 5), Asset(0, -15_000 * 10**6, 10**30)])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.common.contract import Contract
from scripts.common.units import WAD
from scripts.model import liquidation as model
from tests.helpers.backend import Backend

ACCOUNT = b"\x11" * 32
INSTRUMENTS = [f"0x{n:040x}" for n in range(0x1001, 0x1009)]
DOMAIN = model.Domain(
    target=115 * WAD // 100,
    premium_min=WAD // 10,
    premium_start=15 * WAD // 100,
    premium_max=4 * WAD // 10,
    premium_full_health=6 * WAD // 10,
    minimum_debt=100 * WAD,
)


@dataclass(frozen=True)
class Asset:
    """A holding and the linear risk parameters of its asset; `price` is the value of 10^18 smallest units.

    `depth` is the value at which concentration adds a requirement of the whole value, zero for never.
    """

    id: int
    amount: int
    price: int = WAD
    down: int = 0
    up: int = 0
    depth: int = 0

    def of(self, amount: int) -> Asset:
        """The same asset, another amount."""
        return Asset(self.id, amount, self.price, self.down, self.up, self.depth)

    @property
    def position(self) -> model.Position:
        """As MockRiskEngine weighs it."""
        held, whole = self.amount > 0, abs(self.amount)
        value = whole * self.price // WAD if held else -(-whole * self.price // WAD)
        shock = self.down if held else self.up
        if self.depth:
            shock += min(value * WAD // self.depth, 100 * WAD)
        requirement = -(-value * shock // WAD)
        if held:
            return model.Position(self.id, self.amount, value, min(requirement, value))
        return model.Position(self.id, self.amount, -value, requirement)


def settlement_of(assets: Sequence[Asset]) -> Asset:
    """The settlement asset among them, or the default one."""
    return next((a for a in assets if a.id == 0), Asset(0, 0, 10**30))


def weighed(
    assets: Sequence[Asset],
    instruments: Sequence[model.Instrument] = (),
    *,
    settlement: Asset | None = None,
    uncertainty: int = 0,
    cover: int = 0,
    sequencer_up_for: int = model.NEVER_DOWN,
    fresh: bool = True,
) -> model.Account:
    """The account as the reference model takes it."""
    cash = settlement or settlement_of(assets)

    def sample(taker_pays: bool) -> int:
        return abs(cash.of(-model.PRICED_AMOUNT if taker_pays else model.PRICED_AMOUNT).position.value)

    return model.Account(
        [a.position for a in assets],
        list(instruments),
        uncertainty,
        max(0, cover),
        sequencer_up_for,
        fresh,
        sample,
        lambda balance: cash.of(balance).position.requirement,
    )


@dataclass
class Bench:
    """A LiquidationEngine over a MockRiskEngine and a MockLiquidationVault."""

    evm: Backend
    risk: Contract
    vault: Contract
    engine: Contract

    @classmethod
    def deploy(cls, evm: Backend) -> Bench:
        """Fresh contracts; the domain is `DOMAIN`."""
        risk, vault = evm.deploy("MockRiskEngine"), evm.deploy("MockLiquidationVault")
        engine = evm.deploy("LiquidationEngine", vault.address, risk.address, vault.address)
        bench = cls(evm, risk, vault, engine)
        bench.set_domain(DOMAIN)
        puppet = evm.code(evm.deploy("MockInstrument", vault.address))
        for number, address in enumerate(INSTRUMENTS):
            evm.set_code(address, puppet)
            vault.setInstrument(number, address)
        return bench

    def set_domain(self, domain: model.Domain) -> None:
        """Parameters of the domain."""
        self.risk.setDomain(
            (
                domain.target,
                domain.premium_min,
                domain.premium_start,
                domain.premium_max,
                domain.premium_full_health,
                domain.minimum_debt,
                domain.backstop_share,
                0,
                domain.grace_period,
            )
        )

    def set_account(
        self,
        assets: Sequence[Asset],
        instruments: Sequence[model.Instrument] = (),
        *,
        settlement: Asset | None = None,
        uncertainty: int = 0,
        cover: int = 0,
        sequencer_up_for: int = model.NEVER_DOWN,
        fresh: bool = True,
    ) -> None:
        """Prices, shocks and weights; amounts are handed to `plan`."""
        for asset in {a.id: a for a in [settlement or settlement_of(assets), *assets]}.values():
            self.risk.setAsset(asset.id, (asset.price, asset.down, asset.up, asset.depth))
        for address, instrument in zip(INSTRUMENTS, instruments, strict=False):
            self.risk.setInstrument(address, instrument.value, instrument.requirement)
        self.risk.setUncertainty(uncertainty)
        self.risk.setSequencerUpFor(sequencer_up_for)
        self.risk.setStatus(0 if fresh else 1)
        self.vault.setBackstop(cover, 0, ACCOUNT, 0)

    def set_grace(self, until: int, number: int = 0) -> None:
        """Until when an instrument says that the account is not to be taken over."""
        self.evm.at("MockInstrument", INSTRUMENTS[number]).setGraceUntil(ACCOUNT, until)

    def plan(
        self,
        assets: Sequence[Asset],
        instruments: Sequence[model.Instrument] = (),
        *,
        fraction: int = WAD,
        excluded_assets: Sequence[int] = (),
        excluded_instruments: Sequence[int] = (),
        set_account: bool = True,
        **surroundings: Any,
    ) -> model.Plan:
        """Sets the account and plans its takeover."""
        if set_account:
            self.set_account(assets, instruments, **surroundings)
        holdings = [pack(a.id, a.amount) for a in assets]
        answer = self.engine.plan(
            (
                ACCOUNT,
                holdings,
                INSTRUMENTS[: len(instruments)],
                0,
                fraction,
                sum(1 << n for n in set(excluded_assets)),
                sum(1 << n for n in set(excluded_instruments)),
            )
        )
        fields = list(answer)
        fields[1] = [unpack(word) for word in fields[1]]
        fields[3], fields[4] = list(fields[3]), list(fields[4])
        return model.Plan(*fields)


def pack(asset: int, amount: int) -> int:
    """A `Holding` word."""
    return asset << 248 | amount & (1 << 248) - 1


def unpack(word: int) -> int:
    """The amount of a `Holding` word."""
    amount = word & (1 << 248) - 1
    return amount - (1 << 248) if amount >> 247 else amount


def after(assets: Sequence[Asset], plan: model.Plan, settlement: Asset | None = None) -> list[Asset]:
    """What the account holds once the plan is carried out."""
    cash = settlement or settlement_of(assets)
    left = {a.id: a.of(a.amount - moved) for a, moved in zip(assets, plan.moved, strict=True)}
    if plan.write_offs:
        left = {
            a.id: left[a.id].of(left[a.id].amount + wrote)
            for a, wrote in zip(assets, plan.write_offs, strict=True)
        }
    left[cash.id] = cash.of(left.get(cash.id, cash.of(0)).amount + plan.payment)
    return [left[id_] for id_ in sorted(left) if left[id_].amount != 0]


def worth(assets: Sequence[Asset]) -> int:
    """Equity as the engine weighs it."""
    return sum(a.position.value for a in assets)


def required(assets: Sequence[Asset]) -> int:
    """Requirement as the engine weighs it."""
    return sum(a.position.requirement for a in assets)


def premium_base(assets: Sequence[Asset]) -> int:
    """Requirement without that of settlement tokens held."""
    return sum(a.position.requirement for a in assets if a.id != 0 or a.amount < 0)
