"""Variants on the page, the one in force in the chat, and thumbs on its answers."""

from dataclasses import replace

import gradio as gr
import pytest
from desk_services import DeskServices, fired, handler, on_event, region

from core.deeds import Deed
from core.records.audit import AuditFilter
from core.trials import Fault
from core.types import LOCAL, AnswerKind, Role, Variant
from ui.page import Desk

SENT = {
    "name": " My  own ", "style": "quotes", "mode": "dense", "top_k": "5", "temperature": "0.5",
    "top_p": "0.9", "model": "An adapter", "prompt": "standard",
}  # fmt: skip


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    return Desk(matter_id=matter.id, person=LOCAL, role=Role.OWNER, view="variants")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    said: list[str] = []
    monkeypatch.setattr(gr, "Warning", said.append)
    return said


async def test_a_variant_is_made_as_the_form_says_and_offered_for_comparison(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    await on_event(page, "make_variant")(desk, fired(**SENT))
    (named,) = await services.database.variants(desk.matter_id)
    assert named.variant == Variant(
        "My own", AnswerKind.QUOTES, "dense", False, 5, 0.5, 0.9, "An adapter", "standard"
    )
    compare = await on_event(page, "open_view")(desk, fired(view="compare"))
    assert "My own" in region(page, compare, "comparison-form")
    await on_event(page, "retire_variant")(desk, fired(id=named.id))
    compare = await on_event(page, "open_view")(desk, fired(view="compare"))
    assert "My own" not in region(page, compare, "comparison-form")
    drawn = await on_event(page, "retire_variant")(desk, fired(id=named.id, retired=False))
    assert "retire-variant" in region(page, drawn, "variants")


@pytest.mark.parametrize(
    "wrong",
    [
        {"style": "refusal"}, {"style": "x"}, {"mode": "x"}, {"top_k": "51"}, {"top_k": "-1"},
        {"top_k": "x"}, {"temperature": "nan"}, {"temperature": "9"}, {"top_p": "0.0"},
        {"model": "x"}, {"prompt": "x"}, {"name": ""}, {"name": "draft"}, {"name": 3},
        {"name": " Tie"}, {"name": "BAD"},
    ],
)  # fmt: skip
async def test_settings_that_no_answer_can_be_given_by_make_no_variant(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str], wrong: dict[str, object]
) -> None:
    await on_event(page, "make_variant")(desk, fired(**(SENT | wrong)))
    assert len(told) == 1
    assert await services.database.variants(desk.matter_id) == ()


async def test_two_variants_are_set_against_each_other(page: gr.Blocks, desk: Desk) -> None:
    pair = fired(first="dense", second="lexical")
    drawn = region(page, await on_event(page, "contrast_variants")(desk, pair), "variant-contrast")
    table = drawn.split('data-testid="contrast"')[1]
    assert "by meaning" in table
    assert "by words" in table
    assert "Quotes only" not in table


async def test_a_copy_begins_with_the_settings_of_the_first(page: gr.Blocks, desk: Desk) -> None:
    drawn = await on_event(page, "copy_variant")(desk, fired(name="lexical"))
    form = region(page, drawn, "variant-form")
    assert "Passages, by words only, copy" in form
    assert 'value="lexical" selected' in form


async def test_the_variant_in_force_answers_in_the_chat_unless_the_reader_chooses(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
) -> None:
    await services.database.create_variant(
        desk.matter_id, Variant("house", AnswerKind.QUOTES, "lexical", top_k=4), LOCAL
    )
    services.answerer.lacks = "house"
    await on_event(page, "enforce_variant")(desk, fired(name="house", text="Asked for."))
    assert await services.database.promotions(desk.matter_id) == ()
    assert "does not offer" in told.pop()
    services.answerer.lacks = ""
    await on_event(page, "enforce_variant")(desk, fired(name="house", text=" "))
    assert await services.database.promotions(desk.matter_id) == ()
    assert "has not passed the gate" in told[0]
    drawn = await on_event(page, "enforce_variant")(desk, fired(name="house", text="Asked for."))
    assert "4 passages · Quotes only · as house" in region(page, drawn, "in-force")
    assert "Asked for." in region(page, drawn, "variants")
    (entry,) = await services.database.entries(AuditFilter(deed=Deed.VARIANT_PROMOTED))
    assert entry.matter_id == desk.matter_id

    async def asked(options: dict[str, object]) -> Variant:
        async for _ in handler(page, "ask")(desk, fired(question="Q?", options=options)):  # type: ignore[attr-defined]
            pass
        return services.answerer.ways[-1][0]

    standing = Variant("house", AnswerKind.QUOTES, "lexical", top_k=4)
    assert await asked({}) == standing
    assert await asked({"style": "quotes", "passages": "4"}) == standing
    assert await asked({"style": "", "passages": ""}) == standing
    assert await asked({"style": "draft", "passages": "9"}) == replace(
        standing, name="chat", style=AnswerKind.DRAFT, top_k=9
    )


async def test_readers_make_no_variant_and_editors_put_none_in_force(
    services: DeskServices, page: gr.Blocks, told: list[str]
) -> None:
    database = services.database
    ada = await database.add_person("Ada", "x", is_admin=True, is_external=False)
    bo = await database.add_person("Bo", "x", is_admin=False, is_external=False)
    matter = await database.create_matter("Heron", owner=ada)
    desk = Desk(matter_id=matter.id, view="variants")
    for role, made in ((Role.READER, 0), (Role.EDITOR, 1)):
        await database.grant(matter.id, bo.id, role)
        await on_event(page, "make_variant", bo.id)(desk, fired(**SENT))
        assert len(await database.variants(matter.id)) == made
        await on_event(page, "enforce_variant", bo.id)(desk, fired(name="draft", text="Why not."))
        drawn = await on_event(page, "open_view", bo.id)(desk, fired(view="variants"))
        assert "enforce-variant" not in region(page, drawn, "variants")
        assert ("variant-form" in region(page, drawn, "variant-form")) == bool(made)
    assert await database.promotions(matter.id) == ()
    assert len(told) == 3


async def test_a_thumb_is_given_told_about_and_taken_back(
    services: DeskServices, page: gr.Blocks, desk: Desk, told: list[str]
) -> None:
    async for _ in handler(page, "ask")(desk, fired(question="When?")):  # type: ignore[attr-defined]
        pass
    (conversation,) = await services.database.conversations(desk.matter_id)
    (message,) = await services.database.messages(desk.matter_id, conversation.id)
    desk = replace(desk, conversation_id=conversation.id)
    rate = on_event(page, "rate_answer")
    drawn = region(page, await rate(desk, fired(id=message.id, good=False)), "turns")
    assert 'aria-pressed="true"' in drawn
    assert 'data-testid="remark"' in drawn
    await rate(desk, fired(id=message.id, good=False, faults=["wrong_law"], note="Repealed."))
    (given,) = await services.database.feedback(desk.matter_id)
    assert (given.is_good, given.faults, given.note) == (False, (Fault.WRONG_LAW,), "Repealed.")
    await rate(desk, fired(id=message.id, good=False, faults=["nonsense"]))
    assert len(told) == 1
    drawn = region(page, await on_event(page, "unrate_answer")(desk, fired(id=message.id)), "turns")
    assert 'aria-pressed="true"' not in drawn
    assert await services.database.feedback(desk.matter_id) == ()
