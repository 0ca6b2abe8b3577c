"""Question sets on the page: made, filled, read by version, and fed from answers."""

import base64
import html
import re
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from desk_services import DeskServices, an_answer, fired, on_event, region

from core.deeds import Deed
from core.evaluation.sets import preview
from core.records.audit import AuditFilter
from core.trials import Gold, SetQuestion
from core.types import EVERYTHING, LOCAL, Role, Scope
from ui.page import Desk
from ui.uploads import upload_folder


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    return Desk(matter_id=matter.id, role=Role.OWNER, view="sets")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    words: list[str] = []
    monkeypatch.setattr(gr, "Info", words.append)
    return words


async def a_set(services: DeskServices, desk: Desk, *asked: SetQuestion) -> Desk:
    held = await services.database.create_question_set(desk.matter_id, "Leases", asked=asked)
    return replace(desk, set_id=held.id)


@pytest.fixture
def table() -> Path:
    folder = upload_folder() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "u1-1"
    path.write_text("q,answer,where\nWhen is rent due?,Monthly,Lease.pdf\n,No question,Lease.pdf\n")
    return path


async def test_a_file_is_looked_into_mapped_and_only_then_taken(
    services: DeskServices, page: gr.Blocks, desk: Desk, table: Path
):
    sent = fired(files=[{"name": "Leases.csv", "path": str(table)}], set_id="")
    drawn = await on_event(page, "preview_questions")(desk, None, sent)
    seen = region(page, drawn, "set-preview")
    assert "Row 3:" in seen
    assert await services.database.question_sets(desk.matter_id) == ()
    upload = next(v for k, v in drawn.items() if isinstance(k, gr.State))
    chosen = fired(column_question="q", column_reference="answer", column_document="where")
    drawn = await on_event(page, "map_questions")(desk, upload, chosen)
    upload = next(v for k, v in drawn.items() if isinstance(k, gr.State))
    drawn = await on_event(page, "take_questions")(desk, upload, fired(name="Leases"))
    (held,) = await services.database.question_sets(desk.matter_id)
    (asked,) = await services.database.questions(desk.matter_id, held.id)
    assert (asked.question, asked.reference) == ("When is rent due?", "Monthly")
    assert asked.gold[0].document == "Lease.pdf"
    assert not table.exists()  # noqa: ASYNC240


async def test_what_the_set_asks_already_is_left_out_and_that_is_said(
    services: DeskServices, page: gr.Blocks, desk: Desk, table: Path, said: list[str]
):
    desk = await a_set(services, desk, SetQuestion("q1", "When is rent due?"))
    table.write_text("question\nWhen is rent due?\n")  # noqa: ASYNC240
    sent = fired(files=[{"name": "More.csv", "path": str(table)}], set_id=desk.set_id)
    drawn = await on_event(page, "preview_questions")(desk, None, sent)
    upload = next(v for k, v in drawn.items() if isinstance(k, gr.State))
    await on_event(page, "take_questions")(desk, upload, fired())
    assert said == ["One question stands in the set already as it is."]
    held = await services.database.question_set(desk.matter_id, desk.set_id)
    assert (held.version, held.size) == (1, 1)
    assert await services.database.entries(AuditFilter(), 10, 0) == ()


async def test_a_file_of_questions_alone_takes_nothing_from_those_that_the_set_holds(
    services: DeskServices, page: gr.Blocks, desk: Desk, table: Path
):
    gold = (Gold("Lease.pdf", "on the first"), Gold("Lease.pdf", "in advance"))
    held = (
        SetQuestion("q1", "When is rent due?", "Monthly.", gold, ("rent",)),
        SetQuestion("q2", "Who pays?", is_answerable=False),
    )
    desk = await a_set(services, desk, *held)
    table.write_text("question\nWhen is rent due?\nWho pays?\nWhy?\n")  # noqa: ASYNC240
    sent = fired(files=[{"name": "More.csv", "path": str(table)}], set_id=desk.set_id)
    drawn = await on_event(page, "preview_questions")(desk, None, sent)
    upload = next(v for k, v in drawn.items() if isinstance(k, gr.State))
    await on_event(page, "take_questions")(desk, upload, fired())
    asked = await services.database.questions(desk.matter_id, desk.set_id)
    assert asked[:2] == held
    assert [each.question for each in asked[2:]] == ["Why?"]


async def test_tags_are_typed_as_a_file_has_them(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk = await a_set(services, desk)
    typed = fired(question="When?", tags="rent;  due  dates | 租金、 rent, " + "x" * 90)
    await on_event(page, "save_question")(desk, typed)
    (asked,) = await services.database.questions(desk.matter_id, desk.set_id)
    assert asked.tags == ("rent", "due dates", "租金", "x" * 60)


async def test_a_draft_that_no_file_could_bring_back_is_not_accepted(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
):
    desk = await a_set(services, desk, SetQuestion("q0", "Why?", "x" * 20_001, is_draft=True))
    assert await on_event(page, "accept_question")(desk, fired(id="q0")) == gr.skip()
    assert "20,000 characters" in told[0]
    (asked,) = await services.database.questions(desk.matter_id, desk.set_id)
    assert asked.is_draft


async def test_a_question_that_the_set_asks_already_stays_in_its_form(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk = await a_set(services, desk, SetQuestion("q1", "When is rent due?"))
    drawn = await on_event(page, "save_question")(desk, fired(question="when is rent due?"))
    assert "The set asks this already" in region(page, drawn, "dialog")
    assert "when is rent due?" in region(page, drawn, "dialog")


async def test_a_file_outside_of_the_uploads_is_never_read(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str], tmp_path: Path
):
    secret = tmp_path / "secret.csv"
    secret.write_text("question\nsecret?\n")
    sent = fired(files=[{"name": "a.csv", "path": str(secret)}])
    assert await on_event(page, "preview_questions")(desk, None, sent) == gr.skip()
    assert "cannot be read" in told[0]


async def test_every_change_makes_a_version_and_earlier_ones_stay_readable(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk = await a_set(services, desk, SetQuestion("q1", "When is rent due?"))
    changed = fired(id="q1", question="When is the rent due?", document_0="Lease.pdf", page_0="3")
    drawn = await on_event(page, "save_question")(desk, changed)
    assert "When is the rent due?" in region(page, drawn, "question-sets")
    event = fired(id=desk.set_id, version=1)
    drawn = await on_event(page, "open_set")(desk, event)
    old = region(page, drawn, "question-sets")
    assert "When is rent due?" in old
    assert "save_question" not in old
    assert 'data-event="remove_question"' not in old, "what is past is not changed"


def sent_by(form: str) -> dict[str, str]:
    """What a browser sends of a form as it was drawn; its line ends are those of HTTP."""
    fields = {
        name: html.unescape(value).replace("\n", "\r\n")
        for name, value in re.findall(
            r'<textarea[^>]* name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL
        )
    }
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = (re.search(rf' {key}="([^"]*)"', tag) for key in ("name", "value"))
        if name and ("checkbox" not in tag or " checked" in tag):
            fields[name[1]] = html.unescape(value[1]) if value else ""
    for name, options in re.findall(r'<select name="([^"]*)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        fields[name] = html.unescape(chosen[1]) if chosen else ""
    return fields


PLACES = (
    Gold("Lease.pdf", "The Tenant\n  shall pay.", 3, 10, 31, "d1"),
    Gold("Lease.pdf", "The Tenant shall pay.", 7, 210, 231, "d1"),
    Gold("Lease.pdf", "The Tenant shall pay.", 9, 310, 331, "d2"),
    Gold("Lease.pdf", "", 4, 50, 60, "d1"),
)


@pytest.mark.parametrize(
    "places", [PLACES, tuple(Gold(f"{n}.pdf", "Rent.", n + 1) for n in range(12))]
)
async def test_a_question_saved_as_it_stands_keeps_every_place_with_its_span(
    services: DeskServices, page: gr.Blocks, desk: Desk, places: tuple[Gold, ...]
):
    desk = await a_set(services, desk, SetQuestion("q1", "When?", "Monthly.", places))
    for own_id in {each.document_id for each in places} - {""}:
        await services.database.put_document(desk.matter_id, f"{own_id}.pdf", own_id, 1, own_id)
    await services.database.change_question(
        desk.matter_id, desk.set_id, SetQuestion("q1", "When?", "Monthly.", places)
    )
    drawn = await on_event(page, "edit_question")(desk, fired(id="q1"))
    form = sent_by(region(page, drawn, "dialog"))
    await on_event(page, "save_question")(
        desk, fired(id="q1", **form | {"question": "When, then?"})
    )
    (asked,) = await services.database.questions(desk.matter_id, desk.set_id)
    assert asked.question == "When, then?"
    assert asked.gold == places


async def test_a_place_whose_words_were_changed_loses_its_span_and_one_that_was_emptied_goes(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    for own_id in ("d1", "d2"):
        await services.database.put_document(desk.matter_id, f"{own_id}.pdf", own_id, 1, own_id)
    desk = await a_set(services, desk, SetQuestion("q1", "When?", "Monthly.", PLACES))
    drawn = await on_event(page, "edit_question")(desk, fired(id="q1"))
    form = sent_by(region(page, drawn, "dialog"))
    form |= {"quote_0": "The Landlord shall pay.", "document_1": ""}
    await on_event(page, "save_question")(desk, fired(id="q1", **form))
    (asked,) = await services.database.questions(desk.matter_id, desk.set_id)
    changed = Gold("Lease.pdf", "The Landlord shall pay.", 3, document_id="d1")
    assert asked.gold == (changed, *PLACES[2:])


async def test_places_that_a_form_has_no_room_for_are_told(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    many = tuple(Gold(f"{n}.pdf", "Rent.", n + 1) for n in range(12))
    desk = await a_set(services, desk, SetQuestion("q1", "When?", gold=many))
    drawn = await on_event(page, "edit_question")(desk, fired(id="q1"))
    assert "4 more places stay as they are" in region(page, drawn, "dialog")
    emptied = sent_by(region(page, drawn, "dialog")) | {"question": " ", "document_0": ""}
    drawn = await on_event(page, "save_question")(desk, fired(id="q1", **emptied))
    again = sent_by(region(page, drawn, "dialog")) | {"question": "When, then?"}
    await on_event(page, "save_question")(desk, fired(id="q1", **again))
    (asked,) = await services.database.questions(desk.matter_id, desk.set_id)
    assert asked.gold == many[1:]


async def test_a_draft_counts_once_a_person_has_accepted_it(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    drafts = [SetQuestion(f"q{n}", f"Question {n}?", is_draft=True) for n in range(3)]
    desk = await a_set(services, desk, *drafts)
    await on_event(page, "accept_question")(desk, fired(id="q0"))
    await on_event(page, "remove_question")(desk, fired(id="q1"))
    await on_event(page, "save_question")(desk, fired(id="q2", question="Better?"))
    held = await services.database.question_set(desk.matter_id, desk.set_id)
    assert (held.size, held.drafts) == (2, 0)


async def test_an_empty_question_is_said_within_the_form_and_loses_nothing_typed(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk = await a_set(services, desk)
    typed = fired(question=" ", reference="On the first day.", quote_0="rent", document_0="A.pdf")
    drawn = await on_event(page, "save_question")(desk, typed)
    form = region(page, drawn, "dialog")
    assert "Type a question first." in form
    assert "On the first day." in form
    assert "A.pdf" in form


async def test_an_answer_becomes_a_question_with_the_words_that_carry_it(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    database = services.database
    conversation = await database.create_conversation(desk.matter_id, "Rent", LOCAL)
    message = await database.add_message(desk.matter_id, conversation.id, "When?", LOCAL)
    await database.put_document(desk.matter_id, "Lease.pdf", "x", 10, "d1")
    await database.finish_message(desk.matter_id, message.id, an_answer())
    desk = replace(desk, conversation_id=conversation.id)
    drawn = await on_event(page, "pick_set")(desk, fired(id=message.id))
    assert "The Tenant shall pay the rent" in region(page, drawn, "dialog")
    kept = {"id": message.id, "set_id": "", "name": "From Chat", "question": "When?"}
    long = fired(**kept, reference="x" * 20_001)
    drawn = await on_event(page, "keep_answer")(desk, long)
    assert "20,000 characters" in region(page, drawn, "dialog")
    assert await database.question_sets(desk.matter_id) == ()
    await on_event(page, "keep_answer")(desk, fired(**kept, reference="Monthly."))
    (held,) = await database.question_sets(desk.matter_id)
    (asked,) = await database.questions(desk.matter_id, held.id)
    assert asked.reference == "Monthly."
    assert [each.document for each in asked.gold] == ["Lease.pdf"]
    assert asked.gold[0].quote.startswith("The Tenant shall pay")


async def test_a_follow_up_is_written_out_before_a_set_asks_it_alone(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    database = services.database
    await database.put_document(desk.matter_id, "Lease.pdf", "x", 10, "d1")
    talk = await database.create_conversation(desk.matter_id, "Rent", LOCAL)
    for question, scope in (("Who pays rent?", EVERYTHING), ("And when?", Scope(("d1",)))):
        message = await database.add_message(desk.matter_id, talk.id, question, LOCAL)
        answer = replace(an_answer(), question=question, scope=scope)
        await database.finish_message(desk.matter_id, message.id, answer)
    first, follow_up = await database.messages(desk.matter_id, talk.id)
    desk = replace(desk, conversation_id=talk.id)
    told = [desk.texts(key) for key in ("sets.follow_up", "sets.scoped")]
    for message, is_told in ((first, False), (follow_up, True)):
        drawn = await on_event(page, "pick_set")(desk, fired(id=message.id))
        dialog = region(page, drawn, "dialog")
        assert f">{message.question}</textarea>" in dialog
        assert [each in dialog for each in told] == [is_told] * 2
    typed = {"id": follow_up.id, "set_id": "", "name": "From Chat", "reference": "Monthly."}
    drawn = await on_event(page, "keep_answer")(desk, fired(**typed, question=" "))
    dialog = region(page, drawn, "dialog")
    assert "Type a question first." in dialog
    assert told[0] in dialog
    assert await database.question_sets(desk.matter_id) == ()
    whole = "When does the Tenant  pay the rent?"
    await on_event(page, "keep_answer")(desk, fired(**typed, question=whole))
    (held,) = await database.question_sets(desk.matter_id)
    (asked,) = await database.questions(desk.matter_id, held.id)
    assert asked.question == "When does the Tenant pay the rent?"
    assert [each.document for each in asked.gold] == ["Lease.pdf"]


async def test_what_a_question_says_is_shown_as_text(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    hostile = "<img src=x onerror=alert(1)>"
    desk = await a_set(services, desk, SetQuestion("q1", hostile, hostile, tags=(hostile,)))
    drawn = await on_event(page, "open_set")(desk, fired(id=desk.set_id))
    assert "<img" not in region(page, drawn, "question-sets")
    drawn = await on_event(page, "edit_question")(desk, fired(id="q1"))
    assert "<img" not in region(page, drawn, "dialog")


async def test_a_reader_is_offered_nothing_that_changes_a_set(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    from ui.questions import render_set

    desk = replace(await a_set(services, desk, SetQuestion("q1", "When?")), role=Role.READER)
    held = await services.database.question_set(desk.matter_id, desk.set_id)
    asked = await services.database.questions(desk.matter_id, desk.set_id)
    drawn = render_set(held, asked, (), desk)
    offered = {"edit_question", "remove_question", "describe_set", "delete_set"}
    assert not {event for event in offered if f'data-event="{event}"' in drawn}
    assert "When?" in drawn


@pytest.mark.parametrize(("kind", "places"), [("csv", 1), ("jsonl", 3)])
async def test_a_set_is_taken_away_as_a_file_and_asks_the_same_when_it_comes_back(
    services: DeskServices, page: gr.Blocks, desk: Desk, tmp_path: Path, kind: str, places: int
):
    gold = tuple(Gold("Lease.pdf", f"=The Tenant shall pay {n}.", n) for n in (3, 4, 5))
    draft = SetQuestion("d1", "Drafted?", is_draft=True)
    asked = SetQuestion("q1", "When is rent due?", "-Monthly.", gold, ("rent",))
    desk = replace(await a_set(services, desk, asked, draft), role=Role.READER)
    shown = region(
        page, await on_event(page, "open_set")(desk, fired(id=desk.set_id)), "question-sets"
    )
    assert 'data-event="export_set"' in shown
    assert "Only JSONL keeps several places of a question" in shown
    drawn = await on_event(page, "export_set")(desk, fired(id=desk.set_id, kind=kind))
    link = region(page, drawn, "set-export")
    coded = re.search(r'href="data:[^,]*;base64,([^"]*)"', link)
    assert coded
    (tmp_path / "taken").write_bytes(base64.b64decode(coded[1]))
    read = preview(tmp_path / "taken", f"taken.{kind}")
    assert read.questions == (replace(asked, gold=gold[:places]),)
    (entry,) = await services.database.entries(AuditFilter(deed=Deed.EXPORTED), 10, 0)
    assert entry.object_id == f"{desk.set_id}/1.{kind}"


async def test_the_version_that_is_read_is_the_one_that_is_taken_away(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    desk = await a_set(services, desk, SetQuestion("q1", "When is rent due?"))
    await services.database.add_questions(desk.matter_id, desk.set_id, [SetQuestion("q2", "Who?")])
    for version, number in ((1, 1), (0, 2)):
        at = replace(desk, set_version=version)
        drawn = await on_event(page, "export_set")(at, fired(id=desk.set_id, kind="jsonl"))
        coded = re.search(r';base64,([^"]*)"', region(page, drawn, "set-export"))
        assert coded
        assert len(base64.b64decode(coded[1]).splitlines()) == number
