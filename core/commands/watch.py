"""The command that watches a folder: what is put there is taken into a matter."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.documents import files_of, taken, told
from core.errors import PinciteError
from core.session import MatterName, matter_named, run, still_at_work

if TYPE_CHECKING:
    from core.services import Services

_QUIET_S = 1.0
"""A file whose size and time have not changed for so long has been written."""


def watch(
    folder: Annotated[Path, typer.Argument(help="The folder, with everything below it.")],
    matter: MatterName,
) -> None:
    """Take a folder's files into a matter, and every one that comes or changes, until ended.

    A file that is removed from the folder stays in the matter: delete it there.
    """

    async def work(services: "Services") -> int:
        from watchfiles import Change, awatch

        target = await matter_named(services, matter, create=True)
        waiting: dict[str, str] = {}

        async def take(paths: list[Path]) -> None:
            for path, name in paths_under(folder, paths):
                if await _is_written(path):
                    still_at_work(services)
                    async for added in taken(services, target.id, path, name):
                        if line := told(added):
                            print(line, flush=True)
                        if added.document is not None and added.is_new:
                            waiting[added.document.id] = added.document.name

        async def report() -> None:
            while True:
                for document in await services.database.documents(target.id):
                    if document.id in waiting and document.state in ("ready", "failed"):
                        del waiting[document.id]
                        print(f"{document.state}\t{document.name}\t{document.reason}", flush=True)
                await asyncio.sleep(1)

        reporting = asyncio.create_task(report())
        try:
            changes = awatch(folder)  # before the first look: nothing falls between the two
            await take([path for path, _ in files_of([folder])])
            print(f"watching\t{folder}", flush=True)
            async for each in changes:
                coming = {Path(path) for change, path in each if change is not Change.deleted}
                await take(sorted(coming))
        finally:
            reporting.cancel()
        return 0

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder.")
    try:
        run(work, beside=True)
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)


def paths_under(folder: Path, paths: list[Path]) -> list[tuple[Path, str]]:
    """Each file with its name, relative to the folder; hidden ones are left out."""
    root = folder.resolve()
    inside = [(path, path.resolve()) for path in paths if path.is_file()]
    named = [(path, real.relative_to(root)) for path, real in inside if real.is_relative_to(root)]
    return [
        (path, name.as_posix())
        for path, name in named
        if not any(part.startswith((".", "~$")) for part in name.parts)
    ]


async def _is_written(path: Path) -> bool:
    """Wait until nobody writes to a file any more; whether it is still there then."""
    try:
        while True:
            before = await asyncio.to_thread(path.stat)
            await asyncio.sleep(_QUIET_S)
            after = await asyncio.to_thread(path.stat)
            if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
                return True
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return False
        raise PinciteError(f"{path.name} cannot be read: {error.strerror}.") from error
