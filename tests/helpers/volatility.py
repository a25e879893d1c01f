"""A volatility surface with a signer.

desk = Desk(evm)                             # knows underlying 1 and a signer
desk.push({desk.expiry(30): SMILE})          # signed and accepted
update, signature = desk.signed({...}, at=evm.now)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data

from scripts.common.contract import Contract, Tx
from scripts.model.volatility import Smile
from tests.helpers.backend import Backend
from tests.helpers.risk_parameters import DAY, WAD

CHAIN_ID = 31337
OWNER, GUARDIAN = range(2)
SIGNER = 5
UNDERLYING = 1
# 60% at the money, 2,000 dollars, skewed downwards.
SMILE = Smile(
    level=3 * 10**9, slope=-300_000_000, curvature=1_000_000_000, centre=76_009_024_595, width=6 * 10**9
)
PARAMETERS = {
    "heartbeat": 3_600,
    "min_interval": 60,
    "min_variance": WAD // 100,
    "max_variance": 9 * WAD,
    "max_move": WAD // 20,
}
TYPES = {
    "Update": [
        {"name": "underlying", "type": "uint256"},
        {"name": "timestamp", "type": "uint256"},
        {"name": "slices", "type": "Slice[]"},
    ],
    "Slice": [
        {"name": "expiry", "type": "uint32"},
        {"name": "level", "type": "int40"},
        {"name": "slope", "type": "int40"},
        {"name": "curvature", "type": "uint40"},
        {"name": "centre", "type": "int40"},
        {"name": "width", "type": "uint40"},
    ],
}


def parameters(**changes: int) -> tuple[int, ...]:
    """IVolatilitySurface.Parameters."""
    assert not changes.keys() - PARAMETERS.keys()
    return tuple((PARAMETERS | changes).values())


def slice_of(expiry: int, smile: Smile) -> tuple[int, ...]:
    """IVolatilitySurface.Slice."""
    return expiry, smile.level, smile.slope, smile.curvature, smile.centre, smile.width


class Desk:
    """The surface, and who signs."""

    def __init__(self, evm: Backend, **changes: int) -> None:
        self.evm = evm
        self.surface: Contract = evm.deploy("VolatilitySurface", evm.accounts[OWNER], evm.accounts[GUARDIAN])
        self.surface.setParameters(UNDERLYING, parameters(**changes))
        self.surface.addSigner(evm.accounts[SIGNER])

    def expiry(self, days: int) -> int:
        """That many days from now."""
        return self.evm.now + days * DAY

    def signed(
        self,
        smiles: Mapping[int, Smile],
        at: int | None = None,
        signer: int = SIGNER,
        underlying: int = UNDERLYING,
        chain_id: int = CHAIN_ID,
        contract: Any = None,
    ) -> tuple[tuple[Any, ...], bytes]:
        """An update in the order of `smiles` and its signature."""
        made = self.evm.now if at is None else at
        slices = [slice_of(expiry, smile) for expiry, smile in smiles.items()]
        names = [field["name"] for field in TYPES["Slice"]]
        message = {
            "underlying": underlying,
            "timestamp": made,
            "slices": [dict(zip(names, one, strict=True)) for one in slices],
        }
        domain = {
            "name": "Keel Volatility Surface",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": (contract or self.surface).address,
        }
        data = encode_typed_data(domain, TYPES, message)
        signature = bytes(Account.sign_message(data, self.evm.keys[signer]).signature)
        return (underlying, made, slices), signature

    def push(self, smiles: Mapping[int, Smile], **how: Any) -> Tx:
        """Signs and brings an update."""
        return self.surface.update(*self.signed(smiles, **how), sender=self.evm.accounts[9])
