"""A file taken in: its text, what it is, and its passages.

Runs in the reader's process, where a hostile file may do no harm; the imports are few, so that
the process starts fast.
"""

from dataclasses import dataclass
from pathlib import Path

from core.documents.identity import identify
from core.documents.passages import cut
from core.documents.reading import Progress, kind_of, read
from core.types import ExtractedText, Identity, Passage


@dataclass(frozen=True, slots=True)
class Intake:
    """What reading a file comes to. ``kind`` is its format, ``blank_pages`` those without text."""

    extracted: ExtractedText
    kind: str
    identity: Identity
    passages: tuple[Passage, ...]

    @property
    def blank_pages(self) -> int:
        """How many pages have no text: scanned ones, and those that could not be read."""
        text, pages = self.extracted.text, self.extracted.pages
        return sum(not text[page.start : page.end].strip() for page in pages)


def take_in(
    path: Path,
    name: str,
    document_id: str,
    size: int,
    *,
    password: str = "",
    progress: Progress | None = None,
) -> Intake:
    """Read the file that the reader knows as ``name`` and cut it into passages.

    ``size`` is the longest passage, in characters; ``password`` opens a protected file, and
    ``progress`` is told the pages done and the pages in all.  Raises ``DocumentError``, also as
    ``PasswordNeeded``; see ``read``.
    """
    extracted = read(path, name)
    passages = cut(extracted, document_id, name, size)
    return Intake(extracted, kind_of(path, name), identify(extracted, name), passages)
