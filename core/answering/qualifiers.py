"""Words that tell by themselves: how gravely, by whose fault, in which form, with what effect.

One of them put in makes a promise larger or smaller than the passage's; one left out of a condition
makes the condition wider.  Other words that a free wording adds are weighed together
(``core.answering.wording``); each of these tells by itself.
"""

from core.answering.lexicon import norm
from core.answering.pairing import Pairing
from core.answering.terms import Term


def _normed(words: str) -> frozenset[str]:
    return frozenset(map(norm, words.split()))


_GRAVE = _normed(
    "过错 过失 故意 恶意 善意 重大过失 严重 重大 轻微 特别严重 negligence negligent wilful willful "
    "intentional fraudulent knowingly material materially gross grossly substantial substantially "
    "serious minor"
)
"""What a condition asks for: the gravity of a deed and the fault in it."""
_FORM = _normed(
    "书面 口头 公证 登记 独家 排他 不可撤销 永久 自动 无偿 免费 立即 及时 "
    "written oral orally notarised notarized prompt promptly exclusive exclusively "
    "non-exclusive sole irrevocable perpetual best unreasonably automatically expense expenses"
)
"""Form, extent and cost."""
_EFFECT = _normed(
    "否决 无效 有效 视为 终止 解除 撤销 免除 丧失 连带 罚款 吊销 没收 双倍 违约金 押金 "
    "利息 reject rejected refuse refused deny void invalid damages penalty interest refund "
    "deposit forfeit guarantee waive"
)
"""What a deed brings about in law."""
_TELLING = frozenset((*_GRAVE, *_FORM, *_EFFECT, norm("in arrears")))
"""What a rewording has a word of the same meaning for."""


def qualifiers_agree(pairing: Pairing) -> str:
    """No telling qualifier or effect is put in, and none of gravity or fault is left out."""
    said, held = pairing.said, pairing.held
    if any(_is_of(_TELLING, t) and pairing.to[i] is None for i, t in enumerate(said)):
        return "words_not_found"
    if any(is_grave(t) for t in said):
        return ""
    for j, term in enumerate(held[:-1]):
        beside = j + 1 in pairing.back and held[j + 1].kind == "word"
        if beside and j not in pairing.back and is_grave(term):
            return "condition_dropped"
    return ""


def is_grave(term: Term) -> bool:
    """Whether a term tells the gravity or fault that a condition asks for."""
    return _is_of(_GRAVE, term)


def _is_of(words: frozenset[str], term: Term) -> bool:
    return term.kind == "word" and norm(term.text.casefold()) in words
