"""Question sets from files: CSV, Excel and JSON lines, with what is wrong said row by row."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from core.documents.encoding import decode
from core.errors import PinciteError
from core.evaluation.exports import unguarded
from core.evaluation.workbook import workbook_rows
from core.trials import UNSAFE, Gold, SetQuestion
from core.types import Answer, Verdict

FIELDS = ("question", "reference", "document", "page", "quote", "tags", "answerable", "id", "gold")
"""What a column may hold; ``gold`` is a list of objects, in JSON only."""
_NAMES = {
    "question": "question query q prompt 问题 提问 问",
    "reference": "reference reference_answer answer expected expected_answer ground_truth 参考答案 "
    "标准答案 答案 回答",
    "document": "document doc gold_document source file filename 文档 文件 出处 来源 文件名",
    "page": "page gold_page page_number 页 页码",
    "quote": "quote gold_quote gold_text passage evidence text 引文 原文 依据 引用",
    "tags": "tags tag category kind topic 标签 类别 分类",
    "answerable": "answerable is_answerable can_be_answered 可回答 能否回答 是否可回答",
    "id": "id question_id 编号 序号 题号",
    "gold": "gold",
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split()}
_TRUE = frozenset("yes y true t 1 1.0 是 可以 可 能 有".split())
_FALSE = frozenset("no n false f 0 0.0 否 不可以 不可 不能 无".split())
_KINDS = {".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_DELIMITERS = ",;\t|"

MOST_ROWS = 5_000
MOST_COLUMNS = 100
LONGEST_CELL = 20_000
LONGEST_QUESTION = 8_000
LARGEST_BYTES = 50 << 20
_MOST_GOLD = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a row, as a person reads it; rows are numbered as in the file, from 1."""

    row: int
    reason: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would bring into a set. ``mapping`` is from fields to columns.

    ``questions`` are those of the rows that are right; ``rows`` counts all that are not blank.
    ``told`` has for each question, by its id, the fields that its row says anything of.
    """

    columns: tuple[str, ...]
    mapping: dict[str, str]
    questions: tuple[SetQuestion, ...]
    troubles: tuple[Trouble, ...]
    rows: int
    told: dict[str, frozenset[str]]


Row = tuple[int, dict[str, Any] | PinciteError]
"""A row's number and its values by column, or what is wrong with it."""


def preview(path: Path, name: str, mapping: Mapping[str, str] | None = None) -> Preview:
    """Read the file that a person calls ``name``, with the columns as ``mapping`` says.

    Without one the columns are guessed from their names.  Raises ``PinciteError`` for a file that
    cannot be read at all, and for a mapping to a column that it does not have.  Blocks.
    """
    columns, rows = _read(path, _kind(path, name))
    chosen = _guessed(columns) if mapping is None else _checked(mapping, columns)
    if twice := sorted({each for each in columns if columns.count(each) > 1}):
        error = PinciteError(
            f"Two columns have the name “{twice[0]}”.", "Give every column a name of its own."
        )
        return Preview(columns, {}, (), (_trouble(1, error),), 0, {})
    if "question" not in chosen:
        error = PinciteError(
            "No column holds the questions.",
            "Name the columns in the first row, or say which one it is.",
        )
        return Preview(columns, chosen, (), (_trouble(1, error),), 0, {})
    return _previewed(columns, chosen, rows)


def question_from(answer: Answer) -> SetQuestion:
    """A question for a set from an answer: its verified statements and their citations are gold.

    A refusal makes a question that the documents do not answer.
    """
    held = [each for each in answer.statements if each.verdict is Verdict.SUPPORTED]
    cited = dict.fromkeys(each for statement in held for each in statement.citations)
    gold = {
        (each.document_name, each.start, each.end): Gold(
            each.document_name, each.quote, each.page, each.start, each.end, each.document_id
        )
        for each in cited
    }
    return SetQuestion(
        uuid4().hex,
        answer.question,
        reference="\n".join(each.text for each in held),
        gold=tuple(gold.values()),
        is_answerable=not answer.refused,
    )


def _previewed(columns: tuple[str, ...], mapping: dict[str, str], rows: Iterable[Row]) -> Preview:
    questions: dict[str, SetQuestion] = {}
    asked: dict[str, int] = {}
    told: dict[str, frozenset[str]] = {}
    troubles, count = [], 0
    for number, values in rows:
        count += 1
        if count > MOST_ROWS:
            raise PinciteError(
                f"This file has more than {MOST_ROWS:,} rows.", "Make several sets of it."
            )
        try:
            if isinstance(values, PinciteError):
                raise values
            # A line of JSON may leave out what others have.
            row = {name: values[column] for name, column in mapping.items() if column in values}
            question = _question(row)
            if question.id in questions:
                raise PinciteError(
                    f"Another row has the id “{question.id}”.", "Give each row an id of its own."
                )
            if question.asks in asked:
                raise PinciteError(
                    f"Row {asked[question.asks]} asks the same question.", "Leave one of them out."
                )
        except PinciteError as error:
            troubles.append(_trouble(number, error))
            continue
        asked[question.asks] = number
        questions[question.id] = question
        told[question.id] = frozenset(row)
    if not count:
        raise PinciteError(
            "This file has no rows below the names of its columns.", "Add a question to it."
        )
    return Preview(columns, mapping, tuple(questions.values()), tuple(troubles), count, told)


def _trouble(row: int, error: PinciteError) -> Trouble:
    return Trouble(row, error.reason, error.remedy)


def _guessed(columns: Iterable[str]) -> dict[str, str]:
    """The columns whose names tell what they hold; of several the first."""
    found: dict[str, str] = {}
    for column in columns:
        plain = re.sub(r"[\s\-]+", "_", column.strip().casefold())
        if field := _FIELD_OF.get(plain):
            found.setdefault(field, column)
    return found


def _checked(mapping: Mapping[str, str], columns: Iterable[str]) -> dict[str, str]:
    there = set(columns)
    for field, column in mapping.items():
        if field not in FIELDS:
            raise PinciteError(
                f"A question has no “{_echo(field)}”.", "Choose among what is offered."
            )
        if column and column not in there:
            raise PinciteError(
                f"The file has no column “{_echo(column)}”.", "Choose one that it has."
            )
    return {field: column for field, column in mapping.items() if column}


def _kind(path: Path, name: str) -> str:
    kind = _KINDS.get(Path(name).suffix.casefold(), "")
    if not kind:
        raise PinciteError(
            "A question set is read from a CSV, an Excel (.xlsx) or a JSON lines (.jsonl) file.",
            "Save it as one of these.",
        )
    size = path.stat().st_size
    if size > LARGEST_BYTES:
        raise PinciteError(
            f"This file is larger than {LARGEST_BYTES >> 20} MiB.", "Make several sets of it."
        )
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        raise PinciteError("This file is empty.", "Check the original and add it again.")
    if kind != "xlsx" and head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")):
        raise PinciteError(
            "This file is not what its name says: it holds an Office file, an archive or a PDF.",
            "Give it its right name, or save it as CSV.",
        )
    return kind


def _read(path: Path, kind: str) -> tuple[tuple[str, ...], Iterable[Row]]:
    """The columns' names and the rows that are not blank."""
    if kind == "xlsx":
        return _table(workbook_rows(path, MOST_ROWS + 1, MOST_COLUMNS))
    text = decode(path.read_bytes())
    if not text.strip():
        raise PinciteError("This file is empty.", "Check the original and add it again.")
    return _json_lines(text) if kind == "jsonl" else _table(_csv_rows(text))


def _csv_rows(text: str) -> Iterator[tuple[int, list[object] | PinciteError]]:
    first = re.sub(r'"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    started = 1
    try:
        for row in reader:
            yield started, list(row)
            started = reader.line_num + 1
    except csv.Error as error:
        why = "a cell is too long" if "limit" in str(error) else "its quotation marks do not match"
        raise PinciteError(
            f"Line {started} of this file cannot be read: {why}.",
            "Save it as CSV again from the program that made it.",
        ) from error


def _table(
    rows: Iterator[tuple[int, list[object] | PinciteError]],
) -> tuple[tuple[str, ...], Iterable[Row]]:
    """The names in the first row that is not blank, and the rows below it by those names."""
    given = ((number, row) for number, row in rows if not _is_blank(row))
    _, names = next(given, (0, None))
    if names is None:
        raise PinciteError("This file has blank rows only.", "Add a question to it.")
    if isinstance(names, PinciteError):
        raise names
    while names and _is_empty(names[-1]):
        names = names[:-1]
    if len(names) > MOST_COLUMNS:
        raise PinciteError(
            f"This file has more than {MOST_COLUMNS} columns.", "Leave out those of no use here."
        )
    columns = [_column(each) for each in names]

    def named() -> Iterator[Row]:
        for number, row in given:
            if isinstance(row, PinciteError):
                yield number, row
            elif any(not _is_empty(each) for each in row[len(columns) :]):
                yield (
                    number,
                    PinciteError(
                        "This row has more cells than there are columns.",
                        "Put a cell that holds the delimiter into quotation marks.",
                    ),
                )
            else:
                cells = zip(columns, map(unguarded, row), strict=False)
                yield number, dict.fromkeys(columns) | dict(cells)

    return tuple(each for each in columns if each), named()


def _json_lines(text: str) -> tuple[tuple[str, ...], Iterable[Row]]:
    rows: list[Row] = []
    columns: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
            if not isinstance(value, dict):
                raise PinciteError(
                    "This line is JSON, but no object.",
                    "Each line is an object that has a “question”.",
                )
            value = {_column(name): each for name, each in value.items()}
            columns |= dict.fromkeys(value)
            rows.append((number, value))
        except PinciteError as error:
            rows.append((number, error))
        except (ValueError, RecursionError):
            rows.append(
                (number, PinciteError("This line is not JSON.", "Write one object on each line."))
            )
        if len(columns) > MOST_COLUMNS:
            raise PinciteError(
                f"This file has more than {MOST_COLUMNS} columns.",
                "Leave out those of no use here.",
            )
    if not columns and rows and isinstance(first := rows[0][1], PinciteError):
        raise first
    return tuple(columns), rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise PinciteError("This line gives a name twice.", "Give every value a name of its own.")
    return made


def _no_number(name: str) -> None:
    raise ValueError(name)


def _question(values: Mapping[str, Any]) -> SetQuestion:
    """The question of a row; raises ``PinciteError`` saying what is wrong with it."""
    question = _text(values.get("question"), "question")
    if not question:
        raise PinciteError("This row has no question.", "Write one, or leave the row out.")
    gold = _golds(values.get("gold"))
    document, quote = (_text(values.get(field), field) for field in ("document", "quote"))
    page = _page(values.get("page"))
    if document:
        gold = (*gold, Gold(document, quote, page))
    elif quote or page is not None:
        raise PinciteError(
            "This row has a quote or a page but no document.", "Name the document it stands in."
        )
    return checked(
        SetQuestion(
            _text(values.get("id"), "id")[:200] or uuid4().hex,
            question,
            _text(values.get("reference"), "reference"),
            gold,
            tags_of(values.get("tags")),
            _is_answerable(values.get("answerable")),
        )
    )


def checked(asked: SetQuestion) -> SetQuestion:
    """The question itself; raises ``PinciteError`` for one that no file may bring.

    What is typed, kept of an answer or accepted of a draft keeps to the same, so that every set
    can be taken away and brought back.
    """
    if len(asked.question) > LONGEST_QUESTION:
        raise PinciteError(
            f"A question has {LONGEST_QUESTION:,} characters at most.", "Ask it in fewer words."
        )
    if max(map(len, (asked.reference, *(each.quote for each in asked.gold)))) > LONGEST_CELL:
        raise _too_long()
    if asked.gold and not asked.is_answerable:
        raise PinciteError(
            "This question is marked as not answerable, but says where the answer stands.",
            "Take out one or the other.",
        )
    return asked


def _too_long() -> PinciteError:
    return PinciteError(
        f"A cell has {LONGEST_CELL:,} characters at most.", "Shorten it to what matters."
    )


def _text(value: object, field: str) -> str:
    """A cell as text: numbers as they are written, nothing for an empty one."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PinciteError(f"The {field} is not a text.", "Write it in quotation marks.")
    text = _plain(value) if field == "id" else str(value).strip()
    if len(text) > LONGEST_CELL:
        raise _too_long()
    if UNSAFE.search(text) or "\ufffd" in text:
        raise PinciteError(
            f"The {field} holds characters that cannot be read.",
            "Save the file again as UTF-8, and take out control characters.",
        )
    return text


def _golds(value: object) -> tuple[Gold, ...]:
    if value in (None, "", []):
        return ()
    listed = value if isinstance(value, list) else [value]
    if len(listed) > _MOST_GOLD or not all(isinstance(each, dict) for each in listed):
        raise PinciteError(
            "The gold is not a list of objects.",
            "Each names a “document”, and there a “quote” or a “page”.",
        )
    return tuple(map(_gold, listed))


def _gold(value: Mapping[str, Any]) -> Gold:
    document = _text(value.get("document", value.get("doc")), "document")
    if not document:
        raise PinciteError(
            "This row has a quote or a page but no document.", "Name the document it stands in."
        )
    start, end = value.get("start"), value.get("end")
    if (start, end) != (None, None) and not (
        type(start) is int and type(end) is int and 0 <= start < end
    ):
        raise PinciteError(
            "Where the gold starts and ends is not right.", "Give two whole numbers, or neither."
        )
    quote = _text(value.get("quote", value.get("text")), "quote")
    return Gold(document, quote, _page(value.get("page")), start, end)


def _page(value: object) -> int | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    told = str(value).strip().casefold().removeprefix("p.").removeprefix("第").removesuffix("页")
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,6}", told.strip()) or not int(told):
        raise PinciteError(
            f"The page “{_echo(value)}” is no page number.", "Give a whole number from 1."
        )
    return int(told)


def tags_of(value: object) -> tuple[str, ...]:
    """The tags in a list or a text, where commas and the like part them: 20 of 60 characters."""
    listed = value if isinstance(value, list) else [value]
    told = (each for words in listed for each in re.split(r"[,;，；、|]", _text(words, "tags")))
    return tuple(dict.fromkeys(filter(None, (_plain(each)[:60].strip() for each in told))))[:20]


def _is_answerable(value: object) -> bool:
    told = str(value).strip().casefold() if value is not None else ""
    if told in _TRUE or not told:
        return True
    if told in _FALSE:
        return False
    raise PinciteError(
        f"“{_echo(value)}” does not say whether the question can be answered.",
        "Write yes or no.",
    )


def _plain(value: object) -> str:
    return " ".join(str(value if value is not None else "").split())


def _echo(value: object) -> str:
    """The beginning of what was sent, as it can be shown."""
    return UNSAFE.sub("\ufffd", _plain(value)[:40])


def _column(name: object) -> str:
    if UNSAFE.search(str(name)):
        raise PinciteError(
            f"The name of the column “{_echo(name)}” holds characters that cannot be read.",
            "Save the file again as UTF-8, and take out control characters.",
        )
    return _plain(name)


def _is_empty(value: object) -> bool:
    return value is None or not str(value).strip()


def _is_blank(row: list[object] | PinciteError) -> bool:
    return not isinstance(row, PinciteError) and all(map(_is_empty, row))
