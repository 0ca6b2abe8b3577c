"""A question set as a file: read again it asks the same, and no cell of it is a formula."""

import asyncio
import csv
import io
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.database import Database
from core.documents.files import clean_name
from core.evaluation.exports import as_csv, as_jsonl
from core.evaluation.set_rows import set_rows
from core.evaluation.sets import preview, tags_of
from core.trials import Gold, SetQuestion

MANY = (
    Gold("Lease.pdf", "The Tenant shall:\n- pay; and\n- repair.", 3, 10, 48, "d1"),
    Gold("租约.pdf", "承租人应当支付租金。", 4),
    Gold("Annex.docx"),
)
ASKED = (
    SetQuestion("q1", "When is rent due?", "Monthly;\n=on the first.", MANY, ("rent", "due dates")),
    SetQuestion("q2", "=HYPERLINK(1)?", "-5 %", (Gold("a, b.pdf", '"So," it says', 7),)),
    SetQuestion("q3", "May the landlord's 'agent' enter?", is_answerable=False, tags=("refusal",)),
    SetQuestion("q4", "租金\t何时支付？", "@每月"),
)


def read_again(folder: Path, written: str, name: str) -> tuple[SetQuestion, ...]:
    (folder / name).write_bytes(written.encode())
    read = preview(folder / name, name)
    assert read.troubles == ()
    return read.questions


def without_ids(asked: SetQuestion, places: int, *, spans: bool = True) -> SetQuestion:
    """What a file says of a question: no document's id, and in CSV no span."""
    gold = tuple(
        Gold(each.document, each.quote, each.page, *((each.start, each.end) if spans else ()))
        for each in asked.gold[:places]
    )
    return SetQuestion(
        asked.id, asked.question, asked.reference, gold, asked.tags, asked.is_answerable
    )


def test_json_lines_keep_every_question_with_all_its_places(tmp_path: Path) -> None:
    written = as_jsonl(set_rows(ASKED, every_place=True))
    read = read_again(tmp_path, written, "a.jsonl")
    assert read == tuple(without_ids(each, 99) for each in ASKED)


def test_csv_keeps_every_question_with_its_first_place(tmp_path: Path) -> None:
    written = as_csv(set_rows(ASKED, every_place=False))
    read = read_again(tmp_path, written, "a.csv")
    assert read == tuple(without_ids(each, 1, spans=False) for each in ASKED)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_of_the_table_is_a_formula(delimiter: str) -> None:
    written = as_csv(set_rows(ASKED, every_place=False)).removeprefix("\ufeff")
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        assert not [
            cell for cell in row if cell.lstrip(' \t\r\n"').startswith(("=", "+", "-", "@"))
        ]


def test_drafts_stay_until_a_person_has_accepted_them() -> None:
    assert set_rows([SetQuestion("d", "Why?", is_draft=True)], every_place=True) == []


def test_what_a_file_could_not_be_read_for_is_left_out_of_it(tmp_path: Path) -> None:
    places = tuple(Gold("a.pdf", f"Page {n}\x0c ends\ufffd here\x85.", n + 1) for n in range(120))
    written = as_jsonl(set_rows([SetQuestion("q", "When?", gold=places)], every_place=True))
    (read,) = read_again(tmp_path, written, "a.jsonl")
    assert [each.page for each in read.gold] == list(range(1, 121))
    assert read.gold[0].quote.split() == ["Page", "0", "ends", "here", "."]


WORDS = st.text(st.sampled_from("=+-@;,\t\n '\"aß租\u2028"), max_size=12)
TORN = st.text(st.sampled_from("=;|,\t\r\n '\"aß租\u2028\x02\x0c\x85\ufffd"), max_size=12)
TAGS = st.lists(st.text(st.sampled_from("=;|,，、\t '\"aß租"), max_size=70), max_size=24)
NAMES = st.text(st.sampled_from("=+-@;, \t'aß租/\ufffd"), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=4))
def test_whatever_is_written_asks_the_same_when_it_is_read(
    tmp_path: Path, texts: list[tuple[str, str, str]]
) -> None:
    asked = [
        SetQuestion(f"q{n}", f"{one} {n}?".strip(), two.strip(), (Gold("a.pdf", three.strip()),))
        for n, (one, two, three) in enumerate(texts)
    ]
    if asked:
        for write, name, every in ((as_csv, "a.csv", False), (as_jsonl, "a.jsonl", True)):
            assert read_again(tmp_path, write(set_rows(asked, every_place=every)), name) == tuple(
                asked
            )


def test_a_set_that_is_taken_away_and_brought_back_stands_as_it_was(tmp_path: Path) -> None:
    """Whatever its documents are called and its words hold."""
    with asyncio.Runner() as loop:
        database = Database(tmp_path / "pincite.db")
        loop.run(database.start())
        matter_id = loop.run(database.create_matter("Smith")).id
        loop.run(database.put_document(matter_id, "Lease.pdf", "ab", 1, "d1"))

        @settings(max_examples=60, deadline=None)
        @given(st.lists(st.tuples(TORN, TORN, TORN, NAMES, TAGS), min_size=1, max_size=3))
        def goes_round(made: list[tuple[str, str, str, str, list[str]]]) -> None:
            asked = [
                SetQuestion(
                    f"q{n}",
                    f"{one} {n}?",
                    two,
                    tuple(
                        Gold(clean_name(f"{name}.pdf"), three, page, 10, 20, "d1")
                        for page in (3, 4)
                    ),
                    tags_of(tags),
                )
                for n, (one, two, three, name, tags) in enumerate(made)
            ]
            held = loop.run(database.create_question_set(matter_id, uuid4().hex, asked=asked))
            for write, kind, every in ((as_csv, "csv", False), (as_jsonl, "jsonl", True)):
                path = tmp_path / f"taken.{kind}"
                path.write_bytes(write(set_rows(asked, every_place=every)).encode())
                read = preview(path, path.name)
                assert read.troubles == ()
                assert {each.asks for each in read.questions} == {each.asks for each in asked}
                assert [each.tags for each in read.questions] == [each.tags for each in asked]
                back = loop.run(
                    database.add_questions(matter_id, held.id, read.questions, read.told)
                )
                assert back == (held, len(asked))

        goes_round()
        loop.run(database.close())
