"""Where the divisions of a legal text open, told by their numbers.

A number opens a division when it stands where one can open (a line, a wide gap, the end of a
sentence) and follows from the numbers before it; a cross-reference ("Section 5 of this
Agreement", 第五条规定的) does neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from core.documents.numerals import chinese_number, letter_readings, roman_number

TITLE_LENGTH = 80
_CANDIDATE = re.compile(
    r"""
    (?: ^ | (?<=\n) ) [ \t\u3000>#*_]*
    (?: (?P<zh> 第\s? (?P<zh_number> [〇零一二三四五六七八九十百千两0-9]
            [〇零一二三四五六七八九十百千两0-9\ ]{0,10} )
            \s? (?P<zh_kind> 分编 | [编章节条] ) (?P<zh_of> 之[一二三四五六七八九十]+ )? )
      | (?P<item> (?P<item_number> [一二三四五六七八九十]{1,3} ) 、
            | [（(] (?P<item_inner> [一二三四五六七八九十]{1,3} ) [)）] )
      | (?P<annex> 附[件表录][一二三四五六七八九十0-9]{0,3} (?=[\s：:]) ) )
    | (?<![\w.]) (?P<en> (?P<en_kind> ARTICLE|SECTION|CHAPTER|PART|EXHIBIT|SCHEDULE|ANNEX|APPENDIX
            |Article|Section|Chapter|Part|Exhibit|Schedule|Annex|Appendix )
        [ \t]+ (?P<en_number> \d{1,3}(?:\.\d{1,3}){0,3} | [IVXLC]{1,7} | [A-Z] ) ) (?![\w"”-])
    | (?<![\w.$(/-]) (?P<decimal> \d{1,3}(?:\.\d{1,3}){0,4} ) (?P<dot> [.)．、]? )
        (?=\s|\*|[\u4e00-\u9fff“])
    | (?<![\w)]) (?P<letter> [(（] (?P<letter_number> [a-z]{1,5}|[A-Z]{1,2}|\d{1,2} ) [)）] )
        (?=\s|[\u4e00-\u9fff])
    """,
    re.VERBOSE,
)
_CONTAINERS = {"annex": 10, "part": 11, "编": 11, "分编": 12, "chapter": 13, "article": 13}
_CONTAINERS |= {"章": 13, "section": 14, "节": 14, "exhibit": 10, "schedule": 10, "appendix": 10}
_CITED_ARTICLE = re.compile(
    r"[ ]?(规定|所|的|第|、|和|至|或|以|中(?!华)|，|,|款|项|及|与|情形|）|\))"
)
_REFERENCE = re.compile(
    r"(?:\b(?:sections?|articles?|clauses?|paragraphs?|sub-?sections?|exhibits?|schedules?|annex"
    r"|appendix|nos?\.?|of|to|in|under|with|by|the|see|from|than|through|this|that|per|and|or|"
    r"pages?|part|item|least)|[§,$])\s*$",
    re.IGNORECASE,
)
_TITLE_FOLLOWS = re.compile(r"[ \t]*[.:\-–—]*\s+[*_]*[\"“]?[A-Z\u4e00-\u9fff\[_*]")
_OPENS = re.compile(r"(?:\s|[*_]|</?[A-Za-z][^<>\n]{0,200}>)*[\"“‘'\[(]*[A-Z\u4e00-\u9fff“\[_*]")


@dataclass(frozen=True, slots=True)
class Opening:
    """Where a division opens: its number's span and its ``style``, equal among siblings.

    ``rank`` orders chapters and their like, the outermost least; 0 stands for clauses and items,
    which nest in the order they come in.  ``heading_end`` is set where a heading is declared.
    """

    start: int
    number_end: int
    style: str
    rank: int = 0
    heading_end: int = 0


def openings(text: str) -> Iterator[Opening]:
    """Find the numbered divisions of ``text``, in order."""
    return _Sequence(text).accepted()


def is_title(words: str) -> bool:
    """Whether ``words`` read as a title: short, no sentence, its English words capitalised."""
    words = words.strip()
    if not words or len(words) > TITLE_LENGTH or re.search(r"[。；，;]|\.\s|[:：]$", words):
        return False
    if re.search(r"[\u4e00-\u9fff]", words):
        return len(words) <= 40
    long_words = [word for word in re.findall(r"[A-Za-z][\w'’]*", words) if len(word) > 3]
    if not long_words:
        return words.isupper() and len(words) > 5
    return all(word[0].isupper() for word in long_words)


class _Sequence:
    """Walks the candidates in order and accepts those that follow from the ones before."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._article = 0
        self._decimals: list[tuple[tuple[int, ...], int]] = []
        self._letters: list[tuple[str, int]] = []
        self._items: dict[str, int] = {}

    def accepted(self) -> Iterator[Opening]:
        for match in _CANDIDATE.finditer(self._text):
            kind = str(match.lastgroup and next(k for k in _READERS if match[k] is not None))
            found = _READERS[kind](self, match)
            if found:
                yield found

    def _chinese(self, match: re.Match[str]) -> Opening | None:
        kind, value = match["zh_kind"], chinese_number(match["zh_number"].replace(" ", ""))
        start, end = match.span("zh")
        after = self._text[end : end + 4]
        spaced = not after.strip() or after[0].isspace()
        if kind == "条":
            is_next = value in (1, self._article + 1)
            if not (is_next or spaced or match["zh_of"]):
                return None
            if _CITED_ARTICLE.match(after) and not (spaced and is_next):
                return None
            self._article = value
            self._restart()
            return Opening(start, end, "条")
        line = self._text[end : end + 2 * TITLE_LENGTH].split("\n", 1)[0]
        if not spaced or len(line) > TITLE_LENGTH or "。" in line:
            return None
        self._restart()
        return Opening(start, end, kind, rank=_CONTAINERS[kind])

    def _item(self, match: re.Match[str]) -> Opening | None:
        style = "一、" if match["item_number"] else "（一）"
        value = chinese_number(match["item_number"] or match["item_inner"])
        if value not in (1, self._items.get(style, 0) + 1):
            return None
        self._restart(items=style == "一、")
        self._items[style] = value
        return Opening(match.start("item"), match.end("item"), style)

    def _annex(self, match: re.Match[str]) -> Opening | None:
        self._restart()
        return Opening(*match.span("annex"), "annex", rank=_CONTAINERS["annex"])

    def _english(self, match: re.Match[str]) -> Opening | None:
        start, end = match.span("en")
        kind, number = match["en_kind"].lower(), match["en_number"]
        if not self._may_open(start, at_sentence=match["en_kind"].isupper()):
            return None
        rest = self._text[end : end + 120]
        if not (re.match(r"[\s.:]*(?:\n|$)", rest) or _TITLE_FOLLOWS.match(rest)):
            return None
        if number[0].isdigit():
            values = tuple(int(part) for part in number.split("."))
        else:
            values = (roman_number(number.lower()) or ord(number[0]) - 64,)
        if kind == "section" and len(values) > 1:
            if not self._follows(values, 0):
                return None
            self._letters = []
            return Opening(start, end, f"decimal{len(self._decimals) - 1}.{len(values)}")
        self._restart()
        if kind in ("article", "section"):  # the clauses of Article 2 are numbered 2.1, 2.2
            self._decimals = [(values, 0)]
        return Opening(start, end, kind, rank=_CONTAINERS[kind])

    def _decimal(self, match: re.Match[str]) -> Opening | None:
        start, end = match.span("decimal")
        values = tuple(int(part) for part in match["decimal"].split("."))
        if not _OPENS.match(self._text, match.end("dot")):
            return None
        if len(values) == 1 and not match["dot"] and not self._is_bare_title(start, end):
            return None
        if not self._may_open(start, after_capitals=len(values) > 1) or not self._follows(
            values, self._indent(start)
        ):
            return None
        self._letters = []
        style = f"decimal{len(self._decimals) - 1}.{len(values)}"
        return Opening(start, match.end("dot"), style)

    def _letter(self, match: re.Match[str]) -> Opening | None:
        start, end = match.span("letter")
        if not self._may_open(start, lettered=True):
            return None
        readings = letter_readings(match["letter_number"])
        for depth in reversed(range(len(self._letters))):
            style, last = self._letters[depth]
            if (style, last + 1) in readings:
                self._letters[depth:] = [(style, last + 1)]
                return Opening(start, end, f"({style}")
        for style, value in readings:
            if value == 1 and style not in [open_style for open_style, _ in self._letters]:
                self._letters.append((style, 1))
                return Opening(start, end, f"({style}")
        return None

    def _restart(self, items: bool = True) -> None:
        self._decimals, self._letters = [], []
        if items:
            self._items = {}

    def _follows(self, values: tuple[int, ...], indent: int) -> bool:
        """Whether ``values`` come next in a list that is open, the innermost first, or open one.

        Where several lists fit, the one that is indented alike is meant.
        """
        fitting = [
            depth
            for depth, (last, _) in reversed(list(enumerate(self._decimals)))
            if _comes_next(last, values)
        ]
        alike = [depth for depth in fitting if self._decimals[depth][1] == indent]
        if fitting:
            depth = (alike or fitting)[0]
            self._decimals[depth:] = [(values, indent)]
            return True
        if values in ((1,), (1, 1), (1, 0)):
            self._open_list(values, indent)
            return True
        if self._decimals or len(values) == 1:
            return False
        self._decimals = [(values, indent)]
        return True

    def _open_list(self, values: tuple[int, ...], indent: int) -> None:
        """Open a list inside the clause that is open if it is deeper or indented more."""
        depth = len(self._decimals)
        while depth and not (
            len(values) == 1
            and (len(self._decimals[depth - 1][0]) > 1 or indent > self._decimals[depth - 1][1])
        ):
            depth -= 1
        self._decimals[depth:] = [(values, indent)]

    def _indent(self, position: int) -> int:
        """The column at which a line's first words stand; 0 inside a line."""
        line_start = self._text.rfind("\n", max(0, position - 40), position) + 1
        before = self._text[line_start:position] if line_start else self._text[:position][-40:]
        return 0 if before.strip() else len(before)

    def _is_bare_title(self, start: int, end: int) -> bool:
        before = self._text[max(0, start - 40) : start].rsplit("\n", 1)[-1]
        line = self._text[end : end + 2 * TITLE_LENGTH].split("\n", 1)[0]
        return not before.strip() and is_title(line)

    def _may_open(
        self,
        position: int,
        at_sentence: bool = True,
        after_capitals: bool = True,
        lettered: bool = False,
    ) -> bool:
        """Whether a division can open here: a line, a wide gap or the end of a sentence."""
        before = self._text[max(0, position - 40) : position]
        bare = before.rstrip()
        gap = before[len(bare) :]
        if not bare or re.search(r"\n\s*\n", gap):
            return True
        bare = re.sub(r"(?<=;)\s(?:and|or)(?:/or)?$", "", bare)
        if lettered:
            bare = re.sub(r"(?<=,)\s(?:and|or)(?:/or)?$", "", bare)
            return "\n" in gap or len(gap) > 1 or bare[-1] in ".;:—"
        if _REFERENCE.search(bare):
            return False
        if "\n" in gap or len(gap) > 1:
            return True
        if bare[-1] in "#*_>":
            return not bare.rsplit("\n", 1)[-1].strip("#*_> \t")
        capitals = re.search(r"[A-Z]{2,}[).]?$", bare)
        return at_sentence and (bare[-1] in '.;:!?。；：”"' or bool(capitals))


_READERS = {
    "zh": _Sequence._chinese,
    "item": _Sequence._item,
    "annex": _Sequence._annex,
    "en": _Sequence._english,
    "decimal": _Sequence._decimal,
    "letter": _Sequence._letter,
}


def _comes_next(last: tuple[int, ...], values: tuple[int, ...]) -> bool:
    """Whether ``values`` is the next sibling of ``last`` or of its parents, or its child."""
    if len(values) == len(last) + 1:
        return values[:-1] == last and values[-1] in (0, 1)
    depth = len(values)
    if depth > len(last):
        return False
    farthest = 2 if depth == 1 else 9  # clauses are deleted, or numbered illegibly
    if values[:-1] == last[: depth - 1] and 1 <= values[-1] - last[depth - 1] <= farthest:
        return True
    return depth > 1 and values[0] == last[0] + 1 and all(part == 1 for part in values[1:])
