"""Dates as legal texts write them, in English and Chinese."""

import re
from collections.abc import Iterator
from datetime import date

from core.documents.numerals import chinese_number

_MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan,february feb,march mar,april apr,may,june jun,july jul,august aug,"
        "september sept sep,october oct,november nov,december dec".split(","),
        start=1,
    )
    for name in names.split()
}
_MONTH = "(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(\d{1,2})\s?(?:st|nd|rd|t\s?h)?"
_DATE = re.compile(
    rf"\b(?P<month_first>{_MONTH})\s{{0,3}}(?P<day_1>{_DAY})\s{{0,3}},?\s{{0,3}}(?P<year_1>[12]\d{{3}})\b"
    rf"|\b(?P<day_2>{_DAY})\s{{1,3}}(?:day\s{{1,3}}of\s{{1,3}})?(?P<month_last>{_MONTH}),?"
    r"\s{0,3}(?P<year_2>[12]\d{3})\b"
    r"|(?<!\d)(?P<year_3>[12]\d{3})[-/.](?P<month_3>\d{1,2})[-/.](?P<day_3>\d{1,2})(?!\d)"
    r"|(?<!\d)(?P<year_4>[12]\d{3}|[〇○零一二三四五六七八九]{4})\s?年\s?(?P<month_4>\d{1,2}|[一二三四五六七八九十]{1,2})"
    r"\s?月\s?(?P<day_4>\d{1,2}|[一二三四五六七八九十]{1,3})\s?日",
    re.IGNORECASE,
)


def dates(text: str) -> Iterator[tuple[int, int, date]]:
    """The dates that ``text`` names with day, month and year, in order, with their spans.

    1/2/2020 is left out: it is read both ways.
    """
    for match in _DATE.finditer(text):
        try:
            yield match.start(), match.end(), _read(match)
        except ValueError:  # there is no 31 June
            continue


def _read(match: re.Match[str]) -> date:
    for month, day, year in (("month_first", "day_1", "year_1"), ("month_last", "day_2", "year_2")):
        if match[month]:
            number = _MONTHS[match[month].lower().rstrip(".")]
            return date(int(match[year]), number, int(re.sub(r"\D", "", match[day])))
    if match["year_3"]:
        return date(int(match["year_3"]), int(match["month_3"]), int(match["day_3"]))
    year = match["year_4"].replace("○", "〇").replace("零", "〇")
    return date(*(chinese_number(words) for words in (year, match["month_4"], match["day_4"])))
