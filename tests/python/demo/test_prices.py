"""Price paths of the demonstration: CSV files good and hostile, resampling, named crashes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.common.errors import KeelError
from scripts.demo.prices import LEAST, MOST, PriceFileError, path_of, read_csv
from scripts.demo.shapes import DEFAULT, SHAPES, named_path

HOUR = 3_600


def csv_file(folder: Path, *lines: str, header: str = "timestamp,close") -> Path:
    file = folder / "prices.csv"
    file.write_text("\n".join((header, *lines)))
    return file


def hourly(count: int, step: int = HOUR) -> list[str]:
    return [f"{1_600_000_000 + number * step},{2_000 + number % 7}" for number in range(count)]


# --- what is read ---


def test_every_row_of_a_file_with_enough_rows_is_a_point(tmp_path: Path) -> None:
    path = read_csv(csv_file(tmp_path, *hourly(600)))
    assert len(path) == path.rows == 600
    assert path.times[1] - path.times[0] == HOUR
    assert path.closes[8] == 2_001


def test_other_columns_case_spaces_blank_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(
        b"\xef\xbb\xbfopen, Timestamp ,volume,CLOSE\r\n1,1600000000,x,2000.5\r\n\r\n2,1600003600,,2001\r\n"
    )
    path = read_csv(file, least=2)
    assert path.times == (1_600_000_000, 1_600_003_600)
    assert path.closes == (Decimal("2000.5"), Decimal(2001))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("1621382400", "1621386000"),
        ("1621382400.0", "1621386000.9"),
        ("1621382400000", "1621386000000"),
        ("2021-05-19", "2021-05-19 01:00:00"),
        ("2021-05-19T00:00:00Z", "2021-05-19T03:00:00+02:00"),
    ],
)
def test_times_are_unix_seconds_or_milliseconds_or_iso(tmp_path: Path, first: str, second: str) -> None:
    path = read_csv(csv_file(tmp_path, f"{first},2000", f"{second},2100"), least=2)
    assert path.times == (1_621_382_400, 1_621_386_000)


def test_more_decimals_than_a_feed_has_are_rounded(tmp_path: Path) -> None:
    path = read_csv(csv_file(tmp_path, "1,2000.123456789012345678", "2,2.5e3"), least=2)
    assert path.closes == (Decimal("2000.12345679"), Decimal(2500))


# --- what is refused, in one line with file, row and value ---


@pytest.mark.parametrize(
    ("header", "lines", "expected"),
    [
        ("time,close", ["1,2"], "row 1: no column \"timestamp\"; its columns are 'time, close'"),
        ("timestamp,price", ["1,2"], 'row 1: no column "close"'),
        ("timestamp;close", ["1;2"], "row 1: no column \"timestamp\"; its columns are 'timestamp;close'"),
        ("timestamp,close,Close", ["1,2,3"], 'row 1: 2 columns "close"'),
        ("timestamp,close", ["1,2000", "2,abc"], "row 3: close 'abc' is not a number"),
        ("timestamp,close", ["1,2000", "2,"], "row 3: close '' is not a number"),
        ("timestamp,close", ["1,2000", "2,nan"], "row 3: close 'nan' is not a number"),
        ("timestamp,close", ["1,2000", "2,1_000"], "row 3: close '1_000' is not a number"),
        ("timestamp,close", ['1,"2,000"'], "row 2: close '2,000' is not a number"),
        ("timestamp,close", ["1,١٢٣"], "row 2: close '١٢٣' is not a number"),
        ("timestamp,close", ["1,0"], "row 2: close '0' is no price"),
        ("timestamp,close", ["1,-5"], "row 2: close '-5' is no price"),
        ("timestamp,close", ["1,inf"], "row 2: close 'inf' is no price"),
        ("timestamp,close", ["1,1e400"], "row 2: close '1e400' is no price"),
        ("timestamp,close", ["1,1e-30"], "row 2: close '1e-30' is no price"),
        ("timestamp,close", ["noon,2"], "row 2: timestamp 'noon' is no time"),
        ("timestamp,close", ["-1,2"], "row 2: timestamp '-1' is no time"),
        ("timestamp,close", ["1e99,2"], "row 2: timestamp '1e99' is no time"),
        ("timestamp,close", ["inf,2"], "row 2: timestamp 'inf' is no time"),
        ("timestamp,close", ["9" * 500 + ",2"], "is no time"),
        ("timestamp,close", ["5,2", "5,2"], "row 3: timestamp '5' is not after the one before (5)"),
        ("timestamp,close", ["5,2", "4,2"], "row 3: timestamp '4' is not after the one before (5)"),
        ("timestamp,close", ["5.1,2", "5.9,2"], "at least a second apart"),
        ("timestamp,close", ["5"], "row 2: 1 columns where the header has 2: '5'"),
        ("timestamp,close", [], "0 rows of prices; expected at least 2"),
        ("timestamp,close", ["5,2000"], "1 rows of prices; expected at least 2"),
        ("timestamp,close", ["0,2000", "60,2000"], "2 rows span 60 s; 500 points need at least 499 s"),
        ("timestamp,close", ['1,"2000'], "not CSV"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(
    tmp_path: Path, header: str, lines: list[str], expected: str
) -> None:
    file = csv_file(tmp_path, *lines, header=header)
    with pytest.raises(PriceFileError) as caught:
        read_csv(file)
    message = str(caught.value)
    assert expected in message
    assert str(file) in message
    assert "\n" not in message and len(message) < 300 + len(str(file))


def test_rows_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="row 5: close 'x'"):
        read_csv(csv_file(tmp_path, "1,2000", "", "", "9,x"))


def test_what_is_no_text_file_is_refused(tmp_path: Path) -> None:
    binary, empty = tmp_path / "binary", tmp_path / "empty"
    binary.write_bytes(b"timestamp,close\n\xff\xfe\x00")
    empty.write_bytes(b"")
    for file, expected in (
        (tmp_path / "missing.csv", "cannot be read: No such file"),
        (tmp_path, "cannot be read: Is a directory"),
        (binary, "no text in UTF-8 (byte 16)"),
        (empty, "is empty"),
    ):
        with pytest.raises(PriceFileError) as caught:
            read_csv(file)
        assert expected in str(caught.value)


def test_a_cell_with_a_null_byte_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(b"timestamp,close\n1,20\x0000\n2,2000\n")
    with pytest.raises(PriceFileError, match="row 2"):
        read_csv(file)


# --- resampling ---


def test_few_rows_are_joined_by_straight_lines_through_all_of_them(tmp_path: Path) -> None:
    path = read_csv(csv_file(tmp_path, "0,100", "1000,200", "50000,4900"))
    assert len(path) >= LEAST
    given_points = dict(zip(path.times, path.closes, strict=True))
    assert (given_points[0], given_points[1000], given_points[50_000]) == (100, 200, 4_900)
    # Both lines rise by a tenth of a dollar a second, up to the whole second that a point lies on.
    for at, close in given_points.items():
        on_line = 100 + Decimal(at) / 10 if at <= 1000 else 200 + (Decimal(at) - 1000) * 4_700 / 49_000
        assert abs(close - on_line) <= Decimal("0.1")


def test_of_too_many_rows_the_last_of_each_group_stays(tmp_path: Path) -> None:
    path = read_csv(csv_file(tmp_path, *hourly(8_748)))
    assert (len(path), path.rows) == (MOST, 8_748)
    assert path.times[0] == 1_600_000_000
    assert path.times[-1] == 1_600_000_000 + 8_747 * HOUR


@given(
    gaps=st.lists(st.integers(1, 10**6), min_size=1, max_size=60),
    least=st.integers(2, 500),
    most=st.integers(500, 600),
)
def test_a_path_keeps_its_ends_and_its_order_at_any_resolution(
    gaps: list[int], least: int, most: int
) -> None:
    times = [sum(gaps[:count]) for count in range(len(gaps) + 1)]
    points = [(at, Decimal(1_000 + at % 97)) for at in times]
    if times[-1] < least - 1:
        with pytest.raises(PriceFileError, match="span"):
            path_of("made up", points, least, most)
        return
    path = path_of("made up", points, least, most)
    assert len(path) >= least
    assert (path.times[0], path.times[-1]) == (0, times[-1])
    assert all(before < after for before, after in zip(path.times, path.times[1:], strict=False))
    assert set(times) <= set(path.times)
    assert min(path.closes) >= 1_000 and max(path.closes) <= 1_096


def test_falls_and_steps_are_measured_from_the_path() -> None:
    path = path_of(
        "made up", [(0, Decimal(100)), (10, Decimal(80)), (20, Decimal(120)), (30, Decimal(60))], 2
    )
    assert path.largest_fall == 0.5
    assert path.largest_step == 0.5
    assert path.seconds == 30


# --- named paths ---


@pytest.mark.parametrize("name", SHAPES)
def test_named_paths_are_the_same_in_every_run_and_long_enough(name: str) -> None:
    path = named_path(name)
    assert path == named_path(name)
    assert path.closes != named_path(name, seed=2).closes
    assert len(path) >= LEAST
    # Noise is zero at the turning points, so that ends and depth stay what the shape says.
    first, last = SHAPES[name].turns[0][1], SHAPES[name].turns[-1][1]
    assert (path.closes[0], path.closes[-1]) == (Decimal(str(first)), Decimal(str(last)))
    assert len(named_path(name, points=60)) == 60


def test_the_crashes_fall_as_far_as_they_say() -> None:
    assert 0.42 < named_path(DEFAULT).largest_fall < 0.46
    assert 0.50 < named_path("march-2020").largest_fall < 0.56
    one_day = named_path("crash-45")
    fall = 1 - one_day.closes[one_day.times.index(one_day.times[0] + 86_400)] / one_day.closes[0]
    assert fall == Decimal("0.45")
    assert named_path("calm").largest_fall < 0.04


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(KeelError, match=f'no crash is called "2008"; there are {DEFAULT}'):
        named_path("2008")
