"""Keel alone on the comparison's ground: every operation is played, in the state that it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.anvil import AnvilProcess
from scripts.common.chain import connect
from scripts.common.errors import KeelError
from scripts.compare import packages
from scripts.compare.__main__ import RPC_SECONDS, WALLETS
from scripts.compare.ground import BASE, COLLATERALS, QUOTE, Ground, comparison_markets
from scripts.compare.keel import Keel
from scripts.compare.morpho import Morpho
from scripts.compare.peer import CLOSE, OPEN, OPERATIONS, _check_purse, measure

LINKED = """
library Far { function twice(uint256 a) external pure returns (uint256) { return 2 * a; } }
contract Near { function four(uint256 a) external pure returns (uint256) { return Far.twice(Far.twice(a)); } }
"""


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    with AnvilProcess("--accounts", str(WALLETS)) as anvil:
        yield Ground(connect(anvil.url, timeout=RPC_SECONDS))


def test_markets_have_one_price_source_and_collaterals_that_cannot_be_borrowed() -> None:
    markets = comparison_markets()
    assert [market.symbol for market in markets.assets] == [QUOTE, *COLLATERALS]
    assert all(market.price and market.price.second_source is None for market in markets.assets)
    assert [market.symbol for market in markets.assets if market.pool] == [QUOTE, BASE]


def test_a_protocol_is_not_asked_for_what_it_lacks() -> None:
    asked = {operation.key for operation in OPERATIONS if Morpho.can(Morpho.__new__(Morpho), operation)}
    assert asked.isdisjoint({"borrow_2", "borrow_4", "borrow_8", "perp_open", "liquidate_on_margin"})
    assert {"lend", "borrow_1", "liquidate"} <= asked


@pytest.mark.anvil
def test_keel_plays_every_operation(ground: Ground) -> None:
    said: list[str] = []
    figures = measure(ground, [Keel(ground)], said.append)["Keel"]
    assert said == ["building and deploying Keel", "playing the operations"]
    assert list(figures) == [operation.key for operation in OPERATIONS]
    borrows = [figures[f"borrow_{count}"] for count in (1, 2, 4, 8)]
    # Each further collateral is read and valued: none is left out, and none costs as much as a borrow of its own.
    assert all(
        5_000 < (more - less) / step < 20_000
        for less, more, step in zip(borrows, borrows[1:], (1, 2, 4), strict=False)
    )


@pytest.mark.anvil
def test_libraries_are_deployed_and_linked(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "PEERS", tmp_path)
    (tmp_path / "Linked.sol").write_text(LINKED)
    compiled = packages.Compiled(packages.Build({"Linked.sol": ["Near", "Far"]}))
    near = compiled.deploy(ground.chain, "Near")
    assert near.four(3) == 12
    assert compiled.at(ground.chain, "Near", near.address).four(5) == 20


@pytest.mark.parametrize(("key", "change"), [(OPEN, -(10**18)), (CLOSE, 998 * 10**15), ("lend", 0)])
def test_a_margin_leaves_the_wallet_and_comes_back(key: str, change: int) -> None:
    operation = next(one for one in OPERATIONS if one.key == key)
    _check_purse(Keel.__new__(Keel), operation, change)
    with pytest.raises(KeelError, match=f"{operation.title} with Keel changed a wallet by"):
        _check_purse(Keel.__new__(Keel), operation, change + 10**17)
