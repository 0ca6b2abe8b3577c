"""Word files: the words of the body in order, with everything that python-docx leaves out.

Taken in: paragraphs with their automatic numbers, tables (nested too), content controls, tracked
insertions, text boxes, footnotes and endnotes, headers and footers.  Left out: comments, field
codes, embedded files, and text that is hidden, white or too small to see, which is flagged.

The text is the one in force if all tracked changes are accepted.  Where words are deleted it says
``[deleted]`` and not which: deleted words must never be quoted as what the document says, and a
mark around them would not outlive the cutting of sentences.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents.archives import guard
from core.documents.inspection import Inspection
from core.documents.numbering import Numbering, W
from core.documents.unseen import Unseen
from core.types import ExtractedText, Heading

if TYPE_CHECKING:
    from docx.document import Document
    from docx.opc.part import Part
    from lxml.etree import _Element

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DROPPED = frozenset(
    f"{W}{name}"
    for name in (
        "moveFrom",
        "pPr",
        "rPr",
        "tblPr",
        "tcPr",
        "trPr",
        "sdtPr",
        "rt",
        "instrText",
    )
)
_CHANGES = frozenset(f"{W}{name}" for name in ("ins", "del", "moveFrom", "moveTo"))
DELETED = "[deleted]"
_DELETIONS = re.compile(r" *(?:\[deleted\] *)+(?=([.,;:!?)])?)")
_LITERAL = {
    f"{W}tab": "\t",
    f"{W}ptab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "-",
}
_HEADING = re.compile(r"(?:heading|标题|überschrift|titre)\s*(\d)", re.IGNORECASE)
_JUNK = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def read_docx(path: Path) -> ExtractedText:
    """Read a .docx file; heading styles and outline levels are declared as headings.

    Failures are those of zipfile, lxml and python-docx, and ``DocumentError`` for a file that
    unpacks to too much.
    """
    guard(path)
    from docx import Document

    return _Body(Document(str(path))).read()


class _Body:
    """One pass over a document: blocks of text with the level of those that are headings."""

    def __init__(self, document: "Document") -> None:
        self._document = document
        self._part = document.part
        styles = self._related("styles")
        self._numbering = Numbering(self._related("numbering"), styles)
        self._levels = _heading_levels(styles) if styles is not None else {}
        self._unseen = Unseen(styles, self._document.element)
        self._inspection = Inspection()
        self._notes = {kind: self._read_notes(kind) for kind in ("footnote", "endnote")}
        self._note_numbers: dict[str, int] = {"footnote": 0, "endnote": 0}
        self._blocks: list[tuple[str, int | None]] = []
        self._title = ""

    def read(self) -> ExtractedText:
        body = self._document.element.body
        if next(body.iter(*_CHANGES), None) is not None:
            self._inspection.note("tracked_changes")
        self._blocks = list(self._read_blocks(body))
        self._blocks += [(line, None) for line in self._headers_and_footers()]
        headings: list[Heading] = []
        pieces: list[str] = []
        position = 0
        for block, level in self._blocks:
            if pieces:
                pieces.append("\n\n")
                position += 2
            if level is not None:
                headings.append(Heading(level, position, position + len(block)))
            pieces.append(block)
            position += len(block)
        text = "".join(pieces)
        first = text[: headings[0].end] if headings and headings[0].start == 0 else ""
        title = self._core_title() or self._title or first
        return ExtractedText(
            text,
            headings=tuple(headings),
            title=" ".join(title.split())[:200],
            warnings=self._inspection.warnings(text),
        )

    def _core_title(self) -> str:
        try:
            title = _JUNK.sub("", self._document.core_properties.title or "").strip()
            return "" if title == "Word Document" else title  # python-docx's own placeholder
        except (KeyError, ValueError, AttributeError, TypeError):
            return ""  # a damaged property part costs the title only

    def _read_blocks(self, parent: "_Element") -> Iterator[tuple[str, int | None]]:
        """Paragraphs and tables under ``parent``, each followed by its text boxes and notes."""
        for child in _shown(parent):
            if child.tag == f"{W}p":
                yield from self._read_paragraph(child)
            elif child.tag == f"{W}tbl":
                rows = "\n".join(self._read_rows(child))
                if rows.strip():
                    yield rows, None
            elif child.tag == f"{W}altChunk":
                yield from self._read_embedded_page(child)
            elif child.tag not in (f"{W}sectPr", f"{W}r", f"{W}del"):
                yield from self._read_blocks(child)

    def _read_paragraph(self, paragraph: "_Element") -> Iterator[tuple[str, int | None]]:
        boxes: list[_Element] = []
        notes: list[tuple[str, str]] = []
        words = _tidy(self._inspection.visible("".join(self._read_words(paragraph, boxes, notes))))
        style = _style_of(paragraph)
        if words == DELETED:
            yield words, None
        elif words.strip():
            number = self._numbering.next_number(paragraph, style)
            level, is_title = self._levels.get(style, (None, False))
            own_level = paragraph.find(f"{W}pPr/{W}outlineLvl")
            if own_level is not None:
                depth = own_level.get(f"{W}val", "")
                level = int(depth) + 1 if depth.isdigit() and int(depth) < 9 else None
            if is_title and not self._title:
                self._title = words
            yield f"{number} {words}" if number else words, level
        for box in boxes:
            yield from self._read_blocks(box)
        for mark, key in notes:
            kind, _, note_id = key.partition(":")
            note = self._notes[kind].get(note_id)
            if note is not None:
                lines = " ".join(block for block, _ in self._read_blocks(note))
                yield f"{mark} {lines}", None

    def _read_words(
        self, parent: "_Element", boxes: "list[_Element]", notes: list[tuple[str, str]]
    ) -> Iterator[str]:
        """The words inside a paragraph; text boxes and notes met on the way are collected."""
        for child in _shown(parent):
            if child.tag in (f"{W}t", f"{_M}t"):
                yield child.text or ""
            elif child.tag in _LITERAL:
                yield _LITERAL[child.tag]
            elif child.tag == f"{W}del":
                if any(c.isalnum() for each in child.iter(f"{W}delText") for c in each.text or ""):
                    yield f" {DELETED} "
            elif child.tag in (f"{W}footnoteReference", f"{W}endnoteReference"):
                kind = "footnote" if child.tag == f"{W}footnoteReference" else "endnote"
                self._note_numbers[kind] += 1
                mark = str(self._note_numbers[kind]).translate(_SUPERSCRIPTS)
                notes.append((mark, f"{kind}:{child.get(f'{W}id', '')}"))
                yield mark
            elif child.tag == f"{W}txbxContent":
                boxes.append(child)
            elif child.tag == f"{W}r" and self._unseen.hides(child):
                self._inspection.hide("".join(each.text or "" for each in child.iter(f"{W}t")))
            else:
                yield from self._read_words(child, boxes, notes)

    def _read_rows(self, table: "_Element") -> Iterator[str]:
        for row in _descend(table, f"{W}tr"):
            cells = []
            for cell in _descend(row, f"{W}tc"):
                merged = cell.find(f"{W}tcPr/{W}vMerge")
                if merged is not None and merged.get(f"{W}val", "continue") == "continue":
                    cells.append("")
                    continue
                cells.append("\n".join(block for block, _ in self._read_blocks(cell)))
            line = " | ".join(cells)
            if line.strip(" |"):
                yield line

    def _read_embedded_page(self, chunk: "_Element") -> Iterator[tuple[str, int | None]]:
        from core.documents.markup import read_html

        relation = self._part.rels.get(chunk.get(f"{_R}id", ""))
        if relation is None or relation.is_external:
            return
        part = relation.target_part
        if "html" in part.content_type and (text := read_html(part.blob).text.strip()):
            yield text, None

    def _headers_and_footers(self) -> list[str]:
        lines: dict[str, None] = {}
        for ending in ("/header", "/footer"):
            for relation in self._part.rels.values():
                if relation.reltype.endswith(ending) and not relation.is_external:
                    blocks = self._read_blocks(_parsed(relation.target_part))
                    lines |= dict.fromkeys(block for block, _ in blocks)
        return list(lines)

    def _read_notes(self, kind: str) -> "dict[str, _Element]":
        root = self._related(f"{kind}s")
        if root is None:
            return {}
        return {
            note.get(f"{W}id", ""): note
            for note in root.iterfind(f"{W}{kind}")
            if note.get(f"{W}type") in (None, "normal")
        }

    def _related(self, name: str) -> "_Element | None":
        for relation in self._part.rels.values():
            if relation.reltype.endswith(f"/{name}") and not relation.is_external:
                return _parsed(relation.target_part)
        return None


def _parsed(part: "Part") -> "_Element":
    """The part's XML, by python-docx's parser, which expands no entities."""
    from docx.oxml.parser import parse_xml

    element: _Element | None = getattr(part, "element", None)
    return element if element is not None else parse_xml(part.blob)


def _shown(parent: "_Element") -> "Iterator[_Element]":
    """The children that a reader sees; of alternative contents, the first only."""
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in _DROPPED:
            continue
        if child.tag == f"{_MC}AlternateContent":
            chosen = child.find(f"{_MC}Choice")
            if chosen is None:
                chosen = child.find(f"{_MC}Fallback")
            if chosen is not None:
                yield from _shown(chosen)
        else:
            yield child


def _descend(parent: "_Element", tag: str) -> "Iterator[_Element]":
    """Children called ``tag``, also those inside content controls and tracked insertions."""
    for child in _shown(parent):
        if child.tag == tag:
            if child.find(f"{W}trPr/{W}del") is None:
                yield child
        elif child.tag not in (f"{W}tr", f"{W}tc", f"{W}p", f"{W}tbl"):
            yield from _descend(child, tag)


def _style_of(paragraph: "_Element") -> str:
    style = paragraph.find(f"{W}pPr/{W}pStyle")
    return "" if style is None else style.get(f"{W}val", "")


def _marked(deletions: re.Match[str]) -> str:
    return f" {DELETED}" if deletions.group(1) else f" {DELETED} "


def _tidy(words: str) -> str:
    words = _DELETIONS.sub(_marked, _JUNK.sub("", words))
    return "\n".join(line.strip() for line in words.split("\n")).strip()


def _heading_levels(styles: "_Element") -> dict[str, tuple[int | None, bool]]:
    """For each paragraph style: the heading level that it gives, and whether it is the title."""
    described: dict[str, tuple[int | None, bool]] = {}
    parents: dict[str, str] = {}
    for style in styles.iterfind(f"{W}style"):
        identity = style.get(f"{W}styleId", "")
        name_element = style.find(f"{W}name")
        name = name_element.get(f"{W}val", "") if name_element is not None else identity
        based_on = style.find(f"{W}basedOn")
        parents[identity] = based_on.get(f"{W}val", "") if based_on is not None else ""
        outline = style.find(f"{W}pPr/{W}outlineLvl")
        depth = outline.get(f"{W}val", "") if outline is not None else ""
        if name.lower() in ("title", "标题"):
            described[identity] = (1, True)
        elif match := _HEADING.match(name):
            described[identity] = (int(match.group(1)), False)
        elif depth.isdigit():
            described[identity] = (int(depth) + 1 if int(depth) < 9 else None, False)
    for identity, parent in parents.items():
        seen, ancestor = {identity}, parent
        while identity not in described and ancestor and ancestor not in seen:
            if ancestor in described:
                described[identity] = described[ancestor]
            seen.add(ancestor)
            ancestor = parents.get(ancestor, "")
    return described
