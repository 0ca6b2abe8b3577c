"""Exports hold what was put in, and no spreadsheet runs any of it."""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.exports import as_csv, as_jsonl

FORMULAS = (
    "=1+1", "=HYPERLINK(\"http://a.example\")", "+1", "-1+2", "@SUM(A1)", "\t=1+1", "\r=1+1",
    "  =1+1", "\n=1", "＝1+1", "=cmd|' /C calc'!A0",
)  # fmt: skip

LONG = 60_000
SIGNS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def read(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


@pytest.mark.parametrize("hostile", FORMULAS)
def test_no_cell_is_a_formula(hostile: str) -> None:
    (row,) = read(as_csv([{"question": hostile}]))
    blank = len(hostile) - len(hostile.lstrip())
    assert row["question"] == f"{hostile[:blank]}'{hostile[blank:]}"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "hostile",
    [
        *FORMULAS, "x;=1+cmd|' /C calc'!A0;", 'x;"=1+1"', "x; +1", ";;@SUM(A1)", "x\t-1+2", "x\n=1",
        "x\r\n\t=1", "；;＝1",
    ],
)  # fmt: skip
def test_no_cell_is_a_formula_wherever_a_spreadsheet_parts_cells(
    hostile: str, separator: str
) -> None:
    """Excel parts them as the machine's region has it: by semicolons in much of Europe."""
    text = as_csv([{"a": "x", "note": hostile, "b": "y"}])
    for row in csv.reader(io.StringIO(text[1:], newline=""), delimiter=separator):
        for cell in row:
            assert not cell.lstrip().startswith(SIGNS)


@pytest.mark.parametrize("hostile", FORMULAS)
def test_no_heading_is_a_formula(hostile: str) -> None:
    heading = next(iter(read(as_csv([{hostile: 1, "b": 2}]))[0]))
    assert heading.lstrip() == f"'{hostile.lstrip()}"


@pytest.mark.parametrize("run", ["\n", "\t", ";", " \n"])
def test_a_long_run_of_blanks_is_passed_over_once(run: str) -> None:
    """A minute and more if each of them were begun at anew."""
    (row,) = read(as_csv([{"note": f"x{run * LONG}y"}]))
    assert row["note"] == f"x{run * LONG}y"


def test_what_is_no_formula_is_left_as_it_is() -> None:
    plain = 'Rent; "a - b" = c, e-mail me@b.example;\nno\t1'
    (row,) = read(as_csv([{"note": plain}]))
    assert row["note"] == plain


def test_numbers_stay_numbers_and_quotes_commas_and_lines_survive() -> None:
    said = 'He said "no, 50 %",\nthen left; 他说“不”。'
    (row,) = read(as_csv([{"a": -1.5, "b": 3, "c": True, "d": None, "e": said}]))
    assert row == {"a": "-1.5", "b": "3", "c": "true", "d": "", "e": said}


def test_rows_of_different_columns_share_one_table() -> None:
    assert read(as_csv([{"a": 1}, {"b": 2, "a": 3}])) == [{"a": "1", "b": ""}, {"a": "3", "b": "2"}]
    assert as_csv([]) == "\ufeff"


def test_times_and_lists_are_written_as_json_has_them() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    (row,) = read(as_csv([{"at": noon, "tags": ("a", "-b")}]))
    assert row == {"at": "2026-03-02T12:00:00+00:00", "tags": '["a", "-b"]'}
    (line,) = as_jsonl([{"at": noon, "on": date(2026, 3, 2), "tags": ("a",)}]).splitlines()
    assert json.loads(line) == {
        "at": "2026-03-02T12:00:00+00:00", "on": "2026-03-02", "tags": ["a"],
    }  # fmt: skip


def test_a_line_of_json_is_one_line_to_everybody() -> None:
    rows = [{"q": "one\ntwo\u2028three\u2029\x85"}, {"q": "四"}]
    text = as_jsonl(rows)
    assert [json.loads(line) for line in text.splitlines()] == rows
    assert "四" in text


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3), max_size=4))
def test_whatever_is_exported_no_cell_begins_a_formula_and_json_returns_it(
    rows: list[dict[str, str]],
) -> None:
    assert [json.loads(line) for line in as_jsonl(rows).splitlines()] == rows
    for cells in csv.reader(io.StringIO(as_csv(rows)[1:], newline="")):
        for cell in cells:
            assert not cell.strip().startswith(SIGNS)
