"""Text recognition: the words on a picture of a page, in reading order, each with its place.

RapidOCR's models come with its package; nothing is fetched.  Pages that lie on their side or
upside down are turned first, because recognition of a turned line misplaces its words.
"""

import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from core.documents.inspection import Inspection
from core.types import Box

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image
    from rapidocr import RapidOCR

Corner: TypeAlias = tuple[float, float]

LONGEST_PX = 2000
"""The longer side of the picture that is read: about 170 dpi of an A4 page."""
_DETECTION_PX = 1280
"""The longer side at which lines are looked for; they are read from the larger picture."""
_GLANCE_PX = 800
"""The longer side at which a page's turn is told."""
_THREADS = 2 if (os.cpu_count() or 1) > 2 else 1
"""Of two cores one is left for answering; two threads gain little while both are busy."""
_LEAST_SURE = 0.6
_TALL = 1.5
_TRIED_LINES = 6
_LONGEST_RUN = 8
_FEWEST_IN_COLUMN = 4
_COLUMN_FILLED = 0.6
_MOST_CROSSING = 0.25


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or a run of ideographs, and its place on the page."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Line:
    """A line of print; its letters are those of its words, in order."""

    text: str
    words: tuple[Word, ...]

    @property
    def box(self) -> Box:
        """The place of the whole line."""
        return _around([word.box for word in self.words])


def recognise(picture: "Image") -> list[Line]:
    """The lines on a picture of a page, in reading order; none on a blank one.

    Boxes are in fractions of the picture's width and height as it was given.
    """
    if _is_blank(picture):
        return []
    picture = picture.convert("RGB")
    picture.thumbnail((LONGEST_PX, LONGEST_PX))
    turn = _turn(picture)
    ordered = _in_order(_lines(picture.rotate(turn, expand=True) if turn else picture))
    return [_turned_back(line, turn) for line in ordered] if turn else ordered


def _is_blank(picture: "Image") -> bool:
    """Whether a picture is of one colour, give or take the noise of a scanner."""
    low, high = picture.convert("L").resize((256, 256)).getextrema()
    return float(high) - float(low) < 12  # type: ignore[arg-type]


@cache
def _engine() -> "RapidOCR":
    import cv2
    from rapidocr import RapidOCR

    cv2.setNumThreads(1)
    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.return_word_box": True,
            "Global.max_side_len": LONGEST_PX,
            "Det.limit_type": "max",
            "Det.limit_side_len": _DETECTION_PX,
            "EngineConfig.onnxruntime.intra_op_num_threads": _THREADS,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _pixels(picture: "Image") -> "np.ndarray[Any, Any]":
    """The picture's pixels, blue first as OpenCV has them."""
    import numpy as np

    return np.ascontiguousarray(np.asarray(picture)[:, :, ::-1])


def _lines(picture: "Image") -> list[Line]:
    found: Any = _engine()(_pixels(picture), use_det=True, use_cls=False, use_rec=True)
    if found.txts is None:
        return []
    parts = found.word_results
    if len(parts) != len(found.txts):  # lines without parts are missing among them
        parts = [()] * len(found.txts)
    lines = []
    for text, corners, score, words in zip(
        found.txts, found.boxes, found.scores, parts, strict=True
    ):
        clean = Inspection().visible(text).strip()
        if clean and score >= _LEAST_SURE:
            whole = _box(corners, picture.size)
            lines.append(_line(clean, whole, [(w, _box(c, picture.size)) for w, _, c in words]))
    return lines


def _line(text: str, whole: Box, parts: list[tuple[str, Box]]) -> Line:
    """A line with its words; where they do not spell it, it is one word.

    Ideographs and the digits among them come one by one and are joined into runs.
    """
    words: list[Word] = []
    place = 0
    for part, box in parts:
        start = text.find(part, place)
        if start < 0 or text[place:start].strip():
            return Line(text, (Word(text, whole),))
        is_run = words and start == place and len(part) == 1 and len(words[-1].text) < _LONGEST_RUN
        if is_run:
            words[-1] = Word(words[-1].text + part, _around([words[-1].box, box]))
        else:
            words.append(Word(part, box))
        place = start + len(part)
    if text[place:].strip():
        return Line(text, (Word(text, whole),))
    return Line(text, tuple(words))


def _box(corners: Any, size: tuple[int, int]) -> Box:
    across = [min(max(float(x) / size[0], 0.0), 1.0) for x, _ in corners]
    along = [min(max(float(y) / size[1], 0.0), 1.0) for _, y in corners]
    return _rounded(min(across), min(along), max(across), max(along))


def _rounded(left: float, top: float, right: float, bottom: float) -> Box:
    return Box(round(left, 4), round(top, 4), round(right, 4), round(bottom, 4))


def _around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _turn(picture: "Image") -> int:
    """The degrees, counterclockwise, by which the picture must be turned to be read."""
    small = picture.copy()
    small.thumbnail((_GLANCE_PX, _GLANCE_PX))
    found: Any = _engine()(_pixels(small), use_det=True, use_cls=False, use_rec=False)
    boxes = (
        [_box(corners, small.size) for corners in found.boxes] if found.boxes is not None else []
    )
    width, height = small.size
    sizes = [((box.right - box.left) * width, (box.bottom - box.top) * height) for box in boxes]
    tall = sum(h for w, h in sizes if h > _TALL * w)
    is_sideways = tall > sum(w for w, h in sizes if w >= h)
    telling = [
        (max(size), box)
        for size, box in zip(sizes, boxes, strict=True)
        if (size[1] > _TALL * size[0] if is_sideways else size[0] > _TALL * size[1])
    ]
    telling.sort(key=lambda ranked: ranked[0], reverse=True)
    votes = [_stands_on_its_head(picture, box, is_sideways) for _, box in telling[:_TRIED_LINES]]
    is_headlong = sum(votes) * 2 > len(votes)
    return (270 if is_headlong else 90) if is_sideways else (180 if is_headlong else 0)


def _stands_on_its_head(picture: "Image", box: Box, is_sideways: bool) -> bool:
    width, height = picture.size
    cut = picture.crop(
        (
            int(box.left * width),
            int(box.top * height),
            int(box.right * width) + 1,
            int(box.bottom * height) + 1,
        )
    )
    pixels = _pixels(cut.rotate(90, expand=True) if is_sideways else cut)
    told: Any = _engine()(pixels, use_det=False, use_cls=True, use_rec=False)
    label, score = told.cls_res[0]
    return bool(label == "180" and score > 0.8)


def _turned_back(line: Line, turn: int) -> Line:
    words = tuple(Word(word.text, _box_turned_back(word.box, turn)) for word in line.words)
    return Line(line.text, words)


def _box_turned_back(box: Box, turn: int) -> Box:
    """A box on a picture that was turned, on the picture as it was."""
    if turn == 90:
        return _rounded(1 - box.bottom, box.left, 1 - box.top, box.right)
    if turn == 270:
        return _rounded(box.top, 1 - box.right, box.bottom, 1 - box.left)
    return _rounded(1 - box.right, 1 - box.bottom, 1 - box.left, 1 - box.top)


def _in_order(lines: list[Line]) -> list[Line]:
    """Lines as they are read: from top to bottom, of two columns the left one first."""
    lines = sorted(lines, key=lambda line: (line.box.top, line.box.left))
    gutter = _gutter(lines)
    if gutter is None:
        return _rows(lines)
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        if line.box.right <= gutter:
            left.append(line)
        elif line.box.left >= gutter:
            right.append(line)
        else:
            ordered += [*_rows(left), *_rows(right), line]
            left, right = [], []
    return [*ordered, *_rows(left), *_rows(right)]


def _gutter(lines: list[Line]) -> float | None:
    """Where two columns of running text part; none for one column, a table or a form.

    The lines of a column fill it, the cells of a table do not.
    """
    for place in sorted({round(line.box.left, 2) for line in lines if 0.3 < line.box.left < 0.7}):
        edge = place - 0.005
        left = [line.box for line in lines if line.box.right <= edge]
        right = [line.box for line in lines if line.box.left >= edge]
        crossing = len(lines) - len(left) - len(right)
        if min(len(left), len(right)) < _FEWEST_IN_COLUMN or crossing > _MOST_CROSSING * len(lines):
            continue
        if all(_is_filled(column) for column in (left, right)):
            return edge
    return None


def _is_filled(column: list[Box]) -> bool:
    around = _around(column)
    widths = sorted(box.right - box.left for box in column)
    return widths[len(widths) // 2] >= _COLUMN_FILLED * (around.right - around.left)


def _rows(lines: list[Line]) -> list[Line]:
    """Lines that stand side by side, as the cells of a table do, joined into one."""
    rows: list[list[Line]] = []
    for line in lines:
        if rows and _are_level(rows[-1][-1].box, line.box):
            rows[-1].append(line)
        else:
            rows.append([line])
    joined = []
    for row in rows:
        row.sort(key=lambda line: line.box.left)
        words = tuple(word for line in row for word in line.words)
        joined.append(Line(" ".join(line.text for line in row), words))
    return joined


def _are_level(one: Box, other: Box) -> bool:
    overlap = min(one.bottom, other.bottom) - max(one.top, other.top)
    apart = other.left >= one.right or one.left >= other.right
    return apart and overlap >= 0.5 * min(one.bottom - one.top, other.bottom - other.top)
