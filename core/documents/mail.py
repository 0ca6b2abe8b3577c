"""E-mails: the header lines, the body, and every attachment that can be read.

An attachment is read like a file of its own and stands under a heading with its name; its pages
are not pages of the message, so pincites into it name the heading.
"""

import email
import email.policy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage, MIMEPart
from email.utils import format_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from core.documents.inspection import Inspection
from core.documents.markup import read_html
from core.errors import DocumentError
from core.types import ExtractedText, Heading

if TYPE_CHECKING:
    from oxmsg import Message

Progress: TypeAlias = Callable[[int, int], None]

_DEEPEST = 3
_MOST_ATTACHMENTS = 200
_MOST_BYTES = 200 << 20
_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature"}


@dataclass
class _Writer:
    """Puts a message together; what its parts flag, the message flags."""

    inspection: Inspection = field(default_factory=Inspection)
    pieces: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    length: int = 0

    def write(self, text: str) -> None:
        self.pieces.append(f"{text}\n\n")
        self.length += len(text) + 2

    def heading(self, name: str) -> None:
        self.headings.append(Heading(1, self.length, self.length + len(name)))
        self.write(name)

    def take(self, part: ExtractedText, depth: int) -> None:
        """Append a part, its headings ``depth`` levels further in."""
        for each in part.headings:
            start, end = each.start + self.length, each.end + self.length
            self.headings.append(Heading(each.level + depth, start, end))
        for key in part.warnings:
            self.inspection.note(key)
        self.write(part.text)

    def finished(self, title: str) -> ExtractedText:
        text = "".join(self.pieces).rstrip("\n")
        return ExtractedText(
            text,
            headings=tuple(self.headings),
            title=title,
            warnings=self.inspection.warnings(text),
        )


def read_eml(path: Path, progress: Progress | None = None, depth: int = 0) -> ExtractedText:
    """Read an .eml file; ``depth`` counts the messages around it."""
    with path.open("rb") as file:
        message = email.message_from_binary_file(file, policy=email.policy.default)
    writer = _Writer()
    _write_headers(writer, {name: str(message.get(name) or "") for name in _HEADERS})
    body = message.get_body(("plain", "html"))
    if body is not None:
        _write_body(writer, *_body(body))
    _write_attachments(writer, list(_attached(message)), progress, depth)
    return writer.finished(_line(str(message.get("Subject") or "")))


def read_msg(path: Path, progress: Progress | None = None, depth: int = 0) -> ExtractedText:
    """Read an Outlook .msg file; ``depth`` counts the messages around it."""
    from oxmsg import Message

    message = Message.load(str(path))
    writer = _Writer()
    sent = message.sent_date
    _write_headers(
        writer,
        {
            "From": message.sender or "",
            "To": "; ".join(_address(each.name, each.email_address) for each in message.recipients),
            "Date": format_datetime(sent) if sent else "",
            "Subject": message.subject,
        },
    )
    _write_body(writer, message.body or "", message.html_body or "")
    _write_attachments(writer, list(_attached_in_outlook(message)), progress, depth)
    return writer.finished(_line(message.subject))


def _body(part: MIMEPart) -> tuple[str, str]:
    """The words of a body, as plain text or as HTML."""
    try:
        content = str(part.get_content())
    except (LookupError, UnicodeError):  # an encoding that does not exist, or is not kept to
        payload = part.get_payload(decode=True)
        content = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return ("", content) if part.get_content_subtype() == "html" else (content, "")


def _attached(message: EmailMessage) -> Iterator[tuple[str, bytes | None]]:
    """The attachments' names and bytes; ``None`` for what cannot be unpacked."""
    for number, part in enumerate(message.iter_attachments(), start=1):
        if part.get_content_type() in _SIGNATURES:
            continue
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            name = _line(str(inner.get("Subject") or "")) if isinstance(inner, EmailMessage) else ""
            content = inner.as_bytes() if isinstance(inner, EmailMessage) else None
            yield part.get_filename() or f"{name or f'message {number}'}.eml", content
            continue
        payload = part.get_payload(decode=True)
        content = payload if isinstance(payload, bytes) else None
        yield part.get_filename() or f"attachment {number}", content


def _attached_in_outlook(message: "Message") -> Iterator[tuple[str, bytes | None]]:
    for number, part in enumerate(message.attachments, start=1):
        content = part.file_bytes if part.attached_by_value else None
        yield part.file_name or f"attachment {number}", content


def _write_headers(writer: _Writer, headers: dict[str, str]) -> None:
    lines = [f"{name}: {_line(value)}" for name, value in headers.items() if value.strip()]
    writer.write(writer.inspection.visible("\n".join(lines)))


def _write_body(writer: _Writer, plain: str, html: str) -> None:
    if plain.strip() or not html.strip():
        text = plain.replace("\r\n", "\n").replace("\0", "").strip()
        writer.write(writer.inspection.visible(text))
    else:
        writer.take(read_html(html.encode("utf-8")), 1)


def _write_attachments(
    writer: _Writer,
    attachments: list[tuple[str, bytes | None]],
    progress: Progress | None,
    depth: int,
) -> None:
    taken = 0
    for number, (name, content) in enumerate(attachments, start=1):
        name = writer.inspection.visible(_line(name.replace("\\", "/").rpartition("/")[2]))
        taken += len(content or b"")
        reason = "there is too much attached."
        if number <= _MOST_ATTACHMENTS and taken <= _MOST_BYTES:
            reason = _write_attachment(writer, name, content, depth)
        if reason:
            writer.inspection.note("attachments_left_out")
            writer.write(f"Attachment left out: {name} ({reason})")
        if progress:
            progress(number, len(attachments))


def _write_attachment(writer: _Writer, name: str, content: bytes | None, depth: int) -> str:
    """Append an attachment; why it was left out, if it was."""
    from core.documents.reading import read

    if content is None:
        return "It could not be unpacked."
    if depth >= _DEEPEST:
        return "It is attached to a message inside too many others."
    with TemporaryDirectory(prefix="pincite-") as folder:
        path = Path(folder) / "attachment"
        path.write_bytes(content)
        try:
            part = read(path, name, depth=depth + 1)
        except DocumentError as error:
            return error.reason
    writer.heading(f"Attachment: {name}")
    writer.take(part, 1)
    return ""


def _address(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address and name != address else name or address


def _line(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())
