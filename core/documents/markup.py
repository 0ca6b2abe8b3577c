"""Text, Markdown and HTML. Text and Markdown keep every character, so that offsets hold."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.documents.encoding import decode, decode_html
from core.documents.inspection import Inspection
from core.types import ExtractedText, Heading

if TYPE_CHECKING:
    from bs4 import Tag

_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(?P<words>.*?)[ \t]*#*[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_BEGINS_A_BLOCK = re.compile(r"\s*([>#|]|[-*+] |\d+[.)] )|    ")
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0?(?:\.0+)?\s*(?:;|$)"
    r"|font-size\s*:\s*(?:0?\.\d+|[01])?(?:px|pt|em|rem|%)?\s*(?:;|$|!)(?<!1em)(?<!1rem)",
    re.IGNORECASE,
)
_OFF_PAGE = re.compile(r"(?:left|top|right|text-indent|margin-left)\s*:\s*-\d{4,}", re.IGNORECASE)
_COLOUR = re.compile(r"(?:^|;|\s)color\s*:\s*([^;!]{1,40})", re.IGNORECASE)
_GROUND = re.compile(r"background(?:-color)?\s*:\s*([^;!]{1,80})", re.IGNORECASE)
_WHITE = re.compile(
    r"white|transparent|snow|ivory|#(?:f[a-f0-9]){3}|#fff|rgba?\((?:\s*25\d\s*,){2}\s*25\d\b[^)]*\)",
    re.IGNORECASE,
)
_CELL = " | "
_UNSEEN = re.compile(
    "script|style|template|noscript|head|iframe|object|svg|math|canvas|select|option|datalist"
    "|audio|video|map|input|textarea"
)
_BLOCKS = re.compile(
    "address|article|aside|blockquote|body|caption|center|dd|details|dialog|div|dl|dt|fieldset"
    "|figcaption|figure|footer|form|h[1-6]|header|hr|html|legend|li|main|nav|ol|p|pre|section"
    "|summary|table|tbody|tfoot|thead|tr|ul"
)


def read_text(content: bytes) -> ExtractedText:
    """Read plain text: every character as decoded, line ends included."""
    text = decode(content)
    return ExtractedText(text, warnings=_warnings(text))


def _warnings(text: str) -> tuple[str, ...]:
    """What is odd about a text whose every character is kept."""
    inspection = Inspection()
    inspection.look_for_invisible(text)
    return inspection.warnings(text)


def read_markdown(content: bytes) -> ExtractedText:
    """Read Markdown: its source to the character, with ``#`` and underlined headings declared."""
    text = decode(content)
    headings = tuple(_markdown_headings(text))
    title = ""
    if headings:
        title = text[headings[0].start : headings[0].end].strip().strip("#").strip()
    return ExtractedText(text, headings=headings, title=title, warnings=_warnings(text))


def _markdown_headings(text: str) -> Iterator[Heading]:
    position, previous, previous_start, fenced = 0, "", 0, False
    for line in text.splitlines(keepends=True):
        bare = line.rstrip("\r\n")
        start, position = position, position + len(line)
        if _FENCE.match(bare):
            fenced = not fenced
        elif not fenced:
            if (atx := _ATX.match(bare)) and atx["words"]:
                yield Heading(len(atx.group(1)), start, start + len(bare))
                bare = ""
            elif (
                (underline := _UNDERLINE.match(bare))
                and 0 < len(previous.strip()) <= 200
                and not _BEGINS_A_BLOCK.match(previous)
            ):
                level = 1 if "=" in underline.group() else 2
                yield Heading(level, previous_start, start + len(bare))
        previous, previous_start = bare, start


def read_html(content: bytes) -> ExtractedText:
    """Read a web page: the text that a browser would show, tables as rows, headings declared.

    Hidden elements are told by their own attributes, not by style sheets.
    """
    from bs4 import BeautifulSoup

    page = BeautifulSoup(decode_html(content), "lxml")
    writer = _Writer()
    writer.write(page)
    title = page.title.get_text() if page.title else ""
    return writer.finished(" ".join(title.split()))


class _Writer:
    """Collects visible text, collapsing white space and starting lines as a browser would."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._cells = 0
        self._headings: list[Heading] = []
        self._inspection = Inspection()

    def finished(self, title: str) -> ExtractedText:
        text = "".join(self._pieces)
        warnings = self._inspection.warnings(text)
        return ExtractedText(text, headings=tuple(self._headings), title=title, warnings=warnings)

    def write(self, tag: "Tag", preformatted: bool = False) -> None:
        from bs4.element import NavigableString, PreformattedString, Tag

        for child in tag.children:
            if isinstance(child, Tag):
                if _is_hidden(child):
                    self._inspection.hide(child.get_text(" "))
                elif not _UNSEEN.fullmatch(child.name):
                    self._write_tag(child, preformatted or child.name == "pre")
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._words(str(child), preformatted)

    def _write_tag(self, tag: "Tag", preformatted: bool) -> None:
        if tag.name == "br":
            self._break("\n" if self._ends_lines() < 1 else "\n\n")
        elif tag.name in ("td", "th"):
            if tag.find_previous_sibling(["td", "th"]) is not None:
                self._strip(" \n")
                self._add(_CELL)
            self._cells += 1
            self.write(tag, preformatted)
            self._cells -= 1
        elif _BLOCKS.fullmatch(tag.name):
            in_cell = self._cells > 0 and tag.name != "tr"
            gap = "\n" if in_cell or tag.name in ("li", "tr", "dt", "dd") else "\n\n"
            self._break(gap)
            start = self._length
            self.write(tag, preformatted)
            if tag.name[0] == "h" and tag.name[1:].isdigit() and self._length > start:
                end = max(start, self._length - self._blanks_at_end())
                self._headings.append(Heading(int(tag.name[1:]), start, end))
            self._break(gap)
        else:
            self.write(tag, preformatted)

    def _words(self, words: str, preformatted: bool) -> None:
        if not preformatted:
            words = re.sub(r"\s+", " ", words)
            if not self._pieces or self._pieces[-1][-1] in " \n":
                words = words.removeprefix(" ")
        self._add(words)

    def _break(self, gap: str) -> None:
        """Make sure that the text ends with ``gap``; nothing is put before the first word."""
        if self._pieces and self._pieces[-1] == _CELL:
            return
        self._strip(" ")
        if self._pieces:
            self._add("\n" * max(0, len(gap) - self._ends_lines()))

    def _strip(self, characters: str) -> None:
        while self._pieces and self._pieces[-1][-1] in characters:
            last = self._pieces.pop()
            bare = last.rstrip(characters)
            self._length -= len(last) - len(bare)
            if bare:
                self._pieces.append(bare)

    def _ends_lines(self) -> int:
        """How many line ends the last pieces end with; a long piece is not copied for it."""
        tail = "".join(piece[-3:] for piece in self._pieces[-3:])
        return len(tail) - len(tail.rstrip("\n"))

    def _blanks_at_end(self) -> int:
        blanks = 0
        for piece in reversed(self._pieces):
            bare = len(piece.rstrip())
            blanks += len(piece) - bare
            if bare:
                break
        return blanks

    def _add(self, text: str) -> None:
        text = self._inspection.visible(text.replace("\0", ""))
        if text:
            self._pieces.append(text)
            self._length += len(text)


def _is_hidden(tag: "Tag") -> bool:
    if tag.has_attr("hidden"):
        return True
    style = str(tag.get("style", ""))
    if not style and tag.name != "font":
        return False
    if _HIDDEN_STYLE.search(style) or _OFF_PAGE.search(style):
        return True
    colour = _COLOUR.search(style) or _COLOUR.search(f"color:{tag.get('color', '')}")
    return bool(colour and _WHITE.fullmatch(colour.group(1).strip())) and not _has_ground(tag)


def _has_ground(tag: "Tag") -> bool:
    """Whether the tag stands on a ground of its own, on which white words are seen."""
    for around in (tag, *tag.parents):
        ground = _GROUND.search(str(around.get("style", "")))
        if around.get("bgcolor") or around.get("class"):  # a style sheet may colour it
            return True
        if ground:
            return not _WHITE.fullmatch(ground.group(1).strip())
    return False
