"""Of passages that share words with a question, those that say little else come first."""

import math

import pytest
from hypothesis import given
from hypothesis.strategies import frozensets, lists, sampled_from, text

from core.retrieval.grams import terms
from core.retrieval.overlap import overlap

WORDS = ("rent", "deposit", "违约", "责任", "2026", "notice")


def test_a_passage_that_says_only_what_is_asked_stands_before_one_that_says_more() -> None:
    asked = terms("押金退还")
    short, long = overlap(
        asked, ["押金应当退还。", "租金、水电、物业、押金、维修均按约定退还或者支付。"]
    )
    assert short > long > 0


def test_a_word_that_few_candidates_hold_outweighs_one_that_all_hold() -> None:
    texts = ["rent deposit", "rent notice", "rent period", "rent review"]
    told = overlap(frozenset({"rent", "depos"}), texts)
    assert told[0] > 2 * told[1:].max()
    assert told[1] == pytest.approx(told[2])


def test_the_very_words_of_the_question_are_the_whole_overlap() -> None:
    assert overlap(terms("违约责任"), ["违约责任", "租金"]) == pytest.approx([1.0, 0.0])


def test_texts_without_words_beside_one_that_has_some_are_no_trouble() -> None:
    assert list(overlap(terms("违约"), ["", "", "违约"])) == pytest.approx([0.0, 0.0, 1.0], abs=0.1)


def test_a_bare_heading_does_not_overlap_more_than_the_clause_under_it() -> None:
    clause = "承租人逾期支付租金的，应当承担违约责任并支付违约金。"
    others = ["出租人应当按照约定交付租赁物，并保持其符合约定的用途。"] * 9
    heading, whole, *_ = overlap(terms("逾期支付租金的违约责任"), ["违约责任", clause, *others])
    assert heading < whole


@pytest.mark.parametrize("texts", [[], [""], ["", "租金"]])
def test_nothing_to_compare_overlaps_with_nothing(texts: list[str]) -> None:
    assert list(overlap(frozenset(), texts)) == [0.0] * len(texts)
    assert list(overlap(frozenset({"违约"}), texts)) == [0.0] * len(texts)


@given(frozensets(sampled_from(WORDS)), lists(text(alphabet="违约责任租金 rent2026"), max_size=8))
def test_an_overlap_is_a_share(asked: frozenset[str], texts: list[str]) -> None:
    told = overlap(asked, texts)
    assert len(told) == len(texts)
    assert all(0.0 <= each <= 1.0 + 1e-9 and math.isfinite(each) for each in told)
