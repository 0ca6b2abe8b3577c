"""Text into statements: sentence by sentence, with the markers that tie each to its passages."""

import re
from dataclasses import dataclass
from functools import lru_cache

_ABBREVIATIONS = frozenset(
    (
        "no nos art arts sec secs cl para paras p pp inc ltd corp co llc plc v vs cf e.g i.e "
        "etc al mr mrs ms dr st jr sr dept est fig vol ch ex u.s u.k s ss sch jan feb mar apr "
        "jun jul aug sep sept oct nov dec"
    ).split()
)
_END = re.compile(r"[.!?]+[\"”’')\]]*(?=\s|$)|[。！？；]+[”’」』）]*|\n+")
_NUMBERS = r"\d{1,3}(?:\s*[,，、;–—~-]\s*\d{1,3})*"
_MARKER = re.compile(rf"\s*[\[【]\s*({_NUMBERS})\s*[\]】]")
_UNCLOSED = re.compile(r"\s*[\[【][\d\s,，、;–—~-]*\Z")
"""A marker at the end of a draft whose bracket is still to come."""
_RANGE = re.compile(r"(\d+)(?:\s*[–—~-]\s*(\d+))?")
_LONGEST_RANGE = 20
_WRAPPED = re.compile(r"(?<![.:;!?。；：，,\s])[ \t]*\n[ \t]*(?=[a-z])")
_UNFINISHED = 12
"""Characters of a line that is more than a heading."""
_RUNNING = re.compile(
    r"(?<=[a-z,])[ \t]*\n+"
    r"(?:(?![ \t]*(?:[a-z(•*-]|\d+\.\d))[^\n]{1,80}(?<![.;:!?])\n+){1,3}[ \t]*(?=[a-z])"
)
"""Lines between two halves of an English sentence: it goes on with a small letter."""
_RUNNING_ZH = re.compile(
    r"(?<=[\u4e00-\u9fff，、])[ \t]*\n+(?:[^\n。；：]{1,40}\n+)?"
    r"(?=[^\n]{0,60}(?:第 ?[\d一二三四五六七八九十]{1,4} ?页|page \d|\d ?/ ?\d)"
    r"|[ \t—–-]{0,6}\d{1,4}[ \t—–-]{0,6}\n)"
    r"[^\n。；：]{1,80}\n+(?:[^\n。；：]{1,40}\n+)?"
    r"[ \t]*(?=[\u4e00-\u9fff])(?!第[^\n]{1,6}[条章节])",
    re.I,
)
"""Chinese has no small letters: one of the lines between must be a page's number."""
_LIST_ITEM = re.compile(r"^(?:\(?[0-9a-zA-Z]{1,4}[.)]|[-*•])\s*$")


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement of a draft as written, without its markers, and the markers' numbers."""

    text: str
    markers: tuple[int, ...]


def over_pages(text: str) -> str:
    """A text with spaces for the running lines that interrupt a sentence; every offset is kept."""

    def blanked(match: re.Match[str]) -> str:
        line = match.start() - text.rfind("\n", 0, match.start())
        return " " * len(match.group()) if line > _UNFINISHED else match.group()

    return _RUNNING_ZH.sub(blanked, _RUNNING.sub(blanked, text))


@lru_cache(256)
def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The spans ``[start, end)`` of the sentences of ``text``, without outer white space.

    Abbreviations, initials, section numbers and list labels do not end a sentence; Chinese
    sentences end at 。！？； and a line break ends one unless the line is only wrapped: the next
    begins with a small letter.  A sentence that a page's header or footer interrupts is one.
    """
    text = over_pages(text)
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        if match.group()[0] == "." and not _ends_sentence(text, start, match):
            continue
        if match.group()[0] == "\n" and _WRAPPED.match(text, match.start()):
            continue
        _append(spans, text, start, match.end())
        start = match.end()
    _append(spans, text, start, len(text))
    return tuple(spans)


def claims(draft: str) -> tuple[Claim, ...]:
    """The statements of a draft; a marker after the full stop belongs to the sentence before."""
    moved = re.sub(rf"([.!?。！？；])((?:\s*[\[【]\s*{_NUMBERS}\s*[\]】])+)", r"\2\1", draft)
    found = []
    for start, end in sentences(moved):
        sentence = moved[start:end]
        markers = tuple(
            number for match in _MARKER.finditer(sentence) for number in _read(match.group(1))
        )
        text = _MARKER.sub("", sentence).strip()
        if any(character.isalnum() for character in text):
            found.append(Claim(text, tuple(dict.fromkeys(markers))))
    return tuple(found)


def unmarked(draft: str) -> str:
    """A draft, or as much of it as is written, without its markers: nor half of the next one."""
    return _UNCLOSED.sub("", _MARKER.sub("", draft))


def _read(numbers: str) -> list[int]:
    """The numbers of a marker: "2, 4-6" gives 2, 4, 5 and 6; "7-2" is no range: 7 and 2."""
    found: list[int] = []
    for match in _RANGE.finditer(numbers):
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        whole = 0 <= last - first < _LONGEST_RANGE
        found += range(first, last + 1) if whole else (first, last)
    return found


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    before = text[start : match.start()].rstrip()
    word = before.split()[-1].lower().lstrip("(“\"'") if before.split() else ""
    if (
        word in _ABBREVIATIONS
        or (len(word) == 1 and word.isalpha())
        or _LIST_ITEM.match(before.strip() + ".")
    ):
        return False
    after = text[match.end() :].lstrip()
    return not (after[:1].islower() and not after.startswith(("the ", "a ")))


def _append(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append((start, end))
