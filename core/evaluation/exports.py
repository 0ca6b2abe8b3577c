"""Rows as files for others: CSV that a spreadsheet cannot be made to run, and JSON lines."""

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import date

_BEGINNING = r"(\A[^\S\t\r\n]*+|[;\t\r\n][\s\"]*+)"
_SIGN = r"('*+[=+\-@＝＋－＠])"
_FORMULA = re.compile(f"{_BEGINNING}{_SIGN}?")
_GUARDED = re.compile(f"{_BEGINNING}(?:'{_SIGN})?")
# Excel passes over blanks before the sign of a formula.  Where its region parts cells by semicolons
# or tabs, our quotes enclose no cell: one begins at each of those, and at the end of a line.  An
# apostrophe that stands there already gets one too.  A beginning without a sign is matched as well:
# what has been looked at is not looked at again.
_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}
# They end no line of JSON, but some who read it line by line take them for ends.
_BOM = "\ufeff"


def as_csv(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows under the names of their columns, in the order in which those first appear.

    What a spreadsheet would take for a formula, whether it parts cells by commas, semicolons or
    tabs, gets an apostrophe in front (OWASP, CSV Injection); numbers stay numbers, negative ones
    too.  A mark at the beginning lets Excel read it as UTF-8.  What is neither text nor a number is
    written as JSON; ``None`` is left empty.
    """
    columns = list(dict.fromkeys(column for row in rows for column in row))
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\r\n")
    if columns:
        lines.writerow(map(_cell, columns))
    lines.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return _BOM + written.getvalue()


def unguarded(cell: object) -> object:
    """What a cell held before ``as_csv`` wrote it; what is no text as it is."""
    if not isinstance(cell, str):
        return cell
    return _GUARDED.sub(lambda found: found[1] + (found[2] or ""), cell)


def as_jsonl(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as JSON, one a line, days and times as ISO 8601 has them."""
    return "".join(f"{_json(dict(row))}\n" for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    plain = value if isinstance(value, str) else _plain(value)
    return _FORMULA.sub(
        lambda found: f"{found[1]}'{found[2]}" if found[2] else found[1], plain.replace("\0", "")
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else _json(value)


def _json(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False, default=_plain, allow_nan=False)
    return written.translate(_LINE_ENDS)
