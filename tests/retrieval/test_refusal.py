"""Thresholds that tell whether the passages found hold an answer at all."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import PinciteError
from core.retrieval import refusal
from core.retrieval.refusal import (
    FIGURES,
    NOTHING,
    Evidence,
    Threshold,
    fit,
    save,
    thresholds,
    weigh,
)
from core.types import Hit, Passage

FITTED = Threshold((1.0, 0.5, 2.0, 0.25, 0.1, -1.0, 0.5), -1.5, 40, 0.05, 0.1)


def examples(number: int, apart: float, seed: int = 0) -> tuple[Sequence[Evidence], Sequence[bool]]:
    """``number`` of either kind, whose figures lie ``apart`` standard deviations apart."""
    drawn = np.random.default_rng(seed)
    evidence, answerable = [], []
    for turn in range(2 * number):
        is_answerable = turn % 2 == 0
        scale = (0.02, 0.01, 0.2, 0.5, 1.0, 0.5, 3.0)
        figures = drawn.normal(apart * is_answerable, 1.0, len(FIGURES)) * scale
        evidence.append(Evidence(*(float(each) for each in figures)))
        answerable.append(is_answerable)
    return evidence, answerable


def hits(*texts: str, scores: Sequence[float] = ()) -> list[Hit]:
    """Passages of those texts, best first."""
    return [
        Hit(passage(text, at), score)
        for at, (text, score) in enumerate(
            zip(texts, scores or [1.0 - at / 10 for at in range(len(texts))], strict=True)
        )
    ]


def passage(text: str, at: int) -> Passage:
    """A passage of that text."""
    return Passage(f"p{at}", "d", "d.txt", at, text, 0, len(text), None)


def weighed(
    words: str, texts: Sequence[str], cosines: Sequence[float], bm25: float = 0.0
) -> Evidence:
    return weigh(words, hits(*texts), cosines, bm25, lead=0.0, certain=False)


def test_a_threshold_admits_what_weighs_more_than_its_bias() -> None:
    threshold = Threshold((1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0), -1.0, 40, 0.1, 0.1)
    assert threshold.admits(Evidence(nearness=0.5, shared=0.3))
    assert not threshold.admits(Evidence(nearness=0.5, shared=0.2))
    assert not threshold.admits(Evidence(gap=9.0, bm25=9.0))
    assert not threshold.admits(NOTHING)


def test_what_was_looked_up_is_admitted_whatever_it_weighs() -> None:
    never = Threshold((0.0,) * 7, -1.0, 40, 0.1, 0.1)
    assert never.admits(Evidence(certain=True))
    assert not never.admits(Evidence(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))


def test_evidence_is_nearness_gap_shared_words_and_bm25_for_each_word() -> None:
    found = weighed(
        "Which rent does the Tenant pay?",
        ["Bananas are yellow.", "The Tenant pays the rent monthly."],
        [0.9, 0.6, 0.3],
        6.0,
    )
    assert found.nearness == 0.9
    assert found.gap == pytest.approx(0.9 - 0.6)
    assert found.shared == pytest.approx(2 / 3)  # rent, tenant, and not pay: pays is another word
    assert found.bm25 == pytest.approx(math.log1p(6.0 / 3))
    assert found.length == pytest.approx(math.log1p(3))
    assert not found.certain
    assert found.figures()[:4] == (found.nearness, found.gap, found.shared, found.bm25)


def test_the_margin_is_what_the_best_hit_scores_above_the_tenth() -> None:
    scores = [5.0, *[2.0] * 8, 1.5, 0.0]
    many = hits(*["rent"] * 11, scores=scores)
    assert weigh("rent", many, [0.5], 0.0, lead=0.0, certain=False).margin == 3.5
    assert weigh("rent", many[:9], [0.5], 0.0, lead=0.0, certain=False).margin == 0.0


def test_evidence_of_chinese_is_counted_in_pairs_without_the_words_of_asking() -> None:
    found = weighed("如何承担违约责任？", ["应当承担违约责任。"], [0.8])
    assert (found.shared, found.gap, found.bm25) == (1.0, 0.0, 0.0)


def test_only_the_best_five_passages_count_for_the_shared_words() -> None:
    far = ["Bananas are yellow."] * 5 + ["The rent is due."]
    assert weighed("rent", far, [0.5]).shared == 0.0
    assert weighed("rent", far[1:], [0.5]).shared == 1.0


def test_a_search_that_found_nothing_weighs_nothing() -> None:
    assert weighed("", [], []) == NOTHING
    assert weighed("Which rent?", [], []) == NOTHING


def test_the_number_of_candidates_beyond_fifty_changes_no_evidence() -> None:
    near = [0.9, *[0.5] * 49]
    assert weighed("rent", ["rent"], near) == weighed("rent", ["rent"], [*near, *[0.1] * 500])


def test_fitting_separates_the_answerable_from_the_rest_and_states_its_errors() -> None:
    evidence, answerable = examples(200, apart=2.0)
    fitted = fit(evidence, answerable)
    assert fitted.questions == 400
    assert max(fitted.wrongly_answered, fitted.wrongly_refused) < 0.1
    unseen, known = examples(500, apart=2.0, seed=1)
    admitted = np.array([fitted.admits(each) for each in unseen])
    answered = admitted[~np.array(known)].mean()
    refused = (~admitted)[np.array(known)].mean()
    assert answered == pytest.approx(fitted.wrongly_answered, abs=0.06)
    assert refused == pytest.approx(fitted.wrongly_refused, abs=0.06)


def test_both_errors_are_equally_rare_though_one_kind_is_much_more_frequent() -> None:
    evidence, answerable = examples(300, apart=1.0)
    kept = [n for n, known in enumerate(answerable) if known or n % 20 == 1]
    fitted = fit([evidence[n] for n in kept], [answerable[n] for n in kept])
    assert fitted.wrongly_answered == pytest.approx(fitted.wrongly_refused, abs=0.05)


def test_evidence_that_tells_nothing_is_said_to_err() -> None:
    fitted = fit(*examples(100, apart=0.0))
    assert max(fitted.wrongly_answered, fitted.wrongly_refused) > 0.3


def test_fitting_the_same_examples_gives_the_same_threshold() -> None:
    assert fit(*examples(30, apart=1.0)) == fit(*examples(30, apart=1.0))


@pytest.mark.parametrize(("answerable", "not_answerable"), [(9, 40), (40, 9), (0, 0), (50, 0)])
def test_too_few_examples_of_either_kind_are_a_clear_error(
    answerable: int, not_answerable: int
) -> None:
    evidence = [Evidence(0.5)] * (answerable + not_answerable)
    with pytest.raises(PinciteError, match=r"too few questions.*at least ten"):
        fit(evidence, [True] * answerable + [False] * not_answerable)


def test_thresholds_that_were_saved_are_loaded_again(tmp_path: Path) -> None:
    fitted = {"en": FITTED, "zh": replace(FITTED, bias=0.5)}
    path = save(fitted, "owner/model", tmp_path / "calibration")
    assert path.parent == tmp_path / "calibration"
    assert thresholds("owner/model", tmp_path / "calibration") == fitted
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_own_thresholds_go_before_those_that_come_with_pincite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    monkeypatch.setattr(refusal, "SHIPPED", shipped)
    assert thresholds("model", tmp_path / "own") == {}
    save({"en": FITTED}, "model", shipped)
    assert thresholds("model", tmp_path / "own") == {"en": FITTED}
    assert thresholds("another", tmp_path / "own") == {}
    own = {"en": replace(FITTED, questions=99)}
    save(own, "model", tmp_path / "own")
    assert thresholds("model", tmp_path / "own") == own


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        "7",
        '{"en": 7}',
        '{"en": {}}',
        json.dumps({"en": {"weights": [1], "bias": 0}}),
        json.dumps({"en": {"weights": None, "bias": 0}}),
    ],
)
def test_a_broken_calibration_file_is_a_clear_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(PinciteError, match=r"model\.json cannot be read.*Run calibrate again"):
        thresholds("model", tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [{"weights": [1.0, 2.0]}, {"weights": [1, 2, 3, "x"]}, {"bias": None}, {"bias": "high"}],
)
def test_a_threshold_that_cannot_weigh_is_a_clear_error_before_any_question(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    path = save({"en": FITTED}, "model", tmp_path)
    listed = json.loads(path.read_text())
    path.write_text(json.dumps({"en": listed["en"] | wrong}))
    with pytest.raises(PinciteError, match="cannot be read"):
        thresholds("model", tmp_path)


def test_every_shipped_calibration_can_be_read(tmp_path: Path) -> None:
    for path in refusal.SHIPPED.glob("*.json"):
        for language, each in thresholds(path.stem, tmp_path).items():
            assert language in ("en", "zh")
            assert each.questions >= 20
            assert max(each.wrongly_answered, each.wrongly_refused) < 0.07
