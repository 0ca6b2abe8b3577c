"""Divisions without a clause number are found, and what only looks like one is not."""

import time

import pytest

from core.documents.outline import outline
from core.documents.passages import cut
from core.types import ExtractedText, Passage

LEASE = """THIS LEASE is made on 14 February 2019

BETWEEN:

(1) HARBOUR LANE ESTATES LIMITED, a company incorporated in England (the "Landlord"); and

(2) PETREL BOOKS LLP, a limited liability partnership (the "Tenant").

BACKGROUND

(A) The Landlord owns the Property.

(B) The Tenant wishes to take a lease of it.

AGREED TERMS

1. INTERPRETATION

1.1 In this Lease the following definitions apply:

"Affiliate" means any company that controls a party.

"Business Day" means a day other than a Saturday, and see Section 2.03 of the Head Lease.

1.2 Headings do not affect interpretation.

2. RENT

2.1 The Tenant shall pay the Rent under clause 1.

IN WITNESS WHEREOF, the parties have signed.

SCHEDULE 1

THE PROPERTY

1. The ground floor.

ANNEX A - FIT OUT

Paint is white.
"""


def paths(text: str) -> list[tuple[str, ...]]:
    return [mark.path for mark in outline(text, ())]


def passages_of(text: str, size: int = 1000) -> tuple[Passage, ...]:
    return cut(ExtractedText(text), "d1", "Lease.txt", size)


def test_parties_and_recitals_are_not_what_the_clauses_stand_under() -> None:
    found = paths(LEASE)

    assert ("BACKGROUND", "(B) The Tenant wishes to take a lease of it") in found
    assert ("1. INTERPRETATION", "1.2 Headings do not affect interpretation") in found
    assert ("2. RENT", "2.1 The Tenant shall pay the Rent under clause 1") in found


def test_signatures_and_schedules_end_the_last_clause() -> None:
    found = paths(LEASE)

    assert found[-4:] == [
        ("IN WITNESS WHEREOF",),
        ("SCHEDULE 1 THE PROPERTY",),
        ("SCHEDULE 1 THE PROPERTY", "1. The ground floor"),
        ("ANNEX A - FIT OUT",),
    ]
    texts = [passage.text for passage in passages_of(LEASE)]
    assert "IN WITNESS WHEREOF, the parties have signed." in texts
    assert any(text.startswith("SCHEDULE 1\n\nTHE PROPERTY\n\n1.") for text in texts)


def test_a_definition_is_cut_whole_and_its_term_ends_the_path() -> None:
    words = "any person that directly or indirectly controls a party to this agreement. "
    text = "1. Definitions\n\n1.1 In this Agreement:\n\n" + "\n\n".join(
        f'"{term}" means {words * 3}' for term in ("Affiliate", "Business Day", "Change of Control")
    )

    _, second, third = passages_of(text + "\n\n2. Price. It is 100.", 300)[:3]

    assert second.text.startswith('"Business Day" means')
    assert second.path == ("1. Definitions", "1.1 In this Agreement", '"Business Day"')
    assert third.text.startswith('"Change of Control" means')


def test_bare_headings_are_the_outline_where_nothing_is_numbered() -> None:
    text = (
        "SERVICES AGREEMENT\n\nThis Agreement is between A Ltd and B Ltd.\n\n"
        "CONFIDENTIALITY\n\nEach party shall keep the other's secrets for five years.\n\n"
        "Permitted Disclosure\n\nA party may disclose secrets to its lawyers and to a court.\n\n"
        "GOVERNING LAW\n\nThe laws of Arcadia apply to this Agreement.\n\n"
        "ACME, INC.\n\nBy:\n\nName: Ann Lee\n\nNew York, NY 10022\n"
    )

    assert paths(text) == [
        ("SERVICES AGREEMENT",),
        ("CONFIDENTIALITY",),
        ("CONFIDENTIALITY", "Permitted Disclosure"),
        ("GOVERNING LAW",),
    ]


def test_bare_lines_open_nothing_among_numbered_clauses() -> None:
    text = "".join(f"{n}. Clause. Words of it.\n\n" for n in range(1, 5))
    text += "Limitation Of Liability\n\nNeither party is liable for any loss of profit.\n"

    assert len(paths(text)) == 4


def test_a_judgment_is_cut_at_its_headings_and_numbered_paragraphs() -> None:
    said = "The judge held, at paragraph 12 of her order, that the appeal was out of time. "
    text = (
        f"Introduction\n\n[1] {said * 4}\n\n[2] {said * 4}\n\n"
        f"Discussion\n\n[3] {said * 4} It refers to [2] above.\n\n[4] {said * 4}\n"
    )

    passages = passages_of(text, 500)

    assert [passage.path for passage in passages] == [
        *(("Introduction", "[1]"), ("Introduction", "[2]")),
        *(("Discussion", "[3]"), ("Discussion", "[4]")),
    ]


def test_a_chinese_judgment_is_cut_at_its_parts() -> None:
    said = "双方于二〇二〇年签订合同，约定租金按月支付，被告自次年起未再支付。" * 5
    text = (
        f"原告：海湾置业有限公司。\n\n本院经审理查明：{said}\n\n本院认为，{said}根据《中华人民共和国民法典》"
        f"第五百七十七条规定，应承担责任。判决如下：\n\n一、被告支付租金；\n\n二、驳回其他诉讼请求。\n"
    )

    found = paths(text)

    assert ("本院经审理查明",) in found
    assert ("本院认为",) in found
    assert not any("第五百七十七条" in part for path in found for part in path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("附件一：设施清单\n\n空调两台。", ("附件一：设施清单",)),
        ("附表2 价格\n\n每月五千元。", ("附表2 价格",)),
        ("附  则\n\n本合同自签字之日起生效。", ("附 则",)),
        ("EXHIBIT B\n\nFEES\n\nThe fee is 100.", ("EXHIBIT B FEES",)),
        ("Executed as a deed by the parties.", ("Executed as a deed",)),
        ("¶ 1 The appeal is allowed.", ("¶ 1",)),
    ],
)
def test_parts_of_a_document_are_told_by_their_words(text: str, path: tuple[str, ...]) -> None:
    assert paths(text) == [path]


@pytest.mark.parametrize(
    "piece",
    [
        *(
            '"A" means ',
            '"A',
            "TITLE LINE\n",
            "Title Line\n\nBody text of it.\n\n",
            "[1] ",
            "\n[1] ",
        ),
        *("综上所述，", "IN WITNESS WHEREOF ", "\n ", "附表 ", "本院认为", "a | b\n", "：\n"),
    ],
)
def test_hostile_repetition_is_outlined_in_seconds(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    start = time.process_time()
    outline(text, ())

    assert time.process_time() - start < 10
