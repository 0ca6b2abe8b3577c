"""Uploads into the person's own folder: two people's files never share a path."""

from pathlib import Path
from typing import Any

UPLOADS = "/gradio_api/upload"


def upload_folder() -> Path:
    """The folder that Gradio takes files from."""
    from gradio.utils import get_upload_folder

    return Path(get_upload_folder()).resolve()


async def keep_uploads(
    request: Any, folder: Path, upload_id: str, limit_bytes: int
) -> tuple[list[str], int]:
    """Keep the files of a multipart request; return their paths, and the HTTP status.

    ``request`` is a Starlette request; ``upload_id`` is what the progress is asked for by.
    """
    from gradio.route_utils import upload_fn
    from gradio.routes import file_upload_statuses
    from starlette.formparsers import MultiPartException

    try:
        kept, _, _ = await upload_fn(
            request,
            str(folder),
            limit_bytes,
            upload_id or None,
            force_move=True,
            upload_progress=file_upload_statuses if upload_id else None,
        )
    except MultiPartException as error:
        return [], 413 if "maximum allowed size" in error.message else 400
    return kept, 200
