"""Every object of Pincite, built once and wired here."""

import asyncio
import json
import logging
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import IO

from core.answering.answerer import Answerer
from core.answering.engine import Engine
from core.answering.local_engine import LocalEngine
from core.answering.remote_engine import RemoteEngine
from core.database import Database
from core.documents.files import Files, lives
from core.documents.library import Library
from core.errors import PinciteError
from core.evaluation.runner import Parts, Runner
from core.models import bundled
from core.models.profile import ChatModel, Profile, choose, detect_machine
from core.retrieval.embedding import Encoders
from core.retrieval.indexing import Indexer
from core.retrieval.refusal import thresholds
from core.retrieval.search import Search
from core.retrieval.store import Store
from core.settings import ROOT, Settings
from core.types import ModelStatus, Role
from core.upkeep.lock import LOCK, hold
from core.upkeep.memory import give_back

log = logging.getLogger(__name__)

SAMPLES = ROOT / "assets" / "samples"
CALIBRATION = "calibration"
"""The folder, under the data folder, of thresholds fitted here."""
SAMPLE_MATTER = "Sample matter"


class Services:
    """The application without its faces. Construction is cheap; models load after ``start``.

    ``engine`` stands for the generating model in tests; otherwise the profile decides.
    """

    def __init__(
        self, settings: Settings, profile: Profile | None = None, engine: Engine | None = None
    ) -> None:
        self.settings = settings
        self.profile = profile or choose(settings, detect_machine())
        self.database = Database(settings.data_dir / "pincite.db")
        self.store = Store(settings.data_dir / "index")
        self.encoders = Encoders(self.profile.embedding, self.profile.reranking)
        self.engine = engine or _engine(self.profile.chat, settings)
        self.library = Library(settings, self.database, Indexer(self.store, self.encoders))
        self.search = Search(self.store, self.encoders, settings.retrieve)
        fitted = thresholds(self.profile.embedding.name, settings.data_dir / CALIBRATION)
        self.answerer = Answerer(
            self.search,
            self.encoders,
            self.engine,
            self.profile.chat,
            settings.top_k,
            fitted,
        )
        self.runner = Runner(
            Parts(
                settings,
                self.profile,
                self.database,
                self.answerer,
                self.engine,
                self.encoders,
                Files(settings.data_dir / "documents", settings.file_size_mib),
                self.store.refresh,
                self._judge,
                fitted,
            )
        )
        self._loading: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None
        self._trouble = ""
        self._lock: IO[bytes] | None = None

    def status(self) -> tuple[ModelStatus, ...]:
        """How each model stands, the generating one first."""
        encoders = self.encoders.statuses
        if self._trouble:
            encoders = tuple(
                replace(each, state="failed", detail=each.detail or self._trouble)
                if each.state in ("cold", "loading")
                else each
                for each in encoders
            )
        return (self.engine.status, *encoders)

    def models(self) -> tuple[str, ...]:
        """What a variant may name as its model; the first is the engine's own."""
        return self.answerer.models

    async def _judge(
        self, matter_id: str, question: str, answer: str, reference: str
    ) -> float | None:
        from core.answering.query_engine import judged

        chat = self.profile.chat
        return await judged(matter_id, question, answer, reference, self.engine, chat)

    @property
    def is_at_work(self) -> bool:
        """Whether this process or another works through the queue.

        Whoever does signs the lock; upkeep holds it too, and must be left alone with the data.
        """
        if self._lock is not None:
            return True
        try:
            signed = (self.settings.data_dir / LOCK).read_text("ascii")
        except (OSError, UnicodeDecodeError):
            return False
        return lives(signed)

    async def start(self, *, generate: bool = True, ingest: bool = True) -> None:
        """Open the database and begin to load the models; returns at once.

        With ``generate`` the engine is loaded too; with ``ingest`` the queue is worked through,
        which one process at a time may do.  Raises ``SettingsError`` when another one does.
        """
        await self.database.start()
        if ingest:
            self._lock = hold(self.settings.data_dir, signed=True)
            await self._add_samples()
        self._loading = asyncio.create_task(self._load(generate, ingest), name="loading")
        self._tidying = asyncio.create_task(give_back(), name="memory")

    async def ready(self) -> None:
        """Return when everything that ``start`` began has loaded; raises what went wrong."""
        if self._loading is not None:
            await self._loading
        if self._trouble:
            raise PinciteError(self._trouble)

    async def close(self) -> None:
        """End everything that was started, the last first; idempotent."""
        await self.runner.close()
        await self.library.close()
        begun = [each for each in (self._loading, self._tidying) if each is not None]
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        self._loading = self._tidying = None
        await self.runner.close()
        await self.library.close()
        await self.engine.close()
        await self.encoders.close()
        await self.store.close()
        await self.database.close()
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    async def _load(self, generate: bool, ingest: bool) -> None:
        """Encoders first: a search needs no engine."""
        try:
            await asyncio.to_thread(prepare_models, self.settings, self.profile)
            await asyncio.to_thread(import_module, "core.answering.query_engine")
            dimensions = await self.encoders.start()
            await self.store.start(self.encoders.model_name, dimensions)
            if ingest:
                await self.search.learn()
                await self._resume()
                if generate:  # who only takes documents in has no engine for a run
                    await self.runner.start()
        except Exception as error:
            log.exception("search cannot start")
            known = isinstance(error, PinciteError)
            self._trouble = str(error) if known else f"Search cannot start: {error}"
        if generate:
            await self.engine.start()

    async def _resume(self) -> None:
        await self.library.start()

    async def _add_samples(self) -> None:
        """Fill a fresh start with the sample documents; once, so that deleting them holds."""
        mark = self.settings.data_dir / "samples.added"
        if not self.settings.sample_matter or mark.exists():
            return
        if not await self.database.matters():
            matter = await self.database.create_matter(SAMPLE_MATTER, is_sample=True)
            for person in await self.database.people():
                if person.is_admin:
                    await self.database.grant(matter.id, person.id, Role.OWNER)
            for path in sorted(SAMPLES.iterdir()):
                if path.suffix != ".json":
                    await self.library.add(matter.id, path, path.name)
        mark.touch()


def sample_questions(among: Collection[str] | None = None) -> tuple[tuple[str, str], ...]:
    """The sample documents' example questions as (language, question).

    With ``among``, SHA-256 digests of documents, only those that these documents answer.
    """
    return tuple(
        (language, question)
        for language, question, sha256 in _sample_questions()
        if among is None or sha256 in among
    )


@cache
def _sample_questions() -> tuple[tuple[str, str, str], ...]:
    listed = json.loads((SAMPLES / "questions.json").read_text(encoding="utf-8"))
    digests = {path.name: sha256(path.read_bytes()).hexdigest() for path in SAMPLES.iterdir()}
    return tuple((each["language"], each["question"], digests[each["document"]]) for each in listed)


def prepare_models(settings: Settings, profile: Profile) -> None:
    """Write the bundled models that the profile uses, with a line for each step."""
    sources = {Path(profile.chat.source), Path(profile.embedding.source)}
    own = {settings.models_dir / name for name in (bundled.CHAT, bundled.EMBEDDING)}
    if sources & own:
        bundled.prepare(settings.models_dir, lambda line: print(line, flush=True))


def _engine(model: ChatModel, settings: Settings) -> Engine:
    kind = RemoteEngine if model.device == "remote" else LocalEngine
    return kind(model, settings)
