"""What a result is measured by, against figures worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.evaluation.gold import Locator, Place, document_of
from core.evaluation.metrics import (
    KEYS,
    LOWER_IS_BETTER,
    METRICS,
    citations,
    means,
    measure,
    per_question,
    percentiles,
    retrieval,
    times,
    token_f1,
)
from core.trials import Gold, Result, SetQuestion
from core.types import (
    Answer,
    AnswerKind,
    Citation,
    Document,
    DocumentState,
    ExtractedText,
    Hit,
    Page,
    Passage,
    Statement,
    Verdict,
)
from tests.bench import rescored
from tests.fakes import FakeEncoders

RENT = "The Tenant shall pay the rent on the first day of each month."
LAW = "English law governs this lease and every dispute that arises from it."


def hits(*spans: tuple[str, int, int]) -> list[Hit]:
    return [
        Hit(Passage(f"{d}:{start}", d, f"{d}.txt", 0, "x" * (end - start), start, end, None), 1 / n)
        for n, (d, start, end) in enumerate(spans, 1)
    ]


def answer(*statements: Statement, kind: AnswerKind = AnswerKind.DRAFT, **more: float) -> Answer:
    return Answer("When?", kind, Verdict.SUPPORTED, statements, timings=more)


def said(text: str, *sources: str, verdict: Verdict = Verdict.SUPPORTED) -> Statement:
    cited = tuple(
        Citation(n, f"d{n}", f"d{n}.txt", None, (), 0, len(source), source)
        for n, source in enumerate(sources, 1)
    )
    return Statement(text, verdict, cited)


def test_a_gold_answer_is_found_by_the_first_passage_that_holds_it() -> None:
    ranking = hits(("a", 0, 100), ("b", 0, 100), ("b", 100, 200), ("b", 120, 220))
    measured = retrieval(ranking, [Place("b", 110, 190)])
    assert measured == pytest.approx(
        {"recall@10": 1, "hit@1": 0, "hit@10": 1, "mrr": 1 / 3, "ndcg@10": 1 / 2}
    )


def test_several_gold_answers_share_the_figures_of_their_question() -> None:
    ranking = hits(*(("x", n, n + 1) for n in range(3)), ("a", 0, 100), ("b", 0, 100))
    places = [Place("a", 10, 40), Place("a", 50, 90), Place("b", 0, 50), Place("c", 0, 50)]
    gained = 2 / math.log2(5) + 1 / math.log2(6)
    ideal = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    assert retrieval(ranking, places) == pytest.approx(
        {"recall@10": 3 / 4, "hit@1": 0, "hit@10": 1, "mrr": 1 / 4, "ndcg@10": gained / ideal}
    )


def test_a_passage_that_holds_every_gold_answer_is_the_best_order_and_no_better() -> None:
    ranking = hits(("a", 0, 1000), ("a", 1000, 2000))
    for places in ([Place("a", 10, 50), Place("a", 100, 150)], [Place("a", 10, 50)] * 3):
        assert set(retrieval(ranking, places).values()) == {1.0}


def test_a_place_given_twice_counts_once() -> None:
    places = [Place("a", 0, 90), Place("a", 0, 90), Place("b", 0, 90)]
    measured = retrieval(hits(("a", 0, 100)), places)
    assert measured == retrieval(hits(("a", 0, 100)), places[1:])
    assert measured["recall@10"] == 0.5


SPANS = st.tuples(st.sampled_from("ab"), st.integers(0, 30), st.integers(1, 12))


@settings(deadline=None)
@given(st.lists(SPANS, max_size=14, unique=True), st.lists(SPANS, min_size=1, max_size=14))
def test_every_figure_of_a_ranking_is_a_share_and_as_the_second_program_has_it(
    found: list[tuple[str, int, int]], golds: list[tuple[str, int, int]]
) -> None:
    ranking = hits(*((d, 10 * at, 10 * (at + size)) for d, at, size in found))
    places = [Place(d, 10 * at, 10 * (at + size)) for d, at, size in golds]
    measured = retrieval(ranking, places)
    assert all(0 <= value <= 1 + 1e-9 for value in measured.values()), measured

    def spans(listed: list[tuple[str, int, int]]) -> list[dict[str, object]]:
        return [{"doc": d, "start": at, "end": at + size} for d, at, size in listed]

    assert measured == pytest.approx(rescored.scored(spans(golds), spans(found)))


def test_what_stands_below_the_tenth_counts_for_its_rank_alone() -> None:
    ranking = hits(*(("x", n, n + 1) for n in range(10)), ("a", 0, 100))
    assert retrieval(ranking, [Place("a", 0, 100)]) == pytest.approx(
        {"recall@10": 0, "hit@1": 0, "hit@10": 0, "mrr": 1 / 11, "ndcg@10": 0}
    )
    assert set(retrieval([], [Place("a", 0, 100)]).values()) == {0.0}


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [(0, 50, True), (49, 149, True), (51, 151, False), (40, 60, True), (-500, 900, True)],
)
def test_half_of_the_shorter_makes_a_passage_hold_a_gold_answer(
    start: int, end: int, held: bool
) -> None:
    (hit,) = hits(("a", 0, 100))
    assert Place("a", start, end).is_in(hit) is held
    assert not Place("b", start, end).is_in(hit)


def test_gold_is_located_by_its_words_its_page_or_its_offsets() -> None:
    text = f"Page one. {RENT}\nPage two. ＥＮＧＬＩＳＨ  law\ngoverns. {RENT}"
    second = text.index("Page two")
    pages = (Page(1, 0, second), Page(2, second, len(text)))
    locator = Locator("d", ExtractedText(text, pages))

    def words(gold: Gold) -> str | None:
        place = locator.place(gold)
        return place and text[place.start : place.end]

    assert words(Gold("a", RENT.upper().replace(" ", "\n"))) == RENT[:-1]
    place = locator.place(Gold("a", RENT, 2))
    assert place
    assert place.start > second
    assert words(Gold("a", "English law governs")) == "ＥＮＧＬＩＳＨ  law\ngoverns"
    assert words(Gold("a", page=1)) == text[:second]
    assert words(Gold("a")) == text
    assert words(Gold("a", RENT, None, 10, 10 + len(RENT))) == RENT
    assert words(Gold("a", RENT, None, 0, 20)) == RENT[:-1]  # offsets of another copy
    for lost in (
        Gold("a", "Scots law governs"),
        Gold("a", page=3),
        Gold("a", "§"),
        Gold("a", RENT, 9),
    ):
        assert locator.place(lost) is None


def test_a_document_is_known_by_its_whole_name_or_the_last_part_of_it() -> None:
    from datetime import UTC, datetime

    def document(id_: str, name: str, **more: bool) -> Document:
        return Document(id_, "m", name, "txt", DocumentState.READY, datetime.now(UTC), 1, **more)

    held = [
        document("1", "leases/Shop.txt"),
        document("2", "old/Shop.txt"),
        document("3", "Deed.txt", is_superseded=True),
        document("4", "Deed.txt"),
    ]
    found = {
        name: getattr(document_of(Gold(name), held), "id", None)
        for name in ("leases/shop.txt", "Shop.txt", "in/deed.txt", "Will.txt")
    }
    assert found == {"leases/shop.txt": "1", "Shop.txt": None, "in/deed.txt": "4", "Will.txt": None}


def test_citations_are_measured_as_alce_does() -> None:
    both = said(RENT, RENT, LAW)  # the second says nothing of it
    none = said("The Tenant may keep a dog.", RENT, verdict=Verdict.UNSUPPORTED)
    bare = said("So it is.", verdict=Verdict.UNSUPPORTED)
    measured = citations(answer(both, none, bare), [])
    assert measured == pytest.approx(
        {"citation_recall": 1 / 3, "supported": 1 / 3, "citation_precision": 1 / 3}
    )


def test_a_copy_to_the_letter_is_carried_by_its_passage_whatever_it_begins_with() -> None:
    copied = "(b) [***] for the Term; and\n(c) subject to Section 4, any"
    measured = citations(answer(said(copied, f"(a) rent; {copied} other sum.")), [])
    assert measured == {"citation_recall": 1.0, "supported": 1.0, "citation_precision": 1.0}


def test_two_citations_that_carry_a_statement_together_are_both_precise() -> None:
    first, second = RENT, LAW
    together = said(f"{RENT} {LAW}", first, second)
    measured = citations(answer(together), [])
    assert (measured["citation_recall"], measured["citation_precision"]) == (1, 1)


@pytest.mark.parametrize(
    ("one", "other", "f1"),
    [
        ("The rent is due.", "Rent is due", 1.0),
        ("rent due monday", "rent due on friday", 4 / 7),
        ("试用期为三个月。", "三个月", 2 * (3 / 7) / (3 / 7 + 1)),
        ("rent rent", "rent", 2 / 3),
        ("cats", "dogs", 0.0),
        ("", "dogs", 0.0),
    ],
)
def test_token_f1_counts_words_and_chinese_characters(one: str, other: str, f1: float) -> None:
    assert token_f1(one, other) == pytest.approx(f1)


async def test_only_the_metrics_that_apply_are_measured() -> None:
    refused = answer(kind=AnswerKind.REFUSAL, total=2.0, retrieve=0.5)
    unanswerable = SetQuestion("q", "When?", "Never.", is_answerable=False)
    assert await measure(unanswerable, refused, [], encoders=FakeEncoders()) == {
        "refusal": 1.0, "seconds": 2.0, "retrieve_s": 0.5,
    }  # fmt: skip
    asked = SetQuestion("q", "When?", RENT)
    measured = await measure(asked, refused, [], encoders=FakeEncoders())
    assert {key: measured[key] for key in ("refusal", "token_f1", "similarity")} == {
        "refusal": 0.0, "token_f1": 0.0, "similarity": 0.0,
    }  # fmt: skip

    async def judge(question: str, said: str, reference: str) -> float | None:
        return None if "English" in said else 0.75

    whole = await measure(
        asked,
        answer(
            said(RENT, RENT), total=4.0, retrieve=0.5, first_token=1.0, generate=3.0, verify=3.25
        ),
        hits(("a", 0, 9)),
        places=[Place("a", 0, 9)],
        tokens=21,
        encoders=FakeEncoders(),
        judge=judge,
    )
    assert set(whole) == set(KEYS)
    assert whole["similarity"] == pytest.approx(1.0)
    assert (whole["judge"], whole["tokens_per_s"]) == (0.75, 10.0)
    stages = ("retrieve_s", "first_token_s", "generate_s", "verify_s", "seconds")
    assert [whole[each] for each in stages] == [0.5, 1.0, 2.0, 0.25, 4.0]
    unmarked = await measure(asked, answer(said(LAW, LAW)), [], judge=judge)
    assert "judge" not in unmarked


def test_quotes_are_checked_once_they_are_found_and_nothing_is_written() -> None:
    measured = times(answer(retrieve=0.5, verify=0.75, total=0.75), 0)
    assert measured == {"seconds": 0.75, "retrieve_s": 0.5, "verify_s": 0.25}


def test_a_draft_of_one_token_has_no_pace() -> None:
    assert "tokens_per_s" not in times(answer(first_token=1.0, generate=2.0), 1)


def test_figures_over_results_leave_failures_out_of_means_and_keep_them_for_the_gate() -> None:
    seconds = [1.0, 2.0, 3.0, 10.0]
    results = [Result("r", 0, f"q{n}", metrics={"seconds": each}) for n, each in enumerate(seconds)]
    results += [Result("r", 0, "q9", error="It failed."), Result("r", 1, "q0")]
    assert means(results) == {"seconds": 4.0}
    assert percentiles(results) == {"seconds": pytest.approx((2.5, 8.95))}
    assert per_question(results, 0)["q9"] == {}
    assert set(per_question(results, 1)) == {"q0"}


def test_every_metric_names_its_source_and_its_direction() -> None:
    assert len(set(KEYS)) == len(METRICS)
    assert all(each.source and each.unit in ("share", "seconds", "per second") for each in METRICS)
    stages = {"retrieve_s", "first_token_s", "generate_s", "verify_s", "seconds"}
    assert stages == LOWER_IS_BETTER
