"""Chinese laws by name: which one a question cites, and which ones its words lean to.

A matter that holds 军人保险法 does not hold 保险法, and the nearest passage of a law on bonds does
not answer a question on cheques.  The list in ``assets/lexicon`` knows what laws there are, so that
one which is absent can be told from one that goes by another name.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

from core.settings import ROOT

_LIST = ROOT / "assets" / "lexicon" / "laws_zh.json"
_STATE = "中华人民共和国"
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NO_WORD = r"(?:[律院官庭学定制治人条令]|规(?!定))"
"""法 before one of these begins a word of its own: 会计法规, 统计法律."""
_BEFORE_SHORT = "照据按依反《在对与和、，,。；;？?！：:且从由用国新行的及于何为合本"
"""What may stand before a short name; after anything else it ends a longer one: 劳动争议仲裁法."""
_SHORT = 3
_IS_APPLIED = re.compile(r"(?:适用|违反|符合|排除|引用|援引|提到|提及)《?$")
_OF_ITS_CONTENT = re.compile(r"》?(?:第|对|怎|如何|规定|中|里|的?规定)")
_PART = re.compile(
    r"第?[一二三四五六七八九十]*编|[\d_.-]+"
    r"|(?:总则|分则|物权|合同|人格权|婚姻家庭|继承|侵权责任)编?"
)
"""What a part of a law or a version of it has after its name: 民法典合同编."""
_FURTHER = re.compile(
    r"》?(?:(?:司法)?解释|实施(?:条例|细则|办法)|(?:暂行)?条例|细则|办法|修正案|草案)[一二三四五六七八九十（）()]*"
)
"""What makes another document's name of a law's: 公司法司法解释三, 刑法修正案（十一）."""
_FOREIGN = ("日本", "德国", "法国", "美国", "英国", "韩国", "台湾", "香港", "澳门", "旧")

_AROUND = 12
"""Characters beside a name that tell what is asked of it."""

Span = tuple[int, int]


@cache
def known_laws() -> frozenset[str]:
    """The names of national laws, without 中华人民共和国."""
    return frozenset(json.loads(_LIST.read_text(encoding="utf-8"))["laws"])


def bare(title: str) -> str:
    """A law's title without the state and what stands in brackets."""
    stripped = re.sub(r"[（(].*?[）)]|[《》\s]|^\d{4}年?", "", title)
    return stripped.removeprefix(_STATE)


def bears(title: str, law: str) -> bool:
    """Whether a document of that title is the law or a part of it (民法典合同编)."""
    own = bare(title)
    return own == law or (own.startswith(law) and bool(_PART.fullmatch(own.removeprefix(law))))


def cited(question: str) -> list[tuple[str, Span]]:
    """The known laws whose contents a question asks for, and where it names them.

    The longest name wins a place.  A law that a contract may apply or breach ("合同是否适用民法典")
    is not asked for.
    """
    found: list[tuple[str, Span]] = []
    for match in _names().finditer(question):
        start, end = match.span()
        before, after = question[max(0, start - _AROUND) : start], question[end : end + _AROUND]
        place = next((each for each in _FOREIGN if before.endswith(each)), "")
        is_inside = bool(_CHINESE.search(before[-1:])) and before[-1] not in _BEFORE_SHORT
        if len(match.group()) <= _SHORT and is_inside and not place:
            continue
        if _IS_APPLIED.search(before) and not _OF_ITS_CONTENT.match(after):
            continue
        further = _FURTHER.match(question, end)
        name = match.group() + (further.group().lstrip("》") if further else "")
        whole = start - len(place), further.end() if further else end
        found.append((place + name, whole))
    return found


@cache
def _names() -> re.Pattern[str]:
    longest_first = sorted(known_laws(), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?!{_NO_WORD})")


def lead(question: str, titles: Iterable[str]) -> float:
    """How much more the words of a question speak of the laws at hand than of any other.

    ``titles`` are those of the documents searched.  A title scores the summed rarity (inverse
    document frequency among all titles) of the pairs of characters that it shares with the
    question, times the share of its own rarity that they make up.  Above zero, the nearest law is
    among the documents; below, it is one that is not.  Zero where no document is a known law.
    """
    at_hand = frozenset(map(bare, titles))
    if not at_hand & known_laws():
        return 0.0
    rarity = _rarity(at_hand | known_laws())
    asked = _pairs(question)
    own = max((_score(asked, each, rarity) for each in at_hand), default=0.0)
    other = max(_score(asked, each, rarity) for each in known_laws() - at_hand)
    return own - other


def _score(asked: frozenset[str], title: str, rarity: dict[str, float]) -> float:
    whole = sum(rarity[pair] for pair in _pairs(title))
    shared = sum(rarity[pair] for pair in _pairs(title) & asked)
    return shared * shared / whole if whole else 0.0


@lru_cache(maxsize=16)
def _rarity(titles: frozenset[str]) -> dict[str, float]:
    every = [_pairs(title) for title in titles]
    held = Counter(pair for pairs in every for pair in pairs)
    return {pair: math.log((len(every) + 1) / (count + 0.5)) for pair, count in held.items()}


@lru_cache(maxsize=8192)
def _pairs(text: str) -> frozenset[str]:
    return frozenset(
        run[at : at + 2]
        for run in re.findall(r"[\u4e00-\u9fff]{2,}", text)
        for at in range(len(run) - 1)
    )
