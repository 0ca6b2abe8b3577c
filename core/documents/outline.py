"""The outline of a legal text: its chapters, articles, clauses and items, and how they nest.

Headings that the format declares are taken as they are; numbers in the text join them.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import zip_longest

from core.documents.clauses import TITLE_LENGTH, Opening, is_title, openings
from core.documents.landmarks import landmarks
from core.types import Heading

_SHORTEST_CONTENTS = 5
_DOCUMENT_PART = 10
_SELF_LABELLED = {"named", "signed", "preface", "term", "[1]"}
"""Divisions whose label is what they open with, and no words after it."""
_BESIDE_CLAUSES = {"preface", "signed", "(1", "(A"}
"""Parties, recitals, signatures: a first clause ends them, it does not belong to the last one."""
_SENTENCES = re.compile(r"[\w)\"”][.。；]\s*\S.*[.;。；]$|.{80}[.;。；]$", re.DOTALL)
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_MARKUP = re.compile(r"[*_#]{1,6}(?=\W|$)|(?<!\w)[*_#]{1,6}|[=-]{3,}$")
_LABEL_END = re.compile(r"(?<=[\w\"”)*]{2})[.:](?=\s|\*)|[。；：]")
_FIRST_PARAGRAPH = re.compile(r"\s*\S.*?(?=\n\s*\n|$)", re.DOTALL)
_NEXT_LINE = re.compile(r"\s*([^\n]{1,80})(?=\n|$)")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a division opens. ``path`` ends with its own label, outermost first.

    ``heading_end`` is where its heading ends if that stands on its own, else ``start``.
    ``division`` is true where a passage must not run across from before.
    ``article`` is true for a 条.  ``apart`` is true for what is never joined with another
    division: articles, schedules, signatures.  ``term`` is the word that is defined here; it is
    not in the path, because nothing tells where a definition ends.
    """

    start: int
    heading_end: int
    path: tuple[str, ...]
    division: bool
    article: bool = False
    apart: bool = False
    term: str = ""


def _apart(headings: tuple[Heading, ...]) -> tuple[Heading, ...]:
    """The declared headings in order, without those that begin inside another."""
    kept: list[Heading] = []
    for heading in sorted(headings, key=lambda each: (each.start, -each.end)):
        if not kept or heading.start >= kept[-1].end:
            kept.append(heading)
    return tuple(kept)


def outline(text: str, headings: tuple[Heading, ...]) -> tuple[Mark, ...]:
    """Find the divisions of ``text`` in order; ``headings`` are those that its format declares."""
    declared = _apart(headings)
    clauses = list(openings(text))
    named = landmarks(text, clauses, bool(declared))
    found = _without_contents(_merged(_in_order(clauses, named, text), declared, text), text)
    marks: list[Mark] = []
    open_marks: list[tuple[Opening, str]] = []
    for this, following in zip_longest(found, found[1:]):
        limit = following.start if following else len(text)
        heading_end = this.heading_end or _heading_end(text, this, limit)
        _close(open_marks, this)
        nested = any(not other.rank for other, _ in open_marks)
        label = _label(text, this, heading_end, limit)
        open_marks.append((this, label))
        marks.append(
            Mark(
                this.start,
                heading_end,
                tuple(label for other, label in open_marks if label and other.style != "term"),
                division=_is_division(this, nested),
                article=this.style == "条",
                apart=this.style == "条" or this.rank == _DOCUMENT_PART,
                term=label if this.style == "term" else "",
            )
        )
    return tuple(marks)


def _in_order(clauses: list[Opening], named: list[Opening], text: str) -> list[Opening]:
    """Numbered and named divisions together; a name that is a clause's own title opens nothing."""
    kept: list[Opening] = []
    for this in sorted([*clauses, *named], key=lambda each: (each.start, each.style == "title")):
        if kept and this.start < max(kept[-1].number_end, kept[-1].heading_end):
            continue
        follows = kept and kept[-1].rank and kept[-1].style != "title" and this.style == "title"
        if follows and not text[kept[-1].number_end : this.start].strip(" \t\n.:-–—"):
            continue
        kept.append(this)
    return kept


def _merged(found: list[Opening], headings: tuple[Heading, ...], text: str) -> list[Opening]:
    """Let declared headings take the place of the numbers found inside them."""
    starts = [number.start for number in found]
    merged: list[Opening] = []
    taken = 0
    for heading in sorted(headings, key=lambda heading: heading.start):
        first, last = bisect_left(starts, heading.start), bisect_left(starts, heading.end)
        if first < taken or not text[heading.start : heading.end].strip():
            continue
        is_short = _is_short(text[heading.start : heading.end])
        if not is_short and first == last:
            continue  # a paragraph in a heading's style
        merged += found[taken:first]
        taken = (
            last if is_short else min(first + 1, last)
        )  # a clause in a heading's style has items
        number = found[first] if first < last else None
        opened = number.number_end if number else heading.start
        merged.append(
            Opening(
                heading.start,
                opened,
                number.style if number else "declared",
                rank=min(max(heading.level, 1), 9),
                heading_end=heading.end if is_short else 0,
            )
        )
    return [*merged, *found[taken:]]


def _without_contents(found: list[Opening], text: str) -> list[Opening]:
    """Drop a table of contents: a run of bare titles, close together, whose numbers come again."""
    keys = [re.sub(r"[\s.:]+", "", text[this.start : this.number_end]).casefold() for this in found]
    last_place = {key: place for place, key in enumerate(keys)}
    kept: list[Opening] = []
    place = 0
    while place < len(found):
        seen: set[str] = set()
        stop = place
        while stop < len(found) and keys[stop] not in seen and _is_bare(found, stop, text):
            seen.add(keys[stop])
            stop += 1
        if stop - place >= _SHORTEST_CONTENTS and last_place[keys[place]] >= stop:
            place = stop + (stop < len(found) and keys[stop] not in seen)
            continue
        kept += found[place : max(stop, place + 1)]
        place = max(stop, place + 1)
    return kept


def _is_bare(found: list[Opening], place: int, text: str) -> bool:
    """Whether the opening at ``place`` holds a title at most, and the next comes soon."""
    this = found[place]
    if place + 1 == len(found) or found[place + 1].start - this.start > 2 * TITLE_LENGTH:
        return False
    words = text[this.number_end : found[place + 1].start]
    return not re.search(r"[。；;]|[a-z]{2}\.\s", words)


def _close(open_marks: list[tuple[Opening, str]], this: Opening) -> None:
    """Close what ends where ``this`` opens: its equals, what they hold, and deeper containers."""
    numbered = this.style.startswith("decimal")
    if this.rank and not (
        numbered and any(other.style.startswith("decimal") for other, _ in open_marks)
    ):
        while open_marks and (not open_marks[-1][0].rank or open_marks[-1][0].rank >= this.rank):
            open_marks.pop()
        return
    if numbered:
        styles = [other.style for other, _ in open_marks]
        beside = next(
            (depth for depth, style in enumerate(styles) if style in _BESIDE_CLAUSES), None
        )
        if beside is not None and not any(each.startswith("decimal") for each in styles[beside:]):
            del open_marks[beside:]
            return
    for depth, (other, _) in enumerate(open_marks):
        is_deeper = numbered and other.style.startswith("decimal") and other.style > this.style
        if other.style == this.style or is_deeper:
            del open_marks[depth:]
            return


def _is_division(this: Opening, nested: bool) -> bool:
    if this.style == "条":
        return True
    if this.style == "declared":
        return this.rank <= 2
    if this.style == "title":
        return True
    if this.style.startswith("decimal") or not this.rank:
        is_first_level = this.style.startswith("decimal") and this.style.endswith(".1")
        return not nested and (is_first_level or this.style == "一、")
    return True


def _is_short(words: str) -> bool:
    """Whether a declared heading is one, and not a clause in a heading's style."""
    words = words.strip()
    is_sentence = _SENTENCES.search(words) or re.search(r"[a-z]{2}\.\s+\S.*:$", words, re.DOTALL)
    return len(words) <= 2 * TITLE_LENGTH and not is_sentence


def _heading_end(text: str, this: Opening, limit: int) -> int:
    """The end of the heading's words if they stand alone, else the mark's start."""
    if this.style in _SELF_LABELLED:
        return this.start
    if this.style == "条" and "\n" not in text[this.number_end : limit].strip():
        return this.start  # an article of one line is its own text
    limit = min(limit, this.number_end + 5 * TITLE_LENGTH)
    line_end = text.find("\n", this.number_end, limit)
    end = line_end if line_end >= 0 else limit
    words = _plain(text[this.number_end : end]).strip(". ")
    if not words and this.rank:  # the words of "ARTICLE IV" may stand on the next line
        following = _NEXT_LINE.match(text, end, limit)
        if following and is_title(following.group(1)):
            return following.end()
        return this.number_end
    longest = 16 if this.style == "条" else TITLE_LENGTH
    if words and len(words) <= longest and is_title(words):
        return this.start + len(text[this.start : end].rstrip())
    return this.start


def _label(text: str, this: Opening, heading_end: int, limit: int) -> str:
    """The number with the title, where one can be told from the words that follow."""
    if heading_end > this.start:
        words = text[this.start : heading_end]
    elif this.style == "条" or this.style in _SELF_LABELLED:
        words = text[this.start : this.number_end]
    else:
        number = text[this.start : this.number_end]
        rest = _TAG.sub("", text[this.number_end : min(limit, this.number_end + 400)])
        paragraph = _FIRST_PARAGRAPH.match(rest)
        rest = paragraph.group() if paragraph else rest
        sentence = _LABEL_END.search(rest, 1)
        rest = rest[: sentence.end()] if sentence else rest
        words = _up_to_gap(number + rest, len(number))
    words = _plain(words).strip(" .:：")
    if len(words) <= TITLE_LENGTH:
        return words
    return words[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,;，；") + "…"


def _plain(words: str) -> str:
    """Without tags and Markdown's marks, white space collapsed."""
    return " ".join(_MARKUP.sub(" ", _TAG.sub("", words)).split())


def _up_to_gap(words: str, number_length: int) -> str:
    """In flattened text, a wide gap ends a title."""
    number, rest = words[:number_length], words[number_length:]
    parts = re.split(r"\s{2,}", rest.strip(), maxsplit=1)
    return f"{number} {parts[0]}" if is_title(parts[0]) else words
