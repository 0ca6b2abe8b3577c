"""Numbers and dates in English and Chinese, however they are written, as comparable values."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from core.documents.numerals import chinese_number

_UNITS = {
    word: value
    for value, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen "
            "fourteen fifteen sixteen seventeen eighteen nineteen"
        ).split()
    )
}
_TENS = dict(
    zip(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),
        range(20, 91, 10),
        strict=True,
    )
)
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13,
    "fourteenth": 14, "fifteenth": 15, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORDS = "|".join(sorted([*_UNITS, *_TENS, *_ORDINALS, *_SCALES], key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?:{_WORDS})(?:[\s-]+(?:and[\s-]+)?(?:{_WORDS}))*\b(?!(?<=third) (?:part|person))", re.I
)
_PARTS = {"third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "tenth": 10}
_SMALL_PARTS = re.compile(
    rf"\b(?:(?:a|one)[\s-](half|{'|'.join(_PARTS)})|(three)[\s-]quarters)"
    r" of (?:one|1|a) (?=per ?cent)",
    re.I,
)
"""A quarter of one per cent."""
_HALVES = re.compile(
    rf"\b(?:((?:{_WORDS})(?:[\s-](?:{_WORDS}))*)[\s-]+and[\s-]+)?"
    r"(?:(?:a|one)[\s-]half\b|half an? (?=year|month|day|hour|million))",
    re.I,
)
_IN_A_NAME = re.compile(r"[a-z]\d+[a-z]", re.I)
"""A number that is a part of a name: Power2Ship."""
_DIGITS = re.compile(
    r"(?<!\d)(?<!\d\.)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:st|nd|rd|th)?"
    r"(?:\s*(thousand|million|billion|hundred|千|万|亿))?"
)
_CHINESE_HALF = re.compile("一半|半数|半(?=年|个月|天|日|个?小时)")
_CHINESE_SCALES = {"千": 1000, "万": 10**4, "亿": 10**8}
_NUMERAL = "零〇一二两三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟"
_CHINESE = re.compile(rf"[{_NUMERAL}]+(?:[万亿][{_NUMERAL}]*)*")
_CHINESE_IDIOMS = re.compile(
    "第三[人方者]|[两二三]者|两(?:方|边)|一(?:方|切|般|致|定|旦|并|经|律|起|些|样)|统一|唯一|之一|同一|任一|万一|十分"
)
_MONTHS = "january february march april may june july august september october november december"
_MONTH = (
    {name: i for i, name in enumerate(_MONTHS.split(), 1)}
    | {name[:3]: i for i, name in enumerate(_MONTHS.split(), 1)}
    | {"sept": 9}
)
_MONTH_WORD = "|".join(sorted(_MONTH, key=len, reverse=True))
_FRACTIONS = re.compile(
    rf"\b(?<!-)(one|two|three|four|five|six|seven|eight|nine)[\s-]({'|'.join(_PARTS)})s?\b(?!\s+(?:{_MONTH_WORD}|part|person|anniversary))"
    r"|(?<![\d/])(\d)/(\d)(?![\d/])|([二三四五六七八九十])分之([一二三四五六七八九])",
    re.I,
)
_DAY = r"(?P<d>\d{1,2}(?:st|nd|rd|th)?(?:(?:,| and| &|, and) \d{1,2}(?:st|nd|rd|th)?(?!\d))*)"
_HAN = "\\d一二三四五六七八九十"
_CHINESE_DAY = rf"(?P<m>[{_HAN}]{{1,2}})\s*月\s*(?P<d>[{_HAN}]{{1,3}})\s*[日号]"
_CHINESE_YEAR = r"(?P<y>[\d〇零一二三四五六七八九]{4})\s*年\s*"
_DATES = (
    re.compile(rf"\b{_DAY}\s+(?:day\s+of\s+)?(?P<m>{_MONTH_WORD})\.?,?\s+(?P<y>\d{{4}})\b", re.I),
    re.compile(rf"\b(?P<m>{_MONTH_WORD})\.?\s+{_DAY},?\s+(?P<y>\d{{4}})\b", re.I),
    re.compile(r"\b(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})\b"),
    re.compile(_CHINESE_YEAR + _CHINESE_DAY),
    re.compile(rf"\b(?P<m>{_MONTH_WORD})\.?,?\s+(?P<y>\d{{4}})\b", re.I),
    re.compile(rf"\b{_DAY}\s+(?:day\s+of\s+)?(?P<m>{_MONTH_WORD})\b", re.I),
    re.compile(rf"\b(?P<m>{_MONTH_WORD})\.?\s+{_DAY}\b", re.I),
    re.compile(rf"{_CHINESE_YEAR}(?P<m>[{_HAN}]{{1,2}})\s*月(?!内)"),
    re.compile(_CHINESE_DAY),
)
_UNIT_WORDS = {
    "business day": "(?:business|working|banking|trading)[- ]days?|个?(?:工作|营业|交易)日",
    "day": "(?:calendar |consecutive |full |clear )?days?|日|天|个自然日",
    "month": "(?:calendar |full |consecutive )?months?|个月|月",
    "year": "(?:calendar |full |consecutive |contract |fiscal )?years?|年|周年|个年度",
    "week": "weeks?|周|个星期|星期",
    "hour": "hours?|个?小时",
    "minute": "minutes?|分钟",
    "%": "%|per ?cent(?:um)?|percentage points?",
    "‰": "‰",
    "times": "times|倍|次",
    "cent": "cents?|美分",
    "basis point": "basis points?|bps|个?基点",
    "fortnight": "fortnights?",
    "quarter": "(?:calendar )?quarters(?! of)|个季度",
    "$": "(?:u\\.?s\\.? |united states )?dollars?|usd|美元",
    "a$": "australian dollars?|aud|澳元",
    "c$": "canadian dollars?|cad|加元",
    "¥": "yuan|rmb|元|人民币",
    "€": "euros?|eur|欧元",
    "£": "pounds?|gbp|英镑",
    "hk$": "港元|港币|hkd",
    "share": "shares?|股",
    "person": "persons?|people|人|名",
}
_HUNDREDTHS = {"cent": "", "basis point": "%"}
_SPANS = {"fortnight": (14, "day"), "quarter": (3, "month")}
_AFTER = tuple(
    (unit, re.compile(rf"(?:\s*\)|-|\s)*\s*(?:{words})(?![a-z])", re.I))
    for unit, words in _UNIT_WORDS.items()
)
_BEFORE = re.compile(
    r"(\b(?:hk|us|aus?|a|ca?|nz|s)\$|[$£€¥]|\b(?:usd|gbp|eur|rmb|cny|hkd)|人民币|美元|百分之|千分之|万分之)\s*\Z",
    re.I,
)
_BEFORE_UNIT = {
    "us$": "$", "usd": "$", "美元": "$", "au$": "a$", "aus$": "a$", "ca$": "c$", "gbp": "£",
    "eur": "€", "rmb": "¥", "cny": "¥", "人民币": "¥", "hkd": "hk$", "百分之": "%", "千分之": "‰",
    "万分之": "‱",
}  # fmt: skip
_EXACTLY = {
    ("year", "month"): Decimal(12), ("week", "day"): Decimal(7), ("", "%"): Decimal(100),
}  # fmt: skip
"""Units that are so many of another by definition; sixty days are not two months."""
_PARTS_OF = re.compile(r"[百千万]分之")
_BRACKET = 3
"""Characters between a number in words and the same in digits: " (" and the like."""

Date = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or date at ``[start, end)``; ``value`` is comparable, ``unit`` may be unknown ("").

    A date's value is ``@year-month-day`` with 0 for what is not said.
    """

    value: str
    unit: str
    start: int
    end: int

    @property
    def kind(self) -> str:
        """``date`` or ``number``."""
        return "date" if self.value[0] == "@" else "number"

    @property
    def key(self) -> str:
        """Value and unit in one."""
        return f"{self.value} {self.unit}" if self.unit else self.value


def says(held: str, said: str) -> bool:
    """Whether a quantity's key says another: a unit or a part of a date may go unsaid."""
    if held == said:
        return True
    if held[0] == "@" and said[0] == "@":
        pairs = zip(held[1:].split("-"), said[1:].split("-"), strict=True)
        return all(b in ("0", a) for a, b in pairs)
    one, _, unit = held.partition(" ")
    other, _, wanted = said.partition(" ")
    if one == other and (not unit or not wanted):
        return True
    more, less = _EXACTLY.get((unit, wanted)), _EXACTLY.get((wanted, unit))
    if more:
        return Decimal(one[1:]) * more == Decimal(other[1:])
    return less is not None and Decimal(other[1:]) * less == Decimal(one[1:])


def dates(text: str) -> frozenset[Date]:
    """The dates (year, month, day) in ``text``, in either language; 0 for what is not said."""
    return frozenset(date for date, _ in _find_dates(folded(text)))


def numbers(text: str) -> frozenset[Decimal]:
    """The numbers in ``text`` that are no part of a date: digits, words and numerals alike.

    "sixty (60)" gives 60 once; "1.5 million" and "150万元" give 1,500,000; 六十 gives 60.
    """
    plain = folded(text)
    return frozenset(value for value, _ in _find_numbers(plain, _find_dates(plain)))


def quantities(text: str) -> tuple[Quantity, ...]:
    """The dates and numbers of ``text`` in order, with their units.

    A value that is written twice in a row, "sixty (60)", stands once; a bare "one" or 一 counts
    nothing.
    """
    plain = folded(text)
    found_dates = _find_dates(plain)
    found = [_measured(plain, *each) for each in _find_numbers(plain, found_dates)]
    found += [Quantity("@" + "-".join(map(str, date)), "", *span) for date, span in found_dates]
    kept: list[Quantity] = []
    for each in sorted(found, key=lambda one: one.start):
        last = kept[-1] if kept else None
        if last and last.value == each.value and _again(plain[last.end : each.start], last, each):
            kept[-1] = Quantity(last.value, each.unit or last.unit, last.start, each.end)
        else:
            kept.append(each)
    return tuple(
        each for each in kept if each.value != "=1" or each.unit or text[each.start].isdecimal()
    )


def _again(between: str, last: Quantity, each: Quantity) -> bool:
    """Whether a number stands a second time, in words and in digits."""
    near = len(between) <= _BRACKET and not any(c.isalnum() for c in between)
    return near and (last.unit == each.unit or not last.unit or not each.unit)


def _measured(plain: str, value: Decimal, span: tuple[int, int]) -> Quantity:
    unit, start, end = _unit(plain, *span)
    if unit in _HUNDREDTHS:
        value, unit = (value / 100).normalize() + 0, _HUNDREDTHS[unit]
    if unit in _SPANS:
        months, unit = _SPANS[unit]
        value *= months
    return Quantity(f"={value:f}", unit, start, end)


def _unit(plain: str, start: int, end: int) -> tuple[str, int, int]:
    """The unit of the number at ``[start, end)``, and the span of both."""
    match = _BEFORE.search(plain, max(0, start - 6), start)
    if match:
        word = match.group(1).lower()
        return _BEFORE_UNIT.get(word, word), match.start(), end
    for unit, pattern in _AFTER:
        match = pattern.match(plain, end, end + 40)
        if match:
            return unit, start, match.end()
    return "", start, end


def folded(text: str) -> str:
    """Full-width forms folded, every offset kept."""
    forms = (unicodedata.normalize("NFKC", character) for character in text)
    return "".join(
        each if len(each) == 1 else character for each, character in zip(forms, text, strict=True)
    )


def _find_numbers(
    plain: str, found_dates: list[tuple[Date, tuple[int, int]]]
) -> list[tuple[Decimal, tuple[int, int]]]:
    for _, span in found_dates:
        plain = _blanked(plain, span)
    found: list[tuple[Decimal, tuple[int, int]]] = []
    for match in _SMALL_PARTS.finditer(plain):
        part = match.group(1)
        value = Decimal("0.75") if match.group(2) else Decimal(1) / _PARTS.get(part.lower(), 2)
        found.append((round(value, 4).normalize(), match.span()))
        plain = _blanked(plain, match.span())
    for match in _FRACTIONS.finditer(plain):
        found.append((_fraction(*match.groups()), match.span()))
        plain = _blanked(plain, match.span())
    for match in _DIGITS.finditer(plain):
        if not _IN_A_NAME.match(plain, max(0, match.start() - 1)):
            found.append((_scaled(match), match.span()))
        plain = _blanked(plain, match.span())
    for match in _HALVES.finditer(plain):
        whole = _spelled(match.group(1)) if match.group(1) else 0
        found.append((whole + Decimal("0.5"), match.span()))
        plain = _blanked(plain, match.span())
    for match in _CHINESE_HALF.finditer(plain):
        found.append((Decimal("0.5"), match.span()))
        plain = _blanked(plain, match.span())
    found += [(Decimal(_spelled(m.group())), m.span()) for m in _SPELLED.finditer(plain)]
    for match in [*_CHINESE_IDIOMS.finditer(plain), *_PARTS_OF.finditer(plain)]:
        plain = _blanked(plain, match.span())
    found += [(Decimal(chinese_number(m.group())), m.span()) for m in _CHINESE.finditer(plain)]
    return found


def _fraction(*parts: str | None) -> Decimal:
    """Two thirds, 2/3 or 三分之二, to four places."""
    above, below, over, under, whole, part = parts
    if above and below:
        value = Decimal(_spelled(above)) / _PARTS[below.lower()]
    elif over and under:
        value = Decimal(over) / max(1, int(under))
    else:
        value = Decimal(chinese_number(part or "一")) / chinese_number(whole or "一")
    return round(value, 4).normalize()


def _blanked(text: str, span: tuple[int, int]) -> str:
    return text[: span[0]] + " " * (span[1] - span[0]) + text[span[1] :]


def _find_dates(plain: str) -> list[tuple[Date, tuple[int, int]]]:
    found = []
    for pattern in _DATES:
        for match in pattern.finditer(plain):
            parts = match.groupdict()
            if parts["m"] == "may":
                continue  # the verb
            month = _MONTH.get(parts["m"].lower()) or _small(parts["m"])
            days = re.findall(rf"[{_HAN}]+", parts.get("d") or "0")
            year = _small(parts.get("y") or "0")
            for i, day in enumerate(days):  # "22 and 23 February" stand side by side
                start = match.start() + i
                end = match.end() if i + 1 == len(days) else start + 1
                found.append(((year, month, _small(day)), (start, end)))
            plain = _blanked(plain, match.span())
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
