"""Chinese is indexed as pairs and triples; words of asking are not searched for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.grams import asked_terms, index_text, query_text, terms


def test_a_chinese_run_is_written_as_its_pairs_and_triples() -> None:
    assert index_text("违约责任").split() == ["违约", "约责", "责任", "违约责", "约责任"]


def test_english_and_numbers_are_left_as_they_are_beside_chinese() -> None:
    assert index_text("Rent 租金 100").split() == ["Rent", "租金", "100"]
    assert index_text("The Tenant shall pay.") == "The Tenant shall pay."


def test_wide_letters_and_digits_are_indexed_as_plain_ones() -> None:
    assert index_text("Ａ１２") == query_text("Ａ１２") == "A12"


@pytest.mark.parametrize(
    ("question", "dropped", "kept"),
    [
        ("请问公司应该如何承担违约责任？", ("请问", "应该", "如何"), ("公司", "违约责")),
        ("根据相关法律规定，合同是否有效？", ("根据", "法律", "是否"), ("合同", "有效")),
        ("哪些情形可以解除劳动合同？", ("哪些", "可以"), ("情形", "劳动", "解除")),
    ],
)
def test_words_of_asking_are_dropped_from_a_question(
    question: str, dropped: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    words = query_text(question).split()
    assert set(words).isdisjoint(dropped)
    assert set(kept) <= set(words)


def test_no_pair_is_made_across_a_word_that_was_dropped() -> None:
    assert "司承" not in query_text("公司应该承担责任").split()


@pytest.mark.parametrize("question", ["如何", "请问如何处理", "是否可以？", "怎么"])
def test_a_question_of_nothing_but_asking_is_searched_as_it_is(question: str) -> None:
    assert any("\u4e00" <= character <= "\u9fff" for character in query_text(question))


def test_an_english_question_keeps_every_word() -> None:
    assert query_text("Which law governs?") == "Which law governs?"


@given(st.text("租金违约责任是否如何请问怎么 ab，？"))
def test_a_question_of_any_words_is_never_searched_with_none(question: str) -> None:
    assert any(map(str.isalnum, query_text(question))) == any(map(str.isalnum, question))


@given(st.text("租金违约责任", min_size=2, max_size=12))
def test_a_question_in_the_words_of_a_passage_shares_all_its_grams(words: str) -> None:
    assert set(query_text(words).split()) <= set(index_text(f"一般{words}条款").split())


def test_terms_are_short_stems_pairs_and_numbers() -> None:
    assert terms("The tenants' tenancy ends in 2026") == {"tenan", "ends", "2026"}
    assert terms("违约金") == {"违约", "约金"}
    assert terms("Ｆｅｅ 10，违约") == {"fee", "10", "违约"}


def test_a_question_tells_no_words_of_asking() -> None:
    assert asked_terms("应该如何承担违约责任？") == {"承担", "担违", "违约", "约责", "责任"}
    assert asked_terms("如何处理") == terms("如何处理")


@given(st.text("违约责任ab 12的"))
def test_the_terms_of_a_text_are_all_in_the_index(written: str) -> None:
    indexed = set(index_text(written).lower().split())
    assert all(term in indexed for term in terms(written) if not term.isascii())
