"""Small files that ask for much work hold neither the application nor a reader."""

import io
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from openpyxl import Workbook

from core.documents.drops import entries, is_folder
from core.documents.markup import read_html, read_text
from core.documents.passages import cut
from core.documents.reading import longest_s, read
from core.errors import DocumentError

TIMES = 8
MOST_TIMES = 20
"""Work on a file 8 times as long may take so many times as long; if it were squared, 64 times."""


def seconds(work: Callable[[], object]) -> float:
    """The processor's time that some work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def growth(work: Callable[[int], object], number: int) -> float:
    """How many times the processor's time a file takes that is ``TIMES`` times as long."""
    work(number)
    return seconds(lambda: work(TIMES * number)) / seconds(lambda: work(number))


def test_a_page_of_many_headings_is_written_down_about_as_fast_as_it_is_parsed() -> None:
    page = b"<h1>Rent</h1><p>x y</p>" * 20_000
    read_html(page[:1000])

    assert seconds(lambda: read_html(page)) < 5 * seconds(lambda: BeautifulSoup(page, "lxml"))


@pytest.mark.parametrize(
    ("opening", "line"),
    [("", "a house | b rent\n"), ("第一条 总则\n", "甲方应当按月支付租金。\n")],
    ids=["a table", "an article"],
)
def test_what_is_long_is_cut_in_time_with_its_length(opening: str, line: str) -> None:
    def work(number: int) -> object:
        return cut(read_text((opening + line * number).encode()), "d", "a.txt")

    assert growth(work, 10_000) < MOST_TIMES


def with_row(path: Path, row: int) -> Path:
    """A spreadsheet of one cell, far down."""
    book, plain = Workbook(), io.BytesIO()
    assert book.active is not None
    book.active["A1"] = "Rent"
    book.save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name).replace(b'<row r="1"', b'<row r="%d"' % row)
            target.writestr(name, content.replace(b'r="A1"', b'r="A%d"' % row))
    return path


def test_a_cell_at_the_end_of_a_sheet_is_read_and_one_beyond_all_sheets_is_refused(
    tmp_path: Path,
) -> None:
    assert "Rent" in read(with_row(tmp_path / "a.xlsx", 1 << 20), "a.xlsx").text
    with pytest.raises(DocumentError, match="too far apart"):
        read(with_row(tmp_path / "b.xlsx", 2_000_000_000), "b.xlsx")


def archive_of(path: Path, number: int, told: int) -> Path:
    """An archive that lists ``number`` entries and says that it has ``told``, in zip64."""
    listed = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\1\2", 20, 20, *[0] * 7, 6, *[0] * 6) + b"%06x" % each
        for each in range(number)
    )
    start = 30
    end = start + len(listed)
    path.write_bytes(
        b"PK\3\4" + bytes(start - 4) + listed
        + struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, told, told, len(listed), start)
        + struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    )  # fmt: skip
    return path


@pytest.mark.parametrize("told", [200_000, 1])
def test_a_long_list_of_entries_is_refused_before_it_is_parsed(tmp_path: Path, told: int) -> None:
    path = archive_of(tmp_path / "a.zip", 200_000, told)
    tracemalloc.start()
    try:
        for look in (lambda: is_folder(path, "a.zip"), lambda: entries(path)):
            with pytest.raises(DocumentError, match="far more than the 2,000 entries"):
                look()
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_an_archive_of_too_many_entries_is_refused_by_their_number(tmp_path: Path) -> None:
    path = archive_of(tmp_path / "a.zip", 2_001, 2_001)

    assert is_folder(path, "a.zip")
    with pytest.raises(DocumentError, match="2,001 entries"):
        entries(path)


def test_an_archive_that_cannot_be_read_is_left_to_whoever_copies_it(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.symlink_to("/proc/self/mem")  # whose first bytes cannot be read, by root neither

    assert not is_folder(path, "a.zip")


def test_a_small_file_has_minutes_in_all_and_a_long_scan_hours() -> None:
    assert longest_s(0) == 600
    assert longest_s(1 << 20) == 1200
    assert longest_s(200 << 20) == 6 * 3600
