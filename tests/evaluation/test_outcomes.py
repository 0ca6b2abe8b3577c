"""The gate of a run, against the variant in force."""

from dataclasses import replace
from datetime import UTC, datetime

from core.evaluation.gate import passes
from core.evaluation.outcomes import gate
from core.trials import Result, Run, RunState
from core.types import Variant

IN_FORCE = Variant("draft")
WORSE = Variant("worse", mode="lexical", top_k=1)


def run_of(*variants: Variant) -> Run:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    return Run("r", "m", "s", 1, variants, RunState.DONE, {}, at, "p")


def results(position: int, value: float) -> list[Result]:
    metrics = {"recall@10": value, "refusal": value, "citation_recall": value}
    return [Result("r", position, f"q{at}", metrics=metrics) for at in range(20)]


def test_a_variant_that_ran_without_the_one_in_force_is_not_let_through() -> None:
    checks = gate(run_of(WORSE), results(0, 0.0), 0, IN_FORCE)
    assert not passes(checks)
    stopped = next(each for each in checks if not each.passed)
    assert stopped.why.endswith("has no baseline: run it beside the variant in force.")


def test_a_variant_beside_the_one_in_force_is_held_against_it() -> None:
    run = run_of(WORSE, IN_FORCE)
    assert passes(gate(run, [*results(0, 0.9), *results(1, 0.9)], 0, IN_FORCE))
    assert not passes(gate(run, [*results(0, 0.5), *results(1, 0.9)], 0, IN_FORCE))


def test_the_variant_in_force_has_nothing_to_lose_against_itself_under_any_name() -> None:
    again = replace(IN_FORCE, name="again")
    for own in (IN_FORCE, again):
        assert passes(gate(run_of(own), results(0, 0.1), 0, IN_FORCE))
