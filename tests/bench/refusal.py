"""Refusal: how often is a question answered that the documents do not answer, and the reverse?

Three kinds of question tell: those written for it (``questions/absent.jsonl`` and
``answerable.jsonl``), the development questions in a matter that holds every second document, and
contract questions that name nothing inside the one document they are about.  Apart from these, the
hardest: a scenario asked of eighty statutes, with and without the one law that answers it.

``python -m tests.bench.refusal FOLDER`` writes them as files for ``app.py calibrate``.
"""

import json
import sys
from pathlib import Path
from typing import Any

from core.answering.answerer import Answerer
from core.evaluation.variants import variant_named
from core.types import AnswerKind, Done, Scope
from tests.bench.asked import EVAL, answerable, contract_asks, questions_of, unanswerable

_SCENARIOS, _LOOK_UPS, _ALONE, _HARDEST = 100, 60, 80, 57


def examples(language: str) -> list[dict[str, Any]]:
    """Lines ``{"question", "answerable", "documents", "kind"}``; no ``documents`` means all."""
    written = [
        {"question": each["question"], "answerable": False, "kind": f"absent, {each['kind']}"}
        for each in unanswerable(language)
    ] + [
        {"question": each["question"], "answerable": True, "kind": "answerable"}
        for each in answerable(language)
    ]
    name, folder = ("en_contracts", "docs_txt") if language == "en" else ("zh_statutes", "docs")
    root = EVAL / name / folder
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    half = files[::2]
    asked = questions_of(name)
    if language == "zh":
        asked = _spread(questions_of(name, "scenario"), _SCENARIOS) + _spread(
            questions_of(name, "citation"), _LOOK_UPS
        )
    halved = [
        {
            "question": each["question"],
            "answerable": (is_there := each["gold"][0]["doc"] in half),
            "documents": half,
            "kind": f"{each.get('kind', 'contract')}, document {'there' if is_there else 'absent'}",
        }
        for each in asked
    ]
    return written + halved + (_alone() if language == "en" else [])


def _alone() -> list[dict[str, Any]]:
    asks = contract_asks()
    return [
        {
            "question": asks[each["id"]],
            "answerable": True,
            "documents": [each["gold"][0]["doc"]],
            "kind": "inside one document",
        }
        for each in _spread(questions_of("en_contracts"), _ALONE)
    ]


def hardest(language: str) -> list[dict[str, Any]]:
    """Lines as of ``examples``: Chinese scenarios, each asked twice; none in English."""
    root = EVAL / "zh_statutes" / "docs"
    files = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return [
        {
            "question": each["question"],
            "answerable": is_there,
            "documents": files if is_there else [name for name in files if name not in of],
            "kind": f"one law of eighty {'there' if is_there else 'absent'}",
        }
        for each in _spread(questions_of("zh_statutes", "scenario"), _HARDEST)
        for of in [{span["doc"] for span in each["gold"]}]
        for is_there in (True, False)
        if language == "zh"
    ]


def _spread(questions: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
    """So many of the questions, evenly from all of them."""
    step = max(1, len(questions) // number)
    return questions[::step][:number]


async def measure(
    answerer: Answerer, matter_id: str, ids: dict[str, str], language: str
) -> dict[str, Any]:
    """Ask every example in the quotes style; return the shares wrongly answered and refused, in all
    and by kind (the hardest by kind only).  ``ids`` maps names to document ids.
    """
    wrong: dict[str, list[bool]] = {}
    for each in examples(language) + hardest(language):
        scope = Scope(tuple(ids[name] for name in each.get("documents", [])))
        stream = answerer.stream(matter_id, each["question"], (), variant_named("quotes"), scope)
        async for event in stream:
            if isinstance(event, Done):
                refused = event.answer.kind is AnswerKind.REFUSAL
                wrong.setdefault(each["kind"], []).append(refused is each["answerable"])
    kinds = {each["kind"]: each["answerable"] for each in examples(language)}
    shares = {kind: round(sum(own) / len(own), 3) for kind, own in wrong.items()}
    answered = [one for kind, own in wrong.items() if kinds.get(kind) is False for one in own]
    refused_all = [one for kind, own in wrong.items() if kinds.get(kind) for one in own]
    return {
        "wrongly_answered": round(sum(answered) / len(answered), 3),
        "wrongly_refused": round(sum(refused_all) / len(refused_all), 3),
        "questions": len(answered) + len(refused_all),
        "by_kind": shares,
    }


def main(folder: Path) -> None:
    """Write ``en.jsonl`` and ``zh.jsonl``."""
    for language in ("en", "zh"):
        lines = (json.dumps(each, ensure_ascii=False) for each in examples(language))
        (folder / f"{language}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
