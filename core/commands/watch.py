"""The command that watches a folder: what is put there is taken into a matter."""

import asyncio
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

import typer

from core.commands.documents import files_of, taken, told
from core.documents.scratch import SCRATCH, scratch_folder
from core.errors import DocumentError
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

    A file that is removed from the folder stays in the matter: delete it there.  Links are not
    followed.
    """

    async def work(services: "Services") -> int:
        from watchfiles import Change, awatch

        target = await matter_named(services, matter, create=True)
        waiting: dict[str, str] = {}

        async def take(name: str) -> None:
            still_at_work(services)
            settings = services.settings
            with scratch_folder(settings.data_dir / SCRATCH) as own:
                copy = own / PurePath(name).name
                try:
                    await asyncio.to_thread(copy_of, root, name, copy, settings.file_size_mib)
                except DocumentError as error:
                    return print(f"failed\t{name}\t{error}", flush=True)
                async for added in taken(services, target.id, copy, name):
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
        coming = Coming(root)
        try:
            every_ms = int(_QUIET_S * 1000)
            is_first = True
            async for each in awatch(root, rust_timeout=every_ms, yield_on_timeout=True):
                coming.add(Path(path) for change, path in each if change is not Change.deleted)
                if is_first:  # only now: nothing falls between this look and the watching
                    coming.add([path for path, _ in files_of([root])])
                    print(f"watching\t{folder}", flush=True)
                    is_first = False
                for name in await asyncio.to_thread(coming.written):
                    await take(name)
        finally:
            reporting.cancel()
        return 0

    if not folder.is_dir():
        raise typer.BadParameter(f"{folder} is not a folder.")
    root = folder.resolve()
    try:
        run(work, beside=True)
    except KeyboardInterrupt:
        print("ended", file=sys.stderr)


class Coming:
    """Files that came or changed, until nobody writes to them any more; all are waited for at once.

    Named by their paths below ``root``; hidden ones are left out.
    """

    def __init__(self, root: Path, quiet_s: float = _QUIET_S) -> None:
        self._root = root
        self._quiet_s = quiet_s
        self._seen: dict[str, tuple[float, tuple[int, int]]] = {}

    def add(self, paths: Iterable[Path]) -> None:
        """Wait for files to be written."""
        for path in paths:
            name = path.relative_to(self._root)
            if not any(part.startswith((".", "~$")) for part in name.parts):
                self._seen.setdefault(name.as_posix(), (time.monotonic(), (-1, -1)))

    def written(self) -> list[str]:
        """The names of those that have not changed for a while; they are no longer waited for."""
        ready = []
        for name, (since, before) in sorted(self._seen.items()):
            moment = time.monotonic()
            try:
                found = (self._root / name).lstat()
            except OSError:  # gone again; of what cannot be opened, copying says why
                found = None
            if found is None or not stat.S_ISREG(found.st_mode):
                del self._seen[name]
            elif (found.st_size, found.st_mtime_ns) != before:
                self._seen[name] = (moment, (found.st_size, found.st_mtime_ns))
            elif moment - since >= self._quiet_s:
                del self._seen[name]
                ready.append(name)
        return ready


def copy_of(root: Path, name: str, copy: Path, limit_mib: int) -> None:
    """Copy the file ``name`` below ``root`` to ``copy``.

    What is copied is the file that was opened and found in the folder: no link on the way to it
    is followed, whenever it was put there.  Raises ``DocumentError`` for anything else than a
    file, one larger than ``limit_mib`` MiB, and one that cannot be read.
    """
    try:
        with os.fdopen(_opened(root, PurePath(name)), "rb") as source, copy.open("wb") as kept:
            found = os.fstat(source.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise DocumentError("It is not a file.", "Put the file itself there.")
            if found.st_size > limit_mib * 2**20:
                raise DocumentError(
                    f"It is larger than {limit_mib} MiB.",
                    "Split it, or raise PINCITE_FILE_SIZE_MIB.",
                )
            shutil.copyfileobj(source, kept, 1 << 20)
    except OSError as error:
        raise DocumentError(
            f"It cannot be read: {error.strerror or error}.",
            "Put the file itself there, not a link, and see that it may be opened.",
        ) from error


def _opened(root: Path, name: PurePath) -> int:
    """A descriptor of the file; each folder on the way is opened from the one before."""
    reading = os.O_RDONLY | os.O_CLOEXEC
    folder = os.open(root, reading | os.O_DIRECTORY)
    try:
        for part in name.parts[:-1]:
            inner = os.open(part, reading | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        # A pipe that nobody writes to would be waited for.
        return os.open(name.name, reading | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
