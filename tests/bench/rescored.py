"""Metrics of a run, computed anew from what ``app.py search`` prints: standard library only.

    python tests/bench/rescored.py GOLD.jsonl SEARCH.jsonl [EVALUATED.json VARIANT]

GOLD is a development set's ``queries.jsonl``; SEARCH is ``app.py search --top 50 --mode …``'s
output for it; EVALUATED is what ``app.py evaluate --json`` printed.  Nothing of Pincite is
imported: the definitions are written out once more, so that two programs have to agree.  Exits 1
where a metric differs in its fourth digit.
"""

import json
import math
import sys
from collections.abc import Iterable
from typing import Any

Span = dict[str, Any]
DEPTH = 50


def lines(path: str) -> list[dict[str, Any]]:
    with open(path, encoding="utf-8", newline="\n") as file:
        return [json.loads(line) for line in file if line.strip()]


def questions(path: str) -> list[dict[str, Any]]:
    """Each question once, as a question set has it, its documents by the names they are taken in
    under.
    """
    once: dict[str, dict[str, Any]] = {}
    for each in lines(path):
        for span in each["gold"]:
            span["doc"] = span["doc"].removeprefix("docs_txt/").removeprefix("docs/")
        once.setdefault("".join(each["question"].casefold().split()), each)
    return list(once.values())


def holds(result: Span, gold: Span) -> bool:
    """Half of the shorter of the two is in both."""
    if result["doc"] != gold["doc"]:
        return False
    shared = min(result["end"], gold["end"]) - max(result["start"], gold["start"])
    sizes = [each["end"] - each["start"] for each in (result, gold)]
    return shared >= min(sizes) / 2 and shared > 0


def scored(golds: list[Span], results: list[Span]) -> dict[str, float]:
    """The metrics of one question; golds at the same place are one.

    nDCG@10: what each of the first ten passages is the first to hold, discounted by its rank, over
    the same gains, and one for each gold that the ten do not hold, sorted from the highest.
    """
    once = {(each["doc"], each["start"], each["end"]): each for each in golds}
    ranks: list[float] = []
    for gold in once.values():
        places = [rank for rank, each in enumerate(results, 1) if holds(each, gold)]
        ranks.append(min(places, default=math.inf))
    best = min(ranks)
    found = [ranks.count(rank) for rank in range(1, 11)]
    lost = [1] * (len(ranks) - sum(found))
    return {
        "recall@10": sum(rank <= 10 for rank in ranks) / len(ranks),
        "hit@1": float(best == 1),
        "hit@10": float(best <= 10),
        "mrr": 0.0 if best == math.inf else 1 / best,
        "ndcg@10": discounted(found) / discounted(sorted(found + lost, reverse=True)[:10]),
    }


def discounted(gains: list[int]) -> float:
    return sum(gain / math.log(1 + rank, 2) for rank, gain in enumerate(gains, 1))


def mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def main(gold: str, search: str, evaluated: str = "", variant: str = "") -> int:
    found = {each["id"]: each["results"][:DEPTH] for each in lines(search)}
    each_of = [scored(each["gold"], found[each["id"]]) for each in questions(gold)]
    figures = {key: mean(each[key] for each in each_of) for key in each_of[0]}
    other: dict[str, float] = {}
    if evaluated:
        with open(evaluated, encoding="utf-8") as file:
            told = json.load(file)["variants"]
        other = next(each["metrics"] for each in told if each["name"] == variant)
    print(f"questions\t{len(each_of)}")
    differ = 0
    for key, value in figures.items():
        same = not other or f"{other[key]:.4f}" == f"{value:.4f}"
        differ += not same
        beside = f"\t{other[key]:.4f}\t{'equal' if same else 'DIFFERENT'}" if other else ""
        print(f"{key}\t{value:.4f}{beside}")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
