"""How a reader's process behaves beside others: it leaves the machine to them."""

import os
from functools import cache
from pathlib import Path

from core.documents.intake import Intake, take_in
from core.documents.reading import Progress

_NICE = 5


def take_in_politely(
    path: Path,
    name: str,
    document_id: str,
    size: int,
    *,
    password: str = "",
    progress: Progress | None = None,
) -> Intake:
    """``take_in``, behind whatever else the machine has to do: a question, the model."""
    _settle_in()
    return take_in(path, name, document_id, size, password=password, progress=progress)


@cache
def _settle_in() -> None:
    """Once for each process."""
    os.nice(_NICE)
