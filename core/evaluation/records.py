"""Questions and answers as JSON lines: the command line's stable file formats."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from core.errors import PinciteError
from core.types import Answer, Citation, Hit


def read_questions(path: Path) -> list[dict[str, Any]]:
    """The lines of a question file; raises ``PinciteError`` naming the line that is wrong."""

    def question(row: dict[str, Any]) -> dict[str, Any]:
        return {"id": row["id"], "question": _text(row["question"])}

    return _read(path, question, 'a JSON object with "id" and "question"')


def read_pairs(path: Path) -> list[dict[str, Any]]:
    """Statements with their passages; raises ``PinciteError`` naming the line that is wrong."""

    def pair(row: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": row["id"],
            "statement": _text(row["statement"]),
            "passages": _texts(row["passages"]),
        }

    return _read(path, pair, 'a JSON object with "id", "statement" and "passages", a list')


def read_calibration(path: Path) -> list[dict[str, Any]]:
    """Questions with whether the documents answer them, and optionally the only documents to
    search, by name; raises ``PinciteError`` naming the line that is wrong.
    """

    def example(row: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(row["answerable"], bool):
            raise TypeError
        return {
            "question": _text(row["question"]),
            "answerable": row["answerable"],
            "documents": _texts(row.get("documents", [])),
        }

    return _read(path, example, 'a JSON object with "question" and "answerable", true or false')


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_text(each) for each in value]


def _read(
    path: Path, take: Callable[[dict[str, Any]], dict[str, Any]], what: str
) -> list[dict[str, Any]]:
    """The lines of a JSON lines file, each through ``take``; empty ones are passed over."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PinciteError(f"{path} cannot be read: {error}.", "Give a UTF-8 file.") from error
    taken = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            taken.append(take(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PinciteError(
                f"Line {number} of {path} cannot be used.", f"Each line is {what}."
            ) from error
    return taken


def hit_records(hits: Sequence[Hit]) -> list[dict[str, Any]]:
    """The passages of one question as they stand in ``RUN.jsonl``, best first."""
    return [
        {
            "doc": hit.passage.document_name,
            "page": hit.passage.page,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "text": hit.passage.text,
            "score": hit.score,
        }
        for hit in hits
    ]


def answer_record(answer: Answer) -> dict[str, Any]:
    """An answer as it stands in ``A.jsonl``, without its id."""
    return {
        "answer": answer.text,
        "verdict": answer.verdict,
        "refused": answer.refused,
        "statements": [
            {
                "text": statement.text,
                "verdict": statement.verdict,
                "reason": statement.reason,
                "citations": [_citation_record(each) for each in statement.citations],
            }
            for statement in answer.statements
        ],
        "kind": answer.kind,
        "notice": answer.notice,
        "searched": {
            "documents": answer.searched.documents,
            "passages": answer.searched.passages,
            "blank_pages": answer.searched.blank_pages,
        },
        "passages_used": answer.passages_used,
        "passages_cut": answer.passages_cut,
        "absent": answer.absent,
        "nearest": [_citation_record(each) for each in answer.nearest],
        "timings": answer.timings,
    }


def _citation_record(citation: Citation) -> dict[str, Any]:
    return {
        "doc": citation.document_name,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


@contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """A file that appears under its name when all of it is written."""
    if path is None:
        raise PinciteError("There is nowhere to write to.", "Give --out.")
    partial = path.with_name(path.name + ".partial")
    try:
        file = partial.open("w", encoding="utf-8")
    except OSError as error:
        raise PinciteError(
            f"{path} cannot be written: {error.strerror}.", "Name a file in a folder that exists."
        ) from error
    with file:
        yield file
    partial.replace(path)


def write_line(lines: TextIO, row: dict[str, Any]) -> None:
    """Append one JSON line and let it reach the file."""
    lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    lines.flush()
