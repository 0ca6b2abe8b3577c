"""How much, when and which article; at least or at most, before or after."""

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
_BY_A_HAIR = ({"gt", "ge"}, {"lt", "le"})
_BESIDE = 9
"""How many terms before a multiple may tell what it is a multiple of."""
_UPWARD = {"ge": 1, "gt": 1, "le": -1, "lt": -1, "after": 1}
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
        if {key, wanted} in _BY_A_HAIR:
            return "comparison_differs"
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


def multiples_agree(pairing: Pairing) -> str:
    """So many times, or a share, of the same thing: 价款的三倍 is not 损失的三倍."""
    for i, term in enumerate(pairing.said):
        there = pairing.to[i]
        if there is None or term.kind != "number" or term.text < "\u4e00" or not i:
            continue
        of = pairing.said[i - 1]
        if of.kind == "word" and of.clause == term.clause and term.key.endswith((" times", " %")):
            near = pairing.held[max(0, there - _BESIDE) : there + _BESIDE // 2]
            if not any(says_it(of, each) for each in near):
                return "meaning_differs"
    return ""


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
    if any(_runs_from_elsewhere(pairing, i) for i in range(len(pairing.said))):
        return "meaning_differs"
    said = {t.key for t in pairing.said if t.kind == "order"}
    held = {t.key for t in pairing.held if t.kind == "order"}
    counted = any(
        one.kind == "number" and two.key == "before" for one, two in pairwise(pairing.said)
    )
    turned = len(said) == 1 and len(held) == 1 and said != held
    return "comparison_differs" if turned or (counted and "before" not in held) else ""


def _is_denied(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a denial governs what stands at a place."""
    before = [t for t in terms[max(0, i - 7) : i] if t.sentence == terms[i].sentence]
    return any(t.key in NEGATIVE or t.kind == "without" for t in before)


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


def _runs_from_elsewhere(pairing: Pairing, i: int) -> bool:
    """Whether a term runs from another event: "30 days after notice", "30 days after the end"."""
    said, held, there = pairing.said, pairing.held, pairing.to[i]
    if said[i].kind != "number" or there is None or said[i].text >= "\u4e00":
        return False
    ours, theirs = _order_after(said, i), _order_after(held, there)
    if not ours or not theirs:
        return False
    own = [said[k] for k in next_content(said, ours) if said[k].clause == said[ours].clause]
    events = [t for t in held[theirs + 1 : theirs + 9] if t.kind in CONTENT]
    return bool(own and events) and not any(says_it(t, each) for t in own for each in events)


def _order_after(terms: tuple[Term, ...], i: int) -> int:
    """Where "before" or "after" stands right behind a number; 0 if nowhere."""
    near = range(i + 1, min(i + 4, len(terms)))
    own = (k for k in near if terms[k].kind == "order" and terms[k].sentence == terms[i].sentence)
    return next(own, 0)


def _around(terms: tuple[Term, ...], i: int, reach: int) -> list[int]:
    before = [k for k in range(i - 1, -1, -1) if terms[k].kind in CONTENT][:reach]
    return before[:1] + next_content(terms, i, reach)


def _near(terms: tuple[Term, ...], place: int, reach: int) -> tuple[Term, ...]:
    near = terms[max(0, place - reach) : place + reach + 1]
    return tuple(t for t in near if t.sentence == terms[place].sentence)
