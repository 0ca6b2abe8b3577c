"""Commands that take documents in, list them and delete them."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.deeds import Deed
from core.session import (
    AsJson,
    MatterName,
    document_named,
    matter_named,
    note,
    run,
    still_at_work,
)

if TYPE_CHECKING:
    from core.documents.library import Added
    from core.services import Services
    from core.types import Document


def ingest(paths: list[Path], matter: MatterName) -> None:
    """Take files, folders and zip archives into a matter, which is made if need be.

    A line for each file.
    """

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter, create=True)
        failed = 0
        given: set[str] = set()
        waiting: set[str] = set()
        for path, name in files_of(paths):
            if name in given:  # it would pass for a newer version of the first
                failed += 1
                twice = "Another file of this name was given. Rename one."
                print(f"failed\t{name}\t{twice}", flush=True)
                continue
            given.add(name)
            async for added in taken(services, target.id, path, name):
                if line := told(added):
                    print(line, flush=True)
                if added.document is None:
                    failed += 1
                else:
                    waiting.add(added.document.id)
        async for document in _finished(services, target.id, waiting):
            failed += document.state == "failed"
            print(_line(document), flush=True)
        return 1 if failed else 0

    run(work, beside=True)


def documents(matter: MatterName, as_json: AsJson = False) -> None:
    """List the documents of a matter."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
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
                    "title": each.identity.title,
                    "parties": each.identity.parties,
                    "dated": each.identity.dated and each.identity.dated.isoformat(),
                    "genre": each.identity.genre,
                    "blank_pages": each.blank_pages,
                    "warnings": each.warnings,
                    "version": each.version,
                    "is_superseded": each.is_superseded,
                    "added_at": each.added_at.isoformat(),
                }
                for each in listed
            ]
            print(json.dumps({"documents": rows}, ensure_ascii=False, indent=2))
        else:
            print("\n".join(map(_line, listed)) or "The matter has no documents.")
        return 0

    run(work, load=False)


def delete(
    names: Annotated[list[str] | None, typer.Argument(help="Documents' names or ids.")] = None,
    matter: MatterName = "",
    whole_matter: Annotated[bool, typer.Option(help="Delete the matter itself.")] = False,
) -> None:
    """Delete documents of a matter, or with --whole-matter everything in it."""

    async def work(services: "Services") -> int:
        target = await matter_named(services, matter)
        if whole_matter:
            await services.library.delete_matter(target.id)
            await note(services, Deed.MATTER_DELETED, target.id)
            await services.library.wait()
            return 0
        for name in names or []:
            chosen = await document_named(services, target.id, name)
            named: tuple[Document, ...] = (chosen,)
            if name == chosen.name:
                named = await services.library.versions(target.id, chosen.id)
            for each in reversed(named):  # the one that is searched takes the older ones along
                await services.library.delete(target.id, each.id)
                await note(services, Deed.DOCUMENT_DELETED, target.id, each.id)
            print(f"deleted\t{chosen.name}")
        await services.library.wait()
        return 0

    if bool(names) == whole_matter:
        raise typer.BadParameter("Name documents, or give --whole-matter.")
    run(work)


def files_of(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its name: relative to the folder that was given, or its own."""
    for path in paths:
        if not path.is_dir():
            yield path, path.name
            continue
        for found in sorted(path.rglob("*")):
            inside = found.relative_to(path)
            if found.is_file() and not any(part.startswith(".") for part in inside.parts):
                yield found, inside.as_posix()


async def taken(
    services: "Services", matter_id: str, path: Path, name: str
) -> "AsyncIterator[Added]":
    """Take a file in, with an entry of the audit log for each document that it brings."""
    async for added in services.library.take(matter_id, path, name):
        if added.document is not None and added.is_new:
            await note(services, Deed.DOCUMENT_ADDED, matter_id, added.document.id)
        yield added


def told(added: "Added") -> str:
    """A line for what needs no waiting: refused, or here already."""
    if added.error is not None:
        return f"failed\t{added.name}\t{added.error}"
    if added.document is not None and not added.is_new and added.document.name != added.name:
        return f"known\t{added.name}\tis already here as {added.document.name}"
    return ""


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
            still_at_work(services)
            await asyncio.sleep(0.2)


def _line(document: "Document") -> str:
    if document.state == "failed":
        return f"failed\t{document.name}\t{document.reason} {document.remedy}".rstrip()
    pages = f"{document.pages} pages, " if document.pages else ""
    return f"{document.state}\t{document.name}\t{pages}{document.passages} passages"
