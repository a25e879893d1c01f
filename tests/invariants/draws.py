"""What rules draw: small numbers that they turn into people, accounts, assets and amounts."""

from __future__ import annotations

from hypothesis import strategies as st

thousandths = st.integers(1, 1_000)
percent = st.integers(1, 100)
coin = st.booleans()
trader_account = st.integers(0, 5)
taker = st.integers(0, 1)
person = st.integers(0, 1)
# Mostly the four that everything is about; CENT and FINE now and then.
asset = st.sampled_from((0, 0, 1, 1, 2, 3, 4, 5))
collateral = st.sampled_from((1, 1, 2, 3, 4))
borrowable = st.sampled_from((0, 0, 0, 1, 1, 2, 3, 4))
pick = st.integers(0, 7)
# Dollars: dust, usual, large.
dollars = st.one_of(st.integers(1, 50), st.integers(100, 20_000), st.integers(20_000, 200_000))
