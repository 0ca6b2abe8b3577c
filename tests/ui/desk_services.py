"""Hand-written stand-ins for what lies below the page, over the real database."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr

from core.database import Database
from core.documents.library import Added
from core.documents.pace import Pace
from core.documents.view import PageView, TextView
from core.errors import DocumentError, PinciteError
from core.settings import Settings
from core.trials import Run, RunState
from core.types import (
    EVERYTHING,
    LOCAL,
    Answer,
    AnswerKind,
    Citation,
    Delta,
    Document,
    DocumentState,
    Done,
    Event,
    Hit,
    ModelStatus,
    Passage,
    Person,
    Retrieved,
    Scope,
    Searched,
    Stage,
    Staged,
    Statement,
    Turn,
    Variant,
    Verdict,
)

LEASE = "The Tenant shall pay the rent on the first day of each month."


def a_citation(marker: int = 1, start: int = 0, end: int = 30, quote: str = "") -> Citation:
    """A citation of the lease, page 3, clause 4.2."""
    words = quote or LEASE[start:end]
    return Citation(marker, "d1", "Lease.pdf", 3, ("Article 4", "4.2"), start, end, words)


async def a_document(
    services: "DeskServices", matter_id: str, name: str, own_id: str = "", **columns: object
) -> Document:
    """A document of the matter that is ready, with these columns."""
    made, _ = await services.database.put_document(matter_id, name, name, 10, own_id)
    known = {"state": DocumentState.READY, "passages": 1} | columns
    await services.database.update_document(matter_id, made.id, known)
    return await services.database.document(matter_id, made.id)


def an_answer(*statements: Statement, kind: AnswerKind = AnswerKind.DRAFT) -> Answer:
    """An answer of these statements, or of one that is supported."""
    each = statements or (Statement("Rent is due monthly.", Verdict.SUPPORTED, (a_citation(),)),)
    return Answer("When is rent due?", kind, Verdict.PARTLY, each, timings={"total": 1.25})


@dataclass
class ScriptedAnswerer:
    """Answers every question alike; remembers what it was asked and what was ended early."""

    answer: Answer | None = None
    failure: Exception | None = None
    endless: bool = False
    asked: list[tuple[str, str, tuple[Turn, ...]]] = field(default_factory=list)
    ways: list[tuple[Variant, Scope]] = field(default_factory=list)
    ended_early: list[str] = field(default_factory=list)
    lacks: str = ""

    def require(self, variant: Variant) -> None:
        if variant.name == self.lacks:
            raise PinciteError("The engine here does not offer the model.")

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator["ScriptedAnswerer"]:
        yield self

    async def stream(
        self,
        matter_id: str,
        question: str,
        history: Sequence[Turn],
        variant: Variant,
        scope: Scope = EVERYTHING,
    ) -> AsyncGenerator[Event, None]:
        self.ways.append((variant, scope))
        self.asked.append((matter_id, question, tuple(history)))
        finished = False
        try:
            yield Staged(Stage.SEARCHING)
            passage = Passage("p1", "d1", "Lease.pdf", 0, LEASE, 0, len(LEASE), 3)
            yield Retrieved((Hit(passage, 1.0),), Searched(1, 1, 0, 1))
            yield Delta("Rent is due ")
            while self.endless:
                await asyncio.sleep(0.01)
                yield Delta("and due ")
            if self.failure:
                raise self.failure
            yield Done(self.answer or an_answer())
            finished = True
        finally:
            if not finished:
                self.ended_early.append(question)


class PaperLibrary:
    """A library whose every document is the lease."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.passwords: list[str] = []
        self.speed = Pace()

    async def take(
        self, matter_id: str, path: Path, name: str, *, password: str = ""
    ) -> AsyncGenerator[Added, None]:
        if name.endswith(".exe"):
            yield Added(name, error=DocumentError(f"{name} is not a document.", "Use a PDF."))
            return
        content = await asyncio.to_thread(path.read_text, "utf-8")
        document, is_new = await self._database.put_document(matter_id, name, content, 10)
        ready = {"state": DocumentState.READY, "passages": 1}
        await self._database.update_document(matter_id, document.id, ready)
        yield Added(name, document, is_new)

    async def delete(self, matter_id: str, document_id: str) -> None:
        await self._database.begin_deletion(matter_id, document_id)

    async def delete_matter(self, matter_id: str) -> None:
        await self._database.begin_matter_deletion(matter_id)

    async def retry(self, matter_id: str, document_id: str, password: str = "") -> None:
        self.passwords.append(password)
        await self._database.update_document(
            matter_id, document_id, {"state": DocumentState.QUEUED, "failure": ""}
        )

    async def retry_failed(self, matter_id: str) -> int:
        return await self._database.retry_documents(matter_id)

    async def cancel(self, matter_id: str, document_id: str) -> None:
        cancelled = {"state": DocumentState.FAILED, "failure": "cancelled", "reason": "Cancelled."}
        await self._database.update_document(matter_id, document_id, cancelled)

    async def pace(self, matter_id: str) -> Pace:
        return self.speed

    async def apart(self, function: Callable[..., Any], *args: object) -> Any:
        return await asyncio.to_thread(function, *args)

    async def text(self, matter_id: str, document_id: str) -> str:
        return LEASE

    async def view(
        self, matter_id: str, document_id: str, page: int | None, start: int, end: int
    ) -> PageView | TextView:
        return TextView(LEASE[:start], LEASE[start:end], LEASE[end:])


class ScriptedRunner:
    """Records runs and leaves it to the test how far they come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.changed: tuple[str, ...] = ()

    async def begin(
        self,
        matter_id: str,
        set_id: str,
        variants: Sequence[Variant],
        person: Person,
        *,
        tag: str = "",
    ) -> Run:
        held = await self._database.question_set(matter_id, set_id)
        total = held.size * len(variants)
        manifest = {"tag": tag, "seed": 0}
        return await self._database.create_run(
            matter_id, set_id, held.version, variants, total, manifest, person
        )

    async def cancel(self, matter_id: str, run_id: str) -> None:
        await self._database.set_run_state(matter_id, run_id, RunState.CANCELLED)

    def left_s(self, run: Run) -> float | None:
        return 90.0 if run.done else None

    async def changes(self, run: Run) -> tuple[str, ...]:
        return self.changed


class WordEngine:
    """An engine whose tokens are words."""

    status = ModelStatus("chat", "A model", "cpu", "ready")

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class DeskServices:
    """What the page asks of ``core.services.Services``."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder, _env_file=None)  # type: ignore[call-arg]
        self.profile = SimpleNamespace(name="embedded")
        self.database = Database(folder / "pincite.sqlite")
        self.library = PaperLibrary(self.database)
        self.answerer = ScriptedAnswerer()
        self.runner = ScriptedRunner(self.database)

        self.engine = WordEngine()

    def models(self) -> tuple[str, ...]:
        return ("A model", "An adapter")

    def status(self) -> tuple[ModelStatus, ...]:
        return (ModelStatus("chat", "A model", "cpu", "ready"),)


def by(person_id: str = LOCAL.id, **headers: str) -> gr.Request:
    """A request of a person's, as Gradio passes it to a handler."""
    return gr.Request(username=person_id, headers=headers)


def handler(page: gr.Blocks, name: str, person_id: str = LOCAL.id) -> Callable[..., object]:
    """The function that the page runs for an event of a person's, with its errors told."""
    found = [f.fn for f in page.fns.values() if f.fn is not None and f.fn.__name__ == name]
    assert len(found) == 1, f"{name} is handled {len(found)} times"
    return lambda *args: found[0](*args, by(person_id))  # type: ignore[misc]


def on_event(page: gr.Blocks, event: str, person_id: str = LOCAL.id) -> Any:
    """The function that the page runs when a person's browser fires ``event``."""
    (found,) = (f.fn for f in page.fns.values() if (f.targets[0][1] if f.targets else "") == event)
    return lambda *args: found(*args, by(person_id))


def fired(**value: object) -> gr.EventData:
    """What arrives when the browser fires an event."""
    return gr.EventData(None, value)


def region(page: gr.Blocks, updates: dict[object, object], elem_id: str) -> str:
    """The markup that an event draws into one part of the page."""
    part = next(b for b in page.blocks.values() if getattr(b, "elem_id", None) == elem_id)
    return str(updates[part])
