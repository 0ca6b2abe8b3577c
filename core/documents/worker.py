"""How a reader's process behaves: it leaves the machine to others, and outlives no parent."""

import os
import threading
import time
from functools import cache
from pathlib import Path

from core.documents.intake import Intake, take_in
from core.documents.reading import Progress

_NICE = 5
_GLANCE_S = 1.0


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
    """Once for each process; a reader whose parent was killed in mid-file would read on alone."""
    os.nice(_NICE)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_GLANCE_S)
    os._exit(1)
