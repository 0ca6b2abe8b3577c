"""Numbers and dates are the same however they are written."""

from decimal import Decimal

import pytest

from core.answering.articles import articles
from core.answering.quantities import dates, numbers, quantities, says


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
        ("two-thirds, 2/3 or 三分之二", [Decimal("0.6667")]),
        ("one and one-half percent (1.5%)", [Decimal("1.5")]),
        ("the thirty-fifth day", [35]),
        ("Power2Ship and any third party, 第三人", []),
        ("半数以上", [Decimal("0.5")]),
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
        "2024年3月1号",
    ],
)
def test_a_date_is_the_same_in_every_writing_and_is_no_number(text: str) -> None:
    assert dates(text) == {(2024, 3, 1)}
    assert numbers(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("sixty (60) days", ["=60 day"]),
        ("within thirty business days", ["=30 business day"]),
        ("三十个工作日", ["=30 business day"]),
        ("30%", ["=30 %"]),
        ("百分之三十", ["=30 %"]),
        ("thirty per cent", ["=30 %"]),
        ("万分之五", ["=5 ‱"]),
        ("USD 1.5 million", ["=1500000 $"]),
        ("$1,500,000", ["=1500000 $"]),
        ("150万元", ["=1500000 ¥"]),
        ("超过一个月不满一年", ["=1 month", "=1 year"]),
        ("in Sept. 2023", ["@2023-9-0"]),
        ("on 30 June", ["@0-6-30"]),
        ("February 22 & 23, 2011", ["@2011-2-22", "@2011-2-23"]),
        ("22 and 23 February 2011", ["@2011-2-22", "@2011-2-23"]),
        ("one of the parties may 3 times", ["=3 times"]),
        ("任何一方", []),
        ("AU$10 million", ["=10000000 a$"]),
        ("ten million Australian dollars", ["=10000000 a$"]),
        ("eighty-two and one-half percent", ["=82.5 %"]),
    ],
)
def test_a_number_is_read_with_its_unit_and_a_bare_one_counts_nothing(
    text: str, keys: list[str]
) -> None:
    assert [quantity.key for quantity in quantities(text)] == keys


@pytest.mark.parametrize(
    ("held", "said", "expected"),
    [
        ("=30 day", "=30 day", True),
        ("=30 day", "=30", True),
        ("=30 day", "=30 month", False),
        ("@2024-3-1", "@2024-3-0", True),
        ("@2024-3-0", "@2024-3-1", False),
        ("@2024-3-1", "@0-3-1", True),
    ],
)
def test_a_quantity_says_what_says_less_but_nothing_else(
    held: str, said: str, expected: bool
) -> None:
    assert says(held, said) is expected


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("第577条", ["§577"]),
        ("第五百七十七条第二款", ["§577", "§2款"]),
        ("第一款第（三）项", ["§1款", "§3项"]),
        ("under Article 577", ["§577"]),
        ("Section 12.1(b) of Exhibit A", ["§12.1(b)", "+a"]),
        ("Sections 2(a), 3, and 11", ["§11,2(a),3"]),
        ("a section of the road", []),
    ],
)
def test_an_article_is_the_same_in_every_writing(text: str, keys: list[str]) -> None:
    assert [key for key, _, _ in articles(text)] == keys


@pytest.mark.parametrize(
    ("held", "said", "same"),
    [
        ("two years", "24 months", True),
        ("14 days", "two weeks", True),
        ("two cents", "$0.02", True),
        ("50%", "one half", True),
        ("25 basis points", "one quarter of one percent", True),
        ("six months", "half a year", True),
        ("六个月", "半年", True),
        ("three quarters of one percent", "75%", False),
        ("sixty days", "two months", False),
        ("30 days", "30 months", False),
    ],
)
def test_units_are_converted_only_where_one_is_so_many_of_the_other(
    held: str, said: str, same: bool
) -> None:
    (one,), (other,) = quantities(held), quantities(said)
    assert says(one.key, other.key) is same
