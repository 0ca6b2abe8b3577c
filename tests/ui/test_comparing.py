"""A comparison from the question to the vote: blind, recorded first, and never the wrong side."""

import asyncio
import json
import random
import re
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from itertools import permutations
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from desk_services import (
    DeskServices,
    a_citation,
    a_document,
    an_answer,
    fired,
    handler,
    on_event,
    region,
)

from core.database import Database
from core.errors import EngineError
from core.evaluation.comparison import Peculiar, peculiarities
from core.evaluation.variants import VARIANTS
from core.records.stored import load
from core.trials import Comparison, Fault, Outcome
from core.types import (
    EVERYTHING,
    LOCAL,
    Answer,
    AnswerKind,
    Delta,
    Done,
    Event,
    Hit,
    Message,
    Passage,
    Person,
    Retrieved,
    Role,
    Scope,
    Searched,
    Stage,
    Staged,
    Statement,
    Variant,
    Verdict,
)
from ui.ballot import in_step, render_comparison, verdict_of, verdict_sent, verdicts
from ui.locale import texts_in
from ui.page import Desk
from ui.progress import Progress

NAMES = [each.name for each in VARIANTS]
TELLS = ("9.5", "0.2 s", "Qwen", "tokens", "Draft", "Quotes only", "Every passage", "word for word")


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    await a_document(services, matter.id, "Lease.pdf", "d1")
    return Desk(matter_id=matter.id, person=LOCAL, role=Role.OWNER)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


def comparing(page: gr.Blocks, desk: Desk, **value: object) -> AsyncGenerator[dict[Any, Any], None]:
    asked = {"question": "When?", "variants": NAMES[:2], "blind": "on"} | value
    return handler(page, "run")(desk, fired(**asked))  # type: ignore[return-value]


def frames(page: gr.Blocks, updates: Sequence[dict[Any, Any]]) -> list[str]:
    """Everything that was drawn of the comparison, in order."""
    part = next(b for b in page.blocks.values() if getattr(b, "elem_id", None) == "comparison")
    return [str(each[part]) for each in updates if isinstance(each.get(part), str)]


async def only(services: DeskServices, desk: Desk) -> Comparison:
    (made,) = await services.database.comparisons(desk.matter_id)
    return await services.database.comparison(desk.matter_id, made.id)


class EachItsOwn:
    """Answers each variant with what the test planned, as fast and in as many steps as it says."""

    def __init__(
        self, answers: dict[str, Answer], drafts: dict[str, str], rng: random.Random
    ) -> None:
        self.answers, self.drafts, self.rng = answers, drafts, rng

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator["EachItsOwn"]:
        yield self

    async def stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[object],
        variant: Variant,
        scope: Scope,
    ) -> AsyncGenerator[Event, None]:
        answer = self.answers[variant.name]
        words = Passage("p", "d", "Lease.pdf", 0, "rent", 0, 4, 1)
        yield Staged(Stage.SEARCHING)
        yield Retrieved((Hit(words, 1.0),) * (variant.top_k or 3), Searched(1, 1, 0, 1))
        left = self.drafts.get(variant.name, "")
        while left:
            yield Staged(Stage.WRITING)
            await asyncio.sleep(self.rng.random() / 2000)
            size = self.rng.randrange(1, 12)
            yield Delta(left[:size])
            left = left[size:]
        yield Done(answer)


async def test_both_sides_answer_the_same_question(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    updates = [u async for u in comparing(page, desk)]
    drawn = region(page, updates[-1], "comparison")
    assert drawn.count("Rent is due monthly.") == 2
    assert drawn.count("1 of 1 statement supported") == 2
    assert [question for _, question, _ in services.answerer.asked] == ["When?", "When?"]


async def test_the_order_is_recorded_before_anything_is_asked_or_shown(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    updates = comparing(page, desk, variants=NAMES[:4])
    await anext(updates)
    made = await only(services, desk)
    assert services.answerer.asked == []
    assert (made.answers, {each.name for each in made.variants}) == ((), set(NAMES[:4]))
    [_ async for _ in updates]
    assert [way.name for way, _ in services.answerer.ways] == [each.name for each in made.variants]


async def test_stopping_a_comparison_ends_every_side_and_leaves_it_unfinished(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    services.answerer.endless = True
    updates = comparing(page, desk)
    await anext(updates)
    while len(services.answerer.asked) < 2:
        await anext(updates)
    await updates.aclose()
    assert services.answerer.ended_early == ["When?", "When?"]
    made = await only(services, desk)
    drawn = await on_event(page, "open_comparison")(desk, fired(id=made.id))
    assert "comparison-unfinished" in region(page, drawn, "comparison")
    assert 'data-state="unfinished"' in region(page, drawn, "comparisons")
    assert "ballot" not in region(page, drawn, "comparison")


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (EngineError("The engine stopped."), "The engine stopped."),
        (RuntimeError("nobody expected it"), "Something went wrong"),
    ],
)
async def test_a_side_that_fails_leaves_no_page_that_waits(
    services: DeskServices,
    page: gr.Blocks,
    desk: Desk,
    told: list[str],
    failure: Exception,
    sentence: str,
) -> None:
    services.answerer.failure = failure
    updates = [u async for u in comparing(page, desk)]
    assert [each[: len(sentence)] for each in told] == [sentence]
    assert "data-busy" not in frames(page, updates)[-1]
    assert "compare-again" in frames(page, updates)[-1]


@pytest.mark.parametrize(
    ("variants", "sentence"),
    [
        (["x", "y"], "A variant that was chosen is not offered in this matter. Choose others."),
        ([NAMES[0], 3], "A variant that was chosen is not offered in this matter. Choose others."),
        ([NAMES[0]], "A comparison takes two to four different variants. Choose others."),
        ([NAMES[0]] * 2, "A comparison takes two to four different variants. Choose others."),
        (NAMES[:5], "A comparison takes two to four different variants. Choose others."),
    ],
)
async def test_other_than_two_to_four_variants_of_the_matter_are_refused(
    services: DeskServices,
    page: gr.Blocks,
    desk: Desk,
    told: list[str],
    variants: list[object],
    sentence: str,
) -> None:
    assert [u async for u in comparing(page, desk, variants=variants)] == []
    assert told == [sentence]
    assert services.answerer.asked == []


def sides_of(drawn: str) -> list[str]:
    """The markup of each side, with its letter taken out."""
    parts = re.findall(r'<section class="side.*?</section>(?=<section class="side|</div>)', drawn)
    return [
        re.sub(r'(?<=class="letter">)[A-D]|(?<=Answer )[A-D]|(?<=side-)[a-d]', "?", each)
        for each in parts
    ]


async def test_over_200_comparisons_nothing_before_the_vote_depends_on_the_side(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sides that say the same are drawn the same in every frame, whatever else sets them apart.

    The variants differ in kind, notice, model, times, tokens, passages read and cut, in the numbers
    of the passages that their drafts cite, and in how fast and in how many steps these arrive.
    """
    monkeypatch.setattr("ui.comparing.paced", lambda events: _each(events))
    rng = random.Random(11)  # noqa: S311
    seen, first, drafted = 0, 0, 0
    for number in range(200):
        words = f"Rent number {rng.randrange(10**6)} is due monthly."
        statement = Statement(words, Verdict.SUPPORTED, (a_citation(),), "verbatim")
        base = an_answer(statement)
        answers = {
            "draft": replace(
                base, model="Qwen", timings={"total": 9.5, "first_token": 1.0}, tokens=9
            ),
            "quotes": replace(
                base,
                kind=AnswerKind.QUOTES,
                notice="quotes_chosen",
                timings={"total": 0.2},
                passages_used=8,
                statements=(replace(statement, reason="paraphrase"),),
            ),
            "listing": replace(
                base, kind=AnswerKind.LISTING, notice="listing_chosen", passages_cut=3
            ),
            "dense": replace(base, kind=AnswerKind.QUOTES, notice="draft_not_supported"),
        }
        cited = words.replace(" is", " [{0}] is").replace(".", " [{0}, {1}].")
        drafts = {"draft": cited.format(17, 20), "dense": cited.format(2, 3)}
        services.answerer = EachItsOwn(answers, drafts, rng)  # type: ignore[assignment]
        # Every third time both sides write, or no draft would ever be shown.
        chosen = rng.sample(NAMES[:4], rng.choice((2, 2, 3, 4)))
        if number % 3 == 0:
            chosen = rng.sample(sorted(drafts), 2)
        updates = [u async for u in comparing(page, desk, variants=chosen)]
        made = (await services.database.comparisons(desk.matter_id))[0]
        first += made.variants[0].name == chosen[0]
        for drawn in frames(page, updates):
            sides = sides_of(drawn)
            assert len(sides) == len(chosen)
            assert len(set(sides)) == 1, f"comparison {number} tells its sides apart"
            drafted += 'data-testid="draft"' in drawn
            tells = [*TELLS, *(texts_in("en").known("variant", each) for each in chosen)]
            assert not [each for each in tells if each in re.sub(r"<[^>]*>", " ", drawn)]
            own = drawn.replace('class="draft" data-testid="draft"', "")  # what every side writes
            assert not [each for each in chosen if f'"{each}"' in own or f"-{each}" in own]
            seen += 1
        assert 'data-testid="ballot"' in frames(page, updates)[-1]
    assert seen > 600
    assert drafted > 200
    # The first that was ticked stands first as chance has it: 200 draws with p from 1/4 to 1/2.
    assert 45 < first < 125


@pytest.mark.parametrize(
    "other", ["Rent [17] is due [1", "Rent 【3】 is due [", "Rent[1-3] is due"]
)
def test_the_numbers_that_a_draft_cites_are_not_shown_before_the_vote(other: str) -> None:
    sides = [Progress("q", Stage.WRITING, draft=draft) for draft in ("Rent [2] is due [4].", other)]
    assert [each.draft for each in in_step(sides)] == ["Rent is due"] * 2


async def _each(events: AsyncGenerator[Any, None]) -> AsyncGenerator[tuple[Any, ...], None]:
    async for event in events:
        yield (event,)


def test_sides_in_step_show_no_more_than_all_have() -> None:
    question = "q"
    slow = Progress(question, Stage.READING)
    fast = Progress(question, Stage.WRITING, draft="Rent is due")
    done = Progress(question, Stage.CHECKING, draft="Rent", answer=an_answer())
    assert set(in_step((slow, fast, done))) == {Progress(question, Stage.READING)}
    writing = in_step((fast, done))
    assert [each.draft for each in writing] == ["Rent", "Rent"]
    assert {(each.stage, each.hits, each.answer) for each in writing} == {
        (Stage.WRITING, None, None)
    }
    assert in_step((done, done)) == (done, done)


@pytest.mark.parametrize("order", list(permutations(VARIANTS[:3])))
async def test_a_vote_counts_for_the_answer_that_was_shown_at_its_button(
    services: DeskServices, page: gr.Blocks, desk: Desk, order: tuple[Variant, ...]
) -> None:
    """For every order and every button: words on that side, variant recorded, name uncovered."""
    answers = {each.name: an_answer(a_saying(each)) for each in order}
    for position in range(len(order)):
        made = await services.database.begin_comparison(desk.matter_id, "Q?", order, LOCAL)
        in_order = [answers[each.name] for each in made.variants]
        await services.database.finish_comparison(desk.matter_id, made.id, in_order)
        drawn = region(
            page, await on_event(page, "open_comparison")(desk, fired(id=made.id)), "comparison"
        )
        shown = sides_of(drawn)[position]
        (said,) = [name for name in answers if f"The words of {name.upper()}" in shown]
        button = re.search(rf'value="(\w+)"[^>]*data-key="{position + 1}"', drawn)
        assert button
        elsewhere = await on_event(page, "vote")(desk, fired(id=made.id, verdict="tie"))
        assert not [part for part in elsewhere if part.elem_id == "comparison"]
        voted = await on_event(page, "vote")(
            replace(desk, comparison_id=made.id),
            fired(id=made.id, verdict=button[1], faults=["style"], note=" Terse. "),
        )
        vote = (await services.database.votes(desk.matter_id))[-1]
        assert vote.winner is not None
        assert made.variants[vote.winner].name == said == order[position].name
        assert (vote.outcome, vote.faults, vote.note) == (Outcome.WIN, (Fault.STYLE,), "Terse.")
        uncovered = region(page, voted, "comparison")
        (chosen,) = re.findall(r'<section class="side preferred".*?</section>(?=<|$)', uncovered)
        assert texts_in("en").known("variant", said) in chosen
        assert f"The words of {said.upper()}" in chosen


def a_saying(variant: Variant) -> Statement:
    words = f"The words of {variant.name.upper()}."
    return Statement(words, Verdict.SUPPORTED, (a_citation(),))


def test_every_button_comes_back_as_the_verdict_that_it_was_drawn_for() -> None:
    from datetime import UTC, datetime

    from core.trials import Vote

    for sides in (2, 3, 4):
        for verdict in verdicts(sides):
            outcome, winner = verdict_sent(verdict)
            vote = Vote("v", "c", "p", outcome, winner, (), "", datetime.now(UTC))
            assert verdict_of(vote) == verdict
    assert len(verdicts(2)) == 4  # the keys 1 to 4


@pytest.mark.parametrize("verdict", ["", "win", "-1", "12", "²", "2 ", "TIE", "9"])
async def test_a_verdict_that_no_button_sends_is_no_vote(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str], verdict: str
) -> None:
    [_ async for _ in comparing(page, desk)]
    made = await only(services, desk)
    await on_event(page, "vote")(desk, fired(id=made.id, verdict=verdict))
    assert len(told) == 1
    assert await services.database.votes(desk.matter_id) == ()


async def test_names_times_and_what_differs_are_shown_after_the_vote_and_stay_known(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    services.answerer.answer = replace(an_answer(), tokens=41)
    updates = [u async for u in comparing(page, desk)]
    made = await only(services, desk)
    before = region(page, updates[-1], "comparison")
    assert "uncovered" not in before
    after = region(
        page,
        await on_event(page, "vote")(
            replace(desk, comparison_id=made.id), fired(id=made.id, verdict="tie")
        ),
        "comparison",
    )
    for words in ("A draft, verified", "Passages word for word", "1.2 s", "41 tokens"):
        assert words in after, words
    assert "You voted: A tie" in after
    (vote,) = await services.database.votes(desk.matter_id)
    desk = replace(desk, comparison_id=made.id)
    back = await on_event(page, "withdraw_vote")(desk, fired(id=made.id, vote_id=vote.id))
    again = region(page, back, "comparison")
    assert "no longer blind" in again
    assert 'data-testid="ballot"' in again


async def test_another_s_vote_uncovers_nothing_for_me(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    [_ async for _ in comparing(page, desk)]
    made = await only(services, desk)
    other = Person("other", "Other")
    await services.database.vote(desk.matter_id, made.id, other, Outcome.WIN, 0)
    drawn = await on_event(page, "open_comparison")(desk, fired(id=made.id))
    assert "uncovered" not in region(page, drawn, "comparison")
    assert "All votes" not in region(page, drawn, "comparison")
    assert 'data-state="to_vote"' in region(page, drawn, "comparisons")


async def test_without_blinding_the_names_stand_there_from_the_first_frame(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    updates = [u async for u in comparing(page, desk, blind="")]
    assert all("Passages word for word" in drawn for drawn in frames(page, updates))


def test_sources_and_statements_of_one_answer_alone_are_marked_once_it_is_uncovered(
    desk: Desk,
) -> None:
    from datetime import UTC, datetime

    shared = Statement("Rent is due monthly.", Verdict.SUPPORTED, (a_citation(),))
    own = Statement("Interest accrues on arrears.", Verdict.SUPPORTED, (a_citation(2, 40, 60),))
    progress = [
        Progress("Q", answer=an_answer(shared, own)),
        Progress("Q", answer=an_answer(shared)),
    ]
    made = Comparison("c", "m", "p", "Q", VARIANTS[:2], True, datetime.now(UTC))
    open_one = replace(made, is_blind=False)
    covered = render_comparison(made, progress, (), desk)
    left, right = sides_of(render_comparison(open_one, progress, (), desk))
    assert 'own"' not in covered
    assert left.count('statement own"') == left.count('source-row own"') == 1
    assert 'own"' not in right


def test_before_the_vote_sources_are_counted_from_one_whatever_their_numbers(desk: Desk) -> None:
    from datetime import UTC, datetime

    places = (a_citation(7), a_citation(19, 40, 60))
    answer = an_answer(
        Statement("Interest accrues.", Verdict.SUPPORTED, places[1:]),
        Statement("Rent is due monthly.", Verdict.SUPPORTED, places),
    )
    refusal = replace(an_answer(kind=AnswerKind.REFUSAL), statements=(), nearest=places)
    progress = [Progress("Q", answer=answer), Progress("Q", answer=refusal)]
    made = Comparison("c", "m", "p", "Q", VARIANTS[:2], True, datetime.now(UTC))
    for side in sides_of(render_comparison(made, progress, (), desk)):
        assert set(re.findall(r'data-marker="(\d+)"', side)) == {"1", "2"}
    for side in sides_of(render_comparison(replace(made, is_blind=False), progress, (), desk)):
        assert set(re.findall(r'data-marker="(\d+)"', side)) == {"7", "19"}


async def test_a_comparison_is_deleted_by_who_began_it_or_an_owner_alone(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
) -> None:
    database = services.database
    ada = await database.add_person("Ada", "x", is_admin=True, is_external=False)
    bo = await database.add_person("Bo", "x", is_admin=False, is_external=False)
    matter = await database.create_matter("Heron", owner=ada)
    await database.grant(matter.id, bo.id, Role.READER)
    hers = await database.begin_comparison(matter.id, "Hers?", VARIANTS[:2], ada)
    his = await database.begin_comparison(matter.id, "His?", VARIANTS[:2], bo)
    desk = Desk(matter_id=matter.id)
    for made in (hers, his):
        await on_event(page, "delete_comparison", bo.id)(desk, fired(id=made.id))
    assert [each.id for each in await database.comparisons(matter.id)] == [hers.id]
    assert len(told) == 1
    his = await database.begin_comparison(matter.id, "His, voted on?", VARIANTS[:2], bo)
    await database.finish_comparison(matter.id, his.id, [an_answer()] * 2)
    await database.vote(matter.id, his.id, ada, Outcome.TIE)
    await on_event(page, "delete_comparison", bo.id)(desk, fired(id=his.id))
    assert "Others have voted" in told[1]
    await on_event(page, "delete_comparison", ada.id)(desk, fired(id=his.id))
    await on_event(page, "delete_comparison", ada.id)(desk, fired(id=hers.id))
    assert await database.comparisons(matter.id) == ()


async def test_an_answer_of_the_chat_is_compared_with_its_question_and_the_variant_in_force(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    async for _ in handler(page, "ask")(desk, fired(question="When is <rent> due?")):  # type: ignore[attr-defined]
        pass
    (conversation,) = await services.database.conversations(desk.matter_id)
    (message,) = await services.database.messages(desk.matter_id, conversation.id)
    await services.database.promote(
        desk.matter_id, VARIANTS[3], LOCAL, passed=False, reason="Because."
    )
    desk = replace(desk, conversation_id=conversation.id, view="ratings")
    drawn = await on_event(page, "compare_with")(desk, fired(id=message.id))
    form = region(page, drawn, "comparison-form")
    assert "When is &lt;rent&gt; due?" in form
    assert f'value="{message.id}"' in form
    assert 'value="dense" checked' in form
    assert 'data-open="compare"' in region(page, drawn, "evaluation-views")


async def test_the_tokens_of_an_answer_that_nobody_counted_are_not_told(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    updates = [u async for u in comparing(page, desk, blind="")]
    assert "tokens written" not in frames(page, updates)[-1]


async def a_scoped_talk(services: DeskServices, desk: Desk, variant: str = "draft") -> Message:
    """An answer of the chat that was sought in the lease alone."""
    database = services.database
    await a_document(services, desk.matter_id, "Supply.pdf", "d2")
    talk = await database.create_conversation(desk.matter_id, "Rent", LOCAL)
    message = await database.add_message(desk.matter_id, talk.id, "When?", LOCAL)
    answer = replace(an_answer(), scope=Scope(("d1",)), variant=variant)
    await database.finish_message(desk.matter_id, message.id, answer)
    return message


async def test_an_answer_is_compared_in_the_documents_that_it_was_sought_in(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    message = await a_scoped_talk(services, desk)
    told = "Only these documents are searched: Lease.pdf"
    desk = replace(desk, conversation_id=message.conversation_id)
    drawn = await on_event(page, "compare_with")(desk, fired(id=message.id))
    assert told in region(page, drawn, "comparison-form")
    # What the browser sends of a scope is nobody's choice.
    asked = comparing(page, desk, message_id=message.id, scope={"documents": ["d2"]})
    updates = [u async for u in asked]
    assert [scope for _, scope in services.answerer.ways] == [Scope(("d1",))] * 2
    assert all(told in each for each in frames(page, updates))
    assert (await only(services, desk)).scope == Scope(("d1",))
    [_ async for _ in comparing(page, desk)]
    assert services.answerer.ways[-1][1] == EVERYTHING


async def test_a_comparison_that_was_stopped_is_asked_again_in_the_same_documents(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    message = await a_scoped_talk(services, desk)
    services.answerer.endless = True
    updates = comparing(page, desk, message_id=message.id)
    await anext(updates)
    await updates.aclose()
    services.answerer.endless = False
    made = await only(services, desk)
    drawn = await on_event(page, "open_comparison")(desk, fired(id=made.id))
    left = region(page, drawn, "comparison")
    assert "Only these documents are searched: Lease.pdf" in left
    (sent,) = re.findall(r'data-value="([^"]*)"[^>]*data-testid="compare-again"', left)
    services.answerer.ways.clear()
    [_ async for _ in comparing(page, desk, **json.loads(unescape(sent)))]
    assert [scope for _, scope in services.answerer.ways] == [Scope(("d1",))] * 2


async def test_an_answer_whose_documents_are_gone_is_compared_with_nothing(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
) -> None:
    message = await a_scoped_talk(services, desk)
    await services.library.delete(desk.matter_id, "d1")
    assert [u async for u in comparing(page, desk, message_id=message.id)] == []
    assert told == [desk.texts("compare.documents_gone")]
    assert await services.database.comparisons(desk.matter_id) == ()


async def test_the_variant_that_gave_the_answer_is_ticked_beside_the_one_in_force(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    for variant, standing, ticked, is_told in (
        ("lexical", VARIANTS[3], {"lexical", "dense"}, False),
        ("dense", VARIANTS[3], {"dense", "draft"}, False),
        ("chat", VARIANTS[3], {"dense", "draft"}, True),
        ("", VARIANTS[1], {"quotes", "draft"}, False),
    ):
        message = await a_scoped_talk(services, desk, variant)
        await services.database.promote(
            desk.matter_id, standing, LOCAL, passed=False, reason="Because."
        )
        desk = replace(desk, conversation_id=message.conversation_id)
        drawn = await on_event(page, "compare_with")(desk, fired(id=message.id))
        form = region(page, drawn, "comparison-form")
        assert set(re.findall(r'value="(\w+)" checked>', form)) == ticked
        assert (desk.texts("compare.other_way") in form) == is_told


async def test_what_each_answer_alone_has_is_looked_for_beside_the_loop(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def noted(answers: Sequence[Answer]) -> tuple[Peculiar, ...]:
        threads.append(threading.get_ident())
        return peculiarities(answers)

    monkeypatch.setattr("ui.ballot.peculiarities", noted)
    [_ async for _ in comparing(page, desk, blind="")]
    assert threads
    assert threading.get_ident() not in threads


async def many_answered(services: DeskServices, desk: Desk, count: int) -> list[Comparison]:
    """Comparisons that wait for votes, oldest first."""
    database, made = services.database, []
    for number in range(count):
        each = await database.begin_comparison(desk.matter_id, f"Q{number}.", VARIANTS[:2], LOCAL)
        await database.finish_comparison(desk.matter_id, each.id, [an_answer()] * 2)
        made.append(each)
    return made


async def test_of_many_comparisons_those_that_wait_for_ones_vote_are_listed_first(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    made = await many_answered(services, desk, 34)
    ada = Person("ada", "Ada")
    for each in made[2:]:
        await services.database.vote(desk.matter_id, each.id, LOCAL, Outcome.TIE)
    withdrawn = await services.database.vote(desk.matter_id, made[9].id, ada, Outcome.TIE)
    await services.database.withdraw_vote(desk.matter_id, withdrawn.id, ada)
    await services.database.begin_comparison(desk.matter_id, "Under way.", VARIANTS[:2], LOCAL)
    drawn = region(page, await on_event(page, "close_comparison")(desk, fired()), "comparisons")
    shown = re.findall(r'class="title"[^>]*>([^<]*)\.<', drawn)
    assert shown == ["Q1", "Q0", "Under way", *(f"Q{number}" for number in range(33, 6, -1))]
    assert "2 wait for your vote" in drawn
    assert drawn.count('data-state="to_vote"') == 2
    assert drawn.count('data-state="unfinished"') == 1
    assert drawn.count("1 vote · ") == 27


async def test_a_vote_reads_the_answers_of_its_own_comparison_alone(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await many_answered(services, desk, 5)
    read: list[object] = []

    def counted(kind: Any, stored: str) -> Any:
        read.append(kind)
        return load(kind, stored)

    monkeypatch.setattr("core.records.comparisons.load", counted)
    desk = replace(desk, comparison_id=made[2].id)
    drawn = await on_event(page, "vote")(desk, fired(id=made[2].id, verdict="tie"))
    assert "You voted" in region(page, drawn, "comparison")
    assert read.count(tuple[Answer, ...]) == 1


async def a_talk(services: DeskServices, matter_id: str, *questions: str) -> list[Message]:
    """A conversation in which these were asked and answered."""
    database = services.database
    talk = await database.create_conversation(matter_id, "Rent", LOCAL)
    for question in questions:
        message = await database.add_message(matter_id, talk.id, question, LOCAL)
        await database.finish_message(matter_id, message.id, an_answer())
    return list(await database.messages(matter_id, talk.id))


async def test_a_follow_up_is_compared_with_what_was_said_before_it(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    _, follow_up, _ = await a_talk(services, desk.matter_id, "Who?", "And when?", "Why?")
    desk = replace(desk, comparing="And when?", comparing_message=follow_up.id)
    asked = comparing(page, desk, question="And when?", message_id=follow_up.id)
    updates = [u async for u in asked]
    histories = [history for _, _, history in services.answerer.asked]
    assert [[turn.question for turn in each] for each in histories] == [["Who?"]] * 2
    # The next question that is typed is not one of that conversation.
    assert follow_up.id not in region(page, updates[0], "comparison-form")
    [_ async for _ in comparing(page, desk)]
    assert services.answerer.asked[-1][2] == ()


async def test_a_message_of_another_matter_is_compared_with_nothing(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
) -> None:
    other = await services.database.create_matter("Heron")
    _, secret = await a_talk(services, other.id, "Who?", "And when?")
    assert [u async for u in comparing(page, desk, message_id=secret.id)] == []
    assert told == ["This message is not in the matter. Reload the page."]
    assert services.answerer.asked == []
    assert await services.database.comparisons(desk.matter_id) == ()


async def test_who_asks_from_the_chat_is_told_that_their_vote_does_not_count_and_nobody_else(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    (message,) = await a_talk(services, desk.matter_id, "When?")
    told = desk.texts("compare.from_chat")
    typed = await on_event(page, "close_comparison")(desk, fired())
    assert told not in region(page, typed, "comparison-form")
    desk = replace(desk, conversation_id=message.conversation_id)
    prepared = await on_event(page, "compare_with")(desk, fired(id=message.id))
    assert told in region(page, prepared, "comparison-form")
    updates = [u async for u in comparing(page, desk, message_id=message.id)]
    assert told in frames(page, updates)[-1]
    made = await only(services, desk)
    progress = [Progress("When?", answer=answer) for answer in made.answers]
    another = replace(desk, person=Person("ada", "Ada"))
    assert told not in render_comparison(made, progress, (), another)


async def test_two_people_vote_at_once_and_no_vote_is_lost(tmp_path: Path) -> None:
    """Over two connections to one file, as two processes have them."""
    first, second = (Database(tmp_path / "pincite.db") for _ in range(2))
    await first.start()
    await second.start()
    try:
        matter = await first.create_matter("Aldgate")
        made = []
        for number in range(20):
            each = await first.begin_comparison(matter.id, f"Q{number}", VARIANTS[:2], LOCAL)
            await first.finish_comparison(matter.id, each.id, [an_answer(), an_answer()])
            made.append(each)
        ada, bo = Person("ada", "Ada"), Person("bo", "Bo")

        async def votes(database: Database, person: Person, winner: int) -> None:
            for each in made:
                await database.vote(matter.id, each.id, person, Outcome.WIN, winner)

        await asyncio.gather(votes(first, ada, 0), votes(second, bo, 1))
        cast = {(v.comparison_id, v.person_id, v.winner) for v in await first.votes(matter.id)}
        assert cast == {
            (each.id, person, winner) for each in made for person, winner in (("ada", 0), ("bo", 1))
        }
        assert not any(v.is_withdrawn for v in await second.votes(matter.id))
    finally:
        await first.close()
        await second.close()
