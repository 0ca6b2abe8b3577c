"""Numbers and dates are the same however they are written."""

from decimal import Decimal

import pytest

from core.answering.quantities import dates, numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("sixty (60) days", [60]),
        ("USD 1.5 million, 1,500,000.00 or 150万元", [1500000]),
        ("六十日", [60]),
        ("第一百二十三条", [123]),
        ("贰拾万元整", [200000]),
        ("一万二千元", [12000]),
        ("twenty-five per cent (25%)", [25]),
        ("one hundred and five thousand", [105000]),
        ("the fifth day", [5]),
        ("Section 12.10", [Decimal("12.1")]),
        ("６０ 天", [60]),
        ("违约金为500元，见第577条", [500, 577]),
        ("RMB500 under No.5", [500, 5]),
        ("支付150万元", [1500000]),
        ("clause 1.2.3", [Decimal("1.2")]),
        ("一方应当通知另一方", []),
        ("no number here", []),
    ],
)
def test_numbers_are_read_in_every_writing(text: str, values: list[int]) -> None:
    assert numbers(text) == {Decimal(value) for value in values}


@pytest.mark.parametrize(
    "text",
    [
        "1 March 2024",
        "March 1, 2024",
        "1st day of March, 2024",
        "Mar. 1, 2024",
        "2024-03-01",
        "2024年3月1日",
        "二〇二四年三月一日",
    ],
)
def test_a_date_is_the_same_in_every_writing_and_is_no_number(text: str) -> None:
    assert dates(text) == {(2024, 3, 1)}
    assert numbers(text) == frozenset()
