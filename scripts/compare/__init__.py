"""Keel beside its peers, built from their npm packages: `python -m scripts.compare`."""
