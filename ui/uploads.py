"""Uploads into the person's own folder: two people's files never share a path."""

import os
from pathlib import Path
from typing import Any

from core.errors import PinciteError

UPLOADS = "/gradio_api/upload"


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


async def keep_uploads(request: Any, folder: Path, upload_id: str, limit_bytes: int) -> list[str]:
    """Keep the files of a multipart request; return their paths.

    ``request`` is a Starlette request; ``upload_id`` is what the progress is asked for by.  Raises
    Starlette's ``MultiPartException`` for a body that is none or a file that is too large.
    """
    from gradio.route_utils import upload_fn
    from gradio.routes import file_upload_statuses

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
