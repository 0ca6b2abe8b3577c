"""The place a citation points to: a page's picture with the words marked, or the text around.

The quoted words come from pypdf's text and are looked for in pdfium's, so both are compared by
their letters and digits alone: spaces, line ends, hyphens, ligatures and full-width forms may
differ.

pdfium is not thread-safe, and one process may hold it once: pages are rendered one at a time in
a process of their own, never in a thread of the application.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from difflib import SequenceMatcher
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from core.errors import DocumentError, NotFound, PasswordNeeded
from core.types import Box, ExtractedText, WordBox

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

Rectangle: TypeAlias = tuple[float, float, float, float]
"""Left, bottom, right, top in a page's own units, before it is turned or cropped."""

_SCALE = 1.6
_LONGEST_PX = 2000
_PAGE_NUMBER = 16
"""Letters and digits that a page number takes at a page's edge: it is no part of the text."""
_WIDEST_GAP = 3.0
"""The widest gap inside a line, in line heights; beyond it another column begins."""
_OPENING, _CLOSING = {"Ps", "Pi"}, {"Po", "Pe", "Pf"}
"""Punctuation that belongs to the word after it, and to the one before (Unicode categories)."""


@dataclass(frozen=True, slots=True)
class PageView:
    """A rendered page with the cited words' rectangles."""

    png: bytes
    width: int
    height: int
    page: int
    pages: int
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """The text around a citation, for formats without pages."""

    before: str
    marked: str
    after: str


@dataclass(frozen=True, slots=True)
class _Letters:
    """The letters and digits of a text, and for each the index of the character it is from."""

    stream: str
    origins: tuple[int, ...]


def page_view(
    path: Path, page: int, quote: str, start_hint: int = 0, boxes: tuple[Box, ...] = ()
) -> PageView:
    """Render the page (from 1) of a PDF or a picture file as PNG, at most 2,000 pixels long.

    ``boxes`` are those of a quote that text recognition read (see ``recognised_boxes``); without
    them the quote is looked for in the PDF's text.  Of a quote that runs across pages, the part on
    this page is marked; of several occurrences, the one nearest to ``start_hint``, the quote's
    offset in the page's text.  A quote that is not on the page, or is empty, has no boxes.

    Raises ``PasswordNeeded`` for a protected PDF, ``DocumentError`` when the file or the page
    cannot be opened and ``NotFound`` when there is no such page.
    """
    import pypdfium2 as pdfium

    if _is_picture(path):
        return _picture_view(path, page, boxes)
    try:
        with closing(pdfium.PdfDocument(path)) as pdf:
            pages = len(pdf)
            if not 1 <= page <= pages:
                raise NotFound(
                    f"The document has no page {page}; it has {pages}.", "Open its first page."
                )
            pdf.init_forms()  # else what was filled into a form's fields stays unseen
            with closing(pdf[page - 1]) as opened:
                png, width, height = _render(opened)
                if not boxes:
                    lines = _marked_lines(opened, quote, start_hint)
                    boxes = tuple(box for line in lines if (box := shown_box(opened, line)))
    except (pdfium.PdfiumError, OSError) as error:
        if getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD:
            raise PasswordNeeded(
                "The pages of this PDF are protected by a password.", "Read its words instead."
            ) from error
        raise DocumentError(
            f"Page {page} of this PDF cannot be shown.",
            "Open the original in a PDF viewer, save a copy of it and add that.",
        ) from error
    return PageView(png, width, height, page, pages, boxes)


def _is_picture(path: Path) -> bool:
    """Whether a file that can be opened is no PDF; of one that cannot, opening tells why."""
    try:
        with path.open("rb") as file:
            return b"%PDF-" not in file.read(1024)
    except OSError:
        return False


def _picture_view(path: Path, page: int, boxes: tuple[Box, ...]) -> PageView:
    from core.documents import pictures

    try:
        with pictures.opened(path) as picture:
            pages = pictures.page_count(picture)
            shown = pictures.page_picture(picture, page)
    except OSError as error:
        raise DocumentError(
            f"Page {page} of this picture cannot be shown.",
            "Open the original, save a copy of it and add that.",
        ) from error
    shown.thumbnail((_LONGEST_PX, _LONGEST_PX))
    png = BytesIO()
    shown.save(png, "PNG")
    return PageView(png.getvalue(), shown.width, shown.height, page, pages, boxes)


def recognised_boxes(extracted: ExtractedText, page: int, start: int, end: int) -> tuple[Box, ...]:
    """Where ``text[start:end]`` stands on a page that text recognition read, a box a line.

    Empty for pages with text of their own.
    """
    parts = (
        _part(word, max(start, word.start), min(end, word.end))
        for word in extracted.words
        if word.page == page and word.start < end and start < word.end
    )
    rectangles = ((part.left, part.top, part.right, part.bottom) for part in parts)
    return tuple(Box(*rectangle) for rectangle in _lines(rectangles))


def _part(word: WordBox, start: int, end: int) -> Box:
    """The box of a part of a run of ideographs, which are all of one width."""
    box, length = word.box, word.end - word.start
    if end - start == length or box.right - box.left < box.bottom - box.top:
        return box
    width = box.right - box.left
    return Box(
        box.left + width * (start - word.start) / length,
        box.top,
        box.left + width * (end - word.start) / length,
        box.bottom,
    )


def text_view(text: str, start: int, end: int, around: int = 1500) -> TextView:
    """The words ``text[start:end]`` with about ``around`` characters either side.

    Before, marked and after are one slice of the text; it is cut between lines where one ends in
    its outer half, else between words, else (Chinese) between characters.
    """
    start = min(max(start, 0), len(text))
    end = min(max(end, start), len(text))
    first, last = max(0, start - around), min(len(text), end + around)
    if first:
        first = _cut_after(text, first, start)
    if last < len(text):
        last = _cut_before(text, end, last)
    return TextView(text[first:start], text[start:end], text[end:last])


def _cut_after(text: str, first: int, start: int) -> int:
    """Where a line, else a word, begins in the outer half of ``text[first:start]``."""
    middle = (first + start) // 2
    for separator in "\n ":
        found = text.find(separator, first - 1, middle)
        if found >= 0:
            return found + 1
    return first


def _cut_before(text: str, end: int, last: int) -> int:
    """Where a line, else a word, ends in the outer half of ``text[end:last]``."""
    middle = (end + last + 1) // 2
    for separator in "\n ":
        found = text.rfind(separator, middle, last + 1)
        if found >= 0:
            return found
    return last


def _render(page: "PdfPage") -> tuple[bytes, int, int]:
    """The page as PNG, with its width and height in pixels."""
    scale = min(_SCALE, (_LONGEST_PX - 1) / max(page.get_size()))
    with closing(page.render(scale=scale)) as bitmap:
        png = BytesIO()
        bitmap.to_pil().save(png, "PNG")
        return png.getvalue(), bitmap.width, bitmap.height


def _marked_lines(page: "PdfPage", quote: str, start_hint: int) -> list[Rectangle]:
    """The quote's lines, from the reading of the page that holds more of it.

    Pdfium puts the words in order by where they are shown.  On a turned page that may tear lines
    apart, unless the text is turned to match, so such a page is read unturned as well.
    """
    turn = page.get_rotation()
    readings = []
    try:
        for reading in dict.fromkeys((turn, 0)):
            page.set_rotation(reading)
            with closing(page.get_textpage()) as text:
                readings.append(_read_lines(text, quote, start_hint))
    finally:
        page.set_rotation(turn)
    return max(readings, key=lambda reading: reading[0])[1]


def _read_lines(text: "PdfTextPage", quote: str, start_hint: int) -> tuple[int, list[Rectangle]]:
    """How many of the quote's letters were found, and the lines that they stand in."""
    from pypdfium2 import raw

    characters = [chr(raw.FPDFText_GetUnicode(text, index)) for index in range(text.count_chars())]
    letters = _letters(characters)
    # The page's text was reflowed, so line ends do not count towards the hint.
    counted = [index for index, character in enumerate(characters) if character not in "\r\n"]
    near = counted[min(max(start_hint, 0), len(counted) - 1)] if counted else 0
    spans = _spans(letters, _letters(quote).stream, near)
    lines: list[Rectangle] = []
    for start, end in spans:
        first, last = letters.origins[start], letters.origins[end - 1]
        while first > 0 and unicodedata.category(characters[first - 1]) in _OPENING:
            first -= 1
        while last + 1 < len(characters) and unicodedata.category(characters[last + 1]) in _CLOSING:
            last += 1
        printed = (i for i in range(first, last + 1) if not characters[i].isspace())
        lines += _lines(text.get_charbox(i, loose=True) for i in printed)
    return sum(end - start for start, end in spans), lines


def _letters(characters: Iterable[str]) -> _Letters:
    found = [
        (letter, index)
        for index, character in enumerate(characters)
        for letter in unicodedata.normalize("NFKC", character).casefold()
        if letter.isalnum()
    ]
    return _Letters("".join(letter for letter, _ in found), tuple(index for _, index in found))


def _spans(letters: _Letters, quote: str, near: int) -> list[tuple[int, int]]:
    """Where the quote, or what of it stands on the page, is in the page's letters.

    Of several occurrences, the one nearest to the page's character ``near``.
    """
    page = letters.stream
    if not quote or not page:
        return []
    if whole := list(_occurrences(page, quote)):
        start = min(whole, key=lambda place: abs(letters.origins[place] - near))
        return [(start, start + len(quote))]
    edge = max(_at_end(page, quote), _at_start(page, quote), key=lambda span: span[1] - span[0])
    return [edge] if edge[1] > edge[0] else _runs(page, quote)


def _occurrences(page: str, quote: str) -> Iterator[int]:
    place = page.find(quote)
    while place >= 0:
        yield place
        place = page.find(quote, place + 1)


def _at_end(page: str, quote: str) -> tuple[int, int]:
    """The longest beginning of the quote that ends the page, but for a page number."""
    for length in range(min(len(quote), len(page)), 0, -1):
        if not _is_telling(quote[:length]):
            break
        place = page.rfind(quote[:length], max(0, len(page) - length - _PAGE_NUMBER))
        if place >= 0:
            return place, place + length
    return 0, 0


def _at_start(page: str, quote: str) -> tuple[int, int]:
    """The longest end of the quote that begins the page, but for a page number."""
    for length in range(min(len(quote), len(page)), 0, -1):
        if not _is_telling(quote[-length:]):
            break
        place = page.find(quote[-length:], 0, length + _PAGE_NUMBER)
        if place >= 0:
            return place, place + length
    return 0, 0


def _is_telling(letters: str) -> bool:
    """Whether so many letters are hardly there by chance; an ideograph says as much as three."""
    return sum(3 if letter >= "\u2e80" else 1 for letter in letters) >= 8


def _runs(page: str, quote: str) -> list[tuple[int, int]]:
    """The quote's parts where the two texts differ inside it; none if most of it is elsewhere."""
    matcher = SequenceMatcher(None, page, quote, autojunk=False)
    blocks = [b for b in matcher.get_matching_blocks() if _is_telling(page[b.a : b.a + b.size])]
    if sum(block.size for block in blocks) * 2 < min(len(page), len(quote)):
        return []
    shift = max((block.size, block.a - block.b) for block in blocks)[1]
    near = [block for block in blocks if abs(block.a - block.b - shift) <= len(quote) // 4]
    return [(block.a, block.a + block.size) for block in near]


def _lines(rectangles: Iterable[Rectangle]) -> Iterator[Rectangle]:
    """Join the boxes of neighbouring characters into one for each line, upright or across."""
    line: Rectangle | None = None
    previous: Rectangle | None = None
    for each in rectangles:
        if each[0] >= each[2] or each[1] >= each[3]:
            continue
        if line and previous and _on_one_line(previous, each):
            left, bottom, right, top = zip(line, each, strict=True)
            line = (min(left), min(bottom), max(right), max(top))
        else:
            if line:
                yield line
            line = each
        previous = each
    if line:
        yield line


def _on_one_line(one: Rectangle, other: Rectangle) -> bool:
    """Whether two boxes lie side by side, along either axis: pages and text may be turned."""
    for across, along in ((1, 0), (0, 1)):
        size = min(one[across + 2] - one[across], other[across + 2] - other[across])
        overlap = min(one[across + 2], other[across + 2]) - max(one[across], other[across])
        gap = max(one[along], other[along]) - min(one[along + 2], other[along + 2])
        if overlap >= size / 2 and gap <= _WIDEST_GAP * size:
            return True
    return False


def shown_box(page: "PdfPage", line: Rectangle) -> Box | None:
    """The rectangle's box on the page as it is shown, turned and cropped; none if cropped away."""
    from ctypes import c_int

    from pypdfium2 import raw

    whole = 1_000_000  # pdfium answers in whole units of a picture: take one that is large enough
    corners: list[tuple[float, float]] = []
    for x, y in (line[:2], line[2:]):
        shown_x, shown_y = c_int(), c_int()
        raw.FPDF_PageToDevice(page, 0, 0, whole, whole, 0, x, y, shown_x, shown_y)
        corners.append((shown_x.value / whole, shown_y.value / whole))
    (left, right), (top, bottom) = (
        sorted(min(max(value, 0.0), 1.0) for value in axis) for axis in zip(*corners, strict=True)
    )
    return Box(left, top, right, bottom) if left < right and top < bottom else None
