"""A document's title, parties, date and genre are read from its opening, or left empty."""

import re
import time
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.dates import dates
from core.documents.identity import identify
from core.documents.reading import read
from core.types import ExtractedText, Genre, Identity

SUPPLY = """Execution Version

SUPPLY AGREEMENT

THIS SUPPLY AGREEMENT (this "Agreement") is made and entered into as of the 3rd day of May, 2021
(the "Effective Date") by and between Borealis Components, Inc., a Delaware corporation with its
principal office at 12 Harbour Road, Boston and Quincy, MA ("Supplier"), and Tannery Row
Manufacturing Limited, a company registered in England ("Buyer", and together with Supplier, the
"Parties").

WHEREAS, Supplier and Buyer signed a letter of intent dated January 4, 2020;

1. Supply. Supplier shall deliver the Goods.
"""
UNDERLEASE = """DATED 14 February 2019

(1) HARBOUR LANE ESTATES LIMITED
and
(2) PETREL BOOKS LLP

UNDERLEASE
of 4 Harbour Lane

THIS LEASE is made on 14 February 2019 BETWEEN:

(1) HARBOUR LANE ESTATES LIMITED, a company incorporated in England and Wales (registered number
0123456) whose registered office is at 1 Quay Street, Bristol (the "Landlord"); and

(2) PETREL BOOKS LLP, a limited liability partnership whose registered office is at 2 Quay Street
(the "Tenant").

IT IS AGREED as follows:
"""
RENTAL = """房屋租赁合同

合同编号：2023-018

出租人（甲方）：海湾置业有限公司
统一社会信用代码：91000000000000000X
承租人（乙方）：林晓（身份证号略）

甲、乙双方经协商一致，于2023年6月1日签订本合同。

第一条 租赁房屋
甲方将房屋出租给乙方使用。
第二条 租期
"""
RULING = """北京市海湾区人民法院
民 事 判 决 书

（2022）京0199民初1234号

原告：海湾置业有限公司，住所地北京市海湾区。
法定代表人：王某，董事长。
被告：林晓，女，1990年1月2日出生，汉族。

原告海湾置业有限公司与被告林晓房屋租赁合同纠纷一案，本院于2022年3月1日立案。

本院认为，合同依法成立。判决如下：

一、被告支付租金。

审判员 李某
二〇二二年八月十五日
"""
OPINION = """IN THE SUPREME COURT OF THE STATE OF ARCADIA

HARBOUR LANE ESTATES, INC.,
          Plaintiff-Appellant,
     v.
PETREL BOOKS, LLC,
          Defendant-Appellee.

No. 21-1234
Filed: August 9, 2022

OPINION

The dispute arose on May 1, 2020. We affirm the judgment of the district court.
"""
ACT = """Harbour Dues Act 2014

An Act to make provision about harbour dues; and for connected purposes. [14th May 2014]

BE IT ENACTED by the Parliament as follows:

1 Harbour dues
(1) A harbour authority may charge dues.
"""


def identity_of(text: str, name: str = "file.txt", title: str = "") -> Identity:
    return identify(ExtractedText(text, title=title), name)


@pytest.mark.parametrize(
    ("text", "title", "parties", "dated", "genre"),
    [
        (
            *(SUPPLY, "SUPPLY AGREEMENT"),
            ("Borealis Components, Inc.", "Tannery Row Manufacturing Limited"),
            *(date(2021, 5, 3), Genre.CONTRACT),
        ),
        (
            *(UNDERLEASE, "UNDERLEASE"),
            ("HARBOUR LANE ESTATES LIMITED", "PETREL BOOKS LLP"),
            *(date(2019, 2, 14), Genre.CONTRACT),
        ),
        (
            *(RENTAL, "房屋租赁合同"),
            ("海湾置业有限公司", "林晓"),
            *(date(2023, 6, 1), Genre.CONTRACT),
        ),
        (
            *(RULING, "北京市海湾区人民法院 民事判决书 （2022）京0199民初1234号"),
            ("海湾置业有限公司", "林晓"),
            *(date(2022, 8, 15), Genre.JUDGMENT),
        ),
        (
            *(OPINION, "HARBOUR LANE ESTATES, INC. v. PETREL BOOKS, LLC"),
            ("HARBOUR LANE ESTATES, INC.", "PETREL BOOKS, LLC"),
            *(date(2022, 8, 9), Genre.JUDGMENT),
        ),
        (ACT, "Harbour Dues Act 2014", (), date(2014, 5, 14), Genre.STATUTE),
    ],
    ids=["supply", "lease", "zh-contract", "zh-judgment", "opinion", "act"],
)
def test_a_document_is_told_from_its_opening(
    text: str, title: str, parties: tuple[str, ...], dated: date, genre: Genre
) -> None:
    identity = identity_of(text)

    assert identity.title == title
    assert identity.parties == parties
    assert identity.dated == dated
    assert identity.genre is genre
    assert identity.opening.startswith(text[:40]) or identity.opening.startswith(title)


@pytest.mark.parametrize(
    ("declared", "title"),
    [
        ("Supply Agreement", "Supply Agreement"),
        ("Microsoft Word - SPA_v7.docx", "SUPPLY AGREEMENT"),
        ("Employee Handbook of Another Firm", "SUPPLY AGREEMENT"),
        ("untitled", "SUPPLY AGREEMENT"),
    ],
)
def test_a_declared_title_counts_only_where_the_text_bears_it_out(
    declared: str, title: str
) -> None:
    assert identity_of(SUPPLY, title=declared).title == title


@pytest.mark.parametrize(
    ("opening", "parties"),
    [
        (
            'is made between Acme (Shanghai) Trading Co., Ltd. ("Acme") and Boreas GmbH ("B").',
            ("Acme (Shanghai) Trading Co., Ltd.", "Boreas GmbH"),
        ),
        (
            "is made by and between Link Harbour Corporation and Petrel, LLC.\n\nRECITALS",
            ("Link Harbour Corporation", "Petrel, LLC"),
        ),
        (
            'is by and among Smith and Sons, Inc. ("Smith"), Petrel Ltd ("Petrel") and Ann Lee '
            '("Lee").',
            ("Smith and Sons, Inc.", "Petrel Ltd", "Ann Lee"),
        ),
        ('is between [Full legal name of the company] ("Company") and {customer} ("C").', ()),
    ],
)
def test_parties_are_legal_names_without_their_definitions(
    opening: str, parties: tuple[str, ...]
) -> None:
    assert identity_of(f"AGENCY AGREEMENT\n\nThis Agreement {opening}\n").parties == parties


def test_a_blank_date_is_no_date() -> None:
    text = "LEASE\n\nThis Lease is made as of this ____ day of ______ 2013 between A Ltd and B Ltd."

    assert identity_of(text).dated is None


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("April 14th, 2020", date(2020, 4, 14)),
        ("18t h day of August 2014", date(2014, 8, 18)),
        ("2 Sept. 2019", date(2019, 9, 2)),
        ("2012-12-28", date(2012, 12, 28)),
        ("2020 年 5 月 28 日", date(2020, 5, 28)),
        ("二〇二〇年十二月三十一日", date(2020, 12, 31)),
    ],
)
def test_dates_are_read_as_they_are_written(written: str, day: date) -> None:
    assert [found for _, _, found in dates(f"dated {written}.")] == [day]


@pytest.mark.parametrize("written", ["June 31, 2020", "1/2/2020", "2020年13月1日", "____ 2013"])
def test_what_is_no_single_day_is_no_date(written: str) -> None:
    assert list(dates(f"dated {written}.")) == []


PIECES = st.sampled_from(
    [
        *("BETWEEN ", "by and between ", '("A")', "(1) ", " and ", "AGREEMENT\n", "THIS ", ", "),
        *("甲方：", "原告", "v. ", "Plaintiff\n", "2020年", "5月", "1日", "第一条 ", "\n", "   "),
        *("Acme ", "Inc. ", "dated ", "May 1, 2020", "[", "{", "(", '"', "判决书\n", "x" * 50),
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=120).map("".join)), st.text(max_size=30))
def test_any_text_has_an_identity(text: str, name: str) -> None:
    identity = identity_of(text, name, text[:80])

    assert len(identity.parties) <= 8
    assert all(party.strip() == party != "" for party in identity.parties)
    assert len(identity.opening) <= 1500 + len(identity.title) + 1


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "A and ",
            "by and between ",
            "(1) A ",
            '("',
            "THIS THE ",
            "Plaintiff\n",
            "[",
            "AGREEMENT ",
        ),
        *(" ", "\n", "A.", "甲方：", "原告", "between", "v. ", "A\n", "x", "AND and ", ") v. ("),
    ],
)
def test_hostile_repetition_is_identified_in_a_second(piece: str) -> None:
    start = time.process_time()
    identity_of(piece * 20_000)

    assert time.process_time() - start < 1.0


def test_every_statute_is_recognised_with_its_date(eval_dir: Path) -> None:
    for file in (eval_dir / "zh_statutes" / "docs").rglob("*.md"):
        extracted = read(file, file.name)
        nameless = identify(extracted, "file.md")
        stem, _, day = file.stem.replace("（", "(").replace("）", "").partition("(")

        assert nameless.genre is Genre.STATUTE, file.name
        assert nameless.title.startswith(("中华人民共和国" + stem, stem)), file.name
        if day.count("-") == 2:
            named = identify(extracted, file.name).dated
            assert named == date.fromisoformat(day.rstrip(")")), file.name


def test_every_contract_is_recognised_with_its_parties(eval_dir: Path) -> None:
    files = sorted((eval_dir / "en_contracts" / "docs_txt").glob("*.txt"))
    known = {file: identify(read(file, file.name), "file.txt") for file in files}

    assert all(identity.genre is Genre.CONTRACT for identity in known.values())
    with_two = [file for file, identity in known.items() if len(identity.parties) == 2]
    assert len(with_two) >= 0.9 * len(files)
    for file, identity in known.items():
        kind = re.split(r"[-_]", file.stem.removesuffix("_Amendment"))[-1].upper().split()
        assert sum(word in identity.title.upper() for word in kind) >= len(kind) / 2, file.name
