"""One run of the command line: its settings, its services, and how its errors are told."""

import asyncio
import logging
import os
import pwd
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.deeds import Deed
from core.errors import NotFound, PinciteError, SettingsError
from core.models.privacy import keep_inside
from core.settings import Settings, load_settings
from core.types import Genre, Person, Scope

if TYPE_CHECKING:
    from core.services import Services
    from core.types import Document, Matter, Variant

MatterName = Annotated[str, typer.Option("--matter", help="The matter's name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def settings_of_this_run() -> Settings:
    """The settings of the environment, with logging set up and the libraries kept silent.

    From here on every file that this process or a child of it makes is its own account's alone.
    """
    settings = load_settings()
    os.umask(0o077)
    keep_inside(settings)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s"
    )
    for noisy in ("httpx", "alembic", "FlagEmbedding", "transformers"):
        logging.getLogger(noisy).setLevel("WARNING")
    return settings


def run(
    work: "Callable[[Services], Awaitable[int]]",
    *,
    ingest: bool = True,
    load: bool = True,
    beside: bool = False,
) -> None:
    """Do ``work`` with the services and without a web server; exit with what it returns.

    With ``beside`` it may run while another Pincite works through the queue, and leaves what it
    queues to that one; see ``still_at_work``.
    """

    async def session(settings: Settings) -> int:
        from core.services import Services

        services = Services(settings.model_copy(update={"sample_matter": False}))
        try:
            if load:
                try:
                    await services.start(generate=False, ingest=ingest)
                    await services.ready()
                except SettingsError:
                    if not (beside and services.is_at_work):
                        raise
            else:
                await services.database.start()
            return await work(services)
        finally:
            await services.close()

    with sentences_for_errors():
        code = asyncio.run(session(settings_of_this_run()))
        if code:
            raise typer.Exit(code)


def still_at_work(services: "Services") -> None:
    """Raise ``PinciteError`` once the Pincite that this run stands beside has ended."""
    if not services.is_at_work:
        raise PinciteError(
            "The Pincite that worked on the data has ended.",
            "Start it again: it takes up what is queued.",
        )


def operator() -> Person:
    """Who works on the machine itself, as the audit log names them.

    The account that the process runs under, not what its environment says.
    """
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:  # an account that the machine has no name for, as in containers
        name = str(number)
    return Person("command-line", f"command line ({name})")


async def note(services: "Services", deed: Deed, matter_id: str = "", object_id: str = "") -> None:
    """Note in the audit log what this run of the command line does."""
    await services.database.record(operator(), deed, matter_id, object_id)


@contextmanager
def sentences_for_errors() -> Iterator[None]:
    """At this edge an error of ours is one sentence and exit code 2, never a traceback."""
    try:
        yield
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)
        raise typer.Exit(2) from error


async def matter_named(services: "Services", name: str, *, create: bool = False) -> "Matter":
    """The matter of that name or id; raises ``NotFound`` with the names that there are."""
    matters = await services.database.matters()
    found = [each for each in matters if name in (each.name, each.id)]
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise PinciteError(f"Several matters are named “{name}”.", f"Give an id instead: {ids}.")
    if found:
        return found[0]
    if create:
        made = await services.database.create_matter(name)
        await note(services, Deed.MATTER_CREATED, made.id)
        return made
    known = ", ".join(each.name for each in matters) or "none yet"
    raise NotFound(f"There is no matter named “{name}”.", f"There are: {known}.")


async def scope_of(
    services: "Services",
    matter_id: str,
    names: list[str] | None,
    genres: list[Genre] | None,
    dated_from: datetime | None,
    dated_to: datetime | None,
    old_versions: bool = False,
) -> Scope:
    """The filters as a scope; raises ``NotFound`` for a document that is not in the matter."""
    ids = [(await document_named(services, matter_id, name)).id for name in names or []]
    first, last = (each.date() if each else None for each in (dated_from, dated_to))
    return Scope(tuple(ids), tuple(genres or ()), first, last, old_versions)


async def variant_named(services: "Services", matter_id: str, name: str) -> "Variant":
    """The variant of that name in the matter, without a name the one in force there.

    Raises ``NotFound`` with the names that there are.
    """
    from core.evaluation.variants import in_force, variants_of

    if not name:
        return in_force(await services.database.promotions(matter_id))
    offered = {v.name: v for v in variants_of(await services.database.variants(matter_id))}
    if name not in offered:
        raise NotFound(f"There is no variant named “{name}”.", f"There are: {', '.join(offered)}.")
    return offered[name]


async def document_named(services: "Services", matter_id: str, name: str) -> "Document":
    """The document of that name or id; raises ``NotFound``."""
    found = await services.database.documents(matter_id)
    for each in sorted(found, key=lambda each: each.is_superseded or each.state != "ready"):
        if name in (each.name, each.id):
            return each
    raise NotFound(f"There is no document {name} in the matter.", "List them first.")
