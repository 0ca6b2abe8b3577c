"""What the gate of a matter asks for, set on the page by its owners."""

from dataclasses import replace

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, an_answer, fired, on_event, region
from playwright.async_api import Page, expect
from test_in_chromium import CHROMIUM, browsed

from core.deeds import Deed
from core.errors import PinciteError
from core.evaluation.gate import ANSWERED, DEFAULT_RULES
from core.evaluation.metrics import KEYS
from core.evaluation.variants import VARIANTS
from core.records.audit import AuditFilter
from core.trials import Result, Rule, Run, RunState, SetQuestion
from core.types import LOCAL, Role
from ui.limits import rules_of, typed_of
from ui.page import Desk

__all__ = ["browsed"]

ASKED = [SetQuestion(f"q{n}", f"Question {n}?") for n in range(12)]
FIELDS = {
    f"{bound} {metric}": ""
    for bound in ("at_least", "at_most", "worst_drop")
    for metric in (ANSWERED, *KEYS)
}


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    await a_document(services, matter.id, "Lease.pdf", "d1")
    held = await services.database.create_question_set(matter.id, "Leases", asked=ASKED)
    return Desk(matter_id=matter.id, role=Role.OWNER, view="runs", set_id=held.id)


async def a_run(services: DeskServices, desk: Desk) -> Run:
    """A run of the variant in force and of one whose recall is a tenth worse."""
    run = await services.runner.begin(desk.matter_id, desk.set_id, VARIANTS[:2], LOCAL)
    for position in range(2):
        for asked in ASKED:
            metrics = {"recall@10": 0.9 - 0.1 * position, "refusal": 1.0, "seconds": 1.0}
            result = Result(run.id, position, asked.id, an_answer(), (), metrics, 10, 1.0)
            await services.database.keep_result(desk.matter_id, result)
    await services.database.set_run_state(desk.matter_id, run.id, RunState.DONE)
    return await services.database.run(desk.matter_id, run.id)


def test_limits_are_typed_as_they_are_kept() -> None:
    assert rules_of(FIELDS | typed_of(DEFAULT_RULES)) == DEFAULT_RULES
    rules = (Rule("answered", 0.5), Rule("tokens_per_s", 1.25, 1e-7, 0.0))
    assert rules_of(FIELDS | typed_of(rules)) == rules


@pytest.mark.parametrize("typed", ["abc", "nan", "inf", "1e999", "0.5 0.6"])
def test_what_is_no_limit_is_refused(typed: str) -> None:
    with pytest.raises(PinciteError, match="is not a number"):
        rules_of(FIELDS | {"at_least mrr": typed})


async def test_an_owner_sets_the_limits_and_the_gate_goes_by_them(
    services: DeskServices, page: gr.Blocks, desk: Desk
) -> None:
    run = await a_run(services, desk)
    desk = replace(desk, run_id=run.id)
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    assert drawn.count('data-passed="stopped"') == 1
    assert "ask-limits" in drawn
    form = region(page, await on_event(page, "ask_limits")(desk), "dialog")
    assert 'name="worst_drop recall@10" value="0.02"' in form
    assert "that Pincite comes with" in form
    assert "reset-limits" not in form
    drawn = await on_event(page, "set_limits")(desk, fired(**{"worst_drop recall@10": " 0.2 "}))
    assert region(page, drawn, "dialog") == ""
    assert region(page, drawn, "run-report").count('data-passed="passed"') == 2
    assert await services.database.limits(desk.matter_id) == (Rule("recall@10", worst_drop=0.2),)
    event = {"run": run.id, "position": 1}
    checks = region(page, await on_event(page, "ask_promotion")(desk, fired(**event)), "dialog")
    assert "no more than 0.200 below" in checks
    form = region(page, await on_event(page, "ask_limits")(desk), "dialog")
    assert "this matter&#x27;s own" in form or "this matter's own" in form
    drawn = await on_event(page, "reset_limits")(desk)
    assert region(page, drawn, "run-report").count('data-passed="stopped"') == 1
    assert await services.database.limits(desk.matter_id) == ()
    entries = await services.database.entries(AuditFilter(deed=Deed.LIMITS_CHANGED), 10, 0)
    assert [each.matter_id for each in entries] == [desk.matter_id] * 2


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Judged by a model has 3 questions to compare, too few: it is not judged."),
        ("zh", "模型评判只有3个问题可比较，数量太少，不作判断。"),
    ],
)
async def test_what_was_not_judged_is_not_called_passed(
    services: DeskServices, page: gr.Blocks, desk: Desk, language: str, told: str
) -> None:
    """And its sentence names the metric once: of some the key is a word of English."""
    run = await services.runner.begin(desk.matter_id, desk.set_id, VARIANTS[:2], LOCAL)
    for position in range(2):
        for at, asked in enumerate(ASKED):
            metrics = {"seconds": 1.0} | ({"judge": 0.5} if at < 3 else {})
            result = Result(run.id, position, asked.id, an_answer(), (), metrics, 10, 1.0)
            await services.database.keep_result(desk.matter_id, result)
    await services.database.set_run_state(desk.matter_id, run.id, RunState.DONE)
    limits = (Rule("judge", worst_drop=0.02), Rule("seconds", worst_drop=1.0))
    await services.database.set_limits(desk.matter_id, limits)
    desk = replace(desk, language=language)
    event = fired(run=run.id, position=1)
    dialog = region(page, await on_event(page, "ask_promotion")(desk, event), "dialog")
    (row,) = (
        each for each in dialog.split("<tr>") if "questions to compare" in each or "太少" in each
    )
    assert f"<small>{told}</small>" in row
    assert desk.texts("gate.not_judged") in row
    assert desk.texts("gate.passed") + "<" not in row
    assert desk.texts("gate.passes_judged", name="{}").partition("{}")[2] in dialog


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"at_least mrr": "much"}, "“much”不是数字。请检查限度。"),
        ({"worst_drop mrr": "-0.1"}, "允许的损失须为 0 或以上。"),
        ({}, "没有任何限度的门槛什么也拦不住。"),
    ],
)
async def test_what_cannot_be_kept_is_said_in_the_form_which_keeps_what_was_typed(
    services: DeskServices, page: gr.Blocks, desk: Desk, typed: dict[str, str], said: str
) -> None:
    chinese = replace(desk, language="zh")
    drawn = await on_event(page, "set_limits")(chinese, fired(**typed, **{"at_most mrr": " "}))
    form = region(page, drawn, "dialog")
    assert said in form
    for field, words in typed.items():
        assert f'name="{field}" value="{words}"' in form
    assert await services.database.limits(desk.matter_id) == ()


async def test_hostile_fields_are_no_markup(page: gr.Blocks, desk: Desk) -> None:
    hostile = fired(**{"at_least mrr": '"><script>alert(1)</script>'})
    form = region(page, await on_event(page, "set_limits")(desk, hostile), "dialog")
    assert "alert(1)" in form
    assert "<script" not in form


async def test_only_owners_are_offered_the_limits(
    services: DeskServices, page: gr.Blocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    database = services.database
    ada = await database.add_person("Ada", "x", is_admin=True, is_external=False)
    bo = await database.add_person("Bo", "x", is_admin=False, is_external=False)
    matter = await database.create_matter("Heron", owner=ada)
    held = await database.create_question_set(matter.id, "Leases", asked=ASKED)
    desk = Desk(matter_id=matter.id, view="runs", set_id=held.id)
    run = await a_run(services, desk)
    await database.grant(matter.id, bo.id, Role.EDITOR)
    drawn = await on_event(page, "open_run", bo.id)(desk, fired(id=run.id))
    assert "ask-limits" not in region(page, drawn, "run-report")
    for event in ("ask_limits", "reset_limits"):
        await on_event(page, event, bo.id)(desk)
    await on_event(page, "set_limits", bo.id)(desk, fired(**{"at_least mrr": "0"}))
    assert len(told) == 3
    assert await database.limits(matter.id) == ()


@pytest.mark.e2e
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
async def test_limits_are_set_and_reset_with_the_keyboard(
    services: DeskServices, browsed: Page
) -> None:
    (matter,) = await services.database.matters()
    held = await services.database.create_question_set(matter.id, "Leases", asked=ASKED)
    await a_run(services, Desk(matter_id=matter.id, set_id=held.id))
    await browsed.locator('button[data-tab="evaluation"]').first.click()
    await browsed.locator('[data-event="open_view"]', has_text="Runs").first.click()
    await browsed.get_by_test_id("run").first.click()
    await browsed.set_viewport_size({"width": 390, "height": 800})
    await browsed.get_by_test_id("ask-limits").focus()
    await browsed.keyboard.press("Enter")
    dialog, gates = browsed.get_by_test_id("limits"), browsed.get_by_test_id("gate")
    field = browsed.get_by_label("Recall in 10: Largest loss allowed")
    await expect(field).to_have_value("0.02")
    room = await dialog.evaluate("it => [it.scrollWidth, it.clientWidth]")
    assert room[0] <= room[1], "nothing sticks out on a phone"
    await field.press("Control+a")
    await browsed.keyboard.type("0.2")
    await browsed.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(gates.and_(browsed.locator('[data-passed="passed"]'))).to_have_count(2)
    await browsed.get_by_test_id("ask-limits").press("Enter")
    await browsed.get_by_test_id("reset-limits").press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(gates.and_(browsed.locator('[data-passed="passed"]'))).to_have_count(1)
    assert await services.database.limits(matter.id) == ()
