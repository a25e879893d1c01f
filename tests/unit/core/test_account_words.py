"""The vault's packed words: every field keeps its value, whatever its neighbours are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.evm import Contract, PyrevmBackend

WORD = st.integers(0, 2**255 - 1)  # the top bit of headers and pairs belongs to the operation's records
BALANCE = st.integers(-(2**111) + 1, 2**111 - 1)


@pytest.fixture(scope="module")
def words(session_evm: PyrevmBackend) -> Contract:
    return session_evm.deploy("MockAccountWords")


def signed(value: int, bits: int) -> int:
    value %= 2**bits
    return value - 2**bits if value >> (bits - 1) else value


@given(word=WORD, number=st.integers(0, 127), held=st.booleans())
def test_header_assets(words: Contract, word: int, number: int, held: bool) -> None:
    assets, instruments = words.header(word)
    assert (assets, instruments) == (word % 2**128, word >> 128)
    changed = words.headerWithAsset(word, number, held)
    assert words.header(changed)[1] == instruments
    assert changed == (word | 1 << number if held else word & ~(1 << number))


@given(word=WORD, number=st.integers(0, 126), held=st.booleans())
def test_header_instruments(words: Contract, word: int, number: int, held: bool) -> None:
    changed = words.headerWithInstrument(word, number, held)
    bit = 1 << (128 + number)
    assert changed == (word | bit if held else word & ~bit)
    assert changed < 2**255, "the top bit stays free"
    assert words.header(changed)[0] == word % 2**128


@given(word=WORD, number=st.integers(0, 127), amount=BALANCE)
def test_pair_balances(words: Contract, word: int, number: int, amount: int) -> None:
    even, odd, raised = words.pair(word)
    assert (even, odd) == (signed(word, 112), signed(word >> 112, 112))
    changed = words.pairWithBalance(word, number, amount)
    assert words.pair(changed) == ((even, amount, raised) if number % 2 else (amount, odd, raised))
    assert changed < 2**255


@given(word=WORD, block=st.integers(0, 2**64))
def test_pair_stamp(words: Contract, word: int, block: int) -> None:
    even, odd, _ = words.pair(word)
    changed = words.pairStamped(word, block)
    assert words.pair(changed) == (even, odd, block % 2**31)
    assert changed < 2**255


@given(
    total=st.integers(0, 2**120 - 1),
    cap=st.integers(0, 2**120 - 1),
    number=st.integers(0, 127),
    after=st.integers(0, 2**120 - 1),
)
def test_custody(words: Contract, total: int, cap: int, number: int, after: int) -> None:
    word = words.packCustody(total, cap, number)
    assert words.custody(word) == (total, cap, number, True)
    assert words.custody(words.custodyWithTotal(word, after)) == (after, cap, number, True)


def test_an_empty_custody_word_is_not_listed(words: Contract) -> None:
    assert words.custody(0) == (0, 0, 0, False)


@given(
    pool=st.integers(0, 2**160 - 1),
    cap=st.one_of(st.integers(0, 2**256 - 1), st.integers(0, 2**82)),
    number=st.integers(0, 127),
)
def test_market(words: Contract, pool: int, cap: int, number: int) -> None:
    """A cap is never rounded up, and by less than one part in 2^79."""
    address, kept, kept_number = words.market(words.packMarket(f"0x{pool:040x}", cap, number))
    assert (int(address, 16), kept_number) == (pool, number)
    assert kept <= cap < kept + max(kept >> 79, 1)
