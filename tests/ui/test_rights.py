"""Who may fire which event: asked for anew, at one place, for every handler."""

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, handler, on_event, region

from core.deeds import Deed
from core.records.audit import AuditFilter
from core.types import Person, Role
from ui.page import EVENTS, Desk
from ui.rights import NEEDS, need_of


@pytest.fixture
async def ada(services: DeskServices) -> Person:
    return await services.database.add_person("Ada", "x", is_admin=True, is_external=False)


@pytest.fixture
async def bo(services: DeskServices, ada: Person) -> Person:
    return await services.database.add_person("Bo", "x", is_admin=False, is_external=False)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


def test_every_event_has_been_decided_on():
    assert set(NEEDS) == set(EVENTS)
    assert need_of("one_that_is_new") is Role.OWNER


def test_every_handler_but_the_first_asks_for_rights(page: gr.Blocks):
    import inspect

    for fn in page.fns.values():
        if fn.fn is not None:
            names = list(inspect.signature(fn.fn).parameters)
            assert names[-1] == "request", fn.name
            assert fn.name == "open_page" or hasattr(fn.fn.__wrapped__, "__signature__"), fn.name


async def test_a_matter_behind_a_wall_is_taken_off_the_desk(
    services: DeskServices, page: gr.Blocks, ada: Person, bo: Person, told: list[str]
):
    matter = await services.database.create_matter("Heron", owner=ada)
    await a_document(services, matter.id, "Secret.pdf")
    desk = Desk(matter_id=matter.id)
    drawn = await handler(page, "tick", bo.id)(desk)  # type: ignore[misc]
    assert "Secret" not in region(page, drawn, "documents-table")
    drawn = await handler(page, "tick", ada.id)(desk)  # type: ignore[misc]
    assert "Secret" in region(page, drawn, "documents-table")
    asked = handler(page, "ask", bo.id)(desk, fired(question="What?"))
    assert [each async for each in asked] == []  # type: ignore[attr-defined]
    assert services.answerer.asked == []
    assert told == ["In this matter that takes the role of a reader. Ask an owner of the matter."]


async def test_someone_whose_account_is_shut_does_nothing_more(
    services: DeskServices, page: gr.Blocks, ada: Person, bo: Person, told: list[str]
):
    await services.database.change_person(bo.id, is_active=False)
    create = on_event(page, "create_matter", bo.id)
    assert await create(Desk(), fired(text="Mine")) == gr.skip()
    assert await services.database.matters() == ()
    assert "not logged in" in told[0]


async def test_who_was_here_before_the_first_account_is_nobody_now(
    services: DeskServices, page: gr.Blocks, ada: Person, told: list[str]
):
    create = on_event(page, "create_matter", "local")
    assert await create(Desk(), fired(text="Mine")) == gr.skip()
    assert "not logged in" in told[0]


async def test_a_document_on_hold_is_not_deleted(
    services: DeskServices, page: gr.Blocks, ada: Person, told: list[str]
):
    matter = await services.database.create_matter("Heron", owner=ada)
    lease = await a_document(services, matter.id, "Lease.pdf")
    await services.database.describe_matter(matter.id, {"on_hold": True})
    delete = on_event(page, "delete_document", ada.id)
    await delete(Desk(matter_id=matter.id), fired(document_id=lease.id))
    assert len(await services.database.documents(matter.id)) == 1
    assert "legal hold" in told[0]


async def test_anothers_conversation_is_read_and_what_is_asked_in_it_begins_ones_own(
    services: DeskServices, page: gr.Blocks, ada: Person, bo: Person, told: list[str]
):
    matter = await services.database.create_matter("Heron", owner=ada)
    await services.database.grant(matter.id, bo.id, Role.READER)
    theirs = await services.database.create_conversation(matter.id, "Rent", ada)
    asked = await services.database.add_message(matter.id, theirs.id, "When is rent due?", ada)
    theirs = await services.database.conversation(matter.id, theirs.id)
    desk = Desk(matter_id=matter.id)
    for person, offered in ((ada, True), (bo, False)):
        drawn = await on_event(page, "open_conversation", person.id)(desk, fired(id=theirs.id))
        turns, rail = region(page, drawn, "turns"), region(page, drawn, "conversations")
        assert "When is rent due?" in turns
        for tool in ("edit-question", "regenerate"):
            assert (tool in turns) == offered
        for tool in ("rename-conversation", "delete-conversation"):
            assert (tool in rail) == offered
        assert ("another person" in turns) == (not offered)

    desk = Desk(matter_id=matter.id, conversation_id=theirs.id)
    for event, value in (
        ("rename_conversation", {"id": theirs.id, "text": "Mine"}),
        ("delete_conversation", {"id": theirs.id}),
    ):
        await on_event(page, event, bo.id)(desk, fired(**value))
    again = handler(page, "ask", bo.id)(desk, fired(replaces=asked.id, question="Mine?"))
    assert [each async for each in again] == []  # type: ignore[attr-defined]
    assert ["another person" in each for each in told] == [True] * 3
    assert await services.database.conversation(matter.id, theirs.id) == theirs
    assert await services.database.messages(matter.id, theirs.id) == (asked,)

    async for _ in handler(page, "ask", bo.id)(desk, fired(question="And how much?")):  # type: ignore[attr-defined]
        pass
    (own,) = (
        each for each in await services.database.conversations(matter.id) if each.author_id == bo.id
    )
    assert services.answerer.asked[-1] == (matter.id, "And how much?", ())
    assert [m.question for m in await services.database.messages(matter.id, own.id)] == [
        "And how much?"
    ]
    drawn = await on_event(page, "open_conversation", bo.id)(desk, fired(id=own.id))
    assert "delete-conversation" in region(page, drawn, "conversations")
    await on_event(page, "delete_conversation", bo.id)(desk, fired(id=own.id))
    assert await services.database.conversations(matter.id) == (theirs,)
    (entry,) = await services.database.entries(AuditFilter(deed=Deed.CONVERSATION_DELETED))
    assert (entry.person, entry.object_id) == ("Bo", own.id)


async def test_what_is_done_is_noted_without_its_words(
    services: DeskServices, page: gr.Blocks, ada: Person
):
    await on_event(page, "create_matter", ada.id)(Desk(), fired(text="Heron"))
    (matter,) = await services.database.matters(ada)
    lease = await a_document(services, matter.id, "Lease.pdf")
    desk = Desk(matter_id=matter.id)
    async for _ in handler(page, "ask", ada.id)(desk, fired(question="A secret?")):  # type: ignore[attr-defined]
        pass
    for _ in range(2):
        await on_event(page, "open_source", ada.id)(desk, fired(document_id=lease.id))
    await on_event(page, "delete_document", ada.id)(desk, fired(document_id=lease.id))
    entries = await services.database.entries(AuditFilter(matter_id=matter.id))
    assert [each.deed for each in reversed(entries)] == [
        Deed.MATTER_CREATED, Deed.QUESTION_ASKED, Deed.DOCUMENT_OPENED, Deed.DOCUMENT_DELETED,
    ]  # fmt: skip
    assert {each.person for each in entries} == {"Ada"}
    assert not {"secret", "Lease", "Heron"} & set(" ".join(map(str, entries)).split())


async def test_what_a_role_does_not_permit_is_not_offered(
    services: DeskServices, page: gr.Blocks, ada: Person, bo: Person
):
    matter = await services.database.create_matter("Heron", owner=ada)
    await services.database.grant(matter.id, bo.id, Role.READER)
    offered = {}
    for person in (ada, bo):
        drawn = await on_event(page, "open_matter", person.id)(Desk(), fired(id=matter.id))
        offered[person.name] = region(page, drawn, "masthead")
    assert 'data-event="delete_matter"' in offered["Ada"]
    assert 'data-event="delete_matter"' not in offered["Bo"]
    assert 'data-role="reader"' in offered["Bo"]
    assert "/audit" not in offered["Bo"]
