"""Numbers and dates in English and Chinese, however they are written, as comparable values."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

from core.documents.numerals import chinese_number

_UNITS = {
    word: value
    for value, words in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
    for word in [words]
}
_TENS = {
    word: 10 * value
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORDS = "|".join(sorted([*_UNITS, *_TENS, *_ORDINALS, *_SCALES], key=len, reverse=True))
_SPELLED = re.compile(rf"\b(?:{_WORDS})(?:[\s-]+(?:and[\s-]+)?(?:{_WORDS}))*\b", re.I)
_DIGITS = re.compile(
    r"(?<!\d)(?<!\d\.)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:st|nd|rd|th)?"
    r"(?:\s*(thousand|million|billion|hundred|千|万|亿))?"
)
_CHINESE_SCALES = {"千": 1000, "万": 10**4, "亿": 10**8}
_NUMERAL = "零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟"
_CHINESE = re.compile(rf"[{_NUMERAL}]+(?:[万亿][{_NUMERAL}]*)*")
_CHINESE_IDIOMS = re.compile(
    "一(?:方|切|般|致|定|旦|并|经|律|起|些|样)|统一|唯一|之一|同一|任一|万一|十分"
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: i for i, name in enumerate(_MONTHS.split(), 1)} | {
    name[:3]: i for i, name in enumerate(_MONTHS.split(), 1)
}
_MONTH_WORD = "|".join(sorted(_MONTH, key=len, reverse=True))
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_CHINESE_DATE = (
    r"(?P<y>[\d〇零一二三四五六七八九]{4})\s*年\s*(?P<m>[\d一二三四五六七八九十]{1,2})\s*月"
    r"\s*(?P<d>[\d一二三四五六七八九十]{1,3})\s*日"
)
_DATES = (
    re.compile(rf"\b{_DAY}\s+(?:day\s+of\s+)?(?P<m>{_MONTH_WORD})\.?,?\s+(?P<y>\d{{4}})", re.I),
    re.compile(rf"\b(?P<m>{_MONTH_WORD})\.?\s+{_DAY},?\s+(?P<y>\d{{4}})", re.I),
    re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"),
    re.compile(_CHINESE_DATE),
)

_BRACKET = 3
"""Characters between a number in words and the same in digits: " (" and the like."""

Date = tuple[int, int, int]


def dates(text: str) -> frozenset[Date]:
    """The full dates (year, month, day) in ``text``, in either language."""
    return frozenset(date for date, _ in _find_dates(_plain(text)))


def numbers(text: str) -> frozenset[Decimal]:
    """The numbers in ``text`` that are no part of a full date: digits, words and numerals alike.

    "sixty (60)" gives 60 once; "1.5 million" and "150万元" give 1,500,000; 六十 gives 60.
    """
    plain = _plain(text)
    return frozenset(value for value, _ in _find_numbers(plain, _find_dates(plain)))


def quantities(text: str) -> tuple[tuple[str, int, int], ...]:
    """The dates and numbers of ``text`` in order, as ``(comparable value, start, end)``.

    A value that is written twice in a row, "sixty (60)", stands once.
    """
    plain = _plain(text)
    found_dates = _find_dates(plain)
    found = [(f"={value}", *span) for value, span in _find_numbers(plain, found_dates)]
    found += [("@" + "-".join(map(str, date)), *span) for date, span in found_dates]
    kept: list[tuple[str, int, int]] = []
    for each in sorted(found, key=lambda one: one[1]):
        if not (kept and kept[-1][0] == each[0] and each[1] - kept[-1][2] <= _BRACKET):
            kept.append(each)
    return tuple(kept)


def _plain(text: str) -> str:
    """Full-width forms folded, every offset kept."""
    folded = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(
        each if len(each) == 1 else character for each, character in zip(folded, text, strict=True)
    )


def _find_numbers(
    plain: str, found_dates: list[tuple[Date, tuple[int, int]]]
) -> list[tuple[Decimal, tuple[int, int]]]:
    for _, span in found_dates:
        plain = _blanked(plain, span)
    found: list[tuple[Decimal, tuple[int, int]]] = []
    for match in _DIGITS.finditer(plain):
        found.append((_scaled(match), match.span()))
        plain = _blanked(plain, match.span())
    found += [(Decimal(_spelled(m.group())), m.span()) for m in _SPELLED.finditer(plain)]
    for match in _CHINESE_IDIOMS.finditer(plain):
        plain = _blanked(plain, match.span())
    found += [(Decimal(chinese_number(m.group())), m.span()) for m in _CHINESE.finditer(plain)]
    return found


def _blanked(text: str, span: tuple[int, int]) -> str:
    return text[: span[0]] + " " * (span[1] - span[0]) + text[span[1] :]


def _find_dates(plain: str) -> list[tuple[Date, tuple[int, int]]]:
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(plain):
            year, month, day = (match.group(part) for part in "ymd")
            month_number = _MONTH.get(month.lower()) or _small(month)
            found.append(((_small(year), month_number, _small(day)), match.span()))
    return found


def _small(numeral: str) -> int:
    return int(numeral) if numeral.isdecimal() else chinese_number(numeral)


def _scaled(match: re.Match[str]) -> Decimal:
    whole, fraction, scale = match.groups()
    try:
        value = Decimal(whole.replace(",", "") + (fraction or ""))
    except InvalidOperation as error:  # digits of other scripts that \d admits
        raise ValueError(f"not a number: {match.group()!r}") from error
    if scale:
        value *= _SCALES.get(scale.lower()) or _CHINESE_SCALES[scale]
    return value.normalize() + 0


def _spelled(words: str) -> int:
    total, section = 0, 0
    for word in re.split(r"[\s-]+", words.lower()):
        if word in _UNITS or word in _TENS or word in _ORDINALS:
            section += _UNITS.get(word, 0) or _TENS.get(word, 0) or _ORDINALS.get(word, 0)
        elif word == "hundred":
            section = (section or 1) * 100
        elif word in _SCALES:
            total, section = total + (section or 1) * _SCALES[word], 0
    return total + section
