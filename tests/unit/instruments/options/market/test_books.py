"""Contract and model, to the wei, over what happens to a market (OPT-1)."""

from __future__ import annotations

from tests.helpers.evm import Backend
from tests.helpers.option_market import USUAL, OptionBench
from tests.helpers.option_mirror import Mirror
from tests.helpers.system import DAY, WAD, System


def mirrored(evm: Backend) -> tuple[Mirror, list[bytes]]:
    options = OptionBench.deploy(System.deploy(evm), USUAL)
    accounts = [options.trader(number, dollars) for number, dollars in ((3, 50_000), (4, 50_000), (5, 3_000))]
    return Mirror(options, accounts), accounts


def test_a_life_of_a_market(evm: Backend) -> None:
    mirror, (one, two, three) = mirrored(evm)
    call, put = mirror.series(7, 2_000, True), mirror.series(7, 1_800, False)
    far = mirror.series(30, 2_500, True)
    assert mirror.fill(one, two, {call: 1}, 2 * WAD)
    mirror.check()
    assert mirror.fill(two, one, {call: 1, put: -2, far: 3}, WAD // 3 + 1, 10**15)
    mirror.check()
    assert mirror.fill(one, three, {call: 1, far: -1}, WAD)
    mirror.set_price(2_150)
    mirror.check()
    assert mirror.settle(two) < 0
    mirror.check()
    mirror.settle(one)
    mirror.settle(three)
    mirror.check()
    mirror.warp(DAY)
    mirror.collect_fees()
    mirror.check()
    mirror.expire(7, 2_210, [one, two])
    mirror.check()
    assert mirror.model.expired_cost != 0
    mirror.settle(three)
    mirror.check()
    assert mirror.model.expired_cost == 0
    mirror.fill(one, two, {far: -1}, WAD // 3 + 1)
    mirror.check()
