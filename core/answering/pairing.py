"""Which term of a passage says which term of a statement."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from core.answering.articles import article_says
from core.answering.lexicon import opposite
from core.answering.quantities import says
from core.answering.statements import sentences
from core.answering.terms import Term, lowered

CONTENT = frozenset(["word", "party", "number", "date", "article"])
COPIED = 0.82
"""The share of a statement's words that a near copy has in common with the passage, in order."""
_SURFACE = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[\u4e00-\u9fff]")
_WINDOW = 3
"""Sentences of a passage that may carry one statement together."""
_POINTS_BACK = re.compile(
    r"(?:such|it|this|these|those|they|he|she|provided|however|but|except|if so|if not"
    r"|in (?:such|that|this) (?:case|event))\b|[其该此]|但|前述|上述|逾期|法律另有|\(|（",
    re.I,
)
_NEGATIONS = frozenset(("not", "ban", "exempt"))
_MODES = frozenset("force not without exception condition only join bound order".split())


@dataclass(frozen=True)
class Pairing:
    """The terms of a statement (``said``), of a passage's words (``held``), and who meets whom.

    ``to[i]`` is the place in ``held`` of what says ``said[i]``, or ``None``.  ``ordered`` holds the
    places in ``said`` that are met in the passage's own order.  ``copied`` tells that the statement
    is the passage's wording but for a place or two.
    """

    said: tuple[Term, ...]
    held: tuple[Term, ...]
    to: tuple[int | None, ...]
    ordered: frozenset[int]
    copied: bool = False

    @cached_property
    def back(self) -> dict[int, int]:
        """From places in ``held`` to places in ``said``."""
        return {there: here for here, there in enumerate(self.to) if there is not None}

    @cached_property
    def ordered_places(self) -> frozenset[int]:
        """The places in ``held`` that are met in order."""
        return frozenset(there for i in self.ordered if (there := self.to[i]) is not None)

    @cached_property
    def missing(self) -> float:
        """The share of the statement's weight that no term of the passage says."""
        whole = sum(term.weight for term in self.said)
        lost = sum(self.lost(i) for i, there in enumerate(self.to) if there is None)
        return lost / whole if whole else 1.0

    def lost(self, i: int) -> float:
        """The weight of a word without counterpart; less if the passage has its characters."""
        text = self.said[i].text
        partial = text >= "\u4e00" and all(character in self.characters for character in text)
        return self.said[i].weight * (0.5 if partial else 1.0)

    @cached_property
    def hole(self) -> float:
        """The weight of the longest run of words that no term of the passage says."""
        longest = run = 0.0
        for i, term in enumerate(self.said):
            if term.weight:
                run = run + self.lost(i) if self.to[i] is None else 0.0
                longest = max(longest, run)
        return longest

    @cached_property
    def scatter(self) -> float:
        """The share of neighbouring words that the passage has far apart."""
        places = [there for t, there in zip(self.said, self.to, strict=True) if t.weight]
        pairs = [(a, b) for a, b in pairwise(places) if a is not None and b is not None]
        far = sum(abs(b - a) > 8 for a, b in pairs)
        few = 0 < len(pairs) < 5
        return far / len(pairs) if far > 3 or few else 0.0  # two halves may change places

    @cached_property
    def characters(self) -> frozenset[str]:
        """The Chinese characters of the passage's words."""
        return frozenset("".join(term.text for term in self.held if term.text >= "\u4e00"))


def copies(said: str, held: str) -> bool:
    """Whether a statement repeats a passage's words but for a few: a paraphrase does not.

    Of a verbatim sentence with one thing changed, 85 % of the words and more stay (*measured* on
    the planted corruptions of ``tests/bench``); Chinese, read by characters, is changed in one or
    two places, where a paraphrase that keeps as much differs in more.
    """
    words, passage = _SURFACE.findall(lowered(said)), _SURFACE.findall(lowered(held))
    masks: dict[str, int] = {}
    for place, word in enumerate(passage):
        masks[word] = masks.get(word, 0) | 1 << place
    met = _common([masks.get(word, 0) for word in words], len(passage))
    changed = [i for i in range(len(words)) if i not in met]
    places = sum(i - 1 not in changed for i in changed)
    chinese = sum(word >= "\u4e00" for word in words) > len(words) // 2
    return len(met) >= COPIED * len(words) and (places <= 2 or not chinese)


def pair(said: Sequence[Term], held: Sequence[Term], copied: bool = False) -> Pairing:
    """Pair the terms: as many as possible in order, the others with the nearest that is free.

    In order: a longest common subsequence, found with one big integer a term (Hyyrö 2004).
    """
    masks: dict[tuple[str, str, frozenset[str]], int] = {}
    for term in said:
        if _identity(term) not in masks:
            masks[_identity(term)] = sum(
                1 << place for place, other in enumerate(held) if says_it(term, other)
            )
    rows = [masks[_identity(term)] if term.kind != "prep" else 0 for term in said]
    ordered = _densest(rows, len(held))
    to: list[int | None] = [ordered.get(i) for i in range(len(said))]
    free = set(range(len(held))) - set(ordered.values())
    met: dict[int, list[int]] = {}
    for i, term in enumerate(said):
        if to[i] is None and term.kind in CONTENT:
            mask = masks[_identity(term)]
            places = met.get(mask) or met.setdefault(mask, _places(mask))
            choice = [each for each in places if each in free] or places
            choice = choice or [j for j in free if _denied_opposite(said, i, held, j)]
            if choice:
                near = _expected(to, i)
                to[i] = min(choice, key=lambda place: abs(place - near))
                free.discard(to[i] or 0)
    return Pairing(tuple(said), tuple(held), tuple(to), frozenset(ordered), copied)


def best_window(
    said: Sequence[Term], held: Sequence[Term], passage: str, together: bool = False
) -> tuple[tuple[int, int], float]:
    """The fewest neighbouring sentences that hold the most of the statement's weight.

    Sentences that stand by themselves count as one only where ``together`` asks for it.
    """
    wanted: dict[str, float] = {}
    alike: dict[str, set[str]] = {}
    for term in said:
        if term.kind != "article":
            wanted[term.key] = wanted.get(term.key, 0.0) + term.weight
            for sense in term.senses or {term.key}:
                alike.setdefault(sense, set()).add(term.key)
    whole = sum(wanted.values())
    spans = sentences(passage)
    if not whole or not spans:
        return (0, len(passage)), 0.0
    keys: list[set[str]] = [set() for _ in spans]
    for term in held:
        for sense in term.senses or {term.key}:
            keys[min(term.sentence, len(spans) - 1)] |= alike.get(sense, set())
    best, best_score, best_share = spans[0], -1.0, 0.0
    for at in range(len(spans)):
        if not keys[at]:
            continue
        found: set[str] = set()
        for size in range(min(_WINDOW, len(spans) - at)):
            goes_on = not size or _goes_on(passage, spans[at + size - 1], spans[at + size])
            if not (goes_on or together):
                break
            found |= keys[at + size]
            share = sum(wanted[key] for key in found) / whole
            if share - 0.03 * size > best_score:
                best_score, best_share = share - 0.03 * size, share
                best = (spans[at][0], spans[at + size][1])
    return best, best_share


def _goes_on(passage: str, before: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether a sentence goes on in the next: a list, or one that only points back.

    Two sentences that stand by themselves never carry one statement together.
    """
    return passage[before[1] - 1] in ";；:：,，" or bool(_POINTS_BACK.match(passage, after[0]))


def negated(terms: Sequence[Term], place: int, reach: int = 4) -> bool:
    """Whether a negation stands shortly before a term, in its sentence."""
    for i in range(place - 1, max(-1, place - 1 - reach), -1):
        if terms[i].sentence != terms[place].sentence:
            return False
        if terms[i].key in _NEGATIONS:
            return True
    return False


def _counts(term: Term) -> bool:
    return term.kind in CONTENT or term.kind in _MODES


def _identity(term: Term) -> tuple[str, str, frozenset[str]]:
    return term.kind, term.key, term.senses


def says_it(said: Term, held: Term) -> bool:
    """Whether a term of a passage says one of the statement."""
    if said.kind in ("number", "date"):
        return held.kind == said.kind and says(held.key, said.key)
    if said.kind == "article":
        return held.kind == "article" and article_says(held.key, said.key)
    if said.kind in CONTENT:
        return held.kind in CONTENT and said.means(held)
    return held.kind == said.kind and held.key == said.key


def _densest(rows: Sequence[int], size: int) -> dict[int, int]:
    """Of the subsequences found from either end, the one that stands closer together."""
    last = _common(rows, size)
    back = _common([_turned(row, size) for row in reversed(rows)], size)
    first = {len(rows) - 1 - i: size - 1 - j for i, j in back.items()}
    return min((last, first), key=_looseness)


def _looseness(found: dict[int, int]) -> int:
    places = sorted(found.values())
    return sum(min(8, high - low) for low, high in pairwise(places))


def _turned(mask: int, size: int) -> int:
    return int(f"{mask:0{size}b}"[::-1], 2) if size else 0


def _common(masks: Sequence[int], size: int) -> dict[int, int]:
    """A longest common subsequence; bit ``j`` of ``masks[i]`` tells that ``i`` meets ``j``."""
    full = (1 << size) - 1
    row, rows = full, [full]
    for mask in masks:
        met = row & mask
        row = ((row + met) | (row - met)) & full
        rows.append(row)
    found: dict[int, int] = {}
    i, j = len(masks), size
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
        elif rows[i - 1] >> (j - 1) & 1:
            i, j = i - 1, j - 1
            found[i] = j
        else:
            i -= 1
    return found


def _places(mask: int) -> list[int]:
    places = []
    while mask:
        places.append((mask & -mask).bit_length() - 1)
        mask &= mask - 1
    return places


def _expected(to: list[int | None], i: int) -> float:
    """Where the neighbours of a term lead one to look for it."""
    for reach in range(1, 6):
        near = [
            place - step
            for step in (-reach, reach)
            if 0 <= i + step < len(to) and (place := to[i + step]) is not None
        ]
        if near:
            return sum(near) / len(near)
    return 0.0


def _denied_opposite(said: Sequence[Term], i: int, held: Sequence[Term], j: int) -> bool:
    """ "Not valid" says "void"."""
    return opposite(said[i].key, held[j].key) and negated(said, i) != negated(held, j)


def next_content(terms: tuple[Term, ...], i: int, count: int = 3) -> list[int]:
    found: list[int] = []
    for k in range(i + 1, len(terms)):
        if terms[k].sentence != terms[i].sentence or len(found) == count:
            break
        if terms[k].kind == "force" and found:
            break
        if terms[k].kind in CONTENT:
            found.append(k)
    return found
