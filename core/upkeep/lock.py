"""One process at a time works on a data folder."""

import fcntl
from pathlib import Path
from typing import IO

from core.errors import SettingsError

LOCK = "pincite.lock"


def hold(data_dir: Path) -> IO[bytes]:
    """Hold the folder, which is made if need be, until what is returned is closed.

    Raises ``SettingsError`` if another process holds it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    held = (data_dir / LOCK).open("ab")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        held.close()
        raise SettingsError(
            f"Another Pincite works on the data in {data_dir}.",
            "Use that one, end it, or set PINCITE_DATA_DIR to another folder.",
        ) from error
    return held
