from datetime import UTC, date, datetime
from typing import Any

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, fired, handler, on_event, region

from core.errors import PinciteError
from core.types import (
    EVERYTHING,
    LOCAL,
    AnswerKind,
    Document,
    DocumentState,
    Genre,
    Identity,
    Scope,
    Variant,
)
from ui.locale import texts_in
from ui.options import DEFAULTS, Options, in_force, within
from ui.page import Desk

EN, ZH = texts_in("en"), texts_in("zh")
NOW = datetime(2025, 3, 4, tzinfo=UTC)


def document(name: str, genre: Genre = Genre.OTHER, dated: date | None = None) -> Document:
    identity = Identity(genre=genre, dated=dated)
    return Document(name, "m", name, "pdf", DocumentState.READY, NOW, 10, identity=identity)


THREE = (
    document("Lease.pdf", Genre.CONTRACT, date(2020, 5, 1)),
    document("Will.pdf", Genre.OTHER, date(2011, 5, 1)),
    document("Code.pdf", Genre.STATUTE),
)


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


async def ask(page: gr.Blocks, desk: Desk, **value: object) -> list[dict[Any, Any]]:
    return [each async for each in handler(page, "ask")(desk, fired(**value))]  # type: ignore[attr-defined]


def desk_in(updates: dict[Any, Any]) -> Desk:
    return next(value for value in updates.values() if isinstance(value, Desk))


def test_a_scope_is_told_as_it_was_chosen_whatever_has_become_of_its_documents():
    assert within(EVERYTHING, THREE, EN) == ""
    assert within(Scope(("Will.pdf",)), THREE, EN) == "Will.pdf"
    assert within(Scope(("Gone.pdf",)), THREE, EN) == "1 document"
    scope = Scope(("Lease.pdf", "Gone.pdf"), (Genre.CONTRACT,), date(2020, 1, 1), None, True)
    line = "2 documents · contracts · since 2020 · with older versions"
    assert within(scope, THREE, EN) == line
    assert within(scope, THREE, ZH) == "2 份文件 · 合同 · 2020年起 · 含旧版本"


def test_what_is_in_force_is_told_in_one_line():
    scope = Scope(("Lease.pdf", "Code.pdf"), (Genre.CONTRACT,), date(2020, 1, 1))
    options = Options(scope, AnswerKind.QUOTES, 5)
    line = "1 of 3 documents · contracts · since 2020 · 5 passages · Quotes only"
    assert in_force(options, THREE, EN, 8) == line
    assert in_force(DEFAULTS, THREE, EN, 8) == "All 3 documents · 8 passages · Draft"
    assert in_force(DEFAULTS, THREE, ZH, 8) == "全部 3 份文件 · 8 个段落 · 撰写回答"


def test_every_passage_does_not_speak_of_a_number_of_passages():
    line = in_force(Options(style=AnswerKind.LISTING), THREE, EN, 8)
    assert line == "All 3 documents · Every passage"


def test_a_single_chosen_document_is_named():
    options = Options.about("Will.pdf", Options(style=AnswerKind.QUOTES))
    assert in_force(options, THREE, EN, 8) == "Will.pdf · 8 passages · Quotes only"


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2020, 1, 1), None, "since 2020"),
        (date(2020, 3, 5), None, "since 5 Mar 2020"),
        (None, date(2021, 12, 31), "until 2021"),
        (date(2020, 1, 1), date(2021, 12, 31), "2020 to 2021"),
        (date(2020, 1, 1), date(2020, 12, 31), "2020"),
        (date(2020, 1, 1), date(2020, 6, 30), "2020 to 30 Jun 2020"),
    ],
)
def test_a_period_is_told_in_years_where_it_is_made_of_years(
    first: date | None, last: date | None, words: str
):
    line = in_force(Options(Scope(dated_from=first, dated_to=last)), THREE, EN, 8)
    assert f" · {words} · " in line


def test_a_scope_that_lets_nothing_in_says_so():
    options = Options(Scope(genres=(Genre.JUDGMENT,)))
    assert in_force(options, THREE, EN, 8).startswith("No document is in scope · judgments")


@pytest.mark.parametrize(
    "sent",
    [
        {"genres": ["novel"]},
        {"documents": "d1"},
        {"documents": [7]},
        {"dated_from": "yesterday"},
        {"passages": "51"},
        {"passages": "-1"},
        {"passages": "many"},
        {"style": "refusal"},
    ],
)
def test_options_that_are_none_are_refused(sent: dict[str, object]):
    with pytest.raises(PinciteError):
        Options.sent(sent, 8)


def test_the_setting_s_number_of_passages_is_not_a_choice():
    assert Options.sent({"passages": "8", "style": "draft"}, 8) == DEFAULTS
    assert Options.sent({"passages": "9"}, 8).passages == 9
    assert Options.sent({"passages": "", "style": ""}, 8, AnswerKind.QUOTES) == DEFAULTS


async def test_a_question_is_asked_with_the_options_that_the_page_shows(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    lease = await a_document(services, desk.matter_id, "Lease.pdf")
    options = {
        "documents": [lease.id],
        "genres": ["contract", "statute"],
        "dated_from": "2020-01-01",
        "dated_to": "",
        "passages": "12",
        "style": "listing",
    }
    updates = await ask(page, desk, question="When?", options=options)
    scope = Scope((lease.id,), (Genre.CONTRACT, Genre.STATUTE), date(2020, 1, 1))
    assert services.answerer.ways == [(Variant("chat", style=AnswerKind.LISTING, top_k=12), scope)]
    assert desk_in(updates[0]).options.scope == scope
    assert "Every passage" in region(page, updates[0], "in-force")


async def test_options_hold_for_the_next_question_too(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    sent = fired(options={"style": "quotes", "passages": "8"})
    drawn = await handler(page, "set_options")(desk, sent)  # type: ignore[misc]
    desk = desk_in(drawn)
    assert "Quotes only" in region(page, drawn, "in-force")
    for question in ("When?", "And how much?"):
        desk = desk_in((await ask(page, desk, question=question))[0])
    styles = [variant.style for variant, _ in services.answerer.ways]
    assert styles == [AnswerKind.QUOTES, AnswerKind.QUOTES]


async def test_reset_searches_everything_again(services: DeskServices, page: gr.Blocks, desk: Desk):
    chosen = Desk(matter_id=desk.matter_id, options=Options(Scope(("d",)), AnswerKind.QUOTES, 3))
    await a_document(services, desk.matter_id, "Lease.pdf")
    drawn = await handler(page, "reset")(chosen, fired())  # type: ignore[misc]
    assert desk_in(drawn).options == DEFAULTS
    assert "options-reset" not in region(page, drawn, "in-force")


async def test_another_matter_is_searched_whole(services: DeskServices, page: gr.Blocks):
    one = await services.database.create_matter("One")
    two = await services.database.create_matter("Two")
    options = Options(Scope(("d1",), dated_from=date(2020, 1, 1)), AnswerKind.QUOTES, 3)
    desk = Desk(matter_id=one.id, options=options)
    for event, value in (("open_matter", {"id": two.id}), ("create_matter", {"text": "Three"})):
        drawn = await handler(page, event)(desk, fired(**value))  # type: ignore[misc]
        now = desk_in(drawn)
        assert now.options == Options(EVERYTHING, AnswerKind.QUOTES, 3)
    drawn = await handler(page, "open_matter")(desk, fired(id=one.id))  # type: ignore[misc]
    assert desk_in(drawn).options == options


async def test_a_deleted_document_drops_out_of_the_choice(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    lease = await a_document(services, desk.matter_id, "Lease.pdf")
    will = await a_document(services, desk.matter_id, "Will.pdf")
    desk = Desk(matter_id=desk.matter_id, options=Options(Scope((lease.id, will.id))))
    drawn = await on_event(page, "delete_document")(desk, fired(document_id=lease.id))
    assert desk_in(drawn).options.scope.documents == (will.id,)
    assert lease.id not in region(page, drawn, "options")
    assert "Will.pdf" in region(page, drawn, "in-force")


async def test_a_question_about_documents_that_are_all_gone_is_not_asked_of_the_others(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    await a_document(services, desk.matter_id, "Will.pdf")
    assert await ask(page, desk, question="When?", options={"documents": ["gone"]}) == []
    assert services.answerer.ways == []
    assert "no longer in this matter" in told[0]


async def test_a_document_of_another_matter_cannot_be_chosen(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    other = await services.database.create_matter("Other")
    secret = await a_document(services, other.id, "Secret.pdf")
    own = await a_document(services, desk.matter_id, "Own.pdf")
    await ask(page, desk, question="When?", options={"documents": [secret.id, own.id]})
    assert services.answerer.ways[0][1] == Scope((own.id,))


async def test_asking_about_a_document_searches_it_alone(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    lease = await a_document(services, desk.matter_id, "Lease.pdf")
    await a_document(services, desk.matter_id, "Will.pdf")
    before = Options(Scope(genres=(Genre.STATUTE,)), AnswerKind.QUOTES)
    drawn = await handler(page, "ask_about")(  # type: ignore[misc]
        Desk(matter_id=desk.matter_id, options=before), fired(document_id=lease.id)
    )
    assert desk_in(drawn).options == Options(Scope((lease.id,)), AnswerKind.QUOTES)
    assert "Lease.pdf" in region(page, drawn, "in-force")
    rows = await handler(page, "tick")(desk)  # type: ignore[misc]
    assert region(page, rows, "documents-table").count('data-event="ask_about"') == 2


async def test_asking_about_a_document_leaves_an_open_conversation_as_it_is(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    lease = await a_document(services, desk.matter_id, "Lease.pdf")
    begun = await services.database.create_conversation(desk.matter_id, "Rent", LOCAL)
    desk = Desk(matter_id=desk.matter_id, conversation_id=begun.id)
    drawn = await handler(page, "ask_about")(desk, fired(document_id=lease.id))  # type: ignore[misc]
    assert "turns" not in {getattr(part, "elem_id", "") for part in drawn}


async def test_the_panel_is_drawn_anew_only_when_other_documents_can_be_chosen(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    lease = await a_document(services, desk.matter_id, "Lease.pdf")
    refresh = handler(page, "refresh_options")
    same = await refresh(desk, fired(shown=[lease.id]))  # type: ignore[misc]
    assert list(same.values()) == [gr.skip()]
    will = await a_document(services, desk.matter_id, "Will.pdf")
    drawn = await refresh(desk, fired(shown=[lease.id]))  # type: ignore[misc]
    assert will.id in region(page, drawn, "options")


async def test_four_hundred_documents_can_be_chosen_from(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    made = [
        await a_document(services, desk.matter_id, f"{k:03d}.pdf", title=f"Title {k}")
        for k in range(400)
    ]
    desk = Desk(matter_id=desk.matter_id, options=Options(Scope((made[-1].id,))))
    drawn = await handler(page, "refresh_options")(desk, fired(shown=[]))  # type: ignore[misc]
    panel = region(page, drawn, "options")
    assert panel.count('data-testid="options-document"') == 400
    assert panel.index("399.pdf") < panel.index("000.pdf"), "what is chosen comes first"
    assert 'data-words="399.pdf title 399"' in panel


async def test_hostile_names_in_the_panel_stay_names(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    words = "\"><img src=x onerror='alert(1)'>"
    made = await a_document(
        services, desk.matter_id, words, title=words, parties=[words], genre="contract"
    )
    desk = Desk(matter_id=desk.matter_id, options=Options(Scope((made.id,))))
    drawn = await handler(page, "refresh_options")(desk, fired(shown=[]))  # type: ignore[misc]
    markup = region(page, drawn, "options") + region(page, drawn, "in-force")
    assert "<img" not in markup
    assert markup.count("&lt;img") >= 3


def test_a_repeated_choice_counts_once():
    assert Options.sent({"documents": ["a", "b", "a"]}, 8).scope.documents == ("a", "b")
