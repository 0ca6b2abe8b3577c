"""Where inside its division a passage stands: an article's paragraph, a table's row, a term."""

import re
from bisect import bisect_left, bisect_right
from typing import TypeAlias

from core.documents.numerals import written_number
from core.documents.outline import Mark

_CELL = " | "
_LONGEST_HEADER = 120
_LONGEST_ARTICLE = 100_000
"""Of what stands further from where its article opens, nobody counts the paragraphs."""
_RULE = re.compile(r"[\s|:=-]+")
_NUMBER = re.compile(r"第[^条]{1,12}条(?:之[一二三四五六七八九十]+)?")
_ITEM = re.compile(
    r"[ \t\u3000]*(?:[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、"
    r"|\d{1,2}[.、．)）])"
)
_ENDS_PARAGRAPH = re.compile(r"[。：；:;！？][”’）)]*[ \t\u3000]*$")


class Places:
    """Knows a text and its outline; completes the paths of passages."""

    def __init__(self, text: str, marks: tuple[Mark, ...]) -> None:
        self._text = text
        self._marks = marks
        self._starts = [mark.start for mark in marks]
        self._articles = [mark for mark in marks if mark.article]
        self._article_starts = [mark.start for mark in self._articles]
        # Passages come in order: what is above the last row that was looked up, see ``_above``.
        self._row: _Above = (-1, "", False)

    def pointed(self, path: tuple[str, ...], start: int, end: int) -> tuple[str, ...]:
        """The path of ``text[start:end]``, with what tells it from the rest of its division.

        第五条 becomes 第五条第二款 where a passage starts in the second paragraph; a single
        definition adds its term, and later rows of a table add its header row.
        """
        path = self._with_paragraph(path, start)
        extra = (self._term(start, end), self._header(start))
        return (*path, *filter(None, extra))

    def _header(self, start: int) -> str:
        """The header of the table around ``start``; each row is looked at once."""
        if not _is_row(self._text[start : start + 2000].split("\n", 1)[0]):
            return ""
        self._row = _above(self._text, start, self._row)
        return _header(self._row)

    def _with_paragraph(self, path: tuple[str, ...], start: int) -> tuple[str, ...]:
        last = bisect_right(self._article_starts, start)
        if not last:
            return path
        article = self._articles[last - 1]
        label = article.path[-1]
        if label not in path or start - article.start > _LONGEST_ARTICLE:
            return path
        number = paragraph_of_article(self._text, article.start, start)
        pointed = _NUMBER.sub(lambda match: match.group() + number, label, count=1)
        return tuple(pointed if part == label else part for part in path)

    def _term(self, start: int, end: int) -> str:
        """The term of a passage that is one definition, from its mark to the next."""
        place = bisect_left(self._starts, start)
        if place == len(self._marks) or self._starts[place] != start:
            return ""
        is_alone = place + 1 < len(self._marks) and self._starts[place + 1] >= end
        return self._marks[place].term if is_alone and self._marks[place + 1].term else ""


def paragraph_of_article(text: str, article: int, start: int) -> str:
    """The 款 of the article that begins at ``article`` in which ``start`` stands; "" for the first.

    A 款 is a paragraph of its own; the items （一）（二） and what follows a line that a file broke
    by hand belong to the 款 before them.
    """
    paragraphs = 1
    lines = text[article:start].split("\n")
    ending = lines[0] if _ENDS_PARAGRAPH.search(lines[0]) else ""
    for line in [*lines[1:-1], text[start : start + 20] if not lines[-1].strip() else ""]:
        if not line.strip():
            continue
        if ending and not _ITEM.match(line):
            paragraphs += 1
        ending = line if _ENDS_PARAGRAPH.search(line) else ""
    return f"第{written_number(paragraphs, 'chineseCounting')}款" if paragraphs > 1 else ""


def _is_row(line: str) -> bool:
    return _CELL in line or (line.startswith("|") and bool(_RULE.fullmatch(line)))


_Above: TypeAlias = tuple[int, str, bool]
"""Where a row begins, the topmost of the rows above it, and whether a rule is among them."""


def _above(text: str, start: int, known: _Above) -> _Above:
    """What is above the row at ``start``, given the same of a row further up."""
    row_start = line_start = text.rfind("\n", 0, start) + 1
    top, is_ruled = "", False
    while line_start > 0 and line_start != known[0]:
        above_start = text.rfind("\n", 0, line_start - 1) + 1
        above = text[above_start : line_start - 1]
        if not _is_row(above):
            return row_start, top, is_ruled
        is_rule = bool(_RULE.fullmatch(above))
        top, is_ruled = (top, True) if is_rule else (above, is_ruled)
        line_start = above_start
    if line_start == known[0]:
        top, is_ruled = known[1] or top, known[2] or is_ruled
    return row_start, top, is_ruled


def _header(row: _Above) -> str:
    _, top, is_ruled = row
    cells = [cell.strip(" *\t\r") for cell in top.split("|") if cell.strip(" *\t\r")]
    if len(cells) < 3 and not is_ruled:
        return ""  # terms and their values have no header
    words = _CELL.join(cells)
    return (
        words if len(words) <= _LONGEST_HEADER else words[:_LONGEST_HEADER].rsplit(" ", 1)[0] + "…"
    )
