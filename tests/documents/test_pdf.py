"""The text layer of PDF files: pages that cover the text, and words that are never lost."""

import io
from pathlib import Path

import pytest
from pypdf import PdfWriter

from core.documents.pdf import read_pdf
from core.errors import DocumentError
from core.types import ExtractedText


def pdf_of(*pages: list[str], broken: int | None = None) -> bytes:
    """A PDF written by hand: a list of lines a page; page ``broken`` has unreadable content."""
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, lines in enumerate(pages):
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        content = f"BT /F1 12 Tf 72 720 Td {shown} ET"
        filtered = "/Filter /FlateDecode" if i == broken else ""
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * i} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} {filtered} >>\nstream\n{content}\nendstream")
    written = io.BytesIO()
    written.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(written.tell())
        written.write(f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252"))
    table = written.tell()
    rows = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    written.write(
        f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n{rows}"
        f"trailer\n<< /Size {len(offsets) + 1} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF".encode()
    )
    return written.getvalue()


def extracted_from(tmp_path: Path, content: bytes) -> ExtractedText:
    path = tmp_path / "file.pdf"
    path.write_bytes(content)
    return read_pdf(path)


def pages_cover_the_text(extracted: ExtractedText) -> bool:
    edges = [0, *(page.end for page in extracted.pages)]
    starts = [page.start for page in extracted.pages]
    return edges[:-1] == starts and edges[-1] == len(extracted.text)


def test_pages_cover_the_text_in_order(tmp_path: Path) -> None:
    extracted = extracted_from(tmp_path, pdf_of(["First page."], [], ["Third page."]))

    assert pages_cover_the_text(extracted)
    assert [page.number for page in extracted.pages] == [1, 2, 3]
    third = extracted.pages[2]
    assert extracted.text[third.start : third.end] == "Third page."


def test_lines_of_a_paragraph_are_joined_and_clauses_are_not(tmp_path: Path) -> None:
    lines = [
        "5. Term. This Agreement begins on the Effective Date and goes on",
        "for two years unless a party ends it under the clause below here.",
        "6. Notice. A notice is given in writing to the other party and it",
        "takes effect on receipt.",
    ]

    assert extracted_from(tmp_path, pdf_of(lines)).text.split("\n") == [
        f"{lines[0]} {lines[1]}",
        f"{lines[2]} {lines[3]}",
    ]


def test_a_split_word_is_mended_only_where_the_document_knows_it(tmp_path: Path) -> None:
    lines = [
        "The agreement binds both parties and each long-term successor; the agree-",
        "ment also binds assigns, and every supply under a long-",
        "term contract is governed by it.",
    ]

    text = extracted_from(tmp_path, pdf_of(lines)).text

    assert "the agreement also" in text
    assert "a long-term contract" in text


def test_one_broken_page_does_not_lose_the_others(tmp_path: Path) -> None:
    extracted = extracted_from(tmp_path, pdf_of(["Before."], ["Broken."], ["After."], broken=1))

    assert extracted.text.split() == ["Before.", "After."]
    assert len(extracted.pages) == 3


def test_page_numbers_do_not_part_a_sentence(tmp_path: Path) -> None:
    halves = ["The Buyer shall pay the price within", "thirty days of delivery of all the goods."]
    pages = [[halves[n % 2], str(n + 7)] for n in range(4)]

    extracted = extracted_from(tmp_path, pdf_of(*pages))

    assert extracted.text.split("\n") == [" ".join(halves)] * 2
    assert pages_cover_the_text(extracted)


def encrypted(user_password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf_of(["Confidential terms."])))
    writer.encrypt(user_password, "owner", algorithm=algorithm)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_that_opens_without_a_password_is_read(tmp_path: Path, algorithm: str) -> None:
    extracted = extracted_from(tmp_path, encrypted("", algorithm))

    assert extracted.text == "Confidential terms."


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_pdf_that_needs_a_password_is_refused_with_a_remedy(
    tmp_path: Path, algorithm: str
) -> None:
    with pytest.raises(DocumentError, match="password") as caught:
        extracted_from(tmp_path, encrypted("secret", algorithm))

    assert "without the password" in caught.value.remedy


def test_a_chinese_statute_is_read_without_spaces_inside_sentences(eval_dir: Path) -> None:
    extracted = read_pdf(eval_dir / "ingest" / "zh_pdf" / "中华人民共和国宪法.pdf")

    assert pages_cover_the_text(extracted)
    assert "以工农联盟为基础的人民民主专政的社会主义国家。" in extracted.text
    assert "\n第二条 中华人民共和国的一切权力属于人民。" in extracted.text
