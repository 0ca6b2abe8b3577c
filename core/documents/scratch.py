"""Folders for what may not outlive its use: decrypted copies, attachments, files under way.

``scratch/<unique>/`` in the data folder belongs to whoever holds its lock, which the system takes
from a process that dies, however it dies; what nobody holds is swept at the next start.
"""

import fcntl
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

SCRATCH = "scratch"
_PREFIX = "pincite-"
_ATTEMPTS = 10
_PAUSE_S = 0.1
"""A program that is being killed may still write for a moment."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder of one's own. ``lock`` is the descriptor that holds it."""

    path: Path
    lock: int

    def remove(self) -> None:
        """Remove the folder with all that is in it, and let it go."""
        _remove(self.path)
        os.close(self.lock)


def new_scratch(parent: Path | None = None) -> Scratch:
    """Make a folder in ``parent``, or in the system's folder for temporary files."""
    if parent is not None:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        if (lock := _held(path)) is not None:
            return Scratch(path, lock)


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder in ``parent``, while this lasts."""
    made = new_scratch(parent)
    try:
        yield made.path
    finally:
        made.remove()


def sweep(parent: Path) -> None:
    """Remove the folders in ``parent`` whose process lives no more."""
    for path in parent.glob(f"{_PREFIX}*"):
        if (lock := _held(path)) is not None:
            _remove(path)
            os.close(lock)


def _held(path: Path) -> int | None:
    """The lock of a folder; ``None`` if another has it or the folder was swept away just now."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    if not path.exists():
        os.close(lock)
        return None
    return lock


def _remove(path: Path) -> None:
    for _ in range(_ATTEMPTS):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(_PAUSE_S)
    log.warning("%s could not be removed; the next start tries again", path)
