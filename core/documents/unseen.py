"""Which words of a Word file a reader cannot see: hidden, white on white, or too small.

A property is taken from the run, else from its character style, else from the paragraph's style
(ECMA-376 part 1, section 17.7.2); white words on a ground of their own are seen.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.documents.numbering import W

if TYPE_CHECKING:
    from lxml.etree import _Element

_LIGHTEST = 0xF2
_SMALLEST_HALF_POINTS = 2


@dataclass(frozen=True, slots=True)
class _Look:
    """What a run or a style says of its words; ``None`` where it says nothing."""

    vanishes: bool | None = None
    colour: str | None = None
    half_points: int | None = None
    has_ground: bool | None = None

    def over(self, other: "_Look") -> "_Look":
        """These properties, and the other's where these say nothing."""
        return _Look(
            other.vanishes if self.vanishes is None else self.vanishes,
            other.colour if self.colour is None else self.colour,
            other.half_points if self.half_points is None else self.half_points,
            other.has_ground if self.has_ground is None else self.has_ground,
        )

    @property
    def is_unseen(self) -> bool:
        """Whether nobody sees words that look like this on paper."""
        is_tiny = self.half_points is not None and self.half_points <= _SMALLEST_HALF_POINTS
        return bool(self.vanishes) or is_tiny or (_is_white(self.colour) and not self.has_ground)


class Unseen:
    """Knows a document's styles."""

    def __init__(self, styles: "_Element | None", root: "_Element") -> None:
        self._looks: dict[str, _Look] = {}
        self._parents: dict[str, str] = {}
        background = root.find(f"{W}background")
        self._page_has_ground = background is not None and not _is_white(
            background.get(f"{W}color", "FFFFFF")
        )
        for style in styles.iterfind(f"{W}style") if styles is not None else ():
            name = style.get(f"{W}styleId", "")
            self._looks[name] = _look(style.find(f"{W}rPr"), style.find(f"{W}pPr"))
            based_on = style.find(f"{W}basedOn")
            if based_on is not None:
                self._parents[name] = based_on.get(f"{W}val", "")

    def hides(self, run: "_Element") -> bool:
        """Whether the words of ``run`` cannot be seen."""
        own = run.find(f"{W}rPr")
        paragraph = next(run.iterancestors(f"{W}p"), None)
        look = _look(own)
        if own is not None:
            look = look.over(self._styled(own.find(f"{W}rStyle")))
        if paragraph is not None:
            look = look.over(self._styled(paragraph.find(f"{W}pPr/{W}pStyle")))
            look = look.over(_look(None, paragraph.find(f"{W}pPr")))
        if not look.is_unseen:
            return False
        if look.vanishes or not _is_white(look.colour):
            return True
        return not (self._page_has_ground or _stands_on_ground(run))

    def _styled(self, named: "_Element | None") -> _Look:
        name = named.get(f"{W}val", "") if named is not None else ""
        look, seen = _Look(), set[str]()
        while name and name not in seen:
            seen.add(name)
            look = look.over(self._looks.get(name, _Look()))
            name = self._parents.get(name, "")
        return look


def _look(run: "_Element | None", paragraph: "_Element | None" = None) -> _Look:
    ground = _has_ground(paragraph) if paragraph is not None else None
    if run is None:
        return _Look(has_ground=ground)
    vanish, colour, size = (run.find(f"{W}{name}") for name in ("vanish", "color", "sz"))
    value = size.get(f"{W}val", "") if size is not None else ""
    return _Look(
        None if vanish is None else vanish.get(f"{W}val") not in ("0", "false", "off"),
        None if colour is None else colour.get(f"{W}val", "auto"),
        int(value) if value.isdigit() else None,
        _has_ground(run) or ground,
    )


def _has_ground(properties: "_Element") -> bool | None:
    """Whether shading or a highlight lies under the words; ``None`` where nothing is said."""
    shading, highlight = properties.find(f"{W}shd"), properties.find(f"{W}highlight")
    if highlight is not None:
        return highlight.get(f"{W}val") not in ("none", "white")
    if shading is None:
        return None
    plain = shading.get(f"{W}val") in ("clear", "nil", None)
    fill = shading.get(f"{W}fill", "auto")
    return not plain or not (fill == "auto" or _is_white(fill))


def _stands_on_ground(run: "_Element") -> bool:
    """Whether a table or a drawing around the words may colour the ground: then they are kept."""
    for around in run.iterancestors():
        if around.tag == f"{W}tc" and (own := around.find(f"{W}tcPr")) is not None:
            if _has_ground(own):
                return True
        elif around.tag == f"{W}tbl":
            if around.find(f"{W}tblPr/{W}tblStyle") is not None:
                return True
        elif around.tag == f"{W}txbxContent":
            return True
    return False


def _is_white(colour: str | None) -> bool:
    if colour is None or len(colour) != 6:
        return False
    try:
        return min(bytes.fromhex(colour)) >= _LIGHTEST
    except ValueError:  # damaged: a colour that is none hides nothing
        return False
