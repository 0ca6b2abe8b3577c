"""References to articles, sections and schedules, in either language, as comparable keys."""

import re

from core.answering.quantities import folded
from core.documents.numerals import chinese_number

_ARTICLE_LABEL = r"\d+(?:\.\d+)*(?:\s?\([a-z0-9]{1,4}\))*|[ivxl]+\b|[a-z]\b(?:-\d+)?"
_ARTICLE = re.compile(
    rf"(?:\b(sections?|sec\.|articles?|art\.|clauses?|paragraphs?|subsections?|sub-clauses?|paras?\.?"
    rf"|schedules?|exhibits?|annex(?:es)?|appendix|attachments?|chapters?|items?|rules?)(?![a-z])|(§+))\s*"
    rf"((?:{_ARTICLE_LABEL})(?:(?:\s*(?:,|and|or|to|through|&))+\s*(?:\d+(?:\.\d+)*"
    rf"(?:\s?\([a-z0-9]{{1,4}}\))*))*)"
)
_CHINESE_ARTICLE = re.compile(
    r"第\s*[(]?([\d〇零一二三四五六七八九十百千]+)[)]?\s*([条款项章节编])"
)
_APPENDED = ("sch", "exh", "ann", "app", "att")


def articles(text: str) -> tuple[tuple[str, int, int], ...]:
    """The articles, sections and schedules that ``text`` refers to: ``(key, start, end)``.

    第577条, 第五百七十七条 and Article 577 are one; a schedule is no section.
    """
    plain = folded(text).lower()
    found = []
    for match in _ARTICLE.finditer(plain):
        sign = "+" if match.group(1) and match.group(1).startswith(_APPENDED) else "§"
        labels = re.split(r"\s*(?:(?:,|\band\b|\bor\b|\bto\b|\bthrough\b|&)\s*)+", match.group(3))
        said = sorted(re.sub(r"\s", "", label) for label in labels if label)
        found.append((sign + ",".join(said), match.start(), match.end()))
    for match in _CHINESE_ARTICLE.finditer(plain):
        level = "" if match.group(2) == "条" else match.group(2)
        found.append((f"§{chinese_number(match.group(1))}{level}", match.start(), match.end()))
    return tuple(sorted(found, key=lambda each: each[1]))


def article_says(held: str, said: str) -> bool:
    """Whether a reference names another: Section 12.1 is in Section 12."""
    if held[0] != said[0]:
        return False
    labels = held[1:].split(",")
    return all(
        any(label == wanted or label.startswith((wanted + ".", wanted + "(")) for label in labels)
        for wanted in said[1:].split(",")
    )
