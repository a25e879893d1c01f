"""Nobody earns what is not his, as far as a short search goes; and the search finds what is there to be found.

`python -m tests.economic` searches for longer.
"""

from __future__ import annotations

import pytest

from scripts.artifacts import artifacts
from tests.economic.actions import ACTS
from tests.economic.genes import LIE_AT_EXPIRY, LONG_LIE, Genome, gene
from tests.economic.play import Player
from tests.economic.search import DUST, Search
from tests.economic.trespass import ABSENT, AROUND, TRESPASSES, contracts, public_functions
from tests.economic.wealth import DOLLAR
from tests.economic.world import SCENES, Rules, World
from tests.helpers.evm import PyrevmBackend

SEQUENCES = 150
# Of a search that is not told how; seeds 1 to 6 took 2, 160, 274, 63, 169, and 500 of them.
TRIES = 800


def player(scene: str = "calm", rules: Rules | None = None) -> Player:
    return Player(World.open(PyrevmBackend(), scene, rules))


def test_every_function_is_an_action_or_says_why_not() -> None:
    """A new public function needs an action or a place in trespass.py."""
    world = World.open(PyrevmBackend())
    tried = frozenset().union(*TRESPASSES.values())
    shaped = {name for name in ACTS if "." in name and not name.startswith("Mock")} | AROUND
    assert not shaped & tried
    assert shaped | tried == set(public_functions(world))


def test_every_contract_is_there_or_says_why_not() -> None:
    """A new contract needs a place in the world."""
    acting = {
        one.name
        for one in artifacts()
        if one.bytecode
        and one.source.startswith("contracts/")
        and not one.source.startswith("contracts/mocks/")
        and any(
            entry.get("stateMutability") in ("nonpayable", "payable")
            for entry in one.abi
            if entry["type"] == "function"
        )
    }
    present = {contract.label for contract in contracts(World.open(PyrevmBackend()))}
    assert not present & set(ABSENT)
    assert acting == present | set(ABSENT)


@pytest.mark.parametrize("scene", SCENES)
def test_nothing_to_gain(scene: str) -> None:
    best = Search(player(scene), seed=1).run(SEQUENCES).best
    assert best is not None
    assert best.outcome.profit <= DUST, best.outcome.words


def test_a_missing_second_source_is_found() -> None:
    """Ether has one source, and that one lies: the search earns by it, without having been told how."""
    search = Search(player("edge", Rules(single_source=True)), seed=5, rehearsed=False)
    best = search.run(TRIES, until=DOLLAR).best
    assert best is not None
    assert best.outcome.profit > DOLLAR


def test_a_takeover_at_true_prices_is_rightful() -> None:
    """Its premium is income, to the unit; the same in a lie is not."""
    taken = player("crash").play((gene("Vault.liquidate", 0, 0, 0, 2),))
    assert taken.gained > 100 * DOLLAR
    assert taken.profit <= DUST
    assert "Vault.liquidate" in taken.succeeded


@pytest.mark.parametrize(
    ("sequence", "scene", "granted"),
    [
        (LONG_LIE, "edge", Rules(lie_seconds=3_600)),
        (LIE_AT_EXPIRY, "calm", Rules(at_expiry=True)),
    ],
    ids=["beyond the timeout", "while a settlement price is measured"],
)
def test_known_limits_pay(sequence: Genome, scene: str, granted: Rules) -> None:
    """What docs/limits.md admits is worth something, and nothing under the rules that the search keeps to."""
    assert player(scene, granted).play(sequence).profit > 1_000 * DOLLAR
    assert player(scene).play(sequence).profit <= DUST
