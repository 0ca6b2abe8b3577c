"""The command line: what it prints, what it writes, and how it says that something is wrong."""

import asyncio
import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from app import _files, cli
from core.database import Database
from core.errors import PinciteError
from core.evaluation.records import read_questions, whole_file
from core.models.profile import EncoderModel
from core.settings import ROOT, Settings
from core.types import ModelStatus

LEASE = "Lease\n\n1. Rent\n\nThe Tenant shall pay the rent on the first day of each month.\n"
NOTES = "Notes\n\nThe Seller keeps the archive in Rotterdam.\n"
HEAVY = ("torch", "vllm", "gradio", "lancedb", "FlagEmbedding", "llama_index", "transformers",
         "sqlalchemy", "pypdf", "docx", "fastapi", "numpy")  # fmt: skip

Pincite = Callable[..., Result]


class WordEncoders:
    """An encoder whose vectors count words: texts that share words lie near each other."""

    reranks = False
    model_name = "words"

    def __init__(self, embedding: EncoderModel, reranking: EncoderModel | None) -> None:
        self.statuses: tuple[ModelStatus, ...] = ()

    async def start(self) -> int:
        return 64

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.stack([_counted(text) for text in texts])

    async def embed_passages(
        self, texts: Sequence[str]
    ) -> AsyncIterator[tuple[Sequence[int], np.ndarray]]:
        yield range(len(texts)), await self.embed_queries(texts)


def _counted(text: str) -> np.ndarray:
    counts = np.full(64, 0.01, np.float32)
    for word in text.lower().split():
        counts[sum(word.encode()) % 64] += 1
    counts /= np.linalg.norm(counts)
    return counts


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
    before, root = dict(os.environ), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    os.environ.clear()
    os.environ.update(before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def pincite(environment: None, monkeypatch: pytest.MonkeyPatch) -> Pincite:
    """Run a command in this process, over the real store with ``WordEncoders``."""
    monkeypatch.setattr("core.services.Encoders", WordEncoders)

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


def test_help_comes_at_once_and_loads_nothing_heavy() -> None:
    program = (
        "import runpy, sys\n"
        "sys.argv = ['app.py', '--help']\n"
        "try:\n"
        "    runpy.run_path('app.py', run_name='__main__')\n"
        "except SystemExit as ended:\n"
        "    code = ended.code\n"
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)), code)\n"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
    assert done.stdout.splitlines()[-1] == "LOADED [] 0"
    for command in ("prepare", "serve", "ingest", "ask", "search", "documents", "delete"):
        assert f" {command} " in done.stdout


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
        "id", "name", "state", "reason", "pages", "passages", "added_at",
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
    absent = "failed\tabsent.txt\tabsent.txt is not a file. Choose a file that exists."
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
    assert is_a_sentence(result, f"Line 3 of {asked} is no question")
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


@pytest.mark.parametrize(
    "line", ["no json", "[]", '"id"', "7", "{}", '{"id": 1}', '{"question": "When?"}']
)
def test_a_line_that_is_no_question_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(PinciteError, match=r"Line 2 of .*q\.jsonl is no question"):
        read_questions(written(tmp_path / "q.jsonl", {"id": 1, "question": "When?"}, line))


def test_a_question_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "gbk.jsonl").write_bytes('{"id": 1, "question": "租金"}'.encode("gbk"))
    for name in ("absent.jsonl", "gbk.jsonl"):
        with pytest.raises(PinciteError, match=f"{name} cannot be read.*UTF-8"):
            read_questions(tmp_path / name)


def test_a_question_may_hold_any_character_that_json_allows(tmp_path: Path) -> None:
    rows = [{"id": n, "question": f"租金{end}何时"} for n, end in enumerate("\u2028\u2029\x85\n\t")]
    assert read_questions(written(tmp_path / "q.jsonl", *rows)) == rows


def test_a_file_is_named_relative_to_the_folder_that_was_given(
    folder: Path, tmp_path: Path
) -> None:
    single = tmp_path / "given" / "2026" / "Notes.md"
    assert list(_files([folder, single])) == [
        (folder / "2026" / "Notes.md", "2026/Notes.md"),
        (folder / "Lease.txt", "Lease.txt"),
        (single, "Notes.md"),
    ]


def test_a_hidden_folder_that_was_named_is_taken(tmp_path: Path) -> None:
    (tmp_path / ".mine").mkdir()
    (tmp_path / ".mine" / "a.txt").write_text("a")
    assert [name for _, name in _files([tmp_path / ".mine"])] == ["a.txt"]


def interrupted_in_the_middle_of(out: Path) -> None:
    with whole_file(out) as lines:
        lines.write("half")
        raise KeyboardInterrupt


def test_an_output_file_appears_only_when_all_of_it_is_written(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    out.write_text("yesterday's")
    with pytest.raises(KeyboardInterrupt):
        interrupted_in_the_middle_of(out)
    assert out.read_text() == "yesterday's"
    with whole_file(out) as lines:
        lines.write("租金")
        assert out.read_text() == "yesterday's"
    assert out.read_text(encoding="utf-8") == "租金"
    assert [path.name for path in tmp_path.iterdir()] == ["answers.jsonl"]


def test_a_wrong_setting_is_a_sentence_and_nothing_starts(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINCITE_TOP_K", "many")
    assert is_a_sentence(pincite("documents", "--matter", "x"), "PINCITE_TOP_K is wrong")
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_taken_is_a_sentence(
    pincite: Pincite, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("PINCITE_PORT", str(taken.getsockname()[1]))
        assert is_a_sentence(pincite("serve"), "cannot be used", "PINCITE_PORT")


def test_two_writers_never_work_on_the_same_data(pincite: Pincite, folder: Path) -> None:
    import fcntl

    data = folder.parent / "data"
    data.mkdir()
    with (data / "pincite.lock").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        result = pincite("ingest", folder, "--matter", "Harbour Lane")
    assert is_a_sentence(result, "Another Pincite works on the data")
