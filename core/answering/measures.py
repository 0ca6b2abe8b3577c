"""How much, when and which article; at least or at most, before or after, and or or."""

from dataclasses import replace
from itertools import pairwise

from core.answering.lexicon import stem
from core.answering.modality import NEGATIVE
from core.answering.pairing import CONTENT, Pairing, next_content, says_it
from core.answering.quantities import says
from core.answering.terms import Term

_AFTER_NUMBER = frozenset("以上 以下 以内 之内 内 及以上".split()) | {
    f"or {word}" for word in "more longer less fewer greater above below later earlier".split()
}
_STOPPING = frozenset("stop ceas refrain discontinu prevent prohibit 停止 禁止 防止".split())
_UPWARD = {"ge": 1, "gt": 1, "le": -1, "lt": -1, "after": 1}
_TURNED_ROUND = ({"before", "after"}, {"before", ""})
"""Where a list is denied on either side when and and or say the same."""
_JOINED, _FREELY_JOINED = 6, 10
"""How many terms may lie between two that are joined: in a near copy, in a free wording."""
_LOOSE_LIMITS = frozenset(("within", "内", "以内", "之内", "up to", "inside of"))


_TURNED = {"no later than": "ge", "not later than": "ge", "no earlier than": "le"}
"""What these say of a number of days before something: seven days before, or more of them."""


def quantities_are_there(pairing: Pairing) -> str:
    """Every number, date and article of the statement stands in the passage."""
    for kind in ("date", "article", "number"):
        for term, there in zip(pairing.said, pairing.to, strict=True):
            if term.kind == kind and there is None and not _goes_uncounted(pairing, term):
                return f"{kind}_not_found"
    for i, term in enumerate(pairing.said):
        if term.kind in ("number", "date") and _another_stands_there(pairing, i):
            return f"{term.kind}_not_found"
    return ""


def _goes_uncounted(pairing: Pairing, term: Term) -> bool:
    """Whether a small count needs no number: "the two" of two who are named, "a year"."""
    value, _, unit = term.key.partition(" ")
    others = [
        t.key.partition(" ")[0]
        for j, t in enumerate(pairing.held)
        if t.kind == "number" and j not in pairing.back and " " not in t.key
    ]
    if value == "=1":
        return not unit or any(t.kind == "word" and stem(unit) in t.senses for t in pairing.held)
    return value in ("=2", "=3") and not unit and not others and not pairing.copied


def _another_stands_there(pairing: Pairing, i: int) -> bool:
    """Whether the word before a number has another number of its kind in the passage."""
    term, there, held = pairing.said[i], pairing.to[i] or 0, pairing.held
    k = next((k for k in range(i - 1, -1, -1) if pairing.said[k].weight), None)
    beside = pairing.to[k] if k is not None and i - k <= 3 else None
    if beside is None or k is None or pairing.said[k].sentence != term.sentence:
        return False
    if any(says_it(pairing.said[k], t) for t in held[max(0, there - 4) : there]):
        return False  # the same word stands before this number too
    for j in range(beside + 1, min(len(held), beside + 4)):
        if held[j].kind == term.kind and held[j].sentence == held[beside].sentence:
            if j in pairing.back and not pairing.copied:
                return False  # "a rate of 7 per million": a rate per million of 7
            unit, other = (t.key.partition(" ")[2] for t in (term, held[j]))
            return unit == other and not says(held[j].key, term.key) and abs(there - beside) > 4
    return False


def bounds_agree(pairing: Pairing) -> str:
    """At least, at most, more than and less than go with the same numbers."""
    for i, term in enumerate(pairing.said):
        there = pairing.to[i]
        if term.kind not in ("number", "date") or there is None:
            continue
        one, other = _bound(pairing.said, i), _bound(pairing.held, there)
        key, wanted = (one.key if one else ""), (other.key if other else "")
        if key == wanted:
            continue
        if not pairing.copied:
            again = [j for j, t in enumerate(pairing.held) if t.key == pairing.held[there].key]
            bounds = [_bound(pairing.held, j) for j in again]
            ways = [_UPWARD.get(b.key if b else "", 0) * _UPWARD.get(key, 0) for b in bounds]
            if _is_denied(pairing.said, i) != _is_denied(pairing.held, there):
                continue  # "not received within 60 days" is "more than 60 days late"
            if min(ways) < 0 and max(ways) <= 0:
                return "comparison_differs"
            continue
        if key and wanted:
            return "comparison_differs"
        if key in ("gt", "lt") or wanted in ("gt", "lt"):
            return "comparison_differs"
        if other and wanted == "le" and other.text.casefold() not in _LOOSE_LIMITS:
            return "comparison_differs"
    return _bounds_before(pairing) if pairing.copied else _other_bound(pairing)


def _other_bound(pairing: Pairing) -> str:
    """Whether every limit of the passage goes the other way than one of the statement."""
    bounds = [t for t in pairing.held if t.kind == "bound"]
    denied = any(t.key in NEGATIVE for t in (*pairing.said, *pairing.held))
    if denied and any(t.key in ("gt", "lt") for t in (*bounds, *pairing.said)):
        return ""  # "neither shall exceed": at most
    ways = {_UPWARD.get(t.key, 0) for t in bounds if t.text.casefold() not in _LOOSE_LIMITS}
    for i, term in enumerate(pairing.said):
        if term.kind == "bound" and ways == {-_UPWARD.get(term.key, 0)}:
            numbers = [t for t in pairing.said[i - 1 : i + 2] if t.kind in ("number", "date")]
            if not numbers:
                return "comparison_differs"
    return ""


def _bounds_before(pairing: Pairing) -> str:
    """The same of what is no number: "shall not exceed the fees"."""
    for i, term in enumerate(pairing.said):
        if term.kind != "bound" or not (heads := next_content(pairing.said, i, 1)):
            continue
        there = pairing.to[heads[0]]
        if there is not None and pairing.held[there].kind == "word":
            keys = {t.key for t in pairing.held[max(0, there - 2) : there] if t.kind == "bound"}
            if keys and term.key not in keys:
                return "comparison_differs"
    return ""


def orders_agree(pairing: Pairing) -> str:
    """Before stays before, after stays after, with the same words."""
    for i, term in enumerate(pairing.said):
        if term.kind != "order":
            continue
        chinese = term.text >= "\u4e00"
        beside: set[str] = set()
        for each in _around(pairing.said, i, 2):
            there = pairing.to[each]
            if there is not None and (pairing.copied or (each < i) == chinese):
                beside |= {t.key for t in _near(pairing.held, there, 3) if t.kind == "order"}
        if beside and term.key not in beside:
            return "comparison_differs"
    return "" if pairing.copied else _other_order(pairing)


def _other_order(pairing: Pairing) -> str:
    """Whether a statement says "before" where its passage knows but "after", or the reverse."""
    said = {t.key for t in pairing.said if t.kind == "order"}
    held = {t.key for t in pairing.held if t.kind == "order"}
    counted = any(
        one.kind == "number" and two.key == "before" for one, two in pairwise(pairing.said)
    )
    turned = len(said) == 1 and len(held) == 1 and said != held
    return "comparison_differs" if turned or (counted and "before" not in held) else ""


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
    after = [t for t in terms[i + 1 : i + 13] if t.sentence == terms[i].sentence]
    return "after" if any(t.key in NEGATIVE for t in after) else ""


def _takes_in_all(terms: tuple[Term, ...], i: int) -> bool:
    """Whether and or or is one to those who are joined: 单位和个人不得, 不论单位还是个人."""
    own = [t.sentence == terms[i].sentence for t in terms]
    before = [t for k, t in enumerate(terms) if i - 3 <= k < i and own[k]]
    after = [t for k, t in enumerate(terms) if i < k < i + 4 and own[k]]
    every = terms[i].text == "还是" or any(t.text in ("不论", "无论", "不管") for t in before)
    return every or (terms[i].text >= "\u4e00" and any(t.key == "ban" for t in after))


def _is_denied(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a denial governs what stands at a place."""
    before = [t for t in terms[max(0, i - 7) : i] if t.sentence == terms[i].sentence]
    return any(t.key in NEGATIVE or t.kind == "without" for t in before)


def _is_stopped(terms: tuple[Term, ...], i: int) -> bool:
    """Whether the words before a place deny in themselves: "stop using or referring"."""
    before = [t for t in terms[max(0, i - 3) : i] if t.sentence == terms[i].sentence]
    return any(stem(t.text.casefold()) in _STOPPING for t in before)


def _bound(terms: tuple[Term, ...], i: int) -> Term | None:
    """The comparison that goes with a number."""
    if i + 1 < len(terms) and terms[i + 1].sentence == terms[i].sentence:
        after = terms[i + 1]
        text = after.text.casefold()
        if text in _AFTER_NUMBER or (after.kind == "order" and text in ("后", "之后", "以后")):
            return after
    for k in range(i - 1, max(-1, i - 4), -1):
        near = terms[k].clause == terms[i].clause and terms[k].weight < 0.5
        if terms[k].kind in ("number", "date") or not near:
            break
        if terms[k].kind == "bound" and terms[k].text.casefold() not in _AFTER_NUMBER:
            before = i + 1 < len(terms) and terms[i + 1].key == "before"
            turned = _TURNED.get(terms[k].text.casefold()) if before else None
            return replace(terms[k], key=turned) if turned else terms[k]
    return None


def _around(terms: tuple[Term, ...], i: int, reach: int) -> list[int]:
    before = [k for k in range(i - 1, -1, -1) if terms[k].kind in CONTENT][:reach]
    return before[:1] + next_content(terms, i, reach)


def _near(terms: tuple[Term, ...], place: int, reach: int) -> tuple[Term, ...]:
    near = terms[max(0, place - reach) : place + reach + 1]
    return tuple(t for t in near if t.sentence == terms[place].sentence)
