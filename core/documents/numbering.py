"""Word's automatic numbering: the clause numbers that a .docx shows but does not hold as text.

The rules are those of ECMA-376 part 1, section 17.9: a paragraph names a list (``numId``) and a
level; lists share the counters of their abstract list; a level starts again when a shallower one
has advanced.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.documents.numerals import written_number

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LEVELS = 9


@dataclass(slots=True)
class _Level:
    """One level of a list as numbering.xml describes it."""

    start: int = 1
    format: str = "decimal"
    pattern: str = ""
    style: str = ""
    restart_after: int | None = None
    all_decimal: bool = False


@dataclass(slots=True)
class _List:
    """A list that paragraphs name: its levels, and the counters that it shares."""

    levels: dict[int, _Level]
    abstract: str
    starts: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts through a document's paragraphs, in order."""

    def __init__(self, numbering: "_Element | None", styles: "_Element | None") -> None:
        self._counters: dict[str, list[int | None]] = {}
        self._style_lists: dict[str, tuple[str, int | None]] = {}
        self._parents: dict[str, str] = {}
        self._started: set[tuple[str, int]] = set()
        if styles is not None:
            self._read_styles(styles)
        self._lists = self._read_lists(numbering) if numbering is not None else {}

    def next_number(self, paragraph: "_Element", style: str) -> str:
        """The number that ``paragraph`` shows, "" for none; call once for each, in order."""
        list_id, depth = self._list_of(paragraph, style)
        numbered = self._lists.get(list_id)
        if numbered is None or depth not in numbered.levels:
            return ""
        self._advance(numbered, list_id, depth)
        return self._rendered(numbered, depth)

    def _list_of(self, paragraph: "_Element", style: str) -> tuple[str, int]:
        direct = paragraph.find(f"{W}pPr/{W}numPr")
        list_id = _value(direct, "numId") if direct is not None else None
        depth = _integer(_value(direct, "ilvl")) if direct is not None else None
        seen: set[str] = set()
        inherited = style
        while list_id is None and inherited and inherited not in seen:
            seen.add(inherited)
            if inherited in self._style_lists:
                list_id, own_depth = self._style_lists[inherited]
                if depth is None:
                    depth = self._depth_of_style(list_id, style, own_depth)
            inherited = self._parents.get(inherited, "")
        return list_id or "", depth or 0

    def _depth_of_style(self, list_id: str, style: str, own_depth: int | None) -> int:
        numbered = self._lists.get(list_id)
        if own_depth is None and numbered:
            for depth, level in numbered.levels.items():
                if level.style == style:
                    return depth
        return own_depth or 0

    def _advance(self, numbered: _List, list_id: str, depth: int) -> None:
        counters = self._counters.setdefault(numbered.abstract, [None] * _LEVELS)
        for shallower in range(depth):
            if counters[shallower] is None and shallower in numbered.levels:
                counters[shallower] = numbered.levels[shallower].start
        current = counters[depth]
        if depth in numbered.starts and (list_id, depth) not in self._started:
            self._started.add((list_id, depth))
            current = None
        start = numbered.starts.get(depth, numbered.levels[depth].start)
        counters[depth] = start if current is None else current + 1
        for deeper in range(depth + 1, _LEVELS):
            level = numbered.levels.get(deeper)
            limit = level.restart_after if level else None
            if limit is None or depth < limit:
                counters[deeper] = None

    def _rendered(self, numbered: _List, depth: int) -> str:
        level = numbered.levels[depth]
        if level.format == "bullet":
            return "•"
        if level.format == "none":
            return ""
        counters = self._counters[numbered.abstract]
        text = level.pattern
        for position in range(_LEVELS):
            if f"%{position + 1}" in text:
                shown = numbered.levels.get(position, level)
                number_format = "decimal" if level.all_decimal else shown.format
                number = counters[position]
                written = written_number(shown.start if number is None else number, number_format)
                text = text.replace(f"%{position + 1}", written)
        return text.strip()

    def _read_styles(self, styles: "_Element") -> None:
        for style in styles.iterfind(f"{W}style"):
            name = style.get(f"{W}styleId", "")
            if based_on := _value(style, "basedOn"):
                self._parents[name] = based_on
            numbered = style.find(f"{W}pPr/{W}numPr")
            if numbered is not None and (list_id := _value(numbered, "numId")):
                self._style_lists[name] = (list_id, _integer(_value(numbered, "ilvl")))

    def _read_lists(self, numbering: "_Element") -> dict[str, _List]:
        abstracts = {
            abstract.get(f"{W}abstractNumId", ""): abstract
            for abstract in numbering.iterfind(f"{W}abstractNum")
        }
        abstract_of = {
            number.get(f"{W}numId", ""): _value(number, "abstractNumId") or ""
            for number in numbering.iterfind(f"{W}num")
        }
        lists: dict[str, _List] = {}
        for number in numbering.iterfind(f"{W}num"):
            list_id = number.get(f"{W}numId", "")
            abstract = abstracts.get(abstract_of[list_id])
            linked = _value(abstract, "numStyleLink") if abstract is not None else None
            if linked and linked in self._style_lists:
                target = abstract_of.get(self._style_lists[linked][0], "")
                abstract = abstracts.get(target, abstract)
            if abstract is None:
                continue
            levels = {
                depth: level
                for element in abstract.iterfind(f"{W}lvl")
                for depth, level in [_read_level(element)]
            }
            described = _List(levels, abstract.get(f"{W}abstractNumId", ""))
            _override(described, number)
            lists[list_id] = described
        return lists


def _read_level(element: "_Element") -> tuple[int, _Level]:
    depth = _integer(element.get(f"{W}ilvl")) or 0
    start = _integer(_value(element, "start"))
    legal = element.find(f"{W}isLgl")
    return depth, _Level(
        start=0 if start is None else start,
        format=_value(element, "numFmt") or "decimal",
        pattern=_value(element, "lvlText") or "",
        style=_value(element, "pStyle") or "",
        restart_after=_integer(_value(element, "lvlRestart")),
        all_decimal=legal is not None and legal.get(f"{W}val") not in ("0", "false"),
    )


def _override(described: _List, number: "_Element") -> None:
    for element in number.iterfind(f"{W}lvlOverride"):
        depth = _integer(element.get(f"{W}ilvl")) or 0
        level = element.find(f"{W}lvl")
        if level is not None:
            described.levels[depth] = _read_level(level)[1]
        if (start := _integer(_value(element, "startOverride"))) is not None:
            described.starts[depth] = start


def _value(element: "_Element", name: str) -> str | None:
    child = element.find(f"{W}{name}")
    return None if child is None else child.get(f"{W}val")


def _integer(text: str | None) -> int | None:
    return int(text) if text and text.lstrip("-").isdigit() else None
