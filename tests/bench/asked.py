"""The development questions: those of ../shared/eval and those written by hand beside this file.

Every question is a dictionary with ``id``, ``question`` and ``gold`` (spans of documents, named as
they are ingested); hand-written ones may have ``history`` and ``scope`` (a document's name).
"""

import json
from pathlib import Path
from typing import Any

from core.settings import ROOT

EVAL = ROOT.parent / "shared" / "eval"
OWN = Path(__file__).parent / "questions"

Question = dict[str, Any]


def lines(path: Path) -> list[Question]:
    """The objects of a JSON lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def questions_of(name: str, kind: str = "") -> list[Question]:
    """The questions of a development set, with gold documents named as they are ingested."""
    questions = lines(EVAL / name / "queries.jsonl")
    for each in questions:
        for span in each["gold"]:
            span["doc"] = span["doc"].removeprefix("docs_txt/").removeprefix("docs/")
    return [each for each in questions if kind in each.get("kind", "")]


def contract_variants() -> dict[str, list[Question]]:
    """The questions about contracts, worded as people do: a set for each way to name a document."""
    contracts = {each["doc"]: each for each in _json("contracts.json")}
    asks = contract_asks()
    patterns: dict[str, list[str]] = {}
    for each in _json("variants.json"):
        patterns.setdefault(each["kind"], []).append(each["pattern"])
    sets: dict[str, list[Question]] = {kind: [] for kind in patterns}
    for number, question in enumerate(questions_of("en_contracts")):
        document = question["gold"][0]["doc"]
        for kind, own in patterns.items():
            pattern = own[number % len(own)]
            ask = asks[question["id"]]
            if ", {ask}" in pattern:
                ask = ask[0].lower() + ask[1:]
            worded = pattern.format(ask=ask, **contracts[document])
            sets[kind].append(
                question
                | {"question": worded[0].upper() + worded[1:]}
                | ({"scope": document} if kind == "open document" else {})
            )
    return sets


def contract_asks() -> dict[str, str]:
    """The bare questions about contracts, without the document's name, by question id."""
    asks: dict[str, str] = _json("asks.json")
    return asks


def second_turns(language: str) -> tuple[list[Question], list[Question]]:
    """Follow-ups with their history, and the same questions written to stand alone."""
    name = "en_contracts" if language == "en" else "zh_statutes"
    gold = {each["id"]: each["gold"] for each in questions_of(name)}
    own = [each for each in lines(OWN / "followups.jsonl") if each["language"] == language]
    second, alone = [], []
    for each in own:
        base = {"id": each["id"], "gold": gold[each["query_id"]]}
        second.append(base | {"question": each["second"], "history": each["first"]})
        alone.append(base | {"question": each["standalone"]})
    return second, alone


def unanswerable(language: str) -> list[Question]:
    """Questions that no document of the language's set answers."""
    return [each for each in lines(OWN / "absent.jsonl") if each["language"] == language]


def answerable(language: str) -> list[Question]:
    """Questions that a document of the language's set answers."""
    return [each for each in lines(OWN / "answerable.jsonl") if each["language"] == language]


def _json(name: str) -> Any:
    return json.loads((OWN / name).read_text(encoding="utf-8"))
