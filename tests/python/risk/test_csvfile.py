"""Files that are not as they should be: every error names file, line, column, and what would be right."""

from __future__ import annotations

import pytest

from scripts.risk.csvfile import CsvError, parse_time
from scripts.risk.prices import read_prices
from scripts.risk.quotes import read_quotes
from tests.python.risk.conftest import FORWARD, HOUR, NOW, TRUTH, walk

HOURS = 600


def swapped(lines, first, second):
    lines = list(lines)
    lines[first], lines[second] = lines[second], lines[first]
    return lines


def cell(line, column, value):
    """Puts a value into a line (0 is the header)."""

    def edit(lines):
        cells = lines[line].split(",")
        cells[column] = value
        return [*lines[:line], ",".join(cells), *lines[line + 1 :]]

    return edit


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (cell(9, 1, "0"), "line 10: close: 0 is not above zero"),
        (cell(9, 1, "-3"), "line 10: close: -3 is not above zero"),
        (cell(9, 1, "nan"), 'line 10: close: "nan" is no number'),
        (cell(9, 1, "1e999"), 'line 10: close: "1e999" is no number'),
        (cell(9, 1, ""), 'line 10: close: "" is no number'),
        (cell(9, 1, "9000"), "is a move by more than a factor of 3"),
        (cell(9, 0, "yesterday"), 'line 10: timestamp: "yesterday" is no time; write seconds since 1970'),
        (cell(9, 0, "1600000000000"), 'line 10: timestamp: "1600000000000" is no time'),
        (cell(0, 1, "price"), "no column close; the first line has timestamp, price; it may have high, low"),
        (cell(0, 1, "timestamp"), "no column close"),
        (lambda lines: [*lines[:9], lines[8], *lines[9:]], "stands twice; keep one line for a time"),
        (lambda lines: swapped(lines, 8, 20), "line 10: timestamp: 1600027200 comes after a later one; sort"),
        (lambda lines: [*lines[:9], lines[9] + ",7", *lines[10:]], "line 10: 3 columns; the header has 2"),
        (lambda lines: [*lines[:9], lines[9] + '"', *lines[10:]], "line 10"),
        (lambda lines: lines[:1], "has no lines below its header"),
        (lambda lines: [""], "no column timestamp, close; the first line has nothing"),
        (lambda lines: lines[:400], "has 399 prices; an estimate needs 500 at least"),
    ],
)
def test_prices_that_cannot_be_right(write_prices, edit, told):
    file = write_prices(walk(0.8, HOURS, 1), edit=edit)
    with pytest.raises(CsvError) as error:
        read_prices(file, "ETH")
    assert told in str(error.value)
    assert str(error.value).startswith("prices.csv")


def test_times_off_the_grid_are_named(write_prices):
    def late(lines):
        time, close = lines[50].split(",")
        return [*lines[:50], f"{int(time) + 7},{close}", *lines[51:]]

    with pytest.raises(CsvError, match="line 51: timestamp: comes 3607 s after the one before"):
        read_prices(write_prices(walk(0.8, HOURS, 1), edit=late), "ETH")


def test_gaps_are_kept_as_gaps(write_prices):
    closes = walk(0.8, HOURS, 1)
    file = write_prices(closes, edit=lambda lines: lines[:101] + lines[104:])
    prices = read_prices(file, "ETH")
    assert prices.missing == 3 and len(prices.closes) == HOURS + 1
    assert prices.closes[99] == pytest.approx(closes[99]) and prices.closes[103] == pytest.approx(closes[103])
    assert prices.times[103] - prices.times[99] == 4 * HOUR


def test_a_file_with_too_many_gaps_is_none(write_prices):
    with pytest.raises(CsvError, match="are missing"):
        read_prices(write_prices(walk(0.8, 4_000, 1), edit=lambda lines: [*lines[:600], lines[-1]]), "ETH")


def test_a_close_outside_of_high_and_low(write_prices):
    closes = walk(0.8, HOURS, 1)
    extremes = {"high": closes * 1.01, "low": closes * 0.99}
    extremes["low"][7] = closes[7] * 1.001
    with pytest.raises(CsvError, match=r"line 9: close: .* is not between the low"):
        read_prices(write_prices(closes, extremes=extremes), "ETH")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(CsvError, match="cannot be read: No such file"):
        read_prices(tmp_path / "none.csv", "ETH")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CsvError, match="is no text in UTF-8"):
        read_prices(tmp_path / "bytes.csv", "ETH")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (cell(2, 1, "0"), "line 3: strike: 0 is not above zero"),
        (cell(2, 2, "straddle"), 'line 3: kind: "straddle" is no kind of option; write call or put'),
        (cell(2, 5, "-1"), "line 3: bid: -1 is not between zero and the ask"),
        (cell(2, 5, "9999"), "line 3: bid: 9999 is not between zero and the ask"),
        (cell(0, 4, "time"), "no column timestamp"),
        (lambda lines: [*lines, lines[3]], "stands on line 4 too; keep one"),
    ],
)
def test_quotes_that_cannot_be_right(write_quotes, edit, told):
    with pytest.raises(CsvError) as error:
        read_quotes(write_quotes(edit=edit))
    assert told in str(error.value)


def test_volatility_in_per_cent_is_a_slip(write_quotes):
    file = write_quotes(columns="volatility", edit=cell(2, 5, "60"))
    with pytest.raises(CsvError, match=r"line 3: volatility: 60 is more than 1,000%; 60% is written as 0.6"):
        read_quotes(file)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (cell(2, 5, "0"), "line 3: no bid"),
        (cell(2, 5, ""), "line 3: no bid"),
        (cell(2, 6, ""), "line 3: no ask"),
        (cell(2, 6, "1999"), "line 3: no volatility gives the ask"),
        (cell(2, 0, str(NOW)), "line 3: expired when it was made"),
    ],
)
def test_quotes_without_a_volatility_are_left_out_and_told(write_quotes, edit, told):
    quotes = read_quotes(write_quotes(edit=edit))
    assert len(quotes.usable) == 3 * 17 - 1
    assert told in quotes.left_out[0]


def test_options_stand_in_for_columns_that_are_not_there(write_quotes):
    def without(lines):
        return [",".join((*line.split(",")[:3], *line.split(",")[5:])) for line in lines]

    file = write_quotes(edit=without)
    quotes = read_quotes(file, FORWARD, NOW)
    assert {(one.forward, one.made_at) for one in quotes.usable} == {(FORWARD, NOW)}
    with pytest.raises(CsvError, match="no column forward, timestamp"):
        read_quotes(file)


def test_a_day_stands_for_eight_o_clock(write_quotes):
    first = min(TRUTH)
    file = write_quotes(edit=lambda lines: [line.replace(str(first), "2030-04-01") for line in lines])
    assert min(read_quotes(file).by_expiry()) == parse_time("2030-04-01T08:00:00Z") == 1_901_260_800
