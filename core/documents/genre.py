"""Whether a text is a statute, a contract, a judgment or something else, told from its words."""

import re

from core.types import Genre

_ENOUGH = 3
_ARTICLES = re.compile(r"^[ \t\u3000]*第[一二三四五六七八九十百千零〇\d]{1,7}条", re.MULTILINE)
_TITLES: tuple[tuple[Genre, str], ...] = (
    (Genre.JUDGMENT, r"判决书|裁定书|调解书|裁决书|\bv\.\s|\b(?:judg(?:e)?ment|opinion)\b"),
    (Genre.CONTRACT, r"(?:合同|协议|合同书|协议书)(?:[（(]|$)"),
    (Genre.CONTRACT, r"\b(?:agreement|contract|(?:under|sub-?)?lease|deed|licen[cs]e|terms|nda)\b"),
    (Genre.CONTRACT, r"\b(?:addendum|amendment|offer letter|statement of work|order form)\b"),
    (Genre.STATUTE, r"(?:法|法典|条例|规定|办法|细则|宪法|修正案|解释)(?:[（(]|$)"),
    (Genre.STATUTE, r"\b(?:act|code|ordinance|regulations?|directive)\b[\s(]*(?:of |no)?[\d(]"),
    (Genre.STATUTE, r"\bconstitution of\b"),
)
"""Words of a title that settle the genre unless the text speaks against it."""
_WORDS: tuple[tuple[Genre, int, str], ...] = (
    (Genre.STATUTE, 3, r"(?:人民代表大会|常务委员会|国务院|主席令|部令)[^\n]{0,60}(?:通过|公布"
                       r"|修订|修正)"),
    (Genre.STATUTE, 2, r"(?:制定|根据)?本(?:法|条例|规定|办法|细则)(?:自|所称|。)"),
    (Genre.STATUTE, 3, r"(?i:\bbe it (?:therefore )?enacted\b)|\bA[Nn] A(?:ct|CT) (?:to|TO)\b"),
    (Genre.STATUTE, 3, r"\bthis (?:Act|Code|Regulation|Ordinance) (?:may be cited|applies)\b"),
    (Genre.STATUTE, 3, r"\bHA(?:VE|S) ADOPTED THIS\b|^§+ ?\d[^\n]*\n[\s\S]{0,3000}?^§+ ?\d"),
    (Genre.JUDGMENT, 4, r"(?:民事|刑事|行政)(?:判决|裁定|调解)书|[判裁]\s*[决定]\s*如\s*下"
                        r"|本院认为"),
    (Genre.JUDGMENT, 2, r"^[ \t]*(?:In the |IN THE )?(?:[A-Z][\w.]* ){0,5}(?i:court (?:of|for"
                        r"|in)) [A-Z]"),
    (Genre.JUDGMENT, 2, r"^[^\n]{0,80}\b(?i:plaintiff|defendant|appell(?:ant|ee)"
                        r"|petitioner)s?\b.{0,20}$"),
    (Genre.JUDGMENT, 2, r"\b(?:OPINION|JUDGMENT|ORDERED|[Tt]his [Cc]ourt|[Ww]e (?:affirm"
                        r"|reverse))\b"),
    (Genre.CONTRACT, 2, r"(?i:\bbetween\b)[\s\S]{0,1500}?[(（][^()]{0,60}[\"“'‘]|\bWHEREAS\b"),
    (Genre.CONTRACT, 2, r"\b(?i:this) [\"“]?(?:[A-Z][\w-]* ){0,6}(?i:agreement|lease|deed"
                        r"|contract|cover page)\b"),
    (Genre.CONTRACT, 2, r"\b(?i:part(?:y|ies) (?:hereto|agree|shall|enter)|enters? into (?:an?"
                        r"|this|the)\b)"),
    (Genre.CONTRACT, 1, r"\b(?:[A-Z]\w+ (?:shall|will) (?:pay|provide|deliver)|IT IS AGREED)\b"),
    (Genre.CONTRACT, 4, r"甲\s*方[\s\S]{0,600}?乙\s*方|(?:双方|各方)[^\n。]{0,30}(?:协商一致|达成"
                        r"|订立|签订)"),
)  # fmt: skip
"""Words of the opening, with their weight."""
_TITLE_SIGNS = [(genre, re.compile(words, re.IGNORECASE)) for genre, words in _TITLES]
_SIGNS = [(genre, weight, re.compile(words, re.MULTILINE)) for genre, weight, words in _WORDS]


def genre_of(title: str, opening: str) -> Genre:
    """Weigh the words of a title and of an opening of some thousand characters."""
    scores = dict.fromkeys(Genre, 0)
    for genre, sign in _TITLE_SIGNS:
        if not scores[genre] and sign.search(title):
            scores[genre] += 3
    for genre, weight, sign in _SIGNS:
        scores[genre] += weight * bool(sign.search(opening))
    scores[Genre.STATUTE] += len(_ARTICLES.findall(opening)) >= 3
    best = max(scores, key=lambda genre: scores[genre])
    return best if scores[best] >= _ENOUGH else Genre.OTHER
