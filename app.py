"""Pincite's command line and web application; nothing runs on import.

vLLM's and the readers' child processes import this module again: the guard at its end stays.
"""

import socket
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import typer

from core.commands import cli
from core.errors import PinciteError
from core.session import sentences_for_errors, settings_of_this_run
from core.settings import ROOT, Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from core.services import Services


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
