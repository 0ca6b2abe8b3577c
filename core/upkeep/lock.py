"""One process at a time works on a data folder."""

import fcntl
import os
from pathlib import Path
from typing import IO

from core.errors import SettingsError
from core.settings import private_folder

LOCK = "pincite.lock"
RUNS_LOCK = "runs.lock"
"""Held by the process that works through runs."""


def hold(data_dir: Path, name: str = LOCK, *, signed: bool = False) -> IO[bytes]:
    """Hold the folder, which is made if need be, until what is returned is closed.

    With ``RUNS_LOCK`` for ``name``, only its runs.  ``signed`` writes this process's number into
    the lock: it works through the queue, and takes what others put there.  Whatever a process that
    was killed had written goes in any case.
    Raises ``SettingsError`` if another process holds the folder.
    """
    private_folder(data_dir)
    held = (data_dir / name).open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise SettingsError(
            f"Another Pincite works on the data in {data_dir}.",
            "Use that one, end it, or set PINCITE_DATA_DIR to another folder.",
        ) from error
    held.truncate(0)
    if signed:
        held.write(b"%d" % os.getpid())
        held.flush()
    return held
