"""A watched folder: what is in it is taken in, and nothing that only a link leads to."""

import os
import time
from pathlib import Path

import pytest

from core.commands.watch import Coming, copy_of
from core.errors import DocumentError


def taken_after(coming: Coming, names: int, within_s: float = 10.0) -> list[str]:
    """What was written, as soon as it is so many names."""
    written: list[str] = []
    ends_at = time.monotonic() + within_s
    while len(written) < names and time.monotonic() < ends_at:
        written += coming.written()
        time.sleep(0.02)
    return written


def test_many_files_are_waited_for_together(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:03}.txt" for number in range(300)]
    for path in paths:
        path.write_text("Rent")
    coming = Coming(tmp_path, 0.5)
    began = time.monotonic()
    coming.add(paths)

    # On a busy machine they become quiet in several groups.
    assert sorted(taken_after(coming, 300)) == [path.name for path in paths]
    assert time.monotonic() - began < 5.0  # one after another: 150 s


def test_a_file_that_is_still_written_keeps_no_other_waiting(tmp_path: Path) -> None:
    growing, whole = tmp_path / "growing.txt", tmp_path / "whole.txt"
    growing.write_text("Rent")
    whole.write_text("Rent")
    coming = Coming(tmp_path, 0.3)
    coming.add([growing, whole, tmp_path / "gone.txt", tmp_path / ".hidden.txt"])
    written: list[str] = []
    for _ in range(10):
        with growing.open("a") as file:
            file.write("Rent")
        time.sleep(0.1)
        written += coming.written()

    assert written == ["whole.txt"]
    assert taken_after(coming, 1) == ["growing.txt"]


def test_a_link_put_there_while_a_file_is_waited_for_is_not_followed(tmp_path: Path) -> None:
    box, secret = tmp_path / "box", tmp_path / "secret.txt"
    box.mkdir()
    secret.write_text("of another matter")
    note = box / "note.txt"
    note.write_text("of another matter")
    coming = Coming(box, 0.1)
    coming.add([note])
    assert taken_after(coming, 1) == ["note.txt"]
    note.unlink()
    note.symlink_to(secret)  # after it was found quiet

    with pytest.raises(DocumentError, match="cannot be read"):
        copy_of(box, "note.txt", tmp_path / "copy", 1)
    assert not (tmp_path / "copy").exists()
    coming.add([note])  # and a link that is there from the start
    assert taken_after(coming, 1, within_s=0.5) == []


def test_a_folder_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    box, elsewhere = tmp_path / "box", tmp_path / "elsewhere"
    box.mkdir()
    elsewhere.mkdir()
    (elsewhere / "note.txt").write_text("of another matter")
    (box / "2026").symlink_to(elsewhere)

    with pytest.raises(DocumentError, match="cannot be read"):
        copy_of(box, "2026/note.txt", tmp_path / "copy", 1)


def test_only_files_that_are_not_too_large_are_copied(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    inner = tmp_path / "box" / "2026"
    inner.mkdir(parents=True)
    (inner / "note.txt").write_text("Rent")
    os.mkfifo(inner / "pipe.txt")
    with (inner / "large.txt").open("wb") as file:
        file.truncate((1 << 20) + 1)

    copy_of(tmp_path / "box", "2026/note.txt", copy, 1)
    assert copy.read_text() == "Rent"
    with pytest.raises(DocumentError, match="not a file"):
        copy_of(tmp_path / "box", "2026/pipe.txt", copy, 1)
    with pytest.raises(DocumentError, match="larger than 1 MiB"):
        copy_of(tmp_path / "box", "2026/large.txt", copy, 1)
