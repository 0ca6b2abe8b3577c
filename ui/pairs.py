"""Which two variants a page holds against each other, and what it reads of them."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from core.errors import NotFound, PinciteError
from core.evaluation.metrics import per_question
from core.evaluation.outcomes import asked_otherwise, changes, standing_at
from core.evaluation.significance import Difference, Figures, differences
from core.evaluation.variants import in_force
from core.trials import Result, Run, RunState, SetQuestion
from ui.contrast import render_contrast, render_pair
from ui.markup import Html
from ui.page import Desk, Page, Pair

TELLING = ("citation_recall", "token_f1", "recall@10", "supported", "citation_precision")
"""By which metric questions are held against each other unless another is chosen."""


@dataclass(frozen=True)
class Side:
    """One variant of a run with its results."""

    run: Run
    position: int
    results: tuple[Result, ...]

    @property
    def values(self) -> Figures:
        """Its metrics by question."""
        return per_question(self.results, self.position)

    def on(self, question_id: str) -> Result | None:
        """What it came to on a question."""
        own = (each for each in self.results if each.position == self.position)
        return next((each for each in own if each.question_id == question_id), None)


async def asked_in(page: Page, run: Run) -> dict[str, SetQuestion]:
    """The questions of a run by their ids; none where the set has been deleted."""
    with suppress(NotFound):
        asked = await page.services.database.questions(run.matter_id, run.set_id, run.set_version)
        return {each.id: each for each in asked}
    return {}


async def draw_contrast(page: Page, desk: Desk, run: Run) -> Html:
    """What differs between the two sides, or the question of theirs that is open."""
    runs = await _comparable(page, run)
    pair = await _pair(page, desk, run)
    if pair is None:
        return render_contrast(runs, Pair((run.id, 0), (run.id, 0)), (), (), {}, desk.texts)
    first, second = [await _side(page, run, *each) for each in (pair.first, pair.second)]
    one, other = await asked_in(page, first.run), await asked_in(page, second.run)
    changed = _changed(first, second, one, other)
    before, after = (
        {key: row for key, row in side.values.items() if key not in changed}
        for side in (first, second)
    )
    asked = other | one
    found = await asyncio.to_thread(differences, before, after)
    pair = replace(pair, metric=_metric(pair.metric, found))
    both = changes(before, after, pair.metric)
    if pair.question_id:
        variants = [(side.run.variants[side.position], side.on(pair.question_id))
                    for side in (first, second)]  # fmt: skip
        return render_pair(
            asked.get(pair.question_id),
            variants,
            [each for each in both if each.difference],
            pair,
            desk.texts,
        )
    return render_contrast(runs, pair, found, both, asked, desk.texts, len(changed))


def _changed(
    first: Side, second: Side, one: Mapping[str, SetQuestion], other: Mapping[str, SetQuestion]
) -> frozenset[str]:
    """The ids under which two versions of a set ask different things, or nobody knows any more."""
    if first.run.set_version == second.run.set_version:
        return frozenset()
    return asked_otherwise(one, other, first.values.keys() & second.values.keys())


async def _comparable(page: Page, run: Run) -> tuple[Run, ...]:
    """The finished runs on the same set, this one first."""
    runs = await page.services.database.runs(run.matter_id, run.set_id)
    others = [each for each in runs if each.state is RunState.DONE and each.id != run.id]
    return (run, *others)


async def _pair(page: Page, desk: Desk, run: Run) -> Pair | None:
    """The pair that was chosen, or else: the variant in force against another of the run, or the
    run before against this one; ``None`` where there is nothing to hold it against.
    """
    if desk.pair.first[0]:
        return desk.pair
    if len(run.variants) > 1:
        promoted = in_force(await page.services.database.promotions(run.matter_id))
        same = standing_at(run.variants, promoted) or (0,)
        others = [at for at in range(len(run.variants)) if at not in same]
        base, other = (same[0], others[0]) if others else (0, 1)
        return replace(desk.pair, first=(run.id, base), second=(run.id, other))
    before = (await _comparable(page, run))[1:]
    if before:
        return replace(desk.pair, first=(before[0].id, 0), second=(run.id, 0))
    return None


async def _side(page: Page, open_run: Run, run_id: str, position: int) -> Side:
    """One side; raises ``PinciteError`` for one that is not on the open run's set."""
    database = page.services.database
    run = await database.run(open_run.matter_id, run_id)
    if run.set_id != open_run.set_id or not 0 <= position < len(run.variants):
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
    return Side(run, position, await database.results(run.matter_id, run.id))


def _metric(wanted: str, found: tuple[Difference, ...]) -> str:
    there = [each.metric for each in found]
    choices = [each for each in (wanted, *TELLING, *there) if each in there]
    return choices[0] if choices else ""


def side_sent(value: str) -> tuple[str, int]:
    """A side as the browser sends it; raises ``PinciteError`` for what is none."""
    run_id, _, position = value.rpartition(":")
    if not run_id or not position.isdecimal():
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
    return run_id, int(position)
