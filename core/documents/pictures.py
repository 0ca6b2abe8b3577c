"""Picture files: photographs and scans of pages, read by text recognition."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.documents.inspection import Inspection
from core.documents.ocr import recognise
from core.documents.reflow import assembled
from core.documents.scans import cleaned, placed
from core.errors import DocumentError, NotFound
from core.types import ExtractedText

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
_MOST_PAGES = 2000


def read_picture(path: Path, progress: Callable[[int, int], None] | None = None) -> ExtractedText:
    """Read a picture's words; a TIFF may have many pages, of an animation the first one counts.

    Raises ``DocumentError`` when it is too large.
    """
    inspection = Inspection()
    with opened(path) as picture:
        pages = page_count(picture)
        if pages > _MOST_PAGES:
            raise DocumentError(
                f"This picture has {pages:,} pages; at most {_MOST_PAGES:,} are read.",
                "Split it into smaller files and add those.",
            )
        lines = {}
        for index in range(pages):
            lines[index] = [cleaned(line) for line in recognise(page_picture(picture, index + 1))]
            if progress:
                progress(index + 1, pages)
    extracted = assembled(["\n".join(line.text for line in lines[index]) for index in lines])
    inspection.note("ocr")
    words = placed(extracted, lines)
    return replace(extracted, words=words, warnings=inspection.warnings(extracted.text))


@contextmanager
def opened(path: Path) -> "Iterator[Image]":
    """Open a picture file; raises ``DocumentError`` when it unpacks to too many pixels."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            picture = Image.open(path, formats=_FORMATS)
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise DocumentError(
                "This picture has more pixels than are opened.",
                "Save it at 300 dpi, or as several pictures, and add that.",
            ) from error
        with picture:
            yield picture


def page_count(picture: "Image") -> int:
    """How many pages a picture file has: only a TIFF's frames are pages."""
    return int(getattr(picture, "n_frames", 1)) if picture.format == "TIFF" else 1


def page_picture(picture: "Image", page: int) -> "Image":
    """A page (from 1) upright as its camera held it, on white; raises ``NotFound``."""
    from PIL import Image, ImageOps

    if not 1 <= page <= page_count(picture):
        raise NotFound(f"The document has no page {page}.", "Open its first page.")
    picture.seek(page - 1)
    upright = ImageOps.exif_transpose(picture)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        shown = upright.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        return Image.alpha_composite(paper, shown).convert("RGB")
    if upright.mode.startswith("I;16") or upright.mode in ("I", "F"):
        return upright.point(lambda value: value / 256).convert("L").convert("RGB")
    return upright.convert("RGB")
