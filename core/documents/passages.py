"""Passages: what is retrieved and cited, cut along the outline of a document.

A passage never runs across two articles or two top-level clauses.  Within one of those, sentences
are packed by the cheapest sequence of cuts (the total-fit idea of Knuth and Plass, 1981, for
lines of a paragraph): a cut costs little before a sub-clause, more inside a paragraph, most after
a heading, and passages of unlike length cost the square of what they fall short.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, zip_longest

from core.documents.outline import Mark, outline
from core.documents.pinpoints import Places
from core.documents.sentences import Cut, pieces, sentence_ends
from core.types import ExtractedText, Passage

_SHORTEST_UNIT = 40
_MOST_UNITS = 64
_COSTS = {
    Cut.HEADING: 1000.0,
    Cut.SENTENCE: 2.0,
    Cut.ROW: 2.0,
    Cut.LEAD_IN: 1.0,
    Cut.PARAGRAPH: 0.3,
    Cut.CLAUSE: 0.1,
    Cut.PART: 0.15,
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or as much of one as fits a passage: never divided again."""

    start: int
    end: int
    cut: Cut
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
    units = list(_glued(_units(text, marks, size), size))
    units = _bound_to_headings(_kept_with_lead_ins(units, text))
    page_starts = [page.start for page in extracted.pages]
    places = Places(text, marks)
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
                    path=places.pointed(_shared_path(packed), start, end),
                )
            )
    return tuple(passages)


def _units(text: str, marks: tuple[Mark, ...], size: int) -> Iterator[_Unit]:
    first = marks[0].start if marks else len(text)
    yield from _sentences(text, 0, first, Cut.PARAGRAPH, (), size)
    article: Mark | None = None
    for mark, following in zip_longest(marks, marks[1:]):
        article = mark if mark.article else None if mark.division else article
        end = following.start if following else len(text)
        opening = _opening(mark)
        body = mark.start
        if mark.heading_end > mark.start:
            body = mark.heading_end
            for unit in _sentences(text, mark.start, body, opening, mark.path, size):
                yield replace(unit, is_heading=True)
            opening = Cut.PARAGRAPH
        units = _sentences(text, body, end, opening, mark.path, size)
        yield from _in_article(units, article) if article else units


def _in_article(units: Iterable[_Unit], article: Mark) -> Iterator[_Unit]:
    """A long 条 is cut between its paragraphs (款) rather than between their items (项).

    A paragraph that follows an item belongs to the article again.
    """
    path: tuple[str, ...] | None = None
    for place, unit in enumerate(units):
        if place and unit.cut is Cut.PARAGRAPH:
            path = article.path
        cut = {Cut.PARAGRAPH: Cut.CLAUSE, Cut.CLAUSE: Cut.PARAGRAPH}.get(unit.cut, unit.cut)
        yield replace(unit, cut=cut, path=unit.path if path is None else path)


def _opening(mark: Mark) -> Cut:
    if mark.apart:
        return Cut.ARTICLE
    if mark.division:
        return Cut.DIVISION
    return Cut.PART if mark.heading_end > mark.start else Cut.CLAUSE


def _sentences(
    text: str, start: int, end: int, opening: Cut, path: tuple[str, ...], size: int
) -> Iterator[_Unit]:
    """The sentences of a stretch, white space around them left out."""
    cut = opening
    for sentence_end, following in [*sentence_ends(text, start, end), (end, Cut.PARAGRAPH)]:
        for piece_start, piece_end in pieces(text, start, sentence_end, size):
            yield _Unit(piece_start, piece_end, cut, path)
            cut = Cut.SENTENCE
        is_blank = not text[start:sentence_end].strip()
        cut = max(cut, following) if is_blank else following
        start = sentence_end


def _glued(units: Iterable[_Unit], size: int) -> Iterator[_Unit]:
    """Join crumbs with their neighbour, which bounds the number of cuts to weigh."""
    held: _Unit | None = None
    for unit in units:
        if (
            held
            and unit.cut <= Cut.PARAGRAPH
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


def _kept_with_lead_ins(units: list[_Unit], text: str) -> list[_Unit]:
    """Make it dear to part a list from the words that lead to it, as in "the Tenant shall:"."""
    return [
        replace(unit, cut=Cut.LEAD_IN)
        if before and Cut.LEAD_IN < unit.cut < Cut.DIVISION and text[before.end - 1] in ":："
        else unit
        for before, unit in zip([None, *units], units, strict=False)
    ]


def _bound_to_headings(units: list[_Unit]) -> list[_Unit]:
    """Move the cut before what a heading opens to before the heading; forbid the one between."""
    bound: list[_Unit] = []
    for unit in reversed(units):
        if unit.is_heading and bound:
            opened = bound[-1]
            bound[-1] = replace(opened, cut=Cut.HEADING)
            unit = replace(unit, cut=max(unit.cut, opened.cut))
        bound.append(unit)
    return bound[::-1]


def _sections(units: list[_Unit], size: int) -> Iterator[list[_Unit]]:
    """Part the units at articles and top-level clauses."""
    section: list[_Unit] = []
    for unit in units:
        if section and unit.cut >= Cut.DIVISION and not _is_crumb(section, unit, size):
            yield section
            section = []
        section.append(unit)
    if section:
        yield section


def _is_crumb(section: list[_Unit], following: _Unit, size: int) -> bool:
    """Whether a section is so short that it reads better with the clause after it: its sibling."""
    return (
        following.cut is Cut.DIVISION
        and section[0].cut is not Cut.ARTICLE
        and section[-1].end - section[0].start < size // 8
        and section[0].path[:-1] == following.path[:-1]
    )


def _packed(units: list[_Unit], size: int) -> Iterator[list[_Unit]]:
    """Pack the units of a section into passages by the cheapest sequence of cuts."""
    starts = [unit.start for unit in units]
    costs = [_COSTS.get(unit.cut, 0.0) if place else 0.0 for place, unit in enumerate(units)]
    best = [0.0]
    origin = [0]
    for stop, unit in enumerate(units, start=1):
        end, least, chosen = unit.end, float("inf"), 0
        for start in range(stop - 1, max(stop - 1 - _MOST_UNITS, -1), -1):
            length = end - starts[start]
            if length > size:
                break
            cost = best[start] + (1 - length / size) ** 2 + 0.1 + costs[start]
            if cost < least:
                least, chosen = cost, start
        best.append(least)
        origin.append(chosen)
    stops = [len(units)]
    while stops[-1]:
        stops.append(origin[stops[-1]])
    stops.reverse()
    for start, stop in pairwise(stops):
        yield units[start:stop]


def _shared_path(units: list[_Unit]) -> tuple[str, ...]:
    """The headings that all of a passage stands under; its own opening headings lead there."""
    paths = [unit.path for unit in units if not unit.is_heading] or [units[-1].path]
    if any(unit.cut is Cut.DIVISION for unit in units[1:]):  # after words of a line or two
        paths = [path for path in paths if path] or paths
    shared = paths[0]
    for path in paths[1:]:
        depth = 0
        while depth < min(len(shared), len(path)) and shared[depth] == path[depth]:
            depth += 1
        shared = shared[:depth]
    return shared
