"""What a question is about, what it asks, and what a follow-up keeps of the turns before."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.retrieval.provisos import Wishes
from core.retrieval.understanding import Understood, article_key, is_article, understand
from core.types import Turn
from tests.retrieval.matter import DOCUMENTS, contract

LAW = "Which law governs the contract with Acme Foods?"
CIVIL = "民法典第五百七十七条的内容是什么？"
SECTION = "What does Section 12 of the contract with Acme Foods say?"
NESTED = "What does Section 12.1 of the contract with Acme Foods say?"


def after(*questions: str) -> Understood:
    """What the last of several questions is understood as, the others being the turns before."""
    *earlier, question = questions
    return understand(question, DOCUMENTS, [Turn(each, "So it is.") for each in earlier])


@pytest.mark.parametrize(
    "question",
    [
        "Consider the Supply Agreement between Acme Foods, Inc. and Borealis Shipping GmbH; "
        "which law governs the contract?",
        "Which law governs the contract between Acme Foods and Borealis Shipping?",
        "Under the Borealis Shipping contract, which law governs the contract?",
        "Which law governs the contract with Acme Foods?",
    ],
)
def test_what_is_asked_is_the_question_without_the_documents_name(question: str) -> None:
    understood = after(question)
    assert list(understood.about) == ["supply"]
    assert "law governs" in understood.asks
    assert "Borealis" not in understood.asks
    assert "Acme" not in understood.asks


def test_a_part_that_only_names_the_document_is_dropped_whole() -> None:
    asked = after(
        "Consider the Supply Agreement between Acme Foods, Inc. (including its successors and "
        "permitted assigns) and Borealis Shipping GmbH, including its affiliates and its "
        "subsidiaries; may either party terminate for convenience?"
    )
    assert asked.asks == "may either party terminate for convenience?"


def test_what_a_part_says_besides_the_name_is_kept() -> None:
    asked = after("In the License with Corvid Systems, is liability for lost profits capped?")
    assert "liability for lost profits capped" in asked.asks
    asked = after("If Acme Foods delivers late, may Borealis Shipping terminate?")
    assert "delivers late" in asked.asks


@pytest.mark.parametrize(
    "question",
    ["Which law governs the contract?", "When can either party terminate?", "违约金多少？", ""],
)
def test_a_question_that_names_no_document_is_left_whole(question: str) -> None:
    understood = after(question)
    assert (understood.about, understood.asks, understood.focus) == ({}, question, question)


@pytest.mark.parametrize("question", ["Acme?", "Borealis Shipping GmbH", "《民法典》"])
def test_a_question_that_is_only_a_name_asks_for_the_name(question: str) -> None:
    understood = after(question)
    assert understood.about
    assert understood.asks == question


def test_the_sentence_that_asks_is_the_focus() -> None:
    understood = after(
        "Acme Foods delivered its goods three weeks late and the buyer paid. "
        "May the buyer claim the price back?"
    )
    assert understood.focus == "May the buyer claim the price back?"
    assert "three weeks late" in understood.asks


@given(
    st.sampled_from(
        [
            "Is ${} owed to Acme Foods, or must the seller pay more interest?",
            "Does Acme Foods owe {} dollars?",
            "Under the contract with Acme Foods, are {} units enough?",
            "If Dune Retail pays {} days late, what then?",
            "劳动法规定的{}天假期够吗？",
        ]
    ),
    st.integers(2021, 10**6),
)
def test_a_number_is_never_dropped_from_what_is_asked(form: str, number: int) -> None:
    understood = after(form.format(number))
    assert understood.about
    assert str(number) in re.findall(r"\d+", understood.asks)


def test_a_name_that_no_document_bears_is_never_dropped_from_what_is_asked() -> None:
    understood = after("May Zebulon assign its contract with Acme Foods to McQuorra?")
    assert "Zebulon" in understood.asks
    assert "McQuorra" in understood.asks
    assert "Acme" not in understood.asks


@pytest.mark.parametrize(
    ("question", "articles"),
    [
        ("民法典第五百七十七条的内容是什么？", ("577",)),
        ("《民法典》第577条规定了什么？", ("577",)),
        ("劳动合同法第十四条和第82条有什么区别？", ("14", "82")),
        ("刑法第一百二十条之一", ("120-1",)),
        ("民法典第 两百 条", ("200",)),
        ("What does Section 12.1 say?", ("12.1",)),
        ("Compare clause 4 and Article IV, and clause 4 again.", ("4",)),
        ("Does section twelve apply?", ()),
        ("Under § 7 of the contract with Acme Foods, who pays?", ("7",)),
    ],
)
def test_articles_and_sections_are_read_in_either_numeral_system(
    question: str, articles: tuple[str, ...]
) -> None:
    assert after(question).articles == articles


@pytest.mark.parametrize(
    ("question", "is_phrase"),
    [
        ("cap on liability", True),
        ("Clause that requires notice to terminate auto-renew", True),
        ('clause saying "time shall be of the essence"', True),
        ("under this contract does the cap apply without exceptions", False),
        ("Is liability capped?", False),
        ("is liability capped", False),
        ("and who pays the rent", False),
        ("In which cases is liability capped?", False),
        ("Under the lease, can the tenant assign", False),
        ("I want to know whether the cap applies without any exceptions", False),
        ("If the buyer is late, interest is due " + "and so on " * 5, False),
        ("责任上限条款", False),
        ("保密义务有没有例外", False),
        ("违约金过高吗", False),
        ("cap on liability in the Acme Foods contract", False),
    ],
)
def test_a_phrase_is_told_from_a_sentence_and_names_no_document(
    question: str, is_phrase: bool
) -> None:
    assert after(question).is_phrase is is_phrase


def test_a_wish_is_no_part_of_what_is_asked() -> None:
    understood = after("cap on liability without carve-outs")
    assert (understood.asks, understood.focus) == ("cap on liability", "cap on liability")
    assert understood.wishes == Wishes(-1)


def test_what_must_be_missing_is_not_looked_for_as_a_name() -> None:
    understood = after("Force majeure clauses that do not mention Coronavirus")
    assert understood.strangers == ()
    assert understood.wishes.sign == -1


@pytest.mark.parametrize(
    "question",
    [
        "Does the cap apply without exceptions?",
        'Does "Acme Foods" have to pay "interest"?',
        "未约定交付期限的买卖合同，应当何时交付",
    ],
)
def test_a_sentence_wishes_for_nothing(question: str) -> None:
    understood = after(question)
    assert not understood.wishes
    assert not understood.is_phrase


def test_a_follow_up_is_never_a_phrase_and_keeps_its_context() -> None:
    understood = after(LAW, "termination with exceptions")
    assert not understood.is_phrase
    assert not understood.wishes
    assert "law governs" in understood.context


def test_a_follow_up_keeps_the_document_of_the_turn_before() -> None:
    understood = after(LAW, "And when can it be terminated?")
    assert list(understood.about) == ["supply"]
    assert understood.leans_back
    assert "law governs" in understood.context
    assert understood.words == f"{understood.context} And when can it be terminated?"


def test_a_chain_of_follow_ups_keeps_the_document_that_opened_it() -> None:
    understood = after(LAW, "When can it be terminated?", "Who pays the costs?")
    assert list(understood.about) == ["supply"]
    assert understood.context == "When can it be terminated?"


def test_a_follow_up_of_many_words_stands_on_its_own_words_in_the_same_document() -> None:
    question = "Must the seller insure goods against theft during carriage by sea?"
    understood = after(LAW, question)
    assert list(understood.about) == ["supply"]
    assert (understood.leans_back, understood.words) == (False, question)


def test_a_follow_up_that_names_another_document_leaves_the_first() -> None:
    understood = after(LAW, "When can the tenant terminate under the lease with Quay Estates?")
    assert (list(understood.about), understood.context) == (["lease"], "")
    understood = after(CIVIL, "劳动法第三十六条对工作时间是怎么规定的？")
    assert (list(understood.about), understood.articles) == (["labour"], ("36",))


def test_a_follow_up_that_only_names_another_document_asks_the_same_of_it() -> None:
    understood = after(LAW, "And under the one with Quay Estates?")
    assert list(understood.about) == ["lease"]
    assert understood.leans_back
    assert "law governs" in understood.words


@pytest.mark.parametrize(
    ("turns", "articles"),
    [
        ((CIVIL, "下一条呢？"), ("578",)),
        ((CIVIL, "后一条规定了什么？"), ("578",)),
        ((CIVIL, "上一条说什么？"), ("576",)),
        ((CIVIL, "下一条呢？", "再下一条呢？"), ("579",)),
        ((CIVIL, "下一条呢？", "那第二款呢"), ("578",)),
        ((CIVIL, "那第二款呢"), ("577",)),
        ((CIVIL, "该条第三项是什么意思？"), ("577",)),
        ((CIVIL, "第五百八十条呢？"), ("580",)),
        ((CIVIL, "违约金怎么算？"), ()),
        ((SECTION, "And the next section?"), ("13",)),
        ((SECTION, "What about the previous one?"), ("11",)),
        ((SECTION, "What does the second paragraph of that section mean?"), ("12",)),
        ((NESTED, "And the next section?"), ("12.2",)),
        ((NESTED, "What does the first sentence mean?"), ("12.1",)),
        ((LAW, "And the next section?"), ()),
        (
            ("What does Article IV of the contract with Acme Foods say?", "And the next one?"),
            ("5",),
        ),
    ],
)
def test_the_next_article_and_a_part_of_this_one_are_those_of_the_turn_before(
    turns: tuple[str, ...], articles: tuple[str, ...]
) -> None:
    understood = after(*turns)
    assert understood.articles == articles
    assert len(understood.about) == 1


def test_a_question_in_the_other_language_keeps_the_documents_and_drops_the_words() -> None:
    understood = after(LAW, "租金多少？")
    assert understood.about == after(LAW, "And the rent?").about != {}
    assert (understood.context, understood.leans_back) == ("", False)


@pytest.mark.parametrize(
    ("question", "articles"),
    [
        ("What do Sections 12.1 and 12.2 say?", ("12.1", "12.2")),
        ("Compare Articles 5, 6 and 7.", ("5", "6", "7")),
        ("What does Article XIV provide?", ("14",)),
        ("第５条规定了什么？", ("5",)),
        ("第12.1条说什么？", ("12.1",)),
        ("Under that clause I must pay what?", ()),
        ("Does section 4 and 30 days' notice apply?", ("4",)),
    ],
)
def test_citations_are_read_however_they_are_written(
    question: str, articles: tuple[str, ...]
) -> None:
    assert understand(question, DOCUMENTS).articles == articles


@given(st.text(max_size=60))
def test_a_follow_up_without_a_name_is_asked_word_for_word(question: str) -> None:
    understood = understand(question, DOCUMENTS, [Turn(LAW, "English law.")])
    if understood.context:
        assert understood.asks == question


def test_a_conversation_of_any_length_is_understood() -> None:
    understood = after(LAW, *["Who pays the costs?"] * 3000)
    assert understood.context == "Who pays the costs?"


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("第五百七十七条 当事人一方", "577"),
        ("第120条之一", "120-1"),
        ("Section 2.03 Payment", "2.03"),
        ("ARTICLE IV. TERM", "4"),
        ("8.2 Indemnification", "8.2"),
        ("(3)", "3"),
        ("Schedule 1", ""),
        ("Payment", ""),
    ],
)
def test_the_number_at_the_start_of_a_heading_is_its_key(heading: str, key: str) -> None:
    assert article_key(heading) == key


@pytest.mark.parametrize(
    ("path", "number", "expected"),
    [
        (("Article 3",), "3", True),
        (("3. Term", "(a)"), "3", True),
        (("Section 4", "Article 3"), "3", True),
        (("ARTICLE 5", "(3)"), "3", False),
        (("12.1 Notice", "3)"), "3", False),
        (("Article 12", "12.1 Notice"), "12.1", True),
        (("Article 12", "12.1 Notice"), "12", True),
        (("Article 12", "12.10 Costs"), "12.1", False),
        (("ARTICLE IV. TERM",), "4", True),
        (("第二章 合同", "第五条", "第二款"), "5", True),
        (("第二章 合同", "第五条"), "2", False),
        (("第十五条",), "5", False),
        (("第一百二十条之一",), "120-1", True),
        (("第一百二十条之一",), "120", False),
        (("Schedule", "Payment"), "3", False),
        ((), "3", False),
    ],
)
def test_an_article_is_told_from_an_item_of_another(
    path: tuple[str, ...], number: str, expected: bool
) -> None:
    assert is_article(path, (number,)) is expected


def test_a_matter_of_many_documents_is_read_within_a_second() -> None:
    from time import process_time

    letters = "abcdefghij"
    names = [f"Quor{one}{two}{three}" for one in letters for two in letters for three in letters]
    many = [contract(name, f"{name}.pdf", "LOAN", (f"{name} Inc.", "Bank")) for name in names]
    started = process_time()
    understood = understand("What does the bank lend to Quorabc Inc.?", many)
    assert process_time() - started < 1
    assert list(understood.about) == ["Quorabc"]
