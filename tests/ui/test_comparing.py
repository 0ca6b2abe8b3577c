from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr
import pytest
from desk_services import DeskServices, fired, handler, region

from core.evaluation.variants import VARIANTS
from ui.comparing import render_sides
from ui.locale import texts_in
from ui.page import Desk
from ui.progress import Progress


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    return Desk(matter_id=(await services.database.create_matter("Aldgate")).id)


def comparing(page: gr.Blocks, desk: Desk, **value: object) -> AsyncGenerator[dict[Any, Any], None]:
    return handler(page, "run")(desk, fired(**value))  # type: ignore[return-value]


async def test_both_sides_answer_the_same_question(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    a, b = VARIANTS[0].name, VARIANTS[1].name
    updates = [u async for u in comparing(page, desk, question="When?", a=a, b=b)]
    drawn = region(page, updates[-1], "comparison")
    assert drawn.count("Rent is due monthly.") >= 2
    assert drawn.count("1 of 1 statement supported") >= 2
    assert [question for _, question, _ in services.answerer.asked] == ["When?", "When?"]


async def test_stopping_a_comparison_ends_both_sides(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    services.answerer.endless = True
    a, b = VARIANTS[0].name, VARIANTS[1].name
    updates = comparing(page, desk, question="When?", a=a, b=b)
    await anext(updates)
    while len(services.answerer.asked) < 2:
        await anext(updates)
    await updates.aclose()
    assert services.answerer.ended_early == ["When?", "When?"]


async def test_a_variant_that_does_not_exist_is_refused(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    updates = [u async for u in comparing(page, desk, question="When?", a="x", b="y")]
    assert updates == []
    assert told == ["Choose a variant for each side."]
    assert services.answerer.asked == []


def test_a_side_s_mark_up_does_not_depend_on_which_side_it_is():
    variant, progress = VARIANTS[0], Progress("Q?", draft="A draft.")
    drawn = render_sides([variant, variant], [progress, progress], texts_in("en"))
    left, right = drawn.split('data-testid="side-b"')
    assert left.split('data-testid="side-a"')[1].split("<section")[0] == right.split("<section")[0]
    assert drawn.count("A draft.") == 2
