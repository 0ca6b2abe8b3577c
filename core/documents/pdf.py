"""The text layer of PDF files, page by page, with pypdf."""

import logging
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DocumentError
from core.types import ExtractedText, Page

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_JUNK = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
# Fonts often map ideographs to look-alike radicals, and letter pairs to ligatures.
_LOOK_ALIKE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_CHINESE = r"\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e“”‘’—…"
_ENDS_CHINESE = re.compile(rf"[{_CHINESE}]$")
_STARTS_CHINESE = re.compile(rf"[{_CHINESE}]")
_ENDS_SENTENCE = re.compile(r"[.!?;:。！？；：][\"”’」』）)]*$")
_STARTS_AN_ITEM = re.compile(
    r"第[\s〇零一二三四五六七八九十百千0-9]{1,12}[编章节条]|附件|[（(]\s*[\w一二三四五六七八九十]{1,5}\s*[)）]"
    r"|[一二三四五六七八九十]{1,3}、|\d{1,3}(\.\d{1,3})*[.、)]?\s|[•·▪●\-–*]\s"
    r"|(ARTICLE|SECTION|EXHIBIT|SCHEDULE|ANNEX|APPENDIX|Article|Section|Exhibit|Schedule)\s"
)
_SPLIT_WORD = re.compile(r"([A-Za-z]*[a-z])-\n([a-z]+)")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


def read_pdf(path: Path) -> ExtractedText:
    """Read the text layer; the pages' spans cover the text exactly, in order.

    A page that cannot be read is empty, and the others are kept.  Raises ``DocumentError`` when
    a password is needed or no page can be read.
    """
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with path.open("rb") as file:
        reader = PdfReader(file)
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError(
                "This PDF is protected by a password.",
                "Save a copy without the password and add that.",
            )
        pages = _page_texts(reader)
        title = _title(reader)
    return _joined(_reflowed(pages), title)


def _page_texts(reader: "PdfReader") -> list[str]:
    texts: list[str] = []
    failure: Exception | None = None
    for page in reader.pages:
        try:
            texts.append(_clean(_text_of(page)))
        except Exception as error:  # noqa: BLE001 - one broken page must not lose the others
            failure = error
            texts.append("")
    if failure and not any(texts):
        raise failure
    return texts


def _text_of(page: "PageObject") -> str:
    return page.extract_text()


def _clean(text: str) -> str:
    text = _JUNK.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LOOK_ALIKE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = re.sub(r"\xad\n?", "", text)
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _title(reader: "PdfReader") -> str:
    try:
        title = reader.metadata.title if reader.metadata else None
    except Exception:  # noqa: BLE001 - a broken metadata dictionary costs the title only
        return ""
    return _clean(str(title)) if title else ""


def _reflowed(pages: list[str]) -> list[str]:
    """Join the lines of each paragraph: Chinese without a space, other scripts with one."""
    widths = sorted(_width(line) for page in pages for line in page.split("\n") if len(line) > 12)
    full = 0.8 * widths[len(widths) * 8 // 10] if widths else 0
    counts = Counter(word for page in pages for word in _WORD.findall(page))
    return [_reflow(_mend(page, counts), full) for page in pages]


def _mend(page: str, counts: Counter[str]) -> str:
    """Rejoin words split at a line's end, where the document shows that they are one word."""

    def mend(match: re.Match[str]) -> str:
        whole = match.group(1) + match.group(2)
        split = f"{match.group(1)}-{match.group(2)}"
        return whole if counts[whole] > counts[split] else match.group()

    return _SPLIT_WORD.sub(mend, page)


def _reflow(page: str, full: float) -> str:
    lines = [line.strip() for line in page.split("\n")]
    pieces: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        pieces.append(line)
        continues = (
            line
            and following
            and not _ENDS_SENTENCE.search(line)
            and not _STARTS_AN_ITEM.match(following)
            and (_width(line) >= full or following[0].islower())
        )
        if not continues:
            pieces.append("\n")
        elif line.endswith("-"):
            pass
        elif not (_ENDS_CHINESE.search(line) and _STARTS_CHINESE.match(following)):
            pieces.append(" ")
    return "".join(pieces).strip("\n")


def _width(line: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in line)


def _joined(texts: list[str], title: str) -> ExtractedText:
    pages: list[Page] = []
    position = 0
    for number, text in enumerate(texts, start=1):
        if number < len(texts):
            texts[number - 1] = text = text + "\n"
        pages.append(Page(number, position, position + len(text)))
        position += len(text)
    return ExtractedText("".join(texts), pages=tuple(pages), title=title)
