"""Evaluation, runs: started, watched, read, held against each other, and put in force."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import gradio as gr

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.evaluation.gate import DEFAULT_RULES, Check, passes
from core.evaluation.outcomes import changed, gate, standings
from core.evaluation.variants import in_force, variants_of
from core.trials import Result, Rule, Run, RunState
from core.types import Role, Variant
from ui.composer import draw_options
from ui.fields import back_button, may
from ui.figures import (
    render_failures,
    render_figures,
    render_manifest,
    render_plots,
    render_promote,
)
from ui.limits import limits_dialog
from ui.markup import Html, element, join
from ui.page import Desk, Page, Pair, Tab, Updates, texts_of, value_of
from ui.pairs import asked_in, draw_contrast, side_sent
from ui.promotion import render_promotion
from ui.rights import ANYONE
from ui.run_list import (
    is_moving,
    render_repeat,
    render_run_head,
    render_runs,
    render_start,
    set_label,
)
from ui.stages import render_stages

REFRESH_S = 1.0


def runs_view(page: Page) -> Tab:
    """Build the view: the list of runs, or the one that is open; it refreshes while one moves."""
    database, services = page.services.database, page.services
    with gr.Column(elem_id="view-runs", elem_classes=["view"]):
        start = gr.HTML(elem_id="run-start", apply_default_css=False)
        rows = gr.HTML(elem_id="runs", apply_default_css=False)
        report = gr.HTML(elem_id="run-report", apply_default_css=False)
    timer = gr.Timer(REFRESH_S, active=False)

    async def opened(desk: Desk) -> Run | None:
        with suppress(NotFound):
            if desk.run_id:
                return await database.run(desk.matter_id, desk.run_id)
        return None

    async def variant_in_force(desk: Desk) -> Variant:
        return in_force(await database.promotions(desk.matter_id))

    async def names_of(desk: Desk) -> dict[str, str]:
        sets = await database.question_sets(desk.matter_id)
        return {each.id: each.name for each in sets}

    async def people_of(runs: Sequence[Run]) -> dict[str, str]:
        names = {}
        for person_id in {each.person_id for each in runs}:
            with suppress(NotFound):
                names[person_id] = (await database.person(person_id)).name
        return names

    async def draw_rows(desk: Desk) -> Updates:
        """What moves: the list, or the head of the run that is open."""
        run = await opened(desk)
        if run is not None:
            name = set_label(run, await names_of(desk), desk.texts)
            people = await people_of([run])
            seconds_left = services.runner.left_s(run)
            head = render_run_head(run, name, people.get(run.person_id, ""), seconds_left, desk)
            back = back_button("open_run", desk.texts("runs.back"), {"id": ""})
            return {rows: join((back, head)), timer: gr.Timer(active=is_moving(run))}
        runs = await database.runs(desk.matter_id) if desk.matter_id else ()
        left = {each.id: services.runner.left_s(each) for each in runs if is_moving(each)}
        drawn = render_runs(runs, await names_of(desk), await people_of(runs), left, desk)
        return {rows: drawn, timer: gr.Timer(active=any(map(is_moving, runs)))}

    async def draw(desk: Desk) -> Updates:
        if not desk.matter_id:
            return {start: "", rows: "", report: "", timer: gr.Timer(active=False)}
        run = await opened(desk)
        if run is not None:
            return {start: "", report: await told(desk, run)} | await draw_rows(desk)
        sets = await database.question_sets(desk.matter_id)
        offered = variants_of(await database.variants(desk.matter_id))
        form = render_start(sets, offered, await variant_in_force(desk), desk)
        return {start: form, report: ""} | await draw_rows(desk)

    async def told(desk: Desk, run: Run) -> Html:
        """All that the run came to so far, or one question of it with both answers."""
        if desk.pair.question_id:
            return await draw_contrast(page, desk, run)
        results = await database.results(desk.matter_id, run.id)
        asked = {key: each.question for key, each in (await asked_in(page, run)).items()}
        promoted = await variant_in_force(desk)
        means = await asyncio.to_thread(standings, run, results)
        parts = [
            render_figures(run, means, results, promoted, desk.texts),
            render_stages(run, results, desk.texts),
            await asyncio.to_thread(render_plots, run, means, results, desk.texts),
            render_failures(run, results, asked, desk.texts),
        ]
        if run.state is RunState.DONE:
            stale = await changed(run, services.runner.changes)
            rules = await database.limits(desk.matter_id) or DEFAULT_RULES
            checks = await asyncio.to_thread(_checks, run, results, promoted, rules, stale)
            owns = may(desk, Role.OWNER)
            parts.append(render_promote(run, promoted, checks, desk.texts, may_promote=owns))
            parts.append(await draw_contrast(page, desk, run))
        parts.append(render_manifest(run, desk.texts))
        return element("div", *parts, class_="report", data_testid="run-report")

    async def open_run(desk: Desk, fired: gr.EventData) -> Updates:
        desk = replace(desk, run_id=value_of(fired, "id", str), pair=Pair())
        return {page.desk: desk} | await draw(desk)

    async def begin_run(desk: Desk, fired: gr.EventData) -> Updates:
        if repeats := value_of(fired, "repeats", str, ""):
            before = await database.run(desk.matter_id, repeats)
            set_id, chosen = before.set_id, before.variants
        else:
            set_id = value_of(fired, "set_id", str)
            offered = variants_of(await database.variants(desk.matter_id))
            ticked = set(texts_of(fired, "variant_"))
            chosen = tuple(each for each in offered if each.name in ticked)
            if gone := ticked - {each.name for each in chosen}:
                names = desk.texts.list_of_words(*sorted(gone))
                raise PinciteError(desk.texts("runs.variant_gone", names=names))
        if not chosen:
            raise PinciteError(desk.texts("runs.no_variant"))
        run = await services.runner.begin(desk.matter_id, set_id, chosen, desk.person)
        await page.record(desk, Deed.RUN_STARTED, run.id)
        desk = replace(desk, run_id=run.id, pair=Pair())
        return {page.desk: desk, page.dialog: ""} | await draw(desk)

    async def cancel_run(desk: Desk, fired: gr.EventData) -> Updates:
        run_id = value_of(fired, "id", str)
        await services.runner.cancel(desk.matter_id, run_id)
        await page.record(desk, Deed.RUN_CANCELLED, run_id)
        return await draw(desk)

    async def repeat_run(desk: Desk, fired: gr.EventData) -> Updates:
        run = await database.run(desk.matter_id, value_of(fired, "id", str))
        return {page.dialog: render_repeat(run, await services.runner.changes(run), desk.texts)}

    async def delete_run(desk: Desk, fired: gr.EventData) -> Updates:
        run_id = value_of(fired, "id", str)
        await database.delete_run(desk.matter_id, run_id)
        await page.record(desk, Deed.RUN_DELETED, run_id)
        desk = replace(desk, run_id="", pair=Pair())
        return {page.desk: desk} | await draw(desk)

    async def compare_runs(desk: Desk, fired: gr.EventData) -> Updates:
        first, second = (side_sent(value_of(fired, name, str)) for name in ("first", "second"))
        pair = Pair(first, second, value_of(fired, "metric", str, ""))
        desk = replace(desk, pair=pair)
        return {page.desk: desk} | await draw(desk)

    async def open_pair(desk: Desk, fired: gr.EventData) -> Updates:
        wanted = value_of(fired, "question_id", str)
        desk = replace(desk, pair=replace(desk.pair, question_id=wanted))
        return {page.desk: desk} | await draw(desk)

    async def judged(desk: Desk, fired: gr.EventData) -> tuple[Run, int, tuple[Check, ...]]:
        run = await database.run(desk.matter_id, value_of(fired, "run", str))
        position = value_of(fired, "position", int)
        if run.state is not RunState.DONE or not 0 <= position < len(run.variants):
            raise PinciteError(desk.texts("gate.not_done"))
        results = await database.results(desk.matter_id, run.id)
        stale = await changed(run, services.runner.changes)
        promoted = await variant_in_force(desk)
        rules = await database.limits(desk.matter_id) or DEFAULT_RULES
        checks = await asyncio.to_thread(gate, run, results, position, promoted, rules, stale)
        return run, position, checks

    async def ask_promotion(desk: Desk, fired: gr.EventData) -> Updates:
        run, at, checks = await judged(desk, fired)
        owns = may(desk, Role.OWNER)
        return {page.dialog: render_promotion(run, at, checks, desk.texts, may_promote=owns)}

    async def promote_variant(desk: Desk, fired: gr.EventData) -> Updates:
        run, at, checks = await judged(desk, fired)
        reason, passed = value_of(fired, "reason", str, ""), passes(checks)
        services.answerer.require(run.variants[at])
        try:
            await database.promote(
                desk.matter_id,
                run.variants[at],
                desk.person,
                run_id=run.id,
                passed=passed,
                reason=reason,
            )
        except PinciteError as error:
            said = desk.texts.said(error.reason, error.remedy)
            again = render_promotion(
                run, at, checks, desk.texts, may_promote=True, reason=reason, trouble=said
            )
            return {page.dialog: again}
        await page.record(desk, Deed.VARIANT_PROMOTED, run.id)
        return {page.dialog: ""} | await draw(desk) | await draw_options(page, desk)

    async def advance(desk: Desk) -> Updates:
        """While a run moves its progress is drawn anew; once it is over, all of it."""
        run = await opened(desk)
        if run is not None and not is_moving(run):
            return await draw(desk)
        return await draw_rows(desk)

    regions = [start, rows, report, timer]
    own = [page.desk, *regions]
    for event, does in {
        "open_run": open_run,
        "delete_run": delete_run,
        "open_pair": open_pair,
        "cancel_run": cancel_run,
    }.items():
        # A second press, made while the first is drawn, counts as well.
        page.on(event, does, own, trigger_mode="multiple")
    page.on("compare_runs", compare_runs, own, trigger_mode="always_last")
    page.on("begin_run", begin_run, [page.dialog, *own])
    page.on("repeat_run", repeat_run, [page.dialog])
    page.on("ask_promotion", ask_promotion, [page.dialog])
    page.on(
        "promote_variant", promote_variant, [page.dialog, page.options, page.in_force, *regions]
    )
    limits_dialog(page, regions, draw)
    page.listen(timer.tick, advance, ANYONE, [], regions)
    return Tab((start, rows, report, timer), draw)


def _checks(
    run: Run,
    results: Sequence[Result],
    promoted: Variant,
    rules: Sequence[Rule],
    stale: Sequence[str],
) -> list[tuple[Check, ...]]:
    """What the gate says of each variant of a run."""
    return [gate(run, results, at, promoted, rules, stale) for at in range(len(run.variants))]
