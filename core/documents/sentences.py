"""Sentences, paragraphs and rows: where a text may be cut, and what each cut would part."""

import re
from collections.abc import Iterator
from enum import IntEnum

_SENTENCE_END = re.compile(
    r"[.!?][\"”’)\]]*(?=\s)|[。！？；][\"”’」』）)]*|[;:：][ \t]*(?=\n)|\n\s*\n|\n"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Nos?|Inc|Ltd|Co|Corp|Bros|Assn|Univ|Mr|Ms|Mrs|Dr|Prof|Hon|Messrs|Jr|Sr|St|Ave"
    r"|Mt|Ft|Fl|Ste|Tel|Dept|Gen|Sec|Subsec|Arts?|Cl|Ch|Ex|Fig|paras?|pp?|ss?|vs?|e\.g|i\.e|etc|cf"
    r"|al|[Ii]d|[Ii]bid|seq|viz|approx|Rev|Stat|Reg|Supp|App|Div|Cir|Ct|Op|Jan|Feb|Aug|Sept?|Oct"
    r"|Nov|Dec|Ala|Ariz|Ark|Cal|Colo|Conn|Del|Fla|Ga|Ill|Ind|Kan|Ky|La|Mass|Md|Mich|Minn|Miss|Mo"
    r"|Neb|Nev|Okla|Or|Pa|Tenn|Tex|Va|Wash|Wis|Wyo)|(?:^|\n)\W*(?:\d+|[ivxIVX]+|[A-Za-z]))\.$"
)
_FALLBACKS = (
    re.compile(r"\n"),
    re.compile(r"[;；:：](?=\s|[^\x00-\x7f])"),
    re.compile(r"[,，、](?=\s|[^\x00-\x7f])"),
    re.compile(r"\s"),
)
_WHITE_SPACE = re.compile(r"\s*")


class Cut(IntEnum):
    """What a cut before a unit would part, from the worst to the best."""

    HEADING = 0
    SENTENCE = 1
    ROW = 2
    LEAD_IN = 3
    PARAGRAPH = 4
    CLAUSE = 5
    PART = 6
    DIVISION = 7
    ARTICLE = 8


def sentence_ends(text: str, start: int, end: int) -> Iterator[tuple[int, Cut]]:
    """Where sentences of ``text[start:end]`` end, each with what a cut there would part."""
    line_start = start
    for match in _SENTENCE_END.finditer(text, start, end):
        mark = match.group()
        if "\n" not in mark:
            if mark[0] == "." and not _ends_here(text, match.start(), match.end()):
                continue
            yield match.end(), Cut.SENTENCE
            continue
        if mark == "\n" and _is_wrapped(
            text[line_start : match.start()], text[match.end() : match.end() + 40]
        ):
            line_start = match.end()
            continue
        is_row = " | " in text[line_start : match.start()] and mark == "\n"
        line_start = match.end()
        following = text[line_start : line_start + 2000].split("\n", 1)[0]
        yield match.end(), Cut.ROW if is_row and " | " in following else Cut.PARAGRAPH


def _ends_here(text: str, period: int, end: int) -> bool:
    """Whether a full stop ends a sentence rather than an abbreviation or a number."""
    following = text[end : end + 12].lstrip(" \t\r\n\"“‘'(")[:1]
    if following.islower():
        return False
    return not _ABBREVIATION.search(text[max(0, period - 12) : period + 1])


def _is_wrapped(line: str, following: str) -> bool:
    """Whether a line end stands inside a sentence, as in text wrapped by hand or by a PDF."""
    line = line.strip()
    width = len(line) + sum(character >= "\u2e80" for character in line[:60])
    if not line or " | " in line or line[-1] in ".!?;:。！？；：|":
        return False
    next_word = following.lstrip()[:1]
    return next_word.islower() or width >= 60


def pieces(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Divide an overlong sentence at lines, then clauses, then commas, then words."""
    start, end = _trimmed(text, start, end)
    while end - start > size:
        stop = start + size
        for separator in _FALLBACKS:
            places = [match.end() for match in separator.finditer(text, start, stop)]
            if places and places[-1] - start > size // 3:
                stop = places[-1]
                break
        yield _trimmed(text, start, stop)
        gap = _WHITE_SPACE.match(text, stop, end)
        start = gap.end() if gap else stop
    if start < end:
        yield start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    stretch = text[start:end]
    bare = stretch.strip()
    if not bare:
        return end, end
    start += len(stretch) - len(stretch.lstrip())
    return start, start + len(bare)
