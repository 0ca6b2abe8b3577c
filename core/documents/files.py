"""What is on disk of the documents: the files as they came, and their extracted texts.

``documents/<matter>/<document>/`` holds a document's file under its content's SHA-256, and
``text.json``; a copy on its way in is ``documents/<matter>/incoming-<process>-…``, and until its
document is recorded ``arriving-<process>-…`` lies beside it.  Everything here blocks: call it in
a thread.
"""

import hashlib
import os
import shutil
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from core.errors import DocumentError
from core.types import Document, ExtractedText

if TYPE_CHECKING:
    from pydantic import TypeAdapter

LONGEST_NAME = 1000
"""Characters of a document's name, its folders among them."""


_ARRIVING = "arriving-"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A copy that has no document yet."""

    path: Path
    sha256: str
    size_bytes: int


class Files:
    """The folder of all documents' files."""

    def __init__(self, folder: Path, limit_mib: int) -> None:
        self._folder = folder
        self._limit_mib = limit_mib
        self._own = f"{os.getpid()}-{uuid4().hex[:8]}"

    def original(self, document: Document) -> Path:
        """The file as it came; named by its content, so that no record ever means another's."""
        return self._of(document.matter_id, document.id) / document.sha256

    def copy_in(self, matter_id: str, source: Path) -> Incoming:
        """Copy a file that may be taken in, down to the disk; raises ``DocumentError``."""
        self._check(source)
        target = self.scratch(matter_id)
        digest = hashlib.sha256()
        try:
            with source.open("rb") as coming, target.open("wb") as kept:
                while part := coming.read(1 << 20):
                    digest.update(part)
                    kept.write(part)
                kept.flush()
                os.fsync(kept.fileno())
        except OSError as error:
            target.unlink(missing_ok=True)
            raise DocumentError(
                f"This file could not be copied in: {error.strerror or error}.",
                "Check that it can be opened and that the disk has room.",
            ) from error
        return Incoming(target, digest.hexdigest(), target.stat().st_size)

    def scratch(self, matter_id: str) -> Path:
        """A place for a copy on its way in, which is swept away if this process dies."""
        folder = self._folder / matter_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"incoming-{self._own}-{uuid4().hex}"

    def place(self, incoming: Incoming, matter_id: str, document_id: str) -> None:
        """Make a copy the file of a document, which is to be recorded and then ``settle``d."""
        target = self._of(matter_id, document_id) / incoming.sha256
        target.parent.mkdir(parents=True, exist_ok=True)
        (target.parent / f"{_ARRIVING}{self._own}").touch()
        incoming.path.replace(target)
        for folder in (target.parent, target.parent.parent):
            opened = os.open(folder, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)

    def hand_over(self, matter_id: str, document_id: str, document: Document) -> None:
        """Remove a copy whose bytes ``document`` has; where its own file was lost, it gets this."""
        own = self._of(matter_id, document_id) / document.sha256
        original = self.original(document)
        if not original.is_file():
            original.parent.mkdir(parents=True, exist_ok=True)
            own.replace(original)
        self.remove(matter_id, document_id)

    def settle(self, matter_id: str, document_id: str) -> None:
        """Note that a document's file is recorded."""
        for mark in self._of(matter_id, document_id).glob(f"{_ARRIVING}*"):
            mark.unlink(missing_ok=True)

    def keep_text(self, document: Document, extracted: ExtractedText) -> None:
        """Keep what was read of a document, wholly or not at all."""
        folder = self._of(document.matter_id, document.id)
        partial = folder / "text.partial"
        with partial.open("wb") as kept:
            kept.write(_texts().dump_json(extracted))
            kept.flush()
            os.fsync(kept.fileno())
        partial.replace(folder / "text.json")

    def text(self, matter_id: str, document_id: str) -> ExtractedText | None:
        """What was read of a document; ``None`` until it has been."""
        path = self._of(matter_id, document_id) / "text.json"
        return _texts().validate_json(path.read_bytes()) if path.is_file() else None

    def remove(self, matter_id: str, document_id: str) -> None:
        """Remove a document's files, and the matter's folder with its last."""
        folder = self._of(matter_id, document_id)
        if folder.exists():
            shutil.rmtree(folder)
        if folder.parent.exists() and not any(folder.parent.iterdir()):
            folder.parent.rmdir()

    def remove_matter(self, matter_id: str) -> None:
        """Remove all that there is of a matter, also files that were never recorded."""
        if (folder := self._folder / matter_id).exists():
            shutil.rmtree(folder)

    def abandoned(self) -> tuple[Path, ...]:
        """The marks of processes that died between placing a file and noting its record."""
        return tuple(self._abandoned(f"*/*/{_ARRIVING}*"))

    def recover(self, known: Set[tuple[str, str]], marks: Sequence[Path]) -> int:
        """Put in order what ``abandoned`` found.

        ``known`` are matter and document of every record, read after ``marks`` were found.
        Returns how many folders belong to none: they stay.
        """
        for mark in marks:
            own = mark.parent.parent.name, mark.parent.name
            if own in known:
                self.settle(*own)
            else:
                self.remove(*own)
        there = {
            (path.parent.name, path.name)
            for path in self._folder.glob("*/*")
            if path.is_dir() and not any(path.glob(f"{_ARRIVING}*"))
        }
        return len(there - known)

    def sweep(self) -> None:
        """Remove the copies of processes that live no more, and matters' folders left empty."""
        for path in self._abandoned("*/incoming-*"):
            path.unlink(missing_ok=True)
        for folder in self._folder.glob("*"):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def _abandoned(self, pattern: str) -> Iterator[Path]:
        for path in tuple(self._folder.glob(pattern)):
            _, process, own, *_ = path.name.split("-")
            is_own = f"{process}-{own}" == self._own
            is_others = process != str(os.getpid()) and lives(process)
            if not (is_own or is_others):
                yield path

    def _check(self, source: Path) -> None:
        if not source.is_file():
            raise DocumentError("There is no such file.", "Choose a file that exists.")
        if source.stat().st_size > self._limit_mib * 2**20:
            raise DocumentError(
                f"This file is larger than {self._limit_mib} MiB.",
                "Split it, or raise PINCITE_FILE_SIZE_MIB.",
            )

    def _of(self, matter_id: str, document_id: str) -> Path:
        return self._folder / matter_id / document_id


def clean_name(name: str) -> str:
    """A name for showing and citing: no control characters, no way up, forward slashes.

    Written in one way (Unicode's NFC): macOS takes accents apart, and a changed file is to be the
    next version of its document.  Raises ``DocumentError`` when nothing is left of it, or more
    than ``LONGEST_NAME`` characters.
    """
    parts = unicodedata.normalize("NFC", name).replace("\\", "/").split("/")
    kept = ["".join(c for c in part if c.isprintable()).strip() for part in parts]
    clean = "/".join(part for part in kept if part not in ("", ".", ".."))
    if not clean:
        raise DocumentError("A file needs a name.", "Rename it and add it again.")
    if len(clean) > LONGEST_NAME:
        raise DocumentError(
            f"The name of this file, with its folders, is longer than {LONGEST_NAME} characters.",
            "Shorten it and add it again.",
        )
    return clean


def lives(process: str) -> bool:
    """Whether there is a process of this number."""
    if not (process.isdecimal() and int(process)):
        return False
    try:
        os.kill(int(process), 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


@cache
def _texts() -> "TypeAdapter[ExtractedText]":
    from pydantic import TypeAdapter

    return TypeAdapter(ExtractedText)
