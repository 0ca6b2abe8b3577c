"""Text as the full-text index sees it: English words, Chinese pairs and triples of characters.

A word segmenter cuts legal Chinese differently in a question than in a statute; overlapping grams
do not, and find more (measured in ``tests/bench/experiments.md``).
"""

import re
import unicodedata

_RUN = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")
_ASKING = re.compile(
    r"(?:根据|依据|按照)(?:相关|有关|哪个|哪条|哪一条|哪部|什么|我国|该)?的?"
    r"(?:法律法规|法律条款|法律条文|法律文件|法律规定|法规|法律|法条|条款|规定|条例)+的?(?:规定)?"
    r"|某(?:个|家|位|市|公司)?|一(?:家|位|名|个)|请问|该(?:如何|怎么|怎样)"
    r"|是否|如何|怎样|应该|需要|可以|怎么|什么|哪些|处理|进行|规定"
)
"""Words of asking, which a question has and no answer: they only add noise to pairs."""
_CHARACTER, _LATIN = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[A-Za-z]+")
_TERM = re.compile(r"[a-z]{3,}|\d+|[\u4e00-\u9fff]{2,}")
_UNTOLD = frozenset(
    "the and for with are was were does did can could may must shall should will would what which "
    "who whom whose when where how why there any this that its their contract agreement under has "
    "have had from party parties either other much many long".split()
)


def index_text(text: str) -> str:
    """``text`` with each Chinese run written as its pairs and triples, parted by spaces."""
    return " ".join(_grams(run) for run in _RUN.findall(unicodedata.normalize("NFKC", text)))


def query_text(question: str) -> str:
    """A question in the same form, without the words of asking."""
    return index_text(_told(question))


def is_chinese(text: str) -> bool:
    """Whether a text has more Chinese characters than Latin words."""
    return len(_CHARACTER.findall(text)) > len(_LATIN.findall(text))


def terms(text: str) -> frozenset[str]:
    """English words cut to their first five letters, Chinese pairs of characters, numbers."""
    found: set[str] = set()
    for run in _TERM.findall(unicodedata.normalize("NFKC", text).lower()):
        if run[0] >= "\u4e00":
            found.update(run[at : at + 2] for at in range(len(run) - 1))
        elif run not in _UNTOLD:
            found.add(run[:5])
    return frozenset(found)


def asked_terms(question: str) -> frozenset[str]:
    """The terms of a question, without the words of asking."""
    return terms(_told(question))


def _told(question: str) -> str:
    """A question without the words of asking, or as it is where it has no others."""
    folded = unicodedata.normalize("NFKC", question)
    told = _ASKING.sub(" ", folded)
    return told if any(map(str.isalnum, told)) else folded


def _grams(run: str) -> str:
    if run[0] < "\u4e00" or run[0] > "\u9fff" or len(run) == 1:
        return run
    pairs = (run[at : at + 2] for at in range(len(run) - 1))
    triples = (run[at : at + 3] for at in range(len(run) - 2))
    return " ".join([*pairs, *triples])
