"""The README is true: its map, its commands, its dependencies and its picture."""

import re
import tomllib

from app import cli
from core.settings import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_map_names_every_module_of_the_core_and_nothing_else() -> None:
    named = set(re.findall(r"^\| `(core/[a-z_/]+\.py)` \|", section("Map"), re.M))
    there = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "core").rglob("*.py")
        if path.name != "__init__.py" and path.parent.name != "migrations"
    }
    assert named == there


def test_every_folder_on_the_map_is_there() -> None:
    for folder in re.findall(r"^\| `([a-z/]+)/` \|", section("Map"), re.M):
        assert (ROOT / folder).is_dir(), folder


def test_every_command_is_listed() -> None:
    named = set(re.findall(r"`([a-z]+)(?: [^`]*)?`", section("Command line")))
    commands = {
        command.name or getattr(command.callback, "__name__", "")
        for command in cli.registered_commands
    }
    assert commands <= named


def test_every_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [
        project["project"]["dependencies"],
        *project["project"]["optional-dependencies"].values(),
        *project["dependency-groups"].values(),
    ]
    wanted = {re.split("[=<>]", each)[0] for group in groups for each in group}
    rows = re.findall(r"^\| ([^|]+) \|", section("Dependencies"), re.M)
    assert wanted == {name.strip() for row in rows[1:] for name in row.split(",")}


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?\bmake ([a-z]+)\b`?", section("Two commands"))):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_its_pictures_are_there() -> None:
    for path in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README):
        assert (ROOT / path).is_file(), path


def test_the_repository_speaks_of_itself_alone() -> None:
    for path in [ROOT / "README.md", ROOT / "Makefile", *ROOT.glob("requirements*.txt")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(?:work|root|home|tmp|opt)/", text), path
        assert "pypi.org" not in text, path


def test_the_figures_are_there_with_the_machine_that_gave_them() -> None:
    measured = section("Measured")
    assert measured.count("\n|") > 6
    assert "cores" in measured
