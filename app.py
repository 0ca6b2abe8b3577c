"""Pincite's command line and web application; nothing runs on import.

vLLM's and the readers' child processes import this module again: the guard at its end stays.
"""

import asyncio
import socket
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core.commands import cli
from core.errors import DocumentError, PinciteError
from core.session import sentences_for_errors, settings_of_this_run
from core.settings import ROOT, Settings

LOOK = ("app.css", "pages.css", "pages.js")
"""What dresses the pages that are not Gradio's."""

if TYPE_CHECKING:
    from fastapi import FastAPI, Request
    from fastapi.responses import FileResponse

    from core.services import Services
    from core.serving.accounts import Accounts
    from core.serving.events import Events


def build_app(settings: Settings, services: "Services | None" = None) -> "FastAPI":
    """The web application: our own routes first, the page mounted last, one gate before all."""
    import gradio as gr
    from fastapi import FastAPI

    from core.services import Services
    from core.serving.access import Access
    from core.serving.accounts import Accounts, may_serve, note_settings
    from core.serving.events import Events
    from ui.layout import build_ui, mount_options
    from ui.uploads import sweep, upload_folder

    made = services or Services(settings)
    accounts = Accounts(made.database, settings.data_dir / "session.key", settings.session_hours)
    events = Events(lambda: accounts.key, upload_folder())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await made.start()
        await asyncio.to_thread(sweep, upload_folder())  # those of pages that are gone
        try:
            await may_serve(made.database, settings.host)
            await note_settings(made.database, settings)
            yield
        finally:
            await made.close()

    app = FastAPI(
        title="Pincite", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    _own_routes(app, settings, made, accounts, events)
    app.add_middleware(
        Access,
        database=made.database,
        accounts=accounts,
        events=events,
        own=tuple(app.routes),
        settings=settings,
    )
    mounted: FastAPI = gr.mount_gradio_app(app, build_ui(made), path="/", **mount_options())
    return mounted


def _own_routes(
    app: "FastAPI",
    settings: Settings,
    services: "Services",
    accounts: "Accounts",
    events: "Events",
) -> None:
    """Everything that is answered without Gradio."""
    from fastapi import Request
    from fastapi.responses import HTMLResponse, JSONResponse
    from fastapi.staticfiles import StaticFiles
    from starlette.formparsers import MultiPartException

    from core.evaluation.plots import script_path
    from core.serving.access import PERSON
    from core.serving.administration import administration
    from core.serving.doors import doors
    from core.serving.health import health_routes
    from core.serving.matters import matter_routes
    from core.serving.oidc import oidc_routes
    from core.serving.pages import look_of, shown, status_of
    from core.serving.runs import run_routes
    from ui.pages import PAGES, words_for
    from ui.uploads import UPLOADS, keep_uploads

    database, oidc = services.database, bool(settings.oidc_issuer)
    app.include_router(health_routes(services.status))
    app.include_router(doors(database, accounts, PAGES, oidc=oidc))
    app.include_router(matter_routes(database, PAGES))
    app.include_router(run_routes(database, services.runner.changes, words_for))
    app.include_router(administration(database, accounts, PAGES))
    if oidc:
        app.mount("/oidc", oidc_routes(settings, database, accounts, PAGES))

    async def upload(request: Request, upload_id: str = "") -> JSONResponse:
        person = request.scope[PERSON]
        mine = events.own(person, "upload", upload_id) if upload_id else ""
        limit, folder = settings.file_size_mib * 2**20, events.uploads(person)
        try:
            return JSONResponse(await keep_uploads(request, folder, mine, limit))
        except MultiPartException as error:
            return JSONResponse({"detail": error.message}, 413 if "size" in error.message else 400)
        except DocumentError as error:
            return JSONResponse({"detail": str(error)}, 429)

    async def trouble(request: Request, error: Exception) -> HTMLResponse:
        return shown(PAGES.trouble(look_of(request), str(error)), status_of(error))

    app.add_api_route(UPLOADS, upload, methods=["POST"], include_in_schema=False)
    app.add_exception_handler(PinciteError, trouble)
    icons = ROOT / "assets" / "icons"
    app.mount("/icons", StaticFiles(directory=icons), name="icons")
    files = {"/manifest.json": icons / "manifest.json"}
    files |= {f"/look/{name}": ROOT / "assets" / name for name in LOOK}
    files["/look/plotly.js"] = script_path()  # for assets/plots.js, when there is a plot
    for path, file in files.items():
        app.add_route(path, partial(_file, file))


async def _file(path: Path, _: "Request") -> "FileResponse":
    from fastapi.responses import FileResponse

    return FileResponse(path)


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Start Pincite unless a command is named."""
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def prepare() -> None:
    """Write the bundled models into the models folder, once; about a minute."""
    with sentences_for_errors():
        from core.models.profile import choose, detect_machine
        from core.services import prepare_models

        settings = settings_of_this_run()
        prepare_models(settings, choose(settings, detect_machine()))


@cli.command()
def serve() -> None:
    """Serve the page; the models load behind it."""
    with sentences_for_errors():
        settings = settings_of_this_run()
        asyncio.run(_checked(settings))
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
        # Whose word counts on where a request comes from is decided by the gate alone.
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=3, proxy_headers=False, ws="none"
        )
        uvicorn.Server(config).run(sockets=[listener])


async def _checked(settings: Settings) -> None:
    """Before anything is loaded: raises ``SettingsError`` where strangers could come in."""
    from core.database import Database
    from core.serving.accounts import is_loopback, may_serve

    if not is_loopback(settings.host):
        database = Database(settings.data_dir / "pincite.db")
        try:
            await database.start()
            await may_serve(database, settings.host)
        finally:
            await database.close()


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


if __name__ == "__main__":
    cli()
