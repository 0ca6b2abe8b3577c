"""Files in, text out: what kind a file is, its reader, and the process that reading runs in."""

import asyncio
import multiprocessing
import signal
import time
import zipfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from core.errors import DocumentError, PinciteError
from core.types import ExtractedText

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

T = TypeVar("T")

Progress: TypeAlias = Callable[[int, int], None]
"""Is told the pages done and the pages in all."""

NO_PROGRESS: Progress = lambda done, pages: None  # noqa: E731 - a constant that is a function
_MEMORY_BYTES = 4 << 30
_WHOLE_S = 6 * 3600.0
"""The longest reading of one file that goes on making progress: a long scan takes hours."""
_SUFFIXES = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "txt",
    ".docx": "txt",
    "": "txt",
}
"""What a file that holds text is read as, by its name's suffix."""
_SIGNATURES = (
    (b"{\\rtf", "a rich text file (.rtf)"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"\x1f\x8b", "a compressed file (.gz)"),
    (b"7z\xbc\xaf", "an archive (.7z)"),
    (b"Rar!", "an archive (.rar)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAKEN = "Pincite takes PDF, Word (.docx), text, Markdown and HTML."


def kind_of(path: Path, name: str) -> str:
    """Tell ``pdf``, ``docx``, ``txt``, ``md`` or ``html`` from the content, then from ``name``.

    Raises ``DocumentError`` for an empty file and for one of a kind that is not taken.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise DocumentError("This file is empty.", "Check the original and add it again.")
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(_OLE):
        raise _old_office_file(path)
    for signature, what in _SIGNATURES:
        if head.startswith(signature):
            raise DocumentError(
                f"This file is {what}, which cannot be read.",
                f"{_TAKEN} Save it as one of these and add it again.",
            )
    return _kind_of_text(head, name)


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise DocumentError(
            "This Word file is damaged: it cannot be opened.",
            "Open it in Word, save it again as .docx, and add the new copy.",
        ) from error
    if any(name.startswith("word/") for name in names):
        return "docx"
    what = "an archive (.zip)"
    for folder, product in (("xl/", "an Excel file"), ("ppt/", "a PowerPoint file")):
        if any(name.startswith(folder) for name in names):
            what = product
    if "mimetype" in names:
        what = "an OpenDocument or e-book file"
    raise DocumentError(
        f"This file is {what}, which cannot be read.",
        f"{_TAKEN} Save it as one of these and add it again.",
    )


def _old_office_file(path: Path) -> DocumentError:
    content = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in content:
        return DocumentError(
            "This Word file is protected by a password.",
            "Save a copy without the password and add that.",
        )
    if "WordDocument".encode("utf-16-le") in content:
        return DocumentError(
            "This is an old Word file (.doc).", "Save it as .docx and add it again."
        )
    return DocumentError(
        "This is an old Office file, which cannot be read.",
        f"{_TAKEN} Save it as one of these and add it again.",
    )


def _kind_of_text(head: bytes, name: str) -> str:
    suffix = Path(name).suffix.lower()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    kind = _SUFFIXES.get(suffix)
    if kind is None:
        raise DocumentError(
            f"Files of the kind {suffix} cannot be read.",
            f"{_TAKEN} Save it as one of these and add it again.",
        )
    return kind


def read(path: Path, name: str) -> ExtractedText:
    """Read the file at ``path`` that the reader knows as ``name``.

    Blocking, and only as safe as the parsers: run it through ``Reader``.  Raises
    ``DocumentError`` for anything that cannot be taken in, also when no word is found.
    """
    try:
        kind = kind_of(path, name)
        extracted = _read(path, kind)
    except DocumentError:
        raise
    except OSError as error:
        raise DocumentError(
            "This file could not be opened.", "Check that it is still there and add it again."
        ) from error
    except MemoryError as error:
        raise DocumentError(
            "This file needs more memory to read than one file may take.",
            "Split it into smaller files and add those.",
        ) from error
    except Exception as error:
        raise DocumentError(
            "This file is damaged and cannot be read.",
            "Open it in the program that made it, save it again, and add the new copy.",
        ) from error
    if not extracted.text.strip():
        raise _no_text(kind)
    return extracted


def _read(path: Path, kind: str) -> ExtractedText:
    if kind == "pdf":
        from core.documents.pdf import read_pdf

        return read_pdf(path)
    if kind == "docx":
        from core.documents.docx import read_docx

        return read_docx(path)
    from core.documents import markup

    readers = {"txt": markup.read_text, "md": markup.read_markdown, "html": markup.read_html}
    return readers[kind](path.read_bytes())


def _no_text(kind: str) -> DocumentError:
    if kind == "pdf":
        return DocumentError(
            "This PDF has no text layer: it is scanned, empty or damaged.",
            "Run text recognition (OCR) on it, for example in the scanner's program, and add "
            "the result.",
        )
    return DocumentError("This file holds no text.", "Check the original and add it again.")


class Reader:
    """Reads one file at a time in a process of its own, which a hostile file may bring down.

    The process starts with the first file, is replaced when it dies or overruns, and ends with
    ``close``.
    """

    def __init__(self, timeout_s: float, whole_s: float = _WHOLE_S) -> None:
        """``timeout_s`` is the longest stretch without progress, ``whole_s`` the longest in all."""
        self._timeout_s = timeout_s
        self._whole_s = whole_s
        self._turn = asyncio.Lock()
        self._child: SpawnProcess | None = None
        self._line: Connection | None = None

    async def read(self, path: Path, name: str) -> ExtractedText:
        """Read a file without holding the event loop; see the function ``read``."""
        return await self.run(read, path, name)

    async def run(
        self,
        function: Callable[..., T],
        *args: object,
        progress: Progress | None = None,
        **named: object,
    ) -> T:
        """Call a module-level function in the process; arguments and result are pickled.

        With ``progress``, the function is given a ``progress`` of its own to call; what it tells
        arrives here, in a thread beside the event loop's, and starts the time limit anew.  Raises
        what the function raises of ``PinciteError``, and ``DocumentError`` when it takes longer
        than a limit or kills the process.
        """
        async with self._turn:
            request = (function, args, named, progress is not None)
            asking: asyncio.Future[T] = asyncio.ensure_future(
                asyncio.to_thread(self._ask, request, progress or NO_PROGRESS)
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

    def _ask(self, request: tuple[object, ...], progress: Progress) -> Any:
        line = self._line
        if line is None or self._child is None or not self._child.is_alive():
            self._kill()
            line = self._start()
        ends_at = time.monotonic() + self._whole_s
        self._send(line, request)
        while True:
            message, *told = self._next(line, ends_at)
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

    def _next(self, line: Connection, ends_at: float) -> tuple[Any, ...]:
        """The child's next message; raises ``DocumentError`` when it dies or a limit passes."""
        try:
            if line.poll(max(0.0, min(self._timeout_s, ends_at - time.monotonic()))):
                message: tuple[Any, ...] = line.recv()
                return message
        except (EOFError, OSError) as error:
            self._kill()
            raise _died() from error
        self._kill()
        limit_s = self._whole_s if time.monotonic() >= ends_at else self._timeout_s
        raise DocumentError(
            f"Reading this file took longer than {limit_s:g} seconds and was stopped.",
            "Split it into smaller files, or save it again as PDF, and add that.",
        )

    def _start(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        line, far_end = context.Pipe()
        child = context.Process(target=_serve, args=(far_end,), name="pincite-reader", daemon=True)
        child.start()
        far_end.close()
        self._child, self._line = child, line
        return line

    def _kill(self) -> None:
        child, line = self._child, self._line
        self._child = self._line = None
        if child is not None:
            child.kill()
            child.join()
        if line is not None:
            line.close()


def _died() -> DocumentError:
    return DocumentError(
        "Reading this file failed: it is damaged or needs more memory than there is.",
        "Save it again in the program that made it, or as PDF, and add the new copy.",
    )


def _serve(line: Connection) -> None:
    """The child: answer each ``(function, args, named, tells)`` with a result or an error."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))

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
