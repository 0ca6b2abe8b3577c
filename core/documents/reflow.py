"""Lines of print into running text: page numbers and running lines dropped, paragraphs joined."""

import re
import unicodedata
from collections import Counter
from itertools import zip_longest

from core.types import ExtractedText, Page

_JUNK = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b-\u200d\u2060\ud800-\udfff\ufeff\ufffe\uffff]"
)
_SPACES = re.compile(r"[\xa0\u2000-\u200a\u202f\u205f]")
_PAGE_NUMBER = re.compile(
    r"(?i:[-–— ]*(?:page|第)?\s*(\d{1,4})\s*(?:页|/\s*\d{1,4}|of \d{1,4})?[-–— ]*)"
)
# Fonts often map ideographs to look-alike radicals, and letter pairs to ligatures.
_LOOK_ALIKE = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_CHINESE = r"\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uff01-\uff5e“”‘’—…"
_ENDS_CHINESE = re.compile(rf"[{_CHINESE}]$")
_STARTS_CHINESE = re.compile(rf"[{_CHINESE}]")
_ENDS_SENTENCE = re.compile(r"[.!?;:。！？；：][\"”’」』）)]*$")
_STARTS_AN_ITEM = re.compile(
    r"第[\s〇零一二三四五六七八九十百千0-9]{1,12}[编章节条]|附件|[（(]\s*[\w一二三四五六七八九十]{1,5}\s*[)）]"
    r"|[一二三四五六七八九十]{1,3}、|\d{1,3}(?:[.、)]|(?:\.\d{1,3})+)\s?|[•·▪●\-–*]\s"
    r"|(ARTICLE|SECTION|EXHIBIT|SCHEDULE|ANNEX|APPENDIX|Article|Section|Exhibit|Schedule)\s"
)
_FEWEST_RUNNING = 4
_RUNNING_SHARE = 0.6
_EDGE_LINES = 4
_FEWEST_LETTERS = 3
_SPLIT_WORD = re.compile(r"([A-Za-z]*[a-z])-\n([a-z]+)")
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_LINE_NUMBER = re.compile(r"\s*(\d{1,2})\s*")
_FEWEST_LINE_NUMBERS = 15


def assembled(pages: list[str], title: str = "") -> ExtractedText:
    """The pages' lines as one text; the pages' spans cover it exactly, in order.

    Lines that run along the pages' edges are kept once, words split at a line's end rejoined.
    """
    pages = [_without_line_numbers(page) for page in pages]
    pages = _without_running_lines(_without_page_numbers(pages))
    full = _full_width(pages)
    counts = Counter(word for page in pages for word in _WORD.findall(page))
    return _joined([_reflow(_mend(page, counts), full) for page in pages], full, title)


def clean(text: str) -> str:
    """Drop control and zero-width characters, look-alikes and needless space."""
    text = _JUNK.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LOOK_ALIKE.sub(lambda match: unicodedata.normalize("NFKC", match.group()), text)
    text = _SPACES.sub(" ", re.sub(r"\xad\n?", "", text))
    text = re.sub(r"[ \t]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _without_line_numbers(page: str) -> str:
    """Drop the numbers that pleadings print beside their lines, where they stand together."""
    lines = page.split("\n")
    numbers = [int(m.group(1)) if (m := _LINE_NUMBER.fullmatch(line)) else 0 for line in lines]
    start = 0
    while start < len(lines):
        end = start + 1
        while end < len(lines) and numbers[end] == numbers[end - 1] + 1 > 1:
            end += 1
        if numbers[start] == 1 and end - start >= _FEWEST_LINE_NUMBERS:
            return "\n".join([*lines[:start], *lines[end:]]).strip("\n")
        start = end
    return page


def _without_page_numbers(pages: list[str]) -> list[str]:
    """Drop lines at the pages' edges that only count the pages: they part sentences."""
    edges: list[dict[int, int]] = []  # for each page: line index -> number shown less page index
    for index, page in enumerate(pages):
        lines = page.split("\n")
        edges.append({})
        for place in {0, len(lines) - 1}:
            if match := _PAGE_NUMBER.fullmatch(lines[place].strip()):
                edges[-1][place] = int(match.group(1)) - index
    offsets = Counter(offset for page in edges for offset in set(page.values()))
    if not offsets or offsets.most_common(1)[0][1] < max(3, len(pages) // 2):
        return pages
    counting = offsets.most_common(1)[0][0]
    return [
        "\n".join(
            line for place, line in enumerate(page.split("\n")) if shown.get(place) != counting
        ).strip("\n")
        for page, shown in zip(pages, edges, strict=True)
    ]


def _without_running_lines(pages: list[str]) -> list[str]:
    """Keep headers and footers once: they part sentences and repeat themselves in passages.

    A line runs when it stands at the same edge of most of at least four pages, digits aside, with
    nothing but such lines outside it.  A header is kept where it first stands, a footer where it
    last does, and all of a page that has nothing else.
    """
    split = [page.split("\n") for page in pages]
    filled = sum(bool(page) for page in pages)
    if filled < _FEWEST_RUNNING:
        return pages
    for step in (1, -1):
        order = split if step > 0 else split[::-1]
        edges = [[_running_key(line) for line in lines[::step][:_EDGE_LINES]] for lines in order]
        counts = Counter(key for edge in edges for key in set(edge) if key)
        running = {key for key, count in counts.items() if count >= _RUNNING_SHARE * filled}
        seen: set[str] = set()
        for lines, edge in zip(order, edges, strict=True):
            for place, key in enumerate(edge):
                if not key:
                    continue
                if key not in running:
                    break
                if key in seen:
                    lines[place if step > 0 else -1 - place] = ""
                seen.add(key)
    kept = ["\n".join(lines).strip("\n") for lines in split]
    return [shorter or page for shorter, page in zip(kept, pages, strict=True)]


def _running_key(line: str) -> str:
    """What a running line has in common on all pages; empty for a line without words."""
    key = re.sub(r"\d+|\s+", lambda match: "#" if match.group()[0].isdigit() else " ", line.strip())
    return key if sum(character.isalpha() for character in key) >= _FEWEST_LETTERS else ""


def _full_width(pages: list[str]) -> float:
    """The width from which a line counts as full, so that the next may go on with it."""
    widths = sorted(_width(line) for page in pages for line in page.split("\n") if len(line) > 12)
    return 0.8 * widths[len(widths) * 8 // 10] if widths else 0.0


def _mend(page: str, counts: Counter[str]) -> str:
    """Rejoin words split at a line's end, where the document shows that they are one word."""

    def mend(match: re.Match[str]) -> str:
        whole = match.group(1) + match.group(2)
        split = f"{match.group(1)}-{match.group(2)}"
        return whole if counts[whole] > counts[split] else match.group()

    return _SPLIT_WORD.sub(mend, page)


def _reflow(page: str, full: float) -> str:
    """Join the lines of each paragraph."""
    lines = [line.strip() for line in page.split("\n")]
    pieces: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        pieces += [line, _seam(line, following, full)]
    return "".join(pieces).strip("\n")


def _seam(line: str, following: str, full: float) -> str:
    """What joins two lines: nothing inside Chinese, a space inside a paragraph, or a new line."""
    continues = (
        line
        and following
        and not _ENDS_SENTENCE.search(line)
        and not _STARTS_AN_ITEM.match(following)
        and (_width(line) >= full or following[0].islower())
    )
    if not continues:
        return "\n"
    if line.endswith("-") or (_ENDS_CHINESE.search(line) and _STARTS_CHINESE.match(following)):
        return ""
    return " "


def _width(line: str) -> int:
    return sum(2 if character >= "\u2e80" else 1 for character in line)


def _joined(texts: list[str], full: float, title: str) -> ExtractedText:
    pages: list[Page] = []
    pieces: list[str] = []
    position = 0
    for number, (text, following) in enumerate(zip_longest(texts, texts[1:]), start=1):
        if following is not None:
            last = text.rsplit("\n", 1)[-1]
            text += _seam(last[-200:], following.split("\n", 1)[0], full)
        pages.append(Page(number, position, position + len(text)))
        pieces.append(text)
        position += len(text)
    return ExtractedText("".join(pieces), pages=tuple(pages), title=title)
