"""What is dropped: a file, or a zip archive opened as the folder that it is."""

import io
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from core.documents.archives import DAMAGED
from core.errors import DocumentError

MOST_ENTRIES = 2_000
MOST_BYTES = 2 << 30
LARGEST_RATIO = 200
_HARMLESS_BYTES = 1 << 20
"""Below this no ratio is looked at: a few repeated lines pack a thousand to one."""
_MOST_LISTED_BYTES = 2 << 20
"""The list of an archive's files is parsed here, in the application's own process: 1 KiB each."""
_OFFICE = ("[Content_Types].xml", "mimetype")


def is_folder(path: Path, name: str) -> bool:
    """Whether a file is a zip archive of files, and no Office document or e-book.

    Raises ``DocumentError`` for an archive whose list of files is too long to be looked at.
    """
    try:
        if not (name.lower().endswith(".zip") and path.is_file()):
            return False
        with path.open("rb") as file:
            if not file.read(4).startswith(b"PK"):
                return False
    except OSError:  # who copies it says why it cannot be read
        return False
    try:
        with _opened(path) as archive:
            return not set(_OFFICE) & set(archive.namelist())
    except DAMAGED:
        return True


class _ShortList(io.BufferedReader):
    """A file of which zipfile, which reads an archive's list of files in one go, gets no long one.

    What the archive says of its entries' number need not be true, and counts for nothing.
    """

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_LISTED_BYTES:
            raise DocumentError(
                f"This archive lists far more than the {MOST_ENTRIES:,} entries that are opened.",
                "Unpack it and add the folder, or split it.",
            )
        return super().read(size)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with _ShortList(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        yield archive


def entries(path: Path) -> tuple[zipfile.ZipInfo, ...]:
    """The files of an archive; raises ``DocumentError`` for one that no folder would be.

    zipfile never unpacks more of an entry than the archive declares, so the declared sizes bound
    what opening it takes.  Hidden files and what macOS adds are left out.
    """
    try:
        with _opened(path) as archive:
            listed = archive.infolist()
    except DAMAGED as error:
        raise DocumentError(
            "This archive is damaged: it cannot be opened.", "Make it again and add the new one."
        ) from error
    unpacked = sum(each.file_size for each in listed)
    packed = max(1, path.stat().st_size)
    if len(listed) > MOST_ENTRIES or unpacked > MOST_BYTES:
        raise DocumentError(
            f"This archive holds {len(listed):,} entries of {unpacked >> 20:,} MiB, more than "
            f"the {MOST_ENTRIES:,} entries and {MOST_BYTES >> 20:,} MiB that are opened.",
            "Unpack it and add the folder, or split it.",
        )
    if unpacked > _HARMLESS_BYTES and unpacked / packed > LARGEST_RATIO:
        raise DocumentError(
            f"This archive unpacks to {unpacked // packed:,} times its size, as only a trap does.",
            "If you trust it, unpack it yourself and add the files.",
        )
    return tuple(each for each in listed if not each.is_dir() and not _is_hidden(name_of(each)))


def name_of(entry: zipfile.ZipInfo) -> str:
    """An entry's path; names that are not marked as Unicode are taken for Chinese if they are."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for coding in ("utf-8", "gb18030"):
        try:
            return raw.decode(coding)
        except UnicodeDecodeError:
            continue
    return entry.filename


def unpack(path: Path, entry: zipfile.ZipInfo, target: Path) -> None:
    """Write one entry to ``target``; raises ``DocumentError`` for one that may not leave it."""
    name = name_of(entry)
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or (parts and parts[0].endswith(":")):
        raise DocumentError(
            "Its path leads out of the archive.", "Make the archive again, from inside the folder."
        )
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DocumentError("It is a link to another file.", "Add the file that it leads to.")
    if entry.flag_bits & 0x1:
        raise DocumentError(
            "The archive is protected by a password.", "Unpack it and add the files."
        )
    if name.lower().endswith(".zip"):
        raise DocumentError("It is an archive within an archive.", "Add it on its own.")
    try:
        with (
            _opened(path) as archive,
            archive.open(entry) as packed,
            target.open("wb") as file,
        ):
            shutil.copyfileobj(packed, file, 1 << 20)
    except DAMAGED as error:
        raise DocumentError(
            "It is damaged in the archive.", "Make the archive again and add the new one."
        ) from error


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") and part != ".." for part in parts) or "__MACOSX" in parts
