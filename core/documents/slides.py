"""PowerPoint files: each slide a page, with its tables and the speaker's notes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.documents.inspection import Inspection
from core.errors import DocumentError
from core.types import ExtractedText, Heading, Page

if TYPE_CHECKING:
    from pptx.slide import Slide

_MOST_SLIDES = 5000
_DEEPEST_GROUP = 20
_CELL = " | "


def read_pptx(path: Path) -> ExtractedText:
    """Read a .pptx file; a page is a slide, its title a heading.

    Hidden slides are left out and flagged; their numbers are not given to others.  Raises
    ``DocumentError`` when there are more than 5,000 slides.
    """
    from pptx import Presentation

    presentation = Presentation(str(path))
    if len(presentation.slides) > _MOST_SLIDES:
        raise DocumentError(
            f"This presentation has more than {_MOST_SLIDES:,} slides.",
            "Split it into smaller files and add those.",
        )
    inspection = Inspection()
    pieces: list[str] = []
    pages: list[Page] = []
    headings: list[Heading] = []
    position = 0
    for number, slide in enumerate(presentation.slides, start=1):
        title, body = _slide(slide)
        title, body = inspection.visible(title), inspection.visible(body)
        if slide._element.get("show") in ("0", "false"):
            inspection.hide(f"{title}\n{body}")
            title = body = ""
        if title:
            headings.append(Heading(1, position, position + len(title)))
        text = "\n\n".join(part for part in (title, body) if part)
        pieces.append(f"{text}\n\n" if text else "")
        pages.append(Page(number, position, position + len(pieces[-1])))
        position += len(pieces[-1])
    text = "".join(pieces)
    name = " ".join((presentation.core_properties.title or "").split())
    title = "" if name == "PowerPoint Presentation" else name
    return ExtractedText(text, tuple(pages), tuple(headings), title, inspection.warnings(text))


def _slide(slide: "Slide") -> tuple[str, str]:
    """A slide's title and the rest of its words, from top to bottom."""
    heading = slide.shapes.title
    title = " ".join(heading.text_frame.text.split()) if heading is not None else ""
    shapes = [each for each in slide.shapes if heading is None or each.shape_id != heading.shape_id]
    shapes.sort(key=lambda shape: (shape.top or 0, shape.left or 0))
    blocks = [block for shape in shapes for block in _blocks(shape)]
    if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
        notes = _lines(frame.text)
        blocks += [f"Notes: {notes}"] if notes else []
    return title, "\n\n".join(blocks)


def _blocks(shape: Any, depth: int = 0) -> Iterator[str]:
    if getattr(shape, "shapes", None) is not None and depth < _DEEPEST_GROUP:  # a group
        for each in shape.shapes:
            yield from _blocks(each, depth + 1)
    elif getattr(shape, "has_table", False):
        rows = (
            _CELL.join(" ".join(cell.text.split()) for cell in row.cells)
            for row in shape.table.rows
        )
        yield "\n".join(row for row in rows if row.strip(" |"))
    elif getattr(shape, "has_text_frame", False) and (words := _lines(shape.text_frame.text)):
        yield words


def _lines(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.replace("\v", "\n").split("\n"))
    return "\n".join(line for line in lines if line)
