"""Commands that back the data up, restore them, and see that they agree."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.deeds import Deed
from core.errors import PinciteError, SettingsError
from core.session import operator, sentences_for_errors, settings_of_this_run

if TYPE_CHECKING:
    from core.settings import Settings
    from core.upkeep.doctor import Doctor, Finding

_SETTLE_S = 2.0
"""Between two looks at data that another process works on: what only one of them sees is work."""


def backup(
    folder: Annotated[Path, typer.Argument(help="Where it goes; a backup there is renewed.")],
) -> None:
    """Back the data up, also while Pincite runs: the database and every document's file."""
    with sentences_for_errors():
        from core.upkeep.backup import back_up, place_for

        data_dir = settings_of_this_run().data_dir
        place_for(data_dir, folder)
        # Before anything is copied: the backup holds the entry on itself.
        asyncio.run(_noted(data_dir, Deed.DATA_BACKED_UP))
        manifest = asyncio.run(back_up(data_dir, folder))
        for name in manifest.missing:
            print(f"missing\t{name}")
        print(
            f"Backed up {len(manifest.files)} files, {manifest.size_bytes / 2**20:.1f} MiB, "
            f"with {manifest.rows['matters']} matters and {manifest.rows['documents']} documents."
        )
        if manifest.missing:
            raise typer.Exit(1)


def restore(
    folder: Annotated[Path, typer.Argument(help="The folder that backup wrote.")],
    replace: Annotated[bool, typer.Option(help="Move data that are there aside.")] = False,
) -> None:
    """Put a backup in the place of the data; the next start indexes the documents again."""
    with sentences_for_errors():
        from core.upkeep.restore import restore

        data_dir = settings_of_this_run().data_dir
        manifest, aside = restore(folder, data_dir, replace=replace)
        asyncio.run(_noted(data_dir, Deed.DATA_RESTORED, upgrade=True))
        if aside is not None:
            print(f"What was there is in {aside} now.")
        for name in manifest.missing:
            print(f"missing\t{name}")
        print(
            f"Restored {manifest.rows['matters']} matters and {manifest.rows['documents']} "
            f"documents of {manifest.made_at}. They are indexed again on the next start."
        )


def doctor(
    repair: Annotated[bool, typer.Option(help="Mend what can be mended.")] = False,
) -> None:
    """Compare database, files and search index; silent when they agree, else exit code 1."""
    with sentences_for_errors():
        if asyncio.run(_doctor(settings_of_this_run(), repair)):
            raise typer.Exit(1)


async def _doctor(settings: "Settings", repair: bool) -> int:
    """Print the findings; how many are left."""
    from core.database import Database, schema_of, schemas
    from core.models.profile import choose, detect_machine
    from core.retrieval.store import Store
    from core.upkeep.backup import DATABASE
    from core.upkeep.doctor import Doctor
    from core.upkeep.lock import hold

    path = settings.data_dir / DATABASE
    if not path.is_file():
        raise PinciteError(f"There are no data in {settings.data_dir}.", "Start Pincite first.")
    try:
        lock = hold(settings.data_dir)
    except SettingsError:
        if repair:
            raise
        lock = None
    database, store = Database(path), Store(settings.data_dir / "index")
    try:
        if schema_of(path) != schemas()[0]:
            raise PinciteError(
                f"The data in {settings.data_dir} are of another version.",
                "Start Pincite once: that upgrades older ones.",
            )
        model = choose(settings, detect_machine()).embedding.name
        physician = Doctor(settings.data_dir, database, store, model)
        findings = await _seen(physician, running=lock is None)
        if repair and findings:
            # A log that lies in a damaged database is not written to.
            if any(each.repair is not None for each in findings):
                await database.record(operator(), Deed.DATA_REPAIRED)
            await _repair(findings)
            findings = await _seen(physician, running=False)
        for finding in findings:
            print(finding)
        return len(findings)
    finally:
        await store.close()
        await database.close()
        if lock is not None:
            lock.close()


async def _noted(data_dir: Path, deed: Deed, *, upgrade: bool = False) -> None:
    """Note in the audit log what is done with all the data.

    Data of an older version may have no log: they are brought to this one with ``upgrade``, and
    otherwise it is said that nothing is noted.
    """
    from core.database import Database, damage, schema_of, schemas
    from core.upkeep.backup import DATABASE

    path = data_dir / DATABASE
    if not path.is_file() or damage(path):
        return  # there is nothing that can be backed up, which is told next
    if not upgrade and schema_of(path) != schemas()[0]:
        print("The data are of another version: this is not noted in the audit log.")
        return
    database = Database(path)
    try:
        if upgrade:
            await database.start()
        await database.record(operator(), deed)
    finally:
        await database.close()


async def _seen(doctor: "Doctor", *, running: bool) -> "tuple[Finding, ...]":
    """The findings, without those that another process caused and cleared in passing."""
    findings = await doctor.examine(running=running)
    if running and findings:
        await asyncio.sleep(_SETTLE_S)
        again = await doctor.examine(running=True)
        findings = tuple(each for each in findings if each in again)
    return findings


async def _repair(findings: "tuple[Finding, ...]") -> None:
    for finding in findings:
        if finding.repair is not None:
            await finding.repair()
            print(f"repaired\t{finding.sentence}")
