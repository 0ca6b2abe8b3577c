"""Exceptions and conditions: what may not be left out of what a passage says."""

from core.answering.modality import CONSENT, DENYING, LIMITS, NEED, NEGATIVE, is_gate
from core.answering.pairing import Pairing, next_content, says_it
from core.answering.qualifiers import is_grave
from core.answering.terms import Term

_ONLY = ("only", "只有", "仅在", "仅当")
_INCLUDING = frozenset("including include includes 包括 包含 含".split())
_RANGES = frozenset(("gt", "lt", "ge", "le"))


def lost_beside(held: tuple[Term, ...], start: int, end: int) -> str:
    """What the words beside ``[start, end)`` say that a quotation of that part may not leave out.

    A negation or modal of the same clause that governs the part, and an exception or condition
    that limits it, where the part is a statement of its own.
    """
    inside = [k for k, t in enumerate(held) if start <= t.start < end]
    if not inside:
        return ""
    first, last = inside[0], inside[-1]
    for k in range(first - 1, max(-1, first - 4), -1):
        if held[k].clause != held[first].clause:
            break
        if held[k].key in NEGATIVE:
            return "negation_differs"
    before = held[max(0, first - 1)]
    if first and is_grave(before) and before.clause == held[first].clause:
        return "condition_dropped"
    opens = first == 0 or held[first - 1].clause < held[first].clause
    tells = any(t.kind == "force" for t in held[first : last + 1]) or opens
    if not tells:
        return ""
    for j, term in enumerate(held):
        if first <= j <= last or term.kind not in LIMITS:
            continue
        if term.kind == "only":
            if last < j <= last + 2 or first - 2 <= j < first:
                return "condition_dropped"
            continue
        rest = [k for k in _complement(held, j) if not first <= k <= last]
        if _belongs(held, j, rest, inside):
            return "condition_dropped"
    return ""


def limits_are_kept(pairing: Pairing) -> str:
    """No exception or condition of the carrying words is dropped, no "only" added."""
    said, held = pairing.said, pairing.held
    if _grants_the_exception(pairing) or _takes_in_the_excepted(pairing) or _adds_only_if(pairing):
        return "meaning_differs"
    if _drops_the_event(pairing) or _drops_the_range(pairing):
        return "condition_dropped"
    emphatic = any(t.kind in ("given", "condition") for t in held)
    if any(t.kind == "only" and not (emphatic and t.text[0] in "才方只") for t in said) and not any(
        t.kind in ("only", "exception", "without") or t.key in ("ban", "not") or "sol" in t.senses
        for t in held
    ):
        return "meaning_differs"
    if (
        pairing.copied
        and any(t.kind == "exception" for t in said)
        and not any(
            t.kind in ("exception", "without", "not", "only", "but", "condition") or t.key == "ban"
            for t in held
        )
    ):
        return "meaning_differs"
    met = sorted(pairing.back)
    if not met:
        return ""
    conditional = any(is_gate(said, i) for i in range(len(said)))
    for j, term in enumerate(held):
        if term.kind not in LIMITS or j in pairing.back:
            continue
        rest = _complement(held, j)
        if not pairing.copied and (
            _limits_what_is_left_out(pairing, j) or _only_tells(held, j, rest)
        ):
            continue
        opens = min([j, *rest]) - (term.kind != "given")
        if opens >= 0 and held[opens].key == "or" and not pairing.copied:
            continue  # one of two conditions: the other may be the statement's
        carried = sum(held[each].weight for each in rest if each in pairing.back)
        whole = sum(held[each].weight for each in rest)
        likewise = conditional or any(t.kind == term.kind for t in said)
        if whole and (term.kind == "given" or likewise):
            told = [k for k in rest if any(says_it(t, held[k]) for t in said if t.weight)]
            if sum(held[k].weight for k in told) >= (0.5 if conditional else 0.75) * whole:
                continue  # told of another place that says the same
        if term.kind == "only":
            beside = [each for each in next_content(held, j)[:1] if each in pairing.back]
            if (
                beside
                and not conditional
                and not any(
                    t.kind in ("only", "exception", "without", "not", "condition") for t in said
                )
            ):
                return "condition_dropped"
            continue
        if whole and carried >= 0.34 * whole:
            continue
        if term.kind == "condition" and whole < 1.0:
            continue  # "subject to the terms of this Agreement" limits nothing
        if whole <= 0.5 and any(t.kind == term.kind for t in said):
            continue
        if _belongs(held, j, rest, met):
            return "condition_dropped"
    return ""


def _grants_the_exception(pairing: Pairing) -> bool:
    """Whether what the passage excepts is the statement's condition: "unless" told as "if"."""
    said, held = pairing.said, pairing.held
    if any(t.key in NEGATIVE or t.kind in ("exception", "without", "only") for t in said):
        return False
    if any(t.senses & DENYING and not _denies_there(pairing, i) for i, t in enumerate(said)):
        return False
    for i, term in enumerate(said):
        if term.kind != "condition" or term.text.casefold().startswith(_ONLY):
            continue
        own = [k for k, t in enumerate(said) if t.clause == term.clause and k > i and t.weight]
        for j, other in enumerate(held):
            if other.kind == "exception" and own:
                rest = set(_complement(held, j))
                if 2 * sum(pairing.to[k] in rest for k in own) >= len(own):
                    return True
    return False


def _denies_there(pairing: Pairing, i: int) -> bool:
    """Whether a word that denies in itself stands for one of the passage that does too."""
    there = pairing.to[i]
    return there is not None and bool(pairing.held[there].senses & DENYING)


def _takes_in_the_excepted(pairing: Pairing) -> bool:
    """Whether a statement includes what its passage excepts, or says is not so."""
    said, held = pairing.said, pairing.held
    excepts = any(t.kind == "exception" for t in said)
    denies = any(t.key in NEGATIVE for t in said)
    for i, term in enumerate(said):
        if term.text.casefold() not in _INCLUDING or pairing.to[i] is not None:
            continue
        for k in next_content(said, i):
            there = pairing.to[k] or 0
            own = [t for t in held[max(0, there - 9) : there] if t.sentence == held[there].sentence]
            if any(t.kind == "exception" for t in own) and not excepts:
                return True
            if any(t.kind == "not" for t in own) and not denies:
                return True
    return False


def _adds_only_if(pairing: Pairing) -> bool:
    """Whether a statement makes a condition of what its passage tells beside the promise."""
    added = any(t.kind == "condition" and t.text.casefold().startswith(_ONLY) for t in pairing.said)
    return added and not any(
        t.kind in LIMITS or t.kind in ("not", "but", "when") or t.key == "ban" or t.senses & NEED
        for t in pairing.held
    )


def _drops_the_event(pairing: Pairing) -> bool:
    """Whether a statement says nothing of the event upon which the passage's takes place."""
    held = pairing.held
    if any(t.kind in ("when", "number", "order", "condition") for t in pairing.said):
        return False
    for j, term in enumerate(held):
        if term.text.casefold() not in ("upon", "on") or j in pairing.back:
            continue
        near = range(j + 1, min(j + 5, len(held)))
        event = [held[k] for k in near if held[k].sentence == term.sentence]
        event = [t for t in event if t.weight >= 0.5]
        if j - 1 in pairing.back and event and not any(_is_told(t, pairing) for t in event):
            return True
    return False


def _drops_the_range(pairing: Pairing) -> bool:
    """Whether a statement keeps a condition without its range: 超过一个月不满一年未订立合同的."""
    held = pairing.held
    given = {t.clause for t in held if t.kind == "given"}
    for j, term in enumerate(held):
        if term.kind != "number" or j in pairing.back or term.clause not in given:
            continue
        beside = held[max(0, j - 1) : j + 2]
        if not any(t.kind == "bound" and t.key in _RANGES for t in beside):
            continue
        own = [k for k, t in enumerate(held) if t.clause == term.clause and t.weight >= 0.5]
        own = [k for k in own if held[k].kind != "number"]
        if own and 2 * sum(k in pairing.back for k in own) >= len(own):
            return True
    return False


def _is_told(term: Term, pairing: Pairing) -> bool:
    return any(says_it(each, term) for each in pairing.said)


def _only_tells(terms: tuple[Term, ...], j: int, rest: list[int]) -> bool:
    """Whether 经 tells how something comes about (经审查) and asks nobody's consent."""
    return terms[j].text == "经" and not any(CONSENT.match(terms[k].text) for k in rest)


def _limits_what_is_left_out(pairing: Pairing, j: int) -> bool:
    """Whether a limit goes with words that the statement does not take over."""
    held = pairing.held
    if held[j].kind == "given":
        return j + 1 < len(held) and held[j + 1].key == "or"  # the other of two conditions
    same = [k for k in range(j) if held[k].sentence == held[j].sentence and held[k].weight >= 0.5]
    return bool(same) and same[-1] not in pairing.back and held[same[-1]].clause == held[j].clause


def _complement(terms: tuple[Term, ...], j: int) -> list[int]:
    """The words that an exception or condition is made of."""
    if terms[j].text in ("除外", "以外", "之外", "不在此限", "例外", "不适用"):
        back = [k for k in range(j - 1, -1, -1) if terms[k].sentence == terms[j].sentence]
        found: list[int] = []
        for k in back:
            if terms[k].kind == "but" or (found and terms[k].clause < terms[j].clause):
                break
            found.append(k)
        return found
    if terms[j].kind == "given":
        return [k for k in range(j) if terms[k].clause == terms[j].clause]
    after = [k for k in range(j + 1, len(terms)) if terms[k].sentence == terms[j].sentence]
    content = [k for k in after if terms[k].weight]
    last = terms[content[0]].clause if content else terms[j].clause
    return [k for k in after if terms[k].clause <= last][:14]


def _belongs(terms: tuple[Term, ...], j: int, rest: list[int], met: list[int]) -> bool:
    """Whether a limit goes with words that the statement uses: beside them, in their sentence."""
    if terms[j].kind == "given":
        return any(j < k <= j + 4 and terms[k].sentence == terms[j].sentence for k in met)
    low, high = min([j, *rest]), max([j, *rest])
    if terms[j].kind == "condition" and terms[j].text >= "\u4e00":
        met = [k for k in met if k > high]  # 如 and 经 stand before what they limit
    beside = [k for k in met if terms[k].sentence == terms[j].sentence and not low <= k <= high]
    reach = 12 if terms[j].text.casefold().startswith(("unless", "except", "save")) else 3
    return any(min(abs(k - low), abs(k - high)) <= reach for k in beside)
