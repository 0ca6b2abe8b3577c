"""Numbers as Word shows them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.numerals import chinese_number, roman_number, written_number


@pytest.mark.parametrize(
    ("number", "number_format", "written"),
    [
        (3, "decimal", "3"),
        (3, "decimalZero", "03"),
        (2, "lowerLetter", "b"),
        (28, "upperLetter", "BB"),
        (14, "lowerRoman", "xiv"),
        (9, "upperRoman", "IX"),
        (12, "chineseCounting", "十二"),
        (577, "chineseCountingThousand", "五百七十七"),
        (105, "chineseCountingThousand", "一百零五"),
        (110, "chineseCountingThousand", "一百一十"),
        (1008, "chineseCountingThousand", "一千零八"),
        (20, "ideographDigital", "二〇"),
        (10, "chineseLegalSimplified", "壹拾"),
        (2, "ideographTraditional", "乙"),
        (3, "decimalEnclosedCircle", "③"),
        (22, "ordinal", "22nd"),
        (5, "something new", "5"),
    ],
)
def test_every_format_is_written_as_word_writes_it(
    number: int, number_format: str, written: str
) -> None:
    assert written_number(number, number_format) == written


@given(st.integers(1, 9999))
def test_a_chinese_number_is_read_as_it_was_written(number: int) -> None:
    assert chinese_number(written_number(number, "chineseCountingThousand")) == number


@given(st.integers(1, 399))
def test_a_roman_number_is_read_as_it_was_written(number: int) -> None:
    assert roman_number(written_number(number, "lowerRoman")) == number
