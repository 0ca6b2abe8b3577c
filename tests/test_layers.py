"""Imports run downward only, and what is heavy or far away is imported in one place."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from core.settings import ROOT

LAYERS = [
    {"core.errors", "core.types", "core.trials", "core.deeds", "core.settings"},
    {"core.records", "core.migrations"},
    {"core.models", "core.database"},
    {"core.documents"},
    {"core.retrieval"},
    {"core.upkeep"},
    {"core.answering"},
    {"core.evaluation"},
    {"core.serving"},
    {"core.services"},
    {"core.session"},
    {"core.commands"},
    {"ui"},
    {"app"},
]
"""From the bottom up. A module imports from lower layers and from its own package."""

SIDEWAYS = {("core.settings", "core.errors"), ("core.trials", "core.types")}
"""Within the lowest layer: a wrong setting is an error of ours, and a trial is of answers."""


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the application by its path from the root."""
    paths = [ROOT / "app.py", *ROOT.glob("core/**/*.py"), *ROOT.glob("ui/**/*.py")]
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in paths
    }


@cache
def imports() -> dict[str, tuple[str, ...]]:
    """The dotted names that each module imports anywhere, also where only types need them."""
    return {path: tuple(_imported(tree)) for path, tree in sources().items()}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            assert node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def unit_of(dotted: str) -> str:
    """The package, or the module right under ``core``, that a dotted name belongs to."""
    parts = dotted.split(".")
    return ".".join(parts[:2]) if parts[0] == "core" and len(parts) > 1 else parts[0]


def unit_of_file(path: str) -> str:
    return unit_of(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def rank(unit: str) -> int:
    return next(level for level, units in enumerate(LAYERS) if unit in units)


def users_of(package: str) -> set[str]:
    return {
        path
        for path, names in imports().items()
        if any(name.split(".")[0] == package for name in names)
    }


def test_every_module_stands_in_a_layer() -> None:
    units = {unit_of_file(path) for path in sources()} - {"core"}
    assert units == set().union(*LAYERS)


def test_imports_run_downward_only() -> None:
    upward = []
    for path, names in imports().items():
        own = unit_of_file(path)
        for name in names:
            other = unit_of(name)
            if name.split(".")[0] not in ("core", "ui", "app") or other == own:
                continue
            if rank(other) >= rank(own) and (own, other) not in SIDEWAYS:
                upward.append(f"{path} imports {name}")
    assert upward == []


def test_the_values_import_nothing_of_ours() -> None:
    for path in ("core/types.py", "core/deeds.py", "core/errors.py"):
        assert {unit_of(name) for name in imports()[path]} <= {
            "dataclasses",
            "datetime",
            "enum",
        }


@pytest.mark.parametrize("package", ["vllm", "FlagEmbedding", "llama_index"])
def test_each_engine_is_imported_in_exactly_one_file(package: str) -> None:
    assert len(users_of(package)) == 1


def test_the_index_is_imported_by_its_tables_their_filters_and_indices_only() -> None:
    own = {f"core/retrieval/{name}.py" for name in ("store", "filters", "indices")}
    assert users_of("lancedb") == own


@pytest.mark.parametrize(
    ("packages", "allowed"),
    [
        (("gradio", "gradio_client"), ("ui/", "app.py")),
        (("fastapi", "starlette", "uvicorn"), ("core/serving/", "app.py")),
        (
            ("sqlalchemy", "alembic", "sqlite3"),
            ("core/database.py", "core/records/", "core/migrations/"),
        ),
        (("typer", "click"), ("app.py", "core/commands/", "core/session.py")),
    ],
)
def test_each_framework_stays_in_its_place(
    packages: tuple[str, ...], allowed: tuple[str, ...]
) -> None:
    users = set().union(*map(users_of, packages))
    assert users, f"nothing imports {packages}"
    assert [path for path in sorted(users) if not path.startswith(allowed)] == []


READ_ALONE = ("urllib.parse.", "http.cookies.")
"""These take addresses and headers apart and open nothing."""


@pytest.mark.parametrize("package", ["requests", "urllib", "urllib3", "aiohttp", "httpx", "http"])
def test_nothing_of_ours_opens_a_connection_but_the_remote_engine(package: str) -> None:
    users = {
        path
        for path, names in imports().items()
        if any(n.split(".")[0] == package and not n.startswith(READ_ALONE) for n in names)
    }
    assert users <= {"core/answering/remote_engine.py"}


def test_the_files_lie_flat() -> None:
    deep = [path for path in sources() if path.count("/") > (2 if path.startswith("core") else 1)]
    assert deep == []


def test_the_top_level_is_the_one_that_was_agreed() -> None:
    python = {path.name for path in ROOT.glob("*.py")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert python == {"app.py"}
    assert packages - {"tests"} == {"core", "ui"}


def test_modules_do_no_work_when_they_are_imported() -> None:
    """Definitions, constants and registrations are all that stands at a module's top."""
    quiet = (
        ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
        ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If,
    )  # fmt: skip
    loud = defaultdict(list)
    for path, tree in sources().items():
        for node in tree.body:
            docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if not (isinstance(node, quiet) or docstring):
                loud[path].append(f"line {node.lineno}")
    assert loud == {}


def test_a_module_is_short_enough_to_be_read_in_one_go() -> None:
    lengths = {
        path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in sources()
    }
    assert {path: n for path, n in lengths.items() if n > 500} == {}


def test_the_walk_sees_the_application() -> None:
    assert {"app.py", "core/services.py", "core/documents/library.py", "ui/layout.py"} <= set(
        sources()
    )
