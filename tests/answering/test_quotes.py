"""Quotes are the passages' own words, nearest first, and lists stay whole."""

from core.answering.quotes import listing, quote
from core.types import Hit, Passage
from tests.fakes import FakeEncoders

LIST = (
    "9.1 The Tenant may end this lease by notice. 9.2 The notice has effect only if:\n"
    "(a) the rent due up to the Break Date has been paid;\n"
    "(b) the Tenant gives up occupation of the whole of the premises; and\n"
    "(c) the Tenant has paid the break payment.\n9.3 The Landlord may waive any condition. "
    + "Nothing in this clause affects the rights of anyone else whatever. "
    * 8
)


def hit(text: str, at: int = 50, name: str = "Lease.pdf") -> Hit:
    return Hit(Passage("d:0", "d", name, 0, text, at, at + len(text), 1), 1.0)


async def test_a_condition_is_quoted_with_the_whole_of_its_list() -> None:
    question = "Must the rent due up to the Break Date have been paid?"
    (statement,) = await quote(question, [hit(LIST)], FakeEncoders())  # type: ignore[arg-type]
    assert "has effect only if" in statement.text
    assert "(c) the Tenant has paid the break payment." in statement.text


async def test_a_quote_is_the_documents_text_at_its_place() -> None:
    (statement,) = await quote("Who may waive?", [hit(LIST)], FakeEncoders())  # type: ignore[arg-type]
    (citation,) = statement.citations
    document_text = " " * 50 + LIST
    assert statement.text == citation.quote == document_text[citation.start : citation.end]


async def test_the_nearest_words_come_first_and_far_ones_not_at_all() -> None:
    hits = [
        hit("Bananas grow in the tropics and are yellow."),
        hit("Interest on late payment runs at four per cent a year."),
    ]
    question = "What interest runs on late payment?"
    statements = await quote(question, hits, FakeEncoders())  # type: ignore[arg-type]
    assert [each.citations[0].marker for each in statements] == [2]


def test_a_listing_is_every_passage_whole_by_document_and_place() -> None:
    hits = [hit("Last.", 90, "B.pdf"), hit("Second.", 70, "A.pdf"), hit("First.", 3, "A.pdf")]
    statements = listing(hits)
    assert [each.text for each in statements] == ["First.", "Second.", "Last."]
    for marker, statement in enumerate(statements, 1):
        (citation,) = statement.citations
        assert (citation.marker, citation.quote) == (marker, statement.text)
        assert citation.end - citation.start == len(citation.quote)
    assert listing([]) == ()


async def test_a_quote_runs_on_over_the_header_of_the_next_page() -> None:
    text = (
        "8.1 The Tenant may end this lease on the Break Date by six months' notice\n\n"
        "LEASE OF 1 HIGH STREET\nPage 12 of 30\n\n"
        "only if all rent due by then has been paid. "
        + "Nothing in this clause affects the rights of anyone else whatever. "
        * 8
    )
    question = "May the Tenant end this lease on the Break Date by notice?"
    (statement,) = await quote(question, [hit(text)], FakeEncoders())  # type: ignore[arg-type]
    assert "only if all rent due by then has been paid." in statement.text
