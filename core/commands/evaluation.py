"""The command that runs a question set over a variant, and stops a worse one."""

import asyncio
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.deeds import Deed
from core.errors import NotFound, PinciteError
from core.session import AsJson, MatterName, matter_named, note, operator, run
from core.trials import RunState

if TYPE_CHECKING:
    from core.evaluation.gate import Check
    from core.evaluation.significance import Figures
    from core.services import Services
    from core.trials import QuestionSet, Result, Rule, Run, SetQuestion
    from core.types import Variant

_PROGRESS_S = 15.0
"""How often a run tells how far it is."""


def evaluate(
    matter: MatterName,
    questions: Annotated[str, typer.Option("--set", help="The question set's name.")],
    variant: Annotated[str, typer.Option(help="The variant to run.")] = "",
    baseline: Annotated[str, typer.Option(help="A variant to compare it with.")] = "",
    gate: Annotated[
        bool, typer.Option("--gate", help="Exit 1 if it is worse than the baseline.")
    ] = False,
    at_least: Annotated[
        list[str] | None, typer.Option(metavar="METRIC=VALUE", help="A mean that is asked for.")
    ] = None,
    at_most: Annotated[
        list[str] | None, typer.Option(metavar="METRIC=VALUE", help="A mean that is allowed.")
    ] = None,
    worst_drop: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC=VALUE", help="How much worse than the baseline is allowed."),
    ] = None,
    imported: Annotated[
        Path | None,
        typer.Option(
            "--import",
            exists=True,
            dir_okay=False,
            readable=True,
            help="Add this CSV, XLSX or JSONL file to the set.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a question set over a variant, or go on with the run that was broken off.

    With --import the questions of a file become the set's, which is made if need be.  With --gate
    and no --baseline it is held against the variant in force, and that one against its last run
    before, question by question.  Limits are added to those that the matter's gate has, or replace
    them; each may be given for several metrics.
    """
    typed = _typed(at_least=at_least, at_most=at_most, worst_drop=worst_drop)

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        if imported is not None:
            await _import(services, target.id, questions, imported)
        if not variant:
            return 0
        asked = await _set_named(services, target.id, questions)
        variants = [
            await _variant_named(services, target.id, name) for name in (variant, baseline) if name
        ]
        if gate and not baseline:
            variants = await _beside_that_in_force(services, target.id, variants[0])
        done = await _run(services, target.id, asked, variants)
        results = await services.database.results(target.id, done.id)
        checks = await _judged(services, done, results, typed) if gate else ()
        _tell(done, results, checks, as_json=as_json)
        failed = done.state is not RunState.DONE
        return 1 if failed or not all(each.passed for each in checks) else 0

    if not variant and imported is None:
        raise typer.BadParameter("Give --variant, or --import, or both.")
    if variant and variant == baseline:
        raise typer.BadParameter("The baseline is another variant.")
    if not gate and (at_least or at_most or worst_drop):
        raise typer.BadParameter("Limits are for the gate: give --gate.")
    run(work, ingest=False, load=bool(variant))


async def _import(services: "Services", matter_id: str, name: str, path: Path) -> None:
    from core.evaluation.sets import preview

    read = await services.library.apart(preview, path, path.name)
    for each in read.troubles:
        print(f"row {each.row}\t{each.reason} {each.remedy}".rstrip(), file=sys.stderr)
    if not read.questions:
        raise PinciteError(f"No row of {path.name} can be used.", "Nothing was added.")
    database = services.database
    if held := _set_among(await database.question_sets(matter_id), name):
        made, left_out = await database.add_questions(matter_id, held.id, read.questions, read.told)
        if left_out < len(read.questions):
            await note(services, Deed.QUESTION_SET_CHANGED, matter_id, made.id)
        if left_out:
            print(f"left out\t{left_out} questions stand in the set already", file=sys.stderr)
    else:
        made = await database.create_question_set(matter_id, name, asked=read.questions)
        await note(services, Deed.QUESTION_SET_MADE, matter_id, made.id)
    print(f"{made.name}\tversion {made.version}\t{made.size} questions", file=sys.stderr)


async def _set_named(services: "Services", matter_id: str, name: str) -> "QuestionSet":
    held = await services.database.question_sets(matter_id)
    if found := _set_among(held, name):
        return found
    known = ", ".join(each.name for each in held) or "none yet"
    raise NotFound(f"There is no question set named “{name}”.", f"There are: {known}.")


def _set_among(held: "Sequence[QuestionSet]", name: str) -> "QuestionSet | None":
    """The set of a name, as names are kept, or of an id."""
    known = {each.id: each for each in held} | {each.name: each for each in held}
    return known.get(" ".join(name.split()))


async def _variant_named(services: "Services", matter_id: str, name: str) -> "Variant":
    from core.evaluation.variants import variants_of

    offered = variants_of(await services.database.variants(matter_id))
    known = {each.name: each for each in offered}
    if name not in known:
        raise NotFound(f"There is no variant named “{name}”.", f"There are: {', '.join(known)}.")
    return known[name]


async def _run(
    services: "Services", matter_id: str, asked: "QuestionSet", variants: "list[Variant]"
) -> "Run":
    """The run of this version of the set that was broken off, or a new one, done."""
    waiting = await services.database.runs(matter_id, asked.id)
    found = None
    for each in waiting:
        left_off = each.state in (RunState.QUEUED, RunState.RUNNING)
        same = (each.variants, each.set_version) == (tuple(variants), asked.version)
        if left_off and same and not await services.runner.changes(each):
            found = each
            print(f"goes on\t{each.done} of {each.total} done", file=sys.stderr)
            break
    if found is None:
        found = await services.runner.begin(matter_id, asked.id, variants, operator())
        await note(services, Deed.RUN_STARTED, matter_id, found.id)
        if lost := found.manifest.get("unlocated"):
            print(f"gold not found\t{json.dumps(lost, ensure_ascii=False)}", file=sys.stderr)
    telling = asyncio.create_task(_tell_progress(services, found))
    try:
        return await services.runner.complete(found)
    finally:
        telling.cancel()


async def _tell_progress(services: "Services", run: "Run") -> None:
    while True:
        await asyncio.sleep(_PROGRESS_S)
        try:
            now = await services.database.run(run.matter_id, run.id)
        except NotFound:  # somebody has deleted it
            return
        left_s = services.runner.left_s(now)
        left = "" if left_s is None else f"\tabout {left_s / 60:.0f} min left"
        print(f"answered\t{now.done} of {now.total}{left}", file=sys.stderr)


async def _beside_that_in_force(
    services: "Services", matter_id: str, variant: "Variant"
) -> "list[Variant]":
    """The variant and the one in force as its baseline; alone where it is that one itself."""
    from core.evaluation.variants import differences, in_force

    standing = in_force(await services.database.promotions(matter_id))
    if differences(variant, standing):
        print(f"baseline\t{standing.name}, the variant in force", file=sys.stderr)
        return [variant, standing]
    return [variant]


def _typed(**limits: list[str] | None) -> "list[Rule]":
    """A rule for each limit that was typed; raises ``typer.BadParameter``."""
    from core.trials import Rule

    rules = []
    for name, typed in limits.items():
        for metric, value in map(_limit, typed or ()):
            if name == "worst_drop" and value < 0:
                raise typer.BadParameter(f"A drop of {metric} is 0 or more.")
            rules.append(Rule(metric, **{name: value}))
    return rules


def _limit(typed: str) -> tuple[str, float]:
    from core.evaluation.gate import ANSWERED
    from core.evaluation.metrics import KEYS

    metric, _, number = typed.partition("=")
    known = (ANSWERED, *KEYS)
    if metric not in known:
        raise typer.BadParameter(f"There is no metric “{metric}”. There are: {', '.join(known)}.")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise typer.BadParameter(f"“{typed}” is not METRIC=VALUE with a number.")
    return metric, value


async def _judged(
    services: "Services", run: "Run", results: "tuple[Result, ...]", typed: "list[Rule]"
) -> "tuple[Check, ...]":
    """The gate's checks of the first variant against the last; alone runs the one in force, which
    is held against its run before.

    Each of ``typed`` has one limit, which is asked for in place of the matter's.
    """
    from core.evaluation.gate import DEFAULT_RULES
    from core.evaluation.manifest import changed_meanwhile
    from core.evaluation.outcomes import gate

    own = await services.database.limits(run.matter_id) or DEFAULT_RULES
    asked = {each.metric: each for each in own}
    for each in typed:
        limit = {name: value for name, value in asdict(each).items() if value is not None}
        asked[each.metric] = replace(asked.get(each.metric, each), **limit)
    rules = tuple(asked.values())
    earlier = await _earlier(services, run) if len(run.variants) == 1 else None
    # It has just ended, perhaps in a process with other models and settings than this one's.
    return gate(run, results, 0, run.variants[-1], rules, changed_meanwhile(run.manifest), earlier)


async def _earlier(services: "Services", run: "Run") -> "Figures | None":
    """What the one variant of a run came to in its first run on the set since it is in force.

    Not in its last one: run again, what a red gate stopped would be held against itself.  Of the
    questions that are still asked as they were then, and said so; ``None`` where there are none.
    """
    from core.evaluation.gate import COVERED
    from core.evaluation.manifest import changed_meanwhile
    from core.evaluation.metrics import per_question
    from core.evaluation.outcomes import asked_otherwise, standing_at

    database, variant = services.database, run.variants[0]
    asked = await _asked(services, run)
    runs = (await database.runs(run.matter_id, run.set_id))[::-1]
    promoted = (await database.promotions(run.matter_id))[:1]
    # The run on whose figures it was put in force counts, though it came before that.
    since = [each.created_at for each in runs if [each.id] == [p.run_id for p in promoted]]
    since += [each.at for each in promoted]
    for before in runs:
        at = standing_at(before.variants, variant)
        if before.state is not RunState.DONE or before.created_at >= run.created_at or not at:
            continue
        if (since and before.created_at < since[0]) or changed_meanwhile(before.manifest):
            continue
        figures = per_question(await database.results(run.matter_id, before.id), at[0])
        gone = asked_otherwise(asked, await _asked(services, before), figures)
        kept = {key: own for key, own in figures.items() if key not in gone}
        if kept and sum(map(bool, kept.values())) >= COVERED * len(kept):
            told = f"{before.created_at.astimezone():%Y-%m-%d %H:%M}, {len(kept)} questions"
            print(f"baseline\t{variant.name}, in force, as it ran {told}", file=sys.stderr)
            return kept
    told = f"{variant.name} is the variant in force and has no run before this one"
    print(f"baseline\tnone: {told}, no loss is judged", file=sys.stderr)
    return None


async def _asked(services: "Services", run: "Run") -> "dict[str, SetQuestion]":
    asked = await services.database.questions(run.matter_id, run.set_id, run.set_version)
    return {each.id: each for each in asked}


def _tell(
    done: "Run", results: "tuple[Result, ...]", checks: "tuple[Check, ...]", *, as_json: bool
) -> None:
    from core.evaluation.metrics import KEYS, means

    columns = [
        (variant, [each for each in results if each.position == position])
        for position, variant in enumerate(done.variants)
    ]
    figures = [means(own) for _, own in columns]
    if as_json:
        print(json.dumps(_record(done, columns, figures, checks), ensure_ascii=False))
        return
    print("\t".join(["metric", *(variant.name for variant in done.variants)]))
    for key in KEYS:
        if any(key in each for each in figures):
            told = [f"{each[key]:.4f}" if key in each else "" for each in figures]
            print("\t".join([key, *told]))
    failures = [str(sum(bool(each.error) for each in own)) for _, own in columns]
    print("\t".join(["failed questions", *failures]))
    for each in checks:
        verdict = "passed" if each.passed else "FAILED"
        print(f"{verdict if each.is_judged else 'not judged'}\t{each.rule.metric}\t{each.why}")
    if done.trouble:
        print(f"{done.state}\t{done.trouble}")


def _record(
    done: "Run",
    columns: "list[tuple[Variant, list[Result]]]",
    figures: list[dict[str, float]],
    checks: "tuple[Check, ...]",
) -> dict[str, Any]:
    return {
        "run": done.id,
        "state": done.state,
        "questions": done.total // len(done.variants),
        "variants": [
            {
                "name": variant.name,
                "metrics": own,
                "failed": sum(bool(each.error) for each in results),
            }
            for (variant, results), own in zip(columns, figures, strict=True)
        ],
        "checks": [
            {
                "metric": each.rule.metric,
                "value": each.value,
                "baseline": each.baseline,
                "passed": each.passed,
                "judged": each.is_judged,
                "why": each.why,
            }
            for each in checks
        ],
    }
