"""Must, may, must not: who is bound to what, and what is denied."""

from collections.abc import Sequence

from core.answering.pairing import Pairing, negated, next_content
from core.answering.terms import Term, opposite

LIMITS = frozenset(["without", "exception", "only", "condition", "given"])
NEGATIVE = frozenset(("not", "ban", "exempt"))
_DENIED_WITHOUT = frozenset(("without", "exception"))
_ONLY_IF = frozenset(("only", "condition"))
REACH = 10
"""How many terms a denial may stand off in a free wording."""
_OPENING = frozenset(("禁止", "严禁", "一律禁止"))
_OF_SUBJECTS = frozenset(("no", "neither", "none", "nobody", "nothing"))
_LEAVING = frozenset(
    "right option discret permit allow choos elect wish 权利 选择 自愿 允许".split()
)
_EXACTING = frozenset("request demand need 请求 要求 责令".split())
_RECEIVE = "receiv"
DENYING = frozenset(
    (
        "refus refuse deni lack void invalid prevent prohibit avoid ceas stop exempt exclud los "
        "waiv declin miss omit neglect breach default expir uncur unabl instead replac reject "
        "拒绝 失效 无效 擅自 丧失 免除 免去 撤销 取消 吊销 停止 终止 禁止 限制 排斥 逾期 违反 缺 "
        "欠缺 缺少 注销 疏于 隐瞒 防止 放弃 否决 不足 例外 豁免 退回 拒不改正 拒不执行 不予受理 "
        "未按照规定 拒绝接收 遗漏 落空 除外"
    ).split()
)
_NEED = frozenset(("need", "obtain", "取得", "征得", "经", "获得"))


def forces_agree(pairing: Pairing) -> str:
    """What must be done, may be done or must not be done stays so."""
    said = pairing.said
    for i, term in enumerate(said):
        if term.kind != "force":
            continue
        key, met = _whole_force(said, i), heads(pairing, i)
        clause = said[i].clause
        governed = [
            each
            for k, each in enumerate(pairing.to)
            if each is not None and k > i and said[k].clause == clause
        ]
        reasons = [_force_differs(pairing, key, i, there) for there in met]
        later = _opens(said, i) and any(_denied(pairing.held, each) for each in governed)
        if reasons and reasons[0] and not later:
            return reasons[0]
        if not met:
            reason = _only_other_force(pairing, key)
            if reason:
                return reason
    return ""


def _opens(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a ban opens its clause, where it governs all that follows: 禁止."""
    return terms[i].text in _OPENING and (i == 0 or terms[i - 1].clause < terms[i].clause)


def _only_other_force(pairing: Pairing, key: str) -> str:
    """Whether the passage knows one force only, and that is not the statement's."""
    held = pairing.held
    classes = {_whole_force(held, j) for j, t in enumerate(held) if t.kind == "force"}
    both = {"duty", "leave"}
    differs = len(classes) == 1 and classes <= both and key in both - classes
    return "modality_differs" if differs else ""


def needs_agree(pairing: Pairing) -> str:
    """What may not be done without consent needs it: it is not that consent may be sought."""
    said, held = pairing.said, pairing.held
    if pairing.copied or any(t.senses & _NEED for t in held):
        return ""
    for j, term in enumerate(held):
        if term.kind != "without":
            continue
        governing = [_whole_force(held, k) for k in range(j) if held[k].kind == "force"][-1:]
        for i, need in enumerate(said):
            if not need.senses & _NEED:
                continue
            key = said[i - 1].key if i else ""
            if governing == ["ban"] and key in ("leave", "ban", "not", "exempt"):
                return "negation_differs" if key != "leave" else "modality_differs"
            if governing == ["leave"] and not (key in NEGATIVE or negated(said, i)):
                return "negation_differs"
    return ""


def negations_agree(pairing: Pairing) -> str:
    """Nothing is denied that the passage affirms, nor affirmed that it denies."""
    said, held = pairing.said, pairing.held
    if not pairing.copied:
        return _denial_differs(pairing)
    for i, term in enumerate(said):
        if term.kind != "not" or _joins_force(said, i):
            continue
        heads = next_content(said, i)
        met = [pairing.to[each] for each in heads]
        there = next((each for each in met if each is not None), None)
        if there is None:
            if not any(t.key in NEGATIVE or t.kind in ("without", "exception") for t in held):
                return "negation_differs"
        elif (
            not _denied(held, there)
            and not opposite(said[heads[0]].key, held[there].key)
            and not (_limited(said) and _limited(held))
        ):
            return "negation_differs"
    for j, term in enumerate(held):
        if not (term.kind == "not" or term.key in ("ban", "exempt")) or _joins_force(held, j):
            continue
        heads = next_content(held, j)[:2]
        here = [pairing.back[each] for each in heads if each in pairing.back]
        if not here or len(here) < len(heads) or (_limited(said) and _limited(held)):
            continue
        turned = any(opposite(said[each].key, held[pairing.to[each] or 0].key) for each in here)
        if not turned and not any(_denied(said, each) for each in here):
            return "negation_differs"
    return ""


def _denial_differs(pairing: Pairing) -> str:
    """The same for a free wording: what is denied in one is denied in the other, both ways."""
    for terms, others, to in (
        (pairing.said, pairing.held, dict(enumerate(pairing.to))),
        (pairing.held, pairing.said, dict(pairing.back)),
    ):
        for i, term in enumerate(terms):
            if term.kind != "not" and term.key != "ban":
                continue
            if term.text.casefold() == "nor":
                continue  # goes with the "not" before it
            chinese = term.text >= "\u4e00" and terms is pairing.said
            follow = next_content(terms, i, 6 if chinese else 2)
            met = [to.get(each) for each in follow]
            places = [each for each in met if each is not None]
            if not places and terms is pairing.said and not any(map(_denies_openly, others)):
                return "negation_differs"
            if not places or (len(places) < len(met) and terms is pairing.held):
                continue
            plain = term.kind == "not" and follow[0] == i + 1
            plain = plain and term.text.casefold() not in _OF_SUBJECTS
            if any(_denied_about(others, place, plain) for place in places):
                continue
            if any(_turns(terms, each, others) for each in follow[:1]):
                continue
            return "negation_differs"
    return ""


def _denied_about(terms: Sequence[Term], place: int, plain: bool = False) -> bool:
    """Whether a denial of any kind stands about a term: in its sentence.

    What is plainly denied ("not renewed") is so by a denial not far off, and by no mere limit.
    """
    for k, term in enumerate(terms):
        if term.sentence != terms[place].sentence or not _denies(term):
            continue
        limit = term.kind in ("exception", "only") or term.senses & _NEED
        if not plain or (abs(k - place) < REACH and not limit):
            return True
    return False


def _turns(terms: Sequence[Term], i: int, others: Sequence[Term]) -> bool:
    """Whether a word says by its opposite what the other text denies."""
    return any(opposite(terms[i].key, other.key) for other in others)


def _denies_openly(term: Term) -> bool:
    return term.key in NEGATIVE or term.kind in ("without", "exception", "only")


def _denies(term: Term) -> bool:
    """Whether a term denies: as a negation, as a limit, or in itself."""
    if term.senses & (_NEED | DENYING):
        return True
    return term.kind in ("not", "without", "exception", "only") or term.key in (
        "ban",
        "exempt",
        "lt",
    )


def heads(pairing: Pairing, i: int) -> list[int]:
    """Where the passage has the first words that a force of the statement governs."""
    heads = [each for each in next_content(pairing.said, i, 4) if pairing.said[each].kind == "word"]
    places = (pairing.to[each] for each in heads)
    return [each for each in places if each is not None]


def _whole_force(terms: tuple[Term, ...], i: int) -> str:
    """A force with the negation of its subject: "neither party may" is a ban."""
    key = terms[i].key
    for k in range(i - 1, max(-1, i - 7), -1):
        if terms[k].clause != terms[i].clause or terms[k].kind in (
            "force",
            "condition",
            "exception",
        ):
            break
        if terms[k].kind == "not" and terms[k].text.casefold() in (
            "no",
            "neither",
            "nor",
            "none",
            "nothing",
            "never",
        ):
            return {"duty": "ban", "leave": "ban", "ban": "duty"}.get(key, key)
    return key


def _joins_force(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a negation is the subject's, and counted with its force."""
    if terms[i].kind != "not":
        return False
    for k in range(i + 1, min(len(terms), i + 7)):
        if terms[k].clause != terms[i].clause:
            return False
        if terms[k].kind == "force":
            return _whole_force(terms, k) != terms[k].key
    return False


def force_at(terms: tuple[Term, ...], place: int) -> tuple[str, bool, int]:
    """The force that governs a term, whether a limit or a means stands between, and its place."""
    means = False
    for k in range(place - 1, max(-1, place - 13), -1):
        if terms[k].sentence != terms[place].sentence:
            break
        if terms[k].kind == "force":
            return _whole_force(terms, k), means, k
        means = means or terms[k].kind in (
            "without",
            "exception",
            "condition",
            "only",
            "order",
            "when",
        )
        means = means or (
            terms[k].kind == "prep"
            and terms[k].text.casefold() in ("by", "upon", "with", "on", "以")
        )
    return "", means, place


def _force_differs(pairing: Pairing, key: str, i: int, there: int) -> str:
    """Why a force of the statement is not the one that governs the paired word, or ""."""
    held = pairing.held
    other, means, governing = force_at(held, there)
    if not other and key == "leave" and not pairing.copied and _never_left(pairing, i):
        return "modality_differs"
    if key == other or (not other and key in ("duty", "leave", "maybe")):
        return ""
    plain = pairing.said[i].text.casefold() in ("will", "would", "could", "might", "要")
    if not pairing.copied and "ban" not in (key, other) and (plain or "maybe" in (key, other)):
        return ""
    if not other:
        return "" if negated(held, there, 6) else "negation_differs"
    if "ban" in (key, other):
        ban, leave = _limits_of(pairing.said, i), _limits_of(held, governing)
        ban, leave = (ban, leave) if key == "ban" else (leave, ban)
        both = ban & _DENIED_WITHOUT and leave & _DENIED_WITHOUT
        if (
            "leave" in (key, other)
            and not both
            and (
                (ban & _DENIED_WITHOUT and leave & _ONLY_IF)
                or (ban & _ONLY_IF and leave & _DENIED_WITHOUT)
            )
        ):
            return ""
        if key == "duty" and (means or _needs(pairing, i)):
            return ""
        if key == "ban" and not pairing.copied and negated(held, there):
            return ""
        return "negation_differs" if {key, other} != {"ban", "exempt"} else "modality_differs"
    if key == "duty" and other == "leave" and means and not pairing.copied:
        return ""
    if {key, other} == {"leave", "exempt"} and not pairing.copied:
        return ""  # "may assign without consent": consent is not needed
    if {key, other} == {"leave", "duty"} and not pairing.copied:
        of = (pairing.said, i) if key == "leave" else (held, governing)
        return "" if _receives(*of) else "modality_differs"
    return "modality_differs"


def _never_left(pairing: Pairing, i: int) -> bool:
    """Whether a statement leaves to somebody what its passage nowhere leaves to anybody."""
    if pairing.said[i].text.casefold() in ("can", "could", "might", "able to", "能", "能够"):
        return False
    soft = ("leave", "maybe", "ban", "exempt")
    return not any(
        t.key in soft
        or (t.kind in LIMITS and t.kind != "given")
        or t.senses & _LEAVING
        or t.text.casefold().endswith("able")
        for t in pairing.held
    )


def _receives(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a right is one to have something done: another's duty."""
    after = terms[i + 1 : i + 4]
    if any(t.senses & _EXACTING for t in after):
        return True
    if not terms[i].text.casefold().endswith(("entitled to", "right to")):
        return False
    return any(t.text.casefold() == "be" or t.key == _RECEIVE for t in after)


def _limits_of(terms: tuple[Term, ...], i: int) -> set[str]:
    """How a force is limited: by what follows it, or by what opens its sentence."""
    found = set()
    forces = [
        k for k, t in enumerate(terms) if t.kind == "force" and t.sentence == terms[i].sentence
    ]
    for k, term in enumerate(terms):
        if term.sentence == terms[i].sentence and (term.kind in LIMITS or term.senses & _NEED):
            before = [f for f in forces if f <= k]
            if i in before[-1:] or (not before and i in forces[:1]):
                found.add("only" if term.senses & _NEED else term.kind)
    return found


def _needs(pairing: Pairing, i: int) -> bool:
    return any(pairing.said[k].senses & _NEED for k in next_content(pairing.said, i))


def _limited(terms: tuple[Term, ...]) -> bool:
    """Whether there is an exception or "only": what makes bans into leaves."""
    return any(t.kind in ("without", "exception", "only") or t.senses & _NEED for t in terms)


def _denied(terms: tuple[Term, ...], place: int) -> bool:
    if negated(terms, place, 5) or any(
        t.senses & DENYING for t in terms[max(0, place - 2) : place]
    ):
        return True
    key, _, _ = force_at(terms, place)
    return key in ("ban", "exempt")
