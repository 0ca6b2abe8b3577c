"""A backup is whole or none, of one moment, and comes back as it was."""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

import core.upkeep.backup
from core.database import Database
from core.deeds import Deed
from core.errors import PinciteError, SettingsError
from core.serving.accounts import Accounts
from core.types import LOCAL, Role
from core.upkeep.backup import MANIFEST, back_up, digest_of, read_manifest
from core.upkeep.lock import LOCK, RUNS_LOCK, hold
from core.upkeep.restore import restore
from tests.upkeep.first_release import make_first_release
from tests.upkeep.folder import LEASE, NOTES, add, filled, started


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "nightly"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (LOCK, RUNS_LOCK)
    }


async def test_a_backup_taken_while_pincite_runs_comes_back_with_everything(
    data: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        lease = await add(services, matter.id, "Lease.txt", LEASE)
        talk = await services.database.create_conversation(matter.id, "Rent", LOCAL)
        await services.database.add_message(matter.id, talk.id, "When is rent due?", LOCAL)
        (data / "calibration").mkdir()
        (data / "calibration" / "own.json").write_text("{}")
        manifest = await back_up(data, target)
        await add(services, matter.id, "Later.txt", NOTES)
    assert (manifest.missing, manifest.rows["documents"]) == ((), 1)
    assert set(files_of(target)) == {
        MANIFEST,
        "pincite.db",
        "calibration/own.json",
        f"documents/{matter.id}/{lease.id}/{lease.sha256}",
    }
    assert [path.name for path in target.parent.iterdir()] == ["nightly"]

    again = tmp_path / "again"
    assert restore(target, again) == (manifest, None)
    assert (again / "calibration" / "own.json").read_text() == "{}"
    async with started(again, monkeypatch) as services:
        (known,) = await services.database.documents(matter.id)
        assert (known.name, known.state) == ("Lease.txt", "ready")
        assert await services.library.text(matter.id, lease.id) == LEASE
        found = await services.search.find(matter.id, "When is the rent due?")
        assert found.hits[0].passage.text in LEASE
        (asked,) = await services.database.messages(matter.id, talk.id)
        assert asked.question == "When is rent due?"


async def test_an_older_version_comes_back_as_one(
    data: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        old = await add(services, matter.id, "Lease.txt", LEASE)
        new = await add(services, matter.id, "Lease.txt", LEASE.replace("first", "third"))
        manifest = await back_up(data, target)
    assert {name for name in manifest.files if name.startswith("documents/")} == {
        f"documents/{matter.id}/{each.id}/{each.sha256}" for each in (old, new)
    }
    again = tmp_path / "again"
    restore(target, again)
    async with started(again, monkeypatch) as services:
        versions = await services.library.versions(matter.id, new.id)
        assert [(each.id, each.version, each.is_superseded) for each in versions] == [
            (new.id, 2, False),
            (old.id, 1, True),
        ]
        for each, day in ((new, "third day"), (old, "first day")):
            assert day in await services.library.text(matter.id, each.id)
        found = await services.search.find(matter.id, "When is the rent due?")
        assert {hit.passage.document_id for hit in found.hits} == {new.id}


async def test_a_deletion_that_was_begun_is_no_loss_and_is_finished_after_the_restore(
    data: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, notes = await filled(data, monkeypatch)
    database = Database(data / "pincite.db")
    await database.begin_deletion(lease.matter_id, lease.id)
    await database.close()
    manifest = await back_up(data, target)
    assert manifest.missing == ()
    assert not any(lease.id in name for name in manifest.files)
    again = tmp_path / "again"
    restore(target, again)
    async with started(again, monkeypatch) as services:
        assert [each.id for each in await services.database.standing()] == [notes.id]


async def test_the_key_that_signs_cookies_is_in_no_backup_and_in_no_restored_folder(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    key = Accounts(Database(data / "pincite.db"), data / "session.key", 1.0).key
    (data / "session.key.0123").write_bytes(key)  # as it stands while it is made
    await back_up(data, target)
    assert not any(key in content for content in files_of(target).values())
    _, aside = restore(target, data, replace=True)
    assert aside is not None
    assert (aside / "session.key").read_bytes() == key
    assert not (data / "session.key").exists()


async def test_accounts_roles_and_the_audit_log_come_back_whole(
    data: Path, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        accounts = Accounts(services.database, data / "session.key", 1.0)
        admin = await accounts.add(LOCAL, "Avery", "a long enough password", is_admin=True)
        await services.database.grant(matter.id, admin.id, Role.OWNER)
        await services.database.record(admin, Deed.MATTER_CREATED, matter.id)
        before = await services.database.verify_audit()
        await back_up(data, target)
    again = tmp_path / "again"
    restore(target, again)
    async with started(again, monkeypatch) as services:
        (member,) = await services.database.members(matter.id)
        assert (member.person.name, member.role) == ("Avery", Role.OWNER)
        assert await services.database.verify_audit(before.head) == before


async def test_every_file_has_its_digest_and_the_database_is_one_whole_file(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    manifest = await back_up(data, target)
    assert {name: each.sha256 for name, each in manifest.files.items()} == {
        name: digest_of(target / name) for name in files_of(target) if name != MANIFEST
    }
    assert read_manifest(target) == manifest
    with closing(sqlite3.connect(target / "pincite.db")) as sql:
        assert sql.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert sql.execute("SELECT count(*) FROM documents").fetchone() == (2,)


async def test_a_second_backup_copies_only_what_is_new_and_forgets_what_was_deleted(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, notes = await filled(data, monkeypatch)
    await back_up(data, target)
    kept = target / "documents" / lease.matter_id / lease.id / lease.sha256
    before = kept.stat().st_ino
    async with started(data, monkeypatch) as services:
        await services.library.delete(notes.matter_id, notes.id)
        new = await add(services, lease.matter_id, "New.txt", NOTES + "More.")
    await back_up(data, target)
    assert kept.stat().st_ino == before
    documents = {path.parent.name for path in (target / "documents").rglob("*") if path.is_file()}
    assert documents == {lease.id, new.id}


async def test_what_rotted_in_the_last_backup_is_copied_anew(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, _ = await filled(data, monkeypatch)
    await back_up(data, target)
    kept = target / "documents" / lease.matter_id / lease.id / lease.sha256
    kept.write_bytes(b"rotten")
    await back_up(data, target)
    assert kept.read_bytes() == LEASE.encode()


@pytest.mark.parametrize("at", ["_gather", "_finish"])
async def test_a_backup_that_breaks_off_leaves_the_one_before_it(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(target)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(core.upkeep.backup, at, full)
    with pytest.raises(PinciteError, match="No space left on device"):
        await back_up(data, target)
    assert files_of(target) == before
    assert [path.name for path in target.parent.iterdir()] == ["nightly"]


async def test_a_power_cut_between_the_two_renames_loses_no_backup(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    os.rename(target, target.with_name(".nightly.previous"))
    await back_up(data, target)
    assert [path.name for path in target.parent.iterdir()] == ["nightly"]
    read_manifest(target)


async def test_a_document_deleted_between_the_database_and_its_files_is_named_by_neither(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease, notes = await filled(data, monkeypatch)
    gather = core.upkeep.backup._gather
    calls = []

    def deleting(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == 1:  # in another process, after the database was copied
            shutil.rmtree(data / "documents" / lease.matter_id / lease.id)
            with closing(sqlite3.connect(data / "pincite.db")) as sql:
                sql.execute("DELETE FROM documents WHERE id = ?", (lease.id,))
                sql.commit()
        return gather(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(core.upkeep.backup, "_gather", deleting)
    manifest = await back_up(data, target)
    assert (len(calls), manifest.missing, manifest.rows["documents"]) == (2, (), 1)
    assert not any(lease.id in name for name in manifest.files)
    assert any(notes.id in name for name in manifest.files)


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"else")])
async def test_a_file_that_is_gone_or_was_changed_is_reported_and_the_rest_is_kept(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object]
) -> None:
    lease, notes = await filled(data, monkeypatch)
    harm(data / "documents" / lease.matter_id / lease.id / lease.sha256)
    manifest = await back_up(data, target)
    (missing,) = manifest.missing
    assert missing.startswith("Lease.txt (")
    assert not any(lease.id in name for name in files_of(target))
    assert any(notes.id in name for name in files_of(target))


async def test_a_damaged_database_takes_the_place_of_no_good_backup(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(target)
    damaged = bytearray((data / "pincite.db").read_bytes())
    damaged[4096 : 4096 * 3] = b"\xff" * 8192
    (data / "pincite.db").write_bytes(damaged)
    with pytest.raises(PinciteError, match="cannot be copied"):
        await back_up(data, target)
    assert files_of(target) == before


async def test_a_backup_goes_to_no_place_that_holds_something_else(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PinciteError, match="nothing to back up"):
        await back_up(data, tmp_path / "b")
    await filled(data, monkeypatch)
    for place in (data, data / "backup", tmp_path):
        with pytest.raises(SettingsError, match="in one another"):
            await back_up(data, place)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.doc").write_text("mine")
    with pytest.raises(SettingsError, match="something else"):
        await back_up(data, other)
    with pytest.raises(SettingsError, match="not a folder"):
        await back_up(data, other / "thesis.doc")
    assert files_of(other) == {"thesis.doc": b"mine"}


async def test_an_older_schema_is_backed_up_before_it_is_upgraded(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_first_release(data)
    manifest = await back_up(data, target)
    assert (manifest.schema, manifest.missing, manifest.rows["documents"]) == ("0001", (), 2)
    restore(target, data, replace=True)
    async with started(data, monkeypatch) as services:
        listed = [*await services.database.documents("m1")]
        listed += await services.database.documents("m2")
    assert [(each.name, each.state) for each in listed] == [
        ("Lease.txt", "ready"),
        ("租赁法.txt", "ready"),
    ]


# Restore


async def test_data_that_are_there_are_moved_aside_and_never_deleted(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(data)
    with pytest.raises(SettingsError, match="There are data in"):
        restore(target, data)
    assert files_of(data) == before
    _, aside = restore(target, data, replace=True)
    assert aside is not None
    assert aside.parent == data.parent
    assert files_of(aside) == before
    assert files_of(data) == {n: b for n, b in files_of(target).items() if n != MANIFEST}


async def test_a_restore_that_was_killed_cannot_be_started_on_and_is_done_again(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    newer = data / "documents" / "newer" / "than" / "the backup"
    newer.parent.mkdir(parents=True)
    newer.write_text("the backup")
    steps = iter(range(3))
    rename = Path.rename

    def killed(self: Path, to: Path) -> Path:
        if next(steps, None) is None:
            raise KeyboardInterrupt  # nothing of ours catches it
        return rename(self, to)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(target, data, replace=True)
    monkeypatch.setattr(Path, "rename", rename)
    database = Database(data / "pincite.db")
    with pytest.raises(PinciteError, match="was broken off"):
        await database.start()
    await database.close()
    restore(target, data, replace=True)
    assert files_of(data) == {n: b for n, b in files_of(target).items() if n != MANIFEST}
    kept = [path for aside in data.parent.glob("data.before-*") for path in aside.rglob("*")]
    assert "the backup" in {path.name for path in kept}


async def test_data_in_use_are_not_replaced(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(data)
    for lock in (LOCK, RUNS_LOCK):  # a run by `app.py evaluate` holds the second alone
        with hold(data, lock), pytest.raises(SettingsError, match="Another Pincite works"):
            restore(target, data, replace=True)
    assert files_of(data) == before


async def test_locks_alone_are_no_data(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    elsewhere = data.with_name("elsewhere")
    for lock in (LOCK, RUNS_LOCK):
        hold(elsewhere, lock).close()
    assert restore(target, elsewhere)[1] is None


def first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def point_elsewhere(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("harm", [flip, Path.unlink, point_elsewhere])
@pytest.mark.parametrize("which", ["pincite.db", "documents/*/*/*"])
async def test_a_damaged_backup_changes_nothing(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], object],
    which: str,
) -> None:  # fmt: skip
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(data)
    harm(first(target, which))
    with pytest.raises(PinciteError, match="is damaged"):
        restore(target, data, replace=True)
    assert files_of(data) == before
    assert [path.name for path in data.parent.glob("data*")] == ["data"]


@pytest.mark.parametrize("name", ["../outside", "/etc/hostname", "documents/../../outside"])
async def test_a_manifest_cannot_reach_out_of_the_folder(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    (target.parent / "outside").write_text("secret")
    manifest = json.loads((target / MANIFEST).read_text())
    real = target / name
    manifest["files"][name] = {"sha256": digest_of(real), "size_bytes": real.stat().st_size}
    (target / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(PinciteError, match="is damaged"):
        restore(target, data, replace=True)


async def test_a_folder_without_a_whole_backup_is_told_in_a_sentence(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    (target / MANIFEST).write_text("{")
    for folder in (target, data, target / "nowhere"):
        with pytest.raises(PinciteError, match="holds no whole backup"):
            restore(folder, data, replace=True)


async def test_a_backup_of_a_newer_version_is_refused(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(data)
    manifest = json.loads((target / MANIFEST).read_text()) | {"schema": "9999"}
    (target / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(PinciteError, match="made by a newer Pincite"):
        restore(target, data, replace=True)
    assert files_of(data) == before


async def test_a_restore_that_breaks_off_leaves_the_data_as_they_were(
    data: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(data, monkeypatch)
    await back_up(data, target)
    before = files_of(data)

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("core.upkeep.restore.copy_with_digest", full)
    with pytest.raises(PinciteError, match="No space left"):
        restore(target, data, replace=True)
    assert files_of(data) == before


async def test_while_files_come_and_go_every_record_of_a_backup_has_its_file(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(data, monkeypatch) as services:
        matter = await services.database.create_matter("Harbour Lane")
        source = tmp_path / "given.txt"

        async def churn() -> None:
            for number in count():
                await asyncio.to_thread(source.write_text, f"Clause {number} of the lease.")
                new = await services.library.add(matter.id, source, f"{number}.txt")
                if number % 3 == 0:
                    await services.library.delete(matter.id, new.id)
                if number % 3 == 1:
                    await asyncio.to_thread(source.write_text, f"Clause {number}, amended.")
                    await services.library.add(matter.id, source, f"{number}.txt")

        churning = asyncio.create_task(churn())
        documents: list[int] = []
        for number in range(4):
            before = documents[-1] if documents else 0
            while len(await services.database.documents(matter.id)) < before + 2:
                assert not churning.done()
                await asyncio.sleep(0.1)
            kept = tmp_path / "backups" / str(number)
            manifest = await back_up(data, kept)
            with closing(sqlite3.connect(kept / "pincite.db")) as sql:
                named = sql.execute(
                    "SELECT matter_id, id, sha256 FROM documents WHERE state <> 'deleting'"
                ).fetchall()
            there = {name for name in manifest.files if name.startswith("documents/")}
            listed = {f"documents/{'/'.join(each)}" for each in named}
            # One that went during the second look as well is told, and is none that stays.
            assert there == listed - {each.split(" (")[1][:-1] for each in manifest.missing}
            assert len(manifest.missing) <= 1
            assert all(digest_of(kept / name) == name.rsplit("/", 1)[1] for name in there)
            documents.append(len(named))
        churning.cancel()
        await asyncio.gather(churning, return_exceptions=True)
    assert documents[-1] > documents[0] > 0
