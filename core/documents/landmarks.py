"""Divisions that bear no clause number: recitals, signatures, defined terms, paragraphs of a
judgment, and headings that stand alone on their line.
"""

import re
from collections.abc import Iterator

from core.documents.clauses import Opening, is_title

_DOCUMENT_PART = 10
_SECTION = 13
_SUBSECTION = 14
_FEWEST_CLAUSES = 3
"""From so many numbered clauses on, a text's outline is its numbers, not its bare lines."""
_LANDMARK = re.compile(
    r"""
    ^[ \t\u3000]*
    (?: (?P<preface> (?: BACKGROUND | RECITALS? | PREAMBLE | PARTIES | WITNESSETH | AGREED\ TERMS
            | W\ I\ T\ N\ E\ S\ S\ E\ T\ H | OPERATIVE\ PROVISIONS | Background | Recitals?
            | Parties
            | Agreed\ [Tt]erms | 鉴于 ) (?=[ \t]*[:：]?[ \t]*$) )
      | (?P<closing> Executed\ as\ a\ deed | EXECUTED\ (?:AS|as)\ (?:A|a)\ (?:DEED|deed)
            | SIGNATURE\ PAGES? | Signature\ Pages? | 签署页 | （?以下无正文）?(?=\s)
            | 附\s*表(?=\s*[：:]?\s*$) )
      | (?P<section> 附\s*则(?=[ \t\u3000]*$)
            | 裁判要[旨点] | 基本案情 | 案件事实 | 争议焦点 | 裁判理由 | 裁判结果 | 关联索引
            | 相关法条
            | (?:本院)?经审理查明 | 本院(?:经审查)?认为
            | (?:综上(?:所述)?，?[^\n。]{0,80}?)?判决如下 | 裁定如下 )
      | (?P<paragraph> \[(?P<bracketed>\d{1,3})\] | ¶[ ]?(?P<pilcrow>\d{1,3})\.? ) (?=\s)
    )
    | (?P<signed> \bIN\ WITNESS\ WHEREOF\b | (?<=\n)[ \t]*In\ [Ww]itness\ [Ww]hereof\b )
    | (?: ^[ \t\u3000]* | (?<=[a-z)][.;:])\s{1,3} | (?<=[。；：]) )
      (?P<term> ["“][^"”“\n]{2,70}["”] ) \s{0,2}
      (?= (?:\([^()\n]{1,60}\)\s)? (?:shall\ |will\ )?
          (?:means?|refers?\ to|has\ the\ (?:same\ )?meaning|is\ defined)\b
        | ，?(?:系|均)?是?指 )
    """,
    re.MULTILINE | re.VERBOSE,
)
_LINE = re.compile(r"^[ \t]*(?P<line>[^\s|•·*#>(（\[“\"‘0-9-][^\n|]{2,78})$", re.MULTILINE)
_NO_HEADING = re.compile(
    r"[,:;.。，；：_@=]|\d{3}|\b(?:Inc|LLC|Ltd|Limited|INC|LTD|LIMITED|Corp|By|Name|Title|Date|Page|Attn)\b"
)


def landmarks(text: str, clauses: list[Opening], has_headings: bool) -> list[Opening]:
    """Find the unnumbered divisions of ``text``, in order.

    ``clauses`` are its numbered ones.  Bare lines count as headings only where neither numbers nor
    the format (``has_headings``) give an outline.
    """
    found: list[Opening] = []
    paragraph = 0
    for match in _LANDMARK.finditer(text):
        kind = next(each for each in _READ if match[each] is not None)
        start, end = match.span(kind)
        if kind == "paragraph":
            number = int(match["bracketed"] or match["pilcrow"])
            if number not in (1, paragraph + 1):
                continue
            paragraph = number
        is_heading = kind == "preface" or match.group().endswith("如下")
        found.append(Opening(start, end, *_READ[kind], heading_end=end * is_heading))
    numbered = sum(each.style.startswith("decimal") or bool(each.rank) for each in clauses)
    if numbered < _FEWEST_CLAUSES and not has_headings:
        found += _bare_headings(text)
    return sorted(found, key=lambda each: (each.start, -each.rank))


_READ: dict[str, tuple[str, int]] = {
    "preface": ("preface", _SECTION),
    "closing": ("signed", _DOCUMENT_PART),
    "signed": ("signed", _DOCUMENT_PART),
    "section": ("named", _SECTION),
    "paragraph": ("[1]", 0),
    "term": ("term", 0),
}
"""The style and the rank of the division that each kind of landmark opens."""


def _bare_headings(text: str) -> Iterator[Opening]:
    """Short lines in capitals or title case, with a paragraph below them."""
    lines = [match for match in _LINE.finditer(text) if _is_heading(text, match)]
    has_capitals = any(match["line"].isupper() for match in lines)
    for match in lines:
        words = match["line"]
        rank = _SECTION if words.isupper() or not has_capitals else _SUBSECTION
        start = match.start("line")
        end = start + len(words.rstrip())
        yield Opening(start, end, "title", rank, heading_end=end)


def _is_heading(text: str, match: re.Match[str]) -> bool:
    words = match["line"].strip()
    if not words.isascii() or _NO_HEADING.search(words) or not is_title(words):
        return False
    if not re.search(
        r"\n[ \t]*$|^[ \t]*$", text[max(0, match.start("line") - 20) : match.start("line")]
    ):
        return False
    below = re.match(r"\s*([^\n]*)", text[match.end() : match.end() + 400])
    body = below.group(1) if below else ""
    is_text = len(body) > max(40, len(words)) or body.endswith((".", ";", ":"))
    return is_text and (body[0].isupper() or body[0] in '[¶(“"0123456789')
