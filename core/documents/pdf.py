"""PDF files, page by page: the text layer with pypdf, pages without one by text recognition."""

import logging
import re
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents.ink import page_text
from core.documents.inspection import Inspection
from core.documents.kinds import password_needed
from core.documents.ocr import Line
from core.documents.reflow import assembled, clean
from core.documents.scans import Scans, is_rubbish, placed
from core.errors import DocumentError
from core.types import ExtractedText

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypdf import PageObject, PdfReader

_NO_TITLE = re.compile(r"<[0-9A-Fa-f]+>|(?i:untitled|word document|document\d*)")
_EMPTY_STREAM = 16
"""Bytes; an empty stream takes no more when packed."""
MOST_PAGES = 5000


@dataclass
class _Reading:
    """The pages read so far: their text, and the lines of those that were recognised."""

    texts: list[str]
    lines: dict[int, list[Line]]
    failure: Exception | None = None


def read_pdf(
    path: Path, password: str = "", progress: "Callable[[int, int], None] | None" = None
) -> ExtractedText:
    """Read a PDF; the pages' spans cover the text exactly, in order.

    A page that cannot be read is empty and flagged, and the others are kept; so are words that
    nobody sees left out and flagged.  Pages without text of their own are read by text
    recognition, and their words keep their places.  Raises ``PasswordNeeded`` when the password
    is missing or wrong, and ``DocumentError`` when there are too many pages or none can be read.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    inspection = Inspection()
    with ExitStack() as stack:
        reader = PdfReader(stack.enter_context(path.open("rb")))
        if reader.is_encrypted and not (reader.decrypt("") or reader.decrypt(password)):
            raise password_needed(password)
        if len(reader.pages) > MOST_PAGES:
            raise too_many_pages(len(reader.pages))
        reading = _read_pages(
            reader, stack.enter_context(Scans(path, password)), inspection, progress
        )
        title = _title(reader)
    extracted = assembled(reading.texts, title)
    words = placed(extracted, reading.lines)
    return replace(extracted, words=words, warnings=inspection.warnings(extracted.text))


def too_many_pages(pages: int) -> DocumentError:
    """The error of a file with more pages than are read."""
    return DocumentError(
        f"This file has {pages:,} pages; at most {MOST_PAGES:,} are read.",
        "Split it into smaller files and add those.",
    )


def _read_pages(
    reader: "PdfReader",
    scans: Scans,
    inspection: Inspection,
    progress: "Callable[[int, int], None] | None",
) -> _Reading:
    reading = _Reading([], {})
    pages = len(reader.pages)
    for index, page in enumerate(reader.pages):
        text, failure = "", None
        try:
            text = _layer(page, scans, index, inspection)
        except Exception as error:  # noqa: BLE001 - one broken page must not lose the others
            failure = error
        if lines := scans.lines(index, text):
            reading.lines[index] = lines
            text = "\n".join(line.text for line in lines)
            inspection.note("ocr")
        if not text:
            reading.failure = reading.failure or failure
        reading.texts.append(text)
        if progress:
            progress(index + 1, pages)
    if reading.failure and not any(reading.texts):
        raise reading.failure
    if reading.failure:
        inspection.note("unreadable_pages")
    return reading


def _layer(page: "PageObject", scans: Scans, index: int, inspection: Inspection) -> str:
    """The text layer of a page as far as it is seen; empty where it is rubbish."""
    shown = page_text(page)
    if is_rubbish(shown.seen):
        return ""
    seen = scans.layer(index) if shown.is_jumbled else shown.seen
    text = clean(inspection.visible(seen or shown.seen))
    inspection.hide(clean(shown.unseen))
    for key in scans.covered(index, shown.covers) if shown.covers and text else ():
        inspection.note(key)
    if shown.is_marked_for_redaction:
        inspection.note("redactions")
    if not text and _is_undecodable(page):
        inspection.note("unreadable_pages")
    return text


def _is_undecodable(page: "PageObject") -> bool:
    """Whether a page has content of which nothing is left after unpacking: pypdf only logs it."""
    contents = page.get("/Contents")
    streams = contents.get_object() if contents is not None else None
    packed = [
        each.get_object() for each in (streams if isinstance(streams, list) else [streams]) if each
    ]
    length = sum(len(getattr(each, "_data", b"")) for each in packed)
    unpacked = page.get_contents()
    return length > _EMPTY_STREAM and unpacked is not None and not unpacked.get_data().strip()


def _title(reader: "PdfReader") -> str:
    try:
        title = reader.metadata.title if reader.metadata else None
    except Exception:  # noqa: BLE001 - a broken metadata dictionary costs the title only
        return ""
    words = clean(str(title)).removeprefix("Microsoft Word - ") if title else ""
    return "" if _NO_TITLE.fullmatch(words) else words
