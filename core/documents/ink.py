"""Which words of a PDF page a reader can see.

Text is hidden by its ink (the colour of what lies under it, or none at all), by its size, or by
standing off the page.  White words on a dark table row are seen, and so is the invisible text
that text recognition lays over a scanned page.  Operators are those of ISO 32000-1, sections 8
and 9.
"""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from pypdf import PageObject

Matrix: TypeAlias = tuple[float, float, float, float, float, float]
Colour: TypeAlias = tuple[float, float, float]
Rectangle: TypeAlias = tuple[float, float, float, float]
Stretch: TypeAlias = tuple[float, float, float]

_UNIT: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_WHITE: Colour = (1.0, 1.0, 1.0)
_ALIKE = 0.06
"""Colours that differ by no more than this in each part are not told apart."""
_SMALLEST = 1.5
_FAINTEST = 0.03
_OVERHANG = 50.0
"""Points by which a line may begin left of the page and still reach into it."""
_MOST_BOXES = 300
_LARGEST: Rectangle = (-14400.0, -14400.0, 14400.0, 14400.0)
_SCAN_SHARE = 0.5
_COVERING = ("/Square", "/Highlight", "/FreeText", "/Polygon", "/Ink")
"""Annotations with which people black out words; whether they do, their looks decide."""
_LOWEST_COVER = 4.0
_LETTER_WIDTH = 0.6
"""Of the size of the type: an estimate from above, because widths of letters are not followed."""
_FAR = 1e9
_FEWEST_ROWS = 8
_SHARE_OF_ROWS = 0.7
_FILLED = 0.6
_JUMBLED = 5
_NO_INK = {3, 7}
_STROKED = {1, 2, 5, 6}
_FILLS = {b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"}
_PATH_ENDS = _FILLS | {b"S", b"s", b"n"}
_PATHS = {b"m", b"l", b"c", b"v", b"y"}
_PLAIN_SPACES = ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/ICCBased", "/CalRGB", "/CalGray")
_SHOWS = {b"Tj": 0, b"TJ": 0, b"'": 0, b'"': 2}
"""Operators that show text, with the place of the text among their operands."""


@dataclass(frozen=True, slots=True)
class _Ink:
    """The graphics state as far as it decides what is seen; a colour of ``None`` is not known."""

    matrix: Matrix = _UNIT
    fill: Colour | None = (0.0, 0.0, 0.0)
    is_plain: bool = True
    opacity: float = 1.0
    mode: int = 0
    size: float = 12.0
    is_blended: bool = False


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of a page that is ``seen``, and what is not and was left out, ``unseen``.

    ``covers`` are opaque boxes that were painted over words, as far as estimated: the words are
    in ``seen``.  ``is_marked_for_redaction`` says that a redaction was marked and not carried out,
    ``is_jumbled`` that lines are written from right to left, which glues their words together.
    """

    seen: str
    unseen: str = ""
    covers: tuple[Rectangle, ...] = ()
    is_marked_for_redaction: bool = False
    is_jumbled: bool = False


def page_text(page: "PageObject") -> PageText:
    """The text of a page, by whether it is seen.

    A page on which nothing would be seen keeps its text; what it hides is then given twice.
    """
    watch = _Watch(page)
    seen = watch.read()
    boxes, is_marked = _annotated(page)
    text = PageText(seen, "", (*watch.covers, *boxes)[:_MOST_BOXES], is_marked)
    if not watch.hidden:
        if (gutter := _gutter(watch.words)) is not None:
            sides = ((-_FAR, gutter), (gutter, _FAR))
            return replace(text, seen="\n\n".join(_Watch(page, side).read() for side in sides))
        return replace(text, is_jumbled=_steps_back(watch.lines) >= _JUMBLED)
    everything = page.extract_text()
    if watch.is_scan:
        return replace(text, seen=everything)
    has_words = any(character.isalnum() for character in seen)
    unseen = _difference(everything, seen)
    return replace(text, seen=seen if has_words else everything, unseen=unseen)


def _gutter(words: list[Rectangle]) -> float | None:
    """Where two columns part whose lines are written across, left and right by turns.

    Most files write one column after the other; those that do not are told by their strict turns
    between two edges, and by lines that fill the left column as running text does.
    """
    pairs = [
        (one, other)
        for one, other in pairwise(words)
        if abs(one[1] - other[1]) < 1 and other[0] > one[2] - _LETTER_WIDTH * (one[2] - one[0])
    ]
    if len(pairs) < _FEWEST_ROWS or 2 * len(pairs) < _SHARE_OF_ROWS * len(words):
        return None
    edges = Counter(round(other[0]) for _, other in pairs)
    edge, count = edges.most_common(1)[0]
    left = min(one[0] for one, _ in pairs)
    widths = sorted(one[2] - one[0] for one, other in pairs)
    is_filled = widths[len(widths) // 2] > _FILLED * (edge - left)
    return edge - 1.0 if count >= _SHARE_OF_ROWS * len(pairs) and is_filled else None


def _steps_back(lines: list[Stretch]) -> int:
    """How often an operator's words end before those of the last one begin, on the same line."""
    return sum(
        abs(one[2] - other[2]) < 1 and other[1] < one[0] + 1 for one, other in pairwise(lines)
    )


def _annotated(page: "PageObject") -> tuple[list[Rectangle], bool]:
    """The boxes that annotations may paint over words, and whether a redaction is marked."""
    boxes: list[Rectangle] = []
    is_marked = False
    annotations = _resolved(page.get("/Annots"))
    for each in annotations if isinstance(annotations, list) else ():
        annotation = _resolved(each)
        if not isinstance(annotation, dict):
            continue
        kind, place = annotation.get("/Subtype"), _resolved(annotation.get("/Rect"))
        is_marked = is_marked or kind == "/Redact"
        if kind in _COVERING and isinstance(place, list) and len(place) == 4:
            left, bottom, right, top = (float(each) for each in place)
            boxes.append((min(left, right), min(bottom, top), max(left, right), max(bottom, top)))
    return boxes, is_marked


def _difference(everything: str, seen: str) -> str:
    """The lines of one text that another lacks, or has less of."""
    kept = "".join(seen.split())
    lines = [line for line in everything.split("\n") if "".join(line.split()) not in kept]
    return "\n".join(lines)


class _Watch:
    """Follows a page's operators; takes the words out of those that show hidden text."""

    def __init__(self, page: "PageObject", side: tuple[float, float] = (-_FAR, _FAR)) -> None:
        self._source = page
        self._side = side
        self._page = _edges(page)
        self._resources = [page.get("/Resources")]
        self._ink = _Ink()
        self._saved: list[_Ink] = []
        self._forms: list[tuple[_Ink, int] | None] = []
        self._path: list[tuple[float, float]] = []
        self._boxes: list[tuple[Rectangle, Colour | None]] = []
        self.words: list[Rectangle] = []
        self.lines: list[Stretch] = []
        self.covers: list[Rectangle] = []
        self.hidden = 0
        self.is_scan = False

    def read(self) -> str:
        """The text that is seen, of the side of the page that is wanted."""
        return self._source.extract_text(
            visitor_operand_before=self.before, visitor_operand_after=self.after
        )

    def before(self, operator: bytes, operands: object, _: object, text: list[float]) -> None:
        """See an operator before pypdf acts on it."""
        if not isinstance(operands, list):
            return
        if operator in _SHOWS:
            place = _SHOWS[operator]
            if len(operands) > place and self._is_hidden(text):
                operands[place] = [] if operator == b"TJ" else b""
                self.hidden += 1
            elif len(operands) > place:
                words = self._estimated(operands[place], text)
                self.words.append(words)
                self.lines.append(self._stretch(words, text))
                if not self._side[0] <= words[0] < self._side[1]:
                    operands[place] = [] if operator == b"TJ" else b""
        elif operator == b"Do":
            self._enter(str(operands[0]) if operands else "")
        else:
            self._follow(operator, operands)

    def after(self, operator: bytes, *_: object) -> None:
        """See an operator after pypdf has acted on it: a form ends."""
        if operator == b"Do" and self._forms and (form := self._forms.pop()):
            self._ink, depth = form
            del self._saved[depth:]
            self._resources.pop()

    def _follow(self, operator: bytes, operands: list[object]) -> None:
        numbers = [float(each) for each in operands if isinstance(each, int | float)]
        if operator == b"q":
            self._saved.append(self._ink)
        elif operator == b"Q" and self._saved:
            self._ink = self._saved.pop()
        elif operator == b"cm" and len(numbers) == 6:
            self._ink = replace(self._ink, matrix=_product(_matrix(numbers), self._ink.matrix))
        elif operator in (b"g", b"rg", b"k"):
            self._ink = replace(self._ink, fill=_colour(numbers), is_plain=True)
        elif operator == b"cs" and operands:
            plain = self._is_plain(str(operands[0]))
            self._ink = replace(self._ink, fill=(0.0, 0.0, 0.0) if plain else None, is_plain=plain)
        elif operator in (b"sc", b"scn"):
            is_known = self._ink.is_plain and len(numbers) == len(operands)
            self._ink = replace(self._ink, fill=_colour(numbers) if is_known else None)
        elif operator == b"Tr" and numbers:
            self._ink = replace(self._ink, mode=int(numbers[0]))
        elif operator == b"Tf" and numbers:
            is_drawn = self._found("/Font", str(operands[0]), "/Subtype") == "/Type3"
            self._ink = replace(self._ink, size=1000.0 if is_drawn else abs(numbers[-1]))
        elif operator == b"gs" and operands:
            opacity = self._found("/ExtGState", str(operands[0]), "/ca")
            if isinstance(opacity, int | float):
                self._ink = replace(self._ink, opacity=float(opacity))
            blending = self._found("/ExtGState", str(operands[0]), "/BM")
            if blending is not None:
                self._ink = replace(self._ink, is_blended=blending != "/Normal")
        elif operator == b"sh":
            self._cover(self._page, None)
        else:
            self._draw(operator, numbers)

    def _draw(self, operator: bytes, numbers: list[float]) -> None:
        if operator in _PATHS:
            points = zip(numbers[::2], numbers[1::2], strict=False)
            self._path += [_moved(point, self._ink.matrix) for point in points]
        elif operator == b"re" and len(numbers) == 4:
            x, y, width, height = numbers
            corners = [(x, y), (x + width, y), (x, y + height), (x + width, y + height)]
            self._path += [_moved(corner, self._ink.matrix) for corner in corners]
        elif operator in _PATH_ENDS:
            if operator in _FILLS and self._path and self._ink.opacity > _FAINTEST:
                solid = self._ink.fill if self._ink.opacity > 1 - _ALIKE else None
                self._cover(_around(self._path), solid)
                if solid is not None and not self._ink.is_blended:
                    self._cover_words()
            self._path = []

    def _cover_words(self) -> None:
        """Note the rectangles of the path that is being filled if words may lie under them."""
        for at in range(0, len(self._path), 4):
            box = _around(self._path[at : at + 4])
            is_box = min(box[2] - box[0], box[3] - box[1]) >= _LOWEST_COVER
            if is_box and any(_overlap(box, words) for words in self.words):
                self.covers.append(box)

    def _estimated(self, shown: object, text: list[float]) -> Rectangle:
        """About where the words of an operator stand; too wide rather than too narrow."""
        parts = shown if isinstance(shown, list) else [shown]
        letters = sum(len(part) for part in parts if isinstance(part, str | bytes))
        place = _product(_matrix(text), self._ink.matrix)
        size = self._ink.size
        corners = ((0.0, 0.0), (letters * size * _LETTER_WIDTH, size * _LETTER_WIDTH))
        return _around([_moved(corner, place) for corner in corners])

    def _stretch(self, words: Rectangle, text: list[float]) -> Stretch:
        """Where an operator's words begin and end along their line, and how high the line is.

        Lines may run upwards or downwards: turned pages are read too.
        """
        a, b, *_, x, y = _product(_matrix(text), self._ink.matrix)
        if abs(a) >= abs(b):
            return words[0], words[2], y
        if b > 0:
            return words[1], words[3], -x
        return -words[3], -words[1], x

    def _enter(self, name: str) -> None:
        """A picture is painted, or a form begins."""
        kind = self._found("/XObject", name, "/Subtype")
        if kind == "/Image":
            corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
            self._cover(_around([_moved(each, self._ink.matrix) for each in corners]), None)
        if kind != "/Form":
            self._forms.append(None)
            return
        self._forms.append((self._ink, len(self._saved)))
        own = self._found("/XObject", name, "/Resources")
        self._resources.append(own if own is not None else self._resources[-1])
        matrix = self._found("/XObject", name, "/Matrix")
        if isinstance(matrix, list) and len(matrix) == 6:
            moved = _product(_matrix([float(each) for each in matrix]), self._ink.matrix)
            self._ink = replace(self._ink, matrix=moved)

    def _cover(self, box: Rectangle, colour: Colour | None) -> None:
        left, bottom, right, top = (
            max(box[0], self._page[0]),
            max(box[1], self._page[1]),
            min(box[2], self._page[2]),
            min(box[3], self._page[3]),
        )
        if right - left < _SMALLEST or top - bottom < _SMALLEST:
            return
        self._boxes = [*self._boxes[-_MOST_BOXES:], ((left, bottom, right, top), colour)]
        area = (self._page[2] - self._page[0]) * (self._page[3] - self._page[1])
        if colour is None and (right - left) * (top - bottom) >= _SCAN_SHARE * area:
            self.is_scan = True

    def _is_hidden(self, text: list[float]) -> bool:
        ink = self._ink
        if ink.mode in _NO_INK or ink.opacity < _FAINTEST:
            return True
        place = _product(_matrix(text), ink.matrix)
        x, y = place[4:]
        left, bottom, right, top = self._page
        if not (left - _OVERHANG <= x <= right + 2 and bottom - 2 <= y <= top + 2):
            return True
        if ink.size * abs(place[0] * place[3] - place[1] * place[2]) ** 0.5 < _SMALLEST:
            return True
        if ink.fill is None or ink.mode in _STROKED:
            return False
        ground = self._ground(x, y + _SMALLEST)
        return ground is not None and _are_alike(ink.fill, ground)

    def _ground(self, x: float, y: float) -> Colour | None:
        for (left, bottom, right, top), colour in reversed(self._boxes):
            if left <= x <= right and bottom <= y <= top:
                return colour
        return _WHITE

    def _is_plain(self, space: str) -> bool:
        if space in _PLAIN_SPACES:
            return True
        described = self._entry("/ColorSpace", space)
        return isinstance(described, list) and bool(described) and described[0] in _PLAIN_SPACES

    def _found(self, kind: str, name: str, key: str) -> object:
        """What a resource says under ``key``; ``None`` where the file is not as it should be."""
        entry = self._entry(kind, name)
        found = entry.get(key) if isinstance(entry, dict) else None
        return _resolved(found)

    def _entry(self, kind: str, name: str) -> object:
        resources = _resolved(self._resources[-1])
        entries = _resolved(resources.get(kind)) if isinstance(resources, dict) else None
        return _resolved(entries.get(name)) if isinstance(entries, dict) else None


def _edges(page: "PageObject") -> Rectangle:
    """The page's edges; of a page that does not say, those of the largest there may be."""
    try:
        box = page.mediabox
        across = sorted((float(box.left), float(box.right)))
        along = sorted((float(box.bottom), float(box.top)))
    except (ValueError, TypeError, KeyError, AttributeError):
        return _LARGEST
    if across[0] == across[1] or along[0] == along[1]:
        return _LARGEST
    return across[0], along[0], across[1], along[1]


def _resolved(entry: object) -> object:
    resolve = getattr(entry, "get_object", None)
    return resolve() if resolve else entry


def _matrix(numbers: list[float]) -> Matrix:
    a, b, c, d, e, f = (float(each) for each in numbers[:6])
    return a, b, c, d, e, f


def _product(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + m,
    )


def _moved(point: tuple[float, float], matrix: Matrix) -> tuple[float, float]:
    x, y = point
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _around(points: list[tuple[float, float]]) -> Rectangle:
    across, along = [x for x, _ in points], [y for _, y in points]
    return min(across), min(along), max(across), max(along)


def _colour(parts: list[float]) -> Colour | None:
    if len(parts) == 1:
        return parts[0], parts[0], parts[0]
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    if len(parts) == 4:
        cyan, magenta, yellow, black = parts
        return 1 - min(1, cyan + black), 1 - min(1, magenta + black), 1 - min(1, yellow + black)
    return None


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _are_alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _ALIKE for a, b in zip(one, other, strict=True))
