"""The runs of a matter: the form that starts one, the list, and how far one has come."""

from collections.abc import Mapping, Sequence

from core.evaluation.manifest import changed_meanwhile
from core.evaluation.variants import differences
from core.trials import QuestionSet, Run, RunState
from core.types import Role, Variant
from ui.fields import checkbox, dialog_buttons, dropdown, may, render_dialog
from ui.locale import Texts
from ui.markup import Html, action, element, icon, text
from ui.page import Desk
from ui.table import left
from ui.wording import variant_label

OVER = (RunState.DONE, RunState.CANCELLED, RunState.FAILED)
_BADGES = {RunState.DONE: "ready", RunState.FAILED: "failed"}
_ICONS = {RunState.DONE: "check", RunState.FAILED: "unsupported", RunState.CANCELLED: "close"}


def is_moving(run: Run) -> bool:
    """Whether a run is not over."""
    return run.state not in OVER


def set_label(run: Run, names: Mapping[str, str], texts: Texts) -> str:
    """The set and its version that a run is on."""
    name = names.get(run.set_id) or texts("runs.set_gone")
    return texts("runs.set_version", name=name, number=run.set_version)


def render_start(
    sets: Sequence[QuestionSet], variants: Sequence[Variant], in_force: Variant, desk: Desk
) -> Html:
    """The heading, and the choice of a set and of the variants that are to answer it."""
    texts = desk.texts
    head = element(
        "header",
        element(
            "div",
            element("h1", text(texts("view.runs"))),
            element("p", text(texts("runs.lead")), class_="lead"),
        ),
        class_="view-head",
    )
    # A set that is held out is not the one to begin with.
    ready = sorted((each for each in sets if each.size), key=lambda each: each.is_held_out)
    if not may(desk, Role.EDITOR):
        return head
    if not ready:
        told = element(
            "div",
            element("h2", text(texts("runs.no_sets"))),
            element("p", text(texts("runs.no_sets_more"))),
            action("open_view", text(texts("runs.to_sets")), value={"view": "sets"},
                   class_="button", data_testid="to-sets"),
            class_="empty",
            data_testid="runs-no-sets",
        )  # fmt: skip
        return element("div", head, told)
    names = [(each.id, texts("runs.set_size", name=each.name, count=each.size)) for each in ready]
    ticked = _ticked(variants, in_force)
    ticks = [
        checkbox(
            f"variant_{at}",
            variant_label(each, texts)
            + (f" · {texts('runs.in_force')}" if each == in_force else ""),
            each.name in ticked,
            each.name,
        )
        for at, each in enumerate(variants)
    ]
    form = element(
        "form",
        dropdown("set_id", texts("sets.set"), names, ready[0].id),
        element(
            "fieldset",
            element("legend", text(texts("view.variants"))),
            *ticks,
            class_="ticks",
        ),
        element("button", text(texts("runs.begin")), class_="button", data_testid="begin-run"),
        class_="card line start",
        data_event="begin_run",
        data_fields=True,
        data_testid="start-run",
    )
    return element("div", head, form)


def _ticked(variants: Sequence[Variant], in_force: Variant) -> tuple[str, str]:
    """The variant in force, under that name or another, and the first that differs from it."""
    near = sorted(variants, key=lambda v: (bool(differences(v, in_force)), v != in_force))
    return near[0].name, next(each.name for each in variants if differences(each, near[0]))


def render_runs(
    runs: Sequence[Run],
    names: Mapping[str, str],
    people: Mapping[str, str],
    seconds_left: Mapping[str, float | None],
    desk: Desk,
) -> Html:
    """A row for every run, the newest first."""
    texts = desk.texts
    if not runs:
        return element(
            "div",
            element("h2", text(texts("runs.empty"))),
            element("p", text(texts("runs.empty_more"))),
            class_="empty",
            data_testid="runs-empty",
        )
    rows = [_row(each, names, people, seconds_left.get(each.id), desk) for each in runs]
    return element("ul", *rows, class_="shelf", data_testid="runs")


def _row(
    run: Run,
    names: Mapping[str, str],
    people: Mapping[str, str],
    seconds_left: float | None,
    desk: Desk,
) -> Html:
    texts = desk.texts
    variants = " · ".join(variant_label(each, texts) for each in run.variants)
    name = action(
        "open_run",
        element("strong", text(set_label(run, names, texts))),
        element("small", text(variants)),
        value={"id": run.id},
        class_="open",
        data_testid="run",
    )
    facts = texts.list_of_words(
        texts.date(run.created_at) + f" {run.created_at.astimezone():%H:%M}",
        people.get(run.person_id, ""),
    )
    return element(
        "li",
        name,
        render_state(run, seconds_left, texts),
        element("span", text(facts), class_="facts"),
        _cancel(run, texts) if is_moving(run) and may(desk, Role.EDITOR) else Html(""),
        data_run=run.id,
        data_state=run.state,
    )


def render_state(run: Run, seconds_left: float | None, texts: Texts) -> Html:
    """Where a run stands: a bar with the time left, or how it ended."""
    label = texts(f"runs.state.{run.state}")
    if not is_moving(run):
        why = element("small", text(texts.said(run.trouble))) if run.trouble else Html("")
        symbol = icon(_ICONS[run.state])
        class_ = f"badge {_BADGES.get(run.state, '')}".strip()
        badge = element("span", symbol, text(label), class_=class_, data_testid="run-state")
        return element("div", badge, why, class_="standing")
    done = texts("runs.done", done=run.done, total=run.total)
    words = texts.list_of_words(
        label if run.state is RunState.QUEUED else done,
        left(seconds_left, texts) if seconds_left is not None else "",
    )
    bar = Html(
        f'<progress max="{run.total:d}" value="{run.done:d}" aria-label="{text(done)}"></progress>'
    )
    return element(
        "div",
        element("span", text(words), class_="badge", role="status", data_testid="run-progress"),
        bar,
        class_="standing",
    )


def _cancel(run: Run, texts: Texts) -> Html:
    return action(
        "cancel_run",
        icon("stop"),
        value={"id": run.id},
        class_="tool",
        aria_label=texts("runs.cancel"),
        title=texts("runs.cancel"),
        data_testid="cancel-run",
    )


def render_run_head(
    run: Run, name: str, person: str, seconds_left: float | None, desk: Desk
) -> Html:
    """The run that is open: on what, when, by whom, how far, and what can be done with it."""
    texts = desk.texts
    facts = texts.list_of_words(
        texts.date(run.created_at) + f" {run.created_at.astimezone():%H:%M}",
        person,
        str(run.manifest.get("tag") or ""),
    )
    tools = []
    if is_moving(run) and may(desk, Role.EDITOR):
        tools.append(_cancel(run, texts))
    if not is_moving(run) and may(desk, Role.EDITOR):
        tools.append(
            action(
                "repeat_run",
                icon("redo"),
                element("span", text(texts("runs.repeat"))),
                value={"id": run.id},
                class_="button quiet",
                data_testid="repeat-run",
            )
        )
    if run.done:
        tools.append(_downloads(run, texts))
    if not is_moving(run) and may(desk, Role.OWNER):
        tools.append(
            action(
                "delete_run",
                icon("trash"),
                value={"id": run.id},
                class_="tool",
                data_confirm=texts("runs.confirm_delete"),
                aria_label=texts("runs.delete"),
                title=texts("runs.delete"),
                data_testid="delete-run",
            )
        )
    title = element(
        "div",
        element("h1", text(name)),
        element("p", text(facts), class_="facts"),
        render_state(run, seconds_left, texts),
        render_changed(run, texts),
    )
    return element(
        "header", title, element("div", *tools, class_="tools"), class_="view-head",
        data_testid="run-head",
    )  # fmt: skip


def _downloads(run: Run, texts: Texts) -> Html:
    links = [
        element(
            "a",
            text(texts(f"runs.download.{kind}")),
            href=f"/matters/{run.matter_id}/runs/{run.id}/{name}.{kind}",
            download=True,
            data_testid=f"download-{kind}",
        )
        for name, kind in (
            ("report", "html"),
            ("report", "docx"),
            ("results", "csv"),
            ("results", "jsonl"),
        )
    ]
    summary = element(
        "summary", text(texts("runs.download")), icon("chevron"), data_testid="downloads"
    )
    return element(
        "details", summary, element("div", *links, class_="popover"), class_="menu downloads"
    )


def render_changed(run: Run, texts: Texts) -> Html:
    """What changed while a run was under way, so that not all its answers rest on the same."""
    changed = changed_meanwhile(run.manifest)
    if not changed:
        return Html("")
    told = " ".join(texts.known("runs.changed", each) for each in changed)
    return element(
        "p",
        text(texts("runs.changed_meanwhile", changes=told)),
        class_="notice",
        role="note",
        data_testid="changed-meanwhile",
    )


def render_repeat(run: Run, changes: Sequence[str], texts: Texts) -> Html:
    """What has changed since a run, before it is run again."""
    said = (
        element(
            "ul",
            *(element("li", text(texts.known("runs.changed", each))) for each in changes),
            class_="changes",
            data_testid="run-changes",
        )
        if changes
        else element("p", text(texts("runs.nothing_changed")))
    )
    form = element(
        "form",
        element("p", text(texts("runs.has_changed"))) if changes else Html(""),
        said,
        dialog_buttons(texts("runs.repeat"), texts),
        data_event="begin_run",
        data_value={"repeats": run.id},
        data_fields=True,
    )
    return render_dialog(texts("runs.repeat"), form, testid="repeat-dialog")
