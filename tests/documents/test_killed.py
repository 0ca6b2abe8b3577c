"""Killed at any moment, ingestion and deletion are taken up again and end as if never killed.

``PINCITE_KILLS`` is how often the process group is killed: 7 unless it is set.
"""

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from core.settings import ROOT
from core.types import DocumentState
from core.upkeep.doctor import Doctor
from tests.documents.ingesting import opened
from tests.documents.test_library import pdf_of

FILES = 40
KILLS = int(os.environ.get("PINCITE_KILLS", "7"))
CANARY = "zebrafinch77canary"
CLAUSE = "The Tenant of house {n} shall keep clause {k} and pay {m} pounds on each quarter day. "


@dataclass(frozen=True)
class Ended:
    """All that there is of a matter, by names that two runs have in common."""

    states: tuple[tuple[str, DocumentState, int, int], ...]
    passages: tuple[tuple[str, int, str, int, int], ...]
    indexed: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    strays: tuple[str, ...]
    findings: tuple[str, ...]
    """What the doctor has to say."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty files of four kinds."""
    made = tmp_path_factory.mktemp("papers")
    for n in range(FILES):
        clauses = [CLAUSE.format(n=n, k=k, m=n * 100 + k) * 3 for k in range(4 + n % 9)]
        name, words = f"Lease {n:02}", "\n\n".join(clauses)
        if n % 10 == 7:
            (made / f"{name}.pdf").write_bytes(pdf_of(CLAUSE.format(n=n, k=1, m=n)))
        elif n % 10 == 3:
            (made / f"{name}.html").write_text(f"<html><body><p>{words}</p></body></html>")
        else:
            (made / f"{name}.{'md' if n % 10 == 5 else 'txt'}").write_text(f"# {name}\n\n{words}")
    (made / "Canary.txt").write_text(
        f"The password of the vault is {CANARY} and nothing else. " * 9
    )
    return made


@pytest.fixture(scope="module")
def clean(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The data of a run that nobody killed, and how long it took in seconds."""
    data = tmp_path_factory.mktemp("clean") / "data"
    began = time.monotonic()
    finished(data, folder)
    return data, time.monotonic() - began


def started(data: Path, folder: Path, *more: str) -> subprocess.Popen[bytes]:
    """The process, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.documents.ingesting", str(data), str(folder), *more],
        cwd=ROOT,
        start_new_session=True,
        stderr=subprocess.PIPE,
    )


def finished(data: Path, folder: Path, *more: str) -> None:
    """Run to the end, which must come."""
    process = started(data, folder, *more)
    _, told = process.communicate(timeout=240)
    assert process.returncode == 0, told.decode()


def killed(process: subprocess.Popen[bytes], after_s: float) -> bool:
    """Kill the group after a while; return whether it was still at work."""
    try:
        process.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        readers = psutil.Process(process.pid).children(recursive=True)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        _, left = psutil.wait_procs(readers, timeout=30)
        assert left == [], "a reader outlived the process that it read for"
        return True
    _, told = process.communicate()
    assert process.returncode == 0, told.decode()
    return False


async def ended(data: Path) -> Ended:
    database, store, _ = await opened(data)
    try:
        (matter,) = await database.matters()
        documents = await database.documents(matter.id)
        names = {each.id: each.name for each in documents}
        table = await store._table("passages").query().to_list()
        indexed = await store._table("documents").query().to_list()
        root = data / "documents"
        files = [path.relative_to(root) for path in root.rglob("*") if path.is_file()]
        own = {f"{each.matter_id}/{each.id}" for each in documents}
        return Ended(
            tuple((each.name, each.state, each.passages, each.version) for each in documents),
            tuple(
                sorted(
                    (
                        names.get(r["document_id"], "?"),
                        r["ordinal"],
                        r["text"],
                        r["start"],
                        r["end"],
                    )
                    for r in table
                )
            ),
            tuple(sorted(names.get(row["id"], "?") for row in indexed)),
            tuple(sorted((names.get(path.parts[1], "?"), path.name) for path in files)),
            tuple(sorted(str(path) for path in files if str(path.parent) not in own)),
            tuple(map(str, await Doctor(data, database, store, "fake").examine())),
        )
    finally:
        await store.close()
        await database.close()


def holding(data: Path, words: str) -> list[str]:
    """The files under a folder in which the words stand, in any letter case."""
    sought = [words.lower().encode(coding) for coding in ("utf-8", "utf-16-le")]
    return [
        str(path)
        for path in data.rglob("*")
        if path.is_file()
        and any(each in path.read_bytes().lower() or each in str(path).encode() for each in sought)
    ]


@pytest.mark.timeout(0)
def test_killed_at_random_moments_every_file_ends_exactly_once_in_the_index(
    folder: Path, clean: tuple[Path, float], tmp_path: Path
) -> None:
    """7 times by default."""
    whole, longest_s = clean
    wanted = asyncio.run(ended(whole))
    assert [state for _, state, _, _ in wanted.states] == [DocumentState.READY] * (FILES + 1)
    assert wanted.strays == ()
    assert wanted.findings == ()

    chance, kills, rounds, data = random.Random(), 0, 0, tmp_path / "killed"  # noqa: S311
    while kills < KILLS:
        if killed(started(data, folder), chance.uniform(0.2, longest_s)):
            kills += 1
        else:
            assert asyncio.run(ended(data)) == wanted
            shutil.rmtree(data)
            rounds += 1
    finished(data, folder)
    assert asyncio.run(ended(data)) == wanted
    print(f"{kills} kills, {rounds + 1} ingestions, {longest_s:.1f} s each when left alone")


@pytest.mark.timeout(0)
def test_a_deletion_that_is_killed_ends_with_no_word_of_the_document_on_the_disk(
    folder: Path, clean: tuple[Path, float], tmp_path: Path
) -> None:
    """3 times by default, in the later two thirds of the run, where the deletion is."""
    whole, data = clean[0], tmp_path / "killed"
    assert holding(whole, CANARY)
    shutil.copytree(whole, data)
    began = time.monotonic()
    finished(data, folder, "Canary.txt")
    longest_s = time.monotonic() - began
    wanted = asyncio.run(ended(data))
    assert len(wanted.states) == FILES
    assert holding(data, CANARY) == []

    for _ in range(max(3, KILLS // 5)):
        shutil.rmtree(data)
        shutil.copytree(whole, data)
        moment = random.uniform(longest_s / 3, longest_s)  # noqa: S311
        killed(started(data, folder, "Canary.txt"), moment)
        finished(data, folder, "Canary.txt")
        assert asyncio.run(ended(data)) == wanted
        assert holding(data, CANARY) == []
