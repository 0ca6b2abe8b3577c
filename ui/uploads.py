"""Uploads into the person's own folder: two people's files never share a path."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from core.errors import DocumentError, PinciteError

UPLOADS = "/gradio_api/upload"
_LEFT_S = 3600.0
"""The page takes an upload within seconds: what lies there for longer nobody will take."""
_AT_ONCE = 8
"""So many files of the largest size may lie in one person's folder."""


def upload_folder() -> Path:
    """The folder that Gradio takes files from."""
    from gradio.utils import get_upload_folder

    return Path(get_upload_folder()).resolve()


def uploaded(path: str) -> Path:
    """The upload that the browser names by the path it was told.

    The gate lets nobody name another's; raises ``PinciteError`` for a path that leads elsewhere.
    """
    kept = Path(path)
    if path != os.path.normpath(path) or not kept.is_relative_to(upload_folder()):
        raise PinciteError("The page sent something that cannot be read.", "Reload the page.")
    return kept


def sweep(folder: Path, older_than_s: float = 0.0) -> int:
    """Remove what was uploaded so long ago and not taken; return how many bytes are left."""
    left = 0
    for path in folder.rglob("*"):
        try:
            if not path.is_file():
                continue
            found = path.stat()
            if time.time() - found.st_mtime >= older_than_s:
                path.unlink()
            else:
                left += found.st_size
        except FileNotFoundError:  # the page has taken it meanwhile
            continue
    return left


async def keep_uploads(request: Any, folder: Path, upload_id: str, limit_bytes: int) -> list[str]:
    """Keep the files of a multipart request; return their paths.

    ``request`` is a Starlette request; ``upload_id`` is what the progress is asked for by.  Raises
    Starlette's ``MultiPartException`` for a body that is none or a file that is too large, and
    ``DocumentError`` while too much lies there that the page has not taken yet.
    """
    from gradio.route_utils import upload_fn
    from gradio.routes import file_upload_statuses

    if await asyncio.to_thread(sweep, folder, _LEFT_S) > _AT_ONCE * limit_bytes:
        raise DocumentError(
            "Too many uploads are waiting to be taken in.", "Wait until they are and try again."
        )
    paths, _, _ = await upload_fn(
        request,
        str(folder),
        limit_bytes,
        upload_id or None,
        force_move=True,
        upload_progress=file_upload_statuses if upload_id else None,
    )
    kept: list[str] = paths
    return kept
