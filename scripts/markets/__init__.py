"""Markets as data: one YAML file an asset and one a domain, human units, a reason beside each parameter."""

from scripts.markets.load import MarketError, Markets, load
from scripts.markets.option import Option
from scripts.markets.perp import Perp
from scripts.markets.schema import Domain, Market, Tier

__all__ = ["Domain", "Market", "MarketError", "Markets", "Option", "Perp", "Tier", "load"]
