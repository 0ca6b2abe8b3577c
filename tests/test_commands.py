"""The commands: what they print, what they write, and how they say that something is wrong."""

import asyncio
import json
import logging
import os
import pwd
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app import cli
from core.commands.documents import files_of
from core.database import Database
from core.deeds import AuditEntry, Deed
from core.records.audit import AuditFilter
from core.settings import Settings, load_settings
from core.upkeep.lock import hold
from tests.fakes import LoadedEncoders

LEASE = "Lease\n\n1. Rent\n\nThe Tenant shall pay the rent on the first day of each month.\n"
NOTES = "Notes\n\nThe Seller keeps the archive in Rotterdam.\n"

Pincite = Callable[..., Result]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Folders of the test's own, models that need no preparing, and nothing left behind."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PINCITE_{name.upper()}", raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    weights = tmp_path / "models" / "own"
    weights.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (weights / name).write_text("{}")
    own = {
        "DATA_DIR": tmp_path / "data",
        "MODELS_DIR": tmp_path / "models",
        "PROFILE": "embedded",
        "CHAT_MODEL": weights,
        "EMBEDDING_MODEL": weights,
        "LOG_LEVEL": "error",
    }
    for name, value in own.items():
        monkeypatch.setenv(f"PINCITE_{name}", str(value))
    before, root, mask = dict(os.environ), logging.getLogger(), os.umask(0o022)
    handlers, level = list(root.handlers), root.level
    yield
    os.umask(mask)
    os.environ.clear()
    os.environ.update(before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def pincite(environment: None, monkeypatch: pytest.MonkeyPatch) -> Pincite:
    """Run a command in this process, over the real store with ``FakeEncoders``."""
    monkeypatch.setattr("core.services.Encoders", LoadedEncoders)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(cli, [str(each) for each in arguments])

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two files, one of them a folder deeper, and what is never taken in."""
    files = {"Lease.txt": LEASE, "2026/Notes.md": NOTES, ".hidden.txt": "no", ".git/x.txt": "no"}
    for name, content in files.items():
        path = tmp_path / "given" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path / "given"


def written(path: Path, *rows: object) -> Path:
    lines = (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def make_matter(tmp_path: Path, name: str = "Harbour Lane") -> None:
    """A matter without documents, made without the command line."""

    async def make() -> None:
        database = Database(tmp_path / "data" / "pincite.db")
        await database.start()
        await database.create_matter(name)
        await database.close()

    asyncio.run(make())


def is_a_sentence(result: Result, *words: str) -> bool:
    """Whether it ended with 2 and one line that a lawyer may read, holding ``words``."""
    lines = result.stderr.strip().splitlines()
    return (
        result.exit_code == 2
        and len(lines) == 1
        and lines[0].startswith("pincite: ")
        and lines[0].endswith(".")
        and all(word in lines[0] for word in words)
    )


def test_files_are_taken_in_listed_searched_and_deleted(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    taken = pincite("ingest", folder, "--matter", "Harbour Lane")
    assert taken.exit_code == 0, taken.output
    assert sorted(taken.stdout.splitlines()) == [
        "ready\t2026/Notes.md\t1 passages",
        "ready\tLease.txt\t1 passages",
    ]

    listed = pincite("documents", "--matter", "Harbour Lane", "--json")
    documents = json.loads(listed.stdout)["documents"]
    assert [(each["name"], each["state"]) for each in documents] == [
        ("2026/Notes.md", "ready"),
        ("Lease.txt", "ready"),
    ]
    assert set(documents[0]) == {
        "id", "name", "state", "reason", "pages", "passages", "added_at", "title", "parties",
        "dated", "genre", "blank_pages", "warnings", "version", "is_superseded",
    }  # fmt: skip

    asked = written(
        tmp_path / "q.jsonl",
        {"id": "q1", "question": "When must the Tenant pay the rent?"},
        "",
        {"id": 2, "question": "Where is the archive of the Seller?"},
    )
    out = tmp_path / "found.jsonl"
    found = pincite(
        "search", "--questions", asked, "--matter", "Harbour Lane", "--out", out, "--top", 1
    )
    assert found.exit_code == 0, found.output
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["q1", 2]
    assert [[hit["doc"] for hit in row["results"]] for row in rows] == [
        ["Lease.txt"],
        ["2026/Notes.md"],
    ]
    hit = rows[0]["results"][0]
    assert LEASE[hit["start"] : hit["end"]] == hit["text"]

    gone = pincite("delete", "Lease.txt", "--matter", "Harbour Lane")
    assert (gone.exit_code, gone.stdout) == (0, "deleted\tLease.txt\n")
    again = pincite("search", "--questions", asked, "--matter", "Harbour Lane", "--out", out)
    assert again.exit_code == 0
    assert "2026/Notes.md" in out.read_text(encoding="utf-8")
    assert "Lease.txt" not in out.read_text(encoding="utf-8")

    assert pincite("delete", "--whole-matter", "--matter", "Harbour Lane").exit_code == 0
    assert is_a_sentence(pincite("documents", "--matter", "Harbour Lane"), "none yet")
    assert [p for p in (tmp_path / "data" / "documents").rglob("*") if p.is_file()] == []


def test_a_file_that_fails_is_named_with_its_reason_and_ends_with_1(
    pincite: Pincite, folder: Path
) -> None:
    (folder / "Empty.pdf").write_bytes(b"")
    taken = pincite("ingest", folder, folder / "absent.txt", "--matter", "Harbour Lane")
    assert taken.exit_code == 1
    lines = taken.stdout.splitlines()
    assert "failed\tEmpty.pdf\tThis file is empty. Check the original and add it again." in lines
    absent = "failed\tabsent.txt\tThere is no such file. Choose a file that exists."
    assert absent in lines
    assert sum(line.startswith("ready\t") for line in lines) == 2

    listed = pincite("documents", "--matter", "Harbour Lane").stdout.splitlines()
    assert "failed\tEmpty.pdf\tThis file is empty. Check the original and add it again." in listed


def test_two_files_of_one_name_are_not_mixed_up(pincite: Pincite, tmp_path: Path) -> None:
    given = []
    for client, content in (("a", LEASE), ("b", NOTES)):
        (tmp_path / client).mkdir()
        given.append(tmp_path / client / "Lease.txt")
        given[-1].write_text(content)
    taken = pincite("ingest", *given, "--matter", "Harbour Lane")
    assert taken.exit_code == 1
    assert "failed\tLease.txt\tAnother file of this name was given. Rename one." in taken.stdout
    assert "ready\tLease.txt" in taken.stdout


def test_a_name_is_deleted_with_every_version_of_it(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    for content in (LEASE, LEASE + "\n2. Keys\n\nThe Tenant keeps two keys.\n"):
        (folder / "Lease.txt").write_text(content)
        taken = pincite("ingest", folder / "Lease.txt", "--matter", "Harbour Lane")
        assert taken.exit_code == 0, taken.output
    listed = pincite("documents", "--matter", "Harbour Lane", "--json")
    rows = json.loads(listed.stdout)["documents"]
    assert [(each["version"], each["is_superseded"]) for each in rows] == [(2, False), (1, True)]

    gone = pincite("delete", "Lease.txt", "--matter", "Harbour Lane")
    assert (gone.exit_code, gone.stdout) == (0, "deleted\tLease.txt\n"), gone.output
    listed = pincite("documents", "--matter", "Harbour Lane")
    assert listed.stdout == "The matter has no documents.\n"
    assert [p for p in (tmp_path / "data" / "documents").rglob("*") if p.is_file()] == []


def test_nothing_of_a_matter_on_legal_hold_is_deleted(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    assert pincite("ingest", folder, "--matter", "Harbour Lane").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as sql, sql:
        sql.execute("UPDATE matters SET on_hold = 1")
    for what in ("Lease.txt", "--whole-matter"):
        assert is_a_sentence(pincite("delete", what, "--matter", "Harbour Lane"), "legal hold")
    assert len(pincite("documents", "--matter", "Harbour Lane").stdout.splitlines()) == 2


def test_a_matter_that_is_not_there_is_a_sentence_that_lists_those_that_are(
    pincite: Pincite, tmp_path: Path
) -> None:
    assert is_a_sentence(pincite("documents", "--matter", "Nothing"), "“Nothing”", "none yet")
    make_matter(tmp_path)
    assert is_a_sentence(pincite("documents", "--matter", "harbour"), "“harbour”", "Harbour Lane")
    assert is_a_sentence(pincite("delete", "x", "--matter", "Nothing"), "“Nothing”")


def test_deleting_a_document_that_is_not_there_is_a_sentence(
    pincite: Pincite, tmp_path: Path
) -> None:
    make_matter(tmp_path)
    assert is_a_sentence(
        pincite("delete", "Leese.txt", "--matter", "Harbour Lane"), "no document Leese.txt"
    )


def test_an_empty_matter_says_so(pincite: Pincite, tmp_path: Path) -> None:
    make_matter(tmp_path)
    listed = pincite("documents", "--matter", "Harbour Lane")
    assert listed.stdout == "The matter has no documents.\n"
    assert json.loads(pincite("documents", "--matter", "Harbour Lane", "--json").stdout) == {
        "documents": []
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "--matter", "Harbour Lane"],
        ["ask", "   ", "--matter", "Harbour Lane"],
        ["ask", "When?", "--matter", "Harbour Lane", "--questions", "q.jsonl", "--out", "a"],
        ["ask", "--matter", "Harbour Lane", "--questions", "q.jsonl"],
        ["ask", "When?", "--matter", "Harbour Lane", "--out", "a.jsonl"],
        ["delete", "--matter", "Harbour Lane"],
        ["delete", "Lease.txt", "--whole-matter", "--matter", "Harbour Lane"],
        ["search", "--questions", "q", "--out", "a", "--matter", "Harbour Lane", "--top", "0"],
        ["ingest", "Lease.txt"],
    ],
)
def test_arguments_that_make_no_sense_are_refused_before_anything_starts(
    pincite: Pincite, tmp_path: Path, arguments: list[str]
) -> None:
    result = pincite(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["search", "ask"])
def test_a_wrong_line_of_a_question_file_is_named(
    pincite: Pincite, tmp_path: Path, command: str
) -> None:
    make_matter(tmp_path)
    asked = written(tmp_path / "q.jsonl", {"id": 1, "question": "When?"}, "", '{"id": 2')
    out = tmp_path / "out.jsonl"
    arguments = ["--questions", asked, "--matter", "Harbour Lane", "--out", out]
    variant = ["--variant", "quotes"] if command == "ask" else []
    result = pincite(command, *arguments, *variant)
    assert is_a_sentence(result, f"Line 3 of {asked} cannot be used")
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("variant", ["ask", "When?", "--variant", "nonsense"]),
        ("mode", ["search", "--questions", "{questions}", "--out", "{out}", "--mode", "nonsense"]),
        ("out", ["search", "--questions", "{questions}", "--out", "{absent}/out.jsonl"]),
    ],
)
def test_an_option_that_cannot_be_followed_is_refused_without_a_traceback(
    pincite: Pincite, tmp_path: Path, name: str, arguments: list[str]
) -> None:
    make_matter(tmp_path)
    places = {
        "questions": written(tmp_path / "q.jsonl", {"id": 1, "question": "When?"}),
        "out": tmp_path / "out.jsonl",
        "absent": tmp_path / "absent",
    }
    given = [each.format(**places) for each in arguments]
    result = pincite(*given, "--matter", "Harbour Lane")
    assert (name, result.exit_code) == (name, 2)
    assert isinstance(result.exception, SystemExit)


def test_a_file_is_named_relative_to_the_folder_that_was_given(
    folder: Path, tmp_path: Path
) -> None:
    single = tmp_path / "given" / "2026" / "Notes.md"
    assert list(files_of([folder, single])) == [
        (folder / "2026" / "Notes.md", "2026/Notes.md"),
        (folder / "Lease.txt", "Lease.txt"),
        (single, "Notes.md"),
    ]


def test_a_hidden_folder_that_was_named_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".mine").mkdir()
    (tmp_path / ".mine" / "a.txt").write_text("a")
    assert [name for _, name in files_of([tmp_path / ".mine"])] == ["a.txt"]


def test_a_wrong_setting_is_a_sentence_and_nothing_starts(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINCITE_TOP_K", "many")
    assert is_a_sentence(pincite("documents", "--matter", "x"), "PINCITE_TOP_K is wrong")
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_a_sentence(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PINCITE_PORT", str(taken.getsockname()[1]))
        assert is_a_sentence(pincite("serve"), "cannot be used", "PINCITE_PORT")


def test_nothing_that_a_command_writes_is_read_by_another_account(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    assert pincite("ingest", folder, "--matter", "Harbour Lane").exit_code == 0
    made = [data, *data.rglob("*")]
    assert {"pincite.db", "documents", "index"} <= {each.name for each in made}
    assert [each for each in made if each.stat().st_mode & 0o077] == []


def test_two_writers_never_work_on_the_same_data(pincite: Pincite, folder: Path) -> None:
    import fcntl

    data = folder.parent / "data"
    data.mkdir()
    with (data / "pincite.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = pincite("delete", "Lease.txt", "--matter", "Harbour Lane")
    assert is_a_sentence(result, "Another Pincite works on the data")


def test_files_are_left_to_the_pincite_that_works_through_the_queue(
    pincite: Pincite, folder: Path
) -> None:
    from core.services import Services

    async def ingest_beside() -> tuple[Result, Result]:
        services = Services(load_settings().model_copy(update={"sample_matter": False}))
        try:
            await services.start(generate=False)
            await services.ready()
            taken = await asyncio.to_thread(pincite, "ingest", folder, "--matter", "Harbour Lane")
            arguments = ["delete", "Lease.txt", "--matter", "Harbour Lane"]
            return taken, await asyncio.to_thread(pincite, *arguments)
        finally:
            await services.close()

    taken, gone = asyncio.run(ingest_beside())
    assert taken.exit_code == 0, taken.output
    assert sum(line.startswith("ready\t") for line in taken.stdout.splitlines()) == 2
    assert is_a_sentence(gone, "Another Pincite works on the data")


def test_files_wait_for_the_next_start_when_the_pincite_beside_has_ended(
    pincite: Pincite, folder: Path
) -> None:
    import fcntl

    ended = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    data = folder.parent / "data"
    data.mkdir()
    with (data / "pincite.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.write(b"%d" % ended.pid)
        held.flush()
        timer = threading.Timer(3, ended.communicate)
        timer.start()
        result = pincite("ingest", folder, "--matter", "Harbour Lane")
    timer.join()
    assert is_a_sentence(result, "has ended", "takes up what is queued")
    listed = pincite("documents", "--matter", "Harbour Lane").stdout
    assert listed.count("queued\t") == 2


AGREEMENT = (
    "SUPPLY AGREEMENT\n\nThis Supply Agreement is made on 1 May 2020 between Acme Foods Inc. and "
    "Borealis Shipping GmbH.\n\n1. Price\n\nThe Buyer shall pay the price of the goods on the "
    "first day of each month.\n"
)


@pytest.fixture
def lane(pincite: Pincite, folder: Path) -> Pincite:
    """The command line over a matter "Lane" of a lease, notes and a supply agreement."""
    (folder / "Supply.txt").write_text(AGREEMENT, encoding="utf-8")
    taken = pincite("ingest", folder, "--matter", "Lane")
    assert taken.exit_code == 0, taken.output
    return pincite


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_documents_tell_what_they_are_called_whom_they_bind_and_when_they_date_from(
    lane: Pincite,
) -> None:
    listed = json.loads(lane("documents", "--matter", "Lane", "--json").stdout)["documents"]
    (supply,) = (each for each in listed if each["name"] == "Supply.txt")
    assert "supply agreement" in supply["title"].lower()
    assert any("Borealis" in party for party in supply["parties"])
    assert (supply["dated"], supply["genre"]) == ("2020-05-01", "contract")
    assert (supply["blank_pages"], supply["warnings"]) == (0, [])
    (notes,) = (each for each in listed if each["name"] == "2026/Notes.md")
    assert (notes["parties"], notes["dated"]) == ([], None)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], {"Lease.txt", "2026/Notes.md", "Supply.txt"}),
        (["--document", "Lease.txt"], {"Lease.txt"}),
        (["--document", "Lease.txt", "--document", "Supply.txt"], {"Lease.txt", "Supply.txt"}),
        (["--from", "2020-05-01", "--to", "2020-05-01"], {"Supply.txt"}),
        (["--from", "2020-05-02"], set()),
        (["--kind", "judgment"], set()),
        (["--kind", "contract", "--document", "Supply.txt"], {"Supply.txt"}),
    ],
)
def test_filters_narrow_what_is_searched_and_what_is_asked(
    lane: Pincite, tmp_path: Path, filters: list[str], found: set[str]
) -> None:
    asked = written(tmp_path / "q.jsonl", {"id": 1, "question": "What is paid or kept?"})
    out = tmp_path / "out.jsonl"
    searched = lane("search", "--questions", asked, "--matter", "Lane", "--out", out, *filters)
    assert searched.exit_code == 0, searched.output
    (row,) = rows_of(out)
    assert {each["doc"] for each in row["results"]} == found
    answered = lane(
        "ask",
        "What is paid or kept?",
        "--matter",
        "Lane",
        "--variant",
        "quotes",
        "--json",
        *filters,
    )
    assert answered.exit_code == 0, answered.output
    record = json.loads(answered.stdout)
    assert record["searched"]["documents"] == len(found)
    assert record["refused"] is (not found)
    cited = {each["doc"] for said in record["statements"] for each in said["citations"]}
    assert cited <= found


def test_every_passage_that_matches_is_searched_for_on_demand(
    lane: Pincite, tmp_path: Path
) -> None:
    asked = written(tmp_path / "q.jsonl", {"id": "a", "question": "pay on the first day"})
    out = tmp_path / "out.jsonl"
    result = lane("search", "--questions", asked, "--matter", "Lane", "--out", out, "--every")
    assert result.exit_code == 0, result.output
    (row,) = rows_of(out)
    assert {each["doc"] for each in row["results"]} == {"Lease.txt", "Supply.txt"}


def test_answers_to_a_file_of_questions_stand_in_its_order_with_all_that_was_searched(
    lane: Pincite, tmp_path: Path
) -> None:
    asked = written(
        tmp_path / "q.jsonl",
        {"id": "rent", "question": "When must the Tenant pay the rent?"},
        {"id": "absent", "question": "What does the lease owe Zebulon?"},
    )
    out = tmp_path / "a.jsonl"
    arguments = ["--questions", asked, "--out", out, "--matter", "Lane", "--variant", "quotes"]
    assert lane("ask", *arguments).exit_code == 0
    rent, absent = rows_of(out)
    assert (rent["id"], rent["kind"], rent["refused"]) == ("rent", "quotes", False)
    assert "first day" in rent["answer"]
    assert rent["searched"] == {"documents": 3, "passages": 4, "blank_pages": 0}
    assert (absent["id"], absent["kind"], absent["notice"]) == (
        "absent",
        "refusal",
        "document_absent",
    )
    assert absent["absent"] == ["Zebulon"]
    assert absent["nearest"]


def test_an_answer_in_the_terminal_shows_its_notice_its_marks_and_its_pincites(
    lane: Pincite,
) -> None:
    question = "When must the Tenant pay the rent?"
    told = lane("ask", question, "--matter", "Lane", "--variant", "quotes", "--top", 1).stdout
    assert told.splitlines()[0] == "(quotes chosen)"
    assert "[1]" in told
    assert "\n[1] Lease.txt" in told


def test_a_filter_for_a_document_that_is_not_there_is_a_sentence(
    lane: Pincite, tmp_path: Path
) -> None:
    asked = ["ask", "When?", "--matter", "Lane", "--variant", "quotes"]
    assert is_a_sentence(lane(*asked, "--document", "Leese.txt"), "no document Leese.txt")
    for wrong in (["--from", "1 May 2020"], ["--kind", "letter"]):
        result = lane(*asked, *wrong)
        assert (result.exit_code, isinstance(result.exception, SystemExit)) == (2, True)


def test_statements_are_checked_without_any_matter(pincite: Pincite, tmp_path: Path) -> None:
    passage = "The Tenant shall pay the rent of $500 on the first day of each month."
    pairs = written(
        tmp_path / "pairs.jsonl",
        {"id": 1, "statement": "The Tenant shall pay the rent of $500.", "passages": [passage]},
        {"id": 2, "statement": "The Tenant shall pay the rent of $700.", "passages": [passage]},
        {"id": "3", "statement": "The Tenant shall pay the rent.", "passages": []},
    )
    out = tmp_path / "verdicts.jsonl"
    result = pincite("check", "--in", pairs, "--out", out)
    assert result.exit_code == 0, result.output
    rows = rows_of(out)
    assert [(row["id"], row["verdict"]) for row in rows] == [
        (1, "supported"),
        (2, "unsupported"),
        ("3", "unsupported"),
    ]
    assert all(row["reason"] for row in rows)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 2, "statement": None, "passages": []},
        {"id": 2, "statement": "Rent is due.", "passages": "Rent is due."},
        {"id": 2, "statement": "Rent is due.", "passages": [None]},
        {"statement": "Rent is due.", "passages": []},
        "[]",
    ],
)
def test_a_wrong_line_of_statements_is_named_and_nothing_is_written(
    pincite: Pincite, tmp_path: Path, wrong: object
) -> None:
    good = {"id": 1, "statement": "Rent is due.", "passages": ["Rent is due."]}
    pairs, out = written(tmp_path / "pairs.jsonl", good, wrong), tmp_path / "verdicts.jsonl"
    result = pincite("check", "--in", pairs, "--out", out)
    assert is_a_sentence(result, f"Line 2 of {pairs} cannot be used", "a list")
    assert not out.exists()
    assert is_a_sentence(
        pincite("check", "--in", tmp_path / "absent.jsonl", "--out", out), "cannot be read"
    )


def test_thresholds_that_were_fitted_on_a_matter_decide_its_refusals(
    lane: Pincite, tmp_path: Path
) -> None:
    held = [f"On which day must the Tenant pay the rent of month {n}?" for n in range(12)]
    foreign = [f"why do {n} yellow bananas bend towards sunlight" for n in range(12)]
    examples = [{"question": each, "answerable": each in held} for each in held + foreign]
    examples[0]["documents"] = ["Lease.txt"]
    listed = written(tmp_path / "examples.jsonl", *examples)
    ask = ["ask", "--matter", "Lane", "--variant", "quotes", "--json"]
    before = json.loads(lane(*ask, "why do 40 yellow bananas bend towards sunlight").stdout)
    assert not before["refused"]

    fitted = lane("calibrate", "--questions", listed, "--matter", "Lane")
    assert fitted.exit_code == 0, fitted.output
    told, where = fitted.stdout.strip().splitlines()
    assert told.startswith("en\tThreshold(")
    assert "questions=24" in told
    assert Path(where.split("\t")[1]) == tmp_path / "data" / "calibration" / "own.json"

    after = json.loads(lane(*ask, "why do 40 yellow bananas bend towards sunlight").stdout)
    assert (after["refused"], after["notice"]) == (True, "not_in_documents")
    kept = json.loads(lane(*ask, "On which day must the Tenant pay the rent?").stdout)
    assert not kept["refused"]


def test_too_few_examples_to_fit_thresholds_are_a_sentence(lane: Pincite, tmp_path: Path) -> None:
    listed = written(tmp_path / "few.jsonl", {"question": "Who pays?", "answerable": True})
    result = lane("calibrate", "--questions", listed, "--matter", "Lane")
    assert is_a_sentence(result, "too few questions", "at least ten")
    wrong = written(tmp_path / "wrong.jsonl", {"question": "Who pays?", "answerable": "yes"})
    result = lane("calibrate", "--questions", wrong, "--matter", "Lane")
    assert is_a_sentence(result, f"Line 1 of {wrong} cannot be used", "true or false")
    assert not (tmp_path / "data" / "calibration").exists()


def test_a_broken_calibration_file_is_a_sentence(lane: Pincite, tmp_path: Path) -> None:
    (tmp_path / "data" / "calibration").mkdir()
    (tmp_path / "data" / "calibration" / "own.json").write_text("{")
    asked = lane("ask", "When is rent due?", "--matter", "Lane", "--variant", "quotes")
    assert is_a_sentence(asked, "cannot be read", "Run calibrate again")


def test_documents_of_an_index_of_an_older_version_are_indexed_again(
    lane: Pincite, tmp_path: Path, folder: Path
) -> None:
    index = tmp_path / "data" / "index"
    (current,) = index.iterdir()
    current.rename(index / "own")  # as the first version named it
    again = lane("ingest", folder, "--matter", "Lane")
    assert again.exit_code == 0, again.output
    assert [each.name for each in index.iterdir()] == [current.name]
    asked = lane("ask", "When must the Tenant pay the rent?", "--matter", "Lane",
                 "--variant", "quotes", "--json")  # fmt: skip
    assert json.loads(asked.stdout)["searched"]["documents"] == 3


def test_data_are_backed_up_restored_and_found_in_order(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    pincite("ingest", folder, "--matter", "Harbour Lane")
    kept = pincite("backup", tmp_path / "kept")
    assert kept.exit_code == 0, kept.output
    assert kept.stdout.endswith("with 1 matters and 2 documents.\n")
    pincite("delete", "Lease.txt", "--matter", "Harbour Lane")

    assert is_a_sentence(pincite("restore", tmp_path / "kept"), "There are data in", "--replace")
    back = pincite("restore", tmp_path / "kept", "--replace")
    assert back.exit_code == 0, back.output
    aside = Path(back.stdout.splitlines()[0].removeprefix("What was there is in ").split(" now")[0])
    assert (aside / "pincite.db").is_file()

    unindexed = pincite("doctor")
    assert unindexed.exit_code == 1
    assert unindexed.stdout.startswith("There is no search index yet for 2 documents")
    asked = written(tmp_path / "q.jsonl", {"id": 1, "question": "When must the rent be paid?"})
    out = tmp_path / "found.jsonl"
    pincite("ingest", folder / "2026", "--matter", "Another")  # a start that indexes
    found = pincite("search", "--questions", asked, "--matter", "Harbour Lane", "--out", out)
    assert found.exit_code == 0, found.output
    assert "Lease.txt" in out.read_text(encoding="utf-8")
    well = pincite("doctor")
    assert (well.exit_code, well.stdout) == (0, "")


def test_the_doctor_names_what_is_wrong_and_mends_it_when_told_to(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    pincite("ingest", folder, "--matter", "Harbour Lane")
    stranger = tmp_path / "data" / "documents" / "thesis.txt"
    stranger.write_text("mine")
    for _ in range(2):
        seen = pincite("doctor")
        assert (seen.exit_code, len(seen.stdout.splitlines())) == (1, 1)
        assert "thesis.txt belongs to no document. doctor --repair moves it" in seen.stdout
    with hold(tmp_path / "data"):
        assert pincite("doctor").exit_code == 1
        assert is_a_sentence(pincite("doctor", "--repair"), "Another Pincite works")
        assert is_a_sentence(pincite("restore", tmp_path / "kept"), "holds no whole backup")
    assert stranger.is_file()
    mended = pincite("doctor", "--repair")
    assert (mended.exit_code, mended.stdout.split("\t")[0]) == (0, "repaired")
    assert (tmp_path / "data" / "lost+found" / "documents" / "thesis.txt").read_text() == "mine"
    assert pincite("doctor").stdout == ""


def test_a_backup_says_which_document_has_lost_its_file_and_ends_with_1(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    assert is_a_sentence(pincite("backup", tmp_path / "kept"), "nothing to back up")
    assert is_a_sentence(pincite("doctor"), "There are no data in")
    pincite("ingest", folder, "--matter", "Harbour Lane")
    lost = next(
        path
        for path in (tmp_path / "data" / "documents").rglob("*")
        if path.is_file() and path.read_bytes() == LEASE.encode()
    )
    lost.unlink()
    kept = pincite("backup", tmp_path / "kept")
    assert kept.exit_code == 1
    assert kept.stdout.startswith("missing\tLease.txt (documents/")
    assert is_a_sentence(pincite("backup", tmp_path / "data" / "x"), "in one another")


def test_the_doctor_of_data_of_an_older_version_asks_for_a_start(
    pincite: Pincite, tmp_path: Path
) -> None:
    make_matter(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as sql:
        sql.execute("UPDATE alembic_version SET version_num = '0001'")
        sql.commit()
    assert is_a_sentence(pincite("doctor"), "of another version", "Start Pincite once")


def test_accounts_roles_and_the_log_are_managed_without_the_web(
    pincite: Pincite, tmp_path: Path
) -> None:
    from click.testing import Result as Ended

    make_matter(tmp_path)
    secret = "lantern orchard staple\n"

    def given(*arguments: str) -> Ended:
        return CliRunner().invoke(cli, [*arguments, "--password-stdin"], input=secret)

    assert is_a_sentence(given("user", "add", "Bo"), "first person")
    assert "owns 1 matters" in given("user", "add", "Ada Marsh", "--admin").stdout
    assert given("user", "add", "Bo").exit_code == 0
    assert is_a_sentence(given("user", "add", "BO"), "There is a person")
    assert pincite("matter", "grant", "Bo", "--matter", "Harbour Lane").exit_code == 0
    assert "Ada Marsh (owner), Bo (reader)" in pincite("matter", "list").stdout
    assert pincite("matter", "revoke", "Bo", "--matter", "Harbour Lane").exit_code == 0
    assert is_a_sentence(pincite("matter", "grant", "X", "--matter", "Harbour Lane"), "no person")
    assert given("user", "password", "Bo").exit_code == 0
    assert pincite("user", "disable", "Bo").exit_code == 0
    assert "disabled" in pincite("user", "list").stdout
    assert is_a_sentence(pincite("user", "disable", "Ada Marsh"), "administer")
    out = tmp_path / "log.csv"
    assert pincite("audit", "export", "--out", out).exit_code == 0
    assert "person_disabled" in out.read_text(encoding="utf-8")
    assert pincite("audit", "verify").stdout.startswith("whole\t")
    verified = pincite("audit", "verify", "--kept", "0" * 63 + "1")
    assert (verified.exit_code, "kept" in verified.stdout) == (1, True)


def logged(tmp_path: Path) -> list[AuditEntry]:
    """The audit log, the oldest entry first."""

    async def read() -> list[AuditEntry]:
        database = Database(tmp_path / "data" / "pincite.db")
        await database.start()
        try:
            assert (await database.verify_audit()).trouble == ""
            return list(reversed(await database.entries(AuditFilter())))
        finally:
            await database.close()

    return asyncio.run(read())


def test_every_deed_of_the_command_line_is_noted_with_the_account_that_did_it(
    pincite: Pincite, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody else")
    monkeypatch.setenv("USER", "somebody else")
    kept, asked, out = tmp_path / "kept", tmp_path / "q.jsonl", tmp_path / "out.jsonl"
    written(asked, {"id": 1, "question": "When is the rent due?"}, {"id": 2, "question": "Who?"})
    lane = ["--matter", "Harbour Lane"]
    commands: list[tuple[list[object], list[Deed]]] = [
        (["ingest", folder, *lane], [Deed.MATTER_CREATED, *[Deed.DOCUMENT_ADDED] * 2]),
        (["ingest", folder, *lane], []),
        (["ask", "When is the rent due?", *lane, "--variant", "quotes"], [Deed.QUESTION_ASKED]),
        (
            ["ask", "--questions", asked, *lane, "--out", out, "--variant", "quotes"],
            [Deed.QUESTION_ASKED] * 2,
        ),
        (["search", "--questions", asked, *lane, "--out", out], [Deed.PASSAGES_SEARCHED] * 2),
        (["delete", "Lease.txt", *lane], [Deed.DOCUMENT_DELETED]),
        (["backup", kept], [Deed.DATA_BACKED_UP]),
        (["delete", "--whole-matter", *lane], [Deed.MATTER_DELETED]),
    ]
    wanted: list[Deed] = []
    for arguments, deeds in commands:
        done = pincite(*arguments)
        assert done.exit_code == 0, done.output
        wanted += deeds
        entries = logged(tmp_path)
        assert [each.deed for each in entries] == wanted, arguments
    account = pwd.getpwuid(os.getuid()).pw_name
    assert {(each.person_id, each.person) for each in entries} == {
        ("command-line", f"command line ({account})")
    }
    assert len({each.matter_id for each in entries if each.matter_id}) == 1
    assert not {"Lease", "Harbour", "rent"} & set(re.findall(r"\w+", str(entries)))

    assert pincite("restore", kept, "--replace").exit_code == 0
    back = [each.deed for each in logged(tmp_path)]
    assert back == [*wanted[: wanted.index(Deed.DATA_BACKED_UP) + 1], Deed.DATA_RESTORED]
    (tmp_path / "data" / "documents" / "thesis.txt").write_text("mine")
    pincite("doctor", "--repair")
    assert logged(tmp_path)[-1].deed == Deed.DATA_REPAIRED


def test_a_refused_deletion_is_not_noted_as_done(
    pincite: Pincite, folder: Path, tmp_path: Path
) -> None:
    assert pincite("ingest", folder, "--matter", "Harbour Lane").exit_code == 0
    before = logged(tmp_path)
    with closing(sqlite3.connect(tmp_path / "data" / "pincite.db")) as sql, sql:
        sql.execute("UPDATE matters SET on_hold = 1")
    assert pincite("delete", "Lease.txt", "--matter", "Harbour Lane").exit_code == 2
    assert logged(tmp_path) == before


def test_another_address_is_not_served_without_an_administrator(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOST", "10.1.2.3")
    assert is_a_sentence(pincite("serve"), "10.1.2.3", "user add NAME --admin")
