"""Exceptions and conditions: what may not be left out of what a passage says."""

from core.answering.modality import CONSENT, LIMITS, NEGATIVE, is_gate
from core.answering.pairing import Pairing, next_content, says_it
from core.answering.terms import Term


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
