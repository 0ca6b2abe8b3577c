"""Clauses wanted with or without something: "cap on liability without carve-outs".

Neither a vector nor a word index knows "without"; what must be missing would even be found first.
It is taken out of what is searched for, and passages that hold it step back, or forward for "with".
"""

import re
from dataclasses import dataclass

from core.retrieval.grams import terms

_EXCEPTIONS = (
    r"(?:any\s+)?(?:carve-?\s?outs?|exceptions?|exclusions?|provisos?|qualifications?|qualifiers?)"
)
_NONE = re.compile(
    rf"\b(?:without|with\s+no|lacking|free\s+of|no)\s+{_EXCEPTIONS}\b|"
    r"\bunqualified\b|(?:没有|无|不带|不含)(?:任何)?(?:例外|但书)的?",
    re.I,
)
_SOME = re.compile(
    rf"\b(?:with|having|subject\s+to|containing)\s+{_EXCEPTIONS}\b"
    r"|(?:带有?|含有?|有)(?:例外|但书)的?",
    re.I,
)
_LACKS = re.compile(
    r"\b(?:that|which)\s+(?:do(?:es)?\s+not|don['’]t|doesn['’]t|never|lacks?)\s+"
    r"(?:include|contain|have|mention|say|provide\s+for)?\s*(?P<what>[^,;?.]{3,60})"
    r"|(?:不含有?|不包含|没有提及|未提及|未约定)(?P<chinese>[\u4e00-\u9fff]{2,12}?)的(?=[\u4e00-\u9fff]{0,8}(?:条款|合同|协议|规定))",
    re.I,
)
_PROVISO = re.compile(
    r"\b(?:except|excluding|other\s+than|provided,?\s+(?:however|that)|notwithstanding|save\s+(?:for|as)"
    r"|unless|(?:shall|does|do|will)\s+not\s+apply)\b|但(?!是不)|除.{1,40}?外|不适用",
    re.I,
)
_QUOTED = re.compile(r"[\"“”「『]([^\"“”「」『』]{3,60})[\"“”」』]")
_WEIGHT, _VERBATIM = 1.0, 3.0
"""In standard deviations of a dense score; who quotes wants these very words."""


@dataclass(frozen=True, slots=True)
class Wish:
    """``words`` must be missing, or there where ``sign`` is positive; ``quoted`` must be there as
    it stands; without either it is about exceptions of any kind.
    """

    sign: int
    words: frozenset[str] = frozenset()
    quoted: str = ""

    def score(self, text: str) -> float:
        """What a passage's score gains or loses."""
        if self.quoted:
            own = rf"(?<![a-z0-9]){re.escape(self.quoted)}(?![a-z0-9])"
            return self.sign * _VERBATIM * bool(re.search(own, _plain(text)))
        holds = self.words <= terms(text) if self.words else bool(_PROVISO.search(text))
        return self.sign * _WEIGHT * holds


def wishes(question: str, is_phrase: bool) -> tuple[str, tuple[Wish, ...]]:
    """What is searched for without the wishes, and the wishes.

    Only a phrase wishes for exceptions or for none: "does the cap apply without exception?" is
    answered by the exceptions.
    """
    found = [Wish(1, quoted=_plain(each[1])) for each in _QUOTED.finditer(question)]
    rest = question
    for sign, pattern in ((-1, _LACKS), (-1, _NONE), (1, _SOME)) if is_phrase else ():
        if match := pattern.search(question):
            found.append(Wish(sign, terms(next(filter(None, match.groups()), ""))))
            cut = f"{question[: match.start()]} {question[match.end() :]}"
            rest = re.sub(r"\s+", " ", cut).strip()
            break
    if not any(map(str.isalnum, rest)):
        return question, ()
    return rest, tuple(found)


def _plain(text: str) -> str:
    return re.sub(r"[\s\-‐‑–]+", " ", text.lower()).strip()
