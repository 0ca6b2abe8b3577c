"""A run with hostile words in every place that a report shows, for the tests of reports."""

from datetime import UTC, datetime

import numpy as np

from core.evaluation.findings import Judged, Report, report
from core.evaluation.gate import DEFAULT_RULES
from core.evaluation.outcomes import gate
from core.trials import QuestionSet, Result, Run, RunState, SetQuestion
from core.types import Answer, AnswerKind, Citation, Statement, Variant, Verdict

HOSTILE = "<script>alert(1)</script>&\"'\x07{x}${y}`z`中文"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUESTIONS = 24


def answered(question: str, number: int) -> Answer:
    citation = Citation(
        1, "d", f"Lease {HOSTILE}.pdf", 3, ("Part 1", f"Clause {number}"), 0, 9, f"quote {HOSTILE}"
    )
    held = Statement(f"Rent is due on day {number} {HOSTILE}.", Verdict.SUPPORTED, (citation,))
    kind = AnswerKind.REFUSAL if number == 5 else AnswerKind.DRAFT
    return Answer(question, kind, Verdict.SUPPORTED, () if number == 5 else (held,))


def a_report() -> Report:
    """Two variants over 24 questions; the second finds more and takes longer, and failed once."""
    variants = (Variant("dense", mode="dense"), Variant(f"full {HOSTILE}"))
    run = Run(
        "r1", "m", "s", 2, variants, RunState.DONE,
        {"seed": 7, "models": {"chat": HOSTILE}}, NOON, "p", 48, 48, 96.5, NOON,
    )  # fmt: skip
    asked_of = QuestionSet("s", "m", f"Leases {HOSTILE}", "", True, 2, QUESTIONS, 0, NOON)
    questions = [
        SetQuestion(f"q{at}", f"When is rent {at} due? {HOSTILE}", reference=f"On day {at}.")
        for at in range(QUESTIONS)
    ]
    random = np.random.default_rng(7)
    results = []
    for position in range(2):
        for at, question in enumerate(questions):
            if position == 1 and at == 3:
                results.append(Result("r1", 1, question.id, error=f"The engine died {HOSTILE}."))
                continue
            found = float(random.uniform(0.3, 0.7) + 0.25 * position)
            metrics = {
                "recall@10": found, "ndcg@10": found * 0.9, "supported": float(at % 4 > 0),
                "seconds": float(random.gamma(4, 0.5) + position),
            }  # fmt: skip
            answer = answered(question.question, at)
            results.append(Result("r1", position, question.id, answer, (), metrics, 20, 2.0))
    checks = gate(run, results, 1, variants[0], DEFAULT_RULES, ())
    return report(run, results, asked_of, questions, judged=[Judged(1, checks)])
