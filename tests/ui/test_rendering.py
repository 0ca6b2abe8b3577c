import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from desk_services import a_citation, an_answer

from core.types import (
    Answer,
    AnswerKind,
    Citation,
    Document,
    DocumentState,
    Hit,
    Identity,
    Message,
    Passage,
    Searched,
    Stage,
    Statement,
    Verdict,
)
from ui.answer import render_answer
from ui.listing import SHOWN
from ui.locale import texts_in
from ui.markup import action, attributes, text
from ui.pincites import cited
from ui.progress import Progress
from ui.rendering import HITS, render_live_turn, render_turn
from ui.table import render_documents
from ui.wording import caveats, coverage, plain_answer, summary

NOW = datetime(2025, 3, 4, tzinfo=UTC)
EN, ZH = texts_in("en"), texts_in("zh")
HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "</textarea></button><svg/onload=alert(1)>",
    "${alert(1)} {{constructor}} `${1}`",
    "&lt;b&gt; &amp;amp;",
]


class Parsed(HTMLParser):
    """The tags, attributes and text that a browser would see."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.words = ""
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


def a_hostile_answer(words: str, kind: AnswerKind) -> Answer:
    citation = Citation(1, words, words, 1, (words,), 0, 9, words)
    statement = Statement(words, Verdict.UNSUPPORTED, (citation,), words)
    return Answer(
        words,
        kind,
        Verdict.UNSUPPORTED,
        (statement,),
        notice=words,
        model=words,
        nearest=(citation,),
        absent=(words,),
    )


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("kind", AnswerKind)
def test_hostile_words_in_an_answer_stay_words(words: str, kind: AnswerKind):
    message = Message("m", "c", words, a_hostile_answer(words, kind), NOW)
    seen = Parsed(render_turn(message, EN, last=True))
    assert not {"script", "img", "textarea"} & set(seen.tags)
    assert not any(name.startswith("on") for name in seen.names)
    assert seen.words.count(words) >= 2


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_in_a_draft_and_its_passages_stay_words(words: str):
    passage = Passage("p", "d", words, 0, words, 0, len(words), None, (words,))
    progress = Progress(words, Stage.WRITING, (Hit(passage, 1.0),), draft=words)
    seen = Parsed(render_live_turn(progress, EN))
    assert not {"script", "img", "textarea"} & set(seen.tags)
    assert not any(name.startswith("on") for name in seen.names)


@pytest.mark.parametrize("words", HOSTILE)
def test_a_hostile_document_name_stays_a_name(words: str):
    failed = Document(
        "d", "m", words, "pdf", DocumentState.FAILED, NOW, 10, reason=words, remedy=words
    )
    known = Identity(words, (words, words), NOW.date(), opening=words)
    ready = Document(
        "e", "m", words, "pdf", DocumentState.READY, NOW, 10, identity=known, warnings=(words,)
    )
    seen = Parsed(render_documents([failed, ready], 2, EN))
    assert not {"script", "img", "textarea"} & set(seen.tags)
    assert not any(name.startswith("on") for name in seen.names)
    assert words in seen.words


@pytest.mark.parametrize("words", HOSTILE)
def test_no_sign_of_a_template_language_is_left_in_markup(words: str):
    markup = action("ask", text(words), value={"question": words}, title=words)
    assert not set("${}`") & set(markup)


def test_attributes_leave_out_what_is_not_set():
    assert attributes(class_="a", title=None, hidden=False, disabled=True, data_n=0) == (
        ' class="a" disabled data-n="0"'
    )


def test_an_answer_says_how_many_of_its_statements_hold():
    held = Statement("Yes.", Verdict.SUPPORTED, (a_citation(),))
    lost = Statement("No.", Verdict.UNSUPPORTED, (), "no_citation")
    assert summary(an_answer(held, held, lost), EN) == "2 of 3 statements supported"
    assert summary(an_answer(held, held, lost), ZH) == "3 句中有 2 句有依据"
    assert summary(an_answer(held), EN) == "1 of 1 statement supported"


def test_an_unsupported_statement_is_marked_with_its_reason_in_the_reader_s_language():
    lost = Statement("Rent is 900.", Verdict.UNSUPPORTED, (a_citation(),), "number_not_found")
    english = Parsed(render_answer(an_answer(lost), EN)).words
    chinese = Parsed(render_answer(an_answer(lost), ZH)).words
    assert "[Unsupported: a number is not in the passage]" in english
    assert "无依据：所引段落中没有该数字" in chinese


def test_a_mark_stands_in_the_paragraph_that_it_marks():
    """So a selection of the statement takes it along, and a screen reader comes upon it."""
    lost = Statement("Rent is 900.", Verdict.UNSUPPORTED, (a_citation(),), "number_not_found")
    paragraph = render_answer(an_answer(lost), EN).split("<p dir", 1)[1].split("</p>")[0]
    assert Parsed(f"<p dir{paragraph}").words == (
        "Rent is 900.\xa0[1] [Unsupported: a number is not in the passage]"
    )


def test_who_tabs_to_a_citation_hears_that_its_statement_does_not_hold():
    lost = Statement("Rent is 900.", Verdict.PARTLY, (a_citation(),), "words_not_found")
    label = "Citation 1: Lease.pdf, p. 3, cl. 4.2 [Partly supported: some of its words"
    assert f'aria-label="{label}' in render_answer(an_answer(lost), EN)


def test_a_supported_statement_tells_how_it_is_supported_to_whoever_points_at_it():
    held = Statement("Rent is due.", Verdict.SUPPORTED, (a_citation(),), "paraphrase")
    markup = render_answer(an_answer(held), EN)
    assert markup.count("Supported: said in other words than the document") == 2
    assert 'data-testid="reason"' not in markup


def test_every_reason_of_the_checks_is_a_sentence_in_both_languages():
    keys = """no_citation dangling_marker quote_not_found number_not_found date_not_found
        negation_differs condition_dropped words_not_found party_not_found parties_swapped
        article_not_found modality_differs alternative_differs comparison_differs meaning_differs
        paraphrase verbatim no_statement too_long""".split()
    for texts in (EN, ZH):
        assert [key for key in keys if texts.known("reason", key) == key] == []


def test_what_does_not_hold_is_counted_in_the_heading():
    held = Statement("Yes.", Verdict.SUPPORTED, (a_citation(),))
    partly = Statement("Perhaps.", Verdict.PARTLY, (a_citation(2),), "words_not_found")
    lost = Statement("No.", Verdict.UNSUPPORTED, (), "no_citation")
    words = Parsed(render_answer(an_answer(held, partly, lost, lost), EN)).words
    assert words.startswith("1 of 4 statements supported1 partly supported2 unsupportedDraft")


def searched(*numbers: int, used: int = 0, cut: int = 0, absent: tuple[str, ...] = ()) -> Answer:
    return replace(
        an_answer(),
        searched=Searched(*numbers),
        passages_used=used,
        passages_cut=cut,
        absent=absent,
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (searched(412, 9000, 0, 412, used=8), "Searched 412 documents, used 8 passages"),
        (
            searched(412, 9000, 0, 500, used=8),
            "Searched 412 of the 500 documents in the matter, used 8 passages",
        ),
        (searched(1, 9, 0, 1, used=1), "Searched 1 document, used 1 passage"),
        (searched(), ""),
    ],
)
def test_an_answer_says_what_was_searched_and_used(answer: Answer, words: str):
    assert coverage(answer, EN) == words
    assert words in Parsed(render_answer(answer, EN)).words
    assert words in plain_answer(answer, EN)


def test_an_answer_says_what_was_left_out():
    answer = searched(3, 9, 6, 3, used=8, cut=2, absent=("Borealis Agreement", "Lease"))
    said = [
        "No document here is called “Borealis Agreement” or “Lease”.",
        "6 pages had no text and were not searched",
        "2 passages did not fit and were not read",
    ]
    assert caveats(answer, EN) == said
    for words in (Parsed(render_answer(answer, EN)).words, plain_answer(answer, EN)):
        assert all(each in words for each in said)
    assert caveats(searched(3, 9, 0, 3, used=8), EN) == []


def test_an_answer_tells_how_many_statements_hold_in_words_of_their_own_only():
    own = Statement("Twenty years.", Verdict.SUPPORTED, (a_citation(),), "paraphrase")
    close = Statement("Twenty years.", Verdict.SUPPORTED, (a_citation(),), "verbatim")
    answer = an_answer(own, close, own)
    (told,) = caveats(answer, EN)
    assert told.startswith("2 supported statements are in words of their own")
    assert told in plain_answer(answer, EN)
    assert caveats(an_answer(close), EN) == []


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("quotes_chosen", "Quotes only: you chose it."),
        ("language_not_supported", "cannot be trusted to write in the language of the question"),
        ("draft_not_supported", "it did not hold against the documents"),
        ("engine_failed", "the language model stopped"),
        ("engine_not_ready", "the language model is not ready"),
    ],
)
def test_quotes_say_why_there_is_no_draft(key: str, words: str):
    quotes = replace(an_answer(kind=AnswerKind.QUOTES), notice=key)
    shown = Parsed(render_answer(quotes, EN)).words
    assert "Quotes only" in shown
    assert words in shown


def a_refusal(notice: str, absent: tuple[str, ...] = ()) -> Answer:
    return Answer(
        "What does it say?",
        AnswerKind.REFUSAL,
        Verdict.UNSUPPORTED,
        (),
        notice,
        searched=Searched(12, 300, 0, 12),
        nearest=(a_citation(1), a_citation(2, 31, 60)),
        absent=absent,
    )


def test_a_refusal_says_what_was_searched_and_shows_the_nearest_passages_as_what_they_are():
    markup = render_answer(a_refusal("not_in_documents"), EN)
    words = Parsed(markup).words
    assert "The documents do not answer thisSearched 12 documents" in words
    assert "too far from the question" in words
    label = words.index("Nearest passages, which may not answer")
    assert label < words.index("The Tenant shall pay the rent") < words.index("p. 3, cl. 4.2")
    assert markup.count('data-event="open_source"') == 2
    copied = plain_answer(a_refusal("not_in_documents"), EN)
    assert copied.index("which may not answer:") < copied.index("[1] Lease.pdf, p. 3, cl. 4.2")


def test_a_refusal_names_the_document_that_is_not_there():
    english = Parsed(render_answer(a_refusal("document_absent", ("Borealis <b>",)), EN)).words
    chinese = Parsed(render_answer(a_refusal("document_absent", ("《北极星协议》",)), ZH)).words
    assert "No document here is called “Borealis <b>”." in english
    assert "这里没有名为《北极星协议》的文件。" in chinese


def a_listing(*counts: int) -> Answer:
    """Every passage of as many documents as there are counts."""
    each, marker = [], 0
    for document, count in enumerate(counts):
        for at in range(count):
            marker += 1
            name = f"Lease {document}.pdf"
            citation = Citation(marker, f"d{document}", name, 1, (), at, at + 9, f"Words {marker}.")
            each.append(Statement(citation.quote, Verdict.SUPPORTED, (citation,), "verbatim"))
    return Answer("Which?", AnswerKind.LISTING, Verdict.SUPPORTED, tuple(each))


def test_a_listing_is_grouped_by_document_in_its_order():
    answer = a_listing(2, 1)
    assert summary(answer, EN) == "3 passages match in 2 documents"
    assert summary(a_listing(1), EN) == "1 passage matches in 1 document"
    markup = render_answer(answer, EN)
    assert markup.count('data-testid="listing-group"') == 2
    words = Parsed(markup).words
    places = [words.index(each) for each in ("Lease 0.pdf2 p", "Words 2.", "Lease 1.pdf1 p")]
    assert places == sorted(places)
    assert 'data-testid="listing-more"' not in markup


def test_a_long_listing_is_shown_in_parts_and_copied_whole():
    answer = a_listing(SHOWN - 1, 30, 7)
    markup = render_answer(answer, EN)
    matches = re.findall(r'<li class="match"( hidden)? ', markup)
    assert len(matches) == SHOWN + 36
    assert [bool(hidden) for hidden in matches] == [False] * SHOWN + [True] * 36
    groups = re.findall(r'<details class="group" open( hidden)?', markup)
    assert groups == ["", "", " hidden"]
    assert "Show more (36 left)" in markup
    assert f"[{SHOWN + 36}] Lease 2.pdf, p. 1: “Words {SHOWN + 36}.”" in plain_answer(answer, EN)


def test_what_is_copied_from_quotes_holds_each_of_them_once():
    copied = plain_answer(an_answer(kind=AnswerKind.QUOTES), EN)
    assert copied.count("The Tenant shall pay the rent") == 1


def test_of_many_passages_that_are_being_read_the_first_are_named():
    hits = tuple(
        Hit(Passage(str(n), "d1", "Lease.pdf", n, "Words.", n, n + 6, 1), 1.0) for n in range(300)
    )
    markup = render_live_turn(Progress("Which?", Stage.READING, hits), EN)
    assert markup.count('data-testid="hit"') == HITS
    assert f"and {300 - HITS} more" in markup
    assert "Reading 300 passages" in markup


def test_markers_side_by_side_are_copied_apart():
    two = Statement("Rent is due.", Verdict.SUPPORTED, (a_citation(2), a_citation(6)))
    assert "Rent is due.\xa0[2][6]" in Parsed(render_answer(an_answer(two), EN)).words


def test_every_citation_is_a_button_that_opens_its_span():
    markup = render_answer(an_answer(), EN)
    assert 'data-event="open_source"' in markup
    assert 'aria-label="Citation 1: Lease.pdf, p. 3, cl. 4.2"' in markup


def test_what_is_copied_keeps_marks_reasons_and_pincites():
    held = Statement("Rent is due monthly.", Verdict.SUPPORTED, (a_citation(1),))
    partly = Statement("It is 900.", Verdict.PARTLY, (a_citation(2),), "words_not_found")
    lost = Statement("It may rise.", Verdict.UNSUPPORTED, (), "no_citation")
    copied = plain_answer(an_answer(held, partly, lost), EN)
    assert "1 of 3 statements supported" in copied
    assert "Rent is due monthly. [1]\n" in copied
    assert "It is 900. [2] [Partly supported: some of its words are not in the passage]" in copied
    assert "It may rise. [Unsupported: it cites no passage]" in copied
    assert "[1] Lease.pdf, p. 3, cl. 4.2: “The Tenant shall pay the rent ”" not in copied
    assert "[1] Lease.pdf, p. 3, cl. 4.2: “The Tenant shall pay the rent”" in copied


def test_what_is_copied_from_quotes_says_why_there_is_no_draft():
    quotes = an_answer(
        Statement("Word for word.", Verdict.SUPPORTED, (a_citation(),)), kind=AnswerKind.QUOTES
    )
    noticed = replace(quotes, notice="draft_not_supported")
    assert "it did not hold" in plain_answer(noticed, EN)


def test_two_quotes_under_one_marker_are_both_listed():
    one = Statement("A.", Verdict.SUPPORTED, (a_citation(1, 0, 10),))
    two = Statement("B.", Verdict.SUPPORTED, (a_citation(1, 11, 20),))
    assert [(c.marker, c.start) for c in cited(an_answer(one, two, one))] == [(1, 0), (1, 11)]


def test_a_draft_in_the_making_is_called_unverified_and_comes_after_the_passages():
    passage = Passage("p", "d", "Lease.pdf", 0, "The Tenant shall pay.", 0, 21, 3)
    progress = Progress("When?", Stage.WRITING, (Hit(passage, 1.0),), draft="Monthly")
    words = Parsed(render_live_turn(progress, EN)).words
    assert words.index("Reading 1 passage from 1 document") < words.index("Unverified draft")


def test_a_draft_that_did_not_hold_is_never_shown():
    answer = Answer("Q?", AnswerKind.QUOTES, Verdict.SUPPORTED, (), draft="A wrong draft.")
    assert "A wrong draft." not in render_answer(answer, EN)
    assert "A wrong draft." not in plain_answer(answer, EN)


def test_a_question_without_an_answer_can_be_answered_again():
    markup = render_turn(Message("m7", "c", "When?", None, NOW), EN, last=True)
    assert "This answer was interrupted." in markup
    assert "m7" in markup
    assert 'data-testid="regenerate"' in markup


def test_replacing_an_earlier_turn_asks_first():
    message = Message("m7", "c", "When?", an_answer(), NOW)
    assert "data-confirm" not in render_turn(message, EN, last=True)
    assert "data-confirm" in render_turn(message, EN, last=False)
