"""Uploads into the person's own folder: two people's files never share a path."""

from pathlib import Path
from typing import Any

UPLOADS = "/gradio_api/upload"


def upload_folder() -> Path:
    """The folder that Gradio takes files from."""
    from gradio.utils import get_upload_folder

    return Path(get_upload_folder()).resolve()


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
