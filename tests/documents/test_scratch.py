"""What is written for one reading only is gone with it, however the reading ends."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from msoffcrypto.format.ooxml import OOXMLFile

from core.documents import conversion
from core.documents.locks import unlocked
from core.documents.reading import Reader, read
from core.documents.scratch import new_scratch, sweep
from core.errors import DocumentError
from tests.documents.ingesting import opened

LOST = """
import os, sys
from pathlib import Path
from core.documents.scratch import new_scratch
(new_scratch(Path(sys.argv[1])).path / "plain").write_text("secret")
os.kill(os.getpid(), 9)
"""
PARENT = """
import asyncio, sys
from pathlib import Path
from core.documents.reading import Reader
from tests.documents.test_scratch import hold_open

async def work():
    reader = Reader(60.0, scratch=Path(sys.argv[2]))
    await reader.run(hold_open, Path(sys.argv[1]), "pw")

if __name__ == "__main__":
    asyncio.run(work())
"""


def locked(path: Path) -> Path:
    document, plain = Document(), io.BytesIO()
    document.add_paragraph("The protected deed.")
    document.save(plain)
    plain.seek(0)
    with path.open("wb") as file:
        OOXMLFile(plain).encrypt("pw", file)
    return path


def hold_open(path: Path, password: str) -> None:
    """A parser that never comes to an end, with the decrypted copy open."""
    with unlocked(path, "office", password) as copy:
        assert copy.read_bytes()
        time.sleep(3600)


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110  other processes tell no event
            await asyncio.sleep(0.05)


async def test_a_decrypted_copy_goes_with_the_reader_that_is_stopped(tmp_path: Path) -> None:
    path, own = locked(tmp_path / "deed.docx"), tmp_path / "scratch"
    reader = Reader(60.0, scratch=own)
    reading = asyncio.create_task(reader.run(hold_open, path, "pw"))
    await until(lambda: any(own.rglob("unlocked")))  # not in the system's folder
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)

    assert not any(own.iterdir())
    await reader.close()


async def test_a_decrypted_copy_goes_with_the_reader_whose_parent_is_killed(tmp_path: Path) -> None:
    path, own = locked(tmp_path / "deed.docx"), tmp_path / "scratch"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(path), str(own)])  # noqa: ASYNC220
    try:
        await until(lambda: any(own.rglob("unlocked")))
    finally:
        parent.kill()
        parent.wait()

    await until(lambda: not any(own.iterdir()))


def test_what_a_killed_process_left_is_swept_and_what_another_holds_is_not(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LOST, str(tmp_path)], check=False)
    assert any(tmp_path.rglob("plain"))
    held = new_scratch(tmp_path)

    sweep(tmp_path)

    assert list(tmp_path.iterdir()) == [held.path]
    held.remove()
    assert not any(tmp_path.iterdir())


async def test_a_start_sweeps_what_a_crash_left(tmp_path: Path) -> None:
    left = tmp_path / "scratch" / "pincite-left"
    left.mkdir(parents=True)
    (left / "unlocked").write_text("secret")
    database, store, library = await opened(tmp_path)
    await library.start()
    assert not left.exists()
    await library.close()
    await store.close()
    await database.close()


@pytest.fixture
def soffice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LibreOffice that hangs, in a process of its own as the real one; where its number is."""
    program, number = tmp_path / "bin" / "soffice", tmp_path / "number"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nsleep 300 &\necho $! > {number}.new\nmv {number}.new {number}\nwait\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return number


def lives(number: Path) -> bool:
    """Whether the process still runs; one that has ended may wait to be collected."""
    try:
        state = Path(f"/proc/{int(number.read_text())}/stat").read_text()
    except FileNotFoundError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def letter(tmp_path: Path) -> Path:
    path = tmp_path / "a.rtf"
    path.write_text(r"{\rtf1 Rent}")
    return path


async def test_libreoffice_ends_with_its_limit(
    tmp_path: Path, soffice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "_TIMEOUT_S", 3)
    with pytest.raises(DocumentError, match="LibreOffice could not open it"):
        await asyncio.to_thread(read, letter(tmp_path), "a.rtf")

    await until(lambda: not lives(soffice))


async def test_libreoffice_ends_with_the_reader_that_is_stopped(
    tmp_path: Path, soffice: Path
) -> None:
    reader = Reader(60.0, scratch=tmp_path / "scratch")
    reading = asyncio.create_task(reader.read(letter(tmp_path), "a.rtf"))
    await until(soffice.exists)
    assert lives(soffice)
    await reader.close()
    with pytest.raises(DocumentError):
        await reading

    await until(lambda: not lives(soffice))
    assert not any((tmp_path / "scratch").iterdir())


async def test_libreoffice_ends_with_a_reader_that_the_machine_kills(
    tmp_path: Path, soffice: Path
) -> None:
    reader = Reader(60.0, scratch=tmp_path / "scratch")
    reading = asyncio.create_task(reader.read(letter(tmp_path), "a.rtf"))
    await until(soffice.exists)
    assert reader._child is not None
    assert reader._child.pid is not None
    os.kill(reader._child.pid, signal.SIGKILL)
    with pytest.raises(DocumentError, match="needs more memory"):
        await reading

    await until(lambda: not lives(soffice))
    assert not any((tmp_path / "scratch").iterdir())
    await reader.close()
