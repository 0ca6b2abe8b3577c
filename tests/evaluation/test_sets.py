"""Question sets from files: what is right comes in, and what is wrong is said, each in a sentence."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from core.errors import PinciteError
from core.evaluation.sets import preview, question_from, tags_of
from core.trials import Gold
from core.types import Answer, AnswerKind, Citation, Statement, Verdict

HEAD = "question,reference,document,page,quote,tags,answerable,id"


def book(*rows: tuple[object, ...], touch: Callable[[Workbook], None] | None = None) -> bytes:
    workbook = Workbook()
    for row in rows:
        workbook.active.append(row)
    if touch:
        touch(workbook)
    kept = io.BytesIO()
    workbook.save(kept)
    return kept.getvalue()


def packed(**parts: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/"), content)
    return kept.getvalue()


def with_part(workbook: bytes, name: str, content: bytes) -> bytes:
    kept = io.BytesIO(workbook)
    with zipfile.ZipFile(kept, "a") as archive:
        archive.writestr(name, content)
    return kept.getvalue()


def told(path: Path, name: str, content: bytes, mapping: dict[str, str] | None = None) -> str:
    """All that is said against a file: of the whole of it, or of its rows."""
    (path / "given").write_bytes(content)
    try:
        read = preview(path / "given", name, mapping)
    except PinciteError as error:
        return str(error)
    return "\n".join(f"row {each.row}: {each.reason} {each.remedy}" for each in read.troubles)


def csv_of(*lines: str) -> bytes:
    return "\n".join([HEAD, *lines]).encode()


def line(**values: object) -> bytes:
    return json.dumps({"question": "When is rent due?"} | values).encode()


WRONG: dict[str, tuple[str, bytes, str]] = {
    "empty": ("q.csv", b"", "This file is empty"),
    "white space only": ("q.csv", b" \n\n \t", "This file is empty"),
    "binary": ("q.csv", bytes(range(256)) * 40, "binary content"),
    "another kind": ("q.docx", b"question\nWhy?", "a CSV, an Excel"),
    "no suffix": ("questions", b"question\nWhy?", "a CSV, an Excel"),
    "Excel called CSV": ("q.csv", book(("question",), ("Why?",)), "not what its name says"),
    "PDF called JSON lines": ("q.jsonl", b"%PDF-1.7\n", "not what its name says"),
    "CSV called Excel": ("q.xlsx", b"question\nWhy?", "damaged"),
    "no header": ("q.csv", b"When is rent due?,On the first\n", "No column holds the questions"),
    "header alone": ("q.csv", HEAD.encode(), "no rows below"),
    "blank rows only": ("q.csv", csv_of(",,,,,,,", ",,,,,,,"), "no rows below"),
    "a header of blanks": ("q.csv", b",,,\n,,,\n", "blank rows only"),
    "a header twice": ("q.csv", b"question,answer,question\nWhy?,So,What?\n", "Two columns"),
    "no question column": ("q.csv", b"reference,document\nSo,a.txt\n", "No column holds"),
    "row without question": ("q.csv", csv_of(",On the first,,,,,,"), "row 2: This row has no"),
    "too many cells": ("q.csv", b"question,tags\nWhy, then?,a,b\n", "row 2: .*more cells"),
    "quotes that do not match": ("q.csv", csv_of('"When is rent due?,,,,,,,'), "Line 2 .*quotation"),
    "NUL bytes": ("q.csv", b"question\nWhen\x00 is it due?\n", "binary content"),
    "broken UTF-8": (
        "q.csv", b"question\n" + "租金何时支付？".encode() * 20 + b"\xe7\xa7\n", "row 2: .*cannot be read",
    ),
    "a control character": ("q.jsonl", line(question="Why\x07?"), "row 1: .*cannot be read"),
    "half a surrogate": ("q.jsonl", b'{"question": "Why \\ud800?"}', "row 1: .*cannot be read"),
    "half a surrogate in a column's name": (
        "q.jsonl", b'{"question": "Why?", "a\\ud800": 1}', "name of the column .*cannot be read",
    ),
    "an escape in a column's name": (
        "q.jsonl", b'{"question": "Why?", "\\u001b[31mred": 1}', "column “\ufffd.*cannot be read",
    ),
    "an escape in a column's name in CSV": (
        "q.csv", b"question,\x1b[31mred\nWhy?,1\n", "name of the column .*cannot be read|binary",
    ),
    "half a surrogate for a page": (
        "q.jsonl", b'{"question": "Why?", "document": "a", "page": "\\ud800"}', "“\ufffd” is no page",
    ),
    "an escape for yes or no": (
        "q.jsonl", b'{"question": "Why?", "answerable": "\\u001b[2J"}', "“\ufffd.*” does not say",
    ),
    "a C1 control character": ("q.jsonl", line(question="Why\x9b31m?"), "row 1: .*cannot be read"),
    "a huge cell": ("q.csv", csv_of(f"Why?,{'x' * 30_000},,,,,,"), "row 2: A cell has 20,000"),
    "a cell past all bounds": ("q.csv", csv_of(f"Why?,{'x' * 200_000},,,,,,"), "a cell is too long"),
    "a question too long": ("q.csv", csv_of(f"{'x' * 9_000},,,,,,,"), "A question has 8,000"),
    "too many rows": (
        "q.csv", b"question\n" + b"\n".join(b"Why %d?" % n for n in range(5_001)), "more than 5,000 rows",
    ),
    "too many columns": (
        "q.csv", b",".join(b"c%d" % n for n in range(101)) + b"\na", "more than 100 columns",
    ),
    "bad JSON": ("q.jsonl", line() + b'\n{"question": ', "row 2: This line is not JSON"),
    "nothing but bad JSON": ("q.jsonl", b"question\nWhy?", "not JSON"),
    "JSON, but no object": ("q.jsonl", line() + b'\n["Why?"]', "row 2: .*no object"),
    "a name twice in JSON": (
        "q.jsonl", b'{"question": "Why?", "question": "What?"}', "a name twice",
    ),
    "NaN": ("q.jsonl", b'{"question": "Why?", "page": NaN}', "not JSON"),
    "JSON of great depth": ("q.jsonl", b'{"question": ' + b"[" * 100_000, "not JSON"),
    "a question that is a list": ("q.jsonl", line(question=["Why?"]), "row 1: The question is not"),
    "a reference that is an object": ("q.jsonl", line(reference={"a": 1}), "reference is not a text"),
    "gold that is a text": ("q.jsonl", line(gold="page 4"), "not a list of objects"),
    "gold without a document": ("q.jsonl", line(gold=[{"quote": "Rent."}]), "but no document"),
    "gold that ends before it starts": (
        "q.jsonl", line(gold=[{"doc": "a", "start": 9, "end": 3}]), "starts and ends",
    ),
    "a negative page": ("q.csv", csv_of("Why?,,a.pdf,-3,,,,"), "“-3” is no page number"),
    "page 0": ("q.csv", csv_of("Why?,,a.pdf,0,,,,"), "“0” is no page number"),
    "a page in words": ("q.csv", csv_of("Why?,,a.pdf,four,,,,"), "“four” is no page number"),
    "a page that is true": ("q.jsonl", line(document="a", page=True), "is no page number"),
    "a quote without a document": ("q.csv", csv_of("Why?,,,,Rent is due.,,,"), "but no document"),
    "a page without a document": ("q.csv", csv_of("Why?,,,4,,,,"), "but no document"),
    "answerable, or so": ("q.csv", csv_of("Why?,,,,,,perhaps,"), "“perhaps” does not say"),
    "gold of what cannot be answered": ("q.csv", csv_of("Why?,,a.txt,,,,no,"), "not answerable, but"),
    "an id twice": ("q.csv", csv_of("Why?,,,,,,,7", "What?,,,,,,,7"), "row 3: .*the id “7”"),
    "a question twice": ("q.csv", csv_of("Why?,,,,,,,", "WHY ?,,,,,,,"), "row 3: Row 2 asks"),
    "an old or encrypted workbook": ("q.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password"),
    "half a workbook": ("q.xlsx", book(("question",), ("Why?",))[:3000], "damaged"),
    "a zip that is no workbook": ("q.xlsx", packed(**{"a.txt": b"Why?"}), "not an Excel file"),
    "a workbook without sheets": ("q.xlsx", packed(xl__workbook_xml=b"<x/>"), "damaged"),
    "a zip bomb": ("q.xlsx", packed(xl__bomb=bytes(60 << 20)), "unpacks to"),
    "a workbook of too much": (
        "q.xlsx",
        with_part(book(("question",), ("Why?",)), "xl/media/a.bin", bytes(21 << 20)),
        "more than a question set takes",
    ),
    "a workbook of too many strings": (
        "q.xlsx",
        with_part(book(("question",), ("Why?",)), "xl/SharedStrings.xml", bytes(6 << 20)),
        "more than a question set takes",
    ),
    "a formula": ("q.xlsx", book(("question",), ('="Why"&"?"',)), "row 2: .*formula"),
    "a cell with an error": ("q.xlsx", book(("question",), ("#REF!",)), "row 2: .*error"),
    "macros": (
        "q.xlsx", with_part(book(("question",), ("Why?",)), "xl/vbaProject.bin", b"x"), "macros",
    ),
    "an empty sheet": ("q.xlsx", book(), "blank rows only"),
    "merged cells": (
        "q.xlsx",
        book(("question",), ("Why?",), ("What?",), touch=lambda w: w.active.merge_cells("A2:A3")),
        "merged cells",
    ),
    "too many rows in a workbook": (
        "q.xlsx", book(("question",), *((f"Why {n}?",) for n in range(5_001))), "more than 5,000 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_file_is_said_in_a_sentence(tmp_path: Path, what: str) -> None:
    import re

    name, content, sentence = WRONG[what]
    said = told(tmp_path, name, content)
    assert re.search(sentence, said), said
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", said)


def test_there_are_more_than_thirty_kinds_of_wrong_files() -> None:
    assert len(WRONG) > 30


def test_a_mapping_to_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    content = b"ask,answer\nWhy?,So\n"
    assert "no column “asks”" in told(tmp_path, "q.csv", content, {"question": "asks"})
    assert "has no “verdict”" in told(tmp_path, "q.csv", content, {"verdict": "ask"})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_chinese_headers_are_known_in_every_encoding(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [
        ["问题", "参考答案", "文档", "页码", "原文", "标签", "可回答"],
        ["租金应当在何时支付？", "每月第一天", "租约.pdf", "第3页", "租金应当于每月第一天支付。", "租金；付款", "是"],
        ["出租人是否有权涨租？", "", "", "", "", "", "否"],
    ]  # fmt: skip
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "given").write_bytes(text.encode(encoding))
    read = preview(tmp_path / "given", "题目.csv")
    assert read.troubles == ()
    first, second = read.questions
    assert (first.question, first.reference) == ("租金应当在何时支付？", "每月第一天")
    assert first.gold == (Gold("租约.pdf", "租金应当于每月第一天支付。", 3),)
    assert first.tags == ("租金", "付款")
    assert (first.is_answerable, second.is_answerable) == (True, False)


def test_a_workbook_and_json_lines_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        book(
            ("Question", "Answer", "Document", "Page", "ID"),
            ("Why?", "So.", "a.pdf", 4.0, 7),
            (None, None, None, None, None),
            ("What?", 12, None, None, 8),
        )
    )
    (tmp_path / "j").write_text(
        '{"question": "Why?", "answer": "So.", "document": "a.pdf", "page": 4, "id": 7}\n\n'
        '{"question": "What?", "answer": 12, "id": 8}\n'
    )
    one, other = preview(tmp_path / "x", "q.XLSX"), preview(tmp_path / "j", "q.jsonl")
    assert one.troubles == other.troubles == ()
    assert one.questions == other.questions
    assert [each.id for each in one.questions] == ["7", "8"]


def test_a_wrong_row_keeps_no_other_out(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(csv_of("Why?,,,,,,,", ",,,,,,yes,", "What?,,,,,,,"))
    read = preview(tmp_path / "given", "q.csv")
    assert [each.question for each in read.questions] == ["Why?", "What?"]
    assert [each.row for each in read.troubles] == [3]
    assert read.rows == 3


def test_columns_may_be_chosen_by_hand(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b"ask,note,answer\nWhy?,So.,Never\n")
    read = preview(tmp_path / "given", "q.csv")
    assert (read.mapping, read.questions) == ({"reference": "answer"}, ())
    read = preview(
        tmp_path / "given", "q.csv", {"question": "ask", "reference": "note", "tags": ""}
    )
    assert [(each.question, each.reference) for each in read.questions] == [("Why?", "So.")]


def test_what_a_row_tells_is_known_by_its_question(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b"id,question,tags,answer\n1,Why?\n2,What?,,So\n")
    read = preview(tmp_path / "c", "q.csv")
    assert read.told == {each: {"id", "question", "tags", "reference"} for each in "12"}
    (tmp_path / "j").write_text(
        '{"id": 1, "question": "Why?", "gold": []}\n{"id": 2, "question": "What?", "answer": null}'
    )
    read = preview(tmp_path / "j", "q.jsonl")
    assert read.told == {"1": {"id", "question", "gold"}, "2": {"id", "question", "reference"}}


def test_a_document_is_named_with_all_its_blanks(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(csv_of("Why?,, Lease  2024.pdf ,,,,,"))
    (asked,) = preview(tmp_path / "given", "q.csv").questions
    assert asked.gold == (Gold("Lease  2024.pdf"),)


@pytest.mark.parametrize("given", ["a, b;c｜d、  e  f|a", ["a, b", "c｜d、  e  f", "a"]])
def test_no_tag_holds_what_parts_tags(given: object) -> None:
    assert tags_of(given) == ("a", "b", "c｜d", "e f")
    assert tags_of(["x" * 59 + " y"]) == ("x" * 59,)
    assert len(tags_of([str(n) for n in range(30)])) == 20


def test_a_cell_with_the_delimiter_and_line_breaks_is_one_cell(tmp_path: Path) -> None:
    (tmp_path / "given").write_bytes(b'question,tags\n"Why, then,\nis it due?",a\nWhat?,maybe\n')
    read = preview(tmp_path / "given", "q.csv")
    assert [each.question for each in read.questions] == ["Why, then,\nis it due?", "What?"]


def test_an_answer_becomes_a_question_with_its_verified_citations_as_gold() -> None:
    sure = Citation(1, "d", "a.pdf", 3, (), 10, 22, "Rent is due.")
    doubt = Citation(2, "d", "a.pdf", 4, (), 30, 40, "Never ever")
    statements = (
        Statement("Rent is due.", Verdict.SUPPORTED, (sure,)),
        Statement("Never.", Verdict.PARTLY, (doubt,)),
    )
    answer = Answer("When?", AnswerKind.DRAFT, Verdict.PARTLY, statements)
    made = question_from(answer)
    assert (made.question, made.reference) == ("When?", "Rent is due.")
    assert made.gold == (Gold("a.pdf", "Rent is due.", 3, 10, 22, "d"),)
    assert made.is_answerable
    refused = question_from(Answer("When?", AnswerKind.REFUSAL, Verdict.UNSUPPORTED, ()))
    assert not refused.is_answerable
