"""Clauses wanted with or without something: "cap on liability without carve-outs".

Neither a vector nor a word index knows "without"; what must be missing would even be found first.
It is taken out of what is searched for, and passages that hold it step back, or forward for "with".
Only English phrases that end so are read so: a sentence that asks whether a cap applies without
exceptions is answered by the exceptions, and "goods that do not conform" wishes for nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.retrieval.grams import terms

_EXCEPTIONS = r"(?:any\s+)?(?:carve-?\s?outs?|exceptions?)"
_NONE = re.compile(
    rf"\s(?:without|with\s+no)\s+{_EXCEPTIONS}$"
    r"|^unqualified\s(?=[\"“]?(?:as[ -]is|disclaim|waiver|cap\b|indemnit|limitation))",
    re.I,
)
_SOME = re.compile(rf"(?<!dealing)(?<!deals)(?<!comply)\swith\s+{_EXCEPTIONS}$", re.I)
_LACKS = re.compile(
    r"\b(?P<head>clauses?|provisions?|sections?)\s+(?:that|which)\s+"
    r"(?:do(?:es)?\s+not|don['’]t|doesn['’]t)\s+(?:include|contain|mention|have|say)\s+"
    r"(?P<what>[\w\s\"“”'’-]{3,40})$",
    re.I,
)
_DENIED = re.compile(r"\b(?:without|no|not|lack\w*|omit\w*|exclud\w*)(?:\s\w+){0,2}\s*$", re.I)
_MOST_LACKING = 4
_PROVISO = re.compile(
    r"\b(?:except|with\s+the\s+exception|exclud(?:es?|ing)|other\s+than|provided,?\s+(?:however|that)"
    r"|notwithstanding(?!\s+any)|save\s+(?:for|as|in)|unless|nothing\s+(?:in|herein|contained)"
    r"|subject\s+to(?!\s+the\s+(?:other\s+)?(?:terms|conditions|provisions))"
    r"|(?:shall|does|do|will)\s+not\s+(?:apply|include|limit|exclude))\b",
    re.I,
)
_QUOTED = re.compile(r"(?<!\S)(?:\"(\w[^\"]{1,58}\w)[,.;]?\"|“(\w[^“”]{1,58}\w)[,.;]?”)(?!\w)")
_HEADS = terms("clause provision section all any both every most some list find show give")
_WEIGHT, _VERBATIM = 1.0, 3.0
"""In standard deviations of a dense score; who quotes wants these very words."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """``sign`` is -1 where ``lacking``, or any exception where that is empty, must be missing, and
    1 where there must be exceptions; each of ``quoted`` must be there as it stands.
    """

    sign: int = 0
    lacking: frozenset[str] = frozenset()
    quoted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sign or self.quoted)

    def granted(self, texts: Iterable[str]) -> list[float]:
        """What the score of each passage gains or loses."""
        verbatim = [re.compile(rf"(?<!\w){re.escape(each)}(?!\w)") for each in self.quoted]
        return [self._granted(text, verbatim) for text in texts]

    def _granted(self, text: str, verbatim: Sequence[re.Pattern[str]]) -> float:
        gain = 0.0
        if self.sign:
            holds = self.lacking <= terms(text) if self.lacking else bool(_PROVISO.search(text))
            gain += self.sign * _WEIGHT * holds
        if verbatim:
            plain = _plain(text)
            held = sum(bool(each.search(plain)) for each in verbatim)
            gain += _VERBATIM * held / len(verbatim)
        return gain


NO_WISHES = Wishes()


def wishes(phrase: str) -> tuple[str, Wishes]:
    """What is searched for without what must be missing, and the wishes."""
    rest, sign, lacking = phrase.strip().rstrip("."), 0, frozenset[str]()
    if match := _LACKS.search(rest):
        lacking = terms(match["what"])
        if 0 < len(lacking) <= _MOST_LACKING:
            rest, sign = rest[: match.end("head")], -1
    elif match := _NONE.search(rest) or _SOME.search(rest):
        sign = 1 if _SOME.search(rest) else -1
        rest = rest[: match.start()] + rest[match.end() :]
    found = [
        _plain(each[1] or each[2])
        for each in _QUOTED.finditer(rest)
        if not _DENIED.search(rest[: each.start()])
    ]
    if not found and not terms(rest) - _HEADS:
        return phrase, NO_WISHES
    return rest, Wishes(sign, lacking if sign else frozenset(), tuple(dict.fromkeys(found)))


def unquoted(phrase: str) -> str:
    """A phrase without what it quotes."""
    return _QUOTED.sub(" ", phrase)


def _plain(text: str) -> str:
    """In lower case, with plain spaces for hyphens and white space, and straight apostrophes."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return re.sub(r"[\s\-‐‑–]+", " ", folded).strip(" ,.;:")
