"""A deployed domain as those see it who use it: keeper, command line, console, demonstration."""

from scripts.client.domain import Asset, Domain, account_id, open_domain

__all__ = ["Asset", "Domain", "account_id", "open_domain"]
