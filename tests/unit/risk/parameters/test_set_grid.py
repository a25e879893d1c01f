"""RiskParameters.setGrid and setShockSetter: scenarios of options, and who may set shocks."""

import pytest

from tests.helpers.risk_parameters import DAY, GRID, STRANGER, grid, named, shocks

FIELDS = {
    "volatility_shock": "volatilityShockPpm",
    "tail_multiple": "tailMultipleMilli",
    "tail_damping": "tailDampingMilli",
}


def test_the_first_grid_is_in_force_at_once(evm, parameters):
    assert tuple(parameters.grid(1)) == (0, 0, 0)
    tx = parameters.setGrid(1, grid(), 0)
    assert tuple(parameters.grid(1)) == grid()
    assert tx.events("GridSet") == [{"underlying": 1, "oldGrid": (0, 0, 0), "newGrid": grid(), "rampEnd": 0}]


@pytest.mark.parametrize(("field", "name"), FIELDS.items())
def test_what_rises_walks_and_what_falls_is_there_at_once(evm, parameters, field, name):
    parameters.setGrid(1, grid(), 0)
    low, high = GRID[field] * 9 // 10, GRID[field] * 11 // 10
    start = evm.now
    with evm.reverts("RiskParameters_RampTooShort"):
        parameters.setGrid(1, grid(**{field: high}), 0)
    parameters.setGrid(1, grid(**{field: high}), 10 * DAY)
    for day in range(11):
        evm.warp(start + day * DAY - evm.now) if day else None
        # GOV-1: never above the line.
        assert getattr(parameters.grid(1), name) == GRID[field] + (high - GRID[field]) * day // 10
    parameters.setGrid(1, grid(**{field: low}), 0)
    assert getattr(parameters.grid(1), name) == low


def test_the_first_grid_does_not_disturb_a_walk_of_the_shocks(evm, parameters):
    start = evm.now
    parameters.setShocks(1, shocks(maintenance_down=150_000), 10 * DAY)
    evm.warp(5 * DAY)
    parameters.setGrid(1, grid(), 0)
    assert parameters.shocks(1).maintenanceDownPpm == 135_000
    assert parameters.underlyingRamp(1)[1] == start + 10 * DAY
    evm.warp(5 * DAY)
    assert parameters.shocks(1).maintenanceDownPpm == 150_000
    assert tuple(parameters.grid(1)) == grid()


@pytest.mark.parametrize(
    ("changes", "name", "least", "most"),
    [
        ({"volatility_shock": 9_999}, "volatilityShock", 10_000, 900_000),
        ({"volatility_shock": 900_001}, "volatilityShock", 10_000, 900_000),
        ({"tail_multiple": 999}, "tailMultiple", 1_000, 10_000),
        ({"tail_multiple": 10_001, "tail_damping": 50}, "tailMultiple", 1_000, 10_000),
        ({"tail_multiple": 3_000, "tail_damping": 334}, "tailDamping", 1, 333),
        ({"tail_damping": 0}, "tailDamping", 1, 333),
    ],
)
def test_numbers_are_bounded_and_a_tail_never_counts_for_more_than_the_shock(
    evm, parameters, changes, name, least, most
):
    value = next(iter(changes.values()))
    value = changes["tail_damping"] if name == "tailDamping" else value
    with evm.reverts("RiskParameters_OutOfRange", named(name), value, least, most):
        parameters.setGrid(1, grid(**changes), DAY)


def test_the_product_holds_while_both_walk(evm, parameters):
    parameters.setGrid(1, grid(tail_multiple=1_000, tail_damping=1_000), 0)
    # The damping falls at once, the multiple walks.
    parameters.setGrid(1, grid(tail_multiple=4_000, tail_damping=250), 2 * DAY)
    evm.warp(DAY)
    now = parameters.grid(1)
    assert (now.tailMultipleMilli, now.tailDampingMilli) == (2_500, 250)
    # The multiple falls at once, the damping walks.
    parameters.setGrid(1, grid(tail_multiple=1_000, tail_damping=1_000), 2 * DAY)
    now = parameters.grid(1)
    assert (now.tailMultipleMilli, now.tailDampingMilli) == (1_000, 250)


def test_only_the_owner_sets_grids_and_the_setter(evm, parameters):
    stranger = evm.accounts[STRANGER]
    for function, arguments in (
        (parameters.setGrid, (1, grid(), 0)),
        (parameters.setShockSetter, (stranger,)),
        (parameters.setShocks, (1, shocks(), 0)),
    ):
        with evm.reverts("OwnableUnauthorizedAccount", stranger):
            function(*arguments, sender=stranger)


def test_the_setter_sets_shocks_within_the_same_bounds_and_nothing_else(evm, parameters):
    setter = evm.accounts[STRANGER]
    tx = parameters.setShockSetter(setter)
    assert tx.events("ShockSetterSet")[0]["newSetter"] == setter
    assert parameters.shockSetter() == setter
    parameters.setShocks(1, shocks(initial_down=200_000), 0, sender=setter)
    assert parameters.shocks(1).initialDownPpm == 200_000
    with evm.reverts("RiskParameters_RampTooShort"):
        parameters.setShocks(1, shocks(maintenance_down=130_000), 0, sender=setter)
    with evm.reverts("OwnableUnauthorizedAccount", setter):
        parameters.setGrid(1, grid(), 0, sender=setter)
    parameters.setShockSetter("0x" + "00" * 20)
    with evm.reverts("OwnableUnauthorizedAccount", setter):
        parameters.setShocks(1, shocks(), 0, sender=setter)
