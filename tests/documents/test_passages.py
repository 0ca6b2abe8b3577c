"""Passages hold every word once, exactly, in order, and stay inside their clause."""

import json
import re
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents.passages import cut
from core.documents.reading import read
from core.types import ExtractedText, Heading, Page, Passage


def passages_of(text: str, size: int = 1000, *headings: Heading) -> tuple[Passage, ...]:
    return cut(ExtractedText(text, headings=headings), "d1", "Lease.txt", size)


def assert_whole(extracted: ExtractedText, passages: tuple[Passage, ...], size: int) -> None:
    """Every non-space character once, to the character, in order, and none too long."""
    position = 0
    for ordinal, passage in enumerate(passages):
        assert passage.text == extracted.text[passage.start : passage.end]
        assert passage.id == f"{passage.document_id}:{ordinal}"
        assert passage.ordinal == ordinal
        assert 0 < len(passage.text) <= size
        assert passage.text == passage.text.strip()
        assert position <= passage.start
        assert not extracted.text[position : passage.start].strip()
        position = passage.end
    assert not extracted.text[position:].strip()


LEGAL_PIECES = st.sampled_from(
    [
        *(
            "第一条 ",
            "第二条 当事人",
            "第一章 总则\n",
            "（一）",
            "一、",
            "甲方应当付款。",
            "；",
            "\n\n",
            "\n",
        ),
        *("ARTICLE I\n", "Section 2.03 ", "1. ", "1.1 ", "2. Term. ", "(a) ", "(i) ", "(b) "),
        *("The Supplier shall pay. ", "Inc. ", "of Section 5 ", "# ", "**", "| a | b |\n", "  "),
        *("x" * 90, " ", "\t", "\u3000", "e.g. ", "\r\n", "Exhibit A", "附件一 ", "\x85", "<b>"),
    ]
)


@given(
    st.one_of(st.text(), st.lists(LEGAL_PIECES, max_size=80).map("".join)),
    st.integers(min_value=20, max_value=300),
)
@settings(max_examples=400, deadline=None)
def test_any_text_is_cut_without_losing_or_repeating_a_character(text: str, size: int) -> None:
    assert_whole(ExtractedText(text), passages_of(text, size), size)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_declared_headings_and_pages_never_cost_a_character(data: st.DataObject) -> None:
    text = data.draw(st.lists(LEGAL_PIECES, max_size=40).map("".join))
    edges = st.integers(min_value=0, max_value=len(text))
    spans = data.draw(st.lists(st.tuples(st.integers(1, 9), edges, edges), max_size=6))
    headings = tuple(Heading(level, min(a, b), max(a, b)) for level, a, b in spans)
    turns = sorted(data.draw(st.lists(edges, max_size=4)))
    bounds = [0, *turns, len(text)]
    pages = tuple(
        Page(number, start, end) for number, (start, end) in enumerate(pairwise(bounds), start=1)
    )
    extracted = ExtractedText(text, pages=pages, headings=headings)

    passages = cut(extracted, "d1", "Lease.pdf", 200)

    assert_whole(extracted, passages, 200)
    for passage in passages:
        page = pages[(passage.page or 0) - 1]
        assert page.start <= passage.start < page.end


def test_a_text_of_white_space_has_no_passages() -> None:
    assert passages_of(" \n\u3000\n") == ()


def test_a_passage_never_runs_across_two_articles() -> None:
    text = (
        "第一条 甲方付款。\n\n第二条 乙方交货：\n\n（一）按时；\n\n（二）按量。\n\n"
        "第三条 略\n第四条 略\n"
    )

    passages = passages_of(text)

    assert [passage.path for passage in passages] == [
        *(("第一条",), ("第二条",), ("第三条",), ("第四条",)),
    ]


def test_a_heading_goes_with_the_text_that_follows_it() -> None:
    body = "甲方应当按照约定支付货款。" * 20
    text = f"第一条 {body}\n\n第二章 价款\n\n第一节 支付\n\n第二条 {body}\n"

    first, *others = passages_of(text, size=300)

    assert first.path == ("第一条",)
    assert others[0].text.startswith("第二章 价款\n\n第一节 支付\n\n第二条")
    assert others[0].path == ("第二章 价款", "第一节 支付", "第二条")


def test_clauses_of_one_article_share_a_passage_and_articles_do_not() -> None:
    clause = "The Supplier shall deliver the Goods on the agreed date at its own cost."
    text = (
        f"ARTICLE I\nDELIVERY\n\n1.1 Place. {clause}\n\n1.2 Date. {clause}\n\n"
        f"ARTICLE II\nPRICE\n\n2.1 Amount. {clause} {clause}\n"
    )

    first, second = passages_of(text)

    assert first.path == ("ARTICLE I DELIVERY",)
    assert "1.2 Date." in first.text
    assert second.path == ("ARTICLE II PRICE", "2.1 Amount")


def test_clauses_inside_flat_lines_are_found() -> None:
    sentence = "Each Party shall keep the other Party's Confidential Information secret. " * 3
    text = (
        f"The Parties agree as follows: 1. CONFIDENTIALITY 1.1 Duty. {sentence}"
        f"1.2 Exceptions. {sentence}2. TERM 2.1 Length. {sentence}"
    )

    paths = [passage.path for passage in passages_of(text, 400)]

    assert paths == [
        ("1. CONFIDENTIALITY", "1.1 Duty"),
        ("1. CONFIDENTIALITY", "1.2 Exceptions"),
        ("2. TERM", "2.1 Length"),
    ]


@pytest.mark.parametrize(
    "reference",
    [
        "as set out in\nSection 5 of this Agreement, shall prevail over it.",
        "under Article IV. The Buyer may also rely on it.",
        "依照本法\n第五条规定的程序办理。",
        "pursuant to clause\n7.1 The Buyer may end it.",
        "a price of $\n2. The price is net.",
    ],
)
def test_a_cross_reference_opens_no_clause(reference: str) -> None:
    text = f"1. Term. This Agreement runs for two years {reference}"

    (passage,) = passages_of(text)

    assert passage.path == ("1. Term",)


def test_sentences_are_not_broken_unless_one_is_too_long() -> None:
    sentence = "The Tenant shall pay rent to Acme Inc. on the first day of each month. "
    text = sentence * 40 + "and " * 200 + "so it ends."

    passages = passages_of(text, 300)

    assert_whole(ExtractedText(text), passages, 300)
    for passage in passages[:9]:
        assert passage.text.endswith("month.")
        assert passage.text.startswith("The Tenant")


def test_passages_of_a_long_clause_are_of_like_size() -> None:
    text = "1. Term. " + "The Tenant shall pay rent on the first day of each month. " * 37

    lengths = [len(passage.text) for passage in passages_of(text)]

    assert len(lengths) == 3
    assert max(lengths) - min(lengths) < 250


def test_a_table_of_contents_opens_nothing() -> None:
    titles = ["Definitions of Terms", "Purchase Price", "Delivery", "Warranty", "Term", "Notices"]
    contents = "".join(f"{n}. {title} {n + 2}\n" for n, title in enumerate(titles, start=1))
    clause = "The Supplier shall act in good faith towards the Buyer. " * 5
    body = "".join(f"{n}. {title}. {clause}\n" for n, title in enumerate(titles, start=1))

    first, *others = passages_of(f"CONTENTS\n\n{contents}\nThe parties agree as follows:\n\n{body}")

    assert first.text.startswith("CONTENTS")
    assert first.text.endswith("as follows:")
    assert [p.path for p in others] == [(f"{n}. {t}",) for n, t in enumerate(titles, start=1)]


def test_a_declared_clause_and_a_plain_one_are_siblings() -> None:
    text = "1. Term\n\n1.1 Start. It starts today.\n\n1.2 End. It ends in May.\n\n2. Price\n\nTen."
    headings = [
        Heading(level, text.index(words), text.index(words) + len(words))
        for level, words in [(1, "1. Term"), (2, "1.1 Start. It starts today."), (1, "2. Price")]
    ]

    paths = [passage.path for passage in passages_of(text, 50, *headings)]

    assert paths == [("1. Term", "1.1 Start"), ("1. Term", "1.2 End"), ("2. Price",)]


def test_declared_headings_make_the_path() -> None:
    text = "Lease\n\nPayment of rent\n\nRent is due monthly.\n\nRepairs\n\nThe landlord repairs.\n"
    headings = [
        Heading(level, text.index(words), text.index(words) + len(words))
        for level, words in [(1, "Lease"), (2, "Payment of rent"), (2, "Repairs")]
    ]

    assert [passage.path for passage in passages_of(text, 1000, *headings)] == [
        ("Lease", "Payment of rent"),
        ("Lease", "Repairs"),
    ]


def test_every_article_that_lawyers_ask_for_opens_a_passage(eval_dir: Path) -> None:
    folder = eval_dir / "zh_statutes"
    cuts: dict[str, tuple[ExtractedText, tuple[Passage, ...]]] = {}
    for line in (folder / "queries.jsonl").read_text(encoding="utf-8").splitlines():
        for gold in json.loads(line)["gold"]:
            if gold["doc"] not in cuts:
                extracted = read(folder / "docs" / gold["doc"], gold["doc"])
                cuts[gold["doc"]] = (extracted, cut(extracted, "d1", gold["doc"]))
            extracted, passages = cuts[gold["doc"]]
            inside = [p for p in passages if p.start < gold["end"] and p.end > gold["start"]]
            before = extracted.text[inside[0].start : gold["start"]]
            assert all(line.startswith("#") for line in before.splitlines() if line.strip())
            assert inside[-1].end <= gold["end"]
            assert inside[0].path[-1].startswith(gold["article"])
            assert len(inside) == 1 or gold["end"] - inside[0].start > 1000


def test_every_development_document_is_cut_whole(eval_dir: Path) -> None:
    files = [
        *(eval_dir / "en_contracts" / "docs_txt").glob("*.txt"),
        *sorted((eval_dir / "en_contracts" / "docs_pdf").glob("*.pdf"))[::4],
        *(eval_dir / "zh_statutes" / "docs").rglob("*.md"),
        *(file for file in (eval_dir / "ingest").rglob("*") if file.is_file()),
        *(eval_dir / "robust" / "court_pdf").glob("*.pdf"),
    ]
    small = [file for file in files if file.stat().st_size < 1 << 20]
    assert len(small) > 160
    for file in small:
        extracted = read(file, file.name)
        assert_whole(extracted, cut(extracted, "d1", file.name), 1000)


def test_every_passage_of_a_statute_keeps_to_one_article_and_names_it(eval_dir: Path) -> None:
    for file in (eval_dir / "zh_statutes" / "docs").rglob("*.md"):
        extracted = read(file, file.name)
        passages = cut(extracted, "d1", file.name)
        assert any("条" in part for passage in passages for part in passage.path), file.name
        for passage in passages:
            opened = re.findall(
                r"(?:^|\n)(第[一二三四五六七八九十百千零]+条)[ \u3000]", passage.text
            )
            assert len(opened) <= 1, (file.name, passage.text)
            if opened:
                assert any(part.startswith(opened[0]) for part in passage.path), file.name


def test_passages_of_contracts_know_their_clause(eval_dir: Path) -> None:
    known = total = 0
    for file in (eval_dir / "en_contracts" / "docs_txt").glob("*.txt"):
        passages = cut(read(file, file.name), "d1", file.name)
        known += sum(bool(passage.path) for passage in passages)
        total += len(passages)

    assert known >= 0.97 * total


def test_contract_passages_are_long_enough_to_be_found(eval_dir: Path) -> None:
    lengths: list[int] = []
    for file in (eval_dir / "en_contracts" / "docs_txt").glob("*.txt"):
        extracted = read(file, file.name)
        lengths += [len(passage.text) for passage in cut(extracted, "d1", file.name)]

    assert 600 <= sorted(lengths)[len(lengths) // 2] <= 1000
    assert sum(length < 100 for length in lengths) < 0.02 * len(lengths)


def test_a_code_of_234_pages_is_cut_in_under_a_second_article_by_article(eval_dir: Path) -> None:
    (file,) = (eval_dir / "ingest" / "zh_pdf").glob("*民法典*.pdf")
    extracted = read(file, file.name)
    start = time.process_time()
    passages = cut(extracted, "d1", file.name)
    elapsed_s = time.process_time() - start

    assert elapsed_s < 1.0
    assert_whole(extracted, passages, 1000)
    article = next(p for p in passages if p.path[-1:] == ("第五百七十七条",))
    assert article.page == 110
    found = {p.path[-1] for p in passages if re.match("第.+条$", p.path[-1] if p.path else "")}
    assert len(found) >= 1250


@pytest.mark.parametrize(
    "piece", ["1. ", "1.1 A ", "(a) ", "\n1. A", "a\n", "ARTICLE I ", "x", " "]
)
def test_hostile_repetition_is_cut_in_seconds(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    start = time.process_time()
    passages = passages_of(text)

    assert time.process_time() - start < 10
    assert_whole(ExtractedText(text), passages, 1000)
