"""Comparisons, question sets, runs and variants as they are recorded, over a real database."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from core.database import Database
from core.errors import NotAllowed, NotFound, PinciteError
from core.evaluation.sets import FIELDS
from core.session import variant_named
from core.trials import Fault, Gold, Outcome, Result, Rule, RunState, SetQuestion, Vote
from core.types import (
    EVERYTHING,
    LOCAL,
    Answer,
    AnswerKind,
    Citation,
    Genre,
    Hit,
    Matter,
    Passage,
    Person,
    Scope,
    Statement,
    Variant,
    Verdict,
)

if TYPE_CHECKING:
    from core.services import Services

EVERY = frozenset(FIELDS)
TABLE = EVERY - {"gold"}
DENSE, FULL = Variant("dense", mode="dense"), Variant("full")
WORDS = "The rent is due on the fifth."
BO = Person("bo", "Bo")


def answer_from(document_id: str) -> Answer:
    citation = Citation(1, document_id, "Lease.txt", 1, (), 0, len(WORDS), WORDS)
    statement = Statement(WORDS, Verdict.SUPPORTED, (citation,))
    return Answer("When?", AnswerKind.QUOTES, Verdict.SUPPORTED, (statement,))


def hit_from(document_id: str) -> Hit:
    return Hit(Passage("p", document_id, "Lease.txt", 0, WORDS, 0, len(WORDS), 1), 0.5)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = Database(tmp_path / "data" / "pincite.db")
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def matter(database: Database) -> Matter:
    made = await database.create_matter("Lease")
    await database.put_document(made.id, "Lease.txt", "d", 1, "d")
    return made


async def compared(database: Database, matter: Matter) -> str:
    made = await database.begin_comparison(matter.id, "When?", (DENSE, FULL), LOCAL)
    await database.finish_comparison(matter.id, made.id, [answer_from("d"), answer_from("d")])
    return made.id


async def test_a_comparison_keeps_its_order_and_takes_no_vote_before_its_answers(
    database: Database, matter: Matter
) -> None:
    made = await database.begin_comparison(matter.id, "When?", (FULL, DENSE), LOCAL)
    assert (await database.comparison(matter.id, made.id)).variants == (FULL, DENSE)
    with pytest.raises(PinciteError, match="not all there"):
        await database.vote(matter.id, made.id, LOCAL, Outcome.TIE)
    await database.finish_comparison(matter.id, made.id, [answer_from("d"), answer_from("d")])
    for outcome, winner in ((Outcome.WIN, None), (Outcome.WIN, 2), (Outcome.TIE, 0)):
        with pytest.raises(PinciteError, match="no side"):
            await database.vote(matter.id, made.id, LOCAL, outcome, winner)
    vote = await database.vote(
        matter.id, made.id, LOCAL, Outcome.WIN, 1, [Fault.WRONG_LAW], " why "
    )
    assert (vote.winner, vote.faults, vote.note) == (1, (Fault.WRONG_LAW,), "why")


async def test_a_comparison_keeps_where_its_answers_were_sought(
    database: Database, matter: Matter
) -> None:
    scope = Scope(("d",), (Genre.CONTRACT,), date(2020, 1, 1))
    own = await database.begin_comparison(matter.id, "When?", (FULL, DENSE), LOCAL, scope=scope)
    assert (await database.comparison(matter.id, own.id)).scope == scope
    every = await database.begin_comparison(matter.id, "When?", (FULL, DENSE), LOCAL)
    assert (await database.comparison(matter.id, every.id)).scope == EVERYTHING


@pytest.mark.parametrize("chosen", [(FULL,), (FULL, FULL), (FULL, DENSE) * 3])
async def test_a_comparison_has_two_to_four_different_sides(
    database: Database, matter: Matter, chosen: tuple[Variant, ...]
) -> None:
    with pytest.raises(PinciteError, match="two to four"):
        await database.begin_comparison(matter.id, "When?", chosen, LOCAL)


async def test_a_persons_last_vote_counts_and_only_they_withdraw_it(
    database: Database, matter: Matter
) -> None:
    comparison_id = await compared(database, matter)
    first = await database.vote(matter.id, comparison_id, LOCAL, Outcome.TIE)
    second = await database.vote(matter.id, comparison_id, LOCAL, Outcome.WIN, 0)
    theirs = await database.vote(matter.id, comparison_id, BO, Outcome.BAD)
    standing = [each.id for each in await database.votes(matter.id) if not each.is_withdrawn]
    assert standing == [second.id, theirs.id]
    with pytest.raises(NotFound):
        await database.withdraw_vote(matter.id, theirs.id, LOCAL)
    await database.withdraw_vote(matter.id, theirs.id, BO)
    every = await database.votes(matter.id)
    assert [each.id for each in every] == [first.id, second.id, theirs.id]
    assert [each.is_withdrawn for each in every] == [True, False, True]


async def test_the_same_vote_said_again_is_one_vote(database: Database, matter: Matter) -> None:
    comparison_id = await compared(database, matter)
    for winner in (None, 0):
        outcome = Outcome.TIE if winner is None else Outcome.WIN
        first = await database.vote(matter.id, comparison_id, LOCAL, outcome, winner, note="So.")
        again = await database.vote(matter.id, comparison_id, LOCAL, outcome, winner, note="So. ")
        assert first == again
    assert [each.is_withdrawn for each in await database.votes(matter.id)] == [True, False]


async def test_the_same_verdict_again_keeps_the_vote_and_takes_only_reasons_that_are_given(
    database: Database, matter: Matter
) -> None:
    comparison_id = await compared(database, matter)

    async def said(*reasons: object) -> Vote:
        return await database.vote(matter.id, comparison_id, LOCAL, Outcome.WIN, 1, *reasons)  # type: ignore[arg-type]

    first = await said([Fault.STYLE], "Terse.")
    assert await said() == first
    assert await said([], "Too terse.") == replace(first, note="Too terse.")
    assert await said([Fault.INCOMPLETE]) == replace(
        first, faults=(Fault.INCOMPLETE,), note="Too terse."
    )
    (kept,) = await database.votes(matter.id)
    assert (kept.id, kept.at, kept.is_withdrawn) == (first.id, first.at, False)
    await database.withdraw_vote(matter.id, first.id, LOCAL)
    assert (await said()).id != first.id


async def test_a_question_added_never_takes_the_id_of_another_in_any_version(
    database: Database, matter: Matter
) -> None:
    asked = [SetQuestion(each, f"{each}?") for each in ("1", "2", "2")]
    made = await database.create_question_set(matter.id, "Rent", asked=asked)
    assert len({each.id for each in await database.questions(matter.id, made.id)}) == 3
    await database.remove_questions(matter.id, made.id, ["1"])
    more = [SetQuestion(each, f"Another {n}?") for n, each in enumerate(("1", "2", "3", "3"))]
    newest, _ = await database.add_questions(matter.id, made.id, more)
    there = [each.id for each in await database.questions(matter.id, made.id)]
    assert newest.size == len(there) == len(set(there)) == 6
    assert "1" not in there
    assert {"2", "3"} < set(there)


async def test_what_a_set_asks_already_is_left_out_and_makes_no_version(
    database: Database, matter: Matter
) -> None:
    asked = [SetQuestion("a", "When is rent due?"), SetQuestion("b", "Who pays?", is_draft=True)]
    made = await database.create_question_set(matter.id, "Rent", asked=asked)
    again = [SetQuestion("", "WHEN is  rent\ndue?", "Monthly."), SetQuestion("", "who pays?")]
    same, left_out = await database.add_questions(matter.id, made.id, again[:1])
    assert (same, left_out) == (made, 1)
    more = [*again, SetQuestion("", "Why?"), SetQuestion("", "why ?")]
    newest, left_out = await database.add_questions(matter.id, made.id, more)
    assert (newest.version, newest.size, newest.drafts, left_out) == (2, 3, 1, 2), (
        "a draft asks nothing yet, and no question is asked twice"
    )
    with pytest.raises(PinciteError, match="asks this question already"):
        await database.change_question(matter.id, made.id, replace(asked[1], is_draft=False))
    await database.remove_questions(matter.id, made.id, ["a"])
    newest, left_out = await database.add_questions(matter.id, made.id, again[:1])
    assert (newest.version, left_out) == (4, 0), "only the newest version counts"


async def test_a_file_corrects_what_it_says_otherwise_and_keeps_what_it_cannot_say(
    database: Database, matter: Matter
) -> None:
    document, _ = await database.put_document(matter.id, "Lease.pdf", "ab", 1, "d1")
    gold = (
        Gold("Lease.pdf", "on the first", 3, 10, 22, document.id), Gold("Lease.pdf", "in advance"),
    )  # fmt: skip
    first = SetQuestion("a", "When is rent due?", "Monthly.", gold, ("rent",))
    made = await database.create_question_set(matter.id, "Rent", asked=[first])
    table = replace(first, id="9", gold=(Gold("Lease.pdf", "on  the first", 3),))
    lines = replace(first, gold=tuple(replace(each, document_id="") for each in gold))
    for given, told in ((table, TABLE), (lines, EVERY)):
        same, left_out = await database.add_questions(matter.id, made.id, [given], {given.id: told})
        assert (same, left_out) == (made, 1)
    given = replace(table, reference="On the first.")
    newest, left_out = await database.add_questions(matter.id, made.id, [given], {"9": TABLE})
    assert (newest.version, newest.size, left_out) == (2, 1, 0)
    (now,) = await database.questions(matter.id, made.id)
    assert now == replace(first, reference="On the first.")
    other = replace(lines, gold=(Gold("Lease.pdf", "in arrear", 4),))
    await database.add_questions(matter.id, made.id, [other], {"a": EVERY})
    (now,) = await database.questions(matter.id, made.id)
    assert (now.id, now.gold) == ("a", other.gold)
    (before,) = await database.questions(matter.id, made.id, 1)
    assert before == first


@pytest.fixture
async def asked(database: Database, matter: Matter) -> SetQuestion:
    """A question of which everything is told, of a document that there is."""
    document, _ = await database.put_document(matter.id, "Lease.pdf", "ab", 1, "d1")
    gold = tuple(
        Gold("Lease.pdf", f"on the {each}", n, 10 * n, 10 * n + 6, document.id)
        for n, each in enumerate(("first", "second", "third"), 1)
    )
    return SetQuestion("a", "When is rent due?", "Monthly.", gold, ("rent",))


async def corrected(
    database: Database, matter: Matter, before: SetQuestion, given: SetQuestion, *told: str
) -> SetQuestion:
    """What stands after a file has told of a question, in a set of its own."""
    name = f"Set {len(await database.question_sets(matter.id))}"
    made = await database.create_question_set(matter.id, name, asked=[before])
    await database.add_questions(matter.id, made.id, [given], {given.id: {"question", *told}})
    (now,) = await database.questions(matter.id, made.id)
    return now


async def test_what_a_file_has_no_column_for_stands_as_it_was(
    database: Database, matter: Matter, asked: SetQuestion
) -> None:
    bare = SetQuestion("1", asked.question)
    assert await corrected(database, matter, asked, bare) == asked
    refused = SetQuestion("b", "Who pays?", is_answerable=False)
    assert await corrected(database, matter, refused, SetQuestion("1", "Who pays?")) == refused
    given = replace(bare, reference="Weekly.", tags=("due",))
    now = await corrected(database, matter, asked, given, "reference", "tags")
    assert now == replace(asked, reference="Weekly.", tags=("due",))
    now = await corrected(database, matter, asked, bare, "reference", "tags")
    assert now == replace(asked, reference="", tags=())
    named = replace(bare, gold=(Gold("Lease.pdf"),))
    assert await corrected(database, matter, asked, named, "document") == asked
    other = replace(bare, gold=(Gold("Deed.pdf"),))
    now = await corrected(database, matter, asked, other, "document")
    assert now == replace(asked, gold=other.gold)


async def test_a_file_that_lists_the_places_names_them_all(
    database: Database, matter: Matter, asked: SetQuestion
) -> None:
    written = tuple(replace(each, document_id="") for each in asked.gold)
    for left in (written[:1], written[1:], written[::2], ()):
        now = await corrected(database, matter, asked, replace(asked, gold=left), "gold")
        assert now.gold == tuple(asked.gold[written.index(each)] for each in left)
    moved = (written[0], replace(written[1], start=50, end=56))
    now = await corrected(database, matter, asked, replace(asked, gold=moved), "gold")
    assert now.gold == (asked.gold[0], moved[1])
    unmeasured = tuple(replace(each, start=None, end=None) for each in written[:2])
    now = await corrected(database, matter, asked, replace(asked, gold=unmeasured), "gold")
    assert now.gold == asked.gold[:2]


async def test_a_file_corrects_the_case_and_the_blanks_of_a_question(
    database: Database, matter: Matter, asked: SetQuestion
) -> None:
    given = replace(asked, question="When is Rent due ?")
    now = await corrected(database, matter, asked, given)
    assert now == given


async def test_a_file_never_leaves_a_question_both_unanswerable_and_answered(
    database: Database, matter: Matter, asked: SetQuestion
) -> None:
    refused = replace(asked, gold=(), is_answerable=False)
    now = await corrected(database, matter, asked, refused, "answerable")
    assert now == refused
    given = replace(asked, gold=(Gold("Deed.pdf", "rent"),))
    now = await corrected(database, matter, refused, given, "document", "quote")
    assert (now.is_answerable, now.gold) == (True, given.gold)


async def test_on_hold_a_thumb_is_changed_and_never_lost(
    database: Database, matter: Matter
) -> None:
    talk = await database.create_conversation(matter.id, "Rent", LOCAL)
    message = await database.add_message(matter.id, talk.id, "When?", LOCAL)
    await database.rate_message(matter.id, message.id, LOCAL, is_good=True)
    await database.describe_matter(matter.id, {"on_hold": True})
    await database.rate_message(matter.id, message.id, LOCAL, is_good=False)
    with pytest.raises(NotAllowed):
        await database.unrate_message(matter.id, message.id, LOCAL)
    assert [each.is_good for each in await database.feedback(matter.id)] == [False]


async def test_the_variant_in_force_is_not_retired(database: Database, matter: Matter) -> None:
    house = await database.create_variant(matter.id, Variant("house"), LOCAL)
    other = await database.create_variant(matter.id, Variant("other"), LOCAL)
    await database.promote(matter.id, house.variant, LOCAL, passed=True)
    with pytest.raises(PinciteError, match="in force"):
        await database.retire_variant(matter.id, house.id)
    await database.promote(matter.id, other.variant, LOCAL, passed=True)
    await database.retire_variant(matter.id, house.id)
    retired = [each.is_retired for each in await database.variants(matter.id)]
    assert retired == [True, False]


async def test_a_retired_variant_is_not_put_in_force(database: Database, matter: Matter) -> None:
    made = await database.create_variant(matter.id, Variant("house"), LOCAL)
    await database.retire_variant(matter.id, made.id)
    for passed in (True, False):
        with pytest.raises(PinciteError, match="“house” is retired"):
            await database.promote(matter.id, made.variant, LOCAL, passed=passed, reason="It is.")
    assert await database.promotions(matter.id) == ()
    await database.retire_variant(matter.id, made.id, is_retired=False)
    await database.promote(matter.id, made.variant, LOCAL, passed=True)


async def test_a_matter_has_limits_of_its_own_until_they_are_reset_or_it_goes(
    database: Database, matter: Matter
) -> None:
    rules = (Rule("mrr", at_least=0.5), Rule("seconds", at_most=9.0, worst_drop=0.0))
    other = await database.create_matter("Other")
    await database.set_limits(matter.id, (Rule("mrr", at_least=0.1),))
    await database.set_limits(matter.id, rules)
    assert await database.limits(matter.id) == rules
    assert await database.limits(other.id) == ()
    await database.set_limits(matter.id, ())
    assert await database.limits(matter.id) == ()
    await database.set_limits(other.id, rules)
    await database.begin_matter_deletion(other.id)
    await database.delete_matter(other.id)
    assert await database.limits(other.id) == ()
    with pytest.raises(NotFound):
        await database.set_limits(other.id, rules)
    assert await database.strays() == ()


async def test_questions_change_by_versions_and_older_ones_stay_readable(
    database: Database, matter: Matter
) -> None:
    asked = [SetQuestion(each, f"{each}?") for each in "abc"]
    made = await database.create_question_set(matter.id, "Rent", asked=asked)
    await database.change_question(matter.id, made.id, SetQuestion("b", "B, then?"))
    await database.remove_questions(matter.id, made.id, ["a"])
    draft = SetQuestion("d", "d?", is_draft=True)
    newest, _ = await database.add_questions(matter.id, made.id, [draft])
    assert (newest.version, newest.size, newest.drafts) == (4, 2, 1)

    async def read(version: int) -> list[str]:
        return [each.question for each in await database.questions(matter.id, made.id, version)]

    assert await read(1) == ["a?", "b?", "c?"]
    assert await read(2) == ["a?", "B, then?", "c?"]
    assert await read(0) == await read(4) == ["B, then?", "c?", "d?"]
    with pytest.raises(NotFound):
        await database.change_question(matter.id, made.id, SetQuestion("a", "again?"))
    with pytest.raises(PinciteError, match="exists already"):
        await database.create_question_set(matter.id, " Rent ")


async def test_a_run_counts_its_results_and_keeps_the_last_of_each(
    database: Database, matter: Matter
) -> None:
    run = await database.create_run(matter.id, "s", 1, (DENSE, FULL), 4, {"seed": 7}, LOCAL)
    assert [each.id for each in await database.unfinished_runs()] == [run.id]
    for seconds in (1.0, 2.0):
        result = Result(run.id, 0, "a", answer_from("d"), (hit_from("d"),), seconds=seconds)
        await database.keep_result(matter.id, result)
    await database.keep_result(matter.id, Result(run.id, 1, "a", error="No.", seconds=0.5))
    now = await database.run(matter.id, run.id)
    assert (now.done, now.total, now.seconds, now.manifest) == (2, 4, 2.5, {"seed": 7})
    assert await database.result_keys(matter.id, run.id) == {(0, "a"), (1, "a")}
    assert await database.set_run_state(matter.id, run.id, RunState.CANCELLED)
    assert not await database.set_run_state(matter.id, run.id, RunState.RUNNING)
    assert (await database.run(matter.id, run.id)).finished_at is not None
    assert await database.unfinished_runs() == ()


async def test_what_did_not_pass_is_put_in_force_with_a_reason_only(
    database: Database, matter: Matter
) -> None:
    with pytest.raises(PinciteError, match="not passed"):
        await database.promote(matter.id, DENSE, LOCAL, passed=False, reason=" ")
    await database.promote(matter.id, DENSE, LOCAL, passed=False, reason="Faster.")
    await database.promote(matter.id, FULL, LOCAL, passed=True, run_id="r")
    assert [each.variant for each in await database.promotions(matter.id)] == [FULL, DENSE]
    made = await database.create_variant(matter.id, replace(FULL, name="Ours"), LOCAL)
    await database.retire_variant(matter.id, made.id)
    assert [each.is_retired for each in await database.variants(matter.id)] == [True]


async def test_the_command_line_answers_with_the_variant_in_force_unless_one_is_named(
    database: Database, matter: Matter
) -> None:
    services = cast("Services", SimpleNamespace(database=database))
    assert (await variant_named(services, matter.id, "")).name == "draft"
    own = replace(FULL, name="Ours", top_k=3)
    await database.create_variant(matter.id, own, LOCAL)
    await database.promote(matter.id, own, LOCAL, passed=True)
    assert await variant_named(services, matter.id, "") == own
    assert (await variant_named(services, matter.id, "quotes")).style is AnswerKind.QUOTES
    with pytest.raises(NotFound, match="nonsense"):
        await variant_named(services, matter.id, "nonsense")


async def test_thumbs_are_one_for_each_person_and_answer(
    database: Database, matter: Matter
) -> None:
    conversation = await database.create_conversation(matter.id, "Rent", LOCAL)
    message = await database.add_message(matter.id, conversation.id, "When?", LOCAL)
    await database.rate_message(matter.id, message.id, LOCAL, False, [Fault.STYLE])
    await database.rate_message(matter.id, message.id, LOCAL, True)
    await database.rate_message(matter.id, message.id, BO, False)
    kept = await database.feedback(matter.id, conversation.id)
    assert [(each.person_id, each.is_good) for each in kept] == [("local", True), ("bo", False)]
    await database.unrate_message(matter.id, message.id, BO)
    assert len(await database.feedback(matter.id)) == 1


async def test_evaluation_keeps_no_word_of_a_deleted_document(
    database: Database, matter: Matter
) -> None:
    comparison_id = await compared(database, matter)
    gold = (Gold("Lease.txt", WORDS, 1),)
    asked = [
        SetQuestion("a", "When?", WORDS, gold),
        SetQuestion("b", "Who?", "Nobody.", (Gold("Other.txt", "nobody"),)),
        SetQuestion("c", "Which?", WORDS, gold, is_draft=True),
    ]
    held = await database.create_question_set(matter.id, "Rent", asked=asked)
    run = await database.create_run(matter.id, held.id, 1, (FULL,), 1, {}, LOCAL)
    result = Result(run.id, 0, "a", answer_from("d"), (hit_from("d"),), {"hit@1": 1.0})
    await database.keep_result(matter.id, result)

    await database.strike_comparisons(matter.id, ["d"])
    await database.strike_questions(matter.id, ["d"])
    await database.strike_results(matter.id, ["d"])

    left = (
        await database.comparison(matter.id, comparison_id),
        await database.questions(matter.id, held.id),
        await database.results(matter.id, run.id),
    )
    assert WORDS not in repr(left)
    assert left[1] == (replace(asked[0], reference="", gold=(Gold("Lease.txt"),)), asked[1])
    assert left[2][0].metrics == {"hit@1": 1.0}


@pytest.mark.parametrize(
    "gold",
    [
        Gold("lease.TXT", WORDS),
        Gold("deeds/Lease.txt", WORDS),
        Gold("Renamed.txt", WORDS, document_id="d"),
    ],
)
async def test_gold_goes_with_its_document_however_it_is_spelt(
    database: Database, matter: Matter, gold: Gold
) -> None:
    asked = [
        SetQuestion("a", "When?", WORDS, (gold,)),
        SetQuestion("b", "Who, by the engine?", WORDS, (gold,), by_engine=True),
    ]
    held = await database.create_question_set(matter.id, "Rent", asked=asked)
    await database.begin_deletion(matter.id, "d")
    await database.strike_questions(matter.id, ["d"])
    assert [each.id for each in await database.questions(matter.id, held.id)] == ["a"]
    late = [
        replace(
            asked[0], id="c", question="Late?", gold=(Gold("Lease.txt", WORDS, document_id="d"),)
        )
    ]
    assert (await database.add_questions(matter.id, held.id, late))[1] == 0
    assert WORDS not in repr(await database.questions(matter.id, held.id))


async def test_gold_of_an_older_version_goes_with_it_and_that_of_the_newer_stays(
    database: Database, matter: Matter
) -> None:
    await database.put_document(matter.id, "Lease.txt", "e", 1, "e")
    asked = [
        SetQuestion("old", "When?", WORDS, (Gold("Lease.txt", WORDS, document_id="d"),)),
        SetQuestion("new", "Who?", "Bo.", (Gold("Lease.txt", "Bo", document_id="e"),)),
        SetQuestion("any", "Why?", "So.", (Gold("Lease.txt", "So"),)),
    ]
    held = await database.create_question_set(matter.id, "Rent", asked=asked)
    await database.begin_deletion(matter.id, "d")
    await database.strike_questions(matter.id, ["d"])
    left = await database.questions(matter.id, held.id)
    assert WORDS not in repr(left)
    assert left[1:] == tuple(asked[1:])


async def test_what_is_recorded_after_its_document_went_has_no_word_of_it(
    database: Database, matter: Matter
) -> None:
    await database.begin_deletion(matter.id, "d")
    comparison_id = await compared(database, matter)
    run = await database.create_run(matter.id, "s", 1, (FULL,), 1, {}, LOCAL)
    result = Result(run.id, 0, "a", answer_from("d"), (hit_from("d"),))
    await database.keep_result(matter.id, result)
    left = (
        await database.comparison(matter.id, comparison_id),
        await database.results(matter.id, run.id),
    )
    assert WORDS not in repr(left)


async def test_a_comparison_on_which_others_have_voted_is_kept_from_who_began_it(
    database: Database, matter: Matter
) -> None:
    """Asked and done at once: a vote that comes in between is not lost."""
    made = await compared(database, matter)
    await database.vote(matter.id, made, LOCAL, Outcome.TIE)
    theirs = await database.vote(matter.id, made, BO, Outcome.TIE)
    await database.withdraw_vote(matter.id, theirs.id, BO)
    with pytest.raises(NotAllowed):
        await database.delete_comparison(matter.id, made, LOCAL)
    assert len(await database.votes(matter.id, made)) == 2
    alone = await compared(database, matter)
    await database.vote(matter.id, alone, LOCAL, Outcome.TIE)
    for left, only_of in ((alone, LOCAL), (made, None)):
        await database.delete_comparison(matter.id, left, only_of)
    assert await database.comparisons(matter.id) == ()


async def test_the_models_of_answers_are_told_where_somebody_has_voted(
    database: Database, matter: Matter
) -> None:
    made, unvoted = await compared(database, matter), await compared(database, matter)
    first, second = (await database.comparison(matter.id, made)).answers
    answers = replace(first, model="one"), replace(second, model="")
    for each in (made, unvoted):
        await database.finish_comparison(matter.id, each, answers)
    await database.vote(matter.id, made, LOCAL, Outcome.TIE)
    assert await database.models_compared(matter.id) == {made: ("one", "")}
    other = await database.create_matter("Another")
    assert await database.models_compared(other.id) == {}


async def test_nothing_of_evaluation_crosses_into_another_matter(
    database: Database, matter: Matter
) -> None:
    other = (await database.create_matter("Other")).id
    comparison_id = await compared(database, matter)
    vote = await database.vote(matter.id, comparison_id, LOCAL, Outcome.TIE)
    held = await database.create_question_set(matter.id, "Rent", asked=[SetQuestion("a", "a?")])
    run = await database.create_run(matter.id, held.id, 1, (FULL,), 1, {}, LOCAL)
    own = await database.create_variant(matter.id, replace(FULL, name="Ours"), LOCAL)
    conversation = await database.create_conversation(matter.id, "Rent", LOCAL)
    message = await database.add_message(matter.id, conversation.id, "When?", LOCAL)
    later = await database.add_message(matter.id, conversation.id, "And who?", LOCAL)
    for attempt in (
        database.comparison(other, comparison_id),
        database.begin_comparison(other, "When?", (DENSE, FULL), LOCAL, message_id=message.id),
        database.vote(other, comparison_id, LOCAL, Outcome.TIE),
        database.withdraw_vote(other, vote.id, LOCAL),
        database.delete_comparison(other, comparison_id),
        database.message(other, message.id),
        database.rate_message(other, message.id, LOCAL, True),
        database.question_set(other, held.id),
        database.questions(other, held.id),
        database.add_questions(other, held.id, [SetQuestion("b", "b?")]),
        database.delete_question_set(other, held.id),
        database.run(other, run.id),
        database.results(other, run.id),
        database.keep_result(other, Result(run.id, 0, "a")),
        database.delete_run(other, run.id),
        database.retire_variant(other, own.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert not await database.set_run_state(other, run.id, RunState.DONE)
    for nothing in (
        database.comparisons(other),
        database.polls(other, LOCAL, 9),
        database.votes(other),
        database.votes(other, comparison_id),
        database.messages_before(other, later.id),
        database.feedback(other),
        database.question_sets(other),
        database.runs(other),
        database.variants(other),
        database.promotions(other),
    ):
        assert await nothing == ()
    assert await database.polls_open(other, BO) == 0
    assert await database.polls_open(matter.id, BO) == 1
    assert await database.messages_before(matter.id, later.id) == (message,)
    await database.describe_matter(matter.id, {"on_hold": True})
    for attempt in (
        database.delete_comparison(matter.id, comparison_id),
        database.delete_question_set(matter.id, held.id),
        database.delete_run(matter.id, run.id),
    ):
        with pytest.raises(NotAllowed):
            await attempt
