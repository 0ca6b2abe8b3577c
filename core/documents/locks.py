"""Office files that a password protects: decrypted for one reading, in a folder of its own."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from core.documents.kinds import password_needed

_MAY_BE_LOCKED = {"office", "doc", "xls", "ppt"}
_OF_EXCEL = "VelvetSweatshop"
"""Excel protects read-only files with this, and opens them without asking ([MS-OFFCRYPTO])."""


@contextmanager
def unlocked(path: Path, kind: str, password: str) -> Iterator[Path]:
    """The file itself, or while this lasts a decrypted copy of one that ``password`` opens.

    Raises ``PasswordNeeded`` when the password is missing or wrong.
    """
    if kind not in _MAY_BE_LOCKED:
        yield path
        return
    content = _decrypted(path, password)
    if content is None:
        yield path
        return
    with TemporaryDirectory(prefix="pincite-") as folder:
        copy = Path(folder) / "unlocked"
        copy.write_bytes(content)
        yield copy


def _decrypted(path: Path, password: str) -> bytes | None:
    """The decrypted content; ``None`` of a file that is not protected."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError

    with path.open("rb") as file:
        try:
            office = msoffcrypto.OfficeFile(file)
        except FileFormatError:  # of before Office 97, which this library does not know
            return None
        if not office.is_encrypted():
            return None
        plain = io.BytesIO()
        try:
            office.load_key(password=password or _OF_EXCEL)
            office.decrypt(plain)
        except (DecryptionError, ValueError) as error:
            raise password_needed(password) from error
    if office.format == "ooxml" and not zipfile.is_zipfile(plain):
        raise password_needed(password)
    return plain.getvalue()
