"""PDF and Word files made for the tests."""

import io
import textwrap
from collections.abc import Iterable
from pathlib import Path

from docx import Document

LINES_A_PAGE = 46
COLUMNS = 92


def pdf_of(*pages: list[str], broken: int | None = None) -> bytes:
    """A PDF written by hand: a list of lines a page; page ``broken`` has unreadable content."""
    shown = [" ".join(f"({line}) Tj 0 -14 Td" for line in lines) for lines in pages]
    return painted(*(f"BT /F1 12 Tf 72 720 Td {words} ET" for words in shown), broken=broken)


def painted(*pages: str, broken: int | None = None) -> bytes:
    """A PDF of these content streams; ``/Im1`` is a picture, ``/Fm1`` a form with white words."""
    kids = " ".join(f"{6 + 2 * i} 0 R" for i in range(len(pages)))
    form = "1 g BT /F1 12 Tf 0 0 Td (from the form) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
        "/BitsPerComponent 8 /Length 1 >>\nstream\n0\nendstream",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 600 700] "
        "/Resources << /Font << /F1 3 0 R >> >> /Matrix [1 0 0 1 72 600] "
        f"/Length {len(form)} >>\nstream\n{form}\nendstream",
    ]
    for i, content in enumerate(pages):
        filtered = "/Filter /FlateDecode" if i == broken else ""
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            "/Resources << /Font << /F1 3 0 R >> /XObject << /Im1 4 0 R /Fm1 5 0 R >> >> "
            f"/Contents {7 + 2 * i} 0 R >>"
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


def printed(paragraphs: Iterable[str], header: str = "", footer: str = "") -> bytes:
    """A PDF as a word processor prints it: full lines, a header, a numbered footer."""
    lines = [
        line
        for paragraph in paragraphs
        for block in [*paragraph.split("\n"), ""]
        for line in (textwrap.wrap(block, COLUMNS) or [""])
    ]
    pages = [lines[at : at + LINES_A_PAGE] for at in range(0, len(lines), LINES_A_PAGE)]
    shown = []
    for number, page in enumerate(pages, start=1):
        ending = f"{footer} {number}" if footer else ""
        escaped = [
            line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in page
        ]
        shown.append(
            [*([header, ""] if header else []), *escaped, *(["", ending] if ending else [])]
        )
    return pdf_of(*shown)


def typed(
    path: Path, paragraphs: Iterable[tuple[str, int]], header: str = "", footer: str = ""
) -> Path:
    """Write a Word file of paragraphs with their heading level, 0 for text."""
    document = Document()
    document.core_properties.title = ""
    section = document.sections[0]
    section.header.paragraphs[0].text = header
    section.footer.paragraphs[0].text = footer
    for words, level in paragraphs:
        if level:
            document.add_heading(words, level)
        else:
            document.add_paragraph(words)
    document.save(str(path))
    return path
