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
    Message,
    Passage,
    Stage,
    Statement,
    Verdict,
)
from ui.documents import render_documents
from ui.locale import texts_in
from ui.markup import action, attributes, text
from ui.pincites import cited, plain_answer, summary
from ui.progress import Progress
from ui.rendering import render_answer, render_live_turn, render_turn

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
    return Answer(words, kind, Verdict.UNSUPPORTED, (statement,), notice=words, model=words)


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
    seen = Parsed(render_documents([failed], 1, EN))
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
    assert "Unsupported: a number is not in the passage" in english
    assert "无依据：所引段落中没有该数字" in chinese


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
    noticed = Answer(
        quotes.question, quotes.kind, quotes.verdict, quotes.statements, "draft_not_supported"
    )
    assert "The draft did not hold" in plain_answer(noticed, EN)


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
