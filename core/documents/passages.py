"""Passages: what is retrieved and cited, cut along the outline of a document.

A passage never runs across two articles or two top-level clauses.  Within one of those, sentences
are packed by the cheapest sequence of cuts (the total-fit idea of Knuth and Plass, 1981, for
lines of a paragraph): a cut costs little before a sub-clause, more inside a paragraph, most after
a heading, and passages of unlike length cost the square of what they fall short.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise, zip_longest

from core.documents.outline import Mark, outline
from core.types import ExtractedText, Passage

_SHORTEST_UNIT = 40
_MOST_UNITS = 64
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


class _Cut(IntEnum):
    """What a cut before a unit would part, from the worst to the best."""

    HEADING = 0
    SENTENCE = 1
    PARAGRAPH = 2
    CLAUSE = 3
    PART = 4
    DIVISION = 5
    ARTICLE = 6


_COSTS = {
    _Cut.HEADING: 1000.0,
    _Cut.SENTENCE: 2.0,
    _Cut.PARAGRAPH: 0.3,
    _Cut.CLAUSE: 0.1,
    _Cut.PART: 0.15,
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or as much of one as fits a passage: never divided again."""

    start: int
    end: int
    cut: _Cut
    path: tuple[str, ...]
    is_heading: bool = False


def cut(
    extracted: ExtractedText, document_id: str, document_name: str, size: int = 1000
) -> tuple[Passage, ...]:
    """Cut a document into passages of at most ``size`` characters, in order, without overlap.

    Every character that is not white space is in exactly one passage.  ``path`` holds the
    headings that a passage stands under, the outermost first, and ``page`` the page on which it
    starts.
    """
    text = extracted.text
    marks = outline(text, extracted.headings)
    units = _bound_to_headings(list(_glued(_units(text, marks, size), size)))
    page_starts = [page.start for page in extracted.pages]
    passages: list[Passage] = []
    for section in _sections(units, size):
        for packed in _packed(section, size):
            start, end = packed[0].start, packed[-1].end
            page = bisect_right(page_starts, start) - 1 if page_starts else None
            passages.append(
                Passage(
                    id=f"{document_id}:{len(passages)}",
                    document_id=document_id,
                    document_name=document_name,
                    ordinal=len(passages),
                    text=text[start:end],
                    start=start,
                    end=end,
                    page=extracted.pages[max(page, 0)].number if page is not None else None,
                    path=_shared_path(packed),
                )
            )
    return tuple(passages)


def _units(text: str, marks: tuple[Mark, ...], size: int) -> Iterator[_Unit]:
    first = marks[0].start if marks else len(text)
    yield from _sentences(text, 0, first, _Cut.PARAGRAPH, (), size)
    for mark, following in zip_longest(marks, marks[1:]):
        end = following.start if following else len(text)
        opening = _opening(mark)
        body = mark.start
        if mark.heading_end > mark.start:
            body = mark.heading_end
            for unit in _sentences(text, mark.start, body, opening, mark.path, size):
                yield replace(unit, is_heading=True)
            opening = _Cut.PARAGRAPH
        yield from _sentences(text, body, end, opening, mark.path, size)


def _opening(mark: Mark) -> _Cut:
    if mark.article:
        return _Cut.ARTICLE
    if mark.division:
        return _Cut.DIVISION
    return _Cut.PART if mark.heading_end > mark.start else _Cut.CLAUSE


def _sentences(
    text: str, start: int, end: int, opening: _Cut, path: tuple[str, ...], size: int
) -> Iterator[_Unit]:
    """The sentences of a stretch, white space around them left out."""
    cut = opening
    for sentence_end, following in [*_sentence_ends(text, start, end), (end, _Cut.PARAGRAPH)]:
        for piece_start, piece_end in _pieces(text, start, sentence_end, size):
            yield _Unit(piece_start, piece_end, cut, path)
            cut = _Cut.SENTENCE
        if text[start:sentence_end].strip():
            cut = following
        start = sentence_end


def _sentence_ends(text: str, start: int, end: int) -> Iterator[tuple[int, _Cut]]:
    line_start = start
    for match in _SENTENCE_END.finditer(text, start, end):
        mark = match.group()
        if "\n" not in mark:
            if mark[0] == "." and not _ends_here(text, match.start(), match.end()):
                continue
            yield match.end(), _Cut.SENTENCE
            continue
        if mark == "\n" and _is_wrapped(
            text[line_start : match.start()], text[match.end() : match.end() + 40]
        ):
            line_start = match.end()
            continue
        line_start = match.end()
        yield match.end(), _Cut.PARAGRAPH


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


def _pieces(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
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


def _glued(units: Iterable[_Unit], size: int) -> Iterator[_Unit]:
    """Join crumbs with their neighbour, which bounds the number of cuts to weigh."""
    held: _Unit | None = None
    for unit in units:
        if (
            held
            and unit.cut <= _Cut.PARAGRAPH
            and held.is_heading == unit.is_heading
            and min(held.end - held.start, unit.end - unit.start) < _SHORTEST_UNIT
            and unit.end - held.start <= size
        ):
            held = replace(held, end=unit.end)
            continue
        if held:
            yield held
        held = unit
    if held:
        yield held


def _bound_to_headings(units: list[_Unit]) -> list[_Unit]:
    """Move the cut before what a heading opens to before the heading; forbid the one between."""
    bound: list[_Unit] = []
    for unit in reversed(units):
        if unit.is_heading and bound:
            opened = bound[-1]
            bound[-1] = replace(opened, cut=_Cut.HEADING)
            unit = replace(unit, cut=max(unit.cut, opened.cut))
        bound.append(unit)
    return bound[::-1]


def _sections(units: list[_Unit], size: int) -> Iterator[list[_Unit]]:
    """Part the units at articles and top-level clauses."""
    section: list[_Unit] = []
    for unit in units:
        if section and unit.cut >= _Cut.DIVISION and not _is_crumb(section, unit, size):
            yield section
            section = []
        section.append(unit)
    if section:
        yield section


def _is_crumb(section: list[_Unit], following: _Unit, size: int) -> bool:
    """Whether a section is so short that it reads better with the clause after it: its sibling."""
    return (
        following.cut is _Cut.DIVISION
        and section[0].cut is not _Cut.ARTICLE
        and section[-1].end - section[0].start < size // 8
        and section[0].path[:-1] == following.path[:-1]
    )


def _packed(units: list[_Unit], size: int) -> Iterator[list[_Unit]]:
    """Pack the units of a section into passages by the cheapest sequence of cuts."""
    best = [0.0] + [float("inf")] * len(units)
    origin = [0] * (len(units) + 1)
    for stop in range(1, len(units) + 1):
        for start in range(stop - 1, max(stop - 1 - _MOST_UNITS, -1), -1):
            length = units[stop - 1].end - units[start].start
            if length > size:
                break
            cost = best[start] + (1 - length / size) ** 2 + 0.1
            if start:
                cost += _COSTS.get(units[start].cut, 0.0)
            if cost < best[stop]:
                best[stop], origin[stop] = cost, start
    stops = [len(units)]
    while stops[-1]:
        stops.append(origin[stops[-1]])
    stops.reverse()
    for start, stop in pairwise(stops):
        yield units[start:stop]


def _shared_path(units: list[_Unit]) -> tuple[str, ...]:
    """The headings that all of a passage stands under; its own opening headings lead there."""
    paths = [unit.path for unit in units if not unit.is_heading] or [units[-1].path]
    if any(unit.cut is _Cut.DIVISION for unit in units[1:]):  # after words of a line or two
        paths = [path for path in paths if path] or paths
    shared = paths[0]
    for path in paths[1:]:
        depth = 0
        while depth < min(len(shared), len(path)) and shared[depth] == path[depth]:
            depth += 1
        shared = shared[:depth]
    return shared
