"""Chinese laws by name."""

import pytest

from core.retrieval.laws import bears, cited, known_laws, lead


def names(question: str) -> list[str]:
    return [name for name, _ in cited(question)]


@pytest.mark.parametrize(
    ("question", "laws"),
    [
        ("刑法第二百六十四条对盗窃罪怎么量刑？", ["刑法"]),
        ("根据刑法，盗窃怎么处罚？", ["刑法"]),
        ("军人保险法第十六条规定了什么？", ["军人保险法"]),
        ("道路交通安全法对饮酒后驾驶怎么处罚？", ["道路交通安全法"]),
        ("《劳动法》和劳动合同法有何不同？", ["劳动法", "劳动合同法"]),
        ("污水法第三条", []),
        ("劳动争议仲裁法的时效？", []),
        ("公司法司法解释三第十条规定了什么？", ["公司法司法解释三"]),
        ("刑法修正案（十一）第一条", ["刑法修正案（十一）"]),
        ("日本民法典怎么规定？", ["日本民法典"]),
        ("保险法规定的告知义务", ["保险法"]),
        ("会计法规有哪些？", []),
        ("公司法定代表人是谁？", []),
        ("Which law governs?", []),
    ],
)
def test_a_law_is_found_by_its_name_and_the_longest_name_wins(
    question: str, laws: list[str]
) -> None:
    assert names(question) == laws


@pytest.mark.parametrize(
    ("question", "is_asked"),
    [
        ("这份合同是否适用民法典？", False),
        ("该条款违反《劳动合同法》吗？", False),
        ("适用民法典第五百七十七条要什么条件？", True),
        ("违反劳动合同法的规定有什么后果？", True),
        ("民法典怎么规定违约金？", True),
    ],
)
def test_a_law_that_a_contract_applies_or_breaches_is_not_asked_for(
    question: str, is_asked: bool
) -> None:
    assert bool(names(question)) is is_asked


@pytest.mark.parametrize(
    ("title", "law", "is_it"),
    [
        ("中华人民共和国保险法", "保险法", True),
        ("保险法（2015年修正）", "保险法", True),
        ("民法典合同编", "民法典", True),
        ("军人保险法", "保险法", False),
        ("劳动合同法实施条例", "劳动合同法", False),
        ("公司法司法解释三", "公司法", False),
        ("劳动争议调解仲裁法", "仲裁法", False),
        ("《中华人民共和国公司法》", "公司法", True),
        ("公司法律顾问合同", "公司法", False),
        ("公司法案例汇编", "公司法", False),
    ],
)
def test_a_document_is_the_law_of_its_name_and_no_relative(
    title: str, law: str, is_it: bool
) -> None:
    assert bears(title, law) is is_it


def test_a_question_leads_to_the_laws_at_hand_or_away_from_them() -> None:
    at_hand = ["中华人民共和国商业银行法", "个人独资企业法"]
    assert lead("个人独资企业解散时怎样清算？", at_hand) > 5
    assert lead("农民专业合作社怎样登记？", at_hand) < -5
    assert lead("红烧肉要炖多久？", at_hand) == 0


def test_contracts_are_not_measured_against_laws() -> None:
    assert lead("农民专业合作社怎样登记？", ["房屋租赁合同", "Master Services Agreement"]) == 0


def test_the_list_holds_names_as_questions_use_them() -> None:
    assert {"民法典", "刑法", "公司法", "劳动合同法", "个人信息保护法"} <= known_laws()
    assert all(name and not name.startswith("中华人民共和国") for name in known_laws())
