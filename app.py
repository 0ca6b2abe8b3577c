"""Pincite's command line and web application; nothing runs on import.

vLLM's and the readers' child processes import this module again: the guard at its end stays.
"""

import asyncio
import json
import logging
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from core.errors import NotFound, PinciteError
from core.evaluation.records import (
    answer_record,
    hit_records,
    read_questions,
    whole_file,
    write_line,
)
from core.models.privacy import keep_inside
from core.settings import ROOT, Settings, load_settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core.services import Services
    from core.types import Answer, Citation, Document, Matter

cli = typer.Typer(
    help="Pincite: answers about your documents in which every statement carries a pincite.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
)
MatterName = Annotated[str, typer.Option("--matter", help="The matter's name.")]
VariantName = Literal["draft", "quotes", "dense", "lexical"]
Mode = Literal["hybrid", "dense", "lexical"]
Top = Annotated[int, typer.Option("--top", min=1, max=1000, help="Passages for each question.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def build_app(settings: Settings, services: "Services | None" = None) -> "FastAPI":
    """The web application: health routes first, the page mounted last, one lifespan over both."""
    import gradio as gr
    from fastapi import FastAPI
    from fastapi.responses import FileResponse
    from fastapi.staticfiles import StaticFiles

    from core.services import Services
    from core.serving.health import health_routes
    from ui.layout import build_ui, mount_options

    made = services or Services(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await made.start()
        try:
            yield
        finally:
            await made.close()

    app = FastAPI(title="Pincite", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.include_router(health_routes(made.status))
    icons = ROOT / "assets" / "icons"
    app.mount("/icons", StaticFiles(directory=icons), name="icons")
    app.add_api_route(
        "/manifest.json",
        lambda: FileResponse(icons / "manifest.json", media_type="application/manifest+json"),
        include_in_schema=False,
    )
    mounted: FastAPI = gr.mount_gradio_app(app, build_ui(made), path="/", **mount_options())
    return mounted


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Start Pincite unless a command is named."""
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def prepare() -> None:
    """Write the bundled models into the models folder, once; about a minute."""
    with _sentences_for_errors():
        from core.models.profile import choose, detect_machine
        from core.services import prepare_models

        settings = _settings()
        prepare_models(settings, choose(settings, detect_machine()))


@cli.command()
def serve() -> None:
    """Serve the page; the models load behind it."""
    with _sentences_for_errors():
        settings = _settings()
        listener = _listen(settings.host, settings.port)
        from core.services import Services

        services = Services(settings)
        chat, embedding = services.profile.chat, services.profile.embedding
        print(
            f"Profile {services.profile.name}: {chat.name} on {chat.device}, "
            f"{embedding.name} on {embedding.device}.",
            flush=True,
        )
        import uvicorn

        app = build_app(settings, services)
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        print(f"Pincite answers at {address}", flush=True)
        if settings.open_window:
            webbrowser.open(address)
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=3)
        uvicorn.Server(config).run(sockets=[listener])


@cli.command()
def ingest(paths: list[Path], matter: MatterName) -> None:
    """Take files and folders into a matter, which is made if need be; a line for each file."""

    async def work(services: "Services") -> int:
        target = await _matter(services, matter, create=True)
        failed = 0
        added: dict[str, str] = {}
        for path, name in _files(paths):
            try:
                if name in added.values():
                    raise PinciteError("Another file of this name was given.", "Rename one.")
                document = await services.library.add(target.id, path, name, replace=True)
                added[document.id] = name
            except PinciteError as error:
                failed += 1
                print(f"failed\t{name}\t{error}", flush=True)
        async for document in _finished(services, target.id, set(added)):
            failed += document.state == "failed"
            print(_line(document), flush=True)
        return 1 if failed else 0

    _run(work)


@cli.command()
def ask(
    question: Annotated[str, typer.Argument(help="One question.")] = "",
    matter: MatterName = "",
    questions: Annotated[Path | None, typer.Option(help="A JSONL file of questions.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where the answers go, as JSONL.")] = None,
    variant: Annotated[VariantName, typer.Option(help="How to answer.")] = "draft",
    as_json: AsJson = False,
) -> None:
    """Answer one question, or every question of a file."""

    async def work(services: "Services") -> int:
        from core.evaluation.variants import variant_named

        chosen = variant_named(variant)
        target = await _matter(services, matter)
        if questions is None:
            answer = await _answer(services, target.id, question, chosen)
            print(
                json.dumps(answer_record(answer), ensure_ascii=False) if as_json else _told(answer)
            )
            return 0
        asked = read_questions(questions)
        with whole_file(out) as lines:
            for line in _counted(asked):
                answer = await _answer(services, target.id, line["question"], chosen)
                write_line(lines, {"id": line["id"], **answer_record(answer)})
        return 0

    if bool(question.strip()) == bool(questions) or bool(questions) != bool(out):
        raise typer.BadParameter("Give one QUESTION, or --questions together with --out.")
    _run(work, generate=variant == "draft", ingest=False)


@cli.command()
def search(
    questions: Annotated[Path, typer.Option(help="A JSONL file of questions.")],
    matter: MatterName,
    out: Annotated[Path, typer.Option(help="Where the passages go, as JSONL.")],
    top: Top = 64,
    mode: Annotated[Mode, typer.Option(help="How to search.")] = "hybrid",
) -> None:
    """Find the passages for every question of a file; no text is generated."""

    async def work(services: "Services") -> int:
        target = await _matter(services, matter)
        asked = read_questions(questions)
        with whole_file(out) as lines:
            for line in _counted(asked):
                found = await services.search.find(target.id, line["question"], mode, limit=top)
                write_line(lines, {"id": line["id"], "results": hit_records(found.hits)})
        return 0

    _run(work, ingest=False)


@cli.command()
def documents(matter: MatterName, as_json: AsJson = False) -> None:
    """List the documents of a matter."""

    async def work(services: "Services") -> int:
        target = await _matter(services, matter)
        listed = await services.database.documents(target.id)
        if as_json:
            rows = [
                {
                    "id": each.id,
                    "name": each.name,
                    "state": each.state,
                    "reason": " ".join(filter(None, [each.reason, each.remedy])),
                    "pages": each.pages,
                    "passages": each.passages,
                    "added_at": each.added_at.isoformat(),
                }
                for each in listed
            ]
            print(json.dumps({"documents": rows}, ensure_ascii=False, indent=2))
        else:
            print("\n".join(map(_line, listed)) or "The matter has no documents.")
        return 0

    _run(work, load=False)


@cli.command()
def delete(
    names: Annotated[list[str] | None, typer.Argument(help="Documents' names or ids.")] = None,
    matter: MatterName = "",
    whole_matter: Annotated[bool, typer.Option(help="Delete the matter itself.")] = False,
) -> None:
    """Delete documents of a matter, or with --whole-matter everything in it."""

    async def work(services: "Services") -> int:
        target = await _matter(services, matter)
        if whole_matter:
            await services.delete_matter(target.id)
            return 0
        listed = await services.database.documents(target.id)
        for name in names or []:
            chosen = [each for each in listed if name in (each.name, each.id)]
            if not chosen:
                raise NotFound(f"There is no document {name} in the matter.", "List them first.")
            await services.library.delete(target.id, chosen[0].id)
            print(f"deleted\t{chosen[0].name}")
        await services.store.optimize()
        return 0

    if bool(names) == whole_matter:
        raise typer.BadParameter("Name documents, or give --whole-matter.")
    _run(work)


def _settings() -> Settings:
    settings = load_settings()
    keep_inside(settings)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("httpx", "alembic", "FlagEmbedding", "transformers"):
        logging.getLogger(noisy).setLevel("WARNING")
    return settings


def _run(
    work: "Callable[[Services], Awaitable[int]]",
    *,
    generate: bool = False,
    ingest: bool = True,
    load: bool = True,
) -> None:
    """Do ``work`` with the services and without a web server; exit with what it returns."""

    async def session(settings: Settings) -> int:
        from core.services import Services

        services = Services(settings.model_copy(update={"sample_matter": False}))
        try:
            if load:
                await services.start(generate=generate, ingest=ingest)
                await services.ready()
            else:
                await services.database.start()
            return await work(services)
        finally:
            await services.close()

    with _sentences_for_errors():
        code = asyncio.run(session(_settings()))
        if code:
            raise typer.Exit(code)


@contextmanager
def _sentences_for_errors() -> Iterator[None]:
    """At this edge an error of ours is one sentence and exit code 2, never a traceback."""
    try:
        yield
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PinciteError(
            f"The address {host}:{port} cannot be used: {error.strerror}.",
            "End what uses it, or set PINCITE_PORT to another port.",
        ) from error
    return listener


async def _matter(services: "Services", name: str, *, create: bool = False) -> "Matter":
    """The matter of that name; raises ``NotFound`` with the names that there are."""
    matters = {each.name: each for each in await services.database.matters()}
    if name in matters:
        return matters[name]
    if create:
        return await services.database.create_matter(name)
    known = ", ".join(matters) or "none yet"
    raise NotFound(f"There is no matter named “{name}”.", f"There are: {known}.")


def _files(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its name: relative to the folder that was given, or its own."""
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for found in sorted(path.rglob("*")):
            inside = found.relative_to(path)
            if found.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield found, inside.as_posix()


async def _finished(
    services: "Services", matter_id: str, waiting: set[str]
) -> "AsyncIterator[Document]":
    """Each awaited document as it becomes ready or fails."""
    while waiting:
        for document in await services.database.documents(matter_id):
            if document.id in waiting and document.state in ("ready", "failed"):
                waiting.discard(document.id)
                yield document
        if waiting:
            await asyncio.sleep(0.2)


def _line(document: "Document") -> str:
    if document.state == "failed":
        return f"failed\t{document.name}\t{document.reason} {document.remedy}".rstrip()
    pages = f"{document.pages} pages, " if document.pages else ""
    return f"{document.state}\t{document.name}\t{pages}{document.passages} passages"


async def _answer(services: "Services", matter_id: str, question: str, variant: Any) -> "Answer":
    from core.types import Done

    async for event in services.answerer.stream(matter_id, question, (), variant):
        if isinstance(event, Done):
            return event.answer
    raise PinciteError("The answer ended before it was done.", "Ask again.")


def _told(answer: "Answer") -> str:
    """An answer for a terminal: statements with their marks, then the pincites."""
    lines = [f"({answer.notice.replace('_', ' ')})"] if answer.notice else []
    cited: dict[int, Citation] = {}
    for statement in answer.statements:
        marks = "".join(f" [{each.marker}]" for each in statement.citations)
        doubt = "" if statement.verdict == "supported" else f" ({statement.verdict})"
        lines.append(f"{statement.text}{marks}{doubt}")
        cited |= {each.marker: each for each in statement.citations}
    for marker, each in sorted(cited.items()):
        page = f", p. {each.page}" if each.page else ""
        clause = f", {each.path[-1]}" if each.path else ""
        lines.append(f"[{marker}] {each.document_name}{page}{clause}")
    return "\n".join(lines)


def _counted(asked: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(asked, 1):
        yield line
        if sys.stderr.isatty():
            print(f"\r{number} of {len(asked)}", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)


if __name__ == "__main__":
    cli()
