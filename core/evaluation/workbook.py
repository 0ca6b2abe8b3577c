"""The rows of an Excel file's first sheet, read without trusting what it unpacks to."""

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from core.documents.archives import DAMAGED, guard
from core.errors import PinciteError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_OLE = b"\xd0\xcf\x11\xe0"
_UNPACKED_BYTES = 20 << 20
_STRINGS_BYTES = 5 << 20
"""All strings are read before the first row is: what a question set of 5,000 rows has and more."""
_MOST_BLANK = 10_000
"""Rows without a word in a row: what comes after them is not looked at."""


def workbook_rows(
    path: Path, most_rows: int, most_columns: int
) -> Iterator[tuple[int, list[object] | PinciteError]]:
    """Yield each row's number and its cells' values, or what is wrong with the row.

    At most ``most_rows`` rows below the first, and one cell more than ``most_columns`` of each.
    Raises ``PinciteError`` for a file that is protected, damaged, a bomb, or holds macros or merged
    cells.
    """
    _check(path)
    from openpyxl import load_workbook

    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it does not keep, and nothing is saved here
        try:
            workbook = load_workbook(file, read_only=True, keep_links=False)
            try:
                yield from _rows(workbook, most_rows, most_columns)
            finally:
                workbook.close()
        except (*DAMAGED, KeyError, TypeError, AttributeError, IndexError, ParseError) as error:
            raise _damaged() from error


def _rows(
    workbook: "Workbook", most_rows: int, most_columns: int
) -> Iterator[tuple[int, list[object] | PinciteError]]:
    visible = [each for each in workbook.worksheets if each.sheet_state == "visible"]
    if not visible:
        raise PinciteError("This workbook has no sheet that is shown.", "Show the sheet.")
    sheet = visible[0]
    sheet.reset_dimensions()  # they may be wrong
    told = blank = 0
    for number, row in enumerate(sheet.iter_rows(max_col=most_columns + 1), 1):
        values = [each.value for each in row]
        blank = 0 if any(each is not None for each in values) else blank + 1
        if blank > _MOST_BLANK or told > most_rows + 1:
            return
        if blank:
            continue
        told += 1
        yield number, _formula(row) or values


def _formula(row: Any) -> PinciteError | None:
    for cell in row:
        if getattr(cell, "data_type", "") == "f":
            return PinciteError(
                "This row has a formula where a text is wanted.",
                "Copy the cells and paste them as values.",
            )
        if getattr(cell, "data_type", "") == "e":
            return PinciteError("This row has a cell with an error.", "Correct it in Excel.")
    return None


def _check(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(4)
    if head == _OLE:
        raise PinciteError(
            "This file is protected by a password, or is of an old kind (.xls).",
            "Save it as .xlsx without a password.",
        )
    try:
        guard(path)
        with zipfile.ZipFile(path) as archive:
            _require_small(archive.infolist())
            names = archive.namelist()
            merged = any(
                each.startswith("xl/worksheets/") and b"<mergeCell " in archive.read(each)
                for each in names
            )
    except DAMAGED as error:
        raise _damaged() from error
    if not any(each.startswith("xl/") for each in names):
        raise PinciteError("This file is not an Excel file.", "Save it as .xlsx, or as CSV.")
    if any(each.casefold().endswith("vbaproject.bin") for each in names):
        raise PinciteError("This workbook holds macros.", "Save it as .xlsx without them.")
    if merged:
        raise PinciteError(
            "This workbook has merged cells: a row of its own for each question is wanted.",
            "Unmerge them and fill every row.",
        )


def _require_small(parts: list[zipfile.ZipInfo]) -> None:
    strings = [each.file_size for each in parts if "sharedstrings" in each.filename.casefold()]
    if sum(each.file_size for each in parts) > _UNPACKED_BYTES or sum(strings) > _STRINGS_BYTES:
        raise PinciteError(
            "This workbook unpacks to more than a question set takes.",
            "Copy the questions alone into a new one, or make several sets of it.",
        )


def _damaged() -> PinciteError:
    return PinciteError(
        "This Excel file is damaged: it cannot be opened.", "Save it again in Excel, or as CSV."
    )
