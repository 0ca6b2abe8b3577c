"""What a run comes to, and its gate against the variant in force."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.errors import NotFound
from core.evaluation.gate import DEFAULT_RULES, Check, passes
from core.evaluation.manifest import CHANGES
from core.evaluation.outcomes import (
    CHANGED,
    asked_otherwise,
    changed,
    gate,
    standing,
    standing_at,
)
from core.trials import Result, Rule, Run, RunState, SetQuestion
from core.types import Variant
from ui.locale import texts_in

IN_FORCE = Variant("draft")
WORSE = Variant("worse", mode="lexical", top_k=1)


def run_of(*variants: Variant) -> Run:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Run("r", "m", "s", 1, variants, RunState.DONE, {}, at, "p")


def results(position: int, value: float) -> list[Result]:
    metrics = {"recall@10": value, "refusal": value, "citation_recall": value}
    return [Result("r", position, f"q{at}", metrics=metrics) for at in range(20)]


def judged(run: Run, found: list[Result], at: int, *stale: str) -> tuple[Check, ...]:
    return gate(run, found, at, IN_FORCE, DEFAULT_RULES, stale)


def test_a_variant_that_ran_without_the_one_in_force_is_not_let_through() -> None:
    checks = judged(run_of(WORSE), results(0, 0.0), 0)
    assert not passes(checks)
    stopped = next(each for each in checks if not each.passed)
    assert stopped.why.endswith("has no baseline: run it beside the variant in force.")


def test_a_variant_beside_the_one_in_force_is_held_against_it() -> None:
    run = run_of(WORSE, IN_FORCE)
    assert passes(judged(run, [*results(0, 0.9), *results(1, 0.9)], 0))
    assert not passes(judged(run, [*results(0, 0.5), *results(1, 0.9)], 0))


def test_the_variant_in_force_has_nothing_to_lose_against_itself_under_any_name() -> None:
    again = replace(IN_FORCE, name="again")
    for own in (IN_FORCE, again):
        assert passes(judged(run_of(own), results(0, 0.1), 0))


def test_the_variant_in_force_is_the_baseline_wherever_and_by_whatever_name_it_stands() -> None:
    copy = replace(IN_FORCE, name="copy")
    assert standing_at((WORSE, copy, IN_FORCE), IN_FORCE) == (1, 2)
    assert standing_at((WORSE,), IN_FORCE) == ()
    found = [*results(0, 0.5), *results(1, 0.9)]
    assert not passes(judged(run_of(WORSE, copy), found, 0))
    assert passes(judged(run_of(WORSE, copy), found, 1))


def test_the_variant_in_force_is_held_against_what_it_came_to_before() -> None:
    run = run_of(IN_FORCE)
    then = {f"q{at}": {"recall@10": 0.9, "refusal": 0.9} for at in range(20)}
    worse = gate(run, results(0, 0.5), 0, IN_FORCE, DEFAULT_RULES, (), then)
    assert {each.rule.metric for each in worse if not each.passed} == {"recall@10", "refusal"}
    assert passes(gate(run, results(0, 0.9), 0, IN_FORCE, DEFAULT_RULES, (), then))


def test_a_run_of_failures_keeps_no_gate_open_by_the_limits_that_were_set() -> None:
    """The one answer that came has perfect figures; nobody limited the share of answers."""
    run = run_of(WORSE, IN_FORCE)
    failed = [Result("r", 0, f"q{at}", error="It stopped.") for at in range(1, 20)]
    found = [results(0, 1.0)[0], *failed, *results(1, 0.9)]
    for limits in ([Rule("refusal", at_least=0.8)], [Rule("seconds", at_most=60)]):
        checks = gate(run, found, 0, IN_FORCE, limits, ())
        assert not passes(checks)
        assert not next(each for each in checks if each.rule.metric == "answered").passed


def test_what_two_versions_of_a_set_ask_differently_is_told() -> None:
    one = {key: SetQuestion(key, f"{key}?", "Yes.") for key in "abcd"}
    other = {
        "a": one["a"],
        "b": replace(one["b"], tags=("rent",)),  # no metric depends on it
        "c": replace(one["c"], reference="No."),
    }
    assert asked_otherwise(one, other, "abcd") == {"c", "d"}


def test_what_has_changed_shuts_the_gate_with_a_sentence_each() -> None:
    run = run_of(WORSE, IN_FORCE)
    found = [*results(0, 0.9), *results(1, 0.9)]
    checks = judged(run, found, 0, "documents", "models")
    assert [each.why for each in checks if not each.passed] == [
        "Documents have come, gone or been replaced since this run began.",
        "A model or an adapter has been replaced since this run began.",
    ]
    assert CHANGED.keys() == set(CHANGES)
    for why in CHANGED.values():
        assert texts_in("zh").said(why) != why


@pytest.mark.parametrize(
    ("since", "meanwhile", "told"),
    [
        ((), [], ()),
        (("set",), [], ()),  # the run has a version of its own
        (("models", "set"), [], ("models",)),
        ((), ["documents"], ("documents",)),
        (("code", "documents"), ["documents"], ("documents", "code")),
        (None, ["documents"], ("set", "documents")),
    ],
)
async def test_what_changed_meanwhile_or_since_is_asked_for_once(
    since: tuple[str, ...] | None, meanwhile: list[str], told: tuple[str, ...]
) -> None:
    async def changes(run: Run) -> tuple[str, ...]:
        if since is None:
            raise NotFound("The set is gone.")
        return since

    run = replace(run_of(WORSE), manifest={"changed": meanwhile})
    assert await changed(run, changes) == told


def test_one_question_has_a_mean_and_no_interval() -> None:
    (mean,) = standing({"q0": {"seconds": 2.0}}).values()
    assert (mean.value, mean.low, mean.high, mean.median, mean.questions) == (2, None, None, 2, 1)
