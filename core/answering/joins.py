"""And stays and, or stays or."""

from core.answering.lexicon import stem
from core.answering.modality import NEGATIVE
from core.answering.pairing import Pairing, next_content
from core.answering.terms import Term

_STOPPING = frozenset("stop ceas refrain discontinu prevent prohibit 停止 禁止 防止".split())
_TURNED_ROUND = ({"before", "after"}, {"before", ""})
"""Where a list is denied on either side when and and or say the same."""
_BANNING = frozenset(("禁止", "严禁"))
"""What governs its whole sentence, however long the list."""
_JOINED, _FREELY_JOINED = 6, 10
"""How many terms may lie between two that are joined: in a near copy, in a free wording."""


def joins_agree(pairing: Pairing) -> str:
    """Or stays or, and stays and, between the same words.

    In a free wording, not of what only one of the two denies, or denies before the list where the
    other does so after it: "neither A nor B", "not A or B" and "A and B may not" are one.
    """
    said, held = pairing.said, pairing.held
    for i, term in enumerate(said):
        if term.kind != "join":
            continue
        joins = _joins_in_passage(pairing, i)
        if not pairing.copied and (
            any(held[j].key == "andor" or _is_stopped(held, j) for j in joins)
            or (term.key == "or" and any(_begins_a_leave(held, j) for j in joins))
            or any({_denied_where(said, i), _denied_where(held, j)} in _TURNED_ROUND for j in joins)
            or _is_stopped(said, i)
            or _takes_in_all(said, i)
        ):
            continue
        if joins and term.key not in {held[j].key for j in joins}:
            return "alternative_differs"
    return ""


def _begins_a_leave(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a second thing is allowed after an "and": A may do this and may do that."""
    return any(t.key == "leave" for t in terms[i + 1 : i + 4])


def _joins_in_passage(pairing: Pairing, i: int) -> list[int]:
    """Where the passage joins the words about an "and" or "or"; the nearest two in any order."""
    before, after = range(i - 1, max(-1, i - 3), -1), next_content(pairing.said, i, 2)
    if not pairing.copied and (not after or after[0] > i + 2):
        return []  # joins clauses: "and where, before"
    reach = _JOINED if pairing.copied else _FREELY_JOINED
    spans = []
    for here in before:
        for there in after:
            low, high = pairing.to[here], pairing.to[there]
            if low is None or high is None:
                continue
            if high < low and not pairing.copied and here == i - 1 and there == after[0]:
                low, high = high, low
            if 0 < high - low <= reach:
                spans.append((low, high))
    low, high = min(spans, key=lambda span: span[1] - span[0], default=(0, 0))
    return [j for j in range(low, high) if pairing.held[j].kind == "join"]


def _denied_where(terms: tuple[Term, ...], i: int) -> str:
    """Whether what stands at a place is denied before it, after it, or not at all."""
    if any(
        t.key in NEGATIVE or t.kind == "without"
        for t in terms[max(0, i - (12 if terms[i].text >= "\u4e00" else 7)) : i]
        if t.sentence == terms[i].sentence
    ):
        return "before"
    own = [t for t in terms if t.sentence == terms[i].sentence]
    if any(t.text in _BANNING and t.start < terms[i].start for t in own):
        return "before"
    after = [t for t in terms[i + 1 : i + 13] if t.sentence == terms[i].sentence]
    return "after" if any(t.key in NEGATIVE for t in after) else ""


def _takes_in_all(terms: tuple[Term, ...], i: int) -> bool:
    """Whether and or or is one to those who are joined: 单位和个人不得, 不论单位还是个人."""
    own = [t.sentence == terms[i].sentence for t in terms]
    before = [t for k, t in enumerate(terms) if i - 3 <= k < i and own[k]]
    after = [t for k, t in enumerate(terms) if i < k < i + 4 and own[k]]
    every = terms[i].text == "还是" or any(t.text in ("不论", "无论", "不管") for t in before)
    return every or (terms[i].text >= "\u4e00" and any(t.key == "ban" for t in after))


def _is_stopped(terms: tuple[Term, ...], i: int) -> bool:
    """Whether the words before a place deny in themselves: "stop using or referring"."""
    before = [t for t in terms[max(0, i - 3) : i] if t.sentence == terms[i].sentence]
    return any(stem(t.text.casefold()) in _STOPPING for t in before)
