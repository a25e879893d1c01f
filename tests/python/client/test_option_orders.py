"""Nonces of signed orders."""

from scripts.client.option_orders import timed_nonce


def test_every_order_has_a_nonce_of_its_own_above_all_that_are_called_off() -> None:
    assert timed_nonce(5, 1_000) == 1_000
    first, second = timed_nonce(2**200, 1_000), timed_nonce(2**200, 1_001)
    assert 2**200 <= first < second
    assert timed_nonce(0) < timed_nonce(2**100)
