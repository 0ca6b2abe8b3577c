"""Numbers as legal texts write them: 577, 五百七十七, xii, (bb), 贰拾."""

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_DIGITS |= {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_SCALES = {"万": 10**4, "亿": 10**8}
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_CHINESE_DIGITS = "〇一二三四五六七八九"
_LEGAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_HEAVENLY_STEMS = "甲乙丙丁戊己庚辛壬癸"
_EARTHLY_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc")),
    *((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def chinese_number(words: str) -> int:
    """Read a Chinese or Arabic number: 五百七十七 or 577, 一万二千 (12,000), 二〇二四 (2024)."""
    if words.isascii():
        return int(words)
    if not any(word in _UNITS or word in _SCALES for word in words):
        return int("".join(str(_DIGITS.get(word, word)) for word in words))
    total = section = digit = 0
    for word in words:
        if word in _UNITS:
            section += (digit or 1) * _UNITS[word]
            digit = 0
        elif word in _SCALES:
            total, section, digit = (total + section + digit) * _SCALES[word], 0, 0
        else:
            digit = _DIGITS[word] if word in _DIGITS else int(word)
    return total + section + digit


def roman_number(letters: str) -> int:
    """Read a lower-case Roman numeral below 400; 0 where it is none."""
    if not letters or any(letter not in _ROMAN_VALUES for letter in letters):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in letters]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-value if value < following else value for value, following in pairs)


def letter_readings(letters: str) -> list[tuple[str, int]]:
    """What "(i)", "(b)", "(BB)" or "(2)" may count: style and value, the likelier first."""
    if letters.isdigit():
        return [("1", int(letters))]
    style = "a" if letters.islower() else "A"
    readings: list[tuple[str, int]] = []
    if len(set(letters)) == 1 and len(letters) <= 2:
        readings.append((style, ord(letters[0].lower()) - 96 + 26 * (len(letters) - 1)))
    if roman := roman_number(letters.lower()):
        readings.append(("i" if letters.islower() else "I", roman))
    return readings


def written_number(number: int, number_format: str) -> str:
    """Write ``number`` in one of Word's formats; formats not known here are written as decimal."""
    if number_format in ("lowerLetter", "upperLetter"):
        letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1) if number else ""
        return letters.upper() if number_format == "upperLetter" else letters
    if number_format in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.upper() if number_format == "upperRoman" else roman
    if number_format == "decimalZero":
        return f"{number:02d}"
    if number_format == "ordinal":
        return f"{number}{_ordinal_suffix(number)}"
    if number_format in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese"):
        return chr(0x245F + number) if 1 <= number <= 20 else str(number)
    if number_format in ("ideographTraditional", "ideographZodiac"):
        signs = _HEAVENLY_STEMS if number_format == "ideographTraditional" else _EARTHLY_BRANCHES
        return signs[number - 1] if 1 <= number <= len(signs) else str(number)
    if number_format in ("ideographDigital", "japaneseDigitalTenThousand"):
        return "".join(_CHINESE_DIGITS[int(digit)] for digit in str(number))
    if number_format in (
        *("chineseCounting", "chineseCountingThousand"),
        *("taiwaneseCounting", "taiwaneseCountingThousand", "japaneseCounting"),
    ):
        return _chinese(number, "零" + _CHINESE_DIGITS[1:], "十百千")
    if number_format in ("chineseLegalSimplified", "ideographLegalTraditional"):
        return _chinese(number, _LEGAL_DIGITS, "拾佰仟", leading_one=True)
    return str(number)


def _roman(number: int) -> str:
    letters = ""
    for value, letter in _ROMAN:
        letters += letter * (number // value)
        number %= value
    return letters


def _ordinal_suffix(number: int) -> str:
    if 11 <= number % 100 <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _chinese(number: int, digits: str, units: str, leading_one: bool = False) -> str:
    """Write a number below ten thousand in Chinese: 577 is 五百七十七, 105 is 一百零五."""
    if not 0 <= number < 10_000:
        return str(number)
    if number == 0:
        return digits[0]
    written, gap = "", False
    for power in (3, 2, 1, 0):
        digit = number // 10**power % 10
        if digit:
            written += digits[0] if gap and written else ""
            written += digits[digit] + (units[power - 1] if power else "")
        gap = digit == 0
    return (
        written
        if leading_one or number >= 20
        else written.removeprefix("一" if number >= 10 else "")
    )
