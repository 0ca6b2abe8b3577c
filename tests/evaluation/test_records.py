"""Files of questions, statements and answers: one JSON object a line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import PinciteError
from core.evaluation.records import (
    answer_record,
    hit_records,
    read_calibration,
    read_pairs,
    read_questions,
    whole_file,
    write_line,
)
from core.types import Answer, AnswerKind, Citation, Hit, Passage, Searched, Statement, Verdict

CITED = Citation(1, "d", "租约.pdf", 3, ("4",), 10, 15, "Rent.")


def written(path: Path, *rows: object) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "line", ["no json", "[]", '"id"', "7", "{}", '{"id": 1}', '{"question": "When?"}']
)
def test_a_line_that_is_no_question_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PinciteError, match=r"Line 2 of .*q\.jsonl cannot be used"):
        read_questions(written(tmp_path / "q.jsonl", {"id": 1, "question": "When?"}, line))


def test_a_question_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gbk.jsonl").write_bytes('{"id": 1, "question": "租金"}'.encode("gbk"))
    for name in ("absent.jsonl", "gbk.jsonl"):
        with pytest.raises(PinciteError, match=f"{name} cannot be read.*UTF-8"):
            read_questions(tmp_path / name)


def test_a_question_may_hold_any_character_that_json_allows(tmp_path: Path) -> None:
    rows = [{"id": n, "question": f"租金{end}何时"} for n, end in enumerate("\u2028\u2029\x85\n\t")]
    assert read_questions(written(tmp_path / "q.jsonl", *rows)) == rows


def interrupted_in_the_middle_of(out: Path) -> None:
    with whole_file(out) as lines:
        lines.write("half")
        raise KeyboardInterrupt


def test_an_output_file_appears_only_when_all_of_it_is_written(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    out.write_text("yesterday's")
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_middle_of(out)
    assert out.read_text() == "yesterday's"
    with whole_file(out) as lines:
        lines.write("租金")
        assert out.read_text() == "yesterday's"
    assert out.read_text(encoding="utf-8") == "租金"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


@pytest.mark.parametrize("value", [None, 7, ["When?"], {"text": "When?"}, True])
def test_a_question_that_is_no_text_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(PinciteError, match=r"Line 1 of .* cannot be used.*\"question\""):
        read_questions(written(tmp_path / "q.jsonl", {"id": 1, "question": value}))


@pytest.mark.parametrize(
    ("read", "row"),
    [
        (read_pairs, {"id": 1, "statement": "Rent.", "passages": "Rent."}),
        (read_pairs, {"id": 1, "statement": "Rent.", "passages": [7]}),
        (read_pairs, {"id": 1, "passages": []}),
        (read_calibration, {"question": "Who?", "answerable": 1}),
        (read_calibration, {"question": None, "answerable": True}),
        (read_calibration, {"question": "Who?", "answerable": True, "documents": [None]}),
        (read_calibration, {"question": "Who?", "answerable": True, "documents": None}),
        (read_calibration, {"question": "Who?", "answerable": True, "documents": "Lease.pdf"}),
    ],
)
def test_a_statement_or_an_example_of_the_wrong_form_is_refused(
    tmp_path: Path, read: Callable[[Path], list[dict[str, Any]]], row: object
) -> None:
    with pytest.raises(PinciteError, match=r"Line 1 of .* cannot be used"):
        read(written(tmp_path / "rows.jsonl", row))


def test_examples_may_name_the_documents_to_search(tmp_path: Path) -> None:
    rows = [
        {"question": "Who?", "answerable": True, "documents": ["Lease.pdf"]},
        {"question": "Why?", "answerable": False},
    ]
    path = written(tmp_path / "rows.jsonl", *rows)
    assert read_calibration(path) == [rows[0], rows[1] | {"documents": []}]


def test_a_file_that_windows_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id": 1, "question": "When?"}\r\n\r\n')
    assert read_questions(path) == [{"id": 1, "question": "When?"}]


def test_an_answer_is_written_with_everything_that_is_known_of_it() -> None:
    answer = Answer(
        "When?",
        AnswerKind.REFUSAL,
        Verdict.UNSUPPORTED,
        (Statement("Rent.", Verdict.SUPPORTED, (CITED,), "verbatim"),),
        "document_absent",
        searched=Searched(2, 30, 4, 9),
        nearest=(CITED,),
        absent=("Zebulon",),
        passages_used=3,
        passages_cut=5,
        timings={"total": 1.5},
    )
    record = json.loads(json.dumps(answer_record(answer)))
    cited = {"doc": "租约.pdf", "page": 3, "start": 10, "end": 15, "quote": "Rent."}
    assert record["statements"] == [
        {"text": "Rent.", "verdict": "supported", "reason": "verbatim", "citations": [cited]}
    ]
    assert (record["kind"], record["refused"], record["notice"]) == (
        "refusal",
        True,
        "document_absent",
    )
    assert record["searched"] == {"documents": 2, "passages": 30, "blank_pages": 4}
    assert (record["nearest"], record["absent"]) == ([cited], ["Zebulon"])
    assert (record["passages_used"], record["passages_cut"]) == (3, 5)


def test_hits_are_written_with_their_places_and_chinese_as_it_is(tmp_path: Path) -> None:
    hit = Hit(Passage("d:0", "d", "租约.pdf", 0, "租金", 7, 9, None), 0.5)
    path = tmp_path / "run.jsonl"
    with whole_file(path) as lines:
        write_line(lines, {"id": 1, "results": hit_records([hit])})
    text = path.read_text(encoding="utf-8")
    assert "租金" in text
    (row,) = json.loads(text)["results"]
    place = {"doc": "租约.pdf", "page": None, "start": 7, "end": 9}
    assert row == {**place, "text": "租金", "score": 0.5}


def test_an_output_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PinciteError, match="cannot be written"), whole_file(tmp_path / "no" / "a"):
        pass
    with pytest.raises(PinciteError, match="nowhere to write"), whole_file(None):
        pass
