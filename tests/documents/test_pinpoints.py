"""A passage that starts inside an article or a table says where."""

import re

from core.documents.passages import cut
from core.documents.pinpoints import paragraph_of_article
from core.types import ExtractedText, Passage

DUTY = "经营者应当按照约定提供商品或者服务，并对其质量负责。"


def passages_of(text: str, size: int) -> tuple[Passage, ...]:
    return cut(ExtractedText(text), "d1", "Law.txt", size)


def test_a_piece_of_a_long_article_names_its_paragraph() -> None:
    text = f"第一条 略。\n\n第二条 {DUTY * 4}\n\n{DUTY * 4}\n\n{DUTY * 4}\n\n第三条 略。\n"

    paths = [passage.path for passage in passages_of(text, 130)]

    assert paths == [
        *(("第一条",), ("第二条",), ("第二条第二款",), ("第二条第三款",), ("第三条",)),
    ]


def test_items_belong_to_the_paragraph_that_leads_to_them() -> None:
    items = "".join(f"（{n}）{DUTY}\n\n" for n in "一二三")
    lead, last = "有下列情形之一的，可以解除合同：\n\n", f"前款规定不适用于消费者。{DUTY * 3}\n"

    passages = passages_of(f"第二条 {DUTY * 5}\n\n{lead}{items}{last}", 140)

    assert [passage.path[0] for passage in passages] == ["第二条", "第二条第二款", "第二条第三款"]
    assert passages[1].text.startswith("有下列情形之一的")
    assert passages[1].text.rstrip().endswith(DUTY)
    assert passages[2].text.startswith("前款规定")


def test_lines_broken_by_hand_are_no_paragraphs() -> None:
    broken = DUTY[:21] + "\n" + DUTY[21:]
    text = f"第二条 {broken}{broken}\n{broken}{broken}{broken}\n"

    numbers = [
        paragraph_of_article(text, 0, match.start()) for match in re.finditer("经营|质量", text)
    ]

    assert numbers == [""] * 4 + ["第二款"] * 6


TABLE = "Item | Price | Unit\n" + "".join(f"Paint no. {n} | {n}00 | litre\n" for n in range(30))


def test_a_table_that_fits_is_kept_whole() -> None:
    rows = "\n".join(TABLE.split("\n")[:12])
    text = "1. Fees. The fees are these. " + "They are net of tax. " * 6 + f"\n\n{rows}\n"

    tables = [p.text for p in passages_of(text, 500) if "Item | Price" in p.text]

    assert len(tables) == 1
    assert tables[0].endswith(rows)


def test_later_rows_of_a_long_table_bear_its_header_and_rows_stay_whole() -> None:
    first, *others = passages_of(f"1. Fees\n\n{TABLE}", 300)

    assert first.path == ("1. Fees",)
    assert len(others) >= 2
    for passage in others:
        assert passage.path == ("1. Fees", "Item | Price | Unit")
        assert all(line.endswith("| litre") for line in passage.text.split("\n"))
