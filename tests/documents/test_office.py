"""Spreadsheets, slides, protected and old Office files, and archives that are bombs."""

import datetime
import io
import os
import zipfile
from pathlib import Path

import msoffcrypto
import pytest
from docx import Document
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

from core.documents import archives, spreadsheet
from core.documents.intake import take_in
from core.documents.reading import read
from core.errors import DocumentError, PasswordNeeded


def workbook(path: Path) -> Path:
    book = Workbook()
    rent = book.active
    assert rent is not None
    rent.title = "Rent roll"
    rent.append(["Tenant", "Rent", "Due"])
    rent.append(["Acme\nLtd", 1200.0, datetime.date(2021, 5, 3)])
    rent.append([None, 0.1 + 0.2, True])
    rent["A9"] = "=1+1"  # never calculated, so without a value
    hidden = book.create_sheet("Margins")
    hidden["A1"] = "secret margin"
    hidden.sheet_state = "hidden"
    book.create_sheet("Fees")["B2"] = "5 %"
    book.save(path)
    return path


def test_a_sheet_is_a_heading_and_a_row_a_line(tmp_path: Path) -> None:
    extracted = read(workbook(tmp_path / "a.xlsx"), "a.xlsx")

    assert extracted.text == (
        "Rent roll\n\nTenant\tRent\tDue\nAcme Ltd\t1200\t2021-05-03\n\t0.3\tTrue\n\nFees\n\n\t5 %"
    )
    names = [extracted.text[each.start : each.end] for each in extracted.headings]
    assert names == ["Rent roll", "Fees"]
    assert extracted.warnings == ("hidden_text",)


def test_a_spreadsheet_of_too_many_cells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "_MOST_CELLS", 5)
    with pytest.raises(DocumentError, match="more than 5 cells"):
        read(workbook(tmp_path / "a.xlsx"), "a.xlsx")


def test_an_empty_spreadsheet_is_a_failure(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "a.xlsx")
    with pytest.raises(DocumentError, match="no text"):
        read(tmp_path / "a.xlsx", "a.xlsx")


def slides(path: Path) -> Path:
    show = Presentation()
    layout = show.slide_layouts[5]
    for number in (1, 2, 3):
        slide = show.slides.add_slide(layout)
        slide.shapes.title.text = f"Point {number}"
        low = slide.shapes.add_textbox(Inches(1), Inches(5), Inches(4), Inches(1))
        low.text_frame.text = f"Below {number}"
        high = slide.shapes.add_textbox(Inches(1), Inches(2), Inches(4), Inches(1))
        high.text_frame.text = f"Above {number}"
    table = show.slides[0].shapes.add_table(1, 2, Inches(1), Inches(6), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Fee", "100"
    show.slides[0].notes_slide.notes_text_frame.text = "Say it slowly."
    show.slides[1]._element.set("show", "0")
    show.save(str(path))
    return path


def test_a_slide_is_a_page_with_its_notes(tmp_path: Path) -> None:
    extracted = read(slides(tmp_path / "a.pptx"), "a.pptx")
    pages = {p.number: extracted.text[p.start : p.end].strip() for p in extracted.pages}

    assert pages[1] == "Point 1\n\nAbove 1\n\nBelow 1\n\nFee | 100\n\nNotes: Say it slowly."
    assert pages[2] == ""
    assert pages[3].startswith("Point 3")
    assert extracted.warnings == ("hidden_text",)


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "pptx"])
def test_a_protected_office_file_asks_for_its_password(tmp_path: Path, suffix: str) -> None:
    plain = tmp_path / f"plain.{suffix}"
    if suffix == "docx":
        document = Document()
        document.add_paragraph("The fee is 100.")
        document.save(str(plain))
    else:
        (workbook if suffix == "xlsx" else slides)(plain)
    locked = tmp_path / f"locked.{suffix}"
    with plain.open("rb") as source, locked.open("wb") as target:
        msoffcrypto.OfficeFile(source).encrypt("open sesame", target)

    with pytest.raises(PasswordNeeded, match="Give the password"):
        read(locked, locked.name)
    with pytest.raises(PasswordNeeded, match="does not open it"):
        read(locked, locked.name, password="wrong")
    taken = take_in(locked, locked.name, "d", 1000, password="open sesame")
    assert taken.extracted.text == read(plain, plain.name).text


def test_an_archive_that_unpacks_to_too_much_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (60 << 20))
    with pytest.raises(DocumentError, match="unpacks to 60 MiB"):
        read(path, path.name)
    monkeypatch.setattr(archives, "_HARMLESS_BYTES", 61 << 20)
    monkeypatch.setattr(archives, "UNPACKED_BYTES", 59 << 20)
    with pytest.raises(DocumentError, match="unpacks to 60 MiB"):
        read(path, path.name)


def test_entities_of_a_spreadsheet_are_not_expanded(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx")
    packed = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            if entry == "xl/worksheets/sheet1.xml":
                content = b'<!DOCTYPE x [<!ENTITY e "boom">]>' + content.replace(b"1200", b"&e;")
            target.writestr(entry, content)
    path.write_bytes(packed.getvalue())
    with pytest.raises(DocumentError, match="damaged"):
        read(path, "a.xlsx")


def test_an_old_file_needs_libreoffice_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1 Lease}")
    with pytest.raises(DocumentError, match=r"LibreOffice.+not installed.+save the file as \.docx"):
        read(tmp_path / "a.rtf", "a.rtf")


def office(folder: Path, script: str) -> None:
    """A stand-in for LibreOffice."""
    program = folder / "soffice"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_an_old_file_is_read_as_libreoffice_saves_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = Document()
    document.add_paragraph("The fee is 100.")
    document.save(str(tmp_path / "saved.docx"))
    arguments = tmp_path / "arguments"
    office(
        tmp_path,
        f'echo "$@" >{arguments}\n'
        'while [ "$1" != --outdir ]; do shift; done\n'
        f'mkdir -p "$2" && cp {tmp_path}/saved.docx "$2/document.docx"',
    )
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1 Lease}")

    assert read(tmp_path / "a.rtf", "$(evil) a.rtf").text == "The fee is 100."
    said = arguments.read_text()
    assert "--headless" in said
    assert "-env:UserInstallation=file:///" in said
    assert "evil" not in said


def test_what_libreoffice_cannot_open_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office(tmp_path, "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "a.rtf").write_bytes(b"{\\rtf1 Lease}")
    with pytest.raises(DocumentError, match="could not open it"):
        read(tmp_path / "a.rtf", "a.rtf")
