"""Whatever a lawyer drops is read or refused with a sentence, and never takes the app along."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from core.documents.reading import Reader, kind_of, read
from core.errors import DocumentError
from core.types import ExtractedText

TIMEOUT_S = 60.0


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(timeout_s=TIMEOUT_S)
    yield reader
    await reader.close()


def written(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"Section 1. Term", "txt"),
        ("a.md", b"# Lease", "md"),
        ("a.markdown", b"# Lease", "md"),
        ("a.htm", b"<p>Lease</p>", "html"),
        ("page.txt", b"\n <!DOCTYPE html><p>Lease</p>", "html"),
        ("text.pdf", b"Section 1. Term", "txt"),
        ("judgment.txt", b"%PDF-1.7\n...", "pdf"),
        ("README", b"Section 1. Term", "txt"),
        ("rows.csv", b"Tenant,Rent", "txt"),
        ("a.docx", b"{\\rtf1 Lease}", "rtf"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n...", "image"),
        ("a.txt", b"RIFF\0\0\0\0WEBPVP8 ", "image"),
        ("a.eml", b"Subject: Lease\n\nWords", "eml"),
        ("a.eml", b"No header\n\nWords", "txt"),
        ("export", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nWords", "eml"),
        ("a.txt", b"From: a@b.c\r\nTo: d@e.f\r\nSubject: x\r\n\r\nWords", "txt"),
    ],
)
def test_the_content_tells_the_kind_and_the_name_decides_the_rest(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    assert kind_of(written(tmp_path, "upload", content), name) == kind


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.docx", b"", "empty"),
        ("picture.docx", b"\x89PNG\r\n\x1a\n", "picture"),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut short", "damaged"),
        ("broken.docx", b"PK\x03\x04broken", "damaged"),
        ("letter.rtf", b"{\\rtf1 Lease}", "LibreOffice is not installed"),
        ("named.odt", b"\0\x01\x02" * 400, r"damaged: it is named \.odt"),
        ("packed.gz", b"\x1f\x8b\x08", "compressed"),
        ("blank.txt", b" \r\n\t", "no text"),
        ("cut.pdf", b"%PDF-1.7\n1 0 obj", "damaged"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason_and_a_remedy(
    tmp_path: Path, name: str, content: bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # of which LibreOffice might be
    with pytest.raises(DocumentError, match=reason) as caught:
        read(written(tmp_path, "upload", content), name)

    assert caught.value.remedy


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="could not be opened"):
        read(tmp_path / "gone.txt", "gone.txt")


async def test_errors_cross_the_process_border_whole(tmp_path: Path, reader: Reader) -> None:
    with pytest.raises(DocumentError) as caught:
        await reader.read(written(tmp_path, "upload", b""), "empty.txt")

    assert caught.value.reason == "This file is empty."
    assert caught.value.remedy


async def test_reading_does_not_hold_the_event_loop(tmp_path: Path, reader: Reader) -> None:
    path = written(tmp_path, "long.html", b"<p>Section 1. Term</p>" * 20_000)
    reading = asyncio.create_task(reader.read(path, path.name))
    gaps, last = [], time.perf_counter()
    while not reading.done():
        await asyncio.sleep(0.005)
        now = time.perf_counter()
        gaps.append(now - last)
        last = now

    assert (await reading).text.startswith("Section 1. Term")
    assert len(gaps) > 10
    assert max(gaps) < 0.25


def stuck(tmp_path: Path) -> Path:
    """A file that never ends: opening a pipe that nobody writes to blocks its reader."""
    path = tmp_path / "stuck.txt"
    os.mkfifo(path)
    return path


async def test_an_overrun_is_stopped_and_the_next_file_is_read(tmp_path: Path) -> None:
    reader = Reader(timeout_s=3.0)
    good = written(tmp_path, "good.txt", b"Section 1. Term")
    try:
        await reader.read(good, good.name)
        with pytest.raises(DocumentError, match="longer than 3 seconds"):
            await reader.read(stuck(tmp_path), "stuck.txt")
        assert (await reader.read(good, good.name)).text == "Section 1. Term"
    finally:
        await reader.close()


def counting(pages: int, pause_s: float, progress: Callable[[int, int], None]) -> int:
    """Slow work that tells how far it is."""
    for done in range(1, pages + 1):
        time.sleep(pause_s)
        progress(done, pages)
    return pages


async def test_progress_arrives_and_starts_the_limit_anew() -> None:
    reader, told = Reader(timeout_s=3.0), list[tuple[int, int]]()
    try:
        await reader.run(counting, 1, 0.0, progress=lambda done, pages: None)  # starts the process
        pages = await reader.run(
            counting, 5, 1.0, progress=lambda done, pages: told.append((done, pages))
        )
    finally:
        await reader.close()

    assert pages == 5
    assert told == [(n, 5) for n in range(1, 6)]


async def test_work_that_goes_on_for_ever_is_stopped_whatever_it_tells() -> None:
    reader = Reader(timeout_s=3.0, whole_s=4.0)
    try:
        with pytest.raises(DocumentError, match="longer than 4 seconds"):
            await reader.run(counting, 1000, 0.1, progress=lambda done, pages: None)
    finally:
        await reader.close()


async def test_one_file_may_be_given_less_time_than_the_longest(reader: Reader) -> None:
    await reader.run(counting, 1, 0.0, progress=lambda done, pages: None)  # starts the process
    with pytest.raises(DocumentError, match="longer than 2 seconds"):
        await reader.run(counting, 1000, 0.1, progress=lambda done, pages: None, within_s=2.0)


async def test_a_listener_that_fails_leaves_no_answer_for_the_next(
    tmp_path: Path, reader: Reader
) -> None:
    good = written(tmp_path, "good.txt", b"Section 1. Term")

    def fail(done: int, pages: int) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await reader.run(counting, 3, 0.1, progress=fail)
    assert (await reader.read(good, good.name)).text == "Section 1. Term"


async def test_a_killed_process_fails_one_file_only(tmp_path: Path, reader: Reader) -> None:
    good = written(tmp_path, "good.txt", b"Section 1. Term")
    await reader.read(good, good.name)
    reading = asyncio.create_task(reader.read(stuck(tmp_path), "stuck.txt"))
    await asyncio.sleep(0.5)
    child = reader._child
    assert child is not None
    child.kill()

    with pytest.raises(DocumentError, match="damaged or needs more memory"):
        await reading
    assert (await reader.read(good, good.name)).text == "Section 1. Term"


async def test_a_cancelled_reading_ends_its_process(tmp_path: Path, reader: Reader) -> None:
    good = written(tmp_path, "good.txt", b"Section 1. Term")
    await reader.read(good, good.name)
    child = reader._child
    reading = asyncio.create_task(reader.read(stuck(tmp_path), "stuck.txt"))
    await asyncio.sleep(0.5)
    reading.cancel()

    with pytest.raises(asyncio.CancelledError):
        await reading
    assert child is not None
    assert not child.is_alive()
    assert (await reader.read(good, good.name)).text == "Section 1. Term"


async def test_files_sent_together_are_read_one_after_the_other(
    tmp_path: Path, reader: Reader
) -> None:
    paths = [written(tmp_path, f"{n}.txt", f"Clause {n}".encode()) for n in range(5)]

    texts: list[ExtractedText] = await asyncio.gather(
        *(reader.read(path, path.name) for path in paths)
    )

    assert [text.text for text in texts] == [f"Clause {n}" for n in range(5)]


async def test_closing_ends_the_process(tmp_path: Path) -> None:
    reader = Reader(timeout_s=TIMEOUT_S)
    good = written(tmp_path, "good.txt", b"Section 1. Term")
    await reader.read(good, good.name)
    child = reader._child
    await reader.close()

    assert child is not None
    assert not child.is_alive()


async def test_a_file_that_needs_too_much_memory_is_refused(tmp_path: Path, reader: Reader) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"Section 1. Term")
        file.truncate(6 << 30)  # sparse: takes no room on the disk

    with pytest.raises(DocumentError, match="memory"):
        await reader.read(path, path.name)
