"""All actions: importing this module registers them."""

from tests.economic import market_acts, share_acts, vault_acts
from tests.economic.draw import ACTS

__all__ = ["ACTS", "market_acts", "share_acts", "vault_acts"]
