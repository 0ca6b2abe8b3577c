"""A backup becomes the data folder again; nothing of the folder is touched before all is checked.

The files are copied beside what is there, each compared with the manifest; only then does what was
there move aside, whole, and the copy into its place.  The next start indexes the documents anew.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from core.database import UNFINISHED, damage, schema_of, schemas
from core.documents.scratch import SCRATCH, sweep
from core.errors import PinciteError, SettingsError
from core.upkeep.backup import (
    DATABASE,
    FORMAT,
    RESTORING,
    Manifest,
    copy_with_digest,
    inside,
    read_manifest,
)
from core.upkeep.lock import LOCK, RUNS_LOCK, hold


def restore(source: Path, data_dir: Path, *, replace: bool = False) -> tuple[Manifest, Path | None]:
    """Put the backup in ``source`` in the place of ``data_dir``; where the old data went, if any.

    Raises ``SettingsError`` when another Pincite works on the data, or when there are some and
    ``replace`` is not set; ``PinciteError`` for a backup that is damaged or of a newer version.
    """
    manifest = read_manifest(source)
    _check_version(manifest)
    coming = data_dir / f"{RESTORING}{uuid4().hex[:8]}"
    with hold(data_dir), hold(data_dir, RUNS_LOCK):
        for path in data_dir.glob(f"{RESTORING}*"):  # of one that was broken off
            shutil.rmtree(path)
        sweep(data_dir / SCRATCH)  # of readings that were broken off: nothing to be kept
        left = (LOCK, RUNS_LOCK, UNFINISHED, SCRATCH)
        there = [path for path in data_dir.iterdir() if path.name not in left]
        if there and not replace:
            raise SettingsError(
                f"There are data in {data_dir} already.",
                "Give --replace to move them aside, or set PINCITE_DATA_DIR to another folder.",
            )
        try:
            _copy(source, coming, manifest)
            # Until all is in its place nothing may start: it would find files without records.
            (data_dir / UNFINISHED).touch()
            aside = _move_aside(data_dir, there)
            # The database last: without it, a start would find nothing and say so.
            for path in sorted(coming.iterdir(), key=lambda each: each.name == DATABASE):
                path.rename(data_dir / path.name)
            (data_dir / UNFINISHED).unlink()
        except OSError as error:
            raise PinciteError(
                f"The backup could not be restored: {error}.",
                "See that the disk has room and may be written to, and try again.",
            ) from error
        finally:
            shutil.rmtree(coming, ignore_errors=True)
    return manifest, aside


def _check_version(manifest: Manifest) -> None:
    if manifest.format != FORMAT or manifest.schema not in schemas():
        raise PinciteError(
            f"This backup was made by a newer Pincite ({manifest.version}, schema "
            f"{manifest.schema}).",
            "Install that version or a later one, and restore with it.",
        )


def _copy(source: Path, coming: Path, manifest: Manifest) -> None:
    """Copy every file that the manifest names; raises ``PinciteError`` unless each is whole."""
    root = source.resolve()
    for name, kept in manifest.files.items():
        path = root / name
        if not inside(name) or path.resolve() != path or not path.is_file():
            raise _damaged(source, name, "is missing")
        if copy_with_digest(path, coming / name) != kept.sha256:
            raise _damaged(source, name, "is not as it was written")
    if DATABASE not in manifest.files or damage(coming / DATABASE):
        raise _damaged(source, DATABASE, "cannot be read")
    if schema_of(coming / DATABASE) != manifest.schema:
        raise _damaged(source, DATABASE, "is of another version than the manifest says")
    for path in coming.glob(f"{DATABASE}-*"):  # what looking into it left, empty
        path.unlink()


def _damaged(source: Path, name: str, what: str) -> PinciteError:
    return PinciteError(
        f"The backup in {source} is damaged: {name} {what}.",
        "Nothing was changed. Restore another backup.",
    )


def _move_aside(data_dir: Path, there: list[Path]) -> Path | None:
    if not there:
        return None
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    aside = data_dir.with_name(f"{data_dir.name}.before-{moment}")
    aside.mkdir(mode=0o700)
    for path in there:
        path.rename(aside / path.name)
    return aside
