"""Sixteen people ask while two hundred files are taken in: errors, latencies, memory.

``make bench PARTS=load``, or ``python -m tests.bench.load --minutes 3``.  The application runs in a
process of its own with the real embedder, index, database and readers; only the engine is paced
(``tests.bench.paced``).  People speak to it as the page does: through Gradio's queue and its stream
of events.  Ends with 1 if anything failed.  One JSON line is printed last.
"""

# isort: off
from locust import HttpUser, between, task  # first: it makes the sockets cooperative
from locust.env import Environment
# isort: on

import argparse
import json
import random
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gevent
import psutil
import requests

from tests.bench.asked import EVAL, lines, questions_of
from tests.bench.paced import FIRST_TOKEN_S, TOKENS_PER_S
from tests.bench.tab import PATIENCE_S, FailedError, Tab

PEOPLE = 16
FILES = 200
ASKED_ABOUT = 6
"""Documents of each language that are there before anyone asks."""
DROPPED_AT_ONCE = 20
SAMPLE_S = 2.0
PASSAGES, ANSWER = "first passages", "whole answer"
FLAT = 0.05
"""Memory that would grow by less in five minutes, as a share of the middle's, is called flat."""


class Person(HttpUser):
    """Opens the page, asks, reads for some seconds, asks again."""

    wait_time = between(2, 8)
    questions: tuple[str, ...] = ()

    def on_start(self) -> None:
        self.tab = Tab(self.host)
        self.tab.do("load", first={})

    @task
    def ask(self) -> None:
        """Ask a question; tell Locust when the passages and when the answer were on screen."""
        self.tab.do("new_conversation", {})
        started = time.perf_counter()
        shown = False
        failure: Exception | None = None

        def told(name: str) -> None:
            elapsed_ms = 1000 * (time.perf_counter() - started)
            self.environment.events.request.fire(
                request_type="ask", name=name, response_time=elapsed_ms, response_length=0,
                exception=failure, context={},
            )  # fmt: skip

        try:
            line = ""
            for line in self.tab.fire("ask", {"question": random.choice(self.questions)}):  # noqa: S311
                if not shown and 'data-testid=\\"hits\\"' in line:
                    shown = True
                    told(PASSAGES)
            if 'data-testid=\\"answer\\"' not in line:
                raise FailedError(f"no answer: {line[-300:]}")
        except (FailedError, requests.RequestException) as error:
            failure = error
        told(ANSWER)


@dataclass
class Memory:
    """What a process and its children hold of their own, over time.

    Pages of mapped files are counted apart: the embedding model's table of words is mapped, and
    comes in with the words that are met.
    """

    pid: int
    samples: list[tuple[float, float]] = field(default_factory=list)
    mapped_mib: list[float] = field(default_factory=list)

    def watch(self) -> None:
        """Take a sample every few seconds until killed."""
        started = time.monotonic()
        while True:
            own, mapped = _resident_mib(self.pid)
            self.samples.append((time.monotonic() - started, own))
            self.mapped_mib.append(round(mapped, 1))
            gevent.sleep(SAMPLE_S)

    def around(self, share: float) -> float:
        """Median MiB of the samples at a share of the time, a twentieth of it to either side."""
        end = self.samples[-1][0]
        near = [mib for at, mib in self.samples if abs(at / end - share) <= 0.05]
        return round(statistics.median(near), 1)

    def growth_mib_per_minute(self) -> float:
        """The slope of the least-squares line through the second half."""
        half = self.samples[-1][0] / 2
        at, mib = zip(*(each for each in self.samples if each[0] >= half), strict=True)
        return round(60 * statistics.linear_regression(at, mib).slope, 2)


def _resident_mib(pid: int) -> tuple[float, float]:
    """The resident memory of a process with its children: their own, and that of mapped files.

    Linux calls the latter shared; each process's are counted.
    """
    own = mapped = 0
    parent = psutil.Process(pid)
    for process in (parent, *parent.children(recursive=True)):
        try:
            held = process.memory_info()
        except psutil.NoSuchProcess:  # a reader that has just been replaced
            continue
        own += held.rss - held.shared
        mapped += held.shared
    return own / 2**20, mapped / 2**20


@contextmanager
def application(folder: Path) -> Iterator[tuple[str, int]]:
    """A running Pincite over an empty data folder: its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "tests.bench.paced", str(folder / "data"), str(port)]
    with (folder / "log.txt").open("wb") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + PATIENCE_S
        while not _ready(address):
            if child.poll() is not None or time.monotonic() > end:
                raise SystemExit((folder / "log.txt").read_text(encoding="utf-8"))
            time.sleep(0.5)
        yield address, child.pid
    finally:
        child.terminate()
        child.wait(60)
        told = (folder / "log.txt").read_text(encoding="utf-8")
        if "Traceback" in told:
            print(told[-4000:], file=sys.stderr)


def _ready(address: str) -> bool:
    try:
        return requests.get(f"{address}/readyz", timeout=5).status_code == 200
    except requests.RequestException:
        return False


@dataclass(frozen=True)
class Given:
    """What the run is made of: files to be there first, files to arrive, questions on the first."""

    there: list[Path]
    arriving: list[Path]
    questions: tuple[str, ...]


def given(folder: Path) -> Given:
    """The shortest contracts and statutes to ask about; two hundred other texts, well mixed."""
    there: list[Path] = []
    arriving: list[Path] = []
    questions: list[str] = []
    for name, docs, kind in (("en_contracts", "docs_txt", ""), ("zh_statutes", "docs", "scenario")):
        asked = questions_of(name, kind)
        about = {span["doc"] for each in asked for span in each["gold"]}
        paths = sorted((EVAL / name / docs).rglob("*.*"), key=lambda path: path.stat().st_size)
        first = [path for path in paths if path.relative_to(EVAL / name / docs).as_posix() in about]
        there += first[:ASKED_ABOUT]
        arriving += [path for path in paths if path not in first[:ASKED_ABOUT]]
        known = {path.relative_to(EVAL / name / docs).as_posix() for path in first[:ASKED_ABOUT]}
        questions += [q["question"] for q in asked if {s["doc"] for s in q["gold"]} <= known]
    for row in lines(EVAL / "en_clauses" / "corpus.jsonl")[: FILES - len(arriving)]:
        path = folder / f"clause-{len(arriving):03}.txt"
        path.write_text(str(row["text"]), encoding="utf-8")
        arriving.append(path)
    random.Random(0).shuffle(arriving)  # noqa: S311
    return Given(there, arriving, tuple(questions))


def dropping(tab: Tab, paths: list[Path]) -> None:
    """Drop the files, some at a time."""
    for at in range(0, len(paths), DROPPED_AT_ONCE):
        tab.drop(paths[at : at + DROPPED_AT_ONCE])


def measure(minutes: float) -> dict[str, Any]:
    """Run the load and return what came of it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        material = given(folder)
        Person.questions = material.questions
        with application(folder) as (address, pid):
            tab = Tab(address)
            tab.do("load", first={})
            tab.do("create_matter", {"text": "Load"})
            tab.drop(material.there)
            while _states(folder).get("ready", 0) < len(material.there):
                time.sleep(0.5)
            memory = Memory(pid)
            watching = gevent.spawn(memory.watch)
            drops = gevent.spawn(dropping, tab, material.arriving)
            environment = Environment(
                user_classes=[Person], host=address, stop_timeout=int(PATIENCE_S)
            )
            runner = environment.create_local_runner()
            runner.start(PEOPLE, spawn_rate=PEOPLE / 4)
            gevent.sleep(60 * minutes)
            watching.kill()
            runner.stop()
            drops.get(timeout=PATIENCE_S)
            states = _states(folder)
    states["ready"] -= len(material.there)
    return _report(environment, memory, states, minutes)


def _states(folder: Path) -> dict[str, int]:
    """How many documents stand in each state, read beside the running application."""
    sql = sqlite3.connect(f"file:{folder / 'data' / 'pincite.db'}?mode=ro", uri=True)
    try:
        return dict(sql.execute("SELECT state, count(*) FROM documents GROUP BY state").fetchall())
    finally:
        sql.close()


def _report(
    environment: Environment, memory: Memory, states: dict[str, int], minutes: float
) -> dict[str, Any]:
    stats = environment.stats
    seconds = {}
    for name in (PASSAGES, ANSWER):
        entry = stats.get(name, "ask")
        seconds[name] = {"count": entry.num_requests} | {
            f"p{round(100 * share)}": round(entry.get_response_time_percentile(share) / 1000, 2)
            for share in (0.5, 0.95)
        }
    growth = memory.growth_mib_per_minute()
    start, middle, end = memory.around(0), memory.around(0.5), memory.around(1)
    return {
        "people": PEOPLE,
        "minutes": minutes,
        "pace": {"first_token_s": FIRST_TOKEN_S, "tokens_per_s": TOKENS_PER_S},
        "questions": stats.get(ANSWER, "ask").num_requests,
        "errors": sum(each.occurrences for each in stats.errors.values())
        + len(environment.runner.exceptions),
        "what_failed": [str(each.error) for each in stats.errors.values()]
        + [each["msg"] for each in environment.runner.exceptions.values()],
        "seconds": seconds,
        "files": {"dropped": sum(states.values()), **states},
        "memory_mib": {
            "start": start,
            "middle": middle,
            "end": end,
            "growth_per_minute": growth,
            "mapped_files": [memory.mapped_mib[0], memory.mapped_mib[-1]],
            "flat": 5 * growth <= FLAT * middle,
        },
    }


def tell(report: dict[str, Any]) -> None:
    """Print the table for people."""
    files, memory = report["files"], report["memory_mib"]
    rows = [
        ("questions answered", report["questions"]),
        ("errors", report["errors"]),
        *(
            (f"{name}, p50 (p95) seconds", f"{each['p50']} ({each['p95']}), {each['count']} times")
            for name, each in report["seconds"].items()
        ),
        ("files dropped, ready, failed",
         f"{files['dropped']}, {files.get('ready', 0)}, {files.get('failed', 0)}"),
        ("memory at start, middle, end, MiB",
         f"{memory['start']}, {memory['middle']}, {memory['end']}"),
        ("growth in the second half, MiB a minute", memory["growth_per_minute"]),
        ("mapped files at start and end, MiB", "{}, {}".format(*memory["mapped_files"])),
    ]  # fmt: skip
    print(f"\n{report['people']} people, {report['minutes']:g} minutes")
    for name, value in rows:
        print(f"  {name:<42}{value}")
    for failed in report["what_failed"]:
        print(f"  failed: {failed}")


def main() -> None:
    """Measure, print the table and the JSON line, and end with 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    report = measure(parser.parse_args().minutes)
    tell(report)
    print(json.dumps(report, ensure_ascii=False))
    sys.exit(1 if report["errors"] or report["files"].get("failed") else 0)


if __name__ == "__main__":
    main()
