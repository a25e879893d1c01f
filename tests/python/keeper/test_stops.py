"""Stop orders: their sources, when they wake, and who fills them."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sql

from scripts.common.errors import KeelError
from scripts.keeper.stops import Folder, MatcherTable, Resting, is_awake, makers_for, match, tip_of
from scripts.matcher.orders import Flag, Reader, SignedOrder
from scripts.matcher.schema import orders, tables
from tests.helpers.perp_matcher import DOMAIN, OTHER_MARKET, WAD, Trader

READER = Reader(DOMAIN)
AT_OR_ABOVE, AT_OR_BELOW = 1, 2


def order(owner: int = 0, size: int = 1, price: int = 2_000, **fields) -> SignedOrder:
    values = {"sizeWad": str(size * WAD), "limitPriceWad": str(price * WAD), **fields}
    return READER.order(Trader(owner).order(**values))


def stop(owner: int = 0, size: int = -3, price: int = 1_900, trigger: int = AT_OR_BELOW, at: int = 1_950):
    return order(owner, size, price, trigger=trigger, triggerPriceWad=str(at * WAD), tip="5")


def whole(*resting: SignedOrder) -> list[Resting]:
    return [Resting(one, abs(one.size)) for one in resting]


def test_an_order_wakes_when_the_index_has_reached_its_trigger():
    below, above = stop(at=1_950), stop(trigger=AT_OR_ABOVE, at=2_050)
    assert [is_awake(below, price * WAD) for price in (1_949, 1_950, 1_951)] == [True, True, False]
    assert [is_awake(above, price * WAD) for price in (2_049, 2_050, 2_051)] == [False, True, True]
    assert not is_awake(order(), 2_000 * WAD)


def test_makers_are_taken_by_price_then_time_until_the_order_is_full():
    first, best, second, spare = (
        order(1, 1, 1_920),
        order(2, 1, 1_930),
        order(3, 1, 1_920),
        order(4, 1, 1_910),
    )
    chosen = makers_for(stop(), whole(first, best, spare, second))
    assert [one.order for one in chosen] == [best, first, second]
    short = stop(size=2, price=2_100, trigger=AT_OR_ABOVE, at=2_050)
    asks = whole(order(1, -1, 2_090), order(2, -1, 2_060), order(3, -5, 2_101))
    assert [one.order.price // WAD for one in makers_for(short, asks)] == [2_060, 2_090]


@pytest.mark.parametrize(
    "other",
    [
        order(1, 1, 1_899),  # does not cross
        order(1, -1, 1_950),  # the same side
        order(0, 1, 1_950),  # the same owner
        order(1, 1, 1_950, market="0x" + OTHER_MARKET.hex()),
        order(1, 1, 1_950, flags=Flag.FILL_OR_KILL),
        order(1, 1, 1_950, trigger=AT_OR_BELOW, triggerPriceWad=str(WAD)),
    ],
)
def test_who_cannot_fill_it_is_left_out(other):
    good = order(2, 1, 1_950)
    assert [one.order for one in makers_for(stop(), whole(other, good))] == [good]


def test_makers_that_were_refused_or_have_nothing_left_are_left_out():
    one, two = order(1, 1, 1_950), order(2, 1, 1_950)
    assert makers_for(stop(), whole(one, two), {one.hash, two.account}) == []
    assert makers_for(stop(), [Resting(one, 0)]) == []


def test_a_match_names_the_amm_for_the_rest():
    wanted, maker = stop(), Resting(order(1, 2, 1_950), WAD)
    into, amm = b"\x01" * 32, "0x" + "aa" * 20
    assert match(wanted, [maker], into, amm) == (
        wanted.struct(),
        [maker.order.struct()],
        [WAD],
        into,
        amm,
        3 * WAD,
    )
    assert match(wanted, [], into, None)[-2:] == ("0x" + "00" * 20, 0)
    assert tip_of(wanted) == 5


def test_a_folder_is_read_again_where_files_change(tmp_path):
    source = Folder(tmp_path, READER)
    assert source.read() == ([], [])
    one, two = Trader(1).order(), Trader(2).order()
    (tmp_path / "a.json").write_text(json.dumps(one))
    (tmp_path / "b.json").write_text(json.dumps({"orders": [two, Trader(3).order()]}))
    (tmp_path / "c.json").write_text(json.dumps([{**two, "tip": "-1"}]))
    (tmp_path / "d.txt").write_text("no order")
    found, problems = source.read()
    assert [order.account for order in found] == [Trader(number).account for number in (1, 2, 3)]
    assert len(problems) == 1 and problems[0].startswith("c.json: tip is")
    (tmp_path / "b.json").unlink()
    (tmp_path / "c.json").unlink()
    assert len(source.read()[0]) == 1
    (tmp_path / "a.json").write_text("[]" + " " * 50)
    assert source.read() == ([], [])


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(KeelError, match="is no folder of signed orders"):
        Folder(tmp_path / "none", READER).read()


def test_the_matchers_database_has_what_has_not_ended_there(tmp_path):
    url = f"sqlite:///{tmp_path / 'matcher.db'}"
    engine = sql.create_engine(url)
    tables.create_all(engine)
    resting, ended = order(1), order(2)
    rows = []
    for sequence, (one, end) in enumerate([(stop(), ""), (resting, ""), (ended, "filled")]):
        row = {column.name: "" if isinstance(column.type, sql.String) else 0 for column in orders.columns}
        row |= {
            "hash": one.hash,
            "sequence": sequence,
            "account": one.account,
            "packed": one.packed,
            "signature": one.signature,
            "expiry": one.expiry,
            "ended": end,
            "armed": False,
        }
        rows.append(row)
    with engine.begin() as connection:
        connection.execute(sql.insert(orders), rows)
    found, problems = MatcherTable(url, READER).read()
    assert found == [stop(), resting] and problems == []


def test_another_database_is_an_error(tmp_path):
    with pytest.raises(KeelError, match="there is no matcher's database"):
        MatcherTable(f"sqlite:///{tmp_path / 'none.db'}", READER)
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "other.db").touch()
    with pytest.raises(KeelError, match="the matcher's orders cannot be read"):
        MatcherTable(f"sqlite:///{tmp_path / 'other.db'}", READER).read()
