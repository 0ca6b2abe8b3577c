"""What a clause must have, lack or say is understood, and nothing else is taken for a wish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.provisos import Wishes, wishes

BARE = "The liability of the Supplier shall not exceed the fees paid."
QUALIFIED = "Except for fraud, the liability of the Supplier shall not exceed the fees paid."


def gain(wanted: Wishes, text: str) -> float:
    (told,) = wanted.granted([text])
    return told


@pytest.mark.parametrize(
    ("phrase", "rest", "sign"),
    [
        ("cap on liability without carve-outs", "cap on liability", -1),
        ("cap on liability without carve-outs.", "cap on liability", -1),
        ("indemnity with no exceptions", "indemnity", -1),
        ("unqualified disclaimer of warranties", "disclaimer of warranties", -1),
        ("warranty disclaimer with carveouts", "warranty disclaimer", 1),
        ("non-compete with any exceptions", "non-compete", 1),
    ],
)
def test_exceptions_wanted_or_not_are_taken_out_of_the_words(
    phrase: str, rest: str, sign: int
) -> None:
    assert wishes(phrase) == (rest, Wishes(sign))


def test_a_clause_without_exceptions_steps_forward_and_one_with_them_back() -> None:
    _, none = wishes("cap on liability without carve-outs")
    _, some = wishes("cap on liability with carve-outs")
    assert gain(none, BARE) > gain(none, QUALIFIED)
    assert gain(some, BARE) < gain(some, QUALIFIED)


@pytest.mark.parametrize(
    "text",
    [
        "The Tenant pays, provided that the Landlord has sent an invoice.",
        "This Section shall not apply to fraud.",
        "Subject to clause 5, the Buyer pays.",
        "Save in respect of fraud, neither party is liable.",
        "This limit excludes fraud, and nothing in this Agreement limits liability for death.",
        "Confidential Information does not include information that is publicly known.",
    ],
)
def test_an_exception_is_known_by_its_words(text: str) -> None:
    assert gain(Wishes(1), text) > 0


@pytest.mark.parametrize(
    "text",
    [
        "The Tenant pays the rent.",
        "Notwithstanding anything to the contrary herein, liability shall not exceed the fees.",
        "Subject to the terms of this Agreement, the Recipient shall keep it secret.",
    ],
)
def test_the_usual_opening_of_a_clause_is_no_exception(text: str) -> None:
    assert gain(Wishes(1), text) == 0


@pytest.mark.parametrize(
    "phrase",
    [
        "indemnification clauses that do not include hold harmless",
        'indemnification clauses that do not include "hold harmless"',
        "indemnification clauses which don’t mention hold harmless",
    ],
)
def test_what_must_be_missing_is_not_searched_for(phrase: str) -> None:
    rest, wanted = wishes(phrase)
    assert rest == "indemnification clauses"
    assert gain(wanted, "shall hold the Buyer harmless") < 0 == gain(wanted, "shall indemnify")


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ('"as is" clause', "The goods are provided AS-IS."),
        ("clause saying “time is of the essence,”", "Time is of the essence."),
        ('"party\'s sole remedy"', "It is the party’s sole\nremedy."),
    ],
)
def test_quoted_words_are_wanted_as_they_stand_and_still_searched_for(
    phrase: str, text: str
) -> None:
    rest, wanted = wishes(phrase)
    assert rest == phrase
    assert gain(wanted, text) > 0 == gain(wanted, "It was issued in essence, a sole party.")


def test_many_quotations_or_one_said_twice_weigh_no_more_than_one() -> None:
    _, one = wishes('"sole remedy"')
    _, twice = wishes('"sole remedy" or "sole remedy"')
    _, other = wishes('"sole remedy" and "time of essence"')
    text = "the sole remedy"
    assert gain(one, text) == gain(twice, text) > gain(other, text) > 0


@pytest.mark.parametrize(
    "phrase",
    [
        "termination without cause",
        "assignment without consent",
        "qualified personnel",
        "goods that do not conform to the specifications",
        "obligations that do not survive termination",
        "party that does not have capacity",
        "delivery of an unqualified audit opinion",
        "insurance policy with exclusions",
        "exceptions to the cap without notice",
        'a 12" pipe and a 6" valve',
        "clauses that do not mention the contract",
        "clauses that do not require notice but allow termination by either party",
        "procedure for dealing with exceptions",
        'indemnity without "hold harmless"',
        "without exceptions",
        "clauses without carve-outs",
        "list all clauses without exceptions",
        "unqualified",
    ],
)
def test_words_that_clauses_themselves_use_are_searched_for(phrase: str) -> None:
    assert wishes(phrase) == (phrase, Wishes())


def test_no_wishes_change_nothing() -> None:
    assert not Wishes()
    assert Wishes().granted([BARE, QUALIFIED]) == [0.0, 0.0]


@given(st.text('clause that do not include with out exceptions "as is“”'))
def test_something_is_always_left_to_search_for(phrase: str) -> None:
    rest, _ = wishes(phrase)
    assert any(map(str.isalnum, rest)) == any(map(str.isalnum, phrase))
