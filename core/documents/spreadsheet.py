"""Excel files: each sheet under its name, each row a line of its cells."""

import datetime
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents.inspection import Inspection
from core.errors import DocumentError
from core.types import ExtractedText, Heading

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

_MOST_CELLS = 1_000_000
_MOST_PLACES = 50_000_000
"""Cells that are looked at, empty ones too: a row or column far away brings those before it."""
_ROW_PLACES = 10
_CELL = "\t"


def read_xlsx(path: Path) -> ExtractedText:
    """Read an .xlsx file: the sheets' names as headings, a line a row, cells apart by tabs.

    Formulas give the values they were saved with.  Hidden sheets are left out and flagged.
    Raises ``DocumentError`` when there are more than a million cells, or cells too far apart.
    """
    from openpyxl import load_workbook

    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what it does not keep, and nothing is saved here
        workbook = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        try:
            return _read(workbook)
        finally:
            workbook.close()


def _read(workbook: "Workbook") -> ExtractedText:
    inspection = Inspection()
    pieces: list[str] = []
    headings: list[Heading] = []
    position = cells = 0
    looked_at = _Places()
    for sheet in workbook.worksheets:
        sheet.reset_dimensions()  # they may be wrong, or say a million empty rows
        lines: list[str] = []
        for row in _rows(sheet.iter_rows(values_only=True), looked_at):
            cells += row.count(_CELL) + 1
            if cells > _MOST_CELLS:
                raise DocumentError(
                    f"This spreadsheet has more than {_MOST_CELLS:,} cells.",
                    "Save the sheets that matter as a file of their own and add that.",
                )
            lines.append(row)
        body = inspection.visible("\n".join(lines))
        if sheet.sheet_state != "visible":
            inspection.hide(body)
            continue
        name = inspection.visible(" ".join(str(sheet.title).split()))
        headings.append(Heading(1, position, position + len(name)))
        pieces.append(f"{name}\n\n{body}\n\n" if body else f"{name}\n\n")
        position += len(pieces[-1])
    if not any(piece.partition("\n\n")[2].strip() for piece in pieces):
        return ExtractedText("", warnings=inspection.warnings(""))
    text = "".join(pieces).rstrip("\n")
    title = " ".join((workbook.properties.title or "").split())
    return ExtractedText(text, (), tuple(headings), title, inspection.warnings(text))


@dataclass
class _Places:
    """How many cells of a workbook were looked at."""

    number: int = 0

    def add(self, row: tuple[object, ...]) -> None:
        self.number += _ROW_PLACES + len(row)
        if self.number > _MOST_PLACES:
            raise DocumentError(
                "The cells of this spreadsheet lie too far apart, with millions of empty ones "
                "between them.",
                "Save the rows and columns that matter as a file of their own and add that.",
            )


def _rows(rows: Iterable[tuple[object, ...]], looked_at: _Places) -> Iterator[str]:
    for row in rows:
        looked_at.add(row)
        if not row:
            continue
        line = _CELL.join(_written(value) for value in row).rstrip()
        if line.strip():
            yield line


def _written(value: object) -> str:
    """A cell's value as one line: dates as ISO writes them, whole numbers without a point."""
    if value is None:
        return ""
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ")
    if isinstance(value, float):
        return f"{value:.12g}" if abs(value) < 1e12 else f"{value:f}".rstrip("0").rstrip(".")
    return " ".join(str(value).split())
