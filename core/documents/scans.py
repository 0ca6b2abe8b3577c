"""The pages of a PDF as pictures: those without text are recognised, black boxes looked under."""

import re
import unicodedata
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from core.documents.ink import Rectangle
from core.documents.ocr import LONGEST_PX, Line, Word, recognise
from core.documents.reflow import clean
from core.types import ExtractedText, WordBox

if TYPE_CHECKING:
    from PIL.Image import Image
    from pypdfium2 import PdfDocument, PdfPage

_FEW_LETTERS = 200
"""A page with fewer may be a scan with a stamp of text, as courts put on their filings."""
_TELLING_MORE = 1.3
_RUBBISH_SHARE = 0.3
_GLYPH_NAMES = re.compile(r"(?:/[A-Za-z]{1,3}\d+\s*){4,}")
_LARGEST_SCALE = 4.2
"""Times 72 dpi: pages of a few centimetres are not blown up beyond 300 dpi."""
_EVEN = 40
_DARK = 100


class Scans:
    """A PDF's pages as pdfium shows them; the file is opened when the first one is wanted."""

    def __init__(self, path: Path, password: str = "") -> None:
        self._path = path
        self._password = password
        self._pdf: PdfDocument | None = None

    def __enter__(self) -> "Scans":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pdf is not None:
            self._pdf.close()

    def lines(self, index: int, layer: str) -> list[Line]:
        """The recognised lines of a page (from 0); none where its text layer says as much."""
        letters = _letters(layer)
        if letters >= _FEW_LETTERS:
            return []
        page = self._page(index)
        if page is None or (letters and not _has_picture(page)):
            return []
        with closing(page):
            lines = [cleaned(line) for line in recognise(_picture(page))]
        found = sum(_letters(line.text) for line in lines)
        return lines if found > _TELLING_MORE * letters else []

    def layer(self, index: int) -> str:
        """The text layer of a page as pdfium reads it, which parts words by where they stand."""
        page = self._page(index)
        if page is None:
            return ""
        with closing(page), closing(page.get_textpage()) as text:
            layer: str = text.get_text_range()
            return layer

    def covered(self, index: int, covers: Sequence[Rectangle]) -> set[str]:
        """The warnings that a page's boxes call for: words of the text that nobody sees there."""
        page = self._page(index)
        if page is None:
            return set()
        with closing(page):
            return _under(page, covers)

    def _page(self, index: int) -> "PdfPage | None":
        """The page; ``None`` where pdfium cannot open what pypdf could."""
        import pypdfium2 as pdfium

        try:
            if self._pdf is None:
                self._pdf = pdfium.PdfDocument(self._path, password=self._password or None)
                self._pdf.init_forms()
            return self._pdf[index]
        except (pdfium.PdfiumError, IndexError):
            return None


def is_rubbish(text: str) -> bool:
    """Whether a text layer is of characters that mean nothing: its fonts do not say which."""
    characters = [character for character in text if not character.isspace()]
    if not characters:
        return False
    lost = sum(
        character == "\ufffd" or unicodedata.category(character) in ("Co", "Cn", "Cc")
        for character in characters
    )
    named = sum(len(match.group()) for match in _GLYPH_NAMES.finditer(text))
    return max(lost, named) > _RUBBISH_SHARE * len(characters)


def placed(extracted: ExtractedText, pages: dict[int, list[Line]]) -> tuple[WordBox, ...]:
    """Where the recognised words stand in the text that their lines were made into.

    ``pages`` holds lines by page index.  Making running text only drops whole lines, hyphens at
    their ends and white space, so lines are found again in their order, letter by letter.
    """
    words: list[WordBox] = []
    for index, lines in sorted(pages.items()):
        page = extracted.pages[index]
        offsets = [at for at in range(page.start, page.end) if not extracted.text[at].isspace()]
        stream = "".join(extracted.text[at] for at in offsets)
        done = 0
        for line in lines:
            letters = "".join(line.text.split())
            if stream.startswith(letters, done):
                length = len(letters)
            elif letters.endswith("-") and stream.startswith(letters[:-1], done):
                length = len(letters) - 1
            else:
                continue  # the line was dropped
            for word, first, last in _spans(line, length):
                words.append(
                    WordBox(
                        offsets[done + first], offsets[done + last - 1] + 1, page.number, word.box
                    )
                )
            done += length
    return tuple(words)


def _spans(line: Line, length: int) -> list[tuple[Word, int, int]]:
    """For each word the span of its letters among those of its line."""
    spans, first = [], 0
    for word in line.words:
        last = min(first + len("".join(word.text.split())), length)
        if last > first:
            spans.append((word, first, last))
        first = last
    return spans


def cleaned(line: Line) -> Line:
    """The line as the text will have it."""
    words = tuple(Word(text, word.box) for word in line.words if (text := clean(word.text)))
    return Line(clean(line.text), words)


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _has_picture(page: "PdfPage") -> bool:
    from pypdfium2 import raw

    return any(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4))


def _picture(page: "PdfPage") -> "Image":
    scale = min(LONGEST_PX / max(page.get_size()), _LARGEST_SCALE)
    bitmap = page.render(scale=scale)
    try:
        picture: Image = bitmap.to_pil().convert("RGB")
        return picture
    finally:
        bitmap.close()


def _under(page: "PdfPage", covers: Sequence[Rectangle]) -> set[str]:
    """Words lie under a box if letters are in it and its picture is of one colour."""
    from core.documents.view import shown_box

    with closing(page.get_textpage()) as text:
        letters = [text.get_charbox(index) for index in range(text.count_chars())]
    middles = [((each[0] + each[2]) / 2, (each[1] + each[3]) / 2) for each in letters]
    picture = _picture(page).convert("L")
    keys: set[str] = set()
    for cover in covers:
        left, bottom, right, top = cover
        if not any(left < x < right and bottom < y < top for x, y in middles):
            continue
        box = shown_box(page, cover)
        if box is None:
            continue
        width, height = picture.size
        region = (
            int(box.left * width) + 2,
            int(box.top * height) + 2,
            max(int(box.right * width) - 2, int(box.left * width) + 3),
            max(int(box.bottom * height) - 2, int(box.top * height) + 3),
        )
        darkest, lightest = picture.crop(region).getextrema()
        if float(lightest) - float(darkest) < _EVEN:  # type: ignore[arg-type]
            keys.add("redactions" if float(lightest) < _DARK else "covered_text")  # type: ignore[arg-type]
    return keys
