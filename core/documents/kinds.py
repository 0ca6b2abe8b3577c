"""What kind a file is, told from its content; the name only decides between kinds of text."""

import re
import zipfile
from pathlib import Path

from core.documents.archives import DAMAGED
from core.errors import DocumentError, PasswordNeeded

_HEAD_BYTES = 8192
_TEXTS = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
"""What a file that holds text is read as, by its name's suffix; otherwise as plain text."""
_SIGNATURES = (
    (b"{\\rtf", "rtf"),
    (b"\x89PNG\r\n\x1a\n", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF87a", "image"),
    (b"GIF89a", "image"),
    (b"II*\0", "image"),
    (b"MM\0*", "image"),
    (b"BM", "image"),
)
_REFUSED = (
    (b"\x1f\x8b", "a compressed file (.gz)"),
    (b"7z\xbc\xaf", "an archive (.7z)"),
    (b"Rar!", "an archive (.rar)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (
    ("__properties_version1.0", "msg"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
)
_OPEN_DOCUMENTS = {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}
_BMP_RESERVED = slice(6, 10)
_MAIL_HEADER = re.compile(
    rb"(?mi)^(from|to|subject|date|received|return-path|mime-version|message-id|delivered-to"
    rb"|x-[a-z-]+|content-type|reply-to|cc):[ \t]?\S"
)
_FEWEST_HEADERS = 3
TAKEN = (
    "Pincite takes PDF, Word, Excel, PowerPoint, OpenDocument and rich text files, e-mails, "
    "pictures, text, Markdown and HTML."
)


def kind_of(path: Path, name: str) -> str:
    """Tell a file's kind: ``pdf``, ``docx``, ``xlsx``, ``pptx``, ``doc``, ``xls``, ``ppt``,
    ``rtf``, ``odt``, ``ods``, ``odp``, ``eml``, ``msg``, ``image``, ``html``, ``md`` or ``txt``.

    ``office`` is a protected Office file, which only its password tells from others.  Raises
    ``DocumentError`` for an empty file and for one of a kind that is not taken.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise DocumentError("This file is empty.", "Check the original and add it again.")
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_zip(path)
    if head.startswith(_OLE):
        return _kind_of_ole(path)
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image"
    for signature, kind in _SIGNATURES:
        if head.startswith(signature) and (signature != b"BM" or not any(head[_BMP_RESERVED])):
            return kind
    for signature, what in _REFUSED:
        if head.startswith(signature):
            raise _not_taken(what)
    return _kind_of_text(head, Path(name).suffix.lower())


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            declared = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except DAMAGED as error:
        raise DocumentError(
            "This Office file is damaged: it cannot be opened.",
            "Open it in the program that made it, save it again, and add the new copy.",
        ) from error
    for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
        if any(name.startswith(folder) for name in names):
            return kind
    kind = declared.decode("ascii", "replace").rpartition("opendocument.")[2].strip()
    if kind in _OPEN_DOCUMENTS:
        return _OPEN_DOCUMENTS[kind]
    raise _not_taken("an e-book (.epub)" if b"epub" in declared else "an archive (.zip)")


def _kind_of_ole(path: Path) -> str:
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            streams = {entry[0] for entry in container.listdir(streams=True)}
    except (OSError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise DocumentError(
            "This old Office file is damaged: it cannot be opened.",
            "Open it in the program that made it, save it again, and add the new copy.",
        ) from error
    if "EncryptedPackage" in streams:
        return "office"
    for stream, kind in _OLE_STREAMS:
        if stream in streams:
            return kind
    raise _not_taken("an Office file of a kind that is not known")


def _kind_of_text(head: bytes, suffix: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    if suffix not in _TEXTS and _is_mail(head, suffix):
        return "eml"
    return _TEXTS.get(suffix, "txt")


def _is_mail(head: bytes, suffix: str) -> bool:
    """Whether a file opens with an e-mail's header lines; fewer do where the name says so."""
    opening = re.split(rb"\r?\n\r?\n", head.lstrip(), maxsplit=1)[0]
    found = {match.group(1).lower() for match in _MAIL_HEADER.finditer(opening)}
    fewest = 1 if suffix == ".eml" else _FEWEST_HEADERS
    return bool(_MAIL_HEADER.match(opening)) and len(found) >= fewest


def _not_taken(what: str) -> DocumentError:
    return DocumentError(
        f"This file is {what}, which cannot be read.",
        f"{TAKEN} Add what it holds as one of these.",
    )


def password_needed(password: str) -> PasswordNeeded:
    """The error of a protected file, for which ``password``, if there is one, is wrong."""
    if password:
        return PasswordNeeded(
            "This file is protected, and the password given does not open it.",
            "Check the password and give it again; it is used once and not kept.",
        )
    return PasswordNeeded(
        "This file is protected by a password.",
        "Give the password to read it; it is used once and not kept.",
    )
