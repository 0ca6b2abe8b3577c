"""Which force, limit or denial governs a term: must, may, must not, only with consent."""

import re
from collections.abc import Sequence

from core.answering.pairing import Pairing, negated, next_content
from core.answering.terms import Term

LIMITS = frozenset(["without", "exception", "only", "condition", "given"])
NEGATIVE = frozenset(("not", "ban", "exempt"))
OF_SUBJECTS = frozenset(("no", "neither", "nor", "none", "nobody", "nothing", "never"))
DENYING = frozenset(
    (
        "refus refuse deni lack void invalid prevent prohibit avoid ceas stop exempt exclud los "
        "waiv declin miss omit neglect breach default expir uncur unabl instead replac reject "
        "拒绝 失效 无效 擅自 丧失 免除 免去 撤销 取消 吊销 停止 终止 禁止 限制 排斥 逾期 违反 缺 "
        "欠缺 缺少 注销 疏于 隐瞒 防止 放弃 否决 不足 例外 豁免 退回 拒不改正 拒不执行 不予受理 "
        "未按照规定 拒绝接收 遗漏 落空 除外"
    ).split()
)
NEED = frozenset(("need", "obtain", "取得", "征得", "经", "获得"))
CONSENT = re.compile(
    r"consent|approv|permission|authori[sz]ation|assent|同意|批准|许可|核准|准许|授权|通过|确认"
)
"""What is asked for before something may be done."""
_FORMS = frozenset("writ sign 书面 签名".split())


def only_limits(terms: Sequence[Term], i: int) -> bool:
    """Whether a denial denies nothing by itself.

    "Nor" goes with the "not" before it; "never fewer than" is a limit; "even if not" grants.
    """
    if terms[i].text.casefold() == "nor":
        return True
    beside = [t for t in terms[i + 1 : i + 9] if t.sentence == terms[i].sentence]
    if any(t.key in ("gt", "lt") for t in beside[:5]):
        return True
    if terms[i].key in ("not", "ban") and any(t.text == "until" for t in beside):
        return True
    clause = {t.kind for t in terms if t.clause == terms[i].clause}
    return "concession" in clause


def gated(terms: tuple[Term, ...], place: int) -> bool:
    """Whether the sentence of a term lets something be done only on a condition.

    "May not without consent", "may only with consent", "requires consent", "must be in writing":
    who may and who must not says nothing there, for each of them is put as the other.
    """
    own = [k for k, t in enumerate(terms) if t.sentence == terms[place].sentence]
    return any(is_gate(terms, k) for k in own)


def is_gate(terms: tuple[Term, ...], i: int) -> bool:
    """Whether a force, a need or a denial is made conditional by its own words."""
    if terms[i].text == "经":
        beyond = [t for t in terms[i + 1 : i + 11] if t.sentence == terms[i].sentence]
        return any(CONSENT.match(t.text) for t in beyond)
    if terms[i].kind == "condition":
        return terms[i].text.casefold().startswith(("only", "if and only"))
    if terms[i].kind not in ("force", "not", "only") and not terms[i].senses & NEED:
        return False
    own = (k for k, t in enumerate(terms) if t.sentence == terms[i].sentence)
    after = [t for t in terms[i + 1 : i + 11] if t.sentence == terms[i].sentence]
    key = whole_force(terms, i) if terms[i].kind == "force" else terms[i].key
    if key == "ban":
        return any(_lets_after_all(terms, k) for k in own)
    if key == "leave":
        asked = any(CONSENT.match(t.text.casefold()) for t in terms[max(0, i - 9) : i])
        before = asked and any(t.key == "before" for t in terms[max(0, i - 4) : i])
        return before or any(terms[k].kind == "only" for k in own)
    if terms[i].kind == "not":
        return bool(after) and after[0].text[0] == "经"
    if terms[i].kind == "only":
        return any(t.kind == "condition" for t in after[:2])
    if key != "duty" and not terms[i].senses & NEED:
        return False
    if any(t.senses & _FORMS for t in after[:4]) and not negated(terms, i):
        return True
    near = 10 if after and (after[0].senses & NEED or after[0].text[0] in "经先") else 3
    asked = any(CONSENT.match(t.text.casefold()) for t in after[:near])
    return asked and not negated(terms, i)


def _lets_after_all(terms: tuple[Term, ...], place: int) -> bool:
    """Whether an exception from a ban stands at a place: "unless", "without consent", 未经."""
    after = terms[place + 1 : place + 8]
    if terms[place].kind == "without":
        return any(CONSENT.match(t.text.casefold()) for t in after)
    if terms[place].kind == "not":
        return bool(after) and after[0].text[0] == "经"
    return terms[place].kind == "exception"


def heads(pairing: Pairing, i: int) -> list[int]:
    """Where the passage has the first words that a force of the statement governs."""
    heads = [each for each in next_content(pairing.said, i, 4) if pairing.said[each].kind == "word"]
    denied = next((k for k in heads if any(t.kind == "not" for t in pairing.said[i + 1 : k])), None)
    heads = heads[: heads.index(denied)] if denied is not None else heads
    places = (pairing.to[each] for each in heads)
    return [each for each in places if each is not None]


def whole_force(terms: tuple[Term, ...], i: int) -> str:
    """A force with the negation of its subject: "neither party may" is a ban."""
    key = terms[i].key
    for k in range(i - 1, max(-1, i - 16), -1):
        apart = terms[k].sentence != terms[i].sentence
        if apart or terms[k].kind in ("force", "condition", "exception"):
            break
        if terms[k].kind == "not" and terms[k].text.casefold() in OF_SUBJECTS:
            if terms[k].clause != terms[i].clause and k and terms[k - 1].clause == terms[k].clause:
                break  # not the sentence's subject
            return {"duty": "ban", "leave": "ban", "ban": "duty"}.get(key, key)
    return key


def force_at(terms: tuple[Term, ...], place: int) -> tuple[str, bool, int]:
    """The force that governs a term, whether a limit or a means stands between, and its place."""
    means = False
    for k in range(place - 1, max(-1, place - 13), -1):
        if terms[k].sentence != terms[place].sentence:
            break
        if terms[k].kind == "force":
            return whole_force(terms, k), means, k
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


def denied(terms: tuple[Term, ...], place: int) -> bool:
    if negated(terms, place, 5) or any(
        t.senses & DENYING for t in terms[max(0, place - 2) : place]
    ):
        return True
    key, _, _ = force_at(terms, place)
    return key in ("ban", "exempt")
