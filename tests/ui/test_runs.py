"""Runs on the page: started, watched, read, compared, and put in force."""

import re
import threading
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest
from desk_services import DeskServices, a_document, an_answer, fired, handler, on_event, region

from core.deeds import Deed
from core.evaluation.gate import Check
from core.evaluation.outcomes import gate
from core.evaluation.variants import VARIANTS, in_force
from core.records.audit import AuditFilter
from core.trials import Result, Rule, Run, RunState, SetQuestion
from core.types import LOCAL, Role
from ui.figures import render_promote
from ui.page import Desk
from ui.run_list import render_start

ASKED = [SetQuestion(f"q{n}", f"Question {n}?", "An answer.") for n in range(6)]


@pytest.fixture
async def desk(services: DeskServices) -> Desk:
    matter = await services.database.create_matter("Aldgate")
    await a_document(services, matter.id, "Lease.pdf", "d1")
    held = await services.database.create_question_set(matter.id, "Leases", asked=ASKED)
    return Desk(matter_id=matter.id, role=Role.OWNER, view="runs", set_id=held.id)


async def a_run(
    services: DeskServices, desk: Desk, worse_by: float = 0.5, state: RunState = RunState.DONE
) -> Run:
    """A run of two variants, the second worse; one of its questions failed."""
    run = await services.runner.begin(desk.matter_id, desk.set_id, VARIANTS[:2], LOCAL)
    for position in range(2):
        for at, asked in enumerate(ASKED):
            if (position, at) == (1, 5):
                result = Result(run.id, position, asked.id, error="The engine has stopped.")
            else:
                share = 0.9 - 0.01 * at - position * worse_by
                metrics = {"recall@10": share, "seconds": 1.0 + position}
                result = Result(run.id, position, asked.id, an_answer(), (), metrics, 10, 1.0)
            await services.database.keep_result(desk.matter_id, result)
    await services.database.set_run_state(desk.matter_id, run.id, state)
    return await services.database.run(desk.matter_id, run.id)


async def test_a_run_is_started_with_the_variants_that_are_ticked(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    ticked = {"variant_0": VARIANTS[0].name, "variant_3": VARIANTS[3].name}
    drawn = await on_event(page, "begin_run")(desk, fired(set_id=desk.set_id, **ticked))
    (run,) = await services.database.runs(desk.matter_id)
    assert run.variants == (VARIANTS[0], VARIANTS[3])
    assert "Waiting" in region(page, drawn, "runs")


async def test_the_variant_in_force_is_ticked_first_beside_another(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    named = replace(VARIANTS[1], name="Same as quotes")
    for promoted, ticked in (
        (VARIANTS[3], [VARIANTS[0].name, VARIANTS[3].name]),
        (VARIANTS[0], [VARIANTS[0].name, VARIANTS[1].name]),
        (named, [VARIANTS[0].name, VARIANTS[1].name]),
    ):
        form = render_start(
            await services.database.question_sets(desk.matter_id), VARIANTS, promoted, desk
        )
        boxes = re.findall(r"<input[^>]*checkbox[^>]*>", form)
        names = [re.search(r'value="([^"]*)"', box)[1] for box in boxes if " checked" in box]  # type: ignore[index]
        assert names == ticked


async def test_a_variant_that_was_retired_meanwhile_is_refused_and_not_left_out(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    own = replace(VARIANTS[0], name="Ours", top_k=3)
    made = await services.database.create_variant(desk.matter_id, own, LOCAL)
    ticked = {"variant_0": VARIANTS[0].name, "variant_5": "Ours"}
    await services.database.retire_variant(desk.matter_id, made.id)
    begun = await on_event(page, "begin_run")(desk, fired(set_id=desk.set_id, **ticked))
    assert begun == gr.skip()
    assert "Ours" in told[0]
    assert await services.database.runs(desk.matter_id) == ()


async def test_progress_and_the_time_left_are_drawn_while_a_run_moves(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk, state=RunState.RUNNING)
    drawn = await handler(page, "advance")(desk)  # type: ignore[misc]
    assert "12 of 12 answers" in region(page, drawn, "runs")
    assert "about 2 minutes left" in region(page, drawn, "runs")
    timer = next(v for k, v in drawn.items() if isinstance(k, gr.Timer))
    assert timer.active
    await on_event(page, "cancel_run")(desk, fired(id=run.id))
    drawn = await handler(page, "advance")(desk)  # type: ignore[misc]
    assert "Cancelled" in region(page, drawn, "runs")
    timer = next(v for k, v in drawn.items() if isinstance(k, gr.Timer))
    assert not timer.active


async def test_a_report_has_each_metric_with_its_interval_definition_and_source(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    assert 'role="tooltip"' in drawn
    assert "Manning" in drawn
    assert "0.875" in drawn, "the mean of the first"
    assert " to " in drawn
    assert "1 question failed" in drawn
    assert "The engine has stopped." in drawn


@pytest.mark.parametrize(("language", "label"), [("en", "Seconds to find"), ("zh", "检索用时")])
async def test_the_median_and_the_95th_percentile_of_each_stage_are_shown(
    services: DeskServices, page: gr.Blocks, desk: Desk, language: str, label: str
):
    run = await services.runner.begin(desk.matter_id, desk.set_id, VARIANTS[:2], LOCAL)
    for at, asked in enumerate(ASKED):
        metrics = {"retrieve_s": 0.2 * (at + 1), "seconds": 2.0 + at, "recall@10": 1.0}
        result = Result(run.id, 0, asked.id, an_answer(), (), metrics, 10, 1.0)
        await services.database.keep_result(desk.matter_id, result)
    await services.database.set_run_state(desk.matter_id, run.id, RunState.DONE)
    desk = replace(desk, language=language)
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    stages = drawn.partition('data-testid="stages"')[2].partition("</table>")[0]
    rows = re.findall(r"<tr data-stage=.*?</tr>", stages)
    assert len(rows) == 2
    assert label in rows[0]
    assert re.findall(r"\d\.\d\d", rows[0]) == ["0.70", "1.15"], "of six values, by their distance"
    assert rows[0].count("–") == 2, "the other variant has answered nothing"
    assert re.findall(r"\d\.\d\d", rows[1]) == ["4.50", "6.75"]


async def test_questions_that_moved_open_both_answers(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    desk = replace(desk, run_id=run.id)
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    assert "5 worse · 0 better" in drawn
    drawn = region(
        page, await on_event(page, "open_pair")(desk, fired(question_id="q2")), "run-report"
    )
    assert drawn.count('data-testid="pair-side"') == 2
    assert drawn.count("Rent is due monthly.") >= 2
    assert 'data-event="open_source"' in drawn


async def test_a_question_that_a_later_version_asks_otherwise_is_left_out(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    before = await a_run(services, desk)
    database = services.database
    for new in (replace(ASKED[0], reference="Another."), replace(ASKED[1], tags=("rent",))):
        await database.change_question(desk.matter_id, desk.set_id, new)
    now = await a_run(services, desk)
    desk = replace(desk, run_id=now.id)
    sides = fired(first=f"{before.id}:0", second=f"{now.id}:1", metric="recall@10")
    drawn = region(page, await on_event(page, "compare_runs")(desk, sides), "run-report")
    assert "One question is left out" in drawn
    assert "4 worse · 0 better" in drawn, "of the five that both answered, one is another now"
    await database.delete_question_set(desk.matter_id, desk.set_id)
    drawn = region(page, await on_event(page, "compare_runs")(desk, sides), "run-report")
    assert "worse ·" not in drawn, "nobody knows any more what was asked"


async def test_a_side_of_another_set_or_matter_is_refused(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    run = await a_run(services, desk)
    elsewhere = await services.database.create_matter("Other")
    held = await services.database.create_question_set(elsewhere.id, "Other", asked=ASKED)
    other = await a_run(services, replace(desk, matter_id=elsewhere.id, set_id=held.id))
    desk = replace(desk, run_id=run.id)
    for side in (f"{other.id}:0", f"{run.id}:9", "nonsense", ":0"):
        chosen = fired(first=f"{run.id}:0", second=side)
        assert await on_event(page, "compare_runs")(desk, chosen) == gr.skip()
    assert len(told) == 4


async def test_a_worse_variant_is_put_in_force_with_a_reason_only(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    event = {"run": run.id, "position": 1}
    drawn = await on_event(page, "ask_promotion")(desk, fired(**event))
    assert "does not pass every check" in region(page, drawn, "dialog")
    drawn = await on_event(page, "promote_variant")(desk, fired(**event, reason=" "))
    assert "Give the reason" in region(page, drawn, "dialog")
    assert await services.database.promotions(desk.matter_id) == ()
    await on_event(page, "promote_variant")(desk, fired(**event, reason="It is a trial."))
    (made,) = await services.database.promotions(desk.matter_id)
    assert (made.passed, made.reason, made.run_id) == (False, "It is a trial.", run.id)
    assert in_force([made]) == VARIANTS[1]
    entries = await services.database.entries(AuditFilter(deed=Deed.VARIANT_PROMOTED), 10, 0)
    assert len(entries) == 1


async def test_an_editor_reads_why_the_gate_stopped_and_puts_nothing_in_force(
    services: DeskServices, page: gr.Blocks, desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    told: list[str] = []
    monkeypatch.setattr(gr, "Warning", told.append)
    database = services.database
    await database.add_person("Ada", "x", is_admin=True, is_external=False)
    bo = await database.add_person("Bo", "x", is_admin=False, is_external=False)
    await database.grant(desk.matter_id, bo.id, Role.EDITOR)
    run = await a_run(services, desk)
    drawn = await on_event(page, "open_run", bo.id)(desk, fired(id=run.id))
    assert "Checks and putting in force" not in region(page, drawn, "run-report")
    event = {"run": run.id, "position": 1}
    drawn = await on_event(page, "ask_promotion", bo.id)(desk, fired(**event))
    dialog = region(page, drawn, "dialog")
    assert "does not pass every check" in dialog
    assert 'data-testid="gate-checks"' in dialog
    assert 'data-event="close_dialog"' in dialog
    assert "promote_variant" not in dialog
    assert told == []
    forced = fired(**event, reason="I say so.")
    assert await on_event(page, "promote_variant", bo.id)(desk, forced) == gr.skip()
    assert "takes the role of an owner" in told[0]
    assert await database.promotions(desk.matter_id) == ()


async def test_how_much_of_a_passed_gate_could_not_be_judged_is_told(
    services: DeskServices, desk: Desk
):
    kept = Check(Rule("recall@10", worst_drop=0.02), 0.9, 0.9, True, "")
    unjudged, lost = replace(kept, is_judged=False), replace(kept, passed=False)
    gates = [(kept, unjudged), (lost, unjudged)]
    run = await a_run(services, desk)
    drawn = render_promote(run, VARIANTS[2], gates, desk.texts, may_promote=True)
    assert drawn.count("1 not judged") == 1


@pytest.mark.parametrize("event", ["open_run", "ask_promotion", "promote_variant"])
async def test_the_gate_judges_beside_the_loop(
    services: DeskServices,
    page: gr.Blocks,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    event: str,
):
    threads: list[int] = []

    def noted(*judged: Any) -> tuple[Check, ...]:
        threads.append(threading.get_ident())
        return gate(*judged)

    monkeypatch.setattr("ui.runs.gate", noted)
    run = await a_run(services, desk)
    await on_event(page, event)(desk, fired(id=run.id, run=run.id, position=1))
    assert threads
    assert threading.get_ident() not in threads


async def test_what_changed_while_it_ran_is_said_and_asks_for_a_reason(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    event = {"run": run.id, "position": 0}
    await services.database.note_changed(desk.matter_id, run.id, ["documents"])
    drawn = await on_event(page, "open_run")(desk, fired(id=run.id))
    assert "Changed while it ran: Documents have come" in region(page, drawn, "runs")
    drawn = await on_event(page, "promote_variant")(desk, fired(**event, reason=" "))
    assert "Give the reason" in region(page, drawn, "dialog")
    assert await services.database.promotions(desk.matter_id) == ()
    await on_event(page, "promote_variant")(desk, fired(**event, reason="They are the same."))
    assert [each.passed for each in await services.database.promotions(desk.matter_id)] == [False]


async def test_what_has_changed_since_is_said_and_asks_for_a_reason(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    services.runner.changed = ("models", "set")
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    assert 'data-passed="passed"' not in drawn
    event = {"run": run.id, "position": 0}
    drawn = region(page, await on_event(page, "ask_promotion")(desk, fired(**event)), "dialog")
    assert "Still holds" in drawn
    assert "A model or an adapter has been replaced since this run began." in drawn
    chinese = replace(desk, language="zh")
    drawn = await on_event(page, "ask_promotion")(chinese, fired(**event))
    assert "本次运行开始后，模型或适配器已更换。" in region(page, drawn, "dialog")
    drawn = await on_event(page, "promote_variant")(desk, fired(**event, reason=" "))
    assert "Give the reason" in region(page, drawn, "dialog")
    assert await services.database.promotions(desk.matter_id) == ()


async def test_a_copy_of_what_is_in_force_is_marked_and_held_against(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    copy = replace(VARIANTS[0], name="copy")
    own = await services.database.create_variant(desk.matter_id, copy, LOCAL)
    await services.database.promote(desk.matter_id, copy, LOCAL, passed=False, reason="Why not.")
    run = await a_run(services, desk)
    drawn = region(page, await on_event(page, "open_run")(desk, fired(id=run.id)), "run-report")
    assert drawn.count('class="tag">in force') == 2, "in the table and at the gate"
    assert "5 worse · 0 better" in drawn
    drawn = await handler(page, "open_run")(desk, fired(id=""))  # type: ignore[misc]
    start = region(page, drawn, "run-start")
    assert own.variant.name in start
    assert start.count("· in force") == 2, "the built-in one, and its copy"


async def test_running_again_says_what_has_changed_since(
    services: DeskServices, page: gr.Blocks, desk: Desk
):
    run = await a_run(services, desk)
    services.runner.changed = ("documents", "prompts")
    drawn = await on_event(page, "repeat_run")(desk, fired(id=run.id))
    dialog = region(page, drawn, "dialog")
    assert "Documents have come, gone or been replaced." in dialog
    assert "The words of a prompt have changed." in dialog
    await on_event(page, "begin_run")(desk, fired(repeats=run.id))
    again, _ = await services.database.runs(desk.matter_id)
    assert again.variants == run.variants
