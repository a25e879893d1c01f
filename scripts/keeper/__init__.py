"""The keeper: watches every account of a domain, takes over those that may be, and keeps the clocks."""
