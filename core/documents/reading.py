"""Files in, text out: each kind's reader, and the process that reading runs in."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from core.documents.archives import guard
from core.documents.kinds import kind_of
from core.documents.locks import unlocked
from core.documents.scratch import Scratch, new_scratch
from core.errors import DocumentError, PinciteError
from core.types import ExtractedText

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

T = TypeVar("T")
Progress: TypeAlias = Callable[[int, int], None]
"""Told after each page of slow work: the pages done, and the pages in all."""

_MEMORY_BYTES = 4 << 30
_WHOLE_S = 6 * 3600.0
_LEAST_S = 600.0
_PER_MIB_S = 600.0
"""The longest reading of one file that goes on making progress, by its size: see ``longest_s``."""
_GLANCE_S = 1.0
_ARCHIVES = {"xlsx", "pptx", "odt", "ods", "odp"}
_CONVERTED = {
    "doc": "docx",
    "rtf": "docx",
    "odt": "docx",
    "xls": "xlsx",
    "ods": "xlsx",
    "ppt": "pptx",
    "odp": "pptx",
}
"""Kinds that LibreOffice saves anew, and as what."""
NO_PROGRESS: Progress = lambda done, pages: None  # noqa: E731 - a constant that is a function


def read(
    path: Path,
    name: str,
    *,
    password: str = "",
    progress: Progress | None = None,
    depth: int = 0,
) -> ExtractedText:
    """Read the file at ``path`` that the reader knows as ``name``.

    ``password`` opens a protected file and is not kept.  ``depth`` counts the files around one
    that is attached to a message.  Blocking, and only as safe as the parsers: run it through
    ``Reader``.  Raises ``PasswordNeeded`` when the password is missing or wrong and
    ``DocumentError`` for anything that cannot be taken in, also when no word is found.
    """
    try:
        kind = kind_of(path, name)
    except OSError as error:
        raise DocumentError(
            "This file could not be opened.", "Check that it is still there and add it again."
        ) from error
    try:
        extracted = _read(path, kind, name, password, progress or NO_PROGRESS, depth)
    except DocumentError:
        raise
    except MemoryError as error:
        raise DocumentError(
            "This file needs more memory to read than one file may take.",
            "Split it into smaller files and add those.",
        ) from error
    except Exception as error:
        # A hostile file makes a dozen libraries raise anything at all, from KeyError to
        # RecursionError; each is this file's failure, with its cause kept for the log.
        raise DocumentError(
            f"This {'picture' if kind == 'image' else 'file'} is damaged and cannot be read.",
            "Open it in the program that made it, save it again, and add the new copy.",
        ) from error
    if not any(character.isalnum() for character in extracted.text):
        raise _no_text(kind)
    return extracted


def _read(
    path: Path, kind: str, name: str, password: str, progress: Progress, depth: int
) -> ExtractedText:
    if kind == "pdf":
        from core.documents.pdf import read_pdf

        return read_pdf(path, password, progress)
    if kind == "image":
        from core.documents.pictures import read_picture

        return read_picture(path, progress)
    if kind in ("eml", "msg"):
        from core.documents.mail import read_eml, read_msg

        return (read_eml if kind == "eml" else read_msg)(path, progress, depth)
    with unlocked(path, kind, password) as plain:
        return _read_office(plain, kind_of(plain, name) if kind == "office" else kind, name)


def _read_office(path: Path, kind: str, name: str) -> ExtractedText:
    """Read Word, Excel, PowerPoint and their likes, and files of plain text."""
    if kind in _ARCHIVES:
        guard(path)
    if kind in _CONVERTED:
        from core.documents.conversion import converted

        with converted(path, kind, _CONVERTED[kind]) as saved:
            return _read_office(saved, _CONVERTED[kind], name)
    if kind == "docx":
        from core.documents.docx import read_docx

        return read_docx(path)
    if kind == "xlsx":
        from core.documents.spreadsheet import read_xlsx

        return read_xlsx(path)
    if kind == "pptx":
        from core.documents.slides import read_pptx

        return read_pptx(path)
    from core.documents import markup

    readers = {"txt": markup.read_text, "md": markup.read_markdown, "html": markup.read_html}
    try:
        return readers[kind](path.read_bytes())
    except DocumentError as error:
        raise _not_what_it_is_called(Path(name).suffix.lower()) or error from error


def _not_what_it_is_called(suffix: str) -> DocumentError | None:
    """Why binary content of a known name cannot be read: it is not what its name says."""
    if suffix.lstrip(".") not in {"pdf", "docx", "xlsx", "pptx", "eml", "msg", *_CONVERTED}:
        return None
    return DocumentError(
        f"This file is damaged: it is named {suffix} but does not hold such a document.",
        "Open it in the program that made it, save it again, and add the new copy.",
    )


def _no_text(kind: str) -> DocumentError:
    if kind in ("pdf", "image"):
        return DocumentError(
            "No words were found in this file, neither as text nor by text recognition.",
            "Check that its pages are not blank; scan it again, darker or at 300 dpi.",
        )
    return DocumentError("This file holds no text.", "Check the original and add it again.")


def longest_s(size_bytes: int) -> float:
    """How long, in seconds, reading a file of some size may take that goes on making progress.

    10 minutes and 10 more for each MiB, at most 6 hours: a scanned page has 20 KiB or more, and
    recognising its words takes 10 seconds of a small machine, so that long scans have the time
    that they need and a small file does not hold a reader by telling of page after page.
    """
    return min(_WHOLE_S, _LEAST_S + size_bytes / 2**20 * _PER_MIB_S)


class Reader:
    """Reads one file at a time in a process of its own, which a hostile file may bring down.

    The process starts with the first file, is replaced when it dies or overruns, and ends with
    ``close``.  What it writes goes into a folder of its own, which goes when the process does.
    """

    def __init__(
        self, timeout_s: float, whole_s: float = _WHOLE_S, scratch: Path | None = None
    ) -> None:
        """``timeout_s`` is the longest stretch without progress, ``whole_s`` the longest in all.

        ``scratch`` is where its folder is made: the system's folder for temporary files if not
        given.
        """
        self._timeout_s = timeout_s
        self._whole_s = whole_s
        self._parent = scratch
        self._scratch: Scratch | None = None
        self._turn = asyncio.Lock()
        self._child: SpawnProcess | None = None
        self._line: Connection | None = None

    async def read(
        self, path: Path, name: str, *, password: str = "", progress: Progress | None = None
    ) -> ExtractedText:
        """Read a file without holding the event loop; see the function ``read``."""
        told = progress or NO_PROGRESS
        return await self.run(read, path, name, progress=told, password=password)

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        progress: Progress | None = None,
        within_s: float | None = None,
        **named: object,
    ) -> T:
        """Call a module-level function in the process; arguments and result are pickled.

        With ``progress``, the function is given a ``progress`` of its own to call; what it tells
        arrives here, in a thread beside the event loop's, and starts the time limit anew.
        ``within_s`` is the longest in all for this call, where it is less than the reader's; see
        ``longest_s``.  Raises what the function raises of ``PinciteError``, and ``DocumentError``
        when it takes longer than a limit or kills the process.
        """
        async with self._turn:
            request = (function, args, named, progress is not None)
            whole_s = min(self._whole_s, within_s or self._whole_s)
            asking: asyncio.Future[T] = asyncio.ensure_future(
                asyncio.to_thread(self._ask, request, progress or NO_PROGRESS, whole_s)
            )
            try:
                return await asyncio.shield(asking)
            except asyncio.CancelledError:
                await self._abandon(asking)
                raise

    async def _abandon(self, asking: "asyncio.Future[T]") -> None:
        """End the reading under way before the next may start: its answer must not be taken."""
        while not asking.done():
            self._kill()
            await asyncio.wait([asking], timeout=0.05)
        asking.exception()

    async def close(self) -> None:
        """End the process; a reading under way fails."""
        self._kill()

    def _ask(self, request: tuple[object, ...], progress: Progress, whole_s: float) -> Any:
        line = self._line
        if line is None or self._child is None or not self._child.is_alive():
            self._kill()
            line = self._start()
        ends_at = time.monotonic() + whole_s
        self._send(line, request)
        while True:
            message, *told = self._next(line, ends_at, whole_s)
            if message == "failed":
                raise told[0]
            if message == "done":
                return told[0]
            try:
                progress(*told)
            except BaseException:
                self._kill()  # the answer is still to come, and nobody waits for it
                raise

    def _send(self, line: Connection, request: tuple[object, ...]) -> None:
        try:
            line.send(request)
        except OSError as error:
            self._kill()
            raise _died() from error

    def _next(self, line: Connection, ends_at: float, whole_s: float) -> tuple[Any, ...]:
        """The child's next message; raises ``DocumentError`` when it dies or a limit passes."""
        try:
            if line.poll(max(0.0, min(self._timeout_s, ends_at - time.monotonic()))):
                message: tuple[Any, ...] = line.recv()
                return message
        except (EOFError, OSError) as error:
            self._kill()
            raise _died() from error
        self._kill()
        limit_s = whole_s if time.monotonic() >= ends_at else self._timeout_s
        raise DocumentError(
            f"Reading this file took longer than {limit_s:g} seconds and was stopped.",
            "Split it into smaller files, or save it again as PDF, and add that.",
        )

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        line, far_end = context.Pipe()
        self._scratch = new_scratch(self._parent)
        child = context.Process(
            target=_serve, args=(far_end, self._scratch.path), name="pincite-reader", daemon=True
        )
        child.start()
        far_end.close()
        self._child, self._line = child, line
        return line

    def _kill(self) -> None:
        child, line, own = self._child, self._line, self._scratch
        self._child = self._line = self._scratch = None
        if child is not None:
            child.kill()
            child.join()
        if line is not None:
            line.close()
        if own is not None:
            own.remove()


def _died() -> DocumentError:
    return DocumentError(
        "Reading this file failed: it is damaged or needs more memory than there is.",
        "Save it again in the program that made it, or as PDF, and add the new copy.",
    )


def _serve(line: Connection, folder: Path) -> None:
    """The child: answer each ``(function, args, named, tells)`` with a result or an error.

    ``folder`` takes the place of the system's for temporary files, here and in what is started.
    """
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()

    def tell(done: int, pages: int) -> None:
        line.send(("progress", done, pages))

    while True:
        try:
            function, args, named, tells = line.recv()
        except EOFError:
            return
        try:
            line.send(("done", function(*args, **named, **({"progress": tell} if tells else {}))))
        except PinciteError as error:
            line.send(("failed", error))


def _end_with_parent(folder: Path) -> None:
    """A reader whose parent was killed would read on alone, and leave what it has written."""
    parent = multiprocessing.parent_process()
    while parent is not None and os.getppid() == parent.pid:
        time.sleep(_GLANCE_S)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)
