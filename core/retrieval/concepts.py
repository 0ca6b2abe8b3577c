"""What people ask about a contract, and how clauses word it.

"Can we walk away early?" shares no word with "may terminate this Agreement at any time upon thirty
days' notice".  The lexicon in ``assets/lexicon`` names the common concepts of contracts with the
words that people use and the wording of typical clauses; a question is searched with both.
"""

import json
import re
from dataclasses import dataclass
from functools import cache

from core.settings import ROOT

_LEXICON = ROOT / "assets" / "lexicon" / "concepts_en.json"
_MOST = 2
"""Concepts that one question may touch."""
_OPTIONAL = re.compile(r"\w\?")
_SHARE = 0.6
"""A concept counts if the words said for it are this share of the best one's, at least."""


@dataclass(frozen=True, slots=True)
class Concept:
    """``said`` finds the words of people; ``wording`` are typical clauses."""

    name: str
    said: tuple[re.Pattern[str], ...]
    wording: tuple[str, ...]


@cache
def concepts() -> tuple[Concept, ...]:
    """The concepts of the lexicon."""
    listed = json.loads(_LEXICON.read_text(encoding="utf-8"))["concepts"]
    return tuple(
        Concept(
            each["name"],
            tuple(re.compile(rf"\b{said}", re.IGNORECASE) for said in each["said"]),
            tuple(each["wording"]),
        )
        for each in listed
    )


def wording_for(asks: str) -> tuple[str, ...]:
    """The typical wording of the concepts that a question touches, the nearest first."""
    scored = []
    for concept in concepts():
        matches = (pattern.search(asks) for pattern in concept.said)
        if length := sum(_said(match) for match in matches if match):
            scored.append((length, concept))
    if not scored:
        return ()
    scored.sort(key=lambda pair: -pair[0])
    best = scored[0][0]
    near = [concept for length, concept in scored[:_MOST] if length >= _SHARE * best]
    return tuple(text for concept in near for text in concept.wording)


def _said(match: re.Match[str]) -> int:
    """The characters that were said for a concept, without what may lie between."""
    return sum(len(each) for each in match.groups() if each) or len(match.group())


@cache
def asked_words() -> frozenset[str]:
    """The words of asking, in lower case, which name no document: those of the lexicon, without
    the first of each that is said, which is a name too often (Best Buy, Evergreen).
    """
    texts = [text for each in concepts() for text in (each.name, *each.wording)]
    patterns = [said.pattern.partition(" ")[2] for each in concepts() for said in each.said]
    said = [form for each in patterns for form in (each.replace("?", ""), _OPTIONAL.sub("", each))]
    return frozenset(re.findall(r"[a-z]{2,}", " ".join([*texts, *said]).lower()))
