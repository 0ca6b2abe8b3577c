"""The frozen values of evaluation: comparisons and votes, question sets, runs and their results."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.types import EVERYTHING, Answer, Hit, Scope, Variant

UNSAFE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""What no question set is read with from a file."""


def legible(text: str) -> str:
    """The text as a file has it, with blanks for what no file is read with: form feeds and such."""
    return UNSAFE.sub(" ", text).replace("\ufffd", " ").strip()


class Outcome(StrEnum):
    """What a vote says of the answers: one is best, they are as good, or none is any good."""

    WIN = "win"
    TIE = "tie"
    BAD = "bad"


class Fault(StrEnum):
    """Why an answer lost, as a reviewer ticks it."""

    WRONG_LAW = "wrong_law"
    UNSUPPORTED = "unsupported"
    INCOMPLETE = "incomplete"
    STYLE = "style"


class RunState(StrEnum):
    """Where a run stands; one that a crash broke off is queued again at the next start."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class NamedVariant:
    """A variant of a matter, under the name that its ``variant`` has; retired ones are history."""

    id: str
    matter_id: str
    variant: Variant
    created_at: datetime
    person_id: str
    is_retired: bool = False


@dataclass(frozen=True, slots=True)
class Promotion:
    """That a variant was put in force in a matter, by whom, on which run's figures.

    ``passed`` tells whether the gate let it through; where it did not, ``reason`` says why it was
    put in force all the same.
    """

    id: str
    matter_id: str
    variant: Variant
    run_id: str
    passed: bool
    reason: str
    at: datetime
    person_id: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What the gate asks of a metric, in the metric's own unit.

    ``at_least`` and ``at_most`` bound the mean.  ``worst_drop`` is how much worse than the
    baseline a variant may be: a greater loss fails, whether or not chance could explain it.
    """

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    worst_drop: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One question to several variants, which stand in the order in which they are shown.

    The order is drawn and stored before anything is shown; ``answers`` are in the same order and
    empty until all are there.  ``message_id`` is the answer of a conversation that it began from,
    and ``scope`` that answer's: every side searches there.
    """

    id: str
    matter_id: str
    person_id: str
    question: str
    variants: tuple[Variant, ...]
    is_blind: bool
    created_at: datetime
    answers: tuple[Answer, ...] = ()
    message_id: str = ""
    scope: Scope = EVERYTHING


@dataclass(frozen=True, slots=True)
class Vote:
    """A person's verdict on a comparison; the last one counts, unless it is withdrawn.

    ``winner`` is a position in the comparison's order, ``None`` unless the outcome is ``WIN``.
    """

    id: str
    comparison_id: str
    person_id: str
    outcome: Outcome
    winner: int | None
    faults: tuple[Fault, ...]
    note: str
    at: datetime
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Poll:
    """A comparison as a list of them has it: without its answers, with every vote on it."""

    comparison: Comparison
    is_answered: bool
    votes: tuple[Vote, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """Thumbs up or down on an answer of a conversation; one for each person and message."""

    message_id: str
    person_id: str
    is_good: bool
    faults: tuple[Fault, ...]
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gold:
    """Where the answer stands: a document by name, and there the words, the page or the span.

    ``start`` and ``end`` are offsets into the document's extracted text.  ``document_id`` is known
    where the words came from the document itself; they go when it does.
    """

    document: str
    quote: str = ""
    page: int | None = None
    start: int | None = None
    end: int | None = None
    document_id: str = ""


@dataclass(frozen=True, slots=True)
class SetQuestion:
    """A question of a set. ``is_answerable`` is false where a refusal is the right answer.

    A draft was written by the engine and counts for nothing until a person accepts it; it stays
    ``by_engine``.
    """

    id: str
    question: str
    reference: str = ""
    gold: tuple[Gold, ...] = ()
    tags: tuple[str, ...] = ()
    is_answerable: bool = True
    is_draft: bool = False
    by_engine: bool = False

    @property
    def asks(self) -> str:
        """What is asked, without case and blanks: no two accepted ones of a set ask the same."""
        return "".join(legible(self.question).casefold().split())


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions of a matter. Each change makes a new ``version``; older ones stay readable.

    A set that is ``held_out`` is for the last judgement only, not for choosing between variants.
    ``size`` counts accepted questions, ``drafts`` the others.
    """

    id: str
    matter_id: str
    name: str
    description: str
    is_held_out: bool
    version: int
    size: int
    drafts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """A version of a question set, answered by each of several variants.

    ``manifest`` holds what is needed to repeat it: models with their digests, prompt versions,
    documents with theirs, seed, code revision.  ``done`` counts results of ``total``.
    """

    id: str
    matter_id: str
    set_id: str
    set_version: int
    variants: tuple[Variant, ...]
    state: RunState
    manifest: dict[str, object]
    created_at: datetime
    person_id: str
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    finished_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One question answered by one variant of a run (a position in its ``variants``).

    ``hits`` are what was retrieved, best first, also below what was read.  ``error`` is the
    sentence that a failure came to; then there is no answer and there are no metrics.
    """

    run_id: str
    position: int
    question_id: str
    answer: Answer | None = None
    hits: tuple[Hit, ...] = ()
    metrics: dict[str, float] = field(default_factory=dict)
    tokens: int = 0
    seconds: float = 0.0
    error: str = ""
