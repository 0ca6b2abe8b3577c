"""What the votes come to, on the page and in the files that are taken from it."""

import base64
import csv
import io
import json
import re
from dataclasses import replace

import gradio as gr
import pytest
from desk_services import DeskServices, an_answer, fired, on_event, region

from core.deeds import Deed
from core.evaluation.ratings import Tally
from core.evaluation.variants import VARIANTS
from core.evaluation.votes import ballots, vote_rows
from core.records.audit import AuditFilter
from core.trials import Outcome
from core.types import LOCAL, Person, Role
from ui.page import Desk
from ui.ratings import _people


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    return Desk(matter_id=matter.id, person=LOCAL, role=Role.OWNER, view="ratings")


async def a_vote(
    services: DeskServices, desk: Desk, question: str, winner: int | None, person: Person = LOCAL
) -> str:
    """A comparison of the first two variants, the second shown first, with a vote on it."""
    database, order = services.database, VARIANTS[1::-1]
    made = await database.begin_comparison(desk.matter_id, question, order, LOCAL)
    await database.finish_comparison(desk.matter_id, made.id, [an_answer()] * 2)
    outcome = Outcome.TIE if winner is None else Outcome.WIN
    await database.vote(desk.matter_id, made.id, person, outcome, winner, (), "=1+1")
    return made.id


async def ratings(page: gr.Blocks, desk: Desk) -> str:
    return region(page, await on_event(page, "open_view")(desk, fired(view="ratings")), "ratings")


async def test_before_there_are_votes_it_says_so(page: gr.Blocks, desk: Desk) -> None:
    assert "ratings-empty" in await ratings(page, desk)


async def test_with_few_votes_it_says_that_they_are_too_few(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    for winner in (1, 1, None):
        await a_vote(services, desk, "When?", winner)
    drawn = await ratings(page, desk)
    assert "Not enough votes to say: 3 so far" in drawn
    assert 'data-testid="strengths"' not in drawn
    # Two wins and a tie in three meetings.
    assert "83 %" in drawn
    assert "17 %" in drawn


async def test_with_enough_votes_the_preferred_variant_stands_first(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    for number in range(24):
        await a_vote(services, desk, "什么时候？" if number % 2 else "When?", int(number > 5))
    strengths = re.findall(r'data-testid="strengths".*?</tbody>', await ratings(page, desk))[0]
    assert strengths.index("A draft, verified") < strengths.index("Passages word for word")
    drawn = await ratings(page, desk)
    assert "English" in drawn
    assert "中文" in drawn
    assert "Not enough votes to say" in drawn  # of how reviewers agree: there is one alone


async def test_a_vote_by_who_knew_whose_the_answers_were_does_not_count_and_is_exported(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    database = services.database
    made = await a_vote(services, desk, "When?", 0)
    await database.vote(desk.matter_id, made, LOCAL, Outcome.WIN, 1)
    every = await database.votes(desk.matter_id)
    compared = await database.comparisons(desk.matter_id)
    assert ballots(compared, every) == []  # the one is withdrawn, the other knew the names
    drawn = await ratings(page, desk)
    assert "ratings-empty" in drawn
    assert "1 vote is left out" in drawn
    assert 'data-testid="export-votes-csv"' in drawn
    rows = vote_rows(compared, every, {}, LOCAL.id)
    assert [row["withdrawn"] for row in rows] == [True, False]
    assert [row["blind"] for row in rows] == [True, False]  # the first vote told the names
    assert [row["chosen"] for row in rows] == [VARIANTS[1].name, VARIANTS[0].name]


async def test_votes_where_the_names_were_shown_are_counted_apart(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    database = services.database
    for is_blind in (True, False, False):
        made = await database.begin_comparison(
            desk.matter_id, "When?", VARIANTS[:2], LOCAL, is_blind=is_blind
        )
        await database.finish_comparison(desk.matter_id, made.id, [an_answer()] * 2)
        await database.vote(desk.matter_id, made.id, LOCAL, Outcome.WIN, 0)
    drawn = await ratings(page, desk)
    assert "1 so far" in drawn
    assert "2 votes are left out" in drawn


async def test_who_began_a_comparison_from_the_chat_has_read_one_of_its_answers(
    services: DeskServices, desk: Desk
) -> None:
    database, ada = services.database, Person("ada", "Ada")
    talk = await database.create_conversation(desk.matter_id, "Rent", LOCAL)
    message = await database.add_message(desk.matter_id, talk.id, "When?", LOCAL)
    made = await database.begin_comparison(
        desk.matter_id, "When?", VARIANTS[:2], LOCAL, message_id=message.id
    )
    await database.finish_comparison(desk.matter_id, made.id, [an_answer()] * 2)
    for person in (LOCAL, ada):
        await database.vote(desk.matter_id, made.id, person, Outcome.WIN, 0)
    cast = await database.comparisons(desk.matter_id), await database.votes(desk.matter_id)
    assert [each.reviewer for each in ballots(*cast)] == [ada.id]
    rows = vote_rows(*cast, {}, LOCAL.id)
    assert {row["reviewer_id"]: row["blind"] for row in rows} == {LOCAL.id: False, ada.id: True}


async def test_votes_on_one_comparison_are_told_as_such(services: DeskServices, desk: Desk) -> None:
    made = await a_vote(services, desk, "When?", 1)
    other = Person("ada", "Ada")
    await services.database.vote(desk.matter_id, made, other, Outcome.WIN, 1)
    cast = ballots(
        await services.database.comparisons(desk.matter_id),
        await services.database.votes(desk.matter_id),
    )
    assert [each.comparison for each in cast] == [made, made]


async def test_an_export_does_not_uncover_what_still_waits_for_ones_own_vote(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    ada = Person("ada", "Ada")
    waiting = await a_vote(services, desk, "When?", 0, ada)
    voted = await a_vote(services, desk, "And who?", 0, ada)
    await services.database.vote(desk.matter_id, voted, LOCAL, Outcome.WIN, 1)

    async def taken() -> dict[str, dict[str, object]]:
        drawn = await on_event(page, "export_votes")(desk, fired(kind="jsonl"))
        coded = re.search(r"base64,([^\"]*)", region(page, drawn, "ratings-export"))
        assert coded
        lines = map(json.loads, base64.b64decode(coded[1]).decode().splitlines())
        return {each["comparison"]: each for each in lines if each["reviewer_id"] == ada.id}

    rows = await taken()
    telling = ("shown", "position", "chosen")
    assert [rows[waiting][key] for key in telling] == ["", "", ""]
    assert rows[waiting]["outcome"] == "win"
    names = " | ".join(each.name for each in VARIANTS[1::-1])
    assert [rows[voted][key] for key in telling] == [names, 1, VARIANTS[1].name]
    await services.database.vote(desk.matter_id, waiting, LOCAL, Outcome.WIN, 1)
    assert [(await taken())[waiting][key] for key in telling] == [names, 1, VARIANTS[1].name]


async def test_votes_that_are_all_the_same_are_not_called_too_few(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    for _ in range(20):
        made = await a_vote(services, desk, "When?", None)
        await services.database.vote(desk.matter_id, made, Person("ada", "Ada"), Outcome.TIE)
    drawn = await ratings(page, desk)
    assert "All 40 votes on 20 comparisons say the same." in drawn
    assert "Not enough votes to say" not in drawn


async def test_a_strength_that_several_models_share_is_told_as_such(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    for number in range(20):
        made = await a_vote(services, desk, "When?", 1)
        model = "SmolLM2" if number < 10 else "Qwen3"
        written = replace(an_answer(), model=model)
        both = [an_answer(), written]  # the second side is the draft
        await services.database.finish_comparison(desk.matter_id, made, both)
        if number == 9:
            assert "several-models" not in await ratings(page, desk)
    drawn = await ratings(page, desk)
    assert drawn.count("several-models") == 1
    label = desk.texts.known("variant", VARIANTS[0].name)
    assert f"“{label}” were not all written by one model (Qwen3 · SmolLM2)" in drawn


async def test_a_variant_with_few_votes_is_named_below_the_ratings(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    database = services.database
    for _ in range(20):
        await a_vote(services, desk, "When?", 1)
    made = await database.begin_comparison(desk.matter_id, "When?", VARIANTS[1:3], LOCAL)
    await database.finish_comparison(desk.matter_id, made.id, [an_answer()] * 2)
    await database.vote(desk.matter_id, made.id, LOCAL, Outcome.WIN, 0)
    drawn = await ratings(page, desk)
    assert 'data-testid="strengths"' in drawn
    (waiting,) = re.findall(r'data-testid="waiting">([^<]*)<', drawn)
    assert desk.texts.known("variant", VARIANTS[2].name) in waiting
    assert desk.texts.known("variant", VARIANTS[0].name) not in waiting


def test_two_reviewers_of_one_name_are_two(desk: Desk) -> None:
    tallies = {"id-000001": Tally(3, {"a": 3}, 0, 0), "id-000002": Tally(5, {"b": 5}, 0, 0)}
    rows = _people(tallies, {"id-000001": "Ada", "id-000002": "Ada"}, desk.texts)
    assert [tally.ballots for _, tally in rows] == [3, 5]
    assert len({name for name, _ in rows}) == 2


async def test_thumbs_are_exported_with_the_variant_that_answered_before_there_is_a_vote(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    database = services.database
    talk = await database.create_conversation(desk.matter_id, "Rent", LOCAL)
    message = await database.add_message(desk.matter_id, talk.id, "When?", LOCAL)
    answer = replace(an_answer(), variant="house")
    await database.finish_message(desk.matter_id, message.id, answer)
    await database.rate_message(desk.matter_id, message.id, LOCAL, False, (), "=1+1")
    assert 'data-testid="export-thumbs-csv"' in await ratings(page, desk)
    drawn = await on_event(page, "export_thumbs")(desk, fired(kind="jsonl"))
    coded = re.search(r"base64,([^\"]*)", region(page, drawn, "ratings-export"))
    assert coded
    row = json.loads(base64.b64decode(coded[1]))
    assert (row["variant"], row["thumb"], row["question"]) == ("house", "down", answer.question)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_votes_are_taken_along_in_a_link_that_nobody_else_is_given(
    services: DeskServices, page: gr.Blocks, desk: Desk, kind: str
) -> None:
    await a_vote(services, desk, "=cmd|' /C calc'!A0", 1)
    drawn = await on_event(page, "export_votes")(desk, fired(kind=kind))
    link = region(page, drawn, "ratings-export")
    coded = re.search(r'href="data:[^,]*;base64,([^"]*)"', link)
    assert coded
    content = base64.b64decode(coded[1]).decode("utf-8-sig")
    read = csv.DictReader(io.StringIO(content)) if kind == "csv" else map(json.loads, [content])
    (row,) = read
    assert row["chosen"] == VARIANTS[0].name
    assert row["question"].lstrip("'") == "=cmd|' /C calc'!A0"
    assert kind == "jsonl" or row["question"].startswith("'")
    (entry,) = await services.database.entries(AuditFilter(deed=Deed.EXPORTED))
    assert (entry.matter_id, entry.object_id) == (desk.matter_id, "votes")
