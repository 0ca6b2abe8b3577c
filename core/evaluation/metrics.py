"""What a result is measured by: retrieval, citations, refusals, correctness, time.

Retrieval is measured with ir-measures, each gold answer a topic of its own whose only relevant
document is the first passage that holds it; a question's figures are made from its topics'.
Only nDCG@10 takes a question's gold answers together, as one topic.
"""

import asyncio
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.answering.verification import check
from core.evaluation.gold import Place
from core.trials import Result, SetQuestion
from core.types import Answer, Citation, Hit, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Judge = Callable[[str, str, str], Awaitable[float | None]]
"""Question, answer and reference to a mark between 0 and 1, ``None`` where none was given."""
CUT = 10
"""How far down a ranking is looked at."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric with the source of its definition; ``unit`` is that of its values.

    ``unit`` is ``share`` (0 to 1), ``seconds`` or ``per second``.
    """

    key: str
    source: str
    unit: str = "share"
    higher_is_better: bool = True


_ALCE = "Gao et al., Enabling Large Language Models to Generate Text with Citations, EMNLP 2023"
_CG = "Järvelin and Kekäläinen, Cumulated Gain-Based Evaluation of IR Techniques, ACM TOIS 2002"
_IR = "Manning, Raghavan and Schütze, Introduction to Information Retrieval, 2008, chapter 8"

METRICS = (
    Metric("recall@10", _IR),
    Metric("hit@1", _IR),
    Metric("hit@10", _IR),
    Metric("mrr", "Voorhees, The TREC-8 Question Answering Track Report, 1999"),
    Metric("ndcg@10", _CG),
    Metric("citation_precision", _ALCE),
    Metric("citation_recall", _ALCE),
    Metric("supported", "Pincite's verifier: statements that their citations support"),
    Metric("refusal", "Rajpurkar et al., Know What You Don't Know: SQuAD 2.0, ACL 2018"),
    Metric("token_f1", "Rajpurkar et al., SQuAD: 100,000+ Questions, EMNLP 2016"),
    Metric("similarity", "Risch et al., Semantic Answer Similarity, MRQA 2021"),
    Metric("judge", "LlamaIndex's CorrectnessEvaluator; the engine judges, in both orders"),
    Metric("seconds", "from the question to the checked answer", "seconds", False),
    Metric("retrieve_s", "from the question to its passages", "seconds", False),
    Metric("first_token_s", "from the question to the first word", "seconds", False),
    Metric("generate_s", "from the first word of the draft to its last", "seconds", False),
    Metric("verify_s", "from the draft, or the passages, to the checked answer", "seconds", False),
    Metric("tokens_per_s", "tokens of the draft after the first, by time", "per second"),
)
KEYS = tuple(each.key for each in METRICS)
LOWER_IS_BETTER = frozenset(each.key for each in METRICS if not each.higher_is_better)


class Embeds(Protocol):
    """What measuring asks of the encoders."""

    async def embed_query(self, text: str) -> "NDArray[np.float32]":
        """The unit vector ``(d,)`` of a text."""


async def measure(
    question: SetQuestion,
    answer: Answer,
    hits: Sequence[Hit],
    *,
    places: Sequence[Place] = (),
    tokens: int = 0,
    encoders: Embeds | None = None,
    judge: Judge | None = None,
) -> dict[str, float]:
    """The metrics that apply to one answer, by the keys of ``METRICS``.

    ``places`` are those of the question's gold answers; without them there are no metrics of
    retrieval.  ``tokens`` are those of the draft.  Correctness needs a reference; ``similarity``
    needs ``encoders`` as well, and ``judge`` a judge.
    """
    measured = {"refusal": float(answer.refused != question.is_answerable)}
    if places:
        measured |= retrieval(hits, places)
    if answer.statements:
        # In a thread: checking a long answer takes longer than a tick.
        measured |= await asyncio.to_thread(citations, answer, hits)
    if question.reference and question.is_answerable:
        measured |= await _correctness(question, answer, encoders, judge)
    return measured | times(answer, tokens)


def retrieval(hits: Sequence[Hit], places: Sequence[Place]) -> dict[str, float]:
    """Recall@10, hit@1, hit@10, MRR (over all hits) and nDCG@10 of a ranking, best first.

    A gold answer is found by the first passage that holds it; one passage may find several, and
    gold answers at the same place are one.  nDCG@10: a passage of the first ten gains as many as
    it finds, by log2(rank + 1); the sum is divided by that of the same gains, and one for each
    gold answer that the ten do not hold, in their best order.  Every value is from 0 to 1.
    """
    from ir_measures import RR, R, Success, iter_calc, nDCG

    once = tuple(dict.fromkeys(places))
    firsts = [_first(hits, place) for place in once]
    relevant = {str(number): {"gold": 1} for number in range(len(once))}
    ranking = {topic: _ranked(hits, first) for topic, first in zip(relevant, firsts, strict=True)}
    measures = {"recall@10": R @ CUT, "hit@1": Success @ 1, "hit@10": Success @ CUT, "mrr": RR}
    values: dict[str, list[float]] = {key: [] for key in measures}
    keys = {str(measure): key for key, measure in measures.items()}
    for each in iter_calc(list(measures.values()), relevant, ranking):
        values[keys[str(each.measure)]].append(float(each.value))
    gains = Counter(
        f"lost {number}" if first is None or first >= CUT else f"{first:06}"
        for number, first in enumerate(firsts)
    )
    (gained,) = iter_calc([nDCG @ CUT], {"all": dict(gains)}, {"all": _ranked(hits, None)})
    return {
        "recall@10": sum(values["recall@10"]) / len(once),
        "hit@1": max(values["hit@1"], default=0.0),
        "hit@10": max(values["hit@10"], default=0.0),
        "mrr": max(values["mrr"], default=0.0),
        "ndcg@10": float(gained.value),
    }


def _first(hits: Sequence[Hit], place: Place) -> int | None:
    return next((rank for rank, hit in enumerate(hits) if place.is_in(hit)), None)


def _ranked(hits: Sequence[Hit], gold: int | None) -> dict[str, float]:
    """The ranking as ir-measures reads it, the passage at rank ``gold`` under that name."""
    named = {("gold" if rank == gold else f"{rank:06}"): -float(rank) for rank in range(len(hits))}
    return named or {"none": 0.0}


def citations(answer: Answer, hits: Sequence[Hit]) -> dict[str, float]:
    """Citation precision and recall, and the share of supported statements.

    A statement is recalled if all that it cites, taken together, carries it.  A citation is
    precise if its statement is recalled and it carries it alone, or the others without it do not.
    """
    recalled, precise = [], []
    for statement in answer.statements:
        sources = [_source(each, hits) for each in statement.citations]
        holds = _carries(statement.text, sources)
        recalled.append(holds)
        for at, source in enumerate(sources):
            rest = [*sources[:at], *sources[at + 1 :]]
            needed = _carries(statement.text, [source]) or not _carries(statement.text, rest)
            precise.append(holds and needed)
    measured = {
        "citation_recall": sum(recalled) / len(recalled),
        "supported": answer.supported / len(answer.statements),
    }
    if precise:
        measured["citation_precision"] = sum(precise) / len(precise)
    return measured


def _source(citation: Citation, hits: Sequence[Hit]) -> str:
    """The passage that a citation is of; its own words where the passage is not at hand."""
    for hit in hits:
        passage = hit.passage
        if (
            passage.document_id == citation.document_id
            and passage.start <= citation.start < citation.end <= passage.end
        ):
            return passage.text
    return citation.quote


def _carries(statement: str, sources: Sequence[str]) -> bool:
    """Whether the sources together carry a statement; what they say to the letter they do.

    The verifier reads a statement sentence by sentence, and may doubt one that a copy only begins.
    """
    together = "\n".join(sources)
    if statement.strip() and statement in together:
        return True
    return bool(sources) and check(statement, [together])[0] is Verdict.SUPPORTED


async def _correctness(
    question: SetQuestion, answer: Answer, encoders: Embeds | None, judge: Judge | None
) -> dict[str, float]:
    said = "\n".join(each.text for each in answer.statements)
    measured = {"token_f1": token_f1(said, question.reference)}
    if encoders is not None:
        measured["similarity"] = 0.0
        if said:
            one, other = [await encoders.embed_query(text) for text in (said, question.reference)]
            measured["similarity"] = float(one @ other)
    if judge is not None:
        mark = await judge(question.question, said, question.reference) if said else 0.0
        if mark is not None:
            measured["judge"] = mark
    return measured


def token_f1(said: str, reference: str) -> float:
    """The harmonic mean of precision and recall of tokens, each counted as often as it stands.

    Tokens are words without case, punctuation and articles, and Chinese characters one by one.
    """
    one, other = _tokens(said), _tokens(reference)
    shared = sum((one & other).values())
    if not shared:
        return float(not one and not other)
    precision, recall = shared / one.total(), shared / other.total()
    return 2 * precision * recall / (precision + recall)


def _tokens(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    found = re.findall(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+", plain)
    return Counter(each for each in found if each not in ("a", "an", "the"))


def times(answer: Answer, tokens: int) -> dict[str, float]:
    """The seconds of each stage, and the tokens a second after the first.

    An answer's marks count from the question; writing and checking are what they add to it.
    """
    marks = answer.timings
    named = {"seconds": "total", "retrieve_s": "retrieve", "first_token_s": "first_token"}
    measured = {key: marks[mark] for key, mark in named.items() if mark in marks}
    if "first_token" in marks and "generate" in marks:
        measured["generate_s"] = round(marks["generate"] - marks["first_token"], 4)
    found = marks.get("generate", marks.get("retrieve"))
    if "verify" in marks and found is not None:
        measured["verify_s"] = round(marks["verify"] - found, 4)
    if tokens > 1 and marks.get("generate", 0.0) > marks.get("first_token", math.inf):
        measured["tokens_per_s"] = (tokens - 1) / (marks["generate"] - marks["first_token"])
    return measured


def per_question(results: Sequence[Result], position: int) -> dict[str, dict[str, float]]:
    """The metrics of one variant's results, by question id; none for one that failed."""
    return {each.question_id: each.metrics for each in results if each.position == position}


def means(results: Sequence[Result]) -> dict[str, float]:
    """The mean of each metric over the results that have it, in the order of ``METRICS``."""
    held = {key: _values(results, key) for key in KEYS}
    return {key: sum(values) / len(values) for key, values in held.items() if values}


def percentiles(results: Sequence[Result]) -> dict[str, tuple[float, float]]:
    """The median and the 95th percentile of each metric in seconds."""
    keys = [each.key for each in METRICS if each.unit == "seconds"]
    held: Mapping[str, list[float]] = {key: sorted(_values(results, key)) for key in keys}
    return {key: (_at(own, 0.5), _at(own, 0.95)) for key, own in held.items() if own}


def _values(results: Sequence[Result], key: str) -> list[float]:
    return [each.metrics[key] for each in results if not each.error and key in each.metrics]


def _at(values: Sequence[float], share: float) -> float:
    """A quantile of sorted values, between two by their distance."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])
