"""A search for profit: sequences of actions against the whole system, by attackers with capital, flash loans and one lying
price source. `python -m tests.economic --help`; docs/economic-search.md says what is searched and what counts.
"""
