"""What a clause must have, lack or say is understood, and not searched for."""

import pytest

from core.retrieval.provisos import Wish, wishes

BARE = "The liability of the Supplier shall not exceed the fees paid."
QUALIFIED = "Except for fraud, the liability of the Supplier shall not exceed the fees paid."


@pytest.mark.parametrize(
    ("phrase", "rest", "sign"),
    [
        ("cap on liability without carve-outs", "cap on liability", -1),
        ("indemnity with no exceptions", "indemnity", -1),
        ("unqualified disclaimer of warranties", "disclaimer of warranties", -1),
        ("warranty disclaimer with carveouts", "warranty disclaimer", 1),
        ("cap on liability subject to exceptions", "cap on liability", 1),
        ("没有例外的责任上限条款", "责任上限条款", -1),
        ("带但书的免责条款", "免责条款", 1),
    ],
)
def test_exceptions_wanted_or_not_are_taken_out_of_the_words(
    phrase: str, rest: str, sign: int
) -> None:
    assert wishes(phrase, is_phrase=True) == (rest, (Wish(sign),))


def test_a_clause_without_exceptions_steps_forward_and_one_with_them_back() -> None:
    _, (none,) = wishes("cap on liability without carve-outs", is_phrase=True)
    _, (some,) = wishes("cap on liability with carve-outs", is_phrase=True)
    assert none.score(BARE) > none.score(QUALIFIED)
    assert some.score(BARE) < some.score(QUALIFIED)


@pytest.mark.parametrize(
    "text",
    [
        "The Tenant pays, provided that the Landlord has sent an invoice.",
        "This Section shall not apply to fraud.",
        "出租人承担责任，但承租人有过错的除外。",
        "除不可抗力外，承租人应当赔偿。",
    ],
)
def test_exceptions_are_known_in_both_languages(text: str) -> None:
    assert Wish(1).score(text) > 0 == Wish(1).score("The Tenant pays rent. 承租人支付租金。")


@pytest.mark.parametrize(
    ("phrase", "rest", "held", "lacking"),
    [
        (
            "indemnification clauses that do not include hold harmless",
            "indemnification clauses",
            "shall indemnify and hold harmless the Buyer",
            "shall indemnify the Buyer",
        ),
        ("不包含违约金的租赁合同条款", "租赁合同条款", "应当支付违约金。", "应当支付租金。"),
    ],
)
def test_what_must_be_missing_is_not_searched_for(
    phrase: str, rest: str, held: str, lacking: str
) -> None:
    told, (wish,) = wishes(phrase, is_phrase=True)
    assert told.split() == rest.split()
    assert wish.score(held) < wish.score(lacking) == 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ('"as is" clause', "The goods are provided AS-IS."),
        ("Which clause says “time is of the essence”?", "Time is of the essence."),
        ("合同中“情势变更”如何约定？", "发生情势变更的，双方协商。"),
    ],
)
def test_quoted_words_are_wanted_as_they_stand_and_still_searched_for(
    question: str, text: str
) -> None:
    rest, (wish,) = wishes(question, is_phrase=False)
    assert rest == question
    assert wish.score(text) > 0 == wish.score("It was issued in essence of time. 情势的变更。")


@pytest.mark.parametrize(
    "question",
    [
        "Does the cap apply without exceptions?",
        "May either party terminate without cause?",
        "Which warranties do not include title?",
    ],
)
def test_a_sentence_wishes_for_nothing(question: str) -> None:
    assert wishes(question, is_phrase=False) == (question, ())


@pytest.mark.parametrize(
    "phrase", ["termination without cause", "assignment without consent", "qualified personnel"]
)
def test_words_that_clauses_themselves_use_are_searched_for(phrase: str) -> None:
    assert wishes(phrase, is_phrase=True) == (phrase, ())


@pytest.mark.parametrize("phrase", ["without exceptions", "没有例外的", "unqualified"])
def test_a_wish_for_nothing_but_itself_is_left_as_it_stands(phrase: str) -> None:
    assert wishes(phrase, is_phrase=True) == (phrase, ())
