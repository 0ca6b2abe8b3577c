"""How well statements are told apart: planted corruptions flagged, true statements let through.

``python -m tests.bench.verification`` prints the tables.  Nothing here needs a model.
"""

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from core.answering.verification import check
from core.settings import ROOT
from core.types import Verdict
from tests.bench.corruptions import Case, corrupted, development_sentences, planted, repeatable

EVAL = ROOT.parent / "shared" / "eval"
QUESTIONS = ROOT / "tests" / "bench" / "questions"
TARGETS = {"planted": 0.98, "verbatim": 0.01, "paraphrases": 0.05}
"""The least share of corruptions to flag, the most false alarms to raise."""
_PARTS = 8
"""The words of the shortest part quoted; for Chinese, twice as many characters."""


def measure(per_kind: int = 150, sentences: int = 500) -> dict[str, Any]:
    """Flagged shares by kind and language, false alarms on true statements, time a check.

    ``planted`` and ``planted_in_paraphrases`` are shares flagged (more is better); ``verbatim``
    and ``paraphrases`` (developed on) and ``paraphrases_fresh`` (unread) are false alarms,
    ``alike`` the share of true sentences that a passage on the same subject does not carry and that
    is shown as supported all the same, and ``inventions`` (developed on) and ``inventions_fresh``
    (unread) that of false sentences written to deceive (less is better).
    """
    started, checked = time.perf_counter(), Counter[str]()
    report: dict[str, Any] = {}
    if EVAL.is_dir():
        cases = development_sentences(EVAL)
        lines = [(c.language, kind, text, c.passage) for c, kind, text in planted(cases, per_kind)]
        report["planted"] = _shares(lines, checked)
        some = [case for language in ("en", "zh") for case in _of(cases, language)[:sentences]]
        report["verbatim"] = _shares(_quotes(some), checked)
        report["alike"] = {
            key: _kept(value) for key, value in _shares(_elsewhere(some), checked).items()
        }
    rewordings = list(_paraphrases("paraphrases.jsonl"))
    report["paraphrases"] = _shares(
        (
            (one["language"], one["rewording"], one["statement"], one["passage"])
            for one in rewordings
        ),
        checked,
    )
    report["paraphrases_fresh"] = _shares(
        (
            (one["language"], one["rewording"], one["statement"], one["passage"])
            for one in _paraphrases("paraphrases_fresh.jsonl")
        ),
        checked,
    )
    for name in ("inventions", "inventions_fresh"):
        invented = (
            (one["language"], "invented", one["statement"], one["passage"])
            for one in _paraphrases(f"{name}.jsonl")
        )
        report[name] = {key: _kept(value) for key, value in _shares(invented, checked).items()}
    report["planted_in_paraphrases"] = _shares(_reworded_and_corrupted(rewordings), checked)
    report["ms_a_check"] = round(1000 * (time.perf_counter() - started) / checked.total(), 1)
    return report


def _shares(
    lines: Iterable[tuple[str, str, str, str]], checked: Counter[str]
) -> dict[str, dict[str, float]]:
    """Per language and kind: how many statements, and the share not judged supported."""
    counted, flagged = Counter[str](), Counter[str]()
    for language, kind, statement, passage in lines:
        key = f"{language} {kind}"
        counted[key] += 1
        flagged[key] += check(statement, [passage])[0] is not Verdict.SUPPORTED
    checked.update(counted)
    return {
        key: {"n": count, "flagged": round(flagged[key] / count, 4)}
        for key, count in sorted(counted.items())
    }


def _kept(value: dict[str, float]) -> dict[str, float]:
    return {"n": value["n"], "supported": round(1 - value["flagged"], 4)}


def _of(cases: Sequence[Case], language: str) -> list[Case]:
    return [case for case in cases if case.language == language]


def _quotes(cases: Sequence[Case]) -> Iterator[tuple[str, str, str, str]]:
    """Whole sentences, the same in quotation marks, and parts of them in quotation marks."""
    rng = repeatable(5)
    for case in cases:
        sentence = case.sentence
        yield case.language, "whole sentence", sentence, case.passage
        if any(mark in sentence for mark in '"“”「」『』'):
            continue
        if case.language == "zh":
            size = rng.randrange(2 * _PARTS, max(2 * _PARTS + 1, len(sentence) - 1))
            at = rng.randrange(0, max(1, len(sentence) - size))
            part = sentence[at : at + size].strip("，、；。：")
            yield "zh", "part in quotes", f"该条规定：“{part}”。", case.passage
        else:
            words = sentence.rstrip(".").split()
            size = rng.randrange(_PARTS, len(words) + 1)
            at = rng.randrange(0, len(words) - size + 1)
            part = " ".join(words[at : at + size])
            yield "en", "part in quotes", f'The document states: "{part}".', case.passage


def _elsewhere(cases: Sequence[Case]) -> Iterator[tuple[str, str, str, str]]:
    """Sentences held against passages of other places that share the most words with them."""
    for language in ("en", "zh"):
        own = _of(cases, language)
        words = [frozenset(_pieces(case.sentence)) for case in own]
        for i, case in enumerate(own[:150]):
            ranked = sorted(range(len(own)), key=lambda j: -len(words[i] & words[j]))
            for j in ranked[:3]:
                if case.sentence.strip(" .。") not in own[j].passage and i != j:
                    yield language, "alike", case.sentence, own[j].passage


def _pieces(sentence: str) -> list[str]:
    if sentence.isascii():
        return sentence.casefold().split()
    return [sentence[i : i + 2] for i in range(len(sentence) - 1)]


def _paraphrases(name: str) -> Iterator[dict[str, str]]:
    for line in (QUESTIONS / name).read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _reworded_and_corrupted(
    rewordings: Sequence[dict[str, str]],
) -> Iterator[tuple[str, str, str, str]]:
    rng = repeatable(3)
    for one in rewordings:
        for kind, text in corrupted(one["language"], one["statement"], rng):
            yield one["language"], kind, text, one["passage"]


def tell(report: dict[str, Any]) -> None:
    """Print one table a part of the report."""
    for part, lines in report.items():
        if isinstance(lines, dict):
            print(f"\n{part}")
            for key, value in lines.items():
                print(f"  {key:28}" + "  ".join(f"{name} {each}" for name, each in value.items()))
            total = sum(value["n"] for value in lines.values())
            name = "supported" if part in ("alike", "inventions", "inventions_fresh") else "flagged"
            share = sum(value["n"] * value[name] for value in lines.values()) / total
            print(f"  {'all':28}n {total}  {name} {share:.4f}")
        else:
            print(f"\n{part}: {lines}")


if __name__ == "__main__":
    tell(measure())
