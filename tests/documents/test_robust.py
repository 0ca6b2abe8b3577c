"""Every difficult file of the development set ends ready, or failed with the right reason."""

import asyncio
import json
import os
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import psutil

from core.documents.intake import Intake, take_in
from core.documents.reading import Reader
from core.errors import DocumentError, PasswordNeeded

LONGEST_S = 60.0
OFFICE = "ready" if shutil.which("soffice") or shutil.which("libreoffice") else "LibreOffice"

REASONS = {
    "damaged": r"damaged",
    "empty": r"^This file is empty\.",
    "no text": r"holds no text|No words were found",
    "binary": r"binary content",
    "archive": r"compressed file",
    "LibreOffice": r"LibreOffice.+not installed",
}
"""What the reason of a failure says; a missing password has an error of its own."""

EXPECTED = {
    "damaged": """
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-4791943399604224.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-5166796835258368.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-5313273089884160.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-5569740188549120.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-6061520554164224.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-6120975439364096.docx
        docx_malformed/poi__clusterfuzz-testcase-minimized-POIXWPFFuzzer-6733884933668864.docx
        docx_malformed/poi__crash-517626e815e0afa9decd0ebb6d1dee63fb9907dd.docx
        encodings/png_named.docx
        pdf_malformed/pdfminer.six__issue-1113-evil-xobjects.pdf
        pdf_malformed/qpdf__bad-direct-root.pdf
        pdf_malformed/qpdf__bad11.pdf
        pdf_malformed/qpdf__fuzz-16214.pdf
        pdf_malformed/qpdf__issue-119.pdf
        pdf_malformed/qpdf__issue-120.pdf
        pdf_malformed/qpdf__issue-146.pdf
    """,
    "password": """
        doc_legacy/poi__PasswordProtected.doc
        pdf_encrypted/pdfminer.six__aes-128-m.pdf
        pdf_encrypted/pdfminer.six__aes-256-m.pdf
        pdf_encrypted/pdfminer.six__rc4-128.pdf
        pdf_encrypted/pypdf__encrypted-file.pdf
        pdf_encrypted/pypdf__libreoffice-writer-password.pdf
        pdf_encrypted/pypdf__r3-user-password.pdf
        pdf_encrypted/pypdf__r4-aes-user-password.pdf
        pdf_encrypted/pypdf__r4-user-password.pdf
        pdf_encrypted/qpdf__enc-R2,V1,U=view,O=view.pdf
        pdf_encrypted/qpdf__enc-long-password.pdf
    """,
    "empty": "encodings/zero.docx encodings/zero.txt",
    "no text": """
        docx_features/python-docx__tbl-having-tables.docx
        docx_malformed/poi__51921-Word-Crash067.docx
        pdf_malformed/qpdf__damaged-inline-image.pdf
    """,
    "binary": "encodings/nul_bytes.txt",
    "archive": "other_types/tika__quine.gz",
    OFFICE: """
        doc_legacy/doctor__word-doc.doc
        doc_legacy/poi__Bug51944.doc
        other_types/tika__testRTFInvalidUnicode.rtf
    """,
}
"""Every other file is ready."""

PASSWORDS = {
    "pdf_encrypted/pdfminer.six__aes-128-m.pdf": "foo",
    "pdf_encrypted/pdfminer.six__aes-256-m.pdf": "foo",
    "pdf_encrypted/pdfminer.six__rc4-128.pdf": "foo",
    "pdf_encrypted/pypdf__encrypted-file.pdf": "test",
    "pdf_encrypted/pypdf__libreoffice-writer-password.pdf": "openpassword",
    "pdf_encrypted/pypdf__r3-user-password.pdf": "asdfzxcv",
    "pdf_encrypted/pypdf__r4-aes-user-password.pdf": "asdfzxcv",
    "pdf_encrypted/pypdf__r4-user-password.pdf": "asdfzxcv",
    "pdf_encrypted/qpdf__enc-R2,V1,U=view,O=view.pdf": "view",
}

RECOGNISED = {
    "court_pdf/doctor__ca4_17.pdf": "North Carolina State Bar",
    "pdf_encrypted/pypdf__encrypted_doc_no_id.pdf": "Date of publication of the international",
    "pdf_malformed/pdfplumber__malformed-from-issue-932.pdf": "定向募集说明书",
    "pdf_malformed/qpdf__bad24.pdf": "Potato",
    "pdf_scanned/doctor__image-pdf-2.pdf": "TENNESSEE BUREAU OF WORKERS",
    "pdf_scanned/own__constitution_zh_scan_3p_page2_rotated.pdf": "终于推翻了帝国主义、封建主义",
    "pdf_scanned/tika__testOCR.pdf": "Happy New Year 2003!",
}


def left_running(reader: Reader) -> list[str]:
    """What the reader's process has started and not ended."""
    child = reader._child
    if child is None or not child.is_alive():
        return []
    return [each.name() for each in psutil.Process(child.pid).children(recursive=True)]


async def outcome_of(reader: Reader, path: Path, password: str = "") -> Intake | DocumentError:
    """What becomes of a file, told within a minute, with nothing left running."""
    began = time.monotonic()
    try:
        return await reader.run(
            take_in,
            path,
            path.name,
            "d",
            1000,
            password=password,
            progress=lambda done, pages: None,
        )
    except DocumentError as error:
        return error
    finally:
        assert time.monotonic() - began < LONGEST_S, path.name
        assert not left_running(reader), path.name


def kind_of_outcome(outcome: Intake | DocumentError) -> str:
    """Ready, or the one reason of those above that a failure gives."""
    if isinstance(outcome, Intake):
        return "ready"
    if isinstance(outcome, PasswordNeeded):
        return "password"
    assert outcome.reason.endswith(".")
    assert outcome.remedy
    told = [kind for kind, words in REASONS.items() if re.search(words, outcome.reason)]
    return " and ".join(told) or outcome.reason


async def outcomes_of(
    files: list[tuple[str, Path, str]],
) -> dict[str, Intake | DocumentError]:
    """What becomes of every file, by its name, with a reader for each of up to 4 cores."""
    outcomes, waiting = {}, iter(files)

    async def work(reader: Reader) -> None:
        for name, path, password in waiting:
            outcomes[name] = await outcome_of(reader, path, password)

    readers = [Reader(timeout_s=LONGEST_S * 2) for _ in range(min(4, os.cpu_count() or 1))]
    try:
        await asyncio.gather(*map(work, readers))
    finally:
        await asyncio.gather(*(reader.close() for reader in readers))
    return outcomes


async def test_every_difficult_file_ends_ready_or_with_the_right_reason(eval_dir: Path) -> None:
    folder = eval_dir / "robust"
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "manifest.json")
    expected = {name: kind for kind, names in EXPECTED.items() for name in names.split()}
    named = [(path.relative_to(folder).as_posix(), path, "") for path in files]
    outcomes = await outcomes_of(named)
    opened = await outcomes_of([(n, folder / n, word) for n, word in PASSWORDS.items()])

    for name, outcome in outcomes.items():
        assert kind_of_outcome(outcome) == expected.get(name, "ready"), name
    listed = {entry["file"] for entry in json.loads((folder / "manifest.json").read_text())}
    assert len(listed) == 85
    assert listed <= set(outcomes)
    assert set(expected) <= set(outcomes)
    for name, outcome in outcomes.items():
        if isinstance(outcome, Intake):
            text = outcome.extracted.text
            assert "\0" not in text, name
            assert any(character.isalnum() for character in text), name
            assert outcome.passages, name
            assert ("ocr" in outcome.extracted.warnings) == (name in RECOGNISED), name
            assert RECOGNISED.get(name, "") in text, name
    assert [kind_of_outcome(outcome) for outcome in opened.values()] == ["ready"] * len(PASSWORDS)
    assert Counter(map(kind_of_outcome, outcomes.values()))["ready"] >= 47
