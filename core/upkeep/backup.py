"""A backup: the data folder as it stood at one moment, taken while Pincite runs.

The database is copied first, then the files that it names, so that no record is without its file.
The search index and the extracted texts are left out: they are made again from the files, and no
copy of them could be trusted to be of the same moment as the database.  So is the key that signs
cookies: after a restore everyone logs in anew, and no session that was ended since comes back.
The manifest is written last and the whole takes its place by a rename: what is broken off is never
taken for a backup.
"""

import asyncio
import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

from core.database import UNFINISHED, Database, row_counts, schema_of, snapshot
from core.documents.scratch import SCRATCH
from core.errors import PinciteError, SettingsError
from core.settings import ROOT
from core.upkeep.lock import LOCK, RUNS_LOCK

if TYPE_CHECKING:
    from core.records.documents import Original

DATABASE = "pincite.db"
DOCUMENTS = "documents"
LOST = "lost+found"
MANIFEST = "manifest.json"
RESTORING = "restoring-"
"""Begins the name of the folder that a backup is checked in before it takes its place."""
FORMAT = 1
SESSION_KEY = "session.key"
_NOT_COPIED = {DOCUMENTS, "index", "uploads", SCRATCH, LOST, LOCK, RUNS_LOCK, DATABASE, UNFINISHED}
_NOT_COPIED |= {f"{DATABASE}{end}" for end in ("-wal", "-shm", "-journal")}
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup: its SHA-256 and its size in bytes."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``files`` are by path, ``schema`` is the database's version,
    ``rows`` how many each of its tables has.

    ``missing`` are documents whose file was not there, or not what had been added.
    """

    format: int
    version: str
    made_at: str
    schema: str
    rows: dict[str, int]
    files: dict[str, Kept]
    missing: tuple[str, ...] = ()

    @property
    def size_bytes(self) -> int:
        """What the files come to."""
        return sum(each.size_bytes for each in self.files.values())


async def back_up(data_dir: Path, target: Path) -> Manifest:
    """Write a backup of ``data_dir`` into the folder ``target``; return what it holds.

    A backup that stands there already is replaced once the new one is whole; files that it holds
    are not copied again.  Raises ``SettingsError`` for a folder that is no place for one, and
    ``PinciteError`` when there is nothing to back up or it cannot be written.
    """
    target = await asyncio.to_thread(place_for, data_dir, target)
    partial = target.with_name(f".{target.name}.{uuid4().hex[:8]}.partial")
    try:
        files, missing = await _copied(data_dir, partial, target)
        manifest = Manifest(
            format=FORMAT,
            version=_version(),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            schema=schema_of(partial / DATABASE),
            rows=row_counts(partial / DATABASE),
            files=files,
            missing=missing,
        )
        await asyncio.to_thread(_finish, partial, target, manifest)
        return manifest
    except OSError as error:
        raise PinciteError(
            f"The backup could not be written: {error}.",
            "See that the disk has room and may be written to, and try again.",
        ) from error
    finally:
        await asyncio.to_thread(shutil.rmtree, partial, True)


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself; raises ``PinciteError`` where there is no whole backup."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Manifest).validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError) as error:
        raise PinciteError(
            f"{folder} holds no whole backup.", "Name the folder that app.py backup wrote."
        ) from error


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as read:
        return hashlib.file_digest(read, "sha256").hexdigest()


def copy_with_digest(source: Path, target: Path) -> str:
    """Copy a file and return the SHA-256 of what was written."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, target.open("wb") as written:
        while part := read.read(1 << 20):
            digest.update(part)
            written.write(part)
    return digest.hexdigest()


async def _copied(
    data_dir: Path, partial: Path, previous: Path
) -> tuple[dict[str, Kept], tuple[str, ...]]:
    """Copy the database and every file that it names; return the files and what is missing.

    A file may be deleted after the database was copied: then a fresh copy does not name it.
    """
    for _ in range(_ATTEMPTS):
        await asyncio.to_thread(_begin, data_dir, partial)
        database = Database(partial / DATABASE)
        try:
            originals = await database.originals()
        finally:
            await database.close()
        files, missing = await asyncio.to_thread(_gather, data_dir, partial, previous, originals)
        if not missing:
            break
    return files, missing


def _begin(data_dir: Path, partial: Path) -> None:
    partial.mkdir(mode=0o700, parents=True, exist_ok=True)
    snapshot(data_dir / DATABASE, partial / DATABASE)


def _gather(
    data_dir: Path, partial: Path, previous: Path, originals: "tuple[Original, ...]"
) -> tuple[dict[str, Kept], tuple[str, ...]]:
    """Bring the documents' files, and everything else but the index, beside the database."""
    wanted = {
        f"{DOCUMENTS}/{each.matter_id}/{each.document_id}/{each.sha256}": each for each in originals
    }
    files: dict[str, Kept] = {DATABASE: _kept(partial / DATABASE)}
    missing = []
    for name, original in wanted.items():
        if _bring(data_dir / name, partial / name, previous / name, original.sha256):
            files[name] = Kept(original.sha256, (partial / name).stat().st_size)
        else:
            missing.append(f"{original.name} ({name})")
    for path in _others(data_dir):
        name = path.relative_to(data_dir).as_posix()
        copy_with_digest(path, partial / name)
        files[name] = _kept(partial / name)
    return files, tuple(missing)


def _bring(source: Path, target: Path, previous: Path, sha256: str) -> bool:
    """Take a file over from the previous backup, or copy it; whether it is what it has to be."""
    if target.is_file():
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    if previous.is_file() and digest_of(previous) == sha256:
        try:
            os.link(previous, target)
        except OSError:  # a file system without links
            shutil.copyfile(previous, target)
        return True
    try:
        if copy_with_digest(source, target) == sha256:
            return True
    except FileNotFoundError:
        return False
    target.unlink()
    return False


def _others(data_dir: Path) -> Iterator[Path]:
    """What else stands in the data folder: fitted thresholds, marks."""
    for top in sorted(data_dir.iterdir()):
        if _is_copied(top.name):
            found = sorted(top.rglob("*")) if top.is_dir() and not top.is_symlink() else [top]
            yield from (each for each in found if each.is_file() and not each.is_symlink())


def _is_copied(name: str) -> bool:
    """Whether what stands at the top of the data folder belongs in a backup."""
    return name not in _NOT_COPIED and not name.startswith((RESTORING, SESSION_KEY))


def _kept(path: Path) -> Kept:
    return Kept(digest_of(path), path.stat().st_size)


def place_for(data_dir: Path, target: Path) -> Path:
    """The target, checked; raises ``SettingsError`` or ``PinciteError``."""
    data, target = data_dir.resolve(), target.resolve()
    if not (data / DATABASE).is_file():
        raise PinciteError(f"There is nothing to back up in {data_dir}.", "Start Pincite first.")
    if target == data or data in target.parents or target in data.parents:
        raise SettingsError(
            f"{target} and the data folder lie in one another.", "Choose a folder elsewhere."
        )
    old = _aside(target)
    if old.exists() and not target.exists():  # broken off between the two renames
        old.rename(target)
    if target.exists() and not target.is_dir():
        raise SettingsError(f"{target} is not a folder.", "Choose another place.")
    if target.exists() and any(target.iterdir()) and not (target / MANIFEST).is_file():
        raise SettingsError(
            f"{target} holds something else than a backup.", "Choose a new or an empty folder."
        )
    return target


def _finish(partial: Path, target: Path, manifest: Manifest) -> None:
    """Leave nothing that the manifest does not name, write it last, and take the place."""
    for path in sorted(partial.rglob("*"), reverse=True):
        name = path.relative_to(partial).as_posix()
        if path.is_file() and name not in manifest.files:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    os.sync()
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (partial / MANIFEST).write_text(text, encoding="utf-8")
    os.sync()
    old = _aside(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _aside(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(project["project"]["version"])


def inside(name: str) -> bool:
    """Whether a path of a manifest stays within the folder that it is relative to."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts
