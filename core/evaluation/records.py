"""Questions and answers as JSON lines: the command line's stable file formats."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from core.errors import PinciteError
from core.types import Answer, Hit


def read_questions(path: Path) -> list[dict[str, Any]]:
    """The lines of a question file; raises ``PinciteError`` naming the line that is wrong."""
    asked = []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PinciteError(f"{path} cannot be read: {error}.", "Give a UTF-8 file.") from error
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            asked.append({"id": (row := json.loads(line))["id"], "question": str(row["question"])})
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise PinciteError(
                f"Line {number} of {path} is no question.",
                'Each line is a JSON object with "id" and "question".',
            ) from error
    return asked


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
                "citations": [
                    {
                        "doc": each.document_name,
                        "page": each.page,
                        "start": each.start,
                        "end": each.end,
                        "quote": each.quote,
                    }
                    for each in statement.citations
                ],
            }
            for statement in answer.statements
        ],
        "kind": answer.kind,
        "notice": answer.notice,
        "timings": answer.timings,
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
