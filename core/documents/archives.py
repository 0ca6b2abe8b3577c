"""Limits on what a packed file may unpack to: Office files are archives, and may be bombs."""

import lzma
import struct
import zipfile
import zlib
from pathlib import Path

from core.errors import DocumentError

DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError,
    ValueError,
)  # fmt: skip
"""All that zipfile raises for an archive that is broken, cut off, locked or packed unusually."""
UNPACKED_BYTES = 500 << 20
_MOST_ENTRIES = 20_000
_HARMLESS_BYTES = 50 << 20
_LARGEST_RATIO = 250
"""Word's XML packs about 20 to 1, at most some 100 to 1."""


def guard(path: Path) -> None:
    """Raise ``DocumentError`` for an archive that unpacks to more than a document does.

    zipfile never unpacks more of an entry than the archive declares, so the declared sizes bound
    what reading it takes.  Archives inside are not opened.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, path.stat().st_size)
    is_bomb = unpacked > _HARMLESS_BYTES and unpacked / packed > _LARGEST_RATIO
    if unpacked > UNPACKED_BYTES or is_bomb or len(entries) > _MOST_ENTRIES:
        raise DocumentError(
            f"This file unpacks to {unpacked >> 20:,} MiB in {len(entries):,} parts, which is "
            "more than is opened.",
            "Remove its pictures and embedded files, and add the smaller copy.",
        )
