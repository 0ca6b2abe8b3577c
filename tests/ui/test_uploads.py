"""Uploads that no page takes go, and nobody fills the disk with them."""

import os
import time
from pathlib import Path

import pytest

from core.errors import DocumentError
from ui.uploads import keep_uploads, sweep


def upload(folder: Path, name: str, content: bytes, age_s: float = 0.0) -> Path:
    path = folder / name / "file.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    moment = time.time() - age_s
    os.utime(path, (moment, moment))
    return path


def test_what_was_not_taken_goes_and_what_was_just_sent_stays(tmp_path: Path) -> None:
    old, new = upload(tmp_path, "old", b"old", 7200), upload(tmp_path, "new", b"newer")
    assert sweep(tmp_path, 3600) == len(b"newer")
    assert (old.exists(), new.exists()) == (False, True)
    assert sweep(tmp_path) == 0
    assert not new.exists()


def test_a_folder_that_was_never_made_is_empty(tmp_path: Path) -> None:
    assert sweep(tmp_path / "nobody's") == 0


async def test_too_much_that_was_not_taken_yet_keeps_more_out(tmp_path: Path) -> None:
    upload(tmp_path, "first", bytes(90))
    with pytest.raises(DocumentError, match="Too many uploads"):
        await keep_uploads(None, tmp_path, "", 10)
