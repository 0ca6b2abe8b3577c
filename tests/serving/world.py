"""A firm for the wall test: people, matters full of words found nowhere else, and a real server."""

import asyncio
import contextlib
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app import build_app
from core.database import Database
from core.evaluation.variants import VARIANTS
from core.models.profile import choose, detect_machine
from core.services import Services
from core.serving.accounts import COOKIE, Accounts
from core.settings import Settings
from core.trials import Outcome, Result, RunState, SetQuestion
from core.types import LOCAL, Answer, AnswerKind, Person, Role, Variant, Verdict
from tests.fakes import FakeEngine, LoadedEncoders

PASSWORD = "lantern orchard staple"


@dataclass
class Case:
    """A matter, and every word and id that only its members may read."""

    id: str
    words: set[str]
    ids: set[str]
    documents: list[str]
    conversation: str
    message: str
    client: str
    set: str
    run: str
    comparison: str
    vote: str
    variant: str


@dataclass
class Someone:
    """A person with a browser: cookie, session, upload."""

    person: Person
    http: httpx.AsyncClient
    session: str
    cases: dict[str, Role]
    upload: str = ""
    event: str = ""
    sent: set[str] = field(default_factory=set)


@dataclass
class Firm:
    """Everything together, with the server's address."""

    app: FastAPI
    services: Services
    people: list[Someone]
    cases: dict[str, Case]
    rng: random.Random

    @property
    def page(self) -> Any:
        """Gradio's own application."""
        return self.app.routes[-1].app  # type: ignore[attr-defined]

    @property
    def fns(self) -> dict[int, Any]:
        """Every event of the page by its index."""
        return dict(self.page.get_blocks().fns)

    def fn(self, name: str) -> int:
        """The index of the event whose handler or trigger has that name."""
        return next(
            index
            for index, fn in self.fns.items()
            if name == getattr(fn.fn, "__name__", "") or (fn.targets and fn.targets[0][1] == name)
        )

    def foreign_to(self, someone: Someone) -> list[Case]:
        """The matters behind a wall."""
        return [case for key, case in self.cases.items() if key not in someone.cases]


def canary(rng: random.Random) -> str:
    """A word that stands in one place alone."""
    return "zq" + "".join(rng.choice("bcdfghklmnprtvxz") for _ in range(12))


@asynccontextmanager
async def firm(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> AsyncIterator[Firm]:
    """Three people and four matters, behind a real server with a fake engine and embedder."""
    monkeypatch.setattr("core.services.Encoders", LoadedEncoders)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder / "gradio"))
    weights = folder / "weights"
    weights.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (weights / name).write_text("{}")
    settings = Settings(
        _env_file=None, data_dir=folder / "data", models_dir=folder, profile="embedded",
        chat_model=str(weights), embedding_model=str(weights), sample_matter=False,
        oidc_issuer="http://127.0.0.1:1", oidc_client_id="pincite",
    )  # type: ignore[call-arg]  # fmt: skip
    services = Services(settings, choose(settings, detect_machine()), FakeEngine(["Yes. [1]"]))
    app, rng = build_app(settings, services), random.Random(seed)  # noqa: S311
    config = uvicorn.Config(app, log_level="critical", ws="none", proxy_headers=False)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        serving = asyncio.create_task(server.serve([listening]))
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        made = Firm(app, services, [], {}, rng)
        try:
            await services.ready()
            await _fill(made, base, folder)
            yield made
        finally:
            for someone in made.people:
                await someone.http.aclose()
            server.should_exit = True
            await serving


async def _fill(firm: Firm, base: str, folder: Path) -> None:
    settings, database = firm.services.settings, firm.services.database
    accounts = Accounts(database, settings.data_dir / "session.key", settings.session_hours)
    boss = await accounts.add(Person("test", "test"), canary(firm.rng), PASSWORD, is_admin=True)
    others = [
        await accounts.add(boss, canary(firm.rng), PASSWORD, is_admin=False) for _ in range(2)
    ]
    for person in (boss, *others):
        cookie = await accounts.begin(person, "127.0.0.1")
        http = httpx.AsyncClient(
            base_url=base, cookies={COOKIE: cookie}, headers={"origin": base}, timeout=20
        )
        session = canary(firm.rng)
        firm.people.append(Someone(person, http, session, {}))
    for number in range(4):
        case = await _case(firm, folder)
        firm.cases[case.id] = case
        # One person is left out of each matter, and one alone owns the last.
        inside = [each for k, each in enumerate(firm.people) if k != number % 3]
        for someone in inside[: 1 if number == 3 else 2]:
            role = Role.OWNER if someone is inside[0] else firm.rng.choice(list(Role))
            await database.grant(case.id, someone.person.id, role)
            someone.cases[case.id] = role
    for someone in firm.people:
        word = canary(firm.rng)
        files = {"files": (f"{word}.txt", f"{word} is uploaded.".encode())}
        someone.upload = (await someone.http.post("/gradio_api/upload", files=files)).json()[0]


async def _case(firm: Firm, folder: Path) -> Case:
    database, rng = firm.services.database, firm.rng
    name, client, title, asked = (canary(rng) for _ in range(4))
    matter = await database.create_matter(name)
    await database.describe_matter(matter.id, {"client": client, "description": canary(rng)})
    words, documents = {name, client, title, asked}, []
    for _ in range(2):
        inside, file = canary(rng), canary(rng)
        path = folder / f"{file}.txt"
        path.write_text(f"Lease\n\nThe Tenant {inside} shall pay the rent each month.\n")
        document = await firm.services.library.add(matter.id, path, path.name)
        words |= {inside, file}
        documents.append(document.id)
    await firm.services.library.wait()
    conversation = await database.create_conversation(matter.id, title, LOCAL)
    message = await database.add_message(matter.id, conversation.id, asked, LOCAL)
    held, run = await _trial(database, matter.id, words, rng)
    comparison, vote, variant = await _compared(database, matter.id, words, rng)
    trials = (held, run, comparison, vote, variant)
    ids = {matter.id, conversation.id, message.id, *trials, *documents}
    return Case(matter.id, words, ids, documents, conversation.id, message.id, client, *trials)


async def _trial(
    database: Database, matter_id: str, words: set[str], rng: random.Random
) -> tuple[str, str]:
    """A question set with a draft, and a finished run of it."""
    name, asked, drafted = (canary(rng) for _ in range(3))
    words |= {name, asked, drafted}
    questions = [SetQuestion("q1", asked), SetQuestion("q2", drafted, is_draft=True)]
    held = await database.create_question_set(matter_id, name, asked=questions)
    run = await database.create_run(
        matter_id, held.id, 1, VARIANTS[:2], 2, {"tag": canary(rng)}, LOCAL
    )
    for position in range(2):
        result = Result(run.id, position, "q1", metrics={"refusal": float(position)})
        await database.keep_result(matter_id, result)
    await database.set_run_state(matter_id, run.id, RunState.DONE)
    return held.id, run.id


async def _compared(
    database: Database, matter_id: str, words: set[str], rng: random.Random
) -> tuple[str, str, str]:
    """A comparison with a vote, and the variant that won."""
    compared, noted, named = (canary(rng) for _ in range(3))
    words |= {compared, noted, named}
    variants = (Variant("draft"), Variant(named, top_k=3))
    made = await database.create_variant(matter_id, variants[1], LOCAL)
    comparison = await database.begin_comparison(matter_id, compared, variants, LOCAL)
    none = Answer(compared, AnswerKind.REFUSAL, Verdict.UNSUPPORTED, ())
    await database.finish_comparison(matter_id, comparison.id, (none, none))
    vote = await database.vote(matter_id, comparison.id, LOCAL, Outcome.WIN, 1, (), noted)
    return comparison.id, vote.id, made.id


async def join(
    firm: Firm, who: Someone, fn: int, data: list[Any], event: Any = None, session: str = ""
) -> httpx.Response:
    """Send an event as a browser does."""
    blocks = firm.page.get_blocks()
    targets = firm.fns[fn].targets
    body = {
        "data": data,
        "event_data": event,
        "fn_index": fn,
        "trigger_id": targets[0][0] if targets else None,
        "session_hash": session or who.session,
    }
    assert blocks is not None
    answer = await who.http.post("/gradio_api/queue/join", json=body)
    if answer.status_code == 200 and not session:
        who.event = answer.json()["event_id"]
    return answer


async def read(who: Someone, session: str = "", limit_s: float = 8.0) -> str:
    """What arrives for a session, to the end or until the time is up."""
    told = ""
    with contextlib.suppress(httpx.HTTPError, TimeoutError):
        async with (
            asyncio.timeout(limit_s),
            who.http.stream(
                "GET", "/gradio_api/queue/data", params={"session_hash": session or who.session}
            ) as stream,
        ):
            async for part in stream.aiter_text():
                told += part
    return told


async def fire(firm: Firm, who: Someone, name: str | int, event: Any = None, **own: Any) -> str:
    """Run an event of the page and return everything that it draws."""
    fn = name if isinstance(name, int) else firm.fn(name)
    values = own.get("values", [])
    count = len(firm.fns[fn].inputs)
    data = [*values, *[None] * (count - len(values))][:count]
    answer = await join(firm, who, fn, data, event)
    return answer.text if answer.status_code != 200 else answer.text + await read(who)
